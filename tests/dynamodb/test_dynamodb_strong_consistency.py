"""Multi-Region strong consistency: who may be a member, what is seen where, and what is refused."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

KEY = {
    "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}
ITEM = {"p": {"S": "a"}, "n": {"N": "1"}}
TWO = [{"Create": {"RegionName": "us-east-2"}}, {"Create": {"RegionName": "us-west-2"}}]
WITNESS = [{"Create": {"RegionName": "us-west-2"}}]
UNSUPPORTED_TTL = "Time to Live (TTL) is not supported for MRSC global tables"
UNSUPPORTED_TRANSACTION = "Transaction operations are not supported for MRSC global tables"
ALL_OTHERS = (
    "You cannot remove a single replica or the witness of an MRSC global table: two replicas, or a replica and the "
    "witness, have to be removed"
)


@pytest.fixture
def regions(dynastep):
    """The client of a region; the table orders is in us-east-1."""
    dynastep.client("dynamodb", "us-east-1").create_table(TableName="orders", **KEY)
    return lambda name: dynastep.client("dynamodb", name)


@pytest.fixture
def strong(regions):
    """The same, as one global table of three replicas."""
    regions("us-east-1").update_table(TableName="orders", ReplicaUpdates=TWO, MultiRegionConsistency="STRONG")
    return regions


@pytest.fixture
def witnessed(regions):
    """The same, with a replica in us-east-2 and a witness in us-west-2."""
    regions("us-east-1").update_table(
        TableName="orders",
        ReplicaUpdates=TWO[:1],
        GlobalTableWitnessUpdates=WITNESS,
        MultiRegionConsistency="STRONG",
    )
    return regions


def refused(operation, **params):
    with pytest.raises(ClientError) as raised:
        operation(**params)
    error = raised.value.response["Error"]
    assert error["Code"] == "ValidationException"
    return error["Message"].removeprefix("One or more parameter values were invalid: ")


def described(client):
    return client.describe_table(TableName="orders")["Table"]


def test_three_replicas_are_one_table(strong):
    shown = described(strong("us-east-2"))
    assert shown["MultiRegionConsistency"] == "STRONG"
    assert [(each["RegionName"], each["ReplicaStatus"]) for each in shown["Replicas"]] == [
        ("us-east-1", "ACTIVE"),
        ("us-west-2", "ACTIVE"),
    ]
    assert "GlobalTableWitnesses" not in shown
    assert "StreamSpecification" not in shown


def test_a_write_is_read_in_every_region(strong):
    for number, name in enumerate(("us-east-1", "us-east-2", "us-west-2")):
        written = {**ITEM, "n": {"N": str(number)}}
        strong(name).put_item(TableName="orders", Item=written)
        for other in ("us-east-1", "us-east-2", "us-west-2"):
            found = strong(other).get_item(TableName="orders", Key={"p": {"S": "a"}}, ConsistentRead=True)
            assert found["Item"] == written


def test_the_answer_shows_members_that_are_being_created(regions):
    made = regions("us-east-1").update_table(
        TableName="orders",
        ReplicaUpdates=TWO[:1],
        GlobalTableWitnessUpdates=WITNESS,
        MultiRegionConsistency="STRONG",
    )["TableDescription"]
    assert (made["TableStatus"], made["MultiRegionConsistency"]) == ("UPDATING", "STRONG")
    assert made["Replicas"] == [{"RegionName": "us-east-2", "ReplicaStatus": "CREATING"}]
    assert made["GlobalTableWitnesses"] == [{"RegionName": "us-west-2", "WitnessStatus": "CREATING"}]


def test_a_witness_has_no_table(witnessed):
    shown = described(witnessed("us-east-2"))
    assert shown["GlobalTableWitnesses"] == [{"RegionName": "us-west-2", "WitnessStatus": "ACTIVE"}]
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        described(witnessed("us-west-2"))


NEW = [
    # what UpdateTable is given, what it says
    ({"ReplicaUpdates": TWO[:1]}, "An MRSC global table must be deployed in exactly three Regions"),
    (
        {"ReplicaUpdates": TWO, "GlobalTableWitnessUpdates": [{"Create": {"RegionName": "eu-west-1"}}]},
        "An MRSC global table must be deployed in exactly three Regions",
    ),
    (
        {"ReplicaUpdates": [TWO[0], {"Create": {"RegionName": "eu-west-1"}}]},
        "The replicas and the witness of an MRSC global table must be in the same Region set",
    ),
    (
        {"ReplicaUpdates": TWO[:1], "GlobalTableWitnessUpdates": [{**WITNESS[0], "Delete": WITNESS[0]["Create"]}]},
        "You can create or delete only one witness per UpdateTable operation",
    ),
    (
        {},
        (
            "MultiRegionConsistency is only valid when you create a global table by specifying one or more Create "
            "actions in the ReplicaUpdates action list"
        ),
    ),
]


@pytest.mark.parametrize(("params", "said"), NEW)
def test_who_may_be_a_member(regions, params, said):
    client = regions("us-east-1")
    assert refused(client.update_table, TableName="orders", MultiRegionConsistency="STRONG", **params) == said
    assert "Replicas" not in described(client)


def test_a_witness_needs_strong_consistency(regions):
    said = refused(
        regions("us-east-1").update_table,
        TableName="orders",
        ReplicaUpdates=TWO[:1],
        GlobalTableWitnessUpdates=WITNESS,
    )
    assert said == "A witness can only be added when creating a global table with MultiRegionConsistency STRONG"


def test_a_table_with_items_cannot_become_strong(regions):
    client = regions("us-east-1")
    client.put_item(TableName="orders", Item=ITEM)
    said = refused(client.update_table, TableName="orders", ReplicaUpdates=TWO, MultiRegionConsistency="STRONG")
    assert said == "An MRSC global table can only be created from a table that is empty"


def test_a_table_with_a_time_to_live_cannot_become_strong(regions):
    client = regions("us-east-1")
    client.update_time_to_live(TableName="orders", TimeToLiveSpecification={"Enabled": True, "AttributeName": "e"})
    said = refused(client.update_table, TableName="orders", ReplicaUpdates=TWO, MultiRegionConsistency="STRONG")
    assert said == UNSUPPORTED_TTL


def test_a_global_table_keeps_its_consistency(regions):
    client = regions("us-east-1")
    client.update_table(TableName="orders", ReplicaUpdates=TWO[:1], MultiRegionConsistency="EVENTUAL")
    said = refused(
        client.update_table,
        TableName="orders",
        ReplicaUpdates=[TWO[1], {"Create": {"RegionName": "us-west-1"}}],
        MultiRegionConsistency="STRONG",
    )
    assert said == "You cannot change a global table's consistency mode after creation"


def test_nobody_is_added_later(strong):
    said = refused(
        strong("us-east-1").update_table,
        TableName="orders",
        ReplicaUpdates=[{"Create": {"RegionName": "us-west-1"}}],
    )
    assert said == "You cannot add replicas or a witness to an existing MRSC global table"


def test_members_leave_together(strong, dynastep):
    client = strong("us-east-1")
    client.put_item(TableName="orders", Item=ITEM)
    deletes = [{"Delete": {"RegionName": name}} for name in ("us-east-2", "us-west-2")]
    assert refused(client.update_table, TableName="orders", ReplicaUpdates=deletes[:1]) == ALL_OTHERS
    assert refused(strong("us-east-2").delete_table, TableName="orders") == ALL_OTHERS
    client.update_table(TableName="orders", ReplicaUpdates=deletes)
    shown = described(client)
    assert "Replicas" not in shown
    assert "MultiRegionConsistency" not in shown
    assert client.get_item(TableName="orders", Key={"p": {"S": "a"}})["Item"] == ITEM
    for name in ("us-east-2", "us-west-2"):
        assert dynastep.client("dynamodb", name).list_tables()["TableNames"] == []


def test_a_replica_and_its_witness_leave_together(witnessed):
    client = witnessed("us-east-1")
    delete = [{"Delete": {"RegionName": "us-east-2"}}]
    assert refused(client.update_table, TableName="orders", ReplicaUpdates=delete) == ALL_OTHERS
    witness = [{"Delete": {"RegionName": "us-west-2"}}]
    client.update_table(TableName="orders", ReplicaUpdates=delete, GlobalTableWitnessUpdates=witness)
    assert "GlobalTableWitnesses" not in described(client)


def test_transactions_and_a_time_to_live_are_refused(strong):
    client = strong("us-east-2")
    key = {"p": {"S": "a"}}
    put = [{"Put": {"TableName": "orders", "Item": ITEM}}]
    assert refused(client.transact_write_items, TransactItems=put) == UNSUPPORTED_TRANSACTION
    get = [{"Get": {"TableName": "orders", "Key": key}}]
    assert refused(client.transact_get_items, TransactItems=get) == UNSUPPORTED_TRANSACTION
    for statement in ("INSERT INTO orders VALUE {'p': 'a'}", "SELECT * FROM orders WHERE p = 'a'"):
        said = refused(client.execute_transaction, TransactStatements=[{"Statement": statement}])
        assert said == UNSUPPORTED_TRANSACTION
    wanted = {"Enabled": True, "AttributeName": "e"}
    assert refused(client.update_time_to_live, TableName="orders", TimeToLiveSpecification=wanted) == UNSUPPORTED_TTL
