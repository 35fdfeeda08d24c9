"""Real machines under ``enforce``: each runs with exactly the policy that is written from its definition.

Every Task is mocked: on AWS its service would have been called, so IAM is asked for it all the same. A statement that is
taken out of the policy is missed where the run has called what it is for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

import pytest
from workflows import DEFINITIONS, PLAUSIBLE, Bucket, Mocked

from asl_interpreter.engine import Engine
from asl_interpreter.loop.clock import Clock
from asl_interpreter.reading.parsing import parse
from asl_interpreter.running.execution import Execution, Outside, Start
from emulator.clients import client
from emulator.control import Control
from emulator.integrations.operations import find_operation
from emulator.integrations.permitted import permitted
from emulator.integrations.resources import Resources
from emulator.permissions.asking import Facts, Need, Place
from emulator.permissions.rights import document
from emulator.permissions.writing import write
from emulator.settings import Settings

ACCOUNT, REGION = "123456789012", "us-east-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/machine"
MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:machine"
FACTS = Facts(Place(ACCOUNT, REGION), "machine")
Document = dict[str, Any]


class Enforced:
    """A world that asks IAM, with the roles of one machine."""

    def __init__(self) -> None:
        self._control = Control(Settings(clock="virtual", account=ACCOUNT, iam="enforce"))
        self._world = self._control.world
        self._aws = Resources(self._world, ACCOUNT, REGION)
        guard = self._world.guard
        assert guard is not None
        self._guard = guard
        self.needed: list[Need] = []
        ask = guard.lacking

        def asked(actor: Any, wanted: Any, region: str) -> Any:
            self.needed += wanted
            return ask(actor, wanted, region)

        guard.lacking = asked  # type: ignore[method-assign]  # to hear what is asked for

    def close(self) -> None:
        self._control.close()

    def run(self, name: str, policies: Mapping[str, Document]) -> Execution:
        """Run a machine whose roles have these policies, by their ARNs."""
        for arn, policy in policies.items():
            self._give(arn, policy)
        self.needed.clear()
        self._guard.denials.clear()
        definition, case = DEPLOYED[name], PLAUSIBLE.get(name, {})
        resolve = permitted(Mocked(self._aws, case.get("results", {})), self._guard, ACCOUNT, REGION)
        bucket = Bucket(case.get("object"), case.get("listed", []))
        given = case.get("input", {})
        start = Start(
            arn=MACHINE.replace("stateMachine", "execution") + ":run",
            name="run",
            state_machine_arn=MACHINE,
            state_machine_name="machine",
            role_arn=ROLE,
            input=given,
            input_text=json.dumps(given),
        )
        engine = Engine(Clock("virtual"))
        try:
            execution = engine.start(parse(definition, resolve), start, Outside(resolve, bucket))
            engine.wait(execution.ended, strict=True)
        finally:
            engine.close()
        return execution

    @property
    def denied(self) -> list[str]:
        """The actions that were denied."""
        return [denial.action for denial in self._guard.denials]

    def _give(self, arn: str, policy: Document) -> None:
        name, iam = arn.rpartition("/")[2], cast("Any", client(self._control, "iam", REGION, arn.split(":")[4]))
        trust = json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "sts:AssumeRole"}],
            }
        )
        if not any(each["RoleName"] == name for each in iam.list_roles()["Roles"]):
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
        if policy["Statement"]:
            iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(policy))
        elif iam.list_role_policies(RoleName=name)["PolicyNames"]:
            iam.delete_role_policy(RoleName=name, PolicyName="p")


@pytest.fixture
def enforced() -> Iterator[Enforced]:
    world = Enforced()
    yield world
    world.close()


ELSEWHERE = re.compile(r"(?<=:)(?:\d{12}|<account_number>)(?=:)")
"""Accounts that the definitions name, of whose resources nobody here can give rights away."""
PLACEHOLDERS = {
    "<function_name>": "f",
    **{f"{{% 'child{number}' %}}": MACHINE.replace(":machine", f":child{number}") for number in (1, 2)},
    "{% 'ConnectionArn' %}": f"arn:aws:events:{REGION}:{ACCOUNT}:connection/c/1",
}
"""What stands for an ARN in the definitions."""


def filled(text: str) -> str:
    for placeholder, value in PLACEHOLDERS.items():
        text = text.replace(placeholder, value)
    return ELSEWHERE.sub(ACCOUNT, text)


DEPLOYED = {name: json.loads(filled(json.dumps(each))) for name, each in DEFINITIONS.items()}
COMPUTED = {
    "account-vending-machine--statemachine.asl.json": "arn:aws:iam::111122223333:role/OrganizationAccountAccessRole"
}
"""The roles that Tasks take on by their Credentials, where a machine computes them."""


def written(name: str) -> dict[str, Document]:
    """The policy of each role that a machine needs."""
    found = write(DEPLOYED[name], FACTS, find_operation)
    assert not found.unknown
    others = {COMPUTED[name] if role == "*" else role: document(rights) for role, rights in found.others.items()}
    return {ROLE: document(found.own), **others}


@pytest.mark.parametrize("name", DEFINITIONS)
def test_a_machine_runs_with_the_policy_that_is_written_for_it(name: str, enforced: Enforced) -> None:
    execution = enforced.run(name, written(name))
    assert enforced.denied == []
    assert (execution.status, execution.error, execution.cause) == ("SUCCEEDED", None, None)


@pytest.mark.parametrize("name", DEFINITIONS)
def test_it_misses_each_statement_whose_actions_it_has_called(name: str, enforced: Enforced) -> None:
    policies = written(name)
    enforced.run(name, policies)
    called = {need.action for need in enforced.needed}
    for role, policy in policies.items():
        for statement in policy["Statement"]:
            without = [each for each in policy["Statement"] if each is not statement]
            enforced.run(name, {**policies, role: {**policy, "Statement": without}})
            others = {action for each in without for action in each["Action"]}
            missed = called & set(statement["Action"]) - others
            if missed:
                assert set(enforced.denied) & missed, statement
            assert set(enforced.denied) <= set(statement["Action"])


def test_without_a_policy_most_machines_fail(enforced: Enforced) -> None:
    nothing = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sts:GetCallerIdentity", "Resource": "*"}],
    }
    failed = [name for name in DEFINITIONS if enforced.run(name, {ROLE: nothing}).status == "FAILED"]
    assert len(failed) > len(DEFINITIONS) / 2
