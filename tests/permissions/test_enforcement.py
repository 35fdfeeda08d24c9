"""With the option iam, what IAM would not allow is refused, in the words of the service, or logged."""

import json
import logging

import pytest

from emulator.clients import client
from emulator.endpoint import answer
from emulator.wire.in_process import connect

pytestmark = pytest.mark.dynastep(iam="enforce")


def document(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action, resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def task(resource, parameters=None, **more):
    state = {"Type": "Task", "Resource": resource, "End": True, **more}
    return {"StartAt": "T", "States": {"T": state if parameters is None else {**state, "Parameters": parameters}}}


def integration(name, parameters, **more):
    return task(f"arn:aws:states:::{name}", parameters, **more)


def make_table(dynastep, name="orders"):
    dynastep.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


PUT = integration("dynamodb:putItem", {"TableName": "orders", "Item": {"id": {"S": "x"}}})
SESSION = r"User: arn:aws:sts::\d{12}:assumed-role/dynastep/[A-Za-z]{32} is not authorized to perform: "


def because(action):
    return f"because no identity-based policy allows the {action} action"


HERE = r"us-east-1:\d{12}"
DENIED = [
    # a Task, its error and its cause
    (PUT, "DynamoDB.AmazonDynamoDBException", rf"{SESSION}dynamodb:PutItem on resource: arn:aws:dynamodb:{HERE}:table/orders {because('dynamodb:PutItem')} \(Service: AmazonDynamoDBv2; Status Code: 400; Error Code: AccessDeniedException; Request ID: [0-9a-f-]+; Proxy: null\)"),
    (integration("lambda:invoke", {"FunctionName": "f"}), "Lambda.AWSLambdaException", rf"{SESSION}lambda:InvokeFunction on resource: arn:aws:lambda:{HERE}:function:f {because('lambda:InvokeFunction')} \(Service: AWSLambda; Status Code: 403; Error Code: AccessDeniedException; Request ID: [0-9a-f-]+; Proxy: null\)"),
    (task("arn:aws:lambda:us-east-1:000000000000:function:f"), "Lambda.AWSLambdaException", rf"{SESSION}lambda:InvokeFunction on resource: arn:aws:lambda:us-east-1:000000000000:function:f because no resource-based policy allows the lambda:InvokeFunction action .*"),
    (integration("sqs:sendMessage", {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/{account}/q", "MessageBody": "x"}), "SQS.AmazonSQSException", rf"{SESSION}sqs:sendmessage on resource: arn:aws:sqs:{HERE}:q {because('sqs:sendmessage')} \(Service: AmazonSQS; Status Code: 403; Error Code: AccessDenied; .*"),
    (integration("sns:publish", {"TopicArn": "arn:aws:sns:us-east-1:{account}:t", "Message": "x"}), "SNS.AuthorizationErrorException", rf"{SESSION}SNS:Publish on resource: arn:aws:sns:{HERE}:t {because('SNS:Publish')} \(Service: AmazonSNS; Status Code: 403; Error Code: AuthorizationError; .*"),
    (integration("events:putEvents", {"Entries": [{"Source": "a", "DetailType": "b", "Detail": {}}]}), "EventBridge.AccessDeniedException", rf"{SESSION}events:PutEvents on resource: arn:aws:events:{HERE}:event-bus/default .*"),
    (integration("states:startExecution", {"StateMachineArn": "arn:aws:states:us-east-1:{account}:stateMachine:m"}), "StepFunctions.AWSStepFunctionsException", rf"{SESSION}states:StartExecution on resource: arn:aws:states:{HERE}:stateMachine:m .*"),
    (integration("aws-sdk:dynamodb:deleteTable", {"TableName": "orders"}), "DynamoDb.DynamoDbException", rf"{SESSION}dynamodb:DeleteTable on resource: arn:aws:dynamodb:{HERE}:table/orders {because('dynamodb:DeleteTable')} \(Service: DynamoDb, Status Code: 400, Request ID: [0-9a-f-]+\)"),
    (integration("aws-sdk:s3:getObject", {"Bucket": "b", "Key": "k"}), "S3.AccessDeniedException", rf'{SESSION}s3:GetObject on resource: "arn:aws:s3:::b/k" {because("s3:GetObject")} \(Service: S3, Status Code: 403, .*'),
    (integration("aws-sdk:sfn:listStateMachines", {}), "Sfn.SfnException", rf"{SESSION}states:ListStateMachines {because('states:ListStateMachines')} .*"),
    (integration("glue:startJobRun", {"JobName": "j"}), "Glue.AccessDeniedException", rf"{SESSION}glue:StartJobRun .*"),
    (integration("http:invoke", {"ApiEndpoint": "https://example.com", "Method": "GET", "Authentication": {"ConnectionArn": "arn:aws:events:us-east-1:{account}:connection/c/1"}}), "Events.ConnectionResource.AccessDenied", rf"{SESSION}events:RetrieveConnectionCredentials on resource: .*"),
    (integration("apigateway:invoke", {"ApiEndpoint": "abc.execute-api.us-east-1.amazonaws.com", "Method": "GET", "AuthType": "IAM_ROLE"}), "ApiGateway.403", r'\{"Message":"User: .* is not authorized to perform: execute-api:Invoke on resource: .*'),
]  # fmt: skip


def with_account(definition, account):
    return json.loads(json.dumps(definition).replace("{account}", account))


@pytest.mark.parametrize(("definition", "error", "cause"), DENIED, ids=[each[1] for each in DENIED])
def test_a_task_fails_with_the_error_of_its_integration(dynastep, definition, error, cause):
    rights = [allow("states:InvokeHTTPEndpoint")]
    machine = dynastep.machine(with_account(definition, dynastep.account), role=dynastep.role(document(*rights)))
    execution = dynastep.run(machine)
    assert execution.error == error
    import re

    assert re.fullmatch(cause, execution.cause, re.DOTALL), execution.cause


def test_a_role_with_the_right_may(dynastep):
    make_table(dynastep)
    machine = dynastep.machine(PUT, role=dynastep.role(dynastep.policy(PUT)))
    assert dynastep.run(machine).succeeded
    assert dynastep.denials() == []


def test_a_denial_is_listed(dynastep):
    machine = dynastep.machine(PUT, role=dynastep.role())
    dynastep.run(machine)
    (denial,) = dynastep.denials()
    assert denial.action == "dynamodb:PutItem"
    assert denial.resource == f"arn:aws:dynamodb:us-east-1:{dynastep.account}:table/orders"
    assert denial.sentence.startswith("User: ")


@pytest.mark.dynastep(iam="warn")
def test_a_warning_lets_the_task_go_on(dynastep, caplog):
    make_table(dynastep)
    with caplog.at_level(logging.WARNING, "dynastep"):
        assert dynastep.run(PUT).succeeded
    said = [each.message for each in caplog.records if each.message.startswith("IAM would refuse: ")]
    assert len(said) == len(dynastep.denials()) == 2  # the role, which does not exist, and the right


@pytest.mark.dynastep(iam="off")
def test_nobody_asks_by_default(dynastep):
    make_table(dynastep)
    assert dynastep.run(PUT).succeeded
    assert dynastep.denials() == []


def test_retry_and_catch_meet_it(dynastep):
    definition = {
        "StartAt": "T",
        "States": {
            "T": {
                **PUT["States"]["T"],
                "Catch": [{"ErrorEquals": ["DynamoDB.AmazonDynamoDBException"], "Next": "Caught"}],
            },
            "Caught": {"Type": "Succeed"},
        },
    }
    assert dynastep.run(dynastep.machine(definition, role=dynastep.role())).succeeded


def test_a_mock_needs_the_right_too(dynastep):
    dynastep.mock("T", {}, optional=True)
    machine = dynastep.machine(integration("glue:startJobRun", {"JobName": "j"}), role=dynastep.role())
    assert dynastep.run(machine).error == "Glue.AccessDeniedException"


def test_a_boundary_limits(dynastep):
    make_table(dynastep)
    role = dynastep.role(dynastep.policy(PUT), boundary=document(allow("s3:*")))
    cause = dynastep.run(dynastep.machine(PUT, role=role)).cause
    assert "because no permissions boundary allows the dynamodb:PutItem action" in cause


def test_an_explicit_deny_wins(dynastep):
    make_table(dynastep)
    role = dynastep.role(document(allow("*"), {**allow("dynamodb:PutItem"), "Effect": "Deny"}))
    cause = dynastep.run(dynastep.machine(PUT, role=role)).cause
    assert "with an explicit deny in an identity-based policy" in cause


@pytest.mark.parametrize(("key", "allowed"), [("x", True), ("y", False)])
def test_leading_keys(dynastep, key, allowed):
    make_table(dynastep)
    condition = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["x"]}}
    role = dynastep.role(document(allow("dynamodb:PutItem", Condition=condition)))
    definition = integration("dynamodb:putItem", {"TableName": "orders", "Item": {"id": {"S": key}}})
    assert dynastep.run(dynastep.machine(definition, role=role)).succeeded is allowed


def test_a_policy_of_the_table_grants(dynastep):
    make_table(dynastep)
    role = dynastep.role()
    arn = f"arn:aws:dynamodb:us-east-1:{dynastep.account}:table/orders"
    dynastep.client("dynamodb").put_resource_policy(
        ResourceArn=arn, Policy=json.dumps(document({**allow("dynamodb:*", arn), "Principal": {"AWS": role}}))
    )
    assert dynastep.run(dynastep.machine(PUT, role=role)).succeeded


def test_a_policy_of_the_queue_denies(dynastep):
    url = dynastep.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:{dynastep.account}:q"
    definition = integration("sqs:sendMessage", {"QueueUrl": url, "MessageBody": "x"})
    machine = dynastep.machine(definition, role=dynastep.role(dynastep.policy(definition)))
    assert dynastep.run(machine).succeeded
    denying = document({"Effect": "Deny", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn})
    dynastep.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(denying)})
    assert "with an explicit deny in a resource-based policy" in dynastep.run(machine).cause


# The role of a machine


def refused(dynastep, definition, **more):
    with pytest.raises(dynastep.client("stepfunctions").exceptions.ClientError) as error:
        dynastep.client("stepfunctions").create_state_machine(name="m", definition=json.dumps(definition), **more)
    return error.value.response["Error"]


NOT_TRUSTED = "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume the provided role."
PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}


def test_a_role_must_exist(dynastep):
    said = refused(dynastep, PASS, roleArn=f"arn:aws:iam::{dynastep.account}:role/none")
    assert (said["Code"], said["Message"]) == ("AccessDeniedException", NOT_TRUSTED)


@pytest.mark.parametrize(
    ("service", "trusted"),
    [
        ("states.amazonaws.com", True),
        ("states.us-east-1.amazonaws.com", True),
        ("states.eu-west-1.amazonaws.com", False),
        ("lambda.amazonaws.com", False),
    ],
)
def test_a_role_must_trust_step_functions(dynastep, service, trusted):
    role = dynastep.role(trusts=service)
    if trusted:
        dynastep.machine(PASS, role=role)
    else:
        assert refused(dynastep, PASS, roleArn=role)["Message"] == NOT_TRUSTED


@pytest.mark.parametrize(
    ("source", "trusted"),
    [("arn:aws:states:us-east-1:*:stateMachine:*", True), ("arn:aws:states:us-east-1:*:stateMachine:other", False)],
)
def test_a_role_may_trust_certain_machines(dynastep, source, trusted):
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "states.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"ArnLike": {"aws:SourceArn": source}, "StringEquals": {"aws:SourceAccount": dynastep.account}},
    }
    iam = dynastep.client("iam")
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(document(statement)))["Role"]["Arn"]
    if trusted:
        dynastep.machine(PASS, role=role)
    else:
        assert refused(dynastep, PASS, roleArn=role)["Message"] == NOT_TRUSTED


def test_a_role_of_another_account_is_not_passed(dynastep):
    said = refused(dynastep, PASS, roleArn="arn:aws:iam::444455556666:role/r")
    assert said["Message"] == "Cross-account pass role is not allowed."


def test_sync_needs_the_rule_when_the_machine_is_made(dynastep):
    definition = integration("ecs:runTask.sync", {"TaskDefinition": "t"})
    role = dynastep.role(document(allow("ecs:*")))
    assert (
        refused(dynastep, definition, roleArn=role)["Message"] == f"'{role}' is not authorized to create managed-rule."
    )
    dynastep.machine(definition, role=dynastep.role(dynastep.policy(definition)))


def test_logging_needs_its_rights_when_the_machine_is_made(dynastep):
    group = dynastep.client("logs")
    group.create_log_group(logGroupName="/g")
    logging_configuration = {
        "level": "ALL",
        "destinations": [
            {"cloudWatchLogsLogGroup": {"logGroupArn": f"arn:aws:logs:us-east-1:{dynastep.account}:log-group:/g:*"}}
        ],
    }
    said = refused(dynastep, PASS, roleArn=dynastep.role(), loggingConfiguration=logging_configuration)
    assert said["Message"] == "The state machine IAM Role is not authorized to access the Log Destination"
    dynastep.client("stepfunctions").create_state_machine(
        name="m",
        definition=json.dumps(PASS),
        roleArn=dynastep.role(document(allow("logs:*"))),
        loggingConfiguration=logging_configuration,
    )


def test_an_update_asks_again(dynastep):
    machine = dynastep.machine(PASS, role=dynastep.role())
    sfn = dynastep.client("stepfunctions")
    with pytest.raises(sfn.exceptions.ClientError, match="Neither the global service principal"):
        sfn.update_state_machine(stateMachineArn=machine, roleArn=f"arn:aws:iam::{dynastep.account}:role/none")
    assert sfn.describe_state_machine(stateMachineArn=machine)["roleArn"].endswith(":role/dynastep")


# Credentials


def other_role(dynastep, *statements, trusted=None):
    iam = client(dynastep._control, "iam", account=f"9{dynastep.account[1:]}")
    principal = {"AWS": trusted or dynastep.account}
    trust = document({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"})
    arn = iam.create_role(RoleName="Other", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName="Other", PolicyName="p", PolicyDocument=json.dumps(document(*statements)))
    return arn


def test_both_sides_of_another_account_are_asked(dynastep):
    other = other_role(dynastep, allow("dynamodb:ListTables"))
    definition = integration("aws-sdk:dynamodb:listTables", {}, Credentials={"RoleArn": other})
    machine = dynastep.machine(definition, role=dynastep.role(document(allow("sts:AssumeRole", other))))
    assert dynastep.run(machine).succeeded
    dynastep.role()
    execution = dynastep.run(machine)
    assert execution.error == "States.TaskFailed"
    assert f"is not authorized to perform: sts:AssumeRole on resource: {other}" in execution.cause


def test_the_other_role_must_trust(dynastep):
    other = other_role(dynastep, allow("dynamodb:ListTables"), trusted="111111111111")
    definition = integration("aws-sdk:dynamodb:listTables", {}, Credentials={"RoleArn": other})
    machine = dynastep.machine(definition, role=dynastep.role(document(allow("sts:AssumeRole", other))))
    assert "because no role trust policy allows the sts:AssumeRole action" in dynastep.run(machine).cause


def test_the_task_has_the_rights_of_the_other_role(dynastep):
    other = other_role(dynastep, allow("s3:*"))
    definition = integration("aws-sdk:dynamodb:listTables", {}, Credentials={"RoleArn": other})
    machine = dynastep.machine(definition, role=dynastep.role(document(allow("*"))))
    assert "assumed-role/Other/" in dynastep.run(machine).cause


# Clients


def as_key(dynastep, service, key, token=None):
    from functools import partial

    return connect(partial(answer, dynastep._control), service, "us-east-1", key)


def user(dynastep, *statements, name="anna"):
    iam = dynastep.client("iam")
    iam.create_user(UserName=name)
    if statements:
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(document(*statements)))
    return iam.create_access_key(UserName=name)["AccessKey"]["AccessKeyId"]


CLIENTS = [
    (
        "dynamodb",
        lambda c: c.get_item(TableName="orders", Key={"id": {"S": "1"}}),
        "AccessDeniedException",
        "dynamodb:GetItem",
        400,
    ),
    ("stepfunctions", lambda c: c.list_state_machines(), "AccessDeniedException", "states:ListStateMachines", 400),
    ("sqs", lambda c: c.create_queue(QueueName="q"), "AccessDenied", "sqs:createqueue", 403),
    ("sns", lambda c: c.create_topic(Name="t"), "AuthorizationError", "SNS:CreateTopic", 403),
    ("s3", lambda c: c.list_buckets(), "AccessDenied", "s3:ListAllMyBuckets", 403),
    ("s3", lambda c: c.get_object(Bucket="b", Key="k"), "AccessDenied", "s3:GetObject", 403),
    ("lambda", lambda c: c.invoke(FunctionName="f"), "AccessDeniedException", "lambda:InvokeFunction", 403),
    ("iam", lambda c: c.list_users(), "AccessDenied", "iam:ListUsers", 403),
    ("cloudformation", lambda c: c.list_stacks(), "AccessDenied", "cloudformation:ListStacks", 403),
    ("events", lambda c: c.list_rules(), "AccessDeniedException", "events:ListRules", 400),
    (
        "secretsmanager",
        lambda c: c.get_secret_value(SecretId="s"),
        "AccessDeniedException",
        "secretsmanager:GetSecretValue",
        400,
    ),
]


@pytest.mark.parametrize(
    ("service", "call", "code", "action", "status"), CLIENTS, ids=[f"{each[0]}-{each[3]}" for each in CLIENTS]
)
def test_a_user_without_rights_is_refused(dynastep, service, call, code, action, status):
    from botocore.exceptions import ClientError

    with pytest.raises(ClientError) as error:
        call(as_key(dynastep, service, user(dynastep)))
    said = error.value.response
    assert (said["Error"]["Code"], said["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    start = f"User: arn:aws:iam::{dynastep.account}:user/anna is not authorized to perform: {action}"
    assert said["Error"]["Message"].startswith(start)


def test_a_user_with_rights_may(dynastep):
    key = user(dynastep, allow(["dynamodb:ListTables", "s3:ListAllMyBuckets"]))
    assert as_key(dynastep, "dynamodb", key).list_tables()["TableNames"] == []
    assert as_key(dynastep, "s3", key).list_buckets()["Buckets"] == []


def test_a_user_has_the_rights_of_its_groups_and_managed_policies(dynastep):
    iam, key = dynastep.client("iam"), user(dynastep)
    iam.create_group(GroupName="g")
    iam.add_user_to_group(GroupName="g", UserName="anna")
    iam.put_group_policy(
        GroupName="g", PolicyName="p", PolicyDocument=json.dumps(document(allow("dynamodb:ListTables")))
    )
    iam.attach_user_policy(UserName="anna", PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    as_key(dynastep, "dynamodb", key).list_tables()
    as_key(dynastep, "s3", key).list_buckets()


def test_everybody_may_ask_who_they_are(dynastep):
    assert as_key(dynastep, "sts", user(dynastep)).get_caller_identity()["Arn"].endswith(":user/anna")


def test_a_session_has_the_rights_of_its_role_and_no_more_than_its_policy(dynastep):
    role = dynastep.role(document(allow("dynamodb:*")), name="R")
    sts = dynastep.client("sts")
    full = sts.assume_role(RoleArn=role, RoleSessionName="ses")["Credentials"]["AccessKeyId"]
    as_key(dynastep, "dynamodb", full).list_tables()
    narrow = sts.assume_role(RoleArn=role, RoleSessionName="ses", Policy=json.dumps(document(allow("s3:*"))))[
        "Credentials"
    ]["AccessKeyId"]
    with pytest.raises(
        Exception,
        match=r"assumed-role/R/ses is not authorized .* because no session policy allows the dynamodb:ListTables action",
    ):
        as_key(dynastep, "dynamodb", narrow).list_tables()


def test_to_take_on_a_role_both_must_agree(dynastep):
    role = dynastep.role(name="R")  # which trusts Step Functions
    key = user(dynastep, allow("sts:AssumeRole", role))
    with pytest.raises(Exception, match="because no role trust policy allows the sts:AssumeRole action"):
        as_key(dynastep, "sts", key).assume_role(RoleArn=role, RoleSessionName="ses")


def test_to_pass_a_role_needs_a_right(dynastep):
    role = dynastep.role()
    make = {"name": "m", "definition": json.dumps(PASS), "roleArn": role}
    key = user(dynastep, allow("states:*"))
    with pytest.raises(Exception, match=f"iam:PassRole on resource: {role} because no identity-based policy allows"):
        as_key(dynastep, "stepfunctions", key).create_state_machine(**make)
    condition = {"StringEquals": {"iam:PassedToService": "states.amazonaws.com"}}
    other = user(dynastep, allow("states:*"), allow("iam:PassRole", role, Condition=condition), name="bert")
    as_key(dynastep, "stepfunctions", other).create_state_machine(**make)


def test_a_bucket_of_another_name_style(dynastep):
    from functools import partial

    from botocore.config import Config

    dynastep.client("s3").create_bucket(Bucket="mine")
    key = user(dynastep, allow("s3:PutObject", "arn:aws:s3:::mine/a/*"))
    for style in ("path", "virtual"):
        s3 = connect(
            partial(answer, dynastep._control), "s3", "us-east-1", key, None, Config(s3={"addressing_style": style})
        )
        s3.put_object(Bucket="mine", Key="a/b", Body=b"x")
        with pytest.raises(Exception, match=r'"arn:aws:s3:::mine/c" because'):
            s3.put_object(Bucket="mine", Key="c", Body=b"x")


# The law: the policy that is written lets the same run pass, and no statement of it may be missing.


def test_no_statement_of_a_written_policy_may_be_missing(dynastep):
    make_table(dynastep)
    url = dynastep.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    dynastep.function("f", lambda event: event)
    child = dynastep.machine(PASS, role=dynastep.role(name="child"))
    definition = {
        "StartAt": "A",
        "States": {
            "A": {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:putItem", "Parameters": {"TableName.$": "$.t", "Item": {"id": {"S": "1"}}}, "ResultPath": None, "Next": "B"},
            "B": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:dynamodb:query", "Parameters": {"TableName": "orders", "KeyConditionExpression": "id = :i", "ExpressionAttributeValues": {":i": {"S": "1"}}}, "ResultPath": None, "Next": "C"},
            "C": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Parameters": {"QueueUrl": url, "MessageBody": "x"}, "ResultPath": None, "Next": "D"},
            "D": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "f"}, "ResultPath": None, "Next": "E"},
            "E": {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2", "Parameters": {"StateMachineArn": child}, "End": True},
        },
    }  # fmt: skip
    machine = dynastep.machine(definition, role=dynastep.role(document(allow("*"))))
    written = dynastep.policy(dynastep.run(machine, {"t": "orders"})).document
    dynastep.role(written)
    assert dynastep.run(machine, {"t": "orders"}).succeeded
    assert len(written["Statement"]) >= 6
    for index in range(len(written["Statement"])):
        left = [each for number, each in enumerate(written["Statement"]) if number != index]
        dynastep.role(document(*left))
        assert not dynastep.run(machine, {"t": "orders"}).succeeded, written["Statement"][index]


# Distributed Maps


def distributed():
    return {
        "StartAt": "M",
        "States": {
            "M": {
                "Type": "Map",
                "Label": "each",
                "ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "JSON"}, "Parameters": {"Bucket": "in", "Key": "items.json"}},
                "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **PASS},
                "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "out", "Prefix": "r"}},
                "End": True,
            }
        },
    }  # fmt: skip


def test_a_distributed_map_reads_and_writes_with_the_role(dynastep):
    s3 = dynastep.client("s3")
    for bucket in ("in", "out"):
        s3.create_bucket(Bucket=f"{bucket}-{dynastep.account}")
    definition = json.loads(
        json.dumps(distributed())
        .replace('"in"', f'"in-{dynastep.account}"')
        .replace('"out"', f'"out-{dynastep.account}"')
    )
    s3.put_object(Bucket=f"in-{dynastep.account}", Key="items.json", Body=b"[1, 2]")
    machine = dynastep.machine(definition, role=dynastep.role(dynastep.policy(definition)))
    assert dynastep.run(machine).succeeded
    dynastep.role(document(allow("s3:PutObject"), allow("states:*")))
    reading = dynastep.run(machine)
    assert (reading.error, "s3:GetObject" in reading.cause) == ("States.ItemReaderFailed", True)
    dynastep.role(document(allow("s3:GetObject"), allow("states:*")))
    writing = dynastep.run(machine)
    assert (writing.error, "s3:PutObject" in writing.cause) == ("States.ResultWriterFailed", True)


# Functions in processes


def test_a_function_has_the_rights_of_its_execution_role(dynastep):
    import io
    import zipfile

    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr(
            "app.py",
            "import boto3\ndef handler(event, context):\n    return boto3.client('dynamodb').list_tables()['TableNames']\n",
        )
    role = dynastep.role(name="worker", trusts="lambda.amazonaws.com")
    arn = dynastep.client("lambda").create_function(
        FunctionName="f", Runtime="python3.12", Role=role, Handler="app.handler", Code={"ZipFile": code.getvalue()}
    )["FunctionArn"]
    machine = dynastep.machine(task(arn), role=dynastep.role(document(allow("lambda:InvokeFunction", arn))))
    refused = dynastep.run(machine)
    assert (
        "assumed-role/worker/f is not authorized to perform: dynamodb:ListTables because no identity-based policy"
        in refused.cause
    )
    dynastep.role(document(allow("dynamodb:ListTables")), name="worker", trusts="lambda.amazonaws.com")
    assert dynastep.run(machine).output == []


# A decision that was made is not made again until something has changed.


def test_what_was_decided_counts_until_a_policy_changes(dynastep):
    make_table(dynastep)
    machine = dynastep.machine(PUT, role=dynastep.role())
    arn = f"arn:aws:dynamodb:us-east-1:{dynastep.account}:table/orders"
    dynamodb, iam = dynastep.client("dynamodb"), dynastep.client("iam")

    def may():
        return dynastep.run(machine).succeeded

    assert not may()
    dynastep.role(dynastep.policy(PUT))
    assert may()
    dynamodb.put_resource_policy(
        ResourceArn=arn, Policy=json.dumps(document({**allow("dynamodb:*", arn), "Effect": "Deny", "Principal": "*"}))
    )
    assert not may()
    dynamodb.delete_resource_policy(ResourceArn=arn)
    assert may()
    managed = iam.create_policy(
        PolicyName="d", PolicyDocument=json.dumps(document({**allow("dynamodb:*"), "Effect": "Deny"}))
    )["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="dynastep", PolicyArn=managed)
    assert not may()
    iam.create_policy_version(
        PolicyArn=managed, PolicyDocument=json.dumps(document({**allow("s3:*"), "Effect": "Deny"})), SetAsDefault=True
    )
    assert may()
    iam.put_role_permissions_boundary(RoleName="dynastep", PermissionsBoundary=managed)
    assert not may()


def test_what_was_decided_counts_until_the_policy_of_a_queue_or_topic_changes(dynastep):
    sqs, sns = dynastep.client("sqs"), dynastep.client("sns")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = sns.create_topic(Name="t")["TopicArn"]
    role = dynastep.role(document(allow(["sqs:SendMessage", "sns:Publish"])))
    send = dynastep.machine(integration("sqs:sendMessage", {"QueueUrl": url, "MessageBody": "x"}), role=role)
    publish = dynastep.machine(integration("sns:publish", {"TopicArn": topic, "Message": "x"}), role=role)

    def deny(action, arn):
        return json.dumps(document({**allow(action, arn), "Effect": "Deny", "Principal": "*"}))

    for machine, change, policy in (
        (send, lambda text: sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": text}), deny("sqs:*", queue)),
        (
            publish,
            lambda text: sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=text),
            deny("sns:*", topic),
        ),
    ):
        assert [dynastep.run(machine).succeeded for _ in range(2)] == [True, True]
        change(policy)
        assert not dynastep.run(machine).succeeded


def test_another_table_in_the_same_task_is_asked_for_by_itself(dynastep):
    make_table(dynastep)
    make_table(dynastep, "secrets")
    put = integration("dynamodb:putItem", {"TableName.$": "$.table", "Item": {"id": {"S": "x"}}})
    arn = f"arn:aws:dynamodb:us-east-1:{dynastep.account}:table/orders"
    machine = dynastep.machine(put, role=dynastep.role(document(allow("dynamodb:PutItem", arn))))
    ran = [dynastep.run(machine, {"table": name}).succeeded for name in ("orders", "orders", "secrets", "orders")]
    assert ran == [True, True, False, True]
