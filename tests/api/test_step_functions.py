"""The operations of Step Functions over boto3: what they answer, what they refuse, and in which words."""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timezone

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import example, given
from hypothesis import strategies as st

from dynastep import Later
from emulator.endpoint import answer
from emulator.testing import emulator
from emulator.wire import operations

PASS = '{"StartAt": "Hand on", "States": {"Hand on": {"Type": "Pass", "End": true}}}'
FAIL = '{"StartAt": "Give up", "States": {"Give up": {"Type": "Fail", "Error": "Tired", "Cause": "It was late."}}}'
WAIT = '{"StartAt": "Pause", "States": {"Pause": {"Type": "Wait", "Seconds": 60, "End": true}}}'
EPOCH = datetime(2026, 1, 1, tzinfo=timezone.utc)
LONGEST = 262144


@pytest.fixture
def role(dynastep):
    return f"arn:aws:iam::{dynastep.account}:role/runner"


@pytest.fixture
def create(states, role):
    """Create a state machine from a few words; its ARN."""

    def make(name="orders", definition=PASS, **more):
        text = definition if isinstance(definition, str) else json.dumps(definition)
        return states.create_state_machine(name=name, definition=text, roleArn=role, **more)["stateMachineArn"]

    return make


@pytest.fixture
def start(states):
    def begin(machine, **more):
        return states.start_execution(stateMachineArn=machine, **more)["executionArn"]

    return begin


def refusal(operation, **params):
    """How a call is refused: ``Code: message``."""
    with pytest.raises(ClientError) as raised:
        operation(**params)
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    said = raised.value.response["Error"]
    return f"{said['Code']}: {said['Message']}"


def described(response):
    """An answer without what the transport adds."""
    return {name: value for name, value in response.items() if name != "ResponseMetadata"}


def invalid(value, member, rule):
    """How a value that breaks a constraint is refused."""
    problem = f"Value{value} at '{member}' failed to satisfy constraint: Member must {rule}"
    return f"ValidationException: 1 validation error detected: {problem}"


# State machines


def test_a_new_machine_is_described_as_it_was_created(dynastep, states, create, role):
    machine = create()
    assert machine == f"arn:aws:states:us-east-1:{dynastep.account}:stateMachine:orders"
    assert described(states.describe_state_machine(stateMachineArn=machine)) == {
        "stateMachineArn": machine,
        "name": "orders",
        "status": "ACTIVE",
        "definition": PASS,
        "roleArn": role,
        "type": "STANDARD",
        "creationDate": EPOCH,
        "loggingConfiguration": {"level": "OFF", "includeExecutionData": False},
        "tracingConfiguration": {"enabled": False},
        "encryptionConfiguration": {"type": "AWS_OWNED_KEY"},
    }


def test_metadata_only_leaves_the_definition_out(states, create):
    answered = states.describe_state_machine(stateMachineArn=create(), includedData="METADATA_ONLY")
    assert "definition" not in answered
    assert answered["name"] == "orders"


@pytest.mark.parametrize("more", [{}, {"roleArn": "arn:aws:iam::000000000000:role/other"}, {"tags": [{"key": "a"}]}])
def test_creating_again_is_the_same_machine_whatever_its_role_and_tags(dynastep, states, create, role, more):
    first = states.create_state_machine(name="orders", definition=PASS, roleArn=role)
    dynastep.clock.advance(60)
    again = states.create_state_machine(**{"name": "orders", "definition": PASS, "roleArn": role, **more})
    assert described(again) == described(first)
    machine = states.describe_state_machine(stateMachineArn=first["stateMachineArn"])
    assert machine["roleArn"] == role
    assert states.list_tags_for_resource(resourceArn=first["stateMachineArn"])["tags"] == []


@pytest.mark.parametrize(
    "change",
    [
        {"definition": WAIT},
        {"definition": PASS.replace(" ", "")},  # the same JSON in another form
        {"type": "EXPRESS"},
        {"tracingConfiguration": {"enabled": True}},
        {"loggingConfiguration": {"level": "OFF", "includeExecutionData": True}},
    ],
    ids=" ".join,
)
def test_another_machine_of_the_same_name_is_refused(create, states, role, change):
    machine = create()
    request = {"name": "orders", "definition": PASS, "roleArn": role, **change}
    said = f"StateMachineAlreadyExists: State Machine Already Exists: '{machine}'"
    assert refusal(states.create_state_machine, **request) == said


@pytest.mark.parametrize("name", ["a" * 80, "a.b-c_d=e@f!g'h(i)+k", "bestellung-ü", "注文"])
def test_a_name_may_be(create, name):
    assert create(name).endswith(f":stateMachine:{name}")


@pytest.mark.parametrize("character", [*' <>{}[]?*"#%\\^|~`$&,;:/\n\t', "\x00", "\x7f", "\x85"])
def test_a_name_may_not_have(states, role, character):
    name = f"or{character}ders"
    assert refusal(states.create_state_machine, name=name, definition=PASS, roleArn=role) == (
        f"InvalidName: Invalid Name: '{name}'"
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": ""}, invalid(" ''", "name", "have length greater than or equal to 1")),
        ({"name": "a" * 81}, invalid(f" '{'a' * 81}'", "name", "have length less than or equal to 80")),
        ({"name": None}, invalid(" null", "name", "not be null")),
        ({"name": 5}, "SerializationException: NUMBER_VALUE can not be converted to a String"),
        ({"definition": ""}, invalid("", "definition", "have length greater than or equal to 1")),
        ({"definition": "x" * 1048577}, invalid("", "definition", "have length less than or equal to 1048576")),
        ({"definition": {}}, "SerializationException: Start of structure or map found where not expected."),
        ({"roleArn": ""}, invalid(" ''", "roleArn", "have length greater than or equal to 1")),
        ({"roleArn": "runner"}, "InvalidArn: Invalid Role Arn: 'runner'"),
        ({"roleArn": "arn:aws:s3:::bucket"}, "InvalidArn: Invalid Role Arn: 'arn:aws:s3:::bucket'"),
        ({"type": "QUICK"}, invalid(" 'QUICK'", "type", "satisfy enum value set: [STANDARD, EXPRESS]")),
        (
            {"tags": [{"key": "", "value": "x"}]},
            invalid(" ''", "tags.1.member.key", "have length greater than or equal to 1"),
        ),
        (
            {"versionDescription": "first"},
            "ValidationException: Version description can only be set when publish is true",
        ),
    ],
    ids=lambda value: None if isinstance(value, str) else " ".join(value),
)
def test_a_machine_is_not_created_from(states, role, change, said):
    request = {"name": "orders", "definition": PASS, "roleArn": role, **change}
    assert refusal(states.create_state_machine, **request) == said


@pytest.mark.parametrize(
    ("definition", "problem"),
    [
        ("5", "SCHEMA_VALIDATION_FAILED: Definition must be a valid JSON object at null"),
        ('{"StartAt": "A"}', "SCHEMA_VALIDATION_FAILED: These fields are required: [States] at /"),
        (
            '{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "work", "End": true}}}',
            "SCHEMA_VALIDATION_FAILED: Value is not a valid resource ARN at /States/A/Resource",
        ),
    ],
)
def test_an_invalid_definition_is_refused_when_created_and_when_updated(states, create, role, definition, problem):
    machine = create()
    said = f"InvalidDefinition: Invalid State Machine Definition: '{problem}'"
    assert refusal(states.create_state_machine, name="a", definition=definition, roleArn=role).startswith(said[:-1])
    assert refusal(states.update_state_machine, stateMachineArn=machine, definition=definition).startswith(said[:-1])
    assert states.describe_state_machine(stateMachineArn=machine)["definition"] == PASS


def test_a_definition_that_is_no_json_says_where(states, role):
    assert refusal(states.create_state_machine, name="a", definition='{"a" 1}', roleArn=role) == (
        "InvalidDefinition: Invalid State Machine Definition: 'INVALID_JSON_DESCRIPTION: Unexpected character ('1' "
        "(code 49)): was expecting a colon to separate field name and value\n"
        ' at [Source: (String)"{"a" 1}"; line: 1, column: 7] at [Source: (String)"{"a" 1}"; line: 1, column: 7]\''
    )


def test_an_update_changes_what_it_names_and_gives_a_new_revision(dynastep, states, create, role):
    machine = create()
    dynastep.clock.advance(60)
    updated = states.update_state_machine(stateMachineArn=machine, definition=WAIT)
    assert (updated["updateDate"] - EPOCH).total_seconds() == 60
    now = states.describe_state_machine(stateMachineArn=machine)
    assert (now["definition"], now["roleArn"], now["revisionId"]) == (WAIT, role, updated["revisionId"])
    assert now["creationDate"] == EPOCH
    again = states.update_state_machine(stateMachineArn=machine, definition=WAIT)
    assert again["revisionId"] == updated["revisionId"]
    assert (
        states.update_state_machine(stateMachineArn=machine, roleArn=f"{role}2")["revisionId"]
        != (updated["revisionId"])
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {},
            (
                "MissingRequiredParameter: Either the definition, the role ARN, the LoggingConfiguration, or the "
                "TracingConfiguration must be specified"
            ),
        ),
        ({"roleArn": "runner"}, "InvalidArn: Invalid Role Arn: 'runner'"),
        (
            {"versionDescription": "first"},
            "ValidationException: Version description can only be set when publish is true",
        ),
    ],
)
def test_an_update_is_refused(states, create, change, said):
    assert refusal(states.update_state_machine, stateMachineArn=create(), **change) == said


def test_an_execution_goes_on_with_the_definition_it_was_started_with(states, create, start):
    machine = create(definition=WAIT)
    execution = start(machine)
    states.update_state_machine(stateMachineArn=machine, definition=FAIL)
    assert states.describe_execution(executionArn=execution)["status"] == "SUCCEEDED"
    assert states.describe_execution(executionArn=start(machine))["status"] == "FAILED"


def test_the_machine_of_an_execution_is_described(states, create, start, role):
    machine = create()
    answered = states.describe_state_machine_for_execution(executionArn=start(machine))
    assert described(answered) == {
        "stateMachineArn": machine,
        "name": "orders",
        "definition": PASS,
        "roleArn": role,
        "updateDate": EPOCH,
        "loggingConfiguration": {"level": "OFF", "includeExecutionData": False},
        "tracingConfiguration": {"enabled": False},
        "encryptionConfiguration": {"type": "AWS_OWNED_KEY"},
    }


def test_an_update_does_not_change_what_an_execution_was_started_with(dynastep, states, create, start):
    machine = create()
    before = start(machine)
    dynastep.clock.advance(1)
    states.update_state_machine(stateMachineArn=machine, definition=WAIT)
    after = start(machine)
    shown = [states.describe_state_machine_for_execution(executionArn=arn) for arn in (before, after)]
    assert [each["definition"] for each in shown] == [PASS, WAIT]
    assert [(each["updateDate"] - EPOCH).total_seconds() for each in shown] == [0, 1]
    assert ["revisionId" in each for each in shown] == [False, True]


ENCRYPTIONS = {
    "no key": (
        {"type": "CUSTOMER_MANAGED_KMS_KEY"},
        "kmsKeyId must be specified when type is CUSTOMER_MANAGED_KMS_KEY.",
    ),
    "a key of AWS": (
        {"type": "AWS_OWNED_KEY", "kmsKeyId": "alias/mine"},
        "kmsKeyId and kmsDataKeyReusePeriodSeconds cannot be specified when type is AWS_OWNED_KEY.",
    ),
}


@pytest.mark.parametrize(("encryption", "rule"), ENCRYPTIONS.values(), ids=ENCRYPTIONS)
def test_an_encryption_configuration_is_refused(states, create, encryption, rule):
    said = f"InvalidEncryptionConfiguration: Invalid Encryption Configuration: {rule}"
    machine = create()
    change = {"stateMachineArn": machine, "encryptionConfiguration": encryption}
    assert refusal(states.update_state_machine, **change) == said
    assert refusal(states.create_activity, name="a", encryptionConfiguration=encryption) == said


def test_executions_of_a_machine_are_not_listed_by_their_redrives(states, create):
    # That it is refused is documented; the text was not observed.
    said = "ValidationException: The redriveFilter can only be specified together with a mapRunArn"
    assert refusal(states.list_executions, stateMachineArn=create(), redriveFilter="REDRIVEN") == said


# Deletion


def test_a_machine_that_runs_is_deleting_until_its_last_execution_has_ended(dynastep, states, create, start, role):
    dynastep.clock.mode = "manual"
    machine = create(definition=WAIT)
    execution = start(machine)
    assert described(states.delete_state_machine(stateMachineArn=machine)) == {}
    assert states.describe_state_machine(stateMachineArn=machine)["status"] == "DELETING"
    said = f"StateMachineDeleting: State Machine is being deleted: '{machine}'"
    assert refusal(states.start_execution, stateMachineArn=machine) == said
    assert refusal(states.update_state_machine, stateMachineArn=machine, definition=PASS) == said
    assert refusal(states.create_state_machine, name="orders", definition=WAIT, roleArn=role) == said
    states.stop_execution(executionArn=execution)
    gone = f"StateMachineDoesNotExist: State Machine Does Not Exist: '{machine}'"
    assert refusal(states.describe_state_machine, stateMachineArn=machine) == gone
    assert create() == machine


def test_an_execution_of_a_deleted_machine_fails_at_its_next_transition(dynastep, states, create, start):
    dynastep.clock.mode = "manual"
    machine = create(definition=WAIT)
    arn = start(machine)
    ((only,),) = [list(machines) for machines in dynastep._world._machines.values()]
    execution = only.executions[arn]
    states.delete_state_machine(stateMachineArn=machine)
    assert states.describe_execution(executionArn=arn)["status"] == "RUNNING"
    dynastep.clock.advance(3600)
    assert (execution.status, execution.error) == ("FAILED", "States.Runtime")
    assert execution.cause == "State machine orders has been deleted"
    types = [event.type for event in execution.history.events]
    assert types == ["ExecutionStarted", "WaitStateEntered", "ExecutionFailed"]
    said = f"ExecutionDoesNotExist: Execution Does Not Exist: '{arn}'"
    assert refusal(states.describe_execution, executionArn=arn) == said


def test_a_machine_that_is_idle_is_gone_at_once(states, create, start):
    machine = create()
    states.describe_execution(executionArn=start(machine))
    states.delete_state_machine(stateMachineArn=machine)
    assert states.list_state_machines()["stateMachines"] == []


def test_deleting_a_machine_that_is_not_there_is_no_error(dynastep, states):
    arn = f"arn:aws:states:us-east-1:{dynastep.account}:stateMachine:none"
    assert described(states.delete_state_machine(stateMachineArn=arn)) == {}


# Tags


def test_tags_come_with_the_machine_and_change(states, create):
    machine = create(tags=[{"key": "team", "value": "shop"}])
    states.tag_resource(resourceArn=machine, tags=[{"key": "team", "value": "web"}, {"key": "tier"}])
    assert states.list_tags_for_resource(resourceArn=machine)["tags"] == [
        {"key": "team", "value": "web"},
        {"key": "tier", "value": ""},
    ]
    states.untag_resource(resourceArn=machine, tagKeys=["team", "nobody"])
    assert states.list_tags_for_resource(resourceArn=machine)["tags"] == [{"key": "tier", "value": ""}]


CHARACTERS = "Tags may only contain Unicode letters, digits, white space, or these symbols: _ . : / = + - @."
RESERVED = "aws: prefixed tag key names are not allowed for external use."


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        *((f"a{symbol}", "v", CHARACTERS) for symbol in "<>*!\x01"),
        ("k", "a,b", CHARACTERS),
        ("aws:team", "v", RESERVED),
        ("AWS:team", "v", RESERVED),
        ("ключ 1_.:/=+-@", "значение 1_.:/=+-@", None),
        ("aws-cdk:team", "", None),
    ],
)
@pytest.mark.parametrize("how", ["TagResource", "CreateStateMachine", "CreateActivity"])
def test_tags_have_the_characters_that_aws_allows(states, create, role, how, key, value, said):
    tags = [{"key": key, "value": value}]
    calls = {
        "TagResource": lambda: states.tag_resource(resourceArn=create(), tags=tags),
        "CreateStateMachine": lambda: states.create_state_machine(name="n", definition=PASS, roleArn=role, tags=tags),
        "CreateActivity": lambda: states.create_activity(name="a", tags=tags),
    }
    if said is None:
        calls[how]()
    else:
        with pytest.raises(ClientError) as refused:
            calls[how]()
        error = refused.value.response["Error"]
        assert (error["Code"], error["Message"]) == ("ValidationException", said)


def test_a_machine_has_fifty_tags_at_most(states, create, role):
    machine = create(tags=[{"key": f"k{number}", "value": ""} for number in range(50)])
    with pytest.raises(states.exceptions.TooManyTags) as raised:
        states.tag_resource(resourceArn=machine, tags=[{"key": "one more", "value": ""}])
    assert raised.value.response["resourceName"] == machine
    states.tag_resource(resourceArn=machine, tags=[{"key": "k0", "value": "replaced"}])
    tags = [{"key": f"k{number}", "value": ""} for number in range(51)]
    with pytest.raises(states.exceptions.TooManyTags):
        states.create_state_machine(name="other", definition=PASS, roleArn=role, tags=tags)


def test_what_has_no_tags_is_not_found(dynastep, states):
    arn = f"arn:aws:states:us-east-1:{dynastep.account}:stateMachine:none"
    for operation, more in (
        (states.tag_resource, {"tags": []}),
        (states.untag_resource, {"tagKeys": []}),
        (states.list_tags_for_resource, {}),
    ):
        assert refusal(operation, resourceArn=arn, **more) == f"ResourceNotFound: Resource not found: '{arn}'"
        assert refusal(operation, resourceArn="x", **more) == "InvalidArn: Invalid Arn: 'Invalid ARN prefix: x'"


# Executions


def test_an_execution_is_described_from_start_to_end(dynastep, states, create, start):
    dynastep.clock.mode = "manual"
    machine = create(definition=WAIT)
    execution = start(machine, name="first", input='{"a":  1}')
    assert execution == f"arn:aws:states:us-east-1:{dynastep.account}:execution:orders:first"
    running = {
        "executionArn": execution,
        "stateMachineArn": machine,
        "name": "first",
        "status": "RUNNING",
        "startDate": EPOCH,
        "input": '{"a":  1}',
        "inputDetails": {"included": True},
        "redriveCount": 0,
        "redriveStatus": "NOT_REDRIVABLE",
        "redriveStatusReason": "Execution is RUNNING and cannot be redriven",
    }
    assert described(states.describe_execution(executionArn=execution)) == running
    dynastep.clock.advance(60)
    assert described(states.describe_execution(executionArn=execution)) == running | {
        "status": "SUCCEEDED",
        "stopDate": datetime(2026, 1, 1, 0, 1, tzinfo=timezone.utc),
        "output": '{"a":  1}',
        "outputDetails": {"included": True},
        "redriveStatusReason": "Execution is SUCCEEDED and cannot be redriven",
    }


def test_a_failed_execution_can_be_redriven_and_has_no_output(states, create, start):
    answered = states.describe_execution(executionArn=start(create(definition=FAIL)))
    assert (answered["status"], answered["error"], answered["cause"]) == ("FAILED", "Tired", "It was late.")
    assert answered["redriveStatus"] == "REDRIVABLE"
    assert answered.keys().isdisjoint({"output", "outputDetails", "redriveStatusReason"})


def test_a_machine_that_uses_up_its_time_has_timed_out_without_error_or_cause(states, create, start):
    answered = states.describe_execution(
        executionArn=start(create(definition={**json.loads(WAIT), "TimeoutSeconds": 10}))
    )
    assert answered["status"] == "TIMED_OUT"
    assert (answered["stopDate"] - answered["startDate"]).total_seconds() == 10
    assert answered.keys().isdisjoint({"output", "error", "cause"})


@pytest.mark.parametrize("operation", ["describe_execution", "describe_state_machine_for_execution"])
def test_metadata_only_leaves_the_data_out(states, create, start, operation):
    execution = start(create(), input='{"secret": 1}')
    answered = getattr(states, operation)(executionArn=execution, includedData="METADATA_ONLY")
    assert answered.keys().isdisjoint({"input", "output", "definition"})


def test_a_synchronous_execution_can_be_answered_without_its_data(states, create):
    machine = create(type="EXPRESS")
    answered = states.start_sync_execution(stateMachineArn=machine, input='{"a": 1}', includedData="METADATA_ONLY")
    assert answered["status"] == "SUCCEEDED"
    assert not answered.keys() & {"input", "inputDetails", "output", "outputDetails"}


def test_an_execution_without_a_name_gets_a_uuid_and_without_an_input_an_empty_object(states, create, start):
    answered = states.describe_execution(executionArn=start(create()))
    assert str(uuid.UUID(answered["name"])) == answered["name"]
    assert answered["input"] == "{}"


def test_the_same_name_and_input_while_it_runs_is_the_same_execution(dynastep, states, create, start):
    dynastep.clock.mode = "manual"
    machine = create(definition=WAIT)
    first = states.start_execution(stateMachineArn=machine, name="first", input="{}")
    dynastep.clock.advance(1)
    assert described(states.start_execution(stateMachineArn=machine, name="first")) == described(first)
    said = f"ExecutionAlreadyExists: Execution Already Exists: '{first['executionArn']}'"
    for text in ("[]", "{ }"):
        assert refusal(states.start_execution, stateMachineArn=machine, name="first", input=text) == said
    dynastep.clock.advance(60)
    assert refusal(states.start_execution, stateMachineArn=machine, name="first", input="{}") == said
    assert len(states.list_executions(stateMachineArn=machine)["executions"]) == 1


def test_executions_of_two_machines_may_have_the_same_name(create, start):
    assert start(create("a"), name="same") != start(create("b"), name="same")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "Invalid execution input."),
        (" ", "Invalid execution input."),
        (
            "not json",
            (
                "Unrecognized token 'not': was expecting "
                "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
            ),
        ),
        ("{'a'", "Unexpected character (''' (code 39)): was expecting double-quote to start field name"),
    ],
)
@pytest.mark.parametrize("operation", ["start_execution", "start_sync_execution"])
def test_an_input_that_is_no_json_is_refused(states, create, operation, text, problem):
    machine = create(type="STANDARD" if operation == "start_execution" else "EXPRESS")
    said = f"InvalidExecutionInput: Invalid State Machine Execution Input: '{problem}'"
    assert refusal(getattr(states, operation), stateMachineArn=machine, input=text) == said


@pytest.mark.parametrize("text", ["null", "5", '"text"', "[]", "true", '"\\u0000"', '{"a":1,"a":2}'])
def test_an_input_may_be_any_json(states, create, start, text):
    answered = states.describe_execution(executionArn=start(create(), input=text))
    assert (answered["status"], answered["input"]) == ("SUCCEEDED", text)


@pytest.mark.parametrize("operation", ["start_execution", "start_sync_execution"])
def test_an_input_has_256_kib_at_most_in_utf_8(states, create, operation):
    machine = create(type="STANDARD" if operation == "start_execution" else "EXPRESS")
    run = getattr(states, operation)
    run(stateMachineArn=machine, input=f'"{"a" * (LONGEST - 2)}"')
    run(stateMachineArn=machine, input=f'"{"é" * (LONGEST // 2 - 1)}"')
    said = invalid("", "input", f"have length less than or equal to {LONGEST}")
    assert refusal(run, stateMachineArn=machine, input=f'"{"a" * (LONGEST - 1)}"') == said
    refusal(run, stateMachineArn=machine, input=f'"{"é" * (LONGEST // 2)}"')


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"name": ""}, invalid(" ''", "name", "have length greater than or equal to 1")),
        ({"name": "a b"}, "InvalidName: Invalid Name: 'a b'"),
        ({"name": "a" * 81}, invalid(f" '{'a' * 81}'", "name", "have length less than or equal to 80")),
        ({"traceHeader": "é"}, invalid(" 'é'", "traceHeader", "satisfy regular expression pattern: \\p{ASCII}*")),
        ({"input": 5}, "SerializationException: NUMBER_VALUE can not be converted to a String"),
    ],
)
def test_an_execution_is_not_started_with(states, create, params, said):
    assert refusal(states.start_execution, stateMachineArn=create(), **params) == said


# EXPRESS


def test_an_express_execution_has_an_arn_of_its_own_each_time(dynastep, states, create, start):
    machine = create("quick", type="EXPRESS")
    first, second = start(machine, name="same"), start(machine, name="same")
    assert first.startswith(f"arn:aws:states:us-east-1:{dynastep.account}:express:quick:same:")
    assert first != second
    for operation in (
        states.describe_execution,
        states.stop_execution,
        states.get_execution_history,
        states.describe_state_machine_for_execution,
    ):
        said = "InvalidArn: Invalid Arn: 'Resource type not valid in this context: express'"
        assert refusal(operation, executionArn=first) == said
    assert refusal(states.list_executions, stateMachineArn=machine) == (
        "StateMachineTypeNotSupported: This operation is not supported by this type of state machine"
    )


@pytest.mark.parametrize(
    ("seconds", "billed"), [(0, 100), (0.001, 100), (0.1, 100), (0.101, 200), (2, 2000), (2.05, 2100)]
)
def test_a_synchronous_execution_is_billed_in_steps_of_100_ms(dynastep, states, create, seconds, billed):
    function = dynastep.function("work", lambda _: Later(after=seconds, value={"done": True}))
    definition = {"StartAt": "Work", "States": {"Work": {"Type": "Task", "Resource": function, "End": True}}}
    machine = create("quick", definition, type="EXPRESS")
    answered = described(states.start_sync_execution(stateMachineArn=machine, name="run", input='{"a": 1}'))
    arn = answered.pop("executionArn")
    assert arn.startswith(f"arn:aws:states:us-east-1:{dynastep.account}:express:quick:run:")
    assert (answered.pop("stopDate") - answered.pop("startDate")).total_seconds() == pytest.approx(seconds, abs=1e-6)
    assert answered == {
        "stateMachineArn": machine,
        "name": "run",
        "status": "SUCCEEDED",
        "input": '{"a": 1}',
        "inputDetails": {"included": True},
        "output": '{"done":true}',
        "outputDetails": {"included": True},
        "billingDetails": {"billedMemoryUsedInMB": 64, "billedDurationInMilliseconds": billed},
    }


def test_a_synchronous_execution_that_fails_is_an_answer_not_an_error(states, create):
    answered = states.start_sync_execution(stateMachineArn=create(definition=FAIL, type="EXPRESS"))
    assert (answered["status"], answered["error"], answered["cause"]) == ("FAILED", "Tired", "It was late.")
    assert "output" not in answered


def test_an_express_execution_ends_after_five_minutes(states, create):
    wait = {"StartAt": "Pause", "States": {"Pause": {"Type": "Wait", "Seconds": 301, "End": True}}}
    answered = states.start_sync_execution(stateMachineArn=create(definition=wait, type="EXPRESS"))
    assert answered["status"] == "TIMED_OUT"
    assert (answered["stopDate"] - answered["startDate"]).total_seconds() == 300


def test_a_standard_machine_does_not_run_synchronously(states, create):
    assert refusal(states.start_sync_execution, stateMachineArn=create()) == (
        "StateMachineTypeNotSupported: This operation is not supported by this type of state machine"
    )


# Stopping

SECOND = WAIT.replace("Pause", "Rest")
MAP = f'{{"StartAt": "Each", "States": {{"Each": {{"Type": "Map", "ItemProcessor": {WAIT}, "End": true}}}}}}'
PARALLEL = (
    f'{{"StartAt": "Both", "States": {{"Both": {{"Type": "Parallel", "Branches": [{WAIT}, {SECOND}], "End": true}}}}}}'
)
TASK = '{"StartAt": "Work", "States": {"Work": {"Type": "Task", "Resource": "FUNCTION", "End": true}}}'


@pytest.mark.parametrize(
    ("definition", "types"),
    [
        (WAIT, ["WaitStateEntered"]),
        (
            MAP,
            [
                *("MapStateEntered", "MapStateStarted"),
                *("MapIterationStarted", "WaitStateEntered", "MapIterationStarted", "WaitStateEntered"),
            ],
        ),
        (PARALLEL, ["ParallelStateEntered", "ParallelStateStarted", "WaitStateEntered", "WaitStateEntered"]),
        (TASK, ["TaskStateEntered", "LambdaFunctionScheduled", "LambdaFunctionStarted"]),
    ],
    ids=["Wait", "Map", "Parallel", "Task"],
)
def test_a_stopped_execution_records_its_end_and_nothing_more(dynastep, states, create, start, definition, types):
    dynastep.clock.mode = "manual"
    function = dynastep.function("work", lambda _: Later(after=60))
    execution = start(create(definition=definition.replace("FUNCTION", function)), input="[1, 2]")
    dynastep.clock.advance(5)
    stopped = states.stop_execution(executionArn=execution, error="Enough", cause="Somebody said so.")
    assert (stopped["stopDate"] - EPOCH).total_seconds() == 5
    dynastep.clock.advance(3600)
    answered = states.describe_execution(executionArn=execution)
    assert (answered["status"], answered["stopDate"]) == ("ABORTED", stopped["stopDate"])
    assert (answered["error"], answered["cause"]) == ("Enough", "Somebody said so.")
    events = states.get_execution_history(executionArn=execution)["events"]
    assert [event["type"] for event in events] == ["ExecutionStarted", *types, "ExecutionAborted"]
    assert events[-1]["previousEventId"] == 0
    assert events[-1]["executionAbortedEventDetails"] == {"error": "Enough", "cause": "Somebody said so."}


def test_an_execution_that_has_ended_stays_as_it_is_when_stopped(dynastep, states, create, start):
    execution = start(create())
    ended = states.describe_execution(executionArn=execution)
    dynastep.clock.advance(60)
    assert states.stop_execution(executionArn=execution, error="Late")["stopDate"] == ended["stopDate"]
    assert described(states.describe_execution(executionArn=execution)) == described(ended)


# Histories


def test_a_history_in_reverse_is_the_same_backwards_with_the_same_ids(states, create, start):
    execution = start(create())
    forwards = states.get_execution_history(executionArn=execution)["events"]
    backwards = states.get_execution_history(executionArn=execution, reverseOrder=True)["events"]
    assert [event["id"] for event in forwards] == [1, 2, 3, 4]
    assert backwards == forwards[::-1]


def test_without_execution_data_a_history_says_that_there_is_some(dynastep, states, create, start):
    function = dynastep.function("work", lambda _: 1)
    call = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": function}}
    execution = start(create(definition={"StartAt": "Call", "States": {"Call": {**call, "End": True}}}))
    bare = states.get_execution_history(executionArn=execution, includeExecutionData=False)["events"]
    whole = states.get_execution_history(executionArn=execution, includeExecutionData=True)["events"]
    assert whole == states.get_execution_history(executionArn=execution)["events"]
    assert [event["id"] for event in bare] == [event["id"] for event in whole]
    assert bare[0]["executionStartedEventDetails"].keys() == {"inputDetails", "roleArn"}
    assert bare[1]["stateEnteredEventDetails"] == {"name": "Call", "inputDetails": {"truncated": False}}
    for event, same in zip(whole, bare, strict=True):
        (name,) = [name for name in event if name.endswith("EventDetails")]
        assert same[name] == {
            member: value for member, value in event[name].items() if member not in ("input", "output", "parameters")
        }
        assert same[name] != event[name] or event["type"] == "TaskStarted"


# Pages


@pytest.fixture
def three(create, start):
    """A machine with three executions, and these."""
    machine = create()
    return machine, [start(machine, name=name) for name in ("first", "second", "third")]


def pages(operation, member, **params):
    """Every page of a list."""
    found, token = [], {}
    while True:
        answered = operation(**params, **token)
        found.append(answered[member])
        if "nextToken" not in answered:
            return found
        token = {"nextToken": answered["nextToken"]}


@pytest.mark.parametrize(("size", "lengths"), [(1, [1, 1, 1]), (2, [2, 1]), (3, [3]), (1000, [3]), (0, [3])])
def test_executions_come_in_pages_the_last_started_first(states, three, size, lengths):
    machine, arns = three
    found = pages(states.list_executions, "executions", stateMachineArn=machine, maxResults=size)
    assert [len(page) for page in found] == lengths
    assert [entry["executionArn"] for page in found for entry in page] == arns[::-1]


def test_an_entry_of_the_list_of_executions(states, three):
    machine, (first, *_) = three
    assert states.list_executions(stateMachineArn=machine)["executions"][-1] == {
        "executionArn": first,
        "stateMachineArn": machine,
        "name": "first",
        "status": "SUCCEEDED",
        "startDate": EPOCH,
        "stopDate": EPOCH,
        "redriveCount": 0,
    }


def test_executions_are_filtered_by_status(dynastep, states, create, start):
    dynastep.clock.mode = "manual"
    machine = create(definition=WAIT)
    aborted, running = start(machine, name="a"), start(machine, name="b")
    states.stop_execution(executionArn=aborted)
    for status, expected in (("ABORTED", [aborted]), ("RUNNING", [running]), ("FAILED", []), ("PENDING_REDRIVE", [])):
        listed = states.list_executions(stateMachineArn=machine, statusFilter=status)["executions"]
        assert [entry["executionArn"] for entry in listed] == expected


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_a_history_comes_in_pages(states, three, size, backwards):
    execution = three[1][0]
    found = pages(
        states.get_execution_history, "events", executionArn=execution, maxResults=size, reverseOrder=backwards
    )
    ids = [event["id"] for page in found for event in page]
    assert ids == ([4, 3, 2, 1] if backwards else [1, 2, 3, 4])
    assert max(map(len, found)) == min(size, 4)


def test_state_machines_come_in_pages(states, create):
    names = {create(name) for name in ("b", "a", "d", "c", "e")}
    found = pages(states.list_state_machines, "stateMachines", maxResults=2)
    assert [len(page) for page in found] == [2, 2, 1]
    assert {entry["stateMachineArn"] for page in found for entry in page} == names
    assert found[0][0].keys() == {"stateMachineArn", "name", "type", "creationDate"}


def test_a_page_has_a_hundred_entries_unless_asked(states, create, start):
    chain = {f"S{number}": {"Type": "Pass", "Next": f"S{number + 1}"} for number in range(99)}
    definition = {"StartAt": "S0", "States": {**chain, "S99": {"Type": "Succeed"}}}
    execution = start(create(definition=definition))
    found = pages(states.get_execution_history, "events", executionArn=execution)
    assert [len(page) for page in found] == [100, 100, 2]


def test_what_starts_meanwhile_does_not_shift_the_next_page(states, three, start):
    machine, arns = three
    first = states.list_executions(stateMachineArn=machine, maxResults=1)
    start(machine, name="fourth")
    second = states.list_executions(stateMachineArn=machine, maxResults=1, nextToken=first["nextToken"])
    assert second["executions"][0]["executionArn"] == arns[1]


def test_a_token_is_for_its_operation_and_resource_and_a_day(dynastep, states, three, create, start):
    machine, arns = three
    token = states.list_executions(stateMachineArn=machine, maxResults=1)["nextToken"]
    history = states.get_execution_history(executionArn=arns[0], maxResults=1)["nextToken"]
    create("other")
    refused = "InvalidToken: Invalid Token: 'Invalid token'"
    for wrong in (
        lambda: refusal(states.list_executions, stateMachineArn=create("other"), nextToken=token),
        lambda: refusal(states.list_state_machines, nextToken=token),
        lambda: refusal(states.list_executions, stateMachineArn=machine, nextToken=history),
        lambda: refusal(states.get_execution_history, executionArn=arns[1], nextToken=history),
        lambda: refusal(states.list_executions, stateMachineArn=machine, nextToken="bm9uc2Vuc2U="),
        lambda: refusal(states.list_executions, stateMachineArn=machine, nextToken="é\x00"),
    ):
        assert wrong() == refused
    dynastep.clock.advance(24 * 3600)
    states.list_executions(stateMachineArn=machine, nextToken=token)
    dynastep.clock.advance(1)
    assert refusal(states.list_executions, stateMachineArn=machine, nextToken=token) == refused


@pytest.mark.parametrize(
    ("operation", "params", "said"),
    [
        (
            "list_executions",
            {"maxResults": 1001},
            invalid(" '1001'", "maxResults", "have value less than or equal to 1000"),
        ),
        (
            "list_state_machines",
            {"maxResults": -1},
            invalid(" '-1'", "maxResults", "have value greater than or equal to 0"),
        ),
        (
            "get_execution_history",
            {"nextToken": "a" * 1025},
            invalid(f" '{'a' * 1025}'", "nextToken", "have length less than or equal to 1024"),
        ),
        (
            "list_executions",
            {"nextToken": "a" * 3097},
            invalid(f" '{'a' * 3097}'", "nextToken", "have length less than or equal to 3096"),
        ),
        (
            "list_executions",
            {"statusFilter": "DONE"},
            invalid(
                " 'DONE'",
                "statusFilter",
                "satisfy enum value set: [SUCCEEDED, TIMED_OUT, PENDING_REDRIVE, ABORTED, FAILED, RUNNING]",
            ),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 30 else None,
)
def test_a_list_is_refused(states, three, operation, params, said):
    machine, (execution, *_) = three
    subject = {
        "list_executions": {"stateMachineArn": machine},
        "get_execution_history": {"executionArn": execution},
        "list_state_machines": {},
    }
    assert refusal(getattr(states, operation), **subject[operation], **params) == said


def test_executions_are_those_of_a_machine(states):
    assert refusal(states.list_executions) == ("ValidationException: Must specify one of: [stateMachineArn, mapRunArn]")


# ARNs

MACHINE_OPERATIONS = (
    "describe_state_machine",
    "start_execution",
    "start_sync_execution",
    "list_executions",
    "delete_state_machine",
    "update_state_machine",
)
EXECUTION_OPERATIONS = (
    "describe_execution",
    "stop_execution",
    "get_execution_history",
    "describe_state_machine_for_execution",
)


@pytest.mark.parametrize(
    ("arn", "problem"),
    [
        ("orders", "Invalid ARN prefix: orders"),
        ("ARN:aws:states:us-east-1:1:stateMachine:m", "Invalid ARN prefix: ARN:aws:states:us-east-1:1:stateMachine:m"),
        ("ü", "Invalid ARN prefix: ü"),
        ("arn:aws:states:us-east-1:111122223333:activity:a", "Resource type not valid in this context: activity"),
        ("arn:aws:lambda:us-east-1:111122223333:function:f", "Resource type not valid in this context: function"),
    ],
)
def test_what_is_no_arn_of_the_kind_is_refused(states, arn, problem):
    for operation in MACHINE_OPERATIONS:
        said = refusal(getattr(states, operation), stateMachineArn=arn)
        assert (operation, said) == (operation, f"InvalidArn: Invalid Arn: '{problem}'")
    for operation in EXECUTION_OPERATIONS:
        said = refusal(getattr(states, operation), executionArn=arn)
        assert (operation, said) == (operation, f"InvalidArn: Invalid Arn: '{problem}'")


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:states:us-east-1:ACCOUNT:stateMachine:none",
        "arn:aws:states:us-west-2:ACCOUNT:stateMachine:orders",
        "arn:aws:states:us-east-1:111122223333:stateMachine:orders",
        "arn:aws:states:us-east-1:ACCOUNT:stateMachine:orders:1",
        "arn:aws:states:us-east-1:ACCOUNT:stateMachine:orders:live",
        "arn:aws:states:us-east-1:ACCOUNT:stateMachine:",
    ],
)
def test_a_machine_that_is_not_there_does_not_exist(dynastep, states, create, arn):
    create()
    arn = arn.replace("ACCOUNT", dynastep.account)
    others = {"delete_state_machine"}
    if arn.endswith((":1", ":live")):
        others.add("update_state_machine")  # refuses whatever is no machine's own: see test_versions
    for operation in MACHINE_OPERATIONS:
        if operation not in others:
            said = refusal(getattr(states, operation), stateMachineArn=arn)
            assert said == f"StateMachineDoesNotExist: State Machine Does Not Exist: '{arn}'"


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:states:us-east-1:ACCOUNT:execution:orders:none",
        "arn:aws:states:us-east-1:ACCOUNT:execution:none:first",
        "arn:aws:states:us-west-2:ACCOUNT:execution:orders:first",
        "arn:aws:states:us-east-1:ACCOUNT:execution:orders",
        "arn:aws:states:us-east-1:ACCOUNT:execution:orders:first:more",
    ],
)
def test_an_execution_that_is_not_there_does_not_exist(dynastep, states, three, arn):
    arn = arn.replace("ACCOUNT", dynastep.account)
    for operation in EXECUTION_OPERATIONS:
        said = refusal(getattr(states, operation), executionArn=arn)
        assert said == f"ExecutionDoesNotExist: Execution Does Not Exist: '{arn}'"


def test_a_region_sees_its_own_machines(dynastep, states, create):
    create()
    assert dynastep.client("stepfunctions", region="eu-west-1").list_state_machines()["stateMachines"] == []


# What is not built

MODEL = operations.service_model("stepfunctions")


@pytest.mark.parametrize("name", sorted(set(MODEL.operation_names) - set(operations.handlers("stepfunctions"))))
def test_an_operation_that_is_not_built_is_named(hostile, name):
    shape = MODEL.operation_model(name).input_shape
    request = {member: least(shape.members[member]) for member in shape.required_members}
    status, body = hostile(name, request)
    assert (status, body["__type"]) == (501, "com.amazon.coral.service#NotImplementedException")
    assert body["message"] == f"Dynastep has not built stepfunctions.{name} yet"


def least(shape):
    """The least value of a shape that its constraints allow."""
    match shape.type_name:
        case "string":
            return shape.enum[0] if shape.enum else "x"
        case "list":
            return [least(shape.member)]
        case "structure":
            return {member: least(shape.members[member]) for member in shape.required_members}
        case "boolean":
            return True
        case _:
            return 1


# Whatever is sent


@pytest.fixture(scope="module")
def hostile():
    """Sends any body to an operation of one emulator that has a machine and an execution; the status and the body."""
    with emulator() as dynastep:
        role = f"arn:aws:iam::{dynastep.account}:role/runner"
        states = dynastep.client("stepfunctions")
        for name, kind in (("orders", "STANDARD"), ("quick", "EXPRESS")):
            states.create_state_machine(name=name, definition=PASS, roleArn=role, type=kind)
        arn = f"arn:aws:states:us-east-1:{dynastep.account}:stateMachine:orders"
        states.start_execution(stateMachineArn=arn, name="first")

        def send(operation, request):
            body = request if isinstance(request, bytes) else json.dumps(request).encode()
            environ = {
                "REQUEST_METHOD": "POST",
                "PATH_INFO": "/",
                "CONTENT_TYPE": "application/x-amz-json-1.0",
                "HTTP_X_AMZ_TARGET": f"AWSStepFunctions.{operation}",
                "HTTP_AUTHORIZATION": "AWS4-HMAC-SHA256 "
                f"Credential={dynastep.account}/20260101/us-east-1/states/aws4_request, SignedHeaders=host",
            }
            status, _, answered = answer(
                dynastep._control, environ, body.replace(b"ACCOUNT", dynastep.account.encode())
            )
            return status, json.loads(answered)

        yield send


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(
        [
            "arn:aws:states:us-east-1:ACCOUNT:stateMachine:orders",
            "arn:aws:states:us-east-1:ACCOUNT:stateMachine:quick",
            "arn:aws:states:us-east-1:ACCOUNT:execution:orders:first",
            "arn:aws:states:us-east-1:ACCOUNT:express:quick:a:b",
            "arn:::::",
            "arn:aws:states:::",
            "arn:aws:states:us-east-1:ACCOUNT:execution:",
            "a" * 300,
            PASS,
            "{}",
            "[]",
            "METADATA_ONLY",
            "EXPRESS",
            "WyJhIl0=",
            "bnVsbA==",
            "e30=",
        ]
    ),
)
ANY_JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["key", "value", "level", "enabled", "destinations", "x"]), inner, max_size=3)
    ),
    max_leaves=5,
)


@pytest.mark.parametrize("name", sorted(operations.handlers("stepfunctions")))
@given(data=st.data())
def test_no_request_is_too_strange_to_be_answered(hostile, name, data):
    shape = MODEL.operation_model(name).input_shape
    members = st.sampled_from([*shape.members, "unknown"])
    request = data.draw(st.dictionaries(members, ANY_JSON, max_size=len(shape.members)))
    for member in shape.required_members:
        request.setdefault(member, data.draw(ANY_JSON))
    status, body = hostile(name, request)
    assert status in {200, 400, 501}
    assert isinstance(body, dict)
    assert ("__type" in body) == (status != 200)


BROKEN = ANY_JSON | st.fixed_dictionaries(
    {}, optional={"Type": st.sampled_from(["Pass", "Task", "Map"]), "Next": SCALARS}
)


@given(
    kind=st.sampled_from(["Task", "Wait", "Pass", "Succeed", "Fail", "Choice", "Parallel", "Map"]),
    fields=st.dictionaries(
        st.sampled_from(
            [
                *(
                    "Resource",
                    "Parameters",
                    "ResultSelector",
                    "ResultPath",
                    "InputPath",
                    "OutputPath",
                    "Retry",
                    "Catch",
                ),
                *("Seconds", "SecondsPath", "Timestamp", "TimestampPath", "Error", "ErrorPath", "Cause", "CausePath"),
                *("Choices", "Default", "Branches", "Iterator", "ItemProcessor", "ItemsPath", "ItemSelector", "Next"),
                *(
                    "MaxConcurrency",
                    "MaxConcurrencyPath",
                    "TimeoutSeconds",
                    "HeartbeatSeconds",
                    "Credentials",
                    "Result",
                ),
            ]
        ),
        st.one_of(BROKEN, st.lists(BROKEN, max_size=2)),
        max_size=4,
    ),
)
@example(kind="Task", fields={"Resource": "arn:aws:states:::dynamodb:getItem", "Retry": [5]})
@example(kind="Task", fields={"Resource": "arn:aws:states:::dynamodb:getItem", "Catch": [5]})
@example(kind="Parallel", fields={"Branches": [5]})
@example(kind="Choice", fields={"Choices": [5], "Default": "B"})
@example(kind="Choice", fields={"Choices": [{"And": [5], "Next": "B"}], "Default": "B"})
def test_no_definition_is_too_strange_to_be_refused(hostile, kind, fields):
    state = {"Type": kind, **fields}
    if kind not in ("Succeed", "Fail", "Choice"):
        state.setdefault("Next", "B")
    definition = json.dumps({"StartAt": "A", "States": {"A": state, "B": {"Type": "Succeed"}}})
    request = {"name": str(uuid.uuid4()), "definition": definition, "roleArn": "arn:aws:iam::ACCOUNT:role/runner"}
    status, body = hostile("CreateStateMachine", request)
    assert status in {200, 400}, definition
    assert status == 200 or body["__type"].endswith("#InvalidDefinition"), body


@pytest.mark.parametrize(
    "text",
    [
        "[" * 50_000,
        "[" * 50_000 + "]" * 50_000,
        '{"a":' * 2000 + "1" + "}" * 2000,
        "1" * 5000,
        "1e999999",
        "1e-999999",
        "NaN",
        "1 2",
        "\x00",
        "\ufeff{}",
        '"\\ud800"',
    ],
    ids=["open", "deep", "deep objects", "long", "large", "small", "NaN", "two", "NUL", "BOM", "half a pair"],
)
def test_no_json_text_is_too_strange_to_be_read(hostile, text):
    machine = "arn:aws:states:us-east-1:ACCOUNT:stateMachine:"
    role = "arn:aws:iam::ACCOUNT:role/runner"
    for operation, request in (
        ("StartExecution", {"stateMachineArn": f"{machine}orders", "input": text}),
        ("StartSyncExecution", {"stateMachineArn": f"{machine}quick", "input": text}),
        ("CreateStateMachine", {"name": "strange", "definition": text, "roleArn": role}),
    ):
        status, body = hostile(operation, request)
        assert (status in {200, 400}, "__type" in body) == (True, status == 400)


# Over HTTP: what code under test does, with nothing but the environment


def test_a_client_of_the_environment_runs_a_machine_over_http(dynastep):
    states = boto3.client("stepfunctions")
    assert states.meta.endpoint_url == dynastep.url
    role = f"arn:aws:iam::{dynastep.account}:role/runner"
    machine = states.create_state_machine(name="orders", definition=WAIT, roleArn=role)["stateMachineArn"]
    execution = states.start_execution(stateMachineArn=machine, input='{"ü": 1}')["executionArn"]
    answered = states.describe_execution(executionArn=execution)
    assert (answered["status"], answered["output"]) == ("SUCCEEDED", '{"ü": 1}')
    found = states.get_paginator("get_execution_history").paginate(
        executionArn=execution, PaginationConfig={"PageSize": 2}
    )
    assert [event["type"] for page in found for event in page["events"]] == [
        "ExecutionStarted",
        "WaitStateEntered",
        "WaitStateExited",
        "ExecutionSucceeded",
    ]


def test_a_synchronous_execution_over_http_needs_no_option_of_the_client(dynastep):
    states = boto3.client("stepfunctions")
    role = f"arn:aws:iam::{dynastep.account}:role/runner"
    machine = states.create_state_machine(name="quick", definition=WAIT, roleArn=role, type="EXPRESS")
    answered = states.start_sync_execution(stateMachineArn=machine["stateMachineArn"])
    assert (answered["status"], answered["billingDetails"]["billedDurationInMilliseconds"]) == ("SUCCEEDED", 60000)


def test_an_error_over_http_is_the_exception_of_the_client(dynastep):
    states = boto3.client("stepfunctions")
    with pytest.raises(states.exceptions.StateMachineDoesNotExist) as raised:
        states.describe_state_machine(stateMachineArn=f"arn:aws:states:us-east-1:{dynastep.account}:stateMachine:none")
    assert raised.value.response["message"] == raised.value.response["Error"]["Message"]
