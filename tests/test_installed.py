"""Where tests say that a wheel is installed, the packages are the wheel's, and whole."""

from __future__ import annotations

import os
import sysconfig
from importlib import import_module, metadata
from pathlib import Path

import pytest

SOURCE = os.environ.get("SOURCE_OF_DYNASTEP", "")
"""The folder of which the wheel was built, as noxfile.py has it."""
pytestmark = pytest.mark.skipif(not SOURCE, reason="the packages of this folder are tested, not a wheel")


@pytest.mark.parametrize("package", ["asl_interpreter", "dynastep", "emulator"])
def test_a_package_is_that_of_the_wheel(package):
    assert Path(str(import_module(package).__file__)).is_relative_to(sysconfig.get_path("purelib"))


def test_the_wheel_has_every_file_of_the_packages():
    installed = {str(file) for file in metadata.files("dynastep") or ()}
    root = Path(SOURCE)
    for package in ("asl_interpreter", "dynastep", "emulator"):
        for file in (root / package).rglob("*"):
            if file.is_file() and "__pycache__" not in file.parts:
                assert str(file.relative_to(root).as_posix()) in installed
