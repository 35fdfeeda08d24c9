"""What a case is played against."""

from __future__ import annotations

import functools
import time
from dataclasses import dataclass
from typing import Any, Protocol

import boto3
from botocore.config import Config

from . import behaviours

REGION = "us-east-1"


class Endpoint(Protocol):
    """A service under test."""

    @property
    def account(self) -> str:
        """The account that the clients act for, 12 digits."""

    def client(self, service: str, config: Config) -> Any:
        """A boto3 client of an AWS service in ``REGION``."""

    def function(self, name: str, behaviour: str) -> str:
        """Create a Lambda function that behaves as ``behaviours`` says; its ARN."""

    def pause(self, seconds: float) -> None:
        """Let some time pass before the next poll."""


@dataclass(frozen=True)
class Http:
    """An endpoint over HTTP. ``access_key`` chooses the account where the service goes by it: 12 digits."""

    url: str
    access_key: str

    @functools.cached_property
    def account(self) -> str:
        """As the service itself says."""
        account: str = self.client("sts", Config()).get_caller_identity()["Account"]
        return account

    def client(self, service: str, config: Config) -> Any:
        """A client of ``url``. The secret is of no account."""
        make: Any = boto3.client  # its stubs list every service by name
        return make(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=self.access_key,
            aws_secret_access_key="secret",
            config=config,
        )

    def function(self, name: str, behaviour: str) -> str:
        """A function of the Python runtime, deployed as a zip."""
        created = self.client("lambda", Config()).create_function(
            FunctionName=name,
            Runtime="python3.12",
            Role=f"arn:aws:iam::{self.account}:role/function-role",
            Handler="handler.handler",
            Timeout=90,  # one behaviour is to sleep for a minute
            Code={"ZipFile": behaviours.package(behaviour)},
        )
        arn: str = created["FunctionArn"]
        return arn

    def pause(self, seconds: float) -> None:
        """Real time passes."""
        time.sleep(seconds)
