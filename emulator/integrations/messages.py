"""Messages: what a Task sends to a queue, a topic or an event bus. moto takes them.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-sqs.html, connect-sns.html and
connect-eventbridge.html; answers and errors as observed on AWS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from asl_interpreter.errors import StateError
from asl_interpreter.jsontext import JSON, dumps
from emulator.integrations.caller import Caller, new_uuid
from emulator.integrations.calls import call_optimized, with_metadata
from emulator.integrations.optimized import parameters_of

if TYPE_CHECKING:
    from asl_interpreter.tasks import TaskRequest


def send_message(_suffix: str, caller: Caller, request: TaskRequest) -> JSON:
    """``sqs:sendMessage``."""
    params = parameters_of("sqs", "sendMessage").request(request.arguments)
    answer = call_optimized(caller, "sqs", "SendMessage", params)
    return with_metadata(caller, request, answer, len(dumps(answer)), "application/x-amz-json-1.0")


def publish(_suffix: str, caller: Caller, request: TaskRequest) -> JSON:
    """``sns:publish``."""
    params = parameters_of("sns", "publish").request(request.arguments)
    answer = call_optimized(caller, "sns", "Publish", params)
    results = "".join(f"    <{name}>{value}</{name}>\n" for name, value in answer.items())
    length = len(_SNS_ANSWER.format(results=results, request_id=new_uuid(request)))
    return with_metadata(caller, request, answer, length, "text/xml")


_SNS_ANSWER: Final = """\
<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">
  <PublishResult>
{results}  </PublishResult>
  <ResponseMetadata>
    <RequestId>{request_id}</RequestId>
  </ResponseMetadata>
</PublishResponse>
"""
"""Only its length shows."""


def put_events(_suffix: str, caller: Caller, request: TaskRequest) -> JSON:
    """``events:putEvents``. Each event also names the execution and its machine as resources."""
    about = [request.context["StateMachine"]["Id"], request.context["Execution"]["Id"]]
    params = parameters_of("events", "putEvents").request(request.arguments)
    for entry in params.get("Entries", ()):
        entry["Resources"] = [*entry.get("Resources", ()), *about]
    answer = call_optimized(caller, "events", "PutEvents", params)
    if answer["FailedEntryCount"]:
        raise StateError("EventBridge.FailedEntry", dumps(answer))
    return answer
