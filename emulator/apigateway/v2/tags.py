"""Tags, by ARN: ``arn:aws:apigateway:us-east-1::/apis/a1b2c3/stages/prod``.

Source: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/tags-resource-arn.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from emulator.apigateway.control.held import Thing, bad, not_found
from emulator.apigateway.v2.held import Asked


def _tagged(asked: Asked) -> tuple[Thing, Callable[[Mapping[str, str]], None]]:
    """What an ARN names, and what puts other tags on it. Raises Fault: nothing."""
    gateway, holder = asked.gateway, None
    path = asked.params["resource-arn"].partition("::/")[2].split("/")
    match path:
        case ["apis", api]:
            if api in gateway.apis:
                held = gateway.apis[api]

                def put(tags: Mapping[str, str]) -> None:
                    held.shown = {**held.shown, "tags": dict(tags)}

                return held.shown, put
        case ["apis", api, "stages", _]:
            holder = gateway.apis[api].stages if api in gateway.apis else None
        case ["domainnames", _]:
            holder = gateway.domains
        case ["vpclinks", _]:
            holder = gateway.vpc_links
        case _:
            raise bad("Invalid ARN specified in the request")
    if holder is None or path[-1] not in holder:
        raise not_found("Invalid resource identifier specified")
    things = holder

    def replace(tags: Mapping[str, str]) -> None:
        things[path[-1]] = {**things[path[-1]], "tags": dict(tags)}

    return things[path[-1]], replace


def get_tags(asked: Asked) -> Thing:
    """GetTags."""
    return {"tags": _tagged(asked)[0].get("tags") or {}}


def tag_resource(asked: Asked) -> None:
    """TagResource."""
    thing, put = _tagged(asked)
    put({**(thing.get("tags") or {}), **(asked.params.get("tags") or {})})


def untag_resource(asked: Asked) -> None:
    """UntagResource."""
    thing, put = _tagged(asked)
    gone = asked.params["tagKeys"]
    put({name: each for name, each in (thing.get("tags") or {}).items() if name not in gone})
