"""Every other AWS service, through moto: over in-process clients, over a socket, and as one call."""

from __future__ import annotations

import gzip
import http.client
import json
import logging
import re
import socket
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ParamValidationError

from emulator import arns, clients, endpoint, moto_door, server
from emulator.control import Control
from emulator.moto_door import routes
from emulator.moto_door.state import met
from emulator.reception import layer
from emulator.settings import Settings
from emulator.wire import patterns
from emulator.wire.credentials import Credential
from emulator.wiring import meet_moto

TABLE = {
    "TableName": "orders",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


@pytest.fixture(autouse=True)
def empty():
    moto_door.reset()
    control = Control(Settings())
    meet_moto(lambda _account: control.world)
    met()  # before what a test delivers elsewhere


@pytest.fixture
def client(world):
    return lambda service, region="us-east-1", account="111122223333": clients.client(world, service, region, account)


@pytest.fixture
def url(world):
    served = server.serve_in_thread(layer(world, None))  # type: ignore[arg-type]
    yield served.url
    served.close()


# Where a request goes


@pytest.mark.parametrize(
    ("name", "path", "host"),
    [
        ("sqs", "/", "sqs.eu-west-1.amazonaws.com"),
        ("ses", "/v2/email/identities", "email.eu-west-1.amazonaws.com"),
        ("memorydb", "/", "memory-db.eu-west-1.amazonaws.com"),
        ("cloudfront", "/2020-05-31/distribution", "cloudfront.amazonaws.com"),
        ("s3", "/bucket/key", "s3.eu-west-1.amazonaws.com"),
        ("s3", "/v20180820/accesspoint", "111122223333.s3-control.eu-west-1.amazonaws.com"),
        ("s3", "/latest/meta-data/", "169.254.169.254"),
        ("bedrock", "/agents/", "bedrock-agent.eu-west-1.amazonaws.com"),
        ("sagemaker", "/endpoints/e/invocations", "runtime.sagemaker.eu-west-1.amazonaws.com"),
    ],
)
def test_the_signature_names_the_service(name, path, host):
    method = "PUT" if name == "bedrock" else "POST"
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "HTTP_HOST": "localhost:4566",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "4566",
        "wsgi.url_scheme": "http",
        "HTTP_X_MOTO_ACCOUNT_ID": "111122223333",
    }
    assert routes.host_of(environ, name, "eu-west-1") == host
    assert routes.find(host, path) is not None


def test_moto_s_step_functions_is_never_used():
    assert routes.modules("states.us-east-1.amazonaws.com") == ()


# In-process clients


def test_accounts_and_regions_do_not_see_each_other(client):
    client("sqs").create_queue(QueueName="q")
    assert "QueueUrls" in client("sqs").list_queues()
    assert "QueueUrls" not in client("sqs", account="999988887777").list_queues()
    assert "QueueUrls" not in client("sqs", region="eu-west-1").list_queues()


@pytest.mark.parametrize("region", ["local", "eu-central-99"])
def test_any_region_is_one(client, region):
    assert client("sqs", region).list_queues()["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.parametrize("key", ["plain", "a/b c", "ü/%2F+&?#", "//double"])
def test_s3_keeps_any_key(client, key):
    s3 = client("s3")
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key=key, Body=b"hello", Metadata={"colour": "blue"})
    assert [found["Key"] for found in s3.list_objects_v2(Bucket="bucket")["Contents"]] == [key]
    read = s3.get_object(Bucket="bucket", Key=key)
    assert (read["Body"].read(), read["Metadata"]) == (b"hello", {"colour": "blue"})
    assert s3.head_object(Bucket="bucket", Key=key)["ContentLength"] == 5


def test_a_resource_is_answered_in_process_too(world):
    bucket = clients.resource(world, "s3").create_bucket(Bucket="bucket")
    bucket.put_object(Key="k", Body=b"v")
    assert [found.key for found in bucket.objects.all()] == ["k"]


def test_a_key_that_sts_issued_belongs_to_the_account_of_its_role(world, client):
    role = "arn:aws:iam::222233334444:role/worker"
    credentials = client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    assert endpoint.account_of(world, Credential(credentials["AccessKeyId"])) == "222233334444"
    assert endpoint.account_of(world, Credential("AKIAOFNOBODYATALL000")) == "000000000000"


@pytest.mark.parametrize(
    ("service", "operation", "params", "status", "message"),
    [
        ("wisdom", "ListAssistants", {}, 501, "moto, behind Dynastep, lacks the service wisdom"),
        ("appconfig", "ListDeploymentStrategies", {}, 501, "lacks GET /deploymentstrategies of appconfig"),
        ("rekognition", "ListCollections", {}, 501, "lacks this: The list_collections action has not been implemented"),
        ("ec2", "DescribeFpgaImages", {}, 501, "lacks this: The describe_fpga_images action has not been implemented"),
        ("iam", "ListServiceSpecificCredentials", {}, 501, "list_service_specific_credentials"),
        ("route53", "ListCidrCollections", {}, 501, "lacks GET /2013-04-01/cidrcollection of route53"),
    ],
)
def test_what_moto_lacks_is_an_error_of_the_service_s_protocol(client, service, operation, params, status, message):
    with pytest.raises(ClientError) as raised:
        client(service)._make_api_call(operation, params)
    assert raised.value.response["Error"]["Code"] == "NotImplementedException"
    assert message in raised.value.response["Error"]["Message"]
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


@pytest.mark.parametrize(("service", "operation"), [("sqs", "ListQueues"), ("s3", "ListBuckets"), ("iam", "ListRoles")])
def test_a_crash_of_moto_is_a_500_whose_id_finds_the_traceback(client, monkeypatch, caplog, service, operation):
    monkeypatch.setattr(routes, "find", lambda _host, _path: None)
    monkeypatch.setattr("emulator.moto_door.dispatch.find", lambda _host, _path: lambda *_: 1 / 0)
    with caplog.at_level(logging.ERROR, logger="dynastep"), pytest.raises(ClientError) as raised:
        client(service)._make_api_call(operation, {})
    said = raised.value.response["Error"]
    assert said["Code"] == "InternalFailure"
    method = "GET" if service == "s3" else "POST"
    sentence, request_id = said["Message"].rsplit(" ", 1)
    assert sentence == (
        f"moto, behind Dynastep, failed at {method} / of {service} (ZeroDivisionError): what AWS would answer is not known. Leave out what the request "
        "can do without, or mock the Task; the log has the traceback under request id"
    )
    assert request_id in caplog.text
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize(
    ("service", "operation", "params", "code", "message"),
    [
        (
            "athena",
            "StartQueryExecution",
            {},
            "ValidationException",
            "1 validation error detected: Value null at 'queryString' failed to satisfy constraint: Member must not be null",
        ),
        (
            "batch",
            "SubmitJob",
            {"jobName": "j"},
            "ValidationException",
            "2 validation errors detected: Value null at 'jobQueue' failed to satisfy constraint: Member must not be null; "
            "Value null at 'jobDefinition' failed to satisfy constraint: Member must not be null",
        ),
        (
            "autoscaling",
            "AttachLoadBalancers",
            {"AutoScalingGroupName": "g"},
            "ValidationError",
            "1 validation error detected: Value null at 'loadBalancerNames' failed to satisfy constraint: "
            "Member must not be null",
        ),
        (
            "glue",
            "BatchGetJobs",
            {},
            "ValidationException",
            "1 validation error detected: Value null at 'jobNames' failed to satisfy constraint: Member must not be null",
        ),
        (
            "sns",
            "CreateTopic",
            {},
            "InvalidParameter",
            "Invalid parameter: Name Reason: no value for required parameter",
        ),
        ("ec2", "CopyImage", {}, "MissingParameter", "The request must contain the parameter Name"),
        (
            "s3",
            "PutBucketTagging",
            {"Bucket": "any-bucket"},
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published schema",
        ),
    ],
)
def test_what_moto_fails_at_for_want_of_a_member_is_refused_by_the_model(
    world, service, operation, params, code, message
):
    client = clients.client(world, service, config=Config(parameter_validation=False))
    if service == "s3":
        client.create_bucket(Bucket="any-bucket")
    with pytest.raises(ClientError) as raised:
        client._make_api_call(operation, params)
    assert raised.value.response["Error"] == {"Code": code, "Message": message}


def _refused(client, operation, params):
    with pytest.raises(ClientError) as raised:
        client._make_api_call(operation, params)
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return raised.value.response["Error"]["Code"], raised.value.response["Error"]["Message"]


TOO_LONG = "Member must have length less than or equal to"


@pytest.mark.parametrize(
    ("service", "operation", "params", "code", "message"),
    [
        pytest.param(
            "iam",
            "CreateUser",
            {"UserName": "x" * 65},
            "ValidationError",
            f"1 validation error detected: Value '{'x' * 65}' at 'userName' failed to satisfy constraint: {TOO_LONG} 64",
            id="query",
        ),
        pytest.param(
            "iam",
            "CreateRole",
            {"RoleName": "r", "AssumeRolePolicyDocument": "{}", "Tags": [{"Key": "k", "Value": "v" * 257}]},
            "ValidationError",
            f"1 validation error detected: Value '{'v' * 257}' at 'tags.1.member.value' failed to satisfy constraint: "
            f"{TOO_LONG} 256",
            id="query, in a list",
        ),
        pytest.param(
            "ec2",
            "RunInstances",
            {"ImageId": "ami-1", "InstanceType": "q9.huge", "MinCount": 1, "MaxCount": 1},
            "InvalidParameterValue",
            "Invalid value 'q9.huge' for InstanceType.",
            id="ec2",
        ),
        pytest.param(
            "kms",
            "CreateAlias",
            {"AliasName": "alias/a b", "TargetKeyId": "k"},
            "ValidationException",
            "1 validation error detected: Value 'alias/a b' at 'aliasName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$",
            id="json",
        ),
        pytest.param(
            "kms",
            "Encrypt",
            {"KeyId": "k", "Plaintext": b"x" * 4097},
            "ValidationException",
            f"1 validation error detected: Value at 'plaintext' failed to satisfy constraint: {TOO_LONG} 4096",
            id="json, bytes that are counted as such and not repeated",
        ),
        pytest.param(
            "cognito-idp",
            "CreateUserPool",
            {"PoolName": "p" * 129},
            "InvalidParameterException",
            f"1 validation error detected: Value '{'p' * 129}' at 'poolName' failed to satisfy constraint: {TOO_LONG} 128",
            id="json, a name of its own",
        ),
        pytest.param(
            "kms",
            "ListKeys",
            {"Limit": "many"},
            "SerializationException",
            "STRING_VALUE can not be converted to an Integer",
            id="json, a wrong type",
        ),
        pytest.param(
            "lambda",
            "GetAlias",
            {"FunctionName": "f f", "Name": "live"},
            "ValidationException",
            None,
            id="rest-json, in the path",
        ),
        pytest.param(
            "lambda",
            "ListLayers",
            {"MaxItems": 51},
            "ValidationException",
            "1 validation error detected: Value '51' at 'maxItems' failed to satisfy constraint: "
            "Member must have value less than or equal to 50",
            id="rest-json, in the query",
        ),
        pytest.param(
            "scheduler",
            "CreateScheduleGroup",
            {"Name": "a b", "ClientToken": "t"},
            "ValidationException",
            "1 validation error detected: Value 'a b' at 'name' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [0-9a-zA-Z-_.]+",
            id="rest-json, in the path of what a body has more of",
        ),
        pytest.param(
            "route53",
            "GetHostedZone",
            {"Id": "z" * 33},
            "ValidationException",
            f"1 validation error detected: Value '{'z' * 33}' at 'id' failed to satisfy constraint: {TOO_LONG} 32",
            id="rest-xml, in the path",
        ),
        pytest.param(
            "route53",
            "CreateHostedZone",
            {"Name": "example.com", "CallerReference": "r" * 129},
            "ValidationException",
            f"1 validation error detected: Value '{'r' * 129}' at 'callerReference' failed to satisfy constraint: "
            f"{TOO_LONG} 128",
            id="rest-xml, in the body",
        ),
        pytest.param(
            "sqs",
            "SendMessageBatch",
            {"QueueUrl": "q", "Entries": [{"Id": "1"}]},
            "MissingParameter",
            "The request must contain the parameter Entries.1.MessageBody.",
            id="sqs",
        ),
        pytest.param(
            "rds",
            "CreateDBInstance",
            {"DBInstanceIdentifier": "d"},
            "MissingParameter",
            "The request must contain the parameter DBInstanceClass",
            id="rds, in the words of ec2",
        ),
    ],
)
def test_a_request_is_held_against_its_model_before_moto_has_it(world, service, operation, params, code, message):
    client = clients.client(world, service, config=Config(parameter_validation=False))
    refused, said = _refused(client, operation, params)
    assert refused == code
    assert message is None or _without_anchors(said) == _without_anchors(message)


def _without_anchors(text: str) -> str:
    """A refusal without the anchors of its pattern, which the models of some versions of botocore have."""
    return re.sub(r"pattern: \^(.*)\$$", r"pattern: \1", text)


def test_what_a_service_takes_beyond_its_model_is_left_to_moto(client):
    sqs = client("sqs")
    queue = sqs.create_queue(QueueName="q")["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody="m")
    received = sqs.receive_message(QueueUrl=queue, AttributeNames=["SentTimestamp"])["Messages"]  # none of its values
    assert received[0]["Attributes"].keys() == {"SentTimestamp"}


def test_the_arns_of_consumers_that_moto_makes_are_taken(client):
    kinesis = client("kinesis")
    kinesis.create_stream(StreamName="s", ShardCount=1)
    stream = kinesis.describe_stream(StreamName="s")["StreamDescription"]["StreamARN"]
    made = kinesis.register_stream_consumer(StreamARN=stream, ConsumerName="c")["Consumer"]["ConsumerARN"]
    found = kinesis.describe_stream_consumer(ConsumerARN=made)["ConsumerDescription"]
    assert found["ConsumerName"] == "c"


def test_a_pattern_that_backtracks_for_ever_is_given_up():
    rule = patterns.bounded_rule("(a|aa)+[bc]")
    assert (rule.broken("aad"), rule.broken("a" * 40 + "d")) == (True, False)


@pytest.mark.parametrize(
    ("pattern", "fits", "does_not"),
    [
        (r"[\p{Print}]*", "a b", "a\tb"),
        (r"\p{Alnum}+", "a1", "a-"),
        (r"[\w-_]*", "a-b_", "a.b"),
        (r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*", "a\n\U0001f600", "\x01"),
        (r"[\p{L}\p{Z}]+", "\u00e9 \u00fc", "1"),
        ("a|b", "b", "bb"),
        (r".*\S.*", "a\nb", " \n "),
    ],
)
def test_patterns_are_those_of_java_and_match_the_whole_text(pattern, fits, does_not):
    rule = patterns.bounded_rule(pattern)
    assert not rule.broken(fits)
    assert rule.broken(does_not)


def test_what_is_no_pattern_is_no_rule():
    assert patterns.bounded_rule("a${1,2}(") is None


def test_a_body_in_gzip_is_read_by_every_service_and_bounded(world):
    body = json.dumps({"Name": "p", "Value": "v", "Type": "String"}).encode()

    def put(packed):
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "4566",
            "wsgi.url_scheme": "http",
            "HTTP_HOST": "localhost:4566",
            "HTTP_X_AMZ_TARGET": "AmazonSSM.PutParameter",
            "HTTP_CONTENT_ENCODING": "gzip",
            "CONTENT_TYPE": "application/x-amz-json-1.1",
        }
        response = moto_door.answer(environ, packed, Credential("111122223333", "us-east-1", "ssm"), "111122223333")
        return response.status, json.loads(response.body)

    assert put(gzip.compress(body)) == (200, {"Version": 1, "Tier": "Standard"})
    status, refused = put(gzip.compress(b" " * (17 * 1024 * 1024)))
    assert (status, refused["__type"]) == (413, "RequestEntityTooLargeException")
    assert put(body)[1]["message"] == "The body is not what its Content-Encoding says: gzip"


def test_what_xml_cannot_carry_is_written_in_letters(client):
    code, message = _refused(client("iam"), "GetUser", {"UserName": "a\x01b"})
    assert (code, "'a\\x01b' at 'userName'" in message) == ("ValidationError", True)


# Calls


def test_a_call_is_what_an_sdk_would_make():
    topic = moto_door.call("sns", "CreateTopic", {"Name": "news"}, "111122223333", "eu-west-1")
    assert topic["TopicArn"] == "arn:aws:sns:eu-west-1:111122223333:news"


def test_a_refused_call_says_what_the_service_said():
    with pytest.raises(moto_door.ServiceError) as raised:
        moto_door.call("ssm", "GetParameter", {"Name": "none"}, "111122223333", "us-east-1")
    error = raised.value
    assert (error.code, error.status) == ("ParameterNotFound", 400)
    assert error.message == "Parameter none not found."
    assert error.request_id


def test_a_call_checks_its_parameters():
    with pytest.raises(ParamValidationError, match='Unknown parameter in input: "Nmae"'):
        moto_door.call("sns", "CreateTopic", {"Nmae": "news"}, "111122223333", "us-east-1")


# Events


def test_a_rule_sends_events_to_whom_they_are_for(client):
    received = []
    moto_door.deliver("states", lambda arn, text: received.append((arn, json.loads(text))))
    machine = arns.state_machine("111122223333", "us-east-1", "clean-up")
    events = client("events")
    events.put_rule(Name="failed", EventPattern='{"source":["aws.states"],"detail":{"status":["FAILED"]}}')
    events.put_rule(Name="off", EventPattern='{"source":["aws.states"]}', State="DISABLED")
    events.put_rule(Name="timed", ScheduleExpression="rate(1 minute)")
    sent = {"Arn": machine, "RoleArn": "arn:aws:iam::111122223333:role/rules"}
    targets = [
        {"Id": "whole", **sent},
        {"Id": "part", **sent, "InputPath": "$.detail"},
        {"Id": "constant", **sent, "Input": '{"a":1}'},
        {
            "Id": "made",
            **sent,
            "InputTransformer": {"InputPathsMap": {"s": "$.detail.status"}, "InputTemplate": '{"was": "<s>"}'},
        },
    ]
    for rule in ("failed", "off", "timed"):
        events.put_targets(Rule=rule, Targets=targets)
    execution = arns.Arn.parse(arns.execution("111122223333", "us-east-1", "orders", "run"))
    for status in ("RUNNING", "FAILED"):
        moto_door.put_event(execution, "aws.states", "Step Functions Execution Status Change", {"status": status}, 0.5)
    assert [arn for arn, _ in received] == [machine] * 4
    (_, whole), *others = received
    assert whole == {
        "version": "0",
        "id": whole["id"],
        "detail-type": "Step Functions Execution Status Change",
        "source": "aws.states",
        "account": "111122223333",
        "time": "1970-01-01T00:00:00Z",
        "region": "us-east-1",
        "resources": [str(execution)],
        "detail": {"status": "FAILED"},
    }
    assert [text for _, text in others] == [{"status": "FAILED"}, {"a": 1}, {"was": "FAILED"}]


def test_a_rule_may_have_our_targets_beside_moto_s(client):
    received = []
    moto_door.deliver("lambda", lambda arn, _text: received.append(arn))
    sqs, events = client("sqs"), client("events")
    queue = sqs.create_queue(QueueName="q")["QueueUrl"]
    function = arns.function("111122223333", "us-east-1", "f")
    events.put_rule(Name="mine", EventPattern='{"source":["mine"]}')
    queue_arn = "arn:aws:sqs:us-east-1:111122223333:q"
    events.put_targets(Rule="mine", Targets=[{"Id": "1", "Arn": function}, {"Id": "2", "Arn": queue_arn}])
    entry = {"Source": "mine", "DetailType": "d", "Detail": '{"n":1}'}
    assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0
    assert received == [function]
    assert json.loads(sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"])["detail"] == {"n": 1}


def test_reset_forgets_everything(client):
    client("sqs").create_queue(QueueName="q")
    moto_door.reset()
    assert "QueueUrls" not in client("sqs").list_queues()


# Over a socket


@pytest.fixture
def over_http(url):
    def connect(service, **options):
        return boto3.client(
            service,
            endpoint_url=url,
            region_name="eu-west-1",
            aws_access_key_id="111122223333",
            aws_secret_access_key="secret",
            **options,
        )

    return connect


def test_sqs_names_its_queues_by_the_address_that_was_asked(over_http, url):
    sqs = over_http("sqs")
    queue = sqs.create_queue(QueueName="q")["QueueUrl"]
    assert queue == f"{url}/111122223333/q"
    sqs.send_message(QueueUrl=queue, MessageBody="hello")
    assert sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "hello"


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "text/plain"])
@pytest.mark.parametrize("body", [b"a=1&b=%20", b'{"Status": "SUCCESS"}', b"key=file", bytes(range(256))])
def test_what_is_put_is_kept_whatever_its_type_is(client, kind, body):
    s3 = client("s3")
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="k", Body=body, ContentType=kind)
    found = s3.get_object(Bucket="bucket", Key="k")
    assert (found["Body"].read(), found["ContentType"]) == (body, kind)


def test_s3_works_over_http_with_presigned_urls_and_chunks(over_http):
    s3 = over_http("s3", config=Config(request_checksum_calculation="when_required"))
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="bucket", Key="ü %/x", Body=b"hello" * 1000)
    for signature in ("s3", "s3v4"):
        signed = over_http("s3", config=Config(signature_version=signature))
        address = signed.generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "ü %/x"})
        with urllib.request.urlopen(address) as answer:
            assert answer.read() == b"hello" * 1000
    assert over_http("s3").head_object(Bucket="bucket", Key="ü %/x")["ContentLength"] == 5000


@pytest.mark.parametrize("host", ["host.docker.internal:4566", "dynastep:4566", "sync-localhost:4566"])
def test_s3_takes_no_part_of_the_server_s_name_for_a_bucket(url, host):
    netloc = urlsplit(url).netloc
    authorization = "AWS4-HMAC-SHA256 Credential=111122223333/20260101/us-east-1/s3/aws4_request, SignedHeaders=host"
    connection = http.client.HTTPConnection(netloc)
    for method, path, status in (("PUT", "/bucket", 200), ("PUT", "/bucket/key", 200), ("GET", "/bucket/key", 200)):
        connection.request(
            method, path, b"x" if path.endswith("key") else b"", {"Host": host, "Authorization": authorization}
        )
        answer = connection.getresponse()
        answer.read()
        assert answer.status == status
    connection.close()


def list_queues_from_a_page(url, origin):
    request = urllib.request.Request(url, b"{}", {"Origin": origin})
    request.add_header("X-Amz-Target", "AmazonSQS.ListQueues")
    request.add_header("Content-Type", "application/x-amz-json-1.0")
    request.add_header(
        "Authorization", "AWS4-HMAC-SHA256 Credential=111122223333/20260101/us-east-1/sqs/aws4_request, x"
    )
    return urllib.request.urlopen(request)


@pytest.mark.parametrize(
    "origin", ["http://localhost:3000", "http://[::1]", "http://192.168.1.5:3000", "http://web:80"]
)
def test_a_page_of_this_machine_may_read_other_services_too(url, origin):
    with list_queues_from_a_page(url, origin) as answer:
        assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    "origin", ["https://example.com", "http://8.8.8.8", "null", "chrome-extension://abc", "http://["]
)
def test_a_page_of_elsewhere_is_refused_by_what_can_run_code(url, origin):
    with pytest.raises(urllib.error.HTTPError) as refused:
        list_queues_from_a_page(url, origin)
    refused.value.close()
    assert refused.value.code == 403


def test_a_server_in_a_thread_stops_at_once_with_connections_open(world):
    served = server.serve_in_thread(layer(world, None))  # type: ignore[arg-type]
    connection = http.client.HTTPConnection(urlsplit(served.url).netloc)
    connection.request("GET", "/")
    connection.getresponse().read()
    served.close()
    connection.close()
    with pytest.raises(ConnectionRefusedError):
        http.client.HTTPConnection(urlsplit(served.url).netloc, timeout=1).request("GET", "/")
    again = server.serve_in_thread(layer(world, None), port=int(served.url.rpartition(":")[2]))  # type: ignore[arg-type]
    again.close()


def test_a_port_that_is_taken_says_so(world):
    served = server.serve_in_thread(layer(world, None))  # type: ignore[arg-type]
    port = int(served.url.rpartition(":")[2])
    with pytest.raises(server.PortTaken) as raised:
        server.serve_in_thread(layer(world, None), port=port)  # type: ignore[arg-type]
    served.close()
    said = f"Cannot listen on 127.0.0.1:{port} (Address already in use): stop what uses it, or choose another port"
    assert str(raised.value) == said


# Queues


def test_receivers_at_the_same_time_share_what_is_in_a_queue(dynastep):
    queues = dynastep.client("sqs")
    queue = queues.create_queue(QueueName="shared")["QueueUrl"]
    sent = []
    for _ in range(20):
        entries = [{"Id": str(number), "MessageBody": "work"} for number in range(10)]
        answered = queues.send_message_batch(QueueUrl=queue, Entries=entries)["Successful"]
        sent += [message["MessageId"] for message in answered]

    def receive(_):
        messages = queues.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", ())
        return [message["MessageId"] for message in messages]

    with ThreadPoolExecutor(8) as pool:
        received = [name for names in pool.map(receive, range(40)) for name in names]
    assert sorted(received) == sorted(sent)


def test_a_receiver_that_waits_gets_what_is_sent_meanwhile(dynastep):
    dynastep.clock.mode = "wall"  # where time is virtual, a receiver that has nothing to wait for lets it pass at once
    queues = dynastep.client("sqs")
    queue = queues.create_queue(QueueName="awaited")["QueueUrl"]
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(queues.receive_message, QueueUrl=queue, WaitTimeSeconds=20)
        queues.send_message(QueueUrl=queue, MessageBody="work")
        assert [message["Body"] for message in waiting.result()["Messages"]] == ["work"]
    queues.receive_message(QueueUrl=queue)
    assert "Messages" not in queues.receive_message(QueueUrl=queue, WaitTimeSeconds=1)


def test_a_server_that_is_woken_while_it_is_closed_closes_nothing_that_is_still_written_to(monkeypatch):
    served = server.serve_in_thread(lambda _environ, _start: [b""])
    pull = served._server.trigger._physical_pull

    def woken_before() -> None:
        """Something else wakes the server's loop between the two halves of what ``close`` does."""
        pull()
        served._thread.join(0.2)
        pull()

    monkeypatch.setattr(served._server.trigger, "_physical_pull", woken_before)
    served.close()
    assert not served._thread.is_alive()


def test_a_request_that_outlives_its_server_finds_the_pipe_of_its_server_open():
    began, go_on = threading.Event(), threading.Event()

    def app(_environ, start_response):
        began.set()
        go_on.wait(10)
        start_response("200 OK", [])
        return [b"late"]

    served = server.serve_in_thread(app)
    host, port = served.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as client:
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert began.wait(10)
        served.close()
        served._server.pull_trigger()
        go_on.set()
        for thread in threading.enumerate():
            if thread.name == "dynastep-server-rest":
                thread.join()
