"""Incomplete and broken requests to moto's services, made from their models: no 500 but those that name an operation.

    python tests/fuzz/other_services/from_models.py --seconds 60 --seed 1 sqs sns kms

Without names, the services that workflows call. Prints how the requests ended, and the operations that moto failed at.
"""

from __future__ import annotations

import argparse
import collections
import logging
import random
import sys
import time
from collections.abc import Iterator
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.model import ListShape, MapShape, Shape, StructureShape

from emulator import clients
from emulator.settings import Settings
from emulator.world import World

SERVICES = (
    *("apigateway", "apigatewayv2", "application-autoscaling", "athena", "autoscaling", "backup", "batch", "bedrock"),
    *("cloudformation", "cloudfront", "cloudwatch", "codebuild", "cognito-identity", "cognito-idp", "comprehend"),
    *("config", "databrew", "datasync", "ec2", "ecr", "ecs", "eks", "elasticache", "elbv2", "emr", "emr-containers"),
    *("emr-serverless", "events", "firehose", "glue", "iam", "kinesis", "kms", "lambda", "logs", "opensearch"),
    *(
        "organizations",
        "pipes",
        "polly",
        "rds",
        "rds-data",
        "redshift",
        "redshift-data",
        "rekognition",
        "route53",
        "s3",
    ),
    *("sagemaker", "scheduler", "secretsmanager", "ses", "sesv2", "sns", "sqs", "ssm", "sts", "textract", "transcribe"),
    *("transfer", "wafv2"),
)


def made_up(shape: Shape, chance: random.Random, depth: int = 0) -> Any:
    """A value of a shape, of which members may be left out."""
    if isinstance(shape, StructureShape):
        names = [name for name in shape.members if chance.random() < (0.5 if depth < 3 else 0)]
        return {name: made_up(shape.members[name], chance, depth + 1) for name in names}
    if isinstance(shape, ListShape):
        return [made_up(shape.member, chance, depth + 1) for _ in range(chance.randrange(3))]
    if isinstance(shape, MapShape):
        return {f"k{number}": made_up(shape.value, chance, depth + 1) for number in range(chance.randrange(3))}
    match shape.type_name:
        case "boolean":
            return chance.random() < 0.5
        case "integer" | "long":
            return chance.choice([0, 1, -1, 2**31])
        case "float" | "double":
            return chance.choice([0.5, -1.5])
        case "timestamp":
            return chance.choice([0, 1_700_000_000])
        case "blob":
            return chance.choice([b"", b"bytes"])
        case _:
            return chance.choice(["", "x", "x" * 300, "\x01", "ünï", *(getattr(shape, "enum", None) or ())])


def requests(services: list[str], chance: random.Random) -> Iterator[tuple[Any, str, dict[str, Any]]]:
    """Clients, operations and parameters, first each operation with as little as its path needs, then at random."""
    world = World(Settings())
    world.meet_moto()
    made = [clients.client(world, service, config=Config(parameter_validation=False)) for service in services]
    operations = [(client, name) for client in made for name in client.meta.service_model.operation_names]
    rounds = 0
    while True:
        for client, name in operations:
            shape = client.meta.service_model.operation_model(name).input_shape
            members = shape.members if shape is not None else {}
            path = {key: "x" for key, member in members.items() if member.serialization.get("location") == "uri"}
            yield client, name, {**(made_up(shape, chance) if shape is not None and rounds else {}), **path}
        rounds += 1


def main() -> int:
    """Run; the exit status is 1 if a 500 does not name its operation."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("services", nargs="*")
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)
    ends: collections.Counter[str] = collections.Counter()
    failures: collections.Counter[str] = collections.Counter()
    unnamed = set()
    until = time.monotonic() + asked.seconds
    for client, name, params in requests(asked.services or list(SERVICES), random.Random(asked.seed)):
        if time.monotonic() > until:
            break
        service = client.meta.service_model.service_name
        try:
            client._make_api_call(name, params)
            ends["2xx"] += 1
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            ends[str(status)] += 1
            if status == 500:
                failures[f"{service}:{name}"] += 1
                if not error.response["Error"].get("Message", "").startswith("moto, behind Dynastep, failed at "):
                    unnamed.add(f"{service}:{name}")
        except Exception as error:  # noqa: BLE001 - botocore cannot write the request, or cannot read the answer
            ends[type(error).__name__] += 1
    sys.stdout.write(f"{sum(ends.values())} requests: {dict(ends)}\n500: {', '.join(sorted(failures))}\n")
    sys.stdout.write(f"500 without a name: {', '.join(sorted(unnamed)) or 'none'}\n")
    return int(bool(unnamed))


if __name__ == "__main__":
    sys.exit(main())
