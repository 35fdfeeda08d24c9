"""Functions that run in processes of their own: what they see, what they answer, and how they end."""

from __future__ import annotations

import json
import os
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from lambdas.conftest import package

from emulator.lambdas import workers

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


def error_of(answer):
    return answer.payload["errorType"], answer.payload["errorMessage"]


def test_a_function_answers_its_event(functions):
    functions.create("def handler(event, context):\n    return {'got': event}")
    answer = functions.invoke({"a": [1, None, "ü"]})
    assert (answer.payload, answer.error, answer.version) == ({"got": {"a": [1, None, "ü"]}}, None, "$LATEST")


def test_a_worker_is_reused_while_it_is_warm(functions):
    functions.create("calls = 0\ndef handler(event, context):\n    global calls\n    calls += 1\n    return calls")
    assert [functions.invoke().payload for _ in range(3)] == [1, 2, 3]


def test_the_context_and_the_environment_are_those_of_lambda(functions):
    functions.create(
        "import os\n"
        "def handler(event, context):\n"
        "    names = ('AWS_REGION', 'AWS_LAMBDA_FUNCTION_NAME', 'AWS_LAMBDA_FUNCTION_MEMORY_SIZE', '_HANDLER', 'COLOUR',"
        " 'AWS_EXECUTION_ENV', 'TZ', 'AWS_ACCESS_KEY_ID', 'AWS_LAMBDA_LOG_GROUP_NAME', 'DYNASTEP_SECRET')\n"
        "    return [context.function_name, context.function_version, context.invoked_function_arn,\n"
        "            context.memory_limit_in_mb, 0 < context.get_remaining_time_in_millis() <= 10000, context.log_group_name,\n"
        "            {name: os.environ.get(name) for name in names}, context.aws_request_id]",
        MemorySize=256,
        Environment={"Variables": {"COLOUR": "red"}},
    )
    *about, environment, request_id = functions.invoke().payload
    arn = f"arn:aws:lambda:us-east-1:{functions.dynastep.account}:function:work"
    assert about == ["work", "$LATEST", arn, "256", True, "/aws/lambda/work"]
    assert re.fullmatch(UUID, request_id)
    assert environment == {
        "AWS_REGION": "us-east-1",
        "AWS_LAMBDA_FUNCTION_NAME": "work",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "_HANDLER": "app.handler",
        "COLOUR": "red",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "TZ": ":UTC",
        "AWS_ACCESS_KEY_ID": functions.dynastep.account,
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/work",
        "DYNASTEP_SECRET": None,
    }


def test_an_exception_shows_the_file_where_lambda_would_have_put_it(functions):
    functions.create("class Sold(Exception): pass\n\ndef handler(event, context):\n    raise Sold('nothing left')")
    answer = functions.invoke()
    assert answer.error == "Unhandled"
    request_id = answer.payload.pop("requestId")
    assert re.fullmatch(UUID, request_id)
    assert answer.payload == {
        "errorMessage": "nothing left",
        "errorType": "Sold",
        "stackTrace": ["  File \"/var/task/app.py\", line 4, in handler\n    raise Sold('nothing left')\n"],
    }


@pytest.mark.parametrize(
    ("source", "handler", "kind", "message"),
    [
        (
            "import nowhere",
            "app.handler",
            "Runtime.ImportModuleError",
            "Unable to import module 'app': No module named 'nowhere'",
        ),
        ("", "none.handler", "Runtime.ImportModuleError", "Unable to import module 'none': No module named 'none'"),
        ("", "app.handler", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'app'"),
        (
            *("", "handler", "Runtime.MalformedHandlerName"),
            "Bad handler 'handler': not enough values to unpack (expected 2, got 1)",
        ),
        ("", "sys.handler", "Runtime.BuiltInModuleConflict", "Cannot use built-in module sys as a handler module"),
        ("1 / 0", "app.handler", "ZeroDivisionError", "division by zero"),
    ],
)
def test_a_function_that_cannot_be_loaded_says_why(functions, source, handler, kind, message):
    functions.create(source, Handler=handler)
    answer = functions.invoke()
    assert (answer.error, *error_of(answer), answer.payload["requestId"]) == ("Unhandled", kind, message, "")


def test_a_syntax_error_is_one_of_the_users_code(functions):
    functions.create("def handler(event, context)\n    return 1")
    kind, message = error_of(functions.invoke())
    assert (kind, message[:31]) == ("Runtime.UserCodeSyntaxError", "Syntax error in module 'app': e")


def test_an_answer_that_is_no_json_is_a_marshal_error(functions):
    functions.create("def handler(event, context):\n    return {1}")
    assert error_of(functions.invoke()) == (
        "Runtime.MarshalError",
        "Unable to marshal response: Object of type set is not JSON serializable",
    )


@pytest.mark.parametrize(
    ("body", "how"),
    [
        ("import sys; sys.exit(3)", " with error: exit status 3"),
        ("import os; os._exit(1)", " with error: exit status 1"),
        ("import os; os._exit(0)", " without providing a reason"),
        pytest.param(
            *("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", " with error: signal: segmentation fault"),
            marks=pytest.mark.skipif(os.name == "nt", reason="Windows has no signals"),
        ),
    ],
)
def test_a_process_that_ends_fails_its_invocation_and_the_next_has_a_new_one(functions, body, how):
    functions.create(f"def handler(event, context):\n    if event == 'end':\n        {body}\n    return 'well'")
    assert functions.invoke("stay").payload == "well"
    kind, message = error_of(functions.invoke("end"))
    assert kind == "Runtime.ExitError"
    assert re.fullmatch(f"RequestId: {UUID} Error: Runtime exited{how}", message)
    assert functions.invoke("stay").payload == "well"


def test_a_process_that_ends_while_it_is_idle_is_not_noticed(functions):
    functions.create(
        "import os, threading\ndef handler(event, context):\n    threading.Timer(0.05, os._exit, [1]).start()\n    return os.getpid()"
    )
    first = functions.invoke().payload
    threading.Event().wait(0.3)
    assert functions.invoke().payload != first


def test_a_function_that_hangs_is_killed_at_its_timeout(functions):
    functions.create(
        "def handler(event, context):\n    print('begun', end='')\n    while event: pass\n    return 1", Timeout=1
    )
    answer = functions.invoke("hang")
    kind, message = error_of(answer)
    assert (answer.error, kind) == ("Unhandled", "Sandbox.Timedout")
    assert re.fullmatch(f"RequestId: {UUID} Error: Task timed out after 1.00 seconds", message)
    log = answer.log.splitlines()
    assert log[1] == "begun"
    assert re.fullmatch(rf"\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{3}}Z {UUID} Task timed out after 1.00 seconds", log[2])
    assert re.search(r"Duration: 1000.00 ms\t.*\tStatus: timeout\t$", log[-1])
    assert functions.invoke().payload == 1


def test_the_log_has_what_was_printed_between_what_lambda_writes(functions):
    functions.create(
        "import logging, sys\nprint('loaded')\ndef handler(event, context):\n    print('plain')\n"
        "    print('to stderr', file=sys.stderr)\n    logging.warning('a warning')\n    sys.stdout.write('no newline')"
    )
    loaded, start, plain, error, warning, last, end, report = functions.invoke().log.splitlines()
    assert (loaded, plain, error, last) == ("loaded", "plain", "to stderr", "no newline")
    assert re.fullmatch(rf"START RequestId: {UUID} Version: \$LATEST", start)
    assert re.fullmatch(rf"\[WARNING\]\t[\dT:.-]+Z\t{UUID}\ta warning", warning)
    assert re.fullmatch(rf"END RequestId: {UUID}", end)
    assert re.fullmatch(
        rf"REPORT RequestId: {UUID}\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\t"
        r"(Max Memory Used: \d+ MB\t)?Init Duration: [\d.]+ ms\t",
        report,
    )
    assert "Init Duration" not in functions.invoke().log


def test_the_log_is_in_cloudwatch_logs(functions):
    functions.create("def handler(event, context):\n    print('hello')")
    functions.invoke()
    logs = functions.dynastep.client("logs")
    (stream,) = logs.describe_log_streams(logGroupName="/aws/lambda/work")["logStreams"]
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", stream["logStreamName"])
    events = logs.get_log_events(logGroupName="/aws/lambda/work", logStreamName=stream["logStreamName"])["events"]
    assert [event["message"].split(maxsplit=1)[0] for event in events] == ["START", "hello", "END", "REPORT"]


def test_a_tail_is_the_last_four_kilobytes(functions):
    functions.create("def handler(event, context):\n    print('x' * 5_000_000)\n    print('the end')")
    log = functions.invoke().log
    assert len(log) == 4096
    assert "the end" in log


def test_a_function_that_writes_without_end_is_ended(functions, monkeypatch):
    monkeypatch.setattr(workers, "LARGEST_OUTPUT", 1_000_000)
    functions.create("def handler(event, context):\n    while True: print('x' * 1000)")
    assert error_of(functions.invoke()) == (
        "Dynastep.OutputLimit",
        "The function wrote more than 1000000 bytes, which is what Dynastep takes of one worker",
    )


def test_a_function_that_deletes_its_folder_hurts_only_itself(functions):
    functions.create(
        "import os, shutil\ndef handler(event, context):\n    shutil.rmtree(os.environ['LAMBDA_TASK_ROOT'])\n    os._exit(1)"
    )
    functions.create("def handler(event, context):\n    return 'well'", "other")
    kinds = {error_of(functions.invoke())[0] for _ in range(2)}
    assert (kinds, functions.invoke(name="other").payload) == ({"Runtime.ExitError"}, "well")


def test_standard_input_is_empty(functions):
    functions.create("import sys\ndef handler(event, context):\n    return sys.stdin.read()")
    assert functions.invoke().payload == ""


@pytest.mark.skipif(not Path("/proc").exists(), reason="only Linux shows processes as files")
def test_what_a_function_starts_ends_with_it(functions):
    functions.create(
        "import subprocess, sys\ndef handler(event, context):\n"
        "    return subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']).pid"
    )
    child = functions.invoke().payload
    functions.dynastep._world.lambdas.close()
    for _ in range(500):
        if not runs(child):
            break
        threading.Event().wait(0.01)
    assert not runs(child)


def runs(process):
    """Whether a process is there and has not ended."""
    try:
        return "zombie" not in Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False


def test_invocations_at_the_same_time_run_side_by_side(functions):
    functions.create(
        "import os, time, pathlib\ndef handler(event, context):\n"
        "    pathlib.Path(event['folder'], str(os.getpid())).touch()\n"
        "    while len(os.listdir(event['folder'])) < 8: time.sleep(0.01)\n    return os.getpid()",
        Timeout=60,
    )
    import tempfile

    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: functions.invoke({"folder": folder}).payload, range(8)))
    assert len(set(answers)) == 8, "each waited for the seven others"


def test_reserved_concurrency_refuses_what_is_beyond_it(functions):
    functions.create("def handler(event, context):\n    return 1")
    functions.client.put_function_concurrency(FunctionName="work", ReservedConcurrentExecutions=0)
    with pytest.raises(ClientError) as refused:
        functions.invoke()
    assert refused.value.response["Error"] == {"Code": "TooManyRequestsException", "Message": "Rate Exceeded."}
    assert refused.value.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429


def test_nothing_is_left_behind_after_many_invocations(functions):
    functions.create("def handler(event, context):\n    return event")
    world = functions.dynastep._world
    functions.invoke()
    threads = threading.active_count()
    for number in range(200):
        assert functions.client.invoke(FunctionName="work", Payload=json.dumps(number))["StatusCode"] == 200
    assert threading.active_count() <= threads + 1
    folder = world.lambdas._scratch.path
    (pooled,) = world.lambdas._pools.values()
    (worker,) = pooled.pool._idle
    assert (len(pooled.pool._workers), world.lambdas._callers, +world.lambdas._busy) == (1, {}, {})
    world.lambdas.close()
    assert worker._process.returncode is not None
    assert not folder.exists()


def test_a_function_finds_the_emulator_and_its_own_account(functions):
    functions.create(
        "import boto3\ndef handler(event, context):\n    boto3.client('sqs').create_queue(QueueName='made')\n"
        "    return boto3.client('sts').get_caller_identity()['Account']",
        Timeout=60,
    )
    assert functions.invoke().payload == functions.dynastep.account
    assert functions.dynastep.client("sqs").list_queues()["QueueUrls"][0].endswith("/made")


def test_a_function_in_a_task_may_look_at_executions_while_time_stands_still(functions):
    arn = functions.create(
        "import boto3\ndef handler(event, context):\n    states = boto3.client('stepfunctions')\n"
        "    return [states.describe_execution(executionArn=event['id'])['status'] for _ in range(3)]",
        Timeout=60,
    )
    definition = {
        "StartAt": "Ask",
        "States": {"Ask": {"Type": "Task", "Resource": arn, "Parameters": {"id.$": "$$.Execution.Id"}, "End": True}},
    }
    execution = functions.dynastep.run(definition)
    assert (execution.status, execution.output, execution.elapsed) == ("SUCCEEDED", ["RUNNING"] * 3, 0)


@pytest.mark.parametrize(
    ("archive", "said"),
    [
        (b"no zip", "Could not unzip uploaded file. Please check your file, then try to upload again."),
        (
            package({"../app.py": ""}),
            "Could not unzip uploaded file. Please check your file, then try to upload again.",
        ),
        (package({"/app.py": ""}), "Could not unzip uploaded file. Please check your file, then try to upload again."),
        (
            package({"a/../../app.py": ""}),
            "Could not unzip uploaded file. Please check your file, then try to upload again.",
        ),
        (
            package({"app": "", "app/app.py": ""}),
            "Could not unzip uploaded file. Please check your file, then try to upload again.",
        ),
        (
            package({"app.py": "", "app.py/": ""}),
            "Could not unzip uploaded file. Please check your file, then try to upload again.",
        ),
        (
            package({"a" * 256: ""}),
            "Could not unzip uploaded file. Please check your file, then try to upload again.",
        ),
        (
            package({"a/" * 1500: ""}),
            "Could not unzip uploaded file. Please check your file, then try to upload again.",
        ),
    ],
)
def test_a_zip_that_cannot_be_unpacked_into_its_folder_is_refused(functions, archive, said):
    with pytest.raises(ClientError) as refused:
        functions.create("", Code={"ZipFile": archive})
    assert refused.value.response["Error"] == {"Code": "InvalidParameterValueException", "Message": said}
    assert functions.client.list_functions()["Functions"] == []


def test_a_zip_that_breaks_off_is_refused_at_every_invocation(functions):
    archive = bytearray(package({"app.py": "def handler(event, context): return 1", "lib.py": "x = 1"}))
    archive[archive.index(b"x = 1")] ^= 1
    functions.create("", Code={"ZipFile": bytes(archive)})
    for _ in range(2):
        with pytest.raises(ClientError, match="Could not unzip uploaded file"):
            functions.invoke()


def test_a_bug_is_a_500_whose_request_id_finds_the_traceback(functions, monkeypatch, caplog):
    functions.create("def handler(event, context): return 1")

    def fail(*_):
        raise ZeroDivisionError("ours")

    monkeypatch.setattr("emulator.lambdas.service.Lambdas.invoke", fail)
    with pytest.raises(ClientError, match="Dynastep failed to answer this request; its log has the traceback"):
        functions.invoke()
    assert "ZeroDivisionError: ours" in caplog.text


def test_a_runtime_that_is_not_built_says_so(functions):
    functions.create("", runtime="java21")
    with pytest.raises(ClientError, match="needs java21, which Dynastep has not built yet") as refused:
        functions.invoke()
    assert refused.value.response["Error"]["Code"] == "NotImplementedException"


def test_a_task_invokes_a_function_made_by_create_function(functions):
    functions.create("def handler(event, context):\n    return event['a'] + 1")
    task = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": True}
    task["Parameters"] = {"FunctionName": "work", "Payload.$": "$"}
    execution = functions.dynastep.run({"StartAt": "Work", "States": {"Work": task}}, {"a": 1})
    assert (execution.status, execution.output["Payload"]) == ("SUCCEEDED", 2)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("raise KeyError('a')", "KeyError"),
        ("import os; os._exit(1)", "Runtime.ExitError"),
        ("while True: pass", "Sandbox.Timedout"),
    ],
)
def test_the_error_of_a_task_is_the_type_of_the_functions_error(functions, body, error):
    arn = functions.create(f"def handler(event, context):\n    {body}", Timeout=1)
    execution = functions.dynastep.run(
        {"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": arn, "End": True}}}
    )
    assert (execution.status, execution.error, json.loads(execution.cause)["errorType"]) == ("FAILED", error, error)


def test_a_task_whose_runtime_is_not_built_fails_with_an_error_that_names_it(functions):
    arn = functions.create("", runtime="java21")
    execution = functions.dynastep.run(
        {"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": arn, "End": True}}}
    )
    assert (execution.error, execution.cause) == (
        "Dynastep.NotBuilt",
        f"{arn} needs java21, which Dynastep has not built yet; "
        "--function-url says where a function runs that is not run here",
    )


def test_a_reset_ends_the_processes(functions):
    functions.create("def handler(event, context):\n    return 1")
    functions.invoke()
    lambdas = functions.dynastep._world.lambdas
    (pooled,) = lambdas._pools.values()
    (worker,) = pooled.pool._idle
    functions.dynastep._control.reset()
    assert (worker._process.returncode is None, lambdas._pools, lambdas._scratch) == (False, {}, None)


def test_a_function_is_known_by_its_trace_where_it_has_credentials_of_its_own(functions):
    arn = functions.create(
        "import boto3, os\ndef handler(event, context):\n    key = os.environ['AWS_ACCESS_KEY_ID']\n"
        "    states = boto3.client('stepfunctions', aws_access_key_id=key, aws_secret_access_key='own')\n"
        "    return [states.describe_execution(executionArn=event['id'])['status'] for _ in range(3)]",
        Timeout=60,
    )
    task = {"Type": "Task", "Resource": arn, "Parameters": {"id.$": "$$.Execution.Id"}, "End": True}
    execution = functions.dynastep.run({"StartAt": "Ask", "States": {"Ask": task}})
    assert (execution.status, execution.output) == ("SUCCEEDED", ["RUNNING"] * 3)


def test_a_look_waits_for_a_function_that_takes_its_time(functions):
    functions.create(
        "import boto3, time\ndef handler(event, context):\n    time.sleep(1.3)\n    boto3.client('sqs').create_queue(QueueName='made')",
        Timeout=60,
    )
    functions.client.invoke(FunctionName="work", InvocationType="Event")
    assert functions.dynastep.client("sqs").list_queues()["QueueUrls"]
