"""Drift: what other hands have done to the resources of a stack is found, property by property."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from simple_stacks import parameter, refused
from types_of_services import FUNCTION, resource

from emulator.deploying.drift import differences

QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "q", "DelaySeconds": "5"}}


def detected(formation, name="s"):
    token = formation.detect_stack_drift(StackName=name)["StackDriftDetectionId"]
    return formation.describe_stack_drift_detection_status(StackDriftDetectionId=token)


def test_a_stack_that_nobody_touched_is_in_sync(stacks, formation):
    stack_id = stacks.create({"Resources": {"Q": QUEUE, "P": parameter("v"), "T": {"Type": "AWS::SNS::Topic"}}})
    assert stacks.one()["DriftInformation"] == {"StackDriftStatus": "NOT_CHECKED"}
    found = detected(formation)
    assert (found["StackId"], found["DetectionStatus"]) == (stack_id, "DETECTION_COMPLETE")
    assert (found["StackDriftStatus"], found["DriftedStackResourceCount"]) == ("IN_SYNC", 0)
    drifts = formation.describe_stack_resource_drifts(StackName="s")["StackResourceDrifts"]
    assert {each["LogicalResourceId"]: each["StackResourceDriftStatus"] for each in drifts} == dict.fromkeys(
        "QPT", "IN_SYNC"
    )
    assert stacks.one()["DriftInformation"]["StackDriftStatus"] == "IN_SYNC"
    [shown] = formation.list_stacks()["StackSummaries"]
    assert shown["DriftInformation"]["StackDriftStatus"] == "IN_SYNC"


def test_a_changed_and_a_deleted_resource_are_told_apart(stacks, formation, dynastep):
    stacks.create({"Resources": {"Q": QUEUE, "P": parameter("v"), "T": {"Type": "AWS::SNS::Topic"}}})
    made = stacks.physical()
    dynastep.client("sqs").set_queue_attributes(QueueUrl=made["Q"], Attributes={"DelaySeconds": "9"})
    dynastep.client("ssm").delete_parameter(Name=made["P"])
    found = detected(formation)
    assert (found["StackDriftStatus"], found["DriftedStackResourceCount"]) == ("DRIFTED", 2)
    changed = formation.describe_stack_resource_drifts(StackName="s", StackResourceDriftStatusFilters=["MODIFIED"])
    [drift] = changed["StackResourceDrifts"]
    assert drift["PropertyDifferences"] == [
        {"PropertyPath": "/DelaySeconds", "ExpectedValue": "5", "ActualValue": "9", "DifferenceType": "NOT_EQUAL"}
    ]
    assert json.loads(drift["ExpectedProperties"])["DelaySeconds"] == "5"
    assert json.loads(drift["ActualProperties"])["DelaySeconds"] == "9"
    gone = formation.describe_stack_resource_drifts(StackName="s", StackResourceDriftStatusFilters=["DELETED"])
    assert [each["LogicalResourceId"] for each in gone["StackResourceDrifts"]] == ["P"]
    resource_shown = formation.describe_stack_resource(StackName="s", LogicalResourceId="Q")["StackResourceDetail"]
    assert resource_shown["DriftInformation"]["StackResourceDriftStatus"] == "MODIFIED"


def test_one_resource_is_looked_at_alone(stacks, formation, dynastep):
    stacks.create({"Resources": FUNCTION})
    name = stacks.physical()["Function"]
    drift = formation.detect_stack_resource_drift(StackName="s", LogicalResourceId="Function")["StackResourceDrift"]
    assert drift["StackResourceDriftStatus"] == "IN_SYNC"
    dynastep.client("lambda").update_function_configuration(FunctionName=name, Handler="index.other")
    drift = formation.detect_stack_resource_drift(StackName="s", LogicalResourceId="Function")["StackResourceDrift"]
    [difference] = drift["PropertyDifferences"]
    assert (difference["PropertyPath"], difference["ActualValue"]) == ("/Handler", "index.other")


def test_a_machine_whose_definition_was_changed_has_drifted(stacks, formation, dynastep):
    def definition(comment):
        return {"Comment": comment, "StartAt": "A", "States": {"A": {"Type": "Succeed"}}}

    role = f"arn:aws:iam::{dynastep.account}:role/r"
    stacks.create(
        {
            "Resources": {
                "M": resource(
                    "StepFunctions::StateMachine", RoleArn=role, DefinitionString=json.dumps(definition("a"))
                ),
                "N": resource("StepFunctions::StateMachine", RoleArn=role, Definition=definition("a")),
            }
        }
    )
    assert detected(formation)["StackDriftStatus"] == "IN_SYNC"
    machine = stacks.physical()["M"]
    changed = json.dumps(definition("b"))
    dynastep.client("stepfunctions").update_state_machine(stateMachineArn=machine, definition=changed)
    assert detected(formation)["DriftedStackResourceCount"] == 1
    [drift] = formation.describe_stack_resource_drifts(StackName="s", StackResourceDriftStatusFilters=["MODIFIED"])[
        "StackResourceDrifts"
    ]
    [difference] = drift["PropertyDifferences"]
    assert (difference["PropertyPath"], difference["ActualValue"]) == ("/DefinitionString", changed)


def test_what_is_not_looked_at_is_not_checked(stacks, formation):
    stacks.create({"Resources": {"W": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}})
    assert detected(formation)["StackDriftStatus"] == "IN_SYNC"
    assert formation.describe_stack_resource_drifts(StackName="s")["StackResourceDrifts"] == []
    [shown] = formation.describe_stack_resources(StackName="s")["StackResources"]
    assert shown["DriftInformation"] == {"StackResourceDriftStatus": "NOT_CHECKED"}


@pytest.mark.parametrize(
    ("operation", "params", "message"),
    [
        ("detect_stack_drift", {"StackName": "none"}, "Stack [none] does not exist"),
        ("describe_stack_resource_drifts", {"StackName": "none"}, "Stack [none] does not exist"),
        (
            "detect_stack_resource_drift",
            {"StackName": "s", "LogicalResourceId": "X"},
            "Resource X does not exist for stack s",
        ),
    ],
)
def test_what_is_not_there_has_no_drift(stacks, formation, operation, params, message):
    stacks.create({"Resources": {"Q": QUEUE}})
    assert refused(getattr(formation, operation), **params) == ("ValidationError", message)


@given(st.recursive(st.integers() | st.text() | st.booleans(), lambda each: st.lists(each) | st.dictionaries(
    st.text("abcXYZ", min_size=1, max_size=3).map(str.lower), each), max_leaves=10))  # fmt: skip
def test_a_value_does_not_differ_from_itself(value):
    assert list(differences(value, value)) == []


@pytest.mark.parametrize(
    ("expected", "actual", "found"),
    [
        ({"A": "1"}, {"a": 1, "b": 2}, []),
        ({"A": "1.0"}, {"A": 1}, []),
        ({"A": True}, {"A": "true"}, []),
        ({"A": '{"b": 1}'}, {"A": '{"b":1}'}, []),
        ({"A": []}, {}, []),
        ({"A": 1}, {}, [("/A", "REMOVE")]),
        ({"A": [1, 2]}, {"A": [2, 3]}, [("/A/0", "REMOVE"), ("/A/1", "ADD")]),
        ({"Variables": {"x": 1}}, {"Variables": {"x": 1, "y": 2}}, [("/Variables/y", "ADD")]),
        ({"A": {"B": "x"}}, {"A": {"B": "y"}}, [("/A/B", "NOT_EQUAL")]),
        ({"A": "x"}, {"A": ["x"]}, [("/A", "NOT_EQUAL")]),
    ],
)
def test_differences(expected, actual, found):
    assert [(each["PropertyPath"], each["DifferenceType"]) for each in differences(expected, actual)] == found
