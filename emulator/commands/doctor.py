"""``dynastep doctor``: what of this machine matters to Dynastep, and what will surprise."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib import metadata
from typing import Final, NamedTuple

import click

from emulator.commands.definitions import CannotRun
from emulator.commands.servers import ask
from emulator.server import PortTaken, free_port
from emulator.settings import InvalidSetting, Settings


class Finding(NamedTuple):
    """One line of the report; ``remedy`` says what to do where something is wrong, and is empty where nothing is."""

    subject: str
    said: str
    remedy: str = ""


@click.command()
def doctor() -> None:
    """Check this machine: versions, extras, port, variables.

    The exit status is 1 if something should be mended.
    """
    found = [finding for look in LOOKS for finding in look(os.environ)]
    width = max(len(finding.subject) for finding in found)
    for finding in found:
        sign = click.style("!", fg="yellow", bold=True) if finding.remedy else click.style("-", fg="green")
        click.echo(f"{sign} {finding.subject:{width}}  {finding.said}")
        if finding.remedy:
            click.echo(f"  {'':{width}}  {finding.remedy}")
    to_mend = sum(1 for finding in found if finding.remedy)
    click.echo(f"{to_mend} to mend." if to_mend else "Nothing to mend.")
    sys.exit(1 if to_mend else 0)


def versions(_environ: Mapping[str, str]) -> Iterator[Finding]:
    """Of Python, of Dynastep and of the packages whose version decides most."""
    yield Finding("Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    for package in ("dynastep", "boto3", "botocore", "moto", "flask", "granian"):
        try:
            yield Finding(package, metadata.version(package))
        except metadata.PackageNotFoundError:
            yield Finding(package, "not installed", "Install Dynastep anew: pip install --force-reinstall dynastep.")


def known_moto(_environ: Mapping[str, str]) -> Iterator[Finding]:
    """Whether each function of moto that is replaced is one that is known."""
    from emulator.moto_door import fitting
    from emulator.moto_door.patches import PATCHES
    from emulator.moto_door.state import MotoUnknown

    changed = []
    try:
        for patch in (patch for each in PATCHES.values() for patch in each):
            owner, name = fitting.find(patch.target)
            if fitting.digest(getattr(owner, name)) not in patch.known:
                changed.append(patch.target)
    except MotoUnknown as error:
        yield Finding("moto's functions", "cannot be found", f"{error}.")
        return
    if changed:
        remedy = f"Behaviour that depends on them may differ from AWS: {', '.join(changed)}."
        yield Finding("moto's functions", "this version of moto has changed some that Dynastep replaces", remedy)
    else:
        yield Finding("moto's functions", "as Dynastep expects them")


def extras(_environ: Mapping[str, str]) -> Iterator[Finding]:
    """Which extras are installed: all that an extra brings is there."""
    needs: dict[str, list[str]] = {}
    for line in metadata.requires("dynastep") or ():
        found = re.match(r"([\w.-]+).*extra == ['\"]([\w-]+)['\"]", line)
        if found and found[1] != "dynastep" and found[2] not in {"all", "dev", "docs", "tests"}:
            needs.setdefault(found[2], []).append(found[1])
    there = [extra for extra, packages in needs.items() if all(map(_is_installed, packages))]
    yield Finding("extras", ", ".join(sorted(there)) or "none")
    if absent := sorted(needs.keys() - set(there)):
        yield Finding("other extras", ", ".join(absent))


def _is_installed(package: str) -> bool:
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True


def programs(_environ: Mapping[str, str]) -> Iterator[Finding]:
    """Programs that parts of Dynastep use where they are there."""
    node = shutil.which("node")
    yield Finding("node", node or "not found: Lambda functions in JavaScript cannot run")
    docker = shutil.which("docker")
    yield Finding("docker", docker or "not found: needed only to build the image")


def settings(environ: Mapping[str, str]) -> Iterator[Finding]:
    """What the environment makes of the server, and who has its port."""
    try:
        read = Settings.read(environ)
    except InvalidSetting as error:
        yield Finding("settings", "a variable has a wrong value", f"{error}.")
        return
    host = "127.0.0.1" if read.host == "0.0.0.0" else read.host  # noqa: S104 - a comparison
    where = f"{host}:{read.port}"
    try:
        free_port(read.host, read.port)
    except PortTaken as taken:
        try:
            health = ask(f"http://{where}", "/_dynastep/health", patience=2)
            yield Finding("port", f"{where} has Dynastep {health['version']} (clock: {health['clock']})")
        except (CannotRun, KeyError):
            yield Finding("port", f"{where} is not free", f"{taken}.")
    else:
        yield Finding("port", f"{where} is free")


SURPRISES: Final[tuple[tuple[str, str, str], ...]] = (
    # a pattern of the variable's name; of its value; what it does
    ("AWS_ENDPOINT_URL_.*", ".*", "AWS SDKs send calls of this service there, not to AWS_ENDPOINT_URL."),
    ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "(?i)true", "AWS SDKs ignore AWS_ENDPOINT_URL, and call AWS itself."),
    ("AWS_PROFILE", ".+", "AWS SDKs take region, keys and endpoint from this profile of ~/.aws/config."),
    ("(?i)https?_proxy", ".+", "SDKs send calls through the proxy; NO_PROXY=127.0.0.1,localhost keeps them here."),
    (
        "AWS_ACCESS_KEY_ID",
        "[0-9]{12}",
        "An access key of twelve digits is an account: clients see the resources of that account only.",
    ),
)
"""Variables that are legal and lead calls elsewhere than one thinks; the fixture hides them."""


def variables(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Variables that will surprise."""
    unproxied = environ.get("NO_PROXY", environ.get("no_proxy", ""))
    for pattern, value, what in SURPRISES:
        for name in sorted(environ):
            if not re.fullmatch(pattern, name) or not re.fullmatch(value, environ[name]):
                continue
            if "proxy" in pattern and "127.0.0.1" in unproxied:
                continue
            yield Finding(name, "is set", what)
    if "AWS_REGION" in environ and "AWS_DEFAULT_REGION" not in environ:
        yield Finding("AWS_REGION", "is set and AWS_DEFAULT_REGION is not, which is the one that boto3 reads")


LOOKS: Final[tuple[Callable[[Mapping[str, str]], Iterator[Finding]], ...]] = (
    *(versions, known_moto, extras, programs, settings, variables),
)
"""What is looked at, in the order of the report."""
