"""The page that compares emulators is written by a program: its tables, and what it leaves to others."""

from __future__ import annotations

import json
import re

import pytest

from benchmarks import comparison
from benchmarks.abilities import ABILITIES, Ability, Clients, Otherwise, tried
from benchmarks.comparison import KEPT, MARK, NOT_RUN, README, Column, compared, page, summary, write
from benchmarks.recorded import end_of
from benchmarks.servers import PROGRAMS, Program

OURS = PROGRAMS[0]
PEER = Program("peer", ("/nowhere",), lacks={"lambda": "it has no functions"})
COUNTS = {"DynamoDB: requests": {"sizes": [4, 3, 3], "ttl": [1, 1, 1]}}
CONVERSATIONS = {"Step Functions: conversations in JSONPath": {"base": [2, 0, 1]}}


def columns():
    able, unable = (ABILITIES[0].name, ABILITIES[1].name)
    ours = Column(OURS, "0.1.0", "2026-11-29", {able: None, unable: None}, COUNTS)
    return [ours, Column(PEER, "2", "2026-11-30", {able: "the `machine` was made", unable: None}, CONVERSATIONS)]


def test_the_summary_counts_what_was_equal():
    assert summary(columns()).splitlines() == [
        "|  | dynastep 0.1.0 | peer 2 |",
        "| --- | --- | --- |",
        "| Abilities that tests rely on | 2 of 2 | 1 of 2 |",
        "| DynamoDB: requests | 4 of 5 | not run |",
        "| Step Functions: conversations in JSONPath | not run | 0 of 2 |",
    ]


def test_the_page_says_what_happened_instead_and_what_was_not_run():
    text = page(columns())
    for line in (
        "Measured 2026-11-29 to 2026-11-30, ",
        f"| {ABILITIES[0].name} | yes | no |",
        f"| {ABILITIES[-1].name} | not run | not run |",
        f"- peer, “{ABILITIES[0].name}”: `the 'machine' was made`",
        "| Step Functions: conversations in JSONPath | not run | 1 of 2 |",
        "| DynamoDB: requests, sizes | 3 of 4 | not run |",
        "- peer, everything that needs lambda: it has no functions.",
        "- DynamoDB Local: ",
    ):
        assert line in text


def test_what_was_counted_is_kept_and_read_again(tmp_path, monkeypatch):
    readme, file = tmp_path / "README.md", tmp_path / "comparison.md"
    readme.write_text(f"before\n{MARK}\nan old table\n{MARK}\nafter\n")
    write(file, columns(), readme)
    assert readme.read_text() == f"before\n{MARK}\n{summary(columns())}{MARK}\nafter\n"
    monkeypatch.setattr(comparison, "PROGRAMS", (OURS, PEER))
    assert compared(["another"], file.with_suffix(".json")) == columns()


def test_the_readme_and_the_page_have_the_same_table_and_it_is_that_of_the_file():
    (shown,) = re.findall(f"{MARK}\n(.*?){MARK}", README.read_text(encoding="utf-8"), re.DOTALL)
    assert f"{MARK}\n{shown}{MARK}" in KEPT.with_suffix(".md").read_text(encoding="utf-8")
    programs = {program.name: program for program in PROGRAMS}
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    assert summary([Column(programs[name], **column) for name, column in kept.items()]) == shown


def test_what_an_emulator_does_otherwise_is_one_line():
    def otherwise(_):
        raise Otherwise("7 instead of\n8")

    def page_of_error(_):
        raise ValueError("a <!doctype html>\n<title>500 Internal Server Error</title>\n<p>...")

    nobody = Clients("http://127.0.0.1:1", "test")
    assert tried(Ability("", otherwise), nobody) == "7 instead of 8"
    assert tried(Ability("", page_of_error), nobody) == "ValueError: a 500 Internal Server Error"
    assert tried(Ability("", lambda _: None), nobody) is None
    assert "Could not connect" in str(tried(ABILITIES[0], nobody))


@pytest.mark.parametrize(
    ("answer", "end"),
    [
        (
            {"events": [{"type": "A"}, {"type": "B", "bEventDetails": {"output": "1", "more": 2}}]},
            {"type": "B", "output": "1"},
        ),
        ({"events": [{"type": "ExecutionAborted"}]}, {"type": "ExecutionAborted"}),
        ({"status": "FAILED", "error": "E", "startDate": "datetime", "name": "n"}, {"status": "FAILED", "error": "E"}),
        ({"status": "SUCCEEDED", "output": "1"}, {"status": "SUCCEEDED", "output": "1"}),
        ("text", "text"),
    ],
)
def test_the_end_of_an_execution_is_taken_out_of_an_answer(answer, end):
    assert end_of(answer) == end


def test_a_cell_without_answers_was_not_run():
    assert columns()[1].count("DynamoDB: requests") == NOT_RUN
