"""Control routes for tests in any language: mocks, faults and coverage of a running server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, request
from werkzeug.exceptions import BadRequest

from asl_interpreter.jsontext import JSON, InvalidJSON, dumps, loads
from emulator.injection.rules import InvalidFault, read_faults
from emulator.integrations.mocks import InvalidMock

if TYPE_CHECKING:
    from emulator.control import Control
    from emulator.injection.rules import FaultRules, Faults
    from emulator.integrations.mocks import Mock, Mocks


def control_routes(control: Control) -> Blueprint:
    """The routes ``/_dynastep/mocks``, ``faults`` and ``coverage``: GET lists, POST adds, DELETE forgets."""
    routes = Blueprint("tests", __name__)
    _offer_mocks(routes, control)
    _offer_faults(routes, control)
    _offer_coverage(routes, control)
    return routes


def _offer_mocks(routes: Blueprint, control: Control) -> None:
    @routes.get("/_dynastep/mocks")
    def list_mocks() -> Response:
        """The mocks, each with the arguments of its calls and what was wrong with it; and which were not used."""
        return answer(_mocks_as_json(control.latest.world.mocks))

    @routes.post("/_dynastep/mocks")
    def add_mocks() -> Response:
        """Add mocks: ``{"Mocks": [{"Task": "Charge", "Response": {"*": {"Return": {"Payload": 1}}}}]}``; see Mocks."""
        from emulator.integrations.mock_config import read_mocks  # with what runs state machines

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


def _offer_faults(routes: Blueprint, control: Control) -> None:
    @routes.get("/_dynastep/faults")
    def list_faults() -> Response:
        """The faults, each with how many calls it has met and which of these it has hit."""
        return answer(_faults_as_json(control.latest.world.faults))

    @routes.post("/_dynastep/faults")
    def add_faults() -> Response:
        """Add a fault: ``{"target": "dynamodb:*", "error": "ThrottlingException", "rate": 0.1, "seed": 7}``."""
        faults = control.latest.world.faults
        try:
            faults.add(read_faults(body()))
        except InvalidFault as error:
            raise BadRequest(str(error)) from None
        return answer(_faults_as_json(faults))

    @routes.delete("/_dynastep/faults")
    def forget_faults() -> Response:
        """Forget all faults, and say of them what GET says."""
        faults = control.latest.world.faults
        known = _faults_as_json(faults)
        faults.clear()
        return answer(known)


def _offer_coverage(routes: Blueprint, control: Control) -> None:
    @routes.get("/_dynastep/coverage")
    def show_coverage() -> Response:
        """What executions have done of each definition, as ``.asl-coverage.json`` has it: a record for reports."""
        return answer(_coverage_as_json(control))

    @routes.delete("/_dynastep/coverage")
    def forget_coverage() -> Response:
        """Count from nothing again, and say what GET says of what was counted. A reset leaves the counts."""
        return answer(_coverage_as_json(control, forget=True))


def _coverage_as_json(control: Control, *, forget: bool = False) -> JSON:
    from emulator.bench.coverage import Record

    world = control.latest.world
    counted = world.coverage
    if counted is None:
        raise BadRequest("Nothing is counted in this test: pytest --asl-cov counts.")

    def read() -> JSON:
        record = Record()
        record.add(counted)
        if forget:
            for coverage in counted.values():
                coverage.clear()
        return record.to_json()

    return world.engine.ask(read)  # where executions count


def _faults_as_json(faults: FaultRules) -> JSON:
    return {"faults": [_fault_as_json(rule) for rule in faults]}


def _fault_as_json(rule: Faults) -> JSON:
    optional = {"error": rule.error, "delay": rule.delay or None, "times": rule.times, "machine": rule.machine}
    said = {name: value for name, value in optional.items() if value is not None}
    numbers = {} if rule.calls is None else {"calls": sorted(rule.calls)}
    hits = [{"call": hit.number, "what": hit.what} for hit in rule.hits]
    return {
        "target": rule.target,
        **said,
        **numbers,
        "rate": rule.rate,
        "seed": rule.seed,
        "met": rule.met,
        "hits": hits,
    }


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
