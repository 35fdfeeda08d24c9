"""Stacks: CloudFormation makes state machines, their versions and aliases, and activities."""

from __future__ import annotations

import json
import re

import pytest

PASS = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}


@pytest.fixture
def states(dynastep):
    return dynastep.client("stepfunctions")


@pytest.fixture
def stack(dynastep):
    """Create a stack of resources, ``{logical id: (type, properties)}``, or update it; what Ref gives of each."""
    formation = dynastep.client("cloudformation")

    def make(resources, again=False):
        described = {
            name: {"Type": f"AWS::StepFunctions::{kind}", "Properties": properties}
            for name, (kind, properties) in resources.items()
        }
        outputs = {name: {"Value": {"Ref": name}} for name in resources}
        body = json.dumps({"Resources": described, "Outputs": outputs})
        (formation.update_stack if again else formation.create_stack)(StackName="shop", TemplateBody=body)
        (made,) = formation.describe_stacks(StackName="shop")["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in made["Outputs"]}

    return make


@pytest.fixture
def machine(dynastep):
    """The properties of a state machine."""
    role = f"arn:aws:iam::{dynastep.account}:role/runner"
    return lambda **more: {"StateMachineName": "orders", "RoleArn": role, **more}


def test_a_state_machine_of_a_stack_is_one_of_the_api(dynastep, states, stack, machine):
    more = {
        "StateMachineType": "EXPRESS",
        "TracingConfiguration": {"Enabled": True},
        "LoggingConfiguration": {"Level": "OFF", "IncludeExecutionData": True},
        "Tags": [{"Key": "team", "Value": "shop"}],
    }
    refs = stack({"Orders": ("StateMachine", machine(DefinitionString=json.dumps(PASS), **more))})
    arn = f"arn:aws:states:us-east-1:{dynastep.account}:stateMachine:orders"
    assert refs == {"Orders": arn}
    described = states.describe_state_machine(stateMachineArn=arn)
    assert (described["type"], json.loads(described["definition"])) == ("EXPRESS", PASS)
    assert described["tracingConfiguration"] == {"enabled": True}
    assert described["loggingConfiguration"] == {"level": "OFF", "includeExecutionData": True}
    assert states.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "team", "value": "shop"}]


def test_a_definition_may_be_an_object_or_in_a_bucket_and_have_substitutions(dynastep, states, stack, machine):
    bucket = f"definitions-{dynastep.account}"
    s3 = dynastep.client("s3")
    s3.create_bucket(Bucket=bucket)
    waiting = {"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 5, "Comment": "${Why}", "End": True}}}
    s3.put_object(Bucket=bucket, Key="wait.json", Body=json.dumps(waiting).replace("5", "${Seconds}").encode())
    place = {"Bucket": bucket, "Key": "wait.json"}
    values = {"Seconds": 7, "Why": "because"}
    refs = stack(
        {
            "Object": ("StateMachine", machine(StateMachineName="object", Definition=PASS)),
            "Stored": ("StateMachine", machine(DefinitionS3Location=place, DefinitionSubstitutions=values)),
        }
    )
    found = {
        name: json.loads(states.describe_state_machine(stateMachineArn=arn)["definition"]) for name, arn in refs.items()
    }
    assert found["Object"] == PASS
    assert found["Stored"]["States"]["A"] == {"Type": "Wait", "Seconds": 7, "Comment": "because", "End": True}


def test_an_updated_stack_changes_its_machine_and_a_deleted_one_takes_it_along(dynastep, states, stack, machine):
    old = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    arn = stack({"Orders": ("StateMachine", machine(Definition=PASS, Tags=old))})["Orders"]
    new = {**PASS, "Comment": "new"}
    tags = [{"Key": "b", "Value": "3"}]
    assert stack({"Orders": ("StateMachine", machine(Definition=new, Tags=tags))}, again=True) == {"Orders": arn}
    assert json.loads(states.describe_state_machine(stateMachineArn=arn)["definition"]) == new
    assert states.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "b", "value": "3"}]
    renamed = machine(Definition=new, StateMachineName="sales")
    other = stack({"Orders": ("StateMachine", renamed)}, again=True)["Orders"]
    assert [each["stateMachineArn"] for each in states.list_state_machines()["stateMachines"]] == [other]
    dynastep.client("cloudformation").delete_stack(StackName="shop")
    assert states.list_state_machines()["stateMachines"] == []


def test_versions_aliases_and_activities_are_resources(dynastep, states, stack, machine):
    routes = [{"StateMachineVersionArn": {"Ref": "First"}, "Weight": 100}]
    refs = stack(
        {
            "Orders": ("StateMachine", machine(Definition=PASS)),
            "First": ("StateMachineVersion", {"StateMachineArn": {"Ref": "Orders"}, "Description": "d"}),
            "Live": ("StateMachineAlias", {"Name": "live", "RoutingConfiguration": routes}),
            "Pack": ("Activity", {"Name": "pack"}),
        }
    )
    assert refs["First"] == f"{refs['Orders']}:1"
    alias = states.describe_state_machine_alias(stateMachineAliasArn=refs["Live"])
    assert alias["routingConfiguration"] == [{"stateMachineVersionArn": refs["First"], "weight": 100}]
    assert states.describe_activity(activityArn=refs["Pack"])["name"] == "pack"
    execution = dynastep.client("stepfunctions").start_execution(stateMachineArn=refs["Live"])
    described = states.describe_execution(executionArn=execution["executionArn"])
    assert (described["status"], described["stateMachineAliasArn"]) == ("SUCCEEDED", refs["Live"])
    dynastep.client("cloudformation").delete_stack(StackName="shop")
    assert states.list_state_machines()["stateMachines"] == states.list_activities()["activities"] == []


def test_a_definition_that_the_service_refuses_rolls_the_stack_back(dynastep, states, machine):
    formation = dynastep.client("cloudformation")
    properties = machine(DefinitionString="{}")
    resources = {"Orders": {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}}
    formation.create_stack(StackName="shop", TemplateBody=json.dumps({"Resources": resources}))
    [stack] = formation.describe_stacks(StackName="shop")["Stacks"]
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    events = formation.describe_stack_events(StackName="shop")["StackEvents"]
    [failed] = [event for event in events if event["ResourceStatus"] == "CREATE_FAILED"]
    assert failed["ResourceStatusReason"].startswith(
        'Resource handler returned message: "Invalid State Machine Definition'
    )
    assert "(Service: Sfn, Status Code: 400, Request ID: " in failed["ResourceStatusReason"]
    assert failed["ResourceStatusReason"].endswith("HandlerErrorCode: InvalidRequest)")
    assert states.list_state_machines()["stateMachines"] == []


DEFINITION = json.dumps(PASS)


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        (
            {},
            "Property validation failed. Required key [DefinitionS3Location], [DefinitionString] or [Definition] not found.",
        ),
        (
            {"DefinitionString": DEFINITION, "Definition": PASS},
            "Property validation failed. Please use one of [DefinitionS3Location], [DefinitionString] or [Definition].",
        ),
        (
            {"DefinitionString": DEFINITION, "DefinitionSubstitutions": {"a": ["b"]}},
            "Invalid definition substitution type. Input should be either String, Integer, or Boolean",
        ),
    ],
)
def test_a_machine_has_exactly_one_definition(dynastep, machine, properties, said):
    formation = dynastep.client("cloudformation")
    resources = {"M": {"Type": "AWS::StepFunctions::StateMachine", "Properties": machine(**properties)}}
    formation.create_stack(StackName="shop", TemplateBody=json.dumps({"Resources": resources}))
    events = formation.describe_stack_events(StackName="shop")["StackEvents"]
    [reason] = [each["ResourceStatusReason"] for each in events if each["ResourceStatus"] == "CREATE_FAILED"]
    assert f'"{said}"' in reason


def test_a_machine_that_is_there_is_never_adopted(dynastep, states, machine):
    states.create_state_machine(name="orders", definition=DEFINITION, roleArn=machine()["RoleArn"])
    formation = dynastep.client("cloudformation")
    resources = {
        "M": {"Type": "AWS::StepFunctions::StateMachine", "Properties": machine(DefinitionString=DEFINITION)},
    }
    formation.create_stack(StackName="shop", TemplateBody=json.dumps({"Resources": resources}))
    events = formation.describe_stack_events(StackName="shop")["StackEvents"]
    [reason] = [each["ResourceStatusReason"] for each in events if each["ResourceStatus"] == "CREATE_FAILED"]
    assert '"State machine already exists"' in reason
    assert reason.endswith("HandlerErrorCode: AlreadyExists)")
    assert len(states.list_state_machines()["stateMachines"]) == 1


def test_yaml_from_a_bucket_becomes_json_and_what_is_neither_is_refused(dynastep, states, stack, machine):
    s3 = dynastep.client("s3")
    bucket = f"definitions-{dynastep.account}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="a.yaml", Body=b"StartAt: A\r\nStates:\r\n  A: {Type: Pass, End: true}\r\n")
    place = {"Bucket": bucket, "Key": "a.yaml"}
    arn = stack({"M": ("StateMachine", machine(DefinitionS3Location=place))})["M"]
    assert json.loads(states.describe_state_machine(stateMachineArn=arn)["definition"]) == PASS


WRITTEN = {
    "plain": DEFINITION,
    "Fn::Sub": {"Fn::Sub": DEFINITION.replace('"Pass"', '"Pass", "Comment": "${AWS::Region}"')},
    "Fn::Join": {"Fn::Join": ["", [DEFINITION[:-3], ', "Comment": "', {"Ref": "AWS::Region"}, '"}}}']]},
}


@pytest.mark.parametrize("by_change_set", [False, True])
@pytest.mark.parametrize("written", WRITTEN)
def test_a_machine_is_found_under_the_outputs_of_its_stack_at_once(dynastep, states, machine, written, by_change_set):
    formation = dynastep.client("cloudformation")
    properties = machine(DefinitionString=WRITTEN[written])
    body = json.dumps(
        {
            "Resources": {"M": {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}},
            "Outputs": {
                "Ref": {"Value": {"Ref": "M"}},
                "Arn": {"Value": {"Fn::GetAtt": ["M", "Arn"]}},
                "Name": {"Value": {"Fn::GetAtt": "M.Name"}},
            },
        }
    )
    if by_change_set:
        formation.create_change_set(StackName="shop", ChangeSetName="c", ChangeSetType="CREATE", TemplateBody=body)
        formation.execute_change_set(StackName="shop", ChangeSetName="c")
    else:
        formation.create_stack(StackName="shop", TemplateBody=body)
    [made] = formation.describe_stacks(StackName="shop")["Stacks"]
    assert made["StackStatus"] == "CREATE_COMPLETE"
    outputs = {each["OutputKey"]: each["OutputValue"] for each in made["Outputs"]}
    described = states.describe_state_machine(stateMachineArn=outputs["Ref"])
    assert outputs == {"Ref": described["stateMachineArn"], "Arn": described["stateMachineArn"], "Name": "orders"}
    comment = json.loads(described["definition"])["States"]["A"].get("Comment")
    assert comment == (None if written == "plain" else "us-east-1")


@pytest.mark.parametrize(
    "content",
    [
        '{"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": ${S}, "End": true}}}',
        "StartAt: A\nStates:\n  A: {Type: Wait, Seconds: ${S}, End: true}\n",
    ],
    ids=["JSON", "YAML"],
)
def test_substitutions_come_before_a_stored_definition_is_read(dynastep, states, stack, machine, content):
    """Neither text is of its language before."""
    s3, bucket = dynastep.client("s3"), f"definitions-{dynastep.account}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="d", Body=content.encode())
    given = machine(DefinitionS3Location={"Bucket": bucket, "Key": "d"}, DefinitionSubstitutions={"S": 3})
    arn = stack({"M": ("StateMachine", given)})["M"]
    definition = json.loads(states.describe_state_machine(stateMachineArn=arn)["definition"])
    assert definition["States"]["A"]["Seconds"] == 3


@pytest.mark.parametrize("logical", ["M", "M" * 100])
def test_names_that_nobody_gives_begin_with_the_logical_id(states, stack, machine, logical):
    given = machine(DefinitionString=DEFINITION)
    del given["StateMachineName"]
    arn = stack({logical: ("StateMachine", given)})[logical]
    name = arn.rpartition(":")[2]
    assert re.fullmatch(rf"{logical[:60]}M*-[A-Za-z0-9]+", name)
    assert len(name) <= 80


def test_a_version_of_a_revision_that_has_one_is_not_adopted(dynastep, states, machine):
    arn = states.create_state_machine(name="mine", definition=DEFINITION, roleArn=machine()["RoleArn"], publish=True)[
        "stateMachineArn"
    ]
    formation = dynastep.client("cloudformation")
    version = {"Type": "AWS::StepFunctions::StateMachineVersion", "Properties": {"StateMachineArn": arn}}
    formation.create_stack(StackName="shop", TemplateBody=json.dumps({"Resources": {"V": version}}))
    [made] = formation.describe_stacks(StackName="shop")["Stacks"]
    assert made["StackStatus"] == "ROLLBACK_COMPLETE"
    assert len(states.list_state_machine_versions(stateMachineArn=arn)["stateMachineVersions"]) == 1


def _released(machine, comment, **preference):
    """A machine whose changed definition publishes a version, to which an alias moves."""
    definition = json.dumps({**PASS, "Comment": comment})
    revision = {"Fn::GetAtt": ["M", "StateMachineRevisionId"]}
    preference = {"StateMachineVersionArn": {"Ref": "V"}, **preference}
    return {
        "M": ("StateMachine", machine(DefinitionString=definition)),
        "V": ("StateMachineVersion", {"StateMachineArn": {"Ref": "M"}, "StateMachineRevisionId": revision}),
        "L": ("StateMachineAlias", {"Name": "live", "DeploymentPreference": preference}),
    }


def _retaining(formation, resources):
    """Update the stack shop; old versions stay, as the alias still routes to them."""
    described = {
        name: {
            "Type": f"AWS::StepFunctions::{kind}",
            "Properties": properties,
            "UpdateReplacePolicy": "Retain" if kind.endswith("Version") else "Delete",
        }
        for name, (kind, properties) in resources.items()
    }
    formation.update_stack(StackName="shop", TemplateBody=json.dumps({"Resources": described}))


def test_a_changed_definition_publishes_a_version_and_moves_the_alias_at_once(dynastep, states, stack, machine):
    refs = stack(_released(machine, "one", Type="ALL_AT_ONCE"))
    _retaining(dynastep.client("cloudformation"), _released(machine, "two", Type="ALL_AT_ONCE"))
    described = states.describe_state_machine_alias(stateMachineAliasArn=refs["L"])
    assert described["routingConfiguration"] == [{"stateMachineVersionArn": f"{refs['M']}:2", "weight": 100}]


def test_an_alias_moves_gradually_on_the_clock(dynastep, states, stack, machine):
    canary = {"Type": "CANARY", "Percentage": 10, "Interval": 5}
    formation = dynastep.client("cloudformation")
    refs = stack(_released(machine, "one", **canary))
    one, two = f"{refs['M']}:1", f"{refs['M']}:2"
    dynastep.clock.mode = "manual"
    _retaining(formation, _released(machine, "two", **canary))

    def routes():
        described = states.describe_state_machine_alias(stateMachineAliasArn=refs["L"])
        return {route["stateMachineVersionArn"]: route["weight"] for route in described["routingConfiguration"]}

    assert routes() == {one: 90, two: 10}
    assert formation.describe_stacks(StackName="shop")["Stacks"][0]["StackStatus"] == "UPDATE_IN_PROGRESS"
    dynastep.clock.advance(299)
    assert routes() == {one: 90, two: 10}
    dynastep.clock.advance(2)
    assert routes() == {two: 100}
    assert formation.describe_stacks(StackName="shop")["Stacks"][0]["StackStatus"] == "UPDATE_COMPLETE"


@pytest.mark.parametrize(
    ("given", "lacks"),
    [
        (
            {},
            "an interval and percentage for traffic shifting. Configure the deployment preference with the 'interval' and 'percentage' properties",
        ),
        (
            {"Percentage": 10},
            "an interval for traffic shifting. Configure the deployment preference with the 'interval' property",
        ),
        (
            {"Interval": 10},
            "a percentage for traffic shifting. Configure the deployment preference with the 'percentage' property",
        ),
    ],
)
def test_a_gradual_deployment_says_what_it_lacks(dynastep, machine, given, lacks):
    formation = dynastep.client("cloudformation")
    described = {
        name: {"Type": f"AWS::StepFunctions::{kind}", "Properties": properties}
        for name, (kind, properties) in _released(machine, "one", Type="LINEAR", **given).items()
    }
    formation.create_stack(StackName="shop", TemplateBody=json.dumps({"Resources": described}))
    events = formation.describe_stack_events(StackName="shop")["StackEvents"]
    [reason] = [each["ResourceStatusReason"] for each in events if each["ResourceStatus"] == "CREATE_FAILED"]
    assert f"Deployments of type 'LINEAR' require {lacks} and try again." in reason


def _alarm(dynastep, state):
    watch = dynastep.client("cloudwatch")
    watch.put_metric_alarm(
        AlarmName="too many failures",
        MetricName="m",
        Namespace="n",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    watch.set_alarm_state(AlarmName="too many failures", StateValue=state, StateReason="a test")


def _routes(states, alias):
    described = states.describe_state_machine_alias(stateMachineAliasArn=alias)
    return {
        route["stateMachineVersionArn"].rpartition(":")[2]: route["weight"]
        for route in described["routingConfiguration"]
    }


LINEAR = {"Type": "LINEAR", "Percentage": 40, "Interval": 2, "Alarms": ["too many failures"]}


def test_an_alias_moves_in_equal_steps(dynastep, states, stack, machine):
    _alarm(dynastep, "OK")
    refs = stack(_released(machine, "one", **LINEAR))
    dynastep.clock.mode = "manual"
    _retaining(dynastep.client("cloudformation"), _released(machine, "two", **LINEAR))
    seen = [_routes(states, refs["L"])]
    for _ in range(2):
        dynastep.clock.advance(120)
        seen.append(_routes(states, refs["L"]))
    assert seen == [{"1": 60, "2": 40}, {"1": 20, "2": 80}, {"2": 100}]


def test_an_alarm_takes_an_alias_back(dynastep, states, stack, machine):
    _alarm(dynastep, "OK")
    formation = dynastep.client("cloudformation")
    refs = stack(_released(machine, "one", **LINEAR))
    dynastep.clock.mode = "manual"
    _retaining(formation, _released(machine, "two", **LINEAR))
    _alarm(dynastep, "ALARM")
    dynastep.clock.advance(60)
    assert _routes(states, refs["L"]) == {"1": 100}
    assert formation.describe_stacks(StackName="shop")["Stacks"][0]["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    events = formation.describe_stack_events(StackName="shop")["StackEvents"]
    [reason] = [each["ResourceStatusReason"] for each in events if each["ResourceStatus"] == "UPDATE_FAILED"]
    said = "Aborting deployment. The following CloudWatch alarms are in an 'ALARM' state: [too many failures]."
    assert said in reason
    definition = states.describe_state_machine(stateMachineArn=refs["M"])["definition"]
    assert json.loads(definition)["Comment"] == "one"


def test_routing_that_was_changed_by_hand_stops_a_deployment(dynastep, states, stack, machine):
    _alarm(dynastep, "OK")
    formation = dynastep.client("cloudformation")
    refs = stack(_released(machine, "one", **LINEAR))
    dynastep.clock.mode = "manual"
    _retaining(formation, _released(machine, "two", **LINEAR))
    by_hand = [{"stateMachineVersionArn": f"{refs['M']}:2", "weight": 100}]
    states.update_state_machine_alias(stateMachineAliasArn=refs["L"], routingConfiguration=by_hand)
    dynastep.clock.advance(120)
    events = formation.describe_stack_events(StackName="shop")["StackEvents"]
    [reason] = [each["ResourceStatusReason"] for each in events if each["ResourceStatus"] == "UPDATE_FAILED"]
    assert "Failed to continue deployment of type 'LINEAR', drift detected." in reason
