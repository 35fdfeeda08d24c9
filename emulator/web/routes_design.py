"""The design of a state machine: a definition is checked and drawn while it is written, and saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, jsonify, render_template, request, url_for

from asl_interpreter.jsontext import dumps
from emulator.faults import Fault
from emulator.graph.outline import outline, states
from emulator.integrations.mocks import Mocks
from emulator.validate.documents import CannotRead, read_definition
from emulator.validate.positions import Position
from emulator.web import machines as shown
from emulator.web.executions import pretty_text
from emulator.web.page import about, asker, read_answers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.control import Control
    from emulator.web.asking import Asker

EXAMPLE: Final = """{
  "QueryLanguage": "JSONata",
  "StartAt": "Greet",
  "States": {
    "Greet": {
      "Type": "Pass",
      "Output": { "greeting": "{% 'Hello ' & $states.input.name %}" },
      "End": true
    }
  }
}
"""
ROLE: Final = "arn:aws:iam::{account}:role/dynastep"


def add(pages: Blueprint, control: Control) -> None:
    """Add the routes of the editor."""
    pages.get("/design")(design)
    pages.post("/design/check")(check)
    pages.post("/design/save")(save)
    pages.post("/design/test")(test)

    @pages.post("/design/run")
    def run() -> Any:
        """Run the definition as it is, as a machine of its own that the next run changes; the page of the execution."""
        asked, text = asker(), _definition(request.form.get("definition", ""))[0]
        name = f"{request.form.get('name', '').strip() or 'design'}-draft"[-80:]
        try:
            machine = _draft(asked, name, text)
            _stand_in(control.of(asked.account).world.mocks, name, request.form.get("mocks", ""))
            given = request.form.get("input") or "{}"
            started = asked.step_functions("StartExecution", stateMachineArn=machine, input=given)
        except Fault as fault:
            return jsonify({"error": str(fault)}), 400
        return jsonify({"execution": url_for("console.execution", arn=started["executionArn"])})


def design() -> str:
    """The editor, with the definition of a state machine or an example."""
    arn, name, text, kind = request.args.get("arn", ""), "", EXAMPLE, "STANDARD"
    if arn:
        described = about(arn).step_functions("DescribeStateMachine", stateMachineArn=arn)
        text, name, kind = shown.laid_out(described["definition"]), described["name"], described["type"]
    return render_template("design.html", page="design", arn=arn, name=name, text=text, kind=kind)


def check() -> Any:
    """The problems of a definition with the line of each, its states, and its picture."""
    given = request.form.get("definition", "")
    text, places = _definition(given)
    found = shown.problems(asker(), text, request.form.get("type", "STANDARD"))
    definition = shown.parsed(text)
    scope = outline(definition)
    lines = shown.lines(given, scope, found, places)
    numbered = [{"line": line.number, **problem} for line in lines for problem in line.problems]
    picture = shown.picture(definition, title="The definition so far") if definition else ""
    names = [box.name for box in states(scope)]
    return jsonify({"problems": numbered, "picture": picture, "states": names})


def save() -> Any:
    """Make a state machine, or a new revision of one; its ARN."""
    asked, arn = asker(), request.form.get("arn", "")
    text, name = _definition(request.form.get("definition", ""))[0], request.form.get("name", "").strip()
    try:
        if arn:
            about(arn).step_functions("UpdateStateMachine", stateMachineArn=arn, definition=text)
        else:
            answer = asked.step_functions(
                "CreateStateMachine",
                name=name,
                definition=text,
                roleArn=ROLE.format(account=asked.account),
                type=request.form.get("type", "STANDARD"),
            )
            arn = answer["stateMachineArn"]
    except Fault as fault:
        return jsonify({"error": str(fault)}), 400
    return jsonify({"arn": arn})


def test() -> Any:
    """TestState of one state: how it ends, and the data after each step."""
    try:
        answer = asker().step_functions(
            "TestState",
            definition=_definition(request.form.get("definition", ""))[0],
            stateName=request.form.get("state") or None,
            input=request.form.get("input") or "{}",
            roleArn=ROLE.format(account=asker().account),
            inspectionLevel="DEBUG",
            mock=_mock(request.form.get("mock", "")),
        )
    except Fault as fault:
        return render_template("tested.html", fault=fault), 400
    return render_template("tested.html", answer=answer, steps=_steps(answer))


STEPS: Final = {
    "input": "Input",
    "afterInputPath": "After InputPath",
    "afterParameters": "After Parameters",
    "afterArguments": "After Arguments",
    "afterItemsPath": "After ItemsPath",
    "afterItemSelector": "After ItemSelector",
    "afterItemBatcher": "After ItemBatcher",
    "result": "Result of the Task",
    "afterResultSelector": "After ResultSelector",
    "afterResultPath": "After ResultPath",
}
"""What TestState shows of the data's way through a state, in the order of the way -> what it is called."""


def _steps(answer: dict[str, Any]) -> list[tuple[str, str, bool]]:
    """What each step has made of the data: its name, the data, and whether they differ from those before."""
    seen = answer.get("inspectionData", {})
    steps = [(title, pretty_text(seen[name])) for name, title in STEPS.items() if name in seen]
    if "output" in answer:
        steps.append(("Output", pretty_text(answer["output"])))
    return [(title, text, number == 0 or steps[number - 1][1] != text) for number, (title, text) in enumerate(steps)]


def _draft(asked: Asker, name: str, definition: str) -> str:
    """Make the machine of this name, or give it another definition; its ARN."""
    arn = f"arn:aws:states:{asked.region}:{asked.account}:stateMachine:{name}"
    role = ROLE.format(account=asked.account)
    try:
        asked.step_functions("DescribeStateMachine", stateMachineArn=arn, includedData="METADATA_ONLY")
    except Fault:
        asked.step_functions("CreateStateMachine", name=name, definition=definition, roleArn=role)
    else:
        asked.step_functions("UpdateStateMachine", stateMachineArn=arn, definition=definition)
    return arn


def _stand_in(mocks: Mocks, machine: str, text: str) -> None:
    """Have what was typed stand for Tasks of one machine, in place of earlier mocks; refused as ``read_answers``."""
    made = read_answers(text, machine)
    mocks.clear(machine)
    for mock in made:
        mocks.add(mock)


def _mock(text: str) -> Any:
    return {"result": text} if text.strip() else None


def _definition(text: str) -> tuple[str, Mapping[str, Position] | None]:
    """A definition as JSON, and where things stand in its text; JSON stays as it is, and so does what is neither."""
    if text.lstrip().startswith("{") or not text.strip():
        return text, None
    try:
        value, places = read_definition("definition.yaml", text)
    except CannotRead:
        return text, None
    return dumps(value), places
