"""The application: AWS's protocols in front, the emulator's own routes and pages behind them."""

from __future__ import annotations

import logging
import uuid
from importlib import metadata
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request
from werkzeug.exceptions import BadRequest, HTTPException

from asl_interpreter.jsontext import JSON, InvalidJSON, dumps, loads
from emulator.endpoint import layer
from emulator.wire.hosts import Hosts
from emulator.wiring import meet_moto

if TYPE_CHECKING:
    from emulator.control import Control

log = logging.getLogger("dynastep")

_NO_MORE_HOSTS = Hosts()


def create_app(control: Control, hosts: Hosts = _NO_MORE_HOSTS) -> Flask:
    """The WSGI application of an emulator. AWS requests never reach Flask: its router costs ten times what they do.

    ``hosts`` are the names that requests may be sent to, and whose web pages are answered.
    """
    app = Flask("emulator.web", static_folder=None)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _own_error)

    @app.get("/_dynastep/health")
    def health() -> Response:
        clock, trouble = control.latest.clock_info(), control.latest.trouble()
        about = {"version": version(), "clock": clock["mode"], "counts": control.latest.counts()}
        if trouble is not None:
            return _json({"status": "failed", "reason": trouble, **about}, 503)
        return _json({"status": "ok", **about})

    @app.get("/_dynastep/clock")
    def clock() -> Response:
        return _json(control.latest.clock_info())

    @app.post("/_dynastep/clock")
    def set_clock() -> Response:
        mode, advance = _clock_change()
        try:
            control.latest.set_clock(mode, advance)
        except ValueError as error:
            raise BadRequest(str(error)) from None
        return _json(control.latest.clock_info())

    @app.post("/_dynastep/reset")
    def reset() -> Response:
        control.latest.reset()
        return _json({"status": "reset"})

    @app.get("/")
    def index() -> str:
        return _INDEX.format(version=version())

    @app.after_request
    def unframed(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = "frame-ancestors 'none'"  # nobody clicks here unawares
        return response

    meet_moto(lambda account: control.of(account).world)
    app.wsgi_app = layer(control, app.wsgi_app, hosts)  # type: ignore[method-assign,assignment]  # Flask's documented way
    return app


def version() -> str:
    """The version of the installed distribution."""
    try:
        return metadata.version("dynastep")
    except metadata.PackageNotFoundError:
        return "not installed"


def _clock_change() -> tuple[str | None, float | None]:
    """What a POST to the clock asks for: ``{"mode": "manual", "advance": 60}``, each optional."""
    try:
        asked = loads(request.get_data())
    except InvalidJSON as error:
        raise BadRequest(f"The body is not JSON: {error}") from None
    if not isinstance(asked, dict) or not asked or not asked.keys() <= {"mode", "advance"}:
        raise BadRequest('The body must be an object with "mode", "advance" or both')
    mode, advance = asked.get("mode"), asked.get("advance")
    if mode is not None and not isinstance(mode, str):
        raise BadRequest('"mode" must be "wall", "virtual" or "manual"')
    if advance is not None and (isinstance(advance, bool) or not isinstance(advance, int | float)):
        raise BadRequest('"advance" must be a number of seconds')
    return mode, advance


def _json(value: JSON, status: int = 200) -> Response:
    return Response(dumps(value) + "\n", status, content_type="application/json")


def _http_error(error: HTTPException) -> Any:
    return _json({"error": error.description}, error.code or 500)


def _own_error(error: Exception) -> Response:
    request_id = str(uuid.uuid4())
    log.error("Request %s failed: %s %s", request_id, request.method, request.path, exc_info=error)
    return _json({"error": f"Dynastep failed; its log has the traceback under request id {request_id}"}, 500)


_INDEX = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Dynastep</title></head>
<body>
<h1>Dynastep {version}</h1>
<p>AWS Step Functions, DynamoDB and more answer at this address: give it to an SDK as the endpoint URL.</p>
<ul>
<li><a href="/_dynastep/health">health</a></li>
<li><a href="/_dynastep/clock">clock</a></li>
</ul>
</body>
</html>
"""
