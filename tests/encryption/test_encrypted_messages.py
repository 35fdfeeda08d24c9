"""Queues, topics and log groups that are encrypted with a key of KMS, whose state and policy count."""

import json
import re
from functools import partial

import pytest
from botocore.exceptions import ClientError

from emulator.endpoint import answer
from emulator.wire.in_process import connect


@pytest.fixture
def kms(dynastep):
    return dynastep.client("kms")


@pytest.fixture
def key(kms):
    return kms.create_key()["KeyMetadata"]["Arn"]


def refusal(call, **params):
    with pytest.raises(ClientError) as refused:
        call(**params)
    said = refused.value.response["Error"]
    return said["Code"], re.sub(r"(?<=Request ID: )[0-9a-f-]{36}", "ID", said["Message"])


def said_by_kms(words, code):
    return f"{words} (Service: AWSKMS; Status Code: 400; Error Code: {code}; Request ID: ID; Proxy: null)"


def a_queue(dynastep, key, period="60"):
    attributes = {"KmsMasterKeyId": key, "KmsDataKeyReusePeriodSeconds": period}
    return dynastep.client("sqs").create_queue(QueueName="q", Attributes=attributes)["QueueUrl"]


def a_topic(dynastep, key):
    return dynastep.client("sns").create_topic(Name="t", Attributes={"KmsMasterKeyId": key})["TopicArn"]


LOST = [
    # what becomes of the key, the error of KMS, its words
    ("disabled", "DisabledException", "{key} is disabled."),
    ("to be deleted", "KMSInvalidStateException", "{key} is pending deletion."),
    ("deleted", "NotFoundException", "Key '{key}' does not exist"),
]


def lose(dynastep, key, how):
    kms = dynastep.client("kms")
    if how == "disabled":
        kms.disable_key(KeyId=key)
    else:
        kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    dynastep.clock.advance(8 * 24 * 3600 if how == "deleted" else 300)


QUEUES = {
    "DisabledException": "KMS.DisabledException",
    "KMSInvalidStateException": "KMS.InvalidStateException",
    "NotFoundException": "KMS.NotFoundException",
}
TOPICS = {
    "DisabledException": "KMSDisabled",
    "KMSInvalidStateException": "KMSInvalidState",
    "NotFoundException": "KMSNotFound",
}


@pytest.mark.parametrize(("how", "code", "words"), LOST, ids=[how for how, *_ in LOST])
def test_a_queue_takes_and_gives_no_messages_without_its_key(dynastep, key, how, code, words):
    sqs, url = dynastep.client("sqs"), a_queue(dynastep, key)
    sqs.send_message(QueueUrl=url, MessageBody="secret")
    lose(dynastep, key, how)
    expected = QUEUES[code], said_by_kms(words.format(key=key), code)
    assert refusal(sqs.send_message, QueueUrl=url, MessageBody="x") == expected
    assert refusal(sqs.send_message_batch, QueueUrl=url, Entries=[{"Id": "1", "MessageBody": "x"}]) == expected
    assert refusal(sqs.receive_message, QueueUrl=url) == expected
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["KmsMasterKeyId"])["Attributes"]
    assert attributes == {"KmsMasterKeyId": key}


def test_a_queue_uses_a_data_key_for_its_reuse_period(dynastep, kms, key):
    sqs, url = dynastep.client("sqs"), a_queue(dynastep, key)
    sqs.send_message(QueueUrl=url, MessageBody="one")
    kms.disable_key(KeyId=key)
    dynastep.clock.advance(59)
    sqs.send_message(QueueUrl=url, MessageBody="two")
    dynastep.clock.advance(1)
    assert refusal(sqs.send_message, QueueUrl=url, MessageBody="three")[0] == "KMS.DisabledException"
    kms.enable_key(KeyId=key)
    received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert sorted(message["Body"] for message in received) == ["one", "two"]


@pytest.mark.parametrize(("how", "code", "words"), LOST, ids=[how for how, *_ in LOST])
def test_a_topic_takes_no_messages_without_its_key(dynastep, key, how, code, words):
    sns, arn = dynastep.client("sns"), a_topic(dynastep, key)
    sns.publish(TopicArn=arn, Message="secret")
    lose(dynastep, key, how)
    expected = TOPICS[code], said_by_kms(words.format(key=key), code)
    assert refusal(sns.publish, TopicArn=arn, Message="x") == expected
    entries = [{"Id": "1", "Message": "x"}]
    assert refusal(sns.publish_batch, TopicArn=arn, PublishBatchRequestEntries=entries) == expected


@pytest.mark.parametrize("service", ["sqs", "sns"])
def test_the_key_that_aws_manages_is_always_there(dynastep, service):
    if service == "sqs":
        url = a_queue(dynastep, "alias/aws/sqs")
        dynastep.client("sqs").send_message(QueueUrl=url, MessageBody="x")
    else:
        dynastep.client("sns").publish(TopicArn=a_topic(dynastep, "alias/aws/sns"), Message="x")


def test_a_task_meets_the_error_of_its_service(dynastep, kms, key):
    url, topic = a_queue(dynastep, key), a_topic(dynastep, key)
    kms.disable_key(KeyId=key)
    for resource, params, error in (
        ("sqs:sendMessage", {"QueueUrl": url, "MessageBody": "x"}, "SQS.KmsDisabledException"),
        ("sns:publish", {"TopicArn": topic, "Message": "x"}, "SNS.KMSDisabledException"),
    ):
        task = {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Parameters": params, "End": True}
        execution = dynastep.run({"StartAt": "T", "States": {"T": task}})
        assert execution.cause.startswith(f"{key} is disabled. (Service: AWSKMS; ")
        assert execution.error == error


# Logs


def test_a_log_group_needs_a_key_that_is_there(dynastep, kms, key):
    logs = dynastep.client("logs")
    missing = f"{key.rpartition('/')[0]}/11111111-2222-3333-4444-555555555555"
    expected = "InvalidParameterException", "The specified KMS Key Id could not be found."
    assert refusal(logs.create_log_group, logGroupName="g", kmsKeyId=missing) == expected
    kms.disable_key(KeyId=key)
    assert refusal(logs.create_log_group, logGroupName="g", kmsKeyId=key) == expected
    kms.enable_key(KeyId=key)
    logs.create_log_group(logGroupName="g", kmsKeyId=key)
    (group,) = logs.describe_log_groups()["logGroups"]
    assert group["kmsKeyId"] == key


def test_what_is_logged_cannot_be_read_without_the_key(dynastep, kms, key):
    logs = dynastep.client("logs")
    logs.create_log_group(logGroupName="g", kmsKeyId=key)
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    logs.put_log_events(logGroupName="g", logStreamName="s", logEvents=[{"timestamp": 1, "message": "m"}])
    kms.disable_key(KeyId=key)
    arn = f"arn:aws:logs:us-east-1:{dynastep.account}:log-group:g"
    words = f"The specified KMS key does not exist or is not allowed to be used with Arn '{arn}'"
    assert refusal(logs.get_log_events, logGroupName="g", logStreamName="s") == ("AccessDeniedException", words)
    assert refusal(logs.filter_log_events, logGroupName="g") == ("AccessDeniedException", words)
    kms.enable_key(KeyId=key)
    logs.get_log_events(logGroupName="g", logStreamName="s")


@pytest.mark.dynastep(iam="enforce")
@pytest.mark.parametrize("may", [True, False])
def test_the_policy_of_the_key_must_let_cloudwatch_logs_use_it(dynastep, kms, may):
    root = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{dynastep.account}:root"}, "Action": "kms:*"}
    arn = f"arn:aws:logs:us-east-1:{dynastep.account}:log-group:{'g' if may else 'other'}"
    service = {
        "Effect": "Allow",
        "Principal": {"Service": "logs.us-east-1.amazonaws.com"},
        "Action": ["kms:Encrypt*", "kms:Decrypt*", "kms:GenerateDataKey*"],
        "Condition": {"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": arn}},
    }
    statements = [{**each, "Resource": "*"} for each in (root, service)]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    key = kms.create_key(Policy=policy)["KeyMetadata"]["Arn"]
    logs = dynastep.client("logs")
    if may:
        logs.create_log_group(logGroupName="g", kmsKeyId=key)
        return
    place = f"arn:aws:logs:us-east-1:{dynastep.account}:log-group:g"
    words = f"The specified KMS key does not exist or is not allowed to be used with Arn '{place}'"
    assert refusal(logs.create_log_group, logGroupName="g", kmsKeyId=key) == ("AccessDeniedException", words)


# Who may


def as_user(dynastep, service, *actions):
    iam = dynastep.client("iam")
    iam.create_user(UserName="u")
    statements = [{"Effect": "Allow", "Action": [f"{service}:*", *actions], "Resource": "*"}]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=policy)
    access_key = iam.create_access_key(UserName="u")["AccessKey"]["AccessKeyId"]
    return connect(partial(answer, dynastep._control), service, dynastep.region, access_key)


def denied(dynastep, key, action):
    return said_by_kms(
        f"User: arn:aws:iam::{dynastep.account}:user/u is not authorized to perform: {action} on resource: {key} "
        f"because no identity-based policy allows the {action} action",
        "AccessDeniedException",
    )


@pytest.mark.dynastep(iam="enforce")
@pytest.mark.parametrize("lacking", ["kms:GenerateDataKey", "kms:Decrypt"])
def test_who_sends_needs_rights_to_the_key(dynastep, key, lacking):
    url, topic = a_queue(dynastep, key), a_topic(dynastep, key)
    rights = {"kms:GenerateDataKey", "kms:Decrypt"} - {lacking}
    sqs = as_user(dynastep, "sqs", "sns:Publish", *rights)
    expected = "KMS.AccessDeniedException", denied(dynastep, key, lacking)
    assert refusal(sqs.send_message, QueueUrl=url, MessageBody="x") == expected
    iam = dynastep.client("iam")
    access_key = iam.list_access_keys(UserName="u")["AccessKeyMetadata"][0]["AccessKeyId"]
    sns = connect(partial(answer, dynastep._control), "sns", dynastep.region, access_key)
    expected = "KMSAccessDenied", denied(dynastep, key, lacking)
    assert refusal(sns.publish, TopicArn=topic, Message="x") == expected


@pytest.mark.dynastep(iam="enforce")
def test_who_receives_needs_the_right_to_decrypt(dynastep, key):
    url = a_queue(dynastep, key)
    sqs = as_user(dynastep, "sqs")
    expected = "KMS.AccessDeniedException", denied(dynastep, key, "kms:Decrypt")
    assert refusal(sqs.receive_message, QueueUrl=url) == expected


@pytest.mark.dynastep(iam="enforce")
def test_the_role_of_a_machine_needs_rights_to_the_key_of_a_queue(dynastep, key):
    url = a_queue(dynastep, key)
    params = {"QueueUrl": url, "MessageBody": "x"}
    task = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Parameters": params, "End": True}
    send = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}
    use = {"Effect": "Allow", "Action": ["kms:GenerateDataKey", "kms:Decrypt"], "Resource": key}
    document = {"Version": "2012-10-17", "Statement": [send]}
    arn = dynastep.machine({"StartAt": "T", "States": {"T": task}}, role=dynastep.role(document))
    assert "is not authorized to perform: kms:GenerateDataKey on resource: " in dynastep.run(arn).cause
    dynastep.role({**document, "Statement": [send, use]})
    assert dynastep.run(arn).succeeded


@pytest.mark.dynastep(iam="enforce")
def test_the_policy_that_is_written_has_the_keys_of_what_tasks_use(dynastep, key):
    url, topic = a_queue(dynastep, "alias/aws/sqs"), a_topic(dynastep, key)
    dynastep.client("dynamodb").create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
    )
    tasks = [
        ("sqs:sendMessage", {"QueueUrl": url, "MessageBody": "x"}),
        ("sns:publish", {"TopicArn": topic, "Message": "x"}),
        ("dynamodb:putItem", {"TableName": "orders", "Item": {"id": {"S": "1"}}}),
    ]
    states = {
        f"T{number}": {
            "Type": "Task",
            "Resource": f"arn:aws:states:::{resource}",
            "Parameters": params,
            **({"Next": f"T{number + 1}"} if number < len(tasks) - 1 else {"End": True}),
        }
        for number, (resource, params) in enumerate(tasks)
    }
    arn = dynastep.machine({"StartAt": "T0", "States": states}, role=dynastep.role())
    statements = dynastep.policy(arn).document["Statement"]
    of_keys = {json.dumps(each["Condition"]): each for each in statements if each["Resource"] == [key]}
    via = {
        service: {"StringEquals": {"kms:ViaService": f"{service}.us-east-1.amazonaws.com"}}
        for service in ("sns", "dynamodb")
    }
    assert of_keys[json.dumps(via["sns"])]["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert of_keys[json.dumps(via["dynamodb"])]["Action"] == ["kms:Decrypt"]
    assert len(of_keys) == 2
    for left_out in (None, *statements):
        dynastep.role({"Version": "2012-10-17", "Statement": [each for each in statements if each is not left_out]})
        assert dynastep.run(arn).succeeded == (left_out is None)
