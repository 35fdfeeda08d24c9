"""The example application under enforce: with the policies that are written for it, its orders come to the same ends."""

import json
from pathlib import Path

import pytest

from examples.orders.__main__ import HERE, ORDERS, set_up_tables

FUNCTIONS = Path(HERE) / "functions"


ENDS = [
    ("SUCCEEDED", None),
    ("SUCCEEDED", None),
    ("FAILED", "Shop.SoldOut"),
    ("FAILED", "Shop.CardRefused"),
    ("FAILED", "Shop.EmptyOrder"),
]


def definition(name, **substitutions):
    text = (HERE / f"{name}.asl.json").read_text(encoding="utf-8")
    for variable, value in substitutions.items():
        text = text.replace(f"${{{variable}}}", value)
    return json.loads(text)


def ends(dynastep, *, roles):
    """How each order ended; ``roles`` makes the role of a definition."""
    set_up_tables(dynastep.client("dynamodb"))
    payment = definition("payment")
    of_payment = dynastep.machine(payment, role=roles(payment, "payment"))
    order = definition("order", PaymentMachine=of_payment)
    machine = dynastep.machine(order, role=roles(order, "order"))
    started = [dynastep.start(machine, each, name=each["id"]) for each in ORDERS]
    return [(each.result().status, each.result().error) for each in started]


@pytest.mark.dynastep(functions=FUNCTIONS)
def test_the_orders_without_iam(dynastep):
    assert ends(dynastep, roles=lambda _definition, _name: None) == ENDS


@pytest.mark.dynastep(functions=FUNCTIONS, iam="enforce")
def test_the_orders_with_the_policies_that_were_written_for_them(dynastep):
    assert ends(dynastep, roles=lambda given, name: dynastep.role(dynastep.policy(given), name=name)) == ENDS
    assert dynastep.denials() == []


@pytest.mark.dynastep(functions=FUNCTIONS, iam="enforce")
def test_the_orders_without_a_right(dynastep):
    def role(given, name):
        statements = dynastep.policy(given).document["Statement"]
        kept = [each for each in statements if not any(action.startswith("dynamodb:") for action in each["Action"])]
        return dynastep.role({"Version": "2012-10-17", "Statement": kept}, name=name)

    assert ends(dynastep, roles=role) != ENDS
    assert all(each.action.startswith("dynamodb:") for each in dynastep.denials())
