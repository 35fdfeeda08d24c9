"""Custom domain names, their mappings to APIs, and VPC links.

Sources: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/domainnames.html,
https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/vpclinks.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from emulator.apigateway.control.held import Thing, bad, conflict, kept, not_found
from emulator.apigateway.v2.held import Asked, merged
from emulator.apigateway.v2.paging import page

_CONFIGURATION: Final = ("certificateArn", "certificateName", "ownershipVerificationCertificateArn")


def create_domain_name(asked: Asked) -> Thing:
    """CreateDomainName."""
    params, name = asked.params, asked.params["domainName"]
    if not re.fullmatch(r"(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]{2,}", name):
        raise bad(f"The provided domain name {name} is not valid")
    if name in asked.gateway.domains:
        raise conflict("The domain name you provided already exists.")
    given = params.get("domainNameConfigurations")
    if not given:
        raise bad("At least one domain name configuration is required")
    made = {
        "apiMappingSelectionExpression": "$request.basepath",
        "domainName": name,
        "domainNameArn": f"arn:aws:apigateway:{asked.region}::/domainnames/{name}",
        "domainNameConfigurations": [_configuration(asked, each, {}) for each in given],
        **kept(params, "mutualTlsAuthentication"),
        "routingMode": params.get("routingMode") or "API_MAPPING_ONLY",
        "tags": params.get("tags") or {},
    }
    asked.gateway.domains[name] = made
    asked.gateway.mappings[name] = {}
    return made


def _configuration(asked: Asked, given: Mapping[str, Any], before: Mapping[str, Any]) -> Thing:
    if not given.get("certificateArn"):
        raise bad("Certificate ARN is required")
    if given.get("endpointType", "REGIONAL") != "REGIONAL":
        raise bad("Only REGIONAL endpoint type is supported")
    return {
        "apiGatewayDomainName": f"d-{asked.new_id(10)}.execute-api.{asked.region}.amazonaws.com",
        "domainNameStatus": "AVAILABLE",
        "endpointType": "REGIONAL",
        "hostedZoneId": "Z1UJRXOUMOOFQ8",
        **before,
        **kept(given, *_CONFIGURATION),
        "ipAddressType": given.get("ipAddressType") or "ipv4",
        "securityPolicy": given.get("securityPolicy") or "TLS_1_2",
    }


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
    return page(asked, asked.gateway.domains.values())


def update_domain_name(asked: Asked) -> Thing:
    """UpdateDomainName."""
    domain, params = _domain_of(asked), asked.params
    changed = merged(domain, params, "mutualTlsAuthentication", "routingMode")
    if params.get("domainNameConfigurations"):
        before = domain["domainNameConfigurations"][0]
        stays = {name: before[name] for name in ("apiGatewayDomainName", "hostedZoneId")}
        given = params["domainNameConfigurations"]
        changed["domainNameConfigurations"] = [_configuration(asked, {**before, **each}, stays) for each in given]
    asked.gateway.domains[domain["domainName"]] = changed
    return changed


def delete_domain_name(asked: Asked) -> None:
    """DeleteDomainName, with its mappings."""
    name = _domain_of(asked)["domainName"]
    del asked.gateway.domains[name]
    del asked.gateway.mappings[name]


# Mappings


def create_api_mapping(asked: Asked) -> Thing:
    """CreateApiMapping."""
    mappings = asked.gateway.mappings[_domain_of(asked)["domainName"]]
    made = {
        **kept(asked.params, "apiId", "stage"),
        "apiMappingKey": asked.params.get("apiMappingKey") or "",
        "apiMappingId": asked.new_id(6),
    }
    _check_mapping(asked, mappings, made)
    mappings[made["apiMappingId"]] = made
    return made


def _check_mapping(asked: Asked, mappings: Mapping[str, Thing], mapping: Thing) -> None:
    api = asked.gateway.apis.get(mapping["apiId"])
    if api is None:
        raise bad(f"Invalid API identifier specified {asked.account}:{mapping['apiId']}")
    if mapping["stage"] not in api.stages:
        raise bad("Invalid stage identifier specified")
    key = mapping["apiMappingKey"]
    if key and not re.fullmatch(r"[A-Za-z0-9._~$+!-]+(/[A-Za-z0-9._~$+!-]+)*", key):
        raise bad(
            "API mapping key must not start or end with a slash or have characters that are not allowed in a path"
        )
    for each in mappings.values():
        if each["apiMappingKey"] == key and each["apiMappingId"] != mapping["apiMappingId"]:
            raise conflict("ApiMapping key already exists for this domain name")


def _mapping_of(asked: Asked) -> tuple[dict[str, Thing], Thing]:
    mappings = asked.gateway.mappings[_domain_of(asked)["domainName"]]
    found = mappings.get(asked.params["apiMappingId"])
    if found is None:
        raise not_found("Invalid API mapping identifier specified")
    return mappings, found


def get_api_mapping(asked: Asked) -> Thing:
    """GetApiMapping."""
    return _mapping_of(asked)[1]


def get_api_mappings(asked: Asked) -> Thing:
    """GetApiMappings."""
    return page(asked, asked.gateway.mappings[_domain_of(asked)["domainName"]].values())


def update_api_mapping(asked: Asked) -> Thing:
    """UpdateApiMapping."""
    mappings, found = _mapping_of(asked)
    changed = {"apiMappingKey": "", **merged(found, asked.params, "apiId", "apiMappingKey", "stage")}
    _check_mapping(asked, mappings, changed)
    mappings[found["apiMappingId"]] = changed
    return changed


def delete_api_mapping(asked: Asked) -> None:
    """DeleteApiMapping."""
    mappings, found = _mapping_of(asked)
    del mappings[found["apiMappingId"]]


# VPC links


def create_vpc_link(asked: Asked) -> Thing:
    """CreateVpcLink; it is AVAILABLE when somebody looks."""
    params = asked.params
    if not params.get("name"):
        raise bad("Name cannot be empty")
    if not params.get("subnetIds"):
        raise bad("At least one subnet must be provided")
    made = {
        "createdDate": asked.time,
        **kept(params, "name"),
        "securityGroupIds": params.get("securityGroupIds") or [],
        "subnetIds": params["subnetIds"],
        "tags": params.get("tags") or {},
        "vpcLinkId": asked.new_id(6),
        "vpcLinkVersion": "V2",
    }
    available = {"vpcLinkStatus": "AVAILABLE", "vpcLinkStatusMessage": "VPC link is ready to route traffic"}
    asked.gateway.vpc_links[made["vpcLinkId"]] = {**made, **available}
    return {**made, "vpcLinkStatus": "PENDING", "vpcLinkStatusMessage": "VPC link is provisioning ENIs"}


def _link_of(asked: Asked) -> Thing:
    found = asked.gateway.vpc_links.get(asked.params["vpcLinkId"])
    if found is None:
        raise not_found("Invalid VpcLink identifier specified")
    return found


def get_vpc_link(asked: Asked) -> Thing:
    """GetVpcLink."""
    return _link_of(asked)


def get_vpc_links(asked: Asked) -> Thing:
    """GetVpcLinks."""
    return page(asked, asked.gateway.vpc_links.values())


def update_vpc_link(asked: Asked) -> Thing:
    """UpdateVpcLink."""
    link = _link_of(asked)
    changed = merged(link, asked.params, "name")
    asked.gateway.vpc_links[link["vpcLinkId"]] = changed
    return changed


def delete_vpc_link(asked: Asked) -> None:
    """DeleteVpcLink; one that an integration has stays."""
    name = _link_of(asked)["vpcLinkId"]
    for api in asked.gateway.apis.values():
        if any(each.get("connectionId") == name for each in api.integrations.values()):
            raise bad(f"Cannot delete vpc link. Vpc link '{name}', is referenced in an integration of API '{api.id}'")
    del asked.gateway.vpc_links[name]
