"""Origins: which web pages may use the emulator.

AWS answers pages of every origin, because only who holds a key can sign. Here any key will do, so a page that somebody
merely visits could deploy a function and have it run on this machine. Pages of this machine and its network are
answered; those of elsewhere only by what keeps data and runs nothing, as on AWS.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit


@lru_cache(maxsize=64)
def is_near(origin: str) -> bool:
    """Whether the page of an ``Origin`` header comes from this machine, a container or a private address.

    What has no host, such as ``null`` or an extension of a browser, does not.
    """
    try:
        parts = urlsplit(origin)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not host:
        return False
    try:
        return ip_address(host).is_private
    except ValueError:
        return "." not in host or host == "host.docker.internal" or host.endswith(".localhost")
