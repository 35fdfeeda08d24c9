"""Control routes for tests in any language: what stands for Tasks on a running server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, request
from werkzeug.exceptions import BadRequest

from asl_interpreter.jsontext import JSON, InvalidJSON, dumps, loads
from emulator.integrations.mock_config import read_mocks
from emulator.integrations.mocks import InvalidMock

if TYPE_CHECKING:
    from emulator.control import Control
    from emulator.integrations.mocks import Mock, Mocks


def control_routes(control: Control) -> Blueprint:
    """The routes ``/_dynastep/mocks``: GET lists, POST adds, DELETE forgets."""
    routes = Blueprint("mocks", __name__)

    @routes.get("/_dynastep/mocks")
    def list_mocks() -> Response:
        """The mocks, each with the arguments of its calls and what was wrong with it; and which were not used."""
        return answer(_mocks_as_json(control.latest.world.mocks))

    @routes.post("/_dynastep/mocks")
    def add_mocks() -> Response:
        """Add mocks: ``{"Mocks": [{"Task": "Charge", "Response": {"*": {"Return": {"Payload": 1}}}}]}``; see Mocks."""
        mocks = control.latest.world.mocks
        try:
            for mock in read_mocks(body()):
                mocks.add(mock)
        except InvalidMock as error:
            raise BadRequest(f"These mocks cannot be used: {error}") from None
        return answer(_mocks_as_json(mocks))

    @routes.delete("/_dynastep/mocks")
    def forget_mocks() -> Response:
        """Forget all mocks, and say of them what GET says."""
        mocks = control.latest.world.mocks
        known = _mocks_as_json(mocks)
        mocks.clear()
        return answer(known)

    return routes


def _mocks_as_json(mocks: Mocks) -> JSON:
    return {"mocks": [_mock_as_json(mock) for mock in mocks], "verdict": mocks.verdict()}


def _mock_as_json(mock: Mock) -> JSON:
    selection = mock.selection
    machine = {} if selection.machine is None else {"machine": selection.machine}
    return {"task": selection.text, **machine, "calls": list(mock.calls), "complaints": list(mock.complaints)}


def body() -> JSON:
    """The JSON value that a request sends.

    Raises:
        BadRequest: it is none.
    """
    try:
        return loads(request.get_data())
    except InvalidJSON as error:
        raise BadRequest(f"The body is not JSON: {error}") from None


def answer(value: JSON) -> Response:
    """A JSON value as the answer of a control route."""
    return Response(dumps(value) + "\n", content_type="application/json")
