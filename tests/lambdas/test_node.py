"""Functions in JavaScript; skipped where there is no node."""

from __future__ import annotations

import re
import shutil

import pytest
from lambdas.conftest import package

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not on the PATH")

RUNTIME = "nodejs22.x"


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("app.mjs", "export const handler = async (event, context) => [event, context.functionName];"),
        (
            "app.mjs",
            "export const handler = (e, c, callback) => setTimeout(() => callback(null, [e, c.functionName]), 1);",
        ),
        ("app.js", "exports.handler = async (event, context) => [event, context.functionName];"),
        ("app.js", "exports.handler = (event, context, callback) => callback(null, [event, context.functionName]);"),
        ("app.js", "exports.handler = (event, context) => context.succeed([event, context.functionName]);"),
        ("app.cjs", "exports.handler = async (event, context) => [event, context.functionName];"),
        ("src/app.js", "exports.handler = async (event, context) => [event, context.functionName];"),
    ],
)
def test_handlers_of_all_kinds(functions, file, source):
    code = {"ZipFile": package({file: source})}
    functions.create("", runtime=RUNTIME, Handler=file.rpartition(".")[0] + ".handler", Code=code)
    for number in range(2):
        answer = functions.invoke(number)
        assert (answer.payload, answer.error) == ([number, "work"], None)


@pytest.mark.parametrize("source", ["async () => undefined", "() => 1"])
def test_what_answers_nothing_answers_null(functions, source):
    functions.create(f"export const handler = {source};", runtime=RUNTIME)
    assert functions.invoke().payload is None


def test_an_exception_has_its_type_its_message_and_its_trace(functions):
    functions.create(
        "class Sold extends Error { constructor(m) { super(m); this.name = 'Sold'; } }\n"
        "export const handler = async () => { throw new Sold('nothing left'); };",
        runtime=RUNTIME,
    )
    answer = functions.invoke()
    assert (answer.error, answer.payload["errorType"], answer.payload["errorMessage"]) == (
        "Unhandled",
        "Sold",
        "nothing left",
    )
    first, second, third, *_ = answer.payload["trace"]
    assert first == "Sold: nothing left"
    assert re.fullmatch(r"    at .*file:///var/task/app\.mjs:2:\d+\)?", second)
    assert "file:///var/runtime/index.mjs:" in third


@pytest.mark.parametrize(
    ("source", "handler", "kind", "message"),
    [
        ("", "app.handler", "Runtime.HandlerNotFound", "app.handler is undefined or not exported"),
        ("", "app", "Runtime.MalformedHandlerName", "Bad handler"),
        (
            *("", "none.handler", "Runtime.ImportModuleError"),
            "Error: Cannot find module 'none'\nRequire stack:\n- /var/runtime/index.mjs",
        ),
        (
            "export const handler = (",
            "app.handler",
            "Runtime.UserCodeSyntaxError",
            "SyntaxError: Unexpected end of input",
        ),
        ("throw new RangeError('too far');", "app.handler", "RangeError", "too far"),
        (
            *("export const handler = () => { Promise.reject('never'); setTimeout(() => {}, 9000); }", "app.handler"),
            *("Runtime.UnhandledPromiseRejection", "never"),
        ),
        (
            *(
                "export const handler = () => { setTimeout(() => { throw new RangeError('late'); }, 1); }",
                "app.handler",
            ),
            *("RangeError", "late"),
        ),
        ("export const handler = async () => 1n;", "app.handler", "Error", "Unable to stringify response body"),
    ],
)
def test_errors_of_the_runtime(functions, source, handler, kind, message):
    functions.create(source, runtime=RUNTIME, Handler=handler)
    payload = functions.invoke().payload
    assert (payload["errorType"], payload["errorMessage"]) == (kind, message)


def test_a_process_that_exits_fails_its_invocation(functions):
    functions.create("export const handler = async () => process.exit(3);", runtime=RUNTIME)
    payload = functions.invoke().payload
    assert payload["errorType"] == "Runtime.ExitError"
    assert payload["errorMessage"].endswith("Error: Runtime exited with error: exit status 3")


def test_a_function_that_hangs_is_killed_at_its_timeout(functions):
    functions.create("export const handler = async (event) => { while (event) {} };", runtime=RUNTIME, Timeout=1)
    assert functions.invoke("hang").payload["errorType"] == "Sandbox.Timedout"
    assert functions.invoke().payload is None


def test_the_console_is_the_log(functions):
    functions.create(
        "export const handler = async () => { console.log('one %s', 1); console.error({ two: 2 }); };", runtime=RUNTIME
    )
    _, log, error, *_ = functions.invoke().log.splitlines()
    assert re.fullmatch(r"[\dT:.-]+Z\t[0-9a-f-]{36}\tINFO\tone 1", log)
    assert re.fullmatch(r"[\dT:.-]+Z\t[0-9a-f-]{36}\tERROR\t\{ two: 2 \}", error)
