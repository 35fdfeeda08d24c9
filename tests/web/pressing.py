"""What a person does to a server before looking at its pages."""

from __future__ import annotations

import json

CONSOLE = "/_dynastep/console"


def aws(browser, target, params):
    """Perform an operation over the protocol; what the pages then show of it is tested."""
    service = "states" if target.startswith("AWSStepFunctions") else "dynamodb"
    credential = (
        f"AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request, SignedHeaders=a, Signature=b"
    )
    headers = {"X-Amz-Target": target, "Authorization": credential, "Content-Type": "application/x-amz-json-1.0"}
    return json.loads(browser.post("/", data=json.dumps(params), headers=headers).text)


def start(browser, definition, text="{}"):
    """Start an execution of a machine of its own, and wait for its end; its ARN."""
    role = "arn:aws:iam::000000000000:role/any"
    made = {"name": "machine", "definition": json.dumps(definition), "roleArn": role}
    machine = aws(browser, "AWSStepFunctions.CreateStateMachine", made)["stateMachineArn"]
    request = {"stateMachineArn": machine, "input": text}
    arn = aws(browser, "AWSStepFunctions.StartExecution", request)["executionArn"]
    while aws(browser, "AWSStepFunctions.DescribeExecution", {"executionArn": arn})["status"] == "RUNNING":
        pass
    return arn
