"""The console: the pages, and what their buttons do."""

from __future__ import annotations

import secrets
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, abort, g, render_template, request
from markupsafe import Markup

from emulator.bench.explain import clock, shortened
from emulator.faults import Fault
from emulator.web import (
    live,
    routes_activity,
    routes_design,
    routes_executions,
    routes_home,
    routes_machines,
    routes_permissions,
    routes_tables,
)
from emulator.web.asking import ACCOUNT, REGION, Asker
from emulator.web.executions import pretty, pretty_text
from emulator.web.histories import Histories
from emulator.web.page import asker, is_part

if TYPE_CHECKING:
    from emulator.control import Control
    from emulator.web.activity import Activity

PREFIX: Final = "/_dynastep/console"
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Of scripts and styles only our own files; the nonce is for the style sheets that the editor makes."""
REGIONS: Final = (
    "us-east-1",
    "us-east-2",
    "us-west-2",
    "eu-central-1",
    "eu-west-1",
    "ap-northeast-1",
    "ap-southeast-2",
)


def create_console(control: Control, activity: Activity) -> Flask:
    """The pages of the console, whose first one is at ``/``; ``activity`` has the requests to the emulator."""
    app = Flask("emulator.web", static_folder=None)
    app.register_blueprint(_blueprint(control, activity))
    app.add_url_rule("/", endpoint="index", view_func=app.view_functions["console.home"])
    return app


def _blueprint(control: Control, activity: Activity) -> Blueprint:
    pages = Blueprint("console", "emulator.web", url_prefix=PREFIX, template_folder="templates", static_folder="static")
    pages.before_request(_protect)
    pages.before_app_request(lambda: _begin(control))
    pages.after_app_request(_harden)
    pages.app_errorhandler(Fault)(_fault)
    pages.app_template_filter("time")(moment)
    pages.app_template_filter("duration")(clock)
    pages.app_template_filter("pretty")(pretty_text)
    pages.app_template_filter("json")(pretty)
    pages.app_template_filter("short")(lambda text, most=80: shortened(str(text), most))
    pages.app_context_processor(lambda: _everywhere(control))
    histories = Histories()
    routes_home.add(pages, control)
    routes_machines.add(pages, control)
    routes_permissions.add(pages)
    routes_executions.add(pages, control, histories)
    routes_tables.add(pages)
    routes_design.add(pages, control)
    routes_activity.add(pages, activity)
    live.add(pages, activity)
    return pages


def moment(timestamp: Any) -> str:
    """A timestamp for people, in UTC: ``2026-01-01 00:00:05``."""
    if isinstance(timestamp, datetime):
        timestamp = timestamp.timestamp()
    return datetime.fromtimestamp(float(timestamp), timezone.utc).strftime("%Y-%m-%d %H:%M:%S")


def _begin(control: Control) -> None:
    account = request.cookies.get("dynastep-account", "")
    region = request.cookies.get("dynastep-region", "")
    g.nonce = secrets.token_urlsafe(16)
    g.asker = Asker(
        control,
        account if ACCOUNT.fullmatch(account) else control.latest.default_account,
        region if REGION.fullmatch(region) else "us-east-1",
    )


def _protect() -> None:
    """Refuse what another page sends, also one of this machine; the layer in front has refused those of elsewhere."""
    if request.method in ("GET", "HEAD"):
        return
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site", "same-origin")
    if site != "same-origin" or (origin is not None and urlsplit(origin).netloc != request.host):
        abort(403, "Only pages of the console may press its buttons")


def _harden(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = POLICY.format(nonce=g.nonce)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    if request.endpoint != "console.static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _fault(fault: Fault) -> tuple[str, int]:
    status = 404 if fault.code.endswith(("DoesNotExist", "NotFoundException", "NotFound")) else 400
    return render_template("error.html", fault=fault, page="" if is_part() else "error"), status


def _everywhere(control: Control) -> dict[str, Any]:
    timer = control.latest.world.engine.next_timer()
    now = control.latest.clock_info()
    return {
        "asker": asker(),
        "clock": now,
        "timer": None if timer is None else {"in": max(0.0, timer[0] - now["now"]), "name": timer[1]},
        "regions": REGIONS if asker().region in REGIONS else (asker().region, *REGIONS),
        "nonce": g.nonce,
        "Markup": Markup,
    }
