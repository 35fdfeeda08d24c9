"""What the page of a state machine says of permissions: its least policy, and how the policies of its role differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from emulator.bench.policies import MachinePolicy, facts_of, policy_of
from emulator.bench.roles import policies_of_role
from emulator.clients import client
from emulator.permissions.comparing import Difference, compare
from emulator.permissions.policies import MalformedPolicy
from emulator.web.asking import Asker

RUNS: Final = 50
"""Executions that are looked at, the last ones."""
EVENTS: Final = 1000
PAGES: Final = 5
"""Of events of one execution."""
FORMS: Final = {"JSON": "json", "YAML": "yaml", "SAM Policies": "sam", "Terraform": "terraform"}


@dataclass(frozen=True, slots=True)
class Permissions:
    """What a state machine needs, and what its role has."""

    forms: dict[str, str]
    """The policy as text, by the name of its form."""
    unknown: list[str]
    """What could not be told, each as a sentence."""
    other_roles: list[str]
    """The roles that Tasks take on, which need rights of their own."""
    runs: int
    """How many executions count."""
    difference: Difference | None
    """How the policies of the role differ; None if they cannot be compared."""
    why: str = ""
    """Why they cannot."""


def permissions(asked: Asker, described: Mapping[str, Any], *, only_runs: bool) -> Permissions:
    """The permissions of a machine as DescribeStateMachine tells it.

    Raises:
        Fault: an execution cannot be read.
    """

    def ask(service: str) -> Any:
        return client(asked.control, service, asked.region, asked.account)

    histories = list(_histories(asked, described))
    facts = facts_of(described, ask)
    policy = policy_of(described["definition"], facts, histories, only_runs=only_runs)
    difference, why = _difference(ask("iam"), described["roleArn"], policy)
    forms = {name: policy.text(form) for name, form in FORMS.items()}
    return Permissions(forms, policy.unknown, sorted(policy.of_other_roles), len(histories), difference, why)


def _difference(iam: Any, role: str, policy: MachinePolicy) -> tuple[Difference | None, str]:
    try:
        return compare(policies_of_role(iam, role), policy.rights), ""
    except iam.exceptions.NoSuchEntityException:
        return None, "There is no such role in IAM here. Nobody asks for it unless the server was started with --iam."
    except MalformedPolicy as error:
        return None, f"A policy of the role is malformed: {error}"


def _histories(asked: Asker, described: Mapping[str, Any]) -> Iterator[list[dict[str, Any]]]:
    """The events of the last executions of a machine; those of an Express one are not kept."""
    if described["type"] == "EXPRESS":
        return
    arn = described["stateMachineArn"]
    answer = asked.step_functions("ListExecutions", stateMachineArn=arn, maxResults=RUNS)
    for each in answer["executions"]:
        pages = _pages(asked, each["executionArn"])
        yield [event for page in islice(pages, PAGES) for event in page]


def _pages(asked: Asker, execution: str) -> Iterator[list[dict[str, Any]]]:
    token = None
    while True:
        answer = asked.step_functions("GetExecutionHistory", executionArn=execution, maxResults=EVENTS, nextToken=token)
        yield answer["events"]
        token = answer.get("nextToken")
        if token is None:
            return
