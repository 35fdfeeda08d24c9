"""Corrections: what S3, SNS, SQS and Secrets Manager of moto's answer here as AWS does."""

from __future__ import annotations

import re

import pytest
from botocore.exceptions import ClientError
from outcomes import failure, own


@pytest.fixture
def bucket(dynastep):
    name = f"bucket-{dynastep.account}"
    dynastep.client("s3").create_bucket(Bucket=name)
    return name


def test_an_object_says_how_it_is_encrypted_and_summed(dynastep, bucket):
    s3 = dynastep.client("s3")
    written = s3.put_object(Bucket=bucket, Key="k", Body=b"text data")
    assert (written["ServerSideEncryption"], written["ChecksumType"]) == ("AES256", "FULL_OBJECT")
    read = s3.get_object(Bucket=bucket, Key="k")
    assert (read["ServerSideEncryption"], read["ChecksumCRC32"]) == ("AES256", written["ChecksumCRC32"])
    assert s3.head_object(Bucket=bucket, Key="k")["ServerSideEncryption"] == "AES256"
    assert "ServerSideEncryption" not in s3.get_object_tagging(Bucket=bucket, Key="k")
    assert "ServerSideEncryption" not in s3.list_objects_v2(Bucket=bucket)


def test_answers_of_s3_have_two_ids(dynastep, bucket):
    s3 = dynastep.client("s3")
    metadata = s3.list_objects_v2(Bucket=bucket)["ResponseMetadata"]
    assert metadata["HostId"] == metadata["HTTPHeaders"]["x-amz-id-2"]
    with pytest.raises(ClientError) as raised:
        s3.list_objects_v2(Bucket="no-such-bucket")
    assert len(raised.value.response["ResponseMetadata"]["HostId"]) == 76


def test_a_task_writes_strings_as_json_and_reads_text(call, bucket):
    place = {"Bucket": bucket, "Key": "k"}
    written = call("aws-sdk:s3:putObject", {**place, "Body": "text data"}).output
    assert written == {
        "ChecksumCRC32": "KUmHvQ==",
        "ChecksumType": "FULL_OBJECT",
        "ETag": '"2b5df3712557f503a9977a8ea893b2c9"',
        "ServerSideEncryption": "AES256",
    }
    read = call("aws-sdk:s3:getObject", place).output
    assert (read["Body"], read["ContentType"]) == ('"text data"', "text/plain; charset=UTF-8")
    assert list(read) == [
        *("AcceptRanges", "ContentLength", "ContentType", "ETag", "LastModified", "Metadata", "ServerSideEncryption"),
        "Body",
    ]


def test_what_a_task_writes_may_have_its_own_type(dynastep, call, bucket):
    call("aws-sdk:s3:putObject", {"Bucket": bucket, "Key": "k", "Body": {"a": 1}, "ContentType": "application/json"})
    read = dynastep.client("s3").get_object(Bucket=bucket, Key="k")
    assert (read["Body"].read(), read["ContentType"]) == (b'{"a":1}', "application/json")


@pytest.fixture
def topic(dynastep):
    return dynastep.client("sns").create_topic(Name="t.fifo", Attributes={"FifoTopic": "true"})["TopicArn"]


def test_a_message_to_a_fifo_topic_needs_a_group_and_gets_a_number(call, topic):
    request = {"TopicArn": topic, "Message": "m"}
    assert failure(call("sns:publish", request)) == (
        "SNS.InvalidParameterException",
        (
            "Invalid parameter: The MessageGroupId parameter is required for FIFO topics (Service: AmazonSNS; "
            "Status Code: 400; Error Code: InvalidParameter; Request ID: ...; Proxy: null)"
        ),
    )
    sent = [
        own(call("sns:publish", {**request, "MessageGroupId": "g", "MessageDeduplicationId": str(number)}).output)
        for number in range(2)
    ]
    assert all(re.fullmatch(r"\d{20}", answer["SequenceNumber"]) for answer in sent)
    assert sent[0]["SequenceNumber"] < sent[1]["SequenceNumber"]


def test_a_topic_that_is_not_there_is_called_so(call, topic):
    assert failure(call("sns:publish", {"TopicArn": f"{topic}x", "Message": "m"})) == (
        "SNS.NotFoundException",
        (
            "Topic does not exist (Service: AmazonSNS; Status Code: 404; Error Code: NotFound; Request ID: ...; "
            "Proxy: null)"
        ),
    )


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        ({"TopicArn": "t", "Message": "m"}, "TopicArn Reason: An ARN must have at least 6 elements, not 1"),
        ({"TopicArn": "arn:aws:sns", "Message": "m"}, "TopicArn Reason: An ARN must have at least 6 elements, not 3"),
        ({"Message": "m"}, "TopicArn or TargetArn Reason: no value for required parameter"),
        ({"TopicArn": "arn:aws:sns:us-east-1:000000000000:t", "Message": ""}, "Empty message"),
    ],
)
def test_what_cannot_be_published(call, request_, why):
    details = "Service: AmazonSNS; Status Code: 400; Error Code: InvalidParameter; Request ID: ...; Proxy: null"
    assert failure(call("sns:publish", request_)) == (
        "SNS.InvalidParameterException",
        f"Invalid parameter: {why} ({details})",
    )


@pytest.fixture
def queue(dynastep):
    return dynastep.client("sqs").create_queue(QueueName="q")["QueueUrl"]


def test_a_message_without_a_body_is_not_sent(call, queue):
    said = "The request must contain the parameter MessageBody."
    request = {"QueueUrl": queue, "MessageBody": ""}
    assert failure(call("sqs:sendMessage", request)) == (
        "SQS.AmazonSQSException",
        f"{said} (Service: AmazonSQS; Status Code: 400; Error Code: MissingParameter; Request ID: ...; Proxy: null)",
    )
    assert failure(call("aws-sdk:sqs:sendMessage", request)) == (
        "Sqs.SqsException",
        f"{said} (Service: Sqs, Status Code: 400, Request ID: ...)",
    )


def test_an_error_of_sqs_is_named_by_its_class_and_shown_with_its_code_in_the_query_protocol(call, queue):
    request = {"QueueUrl": f"{queue}x", "MessageBody": "m"}
    assert failure(call("sqs:sendMessage", request)) == (
        "SQS.QueueDoesNotExistException",
        (
            "The specified queue does not exist. (Service: AmazonSQS; Status Code: 400; "
            "Error Code: AWS.SimpleQueueService.NonExistentQueue; Request ID: ...; Proxy: null)"
        ),
    )
    assert failure(call("aws-sdk:sqs:sendMessage", request)) == (
        "Sqs.QueueDoesNotExistException",
        "The specified queue does not exist. (Service: Sqs, Status Code: 400, Request ID: ...)",
    )


def test_a_secret_has_a_name_of_certain_letters(call):
    execution = call(
        "aws-sdk:secretsmanager:createSecret",
        {"Name": "Invalid Name", "SecretString": "s", "ClientRequestToken": "t" * 32},
    )
    assert failure(execution) == (
        "SecretsManager.SecretsManagerException",
        (
            "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: "
            "-/_+=.@! (Service: SecretsManager, Status Code: 400, Request ID: ...)"
        ),
    )


@pytest.mark.parametrize(("action", "error"), [("headObject", "NoSuchKey"), ("headBucket", "NoSuchBucket")])
def test_what_is_not_found_without_a_body_is_named_after_what_was_asked_for(call, bucket, action, error):
    asked = {"Bucket": bucket, "Key": "none"} if action == "headObject" else {"Bucket": "no-such-bucket"}
    name, cause = failure(call(f"aws-sdk:s3:{action}", asked))
    assert name == f"S3.{error}Exception"
    assert cause.startswith("null (Service: S3, Status Code: 404, Request ID: ")
