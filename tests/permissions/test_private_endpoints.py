"""Requests that come through a VPC endpoint: its policy limits them, and conditions see where they come from."""

import json
import re
from functools import partial

import pytest

from emulator.endpoint import answer
from emulator.wire.hosts import Hosts
from emulator.wire.in_process import connect

pytestmark = pytest.mark.dynastep(iam="enforce")


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action, resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def make(dynastep, service, policy=None):
    ec2 = dynastep.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    given = {} if policy is None else {"PolicyDocument": policy}
    made = ec2.create_vpc_endpoint(
        VpcId=vpc,
        ServiceName=f"com.amazonaws.us-east-1.{service}",
        VpcEndpointType="Interface",
        SubnetIds=[subnet],
        **given,
    )
    return made["VpcEndpoint"]


def user(dynastep, *statements):
    iam = dynastep.client("iam")
    iam.create_user(UserName="anna")
    iam.put_user_policy(UserName="anna", PolicyName="p", PolicyDocument=document(*statements))
    return iam.create_access_key(UserName="anna")["AccessKey"]["AccessKeyId"]


def as_user(dynastep, service, key, endpoint=None):
    return connect(partial(answer, dynastep._control), service, "us-east-1", key, endpoint)


def test_the_policy_of_an_endpoint_limits(dynastep):
    endpoint = make(dynastep, "sqs", document({**allow("sqs:ListQueues"), "Principal": "*"}))
    sqs = as_user(dynastep, "sqs", user(dynastep, allow("sqs:*")))
    sqs.create_queue(QueueName="q")
    with dynastep.through(endpoint["VpcEndpointId"]):
        sqs.list_queues()
        with pytest.raises(Exception, match="because no VPC endpoint policy allows the sqs:createqueue action"):
            sqs.create_queue(QueueName="r")
    sqs.create_queue(QueueName="r")


def test_a_host_name_is_that_of_an_endpoint(dynastep):
    endpoint = make(dynastep, "sqs", document({**allow("sqs:ListQueues"), "Principal": "*"}))
    host = endpoint["DnsEntries"][0]["DnsName"]
    sqs = as_user(dynastep, "sqs", user(dynastep, allow("sqs:*")), f"https://{host}")
    sqs.list_queues()
    with pytest.raises(Exception, match="because no VPC endpoint policy allows the sqs:createqueue action"):
        sqs.create_queue(QueueName="r")


def test_the_host_name_of_an_endpoint_is_as_aws_makes_it(dynastep):
    endpoint = make(dynastep, "states")
    host = endpoint["DnsEntries"][0]["DnsName"]
    assert re.fullmatch(rf"{endpoint['VpcEndpointId']}-\w+\.states\.us-east-1\.vpce\.amazonaws\.com", host)
    assert Hosts().answer_to(host)


def test_an_endpoint_that_was_deleted_does_not_count(dynastep):
    endpoint = make(dynastep, "sqs", document({**allow("sqs:ListQueues"), "Principal": "*"}))
    sqs = as_user(dynastep, "sqs", user(dynastep, allow("sqs:*")), f"https://{endpoint['DnsEntries'][0]['DnsName']}")
    dynastep.client("ec2").delete_vpc_endpoints(VpcEndpointIds=[endpoint["VpcEndpointId"]])
    sqs.create_queue(QueueName="q")
    with pytest.raises(ValueError, match="there is no VPC endpoint"), dynastep.through(endpoint["VpcEndpointId"]):
        pytest.fail("it is no more")


@pytest.mark.parametrize("key", ["aws:SourceVpce", "aws:SourceVpc"])
def test_a_condition_sees_the_endpoint(dynastep, key):
    endpoint = make(dynastep, "dynamodb")
    wanted = endpoint["VpcEndpointId"] if key == "aws:SourceVpce" else endpoint["VpcId"]
    statement = allow("dynamodb:ListTables", Condition={"StringEquals": {key: wanted}})
    dynamodb = as_user(dynastep, "dynamodb", user(dynastep, statement))
    with pytest.raises(Exception, match="because no identity-based policy allows"):
        dynamodb.list_tables()
    with dynastep.through(endpoint["VpcEndpointId"]):
        dynamodb.list_tables()


def test_an_endpoint_must_exist(dynastep):
    with pytest.raises(ValueError, match="there is no VPC endpoint 'vpce-1'"), dynastep.through("vpce-1"):
        pass


@pytest.mark.dynastep(iam="off")
def test_without_iam_it_does_not_count_where_a_request_comes_from(dynastep):
    with pytest.raises(ValueError, match="counts only with the option iam"), dynastep.through("vpce-1"):
        pass
