"""The least policy of a state machine: from its definition, and from what its executions have asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Final, TypeAlias

from asl_interpreter.jsontext import JSON, loads
from emulator.bench.execution import Execution
from emulator.bench.visits import Event, read_visits
from emulator.integrations.operations import find_operation
from emulator.permissions.asking import Facts, Place
from emulator.permissions.formats import FORMATS
from emulator.permissions.rights import Right, document
from emulator.permissions.writing import Asked, write
from emulator.wire.credentials import DEFAULT_ACCOUNT, DEFAULT_REGION


@dataclass(frozen=True)
class MachinePolicy:
    """What the role of a state machine must be allowed, and nothing more. ``print(policy)`` shows it as JSON."""

    rights: list[Right]
    of_other_roles: dict[str, list[Right]]
    """The ARN of a role that Tasks take on by their Credentials, ``*`` if it is computed -> what it must be allowed."""
    unknown: list[str]
    """What could not be told from the definition, each as a sentence."""

    @property
    def document(self) -> dict[str, JSON]:
        """The policy document of the machine's own role."""
        return document(self.rights)

    @property
    def other_documents(self) -> dict[str, dict[str, JSON]]:
        """The policy document of each role that Tasks take on."""
        return {role: document(rights) for role, rights in self.of_other_roles.items()}

    def text(self, form: str = "json") -> str:
        """The policy as text: ``json``, ``yaml``, ``sam`` for the property Policies, or ``terraform``.

        Raises:
            KeyError: there is no such form.
        """
        return FORMATS[form](self.rights)

    def __str__(self) -> str:
        """As JSON."""
        return self.text()


Client: TypeAlias = Callable[[str], Any]
"""A client of boto3's for a service, such as ``kms``."""


def facts_of(described: Mapping[str, Any], client: Client) -> Facts:
    """What DescribeStateMachine says of a machine beside its definition; ``client`` asks for what a name stands for."""
    *_, region, account, _, name = described["stateMachineArn"].split(":")[:7]
    place = Place(account, region)

    def key_of(encrypted: Mapping[str, Any]) -> str | None:
        named = (encrypted.get("encryptionConfiguration") or {}).get("kmsKeyId")
        return None if named is None else _key_arn(client("kms"), named, place)

    def key_of_activity(arn: str) -> str | None:
        states = client("stepfunctions")
        try:
            return key_of(states.describe_activity(activityArn=arn))
        except (states.exceptions.ActivityDoesNotExist, states.exceptions.InvalidArn):
            return None

    return Facts(
        place,
        name,
        logs=(described.get("loggingConfiguration") or {}).get("level", "OFF") != "OFF",
        traced=bool((described.get("tracingConfiguration") or {}).get("enabled")),
        key=key_of(described),
        key_of_activity=key_of_activity,
        key_of_resource=cache(partial(_key_of_resource, client, place)),
    )


def _key_of_resource(client: Client, place: Place, arn: str) -> str | None:
    """The ARN of the customer's key of a table, a queue or a topic; None of one that has none, or is elsewhere."""
    _, _, service, region, account, resource = arn.split(":", 5)
    if (account, region) != (place.account, place.region):
        return None
    named = _NAMED[service](client(service), arn, resource)
    if named is None or named.startswith("alias/aws/"):
        return None
    kms = client("kms")
    try:
        described = kms.describe_key(KeyId=named)["KeyMetadata"]
    except kms.exceptions.NotFoundException:
        return None
    return None if described["KeyManager"] == "AWS" else str(described["Arn"])


def _of_table(dynamodb: Any, _arn: str, resource: str) -> str | None:
    try:
        table = dynamodb.describe_table(TableName=resource.split("/")[1])["Table"]
    except dynamodb.exceptions.ResourceNotFoundException:
        return None
    key: str | None = table.get("SSEDescription", {}).get("KMSMasterKeyArn")
    return key


def _of_queue(sqs: Any, _arn: str, resource: str) -> str | None:
    try:
        url = sqs.get_queue_url(QueueName=resource)["QueueUrl"]
    except sqs.exceptions.QueueDoesNotExist:
        return None
    asked = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["KmsMasterKeyId"])
    key: str | None = asked.get("Attributes", {}).get("KmsMasterKeyId")
    return key


def _of_topic(sns: Any, arn: str, _resource: str) -> str | None:
    try:
        key: str | None = sns.get_topic_attributes(TopicArn=arn)["Attributes"].get("KmsMasterKeyId")
    except sns.exceptions.NotFoundException:
        return None
    return key


_NAMED: Final[Mapping[str, Callable[[Any, str, str], str | None]]] = {
    "dynamodb": _of_table,
    "sns": _of_topic,
    "sqs": _of_queue,
}
"""How each service tells the key of what it holds."""


def _key_arn(kms: Any, named: str, place: Place) -> str:
    """The ARN of the key that an id, an ARN or an alias names; of one that is gone as far as its name says it."""
    try:
        return str(kms.describe_key(KeyId=named)["KeyMetadata"]["Arn"])
    except kms.exceptions.NotFoundException:
        return named if ":key/" in named else place.arn("kms", f"key/{'*' if 'alias/' in named else named}")


def facts_of_file(name: str, account: str | None, region: str | None) -> Facts:
    """What is known of a definition that is not deployed."""
    return Facts(Place(account or DEFAULT_ACCOUNT, region or DEFAULT_REGION), name)


def policy_of(
    definition: str, facts: Facts, histories: Iterable[Iterable[Event]] = (), *, only_runs: bool = False
) -> MachinePolicy:
    """The least policy of a definition.

    Tasks that executions have come to, by their histories, need what they have asked for; with ``only_runs`` the others
    need nothing.
    """
    asked = [each for history in histories for each in _asked(history)]
    written = write(loads(definition), facts, find_operation, asked, only_runs=only_runs)
    return MachinePolicy(written.own, written.others, written.unknown)


def policy_of_runs(
    described: Mapping[str, Any], client: Client, ran: Iterable[Execution], *, only_runs: bool
) -> MachinePolicy:
    """The least policy of a machine as DescribeStateMachine tells it, with what its own of some executions ask."""
    histories = [each.history for each in ran if each.state_machine_arn == described["stateMachineArn"]]
    return policy_of(described["definition"], facts_of(described, client), histories, only_runs=only_runs)


def _asked(history: Iterable[Event]) -> Iterator[Asked]:
    for visit in read_visits(history).every:
        for attempt in visit.attempts:
            yield Asked(visit.state, attempt.arguments)
