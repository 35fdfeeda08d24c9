"""The console's page of permissions: the least policy of a machine in each form, against its role."""

import html
import json
import re

import pytest
from pressing import CONSOLE
from werkzeug.test import Client

from emulator.app import create_app
from emulator.clients import client as boto3_client
from emulator.control import Control
from emulator.settings import Settings

ORDERS = "arn:aws:dynamodb:us-east-1:{account}:table/orders"


def an_order_machine(client):
    put = {
        "Type": "Task",
        "Resource": "arn:aws:states:::dynamodb:putItem",
        "Parameters": {"TableName.$": "$.table", "Item": {"id": {"S": "1"}}},
        "End": True,
    }
    account = client("sts").get_caller_identity()["Account"]
    return client("stepfunctions").create_state_machine(
        name="order",
        definition=json.dumps({"StartAt": "Put", "States": {"Put": put}}),
        roleArn=f"arn:aws:iam::{account}:role/order",
    )["stateMachineArn"]


@pytest.fixture
def visited():
    """A browser, and the clients of the same emulator."""
    control = Control(Settings(clock="virtual"))
    yield Client(create_app(control)), lambda service: boto3_client(control, service)
    control.close()


def of_forms(text):
    """The policies on a page, by their forms."""
    found = re.findall(
        r"<summary>([^<]+)</summary><button[^>]*data-copy[^>]*>Copy</button><pre[^>]*>(.*?)</pre>", text, re.DOTALL
    )
    return {form: html.unescape(shown) for form, shown in found}


def test_the_page_of_permissions_has_the_policy_in_each_form(visited):
    browser, client = visited
    machine = an_order_machine(client)
    page = browser.get(f"{CONSOLE}/permissions/{machine}").text
    forms = of_forms(page)
    assert list(forms) == ["JSON", "YAML", "SAM Policies", "Terraform"]
    assert json.loads(forms["JSON"])["Statement"][0]["Resource"] == "*"
    assert "Policies:" in forms["SAM Policies"]
    assert 'data "aws_iam_policy_document"' in forms["Terraform"]
    assert "There is no such role in IAM here" in page
    assert f"{CONSOLE}/permissions/{machine}" in browser.get(f"{CONSOLE}/machines/{machine}").text


def test_executions_sharpen_the_policy_and_the_role_is_held_against_it(visited):
    browser, client = visited
    machine = an_order_machine(client)
    account = machine.split(":")[4]
    client("dynamodb").create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    iam, arn = client("iam"), ORDERS.format(account=account)
    trust = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [trust]}
    iam.create_role(RoleName="order", AssumeRolePolicyDocument=json.dumps(document))

    def page(**policy):
        if policy:
            held = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **policy}]}
            iam.put_role_policy(RoleName="order", PolicyName="p", PolicyDocument=json.dumps(held))
        return html.unescape(browser.get(f"{CONSOLE}/permissions/{machine}?of=runs").text)

    assert json.loads(of_forms(page())["JSON"])["Statement"] == []
    client("stepfunctions").start_execution(stateMachineArn=machine, input='{"table": "orders"}')
    shown = page()
    assert json.loads(of_forms(shown)["JSON"])["Statement"][0]["Resource"] == [arn]
    assert "One execution counts" in shown
    assert f'<h3>Missing</h3>\n<ul class="list"><li><code>dynamodb:PutItem</code> on <code>{arn}</code></li>' in shown
    shown = page(Action=["dynamodb:*", "sqs:SendMessage"], Resource="*")
    assert "<h3>Missing</h3>" not in shown
    assert "<code>sqs:SendMessage</code> on <code>*</code>" in shown
    assert "<code>dynamodb:*</code> could be <code>dynamodb:PutItem</code>" in shown
    shown = page(Action="dynamodb:PutItem", Resource=arn)
    assert "The role has what the state machine needs, and nothing more." in shown


def test_permissions_come_as_a_part_of_the_machines_page(visited):
    browser, client = visited
    machine = an_order_machine(client)
    part = browser.get(f"{CONSOLE}/permissions/{machine}", headers={"HX-Request": "true"}).text
    assert part.lstrip().startswith('<section id="permissions">')
    assert browser.get(f"{CONSOLE}/permissions/{machine}x").status_code == 404
