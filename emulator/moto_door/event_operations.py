"""Operations of EventBridge that moto has not, or answers otherwise than AWS; moto does the others.

Source: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Operations.html, and answers as observed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from emulator.moto_door import event_connections
from emulator.moto_door.clock import now
from emulator.moto_door.event_refusals import bus_of, check_targets, invalid, rule_on
from emulator.moto_door.events import test_event_pattern


def answer(theirs: Any) -> Any:
    """Give moto's EventBridge our operations."""
    checked = {
        "enable_rule": check_rule,
        "disable_rule": check_rule,
        "put_targets": check_targets,
        "list_targets_by_rule": check_rule_of_targets,
        "delete_rule": check_bus,
        "tag_resource": check_resource,
        "untag_resource": check_resource,
    }
    for name, check in checked.items():
        setattr(theirs, name, _checked(getattr(theirs, name), check))
    ours = (
        *(create_event_bus, create_partner_event_source, delete_event_bus, list_event_buses, list_event_sources),
        *(list_tags_for_resource, put_events, remove_targets, test_event_pattern, update_event_bus),
        *event_connections.OPERATIONS,
    )
    for operation in ours:
        setattr(theirs, operation.__name__, operation)
    return theirs


def _checked(operation: Any, check: Any) -> Any:
    def perform(self: Any) -> Any:
        check(self)
        return operation(self)

    return perform


def answered(self: Any, result: Mapping[str, Any]) -> Any:
    """What an operation answers; members without a value are left out."""
    return json.dumps({name: value for name, value in result.items() if value is not None}), self.response_headers


# Checks


def check_rule(self: Any) -> None:
    """See that there is the rule that is asked for. Raises a refusal."""
    rule_on(self.events_backend, self._get_param("Name"), bus_of(self))


def check_rule_of_targets(self: Any) -> None:
    """See that there is the rule whose targets are asked for. Raises a refusal."""
    rule_on(self.events_backend, self._get_param("Rule"), bus_of(self))


def check_bus(self: Any) -> None:
    """See that there is the bus that is asked for. Raises a refusal."""
    self.events_backend._get_event_bus(bus_of(self))  # noqa: SLF001 - moto has no other way


def check_resource(self: Any) -> None:
    """See that there is what an ARN names: a rule or a bus. Raises a refusal."""
    backend, arn = self.events_backend, self._get_param("ResourceARN")
    kind, *names = arn.split(":", 5)[-1].split("/")
    if kind == "rule" and names:
        rule_on(backend, names[-1], names[0] if len(names) > 1 else "default")
    elif kind == "event-bus" and names:
        backend._get_event_bus("/".join(names))  # noqa: SLF001 - as above
    else:
        raise invalid("Parameter ResourceARN is not valid. Reason: Provided Arn is not in correct format.")


# Buses


def _shown(bus: Any) -> dict[str, Any]:
    found = {
        "Name": bus.name,
        "Arn": bus.arn,
        "Description": bus.description,
        "Policy": bus.policy,
        "CreationTime": bus.creation_time,
        "LastModifiedTime": bus.last_modified_time,
    }
    return {name: value for name, value in found.items() if value}


def create_event_bus(self: Any) -> Any:
    """Make a bus."""
    given = {name: self._get_param(name) for name in ("Description", "KmsKeyIdentifier", "DeadLetterConfig")}
    made = self.events_backend.create_event_bus(
        name=self._get_param("Name"),
        event_source_name=self._get_param("EventSourceName"),
        description=given["Description"],
        kms_key_identifier=given["KmsKeyIdentifier"],
        dead_letter_config=given["DeadLetterConfig"],
        tags=self._get_param("Tags"),
    )
    return answered(self, {"EventBusArn": made.arn, **given})


def update_event_bus(self: Any) -> Any:
    """Change what a bus says of itself."""
    bus = self.events_backend._get_event_bus(self._get_param("Name") or "default")  # noqa: SLF001 - as above
    for name in ("description", "kms_key_identifier", "dead_letter_config"):
        value = self._get_param("".join(part.capitalize() for part in name.split("_")))
        if value is not None:
            setattr(bus, name, value)
    bus.last_modified_time = now(self.current_account)
    shown = {"Description": bus.description, "KmsKeyIdentifier": bus.kms_key_identifier}
    return answered(self, {"Arn": bus.arn, "Name": bus.name, **shown, "DeadLetterConfig": bus.dead_letter_config})


def list_event_buses(self: Any) -> Any:
    """List buses by name."""
    found, token = self.events_backend.list_event_buses(
        self._get_param("NamePrefix"), next_token=self._get_param("NextToken"), limit=self._get_param("Limit")
    )
    return answered(self, {"EventBuses": [_shown(bus) for bus in found], "NextToken": token})


def delete_event_bus(self: Any) -> Any:
    """Delete a bus that has no rules; one that is gone already is."""
    name = self._get_param("Name").rpartition("/")[2]
    bus = self.events_backend.event_buses.get(name)
    if bus is not None and bus.rules and name != "default":
        raise invalid("Event bus can't be deleted since it has rules.")
    self.events_backend.delete_event_bus(name)
    return answered(self, {})


def list_tags_for_resource(self: Any) -> Any:
    """Show the tags of a rule or a bus."""
    check_resource(self)
    return answered(self, self.events_backend.list_tags_for_resource(self._get_param("ResourceARN")))


# Events and targets


def put_events(self: Any) -> Any:
    """Take events. Nobody may say that AWS sends them."""
    entries: Sequence[Mapping[str, Any]] = self._get_param("Entries")
    may = [not str(entry.get("Source") or "").lower().startswith("aws.") for entry in entries]
    taken = iter(
        self.events_backend.put_events([entry for entry, allowed in zip(entries, may, strict=True) if allowed])
    )
    refused = {"ErrorCode": "NotAuthorizedForSourceException", "ErrorMessage": "Not authorized for the source."}
    found = [next(taken) if allowed else refused for allowed in may]
    return answered(self, {"FailedEntryCount": sum("ErrorCode" in each for each in found), "Entries": found})


def remove_targets(self: Any) -> Any:
    """Take targets from a rule; those that it has not are told of."""
    name, bus = self._get_param("Rule"), bus_of(self)
    rule = rule_on(self.events_backend, name, bus)
    known = {target["Id"] for target in rule.targets}
    failed = [
        {
            "TargetId": target,
            "ErrorCode": "ResourceNotFoundException",
            "ErrorMessage": f"Rule '{name}' on EventBus '{bus}' does not contain Target with Id '{target}'.",
        }
        for target in self._get_param("Ids")
        if target not in known
    ]
    rule.remove_targets([target for target in self._get_param("Ids") if target in known])
    return answered(self, {"FailedEntryCount": len(failed), "FailedEntries": failed})


# Partners


def create_partner_event_source(self: Any) -> Any:
    """Make the source of a partner's events."""
    name = self._get_param("Name")
    self.events_backend.create_partner_event_source(name=name, account_id=self._get_param("Account"))
    return answered(self, {"EventSourceArn": _arn(self, name)})


def _arn(self: Any, source: str) -> str:
    return f"arn:aws:events:{self.region}::event-source/{source}"


def list_event_sources(self: Any) -> Any:
    """List the sources of partners that there are for an account."""
    prefix = self._get_param("NamePrefix") or ""
    found = [
        {"Arn": _arn(self, name), "Name": name, "CreatedBy": "/".join(name.split("/")[:2]), "State": source.state}
        for name, source in self.events_backend.event_sources.items()
        if name.startswith(prefix)
    ]
    return answered(self, {"EventSources": found})
