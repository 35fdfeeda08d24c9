"""Bedrock: what a model reads from S3 and writes there, around the mock that stands for the model.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-bedrock.html ("InvokeModel"). It says that a
reference to the object takes the place of the body, not how the reference looks: here it is the URI.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from asl_interpreter.errors import TASK_FAILED, StateError
from asl_interpreter.jsontext import JSON, InvalidJSON, dumps, loads
from emulator.integrations.services import call_by_sdk

if TYPE_CHECKING:
    from asl_interpreter.tasks import TaskRequest
    from emulator.integrations.caller import Caller

_URI: Final = re.compile(r"s3://([^/]+)/(.+)", re.DOTALL)


class StoredData:
    """The data of one call of ``bedrock:invokeModel``."""

    def __init__(self, caller: Caller, request: TaskRequest) -> None:
        self._caller = caller.taking_on(request.role)
        self._arguments = request.arguments

    def read(self) -> JSON:
        """The arguments, with the Body and the ContentType of the object that ``Input`` names, if it does.

        Raises:
            StateError: S3 has no such object.
        """
        uri = self._uri("Input")
        if uri is None:
            return self._arguments
        found = self._call("GetObject", _place(uri))
        content = found["Body"].read().decode(errors="replace")
        try:
            body = loads(content)
        except InvalidJSON:
            body = content
        return {"ContentType": found["ContentType"], **self._arguments, "Body": body}

    def written(self, answer: JSON) -> JSON:
        """The answer; if ``Output`` names an object, its Body is there, and the URI is in its place.

        Raises:
            StateError: S3 has no such bucket.
        """
        uri = self._uri("Output")
        if uri is None or not isinstance(answer, dict) or "Body" not in answer:
            return answer
        body = answer["Body"]
        text = body if isinstance(body, str) else dumps(body)
        kind = {"ContentType": answer.get("ContentType", "application/json")}
        self._call("PutObject", {**_place(uri), **kind, "Body": text.encode()})
        return {**answer, "Body": uri}

    def _uri(self, member: str) -> str | None:
        place = self._arguments.get(member) if isinstance(self._arguments, dict) else None
        return place.get("S3Uri") if isinstance(place, dict) else None

    def _call(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        return dict(call_by_sdk(self._caller, "s3", operation, params))


def _place(uri: str) -> dict[str, str]:
    match = _URI.fullmatch(uri) if isinstance(uri, str) else None
    if match is None:
        raise StateError(TASK_FAILED, f"'{uri}' is not the URI of an object of S3.")
    return {"Bucket": match[1], "Key": match[2]}
