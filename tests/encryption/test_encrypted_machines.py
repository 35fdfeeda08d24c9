"""State machines and activities that are encrypted with a key of KMS, whose state and policies count."""

import json
from functools import partial

import pytest
from botocore.exceptions import ClientError

from emulator.endpoint import answer
from emulator.wire.in_process import connect

PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
WAIT = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 100, "Next": "P"}, **PASS["States"]}}
TYPE = "CUSTOMER_MANAGED_KMS_KEY"


@pytest.fixture
def kms(dynastep):
    return dynastep.client("kms")


@pytest.fixture
def key(kms):
    return kms.create_key()["KeyMetadata"]["Arn"]


def encrypted(key, period=300):
    return {"type": TYPE, "kmsKeyId": key, "kmsDataKeyReusePeriodSeconds": period}


def make(dynastep, key, definition=PASS, *, period=60, client=None, role=None, **more):
    return (client or dynastep.client("stepfunctions")).create_state_machine(
        name="secret",
        definition=json.dumps(definition),
        roleArn=role or f"arn:aws:iam::{dynastep.account}:role/any",
        encryptionConfiguration=encrypted(key, period),
        **more,
    )["stateMachineArn"]


def refusal(call, **params):
    with pytest.raises(ClientError) as refused:
        call(**params)
    return refused.value.response


def code_of(call, **params):
    return refusal(call, **params)["Error"]["Code"]


def disabled(kms, key):
    kms.disable_key(KeyId=key)
    return "DISABLED", f"{key} is disabled."


def pending_deletion(kms, key):
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    return "PENDING_DELETION", f"{key} is pending deletion."


@pytest.mark.parametrize("named", ["id", "ARN", "alias", "ARN of alias"])
def test_a_key_is_named_as_kms_lets_it_be(dynastep, kms, key, named):
    kms.create_alias(AliasName="alias/mine", TargetKeyId=key)
    prefix = key.rpartition(":")[0]
    names = {"id": key.rpartition("/")[2], "ARN": key, "alias": "alias/mine", "ARN of alias": f"{prefix}:alias/mine"}
    arn = make(dynastep, names[named])
    described = dynastep.client("stepfunctions").describe_state_machine(stateMachineArn=arn)
    assert described["encryptionConfiguration"] == encrypted(names[named], 60)
    assert dynastep.run(arn).succeeded


def test_a_data_key_is_used_again_for_five_minutes_where_nothing_is_said(dynastep, key):
    sfn = dynastep.client("stepfunctions")
    arn = sfn.create_activity(name="a", encryptionConfiguration={"type": TYPE, "kmsKeyId": key})["activityArn"]
    assert sfn.describe_activity(activityArn=arn)["encryptionConfiguration"] == encrypted(key, 300)


UNFIT = [
    # what was wrong with the key, what is said
    ({"type": TYPE}, "kmsKeyId must be specified when type is CUSTOMER_MANAGED_KMS_KEY."),
    (
        {"type": "AWS_OWNED_KEY", "kmsKeyId": "{key}"},
        "kmsKeyId and kmsDataKeyReusePeriodSeconds cannot be specified when type is AWS_OWNED_KEY.",
    ),
    ({"type": TYPE, "kmsKeyId": "{missing}"}, "Key '{missing}' does not exist"),
    ({"type": TYPE, "kmsKeyId": "alias/none"}, "Alias {prefix}:alias/none is not found."),
    ({"type": TYPE, "kmsKeyId": "{asymmetric}"}, "{asymmetric} is not a symmetric encryption key."),
    ({"type": TYPE, "kmsKeyId": "{disabled}"}, "{disabled} is disabled."),
    ({"type": TYPE, "kmsKeyId": "{deleted}"}, "{deleted} is pending deletion."),
]


@pytest.mark.parametrize(("configuration", "words"), UNFIT, ids=[words for _, words in UNFIT])
def test_a_configuration_that_cannot_be_is_refused(dynastep, kms, key, configuration, words):
    names = {"key": key, "prefix": key.rpartition(":")[0]}
    names["missing"] = f"{names['prefix']}:key/11111111-2222-3333-4444-555555555555"
    names["asymmetric"] = kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
    for name, spoil in (("disabled", disabled), ("deleted", pending_deletion)):
        names[name] = kms.create_key()["KeyMetadata"]["Arn"]
        spoil(kms, names[name])
    given = {name: value.format(**names) for name, value in configuration.items()}
    sfn = dynastep.client("stepfunctions")
    role = f"arn:aws:iam::{dynastep.account}:role/any"
    for call, params in (
        (sfn.create_state_machine, {"name": "m", "definition": json.dumps(PASS), "roleArn": role}),
        (sfn.create_activity, {"name": "a"}),
        (sfn.update_state_machine, {"stateMachineArn": dynastep.machine(PASS)}),
    ):
        refused = refusal(call, **params, encryptionConfiguration=given)["Error"]
        assert refused["Code"] == "InvalidEncryptionConfiguration"
        assert refused["Message"] == f"Invalid Encryption Configuration: {words.format(**names)}"


def test_an_activity_that_is_there_is_not_encrypted_anew(dynastep, key):
    sfn = dynastep.client("stepfunctions")
    sfn.create_activity(name="a")
    assert code_of(sfn.create_activity, name="a", encryptionConfiguration=encrypted(key)) == "ActivityAlreadyExists"


@pytest.mark.parametrize("spoil", [disabled, pending_deletion])
def test_who_reads_needs_the_key_and_metadata_need_none(dynastep, kms, key, spoil):
    sfn = dynastep.client("stepfunctions")
    arn = make(dynastep, key)
    execution = dynastep.run(arn, {"secret": 1}).arn
    state, words = spoil(kms, key)
    reading = [
        (sfn.describe_state_machine, {"stateMachineArn": arn}),
        (sfn.describe_state_machine_for_execution, {"executionArn": execution}),
        (sfn.describe_execution, {"executionArn": execution}),
        (sfn.get_execution_history, {"executionArn": execution}),
    ]
    for call, params in reading:
        refused = refusal(call, **params)
        assert refused["Error"] == {"Code": "KmsInvalidStateException", "Message": words}
        assert refused["kmsKeyState"] == state
    assert "definition" not in sfn.describe_state_machine(stateMachineArn=arn, includedData="METADATA_ONLY")
    about = sfn.describe_execution(executionArn=execution, includedData="METADATA_ONLY")
    assert (about["status"], "input" in about, "output" in about) == ("SUCCEEDED", False, False)
    assert len(sfn.list_executions(stateMachineArn=arn)["executions"]) == 1
    if spoil is disabled:
        kms.enable_key(KeyId=key)
        assert json.loads(sfn.describe_execution(executionArn=execution)["output"]) == {"secret": 1}


def test_a_key_is_gone_once_the_date_of_its_deletion_has_come(dynastep, kms, key):
    arn = make(dynastep, key)
    pending_deletion(kms, key)
    dynastep.clock.advance(7 * 24 * 3600)
    refused = refusal(dynastep.client("stepfunctions").describe_state_machine, stateMachineArn=arn)
    assert refused["Error"] == {"Code": "KmsInvalidStateException", "Message": f"Key '{key}' does not exist"}
    assert "kmsKeyState" not in refused
    assert code_of(kms.describe_key, KeyId=key) == "NotFoundException"


def test_a_deletion_that_is_cancelled_lets_the_key_be_enabled(dynastep, kms, key):
    arn = make(dynastep, key)
    pending_deletion(kms, key)
    kms.cancel_key_deletion(KeyId=key)
    kms.enable_key(KeyId=key)
    assert dynastep.run(arn).succeeded


@pytest.mark.parametrize("express", [False, True])
def test_a_disabled_key_is_noticed_when_the_data_key_is_used_up(dynastep, kms, key, express):
    arn = make(dynastep, key, type="EXPRESS" if express else "STANDARD")
    start = dynastep.client("stepfunctions").start_execution
    start(stateMachineArn=arn)
    state, words = disabled(kms, key)
    dynastep.clock.advance(59)
    start(stateMachineArn=arn)  # with the data key of before
    dynastep.clock.advance(1)
    refused = refusal(start, stateMachineArn=arn)
    assert (refused["Error"]["Code"], refused["kmsKeyState"]) == ("KmsInvalidStateException", state)
    assert refused["Error"]["Message"] == words
    kms.enable_key(KeyId=key)
    start(stateMachineArn=arn)


@pytest.mark.parametrize("period", [60, 300])
def test_an_execution_fails_when_it_has_something_to_record_and_gets_no_data_key(dynastep, kms, key, period):
    sfn = dynastep.client("stepfunctions")
    arn = make(dynastep, key, WAIT, period=period)
    execution = sfn.start_execution(stateMachineArn=arn)["executionArn"]
    _, words = disabled(kms, key)
    dynastep.clock.advance(100)  # the Wait has ended
    status = sfn.describe_execution(executionArn=execution, includedData="METADATA_ONLY")["status"]
    assert status == ("FAILED" if period == 60 else "SUCCEEDED")
    kms.enable_key(KeyId=key)
    about = sfn.describe_execution(executionArn=execution)
    if period == 60:
        assert (about["error"], about["cause"]) == ("KmsInvalidStateException", words)
        events = sfn.get_execution_history(executionArn=execution)["events"]
        assert [event["type"] for event in events] == ["ExecutionStarted", "WaitStateEntered", "ExecutionFailed"]


def test_an_execution_that_lost_its_key_can_be_redriven(dynastep, kms, key):
    sfn = dynastep.client("stepfunctions")
    execution = sfn.start_execution(stateMachineArn=make(dynastep, key, WAIT))["executionArn"]
    disabled(kms, key)
    dynastep.clock.advance(100)
    kms.enable_key(KeyId=key)
    assert sfn.describe_execution(executionArn=execution)["status"] == "FAILED"
    sfn.redrive_execution(executionArn=execution)
    dynastep.clock.advance(100)
    assert sfn.describe_execution(executionArn=execution)["status"] == "SUCCEEDED"


def test_a_snapshot_of_an_execution_that_lost_its_key_is_put_back(dynastep, kms, key):
    sfn = dynastep.client("stepfunctions")
    execution = sfn.start_execution(stateMachineArn=make(dynastep, key, WAIT))["executionArn"]
    disabled(kms, key)
    dynastep.clock.advance(100)
    sfn.describe_execution(executionArn=execution, includedData="METADATA_ONLY")
    kms.enable_key(KeyId=key)
    before = sfn.get_execution_history(executionArn=execution)["events"]
    sfn.redrive_execution(executionArn=execution)
    dynastep.snapshot("lost")
    dynastep.restore("lost")
    sfn = dynastep.client("stepfunctions")
    dynastep.clock.advance(100)
    assert sfn.describe_execution(executionArn=execution)["status"] == "SUCCEEDED"
    assert sfn.get_execution_history(executionArn=execution)["events"][: len(before)] == before


def test_a_stop_that_says_why_needs_the_key(dynastep, kms, key):
    sfn = dynastep.client("stepfunctions")
    arn = make(dynastep, key, {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 1000, "End": True}}})
    execution = sfn.start_execution(stateMachineArn=arn)["executionArn"]
    disabled(kms, key)
    dynastep.clock.advance(60)
    assert code_of(sfn.stop_execution, executionArn=execution, cause="enough") == "KmsInvalidStateException"
    sfn.stop_execution(executionArn=execution)
    about = sfn.describe_execution(executionArn=execution, includedData="METADATA_ONLY")
    assert about["status"] == "ABORTED"


def test_an_answer_by_token_needs_the_key_of_the_execution(dynastep, kms, key):
    sfn = dynastep.client("stepfunctions")
    activity = sfn.create_activity(name="a")["activityArn"]
    task = {"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": activity, "End": True}}}
    execution = sfn.start_execution(stateMachineArn=make(dynastep, key, task))["executionArn"]
    token = sfn.get_activity_task(activityArn=activity)["taskToken"]
    disabled(kms, key)
    dynastep.clock.advance(60)
    assert code_of(sfn.send_task_success, taskToken=token, output="{}") == "KmsInvalidStateException"
    assert code_of(sfn.send_task_failure, taskToken=token) == "KmsInvalidStateException"
    kms.enable_key(KeyId=key)
    sfn.send_task_success(taskToken=token, output="{}")
    assert sfn.describe_execution(executionArn=execution)["status"] == "SUCCEEDED"


def test_the_tasks_of_an_encrypted_activity_need_its_key(dynastep, kms, key):
    sfn = dynastep.client("stepfunctions")
    activity = sfn.create_activity(name="a", encryptionConfiguration=encrypted(key))["activityArn"]
    disabled(kms, key)
    refused = refusal(sfn.get_activity_task, activityArn=activity)
    assert (refused["Error"]["Code"], refused["kmsKeyState"]) == ("KmsInvalidStateException", "DISABLED")
    task = {"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": activity, "End": True}}}
    execution = dynastep.run(task)
    assert (execution.error, execution.cause) == ("KmsInvalidStateException", f"{key} is disabled.")


def test_an_execution_goes_on_with_what_it_was_started_with(dynastep, kms, key):
    sfn = dynastep.client("stepfunctions")
    arn = make(dynastep, key, WAIT)
    execution = sfn.start_execution(stateMachineArn=arn)["executionArn"]
    sfn.update_state_machine(stateMachineArn=arn, encryptionConfiguration={"type": "AWS_OWNED_KEY"})
    disabled(kms, key)
    assert "definition" in sfn.describe_state_machine(stateMachineArn=arn)
    assert code_of(sfn.describe_execution, executionArn=execution) == "KmsInvalidStateException"
    sfn.start_execution(stateMachineArn=arn)


def test_events_tell_nothing_of_what_is_encrypted(dynastep, key):
    sqs, events = dynastep.client("sqs"), dynastep.client("events")
    queue = sqs.create_queue(QueueName="q")["QueueUrl"]
    target = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="r", EventPattern=json.dumps({"source": ["aws.states"], "detail": {"status": ["SUCCEEDED"]}}))
    events.put_targets(Rule="r", Targets=[{"Id": "q", "Arn": target}])
    dynastep.run(make(dynastep, key), {"secret": 1})
    (message,) = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20)["Messages"]
    detail = json.loads(message["Body"])["detail"]
    assert [detail[name] for name in ("input", "output", "error", "cause")] == [None] * 4
    assert detail["inputDetails"] == detail["outputDetails"] == {"included": False}


def test_kms_may_be_too_busy(dynastep, key):
    arn = make(dynastep, key)
    with dynastep.faults("kms:GenerateDataKey", error="ThrottlingException"):
        refused = refusal(dynastep.client("stepfunctions").start_execution, stateMachineArn=arn)["Error"]
    words = "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls."
    assert refused == {"Code": "KmsThrottlingException", "Message": words}


# Who may


def document(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(*actions, resource="*", **more):
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}


def as_user(dynastep, *statements):
    """A client of Step Functions with these rights."""
    iam = dynastep.client("iam")
    iam.create_user(UserName="u")
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=json.dumps(document(*statements)))
    access_key = iam.create_access_key(UserName="u")["AccessKey"]["AccessKeyId"]
    return connect(partial(answer, dynastep._control), "stepfunctions", dynastep.region, access_key)


STATES = allow("states:*", "iam:PassRole")


@pytest.mark.dynastep(iam="enforce")
@pytest.mark.parametrize("lacking", ["DescribeKey", "GenerateDataKey", "Decrypt", None])
def test_a_caller_needs_rights_to_the_key(dynastep, key, lacking):
    actions = [f"kms:{name}" for name in ("DescribeKey", "GenerateDataKey", "Decrypt") if name != lacking]
    sfn = as_user(dynastep, STATES, allow(*actions, resource=key))
    role = dynastep.role(document(allow("kms:GenerateDataKey", "kms:Decrypt")))
    calls = [lambda: make(dynastep, key, client=sfn, role=role)]
    if lacking in ("Decrypt", None):
        arn = make(dynastep, key, client=sfn, role=role)
        execution = sfn.start_execution(stateMachineArn=arn)["executionArn"]
        calls = [
            lambda: sfn.describe_state_machine(stateMachineArn=arn),
            lambda: sfn.describe_execution(executionArn=execution),
            lambda: sfn.get_execution_history(executionArn=execution),
        ]
    for call in calls:
        if lacking is None:
            call()
            continue
        refused = refusal(call)["Error"]
        assert refused == {
            "Code": "KmsAccessDeniedException",
            "Message": f"User: arn:aws:iam::{dynastep.account}:user/u is not authorized to perform: kms:{lacking} on "
            f"resource: {key} because no identity-based policy allows the kms:{lacking} action",
        }


@pytest.mark.dynastep(iam="enforce")
@pytest.mark.parametrize(
    ("condition", "may"),
    [
        ({"kms:ViaService": "states.us-east-1.amazonaws.com"}, True),
        ({"kms:ViaService": "s3.us-east-1.amazonaws.com"}, False),
        ({"kms:EncryptionContext:aws:states:stateMachineArn": "arn:aws:states:us-east-1:{account}:stateMachine:secret"}, True),
        ({"kms:EncryptionContext:aws:states:stateMachineArn": "arn:aws:states:us-east-1:{account}:stateMachine:other"}, False),
    ],
)  # fmt: skip
def test_conditions_see_the_service_and_the_encryption_context(dynastep, key, condition, may):
    condition = {name: value.replace("{account}", dynastep.account) for name, value in condition.items()}
    sfn = as_user(dynastep, STATES, allow("kms:*", Condition={"StringEquals": condition}))
    if may:
        make(dynastep, key, client=sfn, role=dynastep.role())
    else:
        call = lambda: make(dynastep, key, client=sfn, role=dynastep.role())  # noqa: E731 - named for what it is
        assert code_of(call) == "KmsAccessDeniedException"


@pytest.mark.dynastep(iam="enforce")
@pytest.mark.parametrize("lacking", ["kms:GenerateDataKey", "kms:Decrypt"])
@pytest.mark.parametrize("express", [False, True])
def test_the_role_of_an_execution_needs_rights_to_the_key(dynastep, key, lacking, express):
    role = dynastep.role(document(allow(*{"kms:GenerateDataKey", "kms:Decrypt"} - {lacking})))
    arn = make(dynastep, key, role=role, type="EXPRESS" if express else "STANDARD")
    sfn = dynastep.client("stepfunctions")
    refused = refusal(sfn.start_execution, stateMachineArn=arn)["Error"]
    assert refused["Code"] == "KmsAccessDeniedException"
    assert f"is not authorized to perform: {lacking} on resource: {key} because no identity-based" in refused["Message"]
    if express:
        if lacking == "kms:Decrypt":
            assert code_of(sfn.start_sync_execution, stateMachineArn=arn) == "KmsAccessDeniedException"
        else:
            assert sfn.start_sync_execution(stateMachineArn=arn)["status"] == "SUCCEEDED"


@pytest.mark.dynastep(iam="enforce")
def test_the_policy_that_is_written_lets_an_encrypted_machine_run(dynastep, kms, key):
    kms.create_alias(AliasName="alias/mine", TargetKeyId=key)
    arn = make(dynastep, "alias/mine", role=dynastep.role())
    dynastep.role(dynastep.policy(arn))
    assert dynastep.run(arn).succeeded


@pytest.mark.dynastep(iam="enforce")
def test_the_policy_has_the_key_of_an_encrypted_activity(dynastep, key):
    sfn = dynastep.client("stepfunctions")
    activity = sfn.create_activity(name="a", encryptionConfiguration=encrypted(key))["activityArn"]
    task = {"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": activity, "End": True}}}
    arn = dynastep.machine(task, role=dynastep.role())
    refused = dynastep.run(arn)
    assert refused.error == "KmsAccessDeniedException"
    assert f"is not authorized to perform: kms:GenerateDataKey on resource: {key}" in refused.cause
    (statement,) = dynastep.policy(arn).document["Statement"]
    assert statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert statement["Condition"] == {"StringEquals": {"kms:EncryptionContext:aws:states:activityArn": activity}}
    dynastep.role(dynastep.policy(arn))
    execution = sfn.start_execution(stateMachineArn=arn)["executionArn"]
    token = sfn.get_activity_task(activityArn=activity)["taskToken"]
    sfn.send_task_success(taskToken=token, output="1")
    assert sfn.describe_execution(executionArn=execution)["status"] == "SUCCEEDED"


@pytest.mark.dynastep(iam="enforce")
def test_the_policy_of_the_key_must_let_the_role_use_it(dynastep, kms):
    root = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{dynastep.account}:root"}, "Resource": "*"}
    alone = document({**root, "Action": ["kms:PutKeyPolicy", "kms:DescribeKey", "kms:GenerateDataKey"]})
    key = kms.create_key(Policy=json.dumps(alone))["KeyMetadata"]["Arn"]
    arn = make(dynastep, key, role=dynastep.role(document(allow("kms:*"))))
    refused = refusal(dynastep.client("stepfunctions").start_execution, stateMachineArn=arn)["Error"]
    assert refused["Code"] == "KmsAccessDeniedException"
    assert refused["Message"].endswith("because no resource-based policy allows the kms:Decrypt action")
