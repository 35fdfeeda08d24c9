"""What every test shares: laws are tried on the same examples each time, and the law of threads is checked."""

from __future__ import annotations

import json
import os
import pkgutil
import re
from collections.abc import Generator
from importlib import import_module

import botocore
import pytest
from botocore.exceptions import ParamValidationError
from botocore.model import OperationNotFoundError
from hypothesis import settings
from web_server import WebServer

import emulator
from asl_interpreter.loop import locks
from emulator.moto_door import fitting
from emulator.moto_door.patches import PATCHES
from emulator.wire.loading import MODELS

os.environ[locks.VARIABLE] = "1"  # also for the servers that tests start
locks.check()

pytest_plugins = ["conformance.summary", "evidence.plugin"]

settings.register_profile("dynastep", deadline=None, derandomize=True)
settings.load_profile("dynastep")


def _is_older(version: str, than: str) -> bool:
    return [int(part) for part in version.split(".")] < [int(part) for part in than.split(".")]


[_COPIED] = re.findall(r"botocore ([\d.]+) ", (MODELS / "README.md").read_text())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None]:
    """Skip a test whose client is too old to ask: its botocore is older than the models that the emulator has."""
    try:
        return (yield)
    except (ParamValidationError, OperationNotFoundError) as error:
        is_unknown = isinstance(error, OperationNotFoundError) or "Unknown parameter in input" in str(error)
        if is_unknown and _is_older(botocore.__version__, _COPIED):
            pytest.skip(f"the boto3 that is installed is too old: {error}")
        raise


@pytest.fixture
def create(dynastep):
    """Create a state machine; its ARN."""
    states = dynastep.client("stepfunctions")

    def make(name, definition, **more):
        role = f"arn:aws:iam::{dynastep.account}:role/runner"
        request = {"name": name, "definition": json.dumps(definition), "roleArn": role, **more}
        return states.create_state_machine(**request)["stateMachineArn"]

    return make


@pytest.fixture(autouse=True)
def _law_of_threads():
    """Nobody breaks the law of docs/threads.md, and be it where an assertion is caught."""
    del locks.broken[:]
    yield
    assert locks.broken == []


@pytest.fixture(scope="session")
def _all_is_imported() -> None:
    """The modules of the emulator, and those of moto that it patches.

    pytester forgets the modules that a run of pytest inside of a test has imported. One that is then imported anew has
    a state of its own: moto would be there twice, and only the first one patched.
    """
    for found in pkgutil.walk_packages(emulator.__path__, "emulator."):
        if ".runtimes." not in found.name:
            import_module(found.name)
    fitting.fit()
    for patch in (patch for of_package in PATCHES.values() for patch in of_package):
        import_module(patch.module)


@pytest.fixture
def pytester(_all_is_imported: None, pytester: pytest.Pytester) -> pytest.Pytester:
    """pytest's own, once nothing is left that a run inside of a test would be the first to import."""
    return pytester


@pytest.fixture
def web_server() -> Generator[WebServer]:
    """A server of this machine that keeps what it is asked."""
    server = WebServer()
    yield server
    server.close()
