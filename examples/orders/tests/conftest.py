"""What the tests of the shop share: its tables, its functions and its two state machines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dynastep import Dynastep, Execution, Later

SHOP = Path(__file__).parents[1]
ORDER = {"id": "1", "amount": 90, "items": [{"product": "lamp", "quantity": 1}]}


@pytest.fixture
def take_order(dynastep: Dynastep) -> Callable[..., Execution]:
    """Run an order through the shop; what is given goes before ``ORDER``."""
    tables = dynastep.client("dynamodb")
    for table, key in (("stock", "product"), ("orders", "id")):
        tables.create_table(
            TableName=table,
            KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
    for product in ("lamp", "chair"):
        tables.put_item(TableName="stock", Item={"product": {"S": product}, "available": {"N": "5"}})
    dynastep.function("charge_card", lambda event: {**event, "approved": event["amount"] <= 1000, "receipt": "R-1"})
    dynastep.function("quote_shipping", lambda event: Later(after=90, value={"carrier": "Swift Bikes", "days": 1}))
    payment = dynastep.machine(SHOP / "payment.asl.json")

    def take(**order: Any) -> Execution:
        given = {**ORDER, **order}
        return dynastep.run(SHOP / "order.asl.json", given, substitutions={"PaymentMachine": payment})

    return take


@pytest.fixture
def in_stock(dynastep: Dynastep) -> Callable[[str], int]:
    """How many of a product there are."""

    def count(product: str) -> int:
        key = {"product": {"S": product}}
        return int(dynastep.client("dynamodb").get_item(TableName="stock", Key=key)["Item"]["available"]["N"])

    return count
