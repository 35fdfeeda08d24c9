"""AWS::StepFunctions::*, as AWS's own resource handlers behave.

Source: https://github.com/aws-cloudformation/aws-cloudformation-resource-providers-stepfunctions
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Mapping
from typing import Any, ClassVar, Final

import yaml  # type: ignore[import-untyped]

from emulator.deploying.services import Refused, Services
from emulator.deploying.types.resource_type import Made, Order, Properties, ResourceType, fit, pairs

_DEFINITIONS: Final = ("DefinitionS3Location", "DefinitionString", "Definition")
LARGEST_DEFINITION: Final = 1_048_576


def definition(order: Order) -> str:
    """The definition of a state machine, from the one property that has it, with its substitutions made.

    Raises:
        Refused: there is none, or more than one; or the object in S3 cannot be one.
    """
    properties = order.properties
    given = [name for name in _DEFINITIONS if name in properties]
    choice = "[DefinitionS3Location], [DefinitionString] or [Definition]"
    if not given:
        raise Refused(f"Property validation failed. Required key {choice} not found.", "InternalFailure")
    if len(given) > 1:
        raise Refused(f"Property validation failed. Please use one of {choice}.", "InternalFailure")
    match given[0]:
        case "DefinitionString":
            text = properties["DefinitionString"]
        case "Definition":
            text = json.dumps(properties["Definition"], indent=2, sort_keys=True, separators=(",", " : "))
        case _:
            text = _stored(order, properties["DefinitionS3Location"])
    text = substituted(str(text), properties.get("DefinitionSubstitutions") or {})
    return _as_json(text) if given[0] == "DefinitionS3Location" else text


def _stored(order: Order, place: Mapping[str, Any]) -> str:
    found = order.call("s3", "GetObject", Bucket=place["Bucket"], Key=place["Key"], VersionId=place.get("Version"))
    body = found["Body"].read()
    if len(body) > LARGEST_DEFINITION:
        raise Refused("State Machine definition file cannot exceed 1MB.", "InvalidRequest")
    return "\n".join(body.decode("utf-8", "replace").splitlines())


def _as_json(text: str) -> str:
    try:
        json.loads(text)
    except ValueError:
        try:
            value = yaml.safe_load(text)
        except (yaml.YAMLError, RecursionError, ValueError):
            value = None
        if not isinstance(value, dict):
            raise Refused("Invalid StateMachine definition.", "InvalidRequest") from None
        return json.dumps(value, indent=2, separators=(",", " : "), default=str)
    return text


def substituted(text: str, values: Mapping[str, Any]) -> str:
    """A text with each ``${key}`` replaced, again and again: a value may hold another one."""
    written: dict[str, str] = {}
    for key, value in values.items():
        match value:
            case bool():
                written[key] = "true" if value else "false"
            case str() | int():
                written[key] = str(value)
            case _:
                message = "Invalid definition substitution type. Input should be either String, Integer, or Boolean"
                raise Refused(message, "InvalidRequest")
    if not written:
        return text
    pattern = re.compile("|".join(re.escape(f"${{{key}}}") for key in written))
    for _ in range(len(written) + 1):
        replaced = pattern.sub(lambda match: written[match[0][2:-1]], text)
        if replaced == text:
            break
        text = replaced
    return text


def _tag(order: Order, before: Properties, arn: str) -> None:
    order.retag(
        before,
        lambda new: order.call("stepfunctions", "TagResource", resourceArn=arn, tags=pairs(new, "key", "value")),
        lambda gone: order.call("stepfunctions", "UntagResource", resourceArn=arn, tagKeys=gone),
    )


class StateMachine(ResourceType):
    """AWS::StepFunctions::StateMachine."""

    takes_tags = True
    _CHANGEABLE: ClassVar = ("RoleArn", "LoggingConfiguration", "TracingConfiguration", "EncryptionConfiguration")

    def _settings(self, order: Order) -> dict[str, Any]:
        given = {name: order.properties[name] for name in self._CHANGEABLE if name in order.properties}
        return fit("stepfunctions", "UpdateStateMachine", given, order)

    def create(self, order: Order) -> Made:
        """Make one; one of the same name is never adopted, not even an equal one."""
        name = order.named("StateMachineName", 80, short=True)
        arn = order.services.arn("states", f"stateMachine:{name}")
        text = definition(order)
        try:
            order.call("stepfunctions", "DescribeStateMachine", stateMachineArn=arn)
        except Refused as refused:
            if not refused.is_absence:
                raise
        else:
            raise Refused("State machine already exists", "AlreadyExists")
        order.call(
            "stepfunctions",
            "CreateStateMachine",
            name=name,
            definition=text,
            type=order.properties.get("StateMachineType"),
            tags=pairs(order.tags(), "key", "value"),
            **self._settings(order),
        )
        return Made(arn, {"Arn": arn, "Name": name, "StateMachineRevisionId": "INITIAL"})

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one: logging and tracing only where the template has them; removing them leaves the old ones."""
        text = definition(order)
        changed = order.call(
            "stepfunctions",
            "UpdateStateMachine",
            stateMachineArn=made.id,
            definition=text,
            **self._settings(order),
        )
        _tag(order, before, made.id)
        revision = changed.get("revisionId") or made.attributes["StateMachineRevisionId"]
        return Made(made.id, {**made.attributes, "StateMachineRevisionId": revision})

    def delete(self, order: Order, made: Made) -> Generator[float, None, None]:
        """Delete one, and wait until it is gone."""
        order.call("stepfunctions", "DescribeStateMachine", stateMachineArn=made.id)
        order.call("stepfunctions", "DeleteStateMachine", stateMachineArn=made.id)
        for _ in range(_MOST_LOOKS):
            try:
                order.call("stepfunctions", "DescribeStateMachine", stateMachineArn=made.id)
            except Refused:
                return
            yield 1

    def adopt(self, services: Services, identifier: Properties) -> Made:
        """A state machine that is there."""
        found = services.call("stepfunctions", "DescribeStateMachine", stateMachineArn=str(identifier["Arn"]))
        revision = found.get("revisionId", "INITIAL")
        arn, name = found["stateMachineArn"], found["name"]
        return Made(arn, {"Arn": arn, "Name": name, "StateMachineRevisionId": revision})


_MOST_LOOKS: Final = 3600


class StateMachineVersion(ResourceType):
    """AWS::StepFunctions::StateMachineVersion."""

    updates = False

    def create(self, order: Order) -> Made:
        """Publish one; the revision that is named must be the current one, and have no version yet."""
        machine, revision = order.properties["StateMachineArn"], order.properties.get("StateMachineRevisionId")
        current = order.call("stepfunctions", "DescribeStateMachine", stateMachineArn=machine).get("revisionId")
        listed = order.call("stepfunctions", "ListStateMachineVersions", stateMachineArn=machine, maxResults=1)
        for version in listed["stateMachineVersions"]:
            newest = version["stateMachineVersionArn"]
            known = order.call("stepfunctions", "DescribeStateMachine", stateMachineArn=newest)
            if known.get("revisionId") == current:
                raise Refused(f"State machine version already exists: {newest}", "AlreadyExists")
        made = order.call(
            "stepfunctions",
            "PublishStateMachineVersion",
            stateMachineArn=machine,
            revisionId=None if revision == "INITIAL" and current is None else revision,
            description=order.properties.get("Description"),
        )
        arn = made["stateMachineVersionArn"]
        return Made(arn, {"Arn": arn})

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        order.call("stepfunctions", "DescribeStateMachine", stateMachineArn=made.id)
        order.call("stepfunctions", "DeleteStateMachineVersion", stateMachineVersionArn=made.id)


class StateMachineAlias(ResourceType):
    """AWS::StepFunctions::StateMachineAlias: routed by hand, or moved to a new version gradually."""

    def create(self, order: Order) -> Made:
        """Make one; whatever the type of its deployment, its first version has all the traffic at once."""
        preference = _preference(order)
        if preference is None:
            routes = fit("stepfunctions", "CreateStateMachineAlias", _routes(order), order)["routingConfiguration"]
        else:
            routes = [{"stateMachineVersionArn": preference["StateMachineVersionArn"], "weight": 100}]
        made = order.call(
            "stepfunctions",
            "CreateStateMachineAlias",
            name=order.named("Name", 80, short=True),
            routingConfiguration=routes,
            description=order.properties.get("Description"),
        )
        arn = made["stateMachineAliasArn"]
        return Made(arn, {"Arn": arn})

    def update(self, order: Order, before: Properties, made: Made) -> Generator[float, None, Made]:
        """Change one; a gradual deployment waits between its steps."""
        del before
        preference = _preference(order)
        description = order.properties.get("Description")
        if preference is None:
            routes = fit("stepfunctions", "UpdateStateMachineAlias", _routes(order), order)["routingConfiguration"]
            _route(order, made.id, routes, description)
            return made
        yield from _shift(order, made.id, preference, description)
        return made

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        order.call("stepfunctions", "DescribeStateMachineAlias", stateMachineAliasArn=made.id)
        order.call("stepfunctions", "DeleteStateMachineAlias", stateMachineAliasArn=made.id)


def _routes(order: Order) -> dict[str, Any]:
    if "RoutingConfiguration" not in order.properties:
        message = "Exactly one of RoutingConfiguration and DeploymentPreference must be specified."
        raise Refused(message, "InvalidRequest")
    return {"RoutingConfiguration": order.properties["RoutingConfiguration"]}


_NEEDS: Final = (
    "Deployments of type '{}' require {} for traffic shifting. Configure the deployment preference with the {} and try "
    "again."
)
_LONGEST_DEPLOYMENT: Final = 2100
"""Minutes."""


def _preference(order: Order) -> dict[str, Any] | None:
    """How the alias is moved to another version; None where it is routed by hand."""
    preference: dict[str, Any] | None = order.properties.get("DeploymentPreference")
    if preference is None:
        return None
    if "RoutingConfiguration" in order.properties:
        message = "Exactly one of RoutingConfiguration and DeploymentPreference must be specified."
        raise Refused(message, "InvalidRequest")
    kind = preference.get("Type")
    if kind in ("LINEAR", "CANARY"):
        lacks = [name for name in ("Interval", "Percentage") if name not in preference]
        if lacks:
            words = " and ".join(name.lower() for name in lacks)
            article = f"an {words}" if lacks[0] == "Interval" else f"a {words}"
            members = " and ".join(f"'{name.lower()}'" for name in lacks)
            plural = "properties" if len(lacks) > 1 else "property"
            raise Refused(_NEEDS.format(kind, article, f"{members} {plural}"), "InvalidRequest")
        interval, percentage = int(preference["Interval"]), int(preference["Percentage"])
        if kind == "LINEAR" and interval * -(-100 // percentage) > _LONGEST_DEPLOYMENT:
            message = f"Deployments of type 'LINEAR' cannot take more than {_LONGEST_DEPLOYMENT} minutes in total."
            raise Refused(message, "InvalidRequest")
    return preference


def _route(order: Order, alias: str, routes: list[dict[str, Any]], description: str | None) -> None:
    order.call(
        "stepfunctions",
        "UpdateStateMachineAlias",
        stateMachineAliasArn=alias,
        routingConfiguration=routes,
        description=description,
    )


def _shares(preference: Mapping[str, Any]) -> list[int]:
    """The percentages that the new version has, one after the other."""
    match preference.get("Type"):
        case "LINEAR":
            step = int(preference["Percentage"])
            return [*range(step, 100, step), 100]
        case "CANARY":
            return [int(preference["Percentage"]), 100]
        case _:
            return [100]


def _shift(
    order: Order, alias: str, preference: Mapping[str, Any], description: str | None
) -> Generator[float, None, None]:
    """Move an alias to a version, step by step; an alarm moves it back."""
    new = preference["StateMachineVersionArn"]
    now = order.call("stepfunctions", "DescribeStateMachineAlias", stateMachineAliasArn=alias)["routingConfiguration"]
    if [route["stateMachineVersionArn"] for route in now] == [new]:
        _route(order, alias, [{"stateMachineVersionArn": new, "weight": 100}], description)
        return
    kind = preference.get("Type")
    rolling_back = order.deployment.stack.status.startswith("UPDATE_ROLLBACK")
    if kind == "ALL_AT_ONCE" or rolling_back:
        _check_alarms(order, preference)
        _route(order, alias, [{"stateMachineVersionArn": new, "weight": 100}], description)
        return
    if len(now) > 1:
        raise Refused(
            f"Failed to start deployment of type '{kind}', invalid initial state detected. Expected the alias to route "
            "all traffic to one version.",
            "InvalidRequest",
        )
    old = now[0]["stateMachineVersionArn"]
    expected = now
    shares = _shares(preference)
    for number, share in enumerate(shares):
        if number:
            for _ in range(int(preference["Interval"])):
                yield 60
                _check_drift(order, alias, expected, str(kind))
                _check_alarms(order, preference, lambda: _route(order, alias, [_all(old)], description))
        else:
            _check_alarms(order, preference)
        expected = [_all(new)] if share == 100 else [_part(new, share), _part(old, 100 - share)]
        _route(order, alias, expected, description)


def _all(version: str) -> dict[str, Any]:
    return _part(version, 100)


def _part(version: str, weight: int) -> dict[str, Any]:
    return {"stateMachineVersionArn": version, "weight": weight}


def _check_drift(order: Order, alias: str, expected: list[dict[str, Any]], kind: str) -> None:
    now = order.call("stepfunctions", "DescribeStateMachineAlias", stateMachineAliasArn=alias)["routingConfiguration"]
    if sorted(map(str, now)) != sorted(map(str, expected)):
        message = (
            f"Failed to continue deployment of type '{kind}', drift detected. The routing of the alias was changed."
        )
        raise Refused(message, "InvalidRequest")


def _check_alarms(order: Order, preference: Mapping[str, Any], go_back: Any = None) -> None:
    names = preference.get("Alarms") or []
    if not names:
        return
    found = order.call("cloudwatch", "DescribeAlarms", AlarmNames=names, AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    alarms = [*found.get("MetricAlarms", ()), *found.get("CompositeAlarms", ())]
    ringing = [alarm["AlarmName"] for alarm in alarms if alarm.get("StateValue") == "ALARM"]
    if ringing:
        if go_back is not None:
            go_back()
        message = "Aborting deployment. The following CloudWatch alarms are in an 'ALARM' state: "
        raise Refused(f"{message}[{', '.join(ringing)}].", "InvalidRequest")


class Activity(ResourceType):
    """AWS::StepFunctions::Activity; only its tags can change."""

    takes_tags = True

    def create(self, order: Order) -> Made:
        """Make one."""
        given = {"Name": order.properties["Name"]}
        if "EncryptionConfiguration" in order.properties:
            given["EncryptionConfiguration"] = order.properties["EncryptionConfiguration"]
        params = fit("stepfunctions", "CreateActivity", given, order)
        made = order.call("stepfunctions", "CreateActivity", **params, tags=pairs(order.tags(), "key", "value"))
        arn = made["activityArn"]
        return Made(arn, {"Arn": arn, "Name": params["name"]})

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change its tags."""
        _tag(order, before, made.id)
        return made

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        order.call("stepfunctions", "DeleteActivity", activityArn=made.id)

    def adopt(self, services: Services, identifier: Properties) -> Made:
        """An activity that is there."""
        found = services.call("stepfunctions", "DescribeActivity", activityArn=str(identifier["Arn"]))
        return Made(found["activityArn"], {"Arn": found["activityArn"], "Name": found["name"]})


TYPES: Final[Mapping[str, ResourceType]] = {
    "AWS::StepFunctions::Activity": Activity(),
    "AWS::StepFunctions::StateMachine": StateMachine(),
    "AWS::StepFunctions::StateMachineAlias": StateMachineAlias(),
    "AWS::StepFunctions::StateMachineVersion": StateMachineVersion(),
}
