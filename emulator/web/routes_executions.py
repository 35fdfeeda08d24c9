"""The page of an execution: its parts, and what its buttons do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, abort, redirect, render_template, request, url_for

from asl_interpreter.jsontext import InvalidJSON, dumps, loads
from emulator.bench.visits import Visit
from emulator.faults import Fault
from emulator.graph.outline import outline
from emulator.web import executions as shown
from emulator.web import routes_past
from emulator.web.machines import openable, parsed, picture
from emulator.web.page import about, back, is_part, save_as
from emulator.web.snippets import snippets

if TYPE_CHECKING:
    from emulator.control import Control
    from emulator.web.asking import Asker
    from emulator.web.histories import Histories, Kept

EVENTS: Final = 100
"""Events of one page of the list."""
MOST_VISITS: Final = 50
"""Visits of one state, and states of one item, that are offered."""
MOST_TOKENS: Final = 50
MOST_WAITING: Final = 200
"""Task tokens that are shown, and visits in which their states are looked for."""
MOST_CHILDREN: Final = 50
"""Executions that were started by this one, of which there are links."""


def add(pages: Blueprint, control: Control, histories: Histories) -> None:
    """Add the routes of executions."""

    def look(arn: str, *, whole: bool = False) -> tuple[Asker, dict[str, Any], Kept]:
        asked = about(arn)
        described = asked.step_functions("DescribeExecution", executionArn=arn)
        return asked, described, histories.look(asked, arn, described["startDate"], whole=whole)

    _add_parts(pages, look)
    routes_past.add(pages, control, look)
    pages.post("/executions/<path:arn>")(act)
    pages.get("/map-runs/<path:arn>")(map_run)

    @pages.get("/executions/<path:arn>")
    def execution(arn: str) -> str:
        asked, described, kept = look(arn)
        machine = asked.step_functions("DescribeStateMachineForExecution", executionArn=arn)
        definition = parsed(machine["definition"]) or _of_processor(machine["definition"])
        closed = frozenset(request.args.getlist("closed"))
        now = control.latest.clock_info()["now"]
        until = described.get("stopDate", now)
        first = max(0, request.args.get("bars", 0, int))
        bars, visits = shown.timeline(kept, until, first, control.of(asked.account).world.clock.really)
        graph, strips = _drawn(kept, definition, closed, described["name"])
        return render_template(
            "execution_live.html" if is_part() else "execution.html",
            page="execution",
            arn=arn,
            execution=described,
            machine=machine,
            elapsed=max(0.0, until - described["startDate"]),
            picture=graph,
            bars=bars,
            first=first,
            visits=visits,
            most_bars=shown.MOST_BARS,
            openable=openable(outline(definition)),
            closed=closed,
            parent=_parent(described),
            strips=strips,
            cells=shown.CELLS,
            told="" if kept.more else shown.told(described, kept, now),
            more=kept.more,
            all_events=_events(asked, arn) if kept.more else 0,
            tokens=_tokens(control, asked, arn, kept),
            events=len(kept.events),
            children=_children(kept),
            map_runs=_map_runs(asked, arn),
            chosen=kept.visits.failed or (kept.visits.every[-1] if kept.visits.every else None),
            snippets=snippets(machine, described, request.host_url.rstrip("/")),
        )


def _add_parts(pages: Blueprint, look: Callable[..., tuple[Asker, dict[str, Any], Kept]]) -> None:
    @pages.get("/reading/<path:arn>")
    def reading(arn: str) -> str:
        asked, _, kept = look(arn)
        return render_template(
            "reading.html",
            arn=arn,
            more=kept.more,
            events=len(kept.events),
            all_events=_events(asked, arn) if kept.more else 0,
            first=request.args.get("bars", 0, int),
            closed=request.args.getlist("closed"),
        )

    @pages.get("/events/<path:arn>")
    def events(arn: str) -> str:
        _, described, kept = look(arn)
        wanted, first = request.args.get("q", ""), request.args.get("from", 1, int)
        rows, following = shown.rows(kept, wanted, first, EVENTS)
        return render_template(
            "events.html",
            arn=arn,
            rows=rows,
            following=following,
            wanted=wanted,
            first=first,
            ended=described["status"] != "RUNNING" and "mapRunArn" not in described,
        )

    @pages.get("/visits/<path:arn>")
    def visits(arn: str) -> str:
        _, described, kept = look(arn)
        found = _chosen(kept)
        if not found:
            return render_template("visit.html", arn=arn, visit=None, others=[])
        visit = next((each for each in found if each.event == request.args.get("event", 0, int)), found[-1])
        return render_template(
            "visit.html",
            arn=arn,
            visit=visit,
            others=found[:MOST_VISITS],
            count=len(found),
            difference=shown.difference(visit),
            inside=request.args.get("item") is not None,
            ended=described["status"] != "RUNNING" and "mapRunArn" not in described,
        )

    @pages.get("/histories/<path:arn>")
    def history(arn: str) -> Any:
        _, described, kept = look(arn, whole=True)
        return save_as(dumps({"events": kept.events}), f"{described['name']}.history.json")


def act(arn: str) -> Any:
    """Do what a button of the page says: stop, redrive, again, succeed or fail."""
    asked, deed = about(arn), request.form.get("deed")
    if deed == "stop":
        asked.step_functions("StopExecution", executionArn=arn, cause="Stopped in the console")
    elif deed == "redrive":
        asked.step_functions("RedriveExecution", executionArn=arn)
    elif deed == "again":
        described = asked.step_functions("DescribeExecution", executionArn=arn)
        started = asked.step_functions(
            "StartExecution", stateMachineArn=described["stateMachineArn"], input=described["input"]
        )
        return redirect(url_for("console.execution", arn=started["executionArn"]), 303)
    elif deed == "succeed":
        token, output = request.form.get("token", ""), request.form.get("output") or "{}"
        asked.step_functions("SendTaskSuccess", taskToken=token, output=output)
    elif deed == "fail":
        token, error = request.form.get("token", ""), request.form.get("error") or None
        cause = request.form.get("cause") or None
        asked.step_functions("SendTaskFailure", taskToken=token, error=error, cause=cause)
    else:
        abort(400, "An execution can be stopped, redriven, started again, and its tasks can succeed or fail")
    return back()


def map_run(arn: str) -> str:
    """The page of a Map Run: how many items did what, and its executions."""
    asked = about(arn)
    run = asked.step_functions("DescribeMapRun", mapRunArn=arn)
    status, token = request.args.get("status", ""), request.args.get("token") or None
    listed = asked.step_functions(
        "ListExecutions", mapRunArn=arn, maxResults=25, nextToken=token, statusFilter=status or None
    )
    return render_template(
        "map_run.html",
        page="map run",
        arn=arn,
        run=run,
        listed=listed["executions"],
        token=listed.get("nextToken"),
        wanted=status,
        statuses=("RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"),
    )


def _drawn(kept: Kept, definition: Any, closed: frozenset[str], title: str) -> tuple[str, list[shown.Strip]]:
    """The picture and the strips of a history, drawn anew only when it has grown."""
    known = (0 if kept.more else len(kept.events), closed)
    if kept.drawn is None or kept.drawn[0] != known:
        marks = shown.marks(kept, outline(definition))
        graph = picture(definition, marks, closed=closed, title=title)
        kept.drawn = (known, (graph, list(shown.strips(kept))))
    return kept.drawn[1]


def _events(asked: Asker, arn: str) -> int:
    """How many events an execution has."""
    last = asked.step_functions(
        "GetExecutionHistory", executionArn=arn, maxResults=1, reverseOrder=True, includeExecutionData=False
    )
    count: int = last["events"][0]["id"]
    return count


def _of_processor(text: str) -> Any:
    """The definition of an execution of a Map Run, which is no whole state machine."""
    try:
        return loads(text)
    except InvalidJSON:
        return {}


def _chosen(kept: Kept) -> list[Visit]:
    """The visits that a request is about: those of a state, those of an item of a Map, or one."""
    args = request.args
    if "item" in args:
        return kept.iterations.get(args.get("map", 0, int), {}).get(args.get("item", 0, int), [])
    if "state" in args:
        return [visit for visit in kept.visits.every if visit.state == args["state"]]
    visit = kept.by_event.get(args.get("event", 0, int))
    return [] if visit is None else [visit]


def _tokens(control: Control, asked: Asker, arn: str, kept: Kept) -> list[dict[str, str]]:
    """The task tokens that nobody has answered, each with the state that waits for it."""
    own = control.of(asked.account).world
    tokens = own.engine.ask(lambda: own.callbacks.open_tokens(arn))[:MOST_TOKENS]
    if not tokens:
        return []
    waiting = [visit for visit in kept.visits.every if visit.status == "RUNNING" and visit.attempts]
    sent = [(visit.path, dumps(visit.attempts[-1].arguments)) for visit in waiting[:MOST_WAITING]]
    return [{"token": token, "state": next((path for path, text in sent if token in text), "")} for token in tokens]


def _children(kept: Kept) -> list[dict[str, Any]]:
    """Executions that Tasks have started: what startExecution answered."""
    found: list[dict[str, Any]] = []
    for attempt in kept.visits.attempts:
        answered = attempt.output if isinstance(attempt.output, dict) else {}
        child = answered.get("ExecutionArn") or answered.get("executionArn")
        if isinstance(child, str) and ":execution:" in child:
            found.append({"arn": child, "state": attempt.state})
            if len(found) == MOST_CHILDREN:
                break
    return found


def _parent(described: dict[str, Any]) -> str | None:
    """The execution that has started this one, where its input says so as AWS recommends."""
    try:
        given = loads(described.get("input", "null"))
    except InvalidJSON:
        return None
    parent = given.get("AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID") if isinstance(given, dict) else None
    return parent if isinstance(parent, str) and ":execution:" in parent else None


def _map_runs(asked: Asker, arn: str) -> list[dict[str, Any]]:
    try:
        runs: list[dict[str, Any]] = asked.step_functions("ListMapRuns", executionArn=arn)["mapRuns"]
        return [asked.step_functions("DescribeMapRun", mapRunArn=run["mapRunArn"]) for run in runs[:20]]
    except Fault:  # an execution of a Map Run has none
        return []
