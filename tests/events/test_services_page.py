"""docs/services.md says of every operation that makes something what follows from it; the code agrees."""

from __future__ import annotations

import json
import re
from importlib import import_module
from pathlib import Path

import pytest
from botocore import xform_name

from emulator.wire.operations import service_model

PAGE = (Path(__file__).parents[2] / "docs/services.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| `(\w+:\w+)` \| (Acts|Kept only|Refused)[^|]*\|$", PAGE, re.MULTILINE))
RESPONSES = {
    "events": "EventsHandler",
    "scheduler": "EventBridgeSchedulerResponse",
    "pipes": "EventBridgePipesResponse",
}
MAKES = re.compile("(Activate|Create|Enable|Put|Start|Tag|Test|Update)")


def test_the_table_has_every_operation_that_makes_something():
    known = {
        f"{service}:{name}"
        for service in RESPONSES
        for name in service_model(service).operation_names
        if MAKES.match(name)
    }
    assert ROWS.keys() == known


@pytest.mark.parametrize("operation", ROWS)
def test_what_is_refused_is_what_nobody_answers(operation):
    service, name = operation.split(":")
    handler = getattr(import_module(f"moto.{service}.responses"), RESPONSES[service])
    assert (xform_name(name) not in vars(handler)) == (ROWS[operation] == "Refused")


@pytest.mark.parametrize("operation", [each for each in ROWS if ROWS[each] == "Refused"])
def test_a_refusal_names_the_operation(dynastep, operation):
    service, name = operation.split(":")
    client = dynastep.client(service)
    given = {
        "CreateEndpoint": {"Name": "e", "RoutingConfig": ROUTING, "EventBuses": BUSES},
        "UpdateEndpoint": {"Name": "e"},
        "UpdateEventBus": {"Name": "default"},
        "ActivateEventSource": {"Name": "aws.partner/a/b"},
    }[name]
    with pytest.raises(client.exceptions.ClientError) as refusal:
        getattr(client, xform_name(name))(**given)
    response = refusal.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert xform_name(name) in response["Error"]["Message"] or name in response["Error"]["Message"]


ROUTING = json.loads(
    """{"FailoverConfig": {"Primary": {"HealthCheck": "arn:aws:route53:::healthcheck/a"},
    "Secondary": {"Route": "us-west-2"}}}"""
)
BUSES = [{"EventBusArn": f"arn:aws:events:{region}:111122223333:event-bus/b"} for region in ("us-east-1", "us-west-2")]
