"""What a test wants to know of an execution of one Task."""

from __future__ import annotations

import json
import re


def failure(execution):
    """Error and cause of a failed execution, request ids aside."""
    assert execution.status == "FAILED", execution
    return execution.error, re.sub(r"(Request ID: )[^;,)]*", r"\1...", execution.cause)


def own(output):
    """An answer without what the SDK adds."""
    assert output["SdkHttpMetadata"]["HttpStatusCode"] == 200
    assert output["SdkResponseMetadata"].keys() == {"RequestId"}
    return {name: value for name, value in output.items() if not name.startswith("Sdk")}


def details(execution, event_type):
    """The details of the one event of a type."""
    (event,) = [event for event in execution.history if event["type"] == event_type]
    return next(value for name, value in event.items() if name.endswith("EventDetails"))


def unusable(parameters, why):
    """Error and cause of a Task whose parameters no request can be made of."""
    text = json.dumps(parameters, separators=(",", ":"))
    return (
        "States.Runtime",
        (
            "An error occurred while executing the state 'Call' (entered at the event id #2). "
            f"The Parameters '{text}' could not be used to start the Task: [{why}]"
        ),
    )
