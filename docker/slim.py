"""Takes out of an environment what the emulator never reads, before the environment becomes a layer of the image.

``python docker/slim.py`` works on the environment of the Python that runs it, checks that what is left loads, and
compiles what a server imports. A program in the image can miss one thing, older versions of an API:
``boto3.client("dynamodb", api_version="2011-12-05")`` raises botocore's error for a version that it does not know.
"""

from __future__ import annotations

import compileall
import importlib
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

OURS = ("asl_interpreter", "dynastep", "emulator")
"""The packages that are compiled whole."""
CALLS = {
    "cloudformation": "list_stacks",
    "dynamodb": "list_tables",
    "dynamodbstreams": "list_streams",
    "events": "list_rules",
    "iam": "list_roles",
    "kms": "list_keys",
    "lambda": "list_functions",
    "logs": "describe_log_groups",
    "pipes": "list_pipes",
    "s3": "list_buckets",
    "scheduler": "list_schedules",
    "secretsmanager": "list_secrets",
    "sns": "list_topics",
    "sqs": "list_queues",
    "ssm": "describe_parameters",
    "stepfunctions": "list_state_machines",
    "sts": "get_caller_identity",
}
"""Calls of the services that tests use most. What such a call imports of other packages is compiled in the image; the
code of other services is compiled when a container first uses it."""
FOLDERS = ("bin", "lib", "lib64", "pyvenv.cfg", "sbom.cdx.json")
"""What belongs into an environment."""
LARGEST = 1_000_000
"""Bytes of bytecode that are worth their place: a larger module is a text, and compiled in no time."""


def beside(prefix: Path) -> Iterator[Path]:
    """What packages have put beside Python's own folders: sources, tools and documentation (26 MB of pcre2's)."""
    yield from sorted(path for path in prefix.iterdir() if path.name not in FOLDERS)
    yield from sorted(path for path in (prefix / "lib").iterdir() if not path.name.startswith("python"))
    yield from sorted((prefix / "bin").glob("pcre2*"))


def older_versions(data: Path) -> Iterator[Path]:
    """The folders of the API versions that botocore takes only by name: it takes the last one otherwise."""
    for service in sorted(data.iterdir()):
        if service.is_dir():
            yield from sorted(version for version in service.iterdir() if version.is_dir())[:-1]


def examples(data: Path) -> Iterator[Path]:
    """The files of examples, which botocore reads only to write its own documentation."""
    yield from sorted(data.glob("*/*/examples-1.json*"))


def libraries(site: Path) -> list[Path]:
    """The shared libraries of extension modules."""
    return sorted(site.rglob("*.so"))


def bytecode(site: Path, larger: int = 0) -> Iterator[Path]:
    """The compiled modules that have more than so many bytes."""
    yield from sorted(file for file in site.rglob("*.pyc") if file.stat().st_size > larger)


def size(paths: Iterable[Path]) -> int:
    """How many bytes files and folders have."""
    files = (file for path in paths for file in (path, *path.rglob("*")) if file.is_file())
    return sum(file.stat().st_size for file in files)


def remove(paths: Iterable[Path]) -> int:
    """Remove files and folders; how many bytes they had."""
    paths = list(paths)
    total = size(paths)
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    return total


def strip(files: list[Path]) -> int:
    """Remove the symbols of shared libraries, which only a debugger reads; how many bytes they had.

    Where there is no ``strip`` they stay.
    """
    command = shutil.which("strip")
    if command is None:
        return 0
    before = size(files)
    subprocess.run([command, "--strip-unneeded", *files], check=True)
    return before - size(files)


def check(site: Path) -> None:
    """Load the newest model of every service, and every shared library.

    Raises:
        Exception: something that is left does not load.
    """
    import botocore.session

    session = botocore.session.get_session()
    for service in session.get_available_services():
        session.get_service_model(service)
    for library in libraries(site):
        importlib.import_module(".".join((*library.relative_to(site).parent.parts, library.name.partition(".")[0])))


def serve_once() -> None:
    """Start a server, make ``CALLS`` and stop it: what Python imports, Python compiles."""
    import boto3

    command = [sys.executable, "-m", "dynastep", "start", "--port", "0"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as server:
        try:
            url = next(word for line in server.stdout or () for word in line.split() if word.startswith("http://"))
            for service, call in CALLS.items():
                keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
                getattr(boto3.client(service, endpoint_url=url, region_name="us-east-1", **keys), call)()
        finally:
            server.terminate()


def main() -> None:
    """Slim the environment, and say what went."""
    site = Path(sysconfig.get_path("purelib"))
    data = site / "botocore" / "data"
    removed = {
        "sources, tools and documentation": remove(beside(Path(sys.prefix))),
        "older versions of APIs": remove(older_versions(data)),
        "examples": remove(examples(data)),
        "symbols of libraries": strip(libraries(site)),
    }
    remove(bytecode(site))
    check(site)
    for package in OURS:
        compileall.compile_dir(site / package, quiet=1)
    serve_once()
    remove(bytecode(site, LARGEST))
    print(*(f"{what}: {bytes_ / 1e6:.1f} MB less" for what, bytes_ in removed.items()), sep="\n")
    print(f"left: {size([site]) / 1e6:.1f} MB, of that {size(bytecode(site)) / 1e6:.1f} MB of bytecode")


if __name__ == "__main__":
    main()
