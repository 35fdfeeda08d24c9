"""Refusals of EventBridge: where moto takes what AWS refuses, or refuses it in other words."""

from __future__ import annotations

from typing import Any


def put_targets(theirs: Any) -> Any:
    """Refuse a target with two kinds of input."""

    def put_targets(self: Any, name: str, event_bus_arn: str | None, targets: list[dict[str, Any]]) -> None:
        from moto.events.exceptions import ValidationException

        for target in targets:
            if sum(kind in target for kind in ("Input", "InputPath", "InputTransformer")) > 1:
                raise ValidationException(
                    f"Only one of Input, InputPath, or InputTransformer must be provided for target {target['Id']}."
                )
        theirs(self, name, event_bus_arn, targets)

    return put_targets


def describe_rule(theirs: Any) -> Any:
    """Name the bus on which a rule is not."""

    def describe_rule(self: Any, name: str, event_bus_arn: str | None) -> Any:
        _rule_on(self, name, self._normalize_event_bus_arn(event_bus_arn))
        return theirs(self, name, event_bus_arn)

    return describe_rule


def list_tags_for_resource(theirs: Any) -> Any:
    """As ``describe_rule`` does, by the ARN of the rule."""

    def list_tags_for_resource(self: Any, arn: str) -> Any:
        kind, *names = arn.split(":", 5)[-1].split("/")
        if kind == "rule":
            _rule_on(self, names[-1], names[0] if len(names) > 1 else "default")
        return theirs(self, arn)

    return list_tags_for_resource


def _rule_on(backend: Any, name: str, bus: str) -> None:
    from moto.events.exceptions import ResourceNotFoundException

    if name not in backend._get_event_bus(bus).rules:  # noqa: SLF001 - a bus by its name only
        raise ResourceNotFoundException(f"Rule {name} does not exist on EventBus {bus}.")


def update_archive(theirs: Any) -> Any:
    """Refuse an update that changes nothing."""

    def update_archive(self: Any, name: str, description: Any, event_pattern: Any, retention: Any) -> Any:
        from moto.events.exceptions import ValidationException

        if description is None and event_pattern is None and retention is None:
            raise ValidationException("At least one of EventPattern, RetentionDays or Description must be provided.")
        return theirs(self, name, description, event_pattern, retention)

    return update_archive


def start_replay(theirs: Any) -> Any:
    """Refuse to replay an archive that is not there, or into another bus than its own, whether there is one or not."""

    def start_replay(
        self: Any, name: str, description: Any, source_arn: str, start_time: Any, end_time: Any, destination: Any
    ) -> Any:
        from moto.events.exceptions import ValidationException

        name_of_archive = source_arn.rpartition("/")[2]
        archive = self.archives.get(name_of_archive)
        if archive is None:
            why = f"Archive {name_of_archive} does not exist."
            raise ValidationException(f"Parameter EventSourceArn is not valid. Reason: {why}")
        is_bus = destination["Arn"].split(":", 5)[-1].startswith("event-bus/")
        if is_bus and archive.source_arn != destination["Arn"]:
            raise ValidationException(
                "Parameter Destination.Arn is not valid. Reason: Cross event bus replay is not permitted."
            )
        return theirs(self, name, description, source_arn, start_time, end_time, destination)

    return start_replay


def describe_api_destination(theirs: Any) -> Any:
    """Say what failed where there is no such destination."""

    def describe_api_destination(self: Any, name: str) -> Any:
        from moto.events.exceptions import ResourceNotFoundException

        if name not in self.destinations:
            text = f"Failed to describe the api-destination(s). An api-destination '{name}' does not exist."
            raise ResourceNotFoundException(text)
        return theirs(self, name)

    return describe_api_destination
