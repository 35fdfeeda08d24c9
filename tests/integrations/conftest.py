"""Fixtures of the tests of integrations: machines of one Task."""

from __future__ import annotations

import pytest


@pytest.fixture
def call(dynastep):
    """Run a machine of one Task: ``call("sqs:sendMessage", parameters, TimeoutSeconds=3)``, or by an ARN."""

    def run(resource, parameters=None, given=None, **fields):
        arn = resource if resource.startswith("arn:") else f"arn:aws:states:::{resource}"
        state = {"Type": "Task", "Resource": arn, "End": True, **fields}
        if parameters is not None:
            state["Parameters"] = parameters
        return dynastep.run({"StartAt": "Call", "States": {"Call": state}}, given)

    return run


@pytest.fixture
def table(dynastep):
    dynastep.client("dynamodb").create_table(
        TableName="items",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return "items"
