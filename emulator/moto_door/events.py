"""Events: what comes to the buses of moto's EventBridge goes to the targets of their rules."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timezone
from typing import Any, Final

from asl_interpreter.jsontext import JSON
from emulator.arns import Arn
from emulator.events.patterns import InvalidPattern, compile_pattern
from emulator.faults import Fault
from emulator.moto_door.clock import now as now_in
from emulator.moto_door.targets import Options, Sent, attempt, count, not_delivered, send


def send_to_targets(theirs: Any) -> Any:
    """Send the targets of a rule their events; what only moto has, its archives, gets them from moto."""

    def send_to_targets(rule: Any, event: dict[str, Any], transform_input: bool = True) -> None:  # noqa: FBT001, FBT002
        scheduled_only = not rule.event_pattern.get_pattern()
        if rule.state == "DISABLED" or scheduled_only or not rule.event_pattern.matches_event(event):
            return

        def archive(target: Mapping[str, Any]) -> None:
            alone = copy.copy(rule)
            alone.targets = [target]
            theirs(alone, copy.deepcopy(event), transform_input)

        _send(rule, event, archive)

    return send_to_targets


def fire(rule_arn: str, time: float) -> None:
    """Send the targets of a scheduled rule the event that its time has come, if the rule is still there."""
    from moto.events.models import events_backends
    from moto.moto_api._internal import mock_random

    arn = Arn.parse(rule_arn)
    rule: Any = events_backends[arn.account][arn.region].event_buses["default"].rules.get(arn.resource.split("/")[-1])
    if rule is None:
        return
    event = {
        "version": "0",
        "id": str(mock_random.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": arn.account,
        "time": time,
        "region": arn.region,
        "resources": [rule_arn],
        "detail": {},
        "ingestion-time": time,
    }
    _send(rule, event, lambda _target: None)


def _send(rule: Any, event: Mapping[str, Any], archive: Callable[[Mapping[str, Any]], None]) -> None:
    count(rule, "TriggeredRules")
    for target in list(rule.targets):
        count(rule, "Invocations")
        try:
            parsed = Arn.parse(target["Arn"])
            if parsed.service == "events" and not parsed.resource.strip(":"):
                archive(target)
            elif (parsed.service, parsed.kind) == ("events", "event-bus"):
                _forward(parsed, event)
            else:
                options = Options(
                    target.get("SqsParameters", {}).get("MessageGroupId", ""),
                    str(_selected(target.get("KinesisParameters", {}).get("PartitionKeyPath", "$.id"), event)),
                    http=target.get("HttpParameters", {}),
                )
                sent = Sent(rule, target, _seen(event), _target_input(rule, target, event), options)
                attempt(sent, now_in(rule.account_id))
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody who sends an event hears of it
            not_delivered(rule, target, _seen(event), error)


def _forward(bus: Arn, event: Mapping[str, Any]) -> None:
    """Send an event on to another bus, of any account and region; what has come from a bus goes no further.

    Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-bus-to-bus.html
    """
    if _FORWARDED not in event:
        _dispatch(bus.account, bus.region, bus.resource.partition("/")[2], {**event, _FORWARDED: True})


_FORWARDED = "forwarded"


def _dispatch(account: str, region: str, bus: str, event: dict[str, Any]) -> None:
    from moto.events.models import events_backends

    found = events_backends[account][region].event_buses.get(bus)
    if found is None:
        raise Fault("ResourceNotFoundException", f"Event bus {bus} does not exist.")
    for rule in list(found.rules.values()):
        rule.send_to_targets(copy.deepcopy(event))  # type: ignore[arg-type]  # an event as moto has it


def parse_pattern(_theirs: Any) -> Any:
    """Refuse an event pattern in AWS's words."""

    def parse(self: Any) -> JSON:
        from moto.events.exceptions import InvalidEventPatternException

        try:
            if self.pattern:
                compile_pattern(self.pattern)
        except InvalidPattern as error:
            raise InvalidEventPatternException(reason=str(error)) from None
        return json.loads(self.pattern or "{}")

    return parse


def matches_event(_theirs: Any) -> Any:
    """Have our patterns say which events a rule wants; a pattern that is none wants all."""

    def matches_event(self: Any, event: dict[str, Any]) -> bool:
        pattern = self.dump()
        if not pattern:
            return True
        return compile_pattern(pattern).matches(_seen(event))

    return matches_event


def replay_events(theirs: Any) -> Any:
    """Replay the events of an archive that came in the time that a replay is for; moto replays all."""

    def replay_events(self: Any, archive: Any) -> None:
        chosen = copy.copy(archive)
        start, end = float(self.event_start_time), float(self.event_end_time)
        chosen.events = [event for event in archive.events if start <= event["time"] <= end]
        theirs(self, chosen)

    return replay_events


def test_event_pattern(self: Any) -> Any:
    """Say whether a pattern wants an event."""
    from moto.events.exceptions import InvalidEventPatternException, ValidationException

    try:
        event = json.loads(self._get_param("Event"))
    except ValueError:
        event = None
    if not isinstance(event, dict):
        raise ValidationException("Parameter Event is not valid.")
    try:
        matches = compile_pattern(self._get_param("EventPattern")).matches(event)
    except InvalidPattern as error:
        raise InvalidEventPatternException(reason=str(error)) from None
    return self._create_response({"Result": matches})


def put_events(_theirs: Any) -> Any:
    """Take events: each is refused or has an id; what is sent to a bus that is not there reaches nobody."""

    def put_events(self: Any, events: list[dict[str, Any]]) -> list[dict[str, str]]:
        from moto.events.exceptions import ValidationException

        if sum(map(_size, events)) > _MOST_BYTES:
            raise ValidationException("Total size of the entries in the request is over the limit.")
        return [_put(self, entry) for entry in events]

    return put_events


_MOST_BYTES: Final = 1_048_576


def _size(entry: Mapping[str, Any]) -> int:
    """How much of the limit an entry takes.

    Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html ("Calculating event entry size")
    """
    texts = [entry.get(name) or "" for name in ("Source", "DetailType", "Detail")]
    return sum(len(each.encode()) for each in (*texts, *(entry.get("Resources") or ()))) + 14 * ("Time" in entry)


def _put(backend: Any, entry: Mapping[str, Any]) -> dict[str, str]:
    from moto.moto_api._internal import mock_random

    for name in ("Source", "DetailType", "Detail"):
        if not entry.get(name):
            why = f"Parameter {name} is not valid. Reason: {name} is a required argument."
            return {"ErrorCode": "InvalidArgument", "ErrorMessage": why}
    try:
        detail = json.loads(entry["Detail"])
    except ValueError:
        detail = None
    if not isinstance(detail, dict):
        return {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
    now = now_in(backend.account_id)
    event = {
        "version": "0",
        "id": str(mock_random.uuid4()),
        "detail-type": entry["DetailType"],
        "source": entry["Source"],
        "account": backend.account_id,
        "time": entry.get("Time", now),
        "region": backend.region_name,
        "resources": entry.get("Resources") or [],
        "detail": detail,
        "ingestion-time": now,
    }
    bus = entry.get("EventBusName") or "default"
    account, region = backend.account_id, backend.region_name
    if bus.startswith("arn:"):
        arn = Arn.parse(bus)
        account, region, bus = arn.account, arn.region, arn.resource.partition("/")[2]
    with suppress(Fault):
        _dispatch(account, region, bus, event)
    return {"EventId": event["id"]}


def event_template(theirs: str) -> str:
    """Name the account in the events that moto's own targets get."""
    return theirs.replace("{", '{"account": "<account>", ', 1)


def invoke_lambda(_theirs: Any) -> Any:
    """Hand what S3 and others send to a function to ours."""

    def invoke_lambda(account_id: str, fn_arn: str, event: JSON) -> None:  # noqa: ARG001 - moto names them
        _notify(fn_arn, event)

    return invoke_lambda


def start_execution(_theirs: Any) -> Any:
    """Hand what S3 and others send to a state machine to ours, and not to moto's own Step Functions."""

    def start_execution(account_id: str, region: str, sfn_arn: str, event: JSON) -> None:  # noqa: ARG001 - as above
        _notify(sfn_arn, event)

    return start_execution


def _notify(target: str, event: JSON) -> None:
    arn = Arn.parse(target)
    send(target, json.dumps(event), Options(), arn.account, arn.region)


def _target_input(rule: Any, target: Mapping[str, Any], event: Mapping[str, Any]) -> str:
    """What a target gets of an event.

    Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
    """
    if "Input" in target:
        return str(target["Input"])
    seen = _seen(event)
    if "InputPath" in target:
        return json.dumps(_selected(target["InputPath"], seen))
    if "InputTransformer" in target:
        transformer = target["InputTransformer"]
        reserved = {
            "aws.events.rule-arn": rule.arn,
            "aws.events.rule-name": rule.name,
            "aws.events.event.ingestion-time": _iso(event["ingestion-time"]),
            "aws.events.event": {name: value for name, value in seen.items() if name != "detail"},
            "aws.events.event.json": seen,
        }
        chosen = {name: _selected(path, seen) for name, path in transformer.get("InputPathsMap", {}).items()}
        return _filled(transformer["InputTemplate"], reserved | chosen)
    return json.dumps(seen)


def _seen(event: Mapping[str, Any]) -> dict[str, Any]:
    """An event as targets see it."""
    names = ("id", "detail-type", "source", "account", "time", "region", "resources", "detail")
    replayed = {"replay-name": event["replay-name"]} if "replay-name" in event else {}
    return {"version": "0", **{name: event[name] for name in names}, "time": _iso(event["time"]), **replayed}


def _iso(time: float) -> str:
    return datetime.fromtimestamp(time, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _selected(path: str, event: Mapping[str, Any]) -> Any:
    """What a path finds in an event; nothing is null."""
    from jsonpath_ng import parse  # type: ignore[attr-defined]  # exported, not declared

    found = parse(path).find(event)
    return found[0].value if found else None


_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|<[\w.-]+>')
_VARIABLE = re.compile(r"<([\w.-]+)>")


def _filled(template: str, variables: Mapping[str, Any]) -> str:
    """A template with its variables: JSON where one stands alone, its bare text inside a string.

    Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
    """

    def inside(match: re.Match[str]) -> str:
        value = variables.get(match[1], "")
        return json.dumps(value if isinstance(value, str) else json.dumps(value))[1:-1]

    def piece(match: re.Match[str]) -> str:
        if match[0].startswith('"'):
            return _VARIABLE.sub(inside, match[0])
        return json.dumps(variables.get(match[0][1:-1]))

    return _PIECE.sub(piece, template)
