"""What an operation needs: cases of operation, request and the actions on resources."""

import pytest

from emulator.permissions.asking import UNKNOWN, Place
from emulator.permissions.needs import needs, prefix_of

PLACE = Place(
    "123456789012",
    "eu-west-1",
    lambda kind, name: {
        ("secret", "db"): "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf",
        ("key", "alias/app"): "arn:aws:kms:eu-west-1:123456789012:key/1234",
        ("partition key", "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"): "id",
        ("partition key", "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/index/by-day"): "day",
    }.get((kind, name)),
)
HERE = "eu-west-1:123456789012"
TABLE = f"arn:aws:dynamodb:{HERE}:table/orders"
OTHER = "arn:aws:dynamodb:us-east-1:444455556666:table/theirs"

CASES = [
    # service, operation, request, what it needs
    ("dynamodb", "PutItem", {"TableName": "orders"}, [("dynamodb:PutItem", TABLE)]),
    ("dynamodb", "PutItem", {"TableName": OTHER}, [("dynamodb:PutItem", OTHER)]),
    (
        "dynamodb",
        "Query",
        {"TableName": "orders", "IndexName": "by-day"},
        [("dynamodb:Query", f"{TABLE}/index/by-day")],
    ),
    ("dynamodb", "Scan", {"TableName": "orders"}, [("dynamodb:Scan", TABLE)]),
    ("dynamodb", "CreateTable", {"TableName": "orders"}, [("dynamodb:CreateTable", TABLE)]),
    ("dynamodb", "ListTables", {}, [("dynamodb:ListTables", "*")]),
    (
        "dynamodb",
        "BatchGetItem",
        {"RequestItems": {"orders": {"Keys": []}, OTHER: {"Keys": []}}},
        [("dynamodb:BatchGetItem", TABLE), ("dynamodb:BatchGetItem", OTHER)],
    ),
    ("dynamodb", "BatchWriteItem", {"RequestItems": {"orders": []}}, [("dynamodb:BatchWriteItem", TABLE)]),
    (
        "dynamodb",
        "TransactWriteItems",
        {"TransactItems": [{"Put": {"TableName": "orders"}}, {"ConditionCheck": {"TableName": OTHER}}]},
        [("dynamodb:PutItem", TABLE), ("dynamodb:ConditionCheckItem", OTHER)],
    ),
    (
        "dynamodb",
        "TransactGetItems",
        {"TransactItems": [{"Get": {"TableName": "orders"}}]},
        [("dynamodb:GetItem", TABLE)],
    ),
    (
        "dynamodb",
        "ExecuteStatement",
        {"Statement": "SELECT * FROM orders WHERE id = 'x'"},
        [("dynamodb:PartiQLSelect", TABLE)],
    ),
    (
        "dynamodb",
        "ExecuteStatement",
        {"Statement": 'select * from "orders"."by-day"'},
        [("dynamodb:PartiQLSelect", f"{TABLE}/index/by-day")],
    ),
    (
        "dynamodb",
        "ExecuteStatement",
        {"Statement": "INSERT INTO orders VALUE {'id': 'x'}"},
        [("dynamodb:PartiQLInsert", TABLE)],
    ),
    (
        "dynamodb",
        "ExecuteStatement",
        {"Statement": "UPDATE orders SET a=1 WHERE id='x'"},
        [("dynamodb:PartiQLUpdate", TABLE)],
    ),
    (
        "dynamodb",
        "BatchExecuteStatement",
        {"Statements": [{"Statement": "DELETE FROM orders WHERE id='x'"}]},
        [("dynamodb:PartiQLDelete", TABLE)],
    ),
    ("dynamodbstreams", "GetRecords", {"ShardIterator": "x"}, [("dynamodb:GetRecords", None)]),
    (
        "dynamodbstreams",
        "DescribeStream",
        {"StreamArn": f"{TABLE}/stream/2026"},
        [("dynamodb:DescribeStream", f"{TABLE}/stream/2026")],
    ),
    ("lambda", "Invoke", {"FunctionName": "pay"}, [("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:pay")]),
    (
        "lambda",
        "Invoke",
        {"FunctionName": "pay", "Qualifier": "live"},
        [("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:pay:live")],
    ),
    (
        "lambda",
        "Invoke",
        {"FunctionName": "pay:live"},
        [("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:pay:live")],
    ),
    (
        "lambda",
        "Invoke",
        {"FunctionName": "444455556666:function:pay"},
        [("lambda:InvokeFunction", "arn:aws:lambda:eu-west-1:444455556666:function:pay")],
    ),
    (
        "lambda",
        "Invoke",
        {"FunctionName": f"arn:aws:lambda:{HERE}:function:pay", "Qualifier": "1"},
        [("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:pay:1")],
    ),
    ("lambda", "GetFunction", {"FunctionName": "pay"}, [("lambda:GetFunction", f"arn:aws:lambda:{HERE}:function:pay")]),
    (
        "lambda",
        "CreateFunction",
        {"FunctionName": "pay", "Role": "arn:aws:iam::123456789012:role/R"},
        [
            ("lambda:CreateFunction", f"arn:aws:lambda:{HERE}:function:pay"),
            ("iam:PassRole", "arn:aws:iam::123456789012:role/R"),
        ],
    ),
    ("lambda", "ListFunctions", {}, [("lambda:ListFunctions", "*")]),
    (
        "sqs",
        "SendMessage",
        {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/444455556666/q"},
        [("sqs:SendMessage", "arn:aws:sqs:us-east-1:444455556666:q")],
    ),
    (
        "sqs",
        "SendMessageBatch",
        {"QueueUrl": "http://localhost:4566/123456789012/q"},
        [("sqs:SendMessage", f"arn:aws:sqs:{HERE}:q")],
    ),
    ("sqs", "CreateQueue", {"QueueName": "q"}, [("sqs:CreateQueue", f"arn:aws:sqs:{HERE}:q")]),
    ("sns", "Publish", {"TopicArn": f"arn:aws:sns:{HERE}:t"}, [("sns:Publish", f"arn:aws:sns:{HERE}:t")]),
    ("sns", "Publish", {"PhoneNumber": "+1"}, [("sns:Publish", "*")]),
    ("sns", "Subscribe", {"TopicArn": f"arn:aws:sns:{HERE}:t"}, [("sns:Subscribe", f"arn:aws:sns:{HERE}:t")]),
    ("s3", "GetObject", {"Bucket": "b", "Key": "a/c"}, [("s3:GetObject", "arn:aws:s3:::b/a/c")]),
    ("s3", "GetObject", {"Bucket": "b", "Key": "c", "VersionId": "1"}, [("s3:GetObjectVersion", "arn:aws:s3:::b/c")]),
    ("s3", "HeadObject", {"Bucket": "b", "Key": "c"}, [("s3:GetObject", "arn:aws:s3:::b/c")]),
    ("s3", "ListObjectsV2", {"Bucket": "b", "Prefix": "x"}, [("s3:ListBucket", "arn:aws:s3:::b")]),
    ("s3", "ListBuckets", {}, [("s3:ListAllMyBuckets", "*")]),
    (
        "s3",
        "CopyObject",
        {"Bucket": "b", "Key": "c", "CopySource": "from/k"},
        [("s3:GetObject", "arn:aws:s3:::from/k"), ("s3:PutObject", "arn:aws:s3:::b/c")],
    ),
    (
        "s3",
        "DeleteObjects",
        {"Bucket": "b", "Delete": {"Objects": [{"Key": "x"}, {"Key": "y"}]}},
        [("s3:DeleteObject", "arn:aws:s3:::b/x"), ("s3:DeleteObject", "arn:aws:s3:::b/y")],
    ),
    ("s3", "PutBucketEncryption", {"Bucket": "b"}, [("s3:PutEncryptionConfiguration", "arn:aws:s3:::b")]),
    (
        "events",
        "PutEvents",
        {"Entries": [{"Source": "a"}, {"Source": "a", "EventBusName": "mine"}]},
        [
            ("events:PutEvents", f"arn:aws:events:{HERE}:event-bus/default"),
            ("events:PutEvents", f"arn:aws:events:{HERE}:event-bus/mine"),
        ],
    ),
    ("events", "PutRule", {"Name": "r"}, [("events:PutRule", f"arn:aws:events:{HERE}:rule/r")]),
    (
        "stepfunctions",
        "StartExecution",
        {"stateMachineArn": f"arn:aws:states:{HERE}:stateMachine:m"},
        [("states:StartExecution", f"arn:aws:states:{HERE}:stateMachine:m")],
    ),
    (
        "stepfunctions",
        "StartExecution",
        {"stateMachineArn": f"arn:aws:states:{HERE}:stateMachine:m:live"},
        [("states:StartExecution", f"arn:aws:states:{HERE}:stateMachine:m")],
    ),
    (
        "stepfunctions",
        "CreateStateMachine",
        {"name": "m", "roleArn": "arn:aws:iam::123456789012:role/R"},
        [
            ("states:CreateStateMachine", f"arn:aws:states:{HERE}:stateMachine:m"),
            ("iam:PassRole", "arn:aws:iam::123456789012:role/R"),
        ],
    ),
    (
        "stepfunctions",
        "DescribeExecution",
        {"executionArn": f"arn:aws:states:{HERE}:execution:m:x"},
        [("states:DescribeExecution", f"arn:aws:states:{HERE}:execution:m:x")],
    ),
    ("stepfunctions", "SendTaskSuccess", {"taskToken": "t"}, [("states:SendTaskSuccess", "*")]),
    (
        "secretsmanager",
        "GetSecretValue",
        {"SecretId": "db"},
        [("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:db-AbCdEf")],
    ),
    ("kms", "Decrypt", {"KeyId": "alias/app"}, [("kms:Decrypt", f"arn:aws:kms:{HERE}:key/1234")]),
    ("kms", "Decrypt", {"KeyId": "1234"}, [("kms:Decrypt", f"arn:aws:kms:{HERE}:key/1234")]),
    ("ssm", "GetParameter", {"Name": "/a/b"}, [("ssm:GetParameter", f"arn:aws:ssm:{HERE}:parameter/a/b")]),
    (
        "ssm",
        "GetParameters",
        {"Names": ["x", "/y"]},
        [
            ("ssm:GetParameters", f"arn:aws:ssm:{HERE}:parameter/x"),
            ("ssm:GetParameters", f"arn:aws:ssm:{HERE}:parameter/y"),
        ],
    ),
    ("glue", "StartJobRun", {"JobName": "j"}, [("glue:StartJobRun", f"arn:aws:glue:{HERE}:job/j")]),
    ("kinesis", "PutRecord", {"StreamName": "s"}, [("kinesis:PutRecord", f"arn:aws:kinesis:{HERE}:stream/s")]),
    ("logs", "CreateLogGroup", {"logGroupName": "/a"}, [("logs:CreateLogGroup", f"arn:aws:logs:{HERE}:log-group:/a")]),
    ("bedrock-runtime", "Converse", {"modelId": "m"}, [("bedrock:InvokeModel", None)]),
    ("rekognition", "DetectLabels", {}, [("rekognition:DetectLabels", "*")]),
    ("cloudwatch", "PutMetricData", {"Namespace": "n"}, [("cloudwatch:PutMetricData", "*")]),
    ("sts", "GetCallerIdentity", {}, []),
    (
        "sts",
        "AssumeRole",
        {"RoleArn": "arn:aws:iam::123456789012:role/R"},
        [("sts:AssumeRole", "arn:aws:iam::123456789012:role/R")],
    ),
]


@pytest.mark.parametrize(("service", "operation", "request_", "expected"), CASES)
def test_an_operation_needs(service, operation, request_, expected):
    found = needs(service, operation, request_, PLACE)
    assert [(need.action, need.resource if need.known else None) for need in found] == expected


UNCERTAIN = [
    ("dynamodb", "PutItem", {"TableName": UNKNOWN}, ("dynamodb:PutItem", f"arn:aws:dynamodb:{HERE}:table/*")),
    ("s3", "GetObject", {"Bucket": "b", "Key": UNKNOWN}, ("s3:GetObject", "arn:aws:s3:::b/*")),
    ("s3", "GetObject", {"Bucket": UNKNOWN, "Key": UNKNOWN}, ("s3:GetObject", "arn:aws:s3:::*/*")),
    (
        "secretsmanager",
        "GetSecretValue",
        {"SecretId": "other"},
        ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:other-??????"),
    ),
    ("lambda", "Invoke", {"FunctionName": UNKNOWN}, ("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:*")),
    ("glue", "StartJobRun", {"JobName": UNKNOWN}, ("glue:StartJobRun", f"arn:aws:glue:{HERE}:job/*")),
]


@pytest.mark.parametrize(("service", "operation", "request_", "expected"), UNCERTAIN)
def test_what_is_not_known_is_a_wildcard(service, operation, request_, expected):
    (need,) = needs(service, operation, request_, PLACE)
    assert ((need.action, need.resource), need.known) == (expected, False)


CONTEXTS = [
    (
        "dynamodb",
        "GetItem",
        {"TableName": "orders", "Key": {"id": {"S": "x"}}},
        {"dynamodb:leadingkeys": ["x"], "dynamodb:attributes": ["id"]},
    ),
    (
        "dynamodb",
        "PutItem",
        {"TableName": "orders", "Item": {"id": {"N": "1"}, "a": {"S": ""}}},
        {"dynamodb:leadingkeys": ["1"], "dynamodb:attributes": ["id", "a"]},
    ),
    (
        "dynamodb",
        "UpdateItem",
        {
            "TableName": "orders",
            "Key": {"id": {"S": "x"}},
            "UpdateExpression": "SET #a = :v, b.c = if_not_exists(d, :w)",
            "ExpressionAttributeNames": {"#a": "total"},
            "ReturnValues": "ALL_NEW",
        },
        {
            "dynamodb:returnvalues": ["ALL_NEW"],
            "dynamodb:attributes": ["id", "total", "b", "d"],
            "dynamodb:leadingkeys": ["x"],
        },
    ),
    (
        "dynamodb",
        "Query",
        {
            "TableName": "orders",
            "KeyConditionExpression": "#i = :i",
            "ExpressionAttributeNames": {"#i": "id"},
            "ExpressionAttributeValues": {":i": {"S": "x"}},
        },
        {"dynamodb:attributes": ["id"], "dynamodb:leadingkeys": ["x"]},
    ),
    (
        "dynamodb",
        "Query",
        {
            "TableName": "orders",
            "IndexName": "by-day",
            "Select": "COUNT",
            "KeyConditionExpression": "day = :d",
            "ExpressionAttributeValues": {":d": {"S": "m"}},
        },
        {"dynamodb:select": ["COUNT"], "dynamodb:attributes": ["day"], "dynamodb:leadingkeys": ["m"]},
    ),
    (
        "dynamodb",
        "BatchWriteItem",
        {
            "RequestItems": {
                "orders": [{"PutRequest": {"Item": {"id": {"S": "x"}}}}, {"DeleteRequest": {"Key": {"id": {"S": "y"}}}}]
            }
        },
        {"dynamodb:leadingkeys": ["x", "y"]},
    ),
    ("s3", "ListObjectsV2", {"Bucket": "b", "Prefix": "x/", "MaxKeys": 5}, {"s3:prefix": ["x/"], "s3:max-keys": ["5"]}),
    (
        "stepfunctions",
        "StartExecution",
        {"stateMachineArn": f"arn:aws:states:{HERE}:stateMachine:m:live"},
        {"states:statemachinequalifier": ["live"]},
    ),
    ("kms", "Decrypt", {"KeyId": "1234", "EncryptionContext": {"App": "x"}}, {"kms:encryptioncontext:app": ["x"]}),
]


@pytest.mark.parametrize(("service", "operation", "request_", "expected"), CONTEXTS)
def test_a_request_has_context_keys(service, operation, request_, expected):
    (need,) = needs(service, operation, request_, PLACE)
    assert need.context == expected


def test_a_transaction_says_what_encloses_its_parts():
    (need,) = needs("dynamodb", "TransactWriteItems", {"TransactItems": [{"Put": {"TableName": "orders"}}]}, PLACE)
    assert need.context == {"dynamodb:enclosingoperation": ["TransactWriteItems"]}


@pytest.mark.parametrize(
    "params", [{"TransactItems": 1}, {"TransactItems": [1, {"Put": 2}]}, {"TransactItems": None}, {}]
)
def test_a_malformed_request_needs_something_all_the_same(params):
    assert isinstance(needs("dynamodb", "TransactWriteItems", params, PLACE), list)


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        ("stepfunctions", "states"),
        ("emr", "elasticmapreduce"),
        ("cloudwatch", "cloudwatch"),
        ("resourcegroupstaggingapi", "tag"),
        ("logs", "logs"),
    ],
)
def test_what_actions_begin_with(service, expected):
    assert prefix_of(service) == expected
