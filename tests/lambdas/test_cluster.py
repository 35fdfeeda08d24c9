"""Functions on a Dask cluster: what they answer, log and fail with is what they would here, also when a worker dies."""

from __future__ import annotations

import os

import pytest
from lambdas.conftest import Lambda, package

from emulator.faults import Fault
from emulator.lambdas.cluster import Package
from emulator.lambdas.deployments import Deployment
from emulator.lambdas.functions import FunctionName
from emulator.settings import InvalidSetting, Settings
from emulator.testing import emulator

distributed = pytest.importorskip("distributed", reason="distributed is not installed: it is the extra cluster")

CHILDREN = int(os.environ.get("DYNASTEP_CLUSTER_CHILDREN", "300"))
"""Child executions of the Map whose worker is killed; the issue asks for 10,000."""


@pytest.fixture(scope="module")
def cluster():
    """Two workers with four threads each, in processes of their own."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=4, host="127.0.0.1", dashboard_address="127.0.0.1:0", silence_logs=50
    ) as started:
        yield started


@pytest.fixture
def dynastep(cluster):
    """An emulator whose functions run there."""
    with emulator(functions_cluster=cluster.scheduler_address) as opened:
        yield opened


def test_a_function_runs_on_a_worker_of_the_cluster(functions, cluster):
    functions.create("import os\ndef handler(event, context):\n    return [os.getppid(), event]")
    answer = functions.invoke({"a": 1})
    with distributed.Client(cluster, set_as_default=False) as client:
        workers = set(client.run(os.getpid).values())
    assert answer.error is None
    assert answer.payload[0] in workers
    assert answer.payload[1] == {"a": 1}


@pytest.mark.parametrize(
    ("source", "settings", "error"),
    [
        (
            "def handler(event, context):\n    raise ValueError('no')",
            {},
            {"errorType": "ValueError", "errorMessage": "no"},
        ),
        (
            "import time\ndef handler(event, context):\n    time.sleep(60)",
            {"Timeout": 1},
            {"errorType": "Sandbox.Timedout", "errorMessage": "RequestId: ID Error: Task timed out after 1.00 seconds"},
        ),
        (
            "import os\ndef handler(event, context):\n    os._exit(3)",
            {},
            {
                "errorType": "Runtime.ExitError",
                "errorMessage": "RequestId: ID Error: Runtime exited with error: exit status 3",
            },
        ),
        (
            "import time\ndef handler(event, context):\n    held = bytearray(400_000_000)\n    time.sleep(60)",
            {"MemorySize": 256, "Timeout": 20},
            {
                "errorType": "Runtime.ExitError",
                "errorMessage": "RequestId: ID Error: Runtime exited with error: signal: killed",
            },
        ),
    ],
    ids=["raises", "takes too long", "ends", "takes too much memory"],
)
def test_it_fails_as_on_lambda(functions, source, settings, error):
    functions.create(source, **settings)
    answer = functions.invoke()
    assert answer.error == "Unhandled"
    said = answer.payload["errorMessage"].split(" ", 2)
    if said[0] == "RequestId:":
        answer.payload["errorMessage"] = f"RequestId: ID {said[2]}"
    assert {name: answer.payload[name] for name in error} == error


def test_what_it_writes_is_its_log(functions, dynastep):
    functions.create("def handler(event, context):\n    print('said', event)")
    assert "said 7" in functions.invoke(7).log
    logs = dynastep.client("logs")
    stream = logs.describe_log_streams(logGroupName="/aws/lambda/work")["logStreams"][0]["logStreamName"]
    assert stream.startswith("2026/01/01/[$LATEST]")
    found = logs.get_log_events(logGroupName="/aws/lambda/work", logStreamName=stream)["events"]
    assert "said 7\n" in [each["message"] for each in found]


def test_a_layer_comes_with_it_and_new_code_takes_the_place_of_old(functions, dynastep):
    layer = functions.client.publish_layer_version(
        LayerName="shared", Content={"ZipFile": package({"python/shared.py": "NUMBER = 5"})}
    )["LayerVersionArn"]
    functions.create("import shared\ndef handler(event, context):\n    return shared.NUMBER", Layers=[layer])
    assert functions.invoke().payload == 5
    code = package({"app.py": "def handler(event, context):\n    return 'new'"})
    functions.client.update_function_code(FunctionName="work", ZipFile=code)
    assert functions.invoke().payload == "new"


def test_it_asks_the_emulator_that_it_belongs_to(functions, dynastep):
    dynastep.client("sqs").create_queue(QueueName="there")
    functions.create(
        "import boto3\ndef handler(event, context):\n    return boto3.client('sqs').list_queues()['QueueUrls']"
    )
    assert [each.rpartition("/")[2] for each in functions.invoke().payload] == ["there"]


def test_an_event_is_tried_again(functions, dynastep):
    source = (
        "import boto3\n"
        "def handler(event, context):\n"
        "    table = boto3.resource('dynamodb').Table('tries')\n"
        "    done = table.update_item(Key={'k': 'n'}, UpdateExpression='ADD n :one',\n"
        "        ExpressionAttributeValues={':one': 1}, ReturnValues='UPDATED_NEW')\n"
        "    if done['Attributes']['n'] < 3:\n"
        "        raise ValueError('again')\n"
    )
    table = dynastep.resource("dynamodb").create_table(
        TableName="tries",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    functions.create(source)
    functions.client.invoke(FunctionName="work", InvocationType="Event")
    dynastep.clock.advance(600)
    assert table.get_item(Key={"k": "n"})["Item"]["n"] == 3


def mapping(function):
    """A Distributed Map whose children call a function once each."""
    call = {"Type": "Task", "Resource": function, "End": True}
    return {
        "StartAt": "Each",
        "States": {
            "Each": {
                "Type": "Map",
                "MaxConcurrency": 40,
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                    "StartAt": "Call",
                    "States": {"Call": call},
                },
                "End": True,
            }
        },
    }


KILLING = """
import os, pathlib, signal
def handler(event, context):
    mark = pathlib.Path(%r)
    if event == %d and not mark.exists():
        mark.touch()
        os.kill(os.getppid(), signal.SIGKILL)  # the worker of the cluster
    return event * event
"""


def test_a_worker_that_dies_loses_no_child_of_a_map(functions, dynastep, tmp_path):
    arn = functions.create(KILLING % (str(tmp_path / "killed"), CHILDREN // 2), Timeout=60)
    execution = dynastep.run(mapping(arn), list(range(CHILDREN)))
    assert execution.status == "SUCCEEDED", execution.cause
    assert (tmp_path / "killed").exists()
    assert execution.output == [number * number for number in range(CHILDREN)]


def test_a_function_that_ends_every_worker_that_has_it_fails(functions):
    functions.create("import os\ndef handler(event, context):\n    os.kill(os.getppid(), 9)", Timeout=60)
    answer = functions.invoke()
    assert answer.payload["errorType"] == "Runtime.ExitError"
    assert answer.payload["errorMessage"].endswith("Error: Runtime exited with error: signal: killed")


def test_a_cluster_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr("emulator.lambdas.cluster.CONNECT_SECONDS", 0.1)
    with emulator(functions_cluster="tcp://127.0.0.1:1") as opened:
        functions = Lambda(opened, opened.client("lambda"))
        functions.create("def handler(event, context):\n    pass")
        with pytest.raises(functions.client.exceptions.ServiceException) as refused:
            functions.invoke()
    said = refused.value.response["Error"]["Message"]
    assert said.startswith("The cluster tcp://127.0.0.1:1, on which functions run, cannot be reached: ")


def test_a_package_has_the_files_of_a_folder_and_where_its_module_is(tmp_path):
    root = tmp_path / "functions"
    (root / "inner").mkdir(parents=True)
    (root / "inner" / "app.py").write_text("x = 1")
    (root / "__pycache__").mkdir()
    (root / "__pycache__" / "app.pyc").write_bytes(b"")
    name = FunctionName("000000000000", "us-east-1", "work")
    deployment = Deployment(name, "app.handler", "python3.13", root, module=root / "inner" / "app.py")
    there = Package.of(deployment, "http://localhost:4566").unpacked(tmp_path)
    assert there.module == tmp_path / "task" / "inner" / "app.py"
    assert there.module.read_text() == "x = 1"
    assert there.limited
    assert not (tmp_path / "task" / "__pycache__").exists()


def test_a_package_that_is_larger_than_a_function_may_be_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("emulator.lambdas.cluster.LARGEST_CODE", 3)
    (tmp_path / "app.py").write_text("four")
    deployment = Deployment(FunctionName("000000000000", "us-east-1", "f"), "app.handler", "python3.13", tmp_path)
    with pytest.raises(Fault, match="holds more than 3 bytes"):
        Package.of(deployment, "")


@pytest.mark.parametrize("text", ["127.0.0.1:8786", "http://127.0.0.1:8786", "tcp://127.0.0.1"])
def test_an_address_that_is_no_schedulers_is_refused(text):
    with pytest.raises(InvalidSetting, match="the address of a Dask scheduler is wanted, tcp://HOST:PORT"):
        Settings.read({"DYNASTEP_FUNCTIONS_CLUSTER": text}, {})
