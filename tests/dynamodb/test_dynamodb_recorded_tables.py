"""What the control plane was recorded to answer on AWS in October 2025: warm throughput, deletions, keys, transactions."""

from __future__ import annotations

import pytest

KEY = {
    "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}],
}
ON_DEMAND = {**KEY, "BillingMode": "PAY_PER_REQUEST"}
PROVISIONED = {**KEY, "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6}}
WARM = {"ReadUnitsPerSecond": 13_000, "WriteUnitsPerSecond": 4_500}
INDEX = {"IndexName": "plain", "KeySchema": KEY["KeySchema"], "Projection": {"ProjectionType": "ALL"}}


@pytest.fixture
def dynamodb(dynastep):
    return dynastep.client("dynamodb")


@pytest.mark.parametrize("how", [ON_DEMAND, PROVISIONED], ids=["on demand", "provisioned"])
def test_warm_throughput_is_shown_of_a_table_that_is_there(dynamodb, how):
    created = dynamodb.create_table(TableName="orders", **how)["TableDescription"]
    assert "WarmThroughput" not in created
    shown = dynamodb.describe_table(TableName="orders")["Table"]["WarmThroughput"]
    warm = (12_000, 4_000) if how is ON_DEMAND else (5, 6)
    assert shown == {"ReadUnitsPerSecond": warm[0], "WriteUnitsPerSecond": warm[1], "Status": "ACTIVE"}


def test_warm_throughput_that_is_asked_for_is_updated_first(dynamodb):
    indexes = [INDEX, {**INDEX, "IndexName": "warm", "WarmThroughput": WARM}]
    created = dynamodb.create_table(
        TableName="orders", WarmThroughput=WARM, GlobalSecondaryIndexes=indexes, **ON_DEMAND
    )["TableDescription"]
    assert created["WarmThroughput"] == {**WARM, "Status": "UPDATING"}
    plain, warm = created["GlobalSecondaryIndexes"]
    assert ("WarmThroughput" in plain, warm["WarmThroughput"]) == (False, {**WARM, "Status": "UPDATING"})
    table = dynamodb.describe_table(TableName="orders")["Table"]
    statuses = [each["WarmThroughput"]["Status"] for each in (table, *table["GlobalSecondaryIndexes"])]
    assert statuses == ["ACTIVE"] * 3


def test_a_deletion_tells_nothing_of_how_the_table_was_made(dynamodb):
    dynamodb.create_table(
        TableName="orders",
        SSESpecification={"Enabled": True},
        TableClass="STANDARD_INFREQUENT_ACCESS",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
        WarmThroughput={"ReadUnitsPerSecond": 10, "WriteUnitsPerSecond": 10},
        GlobalSecondaryIndexes=[{**INDEX, "ProvisionedThroughput": PROVISIONED["ProvisionedThroughput"]}],
        **PROVISIONED,
    )
    deleted = dynamodb.delete_table(TableName="orders")["TableDescription"]
    assert deleted.keys() == {
        *("DeletionProtectionEnabled", "ItemCount", "ProvisionedThroughput", "TableArn", "TableId", "TableName"),
        *("TableSizeBytes", "TableStatus"),
    }
    assert deleted["TableStatus"] == "DELETING"


def encryption(client, name="orders"):
    return client.describe_table(TableName=name)["Table"].get("SSEDescription")


def test_the_key_that_aws_manages_is_one_of_the_tables_own_region(dynastep):
    found = {}
    for region in ("us-east-1", "eu-west-1"):
        client = dynastep.client("dynamodb", region)
        for name in ("orders", "sales"):
            client.create_table(TableName=name, SSESpecification={"Enabled": True}, **ON_DEMAND)
        assert encryption(client) == encryption(client, "sales")
        found[region] = encryption(client)
    assert [each["SSEType"] for each in found.values()] == ["KMS", "KMS"]
    for region, described in found.items():
        arn = described["KMSMasterKeyArn"]
        assert arn.startswith(f"arn:aws:kms:{region}:{dynastep.account}:key/")
        key = dynastep.client("kms", region).describe_key(KeyId=arn)["KeyMetadata"]
        assert (key["Arn"], key["KeyManager"]) == (arn, "AWS")
        assert key["Description"] == "Default key that protects my DynamoDB data when no other key is defined"
        by_alias = dynastep.client("kms", region).describe_key(KeyId="alias/aws/dynamodb")["KeyMetadata"]
        assert by_alias["Arn"] == arn
    assert len({each["KMSMasterKeyArn"] for each in found.values()}) == 2


def test_an_alias_of_the_managed_key_names_it(dynastep):
    kms = dynastep.client("kms")
    arn = kms.describe_key(KeyId="alias/aws/dynamodb")["KeyMetadata"]["Arn"]
    [alias] = [each for each in kms.list_aliases()["Aliases"] if each["AliasName"] == "alias/aws/dynamodb"]
    assert arn.endswith(alias["TargetKeyId"])
    dynastep.client("dynamodb").create_table(TableName="orders", SSESpecification={"Enabled": True}, **ON_DEMAND)
    assert encryption(dynastep.client("dynamodb"))["KMSMasterKeyArn"] == arn


def test_an_encryption_that_is_undone_shows_its_key_once_more(dynamodb):
    dynamodb.create_table(TableName="orders", SSESpecification={"Enabled": True}, **ON_DEMAND)
    before = encryption(dynamodb)
    undone = dynamodb.update_table(TableName="orders", SSESpecification={"Enabled": False})["TableDescription"]
    assert undone["SSEDescription"] == {**before, "Status": "UPDATING"}
    assert encryption(dynamodb) is None


def test_a_transaction_of_writes_answers_no_items(dynamodb):
    dynamodb.create_table(TableName="orders", **ON_DEMAND)
    statements = [{"Statement": f"INSERT INTO orders VALUE {{'p': '{name}'}}"} for name in "ab"]
    assert dynamodb.execute_transaction(TransactStatements=statements)["Responses"] == []
