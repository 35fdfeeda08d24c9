"""Lambda of one world: finds functions by their names, wherever they come from, and invokes them.

A function that is a callable needs no more than this; what runs others, and what polls for them, is imported with the
first of its kind.
"""

from __future__ import annotations

import itertools
import logging
import random
import shutil
import sys
import uuid
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, partial
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from asl_interpreter.engine import Engine, never
from asl_interpreter.jsontext import JSON, dumps
from asl_interpreter.loop.clock import Clock
from asl_interpreter.loop.locks import lock
from asl_interpreter.timestamps import iso
from emulator.arns import Arn
from emulator.faults import Fault
from emulator.lambdas.asynchronous import Event, EventSettings
from emulator.lambdas.callables import Callables
from emulator.lambdas.functions import (
    LARGEST_EVENT,
    LATEST,
    Function,
    FunctionName,
    Invocation,
    Request,
    check_size,
    trace_id,
)
from emulator.lambdas.mappings import Mappings, Poller

if TYPE_CHECKING:
    from emulator.dynamodb.model.streams import Stream
    from emulator.lambdas.cluster import Cluster, ClusterPool
    from emulator.lambdas.deployments import Deployment, Sources
    from emulator.lambdas.durable_executions import DurableExecution, DurableExecutions
    from emulator.lambdas.scratch import Scratch
    from emulator.lambdas.workers import Pool, Worker
    from emulator.moto_door import RegisteredFunction

log = logging.getLogger("dynastep")

KEPT_LOGS: Final = 1000
"""Logs of invocations that are kept until somebody looks at CloudWatch Logs."""


class Lambdas:
    """The functions of one world."""

    def __init__(
        self,
        clock: Clock,
        engine: Engine,
        callables: Callables,
        endpoint: Callable[[], str],
        find_stream: Callable[[str], Stream | None],
        sources: Sources | None,
        urls: Mapping[str, str],
        cluster: Cluster | None = None,
    ) -> None:
        """``endpoint`` is where the processes of functions find the emulator, ``sources`` has functions of files.

        ``find_stream`` finds the stream of a table by its ARN; ``urls`` are of functions that run elsewhere. Functions
        whose files are here run on the ``cluster``, if there is one.
        """
        self.callables = callables
        self.random = random.Random(0)  # noqa: S311 - the same calls make the same choices
        self._clock = clock
        self._engine = engine
        self._endpoint = endpoint
        self._sources = sources
        self._urls = urls
        self._cluster = cluster
        self.find_stream = find_stream
        self.counted: Callable[[FunctionName, str, float], None] = lambda _name, _metric, _value: None
        """Hears of each invocation, for the metrics."""
        self.mappings = Mappings(self, self._poller)
        self.hit: Callable[[Request], Invocation | None] = lambda _request: None
        """What an invocation comes to that a fault of a test hits; the function then does not run."""
        self.polling = [self.mappings]
        """All that polls: the mappings of functions, and what else takes from queues and streams, such as pipes."""
        self._lock = lock("the functions of a world", 40)
        self._pools: dict[tuple[str, str], _Pooled] = {}
        self._busy: Counter[str] = Counter()
        self._callers: dict[str, tuple[Any, FunctionName]] = {}
        self._running: set[object] = set()
        self._logs: deque[tuple[FunctionName, str, int, str]] = deque(maxlen=KEPT_LOGS)
        self._scratch: Scratch | None = None
        self._numbers = itertools.count(1)

    @cached_property
    def durable(self) -> DurableExecutions:
        """The executions of durable functions."""
        from emulator.lambdas.durable_executions import DurableExecutions

        return DurableExecutions(self, self._engine)

    def find(self, name: FunctionName) -> Function:
        """The function with this name, in the version that its qualifier means.

        Raises:
            Fault: ResourceNotFoundException, there is none.
        """
        callable_function = self.callables.find(name.arn)
        if callable_function is not None:
            return replace(callable_function, version=name.qualifier or LATEST)
        if self._urls:
            from emulator.lambdas import forwarding

            forwarded = forwarding.find(self._urls, name)
            if forwarded is not None:
                return forwarded
        registered = self._registered(name)
        if registered is not None:
            return self._deployed(name, registered)
        if self._sources is not None:
            found = self._sources.find(name)
            if found is not None:
                return self._sourced(found, self._sources.revision())
        raise name.not_found()

    def runs_apart(self, name: JSON, account: str, region: str) -> bool:
        """Whether a function, as a caller names it, would run in another process. Waits for nobody."""
        try:
            return isinstance(name, str) and self.callables.find(FunctionName.parse(name, account, region).arn) is None
        except Fault:
            return False

    def new_id(self) -> str:
        """An id for a request that comes from inside; the same calls get the same ones."""
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def __len__(self) -> int:
        """How many there are, besides those that CreateFunction has made."""
        return len(self.callables) + (0 if self._sources is None else len(self._sources.names()))

    def _registered(self, name: FunctionName) -> RegisteredFunction | None:
        if "moto.awslambda.models" not in sys.modules:
            return None
        from emulator import moto_door

        return moto_door.find_function(name.account, name.region, name.name, name.qualifier, self.random)

    def _deployed(self, name: FunctionName, registered: RegisteredFunction) -> _Pooled:
        """The workers of a function that CreateFunction has made."""
        from emulator.lambdas.deployments import Deployment, unpack

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
                    try:
                        unpack([registered.code], deployment.root)
                        unpack(registered.layer_code, scratch / "opt")
                    except BaseException:
                        shutil.rmtree(deployment.root, ignore_errors=True)  # what is there is taken for whole
                        raise

            return deployment, prepare

        pooled = self._current((name.arn, registered.version), registered, build)
        return replace(pooled, reserved=registered.reserved_concurrency)

    def _sourced(self, deployment: Deployment, revision: object) -> _Pooled:
        """The workers of a function of files."""
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
        from emulator.lambdas.workers import Pool, Worker

        def have_files() -> None:
            with self._lock, _writing(deployment.name.arn):
                scratch.mkdir(exist_ok=True)
                prepare()

        def day() -> str:
            return iso(self._clock.now())[:10].replace("-", "/")

        def start(let_go: Callable[[Worker], bool]) -> Worker:
            have_files()
            stream = f"{day()}/[{deployment.version}]{next(self._numbers):032x}"
            return Worker(deployment, scratch, self._endpoint(), stream, let_go)

        if self._cluster is not None:
            from emulator.lambdas.cluster import ClusterPool

            return _Pooled(self, ClusterPool(deployment, self._cluster, have_files, self._endpoint, day), revision)
        return _Pooled(self, Pool(deployment, scratch, start), revision)

    def _new_folder(self) -> Path:
        from emulator.lambdas.scratch import Scratch

        with self._lock, _writing("functions"):
            if self._scratch is None:
                self._scratch = Scratch()
            scratch = self._scratch.path / str(next(self._numbers))
            scratch.mkdir()
            return scratch

    def invoke(self, request: Request) -> tuple[Function, Invocation]:
        """Invoke a function and wait for its answer; also which version it was.

        Raises:
            Fault: there is none, or it could not be invoked.
        """
        function = self.find(request.name)
        check_size(request.payload)
        execution = self.start_durable(request, function)
        return function, self.run_once(function, request) if execution is None else self.durable.invoke(execution)

    def run_once(self, function: Function, request: Request) -> Invocation:
        """Run a function that was found, once, and count it. Raises Fault: it could not be run."""
        began = self._clock.now()
        try:
            invocation = self.hit(request) or function.invoke(request)
        except Fault as fault:
            self.counted(request.name, "Throttles" if fault.status == HTTPStatus.TOO_MANY_REQUESTS else "Errors", 1.0)
            raise
        self.counted(request.name, "Invocations", 1.0)
        self.counted(request.name, "Errors", float(invocation.failed))
        self.counted(request.name, "Duration", (self._clock.now() - began + invocation.after) * 1000)
        return invocation

    def start_durable(self, request: Request, function: Function) -> DurableExecution | None:
        """Start a durable execution of a function that was found, if it has a DurableConfig; None if it has none.

        Raises:
            Fault: the function is named without a version, or there is an execution of this name with another input.
        """
        if not isinstance(function, _Pooled):
            return None
        registered = self._registered(replace(request.name, qualifier=function.version))
        if registered is None or not registered.durable:
            return None
        if not request.name.qualifier:
            text = "You cannot invoke a durable function using an unqualified ARN."
            raise Fault("InvalidParameterValueException", text, Type="User")
        return self.durable.start(request, registered.durable, registered.version)

    def invoke_later(self, request: Request) -> tuple[Function, str]:
        """Invoke a function without waiting for what comes of it.

        Which version it will be, and the ARN of the durable execution, if it is one.

        Raises:
            Fault: there is none, or the event is too large.
        """
        function = self.find(request.name)
        check_size(request.payload, LARGEST_EVENT)
        if (execution := self.start_durable(request, function)) is not None:
            return function, execution.arn
        engine, settings = self._engine, EventSettings.of(self._registered(request.name))
        if self.callables.find(request.name.arn) is not None:
            settings = EventSettings()
        self.keep_running(Event(self, engine, request, settings).run, f"an event for {request.name.name}")
        return function, ""

    def keep_running(self, work: Callable[[], Coroutine[Any, None, None]], name: str) -> None:
        """Run something on the loop that nobody waits for, except whoever looks at what has come of it."""
        loop, key = self._engine.loop, object()

        def start() -> None:
            loop.fork(work(), name, detached=True).subscribe(lambda: self._running.discard(key))

        self._running.add(key)
        self._engine.ask(start)

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Have something done elsewhere after so many seconds."""

        async def wait() -> None:
            await self._engine.loop.sleep(seconds, "what is done later")
            self._engine.outbox.send(action, "what is done later")

        self.keep_running(wait, "what is done later")

    def in_background(self, seconds: float, action: Callable[[], None]) -> None:
        """Have something done elsewhere when so many seconds have passed; no look moves time for its sake."""
        loop = self._engine.loop

        def begin() -> None:
            timer = loop.timer(loop.clock.now() + seconds, "what is tried again", background=True)
            timer.subscribe(lambda: self._engine.outbox.send(action, "what is tried again"))

        self._engine.ask(begin)

    def settle(self) -> None:
        """Somebody is about to look at what functions may have done elsewhere: virtual time moves on for it."""
        engine = self._engine
        if (self._running or any(self.polling) or engine.outbox) and self._clock.mode != "wall":
            engine.ask(lambda: None, never)
        engine.outbox.flush()

    def send_record(self, destination: str, content: dict[str, JSON], function: FunctionName, *, failed: bool) -> None:
        """Send what became of an invocation."""
        if ":function:" not in destination:
            from emulator.lambdas import invocation_destinations

            invocation_destinations.send_record(destination, content, function.arn, failed=failed)
            return
        name = FunctionName.parse(destination, function.account, function.region)
        try:
            self.invoke_later(Request(name, dumps(content), self.new_id()))
        except Fault as fault:
            log.warning("%s did not take what a function's invocation came to: %s", destination, fault)

    def drop(self, arn: str) -> None:
        """End the workers of a function that is no more."""
        with self._lock:
            gone = [self._pools.pop(key) for key in list(self._pools) if key[0] == arn]
        for pooled in gone:
            pooled.pool.close(busy=False)

    # Event source mappings.

    def _poller(self, configuration: Mapping[str, Any]) -> Poller:
        from emulator.lambdas.queues import QueuePoller
        from emulator.lambdas.shards import KinesisPoller, ShardPoller
        from emulator.lambdas.streams import TablePoller

        source = Arn.parse(str(configuration["EventSourceArn"]))
        if source.service == "kinesis":
            return KinesisPoller(self, self._engine, configuration, partial(ShardPoller, self, self._engine))
        stream = self.find_stream(str(source))
        if stream is None:
            return QueuePoller(self, self._engine, configuration)
        return TablePoller(self, self._engine, configuration, stream)

    def mapped_function(self, account: str, region: str, name: str) -> tuple[str, float] | None:
        """The ARN of a function that is to be mapped, and its timeout or, if nobody has set one, zero."""
        named = FunctionName.parse(name, account, region)
        try:
            function = self.find(named)
        except Fault:
            return None
        deployment = function.pool.deployment if isinstance(function, _Pooled) else None
        return named.qualified, deployment.timeout if deployment is not None and deployment.unpacked else 0.0

    def mappings_changed(self, account: str, region: str) -> None:
        """Poll as moto's registry has it now."""
        from emulator import moto_door

        configurations = list(moto_door.event_source_mappings(account, region))
        self._engine.ask(lambda: self.mappings.refresh(configurations, account, region))

    def arrived(self, queue: str, delay: float, show: Callable[[], None]) -> None:
        """A message has come to a queue, where it is seen after a delay; ``show`` lets it be seen."""
        if not any(mappings.of(queue) for mappings in self.polling):
            return
        loop = self._engine.loop

        def wake() -> None:
            if delay:
                show()
            for mappings in self.polling:
                for poller in mappings.of(queue):
                    poller.wake()

        loop.try_post(lambda: loop.sleep(delay, queue).subscribe(wake) if delay else wake())

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

    def run(self, pool: Pool | ClusterPool, request: Request) -> Invocation:
        """Run on a worker. What the function asks of the emulator meanwhile counts as asked by whoever invokes it."""
        call = self._engine.loop.errand_of_this_thread()
        if call is not None:
            call.traced = True
        tokens = [trace_id(request.request_id)]
        self._callers[tokens[0]] = (call, request.name)

        def took(token: str) -> None:
            tokens.append(token)
            self._callers[token] = (call, request.name)

        try:
            stream, invocation = pool.invoke(request, took)
        finally:
            for token in tokens:
                del self._callers[token]
        self._log(pool.deployment.name, stream, invocation.log)
        return invocation

    @contextmanager
    def within(self, *tokens: str) -> Iterator[None]:
        """What this thread does is done by the function that has one of these: a session token, or an X-Ray trace."""
        call = next((found[0] for token in tokens if (found := self._callers.get(token)) is not None), None)
        if call is None:
            yield
        else:
            with self._engine.loop.on_behalf_of(call):
                yield

    def function_of(self, *tokens: str) -> FunctionName | None:
        """The function that has one of these tokens, as in ``within``; None if none has."""
        return next((found[1] for token in tokens if (found := self._callers.get(token)) is not None), None)

    def _log(self, name: FunctionName, stream: str, text: str) -> None:
        self._logs.append((name, stream, int(self._clock.now() * 1000), text))
        if "moto.logs.models" in sys.modules:
            self.deliver_logs()

    def deliver_logs(self) -> None:
        """Write what was logged to CloudWatch Logs: somebody may look."""
        if self._logs:
            self._engine.outbox.send(self._write_logs, "the logs of functions")

    def _write_logs(self) -> None:
        from emulator import moto_door

        while self._logs:
            name, stream, time, text = self._logs.popleft()
            group = moto_door.make_log_group(name.account, name.region, f"/aws/lambda/{name.name}")
            moto_door.write_log_events(group, stream, [(time, f"{line}\n") for line in text.splitlines()])

    def close(self) -> None:
        """End every process and remove what was unpacked."""
        with self._lock:
            pools, self._pools = self._pools, {}
            unpacked, self._scratch = self._scratch, None
            self._logs.clear()
            self._running.clear()
            for mappings in self.polling:
                mappings.close()
        for pooled in pools.values():
            pooled.pool.close(busy=True)
        if unpacked is not None:
            unpacked.remove()
        if self._sources is not None:
            self._sources.close()


@contextmanager
def _writing(what: str) -> Iterator[None]:
    """Say of a disk that is full that it is.

    Raises:
        Fault: ServiceException, a file cannot be written.
    """
    try:
        yield
    except OSError as error:
        message = f"Dynastep cannot write the files of {what} on this machine: {error.strerror}"
        raise Fault("ServiceException", message, status=507) from error


@dataclass(frozen=True, slots=True)
class _Pooled:
    """A function with processes of its own."""

    lambdas: Lambdas
    pool: Pool | ClusterPool
    revision: object
    """What it was made from; it is made anew when that changes."""
    reserved: int | None = None

    @property
    def version(self) -> str:
        return self.pool.deployment.version

    def invoke(self, request: Request) -> Invocation:
        with self.lambdas.reserving(self.pool.deployment.name.arn, self.reserved):
            return self.lambdas.run(self.pool, request)
