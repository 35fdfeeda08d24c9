"""The shop, tested with each tool of Dynastep: in the folder above, ``pytest --rootdir=. --asl-cov tests``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dynastep import Dynastep, Execution, StateError

Take = Callable[..., Execution]
Count = Callable[[str], int]
SHOP = Path(__file__).parents[1]


def test_an_order_is_taken_from_stock_paid_packed_and_written_down(
    dynastep: Dynastep, take_order: Take, in_stock: Count
) -> None:
    execution = take_order()

    assert execution.succeeded
    assert execution.output == {"receipt": "R-1", "carrier": "Swift Bikes", "days": 1}
    assert execution.elapsed == 90 + 7200  # the carrier's answer, then packing; the test takes milliseconds
    assert in_stock("lamp") == 4
    (order,) = dynastep.client("dynamodb").scan(TableName="orders")["Items"]
    assert order["receipt"] == {"S": "R-1"}


def test_an_order_of_several_items_takes_them_in_one_transaction(take_order: Take, in_stock: Count) -> None:
    items = [{"product": "lamp", "quantity": 2}, {"product": "chair", "quantity": 1}]
    execution = take_order(items=items)
    assert execution.states["Describe item"].inputs == items
    assert (in_stock("lamp"), in_stock("chair")) == (3, 4)


def test_an_empty_order_is_refused(take_order: Take) -> None:
    execution = take_order(items=[])
    assert (execution.status, execution.error) == ("FAILED", "Shop.EmptyOrder")


def test_what_is_sold_out_takes_nothing(take_order: Take, in_stock: Count) -> None:
    execution = take_order(items=[{"product": "chair", "quantity": 1}, {"product": "lamp", "quantity": 6}])
    assert execution.error == "Shop.SoldOut"
    assert (in_stock("lamp"), in_stock("chair")) == (5, 5)


@pytest.mark.parametrize("products", [["lamp"], ["lamp", "chair"]])
def test_a_refused_card_puts_the_items_back(take_order: Take, in_stock: Count, products: list[str]) -> None:
    items = [{"product": product, "quantity": 2} for product in products]
    execution = take_order(items=items, amount=9000)
    assert (execution.error, execution.cause) == ("Shop.CardRefused", "The card was refused for 9000 euros.")
    assert [in_stock(product) for product in products] == [5] * len(products)


def test_a_busy_card_network_is_tried_again(dynastep: Dynastep, take_order: Take) -> None:
    """A mock in steps: twice busy, then an answer."""
    paid = {"Payload": {"approved": True, "receipt": "R-late", "amount": 90}}
    charge = dynastep.mock("Charge card", checked=False).throws("CardNetworkBusy", times=2).returns(paid)
    execution = take_order()
    assert execution.output["receipt"] == "R-late"
    assert len(charge.calls) == 3


def test_a_card_network_that_stays_busy_fails_the_payment(dynastep: Dynastep) -> None:
    dynastep.mock("Charge card", StateError("CardNetworkBusy"))
    execution = dynastep.run(SHOP / "payment.asl.json", {"order": "1", "amount": 90})
    assert execution.error == "CardNetworkBusy"
    assert execution.elapsed == 10 + 30 + 90 + 270


def test_a_throttled_table_fails_the_order_after_the_payment(dynastep: Dynastep, take_order: Take) -> None:
    """A fault: the service's own error, on the call of a Task."""
    faults = dynastep.faults("Record order", error="DynamoDB.ThrottlingException")
    execution = take_order()
    assert execution.error == "DynamoDB.ThrottlingException"
    assert len(faults.hits) == 1


def test_an_order_that_comes_twice_is_written_once(take_order: Take) -> None:
    assert take_order().succeeded
    assert take_order().error == "DynamoDB.ConditionalCheckFailedException"


@pytest.mark.usefixtures("take_order")
def test_half_way_through_packing(dynastep: Dynastep) -> None:
    """A handle on an execution that runs."""
    payment = dynastep.machine(SHOP / "payment.asl.json")
    order = {"id": "1", "amount": 90, "items": [{"product": "lamp", "quantity": 1}]}
    started = dynastep.start(SHOP / "order.asl.json", order, substitutions={"PaymentMachine": payment})
    started.advance_to("Pack")
    assert [waiting.state for waiting in started.waiting()] == ["Pack"]
    started.stop("Cancelled", "by the customer")
    assert started.result().status == "ABORTED"


@pytest.mark.usefixtures("take_order")
def test_the_history_of_a_payment_stays_as_it_was(dynastep: Dynastep, snapshot: Any) -> None:
    """The history is kept beside the tests; ``pytest --snapshot-update`` writes it anew when it is meant to change."""
    assert dynastep.run(SHOP / "payment.asl.json", {"order": "1", "amount": 90}).history == snapshot


@pytest.mark.usefixtures("take_order")
def test_the_recorded_payment_replays_against_the_definition(dynastep: Dynastep) -> None:
    """A history becomes a regression test: the definition is run against the answers in it."""
    execution = dynastep.run(SHOP / "payment.asl.json", {"order": "1", "amount": 90})
    cassette = json.dumps({"events": execution.history}, default=str)
    replayed = dynastep.replay(cassette, SHOP / "payment.asl.json")
    assert replayed.differences == []
