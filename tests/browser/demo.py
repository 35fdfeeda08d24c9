"""What the console is shown with: an order machine, whose warehouse is down at first, a table, a stream and functions.

``PYTHONPATH=. python tests/browser/demo.py FOLDER`` writes screenshots of every page, at 1280 and 390 pixels, light, and dark.
``PYTHONPATH=. python tests/browser/demo.py --docs docs/console`` writes those of the documentation: the upper part of some
pages, which can be read at the width of a column of text.
"""

from __future__ import annotations

import io
import json
import shutil
import sys
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

if TYPE_CHECKING:
    from playwright.sync_api import Page

ORDER = {
    "Comment": "Takes an order: prices it, keeps it, ships each item",
    "QueryLanguage": "JSONata",
    "StartAt": "Price",
    "States": {
        "Price": {
            "Type": "Pass",
            "Assign": {"total": "{% $sum($states.input.items.price) %}"},
            "Output": "{% $merge([$states.input, {'total': $sum($states.input.items.price)}]) %}",
            "Next": "Is it large?",
        },
        "Is it large?": {
            "Type": "Choice",
            "Choices": [{"Condition": "{% $total > 1000 %}", "Next": "Wait for approval"}],
            "Default": "Keep",
        },
        "Wait for approval": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Arguments": {
                "QueueUrl": "{% $states.input.queue %}",
                "MessageBody": {"order": "{% $states.input.id %}", "token": "{% $states.context.Task.Token %}"},
            },
            "Output": "{% $states.context.Execution.Input %}",
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Refused"}],
            "Next": "Keep",
        },
        "Keep": {
            "Type": "Task",
            "Resource": "arn:aws:states:::dynamodb:putItem",
            "Arguments": {
                "TableName": "orders",
                "Item": {"id": {"S": "{% $states.input.id %}"}, "total": {"N": "{% $string($total) %}"}},
            },
            "Output": "{% $states.context.Execution.Input %}",
            "Next": "Ship each",
        },
        "Ship each": {
            "Type": "Map",
            "Items": "{% $states.input.items %}",
            "MaxConcurrency": 2,
            "ItemProcessor": {
                "StartAt": "Pick",
                "States": {
                    "Pick": {
                        "Type": "Task",
                        "Resource": "arn:aws:states:::dynamodb:getItem",
                        "Arguments": {"TableName": "stock", "Key": {"sku": {"S": "{% $states.input.sku %}"}}},
                        "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1, "IntervalSeconds": 1}],
                        "Output": "{% $states.input %}",
                        "Next": "Rest",
                    },
                    "Rest": {"Type": "Wait", "Seconds": 2, "End": True},
                },
            },
            "Next": "Done",
        },
        "Refused": {"Type": "Fail", "Error": "Orders.Refused", "Cause": "Nobody approved the order"},
        "Done": {"Type": "Succeed"},
    },
}

CODE = "def handler(event, context):\n    print('asked for', event)\n    return {'hello': event.get('name', 'you')}\n"


def client(url: str, service: str) -> Any:
    return boto3.client(service, "us-east-1", endpoint_url=url, aws_access_key_id="test", aws_secret_access_key="test")


def create_table(url: str, name: str, key: str, **more: Any) -> None:
    client(url, "dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        **more,
    )


def create_machine(url: str, name: str, definition: Any) -> str:
    made = client(url, "stepfunctions").create_state_machine(
        name=name, definition=json.dumps(definition, indent=2), roleArn="arn:aws:iam::000000000000:role/demo"
    )
    return str(made["stateMachineArn"])


def order(url: str, number: int = 1, *, large: bool = False) -> str:
    """The input of one order."""
    items = [{"sku": f"sku-{i}", "price": 700 if large else 12} for i in range(3)]
    return json.dumps({"id": f"order-{number}", "queue": f"{url}/000000000000/approvals", "items": items})


def set_up(url: str) -> str:
    """Make everything but the table of the stock; the ARN of the machine."""
    stream = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    create_table(url, "orders", "id", StreamSpecification=stream)
    client(url, "sqs").create_queue(QueueName="approvals")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.py", CODE)
    functions = client(url, "lambda")
    with suppress(functions.exceptions.ResourceConflictException):  # servers of one process share these services
        functions.create_function(
            FunctionName="greet",
            Runtime=f"python3.{sys.version_info.minor}",
            Role="arn:aws:iam::000000000000:role/demo",
            Handler="index.handler",
            Code={"ZipFile": packed.getvalue()},
        )
    return create_machine(url, "orders", ORDER)


def pages(url: str) -> dict[str, str]:
    """Fill a server; name -> path of every page of the console."""
    arn, states = set_up(url), client(url, "stepfunctions")
    ended = []
    for number, large in ((1, False), (2, True)):
        started = states.start_execution(
            stateMachineArn=arn, name=f"order-{number}", input=order(url, number, large=large)
        )
        ended.append(started["executionArn"])
    while states.describe_execution(executionArn=ended[0])["status"] == "RUNNING":
        client(url, "sqs").list_queues()
        advance(url, 1)
    create_table(url, "stock", "sku")
    started = states.start_execution(stateMachineArn=arn, name="order-3", input=order(url, 3))
    while states.describe_execution(executionArn=started["executionArn"])["status"] == "RUNNING":
        advance(url, 1)
    base = "/_dynastep/console"
    return {
        "home": f"{base}/",
        "machine": f"{base}/machines/{arn}",
        "execution-failed": f"{base}/executions/{ended[0]}",
        "execution-waiting": f"{base}/executions/{ended[1]}",
        "execution-succeeded": f"{base}/executions/{started['executionArn']}",
        "design": f"{base}/design?arn={arn}",
        "tables": f"{base}/tables",
        "table": f"{base}/tables/orders",
        "item": f"{base}/tables/orders/item",
        "functions": f"{base}/functions",
        "function": f"{base}/functions/greet",
        "activity": f"{base}/activity",
        "request": f"{base}/activity/1",
        "search": f"{base}/search?q=o",
        "error": f"{base}/machines/nothing",
    }


def advance(url: str, seconds: float) -> None:
    """Move the clock of the server."""
    import urllib.request

    body = json.dumps({"advance": seconds}).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{url}/_dynastep/clock", body, method="POST")) as answer:
        answer.read()


def photograph(page: Page, url: str, folder: Path) -> None:
    """Write a picture of every page, at both widths, and of two in the dark."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, path in pages(url).items():
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(url + path)
            page.wait_for_timeout(400)
            page.screenshot(path=folder / f"{name}-{width}.jpeg", full_page=True, quality=50)
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 1280, "height": 900})
    for name in ("execution-failed", "machine"):
        page.goto(
            url + {"machine": f"/_dynastep/console/machines/{ARN}"}.get(name, f"/_dynastep/console/executions/{RUN}")
        )
        page.wait_for_timeout(400)
        page.screenshot(path=folder / f"{name}-dark.jpeg", full_page=True, quality=50)


IN_THE_DOCUMENTATION = {"execution-failed": 900, "machine": 760, "design": 760, "table": 640, "activity": 560}
"""Name of a page -> the height in pixels that is shown."""


def photograph_for_documentation(page: Page, url: str, folder: Path) -> None:
    """Write the upper part of the pages that the documentation shows."""
    folder.mkdir(parents=True, exist_ok=True)
    shown = pages(url)
    for name, height in IN_THE_DOCUMENTATION.items():
        page.set_viewport_size({"width": 1024, "height": height})
        page.goto(url + shown[name])
        page.wait_for_timeout(400)
        page.screenshot(path=folder / f"{name}.jpeg", quality=60)


ARN = "arn:aws:states:us-east-1:000000000000:stateMachine:orders"
RUN = "arn:aws:states:us-east-1:000000000000:execution:orders:order-1"


def main() -> None:
    from playwright.sync_api import sync_playwright

    from emulator.app import create_app
    from emulator.control import Control
    from emulator.server import serve_in_thread
    from emulator.settings import Settings
    from emulator.web.counts import Counts
    from emulator.wiring import Lasting

    control = Control(Lasting.of(Settings(port=0), coverage=Counts()))
    server = serve_in_thread(create_app(control))
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(device_scale_factor=2 if "--docs" in sys.argv else 1)
        page.on("console", lambda said: sys.stderr.write(said.text + "\n") if said.type == "error" else None)
        page.on("pageerror", lambda error: sys.stderr.write(f"{error}\n"))
        write = photograph_for_documentation if "--docs" in sys.argv else photograph
        write(page, server.url, Path(sys.argv[-1]))
        browser.close()
    server.close()
    control.close()


if __name__ == "__main__":
    main()
