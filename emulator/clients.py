"""Clients of an emulator, in this process: boto3's own, whose requests the endpoint answers without a socket."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, overload

from emulator.endpoint import answer
from emulator.wire.credentials import DEFAULT_ACCOUNT, DEFAULT_REGION
from emulator.wire.in_process import connect, connect_resource

if TYPE_CHECKING:
    from boto3.resources.base import ServiceResource
    from botocore.client import BaseClient
    from botocore.config import Config
    from mypy_boto3_dynamodb import DynamoDBClient, DynamoDBServiceResource
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client, S3ServiceResource
    from mypy_boto3_sns import SNSClient, SNSServiceResource
    from mypy_boto3_sqs import SQSClient, SQSServiceResource
    from mypy_boto3_stepfunctions import SFNClient

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


class Clients:
    """boto3's clients and resources of one account, typed as boto3-stubs types them where these are installed."""

    def __init__(self, control: Control, account: str, region: str, url: Callable[[], str]) -> None:
        self._control = control
        self._url = url
        self.account = account
        self.region = region

    @property
    def url(self) -> str:
        """The endpoint for clients of any kind; their access key must be ``account``."""
        return self._url()

    @overload
    def client(
        self, service: Literal["stepfunctions"], region: str | None = None, config: Config | None = None
    ) -> SFNClient: ...

    @overload
    def client(
        self, service: Literal["dynamodb"], region: str | None = None, config: Config | None = None
    ) -> DynamoDBClient: ...

    @overload
    def client(self, service: Literal["s3"], region: str | None = None, config: Config | None = None) -> S3Client: ...

    @overload
    def client(
        self, service: Literal["lambda"], region: str | None = None, config: Config | None = None
    ) -> LambdaClient: ...

    @overload
    def client(self, service: Literal["sqs"], region: str | None = None, config: Config | None = None) -> SQSClient: ...

    @overload
    def client(self, service: Literal["sns"], region: str | None = None, config: Config | None = None) -> SNSClient: ...

    @overload
    def client(
        self, service: Literal["events"], region: str | None = None, config: Config | None = None
    ) -> EventBridgeClient: ...

    @overload
    def client(self, service: str, region: str | None = None, config: Config | None = None) -> Any: ...

    def client(self, service: str, region: str | None = None, config: Config | None = None) -> Any:
        """A boto3 client of any service, answered in this process; its region is the test's unless one is given."""
        return client(self._control, service, region or self.region, self.account, self.url, config)

    @overload
    def resource(self, service: Literal["dynamodb"], region: str | None = None) -> DynamoDBServiceResource: ...

    @overload
    def resource(self, service: Literal["s3"], region: str | None = None) -> S3ServiceResource: ...

    @overload
    def resource(self, service: Literal["sqs"], region: str | None = None) -> SQSServiceResource: ...

    @overload
    def resource(self, service: Literal["sns"], region: str | None = None) -> SNSServiceResource: ...

    @overload
    def resource(self, service: str, region: str | None = None) -> Any: ...

    def resource(self, service: str, region: str | None = None) -> Any:
        """A boto3 resource of any service that has them, answered in this process."""
        return resource(self._control, service, region or self.region, self.account, self.url)
