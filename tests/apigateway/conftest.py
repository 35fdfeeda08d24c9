"""Fixtures of the tests of API Gateway: APIs are made as users make them, and asked over HTTP."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
import urllib3


@dataclass(frozen=True)
class Said:
    """What an API has answered."""

    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@pytest.fixture
def ask(dynastep):
    """Ask an API: ``ask(api, "POST", "/bills/7?x=1", body={"a": 1})``; headers by name."""
    pool = urllib3.PoolManager(retries=False)

    def send(api, verb, path, *, stage="prod", body=None, headers=None, form="/_aws/execute-api/{api}/{stage}"):
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        given = {"Content-Type": "application/json"} if isinstance(body, dict | list) else {}
        url = dynastep.url + form.format(api=api, stage=stage) + path
        answer = pool.request(verb, url, body=content, headers={**given, **(headers or {})}, redirect=False)
        return Said(answer.status, answer.headers, answer.data)

    return send


@dataclass(frozen=True)
class Rest:
    """A REST API that is being made."""

    gateway: Any
    id: str
    root: str

    def method(self, verb, path="", *, responses=({"statusCode": "200"},), method=None, models=None, **integration):
        """A method with its integration; ``responses`` are integration responses, each with its method response."""
        parent, parts = self.root, [part for part in path.split("/") if part]
        known = {each["path"]: each["id"] for each in self.gateway.get_resources(restApiId=self.id)["items"]}
        for index, part in enumerate(parts):
            here = "/" + "/".join(parts[: index + 1])
            if here not in known:
                made = self.gateway.create_resource(restApiId=self.id, parentId=parent, pathPart=part)
                known[here] = made["id"]
            parent = known[here]
        at = {"restApiId": self.id, "resourceId": parent, "httpMethod": verb}
        self.gateway.put_method(**at, **{"authorizationType": "NONE", **(method or {})})
        integration.setdefault("integrationHttpMethod", "POST")
        self.gateway.put_integration(**at, **integration)
        if not integration["type"].endswith("_PROXY"):
            for response in responses:
                named = dict.fromkeys(response.get("responseParameters", {}), False)
                status = response["statusCode"]
                self.gateway.put_method_response(**at, statusCode=status, responseParameters=named)
                self.gateway.put_integration_response(**at, **response)
        return parent

    def deploy(self, **stage):
        """Deploy it; its id."""
        self.gateway.create_deployment(restApiId=self.id, stageName="prod", **stage)
        return self.id


@pytest.fixture
def rest(dynastep):
    """A new REST API."""
    gateway = dynastep.client("apigateway")

    def make(**settings):
        settings.setdefault("endpointConfiguration", {"types": ["REGIONAL"]})
        made = gateway.create_rest_api(name="api", **settings)
        return Rest(gateway, made["id"], made["rootResourceId"])

    return make


@pytest.fixture
def behind(dynastep):
    """Make a function; the URI of an integration with it."""

    def make(function, name="behind"):
        arn = dynastep.function(name, function)
        return f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"

    return make
