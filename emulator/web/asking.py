"""Asking: how a page performs an operation of AWS, as the account and in the region that the page is about.

Operations of Step Functions and DynamoDB go through ``operations.perform``, those of other services through a client
of boto3 in this process: the same doors that requests over HTTP take.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from asl_interpreter.jsontext import JSON
from emulator.arns import Arn, InvalidArn
from emulator.faults import Fault
from emulator.wire import operations
from emulator.wire.credentials import DEFAULT_REGION
from emulator.wire.protocol import Call

if TYPE_CHECKING:
    from emulator.control import Control

ACCOUNT: Final = re.compile(r"\d{12}")
REGION: Final = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: an account of twelve digits, and a region."""

    control: Control
    account: str
    region: str = DEFAULT_REGION
    _clients: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """Of boto3, by service: one takes longer to be made than to ask."""

    def about(self, arn: str) -> Asker:
        """Who asks about a resource: the account and the region that its ARN names.

        Raises:
            Fault: InvalidArn, the text is no ARN.
        """
        try:
            parsed = Arn.parse(arn)
        except InvalidArn as error:
            raise Fault("InvalidArn", f"Invalid Arn: '{error}'") from None
        return Asker(self.control, parsed.account, parsed.region)

    def step_functions(self, operation: str, **params: JSON) -> dict[str, Any]:
        """Perform an operation of Step Functions; parameters that are None are left out.

        Raises:
            Fault: as the operation.
        """
        return self._perform("stepfunctions", operation, params)

    def dynamodb(self, operation: str, **params: JSON) -> dict[str, Any]:
        """Perform an operation of DynamoDB; parameters that are None are left out.

        Raises:
            Fault: as the operation.
        """
        return self._perform("dynamodb", operation, params)

    def streams(self, operation: str, **params: JSON) -> dict[str, Any]:
        """Perform an operation of DynamoDB Streams.

        Raises:
            Fault: as the operation.
        """
        return self._perform("dynamodbstreams", operation, params)

    def _perform(self, service: str, operation: str, params: dict[str, JSON]) -> dict[str, Any]:
        given = {name: value for name, value in params.items() if value is not None}
        call = Call(service, operation, given, self.account, self.region, str(uuid.uuid4()))
        control = self.control.of(self.account)
        return control.gate.pass_through(lambda: operations.perform(control.world, call))

    def other(self, service: str, operation: str, **params: Any) -> dict[str, Any]:
        """Perform an operation of another service, as boto3 names it: ``other("lambda", "list_functions")``.

        Raises:
            Fault: the service refuses, or the parameters do not fit the operation.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        from emulator.clients import client

        asked = self._clients.get(service)
        if asked is None:
            asked = self._clients[service] = client(self.control, service, self.region, self.account)
        given = {name: value for name, value in params.items() if value is not None}
        try:
            answer: dict[str, Any] = getattr(asked, operation)(**given)
        except ClientError as error:
            said = error.response["Error"]
            raise Fault(str(said.get("Code")), str(said.get("Message", ""))) from None
        except BotoCoreError as error:
            raise Fault("ValidationException", str(error)) from None
        return answer
