"""Tests in clean environments: the wheel on every Python at hand, with the lowest and the newest dependencies.

    nox                               every session; those whose Python is missing are skipped
    nox -s "tests-3.10(lowest)"       one of them
    nox -s tests-3.12 -- tests/plugin both of Python 3.12, with other arguments for pytest

What is tested is the wheel that a user installs, and not this folder.
"""

from __future__ import annotations

import os
import shutil
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import nox
from packaging.requirements import Requirement

PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
TELLING = ("tests/test_installed.py", "tests/asl", "tests/api", "tests/plugin", "tests/dynamodb", "tests/integrations")
"""The tests that tell whether a version of Python or of a dependency will do."""
PACKAGES = ("asl_interpreter", "dynastep", "emulator")
WHEELS = Path("build/wheel")

nox.needs_version = ">=2025.2"
nox.options.envdir = ".venvs/nox"
nox.options.reuse_venv = "yes"
nox.options.error_on_missing_interpreters = False
os.environ["PATH"] = os.pathsep.join([*map(str, Path.home().glob(".pyenv/versions/*/bin")), os.environ["PATH"]])


@nox.session(python=PYTHONS)
@nox.parametrize("dependencies", ["lowest", "newest"], ids=["lowest", "newest"])
def tests(session: nox.Session, dependencies: str) -> None:
    """Build the wheel, install it with all its extras, and run the tests."""
    session.install("build")
    session.run("python", "-m", "build", "--wheel", "--outdir", str(WHEELS), ".", silent=True)
    (wheel,) = sorted(WHEELS.glob("*.whl"), key=lambda file: file.stat().st_mtime)[-1:]
    constraints = Path(session.create_tmp()) / "constraints.txt"
    constraints.write_text("\n".join(floors(wheel)) if dependencies == "lowest" else "", encoding="utf-8")
    session.install(f"dynastep[all,tests] @ {wheel.resolve().as_uri()}", "--constraint", str(constraints))
    session.install("--force-reinstall", "--no-deps", str(wheel))  # it may have been there with the same version
    session.env["SOURCE_OF_DYNASTEP"] = str(Path.cwd())
    session.chdir(without_packages(Path(session.create_tmp()) / "tree"))
    session.run(
        "python", "-m", "pytest", "-n", os.environ.get("PYTEST_WORKERS", "auto"), "-q", *(session.posargs or TELLING)
    )


def without_packages(place: Path) -> Path:
    """A copy of this folder without the packages: tests run there, and find those that are installed."""
    shutil.rmtree(place, ignore_errors=True)

    def left_out(folder: str, names: list[str]) -> set[str]:
        here = {*PACKAGES, "build"} if folder == "." else {"node_modules", "__pycache__"}
        return {name for name in names if name in here or name.startswith(".")}

    shutil.copytree(".", place, ignore=left_out)
    return place


def floors(wheel: Path) -> list[str]:
    """``name==lowest`` for each requirement of a wheel that names a lowest version, such as ``flask>=3.1``."""
    with zipfile.ZipFile(wheel) as files:
        (metadata,) = (name for name in files.namelist() if name.endswith(".dist-info/METADATA"))
        headers = HeaderParser().parsestr(files.read(metadata).decode())
    requirements = map(Requirement, headers.get_all("Requires-Dist", []))
    lowest = {(each.name, bound.version) for each in requirements for bound in each.specifier if bound.operator == ">="}
    return sorted(f"{name}=={version}" for name, version in lowest)
