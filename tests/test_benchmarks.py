"""The benchmarks' parts run, on tiny sizes, and make rows. No times are asserted."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from benchmarks import endpoint, functions, interpreter
from benchmarks.__main__ import measure
from benchmarks.figures import OURS, YARDSTICK, Aim, Figure, Refused, table
from benchmarks.growth import growths
from benchmarks.page import write
from benchmarks.plots import plot
from benchmarks.servers import PROGRAMS, Program, running


def refuse():
    raise Refused("400 no\n such operation")


def test_the_table_shows_medians_ratios_noise_aims_and_refusals():
    rates = iter([10.0, 30.0, 20.0])
    figures = [
        Figure("work", "1/s", {OURS: lambda: next(rates), YARDSTICK: lambda: 40.0}, (Aim(1 / 4, YARDSTICK), Aim(5))),
        Figure("time", "ms", {OURS: lambda: 2.0, "peer": lambda: 3000.0}, (Aim(2), Aim(2000, "peer"))),
        Figure("other", "ms", {OURS: lambda: 2.0, "peer": refuse}, (Aim(2, "peer"),)),
    ]
    measure(figures, 3)
    assert table(figures, (OURS, YARDSTICK, "peer")).splitlines() == [
        "|            | dynastep | yardstick | peer           | aim                                 |",
        "| ---------- | -------- | --------- | -------------- | ----------------------------------- |",
        "| work [1/s] | 20 ~     | 40 (0.5x) | -              | ≥ 0.25x yardstick: met, ≤ 5: MISSED |",
        "| time [ms]  | 2        | -         | 3,000 (1,500x) | ≤ 2: met, ≥ 2,000x peer: MISSED     |",
        "| other [ms] | 2        | -         | refused        | ≥ 2x peer: not measured             |",
        "",
        "- peer refused 'other': Refused: 400 no such operation",
    ]


def test_the_bare_loop_records_two_events_a_state():
    events = interpreter.bare_loop(3)
    assert [(event.id, event.previous) for event in events] == [(n, n - 1) for n in range(1, 7)]


def test_everything_in_process_is_measured():
    figures = interpreter.figures(0, states=20, items=10) + interpreter.table_figures(0, rows=20)
    measure(figures, 1)
    assert [set(figure.values) for figure in figures] == [{OURS, YARDSTICK}] * len(figures)


def test_the_page_has_the_table_and_a_plot_of_each_growth(tmp_path):
    measured = growths(0, 1, largest=10)
    write(tmp_path / "benchmarks.md", "| a table |", measured)
    page = (tmp_path / "benchmarks.md").read_text(encoding="utf-8")
    assert "## Beside other emulators\n\n| a table |\n" in page
    assert [growth.name for growth in measured] == ["items", "states", "map"]
    for growth in measured:
        assert f"](growth-{growth.name}.svg)" in page
        drawn = ET.parse(tmp_path / f"growth-{growth.name}.svg").getroot()
        assert len(drawn.findall("{*}polyline")) == len(growth.curves)


def test_a_plot_is_to_scale():
    drawn = ET.fromstring(
        plot("items", "ms", {"cost": [(10, 1.0), (100, 2.0), (1000, 4.0)]}, most=4.0, logarithmic=True)
    )
    assert drawn.find("{*}title").text == "ms over items"
    (line,) = drawn.findall("{*}polyline")
    assert line.get("points") == "64.0,150.0 344.0,104.0 624.0,12.0"
    assert [text.text for text in drawn.findall("{*}text")] == ["0", "1", "2", "3", "4", "10", "100", "1,000", "items"]


@pytest.fixture(scope="module")
def server():
    with running(PROGRAMS[0]) as server:
        yield server


def test_everything_over_http_is_measured(server):
    figures = endpoint.figures([server], 0, states=20, executions=2) + functions.figures([server], 0)
    measure(figures, 1)
    assert [(figure.name, figure.refusals, set(figure.values)) for figure in figures] == [
        (figure.name, {}, {OURS}) for figure in figures
    ]


def test_everything_about_starting_is_measured():
    figures = endpoint.start_figures(PROGRAMS[:1])
    measure(figures, 1)
    assert all(OURS in figure.values and not figure.refusals for figure in figures)


def test_a_program_that_does_not_start_shows_what_it_printed(tmp_path):
    script = tmp_path / "broken"
    script.write_text("#!/bin/sh\necho no such option\nexit 1\n")
    script.chmod(0o755)
    program = Program("broken", (str(script),))
    with pytest.raises(RuntimeError, match=re.escape("broken does not start:\nno such option")), running(program):
        pass
