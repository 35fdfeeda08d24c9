"""The picture of a definition: laws of the layout, what is drawn of a definition, and the files of ``dynastep graph``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from emulator.cli import main
from emulator.graph.layout import PlacedBox, PlacedLabel, PlacedScope, PlacedTransition, layout
from emulator.graph.mermaid import mermaid
from emulator.graph.outline import TransitionKey, condition, outline
from emulator.graph.svg import Marks, draw
from emulator.graph.texts import LABEL_SIZE, text_width

MACHINES = sorted((Path(__file__).resolve().parents[2].parent / "shared" / "machines").glob("*/*.json"))
SVG = "{http://www.w3.org/2000/svg}"

NAMES = [f"S{number}" for number in range(9)]
labels = st.sampled_from(["$.total", "$.a.very.long.path.that.goes.on.and.on.and.on", "短い", ""])


@st.composite
def definitions(draw: Any, depth: int = 2) -> dict[str, Any]:
    """Definitions of every shape: circles, arrows to the same state, states that nothing leads to, empty branches."""
    names = NAMES[: draw(st.integers(1, len(NAMES)))]
    target = st.sampled_from(names)
    states = {}
    for name in names:
        kinds = ["Pass", "Choice", "Task", "Fail", *(["Parallel", "Map"] if depth else [])]
        kind = draw(st.sampled_from(kinds))
        state: dict[str, Any] = {"Type": kind}
        if kind == "Choice":
            rules = st.lists(st.tuples(labels, target), max_size=3)
            state["Choices"] = [{"Variable": path, "IsNull": True, "Next": to} for path, to in draw(rules)]
            state["Default"] = draw(target)
        elif kind != "Fail":
            state |= {"End": True} if draw(st.booleans()) else {"Next": draw(target)}
        if kind in ("Task", "Parallel", "Map"):
            state["Catch"] = [{"ErrorEquals": ["States.ALL"], "Next": to} for to in draw(st.lists(target, max_size=2))]
        if kind == "Parallel":
            state["Branches"] = draw(st.lists(definitions(depth=depth - 1), max_size=2))
        if kind == "Map":
            state["ItemProcessor"] = draw(definitions(depth=depth - 1))
        states[name] = state
    return {"StartAt": names[0], "States": states}


def scopes(placed: PlacedScope) -> Iterator[PlacedScope]:
    yield placed
    for box in placed.boxes:
        for inner in box.scopes:
            yield from scopes(inner)


def overlap(one: PlacedBox | PlacedLabel, other: PlacedBox | PlacedLabel) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


def passed(arrow: PlacedTransition) -> Iterator[tuple[float, float]]:
    """Points of the line as it is drawn: curves between two ranks, straight elsewhere."""
    for (x, y), (right, down) in pairwise(arrow.points):
        for step in range(1, 16):
            t = step / 16
            eased = 3 * t * t - 2 * t * t * t  # a cubic curve whose controls are half-way down
            yield x + (right - x) * eased, y + (down - y) * (1.5 * t - 1.5 * t * t + t * t * t)


def check(placed: PlacedScope) -> None:
    """The laws, in each scope by itself: what is inside a box is placed from its corner."""
    for scope in scopes(placed):
        texts = [arrow.label for arrow in scope.transitions if arrow.label is not None]
        for one, other in combinations([*scope.boxes, *texts], 2):
            assert not overlap(one, other), (one, other)
        for thing in [*scope.boxes, *texts]:
            assert thing.x >= 0
            assert thing.y >= 0
            assert thing.x + thing.width <= scope.width
            assert thing.y + thing.height <= scope.height
        for label in texts:
            assert label.width >= text_width(label.text, LABEL_SIZE)
        for arrow in scope.transitions:
            for x, y in passed(arrow):
                for box in scope.boxes:
                    inside = box.x + 0.5 < x < box.x + box.width - 0.5 and box.y + 0.5 < y < box.y + box.height - 0.5
                    assert not inside, (arrow, box)
        for box in scope.boxes:
            for inner in box.scopes:
                assert inner.x + inner.width <= box.width
                assert inner.y + inner.height <= box.height


@given(definitions())
def test_boxes_and_labels_do_not_overlap_and_no_arrow_crosses_a_box(definition):
    check(layout(outline(definition)))


@pytest.mark.parametrize("path", MACHINES, ids=lambda path: path.stem)
def test_real_machines_are_drawn_by_the_same_laws(path):
    definition = json.loads(path.read_text(encoding="utf-8"))
    check(layout(outline(definition)))
    ET.fromstring(draw(outline(definition)))


def test_the_real_machines_are_beside_the_repository():
    if not MACHINES:
        pytest.skip("the machines are not beside the repository (../shared/machines)")


ORDER = {
    "StartAt": "Sort",
    "States": {
        "Sort": {
            "Type": "Choice",
            "Choices": [
                {"Variable": "$.total", "NumericGreaterThan": 100, "Next": "Each"},
                {"Not": {"Variable": "$.paid", "IsPresent": True}, "Next": "Refuse"},
            ],
            "Default": "Sort",
        },
        "Each": {
            "Type": "Map",
            "ItemProcessor": {"StartAt": "Ship", "States": {"Ship": {"Type": "Pass", "End": True}}},
            "Catch": [{"ErrorEquals": ["A", "B"], "Next": "Refuse"}],
            "End": True,
        },
        "Refuse": {"Type": "Fail"},
    },
}


def test_an_outline_has_the_states_and_every_way_out_of_them():
    scope = outline(ORDER)
    assert [box.name for box in scope.boxes.values()] == ["Start", "Sort", "Each", "Refuse", "End"]
    assert [(arrow.key, arrow.target, arrow.label) for arrow in scope.transitions] == [
        (None, "/States/Sort", ""),
        (TransitionKey("Sort", "choice", 0), "/States/Each", "$.total > 100"),
        (TransitionKey("Sort", "choice", 1), "/States/Refuse", "not $.paid is present"),
        (TransitionKey("Sort", "default"), "/States/Sort", "Default"),
        (TransitionKey("Each", "catch", 0), "/States/Refuse", "Catch A, B"),
        (TransitionKey("Each", "next"), "#end", ""),
        (TransitionKey("Refuse", "next"), "#end", ""),
    ]


def test_a_closed_state_shows_nothing_of_its_inside():
    scope = outline(ORDER, closed=frozenset({"Each"}))
    assert scope.boxes["/States/Each"].scopes == ()


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ({"Variable": "$.a", "StringEquals": "x", "Next": "N"}, '$.a = "x"'),
        ({"Variable": "$.a", "NumericLessThanEqualsPath": "$.b", "Next": "N"}, "$.a <= $.b"),
        ({"Variable": "$.a", "StringMatches": "a*", "Next": "N"}, '$.a StringMatches "a*"'),
        ({"Variable": "$.a", "IsNull": False, "Next": "N"}, "$.a is not null"),
        (
            {"Or": [{"Variable": "$.a", "IsNull": True}, {"And": [{"Variable": "$.b", "BooleanEquals": True}]}]},
            "$.a is null or ($.b = true)",
        ),
        ({"Condition": "{% $states.input.n > 1 %}", "Next": "N"}, "$states.input.n > 1"),
    ],
)
def test_a_choice_rule_is_one_line(rule, text):
    assert condition(rule) == text


@pytest.mark.parametrize(
    "definition",
    [
        None,
        [],
        {},
        {"States": None},
        {"StartAt": 1, "States": {"A": None}},
        {"StartAt": "A", "States": {"A": {"Type": "Choice", "Choices": [None, {"Next": 1}], "Next": "Gone"}}},
        {"StartAt": "A", "States": {"A": {"Type": "Parallel", "Branches": {"a": 1}, "Catch": [1]}}},
    ],
)
def test_a_definition_that_is_being_written_is_drawn_as_far_as_it_goes(definition):
    ET.fromstring(draw(outline(definition)))


def test_a_state_that_is_not_there_is_drawn_as_missing():
    scope = outline({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "Gone"}}})
    assert scope.boxes["/States/Gone"].type == "Missing"


def test_states_inside_states_without_end_do_not_end_the_process():
    definition: dict[str, Any] = {}
    for _ in range(400):
        definition = {"StartAt": "A", "States": {"A": {"Type": "Map", "ItemProcessor": definition}}}
    ET.fromstring(draw(outline(definition)))


def test_a_machine_of_thousands_of_states_is_drawn_within_bounds():
    states: dict[str, Any] = {
        f"S{number}": {"Type": "Task", "Next": f"S{number + 1}", "Catch": [{"ErrorEquals": ["E"], "Next": "Failed"}]}
        for number in range(1000)
    }
    svg = draw(outline({"StartAt": "S0", "States": {**states, "S1000": {"Type": "Fail"}, "Failed": {"Type": "Fail"}}}))
    assert len(svg) < 2_000_000
    assert "Catch E → Failed" in svg


def test_hostile_names_are_texts():
    evil = '"><script>alert(1)</script>&'
    svg = draw(outline({"StartAt": evil, "States": {evil: {"Type": evil, "Next": evil}}}))
    root = ET.fromstring(svg)
    assert not list(root.iter(f"{SVG}script"))
    assert [group.get("data-state") for group in root.iter(f"{SVG}g") if group.get("data-state")] == [evil]


def test_marks_are_classes_and_notes_are_texts():
    catch = TransitionKey("Each", "catch", 0)
    marks = Marks({"Each": "CAUGHT"}, {catch: "taken"}, {"Each": "3"})
    root = ET.fromstring(draw(outline(ORDER), marks))
    groups = {group.get("data-state") or group.get("data-transition"): group for group in root.iter(f"{SVG}g")}
    assert groups["Each"].get("class") == "state Map outer CAUGHT"
    assert groups["Each|catch|0"].get("class") == "transition catch taken"
    assert [text.text for text in root.iter(f"{SVG}text") if text.get("class") == "note"] == ["3"]


def test_mermaid_has_composite_states():
    assert mermaid(outline(ORDER)) == (
        "stateDiagram-v2\n"
        '    state "Sort" as s0\n'
        '    state "Each" as s1\n'
        "    state s1 {\n"
        '        state "Ship" as s2\n'
        "        [*] --> s2\n"
        "        s2 --> [*]\n"
        "    }\n"
        '    state "Refuse" as s3\n'
        "    [*] --> s0\n"
        "    s0 --> s1 : $.total #gt; 100\n"
        "    s0 --> s3 : not $.paid is present\n"
        "    s0 --> s0 : Default\n"
        "    s1 --> s3 : Catch A, B\n"
        "    s1 --> [*]\n"
        "    s3 --> [*]\n"
    )


@pytest.fixture
def order(tmp_path):
    path = tmp_path / "order.asl.json"
    path.write_text(json.dumps(ORDER))
    return path


@pytest.mark.parametrize(
    ("form", "beginning"),
    [(".svg", b"<svg "), (".png", b"\x89PNG"), (".mmd", b"stateDiagram-v2"), (".html", b"<!doctype html>")],
)
def test_the_ending_of_the_file_says_what_is_written(order, tmp_path, form, beginning):
    output = tmp_path / f"order{form}"
    result = CliRunner().invoke(main, ["graph", str(order), "-o", str(output)])
    assert (result.exit_code, result.output) == (0, f"{output} shows {order}.\n")
    assert output.read_bytes().startswith(beginning)


def test_yaml_and_standard_input_are_drawn_too(tmp_path):
    yaml = tmp_path / "one.yaml"
    yaml.write_text("StartAt: A\nStates: {A: {Type: Pass, End: true}}\n")
    output = tmp_path / "one.svg"
    for file, text in ((str(yaml), ""), ("-", '{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}')):
        result = CliRunner().invoke(main, ["graph", file, "-o", str(output)], input=text)
        assert result.exit_code == 0
        assert re.findall('data-state="(.*?)"', output.read_text()) == ["A"]


@pytest.mark.parametrize(
    ("text", "output", "said"),
    [
        ("{}", "x.gif", "'x.gif' ends in none of .svg, .png, .mmd, .mermaid, .html."),
        ('{"a": }', "x.svg", "f.json:1:8: Unexpected character ('}' (code 125))"),
        ("{}", "gone/x.svg", "gone/x.svg cannot be written: No such file or directory"),
    ],
)
def test_what_cannot_be_drawn_is_one_line(tmp_path, monkeypatch, text, output, said):
    monkeypatch.chdir(tmp_path)
    Path("f.json").write_text(text)
    result = CliRunner().invoke(main, ["graph", "f.json", "-o", output])
    assert result.exit_code != 0
    assert said in result.output
    assert len(result.output.splitlines()) <= 4
