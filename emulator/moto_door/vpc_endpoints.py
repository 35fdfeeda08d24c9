"""VPC endpoints: their host names, as AWS makes them.

Source: https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html ("DNS hostnames")
"""

from __future__ import annotations

from collections.abc import Callable

_SERVICES = "com.amazonaws."


def create_dns_entries(theirs: Callable[..., dict[str, str]]) -> Callable[..., dict[str, str]]:
    """Name an endpoint, such as ``vpce-1-2.states.us-east-1.vpce.amazonaws.com``."""

    def create(service_name: str, vpc_endpoint_id: str) -> dict[str, str]:
        made = theirs(service_name, vpc_endpoint_id)
        region, _, service = service_name.removeprefix(_SERVICES).removeprefix("vpce.").partition(".")
        name = made["dns_name"].partition(".")[0]
        return {**made, "dns_name": f"{name}.{service}.{region}.vpce.amazonaws.com"}

    return create
