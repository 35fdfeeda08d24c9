"""REST APIs over HTTP, from the request to what is behind them and back."""

from __future__ import annotations

import base64
import json

import pytest

from dynastep import Later

FORMS = ["/_aws/execute-api/{api}/{stage}", "/restapis/{api}/{stage}/_user_request_"]


@pytest.mark.parametrize("form", FORMS)
def test_a_function_behind_a_proxy_answers(rest, behind, ask, form):
    api = rest()
    uri = behind(lambda event: {"statusCode": 201, "headers": {"X-Own": "yes"}, "body": json.dumps(event)})
    resource = api.method("ANY", "bills/{id}", type="AWS_PROXY", uri=uri)
    api.deploy(variables={"colour": "red"})
    said = ask(
        api.id, "PUT", "/bills/a%20b?q=1&q=2&r", body={"n": 1}, headers={"X-A": "1", "User-Agent": "me"}, form=form
    )
    assert (said.status, said.headers["X-Own"], said.headers["Content-Type"]) == (201, "yes", "application/json")
    event = said.json
    host = f"{api.id}.execute-api.us-east-1.amazonaws.com"
    headers = event.pop("headers")
    assert (
        headers.items() >= {"X-A": "1", "Host": host, "X-Forwarded-Port": "443", "X-Forwarded-Proto": "https"}.items()
    )
    assert event.pop("multiValueHeaders") == {name: [value] for name, value in headers.items()}
    context = event.pop("requestContext")
    assert context["requestId"] == said.headers["x-amzn-RequestId"]
    assert context["extendedRequestId"] == said.headers["x-amz-apigw-id"]
    assert context["identity"] == {
        **dict.fromkeys(("accessKey", "accountId", "caller", "cognitoAuthenticationProvider", "user", "userArn")),
        **dict.fromkeys(("cognitoAuthenticationType", "cognitoIdentityId", "cognitoIdentityPoolId", "principalOrgId")),
        "sourceIp": "127.0.0.1",
        "userAgent": "me",
    }
    assert {
        name: context[name] for name in ("apiId", "domainName", "domainPrefix", "httpMethod", "path", "protocol")
    } == {
        "apiId": api.id,
        "domainName": host,
        "domainPrefix": api.id,
        "httpMethod": "PUT",
        "path": "/prod/bills/a%20b",
        "protocol": "HTTP/1.1",
    }
    assert (context["resourceId"], context["resourcePath"], context["stage"]) == (resource, "/bills/{id}", "prod")
    assert event == {
        "resource": "/bills/{id}",
        "path": "/bills/a%20b",
        "httpMethod": "PUT",
        "queryStringParameters": {"q": "2", "r": ""},
        "multiValueQueryStringParameters": {"q": ["1", "2"], "r": [""]},
        "pathParameters": {"id": "a%20b"},
        "stageVariables": {"colour": "red"},
        "body": '{"n": 1}',
        "isBase64Encoded": False,
    }


def test_what_is_empty_is_null_in_an_event(rest, behind, ask):
    api = rest()
    api.method("GET", type="AWS_PROXY", uri=behind(lambda event: {"body": json.dumps(event)}))
    event = ask(api.deploy(), "GET", "/").json
    names = ("queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "stageVariables", "body")
    assert {name: event[name] for name in names} == dict.fromkeys(names)
    assert (event["resource"], event["path"]) == ("/", "/")


ANSWERS = [
    # what the function answers, status, body
    ({}, 200, b""),
    ({"statusCode": 204}, 204, b""),
    ({"statusCode": "404", "body": "gone"}, 404, b"gone"),
    ({"body": base64.b64encode(b"\x00\xff").decode(), "isBase64Encoded": True}, 200, b"AP8="),
    (None, 502, b'{"message":"Internal server error"}'),
    ("text", 502, b'{"message":"Internal server error"}'),
    ({"statusCode": 200, "more": 1}, 502, b'{"message":"Internal server error"}'),
    ({"statusCode": "none"}, 502, b'{"message":"Internal server error"}'),
    ({"body": {"an": "object"}}, 502, b'{"message":"Internal server error"}'),
    ({"headers": {"X-A": [1]}}, 502, b'{"message":"Internal server error"}'),
    (ValueError("no"), 502, b'{"message":"Internal server error"}'),
]


@pytest.mark.parametrize(("answer", "status", "body"), ANSWERS)
def test_what_a_function_behind_a_proxy_answers_is_the_answer_or_none(rest, behind, ask, answer, status, body):
    def handle(_event):
        if isinstance(answer, Exception):
            raise answer
        return answer

    api = rest()
    api.method("GET", type="AWS_PROXY", uri=behind(handle))
    said = ask(api.deploy(), "GET", "/")
    assert (said.status, said.body) == (status, body)


def test_headers_with_several_values_and_binary_bodies(rest, behind, ask):
    def handle(event):
        assert event["isBase64Encoded"]
        content = base64.b64decode(event["body"]) + b"\xfe"
        many = {"Set-Cookie": ["a=1", "b=2"]}
        body = base64.b64encode(content).decode()
        return {"multiValueHeaders": many, "headers": {"X-On": True}, "body": body, "isBase64Encoded": True}

    api = rest(binaryMediaTypes=["image/*"])
    api.method("POST", type="AWS_PROXY", uri=behind(handle))
    types = {"Content-Type": "image/png", "Accept": "image/png"}
    said = ask(api.deploy(), "POST", "/", body=b"\x00\xff", headers=types)
    assert (said.status, said.body) == (200, b"\x00\xff\xfe")
    assert (said.headers.getlist("Set-Cookie"), said.headers["X-On"]) == (["a=1", "b=2"], "true")


REFUSED = [
    # verb, path, stage, status, message, x-amzn-ErrorType
    ("GET", "/none", "prod", 403, "Missing Authentication Token", "MissingAuthenticationTokenException"),
    ("POST", "/a", "prod", 403, "Missing Authentication Token", "MissingAuthenticationTokenException"),
    ("GET", "/a", "none", 403, "Forbidden", "ForbiddenException"),
]


@pytest.mark.parametrize(("verb", "path", "stage", "status", "message", "error"), REFUSED)
def test_what_an_api_does_not_have(rest, behind, ask, verb, path, stage, status, message, error):
    api = rest()
    api.method("GET", "a", type="AWS_PROXY", uri=behind(lambda _: {}))
    said = ask(api.deploy(), verb, path, stage=stage)
    assert (said.status, said.json, said.headers["x-amzn-ErrorType"]) == (status, {"message": message}, error)


def test_an_api_that_is_not_there_is_forbidden(ask):
    assert ask("abcdefghij", "GET", "/a").json == {"message": "Forbidden"}


ROUTES = ["", "pets", "pets/{id}", "pets/{id}/toys", "pets/cat", "{proxy+}", "pets/{id}/{rest+}"]


@pytest.mark.parametrize(
    ("path", "resource"),
    [
        ("/", "/"),
        ("/pets", "/pets"),
        ("/pets/", "/pets"),
        ("/pets/cat", "/pets/cat"),
        ("/pets/7", "/pets/{id}"),
        ("/pets/7/toys", "/pets/{id}/toys"),
        ("/pets/7/other/more", "/pets/{id}/{rest+}"),
        ("/birds/9", "/{proxy+}"),
    ],
)
def test_the_closest_resource_answers(rest, behind, ask, path, resource):
    api = rest()
    uri = behind(lambda event: {"body": event["resource"]})
    for route in ROUTES:
        api.method("GET", route, type="AWS_PROXY", uri=uri)
    assert ask(api.deploy(), "GET", path).body.decode() == resource


def test_a_stage_answers_as_its_deployment_says(rest, behind, ask):
    api = rest()
    api.method("GET", "a", type="AWS_PROXY", uri=behind(lambda _: {}))
    api.deploy()
    api.method("GET", "b", type="AWS_PROXY", uri=behind(lambda _: {}))
    assert ask(api.id, "GET", "/b").status == 403
    api.deploy()
    assert ask(api.id, "GET", "/b").status == 200


def test_a_function_that_takes_time_takes_it_on_the_clock(dynastep, rest, behind, ask):
    api = rest()
    api.method("GET", type="AWS_PROXY", uri=behind(lambda _: Later(after=20, value={})))
    api.deploy()
    before = dynastep.clock.now()
    assert ask(api.id, "GET", "/").status == 200
    assert dynastep.clock.now() - before == 20


# Custom integrations: templates in front, templates behind.


def test_templates_stand_before_and_behind_a_function(rest, behind, ask):
    api = rest()
    asks = {"application/json": '{"id": "$input.params(\'id\')", "all": $input.json("$")}'}
    answers = {"application/json": '{"made": $input.json("$.all.n"), "by": "$context.resourcePath"}'}
    response = {
        "statusCode": "201",
        "responseTemplates": answers,
        "responseParameters": {
            "method.response.header.X-Id": "integration.response.body.id",
            "method.response.header.X-Static": "'text'",
        },
    }
    api.method("POST", "a/{id}", type="AWS", uri=behind(lambda e: e), requestTemplates=asks, responses=[response])
    said = ask(api.deploy(), "POST", "/a/7", body={"n": [1]})
    assert (said.status, said.json) == (201, {"made": [1], "by": "/a/{id}"})
    assert (said.headers["X-Id"], said.headers["X-Static"]) == ("7", "text")


def test_the_error_of_a_function_chooses_the_response(rest, behind, ask):
    def handle(event):
        raise ValueError(event["why"])

    api = rest()
    failed = {
        "statusCode": "404",
        "selectionPattern": ".*not found.*",
        "responseTemplates": {"application/json": '{"why": $input.json("$.errorMessage")}'},
    }
    api.method("POST", type="AWS", uri=behind(handle), responses=[{"statusCode": "200"}, failed])
    api.deploy()
    said = ask(api.id, "POST", "/", body={"why": "the bill was not found"})
    assert (said.status, said.json) == (404, {"why": "the bill was not found"})
    said = ask(api.id, "POST", "/", body={"why": "another"})
    assert (said.status, said.json["errorMessage"]) == (200, "another")


def test_a_function_may_be_called_without_waiting(rest, behind, ask, dynastep):
    table = dynastep.client("dynamodb")
    table.create_table(
        TableName="bills",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    api = rest()
    uri = behind(lambda event: table.put_item(TableName="bills", Item={"id": {"S": event["id"]}}))
    later = {"integration.request.header.X-Amz-Invocation-Type": "'Event'"}
    api.method("POST", type="AWS", uri=uri, requestParameters=later, responses=[{"statusCode": "202"}])
    assert ask(api.deploy(), "POST", "/", body={"id": "a"}).status == 202
    assert table.scan(TableName="bills")["Items"] == [{"id": {"S": "a"}}]


MOCKS = [
    # request template, status
    ('{"statusCode": 200}', 200),
    ('{"statusCode": #if($input.params("fail") == "yes")500#{else}200#end}', 200),
    ('{"statusCode": 404}', 404),
    ('{"statusCode": 401}', 400),
]


@pytest.mark.parametrize(("template", "status"), MOCKS)
def test_a_mock_answers_with_the_status_that_its_template_makes(rest, ask, template, status):
    api = rest()
    responses = [
        {"statusCode": "200"},
        {"statusCode": "404", "selectionPattern": "404"},
        {"statusCode": "400", "selectionPattern": r"4\d1"},
    ]
    api.method("GET", type="MOCK", requestTemplates={"application/json": template}, responses=responses)
    assert ask(api.deploy(), "GET", "/").status == status


def test_a_mock_without_a_status_is_an_error(rest, ask):
    api = rest()
    api.method("GET", type="MOCK")
    said = ask(api.deploy(), "GET", "/")
    assert (said.status, said.json) == (500, {"message": "Internal server error"})


@pytest.mark.parametrize(
    ("behaviour", "kind", "status"),
    [
        ("NEVER", "text/plain", 415),
        ("NEVER", "application/json", 200),
        ("WHEN_NO_TEMPLATES", "text/plain", 415),
        ("WHEN_NO_MATCH", "text/plain", 200),
    ],
)
def test_a_body_without_a_template_passes_as_the_integration_says(rest, ask, behaviour, kind, status):
    api = rest()
    templates = {"application/json": '{"statusCode": 200}'}
    api.method("POST", type="MOCK", requestTemplates=templates, passthroughBehavior=behaviour)
    said = ask(api.deploy(), "POST", "/", body=b'{"statusCode": 200}', headers={"Content-Type": kind})
    assert said.status == status
    if status == 415:
        assert said.json == {"message": "Unsupported Media Type"}


def test_a_template_may_override_the_status(rest, ask):
    api = rest()
    answers = {"application/json": "#set($context.responseOverride.status = 418)teapot"}
    api.method(
        "GET",
        type="MOCK",
        requestTemplates={"application/json": '{"statusCode": 200}'},
        responses=[{"statusCode": "200", "responseTemplates": answers}],
    )
    said = ask(api.deploy(), "GET", "/")
    assert (said.status, said.body) == (418, b"teapot")


# Validators, keys, gateway responses, tests.

MODEL = json.dumps({"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}})


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("/?q=1", {"n": 1}, None),
        ("/", {"n": 1}, "Missing required request parameters: [q]"),
        ("/?q=1", {"n": "text"}, "Invalid request body"),
        ("/?q=1", {}, "Invalid request body"),
        ("/?q=1", b"{no json", "Invalid request body"),
    ],
)
def test_a_request_is_validated(rest, ask, path, body, message):
    api = rest()
    api.gateway.create_model(restApiId=api.id, name="Bill", contentType="application/json", schema=MODEL)
    validator = api.gateway.create_request_validator(
        restApiId=api.id, name="all", validateRequestBody=True, validateRequestParameters=True
    )
    method = {
        "requestValidatorId": validator["id"],
        "requestModels": {"application/json": "Bill"},
        "requestParameters": {"method.request.querystring.q": True},
    }
    api.method("POST", type="MOCK", method=method, requestTemplates={"application/json": '{"statusCode": 200}'})
    said = ask(api.deploy(), "POST", path, body=body, headers={"Content-Type": "application/json"})
    assert said.status == (200 if message is None else 400)
    if message is not None:
        assert (said.json, said.headers["x-amzn-ErrorType"]) == ({"message": message}, "BadRequestException")


def test_a_method_may_want_a_key(rest, ask, dynastep):
    api = rest()
    mock = {"application/json": '{"statusCode": 200}'}
    api.method("GET", type="MOCK", method={"apiKeyRequired": True}, requestTemplates=mock)
    api.deploy()
    gateway = dynastep.client("apigateway")
    key = gateway.create_api_key(name="k", enabled=True, value="a-key-of-more-than-20-characters")
    plan = gateway.create_usage_plan(name="p", apiStages=[{"apiId": api.id, "stage": "prod"}])
    gateway.create_usage_plan_key(usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY")
    said = ask(api.id, "GET", "/")
    assert (said.status, said.json) == (403, {"message": "Forbidden"})
    assert ask(api.id, "GET", "/", headers={"x-api-key": "wrong"}).status == 403
    assert ask(api.id, "GET", "/", headers={"x-api-key": "a-key-of-more-than-20-characters"}).status == 200


def test_an_api_may_word_its_own_refusals(rest, ask):
    api = rest()
    api.method("GET", "a", type="MOCK")
    api.gateway.put_gateway_response(
        restApiId=api.id,
        responseType="MISSING_AUTHENTICATION_TOKEN",
        statusCode="404",
        responseParameters={"gatewayresponse.header.X-Own": "'yes'"},
        responseTemplates={"application/json": '{"why": $context.error.messageString, "at": "$context.path"}'},
    )
    said = ask(api.deploy(), "GET", "/none")
    assert (said.status, said.headers["X-Own"]) == (404, "yes")
    assert said.json == {"why": "Missing Authentication Token", "at": "/prod/none"}


# Authorizers.


def policy(effect, resource):
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [statement]}


def authorize(event):
    match event.get("authorizationToken"):
        case "allow" | "narrow" as token:
            resource = event["methodArn"] if token == "allow" else "arn:aws:execute-api:*:*:*/prod/GET/other"
            return {"principalId": "me", "policyDocument": policy("Allow", resource), "context": {"n": 1}}
        case "deny":
            return {"principalId": "me", "policyDocument": policy("Deny", "*")}
        case "nobody":
            raise ValueError("Unauthorized")
        case "broken":
            return {"principalId": "me"}
        case _:
            raise ValueError("failed")


@pytest.mark.parametrize(
    ("token", "status", "body"),
    [
        ("allow", 200, {"principalId": "me", "n": "1"}),
        ("narrow", 403, {"Message": "User is not authorized to access this resource"}),
        ("deny", 403, {"Message": "User is not authorized to access this resource with an explicit deny"}),
        ("nobody", 401, {"message": "Unauthorized"}),
        (None, 401, {"message": "Unauthorized"}),
        ("broken", 500, {"message": None}),
        ("fails", 500, {"message": None}),
    ],
)
def test_a_function_says_who_may(rest, behind, ask, token, status, body):
    api = rest()
    authorizer = api.gateway.create_authorizer(
        restApiId=api.id,
        name="a",
        type="TOKEN",
        identitySource="method.request.header.Authorization",
        authorizerUri=behind(authorize, "authorizer"),
    )
    uri = behind(lambda event: {"body": json.dumps(event["requestContext"]["authorizer"])})
    method = {"authorizationType": "CUSTOM", "authorizerId": authorizer["id"]}
    api.method("GET", "a", type="AWS_PROXY", uri=uri, method=method)
    said = ask(api.deploy(), "GET", "/a", headers={"Authorization": token} if token else {})
    assert (said.status, said.json) == (status, body)


def test_what_an_authorizer_has_said_is_kept_for_its_time(dynastep, rest, behind, ask):
    asked = []

    def handle(event):
        asked.append(event["type"])
        return {"principalId": "me", "policyDocument": policy("Allow", "*")}

    api = rest()
    authorizer = api.gateway.create_authorizer(
        restApiId=api.id,
        name="a",
        type="REQUEST",
        identitySource="method.request.header.X-Who",
        authorizerUri=behind(handle, "authorizer"),
        authorizerResultTtlInSeconds=60,
    )
    method = {"authorizationType": "CUSTOM", "authorizerId": authorizer["id"]}
    api.method("GET", type="AWS_PROXY", uri=behind(lambda _: {}), method=method)
    api.deploy()
    for who, passes, count in [("a", 0, 1), ("a", 30, 1), ("b", 0, 2), ("a", 31, 3)]:
        dynastep.clock.advance(passes)
        assert ask(api.id, "GET", "/", headers={"X-Who": who}).status == 200
        assert len(asked) == count


# Pages of elsewhere.

ELSEWHERE = {"Origin": "https://elsewhere.example"}


def test_a_page_of_elsewhere_may_call_what_the_api_lets_it(rest, ask, behind):
    api = rest()
    called = []
    api.method("GET", "closed", type="AWS_PROXY", uri=behind(lambda _: called.append(1) or {}))
    api.method("GET", "open", type="AWS_PROXY", uri=behind(lambda _: {}, "open"))
    allowed = {"method.response.header.Access-Control-Allow-Origin": "'https://elsewhere.example'"}
    mock = {"application/json": '{"statusCode": 200}'}
    answer = {"statusCode": "200", "responseParameters": allowed}
    api.method("OPTIONS", "open", type="MOCK", requestTemplates=mock, responses=[answer])
    api.deploy()
    assert ask(api.id, "GET", "/closed", headers=ELSEWHERE).status == 403
    assert called == []
    preflight = ask(api.id, "OPTIONS", "/open", headers={**ELSEWHERE, "Access-Control-Request-Method": "GET"})
    assert preflight.headers["Access-Control-Allow-Origin"] == "https://elsewhere.example"
    assert ask(api.id, "GET", "/open", headers=ELSEWHERE).status == 200
    assert ask(api.id, "GET", "/open", headers={"Origin": "https://third.example"}).status == 403


# Tests of methods.


def test_a_method_is_tested_before_it_is_deployed(rest, behind):
    api = rest()
    uri = behind(lambda event: {"statusCode": 201, "headers": {"X-Own": "yes"}, "body": json.dumps(event)})
    resource = api.method("POST", "bills/{id}", type="AWS_PROXY", uri=uri, method={"apiKeyRequired": True})
    said = api.gateway.test_invoke_method(
        restApiId=api.id,
        resourceId=resource,
        httpMethod="POST",
        pathWithQueryString="/bills/7?q=1",
        body='{"n": 1}',
        headers={"X-A": "1"},
        stageVariables={"colour": "red"},
    )
    assert (said["status"], said["headers"]["X-Own"]) == (201, "yes")
    event = json.loads(said["body"])
    assert (event["body"], event["pathParameters"], event["queryStringParameters"]) == (
        '{"n": 1}',
        {"id": "7"},
        {"q": "1"},
    )
    assert (event["headers"], event["stageVariables"]) == ({"X-A": "1"}, {"colour": "red"})
    assert event["requestContext"]["stage"] == "test-invoke-stage"
    assert said["log"].startswith("Execution log for request ")
    assert said["log"].endswith("Method completed with status: 201\n")


def test_the_log_of_a_test_says_why_it_failed(rest):
    api = rest()
    resource = api.method("GET", "a", type="MOCK")
    said = api.gateway.test_invoke_method(restApiId=api.id, resourceId=resource, httpMethod="GET")
    assert (said["status"], said["body"]) == (500, '{"message":"Internal server error"}')
    assert "Execution failed due to configuration error: Unable to parse statusCode." in said["log"]


def test_a_method_that_is_not_there_cannot_be_tested(rest):
    api = rest()
    with pytest.raises(api.gateway.exceptions.NotFoundException):
        api.gateway.test_invoke_method(restApiId=api.id, resourceId=api.root, httpMethod="GET")
