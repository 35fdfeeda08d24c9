"""Contributor Insights: on or off, for a table and for each of its global indexes. No keys are counted here.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/contributorinsights.html; wording as observed
on AWS.
"""

from __future__ import annotations

from asl_interpreter.jsontext import JSON
from emulator.dynamodb.model.store import DynamoDBWorld
from emulator.dynamodb.model.tables import Table
from emulator.dynamodb.rejections import invalid, refused
from emulator.wire.protocol import Call

_DEFAULT_MODE = "ACCESSED_AND_THROTTLED_KEYS"
_OFF: dict[str, JSON] = {"ContributorInsightsStatus": "DISABLED"}


def update_contributor_insights(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """UpdateContributorInsights: the answer shows the change under way, the next look finds it done."""
    table, index = _subject(world, call)
    enable = call.params["ContributorInsightsAction"] == "ENABLE"
    mode = call.params.get("ContributorInsightsMode")
    with table.lock:
        kept = table.attached.insights.get(index, _OFF)
        table.attached.insights[index] = {
            "ContributorInsightsStatus": "ENABLED" if enable else "DISABLED",
            "ContributorInsightsMode": mode or kept.get("ContributorInsightsMode", _DEFAULT_MODE),
            "LastUpdateDateTime": round(world.clock.now(), 3),
        }
        shown = {**_named(table, index), **table.attached.insights[index]}
    del shown["LastUpdateDateTime"]
    return {**shown, "ContributorInsightsStatus": "ENABLING" if enable else "DISABLING"}


def describe_contributor_insights(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """DescribeContributorInsights, with the names of the CloudWatch rules that AWS makes."""
    table, index = _subject(world, call)
    kept = table.attached.insights.get(index, _OFF)
    answer = {**_named(table, index), **kept}
    if kept["ContributorInsightsStatus"] == "ENABLED":
        answer["ContributorInsightsRuleList"] = _rules(table, index, kept["ContributorInsightsMode"])
    return answer


def list_contributor_insights(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """ListContributorInsights: what was ever switched, of one table or of all."""
    region = world.dynamodb.region(call.account, call.region)
    name, limit = call.params.get("TableName"), call.params.get("MaxResults") or 100
    token = call.params.get("NextToken") or "0"
    if not token.isdecimal():
        raise invalid("Invalid NextToken")
    tables = [region.table(name)] if name is not None else region.all_tables()
    found: list[JSON] = [
        {**_named(table, index), "ContributorInsightsStatus": kept["ContributorInsightsStatus"]}
        for table in tables
        for index, kept in table.attached.insights.items()
    ]
    start = int(token)
    answer: dict[str, JSON] = {"ContributorInsightsSummaries": found[start : start + limit]}
    if len(found) > start + limit:
        answer["NextToken"] = str(start + limit)
    return answer


def _subject(world: DynamoDBWorld, call: Call) -> tuple[Table, str | None]:
    table = world.dynamodb.region(call.account, call.region).table(call.params["TableName"])
    index = call.params.get("IndexName")
    if index is not None and (index not in table.indexes or not table.indexes[index].is_global):
        raise refused(
            "ResourceNotFoundException",
            f"Requested resource not found: Index: {index} not found for table: {table.name}",
        )
    return table, index


def _named(table: Table, index: str | None) -> dict[str, JSON]:
    return {"TableName": table.name, **({} if index is None else {"IndexName": index})}


def _rules(table: Table, index: str | None, mode: str) -> list[JSON]:
    subject = table.name if index is None else f"{table.name}-{index}"
    key = table.key if index is None else table.indexes[index].key
    letters = ("PK", "SK") if key.range else ("PK",)
    kinds = ("T",) if mode == "THROTTLED_KEYS" else ("C", "T")
    return [f"DynamoDBContributorInsights-{letter}{kind}-{subject}" for letter in letters for kind in kinds]
