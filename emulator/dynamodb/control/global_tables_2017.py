"""Global tables of the first version (2017.11.29): AWS makes no more of them, so that none is ever found.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_versions.html; the refusal as
observed on AWS.
"""

from __future__ import annotations

from asl_interpreter.jsontext import JSON
from emulator.dynamodb.model.store import DynamoDBWorld
from emulator.dynamodb.rejections import invalid_values, refused
from emulator.wire.protocol import Call


def create_global_table(_world: DynamoDBWorld, _call: Call) -> dict[str, JSON]:
    """CreateGlobalTable, which AWS refuses."""
    raise invalid_values(
        "DynamoDB global tables version 2017.11.29 is not supported. We recommend using DynamoDB global tables version "
        "2019.11.21, instead of version 2017.11.29 (Legacy)."
    )


def find_global_table(_world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """DescribeGlobalTable, UpdateGlobalTable and the operations of settings: there is no such table."""
    raise refused(
        "GlobalTableNotFoundException",
        f"Global table not found: Global table with name: '{call.params['GlobalTableName']}' does not exist.",
    )


def list_global_tables(_world: DynamoDBWorld, _call: Call) -> dict[str, JSON]:
    """ListGlobalTables."""
    return {"GlobalTables": []}
