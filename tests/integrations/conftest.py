"""Fixtures of the tests of integrations: machines of one Task."""

from __future__ import annotations

import json

import pytest
from web_server import WebServer


@pytest.fixture
def call(dynastep):
    """Run a machine of one Task: ``call(resource, parameters, TimeoutSeconds=3)``."""

    def run(resource, parameters=None, given=None, **fields):
        state = {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "End": True, **fields}
        if parameters is not None:
            state["Parameters"] = parameters
        return dynastep.run({"StartAt": "Call", "States": {"Call": state}}, given)

    return run


@pytest.fixture
def create(dynastep):
    """Create a state machine of one Task; its ARN."""
    states = dynastep.client("stepfunctions")

    def make(resource, parameters, **fields):
        state = {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Parameters": parameters, "End": True}
        definition = {"StartAt": "Call", "States": {"Call": {**state, **fields}}}
        role = f"arn:aws:iam::{dynastep.account}:role/runner"
        request = {"name": "caller", "definition": json.dumps(definition), "roleArn": role}
        return states.create_state_machine(**request)["stateMachineArn"]

    return make


@pytest.fixture
def web_server():
    server = WebServer()
    yield server
    server.close()
