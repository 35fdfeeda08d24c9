"""Laws of Distributed Map: nothing is lost, nothing is done twice, and the same input gives the same histories."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from properties.scripted import MACHINE, Resources

from asl_interpreter.engine import Engine
from asl_interpreter.jsontext import JSON, dumps, size
from asl_interpreter.loop.clock import Clock
from asl_interpreter.reading.parsing import parse
from asl_interpreter.running.execution import Execution, Outside, Start
from asl_interpreter.running.map_runs import MapRun
from asl_interpreter.running.states.inputs import READ_AT_ONCE
from asl_interpreter.tasks import Item, ItemRequest, ResultRequest

FACES = [{"Variable": "$.fails", "BooleanEquals": True, "Next": "Fail"}]
STATES = {
    "Wait": {"Type": "Wait", "SecondsPath": "$.seconds", "Next": "Choose"},
    "Choose": {"Type": "Choice", "Choices": FACES, "Default": "Done"},
    "Fail": {"Type": "Fail", "Error": "Bad"},
    "Done": {"Type": "Succeed"},
}
"""Takes the seconds that the item says, then fails if it says so."""

items = st.lists(
    st.fixed_dictionaries({"seconds": st.integers(0, 3), "fails": st.just(False), "pad": st.text("x", max_size=40)}),
    max_size=30,
)
failing = st.lists(st.fixed_dictionaries({"seconds": st.integers(0, 3), "fails": st.booleans()}), max_size=20)
kinds = st.sampled_from(["STANDARD", "EXPRESS"])


class Given:
    """A data set that is a list; it counts what is read of it and keeps what is written."""

    def __init__(self, values: list[JSON]) -> None:
        self._values = values
        self.read_so_far = 0
        self.written: dict[str, list[JSON]] = {}

    def read(self, _request: ItemRequest) -> Iterator[Item]:
        for value in self._values:
            self.read_so_far += 1
            yield Item(value, "here")

    def write(self, request: ResultRequest) -> tuple[JSON, Sequence[JSON]]:
        self.written = {status: list(results) for status, results in request.results.items()}
        return {}, ()


def run(document: Any, kind: str = "STANDARD", data: Given | None = None, **fields: Any) -> tuple[Execution, MapRun]:
    """Run a Distributed Map to its end."""
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind}, "StartAt": "Wait", "States": STATES}
    state = {"Type": "Map", "ItemProcessor": processor, "End": True, **fields}
    engine = Engine(Clock("virtual"))
    resources = Resources(engine, {})
    machine = parse({"StartAt": "Map", "States": {"Map": state}}, resources)
    arn = "arn:aws:states:us-east-1:123456789012:execution:machine:run"
    start = Start(arn, "run", MACHINE, "machine", "role", document, dumps(document))
    try:
        outside = Outside(resources) if data is None else Outside(resources, data)
        execution = engine.start(machine, start, outside)
        engine.wait(execution.ended, strict=True)
    finally:
        engine.close()
    return execution, execution.map_runs[-1]


@given(items, st.integers(0, 5), kinds)
def test_every_item_is_processed_once_and_results_keep_their_order(document, at_once, kind):
    execution, _ = run(document, kind, MaxConcurrency=at_once)
    assert execution.output == document


@given(items, st.integers(1, 4), st.integers(60, 400))
def test_batches_concatenate_to_the_items_and_keep_their_limits(document, most, limit):
    data = Given(document)
    batcher = {"MaxItemsPerBatch": most, "MaxInputBytesPerBatch": max(limit, 120), "BatchInput": {"b": 1}}
    selector = {"pad.$": "$$.Map.Item.Value.pad", "i.$": "$$.Map.Item.Index"}
    reader = {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "JSON"}}
    states = {"Wait": {"Type": "Pass", "End": True}}
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "Wait"}
    execution, _ = run(
        {},
        data=data,
        ItemReader=reader,
        ItemSelector=selector,
        ItemBatcher=batcher,
        ItemProcessor={**processor, "States": states},
    )
    batches = execution.output
    assert [item for batch in batches for item in batch["Items"]] == [
        {"pad": item["pad"], "i": index} for index, item in enumerate(document)
    ]
    assert all(0 < len(batch["Items"]) <= most for batch in batches)
    assert all(size(batch) <= max(limit, 120) for batch in batches)
    assert all(batch["BatchInput"] == {"b": 1} for batch in batches)


@given(failing, st.integers(1, 4), st.integers(0, 20), kinds)
def test_what_is_tolerated_decides_and_the_counts_add_up(document, at_once, tolerated, kind):
    execution, map_run = run(document, kind, MaxConcurrency=at_once, ToleratedFailureCount=tolerated)
    failed = sum(item["fails"] for item in document)
    assert (execution.status == "SUCCEEDED") == (failed <= tolerated)
    assert map_run.items == map_run.executions
    assert map_run.total == len(document)
    assert map_run.items["RUNNING"] == 0
    if execution.status == "SUCCEEDED":
        assert (map_run.items["FAILED"], map_run.items["PENDING"]) == (failed, 0)


@given(failing, st.integers(1, 4), st.integers(0, 100))
def test_a_percentage_is_of_all_items(document, at_once, tolerated):
    execution, _ = run(document, MaxConcurrency=at_once, ToleratedFailurePercentage=tolerated)
    failed = sum(item["fails"] for item in document)
    assert (execution.status == "SUCCEEDED") == (failed * 100 <= tolerated * len(document))


@given(failing, st.integers(0, 4), kinds)
def test_two_runs_have_one_history_each_child_too(document, at_once, kind):
    def histories() -> list[Any]:
        execution, map_run = run(document, kind, MaxConcurrency=at_once, ToleratedFailureCount=3)
        children = [child.restore(map_run, name) for name, child in map_run.children.items()]
        return [(each.start.arn, each.history.events) for each in (execution, *children)]

    assert histories() == histories()


@given(items, st.integers(1, 5))
def test_what_is_exported_is_every_item_once(document, at_once):
    data = Given([])
    writer = {
        "Resource": "arn:aws:states:::s3:putObject",
        "Parameters": {},
        "WriterConfig": {"Transformation": "COMPACT", "OutputType": "JSON"},
    }
    run(document, data=data, MaxConcurrency=at_once, ResultWriter=writer)
    assert data.written == {"FAILED": [], "PENDING": [], "SUCCEEDED": document}


def test_items_are_read_as_they_are_wanted_and_little_is_kept_of_what_has_ended():
    data = Given([{"seconds": 1, "fails": index == 3, "n": index} for index in range(READ_AT_ONCE * 3)])
    reader = {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "JSON"}}
    execution, map_run = run({}, data=data, ItemReader=reader, MaxConcurrency=2, ToleratedFailureCount=0)
    assert execution.status == "FAILED"
    assert len(map_run.children) == 4
    assert [name for name, child in map_run.children.items() if child.running is not None] == [
        name for name, child in map_run.children.items() if child.status != "SUCCEEDED"
    ]
