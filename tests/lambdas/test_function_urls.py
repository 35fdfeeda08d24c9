"""Functions that run elsewhere: what is sent there, and what comes of every answer."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from click.testing import CliRunner

from emulator import cli, clients
from emulator.control import Control
from emulator.settings import InvalidSetting, Settings


@pytest.fixture
def elsewhere():
    """A server that answers what it is told: set ``answer`` to a status, headers and a body; ``asked`` is what came."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            server.asked.append((self.path, json.loads(body)))
            status, headers, text = server.answer
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(text))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.asked = []
    server.answer = 200, {}, "7"
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def invoke():
    """Invoke a function in a world with these URLs of functions."""
    controls = []

    def invoked(name, **urls):
        controls.append(
            Control(Settings(clock="virtual", function_url={key.replace("_", "*"): url for key, url in urls.items()}))
        )
        answer = clients.client(controls[-1], "lambda").invoke(FunctionName=name, Payload=b'{"a":1}')
        return json.loads(answer["Payload"].read()), answer.get("FunctionError")

    yield invoked
    for control in controls:
        control.close()


def test_a_container_answers_under_the_path_of_the_interface_emulator(elsewhere, invoke):
    assert invoke("work", work=elsewhere.url) == (7, None)
    assert elsewhere.asked == [("/2015-03-31/functions/function/invocations", {"a": 1})]


def test_a_pattern_may_name_the_function_in_the_url(elsewhere, invoke):
    url = f"{elsewhere.url}/2015-03-31/functions/{{name}}/invocations"
    assert invoke("orders-new", orders_=url, other=elsewhere.url) == (7, None)
    assert elsewhere.asked == [("/2015-03-31/functions/orders-new/invocations", {"a": 1})]


@pytest.mark.parametrize("headers", [{}, {"X-Amz-Function-Error": "Unhandled"}])
def test_an_error_of_the_function_is_one_here_with_or_without_its_header(elsewhere, invoke, headers):
    error = {"errorType": "Sold", "errorMessage": "out", "requestId": "1", "stackTrace": []}
    elsewhere.answer = 200, headers, json.dumps(error)
    assert invoke("work", work=elsewhere.url) == (error, "Unhandled")


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        ((502, {}, "no upstream"), "ServiceException", "answers 502: no upstream"),
        (
            (200, {"X-Amz-Log-Result": "a"}, "7"),
            "ServiceException",
            "answers with an X-Amz-Log-Result that is not Base64",
        ),
        ((404, {}, '{"__type": "ResourceNotFoundException", "message": "none"}'), "ResourceNotFoundException", "none"),
    ],
)
def test_what_is_no_answer_of_a_function_is_an_error_that_names_the_url(elsewhere, invoke, answer, code, said):
    elsewhere.answer = answer
    with pytest.raises(Exception, match=said) as refused:
        invoke("work", work=elsewhere.url)
    assert refused.value.response["Error"]["Code"] == code
    assert code != "ServiceException" or elsewhere.url in str(refused.value)


def test_where_nothing_listens_a_task_fails_with_an_error_that_says_so(invoke):
    with pytest.raises(
        Exception, match=r"http://127\.0\.0\.1:9/.*, to which .*:function:work is forwarded, cannot be reached"
    ):
        invoke("work", work="http://127.0.0.1:9")


def test_the_setting_is_a_flag_and_a_variable():
    urls = {"a": "http://x:1", "b-*": "http://y/{name}"}
    assert Settings.read({"DYNASTEP_FUNCTION_URL": "a=http://x:1 b-*=http://y/{name}"}).function_url == urls
    for text, said in (("a", "NAME=URL is wanted"), ("a=nowhere", "an http or https URL is wanted")):
        with pytest.raises(InvalidSetting, match=said):
            Settings.read({}, {"function_url": text})


def test_a_flag_that_is_given_twice_counts_twice():
    given = ["--function-url", "a=http://x", "--function-url", "b=nowhere"]
    assert "the URL of b in --function-url is 'nowhere'" in CliRunner().invoke(cli.main, ["start", *given]).output
