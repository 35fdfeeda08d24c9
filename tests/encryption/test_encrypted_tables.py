"""Tables that are encrypted with a key of KMS. What is said was recorded on AWS; see ``emulator/encryption/tables.py``."""

import json
import re
from functools import partial

import pytest
from botocore.exceptions import ClientError

from emulator.endpoint import answer
from emulator.wire.in_process import connect

ON_DEMAND = {
    "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}
ITEM = {"p": {"S": "1"}}
MINUTE = 60


@pytest.fixture
def kms(dynastep):
    return dynastep.client("kms")


@pytest.fixture
def dynamodb(dynastep):
    return dynastep.client("dynamodb")


def new_key(kms, **more):
    return kms.create_key(**more)["KeyMetadata"]["Arn"]


def sse(key):
    return {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}


def create(client, key, name="orders"):
    return client.create_table(TableName=name, SSESpecification=sse(key), **ON_DEMAND)["TableDescription"]


def described(client, name="orders"):
    return client.describe_table(TableName=name)["Table"]


def refusal(call, **params):
    with pytest.raises(ClientError) as refused:
        call(**params)
    said = refused.value.response["Error"]
    return said["Code"], re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(?=; Proxy)", "ID", said["Message"])


def of_kms(code):
    return f"(Service: AWSKMS; Status Code: 400; Error Code: {code}; Request ID: ID; Proxy: null)"


def is_disabled(key):
    said = f"KMS key disabled error: com.amazonaws.services.kms.model.DisabledException: {key} is disabled."
    return "ValidationException", f"{said} {of_kms('DisabledException')}"


@pytest.mark.parametrize("named", ["id", "ARN", "alias", "ARN of alias"])
def test_the_description_has_the_arn_of_the_key(kms, dynamodb, named):
    key = new_key(kms)
    kms.create_alias(AliasName="alias/mine", TargetKeyId=key)
    place = key.rpartition(":")[0]
    names = {"id": key.rpartition("/")[2], "ARN": key, "alias": "alias/mine", "ARN of alias": f"{place}:alias/mine"}
    expected = {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key}
    assert create(dynamodb, names[named])["SSEDescription"] == expected
    assert described(dynamodb)["SSEDescription"] == expected


UNFIT = [
    # the key, the code, the message
    ("{disabled}", *is_disabled("{disabled}")),
    ("alias/disabled", *is_disabled("{disabled}")),
    (
        "{deleted}",
        "ValidationException",
        "KMS validation error: com.amazonaws.services.kms.model.KMSInvalidStateException: {deleted} is pending "
        f"deletion. {of_kms('KMSInvalidStateException')}",
    ),
    (
        "{asymmetric}",
        "InternalServerError",
        "KMS internal error: com.amazonaws.services.kms.model.AWSKMSException: EncryptionContext is supported only when "
        f"creating a grant for a symmetric encryption KMS key. {of_kms('ValidationException')}",
    ),
    (
        "{elsewhere}",
        "ValidationException",
        "KMS validation error: com.amazonaws.services.kms.model.NotFoundException: Invalid arn eu-west-1 "
        f"{of_kms('NotFoundException')}",
    ),
    (
        "{place}:key/11111111-2222-3333-4444-555555555555",
        "ValidationException",
        "KMS validation error: com.amazonaws.services.kms.model.NotFoundException: Key "
        f"'{{place}}:key/11111111-2222-3333-4444-555555555555' does not exist {of_kms('NotFoundException')}",
    ),
    (
        "alias/none",
        "ValidationException",
        "KMS validation error: com.amazonaws.services.kms.model.NotFoundException: Alias {place}:alias/none is not "
        f"found. {of_kms('NotFoundException')}",
    ),
]


@pytest.mark.parametrize(("named", "code", "message"), UNFIT, ids=[named for named, *_ in UNFIT])
def test_a_key_that_cannot_be_used_is_refused(dynastep, kms, dynamodb, named, code, message):
    names = {"disabled": new_key(kms), "deleted": new_key(kms)}
    kms.create_alias(AliasName="alias/disabled", TargetKeyId=names["disabled"])
    kms.disable_key(KeyId=names["disabled"])
    kms.schedule_key_deletion(KeyId=names["deleted"])
    names["asymmetric"] = new_key(kms, KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")
    names["elsewhere"] = new_key(dynastep.client("kms", "eu-west-1"))
    names["place"] = names["deleted"].rpartition(":")[0]
    key, expected = named.format(**names), (code, message.format(**names))
    assert refusal(create, client=dynamodb, key=key) == expected
    assert dynamodb.list_tables()["TableNames"] == []
    dynamodb.create_table(TableName="plain", **ON_DEMAND)
    assert refusal(dynamodb.update_table, TableName="plain", SSESpecification=sse(key)) == expected
    assert "SSEDescription" not in described(dynamodb, "plain")


def test_a_change_of_the_key_shows_the_old_one_once_more(kms, dynamodb):
    old, new = new_key(kms), new_key(kms)
    create(dynamodb, old)
    answered = dynamodb.update_table(TableName="orders", SSESpecification=sse(new))["TableDescription"]
    assert answered["SSEDescription"] == {"Status": "UPDATING", "SSEType": "KMS", "KMSMasterKeyArn": old}
    assert answered["TableStatus"] == "ACTIVE"
    shown = described(dynamodb)["SSEDescription"]
    assert shown == {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": new}


def test_the_same_key_is_refused_by_its_arn_only(kms, dynamodb):
    key = new_key(kms)
    create(dynamodb, key)
    words = (
        "One or more parameter values were invalid: Table is already encrypted with given KMSMasterKeyId. Use "
        "KMSMasterKeyId parameter if you want to change Master Key"
    )
    refused = refusal(dynamodb.update_table, TableName="orders", SSESpecification=sse(key))
    assert refused == ("ValidationException", words)
    again = dynamodb.update_table(TableName="orders", SSESpecification=sse(key.rpartition("/")[2]))["TableDescription"]
    assert again["SSEDescription"]["Status"] == "UPDATING"


def test_what_is_encrypted_by_default_is_not_undone(dynamodb):
    dynamodb.create_table(TableName="plain", **ON_DEMAND)
    words = "One or more parameter values were invalid: Table is already encrypted by default"
    refused = refusal(dynamodb.update_table, TableName="plain", SSESpecification={"Enabled": False})
    assert refused == ("ValidationException", words)


def test_a_table_whose_key_is_lost_is_not_encrypted_anew(kms, dynamodb):
    key = new_key(kms)
    create(dynamodb, key)
    kms.disable_key(KeyId=key)
    refused = refusal(dynamodb.update_table, TableName="orders", SSESpecification=sse(new_key(kms)))
    assert refused == is_disabled(key)


CALLS = [
    ("get_item", {"TableName": "orders", "Key": ITEM}),
    ("put_item", {"TableName": "orders", "Item": ITEM}),
    ("update_item", {"TableName": "orders", "Key": ITEM}),
    ("delete_item", {"TableName": "orders", "Key": ITEM}),
    ("query", {"TableName": "orders", "KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": ITEM["p"]}}),
    ("scan", {"TableName": "orders"}),
    ("batch_get_item", {"RequestItems": {"orders": {"Keys": [ITEM]}}}),
    ("batch_write_item", {"RequestItems": {"orders": [{"PutRequest": {"Item": ITEM}}]}}),
    ("transact_get_items", {"TransactItems": [{"Get": {"TableName": "orders", "Key": ITEM}}]}),
    ("transact_write_items", {"TransactItems": [{"Put": {"TableName": "orders", "Item": ITEM}}]}),
    ("execute_statement", {"Statement": "SELECT * FROM orders"}),
]  # fmt: skip


@pytest.mark.parametrize(("call", "params"), CALLS, ids=[call for call, _ in CALLS])
def test_items_are_lost_when_the_key_is_asked_for_again(dynastep, kms, dynamodb, call, params):
    key = new_key(kms)
    create(dynamodb, key)
    dynamodb.put_item(TableName="orders", Item=ITEM)
    kms.disable_key(KeyId=key)
    dynastep.clock.advance(5 * MINUTE - 1)
    getattr(dynamodb, call)(**params)
    dynastep.clock.advance(1)
    assert refusal(getattr(dynamodb, call), **params) == is_disabled(key)
    kms.enable_key(KeyId=key)
    getattr(dynamodb, call)(**params)


def test_a_task_meets_the_error_of_dynamodb(dynastep, kms, dynamodb):
    key = new_key(kms)
    create(dynamodb, key)
    kms.disable_key(KeyId=key)
    resource, params = "arn:aws:states:::dynamodb:putItem", {"TableName": "orders", "Item": ITEM}
    put = {"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": resource, "Parameters": params, "End": True}}}
    execution = dynastep.run(put)
    assert execution.error == "DynamoDB.AmazonDynamoDBException"
    assert execution.cause.startswith(f"{is_disabled(key)[1].partition(' (')[0]} (Service: AWSKMS; Status Code: 400;")


@pytest.mark.parametrize("how", ["disabled", "to be deleted"])
def test_a_table_is_seen_to_be_inaccessible_after_a_while(dynastep, kms, dynamodb, how):
    key = new_key(kms)
    create(dynamodb, key)
    if how == "disabled":
        kms.disable_key(KeyId=key)
    else:
        kms.schedule_key_deletion(KeyId=key)
    dynastep.clock.advance(15 * MINUTE - 1)
    assert described(dynamodb)["TableStatus"] == "ACTIVE"
    dynastep.clock.advance(1)
    seen = described(dynamodb)
    assert seen["TableStatus"] == "INACCESSIBLE_ENCRYPTION_CREDENTIALS"
    assert seen["SSEDescription"]["Status"] == "ENABLED"
    at = seen["SSEDescription"]["InaccessibleEncryptionDateTime"]
    dynastep.clock.advance(MINUTE)
    assert described(dynamodb)["SSEDescription"]["InaccessibleEncryptionDateTime"] == at
    if how == "to be deleted":
        kms.cancel_key_deletion(KeyId=key)
        dynastep.clock.advance(60 * MINUTE)  # to cancel leaves the key disabled
        assert described(dynamodb)["TableStatus"] == "INACCESSIBLE_ENCRYPTION_CREDENTIALS"
    kms.enable_key(KeyId=key)
    assert described(dynamodb)["TableStatus"] == "INACCESSIBLE_ENCRYPTION_CREDENTIALS"
    dynamodb.scan(TableName="orders")
    dynastep.clock.advance(15 * MINUTE)
    back = described(dynamodb)
    assert back["TableStatus"] == "ACTIVE"
    assert "InaccessibleEncryptionDateTime" not in back["SSEDescription"]


def test_an_inaccessible_table_can_be_deleted(dynastep, kms, dynamodb):
    key = new_key(kms)
    create(dynamodb, key)
    kms.disable_key(KeyId=key)
    dynastep.clock.advance(60 * MINUTE)
    assert dynamodb.delete_table(TableName="orders")["TableDescription"]["TableStatus"] == "DELETING"


def test_a_snapshot_keeps_the_keys_of_tables(dynastep, kms):
    key = new_key(kms)
    create(dynastep.client("dynamodb"), key)
    kms.disable_key(KeyId=key)
    dynastep.clock.advance(15 * MINUTE)
    dynastep.snapshot("lost")
    dynastep.client("kms").enable_key(KeyId=key)
    dynastep.restore("lost")
    dynamodb = dynastep.client("dynamodb")
    assert described(dynamodb)["TableStatus"] == "INACCESSIBLE_ENCRYPTION_CREDENTIALS"
    assert refusal(dynamodb.scan, TableName="orders") == is_disabled(key)


def with_replica(client, **more):
    return client.update_table(TableName="orders", ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1", **more}}])[
        "TableDescription"
    ]


def test_a_replica_has_a_key_of_its_own_region(dynastep, dynamodb):
    dynamodb.create_table(TableName="orders", SSESpecification={"Enabled": True}, **ON_DEMAND)
    with_replica(dynamodb)
    other = described(dynastep.client("dynamodb", "eu-west-1"))["SSEDescription"]["KMSMasterKeyArn"]
    managed = dynastep.client("kms", "eu-west-1").describe_key(KeyId="alias/aws/dynamodb")["KeyMetadata"]["Arn"]
    assert other == managed


def test_a_customers_key_is_named_for_each_replica(dynastep, kms, dynamodb):
    create(dynamodb, new_key(kms))
    there = new_key(dynastep.client("kms", "eu-west-1"))
    invalid = "One or more parameter values were invalid: "
    words = f"{invalid}KMSMasterKeyId must be specified for each replica."
    assert refusal(with_replica, client=dynamodb) == ("ValidationException", words)
    words = f"{invalid}All replica keys must either be Customer Managed CMK or AWS Managed CMK."
    refused = refusal(with_replica, client=dynamodb, KMSMasterKeyId="alias/aws/dynamodb")
    assert refused == ("ValidationException", words)
    _, message = refusal(with_replica, client=dynamodb, KMSMasterKeyId=new_key(kms))
    assert message.startswith("KMS validation error for region eu-west-1: com.amazonaws.services.kms.model.NotFound")
    with_replica(dynamodb, KMSMasterKeyId=there.rpartition("/")[2])
    assert described(dynastep.client("dynamodb", "eu-west-1"))["SSEDescription"]["KMSMasterKeyArn"] == there
    listed = {each["RegionName"]: each for each in described(dynamodb)["Replicas"]}
    assert listed["eu-west-1"]["KMSMasterKeyId"] == there


# Who may


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def as_user(dynastep, *actions, **condition):
    iam = dynastep.client("iam")
    iam.create_user(UserName="u")
    statements = [{"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}]
    if actions:
        statements.append({"Effect": "Allow", "Action": list(actions), "Resource": "*", **condition})
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=document(*statements))
    access_key = iam.create_access_key(UserName="u")["AccessKey"]["AccessKeyId"]
    return connect(partial(answer, dynastep._control), "dynamodb", dynastep.region, access_key)


def is_denied(dynastep, key, action):
    said = (
        f"KMS key access denied error: com.amazonaws.services.kms.model.AWSKMSException: User: arn:aws:iam::"
        f"{dynastep.account}:user/u is not authorized to perform: {action} on resource: {key} because no "
        f"identity-based policy allows the {action} action"
    )
    return "AccessDeniedException", f"{said} {of_kms('AccessDeniedException')}"


@pytest.mark.dynastep(iam="enforce")
@pytest.mark.parametrize("lacking", ["kms:DescribeKey", "kms:CreateGrant"])
def test_who_makes_a_table_needs_rights_to_the_key(dynastep, kms, lacking):
    key = new_key(kms)
    client = as_user(dynastep, *{"kms:DescribeKey", "kms:CreateGrant"} - {lacking})
    assert refusal(create, client=client, key=key) == is_denied(dynastep, key, lacking)


@pytest.mark.dynastep(iam="enforce")
def test_who_reads_a_table_needs_rights_to_the_key(dynastep, kms, dynamodb):
    key = new_key(kms)
    create(dynamodb, key)
    client = as_user(dynastep)
    assert refusal(client.scan, TableName="orders") == is_denied(dynastep, key, "kms:Decrypt")


@pytest.mark.dynastep(iam="enforce")
@pytest.mark.parametrize(("service", "may"), [("dynamodb", True), ("s3", False)])
def test_conditions_see_that_dynamodb_uses_the_key(dynastep, kms, dynamodb, service, may):
    key = new_key(kms)
    create(dynamodb, key)
    via = {
        "kms:ViaService": f"{service}.us-east-1.amazonaws.com",
        "kms:EncryptionContext:aws:dynamodb:tableName": "orders",
    }
    client = as_user(dynastep, "kms:Decrypt", Condition={"StringEquals": via})
    if may:
        client.scan(TableName="orders")
    else:
        assert refusal(client.scan, TableName="orders") == is_denied(dynastep, key, "kms:Decrypt")


@pytest.mark.dynastep(iam="enforce")
def test_the_managed_key_needs_no_rights(dynastep, dynamodb):
    dynamodb.create_table(TableName="orders", SSESpecification={"Enabled": True}, **ON_DEMAND)
    as_user(dynastep).scan(TableName="orders")
