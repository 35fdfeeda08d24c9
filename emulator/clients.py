"""Clients of an emulator, in this process: boto3's own, whose requests the endpoint answers without a socket."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from emulator.endpoint import answer
from emulator.wire.credentials import DEFAULT_ACCOUNT, DEFAULT_REGION
from emulator.wire.in_process import connect, connect_resource

if TYPE_CHECKING:
    from boto3.resources.base import ServiceResource
    from botocore.client import BaseClient
    from botocore.config import Config

    from emulator.control import Control


def client(
    control: Control,
    service: str,
    region: str = DEFAULT_REGION,
    account: str = DEFAULT_ACCOUNT,
    endpoint: str | None = None,
    config: Config | None = None,
) -> BaseClient:
    """A boto3 client of any service, in an account and a region.

    ``endpoint`` is the URL that presigned URLs and queues shall name; AWS's own if it is None. Nothing is sent there.
    """
    return connect(partial(answer, control), service, region, account, endpoint, config)


def resource(
    control: Control,
    service: str,
    region: str = DEFAULT_REGION,
    account: str = DEFAULT_ACCOUNT,
    endpoint: str | None = None,
) -> ServiceResource:
    """A boto3 resource, as ``client``."""
    return connect_resource(partial(answer, control), service, region, account, endpoint)
