"""The options of the fixture: by marker, by configuration, by argument; its scopes; unittest; the clock."""

from __future__ import annotations

import asyncio
import unittest
from datetime import datetime, timedelta, timezone

import boto3
import pytest

from dynastep import InvalidOption, emulator
from emulator.testing import OPEN

SHOW = """
import os
import boto3
import pytest

def shown(aws):
    return aws.region, os.environ["AWS_REGION"], aws.client("sts").get_caller_identity()["Account"]
"""


def test_the_closest_option_wins(project, pytester):
    pytester.makeini(
        "[pytest]\nasyncio_default_fixture_loop_scope = function\n"
        "dynastep_region = eu-west-1\ndynastep_starts = 2026-03-01T09:00:00Z\ndynastep_quotas = history_events=77\n"
    )
    project(
        SHOW
        + """
pytestmark = pytest.mark.dynastep(region="eu-central-1", clock="manual")

def test_module(dynastep):
    assert (dynastep.region, dynastep.clock.mode) == ("eu-central-1", "manual")

@pytest.mark.dynastep(account="123456789012")
class TestClass:
    def test_class(self, dynastep):
        assert shown(dynastep) == ("eu-central-1", "eu-central-1", "123456789012")

    @pytest.mark.dynastep(region="us-west-2", starts=0, clock="virtual", quotas={"history_events": 5})
    def test_it(self, dynastep):
        assert shown(dynastep) == ("us-west-2", "us-west-2", "123456789012")
        assert (dynastep.clock.now(), dynastep.clock.mode) == (0, "virtual")
        assert ":us-west-2:123456789012:" in dynastep.machine({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})
        states = {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "C"}, "C": {"Type": "Succeed"}}
        assert len(dynastep.run({"StartAt": "A", "States": states}).history) == 5

    def test_next(self, dynastep):
        assert dynastep.clock.now() == 1772355600
"""
    ).assert_outcomes(passed=4)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            "regoin='eu-west-1'",
            "There is no option of dynastep 'regoin'. Is 'region' meant? There is 'account', 'clock', 'delays', "
            "'functions', 'functions_cluster', 'iam', 'let_through', 'quotas', 'region', 'seed', 'starts', 'throttling', 'wording'.",
        ),
        ("'eu-west-1'", "The marker dynastep has options by name only, such as region=, not 'eu-west-1'."),
        ("clock='fast'", "The option clock is 'fast': wall, virtual or manual is wanted"),
        ("region='Ireland'", "The option region is 'Ireland': a region such as eu-west-1 is wanted"),
        ("starts='noon'", "The option starts is 'noon': an instant such as 2026-03-01T09:00:00Z is wanted"),
        ("starts=-1", "The option starts is -1: an instant between the years 1970 and 9999 is wanted"),
        ("account='1'", "The option account must be an account: twelve digits, such as 123456789012, not '1'"),
        ("seed='x'", "The option seed is 'x': a whole number is wanted"),
        ("functions='nowhere'", "The option functions is 'nowhere': there is no such folder or template"),
        ("wording='old'", "The option wording is 'old': mixed, classic, 2026-05 or new is wanted"),
    ],
)
def test_a_mistake_in_a_marker_is_an_error_in_one_line(project, given, said):
    result = project(
        f"""
        import pytest

        @pytest.mark.dynastep({given})
        def test_it(dynastep):
            pass
        """
    )
    result.assert_outcomes(errors=1)
    assert said in result.outlines


def test_a_mistake_in_a_marker_is_one_of_tests_without_the_fixture_too(project):
    result = project("import pytest\n\n@pytest.mark.dynastep(regoin=1)\ndef test_it():\n    pass")
    result.assert_outcomes(errors=1)


def test_a_mistake_in_the_configuration_is_named(project, pytester):
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\ndynastep_regoin = eu-west-1\n")
    result = project("def test_it():\n    pass")
    said = "ERROR: There is no option 'dynastep_regoin'. Is 'dynastep_region' meant? There is 'dynastep_account', "
    assert any(line.startswith(said) for line in result.errlines)


def test_where_only_the_fixture_may_call_other_tests_are_refused(project, pytester):
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\ndynastep_only = true\n")
    pytester.makepyfile(
        app="""
        import boto3

        keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "eu-west-1"}
        tables = boto3.client("dynamodb", **keys)
        """
    )
    result = project(
        """
        import pytest
        from moto import mock_aws
        from app import tables

        def test_without():
            tables.list_tables()

        def test_with(dynastep):
            assert tables.list_tables()["TableNames"] == []

        @mock_aws
        def test_of_moto():
            assert tables.list_tables()["TableNames"] == []
        """,
        timeout=300,  # in a process of its own, in which moto is imported once
    )
    result.assert_outcomes(failed=1, passed=2)
    result.stdout.fnmatch_lines(
        [
            "E *AWSCallRefused: test_where_only_the_fixture_may_call_other_tests_are_refused.py::test_without has called "
            "dynamodb.eu-west-1.amazonaws.com without the fixture dynastep. Use the fixture, or set dynastep_only = "
            "false, or let the host through with dynastep_let_through."
        ]
    )


@pytest.mark.parametrize("scope", ["class", "module", "session"])
def test_tests_of_a_scope_share_what_they_make(project, scope):
    project(
        f"""
        import boto3

        class TestIt:
            def test_one(self, dynastep_{scope}):
                boto3.client("sqs").create_queue(QueueName="jobs")

            def test_two(self, dynastep_{scope}):
                assert len(boto3.client("sqs").list_queues()["QueueUrls"]) == 1
        """
    ).assert_outcomes(passed=2)


def test_it_serves_unittest(project):
    project(
        """
        import unittest
        import boto3
        from dynastep import emulator

        @emulator(region="eu-west-1")
        class Decorated(unittest.TestCase):
            def test_it(self):
                assert boto3.client("sqs").create_queue(QueueName="jobs")["QueueUrl"].count("jobs")

            def test_other(self, dynastep):
                assert dynastep.region == "eu-west-1"
                assert "QueueUrls" not in boto3.client("sqs").list_queues()

        class SetUp(unittest.TestCase):
            def setUp(self):
                context = emulator()
                self.dynastep = context.__enter__()
                self.addCleanup(context.__exit__, None, None, None)

            def test_it(self):
                assert self.dynastep.client("sqs").list_queues()
        """
    ).assert_outcomes(passed=3)


def test_a_decorated_test_case_has_its_emulator_from_set_up_to_tear_down():
    seen = []

    @emulator(region="eu-west-1")
    class Base(unittest.TestCase):
        def setUp(self):
            boto3.client("sqs").create_queue(QueueName="jobs")

        def tearDown(self):
            seen.append(boto3.client("sqs").list_queues()["QueueUrls"])

        def test_it(self, dynastep):
            assert dynastep.client("sqs").list_queues()["QueueUrls"] == boto3.client("sqs").list_queues()["QueueUrls"]
            assert dynastep.region == "eu-west-1"

    @emulator(region="eu-west-2")
    class Derived(Base):
        def test_it(self, dynastep):
            assert dynastep.region == "eu-west-2"

        def test_that_fails(self, dynastep):
            dynastep.mock("Nowhere", 1)

    def run(case):
        return unittest.defaultTestLoader.loadTestsFromTestCase(case).run(unittest.TestResult())

    assert run(Base).wasSuccessful()
    derived = run(Derived)
    assert (derived.testsRun, len(derived.failures), derived.errors) == (2, 1, [])
    assert "Nowhere" in derived.failures[0][1]
    assert len(seen) == 3
    assert all(len(queues) == 1 for queues in seen)
    assert OPEN == []


def test_a_decorated_function_has_an_emulator_each_time():
    @emulator(account="123456789012")
    def plain(suffix, dynastep):
        dynastep.client("sqs").create_queue(QueueName="jobs")
        return dynastep.account + suffix, len(dynastep.client("sqs").list_queues()["QueueUrls"])

    @emulator(seed=3)
    async def later(dynastep):
        return dynastep.region

    assert [plain("!"), plain("!")] == [("123456789012!", 1)] * 2
    assert asyncio.run(later()) == "us-east-1"


def test_two_emulators_do_not_share_an_account():
    with emulator(account="123456789012"), pytest.raises(InvalidOption) as raised:
        emulator(account="123456789012").__enter__()
    assert str(raised.value) == "The option account is '123456789012': an open emulator has this account already."


def names(seed):
    with emulator(seed=seed) as aws:
        machine = {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}
        bucket = aws.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        return aws.run(machine).arn.rpartition(":")[2], bucket


def test_a_seed_makes_other_ids_and_the_same_ones_again():
    first, other = names(0), names(5)
    assert names(5) == other
    assert all(one != another for one, another in zip(first, other, strict=True))


def test_the_clock_is_set_and_advanced_in_units(dynastep):
    clock, start = dynastep.clock, datetime(2026, 1, 1, tzinfo=timezone.utc)
    clock.advance(days=1, hours=2, minutes=3, seconds=4)
    assert clock.now() - start.timestamp() == 93_784
    clock.set(datetime(2026, 2, 1))  # noqa: DTZ001 - a time without a zone is in UTC
    assert clock.now() - start.timestamp() == 31 * 86_400
    clock.sleep_until("2026-01-15T00:00:00Z")
    clock.sleep_until(start + timedelta(days=32))
    assert clock.now() - start.timestamp() == 32 * 86_400
    with pytest.raises(ValueError) as raised:
        clock.set("2026-01-15T00:00:00Z")
    assert str(raised.value) == (
        "the clock does not go back: it is 2026-02-02T00:00:00+00:00, and '2026-01-15T00:00:00Z' is past"
    )
