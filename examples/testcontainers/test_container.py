"""A state machine in a container, tested; skipped where there is no Docker, or no image of the name dynastep."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

docker = pytest.importorskip("docker", reason="Testcontainers is not installed: pip install testcontainers")
container = pytest.importorskip("examples.testcontainers.dynastep_container", exc_type=ImportError)

WAITS = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 3600, "Next": "Put"}}}
WAITS["States"]["Put"] = {
    "Type": "Task",
    "Resource": "arn:aws:states:::dynamodb:putItem",
    "Parameters": {"TableName": "orders", "Item": {"id": {"S.$": "$.id"}}},
    "End": True,
}
PREPARED = {
    "tables": [
        {
            "TableName": "orders",
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
        }
    ],
    "stateMachines": [{"name": "order", "definition": WAITS}],
}
ORDER = "arn:aws:states:us-east-1:000000000000:stateMachine:order"


@pytest.fixture(scope="module")
def dynastep(tmp_path_factory: pytest.TempPathFactory) -> Iterator[container.DynastepContainer]:
    try:
        docker.from_env().images.get("dynastep")
    except docker.errors.ImageNotFound:
        pytest.skip("there is no image dynastep: docker build -f docker/Dockerfile -t dynastep .")
    except docker.errors.DockerException as error:
        pytest.skip(f"Docker does not answer: {error}")
    folder: Path = tmp_path_factory.mktemp("ready")
    folder.chmod(0o755)  # the server is a user of its own
    (folder / "prepared.json").write_text(json.dumps(PREPARED), encoding="utf-8")
    with container.DynastepContainer(clock="virtual").with_ready_scripts(folder) as started:
        yield started


def test_an_order_is_kept_after_an_hour_that_takes_no_time(dynastep: container.DynastepContainer) -> None:
    states = dynastep.client("stepfunctions")
    started = states.start_execution(stateMachineArn=ORDER, input='{"id": "17"}')
    while (ended := states.describe_execution(executionArn=started["executionArn"]))["status"] == "RUNNING":
        pass
    assert ended["status"] == "SUCCEEDED", ended
    assert (ended["stopDate"] - ended["startDate"]).total_seconds() >= 3600
    assert dynastep.client("dynamodb").scan(TableName="orders")["Items"] == [{"id": {"S": "17"}}]


def test_an_express_execution_answers_at_once(dynastep: container.DynastepContainer) -> None:
    states = dynastep.client("stepfunctions")
    definition = json.dumps({"StartAt": "Double", "States": {"Double": {"Type": "Pass", "End": True}}})
    role = "arn:aws:iam::000000000000:role/states"
    machine = states.create_state_machine(name="double", definition=definition, roleArn=role, type="EXPRESS")
    answer = states.start_sync_execution(stateMachineArn=machine["stateMachineArn"], input="[1, 2]")
    assert (answer["status"], json.loads(answer["output"])) == ("SUCCEEDED", [1, 2])
