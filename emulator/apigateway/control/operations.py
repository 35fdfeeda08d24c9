"""Operations of REST APIs: all that are answered here, from a request to its answer in JSON."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from asl_interpreter.jsontext import dumps
from asl_interpreter.loop.locks import lock
from emulator.apigateway.control import (
    api_keys,
    authorizers,
    certificates,
    deployments,
    documentation,
    domains,
    exporting,
    gateway_responses,
    importing,
    integrations,
    methods,
    models,
    plans,
    resources,
    rest_apis,
    stages,
    tags,
)
from emulator.apigateway.control.held import Asked
from emulator.wire.protocol import Response

if TYPE_CHECKING:
    from botocore.model import OperationModel

Handler: TypeAlias = "Callable[[Asked], dict[str, Any] | None]"

_changing: Final = lock("the REST APIs of all accounts", 45)
"""One operation at a time: things are changed in place."""

OPERATIONS: Final[Mapping[str, Handler]] = {
    "CreateApiKey": api_keys.create_api_key,
    "CreateAuthorizer": authorizers.create_authorizer,
    "CreateBasePathMapping": domains.create_base_path_mapping,
    "CreateDeployment": deployments.create_deployment,
    "CreateDocumentationPart": documentation.create_documentation_part,
    "CreateDocumentationVersion": documentation.create_documentation_version,
    "CreateDomainName": domains.create_domain_name,
    "CreateModel": models.create_model,
    "CreateRequestValidator": models.create_request_validator,
    "CreateResource": resources.create_resource,
    "CreateRestApi": rest_apis.create_rest_api,
    "CreateStage": stages.create_stage,
    "CreateUsagePlan": plans.create_usage_plan,
    "CreateUsagePlanKey": plans.create_usage_plan_key,
    "CreateVpcLink": domains.create_vpc_link,
    "DeleteApiKey": api_keys.delete_api_key,
    "DeleteAuthorizer": authorizers.delete_authorizer,
    "DeleteBasePathMapping": domains.delete_base_path_mapping,
    "DeleteClientCertificate": certificates.delete_client_certificate,
    "DeleteDeployment": deployments.delete_deployment,
    "DeleteDocumentationPart": documentation.delete_documentation_part,
    "DeleteDocumentationVersion": documentation.delete_documentation_version,
    "DeleteDomainName": domains.delete_domain_name,
    "DeleteGatewayResponse": gateway_responses.delete_gateway_response,
    "DeleteIntegration": integrations.delete_integration,
    "DeleteIntegrationResponse": integrations.delete_integration_response,
    "DeleteMethod": methods.delete_method,
    "DeleteMethodResponse": methods.delete_method_response,
    "DeleteModel": models.delete_model,
    "DeleteRequestValidator": models.delete_request_validator,
    "DeleteResource": resources.delete_resource,
    "DeleteRestApi": rest_apis.delete_rest_api,
    "DeleteStage": stages.delete_stage,
    "DeleteUsagePlan": plans.delete_usage_plan,
    "DeleteUsagePlanKey": plans.delete_usage_plan_key,
    "DeleteVpcLink": domains.delete_vpc_link,
    "FlushStageCache": stages.flush,
    "GenerateClientCertificate": certificates.generate_client_certificate,
    "GetAccount": domains.get_account,
    "GetApiKey": api_keys.get_api_key,
    "GetApiKeys": api_keys.get_api_keys,
    "GetAuthorizer": authorizers.get_authorizer,
    "GetAuthorizers": authorizers.get_authorizers,
    "GetBasePathMapping": domains.get_base_path_mapping,
    "GetBasePathMappings": domains.get_base_path_mappings,
    "GetClientCertificate": certificates.get_client_certificate,
    "GetClientCertificates": certificates.get_client_certificates,
    "GetDeployment": deployments.get_deployment,
    "GetDeployments": deployments.get_deployments,
    "GetDocumentationPart": documentation.get_documentation_part,
    "GetDocumentationParts": documentation.get_documentation_parts,
    "GetDocumentationVersion": documentation.get_documentation_version,
    "GetDocumentationVersions": documentation.get_documentation_versions,
    "GetDomainName": domains.get_domain_name,
    "GetDomainNames": domains.get_domain_names,
    "GetExport": exporting.get_export,
    "GetGatewayResponse": gateway_responses.get_gateway_response,
    "GetGatewayResponses": gateway_responses.get_gateway_responses,
    "GetIntegration": integrations.get_integration,
    "GetIntegrationResponse": integrations.get_integration_response,
    "GetMethod": methods.get_method,
    "GetMethodResponse": methods.get_method_response,
    "GetModel": models.get_model,
    "GetModelTemplate": models.get_model_template,
    "GetModels": models.get_models,
    "GetRequestValidator": models.get_request_validator,
    "GetRequestValidators": models.get_request_validators,
    "GetResource": resources.get_resource,
    "GetResources": resources.get_resources,
    "GetRestApi": rest_apis.get_rest_api,
    "GetRestApis": rest_apis.get_rest_apis,
    "GetStage": stages.get_stage,
    "GetStages": stages.get_stages,
    "GetTags": tags.get_tags,
    "GetUsage": plans.get_usage,
    "GetUsagePlan": plans.get_usage_plan,
    "GetUsagePlanKey": plans.get_usage_plan_key,
    "GetUsagePlanKeys": plans.get_usage_plan_keys,
    "GetUsagePlans": plans.get_usage_plans,
    "GetVpcLink": domains.get_vpc_link,
    "GetVpcLinks": domains.get_vpc_links,
    "ImportApiKeys": api_keys.import_api_keys,
    "ImportDocumentationParts": documentation.import_documentation_parts,
    "ImportRestApi": importing.import_rest_api,
    "PutGatewayResponse": gateway_responses.put_gateway_response,
    "PutIntegration": integrations.put_integration,
    "PutIntegrationResponse": integrations.put_integration_response,
    "PutMethod": methods.put_method,
    "PutMethodResponse": methods.put_method_response,
    "PutRestApi": importing.put_rest_api,
    "TagResource": tags.tag_resource,
    "UntagResource": tags.untag_resource,
    "UpdateAccount": domains.update_account,
    "UpdateApiKey": api_keys.update_api_key,
    "UpdateAuthorizer": authorizers.update_authorizer,
    "UpdateBasePathMapping": domains.update_base_path_mapping,
    "UpdateClientCertificate": certificates.update_client_certificate,
    "UpdateDeployment": deployments.update_deployment,
    "UpdateDocumentationPart": documentation.update_documentation_part,
    "UpdateDocumentationVersion": documentation.update_documentation_version,
    "UpdateDomainName": domains.update_domain_name,
    "UpdateGatewayResponse": gateway_responses.update_gateway_response,
    "UpdateIntegration": integrations.update_integration,
    "UpdateIntegrationResponse": integrations.update_integration_response,
    "UpdateMethod": methods.update_method,
    "UpdateMethodResponse": methods.update_method_response,
    "UpdateModel": models.update_model,
    "UpdateRequestValidator": models.update_request_validator,
    "UpdateResource": resources.update_resource,
    "UpdateRestApi": rest_apis.update_rest_api,
    "UpdateStage": stages.update_stage,
    "UpdateUsage": plans.update_usage,
    "UpdateUsagePlan": plans.update_usage_plan,
    "UpdateVpcLink": domains.update_vpc_link,
}


def perform(operation: OperationModel, asked: Asked) -> Response:
    """Perform an operation. Raises Fault: it refuses."""
    with _changing:
        answer = OPERATIONS[operation.name](asked)
    return write(operation, answer or {})


def write(operation: OperationModel, answer: Mapping[str, Any]) -> Response:
    """An answer, by the operation's model."""
    status, shape = operation.http.get("responseCode", 200), operation.output_shape
    if shape is None:
        return Response(status, [("Content-Type", "application/json")], b"")
    payload = shape.serialization.get("payload")
    headers = [("Content-Type", "application/json")]
    content: dict[str, Any] = {}
    for name, value in answer.items():
        serialization = shape.members[name].serialization
        if serialization.get("location") == "header":
            headers = [each for each in headers if each[0] != serialization["name"]]
            headers.append((serialization["name"], str(value)))
        else:
            content[serialization.get("name", name)] = value
    body = base64.b64decode(answer[payload]) if payload else dumps(content).encode()
    return Response(status, headers, body)
