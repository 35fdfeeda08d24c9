"""Refusals of EventBridge: where moto takes what AWS refuses, or refuses it in other words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from asl_interpreter.jackson import explain
from emulator.arns import Arn, InvalidArn


def invalid(message: str) -> Exception:
    """What a request wants cannot be."""
    from moto.events.exceptions import ValidationException

    return ValidationException(message)


def absent(message: str) -> Exception:
    """What a request names is not there."""
    from moto.events.exceptions import ResourceNotFoundException

    return ResourceNotFoundException(message)


def exists(message: str) -> Exception:
    """What a request makes is there already."""
    from moto.events.exceptions import ResourceAlreadyExistsException

    return ResourceAlreadyExistsException(message)


def bus_of(self: Any) -> str:
    """The name of the bus that a request names, by it or by its ARN, or of the default one."""
    name: str = self.events_backend._normalize_event_bus_arn(self._get_param("EventBusName"))  # noqa: SLF001 - moto has no other way
    return name


MOST_TARGETS: Final = 5
"""Targets of a rule."""


def check_targets(self: Any) -> None:
    """See that a rule can have targets. Raises a refusal."""
    rule, targets = rule_on(self.events_backend, self._get_param("Rule"), bus_of(self)), self._get_param("Targets")
    for target in targets:
        _check_input(target)
        if not target.get("RoleArn") and _needs_role(target["Arn"], self.current_account):
            raise invalid(f"RoleArn is required for target {target['Arn']}.")
    if len({target["Id"] for target in (*rule.targets, *targets)}) > MOST_TARGETS:
        raise too_many()


def too_many() -> Exception:
    """There is no room for more of a kind."""
    from moto.core.exceptions import JsonRESTError

    return JsonRESTError("LimitExceededException", "The requested resource exceeds the maximum number allowed.")


_WITHOUT_ROLE: Final = frozenset({"ec2", "inspector", "lambda", "logs", "sns", "sqs"})
"""Services that say by policies of their own who may call them; of others EventBridge needs a role."""


def _needs_role(target: str, account: str) -> bool:
    try:
        arn = Arn.parse(target)
    except InvalidArn:
        return False  # it is refused for that
    return arn.service not in _WITHOUT_ROLE or arn.account not in (account, "")


_PLACEHOLDER: Final = re.compile(r"<([\w.-]+)>")
_OF_EVENTBRIDGE: Final = frozenset(
    {
        *("aws.events.rule-arn", "aws.events.rule-name", "aws.events.event.ingestion-time", "aws.events.event"),
        "aws.events.event.json",
    }
)


def _check_input(target: Mapping[str, Any]) -> None:
    """See that what a target gets of an event can be said. Raises a refusal."""
    name = target["Id"]
    if sum(kind in target for kind in ("Input", "InputPath", "InputTransformer")) > 1:
        raise invalid(f"Only one of Input, InputPath, or InputTransformer must be provided for target {name}.")
    if "Input" in target and (wrong := explain(target["Input"])) is not None:
        raise invalid(f"JSON syntax error in input for target {name} : {wrong.message} at {wrong.source}")
    if "InputPath" in target and not target["InputPath"].startswith("$"):
        raise invalid(f"Invalid InputPath for target {name} : Syntax error near offset 0.")
    given = target.get("InputTransformer") or {}
    for placeholder in _PLACEHOLDER.findall(given.get("InputTemplate") or ""):
        if placeholder not in _OF_EVENTBRIDGE and placeholder not in (given.get("InputPathsMap") or {}):
            raise invalid(f"InputTemplate for target {name} contains invalid placeholder {placeholder}.")
    for variable, path in (given.get("InputPathsMap") or {}).items():
        if not path.startswith("$"):
            raise invalid(f"Invalid InputPath for target {name} : {variable} is no JSON path.")


def describe_rule(theirs: Any) -> Any:
    """Name the bus on which a rule is not."""

    def describe_rule(self: Any, name: str, event_bus_arn: str | None) -> Any:
        rule_on(self, name, self._normalize_event_bus_arn(event_bus_arn))
        return theirs(self, name, event_bus_arn)

    return describe_rule


def rule_on(backend: Any, name: str, bus: str) -> Any:
    """The rule of a name on a bus. Raises a refusal: there is none, or no such bus."""
    found = backend._get_event_bus(bus).rules.get(name)  # noqa: SLF001 - a bus by its name only
    if found is None:
        raise absent(f"Rule {name} does not exist on EventBus {bus}.")
    return found


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
