"""A running server, as commands reach it: AWS's protocols by botocore, its own routes by plain HTTP."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from emulator.commands.bars import waiting
from emulator.commands.definitions import CannotRun, read_file
from emulator.wire.credentials import DEFAULT_REGION

URL = "http://127.0.0.1:4566"

F = TypeVar("F", bound=Callable[..., Any])


def with_server(command: F) -> F:
    """Give a command the options that say which server is meant, in which account and region."""
    for option in (
        click.option("--region", help="AWS region.  [default: AWS_REGION, else us-east-1]"),
        click.option("--account", help="Account, twelve digits.  [default: AWS_ACCESS_KEY_ID, else the server's]"),
        with_url,
    ):
        command = option(command)
    return command


with_url = click.option("--url", default=URL, show_default=True, envvar="DYNASTEP_URL", help="Where the server is.")


def client(service: str, url: str, account: str | None, region: str | None) -> Any:
    """A client of one of the server's services."""
    from botocore.config import Config
    from botocore.session import Session

    return Session().create_client(
        service,
        region_name=region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or DEFAULT_REGION,
        endpoint_url=url,
        aws_access_key_id=account or os.environ.get("AWS_ACCESS_KEY_ID") or "dynastep",
        aws_secret_access_key="dynastep",  # noqa: S106 - no key is checked
        config=Config(retries={"total_max_attempts": 1}, inject_host_prefix=False),
    )


@contextmanager
def answers_of(url: str) -> Iterator[None]:
    """Say in words what a server has refused, or that there is none.

    Raises:
        CannotRun: what was asked for cannot be had.
    """
    from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError

    try:
        yield
    except ClientError as error:
        raise CannotRun(error.response["Error"]["Message"]) from None
    except EndpointConnectionError:
        raise CannotRun(_nobody(url)) from None
    except BotoCoreError as error:
        raise CannotRun(str(error)) from None


def ask(
    url: str,
    path: str,
    body: dict[str, Any] | None = None,
    *,
    post: bool = False,
    method: str | None = None,
    patience: float | None = None,
) -> dict[str, Any]:
    """What a route of the server's own answers to GET, or to POST or another ``method``.

    It is waited for ``patience`` seconds if they are given.

    Raises:
        CannotRun: there is no server, or it refuses.
    """
    data = json.dumps(body or {}).encode() if post else None
    answer: dict[str, Any] = json.loads(send(url, path, method or ("POST" if post else "GET"), data, patience))
    return answer


def send(url: str, path: str, method: str, data: bytes | None = None, patience: float | None = None) -> bytes:
    """What a route of the server's own answers, as bytes.

    Raises:
        CannotRun: there is no server, or it refuses.
    """
    from urllib.error import HTTPError, URLError
    from urllib.request import Request, urlopen

    try:
        request = Request(f"{url.rstrip('/')}{path}", data, method=method)  # noqa: S310 - the user's own URL
        with waiting(url), urlopen(request, timeout=patience) as response:  # noqa: S310 - the user's own URL
            answer: bytes = response.read()
    except HTTPError as error:
        said = error.read().decode(errors="replace")
        try:
            said = json.loads(said)["error"]
        except (ValueError, KeyError, TypeError):
            said = said.strip() or str(error)
        raise CannotRun(said) from None
    except (URLError, ValueError, OSError):
        raise CannotRun(_nobody(url)) from None
    return answer


def _nobody(url: str) -> str:
    return f"Nobody answers at {url}. 'dynastep start' starts a server; --url names another one."


def history_of(arn: str, url: str, account: str | None, region: str | None) -> list[dict[str, Any]]:
    """The history of an execution on a server."""
    from emulator.bench.following import events_after

    with answers_of(url):
        return events_after(client("stepfunctions", url, account, region or region_of(arn)), arn)


def read_history(file: str) -> list[dict[str, Any]]:
    """A history from a file, as AWS exports it.

    Raises:
        CannotRun: the file holds none.
    """
    from emulator.bench.cassettes import InvalidCassette, read_export

    try:
        return read_export(read_file(file))
    except InvalidCassette as error:
        raise CannotRun(f"{file} {error}") from None


def region_of(arn: str) -> str | None:
    """The region that an ARN names."""
    parts = arn.split(":")
    return parts[3] if len(parts) > 3 else None
