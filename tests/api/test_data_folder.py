"""A data folder: what was answered is there again, and what is wrong with a folder is said."""

import io
import json
import os
import pickle
import re
import sqlite3
import sys
import tempfile
import threading
import zipfile
from contextlib import closing, contextmanager
from dataclasses import fields
from pathlib import Path

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from click.testing import CliRunner
from fuzz import killed
from fuzz.waiting import call

from emulator import moto_door
from emulator.app import create_app
from emulator.cli import main
from emulator.clients import client
from emulator.control import Control
from emulator.keeping.folder import FILE, CannotOpen, Folder, NoRoom
from emulator.keeping.limits import KEPT, NOT_KEPT, WITHOUT_STATE, sentences
from emulator.keeping.pickling import Unreadable
from emulator.settings import Settings
from emulator.world import Makers, World

ACCOUNT = "000000000000"
DOCS = Path(__file__).parents[2] / "docs"


def table(dynamodb, name="orders", **more):
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        **more,
    )


def keys(dynamodb, name="orders"):
    return sorted(item["k"]["S"] for item in dynamodb.scan(TableName=name)["Items"])


def test_a_server_that_is_killed_loses_nothing():
    tally = killed.run(3, 5)
    assert tally["kills"]
    assert tally["requests"]


def test_each_part_of_a_world_is_kept_or_said_not_to_be():
    parts = {each.name for each in fields(World)} - {"_made"} | set(Makers._fields)
    assert KEPT | WITHOUT_STATE | set(NOT_KEPT) == parts
    assert not KEPT & WITHOUT_STATE
    assert not WITHOUT_STATE & set(NOT_KEPT)


def test_the_documentation_lists_what_is_not_kept():
    listed = " ".join((DOCS / "data.md").read_text(encoding="utf-8").split())
    for _, what in NOT_KEPT.values():
        assert f": {what}." in listed


def test_what_a_folder_does_not_keep_is_said_by_service(tmp_path):
    with closing(Folder(tmp_path / "data")) as folder:
        said = list(sentences(folder))
    assert len(said) == 1
    assert "cloudwatch: values of metrics that were counted; lambda: invocations by event that wait" in said[0]


def test_what_is_said_not_to_be_kept_is_not(opened):
    of = opened()
    table(of("dynamodb"))
    of("dynamodb").put_item(TableName="orders", Item={"k": {"S": "1"}})
    assert of("cloudwatch").list_metrics(Namespace="AWS/DynamoDB")["Metrics"]
    assert opened()("cloudwatch").list_metrics(Namespace="AWS/DynamoDB")["Metrics"] == []


def test_a_service_that_could_not_be_kept_is_named_at_the_next_start(opened, tmp_path):
    of = opened()
    of("sqs").create_queue(QueueName="q")
    place, backend = next(each for each in moto_door.backends(None) if each[0].package == "sqs")
    with (tmp_path / "open").open("wb") as file:
        backend.held = file
        of("sqs").create_queue(QueueName="r")
        said = list(sentences(of.control._folder))
        del backend.held
        with pytest.raises(TypeError) as why:  # in the words of this version of Python
            pickle.dumps(file, protocol=pickle.HIGHEST_PROTOCOL)
    assert said[1:] == [
        f"This data folder lacks what sqs/{place.account}/us-east-1 held, which could not be kept: {why.value}"
    ]
    of("sqs").create_queue(QueueName="s")
    assert list(sentences(of.control._folder))[1:] == []


def test_a_start_is_answered_once_it_is_written_also_by_somebody_else(opened, monkeypatch):
    of = opened("wall")  # where nobody waits for the loop to rest
    folder, written, asked, go_on = of.control._folder, [], threading.Event(), threading.Event()
    machine = of("stepfunctions").create_state_machine(
        name="m",
        definition=json.dumps({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}),
        roleArn="arn:aws:iam::000000000000:role/any",
    )["stateMachineArn"]
    write = folder.write

    def slowly(statements):
        statements = list(statements)
        if any("executions" in sql for sql, _ in statements):
            asked.set()
            go_on.wait(20)
            written.append(len(statements))
        write(statements)

    keeper = of.control._keeper
    after = keeper._after

    def once_the_loop_writes(call):
        asked.wait(20)
        after(call)

    monkeypatch.setattr(folder, "write", slowly)
    monkeypatch.setattr(keeper, "_after", once_the_loop_writes)
    answered = []

    def start():
        of("stepfunctions").start_execution(stateMachineArn=machine, name="one")
        answered.append(list(written))

    thread = threading.Thread(target=start)
    thread.start()
    assert asked.wait(20)
    thread.join(0.2)  # time to answer too early
    go_on.set()
    thread.join()
    assert answered[0]


def test_tables_with_all_that_belongs_to_them(opened):
    dynamodb = opened()("dynamodb")
    table(dynamodb, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
    dynamodb.put_item(TableName="orders", Item={"k": {"S": "a"}, "at": {"N": "9999999999"}, "b": {"B": b"\x00\xff"}})
    arn = dynamodb.describe_table(TableName="orders")["Table"]["TableArn"]
    dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": "team", "Value": "x"}])
    dynamodb.update_time_to_live(TableName="orders", TimeToLiveSpecification={"Enabled": True, "AttributeName": "at"})
    backup = dynamodb.create_backup(TableName="orders", BackupName="before")["BackupDetails"]["BackupArn"]
    put = {"Put": {"TableName": "orders", "Item": {"k": {"S": "b"}}}}
    dynamodb.transact_write_items(TransactItems=[put], ClientRequestToken="once")
    described = dynamodb.describe_table(TableName="orders")["Table"]

    dynamodb = opened()("dynamodb")
    again = dynamodb.describe_table(TableName="orders")["Table"]
    assert {**again, "CreationDateTime": 0} == {**described, "CreationDateTime": 0}
    assert keys(dynamodb) == ["a", "b"]
    assert dynamodb.get_item(TableName="orders", Key={"k": {"S": "a"}})["Item"]["b"] == {"B": b"\x00\xff"}
    assert dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "x"}]
    assert dynamodb.describe_time_to_live(TableName="orders")["TimeToLiveDescription"]["AttributeName"] == "at"
    dynamodb.delete_item(TableName="orders", Key={"k": {"S": "b"}})
    dynamodb.transact_write_items(TransactItems=[put], ClientRequestToken="once")  # was done: does nothing
    assert keys(dynamodb) == ["a"]
    dynamodb.restore_table_from_backup(TargetTableName="restored", BackupArn=backup)

    dynamodb = opened()("dynamodb")
    assert keys(dynamodb, "restored") == ["a"]
    dynamodb.delete_table(TableName="orders")
    table(dynamodb)

    assert keys(opened()("dynamodb")) == []


def test_records_of_a_stream_go_on_in_their_order(opened):
    clients = opened()
    table(clients("dynamodb"), StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
    for number in range(3):
        clients("dynamodb").put_item(TableName="orders", Item={"k": {"S": str(number)}})
        clients = opened()
    streams = clients("dynamodbstreams")
    arn = streams.list_streams(TableName="orders")["Streams"][0]["StreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    records = streams.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
    assert [record["dynamodb"]["Keys"]["k"]["S"] for record in records] == ["0", "1", "2"]
    numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in records]
    assert numbers == list(range(numbers[0], numbers[0] + 3))


def test_machines_executions_and_tokens(opened):
    clients = opened("manual")
    sfn, sqs = clients("stepfunctions"), clients("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    ask = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"QueueUrl": url, "MessageBody.$": "$$.Task.Token"},
        "Next": "Rest",
    }
    rest = {"Type": "Wait", "Seconds": 60, "End": True}
    definition = json.dumps({"StartAt": "Ask", "States": {"Ask": ask, "Rest": rest}})
    role = f"arn:aws:iam::{ACCOUNT}:role/r"
    machine = sfn.create_state_machine(name="m", definition=definition, roleArn=role, publish=True)
    text = '{"spaces":   "stay"}'
    arn = sfn.start_execution(stateMachineArn=machine["stateMachineVersionArn"], name="e", input=text)["executionArn"]
    token = sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"]

    clients = opened("manual")
    sfn = clients("stepfunctions")
    assert sfn.describe_execution(executionArn=arn)["input"] == text
    assert sfn.get_execution_history(executionArn=arn)["events"][0]["executionStartedEventDetails"]["input"] == text
    sfn.send_task_success(taskToken=token, output='{"n": 1}')
    assert [each["name"] for each in sfn.list_executions(stateMachineArn=machine["stateMachineArn"])["executions"]] == [
        "e"
    ]

    sfn = opened("virtual")("stepfunctions")
    described = sfn.describe_execution(executionArn=arn)
    assert (described["status"], json.loads(described["output"])) == ("SUCCEEDED", {"n": 1})
    assert (described["stopDate"] - described["startDate"]).total_seconds() == 60
    events = sfn.get_execution_history(executionArn=arn)["events"]

    sfn = opened("virtual")("stepfunctions")
    assert sfn.get_execution_history(executionArn=arn)["events"] == events
    sfn.delete_state_machine(stateMachineArn=machine["stateMachineArn"])
    sfn = opened("virtual")("stepfunctions")
    assert sfn.list_state_machines()["stateMachines"] == []


def test_a_map_run_goes_on(opened):
    sfn = opened("manual")("stepfunctions")
    each = {
        "Type": "Map",
        "MaxConcurrency": 2,
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "Rest",
            "States": {"Rest": {"Type": "Wait", "SecondsPath": "$", "End": True}},
        },
        "End": True,
    }
    definition = json.dumps({"StartAt": "Each", "States": {"Each": each}})
    role = f"arn:aws:iam::{ACCOUNT}:role/r"
    machine = sfn.create_state_machine(name="m", definition=definition, roleArn=role)["stateMachineArn"]
    arn = sfn.start_execution(stateMachineArn=machine, input="[0, 10, 0, 20]")["executionArn"]

    sfn = opened("manual")("stepfunctions")
    run = sfn.list_map_runs(executionArn=arn)["mapRuns"][0]["mapRunArn"]
    counts = sfn.describe_map_run(mapRunArn=run)["itemCounts"]
    assert (counts["succeeded"], counts["running"], counts["total"]) == (2, 2, 4)

    sfn = opened("virtual")("stepfunctions")
    assert json.loads(sfn.describe_execution(executionArn=arn)["output"]) == [0, 10, 0, 20]
    sfn = opened("virtual")("stepfunctions")
    assert sfn.describe_map_run(mapRunArn=run)["itemCounts"]["succeeded"] == 4
    assert len(sfn.list_executions(mapRunArn=run)["executions"]) == 4


def test_other_services(opened):
    clients = opened()
    s3, sqs, iam, ssm = (clients(name) for name in ("s3", "sqs", "iam", "ssm"))
    s3.create_bucket(Bucket="kept")
    s3.put_object(Bucket="kept", Key="k", Body=b"1")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="hello")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument="{}")
    ssm.put_parameter(Name="p", Value="v", Type="String")
    clients = opened()
    assert clients("s3").get_object(Bucket="kept", Key="k")["Body"].read() == b"1"
    assert clients("sqs").receive_message(QueueUrl=url)["Messages"][0]["Body"] == "hello"
    assert clients("iam").get_role(RoleName="r")["Role"]["RoleName"] == "r"
    assert clients("ssm").get_parameter(Name="p")["Parameter"]["Value"] == "v"


def test_functions_stacks_keys_and_rules_go_on(opened):
    clients = opened()
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("a.py", "def handle(event, context): return {'got': event}")
    role = f"arn:aws:iam::{ACCOUNT}:role/r"
    clients("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")
    clients("lambda").create_function(
        FunctionName="f", Runtime="python3.12", Role=role, Handler="a.handle", Code={"ZipFile": code.getvalue()}
    )
    template = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "q"}}}}
    clients("cloudformation").create_stack(StackName="s", TemplateBody=json.dumps(template))
    key = clients("kms").create_key()["KeyMetadata"]["KeyId"]
    secret = clients("kms").encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    clients("events").put_rule(Name="hourly", ScheduleExpression="rate(1 hour)")
    target = {"Id": "1", "Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"}
    clients("events").put_targets(Rule="hourly", Targets=[target])

    clients = opened()
    answer = clients("lambda").invoke(FunctionName="f", Payload=b'{"a": 1}')["Payload"]
    assert json.load(answer) == {"got": {"a": 1}}
    assert clients("cloudformation").describe_stacks(StackName="s")["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
    assert clients("kms").decrypt(CiphertextBlob=secret)["Plaintext"] == b"x"
    clients.control.set_clock(None, 3700.0)
    url = clients("sqs").get_queue_url(QueueName="q")["QueueUrl"]
    assert len(clients("sqs").receive_message(QueueUrl=url)["Messages"]) == 1


# What is wrong with a folder.


def test_a_folder_is_of_one_server(tmp_path):
    held = Folder(tmp_path)
    with pytest.raises(CannotOpen, match="is in use by another server: stop it, or choose another folder"):
        Folder(tmp_path)
    held.close()
    Folder(tmp_path).close()


def test_a_file_that_is_no_database_is_named(tmp_path):
    (tmp_path / FILE).write_bytes(b"something else" * 1000)
    with pytest.raises(CannotOpen, match=r"dynastep\.db is damaged \(file is not a database\)"):
        Folder(tmp_path)


def test_a_damaged_item_is_named(opened, tmp_path):
    dynamodb = opened()("dynamodb")
    table(dynamodb)
    dynamodb.put_item(TableName="orders", Item={"k": {"S": "a"}})
    opened(folder=tmp_path / "another")
    with sqlite3.connect(tmp_path / "data" / FILE) as database:
        database.execute("UPDATE items SET value = x'00ff'")
    database.close()
    with pytest.raises(Unreadable, match="an item of .* is damaged"):
        opened()
    checked = CliRunner().invoke(main, ["data", "check", str(tmp_path / "data")])
    assert checked.exit_code != 0
    assert "is damaged" in checked.output


def test_the_size_of_a_folder_counts_what_was_written_last(tmp_path):
    with closing(Folder(tmp_path)) as folder:
        before = folder.size
        folder.write([("INSERT INTO items VALUES ('t', x'00', zeroblob(100000))", ())])
        assert folder.size - before >= 100_000


def test_another_schema_is_named(tmp_path):
    Folder(tmp_path).close()
    with sqlite3.connect(tmp_path / FILE) as database:
        database.execute("UPDATE about SET value = '99' WHERE name = 'schema'")
    database.close()
    with pytest.raises(CannotOpen, match="has version 99 of the schema; this version of Dynastep reads version 3"):
        Folder(tmp_path)


def test_a_folder_of_the_schema_before_is_taken_over(opened, tmp_path):
    sfn = opened()("stepfunctions")
    waiting = {"Wait": {"Type": "Wait", "Seconds": 9, "End": True}}  # its events were always in a table of their own
    machine = sfn.create_state_machine(
        name="m",
        definition=json.dumps({"StartAt": "Wait", "States": waiting}),
        roleArn="arn:aws:iam::000000000000:role/r",
    )["stateMachineArn"]
    arn = sfn.start_execution(stateMachineArn=machine, name="e")["executionArn"]
    sfn.describe_execution(executionArn=arn)
    before = sfn.get_execution_history(executionArn=arn)["events"]
    opened(folder=tmp_path / "another")
    with sqlite3.connect(tmp_path / "data" / FILE) as database:
        database.execute("UPDATE about SET value = '2' WHERE name = 'schema'")
    database.close()
    of = opened()
    assert of("stepfunctions").get_execution_history(executionArn=arn)["events"] == before
    assert of.control._folder.about()["schema"] == "3"


def test_another_moto_is_named(opened, tmp_path):
    opened()("sqs").create_queue(QueueName="q")
    opened(folder=tmp_path / "another")
    with sqlite3.connect(tmp_path / "data" / FILE) as database:
        database.execute("UPDATE about SET value = '4.0' WHERE name = 'moto'")
    database.close()
    with pytest.raises(
        CannotOpen, match=r"was written with moto 4\.0; .* install moto 4\.0, or start with another folder"
    ):
        Folder(tmp_path / "data")


@contextmanager
def nobody():
    """Work as a user whom files refuse: root is refused nothing."""
    if os.getuid() == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        if os.getuid() == 0:
            os.seteuid(0)


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no such modes there")
@pytest.mark.parametrize("before", ["empty", "in use before"])
def test_a_folder_that_is_read_only(before):
    with tempfile.TemporaryDirectory() as name:  # where everybody may look, as in no folder of pytest's
        folder = Path(name)
        if before == "in use before":
            Folder(folder).close()
        for each, mode in ((folder, 0o555), *((file, 0o444) for file in folder.iterdir())):
            each.chmod(mode)
        try:
            with nobody(), pytest.raises(CannotOpen, match=r"dynastep\.db cannot be written .*must be writable"):
                Folder(folder)
        finally:
            folder.chmod(0o755)


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(CannotOpen, match="The data folder .*file/data cannot be made: Not a directory"):
        Folder(tmp_path / "file" / "data")


DAMAGES = [
    *((f"UPDATE parts SET value = x'00ff' WHERE name = '{name}'", f"the part {name} cannot be read")
      for name in ("dynamodb", "machines", "activities", "stacks", "chance")),
    ("UPDATE parts SET value = x'00ff' WHERE name = 'clock'", "the part clock is damaged"),
    ("UPDATE parts SET value = x'00ff' WHERE name LIKE 'moto/sqs/%'", "what sqs/000000000000/us-east-1 held cannot be read"),
    ("DELETE FROM parts WHERE name = 'machines'", "the part machines is missing"),
    ("UPDATE items SET value = x'00ff'", "an item of .* is damaged"),
    ("UPDATE changes SET value = x'00ff'", "a change of arn:aws:dynamodb:.* is damaged"),
    ("UPDATE tokens SET value = x'00ff'", "the token once cannot be read"),
    ("UPDATE executions SET value = x'00ff'", "the execution arn:aws:states:.*:execution:m:e is damaged"),
    ("UPDATE events SET value = x'00ff'", "events of arn:aws:states:.*:execution:m:e is damaged"),
    ("UPDATE landed SET value = x'00ff'", "landed of arn:aws:states:.*:execution:m:e is damaged"),
]  # fmt: skip


@pytest.mark.parametrize(("damage", "named"), DAMAGES, ids=[damage for damage, _ in DAMAGES])
def test_what_is_damaged_is_named_and_left_as_it_is(opened, tmp_path, damage, named):
    of = opened("manual")
    table(of("dynamodb"), StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
    put = {"Put": {"TableName": "orders", "Item": {"k": {"S": "a"}}}}
    of("dynamodb").transact_write_items(TransactItems=[put], ClientRequestToken="once")
    url = of("sqs").create_queue(QueueName="q")["QueueUrl"]
    send = {"Resource": "arn:aws:states:::sqs:sendMessage", "Parameters": {"QueueUrl": url, "MessageBody": "x"}}
    states = {"S": {"Type": "Task", **send, "Next": "W"}, "W": {"Type": "Wait", "Seconds": 60, "End": True}}
    definition, role = json.dumps({"StartAt": "S", "States": states}), "arn:aws:iam::000000000000:role/r"
    machine = of("stepfunctions").create_state_machine(name="m", definition=definition, roleArn=role)
    of("stepfunctions").start_execution(stateMachineArn=machine["stateMachineArn"], name="e")
    of.control.world.engine.advance(1)
    opened(folder=tmp_path / "another")
    with closing(sqlite3.connect(tmp_path / "data" / FILE)) as database:
        assert database.execute(damage).rowcount > 0
        database.commit()
        before = list(database.iterdump())
    with pytest.raises(Unreadable, match=named):
        opened("manual")
    checked = CliRunner().invoke(main, ["data", "check", str(tmp_path / "data")])
    assert checked.exit_code == 2
    assert re.search(named, checked.output)
    with closing(sqlite3.connect(tmp_path / "data" / FILE)) as database:
        assert list(database.iterdump()) == before


@pytest.mark.parametrize("what", ["its end is lost", "a page is overwritten"])
def test_a_file_that_is_broken_is_named(opened, tmp_path, what):
    dynamodb = opened()("dynamodb")
    table(dynamodb)
    for number in range(200):
        dynamodb.put_item(TableName="orders", Item={"k": {"S": str(number)}, "x": {"S": "x" * 500}})
    opened(folder=tmp_path / "another")
    file = tmp_path / "data" / FILE
    whole = file.read_bytes()
    half = len(whole) // 8192 * 4096
    file.write_bytes(whole[:half] if what == "its end is lost" else whole[:half] + b"?" * 4096 + whole[half + 4096 :])
    with pytest.raises((Unreadable, CannotOpen), match=r"dynastep\.db is damaged"):
        opened()
    checked = CliRunner().invoke(main, ["data", "check", str(tmp_path / "data")])
    assert checked.exit_code == 2
    assert "is damaged" in checked.output


@pytest.mark.skipif(sys.platform == "win32", reason="a process has no such limit there")
def test_a_server_that_may_write_no_more_refuses_and_has_what_it_answered(tmp_path):
    """Over HTTP, with a limit of the system on the size of files, and killed at the end."""
    server = killed.Server(tmp_path)
    server.start(limit=3_000_000)
    machine = killed.furnish(server.port)
    arns = machine.replace(":stateMachine:", ":execution:")
    params = {"TableName": killed.TABLE, "ConsistentRead": True}
    try:
        answered, refused = [], 0
        for number in range(20_000):
            item = {**killed.item(str(number), number), "x": {"S": "x" * 1000}}
            status, answer = call(server.port, "dynamodb", "PutItem", TableName=killed.TABLE, Item=item)
            if status == 200:
                answered.append(str(number))
            else:
                assert status in (500, 507), answer
                assert "dynastep.db cannot be" in answer["message"], answer
                refused += 1
            if refused == 3:
                break
        assert refused == 3
        assert answered
        status, answer = call(server.port, "states", "StartExecution", stateMachineArn=machine, name="late", input="{}")
        assert status in (200, 500, 507), answer
        started = status == 200  # it takes less room than an item
        status, _ = call(server.port, "dynamodb", "GetItem", Key={"k": {"S": answered[0]}}, **params)
        assert status == 200, "it still reads"
    finally:
        server.kill()
    server.start()
    try:
        found = killed.scan(server.port, killed.TABLE)
        assert set(answered) <= found.keys()
        status, _ = call(server.port, "states", "DescribeExecution", executionArn=f"{arns}:late")
        assert status == 200 or not started
    finally:
        server.kill()


def test_a_disk_that_is_full_refuses_and_loses_nothing(tmp_path):
    folder = Folder(tmp_path)
    control = Control(Settings(clock="virtual"), folder=folder)
    create_app(control)
    control.begin()
    dynamodb = client(control, "dynamodb", account=ACCOUNT, config=Config(retries={"total_max_attempts": 1}))
    table(dynamodb)
    pages = folder._db.execute("PRAGMA page_count").fetchone()[0]
    folder._db.execute(f"PRAGMA max_page_count = {pages + 10}")
    answered = []

    def write():
        for number in range(1000):
            dynamodb.put_item(TableName="orders", Item={"k": {"S": str(number)}, "x": {"S": "x" * 1000}})
            answered.append(str(number))

    with pytest.raises(ClientError, match=r"cannot be written: the disk is full") as refused:
        write()
    assert refused.value.response["Error"]["Code"] == "InsufficientStorage"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 507
    assert answered
    folder.close()
    control.world.keeping.by.leave()
    control.world.engine.close()

    control = Control(Settings(clock="virtual"), folder=Folder(tmp_path))
    create_app(control)
    control.begin()
    assert keys(client(control, "dynamodb", account=ACCOUNT)) == sorted(answered)
    control.close()


def test_an_execution_is_not_said_to_have_started_before_that_is_written(opened, monkeypatch):
    of = opened(clock="wall")
    states = of("stepfunctions")
    definition = json.dumps({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}})
    role = "arn:aws:iam::000000000000:role/r"
    machine = states.create_state_machine(name="m", definition=definition, roleArn=role)["stateMachineArn"]
    keeper, writes, answered = of.control.world.keeping.by, threading.Event(), threading.Event()
    after = keeper._after

    def write(_statements):
        writes.set()
        answered.wait(1)
        raise NoRoom("there is no room")

    def after_writing_began(call):
        writes.wait(30)
        after(call)

    monkeypatch.setattr(keeper._folder, "write", write)
    monkeypatch.setattr(keeper, "_after", after_writing_began)
    once = client(of.control, "stepfunctions", account=ACCOUNT, config=Config(retries={"total_max_attempts": 1}))
    with pytest.raises(ClientError) as refused:
        once.start_execution(stateMachineArn=machine)
    answered.set()
    monkeypatch.undo()
    assert refused.value.response["Error"]["Code"] == "InsufficientStorage"
    assert refused.value.response["Error"]["Message"] == "Dynastep cannot keep this: there is no room"


def test_the_commands(opened, tmp_path):
    dynamodb = opened()("dynamodb")
    table(dynamodb)
    dynamodb.put_item(TableName="orders", Item={"k": {"S": "a"}})
    opened(folder=tmp_path / "another")
    run = CliRunner().invoke
    folder, file, copy = (str(tmp_path / name) for name in ("data", "file", "copy"))
    assert "is sound: 1 items, 0 executions" in run(main, ["data", "check", folder]).output
    assert run(main, ["data", "compact", folder]).exit_code == 0
    assert run(main, ["data", "export", folder, "-o", file]).exit_code == 0
    assert run(main, ["data", "import", copy, file]).output == f"{copy} holds what {file} says.\n"
    assert "holds something already" in run(main, ["data", "import", copy, file]).output
    assert keys(opened(folder=tmp_path / "copy")("dynamodb")) == ["a"]
