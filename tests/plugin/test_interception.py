"""No call of a test leaves for AWS, and none meets an empty world: whichever client makes it."""

from __future__ import annotations

import textwrap

import pytest

SHOP = """
    import boto3

    states = boto3.client("stepfunctions", region_name="us-east-1", aws_access_key_id="testing", aws_secret_access_key="x")
    table = boto3.resource("dynamodb", region_name="us-east-1").Table("orders")

    def count():
        return len(states.list_state_machines()["stateMachines"])
"""
SUITE = """
    import pytest
    import shop

    @pytest.mark.parametrize("turn", [1, 2])
    def test_a_client_of_a_module_is_answered_in_every_test(dynastep, turn):
        assert shop.count() == 0
        dynastep.run({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})
        assert shop.count() == 1
        key = {"AttributeName": "id", "KeyType": "HASH"}
        dynastep.client("dynamodb").create_table(
            TableName="orders", KeySchema=[key], BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        )
        shop.table.put_item(Item={"id": "a"})
        assert shop.table.scan()["Count"] == 1
"""


@pytest.fixture
def suite(pytester, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    pytester.makepyfile(shop=SHOP)
    pytester.makepyfile(SUITE)
    return pytester


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
        {"AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:9", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
        {"AWS_PROFILE": "nobody"},
    ],
)
def test_module_level_clients_are_answered_whatever_the_environment_says(suite, monkeypatch, variables):
    for name, value in variables.items():
        if name != "AWS_PROFILE":
            monkeypatch.setenv(name, value)
    suite.runpytest_subprocess().assert_outcomes(passed=2)


def test_a_client_of_a_module_that_the_first_test_imports_is_answered_in_the_next(pytester):
    pytester.makepyfile(shop=SHOP)
    pytester.makepyfile(SUITE.replace("import shop\n", "").replace("assert shop.count() == 0", "import shop"))
    pytester.runpytest_subprocess().assert_outcomes(passed=2)


def test_every_account_lives_in_the_world_of_the_test_and_ends_with_it(pytester):
    pytester.makepyfile(
        """
        import boto3, pytest

        def bucket(account):
            return boto3.client("s3", region_name="us-east-1", aws_access_key_id=account, aws_secret_access_key="x")

        @pytest.mark.parametrize("turn", [1, 2])
        def test_accounts(dynastep, turn):
            assert [b["Name"] for b in bucket("111111111111").list_buckets()["Buckets"]] == []
            bucket("111111111111").create_bucket(Bucket="theirs")
            assert [b["Name"] for b in bucket("testing").list_buckets()["Buckets"]] == []
            dynastep.client("s3").create_bucket(Bucket="ours")
            assert [b["Name"] for b in bucket("testing").list_buckets()["Buckets"]] == ["ours"]
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=2)


def test_our_fixture_mock_aws_and_tests_of_neither_pass_in_any_order(pytester):
    pytester.makepyfile(
        """
        import boto3, pytest
        from botocore.exceptions import EndpointConnectionError
        from botocore.config import Config

        fast = Config(retries={"total_max_attempts": 1}, connect_timeout=1)
        client = boto3.client(
            "sqs", region_name="us-east-1", endpoint_url="http://127.0.0.1:9", config=fast,
            aws_access_key_id="testing", aws_secret_access_key="testing",
        )

        def ours(dynastep):
            client.create_queue(QueueName="ours")
            assert len(client.list_queues()["QueueUrls"]) == 1

        def theirs():
            from moto import mock_aws
            with mock_aws():
                own = boto3.client("sqs", region_name="us-east-1")
                assert "QueueUrls" not in own.list_queues()
                own.create_queue(QueueName="theirs")
                assert len(own.list_queues()["QueueUrls"]) == 1

        def neither():
            with pytest.raises(EndpointConnectionError):
                client.list_queues()

        def test_1(dynastep): ours(dynastep)
        def test_2(): theirs()
        def test_3(): neither()
        def test_4(dynastep): ours(dynastep)
        def test_5(): neither()
        def test_6(): theirs()
        def test_7(dynastep): ours(dynastep)
        """
    )
    pytester.runpytest_subprocess("-p", "no:randomly").assert_outcomes(passed=7)


THEIRS = {
    "dynamodb": """
        client.create_table(
            TableName="theirs", BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        )
        client.put_item(TableName="theirs", Item={"id": {"S": "1"}})
        found = client.scan(TableName="theirs")["Items"], client.list_tables()["TableNames"]
    """,
    "cloudwatch": """
        client.put_metric_data(Namespace="theirs", MetricData=[{"MetricName": "m", "Value": 1}])
        found = [(metric["Namespace"], metric["MetricName"]) for metric in client.list_metrics()["Metrics"]]
    """,
    "s3": """
        client.create_bucket(Bucket="theirs")
        client.put_object(Bucket="theirs", Key="k", Body=b"x")
        found = client.get_object(Bucket="theirs", Key="k")["Body"].read(), len(client.list_buckets()["Buckets"])
    """,
    "sns": """
        client.create_topic(Name="theirs")
        found = [topic["TopicArn"] for topic in client.list_topics()["Topics"]]
    """,
    "secretsmanager": """
        client.create_secret(Name="theirs", SecretString="s")
        found = client.get_secret_value(SecretId="theirs")["SecretString"], len(client.list_secrets()["SecretList"])
    """,
    "logs": """
        client.create_log_group(logGroupName="theirs")
        found = [group["logGroupName"] for group in client.describe_log_groups()["logGroups"]]
    """,
    "stepfunctions": """
        found = client.list_state_machines()["stateMachines"]
    """,
}


@pytest.mark.parametrize("service", THEIRS)
def test_mock_aws_is_the_same_before_our_fixture_and_after(pytester, service):
    """Also with a client that was made before either; in a module where ours comes first, and again after it."""
    pytester.makepyfile(
        f"""
        import boto3
        from moto import mock_aws

        keys = {{"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}}
        made_before = boto3.client("{service}", region_name="us-east-1", **keys)

        def do(client):
{textwrap.indent(textwrap.dedent(THEIRS[service]), " " * 12)}
            return found

        def theirs(client):
            with mock_aws():
                return do(client)

        def both():
            return theirs(made_before), theirs(boto3.client("{service}", region_name="us-east-1", **keys))

        first = both()

        def test_ours(dynastep):
            do(made_before)

        def test_theirs():
            assert both() == first

        def test_ours_again(dynastep):
            do(made_before)

        def test_theirs_again():
            assert both() == first
        """
    )
    pytester.runpytest_subprocess("-p", "no:randomly").assert_outcomes(passed=4)


def test_where_machines_of_aws_find_credentials_nothing_is_asked(dynastep):
    from botocore.awsrequest import AWSPreparedRequest, HTTPHeaders
    from botocore.httpsession import URLLib3Session

    from emulator.interception import AWSCallRefused

    request = AWSPreparedRequest("GET", "http://169.254.169.254/latest/meta-data/", HTTPHeaders(), None, False)
    with pytest.raises(AWSCallRefused) as refused:
        URLLib3Session().send(request)
    assert str(refused.value) == (
        "http://169.254.169.254/latest/meta-data/ is where machines of AWS find credentials; a test has its own"
    )


def test_keys_that_the_world_has_issued_are_kept(dynastep):
    import boto3

    keys = dynastep.client("sts").assume_role(RoleArn="arn:aws:iam::222222222222:role/r", RoleSessionName="session")
    credentials = keys["Credentials"]
    client = boto3.client(
        "sts",
        region_name="us-east-1",
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )
    assert client.get_caller_identity()["Account"] == "222222222222"


def test_a_presigned_request_of_any_key_means_the_test():
    from botocore.awsrequest import AWSPreparedRequest, HTTPHeaders

    from emulator.interception import access_key

    for url, authorization, key in (
        ("https://s3.amazonaws.com/b?X-Amz-Credential=testing%2F20260101%2Fus-east-1", None, "testing"),
        ("https://s3.amazonaws.com/", "AWS4-HMAC-SHA256 Credential=k/2026/us-east-1/s3/aws4_request", "k"),
        ("https://s3.amazonaws.com/", "AWS key:signature", "key"),
        ("https://s3.amazonaws.com/", None, None),
    ):
        headers = HTTPHeaders()
        if authorization:
            headers["Authorization"] = authorization
        assert access_key(AWSPreparedRequest("GET", url, headers, None, False)) == key


AIO = """
    import asyncio, pytest
    aioboto3 = pytest.importorskip("aioboto3")
    session = aioboto3.Session(region_name="us-east-1", aws_access_key_id="testing", aws_secret_access_key="x")

    @pytest.mark.parametrize("turn", [1, 2])
    def test_aio(dynastep, turn):
        async def use():
            async with session.client("s3") as s3:
                assert (await s3.list_buckets())["Buckets"] == []
                await s3.create_bucket(Bucket="bucket")
                await s3.put_object(Bucket="bucket", Key="k", Body=b"hello")
                async with (await s3.get_object(Bucket="bucket", Key="k"))["Body"] as body:
                    assert await body.read() == b"hello"
            async with session.client("dynamodb") as dynamodb:
                with pytest.raises(dynamodb.exceptions.ResourceNotFoundException):
                    await dynamodb.describe_table(TableName="none")

        asyncio.run(use())
"""


def test_clients_of_aioboto3_are_answered_too(pytester):
    pytest.importorskip("aioboto3", reason="aioboto3 is not installed: it pins an older boto3")
    pytester.makepyfile(AIO)
    pytester.runpytest_subprocess().assert_outcomes(passed=2)
