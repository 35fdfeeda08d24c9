"""Lambda functions over HTTP: what the first invocation of a trivial one costs, and the next ones."""

from __future__ import annotations

import base64
import io
import itertools
import json
import time
import zipfile
from collections.abc import Sequence
from functools import partial
from typing import Any

from benchmarks.figures import Aim, Figure, Refused, rate
from benchmarks.servers import Client, Server

SOURCE = "def handler(event, context):\n    return event\n"

_numbers = itertools.count(1)


def figures(servers: Sequence[Server], seconds: float) -> list[Figure]:
    """The warm rate is taken over about so many seconds."""
    clients = {server.program.name: server.client for server in servers if "lambda" not in server.program.lacks}
    cold = {name: partial(_cold, client) for name, client in clients.items()}
    warm = {name: partial(_warm, client, seconds) for name, client in clients.items()}
    return [
        Figure("Lambda in Python, first invocation", "ms", cold, (Aim(150),)),
        Figure("Lambda in Python, warm", "ms", warm, (Aim(2),)),
    ]


def _cold(client: Client) -> float:
    name = _create(client)
    began = time.perf_counter()
    _invoke(client, name)
    return (time.perf_counter() - began) * 1000


def _warm(client: Client, seconds: float) -> float:
    name = _create(client)
    _invoke(client, name)
    return 1000 / rate(lambda: _invoke(client, name), seconds)


def _create(client: Client) -> str:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr("app.py", SOURCE)
    name = f"function-{next(_numbers)}"
    settings = {
        "FunctionName": name,
        "Runtime": "python3.13",
        "Role": "arn:aws:iam::000000000000:role/benchmark",
        "Handler": "app.handler",
        "Code": {"ZipFile": base64.b64encode(archive.getvalue()).decode()},
    }
    _post(client, "/2015-03-31/functions", settings)
    return name


def _invoke(client: Client, name: str) -> None:
    answer = _post(client, f"/2015-03-31/functions/{name}/invocations", {"n": 1})
    if json.loads(answer) != {"n": 1}:
        raise Refused(answer.decode(errors="replace"))


def _post(client: Client, path: str, document: Any) -> bytes:
    scope = "test/20260101/us-east-1/lambda/aws4_request"
    authorization = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, Signature={0:064}"
    headers = {"Authorization": authorization, "Content-Type": "application/json", "X-Amz-Date": "20260101T000000Z"}
    return client.post(path, document, headers)
