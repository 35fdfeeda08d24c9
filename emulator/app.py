"""The application: AWS's protocols in front, the emulator's own routes and pages behind them."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable
from functools import cache, partial
from importlib import metadata
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request
from werkzeug.exceptions import BadRequest, HTTPException

from asl_interpreter.jsontext import JSON, InvalidJSON, dumps, loads
from emulator.initial import Preparation
from emulator.keeping.pickling import CannotKeep, Unreadable
from emulator.keeping.snapshots import InvalidName, UnknownSnapshot, written
from emulator.localstack import create_routes
from emulator.reception import layer
from emulator.routes import control_routes
from emulator.web.activity import Activity
from emulator.wire.hosts import Hosts
from emulator.wiring import meet_moto

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from emulator.control import Control

log = logging.getLogger("dynastep")

_NO_MORE_HOSTS = Hosts()


def create_app(control: Control, hosts: Hosts = _NO_MORE_HOSTS, preparation: Preparation | None = None) -> Flask:
    """The WSGI application of an emulator. AWS requests never reach Flask: its router costs ten times what they do.

    ``hosts`` are the names that requests may be sent to, and whose web pages are answered. ``preparation`` is what is
    done before the server is ready.
    """
    prepared = preparation or Preparation(is_done=True)
    app = Flask("emulator.app", static_folder=None)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _own_error)

    @app.get("/_dynastep/health")
    def health() -> Response:
        """Say whether the emulator works, its version, its clock and how much it holds; a 503 if it has failed."""
        clock, trouble = control.latest.clock_info(), control.latest.trouble()
        about = {"version": version(), "clock": clock["mode"], "counts": control.latest.counts()}
        if not prepared.is_done:
            return _json({"status": "starting", **about}, 503)
        if trouble is not None:
            return _json({"status": "failed", "reason": trouble, **about}, 503)
        return _json({"status": "ok", **about})

    @app.get("/_dynastep/clock")
    def clock() -> Response:
        """Tell the clock's mode, the time in seconds since 1970 and when the next timer is due."""
        return _json(control.latest.clock_info())

    @app.post("/_dynastep/clock")
    def set_clock() -> Response:
        """Change the clock: `mode` is wall, virtual or manual, `advance` is in seconds; each is optional."""
        mode, advance = _clock_change()
        try:
            control.latest.set_clock(mode, advance)
        except ValueError as error:
            raise BadRequest(str(error)) from None
        return _json(control.latest.clock_info())

    @app.post("/_dynastep/reset")
    def reset() -> Response:
        """Empty the emulator: machines, tables, functions and all else are gone, and the clock goes on."""
        control.latest.reset()
        return _json({"status": "reset"})

    app.register_blueprint(control_routes(control))
    app.register_blueprint(create_routes(control, prepared, version))
    _offer_snapshots(app, control)

    @app.after_request
    def unframed(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = "frame-ancestors 'none'"  # nobody clicks here unawares
        return response

    meet_moto(lambda account: control.of(account).world)
    activity = Activity()
    pages = _with_console(control, activity, app.wsgi_app)
    app.wsgi_app = layer(control, pages, hosts, activity.add)  # type: ignore[method-assign,assignment]  # Flask's documented way
    return app


def _offer_snapshots(app: Flask, control: Control) -> None:
    """Routes of snapshots: taken by POST, restored, removed, and handed out and taken in as files."""

    @app.get("/_dynastep/snapshots")
    def list_snapshots() -> Response:
        """The snapshots: name, time, how many items and executions."""
        return _json({"snapshots": control.latest.snapshots.described()})

    @app.post("/_dynastep/snapshots/<name>")
    def take_snapshot(name: str) -> Response:
        """Keep the state of everything under a name."""
        control.latest.take_snapshot(name)
        return _json({"status": "taken"})

    @app.post("/_dynastep/snapshots/<name>/restore")
    def restore_snapshot(name: str) -> Response:
        """Have everything as it was when the snapshot was taken."""
        control.latest.restore_snapshot(name)
        return _json({"status": "restored"})

    @app.delete("/_dynastep/snapshots/<name>")
    def remove_snapshot(name: str) -> Response:
        """Forget a snapshot."""
        control.latest.snapshots.remove(name)
        return _json({"status": "removed"})

    @app.get("/_dynastep/snapshots/<name>/file")
    def export_snapshot(name: str) -> Response:
        """The snapshot as a file."""
        file = written(control.latest.snapshots.find(name))
        return Response(file, content_type="application/zip")

    @app.put("/_dynastep/snapshots/<name>/file")
    def import_snapshot(name: str) -> Response:
        """Take in the file of a snapshot, the body, under a name."""
        control.latest.take_in_snapshot(name, request.get_data())
        return _json({"status": "taken in"})

    for kind, status in ((UnknownSnapshot, 404), (InvalidName, 400), (Unreadable, 400), (CannotKeep, 409)):
        app.register_error_handler(kind, partial(_refused, status))


def _refused(status: int, error: Exception) -> Response:
    return _json({"error": str(error.args[0])}, status)


def _with_console(control: Control, activity: Activity, routes: WSGIApplication) -> WSGIApplication:
    """The console and, for every other path, ``routes``. It is imported when somebody opens it: starting is fast."""

    @cache
    def console() -> WSGIApplication:
        from emulator.web.console import create_console

        return create_console(control, activity).wsgi_app

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path: str = environ.get("PATH_INFO", "/")
        own = path in ("", "/") or path.startswith("/_dynastep/console")
        return (console() if own else routes)(environ, start_response)

    return serve


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
