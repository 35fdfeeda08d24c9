"""Writing: the least policy that the role of a state machine needs, from its definition and from what runs have asked.

A Task whose arguments are written down needs its rights on that one resource; where an argument is computed, it needs
them on all that might be meant, unless runs show which were. A Task with Credentials needs its rights in the role that
it takes on, and the machine's role the right to take that on.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/service-integration-iam-templates.html (static and dynamic
resources), iam-policies-eg-dist-map.html, concepts-access-cross-acct-resources.html, cw-logs.html, xray-iam.html,
encryption-at-rest.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from asl_interpreter.jsontext import JSON
from emulator.permissions.arguments import (
    SUBSTITUTION,
    Arguments,
    of_definition,
    of_run,
    role_of,
    text,
)
from emulator.permissions.asking import Facts, FindOperation
from emulator.permissions.rights import Right, grouped
from emulator.permissions.sealed import rights_to_keys
from emulator.permissions.tasks import rights_of_task


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run has asked of a Task: its arguments as they were."""

    state: str
    """The name of the Task."""
    arguments: JSON


@dataclass(slots=True)
class Written:
    """The rights that a machine needs, in its own role and in those that its Tasks take on."""

    own: list[Right]
    others: dict[str, list[Right]] = field(default_factory=dict)
    """The ARN of a role, ``*`` if it is computed -> its rights."""
    unknown: list[str] = field(default_factory=list)
    """What could not be told, each as a sentence."""


def write(
    definition: Mapping[str, JSON],
    facts: Facts,
    find_operation: FindOperation,
    runs: Iterable[Asked] = (),
    *,
    only_runs: bool = False,
) -> Written:
    """The rights of a machine.

    Where ``runs`` have come to a Task, it needs what they asked for, and nothing else of it is written. With
    ``only_runs`` a Task to which none has come needs nothing.
    """
    asked: dict[str, list[JSON]] = {}
    for each in runs:
        asked.setdefault(each.state, []).append(each.arguments)
    writer = _Writer(facts, find_operation, asked, only_runs=only_runs)
    writer.processor(definition)
    writer.machine()
    own, *others = [
        grouped([*found, *rights_to_keys(found, facts.key_of_resource)])
        for found in (writer.own, *writer.others.values())
    ]
    return Written(own, dict(zip(writer.others, others, strict=True)), writer.unknown)


class _Writer:
    """Goes through a definition and gathers rights."""

    def __init__(
        self, facts: Facts, find_operation: FindOperation, asked: Mapping[str, list[JSON]], *, only_runs: bool
    ) -> None:
        self._facts = facts
        self._find_operation = find_operation
        self._asked = asked
        self._only_runs = only_runs
        self.own: list[Right] = []
        self.others: dict[str, list[Right]] = {}
        self.unknown: list[str] = []

    def processor(self, states: Mapping[str, JSON]) -> None:
        """Some states, and those nested in them."""
        listed = states.get("States")
        for name, state in listed.items() if isinstance(listed, dict) else ():
            if not isinstance(state, dict):
                continue
            if state.get("Type") == "Task":
                self._task(name, state)
            for branch in state.get("Branches", ()) if state.get("Type") == "Parallel" else ():
                self.processor(branch)
            if state.get("Type") == "Map":
                self._map(state)

    def machine(self) -> None:
        """What the machine needs whatever its states do."""
        facts = self._facts
        if facts.logs:
            self.own.append(Right.of(_LOGS, ["*"]))
        if facts.traced:
            self.own.append(Right.of(_TRACES, ["*"]))
        if facts.key is not None:
            about = {"StringEquals": {"kms:EncryptionContext:aws:states:stateMachineArn": facts.arn}}
            self.own.append(Right.of("kms:Decrypt kms:GenerateDataKey", [facts.key], about))
            if facts.logs:
                delivered = {"StringEquals": {"kms:EncryptionContext:SourceArn": f"{facts.place.arn('logs', '*')}"}}
                self.own.append(Right.of("kms:GenerateDataKey", [facts.key], delivered))

    def _task(self, name: str, state: Mapping[str, JSON]) -> None:
        resource = SUBSTITUTION.sub("*", str(state.get("Resource", "")))
        runs = self._asked.get(name, [])
        if self._only_runs and not runs:
            return
        found: list[Right] = []
        for arguments in [of_run(each) for each in runs] or [of_definition(state)]:
            rights, unknown = rights_of_task(resource, arguments, self._facts, self._find_operation)
            found += rights
            if unknown is not None:
                self.unknown.append(f"What {name} needs is not known: {unknown}.")
        role = role_of(state)
        if role is None:
            self.own += found
            return
        self.own.append(Right.of("sts:AssumeRole", [role]))
        self.others.setdefault(role, []).extend(found)

    # Distributed Maps

    def _map(self, state: Mapping[str, JSON]) -> None:
        processor = state.get("ItemProcessor", state.get("Iterator", {}))
        if not isinstance(processor, dict):
            return
        self.processor(processor)
        config = processor.get("ProcessorConfig", {})
        if config.get("Mode") != "DISTRIBUTED":
            return
        facts, label = self._facts, state.get("Label", "*")  # without a Label it is made up
        self.own.append(Right.of("states:StartExecution", [facts.arn]))
        executions = facts.place.arn("states", f"execution:{facts.name}")
        self.own.append(Right.of("states:DescribeExecution states:StopExecution", [f"{executions}:*"]))
        self.own.append(Right.of("states:RedriveExecution", [f"{executions}/{label}:*"]))
        partition = facts.place.partition
        reader = state.get("ItemReader")
        if isinstance(reader, dict):
            self.own += _read(reader, of_definition(reader), partition)
        writer = state.get("ResultWriter")
        if isinstance(writer, dict) and (given := of_definition(writer)):
            prefix = text(given.get("Prefix", "")) if "Prefix" in given else ""
            within = f"{prefix.rstrip('/')}/*" if prefix not in ("", "*") else "*"
            bucket = text(given.get("Bucket"))
            self.own.append(Right.of(_WRITES, [f"arn:{partition}:s3:::{bucket}/{within}"]))


_LOGS: Final = (
    "logs:CreateLogDelivery logs:GetLogDelivery logs:UpdateLogDelivery logs:DeleteLogDelivery logs:ListLogDeliveries "
    "logs:PutResourcePolicy logs:DescribeResourcePolicies logs:DescribeLogGroups"
)
_TRACES: Final = "xray:PutTraceSegments xray:PutTelemetryRecords xray:GetSamplingRules xray:GetSamplingTargets"
_WRITES: Final = "s3:PutObject s3:GetObject s3:ListMultipartUploadParts s3:AbortMultipartUpload"


def _read(reader: Mapping[str, JSON], given: Arguments, partition: str) -> list[Right]:
    """What an ItemReader needs."""
    bucket = f"arn:{partition}:s3:::{text(given.get('Bucket'))}"
    config = reader.get("ReaderConfig", {})
    found = []
    if str(reader.get("Resource", "")).endswith(":listObjectsV2"):
        found.append(Right.of("s3:ListBucket", [bucket]))
        if config.get("Transformation") == "LOAD_AND_FLATTEN":
            prefix = text(given["Prefix"]) if "Prefix" in given else ""
            found.append(Right.of("s3:GetObject", [f"{bucket}/{prefix.rstrip('*')}*"]))
        return found
    found.append(Right.of("s3:GetObject", [f"{bucket}/{text(given.get('Key'))}"]))
    if config.get("InputType") == "MANIFEST" or config.get("ManifestType"):
        found.append(Right.of("s3:GetObject", [f"arn:{partition}:s3:::*"]))  # the manifest names what is read
    return found
