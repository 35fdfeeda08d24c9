"""ValidateStateMachineDefinition, and definitions in files: ``dynastep validate``."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from emulator.cli import main
from emulator.validate import positions

SCHEMA = "SCHEMA_VALIDATION_FAILED"
TARGET = "MISSING_TRANSITION_TARGET"


def machine(**states: Any) -> dict[str, Any]:
    return {"StartAt": next(iter(states)), "States": states}


def one(kind: str, **more: Any) -> dict[str, Any]:
    ends = {} if kind in ("Fail", "Succeed") else {"End": True}
    return machine(S={"Type": kind, **more, **ends})


@pytest.fixture
def validated(dynastep):
    """Validate a definition, or a text; what is said without the frame of HTTP."""
    client = dynastep.client("stepfunctions")

    def run(definition: Any, **request: Any) -> dict[str, Any]:
        text = definition if isinstance(definition, str) else json.dumps(definition)
        answer = client.validate_state_machine_definition(definition=text, **request)
        del answer["ResponseMetadata"]
        return answer

    return run


def test_a_sound_definition_has_no_diagnostics(validated):
    assert validated(one("Pass")) == {"result": "OK", "diagnostics": [], "truncated": False}


def test_a_problem_is_told_with_its_place(validated):
    diagnostic = {"severity": "ERROR", "code": SCHEMA, "message": "Minimum value is 0", "location": "/States/S/Seconds"}
    assert validated(one("Wait", Seconds=-1)) == {"result": "FAIL", "diagnostics": [diagnostic], "truncated": False}


def test_what_has_no_place_has_no_location(validated):
    (diagnostic,) = validated(machine(S={"Type": "Pass", "Next": "S"}))["diagnostics"]
    assert diagnostic == {
        "severity": "ERROR",
        "code": "MISSING_END_STATE",
        "message": "Workflow has no terminal state",
    }


def test_a_blank_definition_is_no_object(validated):
    for text in (" ", "[]", "3"):
        (diagnostic,) = validated(text)["diagnostics"]
        assert diagnostic == {
            "severity": "ERROR",
            "code": SCHEMA,
            "message": "Definition must be a valid JSON object",
        }


def test_what_is_no_json_is_told_in_jacksons_words(validated):
    (diagnostic,) = validated('{"StartAt": }')["diagnostics"]
    place = '[Source: (String)"{"StartAt": }"; line: 1, column: 14]'
    words = "Unexpected character ('}' (code 125)): expected a valid value"
    values = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
    assert diagnostic == {
        "severity": "ERROR",
        "code": "INVALID_JSON_DESCRIPTION",
        "message": f"{words} {values}\n at {place}",
        "location": place,
    }


def test_an_express_machine_has_rules_of_its_own(validated):
    waits = one("Task", Resource="arn:aws:states:::sqs:sendMessage.waitForTaskToken")
    assert validated(waits, type="STANDARD")["result"] == "OK"
    assert validated(waits, type="EXPRESS")["result"] == "FAIL"


BROKEN = machine(**{f"S{number}": {"Type": "Pass", "Foo": 1, "End": True} for number in range(101)})


@pytest.mark.parametrize(
    ("asked", "shown", "truncated"), [({}, 100, True), ({"maxResults": 0}, 100, True), ({"maxResults": 3}, 3, True)]
)
def test_a_hundred_diagnostics_are_told_at_most(validated, asked, shown, truncated):
    answer = validated(BROKEN, **asked)
    assert (len(answer["diagnostics"]), answer["truncated"]) == (shown, truncated)


def test_as_many_as_fit_are_not_truncated(validated):
    assert validated(one("Pass", Foo=1, Bar=1), maxResults=2)["truncated"] is False


CHOICE = {"Type": "Choice", "Default": "E", "Choices": [{"Variable": "$.a", "StringEquals": "$.b", "Next": "E"}]}
INSIDE = "/States/S/Branches[0]/States/T/Error"
WARNED = [
    (one("Pass", Parameters={"a": "$.b"}), "NO_DOLLAR", "/States/S/Parameters/a"),
    (one("Pass", Parameters={"x": {"a": "States.UUID()"}}), "NO_DOLLAR", "/States/S/Parameters/x/a"),
    (one("Pass", Assign={"a": "$$.State.Name"}), "NO_DOLLAR", "/States/S/Assign/a"),
    (one("Fail", Error="$.error"), "NO_PATH", "/States/S/Error"),
    (one("Fail", Cause="$.cause"), "NO_PATH", "/States/S/Cause"),
    (machine(C=CHOICE, E={"Type": "Succeed"}), "NO_PATH", "/States/C/Choices[0]/StringEquals"),
    (one("Pass", Result={"a.$": "$.b"}), "PASS_RESULT_IS_STATIC", "/States/S/Result/a.$"),
    (one("Pass", Result=["$.b"]), "PASS_RESULT_IS_STATIC", "/States/S/Result[0]"),
    (one("Parallel", Branches=[machine(T={"Type": "Fail", "Error": "$.x"})]), "NO_PATH", INSIDE),
]


@pytest.mark.parametrize(("definition", "code", "location"), WARNED)
def test_what_nobody_will_evaluate_is_warned_of(validated, definition, code, location):
    answer = validated(definition, severity="WARNING")
    found = [(entry["severity"], entry["code"], entry.get("location")) for entry in answer["diagnostics"]]
    assert (answer["result"], found) == ("OK", [("WARNING", code, location)])
    assert validated(definition)["diagnostics"] == []


@pytest.mark.parametrize(
    "definition",
    [
        one("Pass", Parameters={"a.$": "$.b", "b": "$5", "c": "costs $.50"}),
        one("Pass", Result={"a": "text", "b": 3}),
        one("Fail", ErrorPath="$.error"),
        {"QueryLanguage": "JSONata", **one("Pass", Output="$.a")},
    ],
)
def test_what_only_resembles_a_path_is_not_warned_of(validated, definition):
    assert validated(definition, severity="WARNING")["diagnostics"] == []


# Files.

DEFINITION = """\
{
  "StartAt": "Charge",
  "States": {
    "Charge": {
      "Type": "Task", "Resource": "${ChargeFunction}",
      "Retyr": [],
      "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Refnd"}],
      "Next": "Each"
    },
    "Each": {
      "Type": "Map",
      "ItemProcessor": {"StartAt": "Pak", "States": {"Pack": {"Type": "Pas", "End": true}}},
      "Next": "Refund"
    },
    "Refund": {"Type": "Pass", "Parameters": {"a": "$.b"}, "End": true}
  }
}
"""
TYPES = "[Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map]"
FOUND = [
    # line, column, severity, code, location, message, the name that is meant
    (6, 7, "error", SCHEMA, "/States/Charge", "Field 'Retyr' is not supported", "Retry"),
    (7, 49, "error", TARGET, "/States/Charge/Catch[0]/Next", "Missing 'Next' target: Refnd", "Refund"),
    (12, 25, "error", TARGET, "/States/Each/ItemProcessor/StartAt", "Missing 'Next' target: Pak", "Pack"),
    (12, 54, "error", TARGET, "/States/Each/ItemProcessor/States/Pack", 'State "Pack" is not reachable.', None),
    (12, 63, "error", SCHEMA, "/States/Each/ItemProcessor/States/Pack/Type",
     f"The field 'Type' should have one of these values: {TYPES}", "Pass"),
    (15, 47, "warning", "NO_DOLLAR", "/States/Refund/Parameters/a",
     "The value of the field 'a' will not be evaluated: to have it evaluated name it 'a.$'", None),
]  # fmt: skip


@pytest.fixture
def command(tmp_path, monkeypatch):
    """Run ``dynastep validate`` on files of these texts; exit status and output."""
    monkeypatch.chdir(tmp_path)

    def run(*options: str, **files: str) -> tuple[int, str]:
        names = []
        for name, text in files.items():
            names.append(name.replace("_", "."))
            (tmp_path / names[-1]).write_text(text, encoding="utf-8")
        result = CliRunner().invoke(main, ["validate", *options, *names])
        return result.exit_code, result.output

    return run


def said(message: str, meant: str | None) -> str:
    return message + (f" (did you mean '{meant}'?)" if meant else "")


def test_each_problem_is_told_with_line_and_column(command):
    assert command(order_json=DEFINITION) == (
        1,
        "".join(
            f"order.json:{line}:{column}: {severity} {code} at {location}: {said(message, meant)}\n"
            for line, column, severity, code, location, message, meant in FOUND
        )
        + "5 errors and 1 warning in 1 of 1 file\n",
    )


def test_yaml_has_the_same_problems(command):
    code, output = command("--format", "json", order_yaml=yaml.safe_dump(json.loads(DEFINITION), sort_keys=False))
    assert code == 1
    told = [(each["code"], each["location"], each["message"], each.get("didYouMean")) for each in json.loads(output)]
    assert told == [(code, location, message, meant) for _, _, _, code, location, message, meant in FOUND]


def test_as_json_for_programs(command):
    _, output = command("--format", "json", order_json=DEFINITION)
    line, column, severity, code, location, message, meant = FOUND[0]
    assert json.loads(output)[0] == {
        "file": "order.json",
        "line": line,
        "column": column,
        "severity": severity.upper(),
        "code": code,
        "message": message,
        "location": location,
        "didYouMean": meant,
    }


def test_as_sarif_for_code_scanners(command):
    _, output = command("--format", "sarif", order_json=DEFINITION)
    report = json.loads(output)
    assert report["version"] == "2.1.0"
    (run,) = report["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [TARGET, "NO_DOLLAR", SCHEMA]
    results = []
    for result in run["results"]:
        (place,) = result["locations"]
        region = place["physicalLocation"]["region"]
        (logical,) = place["logicalLocations"]
        where = (region["startLine"], region["startColumn"], logical["fullyQualifiedName"])
        results.append((*where, result["level"], result["ruleId"], result["message"]["text"]))
    assert results == [
        (line, column, location, severity, code, said(message, meant))
        for line, column, severity, code, location, message, meant in FOUND
    ]


def test_as_annotations_for_github(command):
    _, output = command("--format", "github", order_json='{"StartAt": "50%\\nx"}')
    assert output == (f"::error file=order.json,line=1,col=1,title={SCHEMA}::These fields are required: [States]\n")
    _, output = command("--format", "github", order_json=json.dumps(machine(A={"Type": "Pass", "Next": "50%\nx"})))
    assert f"title={TARGET}::Missing 'Next' target: 50%25%0Ax\n" in output


def test_a_sound_file_is_said_to_be_ok(command):
    assert command(a_json=json.dumps(one("Pass")), b_yml="StartAt: S\nStates: {S: {Type: Succeed}}") == (
        0,
        "ok: 2 files\n",
    )


def test_a_warning_is_no_error(command):
    code, output = command(a_json=json.dumps(one("Fail", Error="$.x")))
    assert code == 0
    assert "warning NO_PATH at /States/S/Error" in output


def test_what_is_no_json_is_told_where_it_breaks(command):
    values = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
    text = f"Unrecognized token 'tru': was expecting {values}"
    assert command(a_json='{\n "StartAt": tru\n}') == (
        1,
        f"a.json:2:16: error INVALID_JSON_DESCRIPTION: {text}\n1 error in 1 of 1 file\n",
    )


def test_what_is_no_yaml_is_told_where_it_breaks(command):
    code, output = command(a_yaml="a: [1,\nb: 2\n")
    assert code == 1
    assert output.startswith("a.yaml:3:1: error INVALID_YAML: expected ',' or ']'")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("&a [*a]", "aliases make more than 1048576 values of it"),
        (
            f"a0: &a0 [{'x,' * 50}]\n" + "".join(f"a{n + 1}: &a{n + 1} [{f'*a{n},' * 50}]\n" for n in range(5)),
            "aliases",
        ),
        ("[" * 5000, "nested too deeply"),
        ("a: " + "1" * 5000, "Exceeds the limit"),
        (r'a: "\ud800"', "'utf-8' codec can't encode"),
    ],
    ids=["circle", "multiplied", "deep", "digits", "surrogate"],
)
def test_yaml_that_json_could_not_hold_is_none(command, text, said):
    code, output = command(a_yaml=text)
    assert code == 1
    assert re.match(rf"a\.yaml:1:\d+: error INVALID_YAML: {said}", output)


def test_words_of_yaml_that_are_texts_to_json_stay_texts(command):
    text = "StartAt: on\nStates:\n  on: {Type: Wait, Timestamp: 2026-01-01T00:00:00Z, End: true}\n"
    assert command(a_yaml=text) == (0, "ok: 1 file\n")


def test_an_express_machine_is_held_to_its_rules(command):
    waits = json.dumps(one("Task", Resource="arn:aws:states:::sqs:sendMessage.waitForTaskToken"))
    assert command(a_json=waits)[0] == 0
    assert command("--type", "EXPRESS", a_json=waits)[0] == 1


def test_a_file_that_is_not_there_is_said_to_be_missing():
    result = CliRunner().invoke(main, ["validate", "nowhere.json"])
    assert result.exit_code == 2
    assert "There is no definition at 'nowhere.json'." in result.output


@pytest.mark.parametrize("name", ["machines", "machines/**/*.asl.*", "machines/*/b.asl.yml"])
def test_a_folder_and_a_pattern_stand_for_the_definitions_in_them(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "machines" / "orders"
    folder.mkdir(parents=True)
    (tmp_path / "machines" / "a.asl.json").write_text(json.dumps(one("Pass")), encoding="utf-8")
    (folder / "b.asl.yml").write_text(yaml.safe_dump(one("Pass", Foo=1)), encoding="utf-8")
    (folder / "package.json").write_text("{}", encoding="utf-8")
    result = CliRunner().invoke(main, ["validate", name])
    assert result.exit_code == 1
    assert result.output.startswith("machines/orders/b.asl.yml:")
    assert re.search(r"^1 error in 1 of \d files?$", result.output, re.MULTILINE)


def test_an_empty_folder_has_nothing_to_read(tmp_path):
    result = CliRunner().invoke(main, ["validate", str(tmp_path)])
    assert result.exit_code == 2
    assert "There is no definition at" in result.output


def test_a_file_that_is_no_text_cannot_be_read(tmp_path):
    (tmp_path / "x.json").write_bytes(b"\xff\xfe{")
    result = CliRunner().invoke(main, ["validate", str(tmp_path / "x.json")])
    assert result.exit_code == 1
    assert "cannot be read" in result.output


def test_a_byte_order_mark_is_no_part_of_a_file(command):
    assert command(a_json="\ufeff" + json.dumps(one("Pass"))) == (0, "ok: 1 file\n")


def test_standard_input_is_read_like_a_file():
    result = CliRunner().invoke(main, ["validate", "-"], input=json.dumps(one("Pass", Foo=1)))
    assert (result.exit_code, result.output) == (
        1,
        f"-:1:51: error {SCHEMA} at /States/S: Field 'Foo' is not supported\n1 error in 1 of 1 file\n",
    )


def test_what_is_put_in_later_is_taken_for_a_value_of_its_kind(command):
    text = json.dumps(one("Task", Resource="${Function}", TimeoutSeconds="N", Comment="about ${Stack}"))
    assert command(a_json=text.replace('"N"', "${Timeout}")) == (0, "ok: 1 file\n")
    _, output = command(a_json=text.replace('"N"', '${Timeout}, "Foo": 1'))
    column = text.replace('"N"', "${Timeout}").index(', "Comment"') + len(', "')
    assert output.startswith(f"a.json:1:{column}: ")


def test_the_uri_of_a_file_in_sarif_is_one(tmp_path):
    (tmp_path / "an order.json").write_text(json.dumps(one("Pass", Foo=1)), encoding="utf-8")
    result = CliRunner().invoke(main, ["validate", "--format", "sarif", str(tmp_path / "an order.json")])
    (run,) = json.loads(result.output)["runs"]
    (found,) = run["results"]
    assert found["ruleId"] in {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert found["level"] in {"none", "note", "warning", "error"}
    assert found["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].endswith("/an%20order.json")


NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/["), min_size=1, max_size=4)
"""Without what would make two locations alike."""
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=4),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(NAMES, values, max_size=3),
)


def values(document: Any, location: str = "") -> dict[str, Any]:
    found = {location or "/": document}
    if isinstance(document, dict):
        for name, content in document.items():
            found |= values(content, f"{location}/{name}")
    elif isinstance(document, list):
        for index, content in enumerate(document):
            found |= values(content, f"{location}[{index}]")
    return found


@given(DOCUMENTS, st.sampled_from([None, 0, 2, "\t"]), st.booleans())
def test_a_value_stands_where_its_position_says(document, indent, ascii_only):
    text = json.dumps(document, indent=indent, ensure_ascii=ascii_only)
    expected = values(document)
    found = positions.in_json(text)
    assert found.keys() == expected.keys()
    lines = text.split("\n")
    for location, (line, column) in found.items():
        rest = "\n".join([lines[line - 1][column - 1 :], *lines[line:]])
        value, end = json.JSONDecoder().raw_decode(rest)
        if rest[end:].startswith(":"):  # it is the name of a member
            assert location.endswith(f"/{value}")
            value, _ = json.JSONDecoder().raw_decode(rest[end + 1 :].lstrip())
        assert value == expected[location]


# Files of projects.

SAM = """\
Transform: AWS::Serverless-2016-10-31
Parameters:
  Seconds: {Type: Number, Default: 5}
Resources:
  Charge:
    Type: AWS::Serverless::Function
    Properties: {Handler: a.b, Runtime: python3.13, CodeUri: src}
  Order:
    Type: AWS::Serverless::StateMachine
    Properties:
      Type: EXPRESS
      Definition:
        StartAt: Charge
        States:
          Charge:
            Type: Task
            Resource: !GetAtt Charge.Arn
            Next: Pause
          Pause: {Type: Wait, Seconds: !Ref Seconds, End: true, Foo: 1}
"""
CDK = {
    "Resources": {
        "Charge": {"Type": "AWS::Lambda::Function"},
        "Order7F": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Metadata": {"aws:cdk:path": "Stack/Order/Resource"},
            "Properties": {
                "DefinitionString": {
                    "Fn::Join": [
                        "",
                        [
                            '{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"',
                            {"Fn::GetAtt": ["Charge", "Arn"]},
                            '","Foo":1,"End":true}}}',
                        ],
                    ]
                }
            },
        },
    }
}
SERVERLESS = """\
functions:
  charge: {handler: a.b}
stepFunctions:
  stateMachines:
    order:
      definition:
        StartAt: A
        States:
          A: {Type: Task, Resource: {Fn::GetAtt: [charge, Arn]}, Foo: 1, End: true}
"""
PLAN = {
    "planned_values": {
        "root_module": {
            "child_modules": [
                {
                    "resources": [
                        {
                            "address": "module.a.aws_sfn_state_machine.order",
                            "type": "aws_sfn_state_machine",
                            "name": "order",
                            "values": {"name": "order", "definition": json.dumps(one("Pass", Foo=1))},
                        }
                    ]
                }
            ]
        }
    }
}
PROJECTS = [
    ("template.yaml", SAM, 19),
    ("Stack.template.json", json.dumps(CDK, indent=1), 12),
    ("serverless.yml", SERVERLESS, 9),
    ("plan.json", json.dumps(PLAN), 1),
]


@pytest.mark.parametrize(("name", "text", "line"), PROJECTS, ids=[name for name, _, _ in PROJECTS])
def test_state_machines_in_files_of_projects_are_checked(tmp_path, monkeypatch, name, text, line):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text(text, encoding="utf-8")
    result = CliRunner().invoke(main, ["validate", name])
    first, last = result.output.splitlines()
    assert re.match(
        rf"{re.escape(name)}:{line}:\d+: error {SCHEMA} at /States/.: Field 'Foo' is not supported", first
    ) or ("at /States/Pause: Field 'Foo' is not supported" in first and f":{line}:" in first)
    assert last == "1 error in 1 of 1 file"


def test_a_definition_beside_its_template_is_checked_where_it_stands(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "machines").mkdir()
    (tmp_path / "machines" / "order.asl.json").write_text(json.dumps(one("Pass", Foo=1)), encoding="utf-8")
    properties = {"DefinitionUri": "machines/order.asl.json"}
    resource = {"Type": "AWS::Serverless::StateMachine", "Properties": properties}
    (tmp_path / "template.json").write_text(json.dumps({"Resources": {"Order": resource}}), encoding="utf-8")
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "template.json").write_text("{", encoding="utf-8")
    result = CliRunner().invoke(main, ["validate", "."])
    assert result.output.startswith("machines/order.asl.json:1:51: error")
    assert result.output.endswith("\n1 error in 1 of 2 files\n"), (
        "the definition is named once, though two files have it"
    )


def test_a_definition_that_is_not_in_the_files_is_named(command):
    resource = {"Type": "AWS::Serverless::StateMachine", "Properties": {"DefinitionUri": "s3://bucket/key"}}
    code, output = command(a_json=json.dumps({"Resources": {"Order": resource}}))
    assert code == 1
    assert 'error DEFINITION_NOT_FOUND: The definition of Order is not in the files: "s3://bucket/key".' in output
