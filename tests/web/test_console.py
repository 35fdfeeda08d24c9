"""The console without a browser: what protects its pages, what it keeps of requests, and what it makes of items."""

from __future__ import annotations

import io
import itertools
import json
import re

import pytest
from pressing import CONSOLE, aws, start

from emulator.faults import Fault
from emulator.web.activity import MOST_BYTES, MOST_REQUESTS, Activity, readable
from emulator.web.counts import MOST_COUNTED, Counts
from emulator.web.executions import MOST_BARS
from emulator.web.items import from_text, plain, question, to_csv
from emulator.web.snippets import snippets


@pytest.mark.parametrize(
    "path", ["/", "/design", "/tables", "/functions", "/activity", "/search?q=a", "/machines/none"]
)
def test_every_page_allows_scripts_and_styles_of_its_own_alone(browser, path):
    answer = browser.get(CONSOLE + path)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'; script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=", answer.text)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://localhost:3000"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}, 303),
        ({}, 303),
    ],
)
def test_only_its_own_pages_press_its_buttons(browser, headers, status):
    form = {"account": "123456789012", "region": "eu-west-1"}
    assert browser.post(f"{CONSOLE}/asker", data=form, headers=headers).status_code == status


def test_the_account_and_the_region_are_chosen_for_all_pages(browser):
    browser.post(f"{CONSOLE}/asker", data={"account": "123456789012", "region": "eu-west-1"})
    assert "There is no state machine in eu-west-1" in browser.get("/", headers={"Accept": "text/html"}).text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/machines/arn:aws:states:us-east-1:000000000000:stateMachine:none", 404),
        ("/executions/arn:aws:states:us-east-1:000000000000:execution:m:none", 404),
        ("/executions/nothing", 400),
        ("/tables/none", 404),
        ("/activity/7", 404),
        ("/functions/none", 404),
    ],
)
def test_what_is_not_there_is_said(browser, path, status):
    assert browser.get(CONSOLE + path).status_code == status


def test_a_clock_that_would_run_backwards_is_refused(browser):
    answer = browser.post(f"{CONSOLE}/clock", data={"advance": "-5"})
    assert answer.status_code == 400
    assert "the clock cannot be advanced by -5.0 seconds" in answer.text


NAMED = ("sqs", "SendMessage", "000000000000", "us-east-1")


def test_the_memory_of_requests_is_bounded():
    activity = Activity()
    for number in range(2 * MOST_REQUESTS):
        activity.add(number, NAMED, (200, 1.0, ""), (b"x" * 100_000, b""))
    kept = activity.latest(most=10_000)
    assert activity.count == 2 * MOST_REQUESTS
    assert sum(len(each.asked) + len(each.answered) for each in kept) <= MOST_BYTES
    assert kept[0].at == 2 * MOST_REQUESTS - 1


def test_of_services_that_hand_out_secrets_no_body_is_kept():
    activity = Activity()
    activity.add(0, ("secretsmanager", "GetSecretValue", "", ""), (200, 1.0, ""), (b"asked", b"open sesame"))
    assert activity.latest()[0].answered == b""


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b'{"a": [{"DbPassword": "x"}], "n": 1}', {"a": [{"DbPassword": "(hidden)"}], "n": 1}),
        (b'{"taskToken": "t"}', {"taskToken": "t"}),
        (b'{"Credentials": {"SessionToken": "x"}}', {"Credentials": "(hidden)"}),
    ],
)
def test_members_named_as_secrets_are_hidden(body, shown):
    assert json.loads(readable(body)) == shown


def test_fields_of_a_form_named_as_secrets_are_hidden():
    shown = readable(b"Action=CreateUser&Password=x&Tags.1.SecretKey=y&Name=z")
    assert shown == "Action=CreateUser&Password=(hidden)&Tags.1.SecretKey=(hidden)&Name=z"


def test_requests_are_found_by_what_their_line_says():
    activity = Activity()
    activity.add(0, NAMED, (200, 1.0, ""), (b"", b""))
    activity.add(0, ("sns", "Publish", "1", "eu"), (400, 1.0, "InvalidParameter"), (b"", b""))
    assert [each.operation for each in activity.latest("SEND")] == ["SendMessage"]
    assert [each.operation for each in activity.latest(failed=True)] == ["Publish"]
    assert activity.latest()[0].line == "sns.Publish 400 InvalidParameter 1.0 ms 1 eu"


def test_a_request_is_a_line_of_the_log_for_who_wants_it(caplog):
    caplog.set_level("INFO", "dynastep.requests")
    Activity().add(0, NAMED, (200, 1.0, ""), (b"", b""))
    assert caplog.messages == ["sqs.SendMessage 200 1.0 ms 000000000000 us-east-1"]


def test_counts_forget_the_definitions_that_came_first():
    counts = Counts()
    for number in range(MOST_COUNTED + 5):
        counts.setdefault(str(number), None)
    assert (len(counts), "4" in counts, "5" in counts) == (MOST_COUNTED, False, True)


TABLE = {
    "TableName": "t",
    "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}, {"AttributeName": "b", "KeyType": "RANGE"}],
    "AttributeDefinitions": [
        {"AttributeName": "a", "AttributeType": "S"},
        {"AttributeName": "b", "AttributeType": "N"},
    ],
}
KEYS = [{"name": "a", "type": "S", "role": "HASH"}, {"name": "b", "type": "N", "role": "RANGE"}]


def test_a_form_without_a_key_is_a_scan():
    operation, params = question(TABLE, {"attribute": "c", "operator": "exists"})
    assert operation == "Scan"
    assert params["FilterExpression"] == "attribute_exists(#f)"
    assert params["ExpressionAttributeNames"] == {"#f": "c"}
    assert params["ExpressionAttributeValues"] is None


def test_a_form_with_a_key_is_a_query_whose_values_have_the_types_of_the_key():
    operation, params = question(TABLE, {"hash": "x", "range": "5", "range_operator": ">="})
    assert operation == "Query"
    assert params["KeyConditionExpression"] == "#k0 = :k0 AND #k1 >= :k1"
    assert params["ExpressionAttributeValues"] == {":k0": {"S": "x"}, ":k1": {"N": "5"}}


@pytest.mark.parametrize("form", [{"index": "none"}, {"attribute": "c", "operator": "; DROP"}])
def test_a_form_that_asks_for_what_is_not_there_is_refused(form):
    with pytest.raises(Fault, match="ValidationException"):
        question(TABLE, form)


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("a,b,c\nx,1,yes\n", [{"a": {"S": "x"}, "b": {"N": "1"}, "c": {"S": "yes"}}]),
        ("a,b,c\nx,1,\n", [{"a": {"S": "x"}, "b": {"N": "1"}}]),
        ('[{"a": "x", "b": 1, "l": [true, null]}]', [{"a": {"S": "x"}, "b": {"N": "1"}, "l": {"L": [{"BOOL": True}, {"NULL": True}]}}]),
        ('{"a": {"S": "x"}, "b": {"N": "1"}}', [{"a": {"S": "x"}, "b": {"N": "1"}}]),
    ],
)  # fmt: skip
def test_items_are_read_from_files(text, items):
    assert from_text(text, KEYS) == items


@pytest.mark.parametrize("text", ["[1]", "[{]", "[{}]"])
def test_files_that_hold_no_items_are_refused(text):
    with pytest.raises(Fault, match="ValidationException"):
        from_text(text, KEYS)


def test_items_are_written_as_csv_with_the_key_first():
    items = [{"c": {"L": [{"N": "1"}]}, "b": {"N": "2"}, "a": {"S": "x,y"}}]
    assert to_csv(items, KEYS) == 'a,b,c\r\n"x,y",2,[1]\r\n'
    assert plain({"NULL": True}) == "null"


def test_a_copied_test_runs_the_same_input(tmp_path):
    machine = {"stateMachineArn": "arn:m", "name": "my machine"}
    execution = {"input": '{"a": 1}', "status": "SUCCEEDED", "output": "[2]"}
    copied = snippets(machine, execution, "http://localhost:4566")["pytest"]
    compile(copied, "test", "exec")
    assert "dynastep.run(Path('my_machine.asl.json'), {'a': 1})" in copied
    assert "assert execution.output == [2]" in copied


# Tables and functions


def make_table(browser, **more):
    keys = {
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    }
    request = {"TableName": "orders", "BillingMode": "PAY_PER_REQUEST", **keys, **more}
    aws(browser, "DynamoDB_20120810.CreateTable", request)


def test_an_import_that_stops_says_which_item_was_refused_and_what_is_written(browser):
    make_table(browser)
    items = json.dumps([{"id": {"S": "a"}}, {"id": {"N": "1"}}, {"id": {"S": "c"}}])
    answer = browser.post(f"{CONSOLE}/tables/orders/import", data={"file": (io.BytesIO(items.encode()), "items.json")})
    assert answer.status_code == 400
    assert "Item 2 of 3 was refused: One or more parameter values were invalid: Type mismatch for key id" in answer.text
    assert "1 of 3 items were written before it; no later one was." in answer.text
    assert "Nothing was changed" not in answer.text
    scanned = aws(browser, "DynamoDB_20120810.Scan", {"TableName": "orders"})
    assert scanned["Items"] == [{"id": {"S": "a"}}]


def test_records_of_a_stream_are_a_part_that_comes_anew(browser):
    make_table(browser, StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
    assert "No record yet" in browser.get(f"{CONSOLE}/tables/orders").text
    aws(browser, "DynamoDB_20120810.PutItem", {"TableName": "orders", "Item": {"id": {"S": "a"}}})
    assert "INSERT" in browser.get(f"{CONSOLE}/tables/orders/records", headers={"HX-Request": "true"}).text


# Executions


def test_the_timeline_of_a_long_execution_has_pages(browser):
    names = [f"S{number}" for number in range(MOST_BARS + 5)]
    states = {name: {"Type": "Pass", "Next": after} for name, after in itertools.pairwise(names)}
    arn = start(browser, {"StartAt": "S0", "States": {**states, names[-1]: {"Type": "Pass", "End": True}}})
    first = browser.get(f"{CONSOLE}/executions/{arn}").text
    assert f"Visits 1 to {MOST_BARS} of {MOST_BARS + 5}." in first
    assert "Later visits" in first
    rest = browser.get(f"{CONSOLE}/executions/{arn}?bars={MOST_BARS}").text
    assert f"Visits {MOST_BARS + 1} to {MOST_BARS + 5} of {MOST_BARS + 5}." in rest
    assert "Earlier visits" in rest


def test_an_execution_links_to_the_one_that_started_it_where_its_input_says_so(browser):
    parent = "arn:aws:states:us-east-1:000000000000:execution:parent:run"
    given = json.dumps({"AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": parent})
    arn = start(browser, {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}, given)
    assert f'href="{CONSOLE}/executions/{parent}"' in browser.get(f"{CONSOLE}/executions/{arn}").text


# Design


def test_a_tested_state_shows_its_data_after_each_step(browser):
    state = {"Type": "Pass", "InputPath": "$.a", "Parameters": {"x.$": "$.b"}, "ResultPath": "$.r", "End": True}
    form = {"definition": json.dumps(state), "input": '{"a": {"b": 1}}'}
    shown = browser.post(f"{CONSOLE}/design/test", data=form).text
    assert re.findall(r"<h4>(.*?)</h4>", shown) == [
        *("Input", "After InputPath", "After Parameters", "After ResultSelector: as before"),
        *("After ResultPath", "Output: as before"),
    ]


def test_a_state_that_cannot_be_tested_says_why(browser):
    answer = browser.post(f"{CONSOLE}/design/test", data={"definition": "{}", "input": "{}"})
    assert answer.status_code == 400
    assert "InvalidDefinition" in answer.text


CALL = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "f"}, "End": True}
CALLS = json.dumps({"StartAt": "Call", "States": {"Call": CALL}})


def test_a_definition_runs_at_once_with_mocks_of_its_tasks(browser):
    for number in (1, 2):  # the second run changes the machine and the mocks of the first
        form = {"definition": CALLS, "name": "calls", "mocks": json.dumps({"Call": {"Payload": number}})}
        page = json.loads(browser.post(f"{CONSOLE}/design/run", data=form).text)["execution"]
        arn = page.partition("executions/")[2]
        assert ":execution:calls-draft:" in arn
        while (run := aws(browser, "AWSStepFunctions.DescribeExecution", {"executionArn": arn}))["status"] == "RUNNING":
            pass
        assert json.loads(run["output"])["Payload"] == number


@pytest.mark.parametrize(
    ("mocks", "words"),
    [
        ("[]", "The mocks are an object, such as"),
        ("{", "The text of the mocks is not JSON"),
        ('{"Cal": {}}', "Cal"),
    ],
)
def test_mocks_that_cannot_be_used_are_refused_in_words(browser, mocks, words):
    answer = browser.post(f"{CONSOLE}/design/run", data={"definition": CALLS, "mocks": mocks})
    assert answer.status_code == 400
    assert words in json.loads(answer.text)["error"]
