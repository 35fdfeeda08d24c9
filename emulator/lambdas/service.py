"""Lambda of one world: finds functions by their names, wherever they come from, and invokes them."""

from __future__ import annotations

import itertools
import random
import shutil
import sys
import tempfile
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from asl_interpreter.clock import Clock, iso
from asl_interpreter.engine import Engine
from emulator.faults import Fault
from emulator.lambdas import folder
from emulator.lambdas.callables import Callables
from emulator.lambdas.deployments import Deployment, unpack
from emulator.lambdas.functions import (
    LARGEST_EVENT,
    LATEST,
    Function,
    FunctionName,
    Invocation,
    Request,
    check_size,
)
from emulator.lambdas.workers import Pool, Worker

if TYPE_CHECKING:
    from emulator.moto_door import RegisteredFunction

KEPT_LOGS: Final = 1000
"""Logs of invocations that are kept until somebody looks at CloudWatch Logs."""


class Lambdas:
    """The functions of one world."""

    def __init__(
        self, clock: Clock, engine: Callable[[], Engine], endpoint: Callable[[], str], sources: Path | None
    ) -> None:
        """``endpoint`` is where the processes of functions find the emulator, ``sources`` a folder of functions."""
        self.callables = Callables()
        self.random = random.Random(0)  # noqa: S311 - the same calls make the same choices
        self._clock = clock
        self._engine = engine
        self._endpoint = endpoint
        self._sources = sources
        self._lock = threading.RLock()
        self._pools: dict[tuple[str, str], _Pooled] = {}
        self._busy: Counter[str] = Counter()
        self._callers: dict[str, Any] = {}
        self._logs: deque[tuple[FunctionName, str, int, str]] = deque(maxlen=KEPT_LOGS)
        self._folder: Path | None = None
        self._numbers = itertools.count(1)

    def find(self, name: FunctionName) -> Function:
        """The function with this name, in the version that its qualifier means.

        Raises:
            Fault: ResourceNotFoundException, there is none.
        """
        callable_function = self.callables.find(name.arn)
        if callable_function is not None:
            return replace(callable_function, version=name.qualifier or LATEST)
        registered = self._registered(name)
        if registered is not None:
            return self._deployed(name, registered)
        if self._sources is not None:
            found = folder.find(self._sources, name)
            if found is not None:
                return self._sourced(found, folder.revision(self._sources))
        raise name.not_found()

    def __len__(self) -> int:
        """How many there are, besides those that CreateFunction has made."""
        return len(self.callables) + (0 if self._sources is None else len(folder.names(self._sources)))

    def _registered(self, name: FunctionName) -> RegisteredFunction | None:
        if "moto.awslambda.models" not in sys.modules:
            return None
        from emulator import moto_door

        return moto_door.find_function(name.account, name.region, name.name, name.qualifier, self.random)

    def _deployed(self, name: FunctionName, registered: RegisteredFunction) -> _Pooled:
        """The workers of a function that CreateFunction has made."""

        def build(scratch: Path) -> tuple[Deployment, Callable[[], None]]:
            deployment = Deployment(
                name=replace(name, qualifier=""),
                handler=registered.handler,
                runtime=registered.runtime,
                root=scratch / "task",
                layers=scratch / "opt" if registered.layers else None,
                version=registered.version,
                timeout=registered.timeout,
                memory=registered.memory,
                variables=registered.variables,
                unpacked=True,
            )

            def prepare() -> None:
                if not deployment.root.is_dir():  # at first, and when the function has deleted it
                    deployment.root.mkdir()
                    unpack([registered.code], deployment.root)
                    unpack(registered.layer_code, scratch / "opt")

            return deployment, prepare

        pooled = self._current((name.arn, registered.version), registered, build)
        return replace(pooled, reserved=registered.reserved_concurrency)

    def _sourced(self, deployment: Deployment, revision: object) -> _Pooled:
        """The workers of a function in the folder."""
        return self._current((deployment.name.arn, LATEST), revision, lambda _: (deployment, lambda: None))

    def _current(
        self,
        key: tuple[str, str],
        revision: object,
        build: Callable[[Path], tuple[Deployment, Callable[[], None]]],
    ) -> _Pooled:
        """The workers of one version; new ones, built in a folder of their own, if it has changed since."""
        with self._lock:
            pooled = self._pools.get(key)
            if pooled is None or pooled.revision != revision:
                if pooled is not None:
                    pooled.pool.close(busy=False)
                scratch = self._new_folder()
                pooled = self._pools[key] = self._pooled(*build(scratch), scratch, revision)
            return pooled

    def _pooled(self, deployment: Deployment, prepare: Callable[[], None], scratch: Path, revision: object) -> _Pooled:
        def start(let_go: Callable[[Worker], bool]) -> Worker:
            with self._lock:
                prepare()
            day = iso(self._clock.now())[:10].replace("-", "/")
            stream = f"{day}/[{deployment.version}]{next(self._numbers):032x}"
            return Worker(deployment, scratch, self._endpoint(), stream, let_go)

        return _Pooled(self, Pool(deployment, scratch, start), revision)

    def _new_folder(self) -> Path:
        with self._lock:
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="dynastep-"))
            scratch = self._folder / str(next(self._numbers))
            scratch.mkdir()
            return scratch

    def invoke(self, request: Request) -> tuple[Function, Invocation]:
        """Invoke a function and wait for its answer; also which version it was.

        Raises:
            Fault: there is none, or it could not be invoked.
        """
        function = self.find(request.name)
        check_size(request.payload)
        return function, function.invoke(request)

    def invoke_later(self, request: Request) -> Function:
        """Invoke a function without waiting for what comes of it; which version it will be.

        Raises:
            Fault: there is none, or the event is too large.
        """
        function = self.find(request.name)
        check_size(request.payload, LARGEST_EVENT)
        function.invoke(request)
        return function

    def drop(self, arn: str) -> None:
        """End the workers of a function that is no more."""
        with self._lock:
            gone = [self._pools.pop(key) for key in list(self._pools) if key[0] == arn]
        for pooled in gone:
            pooled.pool.close(busy=False)

    # What the functions that run in processes need.

    @contextmanager
    def reserving(self, arn: str, reserved: int | None) -> Iterator[None]:
        """Count one more invocation of a function.

        Raises:
            Fault: TooManyRequestsException, its reserved concurrency allows no more.
        """
        with self._lock:
            if reserved is not None and self._busy[arn] >= reserved:
                reason = "ReservedFunctionConcurrentInvocationLimitExceeded"
                raise Fault("TooManyRequestsException", "Rate Exceeded.", status=429, Reason=reason, Type="User")
            self._busy[arn] += 1
        try:
            yield
        finally:
            with self._lock:
                self._busy[arn] -= 1

    def run(self, pool: Pool, request: Request) -> Invocation:
        """Run on a worker. What the function asks of the emulator meanwhile counts as asked by whoever invokes it."""
        call = self._engine().loop.call_of_this_thread()
        tokens: list[str] = []

        def took(worker: Worker) -> None:
            tokens.append(worker.token)
            self._callers[worker.token] = call

        try:
            worker, invocation = pool.invoke(request, took)
        finally:
            for token in tokens:
                del self._callers[token]
        self._log(pool.deployment.name, worker.stream, invocation.log)
        return invocation

    @contextmanager
    def within(self, token: str) -> Iterator[None]:
        """What this thread does is done by the function whose credentials have this session token, if one has."""
        call = self._callers.get(token)
        if call is None:
            yield
        else:
            with self._engine().loop.on_behalf_of(call):
                yield

    def _log(self, name: FunctionName, stream: str, text: str) -> None:
        self._logs.append((name, stream, int(self._clock.now() * 1000), text))
        if "moto.logs.models" in sys.modules:
            self.deliver_logs()

    def deliver_logs(self) -> None:
        """Write what was logged to CloudWatch Logs: somebody may look."""
        if not self._logs:
            return
        from emulator import moto_door

        with self._lock:
            while self._logs:
                name, stream, time, text = self._logs.popleft()
                group = moto_door.make_log_group(name.account, name.region, f"/aws/lambda/{name.name}")
                moto_door.write_log_events(group, stream, [(time, f"{line}\n") for line in text.splitlines()])

    def close(self) -> None:
        """End every process and remove what was unpacked."""
        with self._lock:
            pools, self._pools = self._pools, {}
            unpacked, self._folder = self._folder, None
            self._logs.clear()
        for pooled in pools.values():
            pooled.pool.close(busy=True)
        if unpacked is not None:
            shutil.rmtree(unpacked, ignore_errors=True)  # a process that just ended may still hold a file, on Windows


@dataclass(frozen=True, slots=True)
class _Pooled:
    """A function with processes of its own."""

    lambdas: Lambdas
    pool: Pool
    revision: object
    """What it was made from; it is made anew when that changes."""
    reserved: int | None = None

    @property
    def version(self) -> str:
        return self.pool.deployment.version

    def invoke(self, request: Request) -> Invocation:
        with self.lambdas.reserving(self.pool.deployment.name.arn, self.reserved):
            return self.lambdas.run(self.pool, request)
