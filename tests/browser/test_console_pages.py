"""The console in a real browser."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import demo
import pytest

from emulator.wire import operations
from emulator.wire.protocol import Call

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CONSOLE = "/_dynastep/console"
AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A tab of 1280 pixels in which no script fails, nothing breaks the content security policy and nothing asks."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(15_000)
    opened, said = context.new_page(), []
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.on("dialog", lambda dialog: said.append(f"a dialog: {dialog.message}"))
    opened.on("console", lambda message: said.append(message.text) if "Security Policy" in message.text else None)
    yield opened
    context.close()
    assert said == []


def perform(served: Any, operation: str, **params: Any) -> dict[str, Any]:
    call = Call("stepfunctions", operation, params, "000000000000", "us-east-1", str(uuid.uuid4()))
    return operations.perform(served.control.world, call)


def machine(served: Any, states: dict[str, Any], first: str, name: str = "machine", **more: Any) -> str:
    return demo.create_machine(
        served.url, name, {"QueryLanguage": "JSONata", "StartAt": first, "States": states, **more}
    )


def status(page: Page) -> Any:
    return page.locator("#live .title .status").first


def test_the_story_from_an_empty_server_to_a_redriven_execution(page: Page, serve):
    served = serve()
    page.goto(served.url)
    assert page.title() == "Dynastep"
    assert page.get_by_text("Nothing has run yet").is_visible()
    demo.set_up(served.url)
    page.reload()
    page.get_by_role("link", name="orders").first.click()
    page.get_by_label("Input").fill("{")
    assert page.get_by_text("Not JSON").is_visible()
    page.get_by_label("Input").fill(demo.order(served.url))
    page.get_by_role("button", name="Start execution").click()
    page.wait_for_url("**/executions/**")
    page.locator("#live .title .status.FAILED").first.wait_for()  # without a reload
    assert "ResourceNotFoundException" in page.get_by_label("Explanation").inner_text()
    page.locator("#visit").get_by_text("Attempt 2").wait_for()
    assert "FAILED" in str(page.locator('.graph [data-state="Pick"]').get_attribute("class"))
    assert "SUCCEEDED" in str(page.locator('.graph [data-state="Keep"]').get_attribute("class"))
    demo.create_table(served.url, "stock", "sku")
    page.get_by_role("button", name="Redrive").click()
    status(page).and_(page.locator(".RUNNING")).wait_for()
    for _ in range(10):
        demo.advance(served.url, 2)
    page.locator("#live .title .status.SUCCEEDED").first.wait_for()
    assert page.get_by_text("redriven 1 x").is_visible()
    page.get_by_text("3 items").wait_for()


def test_an_execution_is_looked_at_as_it_was_and_runs_on_from_there(page: Page, serve):
    served = serve()
    states = {
        "Count": {"Type": "Pass", "Assign": {"n": "{% $states.input.n %}"}, "Next": "Double"},
        "Double": {"Type": "Pass", "Output": "{% {'doubled': $states.input.n * 2, 'first': $n} %}", "End": True},
    }
    arn = machine(served, states, "Count")
    started = perform(served, "StartExecution", stateMachineArn=arn, input='{"n": 4}')
    page.goto(f"{served.url}{CONSOLE}/executions/{started['executionArn']}")
    page.get_by_label("as it was after event 4").click()
    page.locator("#visit").get_by_role("heading", name="After event 4, PassStateEntered").wait_for()
    assert json.loads(page.get_by_label("Variables of Double").inner_text()) == {"n": 4}
    page.get_by_role("link", name="Event before").click()
    page.locator("#visit").get_by_role("heading", name="After event 3, PassStateExited").wait_for()
    page.get_by_role("link", name="Event after").click()
    page.locator("#visit").get_by_role("heading", name="After event 4, PassStateEntered").wait_for()
    page.locator("#visit").get_by_label("Input").fill('{"n": 50}')
    page.get_by_role("button", name="Run on from here").click()
    page.get_by_role("heading", name="run on from event 4").wait_for()
    assert json.loads(page.get_by_label("Output").inner_text()) == {"doubled": 100, "first": 4}
    page.get_by_role("link", name="The execution as it was").click()
    page.locator("#live .title .status.SUCCEEDED").first.wait_for()


def test_a_task_that_waits_for_its_token_is_answered(page: Page, serve):
    served = serve()
    demo.set_up(served.url)
    demo.create_table(served.url, "stock", "sku")
    page.goto(f"{served.url}{CONSOLE}/machines/{demo.ARN}")
    page.get_by_label("Input").fill(demo.order(served.url, large=True))
    page.get_by_role("button", name="Start execution").click()
    page.get_by_role("button", name="Fail").click()
    page.locator("#live .title .status.FAILED").first.wait_for()
    assert "Orders.Refused" in page.get_by_label("Explanation").inner_text()


def test_an_execution_that_waits_is_ended_by_the_clock_of_the_header(page: Page, serve):
    served = serve()
    arn = machine(served, {"Rest": {"Type": "Wait", "Seconds": 3000, "End": True}}, "Rest")
    started = perform(served, "StartExecution", stateMachineArn=arn)
    page.goto(f"{served.url}{CONSOLE}/executions/{started['executionArn']}")
    assert status(page).inner_text() == "RUNNING"
    page.get_by_role("button", name="To the next timer").click()
    page.locator("#live .title .status.SUCCEEDED").first.wait_for()


HOSTILE = "<img src=x onerror=alert(1)>\"'&</script><script>alert(2)</script>"


def test_hostile_names_are_shown_and_do_nothing(page: Page, serve):
    served = serve()
    states = {
        HOSTILE: {"Type": "Pass", "Next": "fail"},
        "fail": {"Type": "Fail", "Error": HOSTILE, "Cause": "</pre><script>alert(3)</script>"},
    }
    arn = machine(served, states, HOSTILE, Comment="</code><script>alert(4)</script>")
    started = perform(served, "StartExecution", stateMachineArn=arn, input=json.dumps({HOSTILE: HOSTILE}))
    demo.create_table(served.url, "items", HOSTILE)
    demo.client(served.url, "dynamodb").put_item(TableName="items", Item={HOSTILE: {"S": HOSTILE}})
    page.goto(f"{served.url}{CONSOLE}/machines/{arn}")
    assert page.locator("[data-state]").first.get_attribute("data-state") == HOSTILE
    page.goto(f"{served.url}{CONSOLE}/executions/{started['executionArn']}")
    page.locator("[data-state]").first.click()
    page.locator("#visit h3").get_by_text(HOSTILE).wait_for()
    page.locator("#events table").wait_for()
    page.goto(f"{served.url}{CONSOLE}/tables/items")
    page.locator("#items a").click()
    assert HOSTILE in json.loads(page.locator("textarea").input_value())
    page.goto(f"{served.url}{CONSOLE}/design?arn={arn}")
    page.locator("#drawn [data-state]").first.wait_for()
    page.goto(f"{served.url}{CONSOLE}/search?q={quote(HOSTILE)}")
    assert HOSTILE in page.locator("h1").inner_text()
    assert page.locator("main img, main script:not([src])").count() == 0


def test_the_keyboard_searches_and_walks_through_states(page: Page, serve):
    served = serve()
    arn = machine(served, {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "End": True}}, "A")
    started = perform(served, "StartExecution", stateMachineArn=arn)
    page.goto(f"{served.url}{CONSOLE}/executions/{started['executionArn']}")
    page.locator(".graph-view").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.locator("#visit h3", has_text=re.compile("^B$")).wait_for()
    page.keyboard.press("/")
    page.keyboard.type("mach")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="machine", exact=True).click()
    assert page.locator("h1").inner_text() == "machine"


def test_it_is_dark_where_people_prefer_that(page: Page, serve):
    served = serve()
    page.goto(served.url)
    colour = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(colour)
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(colour) != light


def test_10_000_executions_come_in_pages(page: Page, serve):
    served = serve()
    arn = machine(served, {"A": {"Type": "Pass", "End": True}}, "A")
    for number in range(10_000):
        perform(served, "StartExecution", stateMachineArn=arn, name=f"run-{number}")
    page.goto(f"{served.url}{CONSOLE}/machines/{arn}")
    assert page.locator("#executions tbody tr").count() == 25
    assert page.locator("#executions a").first.inner_text() == "run-9999"
    assert page.locator(".graph .note").text_content() == "10000 x"
    page.get_by_role("link", name="Older executions").click()
    page.get_by_role("link", name="run-9974", exact=True).wait_for()
    page.get_by_label("Status").select_option("FAILED")
    page.get_by_text("No execution is FAILED").wait_for()


def test_a_machine_of_60_states_is_drawn(page: Page, serve):
    served = serve()
    states = {f"S{n}": {"Type": "Pass", "Next": f"S{n + 1}"} for n in range(59)}
    arn = machine(served, {**states, "S59": {"Type": "Pass", "End": True}}, "S0")
    page.goto(f"{served.url}{CONSOLE}/machines/{arn}")
    assert page.locator("[data-state]").count() == 60
    page.locator("[data-line-of='S30']").click()
    page.locator(".graph .chosen[data-state='S30']").wait_for()


def test_the_items_of_a_map_of_5_000_are_a_strip(page: Page, serve):
    served = serve()
    inner = {"StartAt": "Keep", "States": {"Keep": {"Type": "Pass", "End": True}}}
    arn = machine(
        served, {"Each": {"Type": "Map", "Items": "{% [1..5000] %}", "ItemProcessor": inner, "End": True}}, "Each"
    )
    started = perform(served, "StartExecution", stateMachineArn=arn)
    page.goto(f"{served.url}{CONSOLE}/executions/{started['executionArn']}")
    page.locator("#live .title .status.SUCCEEDED").first.wait_for()
    page.get_by_text("5000 items").wait_for()
    assert page.locator(".strip .SUCCEEDED").count() == 50  # rows of a hundred
    page.get_by_label("Item", exact=True).fill("4320")
    page.get_by_role("button", name="Show").click()
    page.locator("#visit").get_by_text("Each[4320]/Keep").wait_for()


def test_an_item_is_added_changed_asked_for_and_deleted(page: Page, serve):
    served = serve()
    demo.create_table(served.url, "things", "id")
    client = demo.client(served.url, "dynamodb")
    page.goto(f"{served.url}{CONSOLE}/tables/things")
    page.get_by_role("link", name="New item").click()
    page.get_by_label("Item, with its types").fill('{"id": {"S": "a"}, "n": {"N": "1"}}')
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="a", exact=True).click()
    page.get_by_label("Item, with its types").fill('{"id": {"S": "a"}, "n": {"N": "2"}}')
    client.put_item(TableName="things", Item={"id": {"S": "a"}, "n": {"N": "9"}})
    page.get_by_role("button", name="Save").click()  # it was changed by somebody else meanwhile
    assert page.locator("h1").inner_text() == "ConditionalCheckFailedException"
    page.goto(f"{served.url}{CONSOLE}/tables/things?hash=a&attribute=n&operator=>&value=5&value_type=N")
    assert "Query: 1 items" in page.locator("#items").inner_text()
    page.get_by_role("link", name="a", exact=True).click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_text("No item here").wait_for()
    page.get_by_label("JSON or CSV").set_input_files(
        {"name": "a.csv", "mimeType": "text/csv", "buffer": b"id,n\nx,1\ny,2\n"}
    )
    page.get_by_role("button", name="Import").click()
    page.get_by_role("link", name="y", exact=True).wait_for()
    assert client.scan(TableName="things")["Count"] == 2


def test_the_editor_checks_draws_tests_and_saves(page: Page, serve):
    served = serve()
    page.goto(f"{served.url}{CONSOLE}/design")
    page.locator("#drawn [data-state='Greet']").wait_for()
    content = page.locator("#editor .cm-content")

    def type_in(text: str) -> None:
        content.click()
        page.keyboard.press("Control+A")
        page.keyboard.press("Delete")  # over coloured text Chromium would insert with an inline style
        page.keyboard.insert_text(text)

    type_in('{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}}')
    page.locator("#problems").get_by_text("Line 1: ERROR: Missing 'Next' target: B").wait_for()
    page.locator("#drawn .Missing, #drawn [data-state='B']").first.wait_for()
    type_in("StartAt: A\nStates:\n  A:\n    Type: Pass\n    Result: 7\n    End: true\n")
    page.locator("#problems").get_by_text("ERROR").first.wait_for(state="detached")
    page.get_by_label("State", exact=True).fill("A")
    page.get_by_role("button", name="Test", exact=True).click()
    page.locator("#tested").get_by_text("SUCCEEDED").wait_for()
    assert page.locator("#tested .steps h4").all_text_contents()[-1].startswith("Output")
    page.get_by_label("Name").fill("written")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Saved: open the state machine").click()
    assert page.locator("h1").inner_text() == "written"


def test_what_is_written_runs_at_once_with_mocks(page: Page, serve):
    served = serve()
    page.goto(f"{served.url}{CONSOLE}/design")
    page.locator("#drawn [data-state='Greet']").wait_for()
    run = page.locator("#run")
    run.get_by_label("Input").fill('{"name": "Eve"}')
    run.get_by_label("Answers of mocked Tasks").fill('{"Nowhere": 1}')
    run.get_by_role("button", name="Run").click()
    page.locator("#ran").get_by_text("stands for nothing").wait_for()
    run.get_by_label("Answers of mocked Tasks").fill("")
    run.get_by_role("button", name="Run").click()
    page.get_by_role("region", name="Output", exact=True).get_by_text("Hello Eve").wait_for()


def test_requests_appear_as_they_come_and_hide_their_secrets(page: Page, serve):
    served = serve()
    page.goto(f"{served.url}{CONSOLE}/activity")
    assert page.get_by_text("No request has come yet").is_visible()
    secrets = demo.client(served.url, "secretsmanager")
    secrets.create_secret(Name="door", SecretString="open sesame")
    demo.client(served.url, "sqs").create_queue(QueueName="queue", tags={"password": "open sesame"})
    page.get_by_role("link", name="CreateSecret").wait_for()
    page.get_by_role("link", name="CreateQueue").click()
    assert "(hidden)" in page.get_by_label("Request").inner_text()
    for number in (1, 2):
        page.goto(f"{served.url}{CONSOLE}/activity/{number}")
        assert "sesame" not in page.content()


def test_a_page_of_another_port_presses_no_button(page: Page, serve):
    served, other = serve(), serve()
    other.pages["/form"] = (
        f'<!doctype html><form id="f" method="post" action="{served.url}{CONSOLE}/clock">'
        '<input name="advance" value="60"></form><script>f.submit()</script>'
    )
    page.goto(f"{other.url}/form", wait_until="commit")
    assert served.wait_for(f"{CONSOLE}/clock", "POST") == [("POST", 403)]


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not there: make clients installs it")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_serious_fault_of_accessibility(page: Page, serve, scheme):
    served = serve()
    page.emulate_media(color_scheme=scheme)
    found = []
    pages = demo.pages(served.url)
    for name, path in pages.items():
        page.goto(served.url + path)
        page.wait_for_timeout(300)
        found += serious(page, name)
    page.goto(served.url + pages["execution-succeeded"])
    page.get_by_label("as it was after event 2", exact=True).click()
    page.get_by_role("button", name="Run on from here").wait_for()
    found += serious(page, "as it was")
    page.get_by_role("button", name="Run on from here").click()
    page.get_by_role("heading", name="run on from event 2").wait_for()
    found += serious(page, "run on")
    assert found == []


def serious(page: Page, name: str) -> list[tuple[str, str, list[str]]]:
    """The serious faults of the page that is open: where, which, and the elements."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    answer = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        (name, each["id"], [node["html"][:120] for node in each["nodes"][:2]])
        for each in answer["violations"]
        if each["impact"] in ("serious", "critical")
    ]


def test_a_definition_is_shown_as_it_is_indented(page: Page, serve):
    served = serve()
    arn = machine(served, {"A": {"Type": "Succeed"}}, "A")
    page.goto(f"{served.url}{CONSOLE}/machines/{arn}")
    first, second = (page.locator(f"ol.code li#L{number} code") for number in (1, 2))
    assert first.inner_text() == "{"
    assert second.inner_text().startswith("  ")
