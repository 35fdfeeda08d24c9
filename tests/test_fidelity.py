"""The pages on fidelity say what the code has and what the tests have shown, all of it and no more."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError
from conformance import corpus
from evidence import definitions, others
from evidence.files import written
from least import something

from asl_interpreter.coverage import Coverage
from emulator.moto_door import dispatch
from emulator.moto_door.not_built import NOT_BUILT
from emulator.wire.operations import handlers, service_model

SITE = Path(__file__).parents[1] / "docs" / "site"
sys.path.append(str(SITE))

import fidelity  # noqa: E402 - MkDocs finds these beside its hook
import registries  # noqa: E402
import verdicts  # noqa: E402

AGAIN = "run make fidelity"
KEPT = verdicts.shown()
MOTO = verdicts.of_moto()
ELSEWHERE = any(metadata.version(name) != MOTO[name] for name in ("moto", "botocore"))
"""Whether moto and the models are others than those that the files were made with."""
OPERATIONS = {service: registries.operations(service, MOTO["answered"]) for service in registries.SERVICES}


def section(page: str, title: str) -> str:
    """What stands below a heading of the second level."""
    return page.split(f"\n## {title}\n")[1].split("\n## ", maxsplit=1)[0]


@pytest.mark.parametrize("service", registries.SERVICES)
def test_every_operation_of_a_service_is_on_the_page_once(service: str) -> None:
    text = section(fidelity.operations(), registries.SERVICES[service])
    rows = re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)
    listed = [name for line in text.splitlines() if line.startswith("<span") for name in re.findall(r"`(\w+)`", line)]
    names = [*rows, *(name for name in listed if name != "NotImplementedException")]
    assert sorted(names) == sorted(service_model(service).operation_names)


@pytest.mark.parametrize("service", sorted(registries.WHOLE))
def test_what_has_a_handler_is_not_called_refused_or_motos(service: str) -> None:
    by = {operation.name: operation.by for operation in OPERATIONS[service]}
    assert {name for name, who in by.items() if who == "ours"} == by.keys() & handlers(service).keys()
    assert set(by.values()) <= {"ours", "refused"}


def test_what_is_refused_by_name_is_called_refused() -> None:
    for service, names in NOT_BUILT.items():
        said = {operation.name: verdicts.of_operation(service, operation).word for operation in OPERATIONS[service]}
        assert {name: said[name] for name in names & said.keys()} == dict.fromkeys(names & said.keys(), "refused")


@pytest.mark.skipif(ELSEWHERE, reason="the notes were made with another version of botocore")
def test_the_notes_know_no_operation_that_the_models_do_not_know() -> None:
    for name in KEPT["operation"]:
        service, _, operation = name.partition(":")
        assert operation in service_model(service).operation_names, f"{name} is gone: {AGAIN}"


def test_the_notes_know_no_field_and_no_function_that_the_interpreter_does_not_know() -> None:
    fields = {
        f"{field.path}|{spoken}"
        for each in registries.objects().values()
        for field in each
        for spoken in field.languages
    }
    assert KEPT["field"].keys() - fields == set(), AGAIN
    assert KEPT["intrinsic"].keys() - set(registries.intrinsic_functions()) == set(), AGAIN
    assert KEPT["jsonata"].keys() - set(registries.jsonata_functions()) == set(), AGAIN


def test_the_notes_know_no_integration_that_a_task_cannot_have() -> None:
    optimized = {integration.name for integration in registries.integrations()} | {"function", "activity"}
    used = {*KEPT["integration"], *KEPT["mocked"]}
    assert {name for name in used if not name.startswith("aws-sdk:")} - optimized == set(), AGAIN
    assert optimized & KEPT["integration"].keys()


def test_every_field_and_every_integration_is_on_its_page() -> None:
    page = fidelity.language()
    for name, fields in registries.objects().items():
        text = section(page, name.rpartition(".")[2] or name)
        for field in fields:
            last = re.split(r"[.=]", field.path)[-1]
            assert field.path == name or f"`{last}`" in text, field
    page = fidelity.integrations()
    assert [each.name for each in registries.integrations() if f"| `{each.name}` |" not in page] == []


@pytest.mark.skipif(not corpus.ROOT.exists(), reason="the recorded answers of AWS are not beside the repository")
def test_every_known_difference_is_on_the_page_with_its_reason() -> None:
    from conformance.test_sfn import DIFFERENT, _skipped_because

    known = {case.id: DIFFERENT.get(case.id) or _skipped_because(case) for case in corpus.load()}
    assert dict(KEPT["differs"]) == {case: why for case, why in known.items() if why}, AGAIN
    page = fidelity.overview()
    for case, why in KEPT["differs"]:
        assert f"| `{verdicts.cell(case)}` | {verdicts.text(why)} |" in page


@pytest.mark.skipif(ELSEWHERE, reason="the tables are of another version of moto or of botocore")
def test_the_notes_say_what_moto_answers() -> None:
    again = "run PYTHONPATH=tests python -m evidence.others docs/fidelity-moto.json"
    assert MOTO["answered"] == others.answered(), again
    assert MOTO["integrated"] == others.integrated(), again


@pytest.mark.skipif(ELSEWHERE, reason="the tables are of another version of moto or of botocore")
@pytest.mark.parametrize("service", others.SERVICES)
def test_what_is_called_refused_is_refused(dynastep: Any, monkeypatch: pytest.MonkeyPatch, service: str) -> None:
    """Whatever else may be wrong with the request: it is not held against its model here."""
    monkeypatch.setattr(dispatch, "_fault_of", lambda *_given: None)
    client = dynastep.client(service, config=Config(parameter_validation=False))
    said = {}
    for operation in OPERATIONS[service]:
        if verdicts.of_operation(service, operation).word == "refused":
            shape = service_model(service).operation_model(operation.name).input_shape
            with pytest.raises(ClientError) as refusal:
                getattr(client, xform_name(operation.name))(**({} if shape is None else something(shape)))
            if refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] != 501:
                said[operation.name] = refusal.value.response["Error"]
    assert said == {}


def test_the_sums_count_everything_once() -> None:
    rows = re.findall(r"^\| \[(.*?)\]\(.*?\) \| (.*) \|$", fidelity.overview(), re.MULTILINE)
    sums = {title: sum(int(cell) for cell in cells.split("|") if cell.strip()) for title, cells in rows}
    for service, title in registries.SERVICES.items():
        assert sums[title] == len(service_model(service).operation_names)
    assert sums["Intrinsic functions"] == 18


OURS = registries.Operation("PutItem", "ours")
MOTOS = registries.Operation("SendMessage", "moto")
NOBODYS = registries.Operation("CreateChannel", "refused")
DIFFERENCE = {"an id": 2}


@pytest.mark.parametrize(
    ("operation", "entry", "word", "how"),
    [
        (OURS, {"recorded": 3, "tests": 1, "well": True}, "as AWS", ""),
        (OURS, {"recorded": 3, "differs": DIFFERENCE, "well": True}, "differs", "2 recorded answers differ: an id."),
        (OURS, {"tests": 4, "well": True}, "tested", ""),
        (OURS, {"tests": 4, "ends": ["ValidationException"]}, "tested", "The tests have seen refusals only."),
        (OURS, {}, "untested", ""),
        (MOTOS, {"tests": 4, "well": True}, "moto", ""),
        (MOTOS, {"recorded": 1, "well": True}, "as AWS", ""),
        (MOTOS, {}, "moto, untested", ""),
        (NOBODYS, {}, "refused", ""),
        (NOBODYS, {"tests": 1, "well": True}, "moto", ""),
    ],
)
def test_a_verdict_follows_from_the_notes(monkeypatch, operation, entry, word, how) -> None:
    notes = {"operation": {f"a-service:{operation.name}": entry}}
    monkeypatch.setattr(verdicts, "shown", lambda: notes)
    verdict = verdicts.of_operation("a-service", operation)
    assert (verdict.word, verdict.how) == (word, how)


def test_what_is_kept_only_differs(monkeypatch) -> None:
    monkeypatch.setattr(verdicts, "shown", lambda: {"operation": {"sns:CreateTopic": {"recorded": 9, "well": True}}})
    verdict = verdicts.of_operation("sns", registries.Operation("CreateTopic", "moto"))
    assert verdict.word == "differs"
    assert "kept only" in verdict.how


def test_what_is_refused_in_part_differs(monkeypatch) -> None:
    lacking = {
        "s:A": {"ends": ["Dynastep has not built 'x' of A yet"]},
        "s:B": {"ends": ["Dynastep has not built s.B yet"]},
    }
    monkeypatch.setattr(
        verdicts, "shown", lambda: {"operation": {"s:A": {"tests": 1, "well": True}}, "lacking": lacking}
    )
    verdict = verdicts.of_operation("s", registries.Operation("A", "ours"))
    assert verdict[:1] + verdict[3:4] == ("differs", "Refused in part: Dynastep has not built 'x' of A yet.")
    assert verdicts.of_operation("s", registries.Operation("B", "ours")).word == "untested"


DEFINITION: dict[str, Any] = {
    "StartAt": "Each",
    "States": {
        "Each": {
            "Type": "Map",
            "ItemReader": {"Resource": "r", "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}},
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
                "StartAt": "In",
                "States": {"In": {"Type": "Pass", "QueryLanguage": "JSONata", "Output": 1, "End": True}},
            },
            "Retry": [{"ErrorEquals": ["A"]}, {"ErrorEquals": ["B"], "JitterStrategy": "FULL"}],
            "Catch": [{"ErrorEquals": ["C"], "Next": "Choose"}],
            "Next": "Choose",
        },
        "Choose": {
            "Type": "Choice",
            "Choices": [
                {"Variable": "$", "IsNull": True, "Next": "Never"},
                {"Not": {"Variable": "$", "IsPresent": True}, "Next": "Never"},
            ],
            "Default": "Never",
        },
        "Never": {"Type": "Succeed"},
    },
}


def test_a_field_counts_where_it_had_a_part() -> None:
    did = Coverage({"Each": 1, "In": 3, "Choose": 1}, points={("Each", "retry", 1): 1, ("Choose", "refused", 0): 1})
    fields = set(definitions.of_machine(DEFINITION, "JSONPath", did, {}))
    assert {
        *("State machine.StartAt|", "Map|JSONPath", "Map.ItemReader.ReaderConfig.InputType=CSV|JSONPath"),
        *("Map.ItemProcessor.ProcessorConfig.Mode=DISTRIBUTED|JSONPath", "Pass.Output|JSONata"),
        *("Map.Retry|JSONPath", "Retrier.JitterStrategy=FULL|JSONPath", "Choice rule.IsNull|JSONPath"),
    } <= fields
    for name in ("Map.Catch|", "Catcher", "Succeed", "Choice.Default|", "Choice rule.Not|", "Choice rule.Next|"):
        assert not any(field.startswith(name) for field in fields), name


def test_a_field_of_a_state_that_was_entered_before_does_not_count() -> None:
    did = Coverage({"Never": 2, "Choose": 3})
    assert set(definitions.of_machine(DEFINITION, "JSONPath", did, {"Never": 2, "Choose": 2})) == {
        *("State machine.StartAt|", "Choice|JSONPath"),
    }


def test_the_file_of_notes_has_a_line_for_each_name() -> None:
    kept = {
        "date": "2026-11-30",
        "operation": {"a:B": {"tests": 1}, "a:C": {"well": True}},
        "differs": [["x", "y"]],
        "none": {},
    }
    text = written(kept)
    assert json.loads(text) == kept
    assert '  "a:B": {"tests": 1},\n' in text


NOTED = """
import json, pytest

@pytest.fixture
def table(dynastep):
    tables = dynastep.client("dynamodb")
    tables.create_table(TableName="table", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
                        AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}])
    return tables

def test_good(dynastep, table):
    put = {"TableName": "table", "Item": {"p": {"S.$": "States.Format('{}', $.name)"}}}
    execution = dynastep.run({"StartAt": "Put", "States": {
        "Put": {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:putItem", "Parameters": put, "Next": "Sum"},
        "Sum": {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $sum([1, 2]) %}", "End": True}}}, {"name": "n"})
    assert execution.output == 3
    dynastep.client("sqs").create_queue(QueueName="q")
    with pytest.raises(Exception, match="ResourceNotFound"):
        table.get_item(TableName="none", Key={"p": {"S": "x"}})

def test_bad(dynastep):
    dynastep.client("sns").create_topic(Name="t")
    assert False

@pytest.mark.dynastep(seed=1)
def test_mocked(dynastep):
    dynastep.mock("sqs:sendMessage", {"MessageId": "m"})
    send = {"QueueUrl": "u", "MessageBody": "b"}
    task = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Parameters": send, "End": True}
    dynastep.run({"StartAt": "Send", "States": {"Send": task}})
"""


@pytest.mark.parametrize("workers", ["0", "2"])
def test_what_tests_do_is_noted_where_they_pass(tmp_path: Path, workers: str) -> None:
    (tmp_path / "test_noted.py").write_text(NOTED)
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-n",
        workers,
        "-p",
        "conformance.summary",
        "-p",
        "evidence.plugin",
    ]
    run = subprocess.run(
        [*command, "--fidelity", "noted.json", "."],
        cwd=tmp_path,
        env={"PYTHONPATH": str(SITE.parents[1] / "tests"), "PATH": "", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1, run.stdout + run.stderr
    noted = json.loads((tmp_path / "noted.json").read_text())
    assert noted["passed"] == {"tests": 2}
    assert noted["operation"]["dynamodb:CreateTable"] == {"tests": 1, "well": True}
    assert noted["operation"]["dynamodb:GetItem"] == {"tests": 1, "ends": ["ResourceNotFoundException"]}
    assert noted["operation"]["sqs:CreateQueue"] == {"tests": 1, "well": True}
    assert "sns:CreateTopic" not in noted["operation"]
    assert noted["integration"] == {"dynamodb:putItem": {"tests": 1, "well": True}}
    assert noted["mocked"] == {"sqs:sendMessage": {"tests": 1}}
    assert noted["intrinsic"] == {"States.Format": {"tests": 1}}
    assert noted["jsonata"] == {"$sum": {"tests": 1}}
    assert noted["field"]["Task.Parameters|JSONPath"] == {"tests": 2}
    assert noted["field"]["Pass.Output|JSONata"] == {"tests": 1}
