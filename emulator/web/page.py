"""A page: who asks for it, whether all of it is asked for, and ways to answer that are no template."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Response, current_app, g, redirect, request, url_for

from asl_interpreter.jsontext import InvalidJSON, loads
from emulator.faults import Fault
from emulator.integrations.mock_config import read_mocks
from emulator.integrations.mocks import InvalidMock, Mock
from emulator.web.asking import Asker


def asker() -> Asker:
    """Who asks: the account and the region that were chosen in the header."""
    chosen: Asker = g.asker
    return chosen


def about(arn: str) -> Asker:
    """Who asks about a resource: as its ARN says. The header of the page then shows that account and region.

    Raises:
        Fault: InvalidArn.
    """
    g.asker = asker().about(arn)
    return asker()


def is_part() -> bool:
    """Whether the page asks for a part of itself."""
    return "HX-Request" in request.headers


def read_json(text: str, what: str) -> Any:
    """A value that was typed into a form.

    Raises:
        Fault: SerializationException, the text is not JSON.
    """
    try:
        return loads(text)
    except InvalidJSON as error:
        raise Fault("SerializationException", f"{what} is not JSON: {error}") from None


def read_answers(text: str, machine: str) -> list[Mock]:
    """The mocks that were typed into a form, ``{"Charge": {"Payload": 7}}``, of Tasks of one machine.

    Raises:
        Fault: SerializationException, ValidationException: the text is no such object.
    """
    answers = read_json(text, "The text of the mocks") if text.strip() else {}
    if not isinstance(answers, dict):
        raise Fault("ValidationException", 'The mocks are an object, such as {"Charge": {"Payload": 7}}')
    each = [
        {"Task": task, "Machine": machine, "Response": {"*": {"Return": answer}}} for task, answer in answers.items()
    ]
    try:
        return read_mocks({"Mocks": each})
    except InvalidMock as error:
        raise Fault("ValidationException", f"These mocks cannot be used: {error}") from None


def back() -> Any:
    """Back to the page whose button was pressed."""
    path = urlsplit(request.headers.get("Referer", ""))
    to = (
        path.path + (f"?{path.query}" if path.query else "") if path.netloc == request.host else url_for("console.home")
    )
    return redirect(to, 303)


def save_as(text: str, name: str, kind: str = "application/json") -> Response:
    """A file for the browser to keep."""
    plain = "".join(letter if (letter.isalnum() and letter.isascii()) or letter in "-_." else "_" for letter in name)
    headers = {"Content-Disposition": f'attachment; filename="{plain}"'}
    return current_app.response_class(text, content_type=f"{kind}; charset=utf-8", headers=headers)
