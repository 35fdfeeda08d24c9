"""Events: what moto's EventBridge sends to Step Functions and Lambda, which are not moto's here."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

from asl_interpreter.jsontext import JSON
from emulator.arns import Arn
from emulator.events.patterns import InvalidPattern, compile_pattern

Receiver = Callable[[str, str], None]
"""Takes an event: the ARN of the target and the JSON text that the target gets."""

_receivers: dict[str, Receiver] = {}
"""Service of a target ("states", "lambda") -> who takes its events. Of the process, as all of moto's state is."""


def deliver(service: str, receiver: Receiver) -> None:
    """Let a receiver take the events whose targets are of a service; the last one given counts."""
    _receivers[service] = receiver


def send_to_targets(theirs: Any) -> Any:
    """Give our targets of a rule their events; moto has no such targets."""
    from emulator.moto_door.targets import SENT, call_target, not_delivered  # whose calls lead here

    def send_to_targets(rule: Any, event: dict[str, Any], transform_input: bool = True) -> None:  # noqa: FBT001, FBT002
        scheduled_only = not rule.event_pattern.get_pattern()
        if rule.state != "ENABLED" or scheduled_only or not rule.event_pattern.matches_event(event):
            return

        def send(target: Mapping[str, Any]) -> None:
            service = Arn.parse(target["Arn"]).service
            if service in _receivers:
                _receivers[service](target["Arn"], _target_input(rule, target, event))
            elif service in SENT:
                call_target(rule, target, event, _target_input(rule, target, event))
            else:
                alone = copy.copy(rule)
                alone.targets = [target]
                theirs(alone, copy.deepcopy(event), transform_input)

        for target in list(rule.targets):
            try:
                send(target)
            except Exception as error:  # noqa: BLE001 - whatever it is, nobody who sends an event hears of it
                not_delivered(rule, target, _seen(event), error)

    return send_to_targets


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
        replay = {name: event[name] for name in ("replay-name",) if name in event}
        return compile_pattern(pattern).matches(_seen(event) | replay)

    return matches_event


def answer_test_event_pattern(_theirs: Any) -> Any:
    """Say whether a pattern wants an event."""

    def test_event_pattern(self: Any) -> Any:
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

    return test_event_pattern


def put_events(theirs: Any) -> Any:
    """Refuse an event whose detail is no object; moto takes it."""

    def put_events(self: Any, events: list[dict[str, Any]]) -> Any:
        return theirs(self, [event if _has_object(event) else {**event, "Detail": _MALFORMED} for event in events])

    return put_events


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
    _receivers[Arn.parse(target).service](target, json.dumps(event))


_MALFORMED = "not JSON"


def _has_object(event: Mapping[str, Any]) -> bool:
    """Whether the detail of an event is a JSON object, or moto itself sees that it is not even JSON."""
    try:
        return isinstance(json.loads(event.get("Detail") or "{}"), dict)
    except ValueError:
        return True


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
            "aws.events.event.ingestion-time": event["ingestion-time"],
            "aws.events.event": {name: value for name, value in seen.items() if name != "detail"},
            "aws.events.event.json": seen,
        }
        chosen = {name: _selected(path, seen) for name, path in transformer.get("InputPathsMap", {}).items()}
        return _filled(transformer["InputTemplate"], reserved | chosen)
    return json.dumps(seen)


def _seen(event: Mapping[str, Any]) -> dict[str, Any]:
    """An event as targets see it."""
    names = ("id", "detail-type", "source", "account", "time", "region", "resources", "detail")
    time = datetime.fromtimestamp(event["time"], timezone.utc)
    return {"version": "0", **{name: event[name] for name in names}, "time": time.strftime("%Y-%m-%dT%H:%M:%SZ")}


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
