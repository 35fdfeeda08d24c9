"""Operations of API Gateway V2: all that are answered here, from a request to its answer in JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from asl_interpreter.jsontext import dumps
from asl_interpreter.loop.locks import lock
from emulator.apigateway.v2 import (
    apis,
    authorizers,
    deployments,
    domains,
    exporting,
    importing,
    integrations,
    models,
    routes,
    stages,
    tags,
)
from emulator.wire.protocol import Response

if TYPE_CHECKING:
    from emulator.apigateway.v2.held import Asked

Handler: TypeAlias = "Callable[[Asked], dict[str, Any] | None]"

_changing: Final = lock("the HTTP and WebSocket APIs of all accounts", 46)
"""One operation at a time."""

OPERATIONS: Final[Mapping[str, Handler]] = {
    "CreateApi": apis.create_api,
    "CreateApiMapping": domains.create_api_mapping,
    "CreateAuthorizer": authorizers.create_authorizer,
    "CreateDeployment": deployments.create_deployment,
    "CreateDomainName": domains.create_domain_name,
    "CreateIntegration": integrations.create_integration,
    "CreateIntegrationResponse": integrations.create_integration_response,
    "CreateModel": models.create_model,
    "CreateRoute": routes.create_route,
    "CreateRouteResponse": routes.create_route_response,
    "CreateStage": stages.create_stage,
    "CreateVpcLink": domains.create_vpc_link,
    "DeleteAccessLogSettings": stages.delete_access_log_settings,
    "DeleteApi": apis.delete_api,
    "DeleteApiMapping": domains.delete_api_mapping,
    "DeleteAuthorizer": authorizers.delete_authorizer,
    "DeleteCorsConfiguration": apis.delete_cors_configuration,
    "DeleteDeployment": deployments.delete_deployment,
    "DeleteDomainName": domains.delete_domain_name,
    "DeleteIntegration": integrations.delete_integration,
    "DeleteIntegrationResponse": integrations.delete_integration_response,
    "DeleteModel": models.delete_model,
    "DeleteRoute": routes.delete_route,
    "DeleteRouteRequestParameter": routes.delete_route_request_parameter,
    "DeleteRouteResponse": routes.delete_route_response,
    "DeleteRouteSettings": stages.delete_route_settings,
    "DeleteStage": stages.delete_stage,
    "DeleteVpcLink": domains.delete_vpc_link,
    "ExportApi": exporting.export_api,
    "GetApi": apis.get_api,
    "GetApiMapping": domains.get_api_mapping,
    "GetApiMappings": domains.get_api_mappings,
    "GetApis": apis.get_apis,
    "GetAuthorizer": authorizers.get_authorizer,
    "GetAuthorizers": authorizers.get_authorizers,
    "GetDeployment": deployments.get_deployment,
    "GetDeployments": deployments.get_deployments,
    "GetDomainName": domains.get_domain_name,
    "GetDomainNames": domains.get_domain_names,
    "GetIntegration": integrations.get_integration,
    "GetIntegrationResponse": integrations.get_integration_response,
    "GetIntegrationResponses": integrations.get_integration_responses,
    "GetIntegrations": integrations.get_integrations,
    "GetModel": models.get_model,
    "GetModelTemplate": models.get_model_template,
    "GetModels": models.get_models,
    "GetRoute": routes.get_route,
    "GetRouteResponse": routes.get_route_response,
    "GetRouteResponses": routes.get_route_responses,
    "GetRoutes": routes.get_routes,
    "GetStage": stages.get_stage,
    "GetStages": stages.get_stages,
    "GetTags": tags.get_tags,
    "GetVpcLink": domains.get_vpc_link,
    "GetVpcLinks": domains.get_vpc_links,
    "ImportApi": importing.import_api,
    "ReimportApi": importing.reimport_api,
    "ResetAuthorizersCache": stages.reset_authorizers_cache,
    "TagResource": tags.tag_resource,
    "UntagResource": tags.untag_resource,
    "UpdateApi": apis.update_api,
    "UpdateApiMapping": domains.update_api_mapping,
    "UpdateAuthorizer": authorizers.update_authorizer,
    "UpdateDeployment": deployments.update_deployment,
    "UpdateDomainName": domains.update_domain_name,
    "UpdateIntegration": integrations.update_integration,
    "UpdateIntegrationResponse": integrations.update_integration_response,
    "UpdateModel": models.update_model,
    "UpdateRoute": routes.update_route,
    "UpdateRouteResponse": routes.update_route_response,
    "UpdateStage": stages.update_stage,
    "UpdateVpcLink": domains.update_vpc_link,
}


def perform(operation: OperationModel, asked: Asked) -> Response:
    """Perform an operation; ``asked`` has the members by the model's names. Raises Fault: it refuses."""
    shape = operation.input_shape
    if shape is not None:
        asked = replace(asked, params=cast("dict[str, Any]", _in_json(shape, asked.params)))
    with _changing:
        answer = OPERATIONS[operation.name](asked)
    return _write(operation, answer or {})


def _in_json(shape: Shape, value: Any) -> Any:
    """A value with the names that its members have in JSON."""
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        return {
            shape.members[name].serialization.get("name", name): _in_json(shape.members[name], each)
            for name, each in value.items()
        }
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_in_json(shape.member, each) for each in value]
    if isinstance(shape, MapShape) and isinstance(value, Mapping):
        return {name: _in_json(shape.value, each) for name, each in value.items()}
    return value


def _write(operation: OperationModel, answer: Mapping[str, Any]) -> Response:
    status, shape = operation.http.get("responseCode", 200), operation.output_shape
    headers = [("Content-Type", "application/json")]
    if shape is None or status == 204:
        return Response(status, headers, b"")
    if shape.serialization.get("payload"):
        return Response(status, headers, str(answer["body"]).encode())
    return Response(status, headers, dumps(_shown(shape, answer)).encode())


def _shown(shape: StructureShape, answer: Mapping[str, Any]) -> dict[str, Any]:
    """What an answer shows: the members that its model has."""
    names = {member.serialization.get("name", name): member for name, member in shape.members.items()}
    found: dict[str, Any] = {}
    for name, value in answer.items():
        member = names.get(name)
        if name == "items" and isinstance(member, ListShape) and isinstance(member.member, StructureShape):
            found[name] = [_shown(member.member, each) for each in value]
        elif member is not None:
            found[name] = value
    return found
