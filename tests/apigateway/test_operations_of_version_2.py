"""Operations on HTTP and WebSocket APIs: what they answer, what they refuse, and what an API does after them."""

from __future__ import annotations

import json

import pytest
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError

from dynastep import emulator

BAD, NOT_FOUND, CONFLICT = "BadRequestException", "NotFoundException", "ConflictException"
SERVER = {
    "IntegrationType": "HTTP_PROXY",
    "IntegrationMethod": "GET",
    "IntegrationUri": "https://example.com",
    "PayloadFormatVersion": "1.0",
}
FUNCTION = {"IntegrationType": "AWS_PROXY", "PayloadFormatVersion": "2.0", "IntegrationUri": "arn:aws:lambda:::f"}
INVOKES = (
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:1:function:f/invocations"
)
JWT = {"AuthorizerType": "JWT", "IdentitySource": ["$request.header.Authorization"]}
TRUSTED = {"Issuer": "https://issuer.example", "Audience": ["a"]}
REQUEST = {"AuthorizerType": "REQUEST", "IdentitySource": ["$request.header.A"], "AuthorizerUri": INVOKES}


@pytest.fixture
def gateway(dynastep):
    return dynastep.client("apigatewayv2")


def plain(answer, *without):
    return {name: value for name, value in answer.items() if name not in ("ResponseMetadata", "CreatedDate", *without)}


def test_an_http_api_is_shown_as_on_aws(gateway):
    made = gateway.create_api(Name="a", ProtocolType="HTTP", Description="d", Tags={"x": "y"})
    expected = {
        "ApiEndpoint": f"https://{made['ApiId']}.execute-api.us-east-1.amazonaws.com",
        "ApiId": made["ApiId"],
        "ApiKeySelectionExpression": "$request.header.x-api-key",
        "Description": "d",
        "DisableExecuteApiEndpoint": False,
        "IpAddressType": "ipv4",
        "Name": "a",
        "ProtocolType": "HTTP",
        "RouteSelectionExpression": "$request.method $request.path",
        "Tags": {"x": "y"},
    }
    assert (made["ResponseMetadata"]["HTTPStatusCode"], plain(made)) == (201, expected)
    assert plain(gateway.get_api(ApiId=made["ApiId"])) == expected
    changed = gateway.update_api(ApiId=made["ApiId"], Name="b", CorsConfiguration={"AllowOrigins": ["*"]})
    assert (changed["Name"], changed["Description"]) == ("b", "d")
    assert changed["CorsConfiguration"] == {"AllowOrigins": ["*"]}
    gateway.delete_cors_configuration(ApiId=made["ApiId"])
    assert "CorsConfiguration" not in gateway.get_api(ApiId=made["ApiId"])


def test_a_websocket_api_is_shown_as_on_aws(gateway):
    made = gateway.create_api(Name="a", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action")
    assert made["ApiEndpoint"].startswith("ws://127.0.0.1:")
    assert (made["DisableSchemaValidation"], made["RouteSelectionExpression"]) == (False, "$request.body.action")
    api = made["ApiId"]
    integration = gateway.create_integration(ApiId=api, IntegrationType="MOCK")
    assert plain(integration, "IntegrationId") == {
        "ConnectionType": "INTERNET",
        "IntegrationResponseSelectionExpression": "${integration.response.statuscode}",
        "IntegrationType": "MOCK",
        "PassthroughBehavior": "WHEN_NO_MATCH",
        "PayloadFormatVersion": "1.0",
        "TimeoutInMillis": 29000,
    }


def test_parts_of_an_api_have_their_defaults(gateway):
    api = gateway.create_api(Name="a", ProtocolType="HTTP")["ApiId"]
    integration = gateway.create_integration(ApiId=api, **FUNCTION)
    assert plain(integration, "IntegrationId") == {
        **FUNCTION,
        "ConnectionType": "INTERNET",
        "IntegrationMethod": "POST",
        "TimeoutInMillis": 30000,
    }
    route = gateway.create_route(
        ApiId=api, RouteKey="GET /pets/{id}", Target=f"integrations/{integration['IntegrationId']}"
    )
    assert plain(route, "RouteId", "Target") == {
        "ApiKeyRequired": False,
        "AuthorizationType": "NONE",
        "RouteKey": "GET /pets/{id}",
    }
    deployment = gateway.create_deployment(ApiId=api, Description="first")
    assert plain(deployment, "DeploymentId") == {
        "AutoDeployed": False,
        "DeploymentStatus": "DEPLOYED",
        "Description": "first",
    }
    stage = gateway.create_stage(ApiId=api, StageName="prod", DeploymentId=deployment["DeploymentId"])
    assert plain(stage, "LastUpdatedDate") == {
        "AutoDeploy": False,
        "DefaultRouteSettings": {"DetailedMetricsEnabled": False},
        "DeploymentId": deployment["DeploymentId"],
        "RouteSettings": {},
        "StageName": "prod",
        "StageVariables": {},
        "Tags": {},
    }
    authorizer = gateway.create_authorizer(ApiId=api, Name="w", AuthorizerPayloadFormatVersion="2.0", **REQUEST)
    assert plain(authorizer, "AuthorizerId") == {
        "AuthorizerPayloadFormatVersion": "2.0",
        "EnableSimpleResponses": False,
        "Name": "w",
        **REQUEST,
    }
    link = gateway.create_vpc_link(Name="l", SubnetIds=["subnet-1"])
    assert (link["VpcLinkStatus"], link["VpcLinkVersion"]) == ("PENDING", "V2")
    assert gateway.get_vpc_link(VpcLinkId=link["VpcLinkId"])["VpcLinkStatus"] == "AVAILABLE"


def test_quick_create_makes_an_api_that_answers(dynastep, gateway, ask):
    arn = dynastep.function("behind", lambda event: event["routeKey"])
    api = gateway.create_api(Name="a", ProtocolType="HTTP", Target=arn)["ApiId"]
    assert ask(api, "GET", "/any/where", stage="$default").body == b"$default"
    (route,) = gateway.get_routes(ApiId=api)["Items"]
    (integration,) = gateway.get_integrations(ApiId=api)["Items"]
    (stage,) = gateway.get_stages(ApiId=api)["Items"]
    assert [each["ApiGatewayManaged"] for each in (route, integration, stage)] == [True] * 3
    assert (integration["IntegrationUri"], integration["PayloadFormatVersion"]) == (arn, "2.0")
    assert (stage["StageName"], stage["AutoDeploy"]) == ("$default", True)
    other = dynastep.function("other", lambda _: "other")
    gateway.update_api(ApiId=api, Target=other, RouteKey="GET /only")
    assert ask(api, "GET", "/only", stage="$default").body == b"other"
    assert ask(api, "GET", "/any", stage="$default").status == 404


def test_a_stage_answers_as_its_deployment_says(dynastep, gateway, ask):
    arn = dynastep.function("behind", lambda event: event["routeKey"])
    api = gateway.create_api(Name="a", ProtocolType="HTTP")["ApiId"]
    behind = gateway.create_integration(ApiId=api, **{**FUNCTION, "IntegrationUri": arn})["IntegrationId"]
    gateway.create_stage(ApiId=api, StageName="by-hand")
    gateway.create_stage(ApiId=api, StageName="by-itself", AutoDeploy=True)

    def answers():
        return [ask(api, "GET", "/a", stage=stage).status for stage in ("by-hand", "by-itself")]

    assert answers() == [404, 404]
    message = gateway.get_stage(ApiId=api, StageName="by-itself")["LastDeploymentStatusMessage"]
    assert message == "Deployment attempt failed: At least one route is required before deploying the Api."
    route = gateway.create_route(ApiId=api, RouteKey="GET /a", Target=f"integrations/{behind}")["RouteId"]
    assert answers() == [404, 200]
    stage = gateway.get_stage(ApiId=api, StageName="by-itself")
    text = f"Successfully deployed stage with deployment ID '{stage['DeploymentId']}'"
    assert stage["LastDeploymentStatusMessage"] == text
    made = gateway.create_deployment(ApiId=api, StageName="by-hand")["DeploymentId"]
    assert gateway.get_stage(ApiId=api, StageName="by-hand")["DeploymentId"] == made
    assert answers() == [200, 200]
    gateway.update_route(ApiId=api, RouteId=route, RouteKey="GET /b")
    assert answers() == [200, 404]
    found = gateway.get_deployments(ApiId=api)["Items"]
    assert [each["AutoDeployed"] for each in found] == [True, False, True]


DOCUMENT = {
    "openapi": "3.0.1",
    "info": {"title": "Pets", "version": "7"},
    "tags": [{"name": "team", "x-amazon-apigateway-tag-value": "a"}],
    "paths": {
        "/pets/{id}": {
            "get": {
                "operationId": "one",
                "security": [{"who": ["read"]}],
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
                "responses": {"default": {"description": "Default response for GET /pets/{id}"}},
                "x-amazon-apigateway-integration": {
                    "type": "http_proxy",
                    "connectionType": "INTERNET",
                    "httpMethod": "GET",
                    "uri": "https://example.com",
                    "payloadFormatVersion": "1.0",
                    "timeoutInMillis": 30000,
                },
            }
        },
        "/$default": {"x-amazon-apigateway-any-method": {"responses": {"default": {"description": "d"}}}},
    },
    "components": {
        "securitySchemes": {
            "who": {
                "type": "oauth2",
                "flows": {},
                "x-amazon-apigateway-authorizer": {
                    "type": "jwt",
                    "identitySource": "$request.header.Authorization",
                    "jwtConfiguration": {"issuer": "https://issuer.example", "audience": ["a"]},
                },
            }
        }
    },
    "x-amazon-apigateway-cors": {"allowOrigins": ["https://app.example"]},
    "x-amazon-apigateway-importexport-version": "1.0",
}


def test_a_document_becomes_an_api_and_an_api_a_document(gateway):
    made = gateway.import_api(Body=json.dumps(DOCUMENT))
    api = made["ApiId"]
    assert (made["Name"], made["Version"], made["Tags"]) == ("Pets", "7", {"team": "a"})
    assert made["Warnings"] == ["No integration defined for $default; the route answers with status 500"]
    routes = {each["RouteKey"]: each for each in gateway.get_routes(ApiId=api)["Items"]}
    one = routes["GET /pets/{id}"]
    assert (one["AuthorizationType"], one["AuthorizationScopes"], one["OperationName"]) == ("JWT", ["read"], "one")
    exported = json.loads(
        gateway.export_api(ApiId=api, Specification="OAS30", OutputType="JSON", IncludeExtensions=True)["body"].read()
    )
    endpoint = f"{made['ApiEndpoint']}/{{basePath}}"
    assert exported.pop("servers") == [{"url": endpoint, "variables": {"basePath": {"default": ""}}}]
    any_method = exported["paths"]["/$default"].pop("x-amazon-apigateway-any-method")
    assert any_method == {"responses": {"default": {"description": "Default response for $default"}}}
    wanted = json.loads(json.dumps(DOCUMENT))
    wanted["paths"]["/$default"] = {}
    assert exported == wanted
    again = gateway.reimport_api(ApiId=api, Body=json.dumps({**DOCUMENT, "paths": {}}))
    assert again["ApiId"] == api
    assert gateway.get_routes(ApiId=api)["Items"] == gateway.get_integrations(ApiId=api)["Items"] == []


def test_pages_have_as_many_as_are_asked_for(gateway):
    api = gateway.create_api(Name="a", ProtocolType="HTTP")["ApiId"]
    for number in range(5):
        gateway.create_route(ApiId=api, RouteKey=f"GET /{number}")
    found, token = [], {}
    while True:
        page = gateway.get_routes(ApiId=api, MaxResults="2", **token)
        found.append([each["RouteKey"][-1] for each in page["Items"]])
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert found == [["0", "1"], ["2", "3"], ["4"]]


def test_tags_are_put_by_arn(gateway):
    api = gateway.create_api(Name="a", ProtocolType="HTTP")["ApiId"]
    gateway.create_stage(ApiId=api, StageName="prod", Tags={"a": "1"})
    for path in (f"/apis/{api}", f"/apis/{api}/stages/prod"):
        arn = f"arn:aws:apigateway:us-east-1::{path}"
        gateway.tag_resource(ResourceArn=arn, Tags={"a": "2", "b": "3"})
        gateway.untag_resource(ResourceArn=arn, TagKeys=["a"])
        assert gateway.get_tags(ResourceArn=arn)["Tags"] == {"b": "3"}
    assert gateway.get_api(ApiId=api)["Tags"] == {"b": "3"}


def test_maps_are_merged_and_an_empty_text_takes_an_entry_away(gateway):
    api = gateway.create_api(Name="a", ProtocolType="HTTP")["ApiId"]
    given = {"append:header.a": "1", "append:header.b": "2"}
    made = gateway.create_integration(ApiId=api, RequestParameters=given, **SERVER)["IntegrationId"]
    more = {"append:header.a": "", "append:header.c": "3"}
    changed = gateway.update_integration(ApiId=api, IntegrationId=made, RequestParameters=more)
    assert changed["RequestParameters"] == {"append:header.b": "2", "append:header.c": "3"}


def test_a_domain_name_leads_to_apis(gateway):
    configuration = {"CertificateArn": "arn:aws:acm:us-east-1:1:certificate/c"}
    made = gateway.create_domain_name(DomainName="api.example.com", DomainNameConfigurations=[configuration])
    assert made["ApiMappingSelectionExpression"] == "$request.basepath"
    shown = plain(made["DomainNameConfigurations"][0], "ApiGatewayDomainName", "HostedZoneId")
    assert shown == {
        **configuration,
        "DomainNameStatus": "AVAILABLE",
        "EndpointType": "REGIONAL",
        "IpAddressType": "ipv4",
        "SecurityPolicy": "TLS_1_2",
    }
    api = gateway.create_api(Name="a", ProtocolType="HTTP", Target="https://example.com")["ApiId"]
    at = {"DomainName": "api.example.com", "ApiId": api}
    mapping = gateway.create_api_mapping(**at, Stage="$default", ApiMappingKey="v1/orders")
    named = {"DomainName": "api.example.com", "ApiMappingId": mapping["ApiMappingId"]}
    assert gateway.get_api_mapping(**named)["ApiMappingKey"] == "v1/orders"
    with pytest.raises(ClientError, match="Please remove all api mappings related to this API from domain names: api"):
        gateway.delete_api(ApiId=api)
    gateway.delete_api_mapping(**named)
    gateway.delete_api(ApiId=api)
    gateway.delete_domain_name(DomainName="api.example.com")
    assert gateway.get_domain_names()["Items"] == []


def test_responses_of_a_websocket_api(gateway):
    api = gateway.create_api(Name="a", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.a")["ApiId"]
    integration = gateway.create_integration(ApiId=api, IntegrationType="MOCK")["IntegrationId"]
    of_integration = {"ApiId": api, "IntegrationId": integration}
    made = gateway.create_integration_response(**of_integration, IntegrationResponseKey="/200/")
    assert made["IntegrationResponseKey"] == "/200/"
    assert "IntegrationId" not in made
    assert len(gateway.get_integration_responses(**of_integration)["Items"]) == 1
    route = gateway.create_route(ApiId=api, RouteKey="$connect", Target=f"integrations/{integration}")["RouteId"]
    response = gateway.create_route_response(ApiId=api, RouteId=route, RouteResponseKey="$default")["RouteResponseId"]
    assert len(gateway.get_route_responses(ApiId=api, RouteId=route)["Items"]) == 1
    gateway.delete_route_response(ApiId=api, RouteId=route, RouteResponseId=response)
    assert gateway.get_route_responses(ApiId=api, RouteId=route)["Items"] == []
    schema = json.dumps({"type": "object", "properties": {"a": {"type": "string"}}})
    model = gateway.create_model(ApiId=api, Name="M", Schema=schema)
    assert (model["ContentType"], model["Schema"]) == ("application/json", schema)
    template = gateway.get_model_template(ApiId=api, ModelId=model["ModelId"])["Value"]
    assert template.splitlines()[2] == '  "a" : "$inputRoot.a"'


def test_apis_are_as_they_were_when_a_snapshot_was_taken(dynastep, gateway, ask):
    arn = dynastep.function("behind", lambda _: "here")
    api = gateway.create_api(Name="a", ProtocolType="HTTP", Target=arn)["ApiId"]
    dynastep.snapshot("before")
    gateway.delete_api(ApiId=api)
    assert gateway.get_apis()["Items"] == []
    dynastep.restore("before")
    assert ask(api, "GET", "/", stage="$default").body == b"here"


# What they refuse


@pytest.fixture(scope="module")
def world():
    """An HTTP API with a route, and a WebSocket API; one for all, for what is refused changes nothing."""
    with emulator() as dynastep:
        gateway = dynastep.client("apigatewayv2", config=Config(parameter_validation=False))
        api = gateway.create_api(Name="a", ProtocolType="HTTP")["ApiId"]
        behind = gateway.create_integration(ApiId=api, **FUNCTION)["IntegrationId"]
        jwt = gateway.create_authorizer(ApiId=api, Name="jwt", JwtConfiguration=TRUSTED, **JWT)["AuthorizerId"]
        more = {"AuthorizationType": "JWT", "AuthorizerId": jwt, "Target": f"integrations/{behind}"}
        route = gateway.create_route(ApiId=api, RouteKey="GET /a", **more)["RouteId"]
        gateway.create_deployment(ApiId=api)
        gateway.create_stage(ApiId=api, StageName="auto", AutoDeploy=True)
        selected = {"RouteSelectionExpression": "$request.body.a"}
        socket = gateway.create_api(Name="s", ProtocolType="WEBSOCKET", **selected)["ApiId"]
        names = {"api": api, "behind": behind, "jwt": jwt, "route": route, "socket": socket}
        yield gateway, {**names, "account": dynastep.account}


def filled(value, names):
    if isinstance(value, str):
        for name, text in names.items():
            value = value.replace(f"<{name}>", text)
    return {name: filled(each, names) for name, each in value.items()} if isinstance(value, dict) else value


HTTP, SOCKET = {"ApiId": "<api>"}, {"ApiId": "<socket>"}
KEY = (
    "The provided route key is not formatted properly for HTTP protocol. "
    'Format should be "<HTTP METHOD> /<RESOURCE PATH>" or "$default"'
)
NO_JWT = "Invalid authorizer ID specified. Setting the authorization type to JWT requires a valid JWT authorizer."
NO_CUSTOM = (
    "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid "
    "authorizer."
)
PROXIES = (
    "Currently, an API with a protocol type of HTTP may only be associated with proxy integrations "
    "(AWS_PROXY, HTTP_PROXY)"
)
NO_ROUTE = "At least one route is required before deploying the Api."
ROUTED = "Cannot delete Integration because it is referenced by the following Routes with Ids: [<route>]"
SETTINGS = "Unable to find Route by key GET /b within the provided RouteSettings"
REFUSED = [
    ("GetApi", {"ApiId": "none"}, NOT_FOUND, "Invalid API identifier specified <account>:none"),
    ("GetRoute", {**HTTP, "RouteId": "x"}, NOT_FOUND, "Invalid Route identifier specified x"),
    ("GetIntegration", {**HTTP, "IntegrationId": "x"}, NOT_FOUND, "Invalid Integration identifier specified x"),
    ("GetAuthorizer", {**HTTP, "AuthorizerId": "x"}, NOT_FOUND, "Invalid Authorizer identifier specified x"),
    ("GetStage", {**HTTP, "StageName": "x"}, NOT_FOUND, "Invalid stage identifier specified"),
    ("CreateRoute", HTTP, BAD, "Route key is required"),
    ("CreateRoute", {**HTTP, "RouteKey": "GET /a"}, CONFLICT, "Route with key GET /a already exists for this API"),
    *[
        ("CreateRoute", {**HTTP, "RouteKey": key}, BAD, KEY)
        for key in ("GET", "/a", "get /a", "GET a", "FETCH /a", "GET /{a+}/b", "GET /{a}/{a}", "GET /x{a}")
    ],
    ("CreateRoute", {**HTTP, "RouteKey": "GET /b", "AuthorizationType": "JWT"}, BAD, NO_JWT),
    (
        "CreateRoute",
        {**HTTP, "RouteKey": "GET /b", "AuthorizationType": "CUSTOM", "AuthorizerId": "<jwt>"},
        BAD,
        NO_CUSTOM,
    ),
    ("CreateIntegration", {**HTTP, **FUNCTION, "IntegrationType": "AWS"}, BAD, PROXIES),
    (
        "CreateIntegration",
        {**HTTP, "IntegrationType": "AWS_PROXY", "IntegrationUri": "arn:aws:lambda:::f"},
        BAD,
        "PayloadFormatVersion is a required parameter for integration",
    ),
    ("DeleteIntegration", {**HTTP, "IntegrationId": "<behind>"}, CONFLICT, ROUTED),
    (
        "DeleteAuthorizer",
        {**HTTP, "AuthorizerId": "<jwt>"},
        CONFLICT,
        "Cannot delete authorizer 'jwt', is referenced in route: GET /a",
    ),
    ("CreateStage", {**HTTP, "StageName": "auto"}, CONFLICT, "Stage already exists"),
    ("CreateStage", {**HTTP, "StageName": "a b"}, BAD, "Stage name only allows a-zA-Z0-9_-"),
    ("CreateStage", {**SOCKET, "StageName": "$default"}, BAD, "Stage name only allows a-zA-Z0-9_-"),
    ("CreateStage", {**HTTP, "StageName": "b", "RouteSettings": {"GET /b": {}}}, NOT_FOUND, SETTINGS),
    ("CreateStage", {**HTTP, "StageName": "b", "DeploymentId": "x"}, BAD, "Deployment id does not exist"),
    ("CreateDeployment", SOCKET, BAD, NO_ROUTE),
    ("GetApis", {"NextToken": "?"}, BAD, "Invalid nextToken specified"),
    (
        "GetTags",
        {"ResourceArn": "arn:aws:apigateway:us-east-1::/apis/none"},
        NOT_FOUND,
        "Invalid resource identifier specified",
    ),
    ("GetDomainName", {"DomainName": "none"}, NOT_FOUND, "Invalid domain name identifier specified"),
    ("GetVpcLink", {"VpcLinkId": "x"}, NOT_FOUND, "Invalid VpcLink identifier specified"),
]


@pytest.mark.parametrize(("operation", "params", "code", "message"), REFUSED)
def test_what_is_refused(world, operation, params, code, message):
    gateway, names = world
    with pytest.raises(ClientError) as refusal:
        getattr(gateway, xform_name(operation))(**filled(params, names))
    assert refusal.value.response["Error"] == {"Code": code, "Message": filled(message, names)}


UNNAMED = [
    ("CreateApi", {"Name": "", "ProtocolType": "HTTP"}),
    ("CreateApi", {"Name": "a", "ProtocolType": "TCP"}),
    ("CreateApi", {"Name": "a", "ProtocolType": "WEBSOCKET"}),
    ("CreateApi", {"Name": "a", "ProtocolType": "HTTP", "RouteSelectionExpression": "$request.body.a"}),
    ("CreateApi", {"Name": "a", "ProtocolType": "WEBSOCKET", "RouteSelectionExpression": "x", "Target": "https://e"}),
    ("CreateRoute", {**SOCKET, "RouteKey": "a", "AuthorizationType": "AWS_IAM"}),
    ("CreateRoute", {**HTTP, "RouteKey": "GET /b", "ApiKeyRequired": True}),
    ("CreateIntegration", {**HTTP, **SERVER, "PayloadFormatVersion": "2.0"}),
    ("CreateIntegration", {**HTTP, **SERVER, "TimeoutInMillis": 30001}),
    ("CreateIntegration", {**SOCKET, **SERVER, "TimeoutInMillis": 29500}),
    ("CreateIntegration", {**HTTP, **SERVER, "IntegrationMethod": ""}),
    ("CreateIntegration", {**HTTP, **SERVER, "IntegrationUri": "ftp://a"}),
    ("CreateIntegration", {**HTTP, **SERVER, "ConnectionType": "VPC_LINK"}),
    ("CreateIntegration", {**HTTP, **FUNCTION, "IntegrationSubtype": "SQS-None"}),
    ("CreateAuthorizer", {**HTTP, **JWT, "Name": "b"}),
    ("CreateAuthorizer", {**HTTP, **JWT, "Name": "jwt", "JwtConfiguration": TRUSTED}),
    ("CreateAuthorizer", {**HTTP, **REQUEST, "Name": "b"}),
    ("CreateAuthorizer", {**SOCKET, **JWT, "Name": "b", "JwtConfiguration": TRUSTED}),
    ("CreateDeployment", {**HTTP, "StageName": "auto"}),
    ("CreateModel", {**SOCKET, "Name": "a b", "Schema": "{}"}),
    ("CreateModel", {**SOCKET, "Name": "a", "Schema": "["}),
    ("CreateRouteResponse", {**HTTP, "RouteId": "<route>", "RouteResponseKey": "$default"}),
    ("CreateVpcLink", {"Name": "a", "SubnetIds": []}),
    ("ImportApi", {"Body": "{"}),
    ("ImportApi", {"Body": json.dumps({"swagger": "2.0", "info": {"title": "a"}})}),
    ("ExportApi", {**SOCKET, "Specification": "OAS30", "OutputType": "JSON"}),
]


@pytest.mark.parametrize(("operation", "params"), UNNAMED)
def test_what_is_refused_in_words_of_ours(world, operation, params):
    gateway, names = world
    with pytest.raises(ClientError) as refusal:
        getattr(gateway, xform_name(operation))(**filled(params, names))
    assert refusal.value.response["Error"]["Code"] == BAD
