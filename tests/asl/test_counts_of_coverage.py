"""What executions have done of a definition is counted: states, rules, Catchers, Retriers, items, timeouts."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from asl_interpreter.coverage import Coverage, conditional


@pytest.fixture
def counted(dynastep):
    """Run a definition with some inputs; what was counted."""

    def run(definition: dict[str, Any], *inputs: Any) -> Coverage:
        coverage: dict[str, Coverage] = {}
        dynastep._control.world = dataclasses.replace(dynastep._world, coverage=coverage)
        for document in inputs:
            dynastep.run(definition, document)
        total = Coverage()
        for each in coverage.values():
            total.add(each)
        return total

    return run


CHOICE = {
    "StartAt": "Sort",
    "States": {
        "Sort": {
            "Type": "Choice",
            "Choices": [
                {"Variable": "$.n", "NumericGreaterThan": 10, "Next": "Large"},
                {"Variable": "$.n", "NumericGreaterThan": 5, "Next": "Large"},
            ],
            "Default": "Small",
        },
        "Large": {"Type": "Pass", "Next": "Small"},
        "Small": {"Type": "Succeed"},
    },
}


def test_rules_are_counted_both_ways_and_default_too(counted):
    coverage = counted(CHOICE, {"n": 11}, {"n": 7}, {"n": 1})
    assert coverage.points == {
        ("Sort", "choice", 0): 1,
        ("Sort", "refused", 0): 2,
        ("Sort", "choice", 1): 1,
        ("Sort", "refused", 1): 1,
        ("Sort", "default", 0): 1,
    }
    assert coverage.entered == {"Sort": 3, "Large": 2, "Small": 3}
    assert coverage.by_next() == {"Sort": 0, "Large": 2, "Small": 3}


def test_conditionals_of_expressions_are_counted_both_ways(counted):
    """One in a conditional, one in a function that is called three times, and the same text in two fields."""
    size = "$states.input.n > 9 ? 'large' : $states.input.n > 5 ? 'middle' : 'small'"
    each = "$map([1, 2, 3], function($i) { $i = 2 ? 'two' : 'other' })"
    sort = {
        "Type": "Pass",
        "Assign": {"size": f"{{% {size} %}}"},
        "Output": {"size": f"{{% {size} %}}", "each": f"{{% {each} %}}", "plain": "{% 1 ? 2 %}"},
        "End": True,
    }
    definition = {"QueryLanguage": "JSONata", "StartAt": "Sort", "States": {"Sort": sort}}
    points = counted(definition, {"n": 10}, {"n": 7}).points

    def times(text, before):
        number = conditional(text, text.index(before) + len(before))
        return points["Sort", "held", number], points["Sort", "failed", number]

    assert times(size, "n > 9 ?") == (2, 2)
    assert times(size, "n > 5 ?") == (2, 0)
    assert times(each, "= 2 ?") == (2, 4)
    assert times("1 ? 2", "1 ?") == (2, 0)
    assert sum(points.values()) == 14


def test_a_conditional_that_fails_or_is_not_come_to_is_not_counted(counted):
    failing = {"Type": "Pass", "Output": "{% $number('x') ? 1 : 2 %}", "Catch": [], "End": True}
    del failing["Catch"]
    definition = {"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": failing}}
    assert counted(definition, {}).points == {}


def test_nothing_is_counted_unless_somebody_asks(dynastep):
    dynastep.run(CHOICE, {"n": 1})
    assert dynastep._world.coverage is None


def test_a_rule_behind_one_that_holds_is_not_asked(counted):
    assert ("Sort", "refused", 1) not in counted(CHOICE, {"n": 11}).points


def test_retriers_are_used_and_exhausted_and_catchers_taken(dynastep, counted):
    function = dynastep.function("fails", lambda _event: 1 / 0)
    task = {
        "Type": "Task",
        "Resource": function,
        "Retry": [
            {"ErrorEquals": ["Other"]},
            {"ErrorEquals": ["ZeroDivisionError"], "MaxAttempts": 2},
        ],
        "Catch": [{"ErrorEquals": ["Other"], "Next": "End"}, {"ErrorEquals": ["States.ALL"], "Next": "End"}],
        "End": True,
    }
    coverage = counted({"StartAt": "T", "States": {"T": task, "End": {"Type": "Succeed"}}}, {})
    assert coverage.points == {("T", "retry", 1): 2, ("T", "exhausted", 1): 1, ("T", "catch", 1): 1}
    assert coverage.by_next()["T"] == 0


@pytest.mark.parametrize("mode", ["INLINE", "DISTRIBUTED"])
def test_items_are_none_one_or_many(counted, mode):
    config = {"ProcessorConfig": {"Mode": mode, **({"ExecutionType": "STANDARD"} if mode == "DISTRIBUTED" else {})}}
    processor = {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": True}}, **config}
    each = {"Type": "Map", "ItemProcessor": processor, "End": True}
    coverage = counted({"StartAt": "M", "States": {"M": each}}, [], [1], [1, 2], [1, 2, 3])
    assert coverage.points == {("M", "items", 0): 1, ("M", "items", 1): 1, ("M", "items", 2): 2}
    assert coverage.entered["I"] == 6


def test_timeouts_are_counted(dynastep, counted):
    wait = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
    queue = dynastep.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    parameters = {"QueueUrl": queue, "MessageBody": {"t.$": "$$.Task.Token"}}
    task = {"Type": "Task", "Resource": wait, "Parameters": parameters, "HeartbeatSeconds": 5, "End": True}
    coverage = counted({"StartAt": "T", "States": {"T": task}}, {})
    assert coverage.points == {("T", "timeout", 1): 1}


def test_records_add_up():
    one = Coverage({"A": 1}, {"A": 1}, {("A", "catch", 0): 1})
    one.add(Coverage({"A": 2, "B": 1}, {"A": 2}, {("A", "catch", 0): 2}))
    assert (one.entered, one.left, one.points) == ({"A": 3, "B": 1}, {"A": 3}, {("A", "catch", 0): 3})
