"""The HTTP status of a refusal is the one that the service's model declares; moto says 400 of many.

Source: https://smithy.io/2.0/spec/http-bindings.html#httperror-trait and botocore's models.
"""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from dynastep import Dynastep

REFUSED: list[tuple[str, str, dict[str, Any], str, int]] = [
    ("scheduler", "create_schedule_group", {"Name": "default"}, "ConflictException", 409),
    ("scheduler", "get_schedule", {"Name": "absent"}, "ResourceNotFoundException", 404),
    ("eks", "describe_cluster", {"name": "absent"}, "ResourceNotFoundException", 404),
    ("iot", "describe_thing", {"thingName": "absent"}, "ResourceNotFoundException", 404),
    ("kafka", "describe_cluster", {"ClusterArn": "arn:aws:kafka:us-east-1:1:cluster/x"}, "NotFoundException", 404),
    ("appconfig", "get_application", {"ApplicationId": "absent1"}, "ResourceNotFoundException", 404),
    ("lambda", "get_function", {"FunctionName": "absent"}, "ResourceNotFoundException", 404),
    ("scheduler", "get_schedule", {"Name": "no name"}, "ValidationException", 400),
    ("ssm", "get_parameter", {"Name": "absent"}, "ParameterNotFound", 400),
    ("kinesis", "describe_stream", {"StreamName": "absent"}, "ResourceNotFoundException", 400),
]


@pytest.mark.parametrize(("service", "operation", "params", "code", "status"), REFUSED)
def test_a_refusal_has_the_status_of_its_model(
    dynastep: Dynastep, service: str, operation: str, params: dict[str, Any], code: str, status: int
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(dynastep.client(service), operation)(**params)
    assert refused.value.response["Error"]["Code"] == code
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
