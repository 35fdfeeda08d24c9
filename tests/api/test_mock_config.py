"""The MockConfigFile of Step Functions Local: test cases after ``#``, by DYNASTEP_MOCK_CONFIG or SFN_MOCK_CONFIG.

The first machine and its three cases are those that AWS's page describes, with data of our own.
"""

from __future__ import annotations

import json
import os

import pytest
from botocore.exceptions import ClientError

from dynastep import StateError
from emulator import testing
from emulator.settings import InvalidSetting, Settings

LAMBDA = "arn:aws:states:::lambda:invoke"
SQS = "arn:aws:states:::sqs:sendMessage"


def throw(error, cause="It was said so.", **more):
    return {"Throw": {"Error": error, "Cause": cause}, **more}


def give(value, **more):
    return {"Return": value, **more}


def task(resource, **fields):
    end = {} if "Next" in fields else {"End": True}
    return {"Type": "Task", "Resource": resource, **end, **fields}


def machine(**states):
    return {"StartAt": next(iter(states)), "States": states}


@pytest.fixture
def mocks(tmp_path, monkeypatch):
    """Write the file: ``mocks({machine: {case: {state: response}}}, {response: steps})``."""
    file = tmp_path / "MockConfigFile.json"
    monkeypatch.setenv("SFN_MOCK_CONFIG", str(file))

    def write(machines, responses, **more):
        cases = {name: {"TestCases": cases} for name, cases in machines.items()}
        file.write_text(json.dumps({"StateMachines": cases, "MockedResponses": responses, **more}), encoding="utf-8")
        os.utime(file, ns=(0, next(times)))

    times = iter(range(10**9, 10**12, 10**9))
    write({}, {})
    return write


@pytest.fixture
def dynastep(mocks):  # it reads the variable as it begins
    with testing.emulator() as emulated:
        yield emulated


@pytest.fixture
def run(dynastep, mocks, create):
    """Run a machine of one Task, T, in a case in which its response has these steps."""

    def run_one(resource, steps, **fields):
        mocks({"M": {"case": {"T": "R"}}}, {"R": steps})
        return dynastep.run(create("M", machine(T=task(resource, **fields))) + "#case")

    return run_one


def kinds(execution, prefix="Task"):
    """What its events of Tasks were: ``Scheduled Started Succeeded``."""
    names = [event["type"].removeprefix(prefix) for event in execution.history if event["type"].startswith(prefix)]
    return " ".join(name for name in names if not name.startswith("State"))


# AWS's own example


@pytest.fixture
def notice(dynastep, mocks, create):
    """A function whose answer goes to a queue; a Retry waits for a function that is not there yet."""
    cases = {
        "HappyPath": {"Ask": "Asked", "Tell": "Told"},
        "RetryPath": {"Ask": "AskedInVain", "Tell": "Told"},
        "HybridPath": {"Ask": "Asked"},
    }
    answer = give({"StatusCode": 200, "Payload": {"StatusCode": 200, "body": "Good morning"}})
    responses = {
        "Asked": {"0": answer},
        "NeverUsed": {"0": throw("Lambda.ResourceNotReadyException")},
        "Told": {"0": give({"MD5OfMessageBody": "0" * 32, "MessageId": "m-1"})},
        "AskedInVain": {
            "0": throw("Lambda.ResourceNotReadyException"),
            "1-2": throw("Lambda.TimeoutException"),
            "3": answer,
        },
    }
    mocks({"Notice": cases}, responses)
    queue = dynastep.client("sqs").create_queue(QueueName="news")["QueueUrl"]
    arn = create(
        "Notice",
        machine(
            Ask=task(
                LAMBDA,
                Parameters={"FunctionName": "ask"},
                Retry=[
                    {"ErrorEquals": ["Lambda.ResourceNotReadyException"], "IntervalSeconds": 1},
                    {"ErrorEquals": ["Lambda.TimeoutException"], "IntervalSeconds": 5, "MaxAttempts": 2},
                ],
                ResultSelector={"said.$": "$.Payload.body"},
                Next="Tell",
            ),
            Tell=task(SQS, Parameters={"QueueUrl": queue, "MessageBody.$": "$.said"}),
        ),
    )
    return arn, queue


def test_the_happy_path(dynastep, notice):
    execution = dynastep.run(f"{notice[0]}#HappyPath")
    assert (execution.status, execution.output["MessageId"], execution.elapsed) == ("SUCCEEDED", "m-1", 0)
    assert "Messages" not in dynastep.client("sqs").receive_message(QueueUrl=notice[1])


def test_every_retry_is_an_attempt(dynastep, notice):
    execution = dynastep.run(f"{notice[0]}#RetryPath")
    assert (execution.status, execution.output["MessageId"], execution.elapsed) == ("SUCCEEDED", "m-1", 1 + 5 + 10)
    failed = [event["taskFailedEventDetails"]["error"] for event in execution.history if event["type"] == "TaskFailed"]
    assert failed == ["Lambda.ResourceNotReadyException", *["Lambda.TimeoutException"] * 2]


def test_a_task_that_the_case_leaves_out_makes_its_real_call(dynastep, notice):
    assert dynastep.run(f"{notice[0]}#HybridPath").status == "SUCCEEDED"
    (message,) = dynastep.client("sqs").receive_message(QueueUrl=notice[1])["Messages"]
    assert message["Body"] == "Good morning"


def test_without_a_case_every_call_is_real(dynastep, notice):
    execution = dynastep.run(notice[0])
    assert execution.error == "Lambda.ResourceNotFoundException"


# Starting


def test_an_execution_belongs_to_the_machine_without_the_case(dynastep, notice):
    states = dynastep.client("stepfunctions")
    arn = states.start_execution(stateMachineArn=f"{notice[0]}#HappyPath", name="one")["executionArn"]
    assert states.describe_execution(executionArn=arn)["stateMachineArn"] == notice[0]
    assert [each["executionArn"] for each in states.list_executions(stateMachineArn=notice[0])["executions"]] == [arn]


def test_a_synchronous_execution_of_a_version_has_a_case(dynastep, mocks, create):
    mocks({"Quick": {"Fine": {"T": "R"}}}, {"R": {"0": give({"Payload": 7})}})
    create("Quick", machine(T=task(LAMBDA)), type="EXPRESS", publish=True)
    arn = f"arn:aws:states:us-east-1:{dynastep.account}:stateMachine:Quick:1#Fine"
    answer = dynastep.client("stepfunctions").start_sync_execution(stateMachineArn=arn)
    assert (answer["status"], answer["output"]) == ("SUCCEEDED", '{"Payload":7}')


def test_a_nested_execution_has_a_case(dynastep, mocks, create):
    mocks({"Child": {"Fine": {"T": "R"}}}, {"R": {"0": give({"Payload": 7})}})
    child = create("Child", machine(T=task(LAMBDA, OutputPath="$.Payload")))
    start = task("arn:aws:states:::states:startExecution.sync:2", Parameters={"StateMachineArn": f"{child}#Fine"})
    assert dynastep.run(machine(Start=start)).output["Output"] == 7


STARTS = [
    ("Notice#HapyPath",
     "'Notice': There is no test case 'HapyPath'. Is 'HappyPath' meant? There is 'HappyPath', 'Odd', 'Wrong'."),
    ("Notice#", "'Notice': There is no test case ''. There is 'HappyPath', 'Odd', 'Wrong'."),
    ("Notices#HappyPath", "There is no state machine 'Notices'. Is 'Notice' meant? There is 'Notice'."),
    ("Notice#Wrong", "'Notice', test case 'Wrong': There is no Task 'Tel'. Is 'Tell' meant? There is 'Ask', 'Tell'."),
    ("Notice#Odd", "'Notice', test case 'Odd': There is no Task 'Rest'. There is 'Ask', 'Tell'."),
]  # fmt: skip


@pytest.mark.parametrize(("target", "message"), STARTS, ids=[target for target, _ in STARTS])
def test_a_misspelt_name_is_an_error_and_no_real_call(dynastep, mocks, create, tmp_path, target, message):
    mocks({"Notice": {"HappyPath": {"Ask": "R"}, "Wrong": {"Tel": "R"}, "Odd": {"Rest": "R"}}}, {"R": {"0": give(1)}})
    states = machine(
        Ask=task(LAMBDA, Next="Rest"),
        Rest={"Type": "Wait", "Seconds": 1, "Next": "Tell"},
        Tell=task(LAMBDA),
    )
    create("Notice", states)
    create("Notices", states)
    client = dynastep.client("stepfunctions")
    with pytest.raises(ClientError) as raised:
        client.start_execution(stateMachineArn=f"arn:aws:states:us-east-1:{dynastep.account}:stateMachine:{target}")
    assert raised.value.response["Error"] == {
        "Code": "ValidationException",
        "Message": f"{tmp_path / 'MockConfigFile.json'}: {message}",
    }


def test_a_case_without_a_file_says_what_is_missing(monkeypatch):
    monkeypatch.delenv("SFN_MOCK_CONFIG", raising=False)
    with testing.emulator() as dynastep:
        arn = dynastep.machine(machine(P={"Type": "Pass", "End": True}))
        with pytest.raises(ClientError) as raised:
            dynastep.client("stepfunctions").start_execution(stateMachineArn=f"{arn}#Case")
    assert raised.value.response["Error"] == {
        "Code": "StateMachineDoesNotExist",
        "Message": f"State Machine Does Not Exist: '{arn}#Case', and no mock configuration is set: SFN_MOCK_CONFIG",
    }


def test_the_file_is_read_again_when_it_has_changed(dynastep, mocks, create):
    arn = create("M", machine(T=task(LAMBDA)))
    outputs = []
    for value in (1, 2):
        mocks({"M": {"case": {"T": "R"}}}, {"R": {"0": give(value)}})
        outputs.append(dynastep.run(f"{arn}#case").output)
    assert outputs == [1, 2]


def test_a_file_that_broke_is_an_error_until_it_is_mended(dynastep, create, tmp_path, mocks):
    arn = create("M", machine(T=task(LAMBDA)))
    file = tmp_path / "MockConfigFile.json"
    file.write_text("{", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(ClientError, match="cannot be used: it is not JSON: Unexpected end-of-input"):
            dynastep.client("stepfunctions").start_execution(stateMachineArn=f"{arn}#case")
    mocks({"M": {"case": {"T": "R"}}}, {"R": {"0": give(1)}})
    assert dynastep.run(f"{arn}#case").output == 1


# What an attempt gets


@pytest.mark.parametrize("value", [None, False, 0, "", "text", [], {"a": None}])
def test_any_value_may_be_returned(run, value):
    assert run(LAMBDA, {"0": give(value)}).output == value


def test_a_return_comes_before_result_selector_and_result_path(run):
    execution = run(LAMBDA, {"0": give({"Payload": 7})}, ResultSelector={"n.$": "$.Payload"}, ResultPath="$.r")
    assert execution.output == {"r": {"n": 7}}


def test_an_invocation_whose_function_failed_fails(run):
    payload = {"errorType": "Card.Busy", "errorMessage": "later"}
    execution = run(LAMBDA, {"0": give({"StatusCode": 200, "FunctionError": "Unhandled", "Payload": payload})})
    assert (execution.error, json.loads(execution.cause)) == ("Card.Busy", payload)
    assert kinds(execution) == "Scheduled Started Failed"


def test_a_function_s_arn_returns_the_payload(run):
    execution = run("arn:aws:lambda:us-east-1:000000000000:function:none", {"0": give({"FunctionError": "data"})})
    assert execution.output == {"FunctionError": "data"}
    assert kinds(execution, "LambdaFunction") == "Scheduled Started Succeeded"


@pytest.mark.parametrize(
    "resource",
    ["glue:startJobRun.sync", "states:startExecution.sync:2", "sqs:sendMessage.waitForTaskToken",
     "bedrock:createModelCustomizationJob.sync"],
)  # fmt: skip
def test_a_job_and_a_callback_are_submitted_and_end_at_once(run, resource):
    execution = run(f"arn:aws:states:::{resource}", {"0": give({"done": True})})
    assert (execution.output, execution.elapsed) == ({"done": True}, 0)
    assert kinds(execution) == "Scheduled Started Submitted Succeeded"


def test_a_mocked_callback_has_a_token(run):
    parameters = {"TaskDefinition": "job", "ReferenceId.$": "$$.Task.Token"}
    execution = run("arn:aws:states:::ecs:runTask.waitForTaskToken", {"0": give("ok")}, Parameters=parameters)
    assert execution.output == "ok"


def test_a_job_that_fails_was_submitted(run):
    execution = run("arn:aws:states:::glue:startJobRun.sync", {"0": throw("States.TaskFailed", "no")})
    assert (execution.error, execution.cause, kinds(execution)) == (
        "States.TaskFailed", "no", "Scheduled Started Submitted Failed"
    )  # fmt: skip


def test_an_activity_need_not_exist_and_has_no_worker(run):
    arn = "arn:aws:states:us-east-1:000000000000:activity:none"
    execution = run(arn, {"0": throw("Worker.Tired"), "1": give("done", DelaySeconds=30)}, Retry=[
        {"ErrorEquals": ["Worker.Tired"], "IntervalSeconds": 1}
    ])  # fmt: skip
    assert (execution.output, execution.elapsed) == ("done", 31)
    assert kinds(execution, "Activity") == "Scheduled Started Failed Scheduled Started Succeeded"


THROWS = [
    ("Card.Busy", "Card.Busy", "Failed", {"Error": "Card.Busy", "Cause": "It was said so."}),
    ("States.TaskFailed", "States.TaskFailed", "Failed", {"Error": "States.TaskFailed", "Cause": "It was said so."}),
    ("States.Permissions", "States.TaskFailed", "Failed", {"Error": "States.Permissions", "Cause": "It was said so."}),
    ("States.Timeout", "States.Timeout", "TimedOut", {"Error": "States.Timeout", "Cause": "It was said so."}),
    ("States.HeartbeatTimeout", "States.HeartbeatTimeout", "TimedOut",
     {"Error": "States.Timeout", "Cause": "It was said so."}),
]  # fmt: skip


@pytest.mark.parametrize(("error", "caught", "event", "output"), THROWS, ids=[case[0] for case in THROWS])
def test_what_is_thrown_is_caught_under_its_name(dynastep, mocks, create, error, caught, event, output):
    mocks({"M": {"case": {"T": "R"}}}, {"R": {"0": throw(error)}})
    first = task(LAMBDA, Catch=[{"ErrorEquals": [caught], "Next": "Caught"}])
    execution = dynastep.run(create("M", machine(T=first, Caught={"Type": "Succeed"})) + "#case")
    assert (execution.output, execution.path) == (output, ["T", "Caught"])
    assert kinds(execution) == f"Scheduled Started {event}"


def test_a_runtime_error_is_never_caught(run):
    execution = run(LAMBDA, {"0": throw("States.Runtime")}, Retry=[{"ErrorEquals": ["States.ALL"]}])
    assert execution.error == "States.Runtime"


def test_a_delay_is_time_in_the_machine(run):
    execution = run(LAMBDA, {"0": throw("States.Timeout", DelaySeconds=60), "1": give(1, DelaySeconds=0.5)}, Retry=[
        {"ErrorEquals": ["States.Timeout"], "IntervalSeconds": 1}
    ])  # fmt: skip
    assert execution.elapsed == 61.5


def test_a_delay_may_take_longer_than_the_task_allows(run):
    execution = run("arn:aws:states:::glue:startJobRun.sync", {"0": give(1, DelaySeconds=60)}, TimeoutSeconds=10)
    assert (execution.error, execution.elapsed) == ("States.Timeout", 10)


# Counting


def test_a_loop_goes_on_where_it_was(dynastep, mocks, create):
    mocks({"M": {"case": {"Poll": "R"}}}, {"R": {"0-1": give({"Payload": "wait"}), "*": give({"Payload": "done"})}})
    waiting = {"Variable": "$.Payload", "StringEquals": "wait", "Next": "Poll"}
    states = machine(
        Poll=task(LAMBDA, Next="Look"),
        Look={"Type": "Choice", "Choices": [waiting], "Default": "Done"},
        Done={"Type": "Succeed"},
    )
    execution = dynastep.run(create("M", states) + "#case")
    assert execution.path == ["Poll", "Look"] * 3 + ["Done"]


def test_iterations_of_a_map_share_the_count_and_executions_do_not(dynastep, mocks, create):
    mocks({"M": {"case": {"Each": "R"}}}, {"R": {"0": give("a"), "1": give("b"), "2": give("c")}})
    each = {"StartAt": "Each", "States": {"Each": task(LAMBDA)}}
    arn = create("M", machine(All={"Type": "Map", "ItemProcessor": each, "End": True})) + "#case"
    assert [dynastep.run(arn, [0, 0, 0]).output for _ in range(2)] == [["a", "b", "c"]] * 2


def test_a_redriven_execution_goes_on_where_it_was(dynastep, mocks, create):
    mocks({"M": {"case": {"T": "R"}}}, {"R": {"0": throw("Busy"), "1": give("done")}})
    failed = dynastep.run(create("M", machine(T=task(LAMBDA, Parameters={"FunctionName": "f"}))) + "#case")
    states = dynastep.client("stepfunctions")
    states.redrive_execution(executionArn=failed.arn)
    assert states.describe_execution(executionArn=failed.arn)["output"] == '"done"'


def test_states_that_share_a_response_count_for_themselves(dynastep, mocks, create):
    mocks({"M": {"case": {"A": "R", "B": "R"}}}, {"R": {"0": give({"Payload": 1})}})
    assert dynastep.run(create("M", machine(A=task(LAMBDA, Next="B"), B=task(LAMBDA))) + "#case").output == {
        "Payload": 1
    }


def test_a_response_may_be_empty_as_long_as_nobody_asks_for_it(dynastep, mocks, create):
    mocks({"M": {"case": {"Each": "R"}}}, {"R": {}})
    each = {"StartAt": "Each", "States": {"Each": task(LAMBDA)}}
    arn = create("M", machine(All={"Type": "Map", "ItemProcessor": each, "End": True})) + "#case"
    assert dynastep.run(arn, []).output == []
    assert dynastep.run(arn, [1]).cause == (
        "Response 'R' for 'Each' in test case 'case' of 'M' has no step for attempt 0 (from 0); it has none."
    )


def test_an_attempt_after_the_last_step_is_an_error_that_nothing_catches(run):
    execution = run(LAMBDA, {"0": throw("Busy"), "1-2": throw("Busy")}, Retry=[
        {"ErrorEquals": ["States.ALL"], "MaxAttempts": 9}
    ])  # fmt: skip
    assert (execution.error, execution.cause) == (
        "Dynastep.NoMockedAnswer",
        "Response 'R' for 'T' in test case 'case' of 'M' has no step for attempt 3 (from 0); it has 0, 1-2.",
    )


# The file

ONE = {"0": give(1)}
FILES = [
    ("[]", "it is not an object"),
    ('{"StateMachines": {}, "MockedResponse": {}}',
     "it has no 'MockedResponses'; it has 'StateMachines', 'MockedResponse'"),
    ('{"MockedResponses": {}}', "it has no 'StateMachines'; it has 'MockedResponses'"),
    ({"R": {"1": give(1)}}, "response 'R': attempt 0 has no step; it has '1'"),
    ({"R": {"0": give(1), "2-3": give(1)}}, "response 'R': attempt 1 has no step; it has '0', '2-3'"),
    ({"R": {"0-2": give(1), "1": give(1)}}, "response 'R': attempt 1 has two steps; it has '0-2', '1'"),
    ({"R": {"-1": give(1)}}, "response 'R': the step '-1' is not for attempts like '0', '1-3' or '*'"),
    ({"R": {"first": give(1)}}, "response 'R': the step 'first' is not for attempts like '0', '1-3' or '*'"),
    ({"R": {"3-1": give(1)}}, "response 'R': the step '3-1' ends before it begins"),
    ({"R": {"0": 7}}, "response 'R', step '0' is not an object"),
    ({"R": {"0": {}}}, "response 'R', step '0' needs one of 'Return' and 'Throw'"),
    ({"R": {"0": {**give(1), **throw("E")}}}, "response 'R', step '0' needs one of 'Return' and 'Throw'"),
    ({"R": {"0": {"Retrun": 1}}}, "response 'R', step '0': There is no field 'Retrun'. Is 'Return' meant? "
     "There is 'DelaySeconds', 'Return', 'Throw'."),
    ({"R": {"0": {"Throw": {"Error": "E"}}}}, "response 'R', step '0': 'Throw' needs a text 'Cause'"),
    ({"R": {"0": give(1, DelaySeconds="1")}}, "response 'R', step '0': 'DelaySeconds' is not a number of seconds"),
    ({"R": {"0": give(1, DelaySeconds=-1)}}, "response 'R', step '0': 'DelaySeconds' is not a number of seconds"),
    ({"Charge": ONE}, "state machine 'M', test case 'case', state 'T': There is no response 'R'. There is 'Charge'."),
    ({"RR": ONE}, "state machine 'M', test case 'case', state 'T': There is no response 'R'. "
     "Is 'RR' meant? There is 'RR'."),
]  # fmt: skip


@pytest.mark.parametrize(("content", "message"), FILES, ids=[message for _, message in FILES])
def test_a_file_that_is_not_as_it_must_be(dynastep, create, mocks, tmp_path, content, message):
    file = tmp_path / "MockConfigFile.json"
    if isinstance(content, str):
        file.write_text(content, encoding="utf-8")
    else:
        mocks({"M": {"case": {"T": "R"}}}, content)
    arn = create("M", machine(T=task(LAMBDA)))
    with pytest.raises(ClientError) as raised:
        dynastep.client("stepfunctions").start_execution(stateMachineArn=f"{arn}#case")
    assert raised.value.response["Error"]["Message"] == f"The mock configuration {file} cannot be used: {message}"


def test_blanks_in_ranges_and_further_members_of_the_file_are_allowed(dynastep, mocks, create):
    mocks({"M": {"case": {"T": "R"}}}, {"R": {" 0 ": throw("Busy"), " 1 - 2 ": give(5)}}, Comment="ours")
    retry = [{"ErrorEquals": ["Busy"], "IntervalSeconds": 1}]
    assert dynastep.run(create("M", machine(T=task(LAMBDA, Retry=retry))) + "#case").output == 5


# Settings


def test_our_own_variable_comes_before_that_of_step_functions_local(tmp_path):
    ours, theirs = tmp_path / "ours.json", tmp_path / "theirs.json"
    for file in (ours, theirs):
        file.touch()
    both = {"DYNASTEP_MOCK_CONFIG": str(ours), "SFN_MOCK_CONFIG": str(theirs)}
    assert Settings.read(both).mock_config == ours
    assert Settings.read({"SFN_MOCK_CONFIG": str(theirs)}).mock_config == theirs
    assert Settings.read(both, {"mock_config": str(theirs)}).mock_config == theirs


def test_a_file_that_is_not_there():
    with pytest.raises(InvalidSetting, match="SFN_MOCK_CONFIG is '/nowhere.json': there is no such file"):
        Settings.read({"SFN_MOCK_CONFIG": "/nowhere.json"})


ANSWERS = {
    "a value": give({"StatusCode": 200, "Payload": {"paid": True}}),
    "an error": throw("Card.Busy", "later"),
    "a timeout": throw("States.Timeout", "slow"),
    "an error of the function": give({"StatusCode": 200, "FunctionError": "Unhandled", "Payload": {"errorType": "E"}}),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_a_file_a_fixture_and_test_state_make_the_same_of_a_mock(dynastep, mocks, run, answer):
    """One engine, whoever says what a Task gets."""
    of_file = run(LAMBDA, {"0": answer}, Parameters={"FunctionName": "f"})
    state = task(LAMBDA, Parameters={"FunctionName": "f"})
    if thrown := answer.get("Throw"):
        mocked, given = (
            StateError(thrown["Error"], thrown["Cause"]),
            {"error": thrown["Error"], "cause": thrown["Cause"]},
        )
    else:
        mocked, given = answer["Return"], None
    dynastep.mock("T", mocked)
    of_fixture = dynastep.run(machine(T=state))
    mock = {"errorOutput": given} if given else {"result": json.dumps(mocked)}
    client = dynastep.client("stepfunctions")
    tested = client.test_state(definition=json.dumps(state), input="{}", mock=mock)

    assert tested.get("error") == of_file.error == of_fixture.error
    assert tested.get("cause") == of_file.cause == of_fixture.cause
    assert json.loads(tested.get("output", "null")) == of_file.output == of_fixture.output
