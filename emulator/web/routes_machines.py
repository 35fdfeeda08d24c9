"""The page of a state machine, and the start of executions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, redirect, render_template, request, url_for

from emulator.faults import Fault
from emulator.graph.outline import outline
from emulator.web import machines as shown
from emulator.web.asking import Asker
from emulator.web.page import about, is_part, save_as

if TYPE_CHECKING:
    from emulator.control import Control

STATUSES: Final = ("RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")
PAGE: Final = 25
INPUTS: Final = 8
"""Inputs used before that are offered."""


def add(pages: Blueprint, control: Control) -> None:
    """Add the routes of state machines."""

    @pages.get("/machines/<path:arn>")
    def machine(arn: str) -> str:
        asked = about(arn)
        if is_part():
            return render_template("machine_executions.html", arn=arn, **executions(asked, arn))
        described = asked.step_functions("DescribeStateMachine", stateMachineArn=arn)
        text = shown.laid_out(described["definition"])
        definition = shown.parsed(described["definition"])
        scope = outline(definition)
        problems = shown.problems(asked, text, described["type"])
        counted = (control.of(asked.account).world.coverage or {}).get(described["definition"])
        closed = frozenset(request.args.getlist("closed"))
        picture = shown.picture(definition, shown.used(scope, counted), closed=closed, title=described["name"])
        of_machine = {"stateMachineArn": described["stateMachineArn"]}
        is_standard = described["type"] == "STANDARD"
        return render_template(
            "machine.html",
            page="machine",
            arn=arn,
            machine=described,
            picture=picture,
            lines=shown.lines(text, scope, problems),
            problems=problems,
            closed=closed,
            openable=shown.openable(scope),
            versions=asked.step_functions("ListStateMachineVersions", **of_machine)["stateMachineVersions"],
            aliases=asked.step_functions("ListStateMachineAliases", **of_machine)["stateMachineAliases"],
            inputs=_inputs(asked, described["stateMachineArn"]) if is_standard else [],
            given=request.args.get("input", "{}"),
            **executions(asked, arn) if is_standard else {"listed": None},
        )

    @pages.post("/machines/<path:arn>")
    def start(arn: str) -> Any:
        asked = about(arn)
        text, name = request.form.get("input") or "{}", request.form.get("name", "").strip() or None
        if request.form.get("type") == "EXPRESS":
            answer = asked.step_functions("StartSyncExecution", stateMachineArn=arn, input=text, name=name)
            return render_template("express.html", page="express", arn=arn, answer=answer)
        started = asked.step_functions("StartExecution", stateMachineArn=arn, input=text, name=name)
        return redirect(url_for("console.execution", arn=started["executionArn"]), 303)

    @pages.get("/definitions/<path:arn>")
    def definition(arn: str) -> Any:
        described = about(arn).step_functions("DescribeStateMachine", stateMachineArn=arn)
        return save_as(described["definition"], f"{described['name']}.asl.json")


def executions(asked: Asker, arn: str) -> dict[str, Any]:
    """A page of the executions of a machine, as the query of the request filters them."""
    status, token = request.args.get("status", ""), request.args.get("token") or None
    answer = asked.step_functions(
        "ListExecutions", stateMachineArn=arn, maxResults=PAGE, nextToken=token, statusFilter=status or None
    )
    return {"listed": answer["executions"], "token": answer.get("nextToken"), "wanted": status, "statuses": STATUSES}


def _inputs(asked: Asker, arn: str) -> list[str]:
    """The inputs of the last executions, each once."""
    answer = asked.step_functions("ListExecutions", stateMachineArn=arn, maxResults=INPUTS)
    found: dict[str, None] = {}
    for each in answer["executions"]:
        try:
            described = asked.step_functions("DescribeExecution", executionArn=each["executionArn"])
        except Fault:  # it was deleted meanwhile
            continue
        found[described["input"]] = None
    return [text for text in found if len(text) < 20_000]
