"""The Python runtime: a client of the Lambda Runtime API, run as a script in the process of a function.

Why it is ours: awslambdaric has no wheels for macOS and Windows, brings a native HTTP client, and the protocol is four
requests. Texts and shapes are those of AWS's runtime. It imports as little as it can, because that is what a cold start
costs, and ``emulator.lambdas.callables`` uses it for what a callable answers or raises.

Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
import traceback
from types import TracebackType
from typing import Any, Final, NoReturn, TypeAlias

ExcInfo: TypeAlias = "tuple[type[BaseException] | None, BaseException | None, TracebackType | None]"

UNESCAPED: Final = ("AWS_Lambda_python3.8", "AWS_Lambda_python3.9", "AWS_Lambda_python3.10", "AWS_Lambda_python3.11")
"""Values of AWS_EXECUTION_ENV whose runtimes write other than ASCII as ``\\u`` escapes; later ones as it is."""


LONGEST: Final = 900_000
"""Milliseconds that a function may take at most."""


class RuntimeFault(Exception):
    """What the runtime itself finds wrong with a function. ``kind`` is the errorType."""

    def __init__(self, kind: str, message: str, trace: list[str] | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.trace = trace or []


def value_of(later: Any) -> Any:
    """The value of a Later; its error is raised."""
    if later.error is not None:
        raise later.error
    return later.value


def marshal(value: Any, *, ascii_only: bool = True) -> bytes:
    """What a function answers, as the runtime sends it: bytes as they are, everything else as JSON.

    Raises:
        RuntimeFault: Runtime.MarshalError, it is no JSON.
    """
    if isinstance(value, bytes):
        return value
    try:
        return json.dumps(value, default=_number, allow_nan=False, ensure_ascii=ascii_only).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise RuntimeFault("Runtime.MarshalError", f"Unable to marshal response: {error}") from None


def _number(value: Any) -> float:
    decimal = sys.modules.get("decimal")  # whoever has made a Decimal has imported it
    if decimal is not None and isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    message = f"Object of type {type(value).__name__} is not JSON serializable"
    raise TypeError(message)


def describe(raised: ExcInfo, request_id: str, own_file: str) -> dict[str, Any]:
    """The payload of what a function raised; frames of ``own_file`` before its own are left out."""
    kind, error, trace = raised
    if isinstance(error, RuntimeFault):
        return _error(str(error), error.kind, error.trace, request_id)
    frames = [(frame.filename, frame.lineno, frame.name, frame.line) for frame in traceback.extract_tb(trace)]
    while frames and frames[0][0] == own_file:
        del frames[0]
    lines = traceback.format_list(frames)  # type: ignore[arg-type]  # a line number is None only in frames made by hand
    return _error(str(error), kind.__name__ if kind is not None else "", lines, request_id)


def _error(message: str, kind: str, trace: list[str], request_id: str) -> dict[str, Any]:
    return {"errorMessage": message, "errorType": kind, "requestId": request_id, "stackTrace": trace}


def error_text(error: dict[str, Any]) -> str:
    """An error as it is sent."""
    return json.dumps(error)


class RuntimeApi:
    """The connection to the Runtime API."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self._host = address
        self._socket = socket.create_connection((host, int(port)))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self._socket.makefile("rb")

    def request(self, path: str, body: bytes | None = None, **headers: str) -> tuple[dict[str, str], bytes]:
        """GET, or POST a body; the headers of the answer, by their names in small letters, and its body."""
        lines = [f"{'GET' if body is None else 'POST'} /2018-06-01/runtime/{path} HTTP/1.1", f"Host: {self._host}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        lines += [f"Content-Length: {len(body or b'')}", "", ""]
        self._socket.sendall("\r\n".join(lines).encode() + (body or b""))
        if not self._file.readline():
            sys.exit(0)  # the emulator is gone
        answered: dict[str, str] = {}
        while (line := self._file.readline()) not in (b"\r\n", b""):
            name, _, value = line.decode("latin-1").partition(":")
            answered[name.strip().lower()] = value.strip()
        return answered, self._file.read(int(answered.get("content-length", 0)))


class ClientContext:
    """What a mobile SDK says of its client."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.custom = content.get("custom")
        self.env = content.get("env")
        self.client = content.get("client")


class LambdaContext:
    """The second argument of a handler.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/python-context.html
    """

    identity: None = None

    def __init__(
        self,
        function: str,
        arn: str,
        request_id: str,
        *,
        version: str = "$LATEST",
        memory: str = "128",
        log: tuple[str, str] = ("", ""),
        client_context: str | None = None,
        deadline: int | None = None,
    ) -> None:
        """``log`` is its group and stream; ``deadline`` in milliseconds since 1970, None if nothing ends it."""
        self.function_name = function
        self.invoked_function_arn = arn
        self.aws_request_id = request_id
        self.function_version = version
        self.memory_limit_in_mb = memory
        self.log_group_name, self.log_stream_name = log
        self.client_context = ClientContext(json.loads(client_context)) if client_context else None
        self._deadline = deadline

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function times out."""
        return LONGEST if self._deadline is None else max(self._deadline - int(time.time() * 1000), 0)

    def log(self, message: object) -> None:
        """Write to the log as it is."""
        sys.stdout.write(str(message))


def find_handler(name: str) -> Any:
    """The handler that ``module.function`` or ``folder/module.function`` names.

    Raises:
        RuntimeFault: there is none. Whatever else the module raises when it is imported.
    """
    import importlib

    module_name, dot, function_name = name.rpartition(".")
    if not dot:
        text = f"Bad handler '{name}': not enough values to unpack (expected 2, got 1)"
        raise RuntimeFault("Runtime.MalformedHandlerName", text)
    if module_name.split(".")[0] in sys.builtin_module_names:
        text = f"Cannot use built-in module {module_name} as a handler module"
        raise RuntimeFault("Runtime.BuiltInModuleConflict", text)
    try:
        file = os.environ.pop("_DYNASTEP_MODULE", "")
        module = _load(module_name, file) if file else importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        text = f"Unable to import module '{module_name}': {error}"
        raise RuntimeFault("Runtime.ImportModuleError", text) from None
    except SyntaxError as error:
        where = f'  File "{error.filename}" Line {error.lineno}\n    {error.text}'
        text = f"Syntax error in module '{module_name}': {error}"
        raise RuntimeFault("Runtime.UserCodeSyntaxError", text, [where]) from None
    try:
        return getattr(module, function_name)
    except AttributeError:
        text = f"Handler '{function_name}' missing on module '{module_name}'"
        raise RuntimeFault("Runtime.HandlerNotFound", text) from None


def _load(name: str, file: str) -> Any:
    """The module of a file whose name may be that of another module."""
    from importlib.util import module_from_spec, spec_from_file_location

    spec: Any = spec_from_file_location(f"function_{name}", file)
    module = sys.modules[spec.name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class _Runtime:
    """One function, served until the process ends."""

    def __init__(self) -> None:
        self._api = RuntimeApi(os.environ["AWS_LAMBDA_RUNTIME_API"])
        self._ascii_only = os.environ.get("AWS_EXECUTION_ENV", "") in UNESCAPED
        self._shown = (f'File "{os.environ["LAMBDA_TASK_ROOT"]}{os.sep}', os.environ.pop("_DYNASTEP_SHOWN_ROOT", ""))
        self.request_id = ""

    def run(self) -> NoReturn:
        """Serve; ends with the process."""
        try:
            handler = find_handler(os.environ["_HANDLER"])
        except Exception:  # noqa: BLE001 - whatever the user's module raises is why it cannot be loaded
            self._post_error("init/error", "")
            sys.exit(1)
        while True:
            headers, body = self._api.request("invocation/next")
            self._invoke(handler, headers, body)

    def _invoke(self, handler: Any, headers: dict[str, str], body: bytes) -> None:
        self.request_id = headers["lambda-runtime-aws-request-id"]
        path, after = f"invocation/{self.request_id}", {}
        os.environ["_X_AMZN_TRACE_ID"] = headers.get("lambda-runtime-trace-id", "")
        try:
            answer = handler(json.loads(body), _context(headers))
            tasks: Any = sys.modules.get("asl_interpreter.tasks")
            if tasks is not None and isinstance(answer, tasks.Later):
                after = {"Dynastep_After": str(answer.after)}
                answer = value_of(answer)
            result = marshal(answer, ascii_only=self._ascii_only)
        except Exception:  # noqa: BLE001 - whatever the user's function raises is its answer
            self._post_error(f"{path}/error", self.request_id, **after)
        else:
            self._api.request(f"{path}/response", result, **after)

    def _post_error(self, path: str, request_id: str, **headers: str) -> None:
        """Send what is being raised, and log it; the files of a zip are where Lambda would have put them."""
        error = describe(sys.exc_info(), request_id, __file__)
        root, shown = self._shown
        if shown:
            error["stackTrace"] = [line.replace(root, f'File "{shown}/') for line in error["stackTrace"]]
        text = f"[ERROR] {error['errorType']}: {error['errorMessage']}\nTraceback (most recent call last):\n"
        text += "".join(error["stackTrace"]) + "\n"
        sys.stdout.write(text.encode(errors="backslashreplace").decode())  # it may hold half of a character
        sent = error_text(error).encode()
        self._api.request(path, sent, Lambda_Runtime_Function_Error_Type=error["errorType"], **headers)


def _context(headers: dict[str, str]) -> LambdaContext:
    environ = os.environ
    return LambdaContext(
        environ["AWS_LAMBDA_FUNCTION_NAME"],
        headers["lambda-runtime-invoked-function-arn"],
        headers["lambda-runtime-aws-request-id"],
        version=environ["AWS_LAMBDA_FUNCTION_VERSION"],
        memory=environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"],
        log=(environ["AWS_LAMBDA_LOG_GROUP_NAME"], environ["AWS_LAMBDA_LOG_STREAM_NAME"]),
        client_context=headers.get("lambda-runtime-client-context"),
        deadline=int(headers["lambda-runtime-deadline-ms"]),
    )


def _log_as_lambda_does(runtime: _Runtime) -> None:
    """Give the root logger the handler that AWS's runtime gives it."""
    import logging

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            record.aws_request_id = runtime.request_id
            sys.stdout.write(self.format(record))

    form = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n"
    handler = Handler()
    handler.setFormatter(logging.Formatter(form, "%Y-%m-%dT%H:%M:%S"))
    logging.Formatter.converter = time.gmtime
    logging.getLogger().addHandler(handler)
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "")
    if level:
        logging.getLogger().setLevel({"TRACE": "DEBUG", "FATAL": "CRITICAL", "WARN": "WARNING"}.get(level, level))


def _end_with_the_emulator() -> None:
    """End the process when the emulator's end of standard input closes, whatever the function does meanwhile."""
    import threading

    kept = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)

    def watch() -> None:
        while os.read(kept, 1):
            pass
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    _end_with_the_emulator()
    del sys.path[0]
    sys.path.insert(len(sys.path) if os.environ["_DYNASTEP_MODULE"] else 0, os.environ["LAMBDA_TASK_ROOT"])
    this = _Runtime()
    _log_as_lambda_does(this)
    this.run()
