"""What an account has of API Gateway in a region: REST APIs, API keys, usage plans and the like."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from emulator import moto_door
from emulator.faults import Fault

Thing: TypeAlias = "dict[str, Any]"
"""One thing as its Get operation shows it."""


@dataclass(slots=True)
class Api:
    """A REST API."""

    shown: Thing
    resources: dict[str, Thing] = field(default_factory=dict)
    """Id -> a resource with its ``path``, and with its methods in ``resourceMethods``."""
    models: dict[str, Thing] = field(default_factory=dict)
    """By name."""
    validators: dict[str, Thing] = field(default_factory=dict)
    authorizers: dict[str, Thing] = field(default_factory=dict)
    gateway_responses: dict[str, Thing] = field(default_factory=dict)
    """Type -> what was put for it; the others are AWS's own."""
    deployments: dict[str, Thing] = field(default_factory=dict)
    contents: dict[str, Thing] = field(default_factory=dict)
    """Id of a deployment -> what the API was then: see ``deployed.content_of``."""
    stages: dict[str, Thing] = field(default_factory=dict)
    documentation: dict[str, Thing] = field(default_factory=dict)
    documentation_versions: dict[str, Thing] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.shown["id"])

    @property
    def root(self) -> Thing:
        """Its root resource."""
        return self.resources[self.shown["rootResourceId"]]


@dataclass(slots=True)
class Gateway:
    """What an account has in a region."""

    apis: dict[str, Api] = field(default_factory=dict)
    keys: dict[str, Thing] = field(default_factory=dict)
    plans: dict[str, Thing] = field(default_factory=dict)
    plan_keys: dict[str, list[str]] = field(default_factory=dict)
    """Id of a usage plan -> the ids of its keys."""
    used: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)
    """Usage plan and key -> day, such as ``2026-11-29``, -> requests."""
    extended: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)
    """Usage plan and key -> the first day of a period of the quota -> how many requests more than the quota."""
    domains: dict[str, Thing] = field(default_factory=dict)
    mappings: dict[str, dict[str, Thing]] = field(default_factory=dict)
    """Domain name -> base path -> its mapping."""
    vpc_links: dict[str, Thing] = field(default_factory=dict)
    certificates: dict[str, Thing] = field(default_factory=dict)
    account: Thing = field(
        default_factory=lambda: {
            "throttleSettings": {"burstLimit": 5000, "rateLimit": 10000.0},
            "features": ["UsagePlans"],
            "apiKeyVersion": "4",
        }
    )


def gateway_of(account: str, region: str) -> Gateway:
    """What an account has in a region."""
    return moto_door.apis_of("apigateway", account, region, Gateway)


def gateways() -> Iterator[tuple[str, str, Gateway]]:
    """Account, region, and what they have; of those that have used REST APIs."""
    yield from moto_door.all_apis("apigateway")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to an operation."""

    gateway: Gateway
    params: Mapping[str, Any]
    """By the model's names."""
    query: Mapping[str, str]
    account: str
    region: str
    now: int
    """Seconds since 1970."""
    new_id: Callable[[int], str]
    """Makes up an id of so many small letters and digits."""

    @property
    def api(self) -> Api:
        """The API that it names. Raises Fault: there is none."""
        named = self.params["restApiId"]
        api = self.gateway.apis.get(named)
        if api is None:
            raise not_found(f"Invalid API identifier specified {self.account}:{named}")
        return api

    def part(self, kind: str, name: str, absent: str) -> tuple[Api, Thing]:
        """An API and one of its things, such as of ``stages``, that the parameter ``name`` names.

        Raises:
            Fault: ``absent`` says that there is none; so it does where there is no API.
        """
        api = self.gateway.apis.get(self.params["restApiId"])
        found = None if api is None else getattr(api, kind).get(self.params[name])
        if api is None or found is None:
            raise not_found(absent)
        return api, found


def bad(message: str) -> Fault:
    """What the request wants cannot be."""
    return Fault("BadRequestException", message)


def not_found(message: str) -> Fault:
    """What the request names is not there."""
    return Fault("NotFoundException", message, status=404)


def conflict(message: str) -> Fault:
    """What the request makes is there already, or in use."""
    return Fault("ConflictException", message, status=409)


def kept(params: Mapping[str, Any], *names: str) -> Thing:
    """Some members of a request, as far as they were given."""
    return {name: params[name] for name in names if params.get(name) is not None}


def with_tags(thing: Mapping[str, Any]) -> Thing:
    """A thing as it is shown by itself: with its tags, also where it has none."""
    return {**thing, "tags": thing.get("tags") or {}}
