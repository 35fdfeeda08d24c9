"""AWS services behind REST APIs, without a function between."""

from __future__ import annotations

import json

import pytest

MACHINE = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Parameters": {"got.$": "$"}, "End": True}}}
FORM = {"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"}


def action(service, name):
    return f"arn:aws:apigateway:us-east-1:{service}:{name}"


def role(dynastep):
    return f"arn:aws:iam::{dynastep.account}:role/r"


@pytest.fixture
def machine(dynastep):
    def make(kind):
        machines = dynastep.client("stepfunctions")
        return machines.create_state_machine(
            name=kind, definition=json.dumps(MACHINE), roleArn=role(dynastep), type=kind
        )["stateMachineArn"]

    return make


def test_an_execution_is_started(dynastep, rest, ask, machine):
    api = rest()
    arn = machine("STANDARD")
    template = {
        "application/json": f'{{"stateMachineArn": "{arn}", "input": "$util.escapeJavaScript($input.json(\'$\'))"}}'
    }
    uri = action("states", "action/StartExecution")
    api.method("POST", type="AWS", uri=uri, credentials=role(dynastep), requestTemplates=template)
    said = ask(api.deploy(), "POST", "/", body={"n": [1, "a"]})
    assert said.status == 200
    found = dynastep.client("stepfunctions").describe_execution(executionArn=said.json["executionArn"])
    assert (found["status"], json.loads(found["output"])) == ("SUCCEEDED", {"got": {"n": [1, "a"]}})


def test_an_express_machine_answers_and_a_refusal_chooses_its_response(rest, ask, machine):
    api = rest()
    arn = machine("EXPRESS")
    template = {
        "application/json": "#set($data = $util.escapeJavaScript($input.json('$')))"
        f'{{"input": "$data", "stateMachineArn": "{arn}"}}'
    }
    wanted = {"statusCode": "200", "responseTemplates": {"application/json": "$input.path('$.output')"}}
    refused = {
        "statusCode": "400",
        "selectionPattern": r"4\d{2}",
        "responseTemplates": {"application/json": '{"error": $input.json("$.__type")}'},
    }
    uri = action("states", "action/StartSyncExecution")
    both = [wanted, refused]
    api.method("POST", "run", type="AWS", uri=uri, requestTemplates=template, responses=both)
    api.method("POST", "bad", type="AWS", uri=uri, requestTemplates={"application/json": "{}"}, responses=both)
    api.deploy()
    said = ask(api.id, "POST", "/run", body={"n": 1})
    assert (said.status, said.json) == (200, {"got": {"n": 1}})
    assert ask(api.id, "POST", "/bad", body={}).status == 400


def test_items_are_put_and_read(dynastep, rest, ask):
    dynastep.client("dynamodb").create_table(
        TableName="bills",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    api = rest()
    put = '{"TableName": "bills", "Item": {"id": {"S": "$input.params(\'id\')"}, "n": {"N": "$input.path(\'$.n\')"}}}'
    get = '{"TableName": "bills", "Key": {"id": {"S": "$input.params(\'id\')"}}}'
    shown = {"statusCode": "200", "responseTemplates": {"application/json": '{"n": $input.path("$.Item.n.N")}'}}
    uri = action("dynamodb", "action/PutItem")
    api.method("PUT", "bills/{id}", type="AWS", uri=uri, requestTemplates={"application/json": put})
    uri = action("dynamodb", "action/GetItem")
    api.method("GET", "bills/{id}", type="AWS", uri=uri, requestTemplates={"application/json": get}, responses=[shown])
    api.deploy()
    assert ask(api.id, "PUT", "/bills/a", body={"n": 7}).status == 200
    assert ask(api.id, "GET", "/bills/a").json == {"n": 7}


@pytest.mark.parametrize("how", ["path", "action"])
def test_a_message_is_sent(dynastep, rest, ask, how):
    queues = dynastep.client("sqs")
    url = queues.create_queue(QueueName="orders")["QueueUrl"]
    body = "MessageBody=$util.urlEncode($input.body)"
    if how == "path":
        uri, text = action("sqs", f"path/{dynastep.account}/orders"), f"Action=SendMessage&{body}"
    else:
        uri = action("sqs", "action/SendMessage")
        text = f'{{"QueueUrl": "{url}", "MessageBody": "$util.escapeJavaScript($input.body)"}}'
    api = rest()
    form = FORM if how == "path" else {}
    templates = {"application/json": text}
    api.method("POST", type="AWS", uri=uri, requestTemplates=templates, requestParameters=form)
    assert ask(api.deploy(), "POST", "/", body={"tea": "a&b"}).status == 200
    assert [json.loads(each["Body"]) for each in queues.receive_message(QueueUrl=url)["Messages"]] == [{"tea": "a&b"}]


def test_an_event_is_put(dynastep, rest, ask):
    queues, events = dynastep.client("sqs"), dynastep.client("events")
    url = queues.create_queue(QueueName="events")["QueueUrl"]
    events.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    arn = f"arn:aws:sqs:us-east-1:{dynastep.account}:events"
    events.put_targets(Rule="r", Targets=[{"Id": "q", "Arn": arn, "InputPath": "$.detail"}])
    entry = '{"Entries": [{"Source": "shop", "DetailType": "order", "Detail": "$util.escapeJavaScript($input.body)"}]}'
    api = rest()
    uri = action("events", "action/PutEvents")
    api.method("POST", type="AWS", uri=uri, requestTemplates={"application/json": entry})
    assert ask(api.deploy(), "POST", "/", body={"n": 1}).json["FailedEntryCount"] == 0
    assert [json.loads(each["Body"]) for each in queues.receive_message(QueueUrl=url)["Messages"]] == [{"n": 1}]


def test_an_object_is_put_and_read(dynastep, rest, ask):
    bucket = f"bucket-{dynastep.account}"
    dynastep.client("s3").create_bucket(Bucket=bucket)
    api = rest()
    mapped = {
        "integration.request.path.bucket": f"'{bucket}'",
        "integration.request.path.key": "method.request.path.key",
        "integration.request.header.Content-Type": "method.request.header.Content-Type",
    }
    uri = action("s3", "path/{bucket}/{key}")
    at = {"type": "AWS", "uri": uri, "requestParameters": mapped, "credentials": role(dynastep)}
    taken = dict.fromkeys(("method.request.path.key", "method.request.header.Content-Type"), False)
    api.method("PUT", "files/{key}", **at, integrationHttpMethod="PUT", method={"requestParameters": taken})
    api.method("GET", "files/{key}", **at, integrationHttpMethod="GET", method={"requestParameters": taken})
    api.deploy()
    assert ask(api.id, "PUT", "/files/a", body=b"text", headers={"Content-Type": "text/plain"}).status == 200
    assert dynastep.client("s3").get_object(Bucket=bucket, Key="a")["Body"].read() == b"text"
    assert ask(api.id, "GET", "/files/a").body == b"text"


def test_a_message_is_published_by_a_query(dynastep, rest, ask):
    topic = dynastep.client("sns").create_topic(Name="told")["TopicArn"]
    queues = dynastep.client("sqs")
    url = queues.create_queue(QueueName="told")["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:{dynastep.account}:told"
    dynastep.client("sns").subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"}
    )
    api = rest()
    mapped = {
        "integration.request.querystring.TopicArn": f"'{topic}'",
        "integration.request.querystring.Message": "method.request.querystring.said",
    }
    taken = {"requestParameters": {"method.request.querystring.said": True}}
    api.method("POST", type="AWS", uri=action("sns", "action/Publish"), requestParameters=mapped, method=taken)
    assert ask(api.deploy(), "POST", "/?said=hello").status == 200
    assert [each["Body"] for each in queues.receive_message(QueueUrl=url)["Messages"]] == ["hello"]
