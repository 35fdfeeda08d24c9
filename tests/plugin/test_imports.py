"""What is imported when: a suite pays for what its tests use, not for all that an emulator can do."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from emulator import moto_door

pytest_plugins = ["pytester"]

IMPORTED = """
import json, sys
{code}
ours = [name for name in sys.modules if name.split(".")[0] in ("asl_interpreter", "dynastep", "emulator", "moto", "flask")]
print(json.dumps(ours))
"""

OPEN = """
from dynastep import emulator
with emulator() as dynastep:
    {use}
"""

MACHINES = (
    *("asl_interpreter.definition", "asl_interpreter.jsonata", "asl_interpreter.reading", "asl_interpreter.running"),
    *(
        "emulator.bench.runs",
        "emulator.integrations.resources",
        "emulator.stepfunctions.executions",
        "emulator.validate",
    ),
)
"""What only state machines need."""
OF_FEW = (
    *(
        "emulator.actors",
        "emulator.apigateway",
        "emulator.deploying.regions",
        "emulator.eventbridge",
        "emulator.keeping",
    ),
    *("emulator.lambdas.api", "emulator.lambdas.durable_executions", "emulator.lambdas.workers"),
    *("emulator.permissions.guard", "emulator.permissions.evaluation", "emulator.web", "flask"),
)
"""What few tests need."""
NEIGHBOURS = ("emulator.moto_door.dispatch", "emulator.moto_door.patches", "emulator.moto_door.metrics", "moto")
"""What only services need that moto answers for."""


def imported(code: str) -> set[str]:
    """The modules that are there after some code, in a process of its own, with the packages that they are in."""
    said = subprocess.run(
        [sys.executable, "-c", IMPORTED.format(code=code)], capture_output=True, text=True, check=True
    )
    return set(json.loads(said.stdout.splitlines()[-1]))


def test_what_a_function_imports_has_no_emulator() -> None:
    assert {name for name in imported("from dynastep import Later, StateError") if name.startswith("emulator")} == set()


@pytest.mark.parametrize(
    ("code", "without"),
    [
        ("from dynastep import emulator", (*MACHINES, *OF_FEW, *NEIGHBOURS)),
        (OPEN.format(use="pass"), (*MACHINES, *OF_FEW, *NEIGHBOURS)),
        (OPEN.format(use='dynastep.client("dynamodb").list_tables()'), (*MACHINES, *OF_FEW, *NEIGHBOURS)),
        (
            OPEN.format(use='dynastep.run({"StartAt": "Go", "States": {"Go": {"Type": "Succeed"}}})'),
            (*OF_FEW, *NEIGHBOURS),
        ),
        (
            OPEN.format(use='dynastep.client("sqs").list_queues()'),
            (*MACHINES, "emulator.apigateway", "emulator.keeping", "flask", "moto.awslambda", "moto.logs"),
        ),
    ],
    ids=["imported", "open", "tables", "machines", "queues"],
)
def test_a_test_imports_what_it_uses(code: str, without: tuple[str, ...]) -> None:
    assert imported(code) & set(without) == set()


def test_a_suite_that_does_not_use_the_fixture_imports_no_emulator(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_it():
            assert not {"emulator.testing", "emulator.wiring", "asl_interpreter.engine", "moto"} & sys.modules.keys()
        """
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_the_names_of_the_door_to_moto_are_those_of_no_modules() -> None:
    """A module that was imported would stand where the name of the same spelling is looked for."""
    for path in Path(str(moto_door.__file__)).parent.glob("*.py"):
        import_module(f"emulator.moto_door.{path.stem}")
    for name in moto_door.__all__:
        assert not isinstance(getattr(moto_door, name), ModuleType), name
