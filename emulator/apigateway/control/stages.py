"""Stages of a REST API, with their variables, canaries and settings of methods.

Sources: https://docs.aws.amazon.com/apigateway/latest/api/API_Stage.html,
https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html#UpdateStage-Patch
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from emulator.apigateway.control.held import Api, Asked, Thing, bad, conflict, kept, not_found
from emulator.apigateway.control.patching import Patch, as_number, is_true, patches

_ABSENT: Final = "Invalid stage identifier specified"


def check_stage_name(name: str) -> None:
    """See that a stage may have a name. Raises Fault: it may not."""
    if not re.fullmatch("[a-zA-Z0-9_-]+", name):
        raise bad("Stage name only allows a-zA-Z0-9_-")


def create_stage(asked: Asked) -> Thing:
    """CreateStage."""
    api, params = asked.api, asked.params
    name = params["stageName"]
    check_stage_name(name)
    if name in api.stages:
        raise conflict("Stage already exists")
    canary = params.get("canarySettings") or {}
    for deployment in (params["deploymentId"], canary.get("deploymentId")):
        if deployment is not None and deployment not in api.deployments:
            raise bad("Deployment id does not exist")
    version = params.get("documentationVersion")
    if version is not None and version not in api.documentation_versions:
        raise not_found("Invalid Documentation version specified")
    api.stages[name] = new_stage(asked, name, params)
    return api.stages[name]


def new_stage(asked: Asked, name: str, params: Mapping[str, Any]) -> Thing:
    """A stage as it is made; it is not kept yet."""
    has_cache = bool(params.get("cacheClusterEnabled"))
    stage: Thing = {
        **kept(params, "description", "deploymentId", "documentationVersion"),
        "stageName": name,
        "cacheClusterEnabled": has_cache,
        "cacheClusterStatus": "AVAILABLE" if has_cache else "NOT_AVAILABLE",
        "methodSettings": {},
        "tracingEnabled": bool(params.get("tracingEnabled")),
        "createdDate": asked.now,
        "lastUpdatedDate": asked.now,
    }
    if params.get("cacheClusterSize") or has_cache:
        stage["cacheClusterSize"] = params.get("cacheClusterSize") or "0.5"
    for member in ("variables", "tags"):
        if params.get(member):
            stage[member] = params[member]
    check_variables(stage.get("variables") or {})
    if params.get("canarySettings"):
        stage["canarySettings"] = canary_of(params["canarySettings"], stage["deploymentId"])
    return stage


def canary_of(given: Mapping[str, Any], deployment: str) -> Thing:
    """The settings of a canary, with those that are not given."""
    return {
        **kept(given, "stageVariableOverrides"),
        "deploymentId": given.get("deploymentId") or deployment,
        "percentTraffic": float(given.get("percentTraffic") or 0.0),
        "useStageCache": bool(given.get("useStageCache")),
    }


def check_variables(variables: Mapping[str, str]) -> None:
    """See that the variables of a stage can be. Raises Fault: they cannot.

    Source: https://docs.aws.amazon.com/apigateway/latest/api/API_Stage.html#apigw-Type-Stage-variables
    """
    for name, value in variables.items():
        if not re.fullmatch("[A-Za-z0-9_]+", name):
            raise bad(f"Stage variable name {name} must match [A-Za-z0-9_]+")
        if not re.fullmatch("[A-Za-z0-9-._~:/?#&=,]*", value or ""):
            raise bad(f"Stage variable value {value} must match [A-Za-z0-9-._~:/?#&=,]+")


def _stage_of(asked: Asked) -> tuple[Api, Thing]:
    return asked.part("stages", "stageName", _ABSENT)


def get_stage(asked: Asked) -> Thing:
    """GetStage."""
    return _stage_of(asked)[1]


def get_stages(asked: Asked) -> Thing:
    """GetStages; all, or those that answer by one deployment."""
    wanted = asked.params.get("deploymentId")
    stages = sorted(asked.api.stages.values(), key=lambda each: str(each["stageName"]))
    return {"item": [each for each in stages if wanted in (None, each["deploymentId"])]}


def delete_stage(asked: Asked) -> None:
    """DeleteStage; usage plans do not name it any longer."""
    api, stage = _stage_of(asked)
    del api.stages[stage["stageName"]]
    for plan in asked.gateway.plans.values():
        plan["apiStages"] = [
            each for each in plan["apiStages"] if (each["apiId"], each["stage"]) != (api.id, stage["stageName"])
        ]


def flush(asked: Asked) -> None:
    """FlushStageCache and FlushStageAuthorizersCache: see that there is such a stage. Nothing is cached of answers."""
    _stage_of(asked)


def update_stage(asked: Asked) -> Thing:
    """UpdateStage."""
    api, stage = _stage_of(asked)
    changed = copy.deepcopy(stage)
    for patch in patches(asked.params.get("patchOperations")):
        _PATCHES[patch.op if patch.op in _PATCHES else "replace"](api, changed, patch)
    check_variables(changed.get("variables") or {})
    changed["lastUpdatedDate"] = asked.now
    api.stages[changed["stageName"]] = changed
    return changed


def _deployment(api: Api, name: str | None) -> str:
    if name not in api.deployments:
        raise bad("Deployment id does not exist")
    return str(name)


def _replace(api: Api, stage: Thing, patch: Patch) -> None:
    match patch.parts:
        case ["description" | "cacheClusterSize"]:
            stage[patch.name] = patch.value
        case ["tracingEnabled"]:
            stage["tracingEnabled"] = is_true(patch.value)
        case ["deploymentId" | "documentationVersion" | "cacheClusterEnabled" | "clientCertificateId"]:
            _replace_checked(api, stage, patch)
        case ["variables", name]:
            stage["variables"] = {**(stage.get("variables") or {}), name: patch.value}
        case ["accessLogSettings", *rest]:
            if rest not in (["destinationArn"], ["format"]):
                raise bad(
                    "Invalid accessLogSettings path. Must be one of : "
                    "[/accessLogSettings/destinationArn, /accessLogSettings/format]"
                )
            stage["accessLogSettings"] = {**(stage.get("accessLogSettings") or {}), rest[0]: patch.value}
        case ["canarySettings", *rest]:
            _replace_canary(api, stage, patch, rest)
        case [path, verb, group, name] if (group, name) in _SETTINGS:
            member, read = _SETTINGS[group, name]
            key = _method_key(path, verb)
            settings = stage["methodSettings"]
            stage["methodSettings"] = {**settings, key: {**settings.get(key, _USUAL), member: read(patch)}}
        case _:
            raise _no_path(patch)


def _replace_checked(api: Api, stage: Thing, patch: Patch) -> None:
    match patch.name:
        case "deploymentId":
            stage["deploymentId"] = _deployment(api, patch.value)
        case "documentationVersion":
            if patch.value not in api.documentation_versions:
                raise not_found("Invalid Documentation version specified")
            stage["documentationVersion"] = patch.value
        case "clientCertificateId":
            stage.pop("clientCertificateId", None)
            stage |= {"clientCertificateId": patch.value} if patch.value else {}
        case _:
            stage["cacheClusterEnabled"] = is_true(patch.value)
            stage["cacheClusterStatus"] = "AVAILABLE" if is_true(patch.value) else "NOT_AVAILABLE"
            if is_true(patch.value):
                stage.setdefault("cacheClusterSize", "0.5")


def _replace_canary(api: Api, stage: Thing, patch: Patch, rest: list[str]) -> None:
    canary = canary_of(stage.get("canarySettings") or {}, stage["deploymentId"])
    match rest:
        case ["deploymentId"]:
            canary["deploymentId"] = _deployment(api, patch.value)
        case ["percentTraffic"]:
            canary["percentTraffic"] = as_number(patch, float)
        case ["useStageCache"]:
            canary["useStageCache"] = is_true(patch.value)
        case ["stageVariableOverrides", name]:
            canary["stageVariableOverrides"] = {**(canary.get("stageVariableOverrides") or {}), name: patch.value}
        case _:
            raise _no_path(patch)
    stage["canarySettings"] = canary


def _add(api: Api, stage: Thing, patch: Patch) -> None:
    if patch.parts[0] == "canarySettings" and patch.parts[1:2] != ["stageVariableOverrides"]:
        raise bad(f"Invalid add operation with path: {patch.path}")
    _replace(api, stage, patch)


def _remove(_: Api, stage: Thing, patch: Patch) -> None:
    match patch.parts:
        case ["accessLogSettings" | "canarySettings"]:
            stage.pop(patch.name, None)
        case ["canarySettings", "stageVariableOverrides", name] if name in (
            (stage.get("canarySettings") or {}).get("stageVariableOverrides") or {}
        ):
            del stage["canarySettings"]["stageVariableOverrides"][name]
        case ["variables", name]:
            left = {key: value for key, value in (stage.get("variables") or {}).items() if key != name}
            stage.pop("variables", None)
            if left:
                stage["variables"] = left
        case [path, verb] if _method_key(path, verb) in stage["methodSettings"]:
            del stage["methodSettings"][_method_key(path, verb)]
        case [path, verb, group, name] if (group, name) in _SETTINGS and _method_key(path, verb) in stage[
            "methodSettings"
        ]:
            member = _SETTINGS[group, name][0]
            settings = stage["methodSettings"][_method_key(path, verb)]
            settings.pop(member, None)
            if member in _USUAL:
                settings[member] = _USUAL[member]
        case _:
            setting = patch.path.lstrip("/")
            raise bad(f"Cannot remove method setting {setting} because there is no method setting for this method ")


def _copy(_: Api, stage: Thing, patch: Patch) -> None:
    """A canary is promoted: its deployment, or its variables, become the stage's."""
    canary = stage.get("canarySettings")
    if canary is None:
        raise bad("Promotion not available. Canary does not exist.")
    match patch.source, patch.path:
        case "/canarySettings/deploymentId", "/deploymentId":
            stage["deploymentId"] = canary["deploymentId"]
        case "/canarySettings/stageVariableOverrides", "/variables":
            stage["variables"] = {**(stage.get("variables") or {}), **(canary.get("stageVariableOverrides") or {})}
        case _:
            raise bad(
                "Invalid copy operation with path: "
                f"{patch.path} and from:{patch.source}. Valid copy path are [/deploymentId, /variables] and "
                "valid copy from are [/canarySettings/deploymentId, /canarySettings/stageVariableOverrides]"
            )


_PATCHES: Final[Mapping[str, Callable[[Api, Thing, Patch], None]]] = {
    "add": _add,
    "copy": _copy,
    "remove": _remove,
    "replace": _replace,
}


def _method_key(path: str, verb: str) -> str:
    """How the settings of a method are named: ``pets/{id}/GET``, ``*/*``; the root is ``~1/GET``."""
    return f"{path.lstrip('/') or '~1'}/{verb}"


def _truth(patch: Patch) -> bool:
    return is_true(patch.value)


def _number(patch: Patch) -> float:
    return as_number(patch)


def _rate(patch: Patch) -> float:
    return as_number(patch, float)


def _text(patch: Patch) -> str | None:
    return patch.value


_SETTINGS: Final[Mapping[tuple[str, str], tuple[str, Callable[[Patch], Any]]]] = {
    ("metrics", "enabled"): ("metricsEnabled", _truth),
    ("logging", "dataTrace"): ("dataTraceEnabled", _truth),
    ("logging", "loglevel"): ("loggingLevel", _text),
    ("throttling", "burstLimit"): ("throttlingBurstLimit", _number),
    ("throttling", "rateLimit"): ("throttlingRateLimit", _rate),
    ("caching", "enabled"): ("cachingEnabled", _truth),
    ("caching", "ttlInSeconds"): ("cacheTtlInSeconds", _number),
    ("caching", "dataEncrypted"): ("cacheDataEncrypted", _truth),
    ("caching", "requireAuthorizationForCacheControl"): ("requireAuthorizationForCacheControl", _truth),
    ("caching", "unauthorizedCacheControlHeaderStrategy"): ("unauthorizedCacheControlHeaderStrategy", _text),
}
_USUAL: Final = {
    "metricsEnabled": False,
    "dataTraceEnabled": False,
    "throttlingBurstLimit": 5000,
    "throttlingRateLimit": 10000.0,
    "cachingEnabled": False,
    "cacheTtlInSeconds": 300,
    "cacheDataEncrypted": False,
    "requireAuthorizationForCacheControl": True,
    "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER",
}


def _no_path(patch: Patch) -> Exception:
    """AWS's words; the commas that are missing are missing there."""
    of_methods = [
        *("metrics/enabled", "logging/dataTrace", "logging/loglevel"),
        *("caching/enabled", "caching/dataEncrypted", "caching/requireAuthorizationForCacheControl"),
        "caching/unauthorizedCacheControlHeaderStrategy",
    ]

    def those(where: str, between: str) -> list[str]:
        limits = between.join(f"{where}/{each}" for each in _LIMITS)
        return [
            *(f"{where}/{each}" for each in of_methods[:3]),
            limits,
            *(f"{where}/{each}" for each in of_methods[3:]),
        ]

    known = [
        *("/deploymentId", "/description", "/cacheClusterEnabled", "/cacheClusterSize", "/clientCertificateId"),
        *("/accessLogSettings", "/accessLogSettings/destinationArn", "/accessLogSettings/format"),
        *those("/{resourcePath}/{httpMethod}", ""),
        *those("/*/*", " "),
        *("/variables/{variable_name}", "/tracingEnabled"),
    ]
    return bad(f"Invalid method setting path: {patch.path or 'null'}. Must be one of: [{', '.join(known)}]")


_LIMITS: Final = ("throttling/burstLimit", "throttling/rateLimit", "caching/ttlInSeconds")
