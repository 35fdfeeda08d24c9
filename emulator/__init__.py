"""Dynastep: a local emulator of AWS Step Functions and Amazon DynamoDB, for tests.

``Later`` is what a function returns to take virtual time, ``StateError`` what a mock answers or raises to fail a Task.
"""

from asl_interpreter.errors import StateError
from asl_interpreter.tasks import Later

__all__ = ["Later", "StateError"]
