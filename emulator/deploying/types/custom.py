"""Custom resources, which a function of the user's makes; wait conditions; and what only marks a template.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/crpg-ref.html
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, Final

from asl_interpreter.jsontext import InvalidJSON, dumps, loads
from emulator.deploying.intrinsics import as_text
from emulator.deploying.services import Refused
from emulator.deploying.types.resource_type import Made, Order, Properties, ResourceType

_LONGEST: Final = 3600
"""Seconds that a custom resource may take, unless it says less."""


def _bucket(order: Order) -> str:
    """The bucket to which functions answer by a URL; CloudFormation's own, in the account of the stack."""
    return f"cloudformation-custom-resource-response-{order.services.region.replace('-', '')}-{order.services.account}"


def _url(order: Order, key: str) -> str:
    """Where the answer is to be PUT: an object of the emulator's S3, by a URL that says who writes it."""
    bucket = _bucket(order)
    try:
        order.call("s3", "HeadBucket", Bucket=bucket)
    except Refused:
        place = {} if order.services.region == "us-east-1" else {"LocationConstraint": order.services.region}
        order.call("s3", "CreateBucket", Bucket=bucket, CreateBucketConfiguration=place or None)
    credential = f"{order.services.account}%2F20260101%2F{order.services.region}%2Fs3%2Faws4_request"
    signature = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=7200&X-Amz-SignedHeaders=host&X-Amz-Signature=0"
    return f"{order.services.url}/{bucket}/{key}?{signature}&X-Amz-Credential={credential}"


def _answer(order: Order, key: str) -> Any:
    """What was PUT; None if nothing yet."""
    try:
        found = order.call("s3", "GetObject", Bucket=_bucket(order), Key=key)
    except Refused:
        return None
    order.call("s3", "DeleteObject", Bucket=_bucket(order), Key=key)
    try:
        return loads(found["Body"].read())
    except InvalidJSON:
        raise Refused("Invalid response object: it is not JSON") from None


def _as_texts(value: Any) -> Any:
    """Properties as a custom resource gets them: every number and switch is text."""
    match value:
        case dict():
            return {name: _as_texts(member) for name, member in value.items()}
        case list():
            return [_as_texts(item) for item in value]
        case _:
            return as_text(value)


class CustomResource(ResourceType):
    """AWS::CloudFormation::CustomResource, and ``Custom::`` of any name."""

    def create(self, order: Order) -> Generator[float, None, Made]:
        """Have the function make one."""
        return self._request(order, "Create", None, None)

    def update(self, order: Order, before: Properties, made: Made) -> Generator[float, None, Made]:
        """Have the function change one; another physical id in its answer says that it made another one."""
        old = {name: value for name, value in before.items() if not name.startswith("::")}
        return self._request(order, "Update", made.id, old)

    def delete(self, order: Order, made: Made) -> Generator[float, None, None]:
        """Have the function delete one."""
        yield from self._request(order, "Delete", made.id, None)

    def _request(
        self, order: Order, kind: str, physical_id: str | None, old: Properties | None
    ) -> Generator[float, None, Made]:
        target = as_text(order.properties["ServiceToken"])
        key = f"{order.logical_id}/{order.seed}"
        timeout = int(as_text(order.properties.get("ServiceTimeout", _LONGEST)))
        event: dict[str, Any] = {
            "RequestType": kind,
            "ServiceToken": target,
            "ResponseURL": _url(order, key),
            "StackId": order.deployment.stack.id,
            "RequestId": order.seed,
            "LogicalResourceId": order.logical_id,
            "ResourceType": order.type,
            "ResourceProperties": _as_texts(order.properties),
        }
        if physical_id is not None:
            event["PhysicalResourceId"] = physical_id
        if old is not None:
            event["OldResourceProperties"] = _as_texts(old)
        _send(order, target, event)
        answer = _answer(order, key)
        for _ in range(timeout):
            if answer is not None:
                break
            yield 1
            answer = _answer(order, key)
        if answer is None:
            raise Refused(
                "CloudFormation did not receive a response from your Custom Resource. Please check your logs."
            )
        return _read_answer(answer, physical_id)


def _send(order: Order, target: str, event: Mapping[str, Any]) -> None:
    """Hand a request to a function, or to a topic. What the function returns counts for nothing; its answer is PUT."""
    if ":lambda:" not in target:
        order.call(
            "sns",
            "Publish",
            TopicArn=target,
            Message=dumps(event),
            Subject="AWS CloudFormation custom resource request",
        )
        return
    order.call("lambda", "Invoke", FunctionName=target, InvocationType="Event", Payload=dumps(event).encode())


def _read_answer(answer: Any, physical_id: str | None) -> Made:
    if not isinstance(answer, dict) or answer.get("Status") not in ("SUCCESS", "FAILED"):
        raise Refused("Invalid response object: Value of property Status must be SUCCESS or FAILED")
    made_id = answer.get("PhysicalResourceId") or physical_id
    if answer["Status"] == "FAILED":
        said = answer.get("Reason") or "Unknown"
        raise Failure(f"Received response status [FAILED] from custom resource. Message returned: {said}")
    if not isinstance(made_id, str):
        raise Failure("Invalid PhysicalResourceId")
    data = answer.get("Data") or {}
    return Made(made_id, _flat(data) if isinstance(data, dict) else {})


def _flat(data: Mapping[str, Any], front: str = "") -> dict[str, Any]:
    """Data as Fn::GetAtt finds it: ``A.b`` of nested ones, too."""
    found: dict[str, Any] = {}
    for name, value in data.items():
        found[front + name] = value
        if isinstance(value, dict):
            found.update(_flat(value, f"{front}{name}."))
    return found


class Failure(Refused):
    """A failure that is told in its own words, without those of a resource handler."""

    def reason(self, token: str) -> str:
        """What the event says."""
        return f"{self.message} (RequestId: {token})"


class WaitConditionHandle(ResourceType):
    """AWS::CloudFormation::WaitConditionHandle: a URL to which signals are PUT."""

    updates = False

    def create(self, order: Order) -> Made:
        """Make one."""
        return Made(_url(order, f"signals/{order.seed}"), {})

    def delete(self, order: Order, made: Made) -> None:
        """There is nothing to delete."""


class WaitCondition(ResourceType):
    """AWS::CloudFormation::WaitCondition: it is there once so many signals of success have come."""

    updates = False

    def create(self, order: Order) -> Generator[float, None, Made]:
        """Wait for signals. Each PUT to the handle counts once it has another UniqueId."""
        policy = (order.resource.creation_policy if order.resource is not None else None) or {}
        handle = as_text(order.properties.get("Handle", ""))
        wanted = int(as_text(order.properties.get("Count", 1)))
        timeout = int(as_text(order.properties.get("Timeout", 0)))
        if not handle:
            raise Refused(f"Dynastep does not wait for signals by a CreationPolicy: {dumps(policy)}")
        key = handle.partition("?")[0].split("/", 4)[4]
        signals: dict[str, str] = {}
        for second in range(timeout + 1):
            signal = _answer(order, key)
            if isinstance(signal, dict):
                unique = str(signal.get("UniqueId", len(signals)))
                if signal.get("Status") != "SUCCESS":
                    raise Failure(
                        f"WaitCondition received failed message: '{signal.get('Reason', '')}' for uniqueId: {unique}"
                    )
                signals[unique] = str(signal.get("Data", ""))
            if len(signals) >= wanted:
                break
            if second == timeout:
                raise Failure(f"WaitCondition timed out. Received {len(signals)} conditions when expecting {wanted}")
            yield 1
        physical_id = f"{order.deployment.stack.id}/{order.logical_id}/{order.seed}"
        return Made(physical_id, {"Data": dumps(signals)})

    def delete(self, order: Order, made: Made) -> None:
        """There is nothing to delete."""


class Marker(ResourceType):
    """A resource that is nothing but its row in the stack: AWS::CDK::Metadata, AWS::CloudFormation::Macro."""

    def create(self, order: Order) -> Made:
        """Make one."""
        name = order.properties.get("Name")
        return Made(str(name) if name else order.named(""), {})

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one."""
        del order, before
        return made

    def delete(self, order: Order, made: Made) -> None:
        """There is nothing to delete."""


TYPES: Final[Mapping[str, ResourceType]] = {
    "AWS::CDK::Metadata": Marker(),
    "AWS::CloudFormation::CustomResource": CustomResource(),
    "AWS::CloudFormation::Macro": Marker(),
    "AWS::CloudFormation::WaitCondition": WaitCondition(),
    "AWS::CloudFormation::WaitConditionHandle": WaitConditionHandle(),
}
