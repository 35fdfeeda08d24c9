"""Deployments: a stage answers as its deployment has the API. A stage with AutoDeploy gets a new one with each change.

Source: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-deployments.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.apigateway.control.held import Thing, bad, kept
from emulator.apigateway.v2.held import Api, Asked, merged
from emulator.apigateway.v2.paging import page

_NO_ROUTE = "At least one route is required before deploying the Api."


def create_deployment(asked: Asked) -> Thing:
    """CreateDeployment, and the stage that it names answers by it from then on."""
    api, name = asked.api, asked.params.get("stageName")
    if name and name not in api.stages:
        raise bad("Stage does not exist. Create the stage before it is deployed")
    if name and api.stages[name].get("autoDeploy"):
        raise bad("Deployment ID cannot be set for a stage with AutoDeploy enabled")
    if not api.routes:
        raise bad(_NO_ROUTE)
    made = _deploy(asked, api, {"autoDeployed": False, **kept(asked.params, "description")})
    if name:
        api.stages[name] = {**api.stages[name], "deploymentId": made["deploymentId"], "lastUpdatedDate": asked.time}
    return made


def _deploy(asked: Asked, api: Api, given: Thing) -> Thing:
    made = {
        **given,
        "createdDate": asked.time,
        "deploymentId": asked.new_id(6),
        "deploymentStatus": "DEPLOYED",
    }
    api.deployments[made["deploymentId"]] = made
    api.contents[made["deploymentId"]] = content_of(api)
    return made


def deploy_by_itself(asked: Asked, api: Api) -> None:
    """Have the stages with AutoDeploy answer as the API is now."""
    names = [name for name, stage in api.stages.items() if stage.get("autoDeploy")]
    if not names:
        return
    if not api.routes:
        told = {"lastDeploymentStatusMessage": f"Deployment attempt failed: {_NO_ROUTE}"}
    else:
        description = "Automatic deployment triggered by changes to the Api configuration"
        made = _deploy(asked, api, {"autoDeployed": True, "description": description})["deploymentId"]
        text = f"Successfully deployed stage with deployment ID '{made}'"
        told = {"lastDeploymentStatusMessage": text, "deploymentId": made}
    for name in names:
        api.stages[name] = {**api.stages[name], **told, "lastUpdatedDate": asked.time}
    _forget_unused(api)


def _forget_unused(api: Api) -> None:
    """Forget what deployments of AutoDeploy hold that no stage answers by: nobody can go back to them."""
    used = {stage.get("deploymentId") for stage in api.stages.values()}
    for name in [name for name, each in api.deployments.items() if each["autoDeployed"] and name not in used]:
        api.contents.pop(name, None)


def content_of(api: Api) -> Mapping[str, Any]:
    """What a deployment keeps of an API."""
    return {
        "routes": dict(api.routes),
        "route_responses": dict(api.route_responses),
        "integrations": dict(api.integrations),
        "integration_responses": dict(api.integration_responses),
        "authorizers": dict(api.authorizers),
        "models": dict(api.models),
        "cors": api.shown.get("corsConfiguration"),
        "selection": api.shown["routeSelectionExpression"],
    }


def get_deployment(asked: Asked) -> Thing:
    """GetDeployment."""
    return asked.part("deployments", "deploymentId")[1]


def get_deployments(asked: Asked) -> Thing:
    """GetDeployments; the last one first."""
    return page(asked, reversed(asked.api.deployments.values()))


def update_deployment(asked: Asked) -> Thing:
    """UpdateDeployment."""
    api, found = asked.part("deployments", "deploymentId")
    changed = merged(found, asked.params, "description")
    api.deployments[found["deploymentId"]] = changed
    return changed


def delete_deployment(asked: Asked) -> None:
    """DeleteDeployment; one that a stage answers by stays."""
    api, found = asked.part("deployments", "deploymentId")
    if any(stage.get("deploymentId") == found["deploymentId"] for stage in api.stages.values()):
        raise bad("Active stages pointing to this deployment must be moved or deleted")
    del api.deployments[found["deploymentId"]]
    api.contents.pop(found["deploymentId"], None)
