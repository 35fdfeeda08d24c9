"""The first page, the search, and what the header's buttons do."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, redirect, render_template, request, url_for

from emulator.faults import Fault
from emulator.web.asking import ACCOUNT, REGION, Asker
from emulator.web.page import asker, back

if TYPE_CHECKING:
    from emulator.control import Control

RECENT: Final = 10
"""Machines whose executions the first page looks at, and executions that it shows."""


def add(pages: Blueprint, control: Control) -> None:
    """Add the routes of the first page and of the header."""

    @pages.get("/")
    def home() -> str:
        return draw_home()

    _add_header(pages, control)


def _add_header(pages: Blueprint, control: Control) -> None:
    @pages.post("/clock")
    def clock_moved() -> Any:
        controlled = control.latest
        mode, by = request.form.get("mode"), request.form.get("advance")
        timer = controlled.world.engine.next_timer()
        try:
            if by == "next":
                seconds = 0.0 if timer is None else max(0.0, timer[0] - controlled.clock_info()["now"])
            else:
                seconds = float(by or 0)
            controlled.set_clock(mode or None, seconds or None)
        except ValueError as error:
            raise Fault("ValidationException", str(error)) from None
        return back()

    @pages.post("/asker")
    def asker_chosen() -> Any:
        account, region = request.form.get("account", "").strip(), request.form.get("region", "")
        if not ACCOUNT.fullmatch(account) or not REGION.fullmatch(region):
            raise Fault("ValidationException", "An account is twelve digits, a region such as eu-west-1")
        answer = redirect(url_for("console.home"), 303)
        for name, value in (("dynastep-account", account), ("dynastep-region", region)):
            answer.set_cookie(name, value, samesite="Strict", httponly=True)
        return answer

    @pages.get("/search")
    def search() -> Any:
        return draw_search(request.args.get("q", "").strip())


def draw_home() -> str:
    """The first page: machines, recent executions, tables and functions of the account and region."""
    asked = asker()
    machines = asked.step_functions("ListStateMachines", maxResults=100)["stateMachines"]
    recent: list[dict[str, Any]] = []
    for machine in machines[:RECENT]:
        if machine["type"] == "STANDARD":
            arn = machine["stateMachineArn"]
            answer = asked.step_functions("ListExecutions", stateMachineArn=arn, maxResults=RECENT)
            recent += [{**each, "machine": machine["name"]} for each in answer["executions"]]
    recent.sort(key=lambda each: each["startDate"], reverse=True)
    tables = asked.dynamodb("ListTables", Limit=50)["TableNames"]
    return render_template(
        "home.html", page="home", machines=machines, recent=recent[:RECENT], tables=tables, functions=functions(asked)
    )


def functions(asked: Asker) -> list[dict[str, Any]]:
    """The Lambda functions of an account and region, the first fifty; Lambda is not loaded if nobody has used it."""
    if "moto.awslambda.models" not in sys.modules:
        return []
    found: list[dict[str, Any]] = asked.other("lambda", "list_functions", MaxItems=50)["Functions"]
    return found


def draw_search(text: str) -> Any:
    """Machines, tables and functions whose name has a text in it; an ARN leads to its page at once."""
    if text.startswith("arn:") and ":execution:" in text:
        return redirect(url_for("console.execution", arn=text), 303)
    if text.startswith("arn:") and ":stateMachine:" in text:
        return redirect(url_for("console.machine", arn=text), 303)
    asked, sought = asker(), text.casefold()
    machines = asked.step_functions("ListStateMachines", maxResults=1000)["stateMachines"]
    tables = asked.dynamodb("ListTables", Limit=100)["TableNames"]
    found = {
        "machines": [each for each in machines if sought in each["name"].casefold()][:50],
        "tables": [name for name in tables if sought in name.casefold()][:50],
        "functions": [each for each in functions(asked) if sought in each["FunctionName"].casefold()][:50],
    }
    return render_template("search.html", page="search", text=text, **found)
