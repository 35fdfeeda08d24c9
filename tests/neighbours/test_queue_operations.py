"""Operations of SQS: what they answer, and what they refuse beside what was recorded."""

from __future__ import annotations

import hashlib
import json
import struct

import pytest
from botocore.exceptions import ClientError

TEXT = {"DataType": "String", "StringValue": "x"}
STANDARD = {
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
    "CreatedTimestamp",
    "DelaySeconds",
    "LastModifiedTimestamp",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "QueueArn",
    "ReceiveMessageWaitTimeSeconds",
    "SqsManagedSseEnabled",
    "VisibilityTimeout",
}
FIFO = {"FifoQueue", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit"}


@pytest.fixture
def sqs(dynastep):
    return dynastep.client("sqs")


@pytest.fixture
def url(sqs):
    return sqs.create_queue(QueueName="jobs")["QueueUrl"]


@pytest.fixture
def fifo(sqs):
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    return sqs.create_queue(QueueName="jobs.fifo", Attributes=attributes)["QueueUrl"]


def refused(call, **params):
    with pytest.raises(ClientError) as refusal:
        call(**params)
    error = refusal.value.response["Error"]
    return error["Code"].rpartition(".")[2], error["Message"]


def attributes_of(sqs, url, *names):
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(names) or ["All"]).get("Attributes")


def test_a_queue_shows_its_attributes_as_texts(sqs, url, fifo):
    found = attributes_of(sqs, url)
    assert set(found) == STANDARD
    assert (found["MaximumMessageSize"], found["SqsManagedSseEnabled"]) == ("1048576", "true")
    assert found["CreatedTimestamp"].isdigit()
    assert set(attributes_of(sqs, fifo)) == STANDARD | FIFO
    assert attributes_of(sqs, url, "Policy") is None
    assert attributes_of(sqs, fifo, "FifoQueue", "DelaySeconds") == {"FifoQueue": "true", "DelaySeconds": "0"}


def test_a_queue_of_the_same_name_has_to_be_the_same(sqs, url, fifo):
    assert sqs.create_queue(QueueName="jobs", Attributes={"DelaySeconds": "0"})["QueueUrl"] == url
    assert sqs.create_queue(QueueName="jobs.fifo", Attributes={"FifoQueue": "True"})["QueueUrl"] == fifo
    said = refused(sqs.create_queue, QueueName="jobs", Attributes={"DelaySeconds": "5"})
    text = "A queue already exists with the same name and a different value for attribute DelaySeconds"
    assert said == ("QueueAlreadyExists", text)


def test_one_kind_of_encryption_puts_an_end_to_the_other(sqs, url):
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"KmsMasterKeyId": "alias/aws/sqs"})
    names = ("KmsMasterKeyId", "SqsManagedSseEnabled", "KmsDataKeyReusePeriodSeconds")
    by_kms = {"KmsMasterKeyId": "alias/aws/sqs", "SqsManagedSseEnabled": "false", "KmsDataKeyReusePeriodSeconds": "300"}
    assert attributes_of(sqs, url, *names) == by_kms
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"SqsManagedSseEnabled": "true"})
    assert attributes_of(sqs, url, *names) == {"SqsManagedSseEnabled": "true"}
    both = {"KmsMasterKeyId": "k", "SqsManagedSseEnabled": "true"}
    text = "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE."
    assert refused(sqs.create_queue, QueueName="q", Attributes=both) == ("InvalidAttributeValue", text)


def test_policies_come_back_as_they_were_given_and_go(sqs, url, dynastep):
    policy = '{"Version": "2012-10-17",  "Statement": [{"Sid": "a", "Effect": "Allow"}]}'
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    assert attributes_of(sqs, url, "Policy") == {"Policy": policy}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
    assert attributes_of(sqs, url, "Policy") is None
    sqs.add_permission(QueueUrl=url, Label="l", AWSAccountIds=["123456789012"], Actions=["SendMessage"])
    arn = f"arn:aws:sqs:us-east-1:{dynastep.account}:jobs"
    assert json.loads(attributes_of(sqs, url, "Policy")["Policy"]) == {
        "Version": "2008-10-17",
        "Id": f"{arn}/SQSDefaultPolicy",
        "Statement": [
            {
                "Sid": "l",
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
                "Action": "SQS:SendMessage",
                "Resource": arn,
            }
        ],
    }
    sqs.remove_permission(QueueUrl=url, Label="l")
    assert attributes_of(sqs, url, "Policy") is None


def redrive(**policy):
    return json.dumps(policy)


ARN = "arn:aws:sqs:us-east-1:{account}:{name}"
REDRIVES = [
    ("{", "Redrive policy is not a valid JSON map."),
    ("[]", "Redrive policy is not a valid JSON map."),
    ("{}", "Redrive policy does not contain mandatory attribute: maxReceiveCount."),
    (redrive(maxReceiveCount=1), "Redrive policy does not contain mandatory attribute: deadLetterTargetArn."),
    *[
        (
            redrive(maxReceiveCount=count, deadLetterTargetArn=ARN.format(account="<account>", name="jobs")),
            f"Invalid value for maxReceiveCount: {count}, valid values are from 1 to 1000 both inclusive.",
        )
        for count in (0, 1001, "x")
    ],
    (
        redrive(maxReceiveCount=1, deadLetterTargetArn=ARN.format(account="<account>", name="none")),
        "Dead letter target does not exist.",
    ),
    (
        redrive(maxReceiveCount=1, deadLetterTargetArn=ARN.format(account="<account>", name="jobs.fifo")),
        "Dead-letter queue must be same type of queue as the source.",
    ),
]


@pytest.mark.parametrize(("policy", "reason"), REDRIVES)
def test_a_redrive_policy_that_cannot_be(sqs, url, fifo, dynastep, policy, reason):
    given = policy.replace("<account>", dynastep.account)
    said = refused(sqs.create_queue, QueueName="q", Attributes={"RedrivePolicy": given})
    assert said == ("InvalidParameterValue", f"Value {given} for parameter RedrivePolicy is invalid. Reason: {reason}")
    assert sqs.list_queues(QueueNamePrefix="q").get("QueueUrls") is None


def test_a_dead_letter_queue_says_whose_it_is(sqs, url, dynastep):
    arn = ARN.format(account=dynastep.account, name="jobs")
    policy = {"RedrivePolicy": redrive(maxReceiveCount=1, deadLetterTargetArn=arn)}
    denies = json.dumps({"redrivePermission": "denyAll"})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedriveAllowPolicy": denies})
    assert attributes_of(sqs, url, "RedriveAllowPolicy") == {"RedriveAllowPolicy": denies}
    assert refused(sqs.create_queue, QueueName="q", Attributes=policy)[0] == "InvalidParameterValue"
    allows = {"redrivePermission": "byQueue", "sourceQueueArns": [ARN.format(account=dynastep.account, name="q")]}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedriveAllowPolicy": json.dumps(allows)})
    sqs.create_queue(QueueName="q", Attributes=policy)
    assert len(sqs.list_dead_letter_source_queues(QueueUrl=url)["queueUrls"]) == 1


WRONG = "InvalidParameterValue"
NAMES = (
    "Message (user) attributes name can only contain upper and lower score characters, digits, periods, hyphens and "
    "underscores. "
)
KINDS = "You must use only the following supported type prefixes: Binary, Number, String."
ATTRIBUTES = [
    ({"a b": TEXT}, WRONG, NAMES),
    ({".a": TEXT}, WRONG, NAMES),
    ({"a.": TEXT}, WRONG, NAMES),
    ({"a..b": TEXT}, WRONG, NAMES),
    ({"a" * 256: TEXT}, WRONG, "Message (user) attribute names must be shorter than 256 Bytes"),
    (
        {str(number): TEXT for number in range(11)},
        WRONG,
        "Number of message attributes [11] exceeds the allowed maximum [10].",
    ),
    ({"a": {**TEXT, "DataType": ""}}, WRONG, "Message (user) attribute 'a' must contain a non-empty attribute type."),
    ({"a": {**TEXT, "DataType": "Text"}}, WRONG, f"The type of message (user) attribute 'a' is invalid. {KINDS}"),
    (
        {"a": {**TEXT, "StringValue": ""}},
        WRONG,
        "Message (user) attribute 'a' must contain a non-empty value of type 'String'.",
    ),
    (
        {"a": {**TEXT, "DataType": "Binary"}},
        WRONG,
        "Message (user) attribute 'a' must contain a non-empty value of type 'Binary'.",
    ),
    (
        {"a": {**TEXT, "DataType": "Number"}},
        WRONG,
        "Can't cast the value of message (user) attribute 'a' to a number.",
    ),
    (
        {"a": {"DataType": "String", "StringListValues": ["x"]}},
        "UnsupportedOperation",
        "Message attribute list values in SendMessage operation are not supported.",
    ),
]


@pytest.mark.parametrize(("attributes", "code", "message"), ATTRIBUTES)
def test_attributes_that_no_message_can_have(sqs, url, attributes, code, message):
    said = refused(sqs.send_message, QueueUrl=url, MessageBody="x", MessageAttributes=attributes)
    assert said == (code, message)
    entries = [{"Id": "a", "MessageBody": "x", "MessageAttributes": attributes}, {"Id": "b", "MessageBody": "y"}]
    batch = sqs.send_message_batch(QueueUrl=url, Entries=entries)
    assert batch["Failed"] == [{"Id": "a", "SenderFault": True, "Code": code, "Message": message}]
    assert [each["Id"] for each in batch["Successful"]] == ["b"]
    assert [each["Body"] for each in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]] == ["y"]


@pytest.mark.parametrize("value", ["1", "-1.5", "+.5", "1e9", "1E-9"])
def test_numbers_are_attributes(sqs, url, value):
    sqs.send_message(
        QueueUrl=url, MessageBody="x", MessageAttributes={"n": {"DataType": "Number.int", "StringValue": value}}
    )


@pytest.mark.parametrize("character", ["\x00", "\x1f", "\ufffe", "\uffff"])
def test_characters_that_no_message_has(sqs, url, character):
    text = (
        f"Invalid binary character '#x{ord(character):X}' was found in the message body, the set of allowed characters "
        "is #x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF]"
    )
    said = refused(sqs.send_message, QueueUrl=url, MessageBody=f"a{character}b")
    assert said == ("InvalidMessageContents", text)
    sqs.send_message(QueueUrl=url, MessageBody="\t\n\r \ud7ff\ue000\ufffd\U0001f600")


def digest(attributes):
    """The digest of attributes, as AWS documents it."""
    parts = b""
    for name in sorted(attributes):
        kind = attributes[name]["DataType"]
        value = attributes[name].get("StringValue") or attributes[name]["BinaryValue"]
        number = b"\x02" if kind.startswith("Binary") else b"\x01"
        encoded = value if isinstance(value, bytes) else value.encode()
        for text in (name.encode(), kind.encode()):
            parts += struct.pack("!I", len(text)) + text
        parts += number + struct.pack("!I", len(encoded)) + encoded
    return hashlib.md5(parts).hexdigest()


def test_digests_are_of_the_attributes_that_are_shown(sqs, url):
    given = {
        "a.x": TEXT,
        "a.y": {"DataType": "Number.int", "StringValue": "1"},
        "b": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
    }
    trace = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-5759e988-bd862e3fe1be46a994272793"}}
    sent = sqs.send_message(QueueUrl=url, MessageBody="é", MessageAttributes=given, MessageSystemAttributes=trace)
    assert sent["MD5OfMessageBody"] == hashlib.md5("é".encode()).hexdigest()
    assert (sent["MD5OfMessageAttributes"], sent["MD5OfMessageSystemAttributes"]) == (digest(given), digest(trace))
    for names, kept in (
        (["All"], given),
        ([".*"], given),
        (["a.*"], {"a.x": given["a.x"], "a.y": given["a.y"]}),
        (["b"], {"b": given["b"]}),
        ([], {}),
    ):
        (got,) = sqs.receive_message(QueueUrl=url, MessageAttributeNames=names, VisibilityTimeout=0)["Messages"]
        assert got.get("MessageAttributes", {}) == kept
        assert got.get("MD5OfMessageAttributes") == (digest(kept) if kept else None)
    (got,) = sqs.receive_message(QueueUrl=url, MessageSystemAttributeNames=["AWSTraceHeader"])["Messages"]
    assert got["Attributes"] == {"AWSTraceHeader": trace["AWSTraceHeader"]["StringValue"]}


BATCH = [
    ([], "EmptyBatchRequest", "There should be at least one {}BatchRequestEntry in the request."),
    (
        [str(number) for number in range(11)],
        "TooManyEntriesInBatchRequest",
        "Maximum number of entries per request are 10. You have sent 11.",
    ),
    (
        ["a b"],
        "InvalidBatchEntryId",
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores. "
        "It can be at most 80 letters long.",
    ),
    (["a", "a"], "BatchEntryIdsNotDistinct", "Id a repeated."),
]
KINDS_OF_BATCHES = [
    ("SendMessage", {"MessageBody": "x"}),
    ("DeleteMessage", {"ReceiptHandle": "x"}),
    ("ChangeMessageVisibility", {"ReceiptHandle": "x", "VisibilityTimeout": 1}),
]


@pytest.mark.parametrize(("kind", "entry"), KINDS_OF_BATCHES)
@pytest.mark.parametrize(("ids", "code", "message"), BATCH)
def test_batches_that_cannot_be(sqs, url, kind, entry, ids, code, message):
    operation = {
        "SendMessage": sqs.send_message_batch,
        "DeleteMessage": sqs.delete_message_batch,
        "ChangeMessageVisibility": sqs.change_message_visibility_batch,
    }[kind]
    said = refused(operation, QueueUrl=url, Entries=[{"Id": each, **entry} for each in ids])
    assert said == (code, message.format(kind))


def test_a_message_too_long_for_its_queue_holds_back_no_other(sqs, url):
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"MaximumMessageSize": "1024"})
    entries = [{"Id": "long", "MessageBody": "x" * 1025}, {"Id": "late", "MessageBody": "x", "DelaySeconds": 901}]
    batch = sqs.send_message_batch(QueueUrl=url, Entries=[*entries, {"Id": "fits", "MessageBody": "x" * 1024}])
    reason = "Message must be shorter than 1024 bytes."
    late = "Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900."
    assert [(each["Id"], each["Code"], each["Message"]) for each in batch["Failed"]] == [
        ("long", WRONG, f"One or more parameters are invalid. Reason: {reason}"),
        ("late", WRONG, late),
    ]
    assert [each["Id"] for each in batch["Successful"]] == ["fits"]
    heavy = {"n" * 10: {"DataType": "String", "StringValue": "v" * 10}}
    said = refused(sqs.send_message, QueueUrl=url, MessageBody="x" * 999, MessageAttributes=heavy)
    assert said == (WRONG, f"One or more parameters are invalid. Reason: {reason}")


def handle_of(sqs, url, **params):
    (got,) = sqs.receive_message(QueueUrl=url, **params)["Messages"]
    return got["ReceiptHandle"]


def test_receipts_are_of_their_queue(sqs, url, fifo):
    sqs.send_message(QueueUrl=url, MessageBody="x")
    handle = handle_of(sqs, url)
    for call in (sqs.delete_message, sqs.change_message_visibility):
        more = {"VisibilityTimeout": 1} if call == sqs.change_message_visibility else {}
        for wrong, of in (("x", url), (handle, fifo)):
            text = f'The input receipt handle "{wrong}" is not a valid receipt handle.'
            assert refused(call, QueueUrl=of, ReceiptHandle=wrong, **more) == ("ReceiptHandleIsInvalid", text)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
    gone = f"Value {handle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available "
    said = refused(sqs.change_message_visibility, QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=1)
    assert said == (WRONG, f"{gone}for visibility timeout change.")
    batch = sqs.delete_message_batch(QueueUrl=url, Entries=[{"Id": "a", "ReceiptHandle": "x"}])
    text = 'The input receipt handle "x" is not a valid receipt handle.'
    failed = {"Id": "a", "SenderFault": True, "Code": "ReceiptHandleIsInvalid", "Message": text}
    assert batch["Failed"] == [failed]


def test_a_message_in_sight_has_no_visibility_to_change(sqs, url, dynastep):
    sqs.send_message(QueueUrl=url, MessageBody="x")
    handle = handle_of(sqs, url, VisibilityTimeout=10)
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=5)
    dynastep.clock.advance(5)
    said = refused(sqs.change_message_visibility, QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=5)
    assert said[0] == "MessageNotInflight"
    sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def test_a_receipt_of_a_fifo_queue_ends_with_its_visibility(sqs, fifo, dynastep):
    sqs.send_message(QueueUrl=fifo, MessageBody="x", MessageGroupId="g")
    handle = handle_of(sqs, fifo, VisibilityTimeout=5)
    dynastep.clock.advance(5)
    text = f"Value {handle} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired."
    assert refused(sqs.delete_message, QueueUrl=fifo, ReceiptHandle=handle) == (WRONG, text)
    sqs.delete_message(QueueUrl=fifo, ReceiptHandle=handle_of(sqs, fifo))


def test_a_dead_letter_says_where_it_comes_from(sqs, url, dynastep):
    arn = ARN.format(account=dynastep.account, name="jobs")
    policy = {"RedrivePolicy": redrive(maxReceiveCount=1, deadLetterTargetArn=arn)}
    source = sqs.create_queue(QueueName="source", Attributes=policy)["QueueUrl"]
    sqs.send_message(QueueUrl=source, MessageBody="x")
    handle_of(sqs, source, VisibilityTimeout=0)
    assert "Messages" not in sqs.receive_message(QueueUrl=source)
    (dead,) = sqs.receive_message(QueueUrl=url, MessageSystemAttributeNames=["All"])["Messages"]
    assert dead["Attributes"]["DeadLetterQueueSourceArn"] == ARN.format(account=dynastep.account, name="source")


def test_tags(sqs, url):
    assert "Tags" not in sqs.list_queue_tags(QueueUrl=url)
    sqs.tag_queue(QueueUrl=url, Tags={"a": "1", "b": ""})
    sqs.untag_queue(QueueUrl=url, TagKeys=["a"])
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"b": ""}
    said = refused(sqs.tag_queue, QueueUrl=url, Tags={str(number): "" for number in range(51)})
    assert said == (WRONG, "Too many tags added for queue jobs.")


def test_queues_of_other_accounts_are_named_by_theirs(sqs, dynastep, url):
    absent = ("NonExistentQueue", "The specified queue does not exist.")
    assert refused(sqs.get_queue_url, QueueName="jobs", QueueOwnerAWSAccountId="999999999999") == absent
    elsewhere = url.replace(dynastep.account, "999999999999")
    assert refused(sqs.send_message, QueueUrl=elsewhere, MessageBody="x") == absent


@pytest.mark.parametrize("count", [0, 1001])
def test_pages_of_queues(sqs, url, fifo, count):
    first = sqs.list_queues(MaxResults=1)
    assert first["QueueUrls"] == [url]
    assert sqs.list_queues(MaxResults=1, NextToken=first["NextToken"])["QueueUrls"] == [fifo]
    reason = "Must be between 1 and 1000, if provided."
    said = refused(sqs.list_queues, MaxResults=count)
    assert said == (WRONG, f"Value {count} for parameter MaxResults is invalid. Reason: {reason}")
