"""What those who come from LocalStack know: its routes, its variables, its scripts, its names of hosts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

import boto3
import pytest
from fuzz.server import free_port

from emulator import variables
from emulator.settings import InvalidSetting, Settings
from emulator.wire.hosts import Hosts

ROOT = Path(__file__).parents[2]


@pytest.fixture
def url(dynastep):
    return dynastep.url


def get(url, **headers):
    """Status, content type and body."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers["Content-Type"], error.read().decode()


@pytest.mark.parametrize("path", ["/_localstack/health", "/health"])
def test_health_lists_services(url, path):
    status, kind, body = get(url + path)
    assert (status, kind) == (200, "application/json")
    said = json.loads(body)
    assert said["services"]["stepfunctions"] == said["services"]["dynamodb"] == "available"
    assert {"edition", "version"} <= said.keys()


def test_info_and_stages(url):
    said = json.loads(get(f"{url}/_localstack/info")[2])
    assert said.keys() == {"version", "edition", "is_license_activated", "session_id", "uptime"}
    said = json.loads(get(f"{url}/_localstack/init")[2])
    assert said == {"completed": {"BOOT": True, "START": True, "READY": True, "SHUTDOWN": False}, "scripts": []}
    assert json.loads(get(f"{url}/_localstack/init/ready")[2]) == {"completed": True, "scripts": []}
    assert get(f"{url}/_localstack/init/nonsense")[0] == 404
    assert get(f"{url}/_localstack/diagnose")[0] == 404


def test_messages_are_seen_without_being_received(dynastep, url):
    sqs = dynastep.client("sqs")
    queue = sqs.create_queue(QueueName="q")["QueueUrl"]
    for body in ("one", "<two> & three"):
        sqs.send_message(QueueUrl=queue, MessageBody=body)
    sqs.send_message(QueueUrl=queue, MessageBody="later", DelaySeconds=60)
    path = f"/_aws/sqs/messages/us-east-1/{dynastep.account}/q"

    def bodies(more=""):
        said = json.loads(get(f"{url}{path}{more}", Accept="application/json")[2])
        return [each["Body"] for each in said["ReceiveMessageResponse"]["ReceiveMessageResult"]["Message"]]

    assert bodies() == bodies() == ["one", "<two> & three"]
    assert bodies("?ShowDelayed=true") == ["one", "<two> & three", "later"]
    [first] = sqs.receive_message(QueueUrl=queue)["Messages"]
    assert bodies() == ["<two> & three"]
    assert bodies("?ShowInvisible=true") == [first["Body"], "<two> & three"]
    status, kind, text = get(f"{url}/_aws/sqs/messages?QueueUrl={queue}")
    assert (status, kind) == (200, "text/xml")
    assert "<Body>&lt;two&gt; &amp; three</Body>" in text
    headers = {"X-Amz-Target": "AmazonSQS.ReceiveMessage", "Content-Type": "application/x-amz-json-1.0"}
    asked = urllib.request.Request(f"{url}/_aws/sqs/messages", json.dumps({"QueueUrl": queue}).encode(), headers)
    with urllib.request.urlopen(asked) as answer:  # as an SDK whose endpoint this is
        assert [each["Body"] for each in json.load(answer)["Messages"]] == ["<two> & three"]
    status, _, text = get(f"{url}/_aws/sqs/messages/us-east-1/{dynastep.account}/none")
    assert status == 400
    assert "AWS.SimpleQueueService.NonExistentQueue" in text
    assert get(f"{url}/_aws/sqs/messages/nowhere/{dynastep.account}/q")[0] == 400
    assert get(f"{url}/_aws/sqs/messages")[0] == 400


@pytest.mark.parametrize("path", ["/nothing", "/nothing/below", "/_localstack"])
def test_a_path_of_nobody_is_not_taken_for_a_bucket(url, path):
    status, _, body = get(url + path)
    assert status == 404
    assert "Dynastep has nothing at this path" in json.loads(body)["message"]


def test_an_object_of_a_bucket_is_found_without_a_signature(dynastep, url):
    s3 = dynastep.client("s3")
    s3.create_bucket(Bucket=f"open-{dynastep.account}")
    s3.put_object(Bucket=f"open-{dynastep.account}", Key="health", Body=b"fine", ACL="public-read")
    assert get(f"{url}/open-{dynastep.account}/health")[2] == "fine"


NAMES = [
    ("localhost.localstack.cloud:4566", True),
    ("sqs.us-east-1.localhost.localstack.cloud:4566", True),
    ("bucket.s3.localhost.localstack.cloud", True),
    ("sync-localhost.localstack.cloud:4566", True),
    ("sync-localhost:4566", True),
    ("sync-127.0.0.1:4566", True),
    ("localstack:4566", True),
    ("localhost.localstack.cloud.example.com", False),
    ("sync-example.com", False),
]


@pytest.mark.parametrize(("host", "answered"), NAMES)
def test_names_of_hosts(host, answered):
    assert Hosts().answer_to(host) is answered


# Variables


def test_a_variable_that_looks_like_ours_is_one_or_an_error():
    variables.check({"DYNASTEP_PORT": "1", "DYNASTEP_CHECK_THREADS": "1", "PATH": "/bin", "DYNASTEP": "x"})
    with pytest.raises(InvalidSetting, match="There is no variable DYNASTEP_CLOCKS. Is DYNASTEP_CLOCK meant?"):
        variables.check({"DYNASTEP_CLOCKS": "virtual"})
    with pytest.raises(InvalidSetting, match="There is no variable DYNASTEP_QQQ. There are DYNASTEP_ACCOUNT, "):
        variables.check({"DYNASTEP_QQQ": "1"})


UNDERSTOOD = [
    ({"GATEWAY_LISTEN": "0.0.0.0:4567"}, ("0.0.0.0", 4567)),
    ({"GATEWAY_LISTEN": ":4567"}, ("127.0.0.1", 4567)),
    ({"GATEWAY_LISTEN": "0.0.0.0:4567,0.0.0.0:443"}, ("0.0.0.0", 4567)),
    ({"GATEWAY_LISTEN": "[::]:4567"}, ("::", 4567)),
    ({"EDGE_PORT": "4568"}, ("127.0.0.1", 4568)),
    ({"EDGE_PORT": "4568", "DYNASTEP_PORT": "1"}, ("127.0.0.1", 1)),
    ({"GATEWAY_LISTEN": "0.0.0.0:4567", "DYNASTEP_HOST": "127.0.0.2"}, ("127.0.0.2", 4567)),
    ({}, ("127.0.0.1", 4566)),
]


@pytest.mark.parametrize(("environ", "where"), UNDERSTOOD)
def test_variables_of_the_same_meaning_are_understood(environ, where):
    settings = Settings.read({**environ, **variables.understood(environ)})
    assert (settings.host, settings.port) == where


@pytest.mark.parametrize(
    ("environ", "iam", "delays"),
    [
        ({"ENFORCE_IAM": "1"}, "enforce", "none"),
        ({"ENFORCE_IAM": "1", "IAM_SOFT_MODE": "1"}, "warn", "none"),
        ({"ENFORCE_IAM": "0"}, "off", "none"),
        ({"ENFORCE_IAM": "1", "DYNASTEP_IAM": "off"}, "off", "none"),
        ({"LOCALSTACK_ENFORCE_IAM": "1"}, "enforce", "none"),
        ({"DYNAMODB_DELAY_TRANSIENT_STATUSES": "1"}, "off", "lifelike"),
    ],
)
def test_settings_of_localstack_are_settings_here(environ, iam, delays):
    settings = Settings.read({**environ, **variables.understood(variables.unprefixed(environ))})
    assert (settings.iam, settings.dynamodb_delays) == (iam, delays)


def test_a_variable_with_the_prefix_of_containers_is_the_one_without():
    environ = variables.unprefixed({"LOCALSTACK_SERVICES": "s3", "LOCALSTACK_HOST": "localhost:4566"})
    assert [sentence.split()[2] for sentence in variables.ignored(environ)] == ["LOCALSTACK_HOST", "SERVICES"]


def test_variables_without_a_meaning_here_are_ignored_aloud():
    environ = {
        "SERVICES": "s3,sqs",
        "LAMBDA_EXECUTOR": "docker",
        "LAMBDA_TASK_ROOT": "/var/task",
        "PERSISTENCE": "",
        "PATH": "/bin",
    }
    assert list(variables.ignored(environ)) == [
        "The variable LAMBDA_EXECUTOR is ignored: functions run as processes of this machine, without Docker",
        "The variable SERVICES is ignored: every service is there, and is loaded with its first request",
    ]
    assert variables.is_verbose({"DEBUG": "1"})
    assert not variables.is_verbose({"DEBUG": "0", "LS_LOG": "info"})


# Scripts


def started(folder, **environment):
    """``dynastep start`` with a folder of scripts, until it is ready or has ended: its exit status, its URL, its lines."""
    port = free_port()
    command = [sys.executable, "-m", "dynastep", "start", "--port", str(port), "--init", str(folder)]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**clean, "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    guard = threading.Timer(60, process.kill)
    guard.start()
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip())
        if line == "Ready.\n":
            break
    guard.cancel()
    return process, f"http://127.0.0.1:{port}", lines


TABLE = {
    "TableName": "orders",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}
MACHINE = {"name": "ship", "definition": {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}}
PROGRAM = """
import boto3
boto3.client("sqs").create_queue(QueueName="made by a program".replace(" ", "-"))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no shell")
def test_scripts_and_files_make_what_is_there_from_the_start(tmp_path):
    (tmp_path / "1.json").write_text(json.dumps({"tables": [TABLE], "stateMachines": [MACHINE]}))
    (tmp_path / "2.sh").write_text('echo "at $AWS_ENDPOINT_URL in $AWS_DEFAULT_REGION"\n')
    (tmp_path / "3").mkdir()
    (tmp_path / "3" / "program.py").write_text(PROGRAM)
    process, url, lines = started(tmp_path, DYNASTEP_ACCOUNT="123456789012")
    try:
        assert lines[-1] == "Ready."
        assert f"at {url} in us-east-1" in lines
        said = json.loads(get(f"{url}/_localstack/init")[2])
        assert said["completed"]["READY"] is True
        assert [(each["name"], each["state"]) for each in said["scripts"]] == [
            ("1.json", "SUCCESSFUL"),
            ("2.sh", "SUCCESSFUL"),
            ("program.py", "SUCCESSFUL"),
        ]
        assert get(f"{url}/_dynastep/health")[0] == 200

        def client(name):
            keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": "us-east-1"}
            return boto3.client(name, endpoint_url=url, **keys)

        assert client("dynamodb").list_tables()["TableNames"] == ["orders"]
        [machine] = client("stepfunctions").list_state_machines()["stateMachines"]
        assert machine["stateMachineArn"] == "arn:aws:states:us-east-1:123456789012:stateMachine:ship"
        assert client("sqs").list_queues()["QueueUrls"][0].endswith("/123456789012/made-by-a-program")
    finally:
        process.terminate()
        process.communicate()


FAILING = [
    ("fails.sh", "exit 3\n", "fails.sh failed with exit status 3"),
    ("fails.json", "{", "fails.json is not JSON: "),
    ("fails.json", '{"table": []}', "fails.json must be an object with tables and stateMachines, and nothing else"),
    ("fails.json", '{"tables": [{"TableName": "orders"}]}', "fails.json failed: "),
    ("fails.txt", "", "fails.txt cannot be run: .sh, .py or .json is wanted"),
]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no shell")
@pytest.mark.parametrize(("name", "content", "said"), FAILING)
def test_a_script_that_fails_ends_the_start(tmp_path, name, content, said):
    (tmp_path / name).write_text(content)
    process, _, lines = started(tmp_path)
    process.communicate()
    assert process.returncode == 1
    assert "Ready." not in lines
    assert any(line.startswith("Error: ") and said in line for line in lines), lines


@pytest.mark.skipif(sys.platform == "win32", reason="there is no shell")
def test_a_file_finds_what_a_data_folder_has_kept(tmp_path):
    folder, data = tmp_path / "ready.d", tmp_path / "data"
    folder.mkdir()

    def definition(url):
        keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": "us-east-1"}
        client = boto3.client("stepfunctions", endpoint_url=url, **keys)
        arn = "arn:aws:states:us-east-1:000000000000:stateMachine:ship"
        return json.loads(client.describe_state_machine(stateMachineArn=arn)["definition"])

    for state in ("A", "B"):
        machine = {"name": "ship", "definition": {"StartAt": state, "States": {state: {"Type": "Succeed"}}}}
        (folder / "1.json").write_text(json.dumps({"tables": [TABLE], "stateMachines": [machine]}))
        process, url, lines = started(folder, DYNASTEP_DATA_DIR=str(data))
        try:
            assert lines[-1] == "Ready."
            assert "  1 state machine, 1 table" in lines
            assert definition(url) == machine["definition"]
        finally:
            process.terminate()
            process.communicate()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no shell")
def test_two_files_with_one_table_end_the_start(tmp_path):
    for name in ("1.json", "2.json"):
        (tmp_path / name).write_text(json.dumps({"tables": [TABLE]}))
    process, _, lines = started(tmp_path)
    process.communicate()
    assert process.returncode == 1
    assert any("2.json failed: " in line and "Table already exists: orders" in line for line in lines), lines
