"""Tables: what may be defined, how they are described, how they change. Facts observed on AWS."""

from __future__ import annotations

import re
from typing import Any

import pytest
from dynamodb_service import ACCOUNT, REGION, Service

INVALID = "One or more parameter values were invalid: "
ARN = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/tab"
PPR = "PAY_PER_REQUEST"


def definitions(**types: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()]


def keys(*parts: str) -> list[dict[str, str]]:
    """Key schema of ``name:ROLE``; the roles default to HASH, RANGE."""
    roles = ("HASH", "RANGE")
    found = []
    for part, role in zip(parts, (*roles, *roles * 8), strict=False):
        name, _, given = part.partition(":")
        found.append({"AttributeName": name, "KeyType": given or role})
    return found


def index(name: str, *parts: str, **projection: Any) -> dict[str, Any]:
    return {
        "IndexName": name,
        "KeySchema": keys(*parts),
        "Projection": projection.pop("Projection", {"ProjectionType": "ALL"}),
        **projection,
    }


GOOD: dict[str, Any] = {
    "TableName": "tab",
    "AttributeDefinitions": definitions(p="S"),
    "KeySchema": keys("p"),
    "BillingMode": PPR,
}
PAIR: dict[str, Any] = {**GOOD, "AttributeDefinitions": definitions(p="S", r="S"), "KeySchema": keys("p", "r")}
TRIO: dict[str, Any] = {**PAIR, "AttributeDefinitions": definitions(p="S", r="S", g="S")}


def gsi(**changes: Any) -> dict[str, Any]:
    return {**TRIO, "GlobalSecondaryIndexes": [{**index("gsi", "g"), **changes}]}


def lsi(**changes: Any) -> dict[str, Any]:
    return {**TRIO, "LocalSecondaryIndexes": [{**index("lsi", "p", "g"), **changes}]}


UNITS = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({**GOOD, "AttributeDefinitions": definitions(p="S") * 2}, "Attribute Name is duplicated: p"),
    (
        {**GOOD, "AttributeDefinitions": definitions(p="S", q="S")},
        INVALID + "Number of attributes in KeySchema does not exactly match number of attributes defined in "
        "AttributeDefinitions",
    ),
    (
        {**gsi(), "AttributeDefinitions": definitions(p="S", r="S", g="S", q="S")},
        INVALID + "Some AttributeDefinitions are not used. AttributeDefinitions: [p, r, g, q], keys used: [p, r, g]",
    ),
    (
        {**GOOD, "KeySchema": keys("x")},
        INVALID
        + "Some index key attributes are not defined in AttributeDefinitions. Keys: [x], AttributeDefinitions: [p]",
    ),
    ({**GOOD, "KeySchema": keys("p", "p")}, "Invalid KeySchema: Some index key attribute have no definition"),
    (
        {**PAIR, "KeySchema": keys("p", "p")},
        "Both the Hash Key and the Range Key element in the KeySchema have the same name",
    ),
    ({**PAIR, "KeySchema": keys("p:RANGE")}, "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"),
    (
        {**PAIR, "KeySchema": keys("p", "r:HASH")},
        "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type",
    ),
    (
        {**TRIO, "KeySchema": keys("p", "r", "g:RANGE")},
        (
            "1 validation error detected: Value '[KeySchemaElement(attributeName=p, keyType=HASH), "
            "KeySchemaElement(attributeName=r, keyType=RANGE), KeySchemaElement(attributeName=g, keyType=RANGE)]' at "
            "'keySchema' failed to satisfy constraint: Member must have length less than or equal to 2"
        ),
    ),
    (
        {**GOOD, "BillingMode": "PROVISIONED"},
        INVALID + "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED",
    ),
    (
        {**GOOD, "ProvisionedThroughput": UNITS},
        INVALID
        + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
    ),
    (
        gsi(ProvisionedThroughput=UNITS),
        INVALID + "ProvisionedThroughput should not be specified for index: gsi when BillingMode is PAY_PER_REQUEST",
    ),
    (
        {**gsi(), "BillingMode": "PROVISIONED", "ProvisionedThroughput": UNITS},
        INVALID + "ProvisionedThroughput is not specified for index: gsi",
    ),
    ({**GOOD, "GlobalSecondaryIndexes": []}, INVALID + "List of GlobalSecondaryIndexes is empty"),
    ({**PAIR, "LocalSecondaryIndexes": []}, INVALID + "List of LocalSecondaryIndexes is empty"),
    (
        {**TRIO, "GlobalSecondaryIndexes": [index(f"gsi{n}", "g") for n in range(21)]},
        INVALID + "GlobalSecondaryIndex count exceeds the per-table limit of 20",
    ),
    (
        {**TRIO, "LocalSecondaryIndexes": [index(f"lsi{n}", "p", "g") for n in range(6)]},
        INVALID + "Number of LocalSecondaryIndexes exceeds per-table limit of 5",
    ),
    (
        {**gsi(), "LocalSecondaryIndexes": [index("gsi", "p", "g")]},
        INVALID + "Duplicate index name: gsi",
    ),
    (
        {**GOOD, "AttributeDefinitions": definitions(p="S", g="S"), "LocalSecondaryIndexes": [index("lsi", "p", "g")]},
        INVALID + "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex",
    ),
    (
        lsi(KeySchema=keys("g", "r")),
        INVALID + "Index KeySchema does not have the same leading hash key as table KeySchema for index: lsi. "
        "index hash key: g, table hash key: p",
    ),
    (
        {**PAIR, "LocalSecondaryIndexes": [index("lsi", "p")]},
        INVALID + "Index KeySchema does not have a range key for index: lsi",
    ),
    (
        gsi(Projection={"ProjectionType": "INCLUDE"}),
        INVALID + "ProjectionType is INCLUDE, but NonKeyAttributes is not specified",
    ),
    (
        lsi(Projection={"ProjectionType": "KEYS_ONLY", "NonKeyAttributes": ["a"]}),
        INVALID + "ProjectionType is KEYS_ONLY, but NonKeyAttributes is specified",
    ),
    (gsi(Projection={}), INVALID + "Unknown ProjectionType: null"),
    (
        gsi(Projection={"ProjectionType": "INCLUDE", "NonKeyAttributes": ["a", "a"]}),
        INVALID + "Duplicate element in NonKeyAttributes: a",
    ),
    (
        gsi(KeySchema=keys("g:HASH", "r:RANGE", "p:HASH")),
        INVALID + "All HASH key attributes must precede RANGE key attributes in the KeySchema",
    ),
    (
        gsi(KeySchema=keys(*(f"{name}:HASH" for name in "grpgr"))),
        INVALID + "The KeySchema exceeds the maximum allowed number of HASH key attributes",
    ),
    (
        gsi(KeySchema=keys("g:HASH", "r:HASH", "g:RANGE")),
        "The KeySchema contains multiple key attributes with the same name",
    ),
    (
        {**GOOD, "StreamSpecification": {"StreamEnabled": True}},
        INVALID + "Table is being created with a stream enabled, UpdateViewType is required",
    ),
    (
        {**GOOD, "StreamSpecification": {"StreamEnabled": False, "StreamViewType": "NEW_IMAGE"}},
        INVALID + "Table is being created with a stream disabled, UpdateViewType should not be specified",
    ),
    (
        {**GOOD, "SSESpecification": {"Enabled": False, "SSEType": "KMS"}},
        INVALID + "SSEType can not be specified if Enabled is false",
    ),
    (
        {**GOOD, "SSESpecification": {"Enabled": True, "KMSMasterKeyId": "key"}},
        INVALID + "SSEType KMS is required if KMSMasterKeyId is specified",
    ),
    (
        {**GOOD, "TableClass": "GOLD"},
        (
            "Invalid table-class parameter provided. Please try again with a valid table-class value: [STANDARD, "
            "STANDARD_INFREQUENT_ACCESS]."
        ),
    ),
    (
        {**GOOD, "OnDemandThroughput": {"MaxReadRequestUnits": 0}},
        INVALID + "Requested MaxReadRequestUnits for OnDemandThroughput for table is outside of valid range",
    ),
    (
        {**GOOD, "Tags": [{"Key": f"k{n}", "Value": ""} for n in range(51)]},
        "Number of Tags exceed the current limit for the provided ResourceArn",
    ),
]


def test_indexes_of_a_table_include_a_hundred_attributes_in_all(ddb: Service) -> None:
    indexes = [
        {
            "IndexName": f"gsi{number}",
            "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}],
            "Projection": {
                "ProjectionType": "INCLUDE",
                "NonKeyAttributes": [f"a{number}x{other}" for other in range(20)],
            },
        }
        for number in range(6)
    ]
    too_many = ("ValidationException", f"{INVALID}NonKeyAttributes of all indexes exceed the per-table limit of 100")
    params = {
        "TableName": "tab",
        "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    assert ddb.refusal("CreateTable", **params, GlobalSecondaryIndexes=indexes) == too_many
    ddb.call("CreateTable", **params, GlobalSecondaryIndexes=indexes[:5])
    update = {
        "TableName": "tab",
        "AttributeDefinitions": params["AttributeDefinitions"],
        "GlobalSecondaryIndexUpdates": [{"Create": indexes[5]}],
    }
    assert ddb.refusal("UpdateTable", **update) == too_many


@pytest.mark.parametrize(("params", "message"), REFUSED)
def test_definition_is_refused_and_leaves_no_table(ddb: Service, params: dict[str, Any], message: str) -> None:
    assert ddb.refusal("CreateTable", **params) == ("ValidationException", message)
    assert ddb.call("ListTables") == {"TableNames": []}


def test_table_is_described(ddb: Service) -> None:
    created = ddb.call("CreateTable", **gsi())["TableDescription"]
    described = ddb.call("DescribeTable", TableName="tab")["Table"]
    warm = {"ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 4000, "Status": "ACTIVE"}
    assert described == {
        "AttributeDefinitions": definitions(g="S", p="S", r="S"),
        "TableName": "tab",
        "KeySchema": keys("p", "r"),
        "TableStatus": "ACTIVE",
        "CreationDateTime": 1_800_000_000.0,
        "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0},
        "TableSizeBytes": 0,
        "ItemCount": 0,
        "TableArn": ARN,
        "TableId": created["TableId"],
        "WarmThroughput": warm,
        "BillingModeSummary": {"BillingMode": PPR, "LastUpdateToPayPerRequestDateTime": 1_800_000_000.0},
        "GlobalSecondaryIndexes": [
            {
                "IndexName": "gsi",
                "KeySchema": keys("g"),
                "Projection": {"ProjectionType": "ALL"},
                "IndexSizeBytes": 0,
                "ItemCount": 0,
                "IndexArn": f"{ARN}/index/gsi",
                "IndexStatus": "ACTIVE",
                "ProvisionedThroughput": {
                    "NumberOfDecreasesToday": 0,
                    "ReadCapacityUnits": 0,
                    "WriteCapacityUnits": 0,
                },
                "WarmThroughput": warm,
            }
        ],
        "DeletionProtectionEnabled": False,
    }
    assert created["TableStatus"] == "CREATING"
    assert created["GlobalSecondaryIndexes"][0]["IndexStatus"] == "CREATING"


def test_names_are_listed_in_order_by_page(ddb: Service) -> None:
    for name in ("ccc", "aaa", "bbb"):
        ddb.call("CreateTable", **{**GOOD, "TableName": name})
    assert ddb.call("ListTables") == {"TableNames": ["aaa", "bbb", "ccc"]}
    first = ddb.call("ListTables", Limit=2)
    assert first == {"TableNames": ["aaa", "bbb"], "LastEvaluatedTableName": "bbb"}
    assert ddb.call("ListTables", ExclusiveStartTableName="aab") == {"TableNames": ["bbb", "ccc"]}


def test_table_exists_once_and_goes_once(ddb: Service) -> None:
    ddb.call("CreateTable", **GOOD)
    assert ddb.refusal("CreateTable", **GOOD) == ("ResourceInUseException", "Table already exists: tab")
    deleted = ddb.call("DeleteTable", TableName="tab")["TableDescription"]
    assert deleted["TableStatus"] == "DELETING"
    assert not deleted.keys() & {"KeySchema", "AttributeDefinitions", "CreationDateTime", "GlobalSecondaryIndexes"}
    for operation in ("DescribeTable", "DeleteTable"):
        refusal = ddb.refusal(operation, TableName="tab")
        assert refusal == ("ResourceNotFoundException", "Requested resource not found: Table: tab not found")


def test_protected_table_stays(ddb: Service) -> None:
    ddb.call("CreateTable", **GOOD, DeletionProtectionEnabled=True)
    assert ddb.refusal("DeleteTable", TableName="tab")[1] == (
        "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first."
    )
    ddb.call("UpdateTable", TableName="tab", DeletionProtectionEnabled=False)
    ddb.call("DeleteTable", TableName="tab")


CREATE = {"Create": index("new", "n")}
BAD_UPDATES: list[tuple[dict[str, Any], str, str]] = [
    (
        {},
        "ValidationException",
        (
            "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates, "
            "SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, ReplicaTransitRoleArn, "
            "MultiRegionConsistency, "
            "DeletionProtectionEnabled, OnDemandThroughput, WarmThroughput or TableClass is required"
        ),
    ),
    (
        {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "nope"}}]},
        "ResourceNotFoundException",
        "Requested resource not found: Index nope for table tab",
    ),
    (
        {"GlobalSecondaryIndexUpdates": [{"Create": index("gsi", "g")}], "AttributeDefinitions": definitions(g="S")},
        "ValidationException",
        "Attempting to create an index which already exists",
    ),
    (
        {"GlobalSecondaryIndexUpdates": [CREATE]},
        "ValidationException",
        INVALID + "AttributeDefinitions is not specified for index: new",
    ),
    (
        {
            "GlobalSecondaryIndexUpdates": [{**CREATE, "Delete": {"IndexName": "gsi"}}],
            "AttributeDefinitions": definitions(n="N"),
        },
        "ValidationException",
        INVALID + "Only one global secondary index action is allowed per GlobalSecondaryIndexUpdate object",
    ),
    (
        {
            "GlobalSecondaryIndexUpdates": [CREATE, {"Delete": {"IndexName": "gsi"}}],
            "AttributeDefinitions": definitions(n="N"),
        },
        "LimitExceededException",
        "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
    ),
    (
        {"GlobalSecondaryIndexUpdates": [{}]},
        "ValidationException",
        INVALID + "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, "
        "GlobalSecondaryIndexUpdate.Delete must not be null",
    ),
    (
        {"BillingMode": "PROVISIONED"},
        "ValidationException",
        INVALID + "ProvisionedThroughput must be specified when BillingMode is PROVISIONED",
    ),
    (
        {"BillingMode": "PROVISIONED", "ProvisionedThroughput": UNITS},
        "ValidationException",
        INVALID + "ProvisionedThroughput must be specified for index: gsi",
    ),
    (
        {"ProvisionedThroughput": UNITS},
        "ValidationException",
        INVALID
        + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
    ),
    (
        {"StreamSpecification": {"StreamEnabled": False}},
        "ValidationException",
        "Table has no stream to disable: TableName: tab",
    ),
]


@pytest.mark.parametrize(("params", "code", "message"), BAD_UPDATES)
def test_change_is_refused(ddb: Service, params: dict[str, Any], code: str, message: str) -> None:
    ddb.call("CreateTable", **gsi())
    before = ddb.call("DescribeTable", TableName="tab")
    assert ddb.refusal("UpdateTable", TableName="tab", **params) == (code, message)
    assert ddb.call("DescribeTable", TableName="tab") == before


def test_new_index_is_filled_with_the_items_that_fit_it(ddb: Service) -> None:
    ddb.call("CreateTable", **GOOD)
    for name, value in (("a", {"N": "1"}), ("b", {"S": "1"}), ("c", {"N": "1"}), ("d", None)):
        item = {"p": {"S": name}} | ({"n": value} if value else {})
        ddb.call("PutItem", TableName="tab", Item=item)
    answer = ddb.call(
        "UpdateTable",
        TableName="tab",
        AttributeDefinitions=definitions(n="N"),
        GlobalSecondaryIndexUpdates=[CREATE],
    )["TableDescription"]
    assert answer["TableStatus"] == "UPDATING"
    assert (answer["GlobalSecondaryIndexes"][0]["IndexStatus"], answer["GlobalSecondaryIndexes"][0]["Backfilling"]) == (
        "CREATING",
        False,
    )
    described = ddb.call("DescribeTable", TableName="tab")["Table"]
    assert described["AttributeDefinitions"] == definitions(n="N", p="S")
    assert described["GlobalSecondaryIndexes"][0]["ItemCount"] == 2
    refusal = ddb.refusal("PutItem", TableName="tab", Item={"p": {"S": "b"}, "n": {"S": "1"}})
    assert refusal[1] == INVALID + "Type mismatch for Index Key n Expected: N Actual: S IndexName: new"
    ddb.call("UpdateTable", TableName="tab", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "new"}}])
    assert ddb.call("DescribeTable", TableName="tab")["Table"]["AttributeDefinitions"] == definitions(p="S")
    ddb.call("PutItem", TableName="tab", Item={"p": {"S": "b"}, "n": {"S": "1"}})


def test_billing_mode_changes(ddb: Service) -> None:
    ddb.call("CreateTable", **{**GOOD, "BillingMode": "PROVISIONED"}, ProvisionedThroughput=UNITS)
    assert "BillingModeSummary" not in ddb.call("DescribeTable", TableName="tab")["Table"]
    refusal = ddb.refusal("UpdateTable", TableName="tab", ProvisionedThroughput=UNITS)
    assert refusal[1].startswith(
        "The provisioned throughput for the table will not change. The requested value equals the current value. "
        "Current ReadCapacityUnits provisioned for the table: 1. Requested ReadCapacityUnits: 1. "
    )
    ddb.call("UpdateTable", TableName="tab", BillingMode=PPR)
    described = ddb.call("DescribeTable", TableName="tab")["Table"]
    assert described["BillingModeSummary"]["BillingMode"] == PPR
    assert described["ProvisionedThroughput"]["ReadCapacityUnits"] == 0


def test_sizes_and_counts_are_kept(ddb: Service) -> None:
    ddb.call("CreateTable", **gsi(Projection={"ProjectionType": "KEYS_ONLY"}))
    item = {"p": {"S": "x"}, "r": {"S": "y"}, "g": {"S": "zz"}, "other": {"S": "12345"}}
    ddb.call("PutItem", TableName="tab", Item=item)
    described = ddb.call("DescribeTable", TableName="tab")["Table"]
    assert (described["ItemCount"], described["TableSizeBytes"]) == (1, 2 + 2 + 3 + 10)
    assert described["GlobalSecondaryIndexes"][0]["IndexSizeBytes"] == 2 + 2 + 3
    ddb.call("DeleteItem", TableName="tab", Key={"p": {"S": "x"}, "r": {"S": "y"}})
    described = ddb.call("DescribeTable", TableName="tab")["Table"]
    assert (described["ItemCount"], described["TableSizeBytes"]) == (0, 0)
    assert described["GlobalSecondaryIndexes"][0]["IndexSizeBytes"] == 0


def test_limits_and_endpoint(ddb: Service) -> None:
    assert ddb.call("DescribeLimits") == {
        "AccountMaxReadCapacityUnits": 80000,
        "AccountMaxWriteCapacityUnits": 80000,
        "TableMaxReadCapacityUnits": 40000,
        "TableMaxWriteCapacityUnits": 40000,
    }
    (endpoint,) = ddb.call("DescribeEndpoints")["Endpoints"]
    assert endpoint["CachePeriodInMinutes"] == 1440
    address = endpoint["Address"]  # of a call from within that of AWS, otherwise the one that was asked
    assert address == f"dynamodb.{REGION}.amazonaws.com" or re.fullmatch(r"127\.0\.0\.1:\d+", address)


# --- tags ------------------------------------------------------------------------------------------------------------


def tags(**values: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in values.items()]


def test_tags_are_set_overwritten_and_removed(ddb: Service) -> None:
    ddb.call("CreateTable", **GOOD, Tags=tags(a="1"))
    ddb.call("TagResource", ResourceArn=ARN, Tags=tags(a="2", b=""))
    assert ddb.call("ListTagsOfResource", ResourceArn=ARN) == {"Tags": tags(a="2", b="")}
    ddb.call("UntagResource", ResourceArn=ARN, TagKeys=["a", "never"])
    assert ddb.call("ListTagsOfResource", ResourceArn=ARN) == {"Tags": tags(b="")}


BAD_TAGS: list[tuple[list[dict[str, str]], str]] = [
    ([], "Atleast one Tag needs to be provided as Input."),
    (tags(a="1") * 2, "Duplicate Tag Keys provided as input: Duplicate Tag Key found a"),
    ([{"Key": "aws:x", "Value": "1"}], "Tag Key cannot be prefixed with aws:, Key: aws:x"),
    ([{"Key": "a*", "Value": "1"}], "The Tag Key provided is invalid, Key: a*"),
    (tags(a="1*"), "The Tag Value provided is invalid, Value: 1*"),
    (
        [{"Key": f"k{n}", "Value": ""} for n in range(51)],
        "Number of Tags exceed the current limit for the provided ResourceArn",
    ),
]


@pytest.mark.parametrize(("given", "message"), BAD_TAGS)
def test_tags_are_refused(ddb: Service, given: list[dict[str, str]], message: str) -> None:
    ddb.call("CreateTable", **GOOD)
    assert ddb.refusal("TagResource", ResourceArn=ARN, Tags=given) == ("ValidationException", message)


BAD_ARNS = [
    ("nonsense", "ValidationException", INVALID + "ARNs must start with 'arn:': nonsense"),
    (
        "arn:aws:sqs:eu-central-1:123456789012:q",
        "ValidationException",
        INVALID + "Provided Arn is not a DynamoDB resource arn: arn:aws:sqs:eu-central-1:123456789012:q",
    ),
    (
        f"{ARN}/index/gsi",
        "ValidationException",
        (
            f"{INVALID}Invalid resource arn provided, only table or stream is accepted. Provided resource arn: "
            f"{ARN}/index/gsi"
        ),
    ),
    (ARN, "ResourceNotFoundException", f"Requested resource not found: ResourcArn: {ARN} not found"),
]


@pytest.mark.parametrize(("arn", "code", "message"), BAD_ARNS)
def test_resource_arn_is_refused(ddb: Service, arn: str, code: str, message: str) -> None:
    assert ddb.refusal("ListTagsOfResource", ResourceArn=arn) == (code, message)


def _creating(name: str, attribute: str) -> dict[str, Any]:
    keys = [{"AttributeName": attribute, "KeyType": "HASH"}]
    return {"Create": {"IndexName": name, "KeySchema": keys, "Projection": {"ProjectionType": "ALL"}}}


def test_an_attribute_keeps_the_type_that_it_has_as_a_key(ddb: Service) -> None:
    ddb.table("tab", "xyz:S")
    definitions = [{"AttributeName": "xyz", "AttributeType": "N"}]
    updates = [_creating("gsi", "xyz")]
    refusal = ddb.refusal(
        "UpdateTable", TableName="tab", AttributeDefinitions=definitions, GlobalSecondaryIndexUpdates=updates
    )
    assert refusal[1] == (
        "One or more parameter values were invalid: Attributes cannot be redefined. Please check that your attribute has "
        "the same type as previously defined. Existing schema: Schema:[SchemaElement: key{xyz:S:HASH}] New schema: "
        "Schema:[SchemaElement: key{xyz:N:HASH}]"
    )


def test_two_indexes_at_once_are_too_many_whether_they_exist_or_not(ddb: Service) -> None:
    ddb.table("tab")
    updates = [{"Delete": {"IndexName": "nope"}}, {"Delete": {"IndexName": "neither"}}]
    refusal = ddb.refusal("UpdateTable", TableName="tab", GlobalSecondaryIndexUpdates=updates)
    assert refusal[0] == "LimitExceededException"


def test_what_is_too_long_for_a_key_is_left_out_of_a_new_index(ddb: Service) -> None:
    ddb.table("tab")
    for name, length in (("fits", 2048), ("long", 2049)):
        ddb.call("PutItem", TableName="tab", Item={"p": {"S": name}, "g": {"S": "x" * length}})
    definitions = [{"AttributeName": "g", "AttributeType": "S"}]
    updates = [_creating("gsi", "g")]
    ddb.call("UpdateTable", TableName="tab", AttributeDefinitions=definitions, GlobalSecondaryIndexUpdates=updates)
    found = ddb.call("Scan", TableName="tab", IndexName="gsi")["Items"]
    assert [item["p"] for item in found] == [{"S": "fits"}]
    ddb.call(
        "UpdateItem",
        TableName="tab",
        Key={"p": {"S": "long"}},
        UpdateExpression="SET a = :v",
        ExpressionAttributeValues={":v": {"S": "x"}},
    )
    ddb.call("DeleteItem", TableName="tab", Key={"p": {"S": "long"}})


def test_a_table_has_no_name_of_two_characters(ddb: Service) -> None:
    refusal = ddb.refusal("GetItem", TableName="ab", Key={"p": {"S": "x"}})
    assert refusal == (
        "ValidationException",
        "TableName must be at least 3 characters long and at most 255 characters long",
    )


def test_tags_come_on_one_page(ddb: Service) -> None:
    ddb.table("tab")
    arn = ddb.call("DescribeTable", TableName="tab")["Table"]["TableArn"]
    tags = [{"Key": f"k{number}", "Value": ""} for number in range(25)]
    ddb.call("TagResource", ResourceArn=arn, Tags=tags)
    assert ddb.call("ListTagsOfResource", ResourceArn=arn) == {"Tags": tags}


def test_an_index_that_is_filled_at_once_is_seen_being_filled_once(ddb: Service) -> None:
    ddb.table("tab")
    ddb.call("PutItem", TableName="tab", Item={"p": {"S": "x"}, "g": {"S": "y"}})
    definitions = [{"AttributeName": "g", "AttributeType": "S"}]
    updates = [_creating("gsi", "g")]
    ddb.call("UpdateTable", TableName="tab", AttributeDefinitions=definitions, GlobalSecondaryIndexUpdates=updates)
    seen = []
    for _ in range(2):
        described = ddb.call("DescribeTable", TableName="tab")["Table"]
        (index,) = described["GlobalSecondaryIndexes"]
        seen.append((described["TableStatus"], index["IndexStatus"], index.get("Backfilling")))
    assert seen == [("ACTIVE", "CREATING", True), ("ACTIVE", "ACTIVE", None)]
    assert ddb.call("Scan", TableName="tab", IndexName="gsi")["Count"] == 1
