"""``dynastep.faults``: which calls fail or come late, in whose words, and the same ones in every run."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from dynastep import InvalidFault

PUT = "arn:aws:states:::dynamodb:putItem"
SDK = "arn:aws:states:::aws-sdk:dynamodb:"
KEY = {"id": {"S": "1"}}
BUSY = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 1}


def task(resource, parameters=None, **fields):
    given = {} if parameters is None else {"Parameters": parameters}
    return {"Type": "Task", "Resource": resource, **given, "End": True, **fields}


def machine(**states):
    return {"StartAt": next(iter(states)), "States": states}


def each(state):
    return machine(Each={"Type": "Map", "ItemProcessor": machine(Work=state), "End": True})


@pytest.fixture
def table(dynastep):
    client = dynastep.client("dynamodb")
    client.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return client


def put(**more):
    return {"TableName": "orders", "Item": KEY, **more}


def refusal(call, *arguments, **parameters):
    with pytest.raises(ClientError) as refused:
        call(*arguments, **parameters)
    said = refused.value.response
    return said["Error"]["Code"], said["Error"]["Message"], said["ResponseMetadata"]["HTTPStatusCode"]


# In whose words


TASKS = [
    (PUT, put(), "dynamodb:PutItem", "ProvisionedThroughputExceededException", "DynamoDB.ProvisionedThroughputExceededException"),
    (SDK + "putItem", put(), "dynamodb:PutItem", "ProvisionedThroughputExceededException", "DynamoDb.ProvisionedThroughputExceededException"),
    (SDK + "putItem", put(), "dynamodb:*", "InternalServerError", "DynamoDb.InternalServerErrorException"),
    (SDK + "putItem", put(), "dynamodb:putitem", "ServiceUnavailable", "DynamoDb.DynamoDbException"),
    ("arn:aws:states:::sqs:sendMessage", {"QueueUrl": "q", "MessageBody": "m"}, "sqs:SendMessage", "ServiceUnavailable", "SQS.AmazonSQSException"),
    ("arn:aws:states:::lambda:invoke", {"FunctionName": "f"}, "lambda:Invoke", "TooManyRequestsException", "Lambda.TooManyRequestsException"),
    ("arn:aws:lambda:us-east-1:000000000000:function:f", None, "lambda:Invoke", "ServiceException", "Lambda.ServiceException"),
    ("arn:aws:states:::states:startExecution", {"StateMachineArn": "m"}, "states:StartExecution", "ExecutionLimitExceeded", "StepFunctions.ExecutionLimitExceededException"),
    ("arn:aws:states:::aws-sdk:sfn:startExecution", {"StateMachineArn": "m"}, "sfn:*", "ExecutionLimitExceeded", "Sfn.ExecutionLimitExceededException"),
    ("arn:aws:states:::glue:startJobRun.sync", {"JobName": "j"}, "*:*", "ThrottlingException", "Glue.ThrottlingException"),
    ("arn:aws:states:::elasticmapreduce:createCluster", {"Name": "c", "Instances": {"KeepJobFlowAliveWhenNoSteps": True}}, "emr:RunJobFlow", "InternalServerException", "ElasticMapReduce.InternalServerException"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("resource", "parameters", "target", "error", "name"), TASKS, ids=[f"{t[0]} {t[3]}" for t in TASKS]
)
def test_a_task_fails_as_its_integration_says_it(dynastep, resource, parameters, target, error, name):
    hits = dynastep.faults(target, error=error, message="as wanted").hits
    execution = dynastep.run(machine(Work=task(resource, parameters)))
    assert execution.error == name
    assert execution.cause.startswith("as wanted (Service: ")
    assert len(hits) == 1
    kinds = [event["type"] for event in execution.history]
    assert not any("Submitted" in kind for kind in kinds)
    assert kinds[-2].endswith("Failed")


def test_a_mocked_task_fails_as_well(dynastep):
    mocked = dynastep.mock("Work", {"SdkHttpMetadata": {}, "SdkResponseMetadata": {}}, checked=False)
    dynastep.faults("dynamodb:*", error="InternalServerError", times=1)
    execution = dynastep.run(machine(Work=task(PUT, put(), Retry=[BUSY])))
    assert execution.succeeded
    assert execution.states["Work"].errors == ["DynamoDB.InternalServerErrorException"]
    assert len(mocked.calls) == 1


def test_clients_get_the_same_error_as_from_aws(dynastep, table):
    dynastep.faults("dynamodb:PutItem", error="ProvisionedThroughputExceededException", times=1)
    text = (
        "The level of configured provisioned throughput for the table was exceeded. Consider increasing your "
        "provisioning level with the UpdateTable API."
    )
    assert refusal(table.put_item, **put()) == ("ProvisionedThroughputExceededException", text, 400)
    table.put_item(**put())
    assert table.scan(TableName="orders")["Count"] == 1


OTHERS = [
    ("s3", "list_buckets", {}, "s3:*", "SlowDown", ("SlowDown", "Please reduce your request rate.", 503)),
    ("sqs", "list_queues", {}, "sqs:ListQueues", "ServiceUnavailable", ("ServiceUnavailable", "The request has failed due to a temporary failure of the server.", 503)),
    ("sns", "list_topics", {}, "sns:*", "ThrottledException", ("Throttled", "ThrottledException, which a fault of the test has asked for", 429)),
    ("ec2", "describe_instances", {}, "ec2:DescribeInstances", "Throttling", ("Throttling", "Rate exceeded", 400)),
    ("lambda", "list_functions", {}, "lambda:ListFunctions", "TooManyRequestsException", ("TooManyRequestsException", "Rate Exceeded.", 429)),
    ("lambda", "invoke", {"FunctionName": "f"}, "lambda:Invoke", "TooManyRequestsException", ("TooManyRequestsException", "Rate Exceeded.", 429)),
    ("events", "list_rules", {}, "events:*", "InternalException", ("InternalException", "InternalException, which a fault of the test has asked for", 500)),
    ("cloudformation", "describe_stacks", {}, "cloudformation:*", "Throttling", ("Throttling", "Rate exceeded", 400)),
    ("stepfunctions", "list_activities", {}, "states:*", "ThrottlingException", ("ThrottlingException", "Rate exceeded", 400)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("service", "method", "parameters", "target", "error", "said"), OTHERS, ids=[f"{o[0]}.{o[1]}" for o in OTHERS]
)
def test_clients_of_every_protocol_are_refused_in_it(dynastep, service, method, parameters, target, error, said):
    dynastep.faults(target, error=error, times=1)
    client = dynastep.client(service)
    assert refusal(getattr(client, method), **parameters) == said


def test_a_stack_that_is_created_is_not_hit(dynastep):
    """Faults are for Tasks and for clients, not for what the emulator does by itself."""
    faults = dynastep.faults("dynamodb:*", error="InternalServerError", optional=True)
    orders = {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "TableName": "orders",
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
        },
    }
    client = dynastep.client("cloudformation")
    import json

    client.create_stack(StackName="shop", TemplateBody=json.dumps({"Resources": {"Orders": orders}}))
    assert client.describe_stacks()["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
    assert faults.met == 0


# DynamoDB


def test_a_write_meets_a_transaction(dynastep, table):
    dynastep.faults("dynamodb:*", error="TransactionConflict", times=1)
    text = "Transaction is ongoing for the item"
    assert table.scan(TableName="orders")["Count"] == 0
    assert refusal(table.put_item, **put()) == ("TransactionConflictException", text, 400)
    table.put_item(**put())


def test_a_transaction_meets_another_one(dynastep, table):
    dynastep.faults("dynamodb:TransactWriteItems", error="TransactionConflict")
    actions = [{"Put": put()}, {"Put": put(Item={"id": {"S": "2"}})}]
    with pytest.raises(table.exceptions.TransactionCanceledException) as refused:
        table.transact_write_items(TransactItems=actions)
    said = refused.value.response
    assert said["Error"]["Message"] == (
        "Transaction cancelled, please refer cancellation reasons for specific reasons [TransactionConflict, None]"
    )
    assert said["CancellationReasons"] == [
        {"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"},
        {"Code": "None"},
    ]
    execution = dynastep.run(machine(Work=task(SDK + "transactWriteItems", {"TransactItems": actions})))
    assert execution.error == "DynamoDb.TransactionCanceledException"
    assert table.scan(TableName="orders")["Count"] == 0


def test_a_batch_is_not_processed_as_a_whole(dynastep, table):
    puts = [{"PutRequest": {"Item": {"id": {"S": str(number)}}}} for number in range(4)]
    faults = dynastep.faults("dynamodb:*", error="UnprocessedItems", times=1)
    answered = table.batch_write_item(RequestItems={"orders": puts})
    assert answered["UnprocessedItems"] == {"orders": puts[1:]}
    assert table.batch_write_item(RequestItems=answered["UnprocessedItems"])["UnprocessedItems"] == {}
    assert table.scan(TableName="orders")["Count"] == 4
    assert [hit.what for hit in faults.hits] == ["dynamodb:BatchWriteItem"]

    keys = {"orders": {"Keys": [{"id": {"S": str(number)}} for number in range(3)], "ConsistentRead": True}}
    dynastep.faults("dynamodb:BatchGetItem", error="UnprocessedItems", times=1)
    execution = dynastep.run(machine(Work=task(SDK + "batchGetItem", {"RequestItems": keys})))
    assert len(execution.output["Responses"]["orders"]) == 1
    assert execution.output["UnprocessedKeys"] == {"orders": {**keys["orders"], "Keys": keys["orders"]["Keys"][1:]}}


# Lambda


FUNCTIONS = [
    ("Sandbox.Timedout", {}, 3, "Task timed out after 3.00 seconds"),
    ("Sandbox.Timedout", {"delay": "15 min"}, 900, "Task timed out after 900.00 seconds"),
    ("Runtime.ExitError", {}, 0, "Error: Runtime exited with error: exit status 1"),
    ("Function.ResponseSizeTooLarge", {"delay": 2}, 2, "Response payload size exceeded maximum allowed payload size (6291556 bytes)."),
]  # fmt: skip


@pytest.mark.parametrize(("error", "more", "seconds", "message"), FUNCTIONS)
def test_a_function_fails_whoever_invokes_it(dynastep, error, more, seconds, message):
    made = []
    dynastep.function("f", made.append)
    dynastep.faults("lambda:Invoke", error=error, when={"FunctionName": "f"}, **more)
    execution = dynastep.run(machine(Work=task("arn:aws:states:::lambda:invoke", {"FunctionName": "f"})))
    assert (execution.error, execution.elapsed) == (error, seconds)
    assert message in execution.cause
    began = dynastep.clock.now()
    answered = dynastep.client("lambda").invoke(FunctionName="f")
    assert (answered["StatusCode"], answered["FunctionError"]) == (200, "Unhandled")
    assert message.encode() in answered["Payload"].read()
    assert dynastep.clock.now() - began == seconds
    assert made == []


# Tasks by their state


def test_the_task_of_a_state_fails_with_any_error(dynastep):
    dynastep.function("f", lambda event: "done")
    work = task("arn:aws:states:::lambda:invoke", {"FunctionName": "f"}, OutputPath="$.Payload", Retry=[BUSY])
    faults = dynastep.faults("Each[1]/Work", error="Card.Busy", message="later", times=1)
    execution = dynastep.run(each(work), [1, 2, 3])
    assert execution.succeeded
    assert execution.states["Each[1]/Work"].errors == ["Card.Busy"]
    assert execution.states["Each[0]/Work"].errors == []
    assert [(hit.number, hit.what) for hit in faults.hits] == [(0, "Each/Work")]
    assert faults.met == 2


@pytest.mark.parametrize(("error", "event"), [("States.Timeout", "TaskTimedOut"), ("Card.Busy", "TaskFailed")])
@pytest.mark.parametrize("resource", ["lambda:invoke", "glue:startJobRun.sync", "lambda:invoke.waitForTaskToken"])
def test_a_task_of_any_kind_fails_after_a_while(dynastep, resource, error, event):
    dynastep.faults("Work", error=error, delay=60)
    parameters = {"JobName": "j"} if "glue" in resource else {"FunctionName": "f", "Payload.$": "$$.Task.Token"}
    parameters = parameters if resource != "lambda:invoke" else {"FunctionName": "f"}
    execution = dynastep.run(machine(Work=task(f"arn:aws:states:::{resource}", parameters)))
    assert (execution.error, execution.elapsed) == (error, 60)
    assert execution.history[-2]["type"] == event


def test_the_worker_of_an_activity_fails(dynastep):
    arn = dynastep.client("stepfunctions").create_activity(name="work")["activityArn"]
    dynastep.faults("Work", error="Worker.Broken")
    execution = dynastep.run(machine(Work=task(arn)))
    assert execution.error == "Worker.Broken"
    assert [event["type"] for event in execution.history[2:5]] == [
        "ActivityScheduled",
        "ActivityStarted",
        "ActivityFailed",
    ]


# Delays


def test_a_delay_is_time_of_the_machine_for_a_task_and_for_a_client(dynastep, table):
    dynastep.faults("dynamodb:PutItem", delay="90s")
    execution = dynastep.run(machine(Work=task(PUT, put(), TimeoutSeconds=60)))
    assert (execution.error, execution.elapsed) == ("States.Timeout", 60)
    assert table.scan(TableName="orders")["Count"] == 0
    assert dynastep.run(machine(Work=task(PUT, put()))).elapsed == 90
    began = dynastep.clock.now()
    table.put_item(**put())
    assert dynastep.clock.now() - began == 90
    dynastep.faults("s3:ListBuckets", delay=5)
    dynastep.client("s3").list_buckets()
    assert dynastep.clock.now() - began == 95


def test_a_function_that_is_called_in_an_execution_waits_for_its_calls(dynastep, table):
    dynastep.function("f", lambda event: table.put_item(**put()) and None)
    dynastep.faults("dynamodb:PutItem", delay=30)
    assert dynastep.run(machine(Work=task("arn:aws:states:::lambda:invoke", {"FunctionName": "f"}))).elapsed == 30


# How often


def hits(dynastep, **how):
    """The numbers of the calls that are hit, of twenty."""
    dynastep.mock("Work", {}, checked=False)
    faults = dynastep.faults("dynamodb:*", error="ThrottlingException", **how)
    caught = [{"ErrorEquals": ["States.ALL"], "Next": "Done"}]
    work = each(task(PUT, put(), Catch=caught))
    work["States"]["Each"]["ItemProcessor"]["States"]["Done"] = {"Type": "Pass", "End": True}
    assert dynastep.run(work, list(range(20))).succeeded
    assert faults.met == 20
    return [hit.number for hit in faults.hits]


def test_the_seed_chooses_the_calls_that_are_hit(dynastep):
    first = hits(dynastep, rate=0.3, seed=7)
    assert 0 < len(first) < 20
    assert hits(dynastep, rate=0.3, seed=7) == first
    assert hits(dynastep, rate=0.3, seed=8) != first


def test_calls_are_hit_by_number_or_so_many_times(dynastep):
    assert hits(dynastep, calls=[3, 0, 99]) == [0, 3]
    assert hits(dynastep, times=2) == [0, 1]
    assert hits(dynastep, calls=[5, 6, 7], times=2) == [5, 6]


def test_a_fault_can_be_stopped(dynastep, table):
    with dynastep.faults("dynamodb:*", error="InternalServerError"):
        assert refusal(table.put_item, **put())[0] == "InternalServerError"
    table.put_item(**put())


def test_arguments_say_which_calls_are_hit(dynastep, table):
    faults = dynastep.faults("dynamodb:PutItem", error="InternalServerError", when={"Item": {"id": {"S": "2"}}})
    table.put_item(**put())
    assert refusal(table.put_item, **put(Item={"id": {"S": "2"}}))[2] == 500
    assert faults.met == 1


# Faults that cannot be


WRONG = [
    (("dynamodb:*",), {}, "The fault of 'dynamodb:*' does nothing: it needs an error or a delay."),
    (("dynamodb:PutItme",), {"error": "InternalServerError"}, "There is no operation of dynamodb 'PutItme'. Is 'PutItem' meant?"),
    (("dynamdb:PutItem",), {"error": "InternalServerError"}, "There is no service 'dynamdb'. Is 'dynamodb' meant?"),
    (("dynamodb:*",), {"error": "ThrotlingException"}, "There is no error of dynamodb 'ThrotlingException'. Is 'ThrottlingException' meant?"),
    (("dynamodb:Query",), {"error": "TransactionConflict"}, "TransactionConflict hits DeleteItem, ExecuteTransaction, PutItem, TransactGetItems, TransactWriteItems, "
     "UpdateItem, not dynamodb:Query."),
    (("http:invoke",), {"error": "E"}, "http:invoke calls no operation of AWS: let its state fail, or mock it."),
    (("Work",), {"error": "Dynastep.NotBuilt"}, "No service answers Dynastep.NotBuilt: names with 'Dynastep.' are this emulator's."),
    (("Work",), {"error": "E", "rate": 0}, "The rate of a fault is more than 0 and at most 1, not 0."),
    (("Work",), {"error": "E", "rate": 1.5}, "The rate of a fault is more than 0 and at most 1, not 1.5."),
    (("Work",), {"error": "E", "times": 0}, "A fault hits at least once, not 0 times."),
    (("Work",), {"delay": "soon"}, "'soon' is no time: seconds are wanted, or a text such as '3s', '2 min' or '1h'"),
    (("Work",), {"delay": -1}, "A fault delays by 0 seconds or more, not -1."),
    (("Work",), {"error": "E", "calls": [-1]}, "The calls of a fault are numbers from 0, not ['-1']."),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "more", "message"), WRONG, ids=[w[2][:40] for w in WRONG])
def test_a_fault_that_cannot_be_is_refused(dynastep, arguments, more, message):
    with pytest.raises(InvalidFault) as refused:
        dynastep.faults(*arguments, **more)
    assert str(refused.value)[: len(message)] == message


def test_a_fault_that_meets_no_call_fails_the_test_and_so_does_a_when_that_fails(project):
    project(
        """
        def test_it(dynastep):
            dynastep.faults("Chrage", error="Card.Busy")
            dynastep.faults("sqs:*", error="Throttling", optional=True)
            dynastep.faults("dynamodb:ListTables", error="Throttling", when=lambda call: call["nothing"])
            dynastep.client("dynamodb").list_tables()
        """
    ).stdout.fnmatch_lines(
        [
            "The fault of 'dynamodb:ListTables': its 'when' raised KeyError('nothing').",
            "The fault of 'Chrage' has met no call.",
            "The fault of 'dynamodb:ListTables' has met no call.",
        ],
        consecutive=True,
    )
