"""Tags of tables: TagResource, UntagResource, ListTagsOfResource.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Tagging.html; wording as observed on AWS.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from asl_interpreter.jsontext import JSON
from emulator.dynamodb.model.store import DynamoDBWorld, Region
from emulator.dynamodb.model.tables import Table
from emulator.dynamodb.rejections import invalid, invalid_values, refused
from emulator.wire.protocol import Call

MAX_TAGS = 50
_TEXT = re.compile(r"[\w\s+\-=._:/@]*")


def read_tags(wire: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    """A list of tags, checked. Raises Fault where a key or value is malformed, or a key comes twice."""
    tags: dict[str, str] = {}
    for tag in wire:
        key, value = tag["Key"], tag["Value"]
        if key in tags:
            raise invalid(f"Duplicate Tag Keys provided as input: Duplicate Tag Key found {key}")
        if key.startswith("aws:"):
            raise invalid(f"Tag Key cannot be prefixed with aws:, Key: {key}")
        if _TEXT.fullmatch(key) is None:
            raise invalid(f"The Tag Key provided is invalid, Key: {key}")
        if _TEXT.fullmatch(value) is None:
            raise invalid(f"The Tag Value provided is invalid, Value: {value}")
        tags[key] = value
    _check_count(tags)
    return _listed(tags)


def tag_resource(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """TagResource: set tags of a table."""
    table = _tagged(world, call)
    if not call.params["Tags"]:
        raise invalid("Atleast one Tag needs to be provided as Input.")
    added = {tag["Key"]: tag["Value"] for tag in read_tags(call.params["Tags"])}
    with table.lock:
        tags = {**{tag["Key"]: tag["Value"] for tag in table.attached.tags}, **added}
        _check_count(tags)
        table.attached.tags = _listed(tags)
    return {}


def untag_resource(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """UntagResource: take tags away from a table; those it does not have are no error."""
    table = _tagged(world, call)
    if not call.params["TagKeys"]:
        raise invalid("Atleast one Tag Key needs to be provided as Input.")
    with table.lock:
        table.attached.tags = [tag for tag in table.attached.tags if tag["Key"] not in call.params["TagKeys"]]
    return {}


def list_tags_of_resource(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """ListTagsOfResource: all of them on one page, as observed, so no NextToken was ever given out."""
    table = _tagged(world, call)
    if call.params.get("NextToken") is not None:
        raise invalid("Invalid NextToken")
    return {"Tags": list(table.attached.tags)}


def _listed(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _check_count(tags: Mapping[str, str]) -> None:
    if len(tags) > MAX_TAGS:
        raise invalid("Number of Tags exceed the current limit for the provided ResourceArn")


def _tagged(world: DynamoDBWorld, call: Call) -> Table:
    arn = call.params["ResourceArn"]
    return table_by_arn(world.dynamodb.region(call.account, call.region), arn, call)


def table_by_arn(region: Region, arn: str, call: Call) -> Table:
    """The table that an ARN names.

    Raises:
        Fault: it is no ARN, names something else or another account's table, or there is no such table.
    """
    if not arn.startswith("arn:"):
        raise invalid_values(f"ARNs must start with 'arn:': {arn}")
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[2] != "dynamodb":
        raise invalid_values(f"Provided Arn is not a DynamoDB resource arn: {arn}")
    kind, _, name = parts[5].partition("/")
    if kind != "table" or "/" in name.partition("/stream/")[0]:
        raise invalid_values(
            f"Invalid resource arn provided, only table or stream is accepted. Provided resource arn: {arn}"
        )
    if parts[4] != call.account:
        caller = f"arn:aws:iam::{call.account}:root"
        raise refused(
            "AccessDeniedException",
            f"User: {caller} is not authorized to perform: dynamodb:{call.operation} on resource: {arn}",
        )
    table = region.find(name.partition("/")[0])
    if table is None or parts[3] != region.name:
        raise refused("ResourceNotFoundException", f"Requested resource not found: ResourcArn: {arn} not found")
    return table
