"""Amazon Resource Names: read them, and build those this emulator gives out.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

PARTS = 6

PARTITIONS = (
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("us-iso-", "aws-iso"),
    ("us-isob-", "aws-iso-b"),
    ("us-isof-", "aws-iso-f"),
    ("eu-isoe-", "aws-iso-e"),
    ("eusc-", "aws-eusc"),
)
"""How a region's name begins -> its partition. Every other region is in "aws"."""


class InvalidArn(ValueError):
    """A text is not an ARN. The message is AWS's, without the name of the exception."""


@dataclass(frozen=True, slots=True)
class Arn:
    """``arn:partition:service:region:account:resource``; the resource is everything after the fifth colon."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    @classmethod
    def parse(cls, text: str) -> Arn:
        """Read an ARN.

        Raises:
            InvalidArn: it does not begin with "arn:", or has fewer than six parts.
        """
        if not text.startswith("arn:"):
            raise InvalidArn(f"Invalid ARN prefix: {text}")
        parts = text.split(":", PARTS - 1)
        if len(parts) < PARTS:
            raise InvalidArn(f"Invalid ARN: {text}")
        return cls(*parts[1:])

    @property
    def names(self) -> list[str]:
        """The resource in its parts: ``execution:machine:run`` -> ["execution", "machine", "run"]."""
        return self.resource.split(":")

    @property
    def kind(self) -> str:
        """The first part of the resource: "stateMachine", "function"; for ``table/orders`` it is "table"."""
        return self.names[0].partition("/")[0]

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"


def partition_of(region: str) -> str:
    """The partition that a region belongs to; "aws" for names nobody knows."""
    return next((partition for start, partition in PARTITIONS if region.startswith(start)), "aws")


def build(service: str, account: str, region: str, resource: str) -> str:
    """Any ARN of a service that has regions."""
    return f"arn:{partition_of(region)}:{service}:{region}:{account}:{resource}"


def state_machine(account: str, region: str, name: str) -> str:
    """A state machine; with a version or an alias, add ``:1`` or ``:alias``."""
    return build("states", account, region, f"stateMachine:{name}")


def execution(account: str, region: str, machine: str, name: str) -> str:
    """An execution of a STANDARD machine."""
    return build("states", account, region, f"execution:{machine}:{name}")


def express_execution(account: str, region: str, machine: str, name: str, run: str) -> str:
    """An execution of an EXPRESS machine; ``run`` is the UUID that tells equal names apart."""
    return build("states", account, region, f"express:{machine}:{name}:{run}")


def activity(account: str, region: str, name: str) -> str:
    """An activity of Step Functions."""
    return build("states", account, region, f"activity:{name}")


def function(account: str, region: str, name: str) -> str:
    """A Lambda function, unqualified."""
    return build("lambda", account, region, f"function:{name}")


def table(account: str, region: str, name: str) -> str:
    """A DynamoDB table; an index adds ``/index/name``, a stream ``/stream/label``."""
    return build("dynamodb", account, region, f"table/{name}")


def managed_key_id(service: str, account: str, region: str) -> str:
    """The id of the key of KMS that AWS manages for a service in an account and region: there is one, with a UUID."""
    return str(uuid5(NAMESPACE_URL, f"alias/aws/{service} of {account} in {region}"))
