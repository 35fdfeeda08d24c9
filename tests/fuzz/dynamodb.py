"""Fuzz: requests mutated from valid ones, over HTTP to a server of its own. No 500, no hang, no HTML, memory bounded.

    python -m tests.fuzz.dynamodb --requests 200000 --seed 1

Each request is a function of the seed and its number, so that a failure is repeated with ``--only NUMBER``.
"""

from __future__ import annotations

import argparse
import http.client
import json
import sys
import time
import zlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random
from typing import Any

from .mutations import encoded, mutated
from .requests import ITEM, TABLES, Request, valid_requests
from .server import control, resident, running

CONNECTIONS = 4
ROUND = 1_000
"""Requests until the world is made anew, so that what they leave behind is bounded."""
HANGS_AFTER = 10.0
"""Seconds in which every answer comes."""
MOST_MEMORY = 1024.0
"""MiB that the server never exceeds."""
HEADERS = {
    "Content-Type": "application/x-amz-json-1.0",
    "Authorization": "AWS4-HMAC-SHA256 Credential=000000000000/20260101/us-east-1/dynamodb/aws4_request, "
    f"SignedHeaders=host, Signature={'0' * 64}",
}
STATUSES = {200, 400, 404, 413, 501}
"""An answer, AWS's refusals, and ours of what is not built."""


@dataclass
class Tally:
    """What the answers were."""

    statuses: Counter[int] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    slowest: float = 0.0


class Client:
    """One kept connection."""

    def __init__(self, port: int, timeout: float = HANGS_AFTER) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)

    def close(self) -> None:
        self._connection.close()

    def send(self, target: str, body: bytes, **headers: str) -> tuple[int, Any, bytes]:
        """Status, headers and body of the answer."""
        named = {
            **HEADERS,
            "X-Amz-Target": target,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        self._connection.request("POST", "/", body, named)
        response = self._connection.getresponse()
        return response.status, response.headers, response.read()

    def call(self, request: Request) -> dict[str, Any]:
        """The answer to a valid request."""
        status, _, body = self.send(f"{request.service}.{request.operation}", json.dumps(request.params).encode())
        if status != 200:
            message = f"{request.operation} answers {status}: {body!r}"
            raise RuntimeError(message)
        answer: dict[str, Any] = json.loads(body)
        return answer


def prepare(port: int) -> list[Request]:
    """A new world with two tables and some items in it, and the requests that are valid there."""
    control(port, "POST", "/_dynastep/reset")
    client = Client(port)
    for table in TABLES:
        client.call(Request("DynamoDB_20120810", "CreateTable", table))
    for number in range(20):
        item = {**ITEM, "p": {"S": "abx"[number % 3]}, "r": {"N": str(number)}}
        client.call(Request("DynamoDB_20120810", "PutItem", {"TableName": "tab", "Item": item}))
    described = client.call(Request("DynamoDB_20120810", "DescribeTable", {"TableName": "tab"}))["Table"]
    arn, stream = described["TableArn"], described["LatestStreamArn"]
    described = client.call(Request("DynamoDBStreams_20120810", "DescribeStream", {"StreamArn": stream}))
    shard = described["StreamDescription"]["Shards"][0]["ShardId"]
    params = {"StreamArn": stream, "ShardId": shard, "ShardIteratorType": "LATEST"}
    iterator = client.call(Request("DynamoDBStreams_20120810", "GetShardIterator", params))["ShardIterator"]
    client.close()
    return valid_requests(arn, stream, shard, iterator)


def fuzzed(requests: list[Request], seed: int, number: int) -> tuple[str, bytes, dict[str, str]]:
    """Target, body and further headers of a request."""
    random = Random(f"{seed}:{number}")
    service, operation, params = random.choice(requests)
    if random.random() < 0.03:
        operation = random.choice(requests).operation
    body = encoded(mutated(params, random), random)
    if random.random() >= 0.03:
        return f"{service}.{operation}", body, {}
    headers = random.choice(
        (
            {"Content_Type": "text/plain"},
            {"Content_Type": "application/json"},
            {"Content_Encoding": "gzip"},
            {"Authorization": ""},
            {"Authorization": "AWS4-HMAC-SHA256 Credential=////"},
            {"Accept_Encoding": "gzip, deflate"},
            {"Origin": "http://localhost"},
            {"X_Amz_Target": "DynamoDB_20120810."},
            {"X_Amz_Target": "DynamoDB_20120810.Nope"},
        )
    )
    return f"{service}.{operation}", body, headers


def fault_of(status: int, headers: Any, body: bytes) -> str | None:
    """What is wrong with an answer."""
    if status not in STATUSES:
        return f"status {status}"
    if "html" in headers.get("Content-Type", "") or (body.lstrip()[:1] == b"<" and status != 404):
        return "HTML"
    if status in (404, 413):
        return None
    if headers["x-amz-crc32"] != str(zlib.crc32(body)):
        return "checksum"
    return None


def run(port: int, requests: int, seed: int, tally: Tally, only: int | None = None) -> None:
    """Send the requests and tally the answers."""
    for first in range(0, requests, ROUND):
        valid = prepare(port)
        numbers = range(first, min(first + ROUND, requests)) if only is None else [only]

        def work(part: int, valid: list[Request] = valid, numbers: Any = numbers) -> None:
            client = Client(port)
            for number in numbers[part::CONNECTIONS]:
                if not _send_one(client, fuzzed(valid, seed, number), number, tally, show=only is not None):
                    client = Client(port)
            client.close()

        with ThreadPoolExecutor(CONNECTIONS) as pool:
            list(pool.map(work, range(CONNECTIONS)))
        if only is not None:
            return


def _send_one(
    client: Client, sent: tuple[str, bytes, dict[str, str]], number: int, tally: Tally, *, show: bool
) -> bool:
    """Send one request; whether the connection is still good."""
    target, body, more = sent
    started = time.monotonic()
    try:
        status, headers, answer = client.send(target, body, **more)
    except (OSError, http.client.HTTPException) as error:
        tally.failures.append(f"{number} {target}: {error!r}")
        client.close()
        return False
    tally.slowest = max(tally.slowest, time.monotonic() - started)
    tally.statuses[status] += 1
    fault = fault_of(status, headers, answer)
    if status not in (404, 413) and "Content-Encoding" not in headers:
        kind = json.loads(answer or b"{}").get("__type", "") if fault is None else ""
        tally.codes[kind.partition("#")[2]] += 1
        if fault is None and status != 200 and "#" not in kind:
            fault = "no __type"
    if fault is not None:
        tally.failures.append(f"{number} {target}: {fault}: {answer[:200]!r}")
    if show:
        print(target, more, body.decode(errors="replace"), "->", status, answer.decode(errors="replace"), sep="\n")  # noqa: T201
    return True


def main() -> int:
    """The command; its exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="send this request alone and show it")
    chosen = parser.parse_args()
    tally = Tally()
    with running() as (port, pid):
        prepare(port)
        before, started = resident(pid), time.monotonic()
        run(port, chosen.requests, chosen.seed, tally, chosen.only)
        seconds, after = time.monotonic() - started, resident(pid)
    count = sum(tally.statuses.values())
    lines = [
        f"seed {chosen.seed}: {count:,} requests in {seconds:.0f} s ({count / seconds:,.0f}/s), "
        f"slowest answer {tally.slowest:.2f} s",
        f"answers by status: {dict(sorted(tally.statuses.items()))}",
        f"by error: {dict(tally.codes.most_common())}",
        f"memory of the server: {before:.0f} MiB at the start, {after:.0f} MiB at the end",
        f"failures: {len(tally.failures)}",
        *tally.failures[:50],
    ]
    print("\n".join(lines))  # noqa: T201
    return 1 if tally.failures or after > MOST_MEMORY else 0


if __name__ == "__main__":
    sys.exit(main())
