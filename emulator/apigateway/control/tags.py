"""Tags, by ARN: ``arn:aws:apigateway:us-east-1::/restapis/a1b2c3/stages/prod``.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-tagging-supported-resources.html
"""

from __future__ import annotations

from typing import Any

from emulator.apigateway.control.held import Asked, Thing, bad, not_found


def _tagged(asked: Asked) -> Thing:
    """What an ARN names. Raises Fault: nothing."""
    gateway = asked.gateway
    path = asked.params["resourceArn"].partition("::/")[2].split("/")
    found: Any = None
    match path:
        case ["restapis", api]:
            found = gateway.apis[api].shown if api in gateway.apis else None
        case ["restapis", api, "stages", stage]:
            found = gateway.apis[api].stages.get(stage) if api in gateway.apis else None
        case ["apikeys", key]:
            found = gateway.keys.get(key)
        case ["usageplans", plan]:
            found = gateway.plans.get(plan)
        case ["domainnames", name]:
            found = gateway.domains.get(name)
        case ["clientcertificates", certificate]:
            found = gateway.certificates.get(certificate)
        case ["vpclinks", link]:
            found = gateway.vpc_links.get(link)
        case _:
            raise bad("Invalid ARN specified in the request")
    if found is None:
        raise not_found("Invalid resource identifier specified")
    thing: Thing = found
    return thing


def get_tags(asked: Asked) -> Thing:
    """GetTags."""
    return {"tags": _tagged(asked).get("tags") or {}}


def tag_resource(asked: Asked) -> None:
    """TagResource."""
    thing = _tagged(asked)
    thing["tags"] = {**(thing.get("tags") or {}), **asked.params["tags"]}


def untag_resource(asked: Asked) -> None:
    """UntagResource."""
    thing = _tagged(asked)
    left = {name: each for name, each in (thing.get("tags") or {}).items() if name not in asked.params["tagKeys"]}
    thing.pop("tags", None)
    if left:
        thing["tags"] = left
