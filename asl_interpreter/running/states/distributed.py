"""Map in mode DISTRIBUTED: an execution of its own for every item, or for every batch of them.

Items are read as executions can take them, and of an execution that has ended little is kept, so that a hundred
thousand rows need no more memory than those that run.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html; its events and their links as
AWS records them.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from ... import jsontext
from ...definition import Distribution, Map
from ...errors import EXCEED_TOLERATED_FAILURE_THRESHOLD, QUERY_EVALUATION_ERROR, RUNTIME, StateError
from ...jsontext import JSON
from ...language.dataflow import StateFrame, too_large
from ...loop.fibers import turn
from ...loop.signals import Signal
from ...tasks import Item, ResultRequest
from ..cursor import Cursor, Exit
from ..map_runs import MapRun
from .inputs import Inputs, given_items
from .retry_and_catch import attempts

STARTS_PER_STEP: Final = 64
"""Children that are started before they, and requests, have their turn."""
MAX_REDRIVES: Final = 1000
"""How often a Map Run can be redriven."""
EXCEEDED: Final = "The specified tolerated failure threshold was exceeded"


async def run_distributed(state: Map, how: Distribution, cursor: Cursor) -> Exit:
    """Run the processor for each item as an execution; the result is what ResultWriter makes of theirs."""

    async def attempt() -> JSON:
        work = cursor.inside
        if not isinstance(work, MapWork) or work.over:
            cursor.leave()
            cursor.inside = work = await _open(state, how, cursor)
            cursor.record("MapRunStarted", {"mapRunArn": work.run.arn})
            cursor.execution.map_runs.append(work.run)
        else:
            cursor.last = work.started
            details = {"mapRunArn": work.run.arn, "redriveCount": work.run.redrives + 1}
            cursor.record("MapRunRedriven", details)
        return await _run(work)

    return await attempts(state, cursor, attempt, failed="MapStateFailed")


async def _open(state: Map, how: Distribution, cursor: Cursor) -> MapWork:
    """Record MapStateStarted and make a Map Run."""
    frame = cursor.frame(cursor.input)

    def find() -> tuple[StateFrame, list[Item] | None, int]:
        effective = frame.reading(state.flow.select_input(frame))
        given = None if how.reader is not None else given_items(state, effective)
        return effective, given, state.max_concurrency(effective)

    frame, given, at_once = await cursor.do(state, find)
    cursor.record("MapStateStarted", {"length": 0 if given is None else len(given)})

    def prepare() -> tuple[int | None, float | None, Inputs]:
        count, percentage = state.tolerated_failure_count, state.tolerated_failure_percentage
        inputs = Inputs(state, cursor, frame, how.batcher)
        if how.reader is not None:
            inputs.ask(how.reader)
        return (
            None if count is None else count(frame),
            None if percentage is None else float(percentage(frame)),
            inputs,
        )

    tolerated_count, tolerated_percentage, inputs = await cursor.do(state, prepare)
    if given is not None:
        await inputs.give(given)
    run = MapRun(
        cursor.execution,
        state.name,
        how,
        max_concurrency=at_once,
        tolerated_count=tolerated_count,
        tolerated_percentage=tolerated_percentage,
    )
    inputs.counted_by(run)
    return MapWork(state, cursor, frame, run, inputs)


async def _run(work: MapWork) -> JSON:
    """Do the work of a Map Run, or what is left of it, and record how it goes."""
    cursor, run = work.cursor, work.run
    try:
        result = await work.do()
    except StateError as error:
        failure = cursor.explain(error)
        work.over = failure.error in (RUNTIME, QUERY_EVALUATION_ERROR)
        run.stop_children()
        run.end("FAILED")
        details = {"error": failure.error, "cause": failure.cause}
        cursor.record("MapRunFailed", {name: text for name, text in details.items() if text is not None})
        raise failure from None
    except BaseException:
        run.end("ABORTED")
        run.stop_children()
        raise
    work.over = True
    coverage = cursor.execution.outside.coverage
    if coverage is not None:
        coverage.points[run.state_name, "items", min(run.total, 2)] += 1
    run.end("SUCCEEDED")
    cursor.record("MapRunSucceeded")
    cursor.execution.history.append("MapStateSucceeded", cursor.last)
    return result


class MapWork:
    """What a Map Run does: it starts children as the limits allow, and brings their results together.

    It stays with the state until that succeeds: a redrive does what is left of it.
    """

    def __init__(self, state: Map, cursor: Cursor, frame: StateFrame, run: MapRun, inputs: Inputs) -> None:
        self._state = state
        self._frame = frame
        self._inputs = inputs
        self._begun = False
        self.over = False
        """Whether a redrive starts another Map Run: this one has succeeded, or its items could not be made."""
        self.cursor = cursor
        self.run = run
        self.started = cursor.last
        """Id of the MapStateStarted event."""

    async def do(self) -> JSON:
        """Run all children that have not succeeded; the result of the state.

        Raises:
            StateError: reading or writing has failed, or too many children have.
        """
        run, writer = self.run, self.run.how.writer
        if self._begun:
            await self._redrive()
        self._begun = True
        await self._run_children()
        if run.has_failed(complete=True):
            await self._give_up()
        if writer.arguments is not None:
            return await self._write()
        results: list[JSON] = []
        size = len("[")
        for result in run.results(None, writer.transformation):
            size += jsontext.size(result) + len(",")
            if size > self.cursor.execution.quotas.payload_bytes:
                raise too_large(self._state.name)
            results.append(result)
        run.write_all()
        return results

    async def _redrive(self) -> None:
        """Go on: what runs ends first, then what has failed waits to be redriven.

        Source: https://docs.aws.amazon.com/step-functions/latest/dg/redrive-map-run.html
        """
        run = self.run
        while run.executions["RUNNING"]:
            await self._news()
        run.redrive()
        self._inputs.reopen()
        if run.redrives > MAX_REDRIVES:
            raise StateError(RUNTIME, f"The Map Run has been redriven {MAX_REDRIVES} times.")

    async def _run_children(self) -> None:
        """Until all have ended, or too many have failed."""
        run, inputs, started = self.run, self._inputs, 0
        while True:
            while run.executions["RUNNING"] < run.max_concurrency:
                if not (run.waiting or await inputs.ready(run)) or run.has_failed(complete=inputs.complete):
                    break
                if run.waiting:
                    run.redrive_next()
                else:
                    run.begin(*inputs.take())
                started += 1
                if started % STARTS_PER_STEP == 0:
                    await turn()
            if not run.executions["RUNNING"] or run.has_failed(complete=inputs.complete):
                return
            await self._news()

    async def _news(self) -> None:
        self.run.news = Signal(f"{self.run.executions['RUNNING']} child executions of {self._state.name!r}")
        await self.run.news

    async def _give_up(self) -> None:
        """Too much has failed: no more children start, those that run are stopped, and what there is is exported."""
        run = self.run
        run.stop_children()
        while run.executions["RUNNING"]:
            await self._news()
        while not self._inputs.complete:
            await self._inputs.read(run)
        if run.how.writer.arguments is not None:
            await self._write()
        else:
            run.write_all()
        raise StateError(EXCEED_TOLERATED_FAILURE_THRESHOLD, EXCEEDED)

    async def _write(self) -> JSON:
        """Export the results; where they are."""
        run, writer, loop = self.run, self.run.how.writer, self.cursor.execution.loop
        if writer.arguments is None:
            message = "results that are not exported are not written"
            raise AssertionError(message)
        arguments = await self.cursor.do(self._state, partial(writer.arguments, self._frame))
        request = ResultRequest(
            arguments,
            writer.output_type,
            run.arn,
            run.parent.start.role_arn,
            {
                "FAILED": run.results("FAILED", writer.transformation),
                "PENDING": self._inputs.pending(),
                "SUCCEEDED": run.results("SUCCEEDED", writer.transformation),
            },
            run.redrives,
            run.exported,
        )
        datasets = self.cursor.execution.outside.datasets
        name = f"the ResultWriter of {self._state.name!r}"
        call = partial(loop.call, lambda: datasets.write(request), name, blocking=True)
        details, files = await self.cursor.execution.record.ask(call, name)
        run.export(files)
        return {"MapRunArn": run.arn, "ResultWriterDetails": details}
