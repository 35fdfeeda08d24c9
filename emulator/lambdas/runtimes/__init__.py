"""Clients of the Lambda Runtime API: what runs in the process of a function.

Each is a script that knows nothing of the emulator.
"""
