"""What Ref and Fn::GetAtt give of each type, what resources are called, and which tags they get."""

from __future__ import annotations

import json
import re

import pytest

PASS = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
TRUST = {"Version": "2012-10-17", "Statement": []}
ALLOW = {"Effect": "Allow", "Action": "states:StartExecution", "Resource": "*"}
FUNCTION = {
    "Runtime": "python3.12",
    "Handler": "index.handler",
    "Role": {"Fn::GetAtt": "Role.Arn"},
    "Code": {"ZipFile": "def handler(event, context): return event"},
}
MOCK = {"RestApiId": {"Ref": "Api"}, "HttpMethod": "GET", "AuthorizationType": "NONE", "Integration": {"Type": "MOCK"}}
FLEXIBLE = {"Mode": "OFF"}

RESOURCES = {
    "Role": ("AWS::IAM::Role", {"AssumeRolePolicyDocument": TRUST}),
    "Policy": ("AWS::IAM::ManagedPolicy", {"PolicyDocument": {"Version": "2012-10-17", "Statement": [ALLOW]}}),
    "Machine": ("AWS::StepFunctions::StateMachine", {"RoleArn": {"Fn::GetAtt": "Role.Arn"}, "Definition": PASS}),
    "Version": ("AWS::StepFunctions::StateMachineVersion", {"StateMachineArn": {"Ref": "Machine"}}),
    "Live": (
        "AWS::StepFunctions::StateMachineAlias",
        {"RoutingConfiguration": [{"StateMachineVersionArn": {"Ref": "Version"}, "Weight": 100}]},
    ),
    "Activity": ("AWS::StepFunctions::Activity", {"Name": "pack"}),
    "Table": (
        "AWS::DynamoDB::Table",
        {
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
            "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
        },
    ),
    "Global": (
        "AWS::DynamoDB::GlobalTable",
        {
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
            "Replicas": [{"Region": {"Ref": "AWS::Region"}}],
        },
    ),
    "Function": ("AWS::Lambda::Function", FUNCTION),
    "FunctionVersion": ("AWS::Lambda::Version", {"FunctionName": {"Ref": "Function"}}),
    "FunctionAlias": (
        "AWS::Lambda::Alias",
        {
            "FunctionName": {"Ref": "Function"},
            "FunctionVersion": {"Fn::GetAtt": "FunctionVersion.Version"},
            "Name": "live",
        },
    ),
    "Url": ("AWS::Lambda::Url", {"TargetFunctionArn": {"Fn::GetAtt": "Function.Arn"}, "AuthType": "NONE"}),
    "Mapping": (
        "AWS::Lambda::EventSourceMapping",
        {"FunctionName": {"Ref": "Function"}, "EventSourceArn": {"Fn::GetAtt": "Queue.Arn"}},
    ),
    "Permission": (
        "AWS::Lambda::Permission",
        {"FunctionName": {"Ref": "Function"}, "Action": "lambda:InvokeFunction", "Principal": "sns.amazonaws.com"},
    ),
    "Queue": ("AWS::SQS::Queue", {"DelaySeconds": "2"}),
    "Topic": ("AWS::SNS::Topic", {}),
    "Subscription": (
        "AWS::SNS::Subscription",
        {"TopicArn": {"Ref": "Topic"}, "Protocol": "sqs", "Endpoint": {"Fn::GetAtt": "Queue.Arn"}},
    ),
    "Bus": ("AWS::Events::EventBus", {"Name": "orders"}),
    "Rule": ("AWS::Events::Rule", {"EventPattern": {"source": ["shop"]}}),
    "RuleOfBus": ("AWS::Events::Rule", {"EventPattern": {"source": ["shop"]}, "EventBusName": {"Ref": "Bus"}}),
    "Group": ("AWS::Scheduler::ScheduleGroup", {}),
    "Schedule": (
        "AWS::Scheduler::Schedule",
        {
            "ScheduleExpression": "rate(1 hour)",
            "FlexibleTimeWindow": FLEXIBLE,
            "Target": {"Arn": {"Fn::GetAtt": "Queue.Arn"}, "RoleArn": {"Fn::GetAtt": "Role.Arn"}},
        },
    ),
    "Pipe": (
        "AWS::Pipes::Pipe",
        {
            "RoleArn": {"Fn::GetAtt": "Role.Arn"},
            "Source": {"Fn::GetAtt": "Queue.Arn"},
            "Target": {"Ref": "Machine"},
            "TargetParameters": {"StepFunctionStateMachineParameters": {"InvocationType": "FIRE_AND_FORGET"}},
        },
    ),
    "Api": ("AWS::ApiGateway::RestApi", {"Name": "orders"}),
    "Path": (
        "AWS::ApiGateway::Resource",
        {"RestApiId": {"Ref": "Api"}, "ParentId": {"Fn::GetAtt": "Api.RootResourceId"}, "PathPart": "orders"},
    ),
    "Method": ("AWS::ApiGateway::Method", {**MOCK, "ResourceId": {"Ref": "Path"}}),
    "Stage": (
        "AWS::ApiGateway::Stage",
        {"RestApiId": {"Ref": "Api"}, "DeploymentId": {"Ref": "Deployment"}, "StageName": "prod"},
    ),
    "HttpApi": ("AWS::ApiGatewayV2::Api", {"Name": "orders", "ProtocolType": "HTTP"}),
    "HttpIntegration": (
        "AWS::ApiGatewayV2::Integration",
        {
            "ApiId": {"Ref": "HttpApi"},
            "IntegrationType": "AWS_PROXY",
            "IntegrationUri": {"Fn::GetAtt": "Function.Arn"},
            "PayloadFormatVersion": "2.0",
        },
    ),
    "HttpRoute": (
        "AWS::ApiGatewayV2::Route",
        {
            "ApiId": {"Ref": "HttpApi"},
            "RouteKey": "GET /",
            "Target": {"Fn::Sub": "integrations/${HttpIntegration}"},
        },
    ),
    "HttpDeployed": ("AWS::ApiGatewayV2::Stage", {"ApiId": {"Ref": "HttpApi"}, "StageName": "v1", "AutoDeploy": True}),
    "HttpDomain": (
        "AWS::ApiGatewayV2::DomainName",
        {
            "DomainName": "api.example.com",
            "DomainNameConfigurations": [{"CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/c"}],
        },
    ),
    "HttpMapping": (
        "AWS::ApiGatewayV2::ApiMapping",
        {"ApiId": {"Ref": "HttpApi"}, "DomainName": {"Ref": "HttpDomain"}, "Stage": {"Ref": "HttpDeployed"}},
    ),
    "HttpLink": ("AWS::ApiGatewayV2::VpcLink", {"Name": "link", "SubnetIds": ["subnet-1"]}),
    "Socket": (
        "AWS::ApiGatewayV2::Api",
        {"Name": "chat", "ProtocolType": "WEBSOCKET", "RouteSelectionExpression": "$request.body.action"},
    ),
    "SocketModel": (
        "AWS::ApiGatewayV2::Model",
        {"ApiId": {"Ref": "Socket"}, "Name": "Said", "Schema": {"type": "object"}},
    ),
    "SocketMock": ("AWS::ApiGatewayV2::Integration", {"ApiId": {"Ref": "Socket"}, "IntegrationType": "MOCK"}),
    "SocketMocked": (
        "AWS::ApiGatewayV2::IntegrationResponse",
        {
            "ApiId": {"Ref": "Socket"},
            "IntegrationId": {"Ref": "SocketMock"},
            "IntegrationResponseKey": "$default",
        },
    ),
    "SocketRoute": (
        "AWS::ApiGatewayV2::Route",
        {"ApiId": {"Ref": "Socket"}, "RouteKey": "$connect", "Target": {"Fn::Sub": "integrations/${SocketMock}"}},
    ),
    "SocketRouted": (
        "AWS::ApiGatewayV2::RouteResponse",
        {"ApiId": {"Ref": "Socket"}, "RouteId": {"Ref": "SocketRoute"}, "RouteResponseKey": "$default"},
    ),
    "Certificate": ("AWS::ApiGateway::ClientCertificate", {"Description": "d"}),
    "RestDomain": ("AWS::ApiGateway::DomainName", {"DomainName": "rest.example.com"}),
    "RestMapping": (
        "AWS::ApiGateway::BasePathMapping",
        {"DomainName": {"Ref": "RestDomain"}, "RestApiId": {"Ref": "Api"}, "Stage": {"Ref": "Stage"}},
    ),
    "Refusal": (
        "AWS::ApiGateway::GatewayResponse",
        {"RestApiId": {"Ref": "Api"}, "ResponseType": "DEFAULT_4XX", "StatusCode": "418"},
    ),
    "Described": (
        "AWS::ApiGateway::DocumentationPart",
        {"RestApiId": {"Ref": "Api"}, "Location": {"Type": "API"}, "Properties": '{"info": {}}'},
    ),
    "Link": (
        "AWS::ApiGateway::VpcLink",
        {"Name": "link", "TargetArns": ["arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/l/1"]},
    ),
    "LogGroup": ("AWS::Logs::LogGroup", {}),
    "Bucket": ("AWS::S3::Bucket", {}),
    "Parameter": ("AWS::SSM::Parameter", {"Type": "String", "Value": "v"}),
    "Secret": ("AWS::SecretsManager::Secret", {"SecretString": "s"}),
    "Alarm": (
        "AWS::CloudWatch::Alarm",
        {
            "MetricName": "m",
            "Namespace": "n",
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 1,
            "ComparisonOperator": "GreaterThanThreshold",
        },
    ),
}
AFTER = {
    "Deployment": {
        "Type": "AWS::ApiGateway::Deployment",
        "Properties": {"RestApiId": {"Ref": "Api"}},
        "DependsOn": "Method",
    }
}

MADE_UP = "[A-Z0-9]{12,13}"
ARN = r"arn:aws:{}:us-east-1:\d{{12}}:"
STATES, LAMBDA, EVENTS = (ARN.format(name) for name in ("states", "lambda", "events"))
UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"

GIVES = {
    "Role": (f"big-Role-{MADE_UP}", {"Arn": rf"arn:aws:iam::\d+:role/big-Role-{MADE_UP}", "RoleId": r"\w+"}),
    "Policy": (rf"arn:aws:iam::\d+:policy/big-Policy-{MADE_UP}", {}),
    "Machine": (
        f"{STATES}stateMachine:Machine-{MADE_UP}",
        {"Arn": f"{STATES}stateMachine:.*", "Name": f"Machine-{MADE_UP}", "StateMachineRevisionId": "INITIAL"},
    ),
    "Version": (f"{STATES}stateMachine:Machine-{MADE_UP}:1", {"Arn": f"{STATES}stateMachine:.*:1"}),
    "Live": (f"{STATES}stateMachine:Machine-{MADE_UP}:Live-{MADE_UP}", {"Arn": f"{STATES}stateMachine:.*"}),
    "Activity": (f"{STATES}activity:pack", {"Arn": f"{STATES}activity:pack", "Name": "pack"}),
    "Table": (
        f"big-Table-{MADE_UP}",
        {"Arn": ARN.format("dynamodb") + "table/big-Table-.*", "StreamArn": ".*/stream/.*"},
    ),
    "Global": (
        f"big-Global-{MADE_UP}",
        {"Arn": ARN.format("dynamodb") + "table/big-Global-.*", "TableId": UUID},
    ),
    "Function": (f"big-Function-{MADE_UP}", {"Arn": f"{LAMBDA}function:big-Function-{MADE_UP}"}),
    "FunctionVersion": (
        f"{LAMBDA}function:big-Function-{MADE_UP}:1",
        {"Version": "1", "FunctionArn": f"{LAMBDA}function:.*:1"},
    ),
    "FunctionAlias": (
        f"{LAMBDA}function:big-Function-{MADE_UP}:live",
        {"AliasArn": f"{LAMBDA}function:.*:live"},
    ),
    "Url": (f"{LAMBDA}function:big-Function-{MADE_UP}", {"FunctionUrl": "https?://.*", "FunctionArn": f"{LAMBDA}.*"}),
    "Mapping": (UUID, {"Id": UUID, "EventSourceMappingArn": f"{LAMBDA}event-source-mapping:{UUID}"}),
    "Permission": (r"[\w-]+", {"Id": r"[\w-]+"}),
    "Queue": (
        rf"https?://.*/\d+/big-Queue-{MADE_UP}",
        {"Arn": ARN.format("sqs") + "big-Queue-.*", "QueueUrl": "https?://.*", "QueueName": f"big-Queue-{MADE_UP}"},
    ),
    "Topic": (
        ARN.format("sns") + f"big-Topic-{MADE_UP}",
        {"TopicArn": ARN.format("sns") + ".*", "TopicName": f"big-Topic-{MADE_UP}"},
    ),
    "Subscription": (ARN.format("sns") + f"big-Topic-{MADE_UP}:{UUID}", {"Arn": ARN.format("sns") + ".*"}),
    "Bus": ("orders", {"Arn": f"{EVENTS}event-bus/orders", "Name": "orders"}),
    "Rule": (f"big-Rule-{MADE_UP}", {"Arn": f"{EVENTS}rule/big-Rule-{MADE_UP}"}),
    "RuleOfBus": (
        rf"orders\|big-RuleOfBus-{MADE_UP}",
        {"Arn": f"{EVENTS}rule/orders/big-RuleOfBus-{MADE_UP}"},
    ),
    "Group": (f"big-Group-{MADE_UP}", {"Arn": ARN.format("scheduler") + "schedule-group/.*", "State": "ACTIVE"}),
    "Schedule": (f"big-Schedule-{MADE_UP}", {"Arn": ARN.format("scheduler") + "schedule/default/.*"}),
    "Pipe": (f"big-Pipe-{MADE_UP}", {"Arn": ARN.format("pipes") + "pipe/.*", "CurrentState": "[A-Z]+"}),
    "Api": ("[a-z0-9]+", {"RestApiId": "[a-z0-9]+", "RootResourceId": "[a-z0-9]+"}),
    "Path": ("[a-z0-9]+", {"ResourceId": "[a-z0-9]+"}),
    "Deployment": ("[a-z0-9]+", {"DeploymentId": "[a-z0-9]+"}),
    "Stage": ("prod", {}),
    "HttpApi": (
        "[a-z0-9]+",
        {"ApiEndpoint": "https?://.*", "ApiId": "[a-z0-9]+", "ExecuteApiArn": ARN.format("execute-api") + "[a-z0-9]+"},
    ),
    "HttpIntegration": ("[a-z0-9]{7}", {"IntegrationId": "[a-z0-9]{7}"}),
    "HttpRoute": ("[a-z0-9]{7}", {"RouteId": "[a-z0-9]{7}"}),
    "HttpDeployed": ("v1", {}),
    "HttpDomain": (
        "api.example.com",
        {"RegionalDomainName": r"d-\w+\.execute-api\.us-east-1\.amazonaws\.com", "RegionalHostedZoneId": r"Z\w+"},
    ),
    "HttpMapping": ("[a-z0-9]{6}", {"ApiMappingId": "[a-z0-9]{6}"}),
    "HttpLink": ("[a-z0-9]{6}", {"VpcLinkId": "[a-z0-9]{6}"}),
    "Socket": ("[a-z0-9]+", {"ApiEndpoint": "wss?://.*"}),
    "SocketModel": ("[a-z0-9]{6}", {"ModelId": "[a-z0-9]{6}"}),
    "SocketMocked": ("[a-z0-9]{6}", {"IntegrationResponseId": "[a-z0-9]{6}"}),
    "SocketRouted": ("[a-z0-9]{6}", {"RouteResponseId": "[a-z0-9]{6}"}),
    "Certificate": ("[a-z0-9]{6}", {"ClientCertificateId": "[a-z0-9]{6}"}),
    "RestDomain": ("rest.example.com", {"DistributionDomainName": r"d\w+\.cloudfront\.net"}),
    "RestMapping": (r"rest\.example\.com\|\(none\)", {}),
    "Refusal": ("[a-z0-9]+-DEFAULT_4XX", {"Id": "[a-z0-9]+-DEFAULT_4XX"}),
    "Described": ("[a-z0-9]{6}", {"DocumentationPartId": "[a-z0-9]{6}"}),
    "Link": ("[a-z0-9]{6}", {"VpcLinkId": "[a-z0-9]{6}"}),
    "LogGroup": (f"big-LogGroup-{MADE_UP}", {"Arn": ARN.format("logs") + r"log-group:big-LogGroup-.*:\*"}),
    "Bucket": ("big-bucket-[a-z0-9]{12,13}", {"Arn": "arn:aws:s3:::big-bucket-.*"}),
    "Parameter": (f"big-Parameter-{MADE_UP}", {"Type": "String", "Value": "v"}),
    "Secret": (ARN.format("secretsmanager") + "secret:.*", {"Id": ARN.format("secretsmanager") + "secret:.*"}),
    "Alarm": (f"big-Alarm-{MADE_UP}", {"Arn": ARN.format("cloudwatch") + "alarm:.*"}),
}


@pytest.fixture
def big(stacks):
    """A stack with a resource of each type, and an output of each reference."""
    outputs = {f"{name}Ref": {"Value": {"Ref": name}} for name in GIVES}
    for name, (_, attributes) in GIVES.items():
        outputs.update(
            {f"{name}GetAtt{attribute}": {"Value": {"Fn::GetAtt": [name, attribute]}} for attribute in attributes}
        )
    resources = {name: {"Type": kind, "Properties": properties} for name, (kind, properties) in RESOURCES.items()}
    stacks.create(
        {"Resources": {**resources, **AFTER}, "Outputs": outputs}, "big", Tags=[{"Key": "team", "Value": "a"}]
    )
    assert stacks.one("big")["StackStatus"] == "CREATE_COMPLETE", stacks.failure("big")
    return stacks


def test_references_and_attributes(big):
    outputs = big.outputs("big")
    wrong = {}
    for name, (ref, attributes) in GIVES.items():
        for key, pattern in {f"{name}Ref": ref, **{f"{name}GetAtt{each}": p for each, p in attributes.items()}}.items():
            if not re.fullmatch(pattern, outputs[key]):
                wrong[key] = (outputs[key], pattern)
    assert wrong == {}
    assert big.physical("big")["Table"] == outputs["TableRef"]


def test_tags_of_the_stack_and_what_a_machine_made_of_a_template_is(big, dynastep):
    outputs = big.outputs("big")
    states = dynastep.client("stepfunctions")
    machine = states.describe_state_machine(stateMachineArn=outputs["MachineRef"])
    assert machine["loggingConfiguration"] == {"includeExecutionData": False, "level": "OFF"}
    assert machine["tracingConfiguration"] == {"enabled": False}
    assert machine["encryptionConfiguration"] == {"type": "AWS_OWNED_KEY"}
    assert "revisionId" not in machine
    team = {"key": "team", "value": "a"}
    assert team in states.list_tags_for_resource(resourceArn=outputs["MachineRef"])["tags"]
    tags = dynastep.client("lambda").list_tags(Resource=outputs["FunctionGetAttArn"])["Tags"]
    assert tags["team"] == "a"
    assert tags["aws:cloudformation:stack-name"] == "big"
    assert tags["aws:cloudformation:logical-id"] == "Function"
    tags = dynastep.client("dynamodb").list_tags_of_resource(ResourceArn=outputs["TableGetAttArn"])["Tags"]
    assert {"Key": "team", "Value": "a"} in tags
    function = dynastep.client("lambda").get_function_configuration(FunctionName=outputs["FunctionRef"])
    assert (function["MemorySize"], function["Timeout"]) == (128, 3)
    schedule = dynastep.client("scheduler").get_schedule(Name=outputs["ScheduleRef"])
    assert (schedule["State"], schedule["ScheduleExpressionTimezone"]) == ("ENABLED", "UTC")
    assert schedule["ActionAfterCompletion"] == "NONE"
    assert schedule["Target"]["RetryPolicy"] == {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}
    queue = dynastep.client("sqs").get_queue_attributes(QueueUrl=outputs["QueueRef"], AttributeNames=["DelaySeconds"])
    assert queue["Attributes"] == {"DelaySeconds": "2"}


def test_pseudo_parameters(stacks, dynastep):
    topic = dynastep.client("sns").create_topic(Name="told")["TopicArn"]
    names = ("AccountId", "Partition", "Region", "StackId", "StackName", "URLSuffix")
    template = {
        "Resources": {"T": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {
            **{name: {"Value": {"Ref": f"AWS::{name}"}} for name in names},
            "Topics": {"Value": {"Fn::Join": ["|", {"Ref": "AWS::NotificationARNs"}]}},
            "Block": {"Value": {"Fn::Select": [1, {"Fn::Cidr": ["10.0.0.0/16", 2, 8]}]}},
        },
    }
    stack_id = stacks.create(template, NotificationARNs=[topic])
    assert stacks.outputs() == {
        "AccountId": dynastep.account,
        "Partition": "aws",
        "Region": "us-east-1",
        "StackId": stack_id,
        "StackName": "s",
        "URLSuffix": "amazonaws.com",
        "Topics": topic,
        "Block": "10.0.1.0/24",
    }


def test_resources_are_made_in_the_order_in_which_they_need_each_other(stacks):
    parameter = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "v"}}
    last = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": {"Fn::Sub": "${B}${C}"}}}
    stack_id = stacks.create({"Resources": {"A": last, "B": {**parameter, "DependsOn": "C"}, "C": parameter}})
    made = [name for name, status, _ in stacks.events() if status == "CREATE_COMPLETE"]
    assert made == ["C", "B", "A", "s"]
    stacks.client.delete_stack(StackName="s")
    deleted = [name for name, status, _ in stacks.events(stack_id) if status == "DELETE_COMPLETE"]
    assert deleted == ["A", "B", "C", "s"]


def test_policies_of_removed_and_replaced_resources(stacks, dynastep):
    def topic(name, **policies):
        return {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": name}, **policies}

    stacks.create(
        {
            "Resources": {
                "Kept": topic("kept", DeletionPolicy="Retain"),
                "Gone": topic("gone"),
                "Old": topic("old", UpdateReplacePolicy="Retain"),
                "Older": topic("older", DeletionPolicy="Retain"),
            }
        }
    )
    stacks.update(
        {
            "Resources": {
                "Old": topic("new", UpdateReplacePolicy="Retain"),
                "Older": topic("newer", DeletionPolicy="Retain"),
            }
        }
    )
    listed = dynastep.client("sns").list_topics()["Topics"]
    assert sorted(each["TopicArn"].rpartition(":")[2] for each in listed) == ["kept", "new", "newer", "old"]
    skipped = {name for name, status, _ in stacks.events() if status == "DELETE_SKIPPED"}
    assert skipped == {"Kept", "Old"}


def test_a_property_that_is_gone_returns_to_its_default_and_logging_of_a_machine_stays(stacks, dynastep):
    def template(size, logging):
        queue = {"MaximumMessageSize": size} if size else {"DelaySeconds": 1}
        machine = {"RoleArn": f"arn:aws:iam::{dynastep.account}:role/r", "Definition": {**PASS, "Comment": str(size)}}
        if logging:
            machine["LoggingConfiguration"] = {"Level": "OFF", "IncludeExecutionData": True}
        return {
            "Resources": {
                "Q": {"Type": "AWS::SQS::Queue", "Properties": queue},
                "M": {"Type": "AWS::StepFunctions::StateMachine", "Properties": machine},
            }
        }

    stacks.create(template(2048, logging=True))
    made = stacks.physical()
    stacks.update(template(None, logging=False))
    assert stacks.physical() == made
    attributes = dynastep.client("sqs").get_queue_attributes(QueueUrl=made["Q"], AttributeNames=["All"])["Attributes"]
    assert (attributes["MaximumMessageSize"], attributes["DelaySeconds"]) == ("262144", "1")
    machine = dynastep.client("stepfunctions").describe_state_machine(stateMachineArn=made["M"])
    assert machine["loggingConfiguration"]["includeExecutionData"] is True
    assert json.loads(machine["definition"])["Comment"] == "None"
    assert "revisionId" in machine
