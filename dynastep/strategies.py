"""Strategies of hypothesis for state machines: inputs, and failures of Tasks; see docs/faults.md.

They need hypothesis, and inputs of a JSON Schema the package jsonschema: ``pip install 'dynastep[properties]'``.
"""

from __future__ import annotations

from importlib.util import find_spec

if find_spec("hypothesis") is None:
    need = "dynastep.strategies needs the package hypothesis, which is not installed"
    raise ImportError(f"{need}: pip install 'dynastep[properties]'")

from emulator.bench.schemas import UnknownSchema
from emulator.properties import Failure, Scenario, inputs, scenarios

__all__ = ["Failure", "Scenario", "UnknownSchema", "inputs", "scenarios"]
