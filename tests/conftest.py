"""What every test shares: laws are tried on the same examples each time, however slow the machine."""

from __future__ import annotations

import json

import pytest
from hypothesis import settings

pytest_plugins = ["conformance.summary"]

settings.register_profile("dynastep", deadline=None, derandomize=True)
settings.load_profile("dynastep")


@pytest.fixture
def create(dynastep):
    """Create a state machine; its ARN."""
    states = dynastep.client("stepfunctions")

    def make(name, definition, **more):
        role = f"arn:aws:iam::{dynastep.account}:role/runner"
        request = {"name": name, "definition": json.dumps(definition), "roleArn": role, **more}
        return states.create_state_machine(**request)["stateMachineArn"]

    return make
