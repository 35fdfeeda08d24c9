"""States of alarms by their datapoints, as the tables of AWS's documentation have them."""

from __future__ import annotations

import pytest

from emulator.cloudwatch.evaluating import InvalidRule, Rule, evaluate, holds
from emulator.cloudwatch.expressions import compute
from emulator.cloudwatch.series import Bucket, statistic
from emulator.faults import Fault

TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")
NO_DATA = ("INSUFFICIENT_DATA", "same", "ALARM", "OK")
THREE_OF_THREE = [
    # points (X is breaching, 0 is not, - is missing), the state by each treatment
    ("0-X-X", ("OK", "OK", "OK", "OK")),
    ("----0", ("OK", "OK", "OK", "OK")),
    ("-----", NO_DATA),
    ("0XX-X", ("ALARM", "ALARM", "ALARM", "ALARM")),
    ("--X--", ("ALARM", "same", "ALARM", "OK")),
]
TWO_OF_THREE = [
    ("0-X-X", ("ALARM", "ALARM", "ALARM", "ALARM")),
    ("00X0X", ("ALARM", "ALARM", "ALARM", "ALARM")),
    ("0-X--", ("OK", "OK", "ALARM", "OK")),
    ("----0", ("OK", "OK", "ALARM", "OK")),
    ("---X-", ("ALARM", "same", "ALARM", "OK")),
]
"""Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html"""


def points(text):
    return [(60.0 * at, {"X": 5.0, "0": 0.0, "-": None}[each]) for at, each in enumerate(text)]


@pytest.mark.parametrize("now", ["OK", "ALARM", "INSUFFICIENT_DATA"])
@pytest.mark.parametrize(
    ("needed", "text", "states"), [(3, *row) for row in THREE_OF_THREE] + [(2, *row) for row in TWO_OF_THREE]
)
def test_missing_data_is_treated_as_the_tables_say(needed, text, states, now):
    for treatment, state in zip(TREATMENTS, states, strict=True):
        rule = Rule("GreaterThanThreshold", 1.0, 3, needed, treatment)
        assert evaluate(rule, points(text), now).state == (now if state == "same" else state)


@pytest.mark.parametrize(
    ("comparison", "value", "raised"),
    [
        ("GreaterThanThreshold", 1.0, False),
        ("GreaterThanOrEqualToThreshold", 1.0, True),
        ("LessThanThreshold", 1.0, False),
        ("LessThanOrEqualToThreshold", 1.0, True),
    ],
)
def test_a_value_is_compared_with_the_threshold(comparison, value, raised):
    rule = Rule(comparison, 1.0, 1, 1, "missing")
    assert evaluate(rule, [(0.0, value)], "OK").state == ("ALARM" if raised else "OK")


@pytest.mark.parametrize(
    ("rule", "text", "reason"),
    [
        (
            Rule("GreaterThanThreshold", 1.0, 1, 1, "missing"),
            "X",
            "Threshold Crossed: 1 out of the last 1 datapoint [5.0 (01/01/70 00:00:00)] was greater than the threshold "
            "(1.0) (minimum 1 datapoint for OK -> ALARM transition).",
        ),
        (
            Rule("GreaterThanThreshold", 1.0, 2, 2, "missing"),
            "00",
            "Threshold Crossed: 2 out of the last 2 datapoints [0.0 (01/01/70 00:01:00), 0.0 (01/01/70 00:00:00)] were "
            "not greater than the threshold (1.0) (minimum 1 datapoint for ALARM -> OK transition).",
        ),
        (Rule("GreaterThanThreshold", 1.0, 1, 1, "missing"), "-", "Insufficient Data: 1 datapoint was unknown."),
        (
            Rule("GreaterThanThreshold", 1.0, 2, 2, "notBreaching"),
            "--",
            "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were treated as "
            "[NonBreaching].",
        ),
    ],
)
def test_a_state_has_its_reason(rule, text, reason):
    assert evaluate(rule, points(text), "INSUFFICIENT_DATA").reason == reason


STATES = {"a": "ALARM", "b": "OK", "c d": "INSUFFICIENT_DATA"}


@pytest.mark.parametrize(
    ("rule", "held"),
    [
        ("ALARM(a)", True),
        ('ALARM("a") AND OK("b")', True),
        ("ALARM(b) OR (NOT OK(a) AND TRUE)", True),
        ('INSUFFICIENT_DATA("c d")', True),
        ("NOT ALARM(a)", False),
        ("ALARM(gone)", False),
        ("FALSE OR OK(b) AND ALARM(b)", False),
    ],
)
def test_the_rule_of_a_composite_alarm(rule, held):
    assert holds(rule, STATES.get) is held


@pytest.mark.parametrize("rule", ["", "ALARM", "ALARM(a) AND", "(ALARM(a)", "ALARM(a) OK(b)", "SOME(a)"])
def test_what_is_no_rule_is_refused(rule):
    with pytest.raises(InvalidRule):
        holds(rule, STATES.get)


KNOWN = {"a": {0.0: 1.0, 60.0: 2.0}, "b": {0.0: 3.0}}


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("a + b", {0.0: 4.0}),
        ("100 * a / (a + b)", {0.0: 25.0}),
        ("a * 2 - 1", {0.0: 1.0, 60.0: 3.0}),
        ("a ^ 2", {0.0: 1.0, 60.0: 4.0}),
        ("a / (b - 3)", {}),
        ("a > 1", {0.0: 0.0, 60.0: 1.0}),
        ("a > 0 && b > 5", {0.0: 0.0}),
        ("FILL(b, 0)", {0.0: 3.0, 60.0: 0.0}),
        ("IF(a > 1, a, 0)", {0.0: 0.0, 60.0: 2.0}),
        ("SUM([a, b])", {0.0: 4.0, 60.0: 2.0}),
        ("SUM(METRICS())", {0.0: 4.0, 60.0: 2.0}),
        ("MAX([a, b])", {0.0: 3.0, 60.0: 2.0}),
        ("ABS(-a)", {0.0: 1.0, 60.0: 2.0}),
        ("-1 * AVG(a)", {0.0: -1.5, 60.0: -1.5}),
    ],
)
def test_metric_math(expression, found):
    assert compute(expression, KNOWN, 60, (0, 120)) == found


@pytest.mark.parametrize(
    "expression", ["SEARCH('{x}', 'Sum')", "RATE(a)", "c + 1", "a if b else a", "__import__('os')"]
)
def test_metric_math_that_is_not_built_says_so(expression):
    with pytest.raises(Fault) as refusal:
        compute(expression, KNOWN, 60, (0, 120))
    assert refusal.value.code == "NotImplementedException"


@pytest.mark.parametrize(("name", "value"), [("p50", 50.0), ("p99", 99.0), ("p99.9", 100.0), ("p100", 100.0)])
def test_percentiles(name, value):
    bucket = Bucket()
    for number in range(1, 101):
        bucket.add(float(number))
    assert statistic(name, [bucket]) == value
