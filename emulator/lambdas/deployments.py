"""Deployments: what a process needs to run one version of a function: its files, its command, its environment.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html,
https://docs.aws.amazon.com/lambda/latest/dg/packaging-layers.html
"""

from __future__ import annotations

import io
import os
import shutil
import stat
import sys
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final, Protocol

from emulator.faults import Fault
from emulator.lambdas.functions import LATEST, FunctionName

TASK_ROOT: Final = "/var/task"
"""Where Lambda puts the files of a function."""
LONGEST_NAME: Final = 255
LONGEST_PATH: Final = 2048
"""Bytes of the name of a file or folder, and of its path, that file systems take."""
LARGEST_CODE: Final = 262_144_000
"""Bytes that the unpacked files of a function and its layers may have."""

_CLIENTS: Final = Path(__file__).parent / "runtimes"
_INHERITED: Final = (
    *("HOME", "LD_LIBRARY_PATH", "PATH", "PYTHONPATH", "TMPDIR"),
    *("COMSPEC", "PATHEXT", "SYSTEMROOT", "TEMP", "TMP", "USERPROFILE", "WINDIR"),
)
"""Variables that a process gets from the emulator's own: Lambda's have none of a developer's."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """One version of a function, ready to be run."""

    name: FunctionName
    """Without a qualifier."""
    handler: str
    runtime: str
    """As CreateFunction has it, such as ``python3.13``."""
    root: Path
    """The folder of its files."""
    layers: Path | None = None
    """What Lambda has as /opt."""
    version: str = LATEST
    timeout: float = 3.0
    memory: int = 128
    """MB. Only said, unless ``limited``."""
    variables: Mapping[str, str] = field(default_factory=dict)
    module: Path | None = None
    """The Python file of its handler, where it is not found by its name."""
    unpacked: bool = False
    """Whether the files come from a zip: then stack traces show them where Lambda would have put them."""
    limited: bool = False
    """Whether a process that takes more memory is ended."""

    def command(self) -> list[str]:
        """What runs it.

        Raises:
            Fault: it cannot be run here. The message says why.
        """
        if self.runtime.startswith("python"):
            return [sys.executable, "-u", "-X", "utf8", str(_CLIENTS / "python.py")]
        if self.runtime.startswith("nodejs"):
            node = shutil.which("node")
            if node is None:
                raise self._not_run("needs node, which is not on the PATH")
            return [node, str(_CLIENTS / "node.mjs")]
        if self.runtime.startswith("provided"):
            return [str(self._bootstrap())]
        raise self._not_run(f"needs {self.runtime or 'a container image'}, which Dynastep has not built yet")

    def _bootstrap(self) -> Path:
        for folder in (self.root, self.layers):
            if folder is not None and (found := folder / "bootstrap").is_file():
                return found
        raise self._not_run("has no file bootstrap, which is what its runtime runs")

    def _not_run(self, why: str) -> Fault:
        hint = "--function-url says where a function runs that is not run here"
        return Fault("NotImplementedException", f"{self.name.arn} {why}; {hint}", status=501)

    def environment(self, endpoint: str, stream: str) -> dict[str, str]:
        """The environment of its process: the emulator is at ``endpoint``."""
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        return {
            **inherited,
            **self._layer_paths(inherited),
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            **({} if self.unpacked else {"PYTHONDONTWRITEBYTECODE": "1"}),  # which would hide a change within a second
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
            **self.variables,
            "_HANDLER": self.handler,
            "_DYNASTEP_MODULE": str(self.module or ""),
            "_DYNASTEP_SHOWN_ROOT": TASK_ROOT if self.unpacked else "",
            "AWS_ACCESS_KEY_ID": self.name.account,
            "AWS_SECRET_ACCESS_KEY": "dynastep",
            "AWS_REGION": self.name.region,
            "AWS_DEFAULT_REGION": self.name.region,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{self.runtime}",
            "AWS_LAMBDA_FUNCTION_NAME": self.name.name,
            "AWS_LAMBDA_FUNCTION_VERSION": self.version,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.memory),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{self.name.name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": stream,
            "LAMBDA_TASK_ROOT": str(self.root),
            "LAMBDA_RUNTIME_DIR": str(_CLIENTS),
        }

    def _layer_paths(self, inherited: Mapping[str, str]) -> dict[str, str]:
        if self.layers is None:
            return {}
        python, node = self.layers / "python", self.layers / "nodejs"
        major = self.runtime.removeprefix("nodejs").partition(".")[0]
        folders = {
            "PATH": [self.layers / "bin"],
            "LD_LIBRARY_PATH": [self.layers / "lib"],
            "PYTHONPATH": [python / "lib" / self.runtime / "site-packages", python],
            "NODE_PATH": [node / f"node{major}" / "node_modules", node / "node_modules"],
        }
        return {
            name: os.pathsep.join([*map(str, own), *([inherited[name]] if name in inherited else [])])
            for name, own in folders.items()
        }


class Sources(Protocol):
    """Functions whose files are on this machine, and which nobody has deployed: a folder, or a template."""

    def find(self, name: FunctionName) -> Deployment | None:
        """The function of this name; None if there is none."""

    def names(self) -> set[str]:
        """The functions."""

    def revision(self) -> object:
        """What changes when one of the files does."""

    def close(self) -> None:
        """Let go of what was made of them."""


def archive_problem(archive: bytes) -> str:
    """Why ``unpack`` would not take a zip, in Lambda's words; empty if it would."""
    try:
        with _opened(archive) as files:
            _check_members(files)
    except Fault as fault:
        return fault.message
    return ""


def unpack(archives: Sequence[bytes], folder: Path) -> None:
    """Unpack zips into a folder, later ones over earlier ones. Links are written as the text they hold.

    Raises:
        Fault: InvalidParameterValueException, one is no zip, is too large, or has a file that would lie elsewhere.
    """
    folder.mkdir(exist_ok=True)
    for archive in archives:
        with _opened(archive) as files:
            for member in _check_members(files):
                target = folder / member.filename
                if member.is_dir():
                    target.mkdir(parents=True, exist_ok=True)
                    continue
                target.parent.mkdir(parents=True, exist_ok=True)
                try:
                    target.write_bytes(files.read(member))
                except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError):
                    raise _unzippable() from None
                if member.external_attr >> 16 & stat.S_IXUSR:
                    target.chmod(0o755)


def _opened(archive: bytes) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(archive))
    except (zipfile.BadZipFile, ValueError, OSError):
        raise _unzippable() from None


def _unzippable() -> Fault:
    text = "Could not unzip uploaded file. Please check your file, then try to upload again."
    return Fault("InvalidParameterValueException", text, Type="User")


def _check_members(files: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    members = files.infolist()
    listed = {(PurePosixPath(member.filename.replace("\\", "/")), member.is_dir()) for member in members}
    places = dict(listed)
    if len(places) < len(listed):
        raise _unzippable()  # a file and a folder of one name
    for path in places:
        elsewhere = path.is_absolute() or ".." in path.parts or ":" in str(path)
        names = [len(part.encode()) for part in path.parts]
        if elsewhere or max(names, default=0) > LONGEST_NAME or sum(names) + len(names) > LONGEST_PATH:
            raise _unzippable()
        if any(not places.get(folder, True) for folder in path.parents):
            raise _unzippable()  # likewise
    if sum(member.file_size for member in members) > LARGEST_CODE:
        text = f"Unzipped size must be smaller than {LARGEST_CODE} bytes"
        raise Fault("InvalidParameterValueException", text, Type="User")
    return members
