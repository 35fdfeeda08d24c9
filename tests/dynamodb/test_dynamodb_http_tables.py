"""One table of facts for each operation beside those on items, by every door: in process, raw HTTP and boto3.

A row is what a request has besides the rest of a good one, and the outcome, as in ``test_dynamodb_http``.
"""

from __future__ import annotations

from typing import Any

import pytest
from dynamodb_doors import Endpoint
from dynamodb_service import ACCOUNT, Service
from test_dynamodb_http import (
    ARN,
    BATCH_GET_ITEM,
    BATCH_WRITE_ITEM,
    DELETE_ITEM,
    EXECUTE_STATEMENT,
    GET_ITEM,
    INVALID,
    NO_MEMBER,
    NOT_FOUND,
    NOT_NULL,
    PATTERN,
    PUT_ITEM,
    QUERY,
    SCAN,
    TRANSACT_GET_ITEMS,
    TRANSACT_WRITE_ITEMS,
    UPDATE_ITEM,
    Row,
    at_least,
    at_most,
    broken,
    check,
    fill,
    one_of,
)

from emulator.wire.operations import service_model


def value_at_least(least: int) -> str:
    return f"Member must have value greater than or equal to {least}"


def value_at_most(most: int) -> str:
    return f"Member must have value less than or equal to {most}"


def attributes(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "AttributeType": "S"} for name in names]


def keys(*parts: str) -> list[dict[str, str]]:
    return [dict(zip(("AttributeName", "KeyType"), part.split(":"), strict=True)) for part in parts]


def statements(*texts: str) -> list[dict[str, str]]:
    return [{"Statement": text} for text in texts]


def bad_arns(operation: str, **rest: Any) -> list[Row]:
    """What every operation on a resource says of an ARN."""
    elsewhere = ARN.replace(ACCOUNT, "999999999999")
    return [
        ({**rest, "ResourceArn": given}, outcome)
        for given, outcome in (
            (NO_MEMBER, broken("resourceArn", NOT_NULL)),
            ("", broken("resourceArn", at_least(1), "''")),
            ("no arn", f"{INVALID}ARNs must start with 'arn:': no arn"),
            ("arn:aws:s3:::bucket", f"{INVALID}Provided Arn is not a DynamoDB resource arn: arn:aws:s3:::bucket"),
            (
                f"{ARN}/index/gsi",
                f"{INVALID}Invalid resource arn provided, only table or stream is accepted. Provided resource arn: "
                f"{ARN}/index/gsi",
            ),
            (
                f"{ARN}le",
                ("ResourceNotFoundException", f"Requested resource not found: ResourcArn: {ARN}le not found"),
            ),
            (
                elsewhere,
                (
                    "AccessDeniedException",
                    f"User: arn:aws:iam::{ACCOUNT}:root is not authorized to perform: dynamodb:{operation} on "
                    f"resource: {elsewhere}",
                ),
            ),
        )
    ]


@pytest.fixture(params=["perform", "raw", "boto3"])
def tables(request: pytest.FixtureRequest) -> Service:
    """The shop, and ``logged`` with a stream, ``kept`` with point-in-time recovery, ``vec`` with a vector index."""
    service = Service()
    fill(service)
    service.table("logged", StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
    service.table("kept")
    recovery = {"PointInTimeRecoveryEnabled": True}
    service.call("UpdateContinuousBackups", TableName="kept", PointInTimeRecoverySpecification=recovery)
    index = {
        "IndexName": "near",
        "VectorAttribute": {"AttributeName": "v"},
        "Dimensions": 2,
        "DistanceFunction": "EUCLIDEAN",
        "Projection": {"ProjectionType": "ALL"},
    }
    service.table("vec", VectorIndexes=[index])
    if request.param != "perform":
        endpoint: Endpoint = request.getfixturevalue("endpoint")
        endpoint.world = service.world
        service.door = getattr(endpoint, request.param)
    return service


REST: dict[str, dict[str, Any]] = {
    "CreateTable": {
        "KeySchema": keys("p:HASH"),
        "AttributeDefinitions": attributes("p"),
        "BillingMode": "PAY_PER_REQUEST",
        "TableName": "new",
    },
    "ExportTableToPointInTime": {
        "TableArn": "arn:aws:dynamodb:eu-central-1:123456789012:table/kept",
        "S3Bucket": "bucket",
    },
    "GetShardIterator": {
        "StreamArn": "arn:aws:dynamodb:eu-central-1:123456789012:table/logged/stream/2027-01-15T08:00:00.000",
        "ShardId": "shardId-00000001800000000000-2f5335f7",
        "ShardIteratorType": "TRIM_HORIZON",
    },
    "ImportTable": {
        "S3BucketSource": {"S3Bucket": "bucket"},
        "InputFormat": "DYNAMODB_JSON",
        "TableCreationParameters": {
            "KeySchema": keys("p:HASH"),
            "AttributeDefinitions": attributes("p"),
            "BillingMode": "PAY_PER_REQUEST",
            "TableName": "new",
        },
    },
    "PutResourcePolicy": {"ResourceArn": ARN},
    "RestoreTableToPointInTime": {"SourceTableName": "kept", "TargetTableName": "new"},
    "SearchVectors": {"TableName": "vec", "IndexName": "near", "SearchVector": [{"N": "1"}, {"N": "2"}], "TopK": 1},
    "StartBulkPutItems": {
        "TableName": "tab",
        "InputS3Configuration": {"S3Bucket": "bucket", "InputFormat": "DYNAMODB_JSON"},
        "OutputS3Configuration": {"S3Bucket": "bucket", "OutputType": ["ERROR"]},
    },
    "TagResource": {"ResourceArn": ARN},
    "UntagResource": {"ResourceArn": ARN},
    "UpdateContinuousBackups": {"TableName": "tab"},
    "UpdateTable": {"TableName": "tab"},
    "UpdateTimeToLive": {"TableName": "tab"},
}


ROWS: dict[str, list[Row]] = {
    "BatchExecuteStatement": [
        ({}, broken("statements", NOT_NULL)),
        ({"Statements": []}, broken("statements", at_least(1), "'[]'")),
        (
            {"Statements": statements(*["x"] * 26)},
            broken(
                "statements",
                at_most(25),
                "'[BatchStatementRequest(statement=x), BatchStatementRequest(statement=x), BatchStatementRequest(statement=x), BatchStatementRequest(statement=x), BatchStatementRequest(statement=x), BatchStatementRequest(statement=x), BatchStatementRequest(statement=x), BatchStatementRequest(statement=x), BatchStatementRequest(statement=x), BatchStatementRequest(statement=x), BatchStatementRequest(statement=x), BatchStatementRequest(statement=x), BatchStatementRequest(statement=x), BatchStatementRequest(statement=x), BatchStatementRequest(statement=x), BatchStatementRequest(statement=x), BatchStatementRequest(statement=x), BatchStatementRequest(statement=x), BatchStatementRequest(statement=x), BatchStatementRequest(statement=x), BatchStatementRequest(statement=x), BatchStatementRequest(statement=x), BatchStatementRequest(statement=x), BatchStatementRequest(statement=x), BatchStatementRequest(statement=x), BatchStatementRequest(statement=x)]'",
            ),
        ),
        ({"Statements": [{}]}, broken("statements.1.member.statement", NOT_NULL)),
        (
            {
                "Statements": statements(
                    "SELECT a FROM tab WHERE p='a' AND r=1", "SELECT ns FROM tab WHERE p='b' AND r=1"
                )
            },
            {
                "Responses": [
                    {"Item": {"a": {"S": "one"}}, "TableName": "tab"},
                    {"Item": {"ns": {"NS": ["1", "2"]}}, "TableName": "tab"},
                ]
            },
        ),
        (
            {
                "Statements": statements(
                    "SELECT a FROM tab WHERE p='a' AND r=1", "SELECT a FROM tab WHERE p='a' AND r=1"
                )
            },
            "Provided list of item keys contains duplicates",
        ),
        (
            {"Statements": statements("SELECT a FROM tab WHERE p='a' AND r=1", "DELETE FROM tab WHERE p='b' AND r=1")},
            "The statements of a request must all read, or all write",
        ),
        (
            {"Statements": statements("SELEC", "SELECT a FROM tab WHERE p='a' AND r=1")},
            {
                "Responses": [
                    {
                        "Error": {
                            "Code": "ValidationError",
                            "Message": "Statement wasn't well formed, can't be processed: Expected data manipulation",
                        }
                    },
                    {"Item": {"a": {"S": "one"}}, "TableName": "tab"},
                ]
            },
        ),
        (
            {"Statements": statements("SELECT * FROM nope WHERE p='a'")},
            {
                "Responses": [
                    {
                        "Error": {"Code": "ResourceNotFound", "Message": "Requested resource not found"},
                        "TableName": "nope",
                    }
                ]
            },
        ),
        (
            {"Statements": statements("SELECT * FROM tab WHERE p='a'")},
            {
                "Responses": [
                    {
                        "Error": {
                            "Code": "ValidationError",
                            "Message": "Select statements within BatchExecuteStatement must specify the primary key in the where clause.",
                        },
                    }
                ]
            },
        ),
        (
            {"Statements": statements('SELECT * FROM "tab"."gsi" WHERE g=\'v\'')},
            {
                "Responses": [
                    {
                        "Error": {
                            "Code": "ValidationError",
                            "Message": "Select statements within BatchExecuteStatement must specify the primary key in the where clause.",
                        },
                    }
                ]
            },
        ),
        (
            {"Statements": statements("INSERT INTO tab VALUE {'p':'a','r':1}")},
            {
                "Responses": [
                    {
                        "Error": {"Code": "DuplicateItem", "Message": "Duplicate primary key exists in table"},
                        "TableName": "tab",
                    }
                ]
            },
        ),
        (
            {"Statements": statements("UPDATE tab SET a='x' WHERE p='q' AND r=1")},
            {
                "Responses": [
                    {
                        "Error": {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"},
                        "TableName": "tab",
                    }
                ]
            },
        ),
        ({"Statements": statements("SELECT * FROM tab WHERE p='zz' AND r=1")}, {"Responses": [{"TableName": "tab"}]}),
        (
            {"Statements": statements("EXISTS(SELECT * FROM tab WHERE p='a' AND r=1)")},
            {
                "Responses": [
                    {
                        "Error": {
                            "Code": "ValidationError",
                            "Message": "Unsupported operation: EXISTS is only allowed in transactions",
                        },
                    }
                ]
            },
        ),
    ],
    "CancelBulkOperation": [
        ({}, broken("bulkOperationArn", NOT_NULL)),
        ({"BulkOperationArn": "x"}, broken("bulkOperationArn", at_least(37), "'x'")),
        (
            {"BulkOperationArn": f"{ARN}/bulk-operation/01489602797149-73d8d5bc"},
            (
                "ResourceNotFoundException",
                f"Requested resource not found: Bulk operation: {ARN}/bulk-operation/01489602797149-73d8d5bc not found",
            ),
        ),
        ({"BulkOperationArn": "x" * 1025}, broken("bulkOperationArn", at_most(1024), f"'{'x' * 1025}'")),
    ],
    "CreateBackup": [
        (
            {},
            "2 validation errors detected: Value null at 'tableName' failed to satisfy constraint: Member must not be null; Value null at 'backupName' failed to satisfy constraint: Member must not be null",
        ),
        ({"TableName": "tab", "BackupName": "ab"}, broken("backupName", at_least(3), "'ab'")),
        ({"TableName": "tab", "BackupName": "a b c"}, broken("backupName", PATTERN, "'a b c'")),
        ({"TableName": "tab", "BackupName": "b" * 256}, broken("backupName", at_most(255), f"'{'b' * 256}'")),
        ({"TableName": "nope", "BackupName": "abc"}, ("TableNotFoundException", "Table not found: nope")),
        ({"TableName": "bad table!@#", "BackupName": "abc"}, broken("tableName", PATTERN, "'bad table!@#'")),
    ],
    "CreateGlobalTable": [
        ({"ReplicationGroup": [{"RegionName": "eu-west-1"}]}, broken("globalTableName", NOT_NULL)),
        (
            {"ReplicationGroup": [{"RegionName": "eu-west-1"}], "GlobalTableName": "ab"},
            broken("globalTableName", at_least(3), "'ab'"),
        ),
        (
            {"ReplicationGroup": [{"RegionName": "eu-west-1"}], "GlobalTableName": "t" * 256},
            broken("globalTableName", at_most(255), f"'{'t' * 256}'"),
        ),
        (
            {"ReplicationGroup": [{"RegionName": "eu-west-1"}], "GlobalTableName": "bad table!@#"},
            broken("globalTableName", PATTERN, "'bad table!@#'"),
        ),
        (
            {"ReplicationGroup": [{"RegionName": "eu-west-1"}], "GlobalTableName": "tab"},
            f"{INVALID}DynamoDB global tables version 2017.11.29 is not supported. We recommend using DynamoDB global tables version 2019.11.21, instead of version 2017.11.29 (Legacy).",
        ),
    ],
    "CreateTable": [
        ({"TableName": NO_MEMBER}, "The parameter 'TableName' is required but was not present in the request"),
        ({"TableName": "ab"}, broken("tableName", at_least(3), "'ab'")),
        ({"TableName": "t" * 256}, broken("tableName", at_most(255), f"'{'t' * 256}'")),
        ({"TableName": "bad table!@#"}, broken("tableName", PATTERN, "'bad table!@#'")),
        ({"TableName": "tab"}, ("ResourceInUseException", "Table already exists: tab")),
        ({"AttributeDefinitions": NO_MEMBER}, broken("attributeDefinitions", NOT_NULL)),
        ({"KeySchema": NO_MEMBER}, broken("keySchema", NOT_NULL)),
        ({"KeySchema": []}, broken("keySchema", at_least(1), "'[]'")),
        (
            {"AttributeDefinitions": attributes("p", "q")},
            f"{INVALID}Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions",
        ),
        (
            {
                "AttributeDefinitions": attributes("p", "q", "z"),
                "GlobalSecondaryIndexes": [
                    {"IndexName": "gsi", "KeySchema": keys("q:HASH"), "Projection": {"ProjectionType": "ALL"}}
                ],
            },
            f"{INVALID}Some AttributeDefinitions are not used. AttributeDefinitions: [p, q, z], keys used: [p, q]",
        ),
        (
            {"AttributeDefinitions": attributes("q")},
            f"{INVALID}Some index key attributes are not defined in AttributeDefinitions. Keys: [p], AttributeDefinitions: [q]",
        ),
        ({"KeySchema": keys("p:HASH", "p:RANGE")}, "Invalid KeySchema: Some index key attribute have no definition"),
        (
            {"KeySchema": keys("p:HASH", "p:RANGE"), "AttributeDefinitions": attributes("p", "q")},
            "Both the Hash Key and the Range Key element in the KeySchema have the same name",
        ),
        ({"KeySchema": keys("p:RANGE")}, "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"),
        (
            {"KeySchema": keys("p:HASH", "q:HASH"), "AttributeDefinitions": attributes("p", "q")},
            "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type",
        ),
        (
            {"KeySchema": keys("p:HASH", "q:RANGE", "z:RANGE"), "AttributeDefinitions": attributes("p", "q", "z")},
            broken(
                "keySchema",
                at_most(2),
                "'[KeySchemaElement(attributeName=p, keyType=HASH), KeySchemaElement(attributeName=q, keyType=RANGE), KeySchemaElement(attributeName=z, keyType=RANGE)]'",
            ),
        ),
        ({"KeySchema": keys("p:INVALID")}, broken("keySchema.1.member.keyType", one_of("HASH", "RANGE"), "'INVALID'")),
        (
            {"AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "X"}]},
            broken("attributeDefinitions.1.member.attributeType", one_of("B", "N", "S"), "'X'"),
        ),
        (
            {"AttributeDefinitions": [{"AttributeType": "S"}]},
            broken("attributeDefinitions.1.member.attributeName", NOT_NULL),
        ),
        (
            {
                "AttributeDefinitions": [
                    {"AttributeName": "p", "AttributeType": "S"},
                    {"AttributeName": "p", "AttributeType": "N"},
                ]
            },
            "Attribute Name is duplicated: p",
        ),
        (
            {"BillingMode": NO_MEMBER},
            f"{INVALID}ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED",
        ),
        (
            {"ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}},
            f"{INVALID}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
        ),
        (
            {"BillingMode": "PROVISIONED", "ProvisionedThroughput": {"ReadCapacityUnits": 1}},
            broken("provisionedThroughput.writeCapacityUnits", NOT_NULL),
        ),
        (
            {"BillingMode": "PROVISIONED", "ProvisionedThroughput": {"ReadCapacityUnits": 0, "WriteCapacityUnits": 1}},
            broken("provisionedThroughput.readCapacityUnits", value_at_least(1), "'0'"),
        ),
        (
            {"BillingMode": "provisioned"},
            broken("billingMode", one_of("PROVISIONED", "PAY_PER_REQUEST"), "'provisioned'"),
        ),
        (
            {
                "AttributeDefinitions": attributes("p", "q"),
                "BillingMode": "PROVISIONED",
                "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
                "GlobalSecondaryIndexes": [
                    {"IndexName": "gsi", "KeySchema": keys("q:HASH"), "Projection": {"ProjectionType": "ALL"}}
                ],
            },
            f"{INVALID}ProvisionedThroughput is not specified for index: gsi",
        ),
        (
            {
                "AttributeDefinitions": attributes("p", "q"),
                "GlobalSecondaryIndexes": [
                    {
                        "IndexName": "gsi",
                        "KeySchema": keys("q:HASH"),
                        "Projection": {"ProjectionType": "ALL"},
                        "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
                    }
                ],
            },
            f"{INVALID}ProvisionedThroughput should not be specified for index: gsi when BillingMode is PAY_PER_REQUEST",
        ),
        (
            {
                "BillingMode": "PROVISIONED",
                "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
                "OnDemandThroughput": {"MaxReadRequestUnits": 5},
            },
            f"{INVALID}MaxReadRequestUnits for OnDemandThroughput cannot be specified when the table BillingMode is PROVISIONED",
        ),
        (
            {"OnDemandThroughput": {"MaxReadRequestUnits": 0}},
            f"{INVALID}Requested MaxReadRequestUnits for OnDemandThroughput for table is outside of valid range",
        ),
        (
            {"WarmThroughput": {"ReadUnitsPerSecond": 11999}},
            f"{INVALID}Requested ReadUnitsPerSecond for WarmThroughput for table is lower than initial throughput for OnDemand. See: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html",
        ),
        (
            {"WarmThroughput": {"WriteUnitsPerSecond": 3999}},
            f"{INVALID}Requested WriteUnitsPerSecond for WarmThroughput for table is lower than initial throughput for OnDemand. See: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html",
        ),
        ({"GlobalSecondaryIndexes": []}, f"{INVALID}List of GlobalSecondaryIndexes is empty"),
        ({"LocalSecondaryIndexes": []}, f"{INVALID}List of LocalSecondaryIndexes is empty"),
        (
            {
                "AttributeDefinitions": attributes("p", "q"),
                "GlobalSecondaryIndexes": [
                    {"IndexName": "gsi", "KeySchema": keys("q:HASH"), "Projection": {"ProjectionType": "ALL"}},
                    {"IndexName": "gsi", "KeySchema": keys("q:HASH"), "Projection": {"ProjectionType": "ALL"}},
                ],
            },
            f"{INVALID}Duplicate index name: gsi",
        ),
        (
            {
                "AttributeDefinitions": attributes("p", "q"),
                "LocalSecondaryIndexes": [
                    {
                        "IndexName": "lsi",
                        "KeySchema": keys("p:HASH", "q:RANGE"),
                        "Projection": {"ProjectionType": "ALL"},
                    }
                ],
            },
            f"{INVALID}Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex",
        ),
        (
            {
                "KeySchema": keys("p:HASH", "r:RANGE"),
                "AttributeDefinitions": attributes("p", "r", "q"),
                "LocalSecondaryIndexes": [
                    {
                        "IndexName": "lsi",
                        "KeySchema": keys("q:HASH", "r:RANGE"),
                        "Projection": {"ProjectionType": "ALL"},
                    }
                ],
            },
            f"{INVALID}Index KeySchema does not have the same leading hash key as table KeySchema for index: lsi. index hash key: q, table hash key: p",
        ),
        (
            {
                "KeySchema": keys("p:HASH", "r:RANGE"),
                "AttributeDefinitions": attributes("p", "r"),
                "LocalSecondaryIndexes": [
                    {"IndexName": "lsi", "KeySchema": keys("p:HASH"), "Projection": {"ProjectionType": "ALL"}}
                ],
            },
            f"{INVALID}Index KeySchema does not have a range key for index: lsi",
        ),
        (
            {
                "AttributeDefinitions": attributes("p", "q"),
                "GlobalSecondaryIndexes": [
                    {"IndexName": "gsi", "KeySchema": keys("q:HASH"), "Projection": {"ProjectionType": "INCLUDE"}}
                ],
            },
            f"{INVALID}ProjectionType is INCLUDE, but NonKeyAttributes is not specified",
        ),
        (
            {
                "AttributeDefinitions": attributes("p", "q"),
                "GlobalSecondaryIndexes": [
                    {
                        "IndexName": "gsi",
                        "KeySchema": keys("q:HASH"),
                        "Projection": {"ProjectionType": "KEYS_ONLY", "NonKeyAttributes": ["a"]},
                    }
                ],
            },
            f"{INVALID}ProjectionType is KEYS_ONLY, but NonKeyAttributes is specified",
        ),
        (
            {
                "AttributeDefinitions": attributes("p", "q"),
                "GlobalSecondaryIndexes": [{"IndexName": "gsi", "KeySchema": keys("q:HASH"), "Projection": {}}],
            },
            f"{INVALID}Unknown ProjectionType: null",
        ),
        (
            {
                "AttributeDefinitions": attributes("p", "q"),
                "GlobalSecondaryIndexes": [
                    {
                        "IndexName": "gsi",
                        "KeySchema": keys("q:HASH"),
                        "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["a", "a"]},
                    }
                ],
            },
            f"{INVALID}Duplicate element in NonKeyAttributes: a",
        ),
        (
            {
                "AttributeDefinitions": attributes("p", "q"),
                "GlobalSecondaryIndexes": [
                    {
                        "IndexName": "gsi",
                        "KeySchema": keys("q:HASH"),
                        "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": []},
                    }
                ],
            },
            broken("globalSecondaryIndexes.1.member.projection.nonKeyAttributes", at_least(1), "'[]'"),
        ),
        (
            {
                "AttributeDefinitions": attributes("p", "q"),
                "GlobalSecondaryIndexes": [
                    {"IndexName": "gsi", "KeySchema": keys("q:HASH"), "Projection": {"ProjectionType": "ONLY"}}
                ],
            },
            broken(
                "globalSecondaryIndexes.1.member.projection.projectionType",
                one_of("ALL", "KEYS_ONLY", "INCLUDE"),
                "'ONLY'",
            ),
        ),
        (
            {
                "AttributeDefinitions": attributes("p", "q"),
                "GlobalSecondaryIndexes": [{"IndexName": "gsi", "KeySchema": keys("q:HASH")}],
            },
            broken("globalSecondaryIndexes.1.member.projection", NOT_NULL),
        ),
        (
            {
                "AttributeDefinitions": attributes("p", "a", "b", "c"),
                "GlobalSecondaryIndexes": [
                    {
                        "IndexName": "gsi",
                        "KeySchema": keys("a:HASH", "b:RANGE", "c:HASH"),
                        "Projection": {"ProjectionType": "ALL"},
                    }
                ],
            },
            f"{INVALID}All HASH key attributes must precede RANGE key attributes in the KeySchema",
        ),
        (
            {
                "AttributeDefinitions": attributes("p", "a", "b"),
                "GlobalSecondaryIndexes": [
                    {
                        "IndexName": "gsi",
                        "KeySchema": keys("a:HASH", "b:RANGE", "a:RANGE"),
                        "Projection": {"ProjectionType": "ALL"},
                    }
                ],
            },
            "The KeySchema contains multiple key attributes with the same name",
        ),
        (
            {
                "AttributeDefinitions": attributes("p", "a", "b", "c", "d", "e"),
                "GlobalSecondaryIndexes": [
                    {
                        "IndexName": "gsi",
                        "KeySchema": keys("a:HASH", "b:HASH", "c:HASH", "d:HASH", "e:HASH"),
                        "Projection": {"ProjectionType": "ALL"},
                    }
                ],
            },
            f"{INVALID}The KeySchema exceeds the maximum allowed number of HASH key attributes",
        ),
        (
            {
                "AttributeDefinitions": attributes("p", "a", "b", "c", "d", "e"),
                "GlobalSecondaryIndexes": [
                    {
                        "IndexName": "gsi",
                        "KeySchema": keys("p:HASH", "a:RANGE", "b:RANGE", "c:RANGE", "d:RANGE", "e:RANGE"),
                        "Projection": {"ProjectionType": "ALL"},
                    }
                ],
            },
            f"{INVALID}The KeySchema exceeds the maximum allowed number of RANGE key attributes",
        ),
        (
            {
                "AttributeDefinitions": attributes("p", "a"),
                "GlobalSecondaryIndexes": [
                    {
                        "IndexName": "gsi",
                        "KeySchema": keys("a:HASH", "b:RANGE"),
                        "Projection": {"ProjectionType": "ALL"},
                    }
                ],
            },
            f"{INVALID}Some index key attributes are not defined in AttributeDefinitions. Keys: [b], AttributeDefinitions: [p, a]",
        ),
        (
            {"StreamSpecification": {"StreamEnabled": True}},
            f"{INVALID}Table is being created with a stream enabled, UpdateViewType is required",
        ),
        (
            {"StreamSpecification": {"StreamEnabled": False, "StreamViewType": "NEW_IMAGE"}},
            f"{INVALID}Table is being created with a stream disabled, UpdateViewType should not be specified",
        ),
        (
            {"SSESpecification": {"Enabled": False, "SSEType": "KMS"}},
            f"{INVALID}SSEType can not be specified if Enabled is false",
        ),
        (
            {"SSESpecification": {"Enabled": False, "KMSMasterKeyId": "k"}},
            f"{INVALID}KMSMasterKeyId can not be specified if Enabled is false",
        ),
        (
            {"SSESpecification": {"Enabled": True, "KMSMasterKeyId": "k"}},
            f"{INVALID}SSEType KMS is required if KMSMasterKeyId is specified",
        ),
        ({"SSESpecification": {"Enabled": True, "SSEType": "AES256"}}, f"{INVALID}SSEType AES256 is not supported"),
        (
            {"TableClass": "DOG"},
            "Invalid table-class parameter provided. Please try again with a valid table-class value: [STANDARD, STANDARD_INFREQUENT_ACCESS].",
        ),
        ({"Tags": [{"Key": "aws:a", "Value": ""}]}, "Tag Key cannot be prefixed with aws:, Key: aws:a"),
        ({"Tags": [{"Key": "a", "Value": "b!"}]}, "The Tag Value provided is invalid, Value: b!"),
        ({"VectorIndexes": []}, f"{INVALID}List of VectorIndexes is empty"),
        (
            {
                "BillingMode": "PROVISIONED",
                "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
                "VectorIndexes": [
                    {
                        "IndexName": "vec",
                        "VectorAttribute": {"AttributeName": "v"},
                        "Dimensions": 2,
                        "DistanceFunction": "COSINE",
                        "Projection": {"ProjectionType": "ALL"},
                    }
                ],
            },
            f"{INVALID}Vector indexes are only supported for PAY_PER_REQUEST tables",
        ),
    ],
    "DeleteBackup": [
        ({}, broken("backupArn", NOT_NULL)),
        ({"BackupArn": "x"}, broken("backupArn", at_least(37), "'x'")),
        ({"BackupArn": "x" * 41}, "Invalid Request: BackupArn is not valid"),
        (
            {"BackupArn": f"{ARN}/backup/01489602797149-73d8d5bc"},
            ("BackupNotFoundException", f"Backup not found: {ARN}/backup/01489602797149-73d8d5bc"),
        ),
        ({"BackupArn": f"{ARN}/export/01489602797149-73d8d5bc"}, "Invalid Request: BackupArn is not valid"),
    ],
    "DeleteResourcePolicy": [
        *bad_arns("DeleteResourcePolicy"),
        ({"ResourceArn": ARN}, {}),
        (
            {"ResourceArn": ARN, "ExpectedRevisionId": "1"},
            ("PolicyNotFoundException", f"Resource-based policy not found for the provided ResourceArn: {ARN}"),
        ),
    ],
    "DeleteTable": [
        ({}, "The parameter 'TableName' is required but was not present in the request"),
        ({"TableName": "ab"}, broken("tableName", at_least(3), "'ab'")),
        ({"TableName": "t" * 256}, broken("tableName", at_most(255), f"'{'t' * 256}'")),
        ({"TableName": "bad table!@#"}, broken("tableName", PATTERN, "'bad table!@#'")),
        ({"TableName": "nope"}, ("ResourceNotFoundException", "Requested resource not found: Table: nope not found")),
    ],
    "DescribeBackup": [
        ({}, broken("backupArn", NOT_NULL)),
        ({"BackupArn": "x"}, broken("backupArn", at_least(37), "'x'")),
        ({"BackupArn": "x" * 41}, "Invalid Request: BackupArn is not valid"),
        (
            {"BackupArn": f"{ARN}/backup/01489602797149-73d8d5bc"},
            ("BackupNotFoundException", f"Backup not found: {ARN}/backup/01489602797149-73d8d5bc"),
        ),
        ({"BackupArn": f"{ARN}/export/01489602797149-73d8d5bc"}, "Invalid Request: BackupArn is not valid"),
    ],
    "DescribeBulkOperation": [
        ({}, broken("bulkOperationArn", NOT_NULL)),
        ({"BulkOperationArn": "x"}, broken("bulkOperationArn", at_least(37), "'x'")),
        (
            {"BulkOperationArn": f"{ARN}/bulk-operation/01489602797149-73d8d5bc"},
            (
                "ResourceNotFoundException",
                f"Requested resource not found: Bulk operation: {ARN}/bulk-operation/01489602797149-73d8d5bc not found",
            ),
        ),
        ({"BulkOperationArn": "x" * 1025}, broken("bulkOperationArn", at_most(1024), f"'{'x' * 1025}'")),
    ],
    "DescribeContinuousBackups": [
        ({}, broken("tableName", NOT_NULL)),
        ({"TableName": "ab"}, broken("tableName", at_least(3), "'ab'")),
        ({"TableName": "t" * 256}, broken("tableName", at_most(255), f"'{'t' * 256}'")),
        ({"TableName": "bad table!@#"}, broken("tableName", PATTERN, "'bad table!@#'")),
        ({"TableName": "nope"}, ("TableNotFoundException", "Table not found: nope")),
        (
            {"TableName": "tab"},
            {
                "ContinuousBackupsDescription": {
                    "ContinuousBackupsStatus": "ENABLED",
                    "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "DISABLED"},
                }
            },
        ),
        (
            {"TableName": "kept"},
            {
                "ContinuousBackupsDescription": {
                    "ContinuousBackupsStatus": "ENABLED",
                    "PointInTimeRecoveryDescription": {
                        "PointInTimeRecoveryStatus": "ENABLED",
                        "RecoveryPeriodInDays": 35,
                        "EarliestRestorableDateTime": 1800000000.0,
                        "LatestRestorableDateTime": 1800000000.0,
                    },
                }
            },
        ),
    ],
    "DescribeContributorInsights": [
        ({}, broken("tableName", NOT_NULL)),
        ({"TableName": "ab"}, broken("tableName", at_least(3), "'ab'")),
        ({"TableName": "t" * 256}, broken("tableName", at_most(255), f"'{'t' * 256}'")),
        ({"TableName": "bad table!@#"}, broken("tableName", PATTERN, "'bad table!@#'")),
        ({"TableName": "nope"}, NOT_FOUND),
        ({"TableName": "tab"}, {"TableName": "tab", "ContributorInsightsStatus": "DISABLED"}),
        (
            {"TableName": "tab", "IndexName": "gsi"},
            {"TableName": "tab", "IndexName": "gsi", "ContributorInsightsStatus": "DISABLED"},
        ),
        (
            {"TableName": "tab", "IndexName": "zzz"},
            ("ResourceNotFoundException", "Requested resource not found: Index: zzz not found for table: tab"),
        ),
        ({"TableName": "tab", "IndexName": "ab"}, broken("indexName", at_least(3), "'ab'")),
    ],
    "DescribeExport": [
        ({}, broken("exportArn", NOT_NULL)),
        ({"ExportArn": "x"}, broken("exportArn", at_least(37), "'x'")),
        ({"ExportArn": "x" * 41}, "Invalid Export ARN"),
        (
            {"ExportArn": f"{ARN}/export/01489602797149-73d8d5bc"},
            ("ExportNotFoundException", f"Export not found: {ARN}/export/01489602797149-73d8d5bc"),
        ),
        ({"ExportArn": f"{ARN}/backup/01489602797149-73d8d5bc"}, "Invalid Export ARN"),
    ],
    "DescribeGlobalTable": [
        ({}, broken("globalTableName", NOT_NULL)),
        ({"GlobalTableName": "ab"}, broken("globalTableName", at_least(3), "'ab'")),
        ({"GlobalTableName": "t" * 256}, broken("globalTableName", at_most(255), f"'{'t' * 256}'")),
        ({"GlobalTableName": "bad table!@#"}, broken("globalTableName", PATTERN, "'bad table!@#'")),
        (
            {"GlobalTableName": "tab"},
            ("GlobalTableNotFoundException", "Global table not found: Global table with name: 'tab' does not exist."),
        ),
    ],
    "DescribeGlobalTableSettings": [
        ({}, broken("globalTableName", NOT_NULL)),
        ({"GlobalTableName": "ab"}, broken("globalTableName", at_least(3), "'ab'")),
        ({"GlobalTableName": "t" * 256}, broken("globalTableName", at_most(255), f"'{'t' * 256}'")),
        ({"GlobalTableName": "bad table!@#"}, broken("globalTableName", PATTERN, "'bad table!@#'")),
        (
            {"GlobalTableName": "tab"},
            ("GlobalTableNotFoundException", "Global table not found: Global table with name: 'tab' does not exist."),
        ),
    ],
    "DescribeImport": [
        ({}, broken("importArn", NOT_NULL)),
        ({"ImportArn": "x"}, broken("importArn", at_least(37), "'x'")),
        ({"ImportArn": "x" * 41}, "Invalid Import ARN"),
        (
            {"ImportArn": f"{ARN}/import/01489602797149-73d8d5bc"},
            ("ImportNotFoundException", f"Import not found: {ARN}/import/01489602797149-73d8d5bc"),
        ),
        ({"ImportArn": f"{ARN}/backup/01489602797149-73d8d5bc"}, "Invalid Import ARN"),
    ],
    "DescribeKinesisStreamingDestination": [
        ({}, broken("tableName", NOT_NULL)),
        ({"TableName": "ab"}, broken("tableName", at_least(3), "'ab'")),
        ({"TableName": "t" * 256}, broken("tableName", at_most(255), f"'{'t' * 256}'")),
        ({"TableName": "bad table!@#"}, broken("tableName", PATTERN, "'bad table!@#'")),
        ({"TableName": "nope"}, NOT_FOUND),
        ({"TableName": "tab"}, {"TableName": "tab", "KinesisDataStreamDestinations": []}),
    ],
    "DescribeLimits": [
        (
            {},
            {
                "AccountMaxReadCapacityUnits": 80000,
                "AccountMaxWriteCapacityUnits": 80000,
                "TableMaxReadCapacityUnits": 40000,
                "TableMaxWriteCapacityUnits": 40000,
            },
        ),
    ],
    "DescribeStream": [
        ({}, broken("streamArn", NOT_NULL)),
        ({"StreamArn": "x"}, broken("streamArn", at_least(37), "'x'")),
        (
            {"StreamArn": "x" * 41},
            f"Invalid StreamArn: {'x' * 41}",
        ),
        (
            {"StreamArn": "arn:aws:dynamodb:eu-central-1:123456789012:table/logged/stream/2027-01-15T08:00:00.009"},
            (
                "ResourceNotFoundException",
                "Requested resource not found: Stream: arn:aws:dynamodb:eu-central-1:123456789012:table/logged/stream/2027-01-15T08:00:00.009 not found",
            ),
        ),
        (
            {
                "StreamArn": "arn:aws:dynamodb:eu-central-1:123456789012:table/logged/stream/2027-01-15T08:00:00.000",
                "Limit": 0,
            },
            broken("limit", value_at_least(1), "'0'"),
        ),
        (
            {
                "StreamArn": "arn:aws:dynamodb:eu-central-1:123456789012:table/logged/stream/2027-01-15T08:00:00.000",
                "Limit": 101,
            },
            broken("limit", value_at_most(100), "'101'"),
        ),
        (
            {
                "StreamArn": "arn:aws:dynamodb:eu-central-1:123456789012:table/logged/stream/2027-01-15T08:00:00.000",
                "ExclusiveStartShardId": "x",
            },
            broken("exclusiveStartShardId", at_least(28), "'x'"),
        ),
        (
            {
                "StreamArn": "arn:aws:dynamodb:eu-central-1:123456789012:table/logged/stream/2027-01-15T08:00:00.000",
                "ShardFilter": {"Type": "DOG"},
            },
            broken("shardFilter.type", one_of("CHILD_SHARDS"), "'DOG'"),
        ),
    ],
    "DescribeTable": [
        ({}, "The parameter 'TableName' is required but was not present in the request"),
        ({"TableName": "ab"}, broken("tableName", at_least(3), "'ab'")),
        ({"TableName": "t" * 256}, broken("tableName", at_most(255), f"'{'t' * 256}'")),
        ({"TableName": "bad table!@#"}, broken("tableName", PATTERN, "'bad table!@#'")),
        ({"TableName": "nope"}, ("ResourceNotFoundException", "Requested resource not found: Table: nope not found")),
        (
            {"TableName": "arn:aws:dynamodb:eu-central-1:123456789012:table/nope"},
            ("ResourceNotFoundException", "Requested resource not found: Table: nope not found"),
        ),
    ],
    "DescribeTableReplicaAutoScaling": [
        ({}, broken("tableName", NOT_NULL)),
        ({"TableName": "ab"}, broken("tableName", at_least(3), "'ab'")),
        ({"TableName": "t" * 256}, broken("tableName", at_most(255), f"'{'t' * 256}'")),
        ({"TableName": "bad table!@#"}, broken("tableName", PATTERN, "'bad table!@#'")),
        ({"TableName": "nope"}, ("ResourceNotFoundException", "Requested resource not found: Table: nope not found")),
        (
            {"TableName": "tab"},
            {"TableAutoScalingDescription": {"TableName": "tab", "TableStatus": "ACTIVE", "Replicas": []}},
        ),
    ],
    "DescribeTimeToLive": [
        ({}, broken("tableName", NOT_NULL)),
        ({"TableName": "ab"}, broken("tableName", at_least(3), "'ab'")),
        ({"TableName": "t" * 256}, broken("tableName", at_most(255), f"'{'t' * 256}'")),
        ({"TableName": "bad table!@#"}, broken("tableName", PATTERN, "'bad table!@#'")),
        ({"TableName": "nope"}, NOT_FOUND),
        ({"TableName": "tab"}, {"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}}),
    ],
    "DisableKinesisStreamingDestination": [
        (
            {},
            "2 validation errors detected: Value null at 'tableName' failed to satisfy constraint: Member must not be null; Value null at 'streamArn' failed to satisfy constraint: Member must not be null",
        ),
        ({"TableName": "tab", "StreamArn": "x"}, broken("streamArn", at_least(37), "'x'")),
        ({"TableName": "nope", "StreamArn": "arn:aws:kinesis:eu-central-1:123456789012:stream/none"}, NOT_FOUND),
        (
            {
                "TableName": "tab",
                "StreamArn": "arn:aws:kinesis:eu-central-1:123456789012:stream/none",
                "EnableKinesisStreamingConfiguration": {"ApproximateCreationDateTimePrecision": "SECOND"},
            },
            broken(
                "enableKinesisStreamingConfiguration.approximateCreationDateTimePrecision",
                one_of("MILLISECOND", "MICROSECOND"),
                "'SECOND'",
            ),
        ),
        (
            {"TableName": "tab", "StreamArn": "arn:aws:kinesis:eu-central-1:123456789012:stream/none"},
            "Table is not in a valid state to enable Kinesis Streaming Destination: KinesisStreamingDestination must be ACTIVE to perform DISABLE operation.",
        ),
    ],
    "EnableKinesisStreamingDestination": [
        (
            {},
            "2 validation errors detected: Value null at 'tableName' failed to satisfy constraint: Member must not be null; Value null at 'streamArn' failed to satisfy constraint: Member must not be null",
        ),
        ({"TableName": "tab", "StreamArn": "x"}, broken("streamArn", at_least(37), "'x'")),
        ({"TableName": "nope", "StreamArn": "arn:aws:kinesis:eu-central-1:123456789012:stream/none"}, NOT_FOUND),
        (
            {
                "TableName": "tab",
                "StreamArn": "arn:aws:kinesis:eu-central-1:123456789012:stream/none",
                "EnableKinesisStreamingConfiguration": {"ApproximateCreationDateTimePrecision": "SECOND"},
            },
            broken(
                "enableKinesisStreamingConfiguration.approximateCreationDateTimePrecision",
                one_of("MILLISECOND", "MICROSECOND"),
                "'SECOND'",
            ),
        ),
    ],
    "ExecuteTransaction": [
        ({}, broken("transactStatements", NOT_NULL)),
        ({"TransactStatements": []}, broken("transactStatements", at_least(1), "'[]'")),
        (
            {"TransactStatements": statements(*["x"] * 101)},
            broken(
                "transactStatements",
                at_most(100),
                "'[ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x), ParameterizedStatement(statement=x)]'",
            ),
        ),
        ({"TransactStatements": [{}]}, broken("transactStatements.1.member.statement", NOT_NULL)),
        (
            {
                "TransactStatements": statements(
                    "SELECT a FROM tab WHERE p='a' AND r=1", "SELECT ns FROM tab WHERE p='b' AND r=1"
                )
            },
            {"Responses": [{"Item": {"a": {"S": "one"}}}, {"Item": {"ns": {"NS": ["1", "2"]}}}]},
        ),
        (
            {
                "TransactStatements": statements(
                    "SELECT a FROM tab WHERE p='a' AND r=1", "SELECT a FROM tab WHERE p='a' AND r=1"
                )
            },
            "Transaction request cannot include multiple operations on one item",
        ),
        (
            {
                "TransactStatements": statements(
                    "SELECT a FROM tab WHERE p='a' AND r=1", "DELETE FROM tab WHERE p='b' AND r=1"
                )
            },
            "The statements of a request must all read, or all write",
        ),
        (
            {"TransactStatements": statements("SELEC")},
            "Validation failed in TransactStatements[0]: Statement wasn't well formed, can't be processed: Expected data manipulation",
        ),
        (
            {"TransactStatements": statements("SELECT * FROM nope WHERE p='a' AND r=1")},
            (
                "TransactionCanceledException",
                "Transaction cancelled, please refer cancellation reasons for specific reasons [ResourceNotFound]",
            ),
        ),
        (
            {"TransactStatements": statements("SELECT * FROM tab WHERE p='a'")},
            "Validation failed in TransactStatements[0]: Select statements within ExecuteTransaction must specify the primary key in the where clause.",
        ),
        (
            {"TransactStatements": statements('SELECT * FROM "tab"."gsi" WHERE g=\'v\'')},
            "Validation failed in TransactStatements[0]: Reads on indices are not supported within transactions.",
        ),
        (
            {"TransactStatements": statements("UPDATE tab SET a='x' WHERE p='q' AND r=1 RETURNING ALL NEW *")},
            "Validation failed in TransactStatements[0]: RETURNING clause is not supported in ExecuteTransaction.",
        ),
        (
            {"TransactStatements": statements("EXISTS(SELECT * FROM tab WHERE p='a' AND r=1)")},
            "Validation failed in TransactStatements[0]: EXISTS() must contain a single item read with additional condition",
        ),
        (
            {"TransactStatements": statements("INSERT INTO tab VALUE {'p':'a','r':1}")},
            (
                "TransactionCanceledException",
                "Transaction cancelled, please refer cancellation reasons for specific reasons [DuplicateItem]",
            ),
        ),
        (
            {"TransactStatements": statements("EXISTS(SELECT * FROM tab WHERE p='a' AND r=1 AND a='two')")},
            (
                "TransactionCanceledException",
                "Transaction cancelled, please refer cancellation reasons for specific reasons [ConditionalCheckFailed]",
            ),
        ),
        (
            {
                "TransactStatements": statements(
                    "UPDATE tab SET a='x' WHERE p='q' AND r=1", "DELETE FROM tab WHERE p='b' AND r=1"
                )
            },
            (
                "TransactionCanceledException",
                "Transaction cancelled, please refer cancellation reasons for specific reasons [ConditionalCheckFailed, None]",
            ),
        ),
        (
            {"TransactStatements": statements("DELETE FROM tab WHERE p='a' AND r='x'")},
            (
                "TransactionCanceledException",
                "Transaction cancelled, please refer cancellation reasons for specific reasons [ValidationError]",
            ),
        ),
        (
            {
                "TransactStatements": statements("SELECT a FROM tab WHERE p='a' AND r=1"),
                "ClientRequestToken": "ttttttttttttttttttttttttttttttttttttt",
            },
            broken("clientRequestToken", at_most(36), "'ttttttttttttttttttttttttttttttttttttt'"),
        ),
    ],
    "ExportTableToPointInTime": [
        (
            {"TableArn": NO_MEMBER, "S3Bucket": NO_MEMBER},
            "2 validation errors detected: Value null at 'tableArn' failed to satisfy constraint: Member must not be null; Value null at 's3Bucket' failed to satisfy constraint: Member must not be null",
        ),
        (
            {"TableArn": ARN},
            ("PointInTimeRecoveryUnavailableException", "Point in time recovery is not enabled for table 'tab'"),
        ),
        ({"TableArn": "x"}, broken("tableArn", at_least(3), "'x'")),
        (
            {"TableArn": f"{ARN}le"},
            ("ResourceNotFoundException", f"Requested resource not found: ResourcArn: {ARN}le not found"),
        ),
        (
            {"S3Bucket": "a_b!"},
            broken(
                "s3Bucket",
                "Member must satisfy regular expression pattern: ^[a-z0-9A-Z]+[\\.\\-\\w]*[a-z0-9A-Z]+$",
                "'a_b!'",
            ),
        ),
        ({"S3Bucket": "b" * 256}, broken("s3Bucket", at_most(255), f"'{'b' * 256}'")),
        ({"ExportFormat": "DOG"}, broken("exportFormat", one_of("DYNAMODB_JSON", "ION"), "'DOG'")),
        ({"ExportType": "DOG"}, broken("exportType", one_of("FULL_EXPORT", "INCREMENTAL_EXPORT"), "'DOG'")),
        ({"S3SseAlgorithm": "DOG"}, broken("s3SseAlgorithm", one_of("AES256", "KMS"), "'DOG'")),
        (
            {"ExportTime": 1900000000},
            ("InvalidExportTimeException", "The specified ExportTime is outside of the point in time recovery window."),
        ),
        (
            {"ExportTime": 1},
            ("InvalidExportTimeException", "The specified ExportTime is outside of the point in time recovery window."),
        ),
        (
            {"ExportType": "INCREMENTAL_EXPORT"},
            "ExportFromTime must be specified when ExportType is INCREMENTAL_EXPORT",
        ),
        (
            {"IncrementalExportSpecification": {"ExportFromTime": 1}},
            "IncrementalExportSpecification can only be specified when ExportType is INCREMENTAL_EXPORT",
        ),
    ],
    "GetRecords": [
        ({}, broken("shardIterator", NOT_NULL)),
        ({"ShardIterator": ""}, broken("shardIterator", at_least(1), "''")),
        ({"ShardIterator": "x"}, "Invalid ShardIterator"),
        ({"ShardIterator": "x", "Limit": 0}, broken("limit", value_at_least(1), "'0'")),
        ({"ShardIterator": "x", "Limit": 1001}, broken("limit", value_at_most(1000), "'1001'")),
        ({"ShardIterator": "i" * 2049}, broken("shardIterator", at_most(2048), f"'{'i' * 2049}'")),
    ],
    "GetResourcePolicy": [
        *bad_arns("GetResourcePolicy"),
        (
            {"ResourceArn": ARN},
            ("PolicyNotFoundException", f"Resource-based policy not found for the provided ResourceArn: {ARN}"),
        ),
    ],
    "GetShardIterator": [
        (
            {"StreamArn": NO_MEMBER, "ShardId": NO_MEMBER, "ShardIteratorType": NO_MEMBER},
            "3 validation errors detected: Value null at 'streamArn' failed to satisfy constraint: Member must not be null; Value null at 'shardId' failed to satisfy constraint: Member must not be null; Value null at 'shardIteratorType' failed to satisfy constraint: Member must not be null",
        ),
        (
            {"StreamArn": "arn:aws:dynamodb:eu-central-1:123456789012:table/logged/stream/2027-01-15T08:00:00.009"},
            (
                "ResourceNotFoundException",
                "Requested resource not found: Stream: arn:aws:dynamodb:eu-central-1:123456789012:table/logged/stream/2027-01-15T08:00:00.009 not found",
            ),
        ),
        ({"ShardId": "x"}, broken("shardId", at_least(28), "'x'")),
        (
            {"ShardId": "shardId-00000001800000000000-aaaaaaaa"},
            ("ResourceNotFoundException", "Requested resource not found: Shard does not exist"),
        ),
        (
            {"ShardIteratorType": "DOG"},
            broken(
                "shardIteratorType",
                one_of("TRIM_HORIZON", "LATEST", "AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER", "AT_TIMESTAMP"),
                "'DOG'",
            ),
        ),
        (
            {"ShardIteratorType": "AT_SEQUENCE_NUMBER"},
            "A SequenceNumber must be specified for ShardIteratorType AT_SEQUENCE_NUMBER",
        ),
        (
            {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER"},
            "A SequenceNumber must be specified for ShardIteratorType AFTER_SEQUENCE_NUMBER",
        ),
        (
            {"SequenceNumber": "111111111111111111111"},
            "SequenceNumber must not be specified for ShardIteratorType TRIM_HORIZON",
        ),
        (
            {"ShardIteratorType": "AT_SEQUENCE_NUMBER", "SequenceNumber": "1"},
            broken("sequenceNumber", at_least(21), "'1'"),
        ),
        ({"ShardIteratorType": "AT_TIMESTAMP"}, "A Timestamp must be specified for ShardIteratorType AT_TIMESTAMP"),
        (
            {"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": 1800000001},
            "The Timestamp of ShardIteratorType AT_TIMESTAMP must not be in the future",
        ),
    ],
    "ImportTable": [
        (
            {"S3BucketSource": NO_MEMBER, "InputFormat": NO_MEMBER, "TableCreationParameters": NO_MEMBER},
            "3 validation errors detected: Value null at 's3BucketSource' failed to satisfy constraint: Member must not be null; Value null at 'inputFormat' failed to satisfy constraint: Member must not be null; Value null at 'tableCreationParameters' failed to satisfy constraint: Member must not be null",
        ),
        ({"InputFormat": "DOG"}, broken("inputFormat", one_of("DYNAMODB_JSON", "ION", "CSV"), "'DOG'")),
        ({"InputCompressionType": "DOG"}, broken("inputCompressionType", one_of("GZIP", "ZSTD", "NONE"), "'DOG'")),
        (
            {
                "TableCreationParameters": {
                    "KeySchema": keys("p:HASH"),
                    "AttributeDefinitions": attributes("p"),
                    "BillingMode": "PAY_PER_REQUEST",
                    "TableName": "tab",
                }
            },
            ("ResourceInUseException", "Table already exists: tab"),
        ),
        (
            {
                "TableCreationParameters": {
                    "KeySchema": keys("p:HASH"),
                    "AttributeDefinitions": attributes("p"),
                    "BillingMode": "PAY_PER_REQUEST",
                    "TableName": "ab",
                }
            },
            broken("tableCreationParameters.tableName", at_least(3), "'ab'"),
        ),
        (
            {
                "TableCreationParameters": {
                    "KeySchema": keys("p:HASH"),
                    "AttributeDefinitions": attributes("q"),
                    "BillingMode": "PAY_PER_REQUEST",
                    "TableName": "new",
                }
            },
            f"{INVALID}Some index key attributes are not defined in AttributeDefinitions. Keys: [p], AttributeDefinitions: [q]",
        ),
        ({"S3BucketSource": {}}, broken("s3BucketSource.s3Bucket", NOT_NULL)),
        (
            {"TableCreationParameters": {}},
            "3 validation errors detected: Value null at 'tableCreationParameters.tableName' failed to satisfy constraint: Member must not be null; Value null at 'tableCreationParameters.attributeDefinitions' failed to satisfy constraint: Member must not be null; Value null at 'tableCreationParameters.keySchema' failed to satisfy constraint: Member must not be null",
        ),
    ],
    "ListBackups": [
        ({}, {"BackupSummaries": []}),
        ({"Limit": 0}, broken("limit", value_at_least(1), "'0'")),
        ({"Limit": 101}, broken("limit", value_at_most(100), "'101'")),
        ({"BackupType": "DOG"}, broken("backupType", one_of("USER", "SYSTEM", "AWS_BACKUP", "ALL"), "'DOG'")),
        ({"BackupType": "ALL", "TableName": "tab"}, {"BackupSummaries": []}),
        ({"ExclusiveStartBackupArn": "x" * 41}, "Invalid Request: BackupArn is not valid"),
        (
            {"ExclusiveStartBackupArn": f"{ARN}/backup/01489602797149-73d8d5bc"},
            ("BackupNotFoundException", f"Backup not found: {ARN}/backup/01489602797149-73d8d5bc"),
        ),
        ({"TableName": "nope"}, {"BackupSummaries": []}),
    ],
    "ListBulkOperations": [
        ({}, {"BulkOperationsSummaryList": []}),
        ({"MaxResults": 0}, broken("maxResults", value_at_least(1), "'0'")),
        ({"MaxResults": 26}, broken("maxResults", value_at_most(25), "'26'")),
        (
            {"NextToken": "x"},
            broken("nextToken", "Member must satisfy regular expression pattern: ([0-9a-f]{16})+", "'x'"),
        ),
        ({"NextToken": "0000000000000000"}, {"BulkOperationsSummaryList": []}),
    ],
    "ListContributorInsights": [
        ({}, {"ContributorInsightsSummaries": []}),
        ({"TableName": "nope"}, NOT_FOUND),
        ({"TableName": "ab"}, broken("tableName", at_least(3), "'ab'")),
        ({"MaxResults": 101}, broken("maxResults", value_at_most(100), "'101'")),
        ({"NextToken": "x"}, "Invalid NextToken"),
    ],
    "ListExports": [
        ({}, {"ExportSummaries": []}),
        ({"MaxResults": 0}, broken("maxResults", value_at_least(1), "'0'")),
        ({"MaxResults": 26}, broken("maxResults", value_at_most(25), "'26'")),
        ({"NextToken": "x"}, "Invalid NextToken"),
        ({"TableArn": ARN}, {"ExportSummaries": []}),
    ],
    "ListGlobalTables": [
        ({}, {"GlobalTables": []}),
        ({"Limit": 0}, broken("limit", value_at_least(1), "'0'")),
        ({"RegionName": "eu-central-1"}, {"GlobalTables": []}),
        ({"ExclusiveStartGlobalTableName": "ab"}, broken("exclusiveStartGlobalTableName", at_least(3), "'ab'")),
    ],
    "ListImports": [
        ({}, {"ImportSummaryList": []}),
        ({"PageSize": 0}, broken("pageSize", value_at_least(1), "'0'")),
        ({"PageSize": 26}, broken("pageSize", value_at_most(25), "'26'")),
        (
            {"NextToken": "x"},
            "2 validation errors detected: Value 'x' at 'nextToken' failed to satisfy constraint: Member must have length greater than or equal to 112; Value 'x' at 'nextToken' failed to satisfy constraint: Member must satisfy regular expression pattern: ([0-9a-f]{16})+",
        ),
        ({"NextToken": "0" * 112}, {"ImportSummaryList": []}),
        ({"TableArn": ARN}, {"ImportSummaryList": []}),
    ],
    "ListStreams": [
        (
            {},
            {
                "Streams": [
                    {
                        "StreamArn": "arn:aws:dynamodb:eu-central-1:123456789012:table/logged/stream/2027-01-15T08:00:00.000",
                        "TableName": "logged",
                        "StreamLabel": "2027-01-15T08:00:00.000",
                    }
                ]
            },
        ),
        ({"Limit": 0}, broken("limit", value_at_least(1), "'0'")),
        ({"Limit": 101}, broken("limit", value_at_most(100), "'101'")),
        ({"TableName": "tab"}, {"Streams": []}),
        ({"TableName": "nope"}, {"Streams": []}),
        ({"TableName": "ab"}, broken("tableName", at_least(3), "'ab'")),
        ({"ExclusiveStartStreamArn": "x"}, broken("exclusiveStartStreamArn", at_least(37), "'x'")),
        (
            {
                "ExclusiveStartStreamArn": "arn:aws:dynamodb:eu-central-1:123456789012:table/logged/stream/2027-01-15T08:00:00.000"
            },
            {"Streams": []},
        ),
    ],
    "ListTables": [
        ({}, {"TableNames": ["bin", "kept", "logged", "tab", "vec"]}),
        ({"Limit": 0}, broken("limit", value_at_least(1), "'0'")),
        ({"Limit": 101}, broken("limit", value_at_most(100), "'101'")),
        ({"Limit": 2}, {"TableNames": ["bin", "kept"], "LastEvaluatedTableName": "kept"}),
        (
            {"Limit": 2, "ExclusiveStartTableName": "kept"},
            {"TableNames": ["logged", "tab"], "LastEvaluatedTableName": "tab"},
        ),
        ({"ExclusiveStartTableName": "lll"}, {"TableNames": ["logged", "tab", "vec"]}),
        ({"ExclusiveStartTableName": "zzz"}, {"TableNames": []}),
        (
            {"ExclusiveStartTableName": "a!"},
            "2 validation errors detected: Value 'a!' at 'exclusiveStartTableName' failed to satisfy constraint: Member must have length greater than or equal to 3; Value 'a!' at 'exclusiveStartTableName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+",
        ),
    ],
    "ListTagsOfResource": [
        *bad_arns("ListTagsOfResource"),
        ({"ResourceArn": ARN}, {"Tags": []}),
        ({"ResourceArn": ARN, "NextToken": "x"}, "Invalid NextToken"),
    ],
    "PutResourcePolicy": [
        *bad_arns("PutResourcePolicy", Policy="{}"),
        ({}, broken("policy", NOT_NULL)),
        ({"Policy": "x"}, f"{INVALID}Invalid policy document: The policy is not in the valid JSON format."),
        ({"Policy": "{}"}, f"{INVALID}Invalid policy document: Missing required field Statement"),
        ({"Policy": "x" * 20481}, f"{INVALID}Maximum policy size of 20480 bytes exceeded"),
        ({"Policy": "[]"}, f"{INVALID}Invalid policy document: Missing required field Statement"),
    ],
    "RestoreTableFromBackup": [
        (
            {},
            "2 validation errors detected: Value null at 'targetTableName' failed to satisfy constraint: Member must not be null; Value null at 'backupArn' failed to satisfy constraint: Member must not be null",
        ),
        ({"BackupArn": "x" * 41, "TargetTableName": "new"}, "Invalid Request: BackupArn is not valid"),
        (
            {"BackupArn": f"{ARN}/backup/01489602797149-73d8d5bc", "TargetTableName": "new"},
            ("BackupNotFoundException", f"Backup not found: {ARN}/backup/01489602797149-73d8d5bc"),
        ),
        (
            {"BackupArn": f"{ARN}/backup/01489602797149-73d8d5bc", "TargetTableName": "ab"},
            broken("targetTableName", at_least(3), "'ab'"),
        ),
        (
            {"BackupArn": f"{ARN}/backup/01489602797149-73d8d5bc", "TargetTableName": "bad table!@#"},
            broken("targetTableName", PATTERN, "'bad table!@#'"),
        ),
    ],
    "RestoreTableToPointInTime": [
        ({"SourceTableName": NO_MEMBER, "TargetTableName": NO_MEMBER}, broken("targetTableName", NOT_NULL)),
        (
            {"UseLatestRestorableTime": True, "SourceTableName": NO_MEMBER},
            "Invalid Request: Either SourceTableArn or SourceTableName must be specified",
        ),
        (
            {},
            "Invalid Request: Either one of RestoreDateTime or UseLatestRestorableTime must be specified, but not both",
        ),
        (
            {"UseLatestRestorableTime": True, "RestoreDateTime": 1800000000},
            "Invalid Request: Either one of RestoreDateTime or UseLatestRestorableTime must be specified, but not both",
        ),
        (
            {"SourceTableName": "tab", "UseLatestRestorableTime": True},
            ("PointInTimeRecoveryUnavailableException", "Point in time recovery is not enabled for table 'tab'"),
        ),
        (
            {"SourceTableName": "nope", "UseLatestRestorableTime": True},
            ("TableNotFoundException", "Table not found: nope"),
        ),
        (
            {"TargetTableName": "tab", "UseLatestRestorableTime": True},
            ("TableAlreadyExistsException", "Table already exists: tab"),
        ),
        (
            {"RestoreDateTime": 5},
            (
                "InvalidRestoreTimeException",
                "An invalid restore time was specified. RestoreDateTime must be between EarliestRestorableDateTime and LatestRestorableDateTime.",
            ),
        ),
        (
            {"RestoreDateTime": 1800000001},
            (
                "InvalidRestoreTimeException",
                "An invalid restore time was specified. RestoreDateTime must be between EarliestRestorableDateTime and LatestRestorableDateTime.",
            ),
        ),
        ({"TargetTableName": "ab", "UseLatestRestorableTime": True}, broken("targetTableName", at_least(3), "'ab'")),
        (
            {"UseLatestRestorableTime": True, "BillingModeOverride": "DOG"},
            broken("billingModeOverride", one_of("PROVISIONED", "PAY_PER_REQUEST"), "'DOG'"),
        ),
        (
            {
                "UseLatestRestorableTime": True,
                "GlobalSecondaryIndexOverride": [
                    {"IndexName": "gsi", "KeySchema": keys("q:HASH"), "Projection": {"ProjectionType": "ALL"}}
                ],
            },
            "Invalid Request: Index gsi does not match a secondary index that existed in the source table and cannot be created during the restore operation",
        ),
    ],
    "SearchVectors": [
        (
            {"TableName": NO_MEMBER, "IndexName": NO_MEMBER, "SearchVector": NO_MEMBER, "TopK": NO_MEMBER},
            "missing field `TableName` at line 1 column 2",
        ),
        ({"TableName": "nope"}, NOT_FOUND),
        ({"IndexName": "far"}, "The table does not have the specified index: far"),
        ({"TopK": 0}, broken("topK", value_at_least(1), "'0'")),
        (
            {"TopK": 101},
            "Provided TopK value '101' is out of valid range. The value must be between 1 and 100 inclusive",
        ),
        ({"SearchVector": []}, broken("searchVector", at_least(1), "'[]'")),
        ({"SearchVector": [{"N": "1"}]}, "Input search vector dimension 1 does not match vector index dimension 2"),
        (
            {"SearchVector": [{"N": "1"}, {"S": "2"}]},
            "Search vector contains invalid values. All values in the search vector must be a 32-bit floating-point number attribute",
        ),
        (
            {"SearchVector": [{"N": "1"}, {"N": "1e39"}]},
            "Search vector contains invalid values. All values in the search vector must be a 32-bit floating-point number attribute",
        ),
        (
            {"SearchVector": [{"N": "1"}, {}]},
            "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
        ),
        (
            {"SearchConditionExpression": "a = :v", "ExpressionAttributeValues": {":v": {"S": "x"}}},
            "SearchConditionExpression must not contain any attributes that is not in SearchSchema. Invalid attribute: a",
        ),
        ({"SearchConditionExpression": ""}, "Invalid SearchConditionExpression: The expression can not be empty;"),
        (
            {"ProjectionExpression": "a,a"},
            "Invalid ProjectionExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a]",
        ),
        (
            {"ExpressionAttributeNames": {"#a": "a"}},
            "ExpressionAttributeNames can only be specified when using expressions",
        ),
        ({}, {"SearchResults": []}),
        (
            {"ReturnConsumedCapacity": "TOTAL"},
            {"SearchResults": [], "ConsumedCapacity": {"VectorSearchRequestBytes": 8.0}},
        ),
    ],
    "StartBulkPutItems": [
        (
            {"TableName": NO_MEMBER, "InputS3Configuration": NO_MEMBER, "OutputS3Configuration": NO_MEMBER},
            "3 validation errors detected: Value null at 'inputS3Configuration' failed to satisfy constraint: Member must not be null; Value null at 'outputS3Configuration' failed to satisfy constraint: Member must not be null; Value null at 'tableName' failed to satisfy constraint: Member must not be null",
        ),
        ({"TableName": "nope"}, NOT_FOUND),
        ({"MaxWriteRequestUnits": 1023}, broken("maxWriteRequestUnits", value_at_least(1024), "'1023'")),
        ({"PerformanceTier": "DOG"}, broken("performanceTier", one_of("STANDARD", "ACCELERATED"), "'DOG'")),
        (
            {"InputS3Configuration": {"S3Bucket": "bucket", "InputFormat": "DOG"}},
            broken("inputS3Configuration.inputFormat", one_of("DYNAMODB_JSON", "ION"), "'DOG'"),
        ),
        (
            {"OutputS3Configuration": {"S3Bucket": "bucket", "OutputType": ["DOG"]}},
            broken("outputS3Configuration.outputType.1.member", one_of("ERROR", "CONDITION_CHECK_FAILURE"), "'DOG'"),
        ),
        (
            {"InputS3Configuration": {}},
            "2 validation errors detected: Value null at 'inputS3Configuration.s3Bucket' failed to satisfy constraint: Member must not be null; Value null at 'inputS3Configuration.inputFormat' failed to satisfy constraint: Member must not be null",
        ),
    ],
    "TagResource": [
        *bad_arns("TagResource", Tags=[{"Key": "a", "Value": "b"}]),
        ({}, broken("tags", NOT_NULL)),
        ({"Tags": []}, "Atleast one Tag needs to be provided as Input."),
        (
            {"Tags": [{"Key": "a", "Value": "b"}, {"Key": "a", "Value": "b"}]},
            "Duplicate Tag Keys provided as input: Duplicate Tag Key found a",
        ),
        ({"Tags": [{"Key": "aws:x", "Value": "b"}]}, "Tag Key cannot be prefixed with aws:, Key: aws:x"),
        ({"Tags": [{"Key": "a!", "Value": "b"}]}, "The Tag Key provided is invalid, Key: a!"),
        ({"Tags": [{"Key": "a", "Value": "b!"}]}, "The Tag Value provided is invalid, Value: b!"),
        ({"Tags": [{"Key": "a"}]}, broken("tags.1.member.value", NOT_NULL)),
        ({"Tags": [{"Key": "", "Value": "a"}]}, broken("tags.1.member.key", at_least(1), "''")),
        ({"Tags": [{"Key": "k" * 129, "Value": "a"}]}, broken("tags.1.member.key", at_most(128), f"'{'k' * 129}'")),
        ({"Tags": [{"Key": "a", "Value": "v" * 257}]}, broken("tags.1.member.value", at_most(256), f"'{'v' * 257}'")),
        (
            {
                "Tags": [
                    {"Key": "k0", "Value": ""},
                    {"Key": "k1", "Value": ""},
                    {"Key": "k2", "Value": ""},
                    {"Key": "k3", "Value": ""},
                    {"Key": "k4", "Value": ""},
                    {"Key": "k5", "Value": ""},
                    {"Key": "k6", "Value": ""},
                    {"Key": "k7", "Value": ""},
                    {"Key": "k8", "Value": ""},
                    {"Key": "k9", "Value": ""},
                    {"Key": "k10", "Value": ""},
                    {"Key": "k11", "Value": ""},
                    {"Key": "k12", "Value": ""},
                    {"Key": "k13", "Value": ""},
                    {"Key": "k14", "Value": ""},
                    {"Key": "k15", "Value": ""},
                    {"Key": "k16", "Value": ""},
                    {"Key": "k17", "Value": ""},
                    {"Key": "k18", "Value": ""},
                    {"Key": "k19", "Value": ""},
                    {"Key": "k20", "Value": ""},
                    {"Key": "k21", "Value": ""},
                    {"Key": "k22", "Value": ""},
                    {"Key": "k23", "Value": ""},
                    {"Key": "k24", "Value": ""},
                    {"Key": "k25", "Value": ""},
                    {"Key": "k26", "Value": ""},
                    {"Key": "k27", "Value": ""},
                    {"Key": "k28", "Value": ""},
                    {"Key": "k29", "Value": ""},
                    {"Key": "k30", "Value": ""},
                    {"Key": "k31", "Value": ""},
                    {"Key": "k32", "Value": ""},
                    {"Key": "k33", "Value": ""},
                    {"Key": "k34", "Value": ""},
                    {"Key": "k35", "Value": ""},
                    {"Key": "k36", "Value": ""},
                    {"Key": "k37", "Value": ""},
                    {"Key": "k38", "Value": ""},
                    {"Key": "k39", "Value": ""},
                    {"Key": "k40", "Value": ""},
                    {"Key": "k41", "Value": ""},
                    {"Key": "k42", "Value": ""},
                    {"Key": "k43", "Value": ""},
                    {"Key": "k44", "Value": ""},
                    {"Key": "k45", "Value": ""},
                    {"Key": "k46", "Value": ""},
                    {"Key": "k47", "Value": ""},
                    {"Key": "k48", "Value": ""},
                    {"Key": "k49", "Value": ""},
                    {"Key": "k50", "Value": ""},
                ]
            },
            "Number of Tags exceed the current limit for the provided ResourceArn",
        ),
        ({"Tags": [{"Key": "é+-=._:/@ 9", "Value": ""}]}, {}),
    ],
    "UntagResource": [
        *bad_arns("UntagResource", TagKeys=["a"]),
        ({}, broken("tagKeys", NOT_NULL)),
        ({"TagKeys": []}, "Atleast one Tag Key needs to be provided as Input."),
        ({"TagKeys": [""]}, broken("tagKeys.1.member", at_least(1), "''")),
        ({"TagKeys": ["gone"]}, {}),
    ],
    "UpdateContinuousBackups": [
        (
            {"TableName": NO_MEMBER},
            "2 validation errors detected: Value null at 'tableName' failed to satisfy constraint: Member must not be null; Value null at 'pointInTimeRecoverySpecification' failed to satisfy constraint: Member must not be null",
        ),
        ({}, broken("pointInTimeRecoverySpecification", NOT_NULL)),
        (
            {"PointInTimeRecoverySpecification": {}},
            broken("pointInTimeRecoverySpecification.pointInTimeRecoveryEnabled", NOT_NULL),
        ),
        (
            {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": False, "RecoveryPeriodInDays": 3}},
            "Invalid Request: Cannot specify RecoveryPeriodInDays when disabling point-in-time recovery.",
        ),
        (
            {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 36}},
            broken("pointInTimeRecoverySpecification.recoveryPeriodInDays", value_at_most(35), "'36'"),
        ),
        (
            {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 0}},
            broken("pointInTimeRecoverySpecification.recoveryPeriodInDays", value_at_least(1), "'0'"),
        ),
        (
            {"TableName": "nope", "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}},
            ("TableNotFoundException", "Table not found: nope"),
        ),
        (
            {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 7}},
            {
                "ContinuousBackupsDescription": {
                    "ContinuousBackupsStatus": "ENABLED",
                    "PointInTimeRecoveryDescription": {
                        "PointInTimeRecoveryStatus": "ENABLED",
                        "RecoveryPeriodInDays": 7,
                        "EarliestRestorableDateTime": 1800000000.0,
                        "LatestRestorableDateTime": 1800000000.0,
                    },
                }
            },
        ),
        (
            {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": False}},
            {
                "ContinuousBackupsDescription": {
                    "ContinuousBackupsStatus": "ENABLED",
                    "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "DISABLED"},
                }
            },
        ),
    ],
    "UpdateContributorInsights": [
        ({"ContributorInsightsAction": "ENABLE"}, broken("tableName", NOT_NULL)),
        ({"ContributorInsightsAction": "ENABLE", "TableName": "ab"}, broken("tableName", at_least(3), "'ab'")),
        (
            {"ContributorInsightsAction": "ENABLE", "TableName": "t" * 256},
            broken("tableName", at_most(255), f"'{'t' * 256}'"),
        ),
        (
            {"ContributorInsightsAction": "ENABLE", "TableName": "bad table!@#"},
            broken("tableName", PATTERN, "'bad table!@#'"),
        ),
        ({"ContributorInsightsAction": "ENABLE", "TableName": "nope"}, NOT_FOUND),
        (
            {"TableName": "tab", "ContributorInsightsAction": "ENABLE"},
            {
                "TableName": "tab",
                "ContributorInsightsStatus": "ENABLING",
                "ContributorInsightsMode": "ACCESSED_AND_THROTTLED_KEYS",
            },
        ),
        (
            {"TableName": "tab", "IndexName": "gsi", "ContributorInsightsAction": "ENABLE"},
            {
                "TableName": "tab",
                "IndexName": "gsi",
                "ContributorInsightsStatus": "ENABLING",
                "ContributorInsightsMode": "ACCESSED_AND_THROTTLED_KEYS",
            },
        ),
        (
            {"TableName": "tab", "IndexName": "zzz", "ContributorInsightsAction": "ENABLE"},
            ("ResourceNotFoundException", "Requested resource not found: Index: zzz not found for table: tab"),
        ),
        (
            {"TableName": "tab", "IndexName": "ab", "ContributorInsightsAction": "ENABLE"},
            broken("indexName", at_least(3), "'ab'"),
        ),
        (
            {"TableName": "tab", "ContributorInsightsAction": "DOG"},
            broken("contributorInsightsAction", one_of("ENABLE", "DISABLE"), "'DOG'"),
        ),
        (
            {"TableName": "tab", "ContributorInsightsAction": "ENABLE", "ContributorInsightsMode": "DOG"},
            broken("contributorInsightsMode", one_of("ACCESSED_AND_THROTTLED_KEYS", "THROTTLED_KEYS"), "'DOG'"),
        ),
        (
            {"TableName": "tab", "ContributorInsightsAction": "ENABLE", "ContributorInsightsMode": "THROTTLED_KEYS"},
            {"TableName": "tab", "ContributorInsightsStatus": "ENABLING", "ContributorInsightsMode": "THROTTLED_KEYS"},
        ),
    ],
    "UpdateGlobalTable": [
        ({"ReplicaUpdates": []}, broken("globalTableName", NOT_NULL)),
        ({"ReplicaUpdates": [], "GlobalTableName": "ab"}, broken("globalTableName", at_least(3), "'ab'")),
        (
            {"ReplicaUpdates": [], "GlobalTableName": "t" * 256},
            broken("globalTableName", at_most(255), f"'{'t' * 256}'"),
        ),
        (
            {"ReplicaUpdates": [], "GlobalTableName": "bad table!@#"},
            broken("globalTableName", PATTERN, "'bad table!@#'"),
        ),
        (
            {"ReplicaUpdates": [], "GlobalTableName": "tab"},
            ("GlobalTableNotFoundException", "Global table not found: Global table with name: 'tab' does not exist."),
        ),
    ],
    "UpdateGlobalTableSettings": [
        ({}, broken("globalTableName", NOT_NULL)),
        ({"GlobalTableName": "ab"}, broken("globalTableName", at_least(3), "'ab'")),
        ({"GlobalTableName": "t" * 256}, broken("globalTableName", at_most(255), f"'{'t' * 256}'")),
        ({"GlobalTableName": "bad table!@#"}, broken("globalTableName", PATTERN, "'bad table!@#'")),
        (
            {"GlobalTableName": "tab"},
            ("GlobalTableNotFoundException", "Global table not found: Global table with name: 'tab' does not exist."),
        ),
    ],
    "UpdateKinesisStreamingDestination": [
        (
            {},
            "2 validation errors detected: Value null at 'tableName' failed to satisfy constraint: Member must not be null; Value null at 'streamArn' failed to satisfy constraint: Member must not be null",
        ),
        ({"TableName": "tab", "StreamArn": "x"}, broken("streamArn", at_least(37), "'x'")),
        ({"TableName": "nope", "StreamArn": "arn:aws:kinesis:eu-central-1:123456789012:stream/none"}, NOT_FOUND),
        (
            {
                "TableName": "tab",
                "StreamArn": "arn:aws:kinesis:eu-central-1:123456789012:stream/none",
                "UpdateKinesisStreamingConfiguration": {"ApproximateCreationDateTimePrecision": "SECOND"},
            },
            broken(
                "updateKinesisStreamingConfiguration.approximateCreationDateTimePrecision",
                one_of("MILLISECOND", "MICROSECOND"),
                "'SECOND'",
            ),
        ),
        (
            {"TableName": "tab", "StreamArn": "arn:aws:kinesis:eu-central-1:123456789012:stream/none"},
            "Table is not in a valid state to enable Kinesis Streaming Destination: KinesisStreamingDestination must be ACTIVE to perform UPDATE operation.",
        ),
    ],
    "UpdateTable": [
        ({"TableName": NO_MEMBER}, broken("tableName", NOT_NULL)),
        ({"TableName": "ab"}, broken("tableName", at_least(3), "'ab'")),
        ({"TableName": "t" * 256}, broken("tableName", at_most(255), f"'{'t' * 256}'")),
        ({"TableName": "bad table!@#"}, broken("tableName", PATTERN, "'bad table!@#'")),
        (
            {"TableName": "nope"},
            "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates, SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, ReplicaTransitRoleArn, MultiRegionConsistency, DeletionProtectionEnabled, OnDemandThroughput, WarmThroughput or TableClass is required",
        ),
        (
            {"AttributeDefinitions": attributes("q")},
            "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates, SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, ReplicaTransitRoleArn, MultiRegionConsistency, DeletionProtectionEnabled, OnDemandThroughput, WarmThroughput or TableClass is required",
        ),
        (
            {"GlobalSecondaryIndexUpdates": []},
            "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates, SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, ReplicaTransitRoleArn, MultiRegionConsistency, DeletionProtectionEnabled, OnDemandThroughput, WarmThroughput or TableClass is required",
        ),
        (
            {"GlobalSecondaryIndexUpdates": [], "DeletionProtectionEnabled": False},
            f"{INVALID}List of GlobalSecondaryIndexUpdates is empty",
        ),
        (
            {"BillingMode": "PROVISIONED"},
            f"{INVALID}ProvisionedThroughput must be specified when BillingMode is PROVISIONED",
        ),
        ({"BillingMode": "DOG"}, broken("billingMode", one_of("PROVISIONED", "PAY_PER_REQUEST"), "'DOG'")),
        (
            {"ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}},
            f"{INVALID}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
        ),
        (
            {"BillingMode": "PROVISIONED", "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}},
            f"{INVALID}ProvisionedThroughput must be specified for index: gsi",
        ),
        (
            {
                "GlobalSecondaryIndexUpdates": [
                    {
                        "Update": {
                            "IndexName": "gsi",
                            "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
                        }
                    }
                ]
            },
            f"{INVALID}The only Updates for index: gsi when TableThroughputMode is PAY_PER_REQUEST can be to OnDemandThroughput, WarmThroughput",
        ),
        (
            {"SSESpecification": {"Enabled": True}, "TableClass": "STANDARD"},
            f"{INVALID}Server-Side Encryption modification must be the only operation in the request",
        ),
        (
            {"TableClass": "STANDARD", "DeletionProtectionEnabled": True},
            f"{INVALID}TableClass modification must be the only operation in the request",
        ),
        (
            {"TableClass": "DOG"},
            "Invalid table-class parameter provided. Please try again with a valid table-class value: [STANDARD, STANDARD_INFREQUENT_ACCESS].",
        ),
        (
            {"WarmThroughput": {"ReadUnitsPerSecond": 13000}, "BillingMode": "PAY_PER_REQUEST"},
            f"{INVALID}WarmThroughput must be the only operation in the request",
        ),
        (
            {"WarmThroughput": {"ReadUnitsPerSecond": 1}},
            f"{INVALID}Requested ReadUnitsPerSecond for WarmThroughput for table is lower than initial throughput for OnDemand. See: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html",
        ),
        (
            {
                "OnDemandThroughput": {"MaxReadRequestUnits": 5},
                "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
            },
            f"{INVALID}OnDemandThroughput can only be combined with BillingMode in an UpdateTable request",
        ),
        (
            {"OnDemandThroughput": {"MaxWriteRequestUnits": 0}},
            f"{INVALID}Requested MaxWriteRequestUnits for OnDemandThroughput for table is outside of valid range",
        ),
        (
            {
                "GlobalSecondaryIndexUpdates": [
                    {
                        "Create": {
                            "IndexName": "new",
                            "KeySchema": keys("q:HASH"),
                            "Projection": {"ProjectionType": "ALL"},
                        }
                    }
                ]
            },
            f"{INVALID}AttributeDefinitions is not specified for index: new",
        ),
        (
            {
                "AttributeDefinitions": attributes("other"),
                "GlobalSecondaryIndexUpdates": [
                    {
                        "Create": {
                            "IndexName": "new",
                            "KeySchema": keys("q:HASH"),
                            "Projection": {"ProjectionType": "ALL"},
                        }
                    }
                ],
            },
            f"{INVALID}AttributeDefinitions is not specified for index: new",
        ),
        (
            {
                "AttributeDefinitions": attributes("q"),
                "GlobalSecondaryIndexUpdates": [
                    {
                        "Create": {
                            "IndexName": "new",
                            "KeySchema": keys("q:HASH"),
                            "Projection": {"ProjectionType": "ALL"},
                        }
                    }
                ],
                "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
            },
            f"{INVALID}You cannot create or delete index while changing stream status",
        ),
        (
            {
                "AttributeDefinitions": attributes("q"),
                "GlobalSecondaryIndexUpdates": [
                    {
                        "Create": {
                            "IndexName": "new",
                            "KeySchema": keys("q:HASH"),
                            "Projection": {"ProjectionType": "ALL"},
                        }
                    },
                    {
                        "Create": {
                            "IndexName": "newer",
                            "KeySchema": keys("q:HASH"),
                            "Projection": {"ProjectionType": "ALL"},
                        }
                    },
                ],
            },
            (
                "LimitExceededException",
                "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
            ),
        ),
        (
            {
                "AttributeDefinitions": attributes("q"),
                "GlobalSecondaryIndexUpdates": [
                    {
                        "Create": {
                            "IndexName": "new",
                            "KeySchema": keys("q:HASH"),
                            "Projection": {"ProjectionType": "ALL"},
                        }
                    },
                    {
                        "Create": {
                            "IndexName": "new",
                            "KeySchema": keys("q:HASH"),
                            "Projection": {"ProjectionType": "ALL"},
                        }
                    },
                ],
            },
            f"{INVALID}Only one global secondary index update per index is allowed simultaneously. Index: new",
        ),
        (
            {
                "AttributeDefinitions": attributes("q"),
                "GlobalSecondaryIndexUpdates": [
                    {
                        "Create": {
                            "IndexName": "new",
                            "KeySchema": keys("q:HASH"),
                            "Projection": {"ProjectionType": "ALL"},
                        },
                        "Delete": {"IndexName": "zzz"},
                    }
                ],
            },
            f"{INVALID}Only one global secondary index action is allowed per GlobalSecondaryIndexUpdate object",
        ),
        (
            {"GlobalSecondaryIndexUpdates": [{}]},
            f"{INVALID}One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Delete must not be null",
        ),
        (
            {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "zzz"}}]},
            ("ResourceNotFoundException", "Requested resource not found: Index zzz for table tab"),
        ),
        (
            {
                "GlobalSecondaryIndexUpdates": [
                    {
                        "Update": {
                            "IndexName": "zzz",
                            "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
                        }
                    }
                ]
            },
            ("ResourceNotFoundException", "Requested resource not found: Index zzz for table tab"),
        ),
        (
            {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "lsi"}}]},
            "Cannot delete an index that is not a GlobalSecondaryIndex: lsi",
        ),
        (
            {
                "AttributeDefinitions": attributes("g"),
                "GlobalSecondaryIndexUpdates": [
                    {
                        "Create": {
                            "IndexName": "gsi",
                            "KeySchema": keys("g:HASH"),
                            "Projection": {"ProjectionType": "ALL"},
                        }
                    }
                ],
            },
            "Attempting to create an index which already exists",
        ),
        ({"StreamSpecification": {"StreamEnabled": False}}, "Table has no stream to disable: TableName: tab"),
        (
            {"StreamSpecification": {"StreamEnabled": True}},
            f"{INVALID}If stream is being enabled then UpdateViewType is required",
        ),
        (
            {"StreamSpecification": {"StreamEnabled": False, "StreamViewType": "NEW_IMAGE"}},
            f"{INVALID}If stream is being disabled, then UpdateViewType must not be specified",
        ),
        (
            {"TableName": "logged", "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}},
            "Table already has an enabled stream: TableName: logged",
        ),
        (
            {"VectorIndexUpdates": [{}]},
            f"{INVALID}One of VectorIndexUpdate.Create, VectorIndexUpdate.Delete must not be null",
        ),
        (
            {"VectorIndexUpdates": [{"Delete": {"IndexName": "zzz"}}]},
            ("ResourceNotFoundException", "Requested resource not found: Index zzz for table tab"),
        ),
        (
            {
                "TableName": "vec",
                "VectorIndexUpdates": [{"Delete": {"IndexName": "near"}}, {"Delete": {"IndexName": "near"}}],
            },
            (
                "LimitExceededException",
                "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
            ),
        ),
        (
            {"ReplicaUpdates": [{"Create": {"RegionName": "eu-central-1"}}]},
            "Cannot add, delete, or update the local region through ReplicaUpdates. Use CreateTable, DeleteTable, or UpdateTable as required.",
        ),
        (
            {"ReplicaUpdates": [{"Delete": {"RegionName": "eu-west-1"}}]},
            f"{INVALID}Replica specified in the Replica Update or Replica Delete action of the request was not found: eu-west-1",
        ),
        (
            {"ReplicaUpdates": [{"Create": {"RegionName": "eu-west-1"}}, {"Create": {"RegionName": "eu-west-2"}}]},
            f"{INVALID}Only one replica update is allowed simultaneously per table",
        ),
        (
            {"ReplicaUpdates": [{"Create": {"RegionName": "eu-west-1"}}], "DeletionProtectionEnabled": True},
            f"{INVALID}DeletionProtection modification must be the only operation in the request",
        ),
    ],
    "UpdateTableReplicaAutoScaling": [
        ({}, broken("tableName", NOT_NULL)),
        ({"TableName": "ab"}, broken("tableName", at_least(3), "'ab'")),
        ({"TableName": "t" * 256}, broken("tableName", at_most(255), f"'{'t' * 256}'")),
        ({"TableName": "bad table!@#"}, broken("tableName", PATTERN, "'bad table!@#'")),
        ({"TableName": "nope"}, ("ResourceNotFoundException", "Requested resource not found: Table: nope not found")),
        ({"TableName": "tab"}, f"{INVALID}Table tab is not a global table"),
    ],
    "UpdateTimeToLive": [
        (
            {"TableName": NO_MEMBER},
            "2 validation errors detected: Value null at 'tableName' failed to satisfy constraint: Member must not be null; Value null at 'timeToLiveSpecification' failed to satisfy constraint: Member must not be null",
        ),
        ({}, broken("timeToLiveSpecification", NOT_NULL)),
        ({"TimeToLiveSpecification": {"Enabled": True}}, broken("timeToLiveSpecification.attributeName", NOT_NULL)),
        ({"TimeToLiveSpecification": {"AttributeName": "t"}}, broken("timeToLiveSpecification.enabled", NOT_NULL)),
        (
            {"TimeToLiveSpecification": {"Enabled": True, "AttributeName": ""}},
            broken("timeToLiveSpecification.attributeName", at_least(1), "''"),
        ),
        (
            {"TimeToLiveSpecification": {"Enabled": True, "AttributeName": "t" * 256}},
            broken("timeToLiveSpecification.attributeName", at_most(255), f"'{'t' * 256}'"),
        ),
        ({"TimeToLiveSpecification": {"Enabled": False, "AttributeName": "t"}}, "TimeToLive is already disabled"),
        ({"TableName": "nope", "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "t"}}, NOT_FOUND),
        (
            {"TimeToLiveSpecification": {"Enabled": True, "AttributeName": "t"}},
            {"TimeToLiveSpecification": {"Enabled": True, "AttributeName": "t"}},
        ),
        (
            {"TimeToLiveSpecification": {"Enabled": True, "AttributeName": "r"}},
            {"TimeToLiveSpecification": {"Enabled": True, "AttributeName": "r"}},
        ),
    ],
}


@pytest.mark.parametrize(
    ("operation", "row"),
    [
        pytest.param(operation, row, id=f"{operation}-{number}")
        for operation, rows in ROWS.items()
        for number, row in enumerate(rows)
    ],
)
def test_the_rows_of_each_operation(tables: Service, operation: str, row: Row) -> None:
    check(tables, operation, REST.get(operation, {}), row)


ON_ITEMS = {
    "BatchGetItem": BATCH_GET_ITEM,
    "BatchWriteItem": BATCH_WRITE_ITEM,
    "DeleteItem": DELETE_ITEM,
    "ExecuteStatement": EXECUTE_STATEMENT,
    "GetItem": GET_ITEM,
    "PutItem": PUT_ITEM,
    "Query": QUERY,
    "Scan": SCAN,
    "TransactGetItems": TRANSACT_GET_ITEMS,
    "TransactWriteItems": TRANSACT_WRITE_ITEMS,
    "UpdateItem": UPDATE_ITEM,
}


def test_every_operation_has_its_table_of_facts() -> None:
    operations = {
        name for service in ("dynamodb", "dynamodbstreams") for name in service_model(service).operation_names
    }
    assert len(operations) == 66
    assert operations == ROWS.keys() | ON_ITEMS.keys() | {"DescribeEndpoints"}  # whose answer is the door's own
    assert sum(map(len, (*ROWS.values(), *ON_ITEMS.values()))) > 700
