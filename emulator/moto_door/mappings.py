"""Event source mappings: moto's registry of them.

moto would invoke functions in Docker, message by message; here ours poll, and moto's queues say when something comes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from emulator import arns
from emulator.arns import Arn, InvalidArn

POLLED: Final = ("sqs", "dynamodb", "kinesis")
"""Services whose mappings are ours."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What moto asks of us. ``find_function`` gives the ARN and the timeout of a function by its name, or None."""

    find_function: Callable[[str, str, str], tuple[str, float] | None]
    has_stream: Callable[[str], bool]
    latest_sequences: Callable[[str], Mapping[str, int]]
    """The number of the last record in each shard of a stream of Kinesis."""
    filter_problem: Callable[[Any], str]
    """What is wrong with FilterCriteria; empty if nothing is."""
    changed: Callable[[str, str], None]
    """The mappings of an account and region are not what they were."""
    arrived: Callable[[str, float, Callable[[], None]], None]
    """A message has come to a queue (its ARN), to be seen after so many seconds, which moto has to be told."""
    pass_time: Callable[[str, float], bool]
    """Have so many seconds pass in the world of an account; false if real time passes there by itself."""
    later: Callable[[str, float, Callable[[], None]], None]
    """Have something done in the world of an account after so many seconds."""
    in_background: Callable[[str, float, Callable[[], None]], None]
    """The same, but no look at what functions may have done waits for it."""


_sources: list[Sources] = []


def take_mappings(sources: Sources) -> None:
    """Let ours poll; the last one given counts. Of the process, as all of moto's state is."""
    _sources[:] = [sources]


def has_function(arn: str) -> bool:
    """Whether there is a function with this ARN, of whatever kind."""
    parsed = Arn.parse(arn)
    return _sources[-1].find_function(parsed.account, parsed.region, arn) is not None


def event_source_mappings(account: str, region: str) -> Iterator[dict[str, Any]]:
    """The mappings that are ours to poll, as GetEventSourceMapping shows them."""
    from moto.awslambda.models import lambda_backends

    for mapping in list(lambda_backends[account][region]._event_source_mappings.values()):  # noqa: SLF001 - a list by name only
        if Arn.parse(mapping.event_source_arn).service in POLLED:
            yield {**mapping.get_configuration(), **_starting(mapping)}


def _starting(mapping: Any) -> dict[str, Any]:
    """Where a mapping of a stream of Kinesis begins."""
    return {
        "StartingPositionTimestamp": mapping.starting_position_timestamp or 0,
        "LatestSequences": getattr(mapping, "latest_sequences", {}),
    }


def create_event_source_mapping(theirs: Any) -> Any:
    """Have a mapping of ours made."""

    def create_event_source_mapping(self: Any, spec: dict[str, Any]) -> Any:
        from moto.awslambda.exceptions import InvalidParameterValueException

        try:
            service = Arn.parse(spec.get("EventSourceArn", "")).service
        except InvalidArn:
            raise InvalidParameterValueException("Unrecognized event source.") from None
        if service not in POLLED:
            return theirs(self, spec)
        made = _create(self, spec)
        _sources[-1].changed(self.account_id, self.region_name)
        return made

    return create_event_source_mapping


def update_event_source_mapping(theirs: Any) -> Any:
    """Check the filters of a mapping, and let ours know that it has changed."""

    def update_event_source_mapping(self: Any, uuid: str, spec: dict[str, Any]) -> Any:
        from moto.awslambda.exceptions import InvalidParameterValueException

        why = _sources[-1].filter_problem(spec.get("FilterCriteria"))
        if why:
            raise InvalidParameterValueException(why)
        updated = theirs(self, uuid, spec)
        _sources[-1].changed(self.account_id, self.region_name)
        return updated

    return update_event_source_mapping


def delete_event_source_mapping(theirs: Any) -> Any:
    """Let ours know that a mapping is gone."""

    def delete_event_source_mapping(self: Any, uuid: str) -> Any:
        deleted = theirs(self, uuid)
        _sources[-1].changed(self.account_id, self.region_name)
        return deleted

    return delete_event_source_mapping


def arrived(queue: str, message: Any) -> None:
    """Let the mappings of a queue hear of a message. Without a mapping nobody does."""
    delay = max(message.delayed_until / 1000 - message.sent_timestamp / 1000, 0)
    _sources[-1].arrived(queue, delay, lambda: setattr(message, "delayed_until", 0))


def has_come(source: str) -> None:
    """Let the mappings of a stream hear that something has come, where there is a world that has mappings."""
    for sources in _sources[-1:]:
        sources.arrived(source, 0.0, lambda: None)


def pass_time(account: str, seconds: float) -> bool:
    """Have so many seconds pass for somebody who waits; false if real time does that by itself."""
    return _sources[-1].pass_time(account, seconds)


def later(account: str, seconds: float, action: Callable[[], None]) -> None:
    """Have something done after so many seconds."""
    _sources[-1].later(account, seconds, action)


def in_background(account: str, seconds: float, action: Callable[[], None]) -> None:
    """Have something done when so many seconds have passed; no look has them pass for its sake."""
    _sources[-1].in_background(account, seconds, action)


def _create(backend: Any, spec: dict[str, Any]) -> Any:
    """A mapping of ours: its function may be any that we run, its stream is one of our tables'."""
    from moto.awslambda.exceptions import (
        InvalidParameterValueException,
        LambdaClientError,
        UnknownFunctionException,
    )
    from moto.awslambda.models import EventSourceMapping

    account, region, source = backend.account_id, backend.region_name, spec["EventSourceArn"]
    found = _sources[-1].find_function(account, region, spec["FunctionName"])
    if found is None:
        raise UnknownFunctionException(arns.function(account, region, spec["FunctionName"]))
    function, timeout = found
    why = _unusable_queue(source, timeout) if Arn.parse(source).service == "sqs" else _unusable_stream(source, spec)
    why = why or _sources[-1].filter_problem(spec.get("FilterCriteria"))
    if why:
        raise InvalidParameterValueException(why)
    for mapping in backend._event_source_mappings.values():  # noqa: SLF001 - as above
        if (mapping.event_source_arn, mapping.function_arn) == (source, function):
            text = (
                f'The event source arn (" {source} ") and function (" {Arn.parse(function).names[1]} ") provided '
                f"mapping already exists. Please update or delete the existing mapping with UUID {mapping.uuid}"
            )
            conflict = LambdaClientError("ResourceConflictException", text)
            conflict.code = 409
            raise conflict
    mapping_class: Any = EventSourceMapping
    made = mapping_class(
        {
            **_DEFAULTS.get(Arn.parse(source).service, {}),
            **spec,
            "RegionName": region,
            "AccountId": account,
            "FunctionArn": function,
        }
    )
    made.latest_sequences = _sources[-1].latest_sequences(source)
    backend._event_source_mappings[made.uuid] = made  # noqa: SLF001 - as above
    return made


_OF_STREAMS: Final[Mapping[str, Any]] = {
    "BisectBatchOnFunctionError": False,
    "DestinationConfig": {"OnFailure": {}},
    "FunctionResponseTypes": [],
    "MaximumBatchingWindowInSeconds": 0,
    "MaximumRecordAgeInSeconds": -1,
    "MaximumRetryAttempts": -1,
    "ParallelizationFactor": 1,
    "TumblingWindowInSeconds": 0,
}
_DEFAULTS: Final = {"dynamodb": _OF_STREAMS, "kinesis": _OF_STREAMS}
"""Service of a source -> what a mapping of it has that is not given."""


def _unusable_queue(arn: str, timeout: float) -> str:
    from moto.sqs.models import sqs_backends

    parsed = Arn.parse(arn)
    queue = sqs_backends[parsed.account][parsed.region].queues.get(parsed.resource)
    if queue is None:
        return (
            "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. "
            "SQS Error Message: The specified queue does not exist."
        )
    visible: Any = queue
    if int(visible.visibility_timeout) < timeout:
        return (
            f"Queue visibility timeout: {int(visible.visibility_timeout)} seconds is less than "
            f"Function timeout: {int(timeout)} seconds"
        )
    return ""


def _unusable_stream(arn: str, spec: dict[str, Any]) -> str:
    if spec.get("TumblingWindowInSeconds"):
        raise NotImplementedError("TumblingWindowInSeconds of an event source mapping")
    if not _sources[-1].has_stream(arn):
        return f"Stream not found: {arn}"
    if "StartingPosition" not in spec:
        return (
            "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: "
            "Member must not be null."
        )
    at_a_time = spec["StartingPosition"] == "AT_TIMESTAMP"
    if at_a_time and Arn.parse(arn).service == "dynamodb":
        return f"Unsupported starting position for arn type: {arn}"
    if at_a_time and "StartingPositionTimestamp" not in spec:
        return "StartingPositionTimestamp must be present when StartingPosition is AT_TIMESTAMP."
    return ""
