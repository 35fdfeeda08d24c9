"""Executions that have left memory for the data folder are answered for as those in memory are."""

import json

import pytest
from botocore.exceptions import ClientError

from emulator.keeping import archive
from emulator.keeping.folder import NoRoom

DAY = 24 * 3600
ROLE = "arn:aws:iam::000000000000:role/r"
BY_INPUT = {
    "StartAt": "Which",
    "States": {
        "Which": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.bad", "BooleanEquals": True, "Next": "Bad"}],
            "Default": "Good",
        },
        "Bad": {"Type": "Fail", "Error": "Bad", "Cause": "so"},
        "Good": {"Type": "Pass", "End": True},
    },
}
WAITING = {
    "StartAt": "Wait",
    "States": {"Wait": {"Type": "Wait", "Seconds": 10, "Next": "End"}, "End": {"Type": "Pass", "End": True}},
}
READING = {
    "StartAt": "Read",
    "States": {
        "Read": {
            "Type": "Task",
            "Resource": "arn:aws:states:::dynamodb:getItem",
            "Parameters": {"TableName": "orders", "Key": {"k": {"S": "1"}}},
            "ResultSelector": {"read.$": "$.Item"},
            "Next": "Wait",
        },
        **WAITING["States"],
    },
}
"""It fails at once without a table, and goes on if it is redriven when there is one."""
EACH = {
    "StartAt": "Each",
    "States": {
        "Each": {
            "Type": "Map",
            "ToleratedFailurePercentage": 100,
            "ItemProcessor": {**BY_INPUT, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}},
            "End": True,
        }
    },
}

TWICE = {
    "StartAt": "Twice",
    "States": {
        "Twice": {
            "Type": "Parallel",
            "Branches": [
                {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}},
                {
                    "StartAt": "B",
                    "States": {
                        "B": {
                            "Type": "Parallel",
                            "Branches": [{"StartAt": "C", "States": {"C": {"Type": "Pass", "End": True}}}],
                            "End": True,
                        }
                    },
                },
            ],
            "End": True,
        }
    },
}


def definition(states):
    return json.dumps(states)


def create(sfn, name="m", states=BY_INPUT, **more):
    made = sfn.create_state_machine(name=name, definition=definition(states), roleArn=ROLE, **more)
    return made["stateMachineArn"]


def start(sfn, machine, name, given):
    arn = sfn.start_execution(stateMachineArn=machine, name=name, input=json.dumps(given))["executionArn"]
    sfn.describe_execution(executionArn=arn)  # it ends
    return arn


def pages(operation, member, **params):
    found, shown = [], []
    while True:
        page = operation(**params)
        found += page[member]
        shown.append(len(page[member]))
        if "nextToken" not in page:
            return found, shown
        params["nextToken"] = page["nextToken"]


def told(sfn, machines):
    """All that can be asked of the executions of some machines."""
    everything = {}
    for machine in machines:
        for more in ({}, {"maxResults": 3}, {"statusFilter": "FAILED", "maxResults": 2}, {"statusFilter": "RUNNING"}):
            params = {"stateMachineArn": machine, **more}
            everything[machine, str(more)] = pages(sfn.list_executions, "executions", **params)
        for listed in everything[machine, "{}"][0]:
            arn = listed["executionArn"]
            everything[arn] = of_one(sfn, arn)
            for run in everything[arn][-1][0]:
                everything[run["mapRunArn"]] = answer(sfn.describe_map_run, mapRunArn=run["mapRunArn"])
                for more in ({}, {"maxResults": 2}, {"statusFilter": "FAILED"}):
                    params = {"mapRunArn": run["mapRunArn"], **more}
                    children = pages(sfn.list_executions, "executions", **params)
                    everything[run["mapRunArn"], str(more)] = children
                for child in everything[run["mapRunArn"], "{}"][0]:
                    everything[child["executionArn"]] = of_one(sfn, child["executionArn"])
    return everything


def of_one(sfn, arn):
    return (
        answer(sfn.describe_execution, executionArn=arn),
        answer(sfn.describe_state_machine_for_execution, executionArn=arn),
        pages(sfn.get_execution_history, "events", executionArn=arn, maxResults=3),
        pages(sfn.get_execution_history, "events", executionArn=arn, reverseOrder=True),
        pages(sfn.list_map_runs, "mapRuns", executionArn=arn, maxResults=1),
    )


def answer(operation, **params):
    return {name: value for name, value in operation(**params).items() if name != "ResponseMetadata"}


def refusal(operation, **params):
    with pytest.raises(ClientError) as refused:
        operation(**params)
    return refused.value.response["Error"]["Code"]


def in_memory(of, machine):
    machines = of.control.world.every_state_machine()
    return next(len(each.executions) for each in machines if each.arn == machine)


def furnished(of):
    """Machines with executions of all kinds: of versions and aliases, from before updates, with Map Runs, redriven."""
    sfn = of("stepfunctions")
    machine, each, twice = create(sfn, publish=True), create(sfn, "each", EACH), create(sfn, "twice", TWICE)
    start(sfn, twice, "spaces", {"spaces": ["stay", "as"], "they": "are"})
    for number in range(7):
        start(sfn, machine, f"e{number}", {"bad": number % 2 == 0, "number": number})
        of.control.world.engine.advance(1.5)
    version = sfn.publish_state_machine_version(stateMachineArn=machine)["stateMachineVersionArn"]
    routing = [{"stateMachineVersionArn": version, "weight": 100}]
    alias = sfn.create_state_machine_alias(name="live", routingConfiguration=routing)["stateMachineAliasArn"]
    start(sfn, version, "of-version", {"bad": False})
    start(sfn, alias, "of-alias", {"bad": True})
    sfn.update_state_machine(stateMachineArn=machine, definition=definition({**BY_INPUT, "Comment": "second"}))
    redriven = start(sfn, machine, "redriven", {"bad": True})
    of.control.world.engine.advance(2)
    sfn.redrive_execution(executionArn=redriven)
    sfn.describe_execution(executionArn=redriven)
    sfn.update_state_machine(stateMachineArn=machine, definition=definition({**BY_INPUT, "Comment": "third"}))
    for name, items in (("a", 5), ("b", 2)):
        start(sfn, each, name, [{"bad": number == 1, "name": name} for number in range(items)])
    return [machine, version, alias, twice, each]


def test_what_has_left_memory_is_told_as_before(opened):
    of = opened()
    machines = furnished(of)
    before = told(of("stepfunctions"), machines)
    assert in_memory(of, machines[0]) == 10

    of = opened(keep_executions=0)
    assert in_memory(of, machines[0]) == 0, "an execution that has ended is read when somebody asks for it"
    assert told(of("stepfunctions"), machines) == before

    of = opened(keep_executions=0, folder=of.control.world.settings.data_dir.parent / "another")
    assert told_with_one_in_memory(of) == before.keys()


def told_with_one_in_memory(of):
    machines = furnished(of)
    found = told(of("stepfunctions"), machines)
    assert sum(in_memory(of, machine) for machine in (machines[0], machines[-1])) == 1
    return found.keys()


def test_executions_in_memory_and_in_the_folder_are_listed_in_the_order_of_their_start(opened):
    of = opened()
    sfn = of("stepfunctions")
    machine = create(sfn)
    arns = [start(sfn, machine, f"e{number}", {"bad": True}) for number in range(6)]
    of = opened(keep_executions=1 << 30)
    sfn = of("stepfunctions")
    arns += [start(sfn, machine, f"e{number}", {"bad": False}) for number in range(6, 9)]
    for redriven in (4, 1):
        sfn.redrive_execution(executionArn=arns[redriven])
        sfn.describe_execution(executionArn=arns[redriven])
    assert in_memory(of, machine) == 5
    for size in (1, 2, 100):
        found, _ = pages(sfn.list_executions, "executions", stateMachineArn=machine, maxResults=size)
        assert [each["executionArn"] for each in found] == arns[::-1]
    failed, _ = pages(sfn.list_executions, "executions", stateMachineArn=machine, statusFilter="FAILED", maxResults=4)
    assert [each["executionArn"] for each in failed] == arns[5::-1]


def test_a_name_is_taken_by_an_execution_that_has_left_memory(opened):
    of = opened()
    machine = create(of("stepfunctions"))
    start(of("stepfunctions"), machine, "e", {"bad": False})
    sfn = opened(keep_executions=0)("stepfunctions")
    params = {"stateMachineArn": machine, "name": "e", "input": '{"bad": false}'}
    assert refusal(sfn.start_execution, **params) == "ExecutionAlreadyExists"


def test_after_90_days_on_the_clock_it_is_gone(opened):
    of = opened("manual")
    sfn = of("stepfunctions")
    machine, each = create(sfn), create(sfn, "each", EACH)
    first = start(sfn, machine, "first", {"bad": True})
    start(sfn, each, "each", [{"bad": False}])
    of.control.world.engine.advance(3 * DAY)
    second = start(sfn, machine, "second", {"bad": False})

    of = opened("manual", keep_executions=0)
    sfn = of("stepfunctions")
    run = sfn.list_map_runs(executionArn=each.replace("stateMachine", "execution") + ":each")["mapRuns"][0]["mapRunArn"]
    child = sfn.list_executions(mapRunArn=run)["executions"][0]["executionArn"]
    of.control.world.engine.advance(87 * DAY)
    for ask in (sfn.describe_execution, sfn.get_execution_history, sfn.redrive_execution, sfn.list_map_runs):
        assert refusal(ask, executionArn=first) == "ExecutionDoesNotExist"
    assert refusal(sfn.describe_map_run, mapRunArn=run) == "ResourceNotFound"
    assert refusal(sfn.describe_execution, executionArn=child) == "ExecutionDoesNotExist"
    listed = sfn.list_executions(stateMachineArn=machine)["executions"]
    assert [entry["executionArn"] for entry in listed] == [second]
    start(sfn, machine, "first", {"bad": False})  # its name is free
    folder = of.control._folder
    assert [arn for (arn,) in folder.find("SELECT arn FROM executions ORDER BY number")] == [second, first]
    assert folder.find("SELECT count(*) FROM within") == folder.find("SELECT count(*) FROM children") == [(0,)]


def test_one_that_is_redriven_comes_back(opened):
    of = opened()
    sfn = of("stepfunctions")
    machine = create(sfn)
    arn = start(sfn, machine, "e", {"bad": True})
    start(sfn, machine, "f", {"bad": True})
    of = opened(keep_executions=0)
    sfn = of("stepfunctions")
    sfn.redrive_execution(executionArn=arn, clientToken="once")
    described = sfn.describe_execution(executionArn=arn)
    assert (described["status"], described["redriveCount"]) == ("FAILED", 1)
    types = [event["type"] for event in sfn.get_execution_history(executionArn=arn)["events"]]
    assert types[-4:] == ["FailStateEntered", "ExecutionFailed", "ExecutionRedriven", "ExecutionFailed"]
    start(sfn, machine, "g", {"bad": False})
    assert in_memory(of, machine) == 1, "it has left memory again"
    sfn = opened()("stepfunctions")
    assert sfn.describe_execution(executionArn=arn)["redriveCount"] == 1
    assert [event["type"] for event in sfn.get_execution_history(executionArn=arn)["events"]] == types


def test_one_that_is_redriven_in_memory_is_kept_again(opened):
    of = opened("manual")
    sfn = of("stepfunctions")
    machine = create(sfn, states=READING)
    arn = start(sfn, machine, "e", {})
    for _ in range(2):
        sfn.redrive_execution(executionArn=arn)
        assert sfn.describe_execution(executionArn=arn)["status"] == "FAILED"
    dynamodb = of("dynamodb")
    dynamodb.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.put_item(TableName="orders", Item={"k": {"S": "1"}})
    sfn.redrive_execution(executionArn=arn)
    before = of_one(sfn, arn)
    of = opened("manual")
    sfn = of("stepfunctions")
    assert of_one(sfn, arn) == before
    of.control.set_clock(None, 60.0)
    types = [event["type"] for event in sfn.get_execution_history(executionArn=arn)["events"]]
    assert (types.count("ExecutionRedriven"), types[-1]) == (3, "ExecutionSucceeded")
    ended = of_one(sfn, arn)
    assert of_one(opened("manual")("stepfunctions"), arn) == ended


def test_one_with_map_runs_is_redriven(opened):
    of = opened()
    sfn = of("stepfunctions")
    strict = json.loads(json.dumps(EACH))
    del strict["States"]["Each"]["ToleratedFailurePercentage"]
    machine = create(sfn, states=strict)
    given = [{"bad": number == 1, "number": number} for number in range(4)]
    arn = start(sfn, machine, "e", given)
    before = told(sfn, [machine])
    for redrives in (1, 2):
        of = opened(keep_executions=0)
        sfn = of("stepfunctions")
        if redrives == 1:
            assert told(sfn, [machine]) == before
        sfn.redrive_execution(executionArn=arn)
        described = sfn.describe_execution(executionArn=arn)
        assert (described["status"], described["redriveCount"]) == ("FAILED", redrives)
        run = sfn.list_map_runs(executionArn=arn)["mapRuns"][0]["mapRunArn"]
        described = sfn.describe_map_run(mapRunArn=run)
        assert described["redriveCount"] == redrives
        assert described["executionCounts"]["failed"] == 1
        listed = sfn.list_executions(mapRunArn=run, redriveFilter="REDRIVEN")["executions"]
        assert [each["redriveCount"] for each in listed] == [redrives]
    types = [event["type"] for event in sfn.get_execution_history(executionArn=arn)["events"]]
    assert types.count("MapRunRedriven") == types.count("ExecutionRedriven") == 2


def test_with_their_machine_they_go(opened):
    of = opened()
    sfn = of("stepfunctions")
    machine, other = create(sfn), create(sfn, "other")
    arn, stays = (start(sfn, each, "e", {"bad": True}) for each in (machine, other))
    of = opened(keep_executions=0)
    sfn = of("stepfunctions")
    sfn.describe_execution(executionArn=arn)  # it was read
    sfn.delete_state_machine(stateMachineArn=machine)
    assert refusal(sfn.describe_execution, executionArn=arn) == "ExecutionDoesNotExist"
    create(sfn)
    assert sfn.list_executions(stateMachineArn=machine)["executions"] == []
    assert sfn.describe_execution(executionArn=stays)["status"] == "FAILED"
    assert of.control._folder.find("SELECT arn FROM executions") == [(stays,)]


def test_what_cannot_be_written_does_not_leave_memory(opened, monkeypatch):
    of = opened("virtual", keep_executions=0)
    sfn = of("stepfunctions")
    machine = create(sfn)
    start(sfn, machine, "first", {"bad": False})
    folder = of.control._folder
    write = folder.write

    def full(statements):
        statements = list(statements)
        if any("executions" in sql for sql, _ in statements):
            raise NoRoom("there is no room")
        write(statements)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(folder, "write", full)
        for name in ("second", "third"):
            params = {"stateMachineArn": machine, "name": name, "input": '{"bad": true}'}
            assert refusal(sfn.start_execution, **params) == "InsufficientStorage"
        assert in_memory(of, machine) == 3
    start(sfn, machine, "fourth", {"bad": False})
    assert in_memory(of, machine) == 1
    listed = opened()("stepfunctions").list_executions(stateMachineArn=machine)["executions"]
    assert [each["name"] for each in listed] == ["fourth", "third", "second", "first"]
    history = opened()("stepfunctions").get_execution_history(executionArn=listed[1]["executionArn"])["events"]
    assert [event["id"] for event in history] == [1, 2, 3, 4, 5]


def test_a_snapshot_has_what_has_left_memory(opened):
    of = opened()
    machines = furnished(of)
    before = told(of("stepfunctions"), machines)
    of = opened(keep_executions=0)
    of.control.take_snapshot("all")
    of("stepfunctions").delete_state_machine(stateMachineArn=machines[0])
    of.control.restore_snapshot("all")
    assert told(of("stepfunctions"), machines) == before
    assert of.control.counts()["executions"] == 13
    assert told(opened()("stepfunctions"), machines) == before


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        ("UPDATE events SET value = x'00ff' WHERE arn = ?", "events of {arn} is damaged"),
        ("UPDATE executions SET value = x'00ff' WHERE arn = ?", "the execution {arn} is damaged"),
    ],
)
def test_a_damaged_one_is_named_when_it_is_asked_for(opened, damage, named):
    of = opened()
    sfn = of("stepfunctions")
    machine = create(sfn, states=WAITING)
    arn, other = (start(sfn, machine, name, {"bad": True}) for name in ("e", "f"))
    of = opened(keep_executions=0)
    sfn = of("stepfunctions")
    of.control._folder.write([(damage, (arn,))])
    with pytest.raises(ClientError, match="Dynastep cannot read this: " + named.format(arn=arn)) as refused:
        sfn.get_execution_history(executionArn=arn)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert sfn.describe_execution(executionArn=other)["status"] == "SUCCEEDED"


def test_few_of_those_that_were_read_stay_in_memory(opened):
    of = opened()
    sfn = of("stepfunctions")
    machine = create(sfn)
    arns = [start(sfn, machine, f"e{number}", {"bad": False}) for number in range(archive.FEW + 5)]
    of = opened()
    for arn in arns:
        of("stepfunctions").describe_execution(executionArn=arn)
    assert len(of.control.world.retention.archive._read) == archive.FEW
    assert of.control.world.retention.size == 0
