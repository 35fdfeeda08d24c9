"""Operations on REST APIs: what they answer, as recorded on AWS, and what an API does after them."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError
from cryptography import x509


@pytest.fixture
def gateway(dynastep):
    return dynastep.client("apigateway")


def plain(answer):
    return {name: value for name, value in answer.items() if name not in ("ResponseMetadata", "createdDate")}


def replaced(path, value, op="replace"):
    return [{"op": op, "path": path, "value": value}]


def test_an_api_is_shown_as_on_aws(gateway):
    made = gateway.create_rest_api(name="a", description="b", tags={"x": "y"})
    expected = {
        "id": made["id"],
        "name": "a",
        "description": "b",
        "apiKeySource": "HEADER",
        "disableExecuteApiEndpoint": False,
        "endpointConfiguration": {"ipAddressType": "ipv4", "types": ["EDGE"]},
        "rootResourceId": made["rootResourceId"],
        "tags": {"x": "y"},
    }
    assert (made["ResponseMetadata"]["HTTPStatusCode"], plain(made)) == (201, expected)
    assert plain(gateway.get_rest_api(restApiId=made["id"])) == expected
    assert made["id"].isalnum()
    assert len(made["id"]) == 10
    other = gateway.create_rest_api(name="c")
    assert "tags" not in other
    assert gateway.get_rest_api(restApiId=other["id"])["tags"] == {}
    assert [each["id"] for each in gateway.get_rest_apis()["items"]] == [made["id"], other["id"]]


def test_an_api_is_patched(gateway):
    api = gateway.create_rest_api(name="a", description="b")["id"]

    def patch(*operations):
        changed = gateway.update_rest_api(restApiId=api, patchOperations=list(operations))
        return {name: value for name, value in plain(changed).items() if name in WATCHED}

    add = [{"op": "add", "path": f"/binaryMediaTypes/image~1{kind}"} for kind in ("png", "jpeg")]
    assert patch(*add) == {"binaryMediaTypes": ["image/png", "image/jpeg"], "description": "b"}
    other = {"op": "replace", "path": "/binaryMediaTypes/image~1png", "value": "image/gif"}
    assert patch(other)["binaryMediaTypes"] == ["image/jpeg", "image/gif"]
    gone = [{"op": "remove", "path": "/binaryMediaTypes/image~1gif"}, {"op": "remove", "path": "/description"}]
    assert patch(*gone) == {"binaryMediaTypes": ["image/jpeg"]}
    assert patch(*replaced("/minimumCompressionSize", "0"))["minimumCompressionSize"] == 0
    assert "minimumCompressionSize" not in patch({"op": "replace", "path": "/minimumCompressionSize"})
    gateway.update_rest_api(restApiId=api, patchOperations=replaced("/endpointConfiguration/types/EDGE", "PRIVATE"))
    assert gateway.get_rest_api(restApiId=api)["endpointConfiguration"] == {
        "ipAddressType": "dualstack",
        "types": ["PRIVATE"],
    }


WATCHED = ("binaryMediaTypes", "description", "minimumCompressionSize")


def test_a_patch_changes_nothing_unless_all_of_it_holds(gateway):
    api = gateway.create_rest_api(name="a")["id"]
    with pytest.raises(ClientError, match="Invalid patch path /nothing"):
        gateway.update_rest_api(restApiId=api, patchOperations=[*replaced("/name", "b"), *replaced("/nothing", "c")])
    assert gateway.get_rest_api(restApiId=api)["name"] == "a"


def test_resources_move_with_what_is_below_them(gateway):
    made = gateway.create_rest_api(name="a")
    api, root = made["id"], made["rootResourceId"]
    pets = gateway.create_resource(restApiId=api, parentId=root, pathPart="pets")["id"]
    toys = gateway.create_resource(restApiId=api, parentId=pets, pathPart="toys")["id"]
    gateway.create_resource(restApiId=api, parentId=toys, pathPart="{id}")
    moved = gateway.update_resource(restApiId=api, resourceId=toys, patchOperations=replaced("/parentId", root))
    assert plain(moved) == {"id": toys, "parentId": root, "path": "/toys", "pathPart": "toys"}
    gateway.update_resource(restApiId=api, resourceId=toys, patchOperations=replaced("/pathPart", "dolls"))
    paths = [each["path"] for each in gateway.get_resources(restApiId=api)["items"]]
    assert paths == ["/", "/dolls", "/dolls/{id}", "/pets"]
    gateway.delete_resource(restApiId=api, resourceId=toys)
    assert [each["path"] for each in gateway.get_resources(restApiId=api)["items"]] == ["/", "/pets"]


def test_lists_come_in_pages(gateway):
    made = gateway.create_rest_api(name="a")
    for number in range(30):
        gateway.create_resource(restApiId=made["id"], parentId=made["rootResourceId"], pathPart=f"p{number:02}")
    first = gateway.get_resources(restApiId=made["id"])
    assert len(first["items"]) == 25
    rest = gateway.get_resources(restApiId=made["id"], position=first["position"])
    assert ([each["path"] for each in rest["items"]][-1], len(rest["items"]), rest.get("position")) == ("/p29", 6, None)
    found = gateway.get_paginator("get_resources").paginate(restApiId=made["id"], PaginationConfig={"PageSize": 7})
    assert sum(len(page["items"]) for page in found) == 31


def test_a_method_is_patched_and_acts_after_a_deployment(gateway, rest, ask):
    api = rest()
    resource = api.method("GET", "a", type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    at = {"restApiId": api.id, "resourceId": resource, "httpMethod": "GET"}
    api.deploy()
    validator = gateway.create_request_validator(restApiId=api.id, name="v", validateRequestParameters=True)["id"]
    changed = gateway.update_method(
        **at,
        patchOperations=[
            {"op": "add", "path": "/requestParameters/method.request.querystring.q", "value": "true"},
            {"op": "replace", "path": "/requestValidatorId", "value": validator},
            {"op": "add", "path": "/requestModels/application~1json", "value": "Empty"},
            {"op": "replace", "path": "/operationName", "value": "Ask"},
        ],
    )
    assert changed["requestParameters"] == {"method.request.querystring.q": True}
    assert (changed["requestModels"], changed["operationName"]) == ({"application/json": "Empty"}, "Ask")
    assert ask(api.id, "GET", "/a").status == 200
    said = ask(api.deploy(), "GET", "/a")
    assert (said.status, said.json) == (400, {"message": "Missing required request parameters: [q]"})
    assert ask(api.id, "GET", "/a?q=1").status == 200
    gateway.update_method(**at, patchOperations=replaced("/requestValidatorId", ""))
    removed = [{"op": "remove", "path": "/requestModels/application~1json"}]
    assert "requestModels" not in gateway.update_method(**at, patchOperations=removed)
    assert ask(api.deploy(), "GET", "/a").status == 200


def test_an_integration_and_its_responses_are_patched(gateway, rest, ask):
    api = rest()
    responses = [{"statusCode": "200", "responseTemplates": {"application/json": "one"}}]
    template = {"application/json": '{"statusCode": 200}'}
    resource = api.method("GET", "a", type="MOCK", requestTemplates=template, responses=responses)
    at = {"restApiId": api.id, "resourceId": resource, "httpMethod": "GET"}
    assert plain(gateway.get_integration(**at)) == {
        "type": "MOCK",
        "httpMethod": "POST",
        "passthroughBehavior": "WHEN_NO_MATCH",
        "timeoutInMillis": 29000,
        "cacheNamespace": resource,
        "cacheKeyParameters": [],
        "requestTemplates": template,
        "integrationResponses": {"200": responses[0]},
    }
    path = "/responseTemplates/application~1json"
    gateway.update_integration_response(**at, statusCode="200", patchOperations=replaced(path, "two"))
    assert ask(api.deploy(), "GET", "/a").body == b"two"
    gateway.update_integration(**at, patchOperations=replaced("/requestTemplates/application~1json", "no status"))
    assert ask(api.deploy(), "GET", "/a").status == 500
    gateway.delete_integration_response(**at, statusCode="200")
    assert "integrationResponses" not in gateway.get_integration(**at)


def test_gateway_responses_of_a_kind_stand_for_those_that_are_not_there(gateway, rest, ask):
    api = rest()
    api.method("GET", "a", type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    usual = gateway.get_gateway_response(restApiId=api.id, responseType="MISSING_AUTHENTICATION_TOKEN")
    assert plain(usual) == {
        "defaultResponse": True,
        "responseParameters": {},
        "responseTemplates": {"application/json": '{"message":$context.error.messageString}'},
        "responseType": "MISSING_AUTHENTICATION_TOKEN",
        "statusCode": "403",
    }
    patch = [
        {"op": "replace", "path": "/statusCode", "value": "418"},
        {
            "op": "add",
            "path": "/responseTemplates/application~1json",
            "value": '{"kind":"$context.error.responseType"}',
        },
    ]
    gateway.update_gateway_response(restApiId=api.id, responseType="DEFAULT_4XX", patchOperations=patch)
    said = ask(api.deploy(), "GET", "/nothing")
    assert (said.status, said.json) == (418, {"kind": "MISSING_AUTHENTICATION_TOKEN"})
    shown = {each["responseType"]: each for each in gateway.get_gateway_responses(restApiId=api.id)["items"]}
    assert len(shown) == 21
    assert (shown["UNAUTHORIZED"]["statusCode"], shown["UNAUTHORIZED"]["defaultResponse"]) == ("418", True)
    assert shown["INTEGRATION_FAILURE"]["statusCode"] == "504"
    gateway.delete_gateway_response(restApiId=api.id, responseType="DEFAULT_4XX")
    assert ask(api.deploy(), "GET", "/nothing").status == 403


def test_a_stage_is_patched(gateway, rest):
    api = rest()
    api.method("GET", "test", type="MOCK")
    made = gateway.create_deployment(restApiId=api.id)["id"]
    gateway.create_documentation_version(restApiId=api.id, documentationVersion="v1")
    stage = gateway.create_stage(restApiId=api.id, stageName="s1", deploymentId=made, documentationVersion="v1")
    shown = plain(stage)
    shown.pop("lastUpdatedDate")
    assert shown == {
        "cacheClusterEnabled": False,
        "cacheClusterStatus": "NOT_AVAILABLE",
        "deploymentId": made,
        "documentationVersion": "v1",
        "methodSettings": {},
        "stageName": "s1",
        "tracingEnabled": False,
    }
    changed = gateway.update_stage(
        restApiId=api.id,
        stageName="s1",
        patchOperations=[
            {"op": "replace", "path": "/variables/var1", "value": "test"},
            {"op": "replace", "path": "/*/*/throttling/burstLimit", "value": "123"},
            {"op": "replace", "path": "/~1test/GET/caching/enabled", "value": "true"},
        ],
    )
    usual = {
        "cacheDataEncrypted": False,
        "cacheTtlInSeconds": 300,
        "cachingEnabled": False,
        "dataTraceEnabled": False,
        "metricsEnabled": False,
        "requireAuthorizationForCacheControl": True,
        "throttlingBurstLimit": 5000,
        "throttlingRateLimit": 10000.0,
        "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER",
    }
    assert changed["methodSettings"] == {
        "*/*": {**usual, "throttlingBurstLimit": 123},
        "test/GET": {**usual, "cachingEnabled": True},
    }
    assert changed["variables"] == {"var1": "test"}
    gone = [{"op": "remove", "path": "/*/*"}, {"op": "remove", "path": "/variables/var1"}]
    changed = gateway.update_stage(restApiId=api.id, stageName="s1", patchOperations=gone)
    assert (list(changed["methodSettings"]), changed.get("variables")) == (["test/GET"], None)


def test_a_canary_answers_its_share_and_is_promoted(gateway, rest, ask):
    api = rest()
    template = '{"is": "$context.isCanaryRequest", "colour": "$stageVariables.colour", "text": "%s"}'
    at = {}

    def answering(text):
        responses = [{"statusCode": "200", "responseTemplates": {"application/json": template % text}}]
        if at:
            gateway.put_integration_response(**at, **responses[0])
            return
        resource = api.method(
            "GET", type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'}, responses=responses
        )
        at.update(restApiId=api.id, resourceId=resource, httpMethod="GET")

    answering("old")
    api.deploy(variables={"colour": "red"})
    answering("new")
    canary = {"percentTraffic": 100.0, "stageVariableOverrides": {"colour": "blue"}}
    new = gateway.create_deployment(restApiId=api.id, stageName="prod", canarySettings=canary)["id"]
    assert gateway.get_stage(restApiId=api.id, stageName="prod")["canarySettings"] == {
        **canary,
        "deploymentId": new,
        "useStageCache": False,
    }
    assert ask(api.id, "GET", "/").json == {"is": "true", "colour": "blue", "text": "new"}
    less = replaced("/canarySettings/percentTraffic", "0.0")
    gateway.update_stage(restApiId=api.id, stageName="prod", patchOperations=less)
    assert ask(api.id, "GET", "/").json == {"is": "false", "colour": "red", "text": "old"}
    promoted = [
        {"op": "copy", "from": "/canarySettings/deploymentId", "path": "/deploymentId"},
        {"op": "copy", "from": "/canarySettings/stageVariableOverrides", "path": "/variables"},
        {"op": "remove", "path": "/canarySettings"},
    ]
    shown = gateway.update_stage(restApiId=api.id, stageName="prod", patchOperations=promoted)
    assert (shown["deploymentId"], shown["variables"], shown.get("canarySettings")) == (new, {"colour": "blue"}, None)
    assert ask(api.id, "GET", "/").json == {"is": "false", "colour": "blue", "text": "new"}


def test_a_usage_plan_has_a_quota(dynastep, gateway, rest, ask):
    api = rest()
    api.method(
        "GET",
        type="MOCK",
        requestTemplates={"application/json": '{"statusCode": 200}'},
        method={"apiKeyRequired": True},
    )
    api.deploy()
    key = gateway.create_api_key(name="k", enabled=True)
    plan = gateway.create_usage_plan(
        name="p", apiStages=[{"apiId": api.id, "stage": "prod"}], quota={"limit": 2, "period": "DAY"}
    )["id"]
    gateway.create_usage_plan_key(usagePlanId=plan, keyId=key["id"], keyType="API_KEY")
    headers = {"x-api-key": key["value"]}
    assert [ask(api.id, "GET", "/", headers=headers).status for _ in range(3)] == [200, 200, 429]
    said = ask(api.id, "GET", "/", headers=headers)
    assert (said.json, said.headers["x-amzn-ErrorType"]) == ({"message": "Limit Exceeded"}, "LimitExceededException")
    assert gateway.get_usage(usagePlanId=plan, startDate="2026-01-01", endDate="2026-01-01")["items"] == {
        key["id"]: [[2, 0]]
    }
    more = gateway.update_usage(usagePlanId=plan, keyId=key["id"], patchOperations=replaced("/remaining", "1"))
    more.pop("ResponseMetadata")
    day = {"startDate": "2026-01-01", "endDate": "2026-01-01"}
    assert more == {"usagePlanId": plan, **day, "items": {key["id"]: [[2, 1]]}}
    assert [ask(api.id, "GET", "/", headers=headers).status for _ in range(2)] == [200, 429]
    dynastep.clock.advance(days=1)
    assert ask(api.id, "GET", "/", headers=headers).status == 200
    days = {"startDate": "2026-01-01", "endDate": "2026-01-03"}
    assert gateway.get_usage(usagePlanId=plan, **days)["items"] == {key["id"]: [[3, 0], [1, 1], [0, 2]]}
    disabled = gateway.update_api_key(apiKey=key["id"], patchOperations=replaced("/enabled", "false"))
    assert (disabled["enabled"], "value" in disabled) == (False, False)
    assert ask(api.id, "GET", "/", headers=headers).status == 403


def test_a_usage_plan_is_patched(gateway):
    plan = gateway.create_usage_plan(name="p")["id"]
    patch = [
        {"op": "replace", "path": "/throttle/burstLimit", "value": "100"},
        {"op": "replace", "path": "/throttle/rateLimit", "value": "200"},
        {"op": "replace", "path": "/quota/limit", "value": "5000"},
        {"op": "replace", "path": "/quota/period", "value": "MONTH"},
    ]
    assert plain(gateway.update_usage_plan(usagePlanId=plan, patchOperations=patch)) == {
        "id": plan,
        "name": "p",
        "apiStages": [],
        "tags": {},
        "throttle": {"burstLimit": 100, "rateLimit": 200.0},
        "quota": {"limit": 5000, "offset": 0, "period": "MONTH"},
    }


def test_documentation_is_kept(gateway):
    api = gateway.create_rest_api(name="a")["id"]
    made = gateway.create_documentation_part(restApiId=api, location={"type": "API"}, properties='{"a": "b"}')
    assert plain(made) == {"id": made["id"], "location": {"type": "API"}, "properties": '{"a": "b"}'}
    at = {"restApiId": api, "documentationPartId": made["id"]}
    gateway.update_documentation_part(**at, patchOperations=replaced("/properties", '{"a": "c"}'))
    assert [each["properties"] for each in gateway.get_documentation_parts(restApiId=api)["items"]] == ['{"a": "c"}']
    gateway.delete_documentation_part(**at)
    assert gateway.get_documentation_parts(restApiId=api)["items"] == []


def test_tags_go_by_arn(gateway):
    api = gateway.create_rest_api(name="a")["id"]
    arn = f"arn:aws:apigateway:us-east-1::/restapis/{api}"
    gateway.tag_resource(resourceArn=arn, tags={"a": "1", "b": "2"})
    gateway.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert gateway.get_tags(resourceArn=arn)["tags"] == {"b": "2"}
    assert gateway.get_rest_api(restApiId=api)["tags"] == {"b": "2"}


SWAGGER = {
    "swagger": "2.0",
    "info": {"title": "Bills", "description": "All bills", "version": "1.0"},
    "basePath": "/v1",
    "x-amazon-apigateway-request-validators": {"all": {"validateRequestBody": True, "validateRequestParameters": True}},
    "x-amazon-apigateway-gateway-responses": {"DEFAULT_4XX": {"statusCode": 418}},
    "securityDefinitions": {
        "api_key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
        "mine": {
            "type": "apiKey",
            "name": "Token",
            "in": "header",
            "x-amazon-apigateway-authtype": "oauth2",
            "x-amazon-apigateway-authorizer": {
                "type": "token",
                "authorizerUri": "arn:aws:apigateway:x",
                "authorizerResultTtlInSeconds": 60,
            },
        },
    },
    "paths": {
        "/bills/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "type": "string"}],
            "get": {
                "operationId": "GetBill",
                "produces": ["application/json"],
                "parameters": [{"name": "q", "in": "query", "type": "string"}],
                "responses": {
                    "200": {
                        "description": "200 response",
                        "schema": {"$ref": "#/definitions/Bill"},
                        "headers": {"X-Own": {"type": "string"}},
                    }
                },
                "x-amazon-apigateway-integration": {
                    "type": "mock",
                    "requestTemplates": {"application/json": '{"statusCode": 200}'},
                    "passthroughBehavior": "when_no_match",
                    "responses": {
                        "default": {
                            "statusCode": "200",
                            "responseParameters": {"method.response.header.X-Own": "'yes'"},
                            "responseTemplates": {"application/json": '{"id": "$input.params(\'id\')"}'},
                        }
                    },
                },
            },
            "put": {
                "security": [{"mine": []}, {"api_key": []}],
                "x-amazon-apigateway-request-validator": "all",
                "parameters": [
                    {"in": "body", "name": "Bill", "required": True, "schema": {"$ref": "#/definitions/Bill"}}
                ],
                "responses": {},
                "x-amazon-apigateway-integration": {"type": "mock"},
            },
        }
    },
    "definitions": {
        "Bill": {"type": "object", "properties": {"line": {"$ref": "#/definitions/Line"}}},
        "Line": {"type": "string"},
    },
}


def test_a_document_becomes_an_api_and_an_api_a_document(gateway, ask):
    made = gateway.import_rest_api(
        body=json.dumps(SWAGGER).encode(), parameters={"endpointConfigurationTypes": "REGIONAL"}
    )
    api = made["id"]
    assert (made["name"], made["description"], made["version"]) == ("Bills", "All bills", "1.0")
    assert made["endpointConfiguration"]["types"] == ["REGIONAL"]
    resources = gateway.get_resources(restApiId=api, embed=["methods"])["items"]
    assert [each["path"] for each in resources] == ["/", "/bills", "/bills/{id}"]
    [authorizer] = gateway.get_authorizers(restApiId=api)["items"]
    assert plain(authorizer) == {
        "id": authorizer["id"],
        "name": "mine",
        "type": "TOKEN",
        "authType": "oauth2",
        "authorizerUri": "arn:aws:apigateway:x",
        "authorizerResultTtlInSeconds": 60,
        "identitySource": "method.request.header.Token",
    }
    get, put = (resources[2]["resourceMethods"][verb] for verb in ("GET", "PUT"))
    assert (get["operationName"], get["requestParameters"]) == (
        "GetBill",
        {"method.request.path.id": True, "method.request.querystring.q": False},
    )
    assert get["methodResponses"] == {
        "200": {
            "statusCode": "200",
            "responseModels": {"application/json": "Bill"},
            "responseParameters": {"method.response.header.X-Own": False},
        }
    }
    assert get["methodIntegration"]["integrationResponses"]["200"] == {
        **SWAGGER["paths"]["/bills/{id}"]["get"]["x-amazon-apigateway-integration"]["responses"]["default"]
    }
    assert (put["authorizationType"], put["authorizerId"], put["apiKeyRequired"]) == ("CUSTOM", authorizer["id"], True)
    assert put["requestModels"] == {"application/json": "Bill"}
    [validator] = gateway.get_request_validators(restApiId=api)["items"]
    assert (validator["name"], put["requestValidatorId"]) == ("all", validator["id"])
    models = {each["name"]: json.loads(each["schema"]) for each in gateway.get_models(restApiId=api)["items"]}
    url = f"https://apigateway.amazonaws.com/restapis/{api}/models/Line"
    assert models == {"Bill": {"type": "object", "properties": {"line": {"$ref": url}}}, "Line": {"type": "string"}}
    gateway.create_deployment(restApiId=api, stageName="prod")
    said = ask(api, "GET", "/bills/7")
    assert (said.json, said.headers["X-Own"]) == ({"id": "7"}, "yes")
    assert ask(api, "GET", "/nothing").status == 418
    exported = gateway.get_export(
        restApiId=api, stageName="prod", exportType="swagger", parameters={"extensions": "integrations"}
    )
    document = json.loads(exported["body"].read())
    assert (exported["contentType"], exported["contentDisposition"]) == (
        "application/octet-stream",
        'attachment; filename="swagger_1.0.json"',
    )
    assert (document["info"], document["basePath"], document["schemes"]) == (SWAGGER["info"], "/prod", ["https"])
    assert document["definitions"] == SWAGGER["definitions"]
    given = SWAGGER["paths"]["/bills/{id}"]["get"]
    expected = {
        **given,
        "consumes": ["application/json"],
        "parameters": [
            {"name": "id", "in": "path", "required": True, "type": "string"},
            {"name": "q", "in": "query", "required": False, "type": "string"},
        ],
    }
    assert document["paths"]["/bills/{id}"]["get"] == expected
    again = gateway.put_rest_api(restApiId=api, mode="overwrite", body=json.dumps(document).encode())
    assert again["id"] == api
    assert [each["path"] for each in gateway.get_resources(restApiId=api)["items"]] == ["/", "/bills", "/bills/{id}"]
    assert gateway.get_authorizers(restApiId=api)["items"] == []


OPENAPI = """
openapi: 3.0.1
info: {title: Bills, version: 2024-01-01}
servers: [{url: "https://here/{base}", variables: {base: {default: v1}}}]
paths:
  /bills:
    post:
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Bill"}}}}
      responses:
        "200": {description: ok, content: {application/json: {schema: {type: object}}}}
      x-amazon-apigateway-integration: {type: mock}
components:
  schemas: {Bill: {type: object}}
"""


def test_openapi_3_in_yaml_with_its_base_path(gateway):
    api = gateway.import_rest_api(body=OPENAPI.encode(), parameters={"basepath": "prepend"})
    assert api["version"] == "2024-01-01"
    resources = gateway.get_resources(restApiId=api["id"], embed=["methods"])["items"]
    assert [each["path"] for each in resources] == ["/", "/v1", "/v1/bills"]
    method = resources[2]["resourceMethods"]["POST"]
    assert method["requestModels"] == {"application/json": "Bill"}
    made_up = method["methodResponses"]["200"]["responseModels"]["application/json"]
    names = [each["name"] for each in gateway.get_models(restApiId=api["id"])["items"]]
    assert names == sorted(["Bill", made_up])
    gateway.create_deployment(restApiId=api["id"], stageName="prod")
    exported = gateway.get_export(restApiId=api["id"], stageName="prod", exportType="oas30")
    document = json.loads(exported["body"].read())
    assert document["servers"][0]["variables"] == {"basePath": {"default": "prod"}}
    reference = {"schema": {"$ref": "#/components/schemas/Bill"}}
    assert document["paths"]["/v1/bills"]["post"]["requestBody"]["content"] == {"application/json": reference}


def test_what_is_no_document_is_refused(gateway):
    for body in (b"a: b: c", b"[1]", b"a: &a [1, 2]\nb: &b [*a, *a]\n" + b"\n".join(BOMB)):
        with pytest.raises(ClientError, match="Unable to build importer with provided input."):
            gateway.import_rest_api(body=body)
    with pytest.raises(ClientError, match="Invalid OpenAPI input."):
        gateway.import_rest_api(body=b"{}")


BOMB = [b"c%d: &c%d [%s]" % (n, n, b", ".join([b"*c%d" % (n - 1) if n else b"*b"] * 10)) for n in range(9)]


def test_a_document_that_is_merged_leaves_the_rest(gateway):
    api = gateway.import_rest_api(body=json.dumps(SWAGGER).encode())["id"]
    more = {"swagger": "2.0", "info": {"title": "More"}, "paths": {"/other": {"get": {"responses": {}}}}}
    gateway.put_rest_api(restApiId=api, mode="merge", body=json.dumps(more).encode())
    paths = [each["path"] for each in gateway.get_resources(restApiId=api)["items"]]
    assert paths == ["/", "/bills", "/bills/{id}", "/other"]


def test_keys_are_imported_from_a_table(gateway):
    plan = gateway.create_usage_plan(name="p")["id"]
    table = f"Name,key,description,Enabled,usageplanIds\nmine,{'k' * 20},text,TRUE,{plan}\n"
    [key] = gateway.import_api_keys(body=table.encode(), format="csv")["ids"]
    assert gateway.get_api_key(apiKey=key, includeValue=True)["value"] == "k" * 20
    assert [each["id"] for each in gateway.get_usage_plan_keys(usagePlanId=plan)["items"]] == [key]


def test_a_method_is_tested_with_its_log(gateway, rest):
    api = rest()
    resource = api.method(
        "GET",
        "pets/{petId}",
        type="MOCK",
        requestTemplates={"application/json": '{"statusCode": 200}'},
        responses=[
            {"statusCode": "200", "responseTemplates": {"application/json": '{"petId": "$input.params(\'petId\')"}'}}
        ],
    )
    said = gateway.test_invoke_method(
        restApiId=api.id, resourceId=resource, httpMethod="GET", pathWithQueryString="/pets/123?foo=bar"
    )
    assert (said["status"], said["body"]) == (200, '{"petId": "123"}')
    assert (said["headers"], said["multiValueHeaders"]) == (
        {"Content-Type": "application/json"},
        {"Content-Type": ["application/json"]},
    )
    first, *lines, last = said["log"].split("\n")
    request = first.removeprefix("Execution log for request ")
    assert last == ""
    assert [line.removeprefix("Thu Jan 01 00:00:00 UTC 2026 : ") for line in lines] == [
        f"Starting execution for request: {request}",
        "HTTP Method: GET, Resource Path: /pets/123",
        "Method request path: {petId=123}",
        "Method request query string: {foo=bar}",
        "Method request headers: {}",
        "Method request body before transformations: ",
        'Method response body after transformations: {"petId": "123"}',
        "Method response headers: {Content-Type=application/json}",
        "Successfully completed execution",
        "Method completed with status: 200",
    ]
    said = gateway.test_invoke_method(
        restApiId=api.id, resourceId=resource, httpMethod="GET", pathWithQueryString="/random/test"
    )
    assert (said["status"], said["body"]) == (200, '{"petId": ""}')


def test_what_is_not_built_is_refused_by_name(gateway):
    with pytest.raises(ClientError) as refusal:
        gateway.get_sdk_types()
    assert refusal.value.response["Error"] == {
        "Code": "NotImplementedException",
        "Message": "Dynastep has not built GetSdkTypes of API Gateway yet",
    }


def test_a_client_certificate_is_made_and_kept(gateway, rest):
    made = gateway.generate_client_certificate(description="d", tags={"a": "b"})
    name = made["clientCertificateId"]
    certificate = x509.load_pem_x509_certificate(made["pemEncodedCertificate"].encode())
    assert made["expirationDate"] - made["createdDate"] == timedelta(days=365)
    assert certificate.not_valid_after_utc == made["expirationDate"]
    at = {"clientCertificateId": name}
    changed = gateway.update_client_certificate(**at, patchOperations=replaced("/description", "e"))
    assert (changed["description"], changed["tags"]) == ("e", {"a": "b"})
    assert [each["clientCertificateId"] for each in gateway.get_client_certificates()["items"]] == [name]
    api = rest()
    api.method("GET", type="MOCK")
    api.deploy()
    where = {"restApiId": api.id, "stageName": "prod"}
    gateway.update_stage(**where, patchOperations=replaced("/clientCertificateId", name))
    with pytest.raises(ClientError, match="is referenced by a stage"):
        gateway.delete_client_certificate(**at)
    gateway.update_stage(**where, patchOperations=replaced("/clientCertificateId", ""))
    gateway.delete_client_certificate(**at)
    with pytest.raises(ClientError, match="Invalid Client Certificate identifier specified"):
        gateway.get_client_certificate(**at)


@pytest.mark.parametrize(
    ("token", "status", "principal", "ended"),
    [
        ("allow", 0, "me", "Successfully completed authorizer execution"),
        ("deny", 0, "me", "Successfully completed authorizer execution"),
        ("nobody", 401, "", "Unauthorized request"),
        ("", 401, "", "Unauthorized request"),
    ],
)
def test_an_authorizer_is_tested(gateway, rest, behind, token, status, principal, ended):
    def decide(event):
        if event["authorizationToken"] == "nobody":
            raise PermissionError("Unauthorized")
        effect = event["authorizationToken"].capitalize()
        statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": event["methodArn"]}
        return {"principalId": "me", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}

    api = rest().id
    given = {"name": "a", "type": "TOKEN", "identitySource": "method.request.header.Who"}
    authorizer = gateway.create_authorizer(restApiId=api, authorizerUri=behind(decide), **given)["id"]
    said = gateway.test_invoke_authorizer(restApiId=api, authorizerId=authorizer, headers={"Who": token})
    assert (said["clientStatus"], said["principalId"]) == (status, principal)
    assert said["log"].splitlines()[-1].endswith(f" : {ended}")
    if status == 0:
        (statement,) = json.loads(said["policy"])["Statement"]
        assert statement["Effect"] == token.capitalize()
        assert statement["Resource"].endswith(f":{api}/test-invoke-stage/GET/")


def test_apis_are_as_they_were_when_a_snapshot_was_taken(dynastep, gateway, rest, ask):
    api = rest()
    api.method("GET", type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    api.deploy()
    dynastep.snapshot("before")
    gateway.delete_rest_api(restApiId=api.id)
    assert ask(api.id, "GET", "/").status == 403
    dynastep.restore("before")
    assert ask(api.id, "GET", "/").status == 200
    assert gateway.get_stages(restApiId=api.id)["item"][0]["stageName"] == "prod"
