"""Calls of API Gateway: of APIs that moto holds, and of a server on this machine."""

from __future__ import annotations

import json

import pytest
from outcomes import failure, unusable

from dynastep import Later


@pytest.fixture
def api(dynastep):
    """Make an API with one method: ``api("POST", "bills/{id}", type="AWS_PROXY", uri=...)``; its parameters."""
    gateway = dynastep.client("apigateway")

    def make(verb, path, *, authorization="NONE", answer=None, kind="REGIONAL", taken=None, **integration):
        made = gateway.create_rest_api(name="api", endpointConfiguration={"types": [kind]})
        parent = made["rootResourceId"]
        for part in path.split("/"):
            parent = gateway.create_resource(restApiId=made["id"], parentId=parent, pathPart=part)["id"]
        method = {"restApiId": made["id"], "resourceId": parent, "httpMethod": verb}
        gateway.put_method(**method, authorizationType=authorization, requestParameters=taken or {})
        gateway.put_integration(**method, integrationHttpMethod="POST", **integration)
        if not integration["type"].endswith("_PROXY"):
            given = answer or {"statusCode": "200"}
            gateway.put_method_response(**method, statusCode=given["statusCode"])
            gateway.put_integration_response(**method, **given)
        gateway.create_deployment(restApiId=made["id"], stageName="prod", variables={"colour": "red"})
        return {"ApiEndpoint": f"{made['id']}.execute-api.us-east-1.amazonaws.com", "Method": verb, "Stage": "prod"}

    return make


@pytest.fixture
def behind(dynastep):
    """Make a function; the URI of an integration with it."""

    def make(function):
        arn = dynastep.function("behind", function)
        return f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"

    return make


def test_a_function_behind_an_integration_gets_the_body(call, api, behind):
    request = api("POST", "bills", type="AWS", uri=behind(lambda event: {"got": event}))
    output = call("apigateway:invoke", {**request, "Path": "/bills", "RequestBody": {"n": 1}}).output
    assert output["ResponseBody"] == {"got": {"n": 1}}
    assert (output["StatusCode"], output["StatusText"]) == (200, "OK")
    assert list(output["Headers"]) == [
        *("Connection", "Content-Length", "Content-Type", "Date", "x-amz-apigw-id", "x-amzn-RequestId"),
        "X-Amzn-Trace-Id",
    ]
    assert output["Headers"]["Content-Type"] == ["application/json"]
    assert call("apigateway:invoke", {**request, "Path": "bills"}).output["ResponseBody"] == {"got": {}}


def test_cloudfront_stands_before_an_api_at_the_edge(call, api, behind):
    request = api("GET", "a", kind="EDGE", type="AWS", uri=behind(lambda _: 1))
    headers = call("apigateway:invoke", {**request, "Path": "a"}).output["Headers"]
    assert headers.keys() >= {"Via", "X-Amz-Cf-Id", "X-Amz-Cf-Pop"}
    assert headers["X-Cache"] == ["Miss from cloudfront"]


def test_a_function_behind_a_proxy_gets_the_request_and_makes_the_answer(call, api, behind):
    def handle(event):
        return {"statusCode": 201, "headers": {"X-Own": "yes"}, "body": json.dumps(event)}

    request = api("ANY", "bills/{id}", type="AWS_PROXY", uri=behind(handle))
    more = {"Path": "bills/7", "Method": "PUT", "RequestBody": "text", "Headers": {"X-A": ["1", "2"]}}
    output = call("apigateway:invoke", {**request, **more, "QueryParameters": {"q": ["a", "b"]}}).output
    assert (output["StatusCode"], output["StatusText"], output["Headers"]["X-Own"]) == (201, "Created", ["yes"])
    event = output["ResponseBody"]
    assert (event["httpMethod"], event["path"], event["resource"]) == ("PUT", "/bills/7", "/bills/{id}")
    assert (event["body"], event["pathParameters"], event["stageVariables"]) == (
        '"text"',
        {"id": "7"},
        {"colour": "red"},
    )
    assert event["multiValueHeaders"]["X-A"] == ["1", "2"]
    assert (event["queryStringParameters"], event["multiValueQueryStringParameters"]) == ({"q": "b"}, {"q": ["a", "b"]})


def test_a_function_that_makes_no_answer_is_a_bad_gateway(call, api, behind):
    request = api("GET", "a", type="AWS_PROXY", uri=behind(lambda _: "no answer"))
    said = "ApiGateway.502", '{"message":"Internal server error"}'
    assert failure(call("apigateway:invoke", {**request, "Path": "a"})) == said


def test_a_function_behind_an_api_may_take_time(call, api, behind):
    slow = behind(lambda _: Later(after=20, value={"statusCode": 404, "body": "gone"}))
    execution = call("apigateway:invoke", {**api("GET", "a", type="AWS_PROXY", uri=slow), "Path": "a"})
    assert (execution.error, execution.cause, execution.elapsed) == ("ApiGateway.404", "gone", 20)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"Path": "b"}, "Missing Authentication Token"),
        ({"Method": "POST"}, "Missing Authentication Token"),
        ({"Path": ""}, "Missing Authentication Token"),
        ({"Stage": "test"}, "Forbidden"),
    ],
)
def test_what_an_api_does_not_have_is_forbidden(call, api, behind, wrong, message):
    request = {**api("GET", "a", type="AWS", uri=behind(lambda _: 1)), "Path": "a"}
    said = "ApiGateway.403", f'{{"message":"{message}"}}'
    assert failure(call("apigateway:invoke", {**request, **wrong})) == said


def test_a_method_may_want_a_signature(call, api, behind):
    request = {**api("GET", "a", authorization="AWS_IAM", type="AWS", uri=behind(lambda _: 1)), "Path": "a"}
    assert call("apigateway:invoke", request).error == "ApiGateway.403"
    assert call("apigateway:invoke", {**request, "AuthType": "IAM_ROLE"}).output["ResponseBody"] == 1


def test_a_mock_integration_answers_by_itself(call, api):
    answer = {"statusCode": "202", "responseTemplates": {"application/json": '{"mocked":true}'}}
    asked = {"application/json": '{"statusCode": 202}'}
    execution = call(
        "apigateway:invoke", {**api("GET", "a", type="MOCK", answer=answer, requestTemplates=asked), "Path": "a"}
    )
    assert (execution.output["StatusCode"], execution.output["ResponseBody"]) == (202, {"mocked": True})


def test_an_integration_may_be_a_server(call, api, web_server):
    request = api("GET", "a", type="HTTP_PROXY", uri=f"{web_server.url}/behind")
    asks = {**request, "Path": "a", "QueryParameters": {"n": ["1"]}}
    assert call("apigateway:invoke", asks).output["ResponseBody"] == {"ok": True}
    assert [(asked["method"], asked["path"]) for asked in web_server.asked] == [("POST", "/behind?n=1")]


def test_the_path_of_a_server_has_the_parameters_that_are_mapped_to_it(call, api, web_server):
    mapped = {"integration.request.path.rest": "method.request.path.proxy"}
    request = api(
        *("GET", "{proxy+}"),
        type="HTTP_PROXY",
        uri=f"{web_server.url}/{{rest}}",
        requestParameters=mapped,
        taken={"method.request.path.proxy": True},
    )
    assert call("apigateway:invoke", {**request, "Path": "a/b c"}).output["ResponseBody"] == {"ok": True}
    assert [asked["path"] for asked in web_server.asked] == ["/a/b%20c"]


def test_a_parameter_of_the_path_that_is_not_mapped_is_an_error(call, api, web_server):
    request = api("GET", "{proxy+}", type="HTTP_PROXY", uri=f"{web_server.url}/{{proxy}}")
    said = "ApiGateway.500", '{"message":"Internal server error"}'
    assert failure(call("apigateway:invoke", {**request, "Path": "a"})) == said
    assert web_server.asked == []


def test_a_mapping_template_makes_what_the_function_gets(call, api, behind):
    templates = {"application/json": '{"n": $input.json("$.a[0]"), "who": "$context.httpMethod"}'}
    request = api("POST", "a", type="AWS", uri=behind(lambda event: event), requestTemplates=templates)
    output = call("apigateway:invoke", {**request, "Path": "a", "RequestBody": {"a": [{"b": 1}]}}).output
    assert output["ResponseBody"] == {"n": {"b": 1}, "who": "POST"}


def test_what_is_not_built_says_so(dynastep, call):
    gateway = dynastep.client("apigatewayv2")
    made = gateway.create_api(Name="w", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action")
    host = f"{made['ApiId']}.execute-api.us-east-1.amazonaws.com"
    assert failure(call("apigateway:invoke", {"ApiEndpoint": host, "Method": "GET", "Stage": "prod", "Path": "a"})) == (
        "Dynastep.NotBuilt",
        "Dynastep has not built WEBSOCKET APIs yet. A mock can stand for it: docs/mocks.md",
    )


def test_a_server_on_this_machine_may_stand_for_an_api(call, web_server):
    request = {"ApiEndpoint": web_server.host, "Method": "POST", "Stage": "prod", "Path": "bills/add"}
    execution = call("apigateway:invoke", {**request, "QueryParameters": {"a": ["1"]}, "RequestBody": {"n": 1}})
    assert execution.output["ResponseBody"] == {"ok": True}
    (asked,) = web_server.asked
    assert (asked["method"], asked["path"], asked["body"]) == ("POST", "/prod/bills/add?a=1", '{"n":1}')


@pytest.mark.parametrize(
    ("more", "sent"),
    [
        ({}, '{"pet":{"name":"Foo"},"tags":[null]}'),
        ({"AllowNullValues": False}, '{"pet":{"name":"Foo"},"tags":[null]}'),
        ({"AllowNullValues": True}, '{"pet":{"name":"Foo","category":null},"tags":[null]}'),
    ],
)
def test_members_that_are_null_are_sent_if_that_is_allowed(call, web_server, more, sent):
    body = {"pet": {"name": "Foo", "category": None}, "tags": [None]}
    call("apigateway:invoke", {"ApiEndpoint": web_server.host, "Method": "POST", "RequestBody": body, **more})
    (asked,) = web_server.asked
    assert asked["body"] == sent


def test_the_body_of_a_refusal_is_the_cause(call, web_server):
    web_server.answer_json({"message": "no"}, 409)
    request = {"ApiEndpoint": web_server.host, "Method": "GET"}
    assert failure(call("apigateway:invoke", request)) == ("ApiGateway.409", '{"message": "no"}')


def test_a_token_may_answer_the_call(dynastep, call, api, behind):
    def handle(event):
        dynastep.client("stepfunctions").send_task_success(taskToken=event["token"], output='"done"')

    request = api("POST", "a", type="AWS", uri=behind(handle))
    body = {"RequestBody": {"token.$": "$$.Task.Token"}, "Path": "a"}
    assert call("apigateway:invoke.waitForTaskToken", {**request, **body}).output == "done"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"ApiEndpoint": "api.example.com"}, "ApiEndpoint"),
        ({"AuthType": "PASSWORD"}, "AuthType"),
        ({"QueryParameters": "a=1"}, "QueryParameters"),
    ],
)
def test_a_call_that_cannot_be_made_fails_the_task(call, wrong, field):
    request = {"ApiEndpoint": "abc.execute-api.us-east-1.amazonaws.com", "Method": "GET", **wrong}
    why = f"The value of the field '{field}' has an invalid format"
    assert failure(call("apigateway:invoke", request)) == unusable(request, why)


@pytest.mark.parametrize("field", ["Headers", "QueryParameters"])
@pytest.mark.parametrize("value", [{"a": "text"}, {"a": [1]}, {"a": None, "b": {}}])
def test_a_header_that_is_no_list_fails_the_state_before_the_task_is_scheduled(call, field, value):
    request = {"ApiEndpoint": "a.execute-api.us-east-1.amazonaws.com", "Method": "GET", field: value}
    execution = call("apigateway:invoke", request)
    assert failure(execution) == unusable(request, f"The value of the field '{field}' has an invalid format")
    assert [event["type"] for event in execution.history] == ["ExecutionStarted", "TaskStateEntered", "ExecutionFailed"]


BODIES = [
    # what the request has, the body that the function gets
    ({}, None),
    ({"RequestBody": ""}, '""'),
    ({"RequestBody": "text"}, '"text"'),
    ({"RequestBody": {"a": [1]}}, '{"a":[1]}'),
]


@pytest.mark.parametrize(("body", "got"), BODIES)
def test_a_function_behind_a_proxy_runs_whatever_the_body(call, api, behind, body, got):
    request = api(
        "POST", "a", type="AWS_PROXY", uri=behind(lambda event: {"statusCode": 200, "body": json.dumps(event)})
    )
    more = {"Path": "a", "Headers": {"X-A": ["1"]}, "QueryParameters": {"q": ["b"]}}
    event = call("apigateway:invoke", {**request, **more, **body}).output["ResponseBody"]
    assert (event["body"], event["headers"]["X-A"], event["queryStringParameters"]) == (got, "1", {"q": "b"})


def test_a_path_that_has_no_method_is_forbidden(call, api, behind):
    request = api("POST", "a", type="AWS_PROXY", uri=behind(lambda _: None))
    for missing in ({"Path": "b"}, {"Path": "a", "Method": "GET"}, {}):
        error, cause = failure(call("apigateway:invoke", {**request, **missing}))
        assert (error, cause) == ("ApiGateway.403", '{"message":"Missing Authentication Token"}')
