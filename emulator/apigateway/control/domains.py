"""Custom domain names, VPC links and the account: kept only.

Sources: https://docs.aws.amazon.com/apigateway/latest/api/API_DomainName.html,
https://docs.aws.amazon.com/apigateway/latest/api/API_VpcLink.html
"""

from __future__ import annotations

from typing import Final

from emulator.apigateway.control.held import Asked, Thing, bad, conflict, kept, not_found, with_tags
from emulator.apigateway.control.paging import page
from emulator.apigateway.control.patching import ALL, Patch, Patchable, Rule, element, text
from emulator.apigateway.control.rest_apis import checked_endpoint

_CERTIFICATES: Final = (
    *("certificateName", "certificateArn", "regionalCertificateName", "regionalCertificateArn"),
    *("ownershipVerificationCertificateArn", "policy", "routingMode"),
)
_PATH: Final = "(none)"
"""The base path of a mapping that has none."""


def create_domain_name(asked: Asked) -> Thing:
    """CreateDomainName."""
    params, name = asked.params, asked.params["domainName"]
    if not name:
        raise bad("No Domain Name specified")
    if name in asked.gateway.domains:
        raise conflict("The domain name you provided already exists.")
    endpoint = checked_endpoint({"types": ["EDGE"], **(params.get("endpointConfiguration") or {})})
    made = {
        "domainName": name,
        **kept(params, *_CERTIFICATES, "mutualTlsAuthentication"),
        "securityPolicy": params.get("securityPolicy") or "TLS_1_2",
        "endpointConfiguration": endpoint,
        "domainNameStatus": "AVAILABLE",
    }
    made_up = asked.new_id(10)
    if "REGIONAL" in endpoint["types"]:
        made |= {
            "regionalDomainName": f"d-{made_up}.execute-api.{asked.region}.amazonaws.com",
            "regionalHostedZoneId": "Z1UJRXOUMOOFQ8",
        }
    else:
        made |= {"distributionDomainName": f"d{made_up}.cloudfront.net", "distributionHostedZoneId": "Z2FDTNDATAQYW2"}
    if params.get("tags"):
        made["tags"] = params["tags"]
    asked.gateway.domains[name] = made
    asked.gateway.mappings[name] = {}
    return made


def _domain_of(asked: Asked) -> Thing:
    found = asked.gateway.domains.get(asked.params["domainName"])
    if found is None:
        raise not_found("Invalid domain name identifier specified")
    return found


def get_domain_name(asked: Asked) -> Thing:
    """GetDomainName."""
    return _domain_of(asked)


def get_domain_names(asked: Asked) -> Thing:
    """GetDomainNames."""
    return page(asked, list(asked.gateway.domains.values()))


def delete_domain_name(asked: Asked) -> None:
    """DeleteDomainName, with its mappings."""
    name = _domain_of(asked)["domainName"]
    del asked.gateway.domains[name]
    del asked.gateway.mappings[name]


def update_domain_name(asked: Asked) -> Thing:
    """UpdateDomainName."""
    domain = _domain_of(asked)
    changed = _DOMAIN.patched(domain, asked.params.get("patchOperations"))
    asked.gateway.domains[changed["domainName"]] = changed
    return changed


_DOMAIN: Final = Patchable({f"/{name}": text(name) for name in (*_CERTIFICATES, "securityPolicy")})


def create_base_path_mapping(asked: Asked) -> Thing:
    """CreateBasePathMapping."""
    params = asked.params
    _domain_of(asked)
    path, mappings = params.get("basePath") or _PATH, asked.gateway.mappings[params["domainName"]]
    if path in mappings:
        raise conflict("Base path already exists for this domain name")
    mapping = {"basePath": path, "restApiId": params["restApiId"], **kept(params, "stage")}
    _check_mapping(asked, mapping)
    mappings[path] = mapping
    return mapping


def _check_mapping(asked: Asked, mapping: Thing) -> None:
    api = asked.gateway.apis.get(mapping["restApiId"])
    if api is None:
        raise bad("Invalid REST API identifier specified")
    if mapping.get("stage") and mapping["stage"] not in api.stages:
        raise bad("Invalid stage identifier specified")


def _mapping_of(asked: Asked) -> Thing:
    _domain_of(asked)
    found = asked.gateway.mappings[asked.params["domainName"]].get(asked.params["basePath"])
    if found is None:
        raise not_found("Invalid base path mapping identifier specified")
    return found


def get_base_path_mapping(asked: Asked) -> Thing:
    """GetBasePathMapping."""
    return _mapping_of(asked)


def get_base_path_mappings(asked: Asked) -> Thing:
    """GetBasePathMappings."""
    _domain_of(asked)
    return page(asked, list(asked.gateway.mappings[asked.params["domainName"]].values()))


def delete_base_path_mapping(asked: Asked) -> None:
    """DeleteBasePathMapping."""
    mapping = _mapping_of(asked)
    del asked.gateway.mappings[asked.params["domainName"]][mapping["basePath"]]


def update_base_path_mapping(asked: Asked) -> Thing:
    """UpdateBasePathMapping."""
    mapping = _mapping_of(asked)
    changed = _MAPPING.patched(mapping, asked.params.get("patchOperations"))
    changed["basePath"] = changed.get("basePath") or _PATH
    _check_mapping(asked, changed)
    mappings = asked.gateway.mappings[asked.params["domainName"]]
    if changed["basePath"] != mapping["basePath"] and changed["basePath"] in mappings:
        raise conflict("Base path already exists for this domain name")
    del mappings[mapping["basePath"]]
    mappings[changed["basePath"]] = changed
    return changed


_MAPPING: Final = Patchable(
    {
        "/basePath": text("basePath"),
        "/restapiId": text("restApiId"),
        "/restApiId": text("restApiId"),
        "/stage": text("stage", empty_is_none=True),
    }
)

# VPC links.


def create_vpc_link(asked: Asked) -> Thing:
    """CreateVpcLink; it is AVAILABLE when somebody looks."""
    params = asked.params
    if not params["name"]:
        raise bad("Name cannot be empty")
    for arn in params["targetArns"]:
        if not arn.startswith("arn:") or arn.count(":") < 5:
            raise bad(f"Invalid ARN. ARN is not well formed {arn}")
    made = {"id": asked.new_id(6), **kept(params, "name", "description", "targetArns")}
    if params.get("tags"):
        made["tags"] = params["tags"]
    asked.gateway.vpc_links[made["id"]] = {
        **made,
        "status": "AVAILABLE",
        "statusMessage": "Your vpc link is ready for use",
    }
    return {**made, "status": "PENDING"}


def _link_of(asked: Asked) -> Thing:
    found = asked.gateway.vpc_links.get(asked.params["vpcLinkId"])
    if found is None:
        raise not_found("Invalid Vpc Link identifier specified")
    return found


def get_vpc_link(asked: Asked) -> Thing:
    """GetVpcLink."""
    return with_tags(_link_of(asked))


def get_vpc_links(asked: Asked) -> Thing:
    """GetVpcLinks."""
    return page(asked, list(asked.gateway.vpc_links.values()))


def delete_vpc_link(asked: Asked) -> None:
    """DeleteVpcLink."""
    del asked.gateway.vpc_links[_link_of(asked)["id"]]


def update_vpc_link(asked: Asked) -> Thing:
    """UpdateVpcLink."""
    changed = _LINK.patched(_link_of(asked), asked.params.get("patchOperations"))
    if not changed.get("name"):
        raise bad("Name cannot be empty")
    asked.gateway.vpc_links[changed["id"]] = changed
    return with_tags(changed)


_LINK: Final = Patchable({"/name": text("name"), "/description": text("description")})

# The account.


def get_account(asked: Asked) -> Thing:
    """GetAccount."""
    return asked.gateway.account


def update_account(asked: Asked) -> Thing:
    """UpdateAccount."""
    asked.gateway.account = _ACCOUNT.patched(asked.gateway.account, asked.params.get("patchOperations"))
    return asked.gateway.account


_FEATURES: Final = element("features", named=False)


def _patch_features(thing: Thing, patch: Patch) -> None:
    _FEATURES.apply(thing, patch)
    if patch.op == "remove" and patch.value == "UsagePlans":
        raise bad("Usage Plans cannot be disabled once enabled")


_ACCOUNT: Final = Patchable(
    {
        "/cloudwatchRoleArn": text("cloudwatchRoleArn", ALL, empty_is_none=True),
        "/features": Rule(_FEATURES.ops, _patch_features),
    }
)
