"""API destinations: a rule calls a URL, with what a connection knows of it.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from asl_interpreter.errors import StateError
from asl_interpreter.jsontext import InvalidJSON, loads
from emulator import moto_door
from emulator.arns import Arn
from emulator.faults import Fault
from emulator.integrations import web
from emulator.integrations.http_task import SUCCESS, made

AGENT: Final = "Amazon/EventBridge/ApiDestinations"


def call_destination(arn: str, text: str, http: Mapping[str, Any]) -> None:
    """Call an API destination with an event; ``http`` are the HttpParameters of the target.

    Raises:
        Fault: there is no such destination, no request can be made, or the answer is not of the 200s.
    """
    found = moto_door.api_destination(arn)
    connection = None if found is None else moto_door.connection(found.connection)
    if found is None or connection is None:
        raise Fault("ResourceNotFoundException", f"{arn} or its connection does not exist.")
    url = found.endpoint
    for value in http.get("PathParameterValues", ()):
        url = url.replace("*", value, 1)
    try:
        body = loads(text)
    except InvalidJSON:
        body = text
    arguments = {
        "ApiEndpoint": url,
        "Method": found.method,
        "RequestBody": body,
        "Headers": http.get("HeaderParameters", {}),
        "QueryParameters": http.get("QueryStringParameters", {}),
    }
    try:
        request = made(arguments, connection, Arn.parse(arn).region, agent=AGENT)
        answer = web.send(request)
    except StateError as error:
        raise Fault("SDK_CLIENT_ERROR", f"{error.error}: {error.cause}") from None
    except OSError as error:
        raise Fault("SDK_CLIENT_ERROR", str(error), status=503) from None
    if answer.status not in SUCCESS:
        words = f"{answer.status} {answer.text}: {answer.body[:1000].decode(errors='replace')}"
        raise Fault("SDK_CLIENT_ERROR", words, status=answer.status)
