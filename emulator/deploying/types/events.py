"""AWS::Events::*, AWS::Scheduler::* and AWS::Pipes::Pipe: what starts something by itself."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, Final

from asl_interpreter.jsontext import dumps
from emulator.deploying.intrinsics import as_text
from emulator.deploying.services import Refused
from emulator.deploying.types.modelled import Modelled
from emulator.deploying.types.resource_type import Made, Order, Properties, Put, ResourceType, fit, pairs


def _fit_targets(order: Order) -> list[dict[str, Any]]:
    targets = order.properties.get("Targets") or []
    params: list[dict[str, Any]] = fit("events", "PutTargets", {"Targets": targets}, order)["Targets"]
    return params


class Rule(ResourceType):
    """AWS::Events::Rule, with its targets."""

    takes_tags = True

    @staticmethod
    def _bus(properties: Properties) -> str | None:
        """The name of the bus; a template may give its ARN."""
        bus = properties.get("EventBusName")
        return None if bus is None else as_text(bus).rpartition("/")[2]

    def _put(self, order: Order, name: str, tags: list[dict[str, str]] | None) -> str:
        given = {key: value for key, value in order.properties.items() if key not in ("Name", "Targets", "Tags")}
        params = fit("events", "PutRule", given, order)
        pattern = order.properties.get("EventPattern")
        if isinstance(pattern, dict):
            params["EventPattern"] = dumps(pattern)
        params["EventBusName"] = self._bus(order.properties)
        arn: str = order.call("events", "PutRule", **params, Name=name, Tags=tags)["RuleArn"]
        targets = _fit_targets(order)
        if targets:
            answer = order.call("events", "PutTargets", Rule=name, EventBusName=params["EventBusName"], Targets=targets)
            if answer.get("FailedEntryCount"):
                failed = answer["FailedEntries"][0]
                raise Refused(failed.get("ErrorMessage", ""), failed.get("ErrorCode", ""), "EventBridge")
        return arn

    def create(self, order: Order) -> Made:
        """Make one."""
        name = order.named("Name")
        bus = self._bus(order.properties)
        try:
            arn = self._put(order, name, pairs(order.tags()) or None)
        except Refused:
            order.call("events", "DeleteRule", Name=name, EventBusName=bus)
            raise
        return Made(name if bus in (None, "default") else f"{bus}|{name}", {"Arn": arn})

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one; targets that are gone are removed."""
        name, bus = made.id.rpartition("|")[2], self._bus(order.properties)
        kept = {target["Id"] for target in order.properties.get("Targets") or ()}
        gone = [target["Id"] for target in before.get("Targets") or () if target["Id"] not in kept]
        if gone:
            order.call("events", "RemoveTargets", Rule=name, EventBusName=bus, Ids=gone)
        arn = self._put(order, name, None)
        order.retag(
            before,
            lambda new: order.call("events", "TagResource", ResourceARN=arn, Tags=pairs(new)),
            lambda gone: order.call("events", "UntagResource", ResourceARN=arn, TagKeys=gone),
        )
        return Made(made.id, {"Arn": arn})

    def delete(self, order: Order, made: Made) -> None:
        """Delete one, its targets first."""
        name, bus = made.id.rpartition("|")[2], self._bus(order.properties)
        targets = order.call("events", "ListTargetsByRule", Rule=name, EventBusName=bus).get("Targets", ())
        if targets:
            order.call("events", "RemoveTargets", Rule=name, EventBusName=bus, Ids=[target["Id"] for target in targets])
        order.call("events", "DeleteRule", Name=name, EventBusName=bus)


class EventBus(ResourceType):
    """AWS::Events::EventBus."""

    takes_tags = True
    _TAKEN = ("Name", "EventSourceName", "Description", "KmsKeyIdentifier", "DeadLetterConfig")

    def create(self, order: Order) -> Made:
        """Make one."""
        given = {name: order.properties[name] for name in self._TAKEN if name in order.properties}
        params = fit("events", "CreateEventBus", given, order)
        arn = order.call("events", "CreateEventBus", **params, Tags=pairs(order.tags()) or None)["EventBusArn"]
        name = params["Name"]
        if policy := order.properties.get("Policy"):
            order.call("events", "PutPermission", EventBusName=name, Policy=dumps(policy))
        return Made(name, {"Arn": arn, "Name": name})

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one."""
        given = {name: order.properties[name] for name in self._TAKEN[2:] if name in order.properties}
        if given:
            order.call("events", "UpdateEventBus", Name=made.id, **fit("events", "UpdateEventBus", given, order))
        if (policy := order.properties.get("Policy")) and policy != before.get("Policy"):
            order.call("events", "PutPermission", EventBusName=made.id, Policy=dumps(policy))
        arn = str(made.attributes["Arn"])
        order.retag(
            before,
            lambda new: order.call("events", "TagResource", ResourceARN=arn, Tags=pairs(new)),
            lambda gone: order.call("events", "UntagResource", ResourceARN=arn, TagKeys=gone),
        )
        return made

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        order.call("events", "DeleteEventBus", Name=made.id)


class EventBusPolicy(Put):
    """AWS::Events::EventBusPolicy."""

    def put(self, order: Order, before: Properties) -> None:
        """Put a statement into the policy of a bus."""
        del before
        given = order.properties
        bus = given.get("EventBusName", "default")
        if "Statement" in given:
            statement = {"Sid": given["StatementId"], **given["Statement"]}
            policy = dumps({"Version": "2012-10-17", "Statement": [statement]})
            order.call("events", "PutPermission", EventBusName=bus, Policy=policy)
        else:
            order.call("events", "PutPermission", **fit("events", "PutPermission", given, order))

    def identify(self, order: Order) -> Made:
        """The bus and the statement."""
        given = order.properties
        return Made(f"{given.get('EventBusName', 'default')}|{given['StatementId']}", {})

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        bus, _, statement = made.id.partition("|")
        order.call("events", "RemovePermission", EventBusName=bus, StatementId=statement)


class Archive(ResourceType):
    """AWS::Events::Archive."""

    @staticmethod
    def _params(order: Order, *members: str) -> dict[str, Any]:
        given = {name: order.properties[name] for name in members if name in order.properties}
        pattern = given.get("EventPattern")
        if isinstance(pattern, dict):
            given["EventPattern"] = dumps(pattern)
        return fit("events", "UpdateArchive", given, order)

    def create(self, order: Order) -> Made:
        """Make one."""
        params = self._params(order, "Description", "EventPattern", "RetentionDays", "KmsKeyIdentifier")
        name, source = order.named("ArchiveName", 48), as_text(order.properties["SourceArn"])
        made = order.call("events", "CreateArchive", **params, ArchiveName=name, EventSourceArn=source)
        return Made(name, {"Arn": made["ArchiveArn"]})

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one."""
        del before
        params = self._params(order, "Description", "EventPattern", "RetentionDays", "KmsKeyIdentifier")
        order.call("events", "UpdateArchive", **params, ArchiveName=made.id)
        return made

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        order.call("events", "DeleteArchive", ArchiveName=made.id)


class Schedule(ResourceType):
    """AWS::Scheduler::Schedule."""

    @staticmethod
    def _params(order: Order, name: str) -> dict[str, Any]:
        given = {key: value for key, value in order.properties.items() if key != "Name"}
        target = given.get("Target")
        if isinstance(target, dict) and isinstance(target.get("Input"), dict | list):
            given["Target"] = {**target, "Input": dumps(target["Input"])}
        params = fit("scheduler", "CreateSchedule", given, order)
        return {**params, "Name": name}

    def create(self, order: Order) -> Made:
        """Make one."""
        params = self._params(order, order.named("Name"))
        arn = order.call("scheduler", "CreateSchedule", **params)["ScheduleArn"]
        return Made(params["Name"], {"Arn": arn})

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one."""
        del before
        order.call("scheduler", "UpdateSchedule", **self._params(order, made.id))
        return made

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        order.call("scheduler", "DeleteSchedule", Name=made.id, GroupName=order.properties.get("GroupName"))


class Pipe(ResourceType):
    """AWS::Pipes::Pipe."""

    _MOST_LOOKS = 600

    def create(self, order: Order) -> Generator[float, None, Made]:
        """Make one, and wait until it runs."""
        given = {name: value for name, value in order.properties.items() if name not in ("Name", "Tags")}
        params = fit("pipes", "CreatePipe", given, order)
        name = order.named("Name")
        made = order.call("pipes", "CreatePipe", **params, Name=name, Tags=order.tags() or None)
        yield from self._settled(order, name)
        return self._made(order, name, made["Arn"])

    def _settled(self, order: Order, name: str) -> Generator[float, None, None]:
        for _ in range(self._MOST_LOOKS):
            found = order.call("pipes", "DescribePipe", Name=name)
            state = str(found.get("CurrentState", "RUNNING"))
            if state.endswith("_FAILED"):
                raise Refused(found.get("StateReason", state), "InvalidRequest")
            if state in ("RUNNING", "STOPPED"):
                return
            yield 1

    @staticmethod
    def _made(order: Order, name: str, arn: str) -> Made:
        found = order.call("pipes", "DescribePipe", Name=name)
        state, reason = found.get("CurrentState", "RUNNING"), found.get("StateReason", "")
        return Made(name, {"Arn": arn, "CurrentState": state, "StateReason": reason})

    def update(self, order: Order, before: Properties, made: Made) -> Generator[float, None, Made]:
        """Change one."""
        del before
        members = ("Source", "Name", "Tags")
        given = {name: value for name, value in order.properties.items() if name not in members}
        parameters = given.get("SourceParameters")
        if isinstance(parameters, dict):  # where a pipe begins to read cannot be changed
            fixed = ("StartingPosition", "StartingPositionTimestamp")
            given["SourceParameters"] = {
                kind: {name: value for name, value in settings.items() if name not in fixed}
                if isinstance(settings, dict)
                else settings
                for kind, settings in parameters.items()
            }
        order.call("pipes", "UpdatePipe", Name=made.id, **fit("pipes", "UpdatePipe", given, order))
        yield from self._settled(order, made.id)
        return self._made(order, made.id, str(made.attributes["Arn"]))

    def delete(self, order: Order, made: Made) -> Generator[float, None, None]:
        """Delete one, and wait until it is gone."""
        order.call("pipes", "DeletePipe", Name=made.id)
        for _ in range(self._MOST_LOOKS):
            try:
                order.call("pipes", "DescribePipe", Name=made.id)
            except Refused:
                return
            yield 1


TYPES: Final[Mapping[str, ResourceType]] = {
    "AWS::Events::ApiDestination": Modelled(
        "events",
        "ApiDestination",
        more=lambda _order, made: {"ArnForPolicy": made.attributes["Arn"].rpartition("/")[0]},
    ),
    "AWS::Events::Archive": Archive(),
    "AWS::Events::Connection": Modelled("events", "Connection"),
    "AWS::Events::EventBus": EventBus(),
    "AWS::Events::EventBusPolicy": EventBusPolicy(),
    "AWS::Events::Rule": Rule(),
    "AWS::Pipes::Pipe": Pipe(),
    "AWS::Scheduler::Schedule": Schedule(),
    "AWS::Scheduler::ScheduleGroup": Modelled("scheduler", "ScheduleGroup"),
}
