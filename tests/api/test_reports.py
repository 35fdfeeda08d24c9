"""What later recordings and public reports of AWS have shown: a test for each kind, with its siblings."""

from __future__ import annotations

import json

import pytest

ROLE = "arn:aws:iam::123456789012:role/r"
INNER = {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": True}}}
DAY = 24 * 3600


def one(**state):
    return {"StartAt": "S", "States": {"S": {**state, "End": True}}}


@pytest.fixture
def states(dynastep):
    return dynastep.client("stepfunctions")


@pytest.fixture
def made(states):
    """Make a state machine; its ARN."""

    def make(definition, name="m", **fields):
        text = json.dumps(definition)
        return states.create_state_machine(name=name, definition=text, roleArn=ROLE, **fields)["stateMachineArn"]

    return make


def refusal(operation, **params):
    """The code and the text of an error."""
    with pytest.raises(Exception, match="An error occurred") as refused:
        operation(**params)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


DISTRIBUTED = {**INNER, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}


@pytest.mark.parametrize("processor", [INNER, DISTRIBUTED], ids=["inline", "distributed"])
@pytest.mark.parametrize("items", [{"Items": "{% 1 %}"}, {"Items": "{% $v %}"}, {"Items": "{% $sum %}"}, {}])
def test_a_map_in_jsonata_without_a_list_of_items_fails_as_a_state_too(dynastep, items, processor):
    machine = one(Type="Map", ItemProcessor=processor, **items)
    machine["States"]["A"] = {"Type": "Pass", "Assign": {"v": True}, "Output": 5, "Next": "S"}
    execution = dynastep.run({**machine, "StartAt": "A", "QueryLanguage": "JSONata"})
    assert [(event["type"], event["previousEventId"]) for event in execution.history[3:]] == [
        ("MapStateEntered", 3),
        ("EvaluationFailed", 3),
        ("MapStateFailed", 5),
        ("ExecutionFailed", 6),
    ]


@pytest.mark.parametrize("language", ["JSONPath", "JSONata"])
def test_what_an_inline_map_tolerates_has_no_effect(dynastep, language):
    failing = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "No"}}}
    tolerated = {"ToleratedFailureCount": 5, "ToleratedFailurePercentage": 100}
    machine = {"QueryLanguage": language, **one(Type="Map", ItemProcessor=failing, **tolerated)}
    execution = dynastep.run(machine, [1, 2])
    assert (execution.status, execution.error) == ("FAILED", "No")


def assigning(**more):
    return {"Type": "Pass", "Assign": {"v": 1}, **more}


@pytest.mark.parametrize("kind", ["Parallel", "Map"])
@pytest.mark.parametrize("where", ["Catch", "Assign"])
def test_a_state_may_assign_afterwards_what_its_branches_assign(made, kind, where):
    inner = {"StartAt": "I", "States": {"I": assigning(End=True)}}
    scopes = {"Branches": [inner]} if kind == "Parallel" else {"ItemProcessor": inner}
    own = {"Assign": {"v": 2}}
    own = {"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "E", **own}]} if where == "Catch" else own
    states = {"S": {"Type": kind, **scopes, **own, "Next": "E"}, "E": {"Type": "Succeed"}}
    assert made({"StartAt": "S", "States": states})


def test_a_branch_may_not_assign_what_is_assigned_before_it(made):
    inner = {"StartAt": "I", "States": {"I": assigning(End=True)}}
    states = {"A": assigning(Next="S"), "S": {"Type": "Parallel", "Branches": [inner], "End": True}}
    with pytest.raises(Exception, match="InvalidDefinition"):
        made({"StartAt": "A", "States": states})


def test_an_alias_that_is_gone_can_be_deleted_and_not_updated(states, made):
    arn = f"{made(one(Type='Pass'))}:gone"
    assert states.delete_state_machine_alias(stateMachineAliasArn=arn)["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert refusal(states.update_state_machine_alias, stateMachineAliasArn=arn, description="x") == (
        "ResourceNotFound",
        "Request references a resource that does not exist.",
    )


def test_text_that_no_state_has_changed_keeps_its_spacing_inside_what_parallels_collect(states, made):
    inner = {"StartAt": "P", "States": {"P": {"Type": "Parallel", "Branches": [INNER], "End": True}}}
    execution = states.start_execution(
        stateMachineArn=made(one(Type="Parallel", Branches=[inner])), input="[[1, 2, 3], [4, 5, 6]]"
    )["executionArn"]
    text = "[[[[1, 2, 3], [4, 5, 6]]]]"
    assert states.describe_execution(executionArn=execution)["output"] == text
    *_, left, ended = states.get_execution_history(executionArn=execution)["events"]
    assert left["stateExitedEventDetails"]["output"] == ended["executionSucceededEventDetails"]["output"] == text


@pytest.mark.parametrize(
    ("state", "output"),
    [
        ({"Type": "Pass", "Parameters": {"x.$": "States.Array($)"}, "OutputPath": "$.x"}, '[{"a":1}]'),
        (
            {"Type": "Map", "ItemsPath": "$.l", "ItemSelector": {"v.$": "$"}, "ItemProcessor": INNER},
            '[{"v":{"l":[1]}}]',
        ),
    ],
)
def test_what_a_state_has_made_is_compact(states, made, state, output):
    document = '{"a":  1}' if state["Type"] == "Pass" else '{"l":  [1]}'
    execution = states.start_execution(stateMachineArn=made(one(**state)), input=document)["executionArn"]
    assert states.describe_execution(executionArn=execution)["output"] == output


def test_a_map_over_the_context_object_is_tested(states):
    state = {"Type": "Map", "ItemsPath": "$$.Execution.Input", "ItemProcessor": INNER, "End": True}
    answer = states.test_state(
        definition=json.dumps(state),
        context=json.dumps({"Execution": {"Input": {"a": 1}}}),
        input="{}",
        mock={"result": "[]"},
        inspectionLevel="DEBUG",
    )
    assert answer["cause"] == 'Reference path "$.Execution.Input" must point to array.'
    assert answer["inspectionData"] == {"input": "{}", "afterInputPath": "{}"}


def test_a_state_that_is_tested_without_a_role_has_none_in_its_context(states):
    output = "{% [$states.context.Execution.RoleArn, $states.context.State.Name] %}"
    state = json.dumps({"Type": "Pass", "QueryLanguage": "JSONata", "Output": output, "End": True})
    assert json.loads(states.test_state(definition=state)["output"]) == [None, "StateName"]
    assert json.loads(states.test_state(definition=state, roleArn=ROLE)["output"]) == [ROLE, "StateName"]


TRAILING = [
    # state, output
    ({"Type": "Pass", "InputPath": "$.a "}, {"b": 1}),
    ({"Type": "Pass", "OutputPath": "$.a\n"}, {"b": 1}),
    ({"Type": "Pass", "Parameters": {"x.$": "$$.State.Name "}}, {"x": "S"}),
    ({"Type": "Pass", "Parameters": {"x.$": "States.Format('{}',$.a.b)\n"}}, {"x": "1"}),
    ({"Type": "Pass", "InputPath": "$.a.b", "ResultPath": "$.c \t"}, {"a": {"b": 1}, "l": [1], "n": 1, "c": 1}),
    ({"Type": "Map", "ItemsPath": "$.l ", "ItemProcessor": INNER, "ResultSelector": {"y.$": "$[0] "}}, {"y": 1}),
    ({"Type": "Wait", "SecondsPath": "$.n ", "OutputPath": "$.n"}, 1),
]


@pytest.mark.parametrize(("state", "output"), TRAILING)
def test_white_space_after_a_path_or_a_call_means_nothing(dynastep, state, output):
    execution = dynastep.run(one(**state), {"a": {"b": 1}, "l": [1], "n": 1})
    assert (execution.status, execution.output) == ("SUCCEEDED", output), execution.cause


def test_white_space_after_the_paths_of_a_choice_means_nothing(dynastep):
    rule = {"Variable": "$.n ", "NumericEqualsPath": "$.n\n", "Next": "E"}
    machine = {"StartAt": "C", "States": {"C": {"Type": "Choice", "Choices": [rule]}, "E": {"Type": "Succeed"}}}
    assert dynastep.run(machine, {"n": 1}).status == "SUCCEEDED"


@pytest.mark.parametrize(
    "state", [{"InputPath": " $.a"}, {"Parameters": {"x.$": " $.a"}}, {"Parameters": {"x.$": " States.UUID()"}}]
)
def test_white_space_before_one_is_refused(made, state):
    with pytest.raises(Exception, match="InvalidDefinition"):
        made(one(Type="Pass", **state))


UNIONS = [
    # path, the union as AWS shows it
    ("$['a', 'b'].v", "$['a', 'b']"),
    ("$.a['b','c'].x", "$['a']['b', 'c']"),
    ("$['a','t'][0]", "$['a', 't']"),
    ("$..['a','b'].x", "$..['a', 'b']"),
]


@pytest.mark.parametrize(("path", "shown"), UNIONS)
@pytest.mark.parametrize("field", ["InputPath", "Parameters"])
def test_a_union_of_names_that_is_not_the_end_of_a_path_fails_when_it_is_reached(dynastep, path, shown, field):
    value = path if field == "InputPath" else {"x.$": path}
    execution = dynastep.run(one(Type="Pass", **{field: value}), {"a": {"b": 1}})
    assert execution.error == "States.Runtime"
    said = f"Invalid path '{path}' : Multi properties can only be used as path leafs: {shown}"
    assert execution.cause.endswith(f"(entered at the event id #2). {said}")


def test_an_internal_error_of_an_expression_has_an_id(dynastep):
    output = "{% $base64decode('!!!') %}"
    execution = dynastep.run(one(Type="Pass", QueryLanguage="JSONata", Output=output))
    said, _, unique = execution.cause.rpartition(" ")
    assert said.endswith("specified for the field 'Output' threw an internal error during evaluation.")
    assert len(unique) == 36


def test_what_closed_ninety_days_ago_is_gone_and_its_name_is_free(dynastep, states, made):
    arn = made(one(Type="Pass"))
    execution = states.start_execution(stateMachineArn=arn, name="n", input="1")["executionArn"]
    states.describe_execution(executionArn=execution)
    dynastep.clock.advance(90 * DAY - 1)
    assert refusal(states.start_execution, stateMachineArn=arn, name="n", input="2")[0] == "ExecutionAlreadyExists"
    assert len(states.list_executions(stateMachineArn=arn)["executions"]) == 1
    dynastep.clock.advance(1)
    for operation in (states.describe_execution, states.get_execution_history, states.stop_execution):
        assert refusal(operation, executionArn=execution) == (
            "ExecutionDoesNotExist",
            f"Execution Does Not Exist: '{execution}'",
        )
    assert states.list_executions(stateMachineArn=arn)["executions"] == []
    assert states.start_execution(stateMachineArn=arn, name="n", input="2")["executionArn"] == execution
    assert states.describe_execution(executionArn=execution)["input"] == "2"


@pytest.mark.parametrize(("kind", "status"), [("Event", 202), ("DryRun", 204), ("RequestResponse", 200)])
def test_an_invocation_that_nobody_waits_for_has_its_own_status(dynastep, kind, status):
    dynastep.function("f", lambda _event, _context: 1)
    parameters = {"FunctionName": "f", "InvocationType": kind}
    output = dynastep.run(one(Type="Task", Resource="arn:aws:states:::lambda:invoke", Parameters=parameters)).output
    assert (output["StatusCode"], output["SdkHttpMetadata"]["HttpStatusCode"]) == (status, status)


def test_the_arn_of_a_labelled_map_is_no_state_machine(states, made):
    arn = f"{made(one(Type='Map', Label='lbl', ItemProcessor=DISTRIBUTED))}/lbl"
    for operation in (states.start_execution, states.describe_state_machine, states.delete_state_machine):
        assert refusal(operation, stateMachineArn=arn)[0] == "ValidationException"
