"""Multi-Region strong consistency (MRSC): what a global table has to be for it, and what it is then refused.

A table here is one for all of its replicas, so that a write is seen in all regions once it is answered: that is what
MRSC promises. What is left are its rules. AWS's pages state them, not the words of its errors: these are the pages'.

Sources: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html (consistency
modes) and API_UpdateTable.html (MultiRegionConsistency, GlobalTableWitnessUpdates).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from asl_interpreter.jsontext import JSON
from emulator.dynamodb.model.tables import Table
from emulator.dynamodb.rejections import invalid, invalid_values

STRONG: Final = "STRONG"
REGION_SETS: Final = (
    frozenset({"us-east-1", "us-east-2", "us-west-2"}),
    frozenset({"eu-west-1", "eu-west-2", "eu-west-3", "eu-central-1"}),
    frozenset({"ap-northeast-1", "ap-northeast-2", "ap-northeast-3"}),
)
"""The regions of an MRSC global table are of one of these."""
MEMBERS: Final = 3


def is_asked(params: Mapping[str, JSON]) -> bool:
    """Whether UpdateTable is to make a global table strongly consistent, or to change one that is.

    Raises:
        Fault: a consistency is given for no new replica, or a witness for a table that is not strongly consistent.
    """
    mode, witnesses = params.get("MultiRegionConsistency"), params.get("GlobalTableWitnessUpdates")
    creates = [update for update in params.get("ReplicaUpdates") or () if update.get("Create") is not None]
    if mode is not None and not creates:
        raise invalid(
            "MultiRegionConsistency is only valid when you create a global table by specifying one or more Create "
            "actions in the ReplicaUpdates action list"
        )
    if witnesses is not None and mode != STRONG and any(each.get("Create") is not None for each in witnesses):
        raise invalid("A witness can only be added when creating a global table with MultiRegionConsistency STRONG")
    return mode == STRONG


def read_witness(params: Mapping[str, JSON]) -> tuple[str, str] | None:
    """What is to be done with a witness: Create or Delete, and its region; None for nothing.

    Raises:
        Fault: it is more than one thing.
    """
    updates: Sequence[Mapping[str, JSON]] = params.get("GlobalTableWitnessUpdates") or ()
    actions = [(kind, body["RegionName"]) for each in updates for kind, body in each.items() if body is not None]
    if not actions:
        return None
    if len(actions) > 1:
        raise invalid_values("You can create or delete only one witness per UpdateTable operation")
    return actions[0]


def check_new(table: Table, regions: Sequence[str]) -> None:
    """See that a table can be an MRSC global table with replicas, or a replica and a witness, in other regions.

    Raises:
        Fault: it cannot.
    """
    if table.replication.group is not None:
        raise invalid("You cannot change a global table's consistency mode after creation")
    members = {table.region, *regions}
    if len(members) != MEMBERS or len(regions) != MEMBERS - 1:
        raise invalid("An MRSC global table must be deployed in exactly three Regions")
    if not any(members <= regions_of_set for regions_of_set in REGION_SETS):
        raise invalid("The replicas and the witness of an MRSC global table must be in the same Region set")
    if len(table.items):
        raise invalid("An MRSC global table can only be created from a table that is empty")
    if any(not index.is_global for index in table.indexes.values()):
        raise invalid("Local secondary indexes are not supported for MRSC global tables")
    if table.expiry is not None:
        raise invalid("Time to Live (TTL) is not supported for MRSC global tables")


def check_removed(table: Table) -> None:
    """See that a table which is to be deleted is not one of an MRSC global table.

    Raises:
        Fault: it is.
    """
    if table.replication.is_strong:
        raise invalid(_ALL_OTHERS)


_ALL_OTHERS: Final = (
    "You cannot remove a single replica or the witness of an MRSC global table: two replicas, or a replica and the "
    "witness, have to be removed"
)


def check_change(table: Table, kinds: Mapping[str, str], witness: tuple[str, str] | None) -> None:
    """See that a change of the members of an MRSC global table is one that AWS makes: all others leave it at once.

    ``kinds`` are the regions of replicas with what is to be done there.

    Raises:
        Fault: a member is added, or one is left over.
    """
    group = table.replication.group
    if group is None or not table.replication.is_strong:
        return
    if "Create" in kinds.values() or (witness is not None and witness[0] == "Create"):
        raise invalid("You cannot add replicas or a witness to an existing MRSC global table")
    leaving = {region for region, kind in kinds.items() if kind == "Delete"}
    if witness is not None:
        if witness[1] != group.witness:
            raise invalid_values(f"The witness was not found: {witness[1]}")
        leaving.add(witness[1])
    others = {other.region for other in group.others(table)} | ({group.witness} if group.witness else set())
    if leaving and leaving != others:
        raise invalid(_ALL_OTHERS)
