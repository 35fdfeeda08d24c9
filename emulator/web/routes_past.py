"""Time travel: an execution that has ended as it stood at one of its events, and runs that go on from there.

Both run its machine again, in a world of their own, with the answers that its history shows: nothing is called.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Blueprint, render_template, request

from emulator.bench.answers import open_callback
from emulator.bench.moments import Past
from emulator.bench.replaying import CannotReplay
from emulator.bench.visits import seconds
from emulator.faults import Fault
from emulator.graph.outline import outline
from emulator.integrations.mocked import mocks_first
from emulator.integrations.mocks import Mocks
from emulator.web import executions as shown
from emulator.web.histories import Kept
from emulator.web.machines import parsed, picture
from emulator.web.page import read_answers, read_json
from emulator.wire.protocol import Call

if TYPE_CHECKING:
    from emulator.control import Control
    from emulator.web.asking import Asker

Look = Callable[..., "tuple[Asker, dict[str, Any], Kept]"]


def add(pages: Blueprint, control: Control, look: Look) -> None:
    """Add the routes of the past of an execution."""

    def past(asked: Asker, arn: str, mocks: Mocks) -> tuple[Past, dict[str, Any]]:
        machine = asked.step_functions("DescribeStateMachineForExecution", executionArn=arn)
        call = Call("stepfunctions", "", {}, asked.account, asked.region, "")
        resources = control.of(asked.account).world.resources(call)
        mocking = partial(mocks_first, resources, machine["name"], mocks, open_callback)
        return Past(machine["definition"], resources, mocking), machine

    @pages.get("/moments/<path:arn>")
    def moment(arn: str) -> str:
        asked, _, kept = look(arn, whole=True)
        number = request.args.get("event", 1, int)
        try:
            found, _ = past(asked, arn, Mocks())
            then = found.at(kept.events, number)
        except CannotReplay as error:
            return render_template("moment.html", arn=arn, number=number, last=len(kept.events), refused=error)
        visit = kept.visits.owner.get(number)
        return render_template(
            "moment.html",
            arn=arn,
            number=number,
            last=len(kept.events),
            moment=then,
            visit=visit,
            entry=visit if visit is not None and visit.inside is None else None,
        )

    @pages.post("/moments/<path:arn>")
    def run_on(arn: str) -> str:
        asked, described, kept = look(arn, whole=True)
        number, text = request.form.get("event", 0, int), request.form.get("input", "")
        mocks = Mocks()
        found, machine = past(asked, arn, mocks)
        for mock in read_answers(request.form.get("mocks", ""), machine["name"]):
            mocks.add(mock)
        given = {"input": read_json(text, "The input")} if text.strip() else {}
        try:
            ran = found.on_from(kept.events, number, **given)
        except CannotReplay as error:
            raise Fault("ValidationException", f"The execution cannot run on from there: {error}") from None
        new = Kept(0.0)
        new.take(ran.history)
        definition = parsed(machine["definition"])
        bars, visits = shown.timeline(new, seconds(ran.history[-1]["timestamp"]))
        return render_template(
            "run_on.html",
            page="run on",
            arn=arn,
            execution=described,
            number=number,
            ran=ran,
            bars=bars,
            visits=visits,
            picture=picture(definition, shown.marks(new, outline(definition)), title=f"{described['name']}, run on"),
        )
