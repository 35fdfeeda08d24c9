"""Workers: the processes in which functions run, one invocation at a time, kept warm for the next.

A function that is invoked several times at once has several. A worker that hangs is killed at the function's timeout,
one that crashes takes only its own invocation with it.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from asl_interpreter.loop.clock import monotonic, real_time
from asl_interpreter.loop.locks import lock
from asl_interpreter.timestamps import iso
from emulator.faults import Fault
from emulator.lambdas.deployments import Deployment
from emulator.lambdas.functions import Invocation, Request, exit_failure, failure, timed_out, within_limits
from emulator.lambdas.logs import Run, report, whole_lines
from emulator.lambdas.runtime_api import Handed, RuntimeApi

INIT_SECONDS: Final = 10.0
"""What loading a function may take besides its timeout.

Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""
IDLE_SECONDS: Final = 60.0
"""Real seconds that an idle worker is kept."""
MOST_WORKERS: Final = 32
"""Workers of one version of a function; what is invoked beyond that waits for one of them."""
OUTPUT_LIMIT: Final = "Dynastep.OutputLimit"
"""The error of a function that writes more than this."""
LARGEST_OUTPUT: Final = 64 * 1024 * 1024
"""Bytes that a worker may write before it is ended."""
KEPT_OUTPUT: Final = 1024 * 1024
"""Bytes of what an invocation writes that its log has."""
_PEEK_SECONDS: Final = 0.25
"""How often the size of the output is looked at."""


class Gone(Exception):
    """A worker had ended before it heard of the request."""


@dataclass(frozen=True, slots=True)
class _Answer:
    payload: str
    failed: bool
    after: float = 0.0
    status: str = ""


class Worker:
    """One process."""

    def __init__(
        self, deployment: Deployment, folder: Path, endpoint: str, stream: str, let_go: Callable[[Worker], bool]
    ) -> None:
        """``let_go`` is asked whether an idle worker may end: nobody has taken it meanwhile.

        Raises:
            Fault: the function cannot be run here.
        """
        self.token = secrets.token_hex(16)
        """What the session token of its credentials is: a request of its own to the emulator can be told."""
        self.stream = stream
        self._deployment = deployment
        self._let_go = let_go
        self._news = threading.Condition(lock("the news of a worker", 50))
        self._request: Request | None = None
        self._handed = False
        self._answer: _Answer | None = None
        self._init_error: _Answer | None = None
        self._ended: int | None = None
        self._closing = False
        self._began = monotonic()
        self._init_duration: float | None = None
        self._init_output = ""
        self._command = deployment.command()
        self._api = RuntimeApi(self)
        self._log = folder / f"{self.token[:8]}.log"
        self._read_to = 0
        environment = deployment.environment(endpoint, stream)
        environment |= {"AWS_LAMBDA_RUNTIME_API": self._api.address, "AWS_SESSION_TOKEN": self.token}
        try:
            self._process = self._start(environment)
        except OSError as error:
            self._api.close()
            text = f"RequestId: {self.token} Error: fork/exec {self._command[0]}: {error.strerror}"
            raise Fault("InvalidRuntimeException", text, status=502) from None
        threading.Thread(target=self._watch, name="dynastep-worker-watch", daemon=True).start()

    def _start(self, environment: dict[str, str]) -> subprocess.Popen[bytes]:
        # Standard input stays open as long as the emulator lives: its end tells the process to end. Output goes to a
        # file: what was written before an answer is there when the answer comes, and nobody has to keep reading it.
        with self._log.open("ab") as output:
            return subprocess.Popen(  # noqa: S603 - running the user's function is what it is for
                self._command,
                cwd=self._deployment.root,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the emulator; what the process starts ends with it
            )

    def _watch(self) -> None:
        ended = self._process.wait()
        with self._news:
            self._ended = ended
            self._news.notify_all()
        self._api.close()
        if self._let_go(self):
            self.remove()

    @property
    def alive(self) -> bool:
        """Whether it can take another request."""
        with self._news:
            return self._ended is None and not self._closing and self._read_to < LARGEST_OUTPUT

    def invoke(self, request: Request) -> Invocation:
        """Have the function run, and wait for its answer or its end.

        Raises:
            Gone: the worker had ended before it heard of the request.
        """
        first, timeout = self._init_duration is None, self._deployment.timeout
        with self._news:
            self._request, self._handed, self._answer = request, False, self._init_error
            self._news.notify_all()
            self._wait(lambda: self._handed, timeout + (INIT_SECONDS if first else 0))
            began = monotonic() if self._handed else self._began
            if self._handed:
                self._wait(lambda: False, timeout)
            answer = self._answer
            if answer is None and self._ended is not None and not first and not self._handed:
                raise Gone
            self._request = None
            if answer is None:
                answer = self._no_answer(request)
            duration = timeout if answer.status == "timeout" else monotonic() - began
        if answer.status:
            self.close()
        return self._reported(request, answer, duration, first=first)

    def _wait(self, done: Callable[[], bool], seconds: float) -> None:
        """Wait until it is done or answered, the process has ended, the time is up or the output too long."""
        limit = monotonic() + seconds
        while not (done() or self._answer or self._closing or self._ended is not None):
            left = limit - monotonic()
            if left <= 0 or self._written() > LARGEST_OUTPUT:
                return
            if self._deployment.limited and (_memory_used(self._process.pid) or 0) > self._deployment.memory:
                _kill(self._process, self.token)  # as Lambda does; the answer says so
            self._news.wait(min(left, _PEEK_SECONDS))

    def _written(self) -> int:
        """Bytes of output since it was last taken."""
        try:
            return self._log.stat().st_size - self._read_to
        except FileNotFoundError:  # the emulator was closed while the function ran
            return 0

    def _no_answer(self, request: Request) -> _Answer:
        """Why there is none."""
        if self._ended is not None:
            payload = exit_failure(request.request_id, _how_it_ended(self._ended))
            return _Answer(payload, failed=True, status="error\tError Type: Runtime.ExitError")
        if self._closing:
            payload = exit_failure(request.request_id, "signal: killed")
            return _Answer(payload, failed=True, status="error\tError Type: Runtime.ExitError")
        if self._written() > LARGEST_OUTPUT:
            text = f"The function wrote more than {LARGEST_OUTPUT} bytes, which is what Dynastep takes of one worker"
            return _Answer(failure(OUTPUT_LIMIT, text), failed=True, status="error")
        return _Answer(timed_out(request.request_id, self._deployment.timeout), failed=True, status="timeout")

    def _reported(self, request: Request, answer: _Answer, duration: float, *, first: bool) -> Invocation:
        output, before = self._take_output(), self._init_output if first else ""
        if answer.status == "timeout":
            when = f"{iso(real_time())} {request.request_id}"
            output = whole_lines(output) + f"{when} Task timed out after {self._deployment.timeout:.2f} seconds\n\n"
        run = Run(
            request.request_id,
            self._deployment.version,
            self._deployment.memory,
            duration,
            _memory_used(self._process.pid),
            self._init_duration if first else None,
            answer.status,
        )
        return within_limits(Invocation(answer.payload, answer.failed, answer.after, report(run, output, before)))

    def _take_output(self) -> str:
        """What was written since this was last asked."""
        written = self._written()
        left_out = max(written - KEPT_OUTPUT, 0)
        if not written:
            return ""
        with self._log.open("rb") as output:
            output.seek(self._read_to + left_out)
            text = output.read(written - left_out).decode(errors="replace")
        self._read_to += written
        return f"[Dynastep has left out {left_out} bytes]\n{text}" if left_out else text

    def close(self) -> None:
        """End the process, whatever it does, and what it has started."""
        with self._news:
            if self._closing:
                return
            self._closing = True
            self._news.notify_all()
        _kill(self._process, self.token)
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()

    def remove(self) -> None:
        """Close it, and remove what it wrote."""
        self.close()
        self._log.unlink(missing_ok=True)

    # The process behind the Runtime API.

    def next_invocation(self) -> Handed | None:
        """Wait for a request; None once the worker ends, which it does by itself when it was idle for long."""
        with self._news:
            if self._init_duration is None:
                self._init_duration = monotonic() - self._began
                self._init_output = self._take_output()
            while not self._closing and self._ended is None:
                if self._request is not None and not self._handed:
                    self._handed = True
                    self._news.notify_all()
                    return Handed(self._request, int((real_time() + self._deployment.timeout) * 1000))
                if not self._news.wait(IDLE_SECONDS) and self._request is None and self._let_go(self):
                    threading.Thread(target=self.remove, name="dynastep-worker-end", daemon=True).start()
                    break
        return None

    def take_answer(self, request_id: str, payload: str, after: float, *, failed: bool) -> bool:
        """Take the answer to the request that is under way; false if it is another's."""
        with self._news:
            if self._request is None or self._request.request_id != request_id:
                return False
            self._answer = _Answer(payload, failed, after)
            self._news.notify_all()
        return True

    def take_init_error(self, payload: str) -> None:
        """Take it as the answer to the request that waits."""
        with self._news:
            self._answer = self._init_error = _Answer(payload, failed=True, status="error")
            self._news.notify_all()


def _how_it_ended(code: int) -> str:
    """What the operating system says of the end of a process; empty if it just ended."""
    if code < 0:
        return f"signal: {(signal.strsignal(-code) or str(-code)).lower()}"
    return f"exit status {code}" if code else ""


def _kill(process: subprocess.Popen[bytes], token: str) -> None:
    """End a process and its descendants, where the system groups them, and those that have left the group."""
    if not hasattr(os, "killpg"):
        process.kill()
        return
    with suppress(ProcessLookupError, PermissionError):  # all of them have ended
        os.killpg(process.pid, signal.SIGKILL)
    for pid in _with_token(token.encode()):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def _with_token(token: bytes) -> Iterator[int]:
    """The processes whose environment has a token, where the system tells: what a function's process has started."""
    for entry in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):  # another user's, or gone
            if token in entry.read_bytes():
                yield int(entry.parent.name)


def _memory_used(pid: int) -> int | None:
    """The most memory that a process has had, in MB, where the system tells."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    peak = status.partition("VmHWM:")[2].split(maxsplit=1)
    return int(peak[0]) // 1024 if peak else None


class Pool:
    """The workers of one deployment."""

    def __init__(
        self, deployment: Deployment, scratch: Path, start: Callable[[Callable[[Worker], bool]], Worker]
    ) -> None:
        """``scratch`` is a folder that goes with the last worker of a closed pool.

        ``start`` starts a worker; it is given what the worker asks before it ends by itself.
        """
        self.deployment = deployment
        self._scratch = scratch
        self._start = start
        self._news = threading.Condition(lock("the workers of a function", 60))
        self._idle: list[Worker] = []
        self._workers: set[Worker] = set()
        self._starting = 0
        self._closed = False
        self._abandoned = False

    def invoke(self, request: Request, took: Callable[[str], None]) -> tuple[str, Invocation]:
        """Invoke on an idle worker or a new one; its log stream and its answer. ``took`` is told the worker's token.

        A closed pool ends what it started for it.

        Raises:
            Fault: the function cannot be run here, or no more.
        """
        while True:
            worker = self._take()
            took(worker.token)
            try:
                return worker.stream, worker.invoke(request)
            except Gone:
                continue
            finally:
                self._give_back(worker)

    def _take(self) -> Worker:
        with self._news:
            self._news.wait_for(lambda: self._abandoned or self._idle or self._count() < MOST_WORKERS)
            if self._abandoned:
                raise self._gone()
            if self._idle:
                return self._idle.pop()
            self._starting += 1
        try:
            worker = self._start(self._let_go)
        except BaseException:
            self._started(None)
            raise
        if not self._started(worker):
            worker.remove()
            raise self._gone()
        return worker

    def _started(self, worker: Worker | None) -> bool:
        """Count what was started, or could not be; whether it may work."""
        with self._news:
            self._starting -= 1
            if worker is not None and not self._abandoned:
                self._workers.add(worker)
            self._news.notify()
            return not self._abandoned

    def _gone(self) -> Fault:
        return Fault("ServiceException", f"{self.deployment.name.arn} has ended with its emulator", status=500)

    def _count(self) -> int:
        return len(self._workers) + self._starting

    def _give_back(self, worker: Worker) -> None:
        usable = worker.alive
        with self._news:
            if usable and not self._closed:
                self._idle.append(worker)
            else:
                usable = False
                self._workers.discard(worker)
            self._news.notify()
        if not usable:
            worker.remove()
            self._tidy()

    def _tidy(self) -> None:
        with self._news:
            if self._closed and not self._abandoned and not self._count():
                shutil.rmtree(self._scratch, ignore_errors=True)  # on Windows a process may still hold a file

    def _let_go(self, worker: Worker) -> bool:
        with self._news:
            if worker not in self._idle:
                return False
            self._idle.remove(worker)
            self._workers.discard(worker)
            return True

    def close(self, *, busy: bool) -> None:
        """End the workers: the idle ones, and with ``busy`` those too that are at work; the others end after it.

        With ``busy`` the scratch folder is left to whoever closes.
        """
        with self._news:
            self._closed = True
            self._abandoned = busy
            idle, self._idle = self._idle, []
            self._workers.difference_update(idle)
            working = list(self._workers) if busy else []
            self._news.notify_all()
        for worker in working:
            worker.close()
        for worker in idle:
            worker.remove()
        self._tidy()
