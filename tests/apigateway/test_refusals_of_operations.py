"""What operations on REST APIs refuse, in the words that were recorded on AWS (../shared/facts/neighbours.md)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError

from dynastep import emulator

ACCOUNT = "{account}"
BAD, NOT_FOUND, CONFLICT = "BadRequestException", "NotFoundException", "ConflictException"
NO_RESOURCE = "Invalid Resource identifier specified"
NO_METHOD = "Invalid Method identifier specified"
NO_STATUS = "Invalid Response status code specified"
FUNCTION = (
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:1:function:f/invocations"
)


@dataclass
class World:
    """An API with ``/pets``, ``/pets/{id}``, ``/pets/toys`` and a method at its root, and what names its parts."""

    gateway: object
    named: dict = field(default_factory=dict)

    def filled(self, value):
        if isinstance(value, str):
            for name, text in self.named.items():
                value = value.replace(f"{{{name}}}", text)
            return value
        if isinstance(value, dict):
            return {name: self.filled(each) for name, each in value.items()}
        return [self.filled(each) for each in value] if isinstance(value, list) else value

    def call(self, operation, **params):
        return getattr(self.gateway, xform_name(operation))(**self.filled(params))


@pytest.fixture(scope="module")
def world():
    """One for all: what is refused changes nothing."""
    with emulator() as dynastep:
        yield made(dynastep)


def made(dynastep):
    gateway = dynastep.client("apigateway", config=Config(parameter_validation=False))
    shown = gateway.create_rest_api(name="api")
    api, root = shown["id"], shown["rootResourceId"]
    pets = gateway.create_resource(restApiId=api, parentId=root, pathPart="pets")["id"]
    item = gateway.create_resource(restApiId=api, parentId=pets, pathPart="{id}")["id"]
    toys = gateway.create_resource(restApiId=api, parentId=pets, pathPart="toys")["id"]
    greedy = gateway.create_resource(restApiId=api, parentId=root, pathPart="{proxy+}")["id"]
    at = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
    schema = json.dumps({"type": "object"})
    gateway.create_model(restApiId=api, name="Pet", contentType="application/json", schema=schema)
    gateway.put_method(**at, authorizationType="NONE", requestModels={"application/json": "Pet"})
    gateway.put_method_response(**at, statusCode="200")
    gateway.put_integration(**at, type="MOCK")
    gateway.put_integration_response(**at, statusCode="200", selectionPattern="")
    gateway.put_method(restApiId=api, resourceId=pets, httpMethod="POST", authorizationType="NONE")
    gateway.put_integration(restApiId=api, resourceId=pets, httpMethod="POST", type="MOCK")
    gateway.put_method(restApiId=api, resourceId=toys, httpMethod="GET", authorizationType="NONE")
    gateway.put_integration(restApiId=api, resourceId=toys, httpMethod="GET", type="MOCK")
    gateway.put_method(restApiId=api, resourceId=item, httpMethod="GET", authorizationType="NONE")
    gateway.put_integration(restApiId=api, resourceId=item, httpMethod="GET", type="MOCK")
    validator = gateway.create_request_validator(restApiId=api, name="v")["id"]
    deployment = gateway.create_deployment(restApiId=api, stageName="dev")["id"]
    plan = gateway.create_usage_plan(name="plan", apiStages=[{"apiId": api, "stage": "dev"}])["id"]
    key = gateway.create_api_key(name="key")["id"]
    part = gateway.create_documentation_part(restApiId=api, location={"type": "API"}, properties="{}")["id"]
    return World(
        gateway,
        {
            "account": dynastep.account,
            "api": api,
            "root": root,
            "pets": pets,
            "item": item,
            "toys": toys,
            "greedy": greedy,
            "validator": validator,
            "deployment": deployment,
            "plan": plan,
            "key": key,
            "part": part,
        },
    )


def patch(op, path=None, value=None, **more):
    given = {"op": op, "path": path, "value": value, **more}
    return {"patchOperations": [{name: each for name, each in given.items() if each is not None}]}


API = {"restApiId": "{api}"}
ROOT = {**API, "resourceId": "{root}", "httpMethod": "GET"}
PETS = {**API, "resourceId": "{pets}"}
POST = {**PETS, "httpMethod": "POST"}
ELSEWHERE = {"restApiId": "nothing", "resourceId": "{root}", "httpMethod": "GET"}
NO_API = (NOT_FOUND, f"Invalid API identifier specified {ACCOUNT}:nothing")
STAGE = {**API, "stageName": "dev"}
MODEL = {**API, "modelName": "Pet"}
VALIDATOR = {**API, "requestValidatorId": "{validator}"}
RESPONSE = {**API, "responseType": "DEFAULT_4XX"}
PLAN = {"usagePlanId": "{plan}"}
KEY = {"apiKey": "{key}"}


def listed(path, op, known):
    text = f"Invalid patch path  '{path}' specified for op '{op}'. "
    return BAD, text + (f"Must be one of: [{known}]" if known else "Please choose supported operations")


REPLACE_ONLY = (BAD, "Invalid patch operation specified. Must be one of: [replace]")
COMPRESSION = (BAD, "Invalid minimum compression size, must be between 0 and 10485760")
NO_AUTHORIZER = (
    BAD,
    "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid "
    "authorizer.",
)
NO_SCHEMA = (BAD, "Model schema must have at least 1 property or array items defined")
NO_PARAMETER = (NOT_FOUND, "Invalid parameter name specified")
MULTIPLE = (BAD, "Cannot create an api with multiple Endpoint Types.")
DUALSTACK = (BAD, "Only dualstack ipAddressType is supported for Private APIs.")


def endpoint(**given):
    return {"name": "a", "endpointConfiguration": given}


def unset(setting):
    return BAD, f"Cannot remove method setting {setting} because there is no method setting for this method "


REFUSED = {
    # name: operation, parameters, code, message
    "no API": ("GetRestApi", {"restApiId": "nothing"}, *NO_API),
    "another case": ("GetRestApi", {"restApiId": "NOTHING"}, NOT_FOUND, NO_API[1].replace("nothing", "NOTHING")),
    "an update of no API": ("UpdateRestApi", {"restApiId": "nothing", **patch("replace", "/name", "a")}, *NO_API),
    "no text": ("CreateRestApi", {"name": "a", "description": ""}, BAD, "Description cannot be an empty string"),
    "a size": ("CreateRestApi", {"name": "a", "minimumCompressionSize": 10_485_761}, *COMPRESSION),
    "two kinds": ("CreateRestApi", endpoint(types=["EDGE", "REGIONAL"]), *MULTIPLE),
    "no kinds": (
        *("CreateRestApi", endpoint(types=[]), BAD),
        "REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.",
    ),
    "private": ("CreateRestApi", endpoint(types=["PRIVATE"], ipAddressType="ipv4"), *DUALSTACK),
    "another op": ("UpdateRestApi", {**API, **patch("add", "/minimumCompressionSize", "10")}, *REPLACE_ONLY),
    "a text for a size": ("UpdateRestApi", {**API, **patch("replace", "/minimumCompressionSize", "a")}, *COMPRESSION),
    "below zero": ("UpdateRestApi", {**API, **patch("replace", "/minimumCompressionSize", "-1")}, *COMPRESSION),
    "no type named": (
        *("UpdateRestApi", {**API, **patch("add", "/binaryMediaTypes", "a/b")}),
        *(BAD, "Invalid patch path /binaryMediaTypes"),
    ),
    "addresses": (
        *("UpdateRestApi", {**API, **patch("replace", "/endpointConfiguration/ipAddressType", "ipv5")}),
        *(BAD, "ipAddressType must be either ipv4 or dualstack."),
    ),
    "another kind": (
        *("UpdateRestApi", {**API, **patch("replace", "/endpointConfiguration/types/EDGE", "LOCAL")}),
        *(BAD, "Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE"),
    ),
    "a copied kind": (
        *("UpdateRestApi", {**API, **patch("copy", "/endpointConfiguration/types/EDGE", "PRIVATE")}),
        *(BAD, "Invalid patch operation specified. Must be 'add'|'remove'|'replace'"),
    ),
    # Resources.
    "no resource": ("GetResource", {**API, "resourceId": "nothing"}, NOT_FOUND, NO_RESOURCE),
    "resources of no API": ("GetResources", {"restApiId": "nothing"}, *NO_API),
    "no parent": ("CreateResource", {**API, "parentId": "nothing", "pathPart": "a"}, NOT_FOUND, NO_RESOURCE),
    "a twin": (
        *("CreateResource", {**API, "parentId": "{root}", "pathPart": "pets"}, CONFLICT),
        "Another resource with the same parent already has this name: pets",
    ),
    "a second variable": (
        *("CreateResource", {**API, "parentId": "{root}", "pathPart": "{other}"}, BAD),
        "A sibling ({proxy+}) of this resource already has a variable path part -- only one is allowed",
    ),
    "below a greedy one": (
        *("CreateResource", {**API, "parentId": "{greedy}", "pathPart": "a"}, BAD),
        "Cannot create a child of a resource with a greedy path variable: {proxy+}",
    ),
    "a path": (
        *("UpdateResource", {**PETS, **patch("replace", "/invalid", "a")}),
        *listed("/invalid", "replace", "/parentId, /pathPart"),
    ),
    "an added name": ("UpdateResource", {**PETS, **patch("add", "/pathPart", "a")}, *listed("/pathPart", "add", "")),
    "below itself": (
        *("UpdateResource", {**PETS, **patch("replace", "/parentId", "{toys}")}),
        *(BAD, "Resources cannot be cyclical."),
    ),
    "to no parent": ("UpdateResource", {**PETS, **patch("replace", "/parentId", "nothing")}, NOT_FOUND, NO_RESOURCE),
    "the root's name": (
        *("UpdateResource", {**API, "resourceId": "{root}", **patch("replace", "/pathPart", "a")}),
        *(BAD, "Root resource cannot update its pathPart."),
    ),
    "the root's parent": (
        *("UpdateResource", {**API, "resourceId": "{root}", **patch("replace", "/parentId", "{pets}")}),
        *(BAD, "Root resource cannot update its parentId."),
    ),
    # Methods.
    "a method of no API": ("PutMethod", {**ELSEWHERE, "authorizationType": "NONE"}, NOT_FOUND, NO_RESOURCE),
    "no verb": (
        *("PutMethod", {**PETS, "httpMethod": "FETCH", "authorizationType": "NONE"}, BAD),
        "Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY",
    ),
    "no authorizer": ("PutMethod", {**PETS, "httpMethod": "GET", "authorizationType": "CUSTOM"}, *NO_AUTHORIZER),
    "no validator": (
        *("PutMethod", {**PETS, "httpMethod": "GET", "authorizationType": "NONE", "requestValidatorId": "x"}, BAD),
        "Invalid Request Validator identifier specified",
    ),
    "no model": (
        "PutMethod",
        {**PETS, "httpMethod": "GET", "authorizationType": "NONE", "requestModels": {"a/b": "Cat"}},
        *(BAD, "Invalid model identifier specified: Cat"),
    ),
    "parameters that share a name": (
        "PutMethod",
        {
            **PETS,
            "httpMethod": "GET",
            "authorizationType": "NONE",
            "requestParameters": {"method.request.header.a": True, "method.request.querystring.a": True},
        },
        *(BAD, "Parameter names must be unique across querystring, header and path"),
    ),
    "no such method": ("GetMethod", {**PETS, "httpMethod": "GET"}, NOT_FOUND, NO_METHOD),
    "an update of none": ("UpdateMethod", {**PETS, "httpMethod": "GET", **patch("add", "/a")}, NOT_FOUND, NO_METHOD),
    "an added flag": ("UpdateMethod", {**POST, **patch("add", "/apiKeyRequired", "true")}, *REPLACE_ONLY),
    "the verb": (
        *("UpdateMethod", {**POST, **patch("replace", "/httpMethod", "GET")}),
        *(BAD, "Invalid patch path /httpMethod"),
    ),
    "all parameters": (
        *("UpdateMethod", {**POST, **patch("add", "/requestParameters", "a")}),
        *(BAD, "Invalid patch path /requestParameters"),
    ),
    "a slash in a name": (
        *("UpdateMethod", {**POST, **patch("add", "/requestModels/application/json", "Empty")}),
        *(BAD, "Invalid patch path /requestModels/application/json"),
    ),
    "a kind that needs one": (
        "UpdateMethod",
        {**POST, **patch("replace", "/authorizationType", "CUSTOM")},
        *NO_AUTHORIZER,
    ),
    # Responses of methods.
    "no status": ("GetMethodResponse", {**ROOT, "statusCode": "201"}, NOT_FOUND, NO_STATUS),
    "no header": (
        *("UpdateMethodResponse", {**ROOT, "statusCode": "200"} | patch("remove", "/responseParameters/a")),
        *NO_PARAMETER,
    ),
    "no media type": (
        *("UpdateMethodResponse", {**ROOT, "statusCode": "200"} | patch("replace", "/responseModels/a~1b", "Empty")),
        *(NOT_FOUND, "Content-Type specified was not found"),
    ),
    "another path": (
        *("UpdateMethodResponse", {**ROOT, "statusCode": "200"} | patch("add", "/wrong/a", "true")),
        *(BAD, "Invalid patch path /wrong/a"),
    ),
    # Integrations.
    "an integration of no method": (
        "PutIntegration",
        {**PETS, "httpMethod": "GET", "type": "MOCK"},
        NOT_FOUND,
        NO_METHOD,
    ),
    "none there": ("GetIntegration", {**API, "resourceId": "{greedy}", "httpMethod": "GET"}, NOT_FOUND, NO_METHOD),
    "no verb behind": (
        *("PutIntegration", {**POST, "type": "AWS_PROXY", "uri": FUNCTION}),
        *(BAD, "Enumeration value for HttpMethod must be non-empty"),
    ),
    "no ARN": (
        *("PutIntegration", {**POST, "type": "AWS", "uri": "https://here", "integrationHttpMethod": "POST"}),
        *(BAD, "Invalid ARN specified in the request"),
    ),
    "a proxy of a table": (
        "PutIntegration",
        {
            **POST,
            "type": "AWS_PROXY",
            "integrationHttpMethod": "POST",
            "uri": "arn:aws:apigateway:us-east-1:dynamodb:action/PutItem",
        },
        BAD,
        "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations.",
    ),
    "an expression": (
        *("PutIntegration", {**POST, "type": "MOCK", "requestParameters": {"integration.request.path.a": "true"}}, BAD),
        "Invalid mapping expression specified: Validation Result: warnings : [], errors : "
        "[Invalid mapping expression specified: true]",
    ),
    "an integration response of no method": (
        *("DeleteIntegrationResponse", {**PETS, "httpMethod": "GET", "statusCode": "200"}),
        *(NOT_FOUND, "Invalid Integration identifier specified"),
    ),
    "no status behind": ("GetIntegrationResponse", {**ROOT, "statusCode": "201"}, NOT_FOUND, NO_STATUS),
    "a media type": (
        *("PutIntegrationResponse", {**ROOT, "statusCode": "200", "responseTemplates": {"123": "a"}}, BAD),
        "Validation Result: warnings : [], errors : [Invalid content type specified: 123]",
    ),
    # Models.
    "a model of no API": ("CreateModel", {"restApiId": "nothing", "name": "A", "contentType": "a/b"}, *NO_API),
    "no model named": ("GetModel", {**API, "modelName": "Cat"}, NOT_FOUND, "Invalid model name specified: Cat"),
    "no name": ("CreateModel", {**API, "name": "", "contentType": "a/b"}, BAD, "Model name must be non-empty"),
    "no schema": ("CreateModel", {**API, "name": "Cat", "contentType": "a/b", "schema": ""}, *NO_SCHEMA),
    "a model twice": (
        *("CreateModel", {**API, "name": "Pet", "contentType": "a/b", "schema": "{}"}),
        *(CONFLICT, "Model name already exists for this REST API"),
    ),
    "a model in use": (
        "DeleteModel",
        MODEL,
        CONFLICT,
        "Cannot delete model 'Pet', is referenced in method request: //GET",
    ),
    "a model's name": (
        *("UpdateModel", {**MODEL, **patch("replace", "/name", "a")}),
        *listed("/name", "replace", "/description, /schema"),
    ),
    "an addition to a model": ("UpdateModel", {**MODEL, **patch("add", "/x", "a")}, *listed("/x", "add", "")),
    "an empty schema": ("UpdateModel", {**MODEL, **patch("replace", "/schema", "")}, *NO_SCHEMA),
    # Request validators.
    "a validator of no API": (
        "CreateRequestValidator",
        {"restApiId": "x"},
        BAD,
        "Invalid REST API identifier specified",
    ),
    "a removed flag": (
        *("UpdateRequestValidator", {**VALIDATOR, **patch("remove", "/validateRequestBody")}),
        *listed("/validateRequestBody", "remove", ""),
    ),
    "another flag": (
        *("UpdateRequestValidator", {**VALIDATOR, **patch("replace", "/invalidPath", "a")}),
        *listed("/invalidPath", "replace", "/name, /validateRequestParameters, /validateRequestBody"),
    ),
    "a blank name": (
        *("UpdateRequestValidator", {**VALIDATOR, **patch("replace", "/name", "")}),
        *(BAD, "Request Validator name cannot be blank"),
    ),
    # Authorizers.
    "an authorizer of no API": (
        *("CreateAuthorizer", {"restApiId": "nothing", "name": "a", "type": "TOKEN"}, CONFLICT),
        "Unable to complete operation due to concurrent modification. Please try again later.",
    ),
    "authorizers of no API": ("GetAuthorizers", {"restApiId": "nothing"}, *NO_API),
    # Gateway responses.
    "none of its own": ("DeleteGatewayResponse", RESPONSE, NOT_FOUND, "Gateway response type not defined on api"),
    "an added status": (
        *("UpdateGatewayResponse", {**RESPONSE, **patch("add", "/statusCode", "400")}),
        *(BAD, "Invalid patch path /statusCode"),
    ),
    "no parameter": (
        *(
            "UpdateGatewayResponse",
            {**RESPONSE, **patch("replace", "/responseParameters/gatewayresponse.header.a", "'a'")},
        ),
        *NO_PARAMETER,
    ),
    "no path": ("UpdateGatewayResponse", {**RESPONSE, **patch("replace", None, "a")}, BAD, "Invalid patch path null"),
    "no value": (
        *("UpdateGatewayResponse", {**RESPONSE, **patch("add", "/responseParameters/gatewayresponse.header.a")}),
        *(BAD, "Invalid null or empty value in responseParameters"),
    ),
    # Documentation.
    "no part": (
        *("GetDocumentationPart", {**API, "documentationPartId": "x"}),
        *(NOT_FOUND, "Invalid Documentation part identifier specified"),
    ),
    "an added part": (
        *("UpdateDocumentationPart", {**API, "documentationPartId": "{part}", **patch("add", "/properties", "{}")}),
        *listed("/properties", "add", ""),
    ),
    # Stages and deployments.
    "no deployment": (
        *("CreateStage", {**API, "stageName": "a", "deploymentId": "nothing"}),
        *(BAD, "Deployment id does not exist"),
    ),
    "a deployment in use": (
        *("DeleteDeployment", {**API, "deploymentId": "{deployment}"}),
        *(BAD, "Active stages pointing to this deployment must be moved or deleted"),
    ),
    "a canary of no stage": (
        *("CreateDeployment", {**API, "canarySettings": {}}, BAD),
        "Invalid deployment content specified.Non null and non empty stageName must be provided for canary deployment. "
        "Provided value is null",
    ),
    "a canary of a new stage": (
        *("CreateDeployment", {**API, "stageName": "new", "canarySettings": {}}, BAD),
        "Invalid deployment content specified.Stage new must already be created before making a canary release deployment",
    ),
    "no canary": (
        *("UpdateStage", {**STAGE, **patch("copy", "/deploymentId", **{"from": "/canarySettings/deploymentId"})}),
        *(BAD, "Promotion not available. Canary does not exist."),
    ),
    "an added canary": (
        *("UpdateStage", {**STAGE, **patch("add", "/canarySettings/deploymentId", "a")}),
        *(BAD, "Invalid add operation with path: /canarySettings/deploymentId"),
    ),
    "no overrides": (
        *("UpdateStage", {**STAGE, **patch("remove", "/canarySettings/stageVariableOverrides")}),
        *unset("canarySettings/stageVariableOverrides"),
    ),
    "no settings": ("UpdateStage", {**STAGE, **patch("remove", "/*/*")}, *unset("*/*")),
    "no log settings": (
        *("UpdateStage", {**STAGE, **patch("remove", "/accessLogSettings/randomValue")}),
        *unset("accessLogSettings/randomValue"),
    ),
    "other log settings": (
        *("UpdateStage", {**STAGE, **patch("replace", "/accessLogSettings/a", "b")}, BAD),
        "Invalid accessLogSettings path. Must be one of : "
        "[/accessLogSettings/destinationArn, /accessLogSettings/format]",
    ),
    # Keys and usage plans.
    "a long name": (
        *("CreateApiKey", {"name": "a" * 1025}),
        *(BAD, "Invalid API Key name, can be at most 1024 characters."),
    ),
    "a long text": (
        *("UpdateApiKey", {**KEY, **patch("replace", "/description", "a" * 125_001)}),
        *(BAD, "Invalid API Key description specified."),
    ),
    "usage of a key that the plan has not": (
        *("UpdateUsage", {**PLAN, "keyId": "none", **patch("replace", "/remaining", "1")}),
        *(NOT_FOUND, "Invalid Usage Plan Key specified"),
    ),
    "no stage named": (
        "UpdateUsagePlan",
        {**PLAN, **patch("add", "/apiStages", "a")},
        BAD,
        "Invalid API Stage specified",
    ),
    "no stage": (
        *("UpdateUsagePlan", {**PLAN, **patch("add", "/apiStages", "{api}:other")}, NOT_FOUND),
        "Invalid API Stage {api: {api}, stage: other} specified for usageplan {plan}",
    ),
    # VPC links.
    "no target": (
        *("CreateVpcLink", {"name": "a", "targetArns": ["invalid-arn"]}),
        *(BAD, "Invalid ARN. ARN is not well formed invalid-arn"),
    ),
    "a link without a name": ("CreateVpcLink", {"name": "", "targetArns": ["arn:a"]}, BAD, "Name cannot be empty"),
    "no link": ("GetVpcLink", {"vpcLinkId": "x"}, NOT_FOUND, "Invalid Vpc Link identifier specified"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_is_in_awss_words(world, name):
    operation, params, code, message = REFUSED[name]
    with pytest.raises(ClientError) as refusal:
        world.call(operation, **params)
    expected = message.replace("{account}", world.named["account"]).replace("{plan}", world.named["plan"])
    expected = expected.replace("api: {api}", f"api: {world.named['api']}")
    response = refusal.value.response
    assert response["Error"] == {"Code": code, "Message": expected}
    status = {BAD: 400, NOT_FOUND: 404, CONFLICT: 409}[code]
    assert response["ResponseMetadata"]["HTTPStatusCode"] == status


OPS = "Member must satisfy enum value set: [add, remove, move, test, replace, copy]"
STATUS = r"Value 'wrong' at 'statusCode' failed to satisfy constraint: Member must satisfy regular expression pattern: [1-5]\d\d"
KINDS = "Member must satisfy constraint: [Member must satisfy enum value set: [PRIVATE, EDGE, REGIONAL]]"
ADDRESSES = "Member must satisfy enum value set: [ipv4, dualstack]"
UNFIT = [
    # operation, parameters, what is wrong
    (
        "PutIntegration",
        {**POST, "type": "HTTPS_PROXY"},
        [
            "Value 'HTTPS_PROXY' at 'putIntegrationInput.type' failed to satisfy constraint: Member must satisfy enum "
            "value set: [HTTP, MOCK, AWS_PROXY, HTTP_PROXY, AWS]"
        ],
    ),
    (
        "UpdateMethodResponse",
        {**ROOT, "statusCode": "wrong", **patch("wrong_op", "/a")},
        [
            "Value 'wrong_op' at 'updateMethodResponseInput.patchOperations.1.member.op' failed to satisfy constraint: "
            + OPS,
            STATUS,
        ],
    ),
    (
        "UpdateRestApi",
        {**API, "patchOperations": [{"op": "wrong", "path": "/a"}, {"op": "add", "path": "/a"}, {"op": "wrong"}]},
        [
            f"Value 'wrong' at 'updateRestApiInput.patchOperations.{number}.member.op' failed to satisfy constraint: {OPS}"
            for number in (1, 3)
        ],
    ),
    (
        "CreateRestApi",
        endpoint(ipAddressType="wrong", types=["wrong"]),
        [
            "Value '[wrong]' at 'createRestApiInput.endpointConfiguration.types' failed to satisfy constraint: "
            + KINDS,
            "Value 'wrong' at 'createRestApiInput.endpointConfiguration.ipAddressType' failed to satisfy constraint: "
            + ADDRESSES,
        ],
    ),
]


@pytest.mark.parametrize(("operation", "params", "problems"), UNFIT)
def test_what_breaks_the_model_is_said_at_once(world, operation, params, problems):
    with pytest.raises(ClientError) as refusal:
        world.call(operation, **params)
    count = f"{len(problems)} validation error{'s' if len(problems) > 1 else ''} detected: "
    assert refusal.value.response["Error"] == {"Code": "ValidationException", "Message": count + "; ".join(problems)}


MISTYPED = [
    ({**POST, "type": "MOCK", "requestParameters": {"integration.request.path.a": True}}, "java.lang.Boolean"),
    (
        {**POST, "type": "MOCK", "requestTemplates": {"application/json": 123}},
        "com.amazon.coral.value.json.numbers.TruncatingBigNumber",
    ),
]


@pytest.mark.parametrize(("params", "kind"), MISTYPED)
def test_a_value_of_another_type_is_refused_as_it_is_read(world, params, kind):
    with pytest.raises(ClientError) as refusal:
        world.call("PutIntegration", **params)
    message = f"class {kind} can not be converted to an String"
    assert refusal.value.response["Error"] == {"Code": "SerializationException", "Message": message}


def test_a_path_of_a_stage_that_is_none_names_all_there_are(world):
    with pytest.raises(ClientError) as refusal:
        world.call("UpdateStage", **STAGE, **patch("replace", "/tags/a", "b"))
    said = refusal.value.response["Error"]["Message"]
    assert said.startswith("Invalid method setting path: /tags/a. Must be one of: [/deploymentId, /description, ")
    assert (
        "/{resourcePath}/{httpMethod}/throttling/burstLimit/{resourcePath}/{httpMethod}/throttling/rateLimit"
        "/{resourcePath}/{httpMethod}/caching/ttlInSeconds, /{resourcePath}/{httpMethod}/caching/enabled, "
    ) in said
    assert "/*/*/throttling/burstLimit /*/*/throttling/rateLimit /*/*/caching/ttlInSeconds, " in said
    assert said.endswith(", /variables/{variable_name}, /tracingEnabled]")
