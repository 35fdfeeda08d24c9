"""Deletions that moto lacks: what it makes and cannot take away would stay after the stack that made it.

Also here: the roles of an identity pool, which moto has no operations for, and tokens of WAF as AWS writes them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any


def _with(theirs: Any, **methods: Callable[[Any], Any]) -> Any:
    """A class of moto's with operations that it lacks; one that it has by now stays moto's."""
    for name, method in methods.items():
        if not hasattr(theirs, name):
            setattr(theirs, name, method)
    return theirs


def _param(response: Any, name: str) -> Any:
    return response._get_param(name)  # noqa: SLF001 - as moto's own operations read their parameters


# CodeDeploy: what was deleted, or never was, is answered alike.


def answer_codedeploy(theirs: Any) -> Any:
    """DeleteApplication and DeleteDeploymentGroup."""

    def delete_application(response: Any) -> str:
        name = _param(response, "applicationName")
        backend = response.codedeploy_backend
        backend.applications.pop(name, None)
        backend.deployment_groups.pop(name, None)
        return ""

    def delete_deployment_group(response: Any) -> str:
        groups = response.codedeploy_backend.deployment_groups.get(_param(response, "applicationName"), {})
        groups.pop(_param(response, "deploymentGroupName"), None)
        return json.dumps({"hooksNotCleanedUp": []})

    return _with(theirs, delete_application=delete_application, delete_deployment_group=delete_deployment_group)


def answer_athena(theirs: Any) -> Any:
    """DeleteNamedQuery, DeleteDataCatalog and DeletePreparedStatement."""

    def delete_named_query(response: Any) -> str:
        response.athena_backend.named_queries.pop(_param(response, "NamedQueryId"), None)
        return "{}"

    def delete_data_catalog(response: Any) -> str:
        response.athena_backend.data_catalogs.pop(_param(response, "Name"), None)
        return "{}"

    def delete_prepared_statement(response: Any) -> str:
        response.athena_backend.prepared_statements.pop(_param(response, "StatementName"), None)
        return "{}"

    return _with(
        theirs,
        delete_named_query=delete_named_query,
        delete_data_catalog=delete_data_catalog,
        delete_prepared_statement=delete_prepared_statement,
    )


def answer_elasticache(theirs: Any) -> Any:
    """DeleteCacheSubnetGroup."""

    def delete_cache_subnet_group(response: Any) -> Any:
        from moto.core.responses import EmptyResult
        from moto.elasticache.exceptions import CacheSubnetGroupNotFound

        name = _param(response, "CacheSubnetGroupName")
        groups = response.elasticache_backend.cache_subnet_groups
        if name not in groups:
            raise CacheSubnetGroupNotFound(name)
        groups.pop(name)
        return EmptyResult()

    return _with(theirs, delete_cache_subnet_group=delete_cache_subnet_group)


def answer_cognitoidp(theirs: Any) -> Any:
    """DeleteResourceServer."""

    def delete_resource_server(response: Any) -> Any:
        from moto.core.responses import EmptyResult

        pool, identifier = _param(response, "UserPoolId"), _param(response, "Identifier")
        response.backend.describe_resource_server(pool, identifier)
        response.backend.describe_user_pool(pool).resource_servers.pop(identifier)
        return EmptyResult()

    return _with(theirs, delete_resource_server=delete_resource_server)


def answer_cognitoidentity(theirs: Any) -> Any:
    """SetIdentityPoolRoles and GetIdentityPoolRoles."""

    def set_identity_pool_roles(response: Any) -> str:
        pool = response.backend.identity_pools[_described(response)]
        pool.roles = _param(response, "Roles") or {}
        pool.role_mappings = _param(response, "RoleMappings")
        return ""

    def get_identity_pool_roles(response: Any) -> str:
        name = _described(response)
        pool = response.backend.identity_pools[name]
        found = {"IdentityPoolId": name, "Roles": getattr(pool, "roles", {})}
        mappings = getattr(pool, "role_mappings", None)
        return json.dumps(found if mappings is None else {**found, "RoleMappings": mappings})

    return _with(
        theirs, set_identity_pool_roles=set_identity_pool_roles, get_identity_pool_roles=get_identity_pool_roles
    )


def _described(response: Any) -> str:
    """The pool of a request, which moto refuses if there is none."""
    name: str = _param(response, "IdentityPoolId")
    response.backend.describe_identity_pool(name)
    return name


def new_token(theirs: Callable[..., None]) -> Callable[..., None]:
    """What makes or changes an IP set: its token is a UUID, as AWS's model has it, of which moto keeps six letters."""

    def make(self: Any, *arguments: Any, **named: Any) -> None:
        from moto.moto_api._internal import mock_random

        theirs(self, *arguments, **named)
        self.lock_token = str(mock_random.uuid4())

    return make
