"""docs/services.md says of every operation that makes something what follows from it; the models and the code agree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from botocore import xform_name
from botocore.config import Config
from least import something

from emulator.moto_door.not_built import NOT_BUILT
from emulator.wire.operations import service_model

PAGE = (Path(__file__).parents[2] / "docs/services.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `([\w-]+):(\w+)` \| (Acts|Kept only|Refused)([^|]*) \|$", PAGE, re.MULTILINE)
WHOLE = ("events", "scheduler", "pipes")
"""Services of which the page has every operation that makes or changes something."""
MAKES = re.compile("(Activate|Create|Enable|Put|Start|Tag|Test|Update)")
MADE = re.compile("(Create|Enable|Put)")
REFUSED = [(service, name) for service, name, how, _ in ROWS if how == "Refused"]


def known(service):
    makes = MAKES if service in WHOLE else MADE
    return {name for name in service_model(service).operation_names if makes.match(name)}


def test_the_table_has_every_operation_that_makes_something():
    listed = {service: {name for of, name, *_ in ROWS if of == service} for service, *_ in ROWS}
    assert len(listed) == 17
    missing = {service: known(service) - names for service, names in listed.items()}
    assert {service: names for service, names in missing.items() if names} == {}


def test_each_operation_has_one_row():
    names = [(service, name) for service, name, *_ in ROWS]
    assert len(names) == len(set(names))
    assert names == sorted(names)


def test_what_is_kept_only_has_a_reason():
    assert [name for _, name, how, why in ROWS if how == "Kept only" and len(why) < len(", as on AWS")] == []


def test_what_is_refused_is_what_is_not_built():
    assert {(service, name) for service, names in NOT_BUILT.items() for name in names} == set(REFUSED)


@pytest.fixture
def ask(dynastep):
    clients = {}

    def ask(service, name):
        if service not in clients:
            clients[service] = dynastep.client(service, config=Config(parameter_validation=False))
        shape = service_model(service).operation_model(name).input_shape
        return getattr(clients[service], xform_name(name))(**something(shape))

    return ask


@pytest.mark.parametrize("service", sorted(NOT_BUILT))
def test_a_refusal_names_the_operation(dynastep, ask, service):
    said = {}
    for name in sorted(NOT_BUILT[service]):
        if name not in service_model(service).operation_names:
            continue  # an older botocore
        with pytest.raises(dynastep.client(service).exceptions.ClientError) as refusal:
            ask(service, name)
        response = refusal.value.response
        if response["ResponseMetadata"]["HTTPStatusCode"] != 501 or name not in response["Error"]["Message"]:
            said[name] = response["Error"]
    assert said == {}
