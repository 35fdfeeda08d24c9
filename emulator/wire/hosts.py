"""Hosts: the names of this machine and its network, by which the emulator is called and its own pages are known.

A web page can have its own name mean this machine once it is loaded (DNS rebinding), and is then of one origin with the
emulator. So a request is answered only if its Host is an address, which no page can take for its name, or a name that
nobody outside can own: ``localhost``, ``dynastep`` of a compose file, ``host.docker.internal``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from typing import Final

_HOST: Final = re.compile(r"(?:\[([0-9a-f:.]+)\]|([^\s\[\]:/?#@]+))(?::\d*)?")
"""A Host header: an IPv6 address in brackets or a name or an IPv4 address, and perhaps a port."""

_PRIVATE: Final = ("localhost", "local", "internal", "test", "home.arpa")
"""Last parts of names that nobody owns in public.

Sources: RFC 6761 (localhost, test), RFC 6762 (local), RFC 8375 (home.arpa), ICANN's decision of July 2024 (internal).
"""

_THIS_MACHINE: Final = "localhost.localstack.cloud"
"""A public name, with all names below it, of 127.0.0.1; its owner's emulator made SDKs use it."""

_SYNC: Final = "sync-"
"""SDKs put this before the host for StartSyncExecution and TestState: ``sync-localhost.localstack.cloud``."""

_AWS: Final = ("amazonaws.com", "amazonaws.com.cn", "api.aws", "on.aws")
"""Names that clients use where AWS's own are resolved to the emulator. Nobody but AWS says what they mean."""


@dataclass(frozen=True, slots=True, eq=False)
class Hosts:
    """Which hosts are ours: those that are private by their nature, and ``allowed`` ones.

    An allowed host is a name, ``*.`` and a name for all names below that, or ``*`` for every name; in small letters.
    """

    allowed: tuple[str, ...] = ()

    def answer_to(self, header: str) -> bool:
        """Whether requests with this Host header are answered.

        >>> Hosts().answer_to("localhost:4566"), Hosts().answer_to("dynastep.example.com")
        (True, False)
        """
        return _answer_to(self, header)

    def are_near(self, name: str) -> bool:
        """Whether pages of this host are those of this machine, of a container or of the network that it is in.

        >>> Hosts().are_near("192.168.1.5"), Hosts(("*.example.com",)).are_near("app.example.com")
        (True, True)
        """
        name = name.lower().removesuffix(".")
        try:
            return ip_address(name).is_private
        except ValueError:
            last = name.rpartition(".")[2]  # a number in "sync-127.0.0.1", as SDKs call a part of Step Functions
            return "." not in name or last.isdigit() or _is_below(name, (*_PRIVATE, _THIS_MACHINE)) or self._allow(name)

    def _allow(self, name: str) -> bool:
        return any(
            allowed in ("*", name) or (allowed.startswith("*.") and name.endswith(allowed[1:]))
            for allowed in self.allowed
        )


@lru_cache(maxsize=256)
def _answer_to(hosts: Hosts, header: str) -> bool:
    match = _HOST.fullmatch(header.lower())
    if match is None:
        return False
    name = (match[1] or match[2]).removesuffix(".").removeprefix(_SYNC)
    return _is_address(name) or _is_below(name, _AWS) or hosts.are_near(name)


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _is_below(name: str, parents: tuple[str, ...]) -> bool:
    return any(name == parent or name.endswith(f".{parent}") for parent in parents)


def url_of(host: str, port: int) -> str:
    """Where a client finds a server that listens on ``host``."""
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 - no binding
    return f"http://{name}:{port}"
