"""Coverage of state machines: what is measured, the reports, and ``pytest --asl-cov``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from asl_interpreter.coverage import Coverage
from emulator.bench.coverage import DATA_FILE, InvalidRecord, Record, cover, read_record, write_record
from emulator.bench.coverage_html import write_pages
from emulator.bench.coverage_reports import as_json, cobertura, lcov, terminal, total
from emulator.bench.measures import measures, skeleton
from emulator.bench.reporting import FORMATS, InvalidReport, Report
from emulator.cli import main
from emulator.validate.documents import CannotRead

ORDER: dict[str, Any] = {
    "StartAt": "Sort",
    "States": {
        "Sort": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.n", "NumericGreaterThan": 5, "Next": "Charge"}],
            "Default": "Done",
        },
        "Charge": {
            "Type": "Task",
            "Resource": "${ChargeFunction}",
            "TimeoutSeconds": 9,
            "Retry": [{"ErrorEquals": ["Busy"]}, {"ErrorEquals": ["Never"], "MaxAttempts": 0}],
            "Catch": [{"ErrorEquals": ["States.Timeout"], "Next": "Done"}],
            "Next": "Each",
        },
        "Each": {
            "Type": "Map",
            "ItemProcessor": {"StartAt": "Pack", "States": {"Pack": {"Type": "Pass", "End": True}}},
            "Next": "Done",
        },
        "Done": {"Type": "Succeed"},
    },
}
TEXT = json.dumps(ORDER, indent=1)
TO_EACH, EACH, PACK = ('"Next": "Each"', '"Each": {', '"Pack": {')
RAN = json.dumps({**ORDER, "Comment": "made by a test"}).replace("${ChargeFunction}", "arn:aws:lambda:x:y:function:z")
COUNTS = Coverage(
    {"Sort": 2, "Charge": 1, "Done": 1},
    {"Sort": 2, "Charge": 1, "Done": 1},
    {("Sort", "choice", 0): 1, ("Sort", "refused", 0): 1, ("Sort", "default", 0): 1, ("Charge", "catch", 0): 1},
)


def line(text: str, which: int = 0) -> int:
    """The line of the definition's file in which a text stands for the first time, or a later one."""
    return [number for number, content in enumerate(TEXT.splitlines(), 1) if text in content][which]


@pytest.fixture
def covered(tmp_path):
    (tmp_path / "order.asl.json").write_text(TEXT)
    record = Record()
    record.add({RAN: COUNTS, '{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}': Coverage({"A": 1})})
    return cover(record, ["order.asl.json"], tmp_path)


def test_everything_that_a_test_can_make_happen_is_measured():
    assert [(measure.state, measure.kind, measure.number, measure.location) for measure in measures(ORDER)] == [
        ("Sort", "state", 0, "/States/Sort"),
        ("Sort", "choice", 0, "/States/Sort/Choices[0]"),
        ("Sort", "refused", 0, "/States/Sort/Choices[0]"),
        ("Sort", "default", 0, "/States/Sort/Default"),
        ("Charge", "state", 0, "/States/Charge"),
        ("Charge", "next", 0, "/States/Charge/Next"),
        ("Charge", "timeout", 0, "/States/Charge/TimeoutSeconds"),
        ("Charge", "retry", 0, "/States/Charge/Retry[0]"),
        ("Charge", "exhausted", 0, "/States/Charge/Retry[0]"),
        ("Charge", "exhausted", 1, "/States/Charge/Retry[1]"),
        ("Charge", "catch", 0, "/States/Charge/Catch[0]"),
        ("Each", "state", 0, "/States/Each"),
        ("Each", "next", 0, "/States/Each/Next"),
        ("Each", "items", 0, "/States/Each"),
        ("Each", "items", 1, "/States/Each"),
        ("Each", "items", 2, "/States/Each"),
        ("Pack", "state", 0, "/States/Each/ItemProcessor/States/Pack"),
        ("Pack", "next", 0, "/States/Each/ItemProcessor/States/Pack/End"),
        ("Done", "state", 0, "/States/Done"),
    ]


MANY = ["never ran with one item", "never ran with many items"]


@pytest.mark.parametrize(
    ("comment", "left"),
    [
        ("", ["never entered", "never left by End", "never ran without items", *MANY]),
        ("no cover: never ran without items", ["never entered", "never left by End", *MANY]),
        ("A text before. no cover: never entered; never left by End", ["never ran without items", *MANY]),
        ("no cover", []),
        ("no coverage of this", ["never entered", "never left by End", "never ran without items", *MANY]),
    ],
)
def test_what_cannot_happen_is_left_out_where_the_comment_says_so(comment, left):
    inside = {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}
    state = {"Type": "Map", "ItemProcessor": inside, "End": True, "Comment": comment}
    found = [each.missed for each in measures({"StartAt": "M", "States": {"M": state}}) if each.state == "M"]
    assert found == left


def test_a_definition_with_other_arns_is_the_same_and_one_with_another_arrow_is_not():
    assert skeleton(json.loads(RAN)) == skeleton(ORDER)
    other = json.loads(TEXT)
    other["States"]["Sort"]["Default"] = "Each"
    assert skeleton(other) != skeleton(ORDER)


def test_the_terminal_says_in_words_what_never_happened(covered):
    assert terminal(*covered, missing=True).splitlines() == [
        "Definition        States  Measures    Missed     Cover",
        "------------------------------------------------------",
        "order.asl.json       3/5        19        12     36.8%",
        f"    line {line(TO_EACH)}: Charge: never left by Next",
        f"    line {line('TimeoutSeconds')}: Charge: never timed out",
        f"    line {line('Retry') + 1}: Charge: retrier 1 (Busy) never used",
        f"    line {line('Retry') + 1}: Charge: retrier 1 (Busy) never used up",
        f"    line {line('Never') - 2}: Charge: retrier 2 (Never) never used up",
        f"    line {line(EACH)}: Each: never entered",
        f"    line {line(PACK)}: Pack: never entered",
        "------------------------------------------------------",
        "TOTAL                3/5        19        12     36.8%",
        "1 other definition ran that is in none of these files.",
    ]


def test_lcov_has_the_lines_of_the_definition_file(covered):
    lines = lcov(covered[0]).splitlines()
    assert lines[:2] == ["TN:", "SF:order.asl.json"]
    charge = line('"Charge": {')
    assert f"DA:{charge},1" in lines
    assert lines[-1] == "end_of_record"


def test_cobertura_is_xml_with_a_line_for_each_place(covered):
    root = ET.fromstring(cobertura(covered[0]))
    assert root.get("line-rate") == "0.3684"
    assert [each.get("filename") for each in root.iter("class")] == ["order.asl.json"]
    assert {each.get("branch") for each in root.iter("line")} == {"true", "false"}


def test_json_has_every_measure_with_its_count(covered):
    report = json.loads(as_json(covered[0]))
    assert report["percent"] == 36.8
    assert report["files"][0]["measures"][1] == {
        "state": "Sort",
        "kind": "choice",
        "number": 0,
        "line": 7,
        "count": 1,
    }
    assert report["files"][0]["measures"][5]["missed"] == "never left by Next"


def test_pages_show_the_picture_beside_the_lines(covered, tmp_path):
    said = Report.parse("html:pages").make(*covered, tmp_path)
    assert said == f"Coverage of state machines: {tmp_path / 'pages' / 'index.html'}"
    page = (tmp_path / "pages" / "order.asl.json.html").read_text()
    assert 'class="state Map outer missed" data-state="Each"' in page
    assert 'class="transition catch taken" data-transition="Charge|catch|0"' in page
    assert f"<li>line {line(EACH)}: Each: never entered</li>" in page
    assert 'href="order.asl.json.html"' in (tmp_path / "pages" / "index.html").read_text()


def test_a_page_is_made_again_where_what_it_shows_has_changed(tmp_path):
    text = '{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}'
    (tmp_path / "index.json").write_text(text)
    page = tmp_path / "index.json.html"

    def report(record: Record) -> str:
        write_pages(tmp_path, cover(record, ["index.json"], tmp_path)[0])
        return page.read_text()

    first = report(Record())
    page.write_text(first.replace("</html>", "left alone</html>"))
    assert "left alone" in report(Record())
    ran = Record()
    ran.add({text: Coverage({"A": 2})})
    second = report(ran)
    assert "left alone" not in second
    assert ">2x</small>" in second
    (tmp_path / "index.json").write_text(f"\n{text}")
    assert report(ran).count("<li") == second.count("<li") + 1


def test_a_definition_that_ran_in_another_text_is_counted_with_the_file_that_has_its_own(tmp_path):
    text = '{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}'
    for name in ("one.asl.json", "two.asl.json"):
        (tmp_path / name).write_text(text)
    record = Record()
    record.add({text: Coverage({"A": 1}), text.replace(" ", ""): Coverage({"A": 2}), RAN: Coverage()})
    covered, others = cover(record, ["one.asl.json", "two.asl.json"], tmp_path)
    assert [[count for _, count in each.counts] for each in covered] == [[3], [3]]
    assert others == 1


JSONATA = {
    "QueryLanguage": "JSONata",
    "StartAt": "Each",
    "States": {
        "Each": {
            "Type": "Map",
            "Comment": "{% 1 ? 2 : 3 %}",
            "ItemProcessor": {
                "StartAt": "Sort",
                "States": {
                    "Sort": {"Type": "Pass", "Output": {"size": "{% $states.input > 9 ? 'l' : 's' %}"}, "End": True}
                },
            },
            "Next": "Old",
        },
        "Old": {"Type": "Pass", "QueryLanguage": "JSONPath", "Result": "{% 1 ? 2 : 3 %}", "End": True},
    },
}


def test_conditionals_are_measured_where_an_expression_is_evaluated():
    told = [(measure.location, measure.missed) for measure in measures(JSONATA) if measure.kind in ("held", "failed")]
    place = "/States/Each/ItemProcessor/States/Sort/Output/size"
    assert told == [
        (place, "Output/size: the condition '$states.input > 9 ?' never held"),
        (place, "Output/size: the condition '$states.input > 9 ?' always held"),
    ]


def test_an_expression_that_aws_would_refuse_is_told(tmp_path):
    broken = {"StartAt": "A", "QueryLanguage": "JSONata", "States": {"A": {"Type": "Pass", "Output": "{% 1 ? %}"}}}
    (tmp_path / "f.asl.json").write_text(json.dumps(broken))
    with pytest.raises(CannotRead, match=r"f\.asl\.json is no definition that AWS would accept"):
        cover(Record(), ["f.asl.json"], tmp_path)


def test_only_a_whole_is_a_hundred_percent(tmp_path):
    (tmp_path / "f.asl.json").write_text('{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}')
    record = Record()
    record.add({'{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}': Coverage({"A": 1})})
    assert total(cover(record, ["f.asl.json"], tmp_path)[0]) == 100
    assert total(cover(Record(), ["f.asl.json"], tmp_path)[0]) == 0
    assert total([]) == 100


def test_a_record_is_kept_as_it_was_and_adds_up(tmp_path):
    record = Record()
    record.add({RAN: COUNTS})
    for name in ("one", "two"):
        write_record(tmp_path / name, record)
    result = CliRunner().invoke(
        main, ["coverage", "combine", str(tmp_path / "one"), str(tmp_path / "two"), "-o", str(tmp_path / "both")]
    )
    assert result.output == f"{tmp_path / 'both'} holds 1 definitions of 2 records.\n"
    both = read_record(tmp_path / "both").definitions[RAN]
    assert both.entered == {"Sort": 4, "Charge": 2, "Done": 2}
    assert both.points["Charge", "catch", 0] == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "cannot be read: "),
        ("[]", "it is no record of coverage: "),
        ('{"version": 7}', "it has version 7, and this is version 1"),
        ('{"version": 1, "definitions": [{}]}', "it is no record of coverage: "),
    ],
)
def test_what_is_no_record_is_refused_by_name(tmp_path, content, said):
    (tmp_path / "x").write_text(content)
    with pytest.raises(InvalidRecord, match=f".*x.*{said}"):
        read_record(tmp_path / "x")


def test_a_report_that_there_is_not_is_refused():
    with pytest.raises(InvalidReport) as error:
        Report.parse("pdf")
    assert str(error.value) == f"there is no coverage report 'pdf'; there are {', '.join(FORMATS)}"


SUITE = """
    import json, pathlib, pytest

    def definition():
        text = pathlib.Path(__file__).with_name("order.asl.json").read_text()
        return text

    @pytest.mark.parametrize("n", [1, 9])
    def test_order(dynastep, n):
        charge = dynastep.function("charge", lambda event: {"n": n, "items": []})
        dynastep.run(definition().replace("${Charge}", charge), {"n": n})
"""
SMALL = {
    "StartAt": "Sort",
    "States": {
        "Sort": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.n", "NumericGreaterThan": 5, "Next": "Charge"}],
            "Default": "Done",
        },
        "Charge": {
            "Type": "Task",
            "Resource": "${Charge}",
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Done"}],
            "Next": "Done",
        },
        "Done": {"Type": "Succeed"},
    },
}
MISSED = [
    "*coverage of state machines*",
    "Definition        States  Measures    Missed     Cover",
    "------------------------------------------------------",
    "order.asl.json       3/3         8         1     87.5%",
    "    line 1: Charge: catcher 1 (States.ALL) never taken",
    "------------------------------------------------------",
    "TOTAL                3/3         8         1     87.5%",
]


@pytest.fixture
def suite(pytester):
    pytester.makepyfile(SUITE)
    Path(pytester.path / "order.asl.json").write_text(json.dumps(SMALL))
    return pytester


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_a_suite_is_measured_also_over_worker_processes(suite, workers):
    result = suite.runpytest_subprocess("--asl-cov", "--asl-cov-report=term-missing", *workers)
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(MISSED, consecutive=True)
    assert (suite.path / DATA_FILE).exists()
    again = CliRunner().invoke(
        main, ["coverage", "report", str(suite.path), "--record", str(suite.path / DATA_FILE), "--fail-under", "90"]
    )
    assert "Charge: catcher 1 (States.ALL) never taken" in again.output
    assert again.exit_code == 2


def test_less_than_is_required_fails_the_suite(suite):
    result = suite.runpytest_subprocess("--asl-cov=*.json", "--asl-cov-fail-under=90")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["FAIL Coverage of state machines is 87.5%; 90% are required."])
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_enough_passes_and_nothing_is_measured_unless_asked(suite):
    assert suite.runpytest_subprocess("--asl-cov", "--asl-cov-fail-under=87.5").ret == pytest.ExitCode.OK
    (suite.path / DATA_FILE).unlink()
    result = suite.runpytest_subprocess()
    result.stdout.no_fnmatch_line("*coverage of state machines*")
    assert not (suite.path / DATA_FILE).exists()


def test_a_report_that_there_is_not_ends_pytest_with_one_line(suite):
    result = suite.runpytest_subprocess("--asl-cov", "--asl-cov-report=pdf")
    result.stderr.fnmatch_lines(["ERROR: there is no coverage report 'pdf'; there are *"])
    assert result.ret == pytest.ExitCode.USAGE_ERROR
