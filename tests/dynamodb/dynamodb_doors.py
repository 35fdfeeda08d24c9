"""The ways in to DynamoDB over HTTP: a raw client, and boto3. Each takes a Call and answers or raises Fault, as perform.

One server stands before whichever world is set, so that a test costs a table and not a port.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import re
import threading
import zlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.model import ListShape, MapShape, Shape, StructureShape

from emulator.faults import Fault
from emulator.reception import layer
from emulator.server import Server, serve_in_thread
from emulator.wire.gate import Gate
from emulator.wire.protocol import TARGETS, Call

PREFIXES = {service: prefix for prefix, service in TARGETS.items()}
AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential={account}/20260101/{region}/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, "
    f"Signature={'0' * 64}"
)
REQUEST_ID = re.compile("[0-9A-Z]{52}")


_NO_CONFIGURATION: Any = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
"""What keeps the user's own configuration of AWS out of a test."""


class Endpoint:
    """A server and its clients; ``world`` is the one that answers."""

    def __init__(self) -> None:
        self.world: Any = None
        self.gate = Gate()
        self.default_account = "000000000000"
        self._server: Server = serve_in_thread(layer(self, _no_pages))  # type: ignore[arg-type]  # it asks only for ``of``
        self.url = self._server.url
        self._connections: dict[int, http.client.HTTPConnection] = {}
        self._clients: dict[str, Any] = {}

    def of(self, _account: str) -> Endpoint:
        return self

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()
        for client in self._clients.values():
            client.close()
        self._server.close()

    def post(self, body: bytes, **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers with small names, and body of the answer to a POST; header names have _ for -."""
        connection = self._connection()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("POST", "/", body, named)
        response = connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()

    def _connection(self) -> http.client.HTTPConnection:
        """The kept connection of this thread."""
        thread = threading.get_ident()
        if thread not in self._connections:
            self._connections[thread] = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        return self._connections[thread]

    def raw(self, call: Call) -> dict[str, Any]:
        """Answer a call as a client without an SDK sees it, having checked what every answer has."""
        status, headers, body = self.post(
            json.dumps(call.params).encode(),
            Content_Type="application/x-amz-json-1.0",
            X_Amz_Target=f"{PREFIXES[call.service]}.{call.operation}",
            X_Amz_Date="20260101T000000Z",
            Authorization=AUTHORIZATION.format(account=call.account, region=call.region),
        )
        assert headers["content-type"] == "application/x-amz-json-1.0"
        assert headers["x-amz-crc32"] == str(zlib.crc32(body))
        assert REQUEST_ID.fullmatch(headers["x-amzn-requestid"])
        answer: dict[str, Any] = json.loads(body or b"{}")
        if status == 200:
            return answer
        prefix, _, code = answer.pop("__type").partition("#")
        message = answer.pop("message", None) or answer.pop("Message", "")
        raise Fault(code, message, status=status, prefix=prefix, **answer)

    def boto3(self, call: Call) -> dict[str, Any]:
        """Answer a call as boto3 sees it, with blobs and times put back as JSON has them."""
        from botocore.config import Config
        from botocore.exceptions import ClientError
        from botocore.session import Session
        from jmespath.exceptions import JMESPathTypeError

        if call.service not in self._clients:
            self._clients[call.service] = Session(session_vars=_NO_CONFIGURATION).create_client(
                call.service,
                call.region,
                endpoint_url=self.url,
                aws_access_key_id=call.account,
                aws_secret_access_key="secret",
                config=Config(parameter_validation=False, retries={"total_max_attempts": 1}),
            )
        client = self._clients[call.service]
        if call.operation not in client.meta.service_model.operation_names:
            pytest.skip(f"the boto3 that is installed is too old for {call.operation}")
        shape = client.meta.service_model.operation_model(call.operation).input_shape
        try:
            answer = client._make_api_call(call.operation, _with_bytes(shape, call.params))
        except ClientError as error:
            response: Any = error.response
            members = {
                name: _plain(value)
                for name, value in response.items()
                if name not in {"Error", "ResponseMetadata", "message", "Message"}
            }
            raise Fault(response["Error"]["Code"], response["Error"]["Message"], **members) from None
        except JMESPathTypeError as error:
            pytest.skip(f"boto3 looks for the table's name in it and fails: {error}")
        del answer["ResponseMetadata"]
        return _plain(answer)


def _no_pages(_environ: Any, _start: Any) -> Iterable[bytes]:
    raise AssertionError("no page is asked for")


def _with_bytes(shape: Shape | None, value: Any) -> Any:
    """A request with bytes for its base64 text, as boto3 wants them."""
    if shape is None or value is None:
        return value
    if shape.type_name == "blob":
        return base64.b64decode(value)
    if isinstance(shape, StructureShape):
        unknown = value.keys() - shape.members.keys()
        if unknown:
            pytest.skip(f"boto3 does not send what its model lacks: {', '.join(unknown)}")
        return {name: _with_bytes(shape.members[name], member) for name, member in value.items()}
    if isinstance(shape, ListShape):
        return [_with_bytes(shape.member, member) for member in value]
    if isinstance(shape, MapShape):
        return {key: _with_bytes(shape.value, member) for key, member in value.items()}
    return value


def _plain(value: Any) -> Any:
    """An answer of boto3 as JSON has it."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, dict):
        return {name: _plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_plain(member) for member in value]
    return value
