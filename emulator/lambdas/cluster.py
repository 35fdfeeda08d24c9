"""A cluster: functions run on the workers of a Dask cluster that somebody else runs, as they would run here.

Each worker of the cluster has processes of its own for functions (``workers``), kept warm between invocations; so it
needs this version of Dynastep, and must reach the emulator's address. What differs: a process that takes more memory
than its function may is ended.

When a worker of the cluster dies, Dask begins its invocations anew on another one, files and all. Lambda promises that
an event is processed at least once, too: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html
"""

from __future__ import annotations

import hashlib
import io
import uuid
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from asl_interpreter.loop.clock import monotonic
from asl_interpreter.loop.locks import lock
from emulator.faults import Fault
from emulator.lambdas.deployments import LARGEST_CODE, Deployment, unpack
from emulator.lambdas.functions import Invocation, Request, exit_failure
from emulator.lambdas.scratch import Scratch
from emulator.lambdas.workers import Pool, Worker

if TYPE_CHECKING:
    from collections.abc import Iterator

CONNECT_SECONDS: Final = 10.0
NO_WORKER_SECONDS: Final = 30.0
"""Real seconds that an invocation waits while the cluster has no worker at all."""
LOOK_SECONDS: Final = 5.0
"""How often it is looked whether there are workers, while an answer is waited for."""
MOST_POOLS: Final = 32
"""Versions of functions that one worker of the cluster has processes of, those used last."""


@dataclass(frozen=True, slots=True)
class Package:
    """All that a worker of the cluster needs to run one version of a function."""

    deployment: Deployment
    """Its folders are elsewhere: they are those of the emulator's machine."""
    files: bytes
    """The zip of its files."""
    layers: bytes | None
    module: str | None
    """The path of ``deployment.module`` below the folder of its files."""
    endpoint: str
    digest: str

    @classmethod
    def of(cls, deployment: Deployment, endpoint: str) -> Package:
        """Pack what is in the folders of a deployment.

        Raises:
            Fault: there is more than a function may have.
        """
        files = _packed(deployment.root)
        layers = None if deployment.layers is None else _packed(deployment.layers)
        module = None if deployment.module is None else deployment.module.relative_to(deployment.root).as_posix()
        known = repr((deployment, endpoint)).encode() + files + (layers or b"")
        return cls(deployment, files, layers, module, endpoint, hashlib.sha256(known).hexdigest())

    def unpacked(self, folder: Path) -> Deployment:
        """The deployment with its files below a folder of this machine."""
        root, layers = folder / "task", folder / "opt"
        unpack([self.files], root)
        if self.layers is not None:
            unpack([self.layers], layers)
        return replace(
            self.deployment,
            root=root,
            layers=None if self.layers is None else layers,
            module=None if self.module is None else root / self.module,
            limited=True,
        )


def _packed(folder: Path) -> bytes:
    file = io.BytesIO()
    size = 0
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in _files_of(folder):
            size += path.stat().st_size
            if size > LARGEST_CODE:
                text = f"{folder} holds more than {LARGEST_CODE} bytes, which is more than a function may have"
                raise Fault("InvalidParameterValueException", text, Type="User")
            archive.write(path, path.relative_to(folder).as_posix())
    return file.getvalue()


def _files_of(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path


class Cluster:
    """A Dask cluster, connected to when a function is invoked first."""

    def __init__(self, address: str) -> None:
        """``address`` is that of its scheduler, such as ``tcp://10.0.0.5:8786``."""
        self.address = address
        self._client: Any = None
        self._connecting = lock("the way to a cluster", 38)

    def connected(self) -> Any:
        """The client of the cluster.

        Raises:
            Fault: ServiceException, nothing answers there, or ``distributed`` is not installed.
        """
        with self._connecting:
            if self._client is None:
                try:
                    from distributed import Client
                except ImportError:
                    text = "--functions-cluster needs the package distributed: pip install 'dynastep[cluster]'"
                    raise Fault("ServiceException", text, status=501) from None
                try:
                    self._client = Client(self.address, timeout=CONNECT_SECONDS, set_as_default=False, name="dynastep")
                except (OSError, TimeoutError, ValueError) as error:
                    raise self.unusable(f"cannot be reached: {error}") from None
            return self._client

    def unusable(self, why: str) -> Fault:
        """What is said when it does not run a function."""
        text = f"The cluster {self.address}, on which functions run, {why}"
        return Fault("ServiceException", text, status=500, Type="Service")

    def run(self, package: Any, request: Request, day: str) -> tuple[str, Invocation]:
        """Run a function there, and wait: its log stream and its answer. ``package`` is what ``send`` gave.

        Raises:
            Fault: the function cannot be run there.
        """
        from distributed import CancelledError, KilledWorker
        from distributed import TimeoutError as NotYet

        key = f"{request.name.name}-{uuid.uuid4().hex}"
        client = self.connected()
        future = client.submit(_run, package, request, day, key=key, pure=False)
        alone_since: float | None = None
        while True:
            try:
                stream, invocation, refused = future.result(timeout=LOOK_SECONDS)
            except NotYet:
                alone_since = self._alone_since(client, alone_since)
                if alone_since is not None and monotonic() - alone_since > NO_WORKER_SECONDS:
                    future.cancel()
                    raise self.unusable("has no worker") from None
            except KilledWorker:  # each worker that had it has died: it is the function that ends them
                return "", Invocation(exit_failure(request.request_id, "signal: killed"), failed=True)
            except (CancelledError, OSError) as error:
                raise self.unusable(f"has gone: {error}") from None
            else:
                if refused is not None:
                    code, message, status, members = refused
                    raise Fault(code, message, status=status, **members)
                return stream, invocation

    def _alone_since(self, client: Any, before: float | None) -> float | None:
        """Since when it has no worker; None while it has one."""
        try:
            if client.nthreads():
                return None
        except OSError as error:
            raise self.unusable(f"has gone: {error}") from None
        return monotonic() if before is None else before

    def send(self, package: Package) -> Any:
        """Have the cluster know a package: its workers get it with the first invocation that each of them runs.

        It is a task's value and not data that was scattered, so it is there again when the worker that had it dies.
        """
        return self.connected().submit(_itself, package, key=f"package-{package.digest}", pure=True)

    def close(self) -> None:
        """Leave the cluster, which goes on."""
        with self._connecting:
            client, self._client = self._client, None
        if client is not None:
            client.close()


class ClusterPool:
    """The processes of one deployment, wherever in the cluster they are."""

    def __init__(
        self,
        deployment: Deployment,
        cluster: Cluster,
        prepare: Callable[[], None],
        endpoint: Callable[[], str],
        day: Callable[[], str],
    ) -> None:
        """``prepare`` has the files where the deployment says; ``day`` begins the names of log streams."""
        self.deployment = deployment
        self._cluster = cluster
        self._prepare = prepare
        self._endpoint = endpoint
        self._day = day
        self._packing = lock("the package of a function", 37)
        self._package: Any = None

    def invoke(self, request: Request, took: Callable[[str], None]) -> tuple[str, Invocation]:
        """Invoke the function, and wait; its log stream and its answer. ``took`` is told nothing: no process is ours.

        Raises:
            Fault: the function cannot be run there.
        """
        del took
        with self._packing:
            if self._package is None:
                self._prepare()
                self._package = self._cluster.send(Package.of(self.deployment, self._endpoint()))
        return self._cluster.run(self._package, request, self._day())

    def close(self, *, busy: bool) -> None:
        """Forget the package; the processes end with those that were not used for long."""
        del busy
        self._package = None


# On a worker of the cluster.


def _itself(package: Package) -> Package:
    return package


class _Here:
    """The processes that one worker of the cluster has."""

    def __init__(self) -> None:
        self._lock = lock("the functions of a worker of a cluster", 39)
        self._pools: OrderedDict[str, Pool] = OrderedDict()
        self._scratch: Scratch | None = None

    def pool(self, package: Package, day: str) -> Pool:
        """The processes of a package; they are new if it was not used before, or not for long.

        Raises:
            Fault: its files cannot be unpacked here.
        """
        with self._lock:
            pool = self._pools.get(package.digest)
            if pool is None:
                if self._scratch is None:
                    self._scratch = Scratch()
                folder = self._scratch.path / uuid.uuid4().hex
                folder.mkdir()
                deployment = package.unpacked(folder)

                def start(let_go: Callable[[Worker], bool]) -> Worker:
                    stream = f"{day}/[{deployment.version}]{uuid.uuid4().hex}"
                    return Worker(deployment, folder, package.endpoint, stream, let_go)

                pool = self._pools[package.digest] = Pool(deployment, folder, start)
            self._pools.move_to_end(package.digest)
            gone = [self._pools.popitem(last=False)[1] for _ in range(len(self._pools) - MOST_POOLS)]
        for each in gone:
            each.close(busy=False)
        return pool


_here = _Here()


def _run(
    package: Package, request: Request, day: str
) -> tuple[str, Invocation | None, tuple[str, str, int, dict[str, Any]] | None]:
    """Run a function on this worker: its log stream and its answer, or how it was refused."""
    try:
        stream, invocation = _here.pool(package, day).invoke(request, lambda _: None)
    except Fault as fault:
        return "", None, (fault.code, fault.message, fault.status, fault.members)
    return stream, invocation, None
