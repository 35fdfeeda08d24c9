"""Web pages of elsewhere, in a real browser, that try to have something done here."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import boto3
import pytest

if TYPE_CHECKING:
    from conftest import Served
    from playwright.sync_api import Page

CREDENTIAL = "X-Amz-Credential=test/20260101/us-east-1/sns/aws4_request"

ATTACKS = {
    "an image": '<img src="{url}">',
    "an image that hides its page": '<img src="{url}" referrerpolicy="no-referrer">',
    "a script": '<script src="{url}"></script>',
    "a style sheet": '<link rel="stylesheet" href="{url}">',
    "a video": '<video src="{url}"></video>',
    "a frame": '<iframe src="{url}"></iframe>',
    "a frame that hides its page": '<iframe src="{url}" referrerpolicy="no-referrer"></iframe>',
    "an object": '<object data="{url}"></object>',
    "a prefetch": '<link rel="prefetch" href="{url}">',
    "a form that gets": '<form id="f" action="{base}">{fields}</form><script>f.submit()</script>',
    "a form that posts": '<form id="f" method="post" action="{signed}">{fields}</form><script>f.submit()</script>',
    "a form of a sandbox": """<iframe sandbox="allow-scripts allow-forms" srcdoc="<form id='f' method='post' action='{url}'></form>
        <script>f.submit()</script>"></iframe>""",
    "another address": '<script>location = "{url}"</script>',
    "a refresh": '<meta http-equiv="refresh" content="0; url={url}">',
    "a refresh that hides its page": """<meta name="referrer" content="no-referrer">
        <meta http-equiv="refresh" content="0; url={url}">""",
    "a fetch": '<script>fetch("{url}").catch(String)</script>',
    "a fetch without CORS": '<script>fetch("{url}", {{mode: "no-cors"}})</script>',
    "a post without CORS": """<script>fetch("{signed}", {{method: "POST", mode: "no-cors",
        headers: {{"Content-Type": "application/x-www-form-urlencoded"}}, body: "{query}"}})</script>""",
    "a beacon": '<script>navigator.sendBeacon("{url}", "")</script>',
    "a stream of events": '<script>new EventSource("{url}")</script>',
    "a web socket": '<script>new WebSocket("{url}".replace("http", "ws"))</script>',
    "a signed post": """<script>fetch("{url}", {{method: "POST", headers: {{
        Authorization: "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sns/aws4_request, SignedHeaders=, Signature="
        }}}}).catch(String)</script>""",
    "a put": '<script>fetch("{url}", {{method: "PUT", body: "x"}}).catch(String)</script>',
    "a reset": '<script>fetch("{base}/_dynastep/reset?{query}", {{method: "POST"}}).catch(String)</script>',
    "a look at a page": '<script>fetch("{base}/_dynastep/health?{query}").catch(String)</script>',
    "a page in a frame": '<iframe src="{base}/?{query}"></iframe>',
}
"""What a page can do -> its HTML, with the address of an operation in it."""

OBEYED = (
    "an image",
    "a script",
    "a video",
    "a fetch",
    "a fetch without CORS",
    "a form that posts",
    "a post without CORS",
)
"""What does something when a page of this machine does it, so that the refusal of others means something."""

VISITS = ("a form that gets", "another address", "a refresh", "a refresh that hides its page")
"""What opens another page in place of its own, which is then that of the emulator: no operation."""

_names = (f"topic-{number}" for number in itertools.count())


@pytest.fixture
def show() -> Iterator[Callable[..., str]]:
    """Serve a page: its address under a host."""
    pages: dict[str, str] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text = pages.get(self.path, "").encode()
            self.send_response(200 if text else 404)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()

    def add(html: str, host: str) -> str:
        path = f"/{len(pages)}"
        pages[path] = f"<!doctype html><title>a page</title>{html}"
        return f"http://{host}:{server.server_port}{path}"

    yield add
    server.shutdown()
    thread.join()
    server.server_close()


def create_topic(base: str, name: str) -> dict[str, str]:
    """What stands in an attack: a request that makes a topic."""
    query = f"Action=CreateTopic&Name={name}&Version=2010-03-31&{CREDENTIAL}"
    fields = "".join(
        f'<input name="{key}" value="{value}">' for key, value in (pair.split("=", 1) for pair in query.split("&"))
    )
    signed = f"{base}/?{CREDENTIAL}&for={name}"
    return {"base": base, "signed": signed, "url": f"{base}/?{query}", "query": query, "fields": fields}


def topics(served: Served) -> str:
    client = boto3.client(
        "sns", "us-east-1", endpoint_url=served.url, aws_access_key_id="test", aws_secret_access_key="test"
    )
    return str(client.list_topics()["Topics"])


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_page_of_elsewhere_has_nothing_done(page: Page, show, serve, attack):
    served, name = serve(), next(_names)
    html = ATTACKS[attack].format(**create_topic(served.url, name))
    page.goto(show(html, "evil.example"), wait_until="commit")
    assert {status for _, status in served.wait_for(name)} == {200 if attack in VISITS else 403}
    assert name not in topics(served)


@pytest.mark.parametrize("attack", OBEYED)
def test_a_page_of_this_machine_has_it_done(page: Page, show, serve, attack):
    served, name = serve(), next(_names)
    html = ATTACKS[attack].format(**create_topic(served.url, name))
    page.goto(show(html, "localhost"), wait_until="commit")
    assert {status for _, status in served.wait_for(name)} == {200}
    assert name in topics(served)


@pytest.mark.parametrize("attack", ["an image", "a script", "a frame", "a fetch without CORS"])
def test_a_page_of_elsewhere_has_nothing_done_over_the_network(page: Page, show, serve, attack):
    """A plain address of the network is not trusted by browsers, which then send no ``Sec-Fetch-Site``."""
    served, name = serve("dynastep.example"), next(_names)
    html = ATTACKS[attack].format(**create_topic(f"http://dynastep.example:{served.port}", name))
    html = '<meta name="referrer" content="no-referrer">' + html
    page.goto(show(html, "evil.example"), wait_until="commit")
    assert {status for _, status in served.wait_for(name)} == {403}
    assert name not in topics(served)


REBOUND = """<!doctype html><title>a page</title><script>
const answers = []
const ask = (path, options) => fetch(path, options).then(answer => answers.push(answer.status))
const body = "Action=CreateTopic&Name={name}&Version=2010-03-31"
const headers = {{Authorization: "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sns/aws4_request, SignedHeaders=, Signature="}}
const form = {{...headers, "Content-Type": "application/x-www-form-urlencoded"}}
ask("/_dynastep/reset", {{method: "POST"}}).then(() => Promise.all([
    ask("/", {{method: "POST", headers: form, body}}), ask("/?" + body, {{headers}}),
    ask("/_dynastep/health"), ask("/", {{headers: {{Accept: "text/html"}}}}),
])).then(() => document.title = answers.join())
</script>"""


@pytest.mark.parametrize(("allowed", "statuses"), [((), {"403"}), (("rebound.example",), {"200"})])
def test_a_page_whose_name_comes_to_mean_this_machine_has_nothing_done(page: Page, serve, allowed, statuses):
    """The page is loaded from somewhere; then its name is resolved to 127.0.0.1, and it is of the emulator's origin."""
    served, name = serve(*allowed), next(_names)
    served.pages["/page"] = REBOUND.format(name=name)
    page.goto(f"http://rebound.example:{served.port}/page")
    page.wait_for_function("document.title != 'a page'")
    assert set(page.title().split(",")) == statuses
    assert (name in topics(served)) == bool(allowed)


SDK = """<script>
const call = target => fetch("{base}/", {{method: "POST", headers: {{
    "Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/" + target[0] + "/aws4_request, SignedHeaders=, Signature=",
    "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": target[1]}}, body: "{{}}"}})
    .then(answer => answer.status, () => "blocked")
Promise.all([["dynamodb", "DynamoDB_20120810.ListTables"], ["states", "AWSStepFunctions.ListStateMachines"]].map(call))
    .then(answers => document.title = answers.join())
</script>"""


@pytest.mark.parametrize(("host", "statuses"), [("localhost", "200,200"), ("evil.example", "200,blocked")])
def test_dynamodb_answers_pages_of_every_origin_as_on_aws(page: Page, show, serve, host, statuses):
    served = serve()
    page.goto(show(SDK.format(base=served.url), host))
    page.wait_for_function("document.title != 'a page'")
    assert page.title() == statuses


def test_a_link_to_a_page_of_the_emulator_may_be_followed(page: Page, show, serve):
    served = serve()
    page.goto(show(f'<a href="{served.url}/">the emulator</a>', "evil.example"))
    page.click("a")
    page.wait_for_url(f"{served.url}/")
    assert page.title() == "Dynastep"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "dynastep.localhost"])
def test_a_person_may_open_an_address(page: Page, serve, host):
    served = serve()
    answer: Any = page.goto(f"http://{host}:{served.port}/_dynastep/health")
    assert answer.status == 200
