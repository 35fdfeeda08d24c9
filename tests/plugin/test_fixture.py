"""The fixture ``dynastep``, as a user's tests meet it."""

from __future__ import annotations

import asyncio
import json
import os
import urllib.request
from decimal import Decimal

import boto3
import pytest

from dynastep import Later
from emulator.app import create_app
from emulator.control import Control
from emulator.faults import Fault
from emulator.settings import Settings
from emulator.testing import Dynastep, emulator

PASS = {"StartAt": "Hand on", "States": {"Hand on": {"Type": "Pass", "End": True}}}
WAIT = {"StartAt": "Pause", "States": {"Pause": {"Type": "Wait", "Seconds": 3600, "End": True}}}


# run


def test_a_rule_finds_its_machine_after_another_application_was_made_in_the_process():
    with emulator() as dynastep:
        assert dynastep.url
    create_app(Control(Settings()))
    with emulator() as dynastep:
        arn = dynastep.machine({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}})
        events = dynastep.client("events")
        events.put_rule(Name="sold", EventPattern='{"source": ["shop"]}', State="ENABLED")
        events.put_targets(Rule="sold", Targets=[{"Id": "1", "Arn": arn, "RoleArn": "arn:aws:iam::1:role/r"}])
        events.put_events(Entries=[{"Source": "shop", "DetailType": "Sold", "Detail": "{}"}])
        assert len(dynastep.client("stepfunctions").list_executions(stateMachineArn=arn)["executions"]) == 1


def test_run_takes_a_definition_in_any_form(dynastep, tmp_path):
    file = tmp_path / "machine.asl.json"
    file.write_text(json.dumps(PASS), encoding="utf-8")
    arn = dynastep.client("stepfunctions").create_state_machine(
        name="mine", definition=json.dumps(PASS), roleArn=f"arn:aws:iam::{dynastep.account}:role/r"
    )["stateMachineArn"]
    for definition in (PASS, json.dumps(PASS), file, arn):
        assert dynastep.run(definition, {"a": 1}).output == {"a": 1}


def test_an_execution_tells_what_happened(dynastep):
    states = {
        "Pause": {"Type": "Wait", "Seconds": 10, "Next": "Give up"},
        "Give up": {"Type": "Fail", "Error": "Tired", "Cause": "It was late."},
    }
    execution = dynastep.run({"StartAt": "Pause", "States": states}, name="first")
    assert (execution.status, execution.error, execution.cause) == ("FAILED", "Tired", "It was late.")
    assert (execution.output, execution.path, execution.elapsed) == (None, ["Pause", "Give up"], 10)
    assert execution.arn.endswith(":first")
    answered = dynastep.client("stepfunctions").get_execution_history(executionArn=execution.arn)["events"]
    assert [(event["id"], event["type"]) for event in execution.history] == [
        (event["id"], event["type"]) for event in answered
    ]


def test_an_input_may_be_any_value_and_is_an_empty_object_if_none_is_given(dynastep):
    assert dynastep.run(PASS).output == {}
    for value in (0, "", [], False, {"a": None}):
        assert dynastep.run(PASS, value).output == value


def test_a_definition_that_aws_would_refuse_is_an_error_of_the_test(dynastep):
    with pytest.raises(Fault) as raised:
        dynastep.run({"StartAt": "A", "States": {}})
    assert str(raised.value).startswith("InvalidDefinition: Invalid State Machine Definition: '")


# The clock


def test_virtual_time_costs_nothing(dynastep):
    before = dynastep.clock.now()
    execution = dynastep.run(WAIT)
    assert (execution.elapsed, dynastep.clock.now() - before) == (3600, 3600)
    assert dynastep.clock.mode == "virtual"


def test_a_manual_clock_moves_when_it_is_told(dynastep):
    dynastep.clock.mode = "manual"
    states = dynastep.client("stepfunctions")
    role = f"arn:aws:iam::{dynastep.account}:role/r"
    machine = states.create_state_machine(name="slow", definition=json.dumps(WAIT), roleArn=role)["stateMachineArn"]
    execution = states.start_execution(stateMachineArn=machine)["executionArn"]
    seen = []
    for seconds in (0, 3599, 1, 10):
        dynastep.clock.advance(seconds=seconds)
        seen.append(states.describe_execution(executionArn=execution)["status"])
    assert seen == ["RUNNING", "RUNNING", "SUCCEEDED", "SUCCEEDED"]
    assert dynastep.clock.now() == 1767225600 + 3610


@pytest.mark.parametrize("seconds", [-1, 1e12, float("inf"), float("nan")])
def test_time_does_not_run_backwards_or_away(dynastep, seconds):
    with pytest.raises(ValueError, match="the clock cannot be advanced by"):
        dynastep.clock.advance(seconds)


def test_chance_is_the_same_in_every_run():
    definition = {
        "StartAt": "Draw",
        "States": {"Draw": {"Type": "Pass", "Parameters": {"id.$": "States.UUID()"}, "End": True}},
    }
    drawn = []
    for _ in range(2):
        with emulator() as dynastep:
            drawn.append([dynastep.run(definition).output["id"] for _ in range(2)])
    (first, second), again = drawn
    assert first != second
    assert again == [first, second]


def test_what_other_services_make_up_is_the_same_in_every_run():
    answers = []
    for _ in range(2):
        with emulator() as dynastep:
            queue = dynastep.client("sqs").create_queue(QueueName="q")["QueueUrl"]
            send = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": True}
            send["Parameters"] = {"QueueUrl": queue, "MessageBody": "hello"}
            get = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:getObject", "End": True}
            get["Parameters"] = {"Bucket": "nowhere", "Key": "x"}
            sent = dynastep.run({"StartAt": "Send", "States": {"Send": send}})
            refused = dynastep.run({"StartAt": "Get", "States": {"Get": get}})
            answers.append((sent.output, refused.cause))
    assert answers[0] == answers[1]


@pytest.mark.parametrize("value", [{1, 2}, Decimal("1.5"), b"x", float("nan")])
def test_an_input_that_is_no_json_is_refused(dynastep, value):
    with pytest.raises((TypeError, ValueError), match="JSON"):
        dynastep.run({"StartAt": "S", "States": {"S": {"Type": "Succeed"}}}, {"given": value})


@pytest.mark.parametrize("after", [-1, float("nan"), float("inf"), 1e300, "soon", True])
def test_later_is_a_number_of_seconds(after):
    with pytest.raises(ValueError, match="a Later comes after 0 to 99999999 seconds, not"):
        Later(after=after)


def test_a_mode_that_is_none(dynastep):
    with pytest.raises(ValueError, match="the clock has no mode 'sun'; it has wall, virtual, manual"):
        dynastep.clock.mode = "sun"


# Functions, clients, resources


def test_a_function_may_be_replaced(dynastep):
    first = dynastep.function("work", lambda _: 1)
    second = dynastep.function("work", lambda _: Later(after=5, value=2))
    task = {"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": first, "End": True}}}
    assert (first == second, dynastep.run(task).output) == (True, 2)


def test_a_resource_is_a_resource(dynastep):
    table = dynastep.resource("dynamodb").create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    table.put_item(Item={"id": "a", "n": 1})
    assert table.get_item(Key={"id": "a"})["Item"] == {"id": "a", "n": 1}


def test_clients_in_process_and_over_the_socket_see_the_same(dynastep):
    dynastep.client("sqs").create_queue(QueueName="queue")
    (queue,) = boto3.client("sqs").list_queues()["QueueUrls"]
    assert queue == f"{dynastep.url}/{dynastep.account}/queue"


# The environment


def test_code_under_test_needs_no_change(dynastep):
    assert os.environ["AWS_ENDPOINT_URL"] == dynastep.url
    client = boto3.client("dynamodb")
    assert (client.meta.endpoint_url, client.meta.region_name) == (dynastep.url, dynastep.region)
    assert client.list_tables()["TableNames"] == []
    assert boto3.client("sts").get_caller_identity()["Account"] == dynastep.account


def test_the_environment_is_as_before_when_the_test_is_over(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://elsewhere")
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "secret")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    before = dict(os.environ)
    with emulator() as dynastep:
        assert "AWS_PROFILE" not in os.environ
        assert "AWS_SESSION_TOKEN" not in os.environ
        assert os.environ["AWS_ACCESS_KEY_ID"] == dynastep.account
    assert dict(os.environ) == before


def test_the_default_session_of_boto3_does_not_outlive_the_test():
    for _ in range(2):
        with emulator() as dynastep:
            assert boto3.client("sts").get_caller_identity()["Account"] == dynastep.account


def test_a_user_s_own_aws_configuration_is_not_read(monkeypatch, tmp_path):
    config = tmp_path / "config"
    config.write_text("[default]\nregion = mars-north-1\nendpoint_url = http://elsewhere\n", encoding="utf-8")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    with emulator() as dynastep:
        for client in (boto3.client("sqs"), dynastep.client("sqs")):
            queue = client.create_queue(QueueName="queue")["QueueUrl"]
            arn = client.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
            assert arn == f"arn:aws:sqs:us-east-1:{dynastep.account}:queue"


# One test beside another


def test_two_tests_do_not_see_each_other(project):
    project(
        """
        import pytest
        from shop import open_shop

        PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}

        @pytest.mark.parametrize("number", [1, 2])
        def test_it(dynastep, number):
            states, queues = dynastep.client("stepfunctions"), dynastep.client("sqs")
            assert states.list_state_machines()["stateMachines"] == []
            assert dynastep.client("dynamodb").list_tables()["TableNames"] == []
            assert "QueueUrls" not in queues.list_queues()
            open_shop()
            dynastep.run(PASS, name="same")
            queues.create_queue(QueueName="queue")
            assert dynastep.clock.now() == 1767225600
            dynastep.clock.advance(60)
        """
    ).assert_outcomes(passed=2)


def test_two_tests_may_make_the_same_bucket(project):
    project(
        """
        import pytest

        @pytest.mark.parametrize("number", [1, 2])
        def test_it(dynastep, number):
            s3 = dynastep.client("s3")
            s3.create_bucket(Bucket="uploads")
            assert "Contents" not in s3.list_objects_v2(Bucket="uploads")
            s3.put_object(Bucket="uploads", Key="k", Body=b"")
        """
    ).assert_outcomes(passed=2)


def test_two_emulators_at_once_have_accounts_of_their_own():
    with emulator() as first, emulator() as second:
        assert first.account != second.account
        first.client("sqs").create_queue(QueueName="queue")
        assert "QueueUrls" not in second.client("sqs").list_queues()


def test_workers_of_xdist_do_not_see_each_other(project):
    pytest.importorskip("xdist")
    project(
        """
        import pytest
        from shop import open_shop

        @pytest.mark.parametrize("number", range(8))
        def test_it(dynastep, number):
            open_shop()
            wait = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 60, "End": True}}}
            assert dynastep.run(wait, name="same").elapsed == 60
        """,
        "-n",
        "2",
    ).assert_outcomes(passed=8)


# Beside other plugins


async def _run(dynastep: Dynastep):
    return await asyncio.gather(*(asyncio.to_thread(dynastep.run, WAIT, {"n": n}) for n in range(3)))


def test_it_works_inside_an_event_loop(dynastep):
    assert [execution.output["n"] for execution in asyncio.run(_run(dynastep))] == [0, 1, 2]


@pytest.mark.parametrize("mode", ["auto", "strict"])
def test_it_works_in_an_asyncio_test(project, mode):
    pytest.importorskip("pytest_asyncio")
    project(
        """
        import asyncio
        import pytest

        WAIT = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 60, "End": True}}}

        @pytest.fixture
        def shop(dynastep):
            return dynastep.function("sell", lambda order: {"sold": order["id"]})

        @pytest.mark.asyncio
        async def test_it(dynastep, shop):
            task = {"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": shop, "End": True}}}
            assert dynastep.run(WAIT).elapsed == 60
            execution = await asyncio.to_thread(dynastep.run, task, {"id": 7})
            assert execution.output == {"sold": 7}
        """,
        f"--asyncio-mode={mode}",
    ).assert_outcomes(passed=1)


def test_it_works_in_unittest_and_with_fixtures_of_any_scope(project):
    project(
        """
        import unittest
        import pytest
        from emulator.testing import emulator

        @pytest.fixture(scope="session")
        def shared():
            with emulator() as emulated:
                yield emulated

        def test_both(shared, dynastep, monkeypatch, tmp_path, caplog):
            assert shared.account != dynastep.account

        class TestOrders(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def emulated(self, dynastep):
                self.dynastep = dynastep

            def test_it(self):
                assert self.dynastep.client("dynamodb").list_tables()["TableNames"] == []
        """
    ).assert_outcomes(passed=2)


def test_warnings_may_be_errors(project):
    project(
        """
        from shop import open_shop

        def test_it(dynastep):
            open_shop()
            dynastep.client("s3").list_buckets()
        """,
        *("-W", "error"),
        timeout=60,  # in a process of its own: here an installed package is imported already, which is a warning
    ).assert_outcomes(passed=1)


def test_a_project_that_does_not_use_it_does_not_pay_for_it(project):
    project(
        """
        import sys

        def test_it():
            assert {"boto3", "botocore", "moto", "flask", "emulator.control"}.isdisjoint(sys.modules)
        """,
        timeout=30,
    ).assert_outcomes(passed=1)


def test_it_is_described_in_the_list_of_fixtures(project):
    result = project("def test_it(): pass", "--fixtures")
    result.stdout.fnmatch_lines(["dynastep -- *", "*An empty emulator of AWS for this test, under virtual time."])


# A function that does not come back


@pytest.mark.parametrize(
    ("leave", "outcome"),
    [("sys.exit(1)", {"passed": 1}), ("pytest.fail('not this way')", {"failed": 1})],
)
def test_a_function_that_leaves_does_not_hang_the_test(project, leave, outcome):
    result = project(
        f"""
        import sys
        import pytest

        def leave(_event):
            {leave}

        def test_it(dynastep):
            task = {{"Type": "Task", "Resource": dynastep.function("leave", leave), "End": True}}
            execution = dynastep.run({{"StartAt": "Leave", "States": {{"Leave": task}}}})
            assert execution.error == "Runtime.ExitError"
        """,
        timeout=60,
    )
    result.assert_outcomes(**outcome)


def test_the_environment_sets_how_dynamodb_behaves(monkeypatch):
    from emulator.testing import emulator

    monkeypatch.setenv("DYNASTEP_DYNAMODB_DELAYS", "lifelike")
    with emulator() as dynastep:
        dynamodb = dynastep.client("dynamodb")
        dynamodb.create_table(
            TableName="orders",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        assert dynamodb.describe_table(TableName="orders")["Table"]["TableStatus"] == "CREATING"
        dynastep.clock.advance(seconds=60)
        assert dynamodb.describe_table(TableName="orders")["Table"]["TableStatus"] == "ACTIVE"


def fetch(url, body=None):
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data)) as answer:
        return json.load(answer)


def test_the_url_tells_and_moves_the_clock_of_this_test(dynastep):
    url = f"{dynastep.url}/_dynastep/clock"
    assert fetch(url) == {"mode": "virtual", "now": dynastep.clock.now()}
    before = dynastep.clock.now()
    assert fetch(url, {"mode": "manual", "advance": 60}) == {"mode": "manual", "now": before + 60}
    assert (dynastep.clock.mode, dynastep.clock.now()) == ("manual", before + 60)


def test_a_reset_behind_the_url_is_of_this_test_alone(dynastep):
    dynastep.client("s3").create_bucket(Bucket="outer")
    with emulator() as inner:
        inner.client("s3").create_bucket(Bucket="inner")
        table = {"TableName": "one", "BillingMode": "PAY_PER_REQUEST"}
        keys = {
            "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}],
        }
        for each in (dynastep, inner):
            each.client("dynamodb").create_table(**table, **keys)
        fetch(f"{inner.url}/_dynastep/reset", {})
        assert inner.client("s3").list_buckets()["Buckets"] == []
        assert inner.client("dynamodb").list_tables()["TableNames"] == []
        assert dynastep.client("dynamodb").list_tables()["TableNames"] == ["one"]
    assert [bucket["Name"] for bucket in dynastep.client("s3").list_buckets()["Buckets"]] == ["outer"]
    assert fetch(f"{dynastep.url}/_dynastep/clock")["mode"] == "virtual"
