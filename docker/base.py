"""Takes out of the base of the image what neither a server nor an image built upon it needs.

``python docker/base.py`` works on the root file system that it runs in, in a stage of the build whose files then become
the image. It compiles what a server and a function in Python import, and adds the system's packages to the bill of
materials. What stays works as the base has it: a shell with its tools, apt and dpkg (an image that is built upon this
one installs packages with them), certificates, time zones, and the licences.
"""

from __future__ import annotations

import base64
import compileall
import fnmatch
import io
import json
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from slim import bytecode, remove, size

if TYPE_CHECKING:
    from botocore.client import BaseClient

OURS = ("asl_interpreter", "dynastep", "emulator")
"""The packages that are compiled whole."""
PACKAGES = (
    "usrmerge",  # has done its work, and brings Perl whole; usr-is-merged is in its place
    *("libfile-find-rule-perl", "libnumber-compare-perl", "libtext-glob-perl"),
    *("perl", "libperl5.*", "perl-modules-5.*"),  # perl-base stays: Debian's packages are configured with it
    *("python3-venv", "python3.*-venv", "python3-pip-whl", "python3-setuptools-whl"),  # pip is in /opt/dynastep
    *("python3-distutils", "python3-lib2to3"),
)
"""Packages of Debian that go where no package that stays depends on one; dpkg judges that."""
STANDARD_LIBRARY = ("test", "idlelib", "lib2to3", "turtledemo", "tkinter", "ensurepip", "pydoc_data", "config-*")
"""What no program that serves imports of Python's own library: its tests, its editor, and how pip comes into it."""
INSTALLERS = ("pip", "setuptools", "wheel")
"""What official images of Python have beside its library; it goes where the base has installed nothing else with it."""
OF_INSTALLERS = (
    *("pip", "pip-*", "setuptools", "setuptools-*", "wheel", "wheel-*", "pkg_resources", "_distutils_hack"),
    "distutils-precedence.pth",
)
"""The files of ``INSTALLERS``."""
FILES = (
    *(
        "var/lib/apt/lists/*",
        "var/cache/apt/*",
        "var/cache/debconf/*-old",
        "var/cache/ldconfig/*",
        "var/lib/dpkg/*-old",
    ),
    *("var/log/*", "var/backups/*", "var/tmp/*", "tmp/*", "root/.cache", "usr/local/share/man", "usr/local/include"),
    *("usr/share/man/*", "usr/share/info/*", "usr/share/locale/*", "usr/share/lintian", "usr/share/bash-completion"),
    *("usr/share/bug", "usr/share/gdb", "usr/share/python-wheels", "usr/local/lib/pkgconfig", "usr/local/bin/idle*"),
    *("usr/lib/*/gconv", "usr/lib64/gconv"),  # other encodings than UTF-8 for C programs; Python has its own
    *("usr/share/zoneinfo/right", "usr/share/zoneinfo/posix"),  # the zones again, counted otherwise
)
"""What no server reads, as patterns beneath the root."""
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
"""Calls of the services that tests use most. What such a call imports is compiled in the image; the code of other
services is compiled when a container first uses it."""
FUNCTION = (
    "import asyncio, boto3, concurrent.futures, decimal, logging, sqlite3, uuid, zoneinfo\nhandler = lambda *_: 1"
)
"""A function that imports what many do."""
LARGEST = 1_000_000
"""Bytes of bytecode that are worth their place: a larger module is a text, and compiled in no time."""


def documentation(root: Path) -> Iterator[Path]:
    """What ``usr/share/doc`` has besides the licences."""
    for path in sorted((root / "usr/share/doc").rglob("*")):
        if not path.is_dir() and path.name != "copyright":
            yield path


def libraries(root: Path) -> list[Path]:
    """The folders of Python's own library, of Debian's Python and of one beside it."""
    return sorted({*root.glob("usr/lib/python3.*"), *root.glob("usr/local/lib/python3.*")})


def unread(root: Path) -> Iterator[Path]:
    """The files and folders that nothing in the image reads."""
    for pattern in FILES:
        yield from sorted(root.glob(pattern))
    for library in libraries(root):
        for pattern in STANDARD_LIBRARY:
            yield from sorted(library.glob(pattern))
        site = library / "site-packages"
        if {path.name.partition("-")[0] for path in site.glob("*.dist-info")} <= set(INSTALLERS):
            for pattern in OF_INSTALLERS:
                yield from sorted(site.glob(pattern))
            yield from sorted(path for path in library.parents[1].glob("bin/pip*") if site.is_dir())


def installed() -> list[tuple[str, str, str]]:
    """Name, version and architecture of Debian's packages; none where the base is not Debian's."""
    if shutil.which("dpkg-query") is None:
        return []
    form = "${Package} ${Version} ${Architecture}\\n"
    listed = subprocess.run(["dpkg-query", "-W", "-f", form], check=True, stdout=subprocess.PIPE, text=True)
    return [(name, version, architecture) for name, version, architecture in map(str.split, listed.stdout.splitlines())]


def purge() -> list[str]:
    """Remove those of ``PACKAGES`` that nothing depends on; the names of those that went."""
    before = [name for name, _, _ in installed()]
    if "usrmerge" in before:
        # without it, or where no mirror answers, dpkg refuses to remove usrmerge, and the image is larger
        for command in (["update"], ["install", "--yes", "--no-install-recommends", "usr-is-merged"]):
            subprocess.run(["apt-get", *command], check=False)
    names = [name for name in before if any(fnmatch.fnmatch(name, pattern) for pattern in PACKAGES)]
    if names:
        subprocess.run(["dpkg", "--purge", *names], check=False)  # fails for those that another package depends on
    after = {name for name, _, _ in installed()}
    return [name for name in before if name not in after]


def list_packages(sbom: Path, packages: Iterable[tuple[str, str, str]], system: str) -> None:
    """Add the packages of a system, such as ``debian``, to a bill of materials in the form of CycloneDX."""
    bill = json.loads(sbom.read_text(encoding="utf-8"))
    for name, version, architecture in packages:
        purl = f"pkg:deb/{system}/{name}@{quote(version)}?arch={architecture}"
        component = {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}
        bill.setdefault("components", []).append(component)
    sbom.write_text(json.dumps(bill, indent=1) + "\n", encoding="utf-8")


def serve_once() -> None:
    """Start a server, make ``CALLS``, invoke ``FUNCTION`` and stop it: what Python imports, Python compiles."""
    import boto3

    command = [sys.executable, "-m", "dynastep", "start", "--port", "0"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as server:
        try:
            url = next(word for line in server.stdout or () for word in line.split() if word.startswith("http://"))
            keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
            clients = {name: boto3.client(name, endpoint_url=url, region_name="us-east-1", **keys) for name in CALLS}
            for service, call in CALLS.items():
                getattr(clients[service], call)()
            invoke_once(clients["lambda"])
        finally:
            server.terminate()


def invoke_once(functions: BaseClient) -> None:
    """Have a server run ``FUNCTION``.

    Raises:
        SystemExit: it failed.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("f.py", FUNCTION)
    functions.create_function(
        FunctionName="once",
        Runtime=f"python3.{sys.version_info[1]}",
        Role="arn:aws:iam::000000000000:role/once",
        Handler="f.handler",
        Code={"ZipFile": packed.getvalue()},
    )
    answer = functions.invoke(FunctionName="once", LogType="Tail")
    if "FunctionError" in answer:
        raise SystemExit(base64.b64decode(answer["LogResult"]).decode())


def main(root: Path) -> None:
    """Take out what nobody needs, compile, and say what went."""
    site = Path(sysconfig.get_path("purelib"))
    compiled = [root / "usr/lib/python3", *libraries(root), site]
    print("Debian's packages that went:", *(purge() or ["none"]))
    for files in (unread(root), documentation(root), bytecode(compiled)):
        remove(files)
    for package in OURS:
        compileall.compile_dir(site / package, quiet=1)
    serve_once()
    remove(bytecode(compiled, LARGEST))
    remove(path for pattern in ("tmp/*", "var/tmp/*") for path in root.glob(pattern))
    if packages := installed():
        list_packages(Path(sys.prefix) / "sbom.cdx.json", packages, platform.freedesktop_os_release()["ID"])
    print(f"left: {size([root / 'usr', root / 'var', root / 'etc', Path(sys.prefix)]) / 1e6:.1f} MB")
    print(f"of that {size(bytecode(compiled)) / 1e6:.1f} MB of bytecode")


if __name__ == "__main__":
    main(Path("/"))
