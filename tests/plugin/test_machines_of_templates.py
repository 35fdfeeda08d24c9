"""Machines of templates, run in a test by their logical names."""

from __future__ import annotations

import json
import textwrap

import pytest

TEMPLATE = textwrap.dedent("""\
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Charge:
        Type: AWS::Serverless::Function
        Properties: {Handler: a.b, Runtime: python3.13, CodeUri: src}
      Orders:
        Type: AWS::DynamoDB::Table
        Properties: {TableName: the-orders}
      Order:
        Type: AWS::Serverless::StateMachine
        Properties:
          Name: orders
          DefinitionUri: order.asl.yaml
          DefinitionSubstitutions:
            ChargeFunction: !GetAtt Charge.Arn
            Table: !Ref Orders
""")
DEFINITION = textwrap.dedent("""\
    StartAt: Charge
    States:
      Charge:
        Type: Task
        Resource: ${ChargeFunction}
        ResultPath: $.charged
        Next: Report
      Report:
        Type: Pass
        Parameters:
          table: ${Table}
          charged.$: $.charge
        End: true
""")


@pytest.fixture
def template(tmp_path):
    (tmp_path / "order.asl.yaml").write_text(DEFINITION.replace("$.charge\n", "$.charged\n"), encoding="utf-8")
    (tmp_path / "template.yaml").write_text(TEMPLATE, encoding="utf-8")
    return tmp_path / "template.yaml"


@pytest.mark.parametrize("name", ["Order", "orders", None])
def test_a_machine_of_a_template_calls_what_its_references_name(dynastep, template, name):
    dynastep.function("Charge", lambda event: event["amount"])
    machine = dynastep.machine(template, name)
    assert dynastep.run(machine, {"amount": 7}).output == {"table": "the-orders", "charged": 7}


def test_a_substitution_of_the_test_goes_before_that_of_the_template(dynastep, template):
    dynastep.function("Charge", lambda event: None)
    machine = dynastep.machine(template, substitutions={"Table": "another"})
    assert dynastep.run(machine, {}).output["table"] == "another"


def test_a_failure_names_the_line_in_the_file_of_the_definition(dynastep, tmp_path, template):
    (tmp_path / "order.asl.yaml").write_text(DEFINITION, encoding="utf-8")
    dynastep.function("Charge", lambda event: None)
    execution = dynastep.run(dynastep.machine(template), {})
    assert "failed:  Report (Pass) at order.asl.yaml:8" in execution.explanation()


def test_a_name_that_is_not_there_is_told_with_the_nearest(dynastep, template):
    with pytest.raises(ValueError, match=r"There is no state machine 'Ordr'.*Order"):
        dynastep.machine(template, "Ordr")


def test_a_definition_has_no_logical_name(dynastep, tmp_path):
    file = tmp_path / "a.asl.json"
    file.write_text(json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}), encoding="utf-8")
    with pytest.raises(ValueError, match="'Order' would be the logical name of a machine in a template"):
        dynastep.machine(file, "Order")
