"""AWS::DynamoDB::Table: what a CloudFormation template says of a table, in the parameters of the API's operations.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from asl_interpreter.jsontext import JSON, dumps
from emulator.dynamodb.changes.recovery import LONGEST, Journal
from emulator.dynamodb.control import policies, tags, update_table
from emulator.dynamodb.control.definitions import encryption
from emulator.dynamodb.control.tables import add_table, new_table
from emulator.dynamodb.model.schema import Index, key_schema, projection
from emulator.dynamodb.model.store import DynamoDBWorld, Region
from emulator.dynamodb.model.tables import Table
from emulator.dynamodb.rejections import refused, unsupported
from emulator.wire.protocol import Call

_AS_IN_THE_API = (
    *("AttributeDefinitions", "KeySchema", "BillingMode", "LocalSecondaryIndexes"),
    *("OnDemandThroughput", "WarmThroughput", "TableClass", "Tags"),
)
"""What a template gives as CreateTable takes it."""
_NOT_BUILT = ("ContributorInsightsSpecification", "ImportSourceSpecification", "KinesisStreamSpecification")


def create(region: Region, name: str, properties: Mapping[str, Any]) -> Table:
    """Create the table of a template. Raises Fault where AWS refuses it, or it asks for what is not built."""
    _check_built(properties)
    given = _parameters(name, properties)
    with region.lock:
        if region.find(name) is not None:
            raise refused("ResourceInUseException", f"Table already exists: {name}")
        table = new_table(region, given)
        add_table(region, table, given)
        _set_lives(region, table, properties)
    return table


def update(world: DynamoDBWorld, region: Region, table: Table, properties: Mapping[str, Any]) -> None:
    """Make a table what its template says now, one UpdateTable after the other.

    Raises:
        Fault: AWS refuses a change, or the template asks for what is not built: another table in its place.
    """
    _check_built(properties)
    wanted = _parameters(table.name, properties)
    for change in _changes(table, wanted):
        params = {"TableName": table.name, **change}
        update_table.update_table(world, Call("dynamodb", "UpdateTable", params, region.account, region.name, ""))
    with table.lock:
        _set_lives(region, table, properties)
        table.attached.tags = tags.read_tags(wanted.get("Tags") or ())
        if wanted["ResourcePolicy"] is None:
            table.attached.policies.pop(table.arn, None)
        else:
            policies.attach(region, table, table.arn, wanted["ResourcePolicy"])


def _check_built(properties: Mapping[str, Any]) -> None:
    for member in _NOT_BUILT:
        if properties.get(member):
            raise unsupported(f"{member} of AWS::DynamoDB::Table")


def _set_lives(region: Region, table: Table, properties: Mapping[str, Any]) -> None:
    """Set how long items live, and for how long what they were can be restored."""
    expiry = properties.get("TimeToLiveSpecification") or {}
    attribute = expiry["AttributeName"] if _is_true(expiry.get("Enabled")) else None
    if attribute != (table.expiry.attribute if table.expiry else None):
        table.set_expiry(attribute)
    recovery = properties.get("PointInTimeRecoverySpecification") or {}
    days = int(recovery.get("RecoveryPeriodInDays") or LONGEST)
    if not _is_true(recovery.get("PointInTimeRecoveryEnabled")):
        if table.attached.journal is not None:
            table.attached.journal.close()
        table.attached.journal = None
    elif table.attached.journal is None:
        table.attached.journal = Journal(table, region.clock, days)
    else:
        table.attached.journal.days = days


# --- changes ---------------------------------------------------------------------------------------------------------


def _changes(table: Table, wanted: Mapping[str, JSON]) -> Iterator[dict[str, JSON]]:
    """UpdateTable's parameters for each change that makes the table what is wanted; AWS takes them one by one."""
    local = [_index_wire(index) for index in table.indexes.values() if not index.is_global]
    wanted_local = [_definition(wire) for wire in wanted.get("LocalSecondaryIndexes") or ()]
    if wanted["KeySchema"] != key_schema(table.key) or wanted_local != local:
        raise unsupported("the replacement of an AWS::DynamoDB::Table by one with other keys")
    indexes = {index["IndexName"]: index for index in wanted["GlobalSecondaryIndexes"] or ()}
    for index in [index for index in table.indexes.values() if index.is_global and index.name not in indexes]:
        yield {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": index.name}}]}
    yield from _billing_changes(table, wanted)
    yield from _index_changes(table, wanted, indexes)
    yield from _other_changes(table, wanted)


def _billing_changes(table: Table, wanted: Mapping[str, JSON]) -> Iterator[dict[str, JSON]]:
    mode, throughput = wanted.get("BillingMode") or "PROVISIONED", wanted["ProvisionedThroughput"]
    if mode != table.billing.mode:
        indexes = wanted["GlobalSecondaryIndexes"] or () if mode == "PROVISIONED" else ()
        updates = [_throughput_update(index) for index in indexes if index["IndexName"] in table.indexes]
        billing = {"BillingMode": mode, "ProvisionedThroughput": throughput}
        yield {**billing, "GlobalSecondaryIndexUpdates": updates} if updates else billing
    elif throughput is not None and not _has(table.billing.throughput, throughput):
        yield {"ProvisionedThroughput": throughput}


def _other_changes(table: Table, wanted: Mapping[str, JSON]) -> Iterator[dict[str, JSON]]:
    streaming = wanted["StreamSpecification"]
    if streaming != table.settings.get("StreamSpecification"):
        if "StreamSpecification" in table.settings:
            yield {"StreamSpecification": {"StreamEnabled": False}}
        if streaming is not None:
            yield {"StreamSpecification": streaming}
    encrypted = encryption(wanted["SSESpecification"], table.settings.get("SSEDescription", {}).get("KMSMasterKeyArn"))
    if (encrypted is None) is not ("SSEDescription" not in table.settings):
        yield {"SSESpecification": wanted["SSESpecification"] or {"Enabled": False}}
    if wanted["DeletionProtectionEnabled"] is not table.settings["DeletionProtectionEnabled"]:
        yield {"DeletionProtectionEnabled": wanted["DeletionProtectionEnabled"]}
    table_class = wanted.get("TableClass") or "STANDARD"
    if table_class != table.settings.get("TableClassSummary", {}).get("TableClass", "STANDARD"):
        yield {"TableClass": table_class}
    for member in ("OnDemandThroughput", "WarmThroughput"):
        if wanted.get(member) is not None and wanted[member] != table.settings.get(member):
            yield {member: wanted[member]}


def _index_changes(
    table: Table, wanted: Mapping[str, JSON], indexes: Mapping[str, Mapping[str, JSON]]
) -> Iterator[dict[str, JSON]]:
    for name, described in indexes.items():
        index = table.indexes.get(name)
        if index is None:
            yield {
                "AttributeDefinitions": wanted["AttributeDefinitions"],
                "GlobalSecondaryIndexUpdates": [{"Create": described}],
            }
            continue
        if _definition(described) != _index_wire(index):
            raise unsupported(f"another definition of the index {name} of an AWS::DynamoDB::Table")
        units, has = described.get("ProvisionedThroughput"), index.settings.get("ProvisionedThroughput")
        if units is not None and has is not None and not _has(has, units):
            yield {"GlobalSecondaryIndexUpdates": [_throughput_update(described)]}


def _throughput_update(index: Mapping[str, JSON]) -> dict[str, JSON]:
    members = ("IndexName", "ProvisionedThroughput")
    return {"Update": {member: index[member] for member in members if index.get(member) is not None}}


def _has(now: Mapping[str, JSON], wanted: Mapping[str, JSON]) -> bool:
    return all(now[name] == units for name, units in wanted.items())


def _definition(wire: Mapping[str, JSON]) -> dict[str, JSON]:
    """How an index is defined, in the form in which a description shows it."""
    shown = dict(wire["Projection"])
    if shown.get("NonKeyAttributes"):
        shown["NonKeyAttributes"] = sorted(shown["NonKeyAttributes"])
    return {"IndexName": wire["IndexName"], "KeySchema": wire["KeySchema"], "Projection": shown}


def _index_wire(index: Index) -> dict[str, JSON]:
    return {"IndexName": index.name, "KeySchema": key_schema(index.key), "Projection": projection(index)}


# --- CloudFormation's spellings --------------------------------------------------------------------------------------


def _parameters(name: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """What a template says of a table, as CreateTable takes it."""
    policy = properties.get("ResourcePolicy")
    indexes = [_with_numbers(index) for index in properties.get("GlobalSecondaryIndexes") or ()]
    return {
        "TableName": name,
        **{member: properties[member] for member in _AS_IN_THE_API if properties.get(member)},
        "ProvisionedThroughput": _numbers(properties.get("ProvisionedThroughput")),
        "GlobalSecondaryIndexes": indexes or None,
        "StreamSpecification": _where_given(properties.get("StreamSpecification"), _stream),
        "SSESpecification": _where_given(properties.get("SSESpecification"), _encrypted),
        "DeletionProtectionEnabled": _is_true(properties.get("DeletionProtectionEnabled")),
        "ResourcePolicy": dumps(policy["PolicyDocument"]) if policy else None,
    }


def _where_given(
    wire: Mapping[str, JSON] | None, read: Callable[[Mapping[str, JSON]], dict[str, JSON]]
) -> dict[str, JSON] | None:
    return read(wire) if wire else None


def _numbers(throughput: Mapping[str, Any] | None) -> dict[str, int] | None:
    """Capacity units, which templates may give as text."""
    if not throughput:
        return None
    return {name: int(throughput[name]) for name in ("ReadCapacityUnits", "WriteCapacityUnits")}


def _with_numbers(index: Mapping[str, JSON]) -> dict[str, JSON]:
    throughput = _numbers(index.get("ProvisionedThroughput"))
    rest = {name: value for name, value in index.items() if name != "ProvisionedThroughput"}
    return rest if throughput is None else {**rest, "ProvisionedThroughput": throughput}


def _stream(wire: Mapping[str, JSON]) -> dict[str, JSON]:
    """A template names the view alone, and means a stream that is on."""
    return {"StreamEnabled": True, "StreamViewType": wire["StreamViewType"]}


def _encrypted(wire: Mapping[str, JSON]) -> dict[str, JSON]:
    """A template says SSEEnabled where the API says Enabled."""
    rest = {name: value for name, value in wire.items() if name not in ("SSEEnabled", "Enabled")}
    return {**rest, "Enabled": _is_true(wire.get("SSEEnabled", wire.get("Enabled")))}


def _is_true(value: Any) -> bool:
    """A switch, which templates may give as text."""
    return str(value).lower() == "true"
