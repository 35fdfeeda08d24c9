"""Answers that were captured on AWS, one request each: they lie beside the repository, with a runner of their own."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import pytest

from .corpus import CONFORMANCE


def runner_of(captures: str) -> ModuleType:
    """The module ``replay.py`` of a folder of captures; skips the tests of the calling module where that is absent."""
    file = CONFORMANCE / captures / "replay.py"
    if not file.exists():
        reason = f"the captured answers of {captures} are not beside the repository (../shared)"
        pytest.skip(reason, allow_module_level=True)
    spec = importlib.util.spec_from_file_location(f"replay_{captures.replace('-', '_')}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
