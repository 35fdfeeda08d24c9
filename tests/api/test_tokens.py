"""Tokens of pages: one that was crafted or broken is refused in AWS's words, by every operation that takes one."""

from __future__ import annotations

import base64
import json

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

UNCHECKED = Config(parameter_validation=False)
"""A client that sends whatever it is given."""
PASS = {"StartAt": "Hand on", "States": {"Hand on": {"Type": "Pass", "End": True}}}
VALUES = [None, True, -1, 0, 1.5, 10**30, "", "x", "é", [], [1], {}, {"a": 1}]
TEXTS = [
    *(
        "x",
        "-1",
        "0x1",
        "1e9",
        "9" * 30,
        "9" * 1024,
        "²",
        "%",
        "====",
        "YQ==",
        "bnVsbA==",
        "W10=",
        "e30=",
        "W1tbW1tbWw==",
    ),
    *("é", "\U0001f600", "\x00", "[" * 1000, "arn:aws:dynamodb:us-east-1:000000000000:table/x/export/1", "f" * 112),
]


def crafted(token):
    """The token with one of its values replaced by another, if it is JSON inside."""
    yield from TEXTS
    yield token[:-1]
    yield token[1:]
    yield token.swapcase()
    try:
        values = json.loads(base64.urlsafe_b64decode(token))
    except ValueError:
        return
    for index in range(len(values)):
        for value in VALUES:
            changed = [*values[:index], value, *values[index + 1 :]]
            yield base64.urlsafe_b64encode(json.dumps(changed).encode()).decode()


def assert_no_failure(operation, member, token, **params):
    """Assert that each crafted token gets an answer, or a refusal as AWS's."""
    for text in crafted(token):
        try:
            operation(**params, **{member: text})
        except ClientError as error:
            code, status = error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
            assert status == 400, (text, code)


@pytest.fixture
def states(dynastep):
    client = dynastep.client("stepfunctions", config=UNCHECKED)
    role = f"arn:aws:iam::{dynastep.account}:role/any"
    arn = ""
    for number in range(3):
        request = {"name": f"m{number}", "definition": json.dumps(PASS), "roleArn": role, "publish": True}
        made = client.create_state_machine(**request)
        arn = made["stateMachineArn"]
        client.create_activity(name=f"a{number}")
        client.start_execution(stateMachineArn=f"arn:aws:states:us-east-1:{dynastep.account}:stateMachine:m0")
        route = [{"stateMachineVersionArn": made["stateMachineVersionArn"], "weight": 100}]
        client.create_state_machine_alias(name=f"alias{number}", routingConfiguration=route)
    for number in range(2):
        definition = json.dumps({**PASS, "Comment": str(number)})
        client.update_state_machine(stateMachineArn=arn, definition=definition, publish=True)
        route = [{"stateMachineVersionArn": f"{arn}:1", "weight": 100}]
        client.create_state_machine_alias(name=f"more{number}", routingConfiguration=route)
    return client, arn


@pytest.mark.parametrize(
    "listing",
    [
        *("list_state_machines", "list_activities", "list_executions", "list_state_machine_versions"),
        *("list_state_machine_aliases", "get_execution_history"),
    ],
)
def test_step_functions(states, listing):
    client, arn = states
    first = arn[:-1] + "0"
    params = {
        "list_executions": {"stateMachineArn": first},
        "list_state_machine_versions": {"stateMachineArn": arn},
        "list_state_machine_aliases": {"stateMachineArn": arn},
    }.get(listing, {})
    if listing == "get_execution_history":
        execution = client.list_executions(stateMachineArn=first)["executions"][0]["executionArn"]
        params = {"executionArn": execution}
    operation = getattr(client, listing)
    token = operation(**params, maxResults=1)["nextToken"]
    assert operation(**params, nextToken=token)
    assert_no_failure(operation, "nextToken", token, **params)


@pytest.fixture
def table(dynastep):
    client = dynastep.client("dynamodb", config=UNCHECKED)
    description = client.create_table(
        TableName="things",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
        Tags=[{"Key": f"k{number}", "Value": ""} for number in range(12)],
    )["TableDescription"]
    for number in range(3):
        client.put_item(TableName="things", Item={"id": {"S": str(number)}})
    return client, description


@pytest.mark.parametrize(
    ("listing", "member"),
    [
        *(("execute_statement", "NextToken"), ("list_tags_of_resource", "NextToken"), ("list_exports", "NextToken")),
        *(("list_imports", "NextToken"), ("list_contributor_insights", "NextToken")),
        *(("list_backups", "ExclusiveStartBackupArn"), ("list_tables", "ExclusiveStartTableName")),
        *(("list_bulk_operations", "NextToken"), ("list_global_tables", "ExclusiveStartGlobalTableName")),
    ],
)
def test_dynamodb(table, listing, member):
    client, description = table
    if not hasattr(client, listing):
        pytest.skip(f"this botocore has no {listing}")
    token, params = "eA==", {}
    if listing == "execute_statement":
        params = {"Statement": 'SELECT * FROM "things"'}
        token = client.execute_statement(**params, Limit=1)["NextToken"]
    if listing == "list_tags_of_resource":
        params = {"ResourceArn": description["TableArn"]}  # whose tags are all on one page: no token is given out
    assert_no_failure(getattr(client, listing), member, token, **params)


def test_streams(dynastep, table):
    _, description = table
    client = dynastep.client("dynamodbstreams", config=UNCHECKED)
    stream = {"StreamArn": description["LatestStreamArn"]}
    shard = client.describe_stream(**stream)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = client.get_shard_iterator(**stream, ShardId=shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    assert_no_failure(client.get_records, "ShardIterator", iterator)
    assert_no_failure(client.list_streams, "ExclusiveStartStreamArn", "x")
