"""Pipes: moto's registry of them. Whoever takes them lets them work.

What a pipe cannot do here is refused by name when it is made, in words of ours.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from emulator.arns import Arn

SOURCES: Final = {
    "sqs": "SqsQueueParameters",
    "dynamodb": "DynamoDBStreamParameters",
    "kinesis": "KinesisStreamParameters",
}
"""Service of a source -> its parameters in SourceParameters."""
ENRICHMENTS: Final = ("lambda", "states")
TARGETS: Final = ("lambda", "states", "sqs", "sns", "kinesis", "firehose", "logs", "events")
_TRANSIENT: Final = {"CREATING", "STARTING", "STOPPING", "UPDATING"}


@dataclass(frozen=True, slots=True)
class Pipe:
    """A pipe that runs."""

    arn: str
    name: str
    source: str
    target: str
    enrichment: str
    source_parameters: Mapping[str, Any] = field(default_factory=dict)
    enrichment_parameters: Mapping[str, Any] = field(default_factory=dict)
    target_parameters: Mapping[str, Any] = field(default_factory=dict)
    latest_sequences: Mapping[str, int] = field(default_factory=dict)
    """The last record in each shard of a stream of Kinesis when the pipe was made."""

    @property
    def of_source(self) -> Mapping[str, Any]:
        """The parameters of its kind of source."""
        found: Mapping[str, Any] = self.source_parameters.get(SOURCES[Arn.parse(self.source).service], {})
        return found


@dataclass(frozen=True, slots=True)
class Plumber:
    """Who lets pipes work."""

    has_stream: Callable[[str], bool]
    latest_sequences: Callable[[str], Mapping[str, int]]
    filter_problem: Callable[[Any], str]
    changed: Callable[[str, str], None]
    """The pipes of an account and region are not what they were."""


_plumbers: list[Plumber] = []


def take_pipes(plumber: Plumber) -> None:
    """Let pipes work; the last one given counts. Of the process, as all of moto's state is."""
    _plumbers[:] = [plumber]


def running_pipes(account: str, region: str) -> Iterator[Pipe]:
    """The pipes of an account and region that are to run."""
    if "moto.pipes.models" not in sys.modules:
        return
    from moto.pipes.models import pipes_backends

    for pipe in list(pipes_backends[account][region].pipes.values()):
        if pipe.desired_state == "RUNNING":
            yield Pipe(
                pipe.arn,
                pipe.name,
                pipe.source,
                pipe.target,
                pipe.enrichment or "",
                pipe.source_parameters or {},
                pipe.enrichment_parameters or {},
                pipe.target_parameters or {},
                getattr(pipe, "latest_sequences", {}),
            )


def _check(name: str, values: Mapping[str, Any]) -> None:
    from moto.pipes.exceptions import ValidationException

    for place, known in (("source", tuple(SOURCES)), ("enrichment", ENRICHMENTS), ("target", TARGETS)):
        arn = values.get(place)
        if not arn:
            continue
        parsed = Arn.parse(arn)
        if parsed.service not in known or (parsed.service == "events" and parsed.kind != "event-bus"):
            raise NotImplementedError(f"pipes whose {place} is {arn} ({name})")
    criteria = (values.get("source_parameters") or {}).get("FilterCriteria")
    if criteria and _plumbers[-1].filter_problem(criteria):
        raise ValidationException("Invalid filter pattern definition.")
    source = values.get("source")
    if source and Arn.parse(source).service != "sqs":
        if not _plumbers[-1].has_stream(source):
            raise ValidationException(f"Stream not found: {source}")
        parameters = SOURCES[Arn.parse(source).service]
        if "StartingPosition" not in (values.get("source_parameters") or {}).get(parameters, {}):
            raise ValidationException("The source parameters of a stream need a StartingPosition.")


def create_pipe(theirs: Any) -> Any:
    """Check a pipe, and let it work."""

    def create_pipe(self: Any, name: str, **values: Any) -> Any:
        from moto.pipes.exceptions import ConflictException

        if name in self.pipes:
            raise ConflictException(f"Pipe {name} already exists.")
        _check(name, values)
        made = theirs(self, name=name, **values)
        self.pipes[name].latest_sequences = _plumbers[-1].latest_sequences(values["source"])
        _plumbers[-1].changed(self.account_id, self.region_name)
        return made

    return create_pipe


def update_pipe(theirs: Any) -> Any:
    """Check what a pipe becomes; its source stays."""

    def update_pipe(self: Any, name: str, **values: Any) -> Any:
        self.describe_pipe(name)
        _check(name, values)
        made = theirs(self, name=name, **values)
        made.status = "UPDATING"
        _plumbers[-1].changed(self.account_id, self.region_name)
        return made

    return update_pipe


def changes_pipes(theirs: Any) -> Any:
    """Tell the plumber once a backend has done something that may change which pipes work."""

    def done(self: Any, name: str) -> Any:
        answer = theirs(self, name)
        _plumbers[-1].changed(self.account_id, self.region_name)
        return answer

    return done


def advance(_theirs: Any) -> Any:
    """Bring a pipe that is under way where it is to be; moto leaves it there."""

    def advance(self: Any) -> None:
        if self.status in _TRANSIENT:
            self.status = self.desired_state

    return advance
