"""The pages of requests, and of functions and messages."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, render_template, request

from emulator.faults import Fault
from emulator.web.activity import SECRETIVE, Activity, readable
from emulator.web.asking import Asker
from emulator.web.page import asker, is_part
from emulator.web.routes_home import functions


def add(pages: Blueprint, activity: Activity) -> None:
    """Add the routes of requests, functions and messages."""

    @pages.get("/activity")
    def requests() -> str:
        sought, failed = request.args.get("q", ""), request.args.get("failed") == "1"
        listed = activity.latest(sought, failed=failed)
        page = "activity_rows.html" if is_part() else "activity.html"
        return render_template(page, page="activity", listed=listed, sought=sought, failed=failed, count=activity.count)

    @pages.get("/activity/<int:number>")
    def one_request(number: int) -> str:
        found = activity.find(number)
        if found is None:
            abort(404, "This request is no longer kept")
        return render_template(
            "request.html",
            page="activity",
            request_=found,
            secretive=found.service in SECRETIVE,
            asked=readable(found.asked),
            answered=readable(found.answered),
        )

    @pages.get("/functions")
    def all_functions() -> str:
        asked = asker()
        return render_template("functions.html", page="functions", functions=functions(asked), **_messages(asked))

    @pages.get("/functions/<path:name>")
    def function(name: str) -> str:
        return _function(name, None, "{}")

    @pages.get("/logs/<path:name>")
    def log(name: str) -> str:
        """The last lines that a function has written."""
        return render_template("log.html", function={"FunctionName": name}, lines=_logged(asker(), name))

    @pages.post("/functions/<path:name>")
    def invoke(name: str) -> str:
        given = request.form.get("payload") or "{}"
        answer = asker().other("lambda", "invoke", FunctionName=name, Payload=given.encode())
        return _function(
            name, {"error": answer.get("FunctionError"), "payload": answer["Payload"].read().decode()}, given
        )


def _function(name: str, answer: dict[str, Any] | None, given: str) -> str:
    asked = asker()
    described = asked.other("lambda", "get_function", FunctionName=name)["Configuration"]
    lines = _logged(asked, described["FunctionName"])
    return render_template(
        "function.html", page="functions", function=described, answer=answer, given=given, lines=lines
    )


def _logged(asked: Asker, name: str) -> list[str]:
    try:
        logged = asked.other("logs", "filter_log_events", logGroupName=f"/aws/lambda/{name}", limit=200)
    except Fault:  # it has written nothing yet
        return []
    return [event["message"].rstrip() for event in logged["events"]]


def _messages(asked: Asker) -> dict[str, Any]:
    """Queues with how much is in them, topics, buses, rules, schedules and pipes."""
    queues = []
    for url in asked.other("sqs", "list_queues").get("QueueUrls", [])[:50]:
        given = asked.other("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=["All"])["Attributes"]
        queues.append({"url": url, "name": url.rpartition("/")[2], **given})
    return {
        "queues": queues,
        "topics": asked.other("sns", "list_topics")["Topics"][:50],
        "buses": asked.other("events", "list_event_buses")["EventBuses"][:50],
        "rules": asked.other("events", "list_rules")["Rules"][:50],
        "schedules": asked.other("scheduler", "list_schedules")["Schedules"][:50],
        "pipes": asked.other("pipes", "list_pipes")["Pipes"][:50],
    }
