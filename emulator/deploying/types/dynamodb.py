"""AWS::DynamoDB::Table and AWS::DynamoDB::GlobalTable.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from typing import Any, Final

from asl_interpreter.jsontext import dumps
from emulator.deploying.intrinsics import as_text
from emulator.deploying.services import Refused, Services
from emulator.deploying.types.resource_type import Made, Order, Properties, ResourceType, fit, pairs

_AS_IN_THE_API: Final = (
    *("AttributeDefinitions", "KeySchema", "BillingMode", "LocalSecondaryIndexes", "ProvisionedThroughput"),
    *("OnDemandThroughput", "WarmThroughput", "TableClass", "DeletionProtectionEnabled"),
)
_ONE_INDEX: Final = "Cannot perform more than one GSI creation or deletion in a single update"
_SAME_INDEX: Final = (
    "Cannot update GSI's properties other than Provisioned Throughput, Contributor Insights Specification and "
    "On-Demand Throughput. You can create a new GSI with a different name."
)
_MOST_LOOKS: Final = 3600


def _is_true(value: Any) -> bool:
    return as_text(value if value is not None else False).lower() == "true"


def _indexes(properties: Properties) -> dict[str, dict[str, Any]]:
    """The global indexes of a template by name, as the API takes them."""
    left_out = (
        *("ContributorInsightsSpecification", "WriteProvisionedThroughputSettings"),
        *("WriteOnDemandThroughputSettings", "ReadProvisionedThroughputSettings", "ReadOnDemandThroughputSettings"),
    )
    return {
        as_text(index["IndexName"]): {name: value for name, value in index.items() if name not in left_out}
        for index in properties.get("GlobalSecondaryIndexes") or ()
    }


def _stream(properties: Properties) -> dict[str, Any] | None:
    """A template names the view alone, and means a stream that is on."""
    given = properties.get("StreamSpecification")
    return None if not given else {"StreamEnabled": True, "StreamViewType": given["StreamViewType"]}


def _encryption(properties: Properties) -> dict[str, Any] | None:
    """A template says SSEEnabled where the API says Enabled."""
    given = properties.get("SSESpecification")
    if not given:
        return None
    rest = {name: value for name, value in given.items() if name != "SSEEnabled"}
    return {"Enabled": _is_true(given.get("SSEEnabled")), **rest}


def _creation(order: Order, name: str) -> dict[str, Any]:
    """The parameters of CreateTable."""
    given = order.properties
    wanted = {
        "TableName": name,
        **{member: given[member] for member in _AS_IN_THE_API if given.get(member) is not None},
        "GlobalSecondaryIndexes": list(_indexes(given).values()) or None,
        "StreamSpecification": _stream(given),
        "SSESpecification": _encryption(given),
        "ResourcePolicy": _policy(given),
        "Tags": pairs(order.tags()) or None,
    }
    return fit("dynamodb", "CreateTable", {key: value for key, value in wanted.items() if value is not None}, order)


def _policy(properties: Properties) -> str | None:
    policy = properties.get("ResourcePolicy")
    return dumps(policy["PolicyDocument"]) if policy else None


def _described(services: Services, name: str) -> dict[str, Any]:
    table: dict[str, Any] = services.call("dynamodb", "DescribeTable", TableName=name)["Table"]
    return table


def _active(order: Order, name: str) -> Generator[float, None, dict[str, Any]]:
    """Wait until a table and its indexes and replicas are active; its description."""
    table = _described(order.services, name)
    for _ in range(_MOST_LOOKS):
        states = [table["TableStatus"]]
        states += [index["IndexStatus"] for index in table.get("GlobalSecondaryIndexes", ())]
        states += [replica["ReplicaStatus"] for replica in table.get("Replicas", ())]
        if set(states) == {"ACTIVE"}:
            break
        yield 1
        table = _described(order.services, name)
    return table


def _made(table: Mapping[str, Any]) -> Made:
    attributes = {"Arn": table["TableArn"]}
    if "LatestStreamArn" in table:
        attributes["StreamArn"] = table["LatestStreamArn"]
    if "TableId" in table:
        attributes["TableId"] = table["TableId"]
    return Made(table["TableName"], attributes)


def _settle(order: Order, before: Properties, name: str) -> None:
    """What other operations than those of the table set: expiry, recovery, insights, destinations."""
    now = order.properties
    expiry, was = now.get("TimeToLiveSpecification"), before.get("TimeToLiveSpecification")
    if expiry != was:
        _set_expiry(order, name, expiry or {}, was or {})
    recovery = now.get("PointInTimeRecoverySpecification")
    if recovery != before.get("PointInTimeRecoverySpecification"):
        wanted = fit(
            "dynamodb",
            "UpdateContinuousBackups",
            {"TableName": name, "PointInTimeRecoverySpecification": recovery or {"PointInTimeRecoveryEnabled": False}},
            order,
        )
        order.call("dynamodb", "UpdateContinuousBackups", **wanted)
    insights, had = _insights(now), _insights(before)
    for index in insights.keys() | had.keys():
        if insights.get(index, False) != had.get(index, False):
            action = "ENABLE" if insights.get(index) else "DISABLE"
            order.call(
                "dynamodb",
                "UpdateContributorInsights",
                TableName=name,
                IndexName=index or None,
                ContributorInsightsAction=action,
            )
    _set_destination(order, name, before)


def _set_expiry(order: Order, name: str, expiry: Properties, was: Properties) -> None:
    enabled, attribute = _is_true(expiry.get("Enabled")), expiry.get("AttributeName") or was.get("AttributeName")
    if not enabled and not _is_true(was.get("Enabled")):
        return
    shown = order.call("dynamodb", "DescribeTimeToLive", TableName=name)["TimeToLiveDescription"]
    if (shown["TimeToLiveStatus"] == "ENABLED") is enabled and shown.get("AttributeName", attribute) == attribute:
        return  # as a rollback finds it where the update had not come so far
    specification = {"Enabled": enabled, "AttributeName": attribute}
    order.call("dynamodb", "UpdateTimeToLive", TableName=name, TimeToLiveSpecification=specification)


def _insights(properties: Properties) -> dict[str, bool]:
    """Whether a table ("") and each of its indexes has Contributor Insights."""
    found = {}
    for index, holder in [("", properties), *((each["IndexName"], each) for each in _given_indexes(properties))]:
        specification = holder.get("ContributorInsightsSpecification")
        if specification:
            found[index] = _is_true(specification.get("Enabled"))
    return found


def _given_indexes(properties: Properties) -> list[dict[str, Any]]:
    return list(properties.get("GlobalSecondaryIndexes") or ())


def _set_destination(order: Order, name: str, before: Properties) -> None:
    now, was = order.properties.get("KinesisStreamSpecification"), before.get("KinesisStreamSpecification")
    if now == was:
        return
    if was:
        order.call("dynamodb", "DisableKinesisStreamingDestination", TableName=name, StreamArn=was["StreamArn"])
    if now:
        precision = now.get("ApproximateCreationDateTimePrecision")
        settings = {"ApproximateCreationDateTimePrecision": precision} if precision else None
        order.call(
            "dynamodb",
            "EnableKinesisStreamingDestination",
            TableName=name,
            StreamArn=now["StreamArn"],
            EnableKinesisStreamingConfiguration=settings,
        )


def _changes(order: Order, before: Properties) -> Iterator[dict[str, Any]]:
    """UpdateTable's parameters for each change; the service takes them one by one."""
    now = order.properties
    indexes, had = _indexes(now), _indexes(before)
    comes, goes = sorted(indexes.keys() - had.keys()), sorted(had.keys() - indexes.keys())
    if len(comes) + len(goes) > 1:
        raise Refused(_ONE_INDEX, "InvalidRequest")
    for index in indexes.keys() & had.keys():
        if any(indexes[index].get(member) != had[index].get(member) for member in ("KeySchema", "Projection")):
            raise Refused(_SAME_INDEX, "InvalidRequest")
    for index in goes:
        yield {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": index}}]}
    yield from _billing(now, before, indexes, had)
    for index in comes:
        create = {"GlobalSecondaryIndexUpdates": [{"Create": indexes[index]}]}
        yield {"AttributeDefinitions": now.get("AttributeDefinitions"), **create}
    yield from _settings(now, before)


def _with_indexes_of(table: Mapping[str, Any], before: Properties) -> Properties:
    """The properties before an update, with the indexes that are there: an update that failed may have made none."""
    there = {index["IndexName"]: index for index in table.get("GlobalSecondaryIndexes", ())}
    known = _indexes(before)
    return {**before, "GlobalSecondaryIndexes": [known.get(name, index) for name, index in there.items()]}


def _settings(now: Properties, before: Properties) -> Iterator[dict[str, Any]]:
    stream, streamed = _stream(now), _stream(before)
    if stream != streamed and streamed is not None:
        yield {"StreamSpecification": {"StreamEnabled": False}}
    if stream != streamed and stream is not None:
        yield {"StreamSpecification": stream}
    if _encryption(now) != _encryption(before):
        yield {"SSESpecification": _encryption(now) or {"Enabled": False}}
    if _is_true(now.get("DeletionProtectionEnabled")) != _is_true(before.get("DeletionProtectionEnabled")):
        yield {"DeletionProtectionEnabled": _is_true(now.get("DeletionProtectionEnabled"))}
    if now.get("TableClass") != before.get("TableClass"):
        yield {"TableClass": now.get("TableClass") or "STANDARD"}
    for member in ("OnDemandThroughput", "WarmThroughput"):
        if now.get(member) != before.get(member) and now.get(member):
            yield {member: now[member]}


def _billing(
    now: Properties, before: Properties, indexes: Mapping[str, Any], had: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    mode, was = (each.get("BillingMode") or "PROVISIONED" for each in (now, before))
    updates = [
        {"Update": {"IndexName": name, "ProvisionedThroughput": index["ProvisionedThroughput"]}}
        for name, index in indexes.items()
        if name in had
        and index.get("ProvisionedThroughput")
        and (mode != was or index["ProvisionedThroughput"] != had[name].get("ProvisionedThroughput"))
    ]
    change: dict[str, Any] = {}
    if mode != was:
        change["BillingMode"] = mode
    throughput = now.get("ProvisionedThroughput")
    if mode == "PROVISIONED" and throughput and (mode != was or throughput != before.get("ProvisionedThroughput")):
        change["ProvisionedThroughput"] = throughput
    if updates and mode == "PROVISIONED":
        change["GlobalSecondaryIndexUpdates"] = updates
    if change:
        yield change


def _update(order: Order, change: Mapping[str, Any], name: str) -> Generator[float, None, None]:
    given = {key: value for key, value in {"TableName": name, **change}.items() if value is not None}
    order.call("dynamodb", "UpdateTable", **fit("dynamodb", "UpdateTable", given, order))
    yield from _active(order, name)


class Table(ResourceType):
    """AWS::DynamoDB::Table."""

    takes_tags = True

    def create(self, order: Order) -> Generator[float, None, Made]:
        """Make one, from files in S3 where it has an ImportSourceSpecification."""
        name = order.named("TableName", 255)
        if source := order.properties.get("ImportSourceSpecification"):
            self._import(order, name, source)
        else:
            order.call("dynamodb", "CreateTable", **_creation(order, name))
        table = yield from _active(order, name)
        try:
            _settle(order, {}, name)
        except Refused:
            order.call("dynamodb", "DeleteTable", TableName=name)
            raise
        return _made(table)

    @staticmethod
    def _import(order: Order, name: str, source: Properties) -> None:
        allowed = ("AttributeDefinitions", "KeySchema", "BillingMode", "ProvisionedThroughput", "SSESpecification")
        created = _creation(order, name)
        table = {member: created[member] for member in (*allowed, "GlobalSecondaryIndexes") if member in created}
        given = {**source, "TableCreationParameters": {"TableName": name, **table}}
        order.call("dynamodb", "ImportTable", **fit("dynamodb", "ImportTable", given, order))

    def update(self, order: Order, before: Properties, made: Made) -> Generator[float, None, Made]:
        """Change one, by one UpdateTable after the other."""
        for change in _changes(order, _with_indexes_of(_described(order.services, made.id), before)):
            yield from _update(order, change, made.id)
        _settle(order, before, made.id)
        _tag(order, before, str(made.attributes["Arn"]))
        if _policy(order.properties) != _policy(before):
            _set_policy(order, str(made.attributes["Arn"]))
        return _made(_described(order.services, made.id))

    def delete(self, order: Order, made: Made) -> Generator[float, None, None]:
        """Delete one, and wait until it is gone."""
        order.call("dynamodb", "DeleteTable", TableName=made.id)
        for _ in range(_MOST_LOOKS):
            try:
                _described(order.services, made.id)
            except Refused:
                return
            yield 1

    def adopt(self, services: Services, identifier: Properties) -> Made | None:
        """A table that is there."""
        return _made(_described(services, str(identifier["TableName"])))


def _tag(order: Order, before: Properties, arn: str) -> None:
    order.retag(
        before,
        lambda new: order.call("dynamodb", "TagResource", ResourceArn=arn, Tags=pairs(new)),
        lambda gone: order.call("dynamodb", "UntagResource", ResourceArn=arn, TagKeys=gone),
    )


def _set_policy(order: Order, arn: str) -> None:
    policy = _policy(order.properties)
    if policy is None:
        order.call("dynamodb", "DeleteResourcePolicy", ResourceArn=arn)
    else:
        order.call("dynamodb", "PutResourcePolicy", ResourceArn=arn, Policy=policy)


class GlobalTable(ResourceType):
    """AWS::DynamoDB::GlobalTable: a table with replicas, which CDK's TableV2 makes, too."""

    def _own(self, order: Order) -> dict[str, Any]:
        """The replica of the stack's own region, which must be there."""
        region = order.services.region
        replicas = order.properties.get("Replicas") or []
        own = next((replica for replica in replicas if replica.get("Region") == region), None)
        if own is None:
            message = f"Replicas must contain the region of the stack: {region}"
            raise Refused(f"Resource Update Request Validation Failed: {message}", "InvalidRequest")
        found: dict[str, Any] = own
        return found

    def _as_table(self, order: Order) -> Order:
        """The order of the table in the stack's own region."""
        own = self._own(order)
        given = order.properties
        members = (
            *("TableName", "AttributeDefinitions", "KeySchema", "BillingMode", "LocalSecondaryIndexes"),
            *("GlobalSecondaryIndexes", "TimeToLiveSpecification", "StreamSpecification", "WarmThroughput"),
        )
        properties = {member: given[member] for member in members if member in given}
        for member in (
            *("PointInTimeRecoverySpecification", "TableClass", "DeletionProtectionEnabled", "Tags"),
            *("ContributorInsightsSpecification", "KinesisStreamSpecification", "ResourcePolicy"),
        ):
            if member in own:
                properties[member] = own[member]
        if "SSESpecification" in given:
            key = (own.get("SSESpecification") or {}).get("KMSMasterKeyId")
            properties["SSESpecification"] = {**given["SSESpecification"], **({"KMSMasterKeyId": key} if key else {})}
        if (properties.get("BillingMode") or "PROVISIONED") == "PROVISIONED":
            properties["ProvisionedThroughput"] = _units(given, own)
            properties["GlobalSecondaryIndexes"] = [
                {**index, "ProvisionedThroughput": _units(index, _of_index(own, index["IndexName"]))}
                for index in given.get("GlobalSecondaryIndexes") or ()
            ]
        elif (on_demand := _on_demand(given, own)) is not None:
            properties["OnDemandThroughput"] = on_demand
        if not properties.get("GlobalSecondaryIndexes"):
            properties.pop("GlobalSecondaryIndexes", None)
        return Order(
            order.logical_id,
            "AWS::DynamoDB::Table",
            properties,
            order.services,
            order.deployment,
            order.seed,
            order.resource,
        )

    def _others(self, properties: Properties, region: str) -> list[dict[str, Any]]:
        return [replica for replica in properties.get("Replicas") or () if replica.get("Region") != region]

    def create(self, order: Order) -> Generator[float, None, Made]:
        """Make one, first in the stack's own region, then in the others."""
        self._own(order)
        others = self._others(order.properties, order.services.region)
        view = (order.properties.get("StreamSpecification") or {}).get("StreamViewType")
        if others and view != "NEW_AND_OLD_IMAGES":
            message = "StreamSpecification of NEW_AND_OLD_IMAGES is required for a table with more than one replica"
            raise Refused(message, "InvalidRequest")
        table = Table()
        made = yield from table.create(self._as_table(order))
        try:
            for replica in others:
                yield from self._replicate(order, made.id, "Create", replica["Region"])
        except Refused:
            yield from table.delete(order, made)
            raise
        return _made(_described(order.services, made.id))

    @staticmethod
    def _replicate(order: Order, name: str, action: str, region: str) -> Generator[float, None, None]:
        order.call("dynamodb", "UpdateTable", TableName=name, ReplicaUpdates=[{action: {"RegionName": region}}])
        yield from _active(order, name)

    def update(self, order: Order, before: Properties, made: Made) -> Generator[float, None, Made]:
        """Change one; one replica comes or goes at a time."""
        region = order.services.region
        now = {replica["Region"] for replica in self._others(order.properties, region)}
        was = {replica["Region"] for replica in self._others(before, region)}
        if len(now ^ was) > 1:
            message = "Cannot perform more than one replica creation or deletion in a single update"
            raise Refused(message, "InvalidRequest")
        then = Order(
            order.logical_id, order.type, dict(before), order.services, order.deployment, order.seed, order.resource
        )
        for gone in was - now:
            yield from self._replicate(order, made.id, "Delete", gone)
        yield from Table().update(self._as_table(order), self._as_table(then).properties, made)
        for new in now - was:
            yield from self._replicate(order, made.id, "Create", new)
        return _made(_described(order.services, made.id))

    def delete(self, order: Order, made: Made) -> Generator[float, None, None]:
        """Delete one, its replicas first."""
        region = order.services.region
        for replica in _described(order.services, made.id).get("Replicas", ()):
            if replica["RegionName"] != region:
                yield from self._replicate(order, made.id, "Delete", replica["RegionName"])
        yield from Table().delete(order, made)


def _of_index(replica: Properties, name: str) -> dict[str, Any]:
    indexes = replica.get("GlobalSecondaryIndexes") or ()
    return next((index for index in indexes if index.get("IndexName") == name), {})


def _units(shared: Properties, own: Properties) -> dict[str, Any]:
    """Capacity units of a table or an index: those to write are shared by all replicas, those to read are a replica's.

    Capacity that scales by itself begins with the least that it has.
    """

    def units(settings: Properties, name: str) -> Any:
        scaling = settings.get(f"{name}AutoScalingSettings") or {}
        fixed = settings.get(f"{name}Units")
        return fixed if fixed is not None else scaling.get("SeedCapacity", scaling.get("MinCapacity", 1))

    write = shared.get("WriteProvisionedThroughputSettings") or {}
    read = own.get("ReadProvisionedThroughputSettings") or shared.get("ReadProvisionedThroughputSettings") or {}
    return {"ReadCapacityUnits": units(read, "ReadCapacity"), "WriteCapacityUnits": units(write, "WriteCapacity")}


def _on_demand(shared: Properties, own: Properties) -> dict[str, Any] | None:
    write = (shared.get("WriteOnDemandThroughputSettings") or {}).get("MaxWriteRequestUnits")
    read = (own.get("ReadOnDemandThroughputSettings") or {}).get("MaxReadRequestUnits")
    found = {"MaxWriteRequestUnits": write, "MaxReadRequestUnits": read}
    kept = {name: value for name, value in found.items() if value is not None}
    return kept or None


TYPES: Final[Mapping[str, ResourceType]] = {
    "AWS::DynamoDB::GlobalTable": GlobalTable(),
    "AWS::DynamoDB::Table": Table(),
}
