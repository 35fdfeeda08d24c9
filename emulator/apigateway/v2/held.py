"""What an account has of API Gateway V2 in a region."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from emulator import moto_door
from emulator.apigateway.control.held import Thing, not_found

log = logging.getLogger("dynastep")


@dataclass(slots=True)
class Api:
    """An HTTP or a WebSocket API."""

    shown: Thing
    routes: dict[str, Thing] = field(default_factory=dict)
    """All things of an API are by their ids; stages by their names."""
    route_responses: dict[str, Thing] = field(default_factory=dict)
    """Each with the ``routeId`` that it belongs to, which answers do not show."""
    integrations: dict[str, Thing] = field(default_factory=dict)
    integration_responses: dict[str, Thing] = field(default_factory=dict)
    """Each with its ``integrationId``."""
    authorizers: dict[str, Thing] = field(default_factory=dict)
    models: dict[str, Thing] = field(default_factory=dict)
    deployments: dict[str, Thing] = field(default_factory=dict)
    contents: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """Id of a deployment -> what the API was then: see ``deployments.content_of``."""
    stages: dict[str, Thing] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.shown["apiId"])

    @property
    def is_http(self) -> bool:
        """Whether it is an HTTP API."""
        return bool(self.shown["protocolType"] == "HTTP")


@dataclass(slots=True)
class Gateway:
    """What an account has in a region."""

    apis: dict[str, Api] = field(default_factory=dict)
    domains: dict[str, Thing] = field(default_factory=dict)
    mappings: dict[str, dict[str, Thing]] = field(default_factory=dict)
    """Domain name -> id of a mapping -> the mapping."""
    vpc_links: dict[str, Thing] = field(default_factory=dict)


def gateway_of(account: str, region: str) -> Gateway:
    """What an account has in a region."""
    return moto_door.apis_of("apigatewayv2", account, region, Gateway)


def find_api(api: str) -> tuple[str, str, Api] | None:
    """The account and the region that an API is in, and the API; None if there is none."""
    for account, region, held in _gateways():
        if api in held.apis:
            return account, region, held.apis[api]
    return None


def _gateways() -> Iterator[tuple[str, str, Gateway]]:
    yield from moto_door.all_apis("apigatewayv2")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to an operation."""

    gateway: Gateway
    params: Mapping[str, Any]
    """By their names in JSON, in the query or in the path."""
    account: str
    region: str
    now: int
    """Seconds since 1970."""
    new_id: Callable[[int], str]
    """Makes up an id of so many small letters and digits."""
    listen: Callable[[], str]
    """Has WebSocket APIs listen, and gives the URL at which they do."""

    def shown(self, api: Api) -> Thing:
        """An API as answers show it: a WebSocket API with the address at which it answers here."""
        if api.is_http:
            return api.shown
        try:
            return {**api.shown, "apiEndpoint": f"{self.listen()}/{api.id}"}
        except (ModuleNotFoundError, OSError) as error:
            log.warning("The WebSocket API %s answers nobody: %s (install dynastep[websockets])", api.id, error)
            return api.shown

    @property
    def api(self) -> Api:
        """The API that it names. Raises Fault: there is none."""
        named = self.params["apiId"]
        found = self.gateway.apis.get(named)
        if found is None:
            raise not_found(f"Invalid API identifier specified {self.account}:{named}")
        return found

    @property
    def time(self) -> str:
        """Now, as answers show it."""
        return datetime.fromtimestamp(self.now, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")

    def part(self, kind: str, name: str) -> tuple[Api, Thing]:
        """An API and one of its things, such as of ``routes``, that the parameter ``name`` names.

        Raises:
            Fault: there is none.
        """
        api = self.api
        found = getattr(api, kind).get(self.params[name])
        if found is None:
            called = name.removesuffix("Id")
            raise not_found(f"Invalid {called[0].upper()}{called[1:]} identifier specified {self.params[name]}")
        return api, found


def merged(thing: Mapping[str, Any], given: Mapping[str, Any], *names: str) -> Thing:
    """A thing with the members of an update.

    Maps keep their other entries, as on AWS. An empty text takes a member, or an entry of a map, away.
    """
    changed = dict(thing)
    for name in names:
        value = given.get(name)
        if isinstance(value, dict) and isinstance(changed.get(name), dict) and name in _MAPS:
            value = {key: each for key, each in {**changed[name], **value}.items() if each != ""}
        if value is not None:
            changed[name] = value
    return {name: value for name, value in changed.items() if value != ""}


_MAPS = frozenset(
    {"requestParameters", "requestTemplates", "responseParameters", "responseTemplates", "stageVariables"}
    | {"routeSettings", "requestModels", "responseModels"}
)
