"""Templates of one resource, and what CloudFormation refuses, for the tests of stacks."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError


def parameter(value="v", **more):
    return {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": value, **more}}


def simple(value="v", **sections):
    return {"Resources": {"P": parameter(value)}, **sections}


def refused(call, **params):
    with pytest.raises(ClientError) as error:
        call(**params)
    said = error.value.response["Error"]
    return said["Code"], said["Message"]
