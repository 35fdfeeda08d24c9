"""Time travel in the console: an execution as it stood at an event, and runs that go on from there."""

from __future__ import annotations

import re

import pytest
from pressing import CONSOLE, aws, start

COUNTING = {
    "QueryLanguage": "JSONata",
    "StartAt": "Begin",
    "States": {
        "Begin": {"Type": "Pass", "Assign": {"n": 1, "who": "{% $states.input.who %}"}, "Next": "Ask"},
        "Ask": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:dynamodb:listTables",
            "Arguments": {},
            "Assign": {"n": "{% $n + 1 %}"},
            "Output": "{% $states.input %}",
            "Next": "End",
        },
        "End": {"Type": "Pass", "Output": "{% {'said': $who & ' ' & $states.input.who, 'n': $n} %}", "End": True},
    },
}


def shown(answer):
    """The text of a part, without its markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).replace("&#34;", '"').split())


def entry(browser, arn, state):
    """The id of the event that shows the entry into a state."""
    events = aws(browser, "AWSStepFunctions.GetExecutionHistory", {"executionArn": arn})["events"]
    return next(each["id"] for each in events if each.get("stateEnteredEventDetails", {}).get("name") == state)


def test_an_event_shows_the_data_and_the_variables_of_then(browser):
    arn = start(browser, COUNTING, '{"who": "Ada"}')
    before = shown(browser.get(f"{CONSOLE}/moments/{arn}?event={entry(browser, arn, 'Ask')}"))
    assert "In Ask" in before
    assert '{ "who": "Ada" }' in before
    assert '{ "n": 1, "who": "Ada" }' in before
    after = shown(browser.get(f"{CONSOLE}/moments/{arn}?event={entry(browser, arn, 'End')}"))
    assert '{ "n": 2, "who": "Ada" }' in after
    assert "Event before" in after
    assert "Run on from End" in after


def test_events_and_visits_of_what_has_ended_lead_there(browser):
    arn = start(browser, COUNTING, '{"who": "Ada"}')
    assert f'href="{CONSOLE}/moments/{arn}?event=3"' in browser.get(f"{CONSOLE}/events/{arn}").text
    assert f'href="{CONSOLE}/moments/{arn}?event=2"' in browser.get(f"{CONSOLE}/visits/{arn}?event=2").text


def test_a_run_goes_on_from_an_event_with_another_input(browser):
    arn = start(browser, COUNTING, '{"who": "Ada"}')
    form = {"event": entry(browser, arn, "Ask"), "input": '{"who": "Grace"}'}
    page = shown(browser.post(f"{CONSOLE}/moments/{arn}", data=form))
    assert "SUCCEEDED" in page
    assert '{ "said": "Ada Grace", "n": 2 }' in page
    described = aws(browser, "AWSStepFunctions.DescribeExecution", {"executionArn": arn})
    assert described["output"] == '{"said":"Ada Ada","n":2}'


def test_a_run_that_goes_on_may_have_other_answers(browser):
    asking = {**COUNTING, "States": {**COUNTING["States"]}}
    asking["States"]["Ask"] = {
        **COUNTING["States"]["Ask"],
        "Output": "{% {'who': $states.result.TableNames[0]} %}",
    }
    arn = start(browser, asking, '{"who": "Ada"}')
    form = {"event": entry(browser, arn, "Ask"), "mocks": '{"Ask": {"TableNames": ["Grace"]}}'}
    assert '{ "said": "Ada Grace", "n": 2 }' in shown(browser.post(f"{CONSOLE}/moments/{arn}", data=form))


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"event": "1"}, "Event 1 is no entry into a state outside of Maps and Parallel states."),
        ({"event": "2", "input": "{"}, "The input is not JSON"),
        ({"event": "2", "mocks": "[]"}, "The mocks are an object"),
    ],
)
def test_a_run_that_cannot_go_on_says_why(browser, form, said):
    arn = start(browser, COUNTING, '{"who": "Ada"}')
    answer = browser.post(f"{CONSOLE}/moments/{arn}", data=form)
    assert answer.status_code == 400
    assert said in answer.text


def test_what_cannot_be_done_again_is_refused_in_words(browser):
    arn = start(browser, COUNTING, '{"who": "Ada"}')
    assert "There is no event 99; there are" in browser.get(f"{CONSOLE}/moments/{arn}?event=99").text


def test_the_timeline_says_how_long_each_visit_really_took(browser):
    arn = start(browser, {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 1, "End": True}}})
    row = re.search(r"<td>[\d.]+ s</td><td>(\S+ \S+)</td>", browser.get(f"{CONSOLE}/executions/{arn}").text)
    assert row is not None
    assert row[1].endswith((" s", " ms"))
