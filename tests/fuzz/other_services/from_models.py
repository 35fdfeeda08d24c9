"""Requests to moto's services, made from their models and then broken: no 500 but those that name an operation.

    PYTHONPATH=tests python -m fuzz.other_services.from_models --requests 50000 --seconds 600 --seed 1 sqs sns kms

Without names, the services that workflows call. Each request is in one of the protocols that the service has (JSON, forms,
XML, paths and headers, CBOR); two in five are then broken as text, and one in twenty is encoded. Answers have to be XML or
JSON where they say so. Prints how the requests ended and the operations that moto failed at; the exit status is 1 if a 500
does not name its operation, if an answer cannot be read, or if one took longer than ``SLOWEST``.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import quote, unquote_to_bytes, urlencode
from xml.etree import ElementTree as ET

from botocore.model import OperationModel, ServiceModel
from botocore.serialize import SERIALIZERS, create_serializer

from emulator import moto_door
from emulator.control import Control
from emulator.endpoint import answer
from emulator.settings import Settings
from emulator.wire.operations import service_model
from emulator.wiring import meet_moto

from .texts import broken, encoded
from .values import HOSTILE, made_up

SERVICES = (
    *("apigateway", "apigatewayv2", "application-autoscaling", "athena", "autoscaling", "backup", "batch", "bedrock"),
    *("cloudfront", "cloudwatch", "codebuild", "cognito-identity", "cognito-idp", "comprehend", "config", "databrew"),
    *("datasync", "ec2", "ecr", "ecs", "eks", "elasticache", "elbv2", "emr", "emr-containers", "emr-serverless"),
    *("events", "firehose", "glue", "iam", "kinesis", "kms", "lambda", "logs", "opensearch", "organizations", "pipes"),
    *(
        "polly",
        "rds",
        "rds-data",
        "redshift",
        "redshift-data",
        "rekognition",
        "route53",
        "s3",
        "sagemaker",
        "scheduler",
    ),
    *("secretsmanager", "ses", "sesv2", "sns", "sqs", "ssm", "sts", "textract", "transcribe", "transfer", "wafv2"),
)
NAMED = "moto, behind Dynastep, failed at "
SLOWEST = 60.0
"""Real seconds in which a request is answered on a slow machine."""
ACCOUNT = "000000000000"


@dataclass(frozen=True, slots=True)
class Request:
    """One request as WSGI has it, and what it is for."""

    operation: str
    """Service and operation."""
    environ: dict[str, Any]
    body: bytes
    is_opaque: bool
    """Whether what is answered is bytes, of whatever type they are called."""


@dataclass
class Tally:
    """How requests ended."""

    ends: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    """What moto failed at, as the answers say: ``glue:BatchGetJobs (KeyError)``."""
    flaws: list[str] = field(default_factory=list)
    """What must not be: a 500 without a name, an answer that cannot be read, one that came late."""


def requests(services: list[str], chance: Random) -> Iterator[Request]:
    """Requests without end: every operation of every service, in rounds, in an order of chance."""
    models = {service: service_model(service) for service in services}
    operations = [(service, name) for service, model in models.items() for name in model.operation_names]
    while True:
        chance.shuffle(operations)
        for service, name in operations:
            yield request(models[service], models[service].operation_model(name), chance)


def request(service: ServiceModel, operation: OperationModel, chance: Random) -> Request:
    """A request for an operation, in one of the service's protocols, that may be broken."""
    protocol = chance.choice(
        [name for name in service.metadata.get("protocols", [service.protocol]) if name in SERIALIZERS]
    )
    made = _serialized(operation, protocol, chance)
    body = made["body"]
    body = (
        urlencode(body).encode() if isinstance(body, dict) else body.encode() if isinstance(body, str) else body or b""
    )
    headers = {name: _header(value) for name, value in made["headers"].items()}
    path, query = made["url_path"] or "/", urlencode(made["query_string"] or {}, doseq=True)
    kind = headers.get("Content-Type", "application/x-amz-json-1.0" if body[:1] == b"{" else "")
    if chance.random() < 0.4:
        body = broken(body, kind, chance)
    if chance.random() < 0.05:
        path = chance.choice(
            [path + "/x", "/" + quote(chance.choice(HOSTILE).encode("utf-8", "replace")), path * 2, "/%00%ff"]
        )
    if chance.random() < 0.05:
        query = chance.choice(["=", "a&b", "Action=", "x=%ff%00", query + "&" + query, "a" * 3000])
    if chance.random() < 0.05:
        body, headers["Content-Encoding"] = encoded(body, chance)
    if chance.random() < 0.03 and headers:
        headers[chance.choice(list(headers))] = _header(chance.choice(HOSTILE))
    environ = environ_of(service, made["method"], path, query, {"Content-Type": kind, **headers}, len(body))
    answered = operation.output_shape
    payload = answered is not None and answered.serialization.get("payload")
    is_opaque = operation.has_streaming_output or bool(payload and answered.members[payload].type_name == "blob")
    return Request(f"{service.service_name}:{operation.name}", environ, body, is_opaque)


def _serialized(operation: OperationModel, protocol: str, chance: Random) -> dict[str, Any]:
    """What a client sends; of values that it cannot write, others are made."""
    wrong = chance.choice([0.0, 0.05, 0.3])
    for odds in (wrong, 0.0, None):
        values = {} if operation.input_shape is None or odds is None else made_up(operation.input_shape, chance, odds)
        try:
            return dict(create_serializer(protocol, include_validation=False).serialize_to_request(values, operation))
        except Exception:  # noqa: BLE001 - botocore cannot write them, in whatever way
            continue
    template = operation.http["requestUri"].partition("?")[0]
    path = "/".join("x" if part.startswith("{") else part for part in template.split("/"))
    return {"body": b"", "headers": {}, "url_path": path, "query_string": {}, "method": operation.http["method"]}


def _header(value: Any) -> str:
    return str(value).encode("utf-8", "replace").decode("latin-1").replace("\r", " ").replace("\n", " ")


def environ_of(
    service: ServiceModel, method: str, path: str, query: str, headers: dict[str, str], length: int
) -> dict[str, Any]:
    name = service.signing_name
    scope = f"{ACCOUNT}/20260101/us-east-1/{name}/aws4_request"
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "RAW_URI": f"{path}?{query}" if query else path,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SCRIPT_NAME": "",
        "wsgi.url_scheme": "https",
        "HTTP_HOST": f"{service.endpoint_prefix}.us-east-1.amazonaws.com",
        "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
        "CONTENT_LENGTH": str(length),
    }
    for header, value in headers.items():
        key = header.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    return environ


def judge(control: Control, asked: Request, tally: Tally) -> None:
    """Send a request, and see that its answer is one."""
    began = time.monotonic()
    try:
        response = answer(control, asked.environ, asked.body)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
        tally.ends["raised"] += 1
        tally.flaws.append(f"{_told(asked)}: raised {error!r}")
        return
    if time.monotonic() - began > SLOWEST:
        tally.flaws.append(f"{_told(asked)}: took {time.monotonic() - began:.0f} s")
    tally.ends[str(response.status)] += 1
    text = response.body.decode("utf-8", "replace")
    if response.status >= 500 and response.status not in (501, 503):
        if NAMED in text:
            tally.failures[text.partition(NAMED)[2].partition(")")[0] + ")"] += 1
        else:
            tally.flaws.append(f"{_told(asked)}: {response.status} {text[:300]}")
    elif flaw := unreadable(dict(response.headers), response.body, asked):
        tally.flaws.append(f"{_told(asked)}: {response.status} {flaw} {text[:300]}")


def unreadable(headers: dict[str, str], body: bytes, asked: Request) -> str:
    """Why an answer is not of the language that it says; empty if it is, or is of none."""
    kind = headers.get("Content-Type", "")
    if asked.environ["REQUEST_METHOD"] == "HEAD" or not body or asked.is_opaque or asked.operation.startswith("s3:"):
        return ""
    try:
        if "json" in kind:
            json.loads(body)
        elif "xml" in kind:
            ET.fromstring(body)
    except (ValueError, ET.ParseError) as error:
        return f"is no {kind}: {error}"
    return ""


def _told(asked: Request) -> str:
    environ = asked.environ
    return f"{asked.operation} {environ['REQUEST_METHOD']} {environ['RAW_URI'][:200]} {asked.body[:200]!r}"


def run(services: list[str], count: int, seconds: float, seed: int) -> Tally:
    """Send so many requests, or as many as fit into the time."""
    moto_door.reset()
    control, tally = Control(Settings()), Tally()
    meet_moto(lambda _account: control.latest.world)
    until = time.monotonic() + seconds
    for number, asked in enumerate(requests(services, Random(seed))):
        if number == count or time.monotonic() > until:
            break
        judge(control, asked, tally)
    return tally


def main() -> int:
    """Run; the exit status is 1 if anything was as it must not be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=50_000)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("services", nargs="*")
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)
    tally = run(asked.services or list(SERVICES), asked.requests, asked.seconds, asked.seed)
    write = sys.stdout.write
    write(f"{sum(tally.ends.values())} requests: {dict(sorted(tally.ends.items()))}\n")
    write(f"moto failed at {len(tally.failures)} operations: {', '.join(sorted(tally.failures))}\n")
    write("\n".join([f"{len(tally.flaws)} flaws", *tally.flaws[:200]]) + "\n")
    return int(bool(tally.flaws))


if __name__ == "__main__":
    sys.exit(main())
