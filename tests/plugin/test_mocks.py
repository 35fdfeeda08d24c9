"""``dynastep.mock``: what it takes, what it answers, and what it says when it is not right."""

from __future__ import annotations

import itertools
import json
import re
from decimal import Decimal

import pytest
from botocore.exceptions import ClientError

from dynastep import Later, StateError
from emulator.faults import Fault
from emulator.integrations.selection import Selection

LAMBDA = "arn:aws:states:::lambda:invoke"
GLUE = "arn:aws:states:::glue:startJobRun.sync"
MAP = {"Type": "Map", "End": True}


def task(resource=LAMBDA, **fields):
    end = {} if "Next" in fields else {"End": True}
    return {"Type": "Task", "Resource": resource, **end, **fields}


def machine(**states):
    return {"StartAt": next(iter(states)), "States": states}


CHARGE = machine(Charge=task(Parameters={"FunctionName": "charge", "Payload": {"amount.$": "$.amount"}}))
RETRIED = machine(Charge=task(Retry=[{"ErrorEquals": ["Card.Busy"], "IntervalSeconds": 1}]))
BUSY = StateError("Card.Busy", "later")


# What stands for what


@pytest.mark.parametrize("name", ["Run", GLUE, "glue:startJobRun.sync"])
def test_a_mock_names_a_state_or_a_resource(dynastep, name):
    dynastep.mock(name, {"JobRunState": "SUCCEEDED"})
    assert dynastep.run(machine(Run=task(GLUE))).output == {"JobRunState": "SUCCEEDED"}


def test_a_function_that_is_nowhere_is_named_by_its_arn(dynastep):
    arn = "arn:aws:lambda:us-east-1:000000000000:function:far-away"
    dynastep.mock(arn, {"paid": True})
    assert dynastep.run(machine(Charge=task(arn))).output == {"paid": True}


def test_a_mock_stands_for_what_is_not_built(dynastep):
    ended = machine(Read=task("arn:aws:states:::aws-sdk:qldb:describeLedger"))
    said = "Dynastep has not built aws-sdk:qldb:describeLedger, a service that AWS has ended, yet."
    execution = dynastep.run(ended)
    assert execution.error == "Dynastep.NotBuilt"
    assert execution.cause == f"{said} A mock can stand for it: docs/mocks.md"
    dynastep.mock("Read", {"State": "ACTIVE"})
    assert dynastep.run(ended).output == {"State": "ACTIVE"}


def test_a_state_goes_before_its_resource_and_the_newest_before_the_others(dynastep):
    dynastep.mock("Charge", {"Payload": 1})
    assert dynastep.run(RETRIED).output == {"Payload": 1}
    dynastep.mock("Charge", {"Payload": 2})
    dynastep.mock("lambda:invoke", {"Payload": 3})
    states = machine(Charge=task(Next="Other", ResultPath=None), Other=task())
    execution = dynastep.run(states)
    results = [json.loads(event["taskSucceededEventDetails"]["output"]) for event in execution.history
               if event["type"] == "TaskSucceeded"]  # fmt: skip
    assert results == [{"Payload": 2}, {"Payload": 3}]


def test_a_mock_may_be_for_one_machine(dynastep):
    states = dynastep.client("stepfunctions")
    arns = [
        states.create_state_machine(name=name, definition=json.dumps(RETRIED), roleArn="arn:aws:iam::1:role/r")
        for name in ("red", "blue")
    ]
    for name in ("red", "blue"):
        dynastep.mock("Charge", {"Payload": name}, machine=name)
    assert [dynastep.run(arn["stateMachineArn"]).output["Payload"] for arn in arns] == ["red", "blue"]


def test_a_mock_is_for_executions_that_anybody_starts(dynastep):
    dynastep.mock("Charge", {"Payload": 1}, machine="inner")
    states = dynastep.client("stepfunctions")
    inner = states.create_state_machine(name="inner", definition=json.dumps(RETRIED), roleArn="arn:aws:iam::1:role/r")
    start = task(
        "arn:aws:states:::states:startExecution.sync:2",
        Parameters={"StateMachineArn": inner["stateMachineArn"]},
        OutputPath="$.Output",
    )
    assert dynastep.run(machine(Start=start)).output == {"Payload": 1}


@pytest.mark.parametrize("config", [{}, {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}])
def test_iterations_of_a_map_share_a_mock(dynastep, config):
    each = {**machine(Each=task(OutputPath="$.Payload")), **({"ProcessorConfig": config} if config else {})}
    dynastep.mock("Each", {"Payload": "a"}, {"Payload": "b"})
    execution = dynastep.run(machine(All={**MAP, "ItemProcessor": each, "MaxConcurrency": 1}), [0, 0])
    assert execution.output == ["a", "b"]


# Answers


def test_one_answer_is_for_every_attempt(dynastep):
    dynastep.mock("Charge", BUSY)
    execution = dynastep.run(RETRIED)
    assert (execution.error, execution.cause, execution.elapsed) == ("Card.Busy", "later", 1 + 2 + 4)


def test_several_answers_are_for_one_attempt_each_in_every_execution(dynastep):
    charge = dynastep.mock("Charge", BUSY, BUSY, {"Payload": "paid"})
    for _ in range(2):
        execution = dynastep.run(RETRIED)
        assert (execution.output, execution.elapsed) == ({"Payload": "paid"}, 1 + 2)
    assert len(charge.calls) == 6


def test_a_callable_gets_arguments_of_its_own(dynastep):
    def pay(arguments):
        arguments["Payload"]["amount"] += 1
        return {"Payload": arguments["Payload"]}

    charge = dynastep.mock("Charge", pay)
    execution = dynastep.run(CHARGE, {"amount": 42})
    assert execution.output == {"Payload": {"amount": 43}}
    assert charge.calls == [{"FunctionName": "charge", "Payload": {"amount": 42}}]


def test_a_callable_may_use_the_emulator(dynastep):
    queue = dynastep.client("sqs").create_queue(QueueName="queue")["QueueUrl"]
    dynastep.mock("Charge", lambda _: {"Payload": dynastep.client("sqs").list_queues()["QueueUrls"]})
    assert dynastep.run(RETRIED).output == {"Payload": [queue]}


@pytest.mark.parametrize("answer", [BUSY, Later(after=0, error=BUSY), Later(after=0, value=BUSY)])
def test_a_callable_may_answer_an_error(dynastep, answer):
    dynastep.mock("Charge", lambda _: answer)
    assert dynastep.run(CHARGE, {"amount": 1}).error == "Card.Busy"


def test_a_callable_may_raise_an_error(dynastep):
    def refuse(arguments):
        raise StateError("Card.Refused", f"{arguments['Payload']['amount']} is too much")

    dynastep.mock("Charge", refuse)
    assert dynastep.run(CHARGE, {"amount": 42}).cause == "42 is too much"


@pytest.mark.parametrize("resource", [LAMBDA, GLUE, "arn:aws:states:::sqs:sendMessage.waitForTaskToken"])
@pytest.mark.parametrize("made", [False, True])
def test_an_answer_may_take_time(dynastep, resource, made):
    later = Later(after=90, value={"done": 1})
    dynastep.mock("Work", (lambda _: later) if made else later, checked=False)
    execution = dynastep.run(machine(Work=task(resource, TimeoutSeconds=100)))
    assert (execution.output, execution.elapsed) == ({"done": 1}, 90)
    execution = dynastep.run(machine(Work=task(resource, TimeoutSeconds=60)))
    assert (execution.error, execution.elapsed) == ("States.Timeout", 60)


@pytest.mark.parametrize("made", [False, True])
def test_the_worker_of_an_activity_may_take_time(dynastep, made):
    later = Later(after=90, value="done")
    dynastep.mock("Work", (lambda _: later) if made else later)
    arn = f"arn:aws:states:us-east-1:{dynastep.account}:activity:carry"
    states = dynastep.client("stepfunctions")
    made_machine = states.create_state_machine(
        name="m", definition=json.dumps(machine(Work=task(arn))), roleArn="arn:aws:iam::1:role/r"
    )
    started = states.start_execution(stateMachineArn=made_machine["stateMachineArn"])
    described = states.describe_execution(executionArn=started["executionArn"])
    assert (described["status"], described["output"]) == ("SUCCEEDED", '"done"')
    assert (described["stopDate"] - described["startDate"]).total_seconds() == 90


def test_a_job_that_is_stopped_leaves_no_time_behind(dynastep):
    dynastep.mock("Work", Later(after=10**6, value={}))
    dynastep.run(machine(Work=task(GLUE, TimeoutSeconds=60)))
    before = dynastep.clock.now()
    dynastep.run(machine(Rest={"Type": "Wait", "Seconds": 5, "End": True}))
    assert dynastep.clock.now() - before == 5


# In steps

STEPS = {"ErrorEquals": ["Card.Busy"], "IntervalSeconds": 1, "MaxAttempts": 9, "BackoffRate": 1}
STUBBORN = machine(Charge=task(Retry=[STEPS]))


def paid(amount):
    return {"StatusCode": 200, "Payload": amount}


def test_steps_say_how_often_and_how_long(dynastep):
    charge = dynastep.mock("Charge").throws("Card.Busy", "later", times=2).then_returns(paid(7), after="3s")
    for _ in range(2):  # the steps are those of every execution
        execution = dynastep.run(STUBBORN)
        assert (execution.output, execution.elapsed, len(execution.tasks)) == (paid(7), 2 + 3, 3)
    assert [task.error for task in execution.tasks] == ["Card.Busy", "Card.Busy", None]
    assert len(charge.calls) == 6


def test_a_step_is_for_one_attempt_if_another_follows_and_else_for_all_that_come(dynastep):
    dynastep.mock("Charge").throws("Card.Busy", after="1 min").then_throws("Card.Busy").then_throws("Card.Lost")
    execution = dynastep.run(STUBBORN)
    assert ([task.error for task in execution.tasks], execution.elapsed) == (
        ["Card.Busy", "Card.Busy", "Card.Lost"],
        62,
    )
    dynastep.mock("Charge").throws("Card.Busy")
    assert len(dynastep.run(STUBBORN).tasks) == 10
    dynastep.mock("Charge", BUSY, BUSY).then_returns(paid(1), times=1)
    assert dynastep.run(STUBBORN).output == paid(1)


@pytest.mark.parametrize(
    ("after", "seconds"), [(3, 3), ("3", 3), ("1.5s", 1.5), ("2 min", 120), ("2m", 120), ("1h", 3600), ("1 d", 86_400)]
)
def test_a_time_is_a_number_or_a_text_with_a_unit(dynastep, after, seconds):
    dynastep.mock("Charge").returns(paid(1), after=after)
    assert dynastep.run(STUBBORN).elapsed == seconds


def test_steps_that_cannot_be(dynastep):
    charge = dynastep.mock("Charge")
    with pytest.raises(
        ValueError, match="^'3 weeks' is no time: seconds are wanted, or a text such as '3s', '2 min' or "
    ):
        charge.returns(1, after="3 weeks")
    with pytest.raises(ValueError, match="^a mock answers at least once, not 0 times$"):
        charge.throws("Card.Busy", times=0)
    with pytest.raises(TypeError, match="^Object of type set is not JSON serializable$"):
        charge.returns({1})
    with pytest.raises(Fault) as raised:
        dynastep.run(STUBBORN)
    assert str(raised.value) == (
        "ValidationException: The mock of 'Charge' has no answer: give it one, or .returns(...) or .throws(...)."
    )
    charge.optional = True


# What cannot be


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ((Decimal(1),), "Object of type Decimal is not JSON serializable"),
        ((Later(after=1, value={1, 2}),), "Object of type set is not JSON serializable"),
    ],
)
def test_an_answer_that_is_none(dynastep, answers, message):
    with pytest.raises(TypeError) as raised:
        dynastep.mock("Charge", *answers)
    assert str(raised.value) == message


TABLE = machine(Read=task("arn:aws:states:::dynamodb:getItem"))


@pytest.mark.parametrize(
    ("resource", "value", "flaw"),
    [
        ("dynamodb:getItem", {"Item": [1]}, "Field 'Item' must be an object"),
        ("aws-sdk:sfn:startExecution", {"ExecutionArn": "arn"}, "Required field 'StartDate' is missing"),
        ("aws-sdk:s3:getObject", "text", ""),
        ("batch:submitJob", {"JobId": "j"}, "Required field 'JobName' is missing"),
    ],
)
def test_a_value_that_the_service_could_not_answer_is_refused(dynastep, resource, value, flaw):
    dynastep.mock("Work", value, optional=True)
    said = f"Mock result schema validation error: {flaw}" if flaw else "Mocked result must be a JSON object."
    work = machine(Work=task(f"arn:aws:states:::{resource}"))
    with pytest.raises(Fault) as raised:
        dynastep.run(work)
    text = f"The mock of 'Work' is no answer of {resource}: {said} (checked=False allows it)"
    assert str(raised.value) == f"ValidationException: {text}"


def test_a_value_need_not_be_checked(dynastep):
    dynastep.mock("Read", {"Item": [1]}, checked=False)
    assert dynastep.run(TABLE).output == {"Item": [1]}


def test_a_mock_that_stands_for_nothing_is_refused_when_a_machine_starts(dynastep):
    dynastep.mock("Chrage", 1, optional=True)
    said = (
        "The mock of 'Chrage' stands for nothing. There is no Task 'Chrage'. Is 'Charge' meant? There is 'Charge', "
        "'lambda:invoke'. Make a mock after its machine, or say which machine it is for."
    )
    with pytest.raises(Fault) as raised:
        dynastep.run(CHARGE)
    assert str(raised.value) == f"ValidationException: {said}"
    arn = dynastep.machine(CHARGE)
    with pytest.raises(ClientError) as refused:
        dynastep.client("stepfunctions").start_execution(stateMachineArn=arn)
    assert refused.value.response["Error"] == {"Code": "ValidationException", "Message": said}


def test_a_mock_may_be_for_a_machine_that_starts_later(dynastep):
    dynastep.mock("Inner", {"Payload": 1})
    dynastep.machine(machine(Each={**MAP, "ItemProcessor": machine(Inner=task())}))
    dynastep.run(machine(P={"Type": "Pass", "End": True}))
    assert dynastep.run(machine(Inner=task())).output == {"Payload": 1}


# The end of a test


def errors(result):
    """The lines of the error at the end of a test, which are all that is shown of it: no code of ours."""
    first = next(at for at, line in enumerate(result.outlines) if "ERROR at teardown of" in line)
    return list(itertools.takewhile(lambda line: not line.startswith("==="), result.outlines[first + 1 :]))


def test_a_mock_that_is_never_used_fails_the_test(project):
    result = project(
        """
        from dynastep import StateError

        def test_it(dynastep):
            task = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": True}
            definition = {"StartAt": "Charge", "States": {"Charge": {**task, "Catch": [
                {"ErrorEquals": ["States.ALL"], "Next": "Refund"}]}, "Refund": task}}
            dynastep.mock("Charge", {"Payload": 1})
            dynastep.mock("Refund", StateError("No", "never"))
            dynastep.mock("sqs:sendMessage", 1, machine="other")
            dynastep.run(definition)
        """
    )
    result.assert_outcomes(passed=1, errors=1)
    assert errors(result) == [
        "The mock of 'Refund' was never used.",
        "The mock of 'sqs:sendMessage' was never used.",
        "Tasks that were called: 'Charge' (lambda:invoke).",
        "A mock that may be left over says optional=True; see docs/mocks.md.",
    ]


def test_a_mock_that_may_be_left_over_does_not(project):
    project(
        """
        def test_it(dynastep):
            dynastep.mock("Charge", 1, optional=True)
        """
    ).assert_outcomes(passed=1)


def test_what_was_wrong_with_a_mock_fails_the_test_though_the_machine_hid_it(project):
    result = project(
        """
        def test_it(dynastep):
            task = {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:getItem", "End": True}
            definition = {"StartAt": "Read", "States": {"Read": {**task, "Retry": [
                {"ErrorEquals": ["States.ALL"]}]}}}
            for answers in [(lambda _: 1 / 0,), (lambda _: {"Item": 7},), ({}, {})]:
                dynastep.mock("Read", *answers)
                many = {"Type": "Map", "ItemProcessor": definition, "End": True}
                execution = dynastep.run({"StartAt": "Many", "States": {"Many": many}}, [1, 2, 3])
                assert execution.error.startswith("Dynastep.")
        """
    )
    result.assert_outcomes(passed=1, errors=1)
    assert errors(result) == [
        "The mock of 'Read' raised ZeroDivisionError('division by zero').",
        "The mock of 'Read' is no answer of dynamodb:getItem: Mock result schema validation error: "
        "Field 'Item' must be an object (checked=False allows it)",
        "The mock of 'Read' has no step for attempt 2 (from 0); it has 0, 1.",
    ]


UNKNOWN = [
    (LAMBDA, {"StatusCode": 200, "Paylod": 1}, "'Paylod'. Is 'Payload' meant?"),
    (
        "arn:aws:states:::dynamodb:getItem",
        {"Item": {"id": {"S": "1"}}, "ConsumedCapacity": {"CapacityUnit": 1}},
        "'ConsumedCapacity.CapacityUnit'. Is 'ConsumedCapacity.CapacityUnits' meant?",
    ),
    (
        "arn:aws:states:::aws-sdk:dynamodb:describeTable",
        {"Table": {"AttributeDefinitions": [{"AttributeName": "id", "AttributeTyp": "S"}]}},
        "'Table.AttributeDefinitions[0].AttributeTyp'. Is 'Table.AttributeDefinitions[0].AttributeType' meant?",
    ),
]


@pytest.mark.parametrize(("resource", "value", "said"), UNKNOWN)
def test_a_mock_has_no_member_that_the_service_does_not_have(dynastep, resource, value, said):
    definition = machine(Call=task(resource))
    dynastep.mock("Call", value, optional=True, checked=False)  # which is asked after the newer one
    dynastep.mock("Call", value, optional=True)
    with pytest.raises(Fault) as refused:
        dynastep.run(definition)
    assert f"There is no member {said}" in refused.value.message
    assert refused.value.message.endswith("(checked=False allows it)")


@pytest.mark.parametrize(("resource", "value", "said"), UNKNOWN)
@pytest.mark.parametrize("checked", ["present", "none"])
def test_a_mock_that_is_checked_less_may_have_any_member(dynastep, resource, value, said, checked):
    del said
    dynastep.mock("Call", value, checked=checked)
    assert dynastep.run(machine(Call=task(resource))).output == value


def test_what_step_functions_adds_and_what_only_a_function_knows_are_no_unknown_members(dynastep):
    answer = {"StatusCode": 200, "Payload": {"any": [{"thing": 1}]}, "SdkHttpMetadata": {"HttpStatusCode": 200}}
    dynastep.mock("Call", answer)
    assert dynastep.run(machine(Call=task())).output == answer


# Which attempts


EACH = machine(
    Each=MAP
    | {
        "ItemProcessor": machine(
            Ship=task(Parameters={"FunctionName": "ship", "Payload.$": "$"}, ResultSelector={"by.$": "$.Payload"})
        )
    }
)


@pytest.mark.parametrize(
    ("named", "answered"),
    [
        ("Ship", ["mock", "mock", "mock"]),
        ("Each/Ship", ["mock", "mock", "mock"]),
        ("Each[1]/Ship", ["other", "mock", "other"]),
        ("lambda:*", ["other", "other", "other"]),
        ("*/Ship", ["other", "other", "other"]),
    ],
)
def test_a_mock_names_a_state_a_place_an_item_or_a_pattern_and_the_closest_goes_first(dynastep, named, answered):
    dynastep.mock(named, {"Payload": "mock"}, optional=True)
    dynastep.mock("lambda:invoke", {"Payload": "other"}, optional=True)
    assert [item["by"] for item in dynastep.run(EACH, [1, 2, 3]).output] == answered


def test_a_pattern_stands_for_every_task_that_it_fits(dynastep):
    dynastep.mock("*:aws-sdk:qldb:*", {})
    states = {
        "A": task("arn:aws:states:::aws-sdk:qldb:listLedgers", Next="B"),
        "B": task("arn:aws:states:::aws-sdk:qldb:describeLedger"),
    }
    assert dynastep.run(machine(**states)).succeeded


def test_an_item_of_nested_maps(dynastep):
    inner = machine(Ship=task(Parameters={"FunctionName": "x", "Payload.$": "$"}, OutputPath="$.Payload"))
    outer = machine(Row=MAP | {"ItemProcessor": machine(Cell=MAP | {"ItemProcessor": inner})})
    dynastep.mock("Ship", {"Payload": "."})
    dynastep.mock("Row[1]/Cell[0]/Ship", {"Payload": "one cell"})
    dynastep.mock("Row/Cell[2]/Ship", {"Payload": "a column"})
    assert dynastep.run(outer, [[0, 0, 0], [0, 0, 0]]).output == [[".", ".", "a column"], ["one cell", ".", "a column"]]


def test_items_of_a_distributed_map_have_no_numbers(dynastep):
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        **EACH["States"]["Each"]["ItemProcessor"],
    }
    dynastep.mock("Each/Ship", {"Payload": "mock"})
    definition = machine(Each=MAP | {"ItemProcessor": processor})
    assert dynastep.run(definition, [1, 2]).output == [{"by": "mock"}] * 2
    dynastep.mock("Each[0]/Ship", {"Payload": 1}, optional=True)
    with pytest.raises(Fault) as refused:
        dynastep.run(definition, [1])
    assert refused.value.message.startswith(
        "The mock of 'Each[0]/Ship' stands for nothing. There is no Task 'Each[0]/Ship'. Is 'Each/Ship' meant?"
    )


@pytest.mark.parametrize(
    ("when", "answered"),
    [
        ({"Payload": {"n": 2}}, [False, True]),
        ({"Payload": {"n": lambda n: n > 1}}, [False, True]),
        ({"FunctionName": re.compile("^sh"), "Payload": {"n": 1}}, [True, False]),
        (re.compile(r'"n":[12]'), [True, True]),
        (lambda arguments: arguments["Payload"]["n"] == 1, [True, False]),
        ({"Payload": {"n": True}}, [False, False]),
        ({"Payload": {"n": 1, "absent": 1}}, [False, False]),
    ],
)
def test_arguments_say_whether_a_mock_answers_and_others_go_on(dynastep, when, answered):
    dynastep.function("ship", lambda event: "the function")
    dynastep.mock("Ship", {"Payload": "mock"}, when=when, optional=True)
    output = dynastep.run(EACH, [{"n": 1}, {"n": 2}]).output
    assert [item["by"] == "mock" for item in output] == answered
    assert {item["by"] for item in output} <= {"mock", "the function"}


def test_a_mock_of_some_arguments_goes_before_one_of_any(dynastep):
    dynastep.mock("Ship", {"Payload": "two"}, when={"Payload": 2})
    every = dynastep.mock("Ship", {"Payload": "every"})
    assert [item["by"] for item in dynastep.run(EACH, [1, 2]).output] == ["every", "two"]
    assert every.calls == [{"FunctionName": "ship", "Payload": 1}]


def test_arguments_that_no_mock_takes_are_checked_as_ever(dynastep):
    dynastep.mock("Ship", {"Payload": 1}, when={"FunctionName": "ship"}, optional=True)
    parameters = {"FunctionName.$": "$.name"}
    failed = dynastep.run(machine(Ship=task(Parameters=parameters)), {"name": 7})
    assert failed.error == "States.Runtime"
    assert [event["type"] for event in failed.history][-1] == "ExecutionFailed"
    assert "TaskScheduled" not in [event["type"] for event in failed.history]


def test_a_callable_of_when_that_fails_is_told(project):
    project(
        """
        import pytest

        def test_it(dynastep):
            task = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "f"}, "End": True}
            dynastep.mock("Ship", {"Payload": 1}, when=lambda arguments: arguments["nothing"])
            assert dynastep.run({"StartAt": "Ship", "States": {"Ship": task}}).error == "Dynastep.MockFailed"
        """
    ).stdout.fnmatch_lines(
        [
            "The mock of 'Ship': its 'when' raised KeyError('nothing').",
            "The mock of 'Ship' was never used.",
            "Tasks that were called: 'Ship' (lambda:invoke).",
        ]
    )


SOLD = "arn:aws:states:::aws-sdk:dynamodb:describeTable"


@pytest.mark.parametrize("checked", ["strict", "present", "none", True, False])
def test_values_are_checked_as_testers_want(dynastep, checked):
    """Members that are always answered are missing; then one is of the wrong type."""
    lacking = {"Table": {"Replicas": [{"KmsMasterKeyId": "k"}], "StreamSpecification": {}}}
    wrong = {"Table": {"TableName": 7}}
    said = "The mock of 'Look' is no answer of aws-sdk:dynamodb:describeTable: Mock result schema validation error: "
    for value, flaw, allowed in [
        (lacking, "Required field 'StreamEnabled' is missing", ("present", "none", False)),
        (wrong, "Field 'TableName' must be a string", ("none", False)),
    ]:
        mock = dynastep.mock("Look", value, checked=checked, optional=True)
        definition = machine(Look=task(SOLD, Parameters={"TableName": "t"}))
        if checked in allowed:
            assert dynastep.run(definition).output == value
        else:
            with pytest.raises(Fault) as refused:
                dynastep.run(definition)
            assert refused.value.message == f"{said}{flaw} (checked=False allows it)"
        mock.selection = Selection("nothing", machine="none")


def test_there_are_three_ways_to_check(dynastep):
    with pytest.raises(ValueError, match="checked is 'strict', 'present', 'none', True or False, not 'lax'"):
        dynastep.mock("Look", 1, checked="lax")
