"""Origins: which web pages may use the emulator, told by what browsers say of the page that sends a request.

AWS answers pages of every origin, because only who holds a key can sign. Here any key will do, so a page that somebody
merely visits could deploy a function and have it run on this machine: with ``fetch``, with a form, or with an image
whose address is ``http://localhost:4566/?Action=CreateStack...``. Pages of this machine and its network are answered;
those of elsewhere only by DynamoDB, which keeps data and runs nothing, as on AWS. docs/security.md has the whole.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from emulator.wire.credentials import credential
from emulator.wire.hosts import Hosts
from emulator.wire.protocol import Environ, service_of

_PATH: Final = re.compile(r"(?<=[^:/])/.*|[?#].*", re.DOTALL)
"""What comes after the origin in a URL."""

UNNAMED: Final = "a page that does not say whose it is"


def page_of_elsewhere(environ: Environ, hosts: Hosts) -> str | None:
    """The origin of the page that a request comes from, if that is none of ours; None if no such page sent it.

    Browsers say whose page it is by ``Origin`` when a page uses ``fetch`` or posts a form. Of an image, a script, a
    frame or a link they say by ``Sec-Fetch-Site`` whether the page is of the same site, and by ``Referer`` whose it is,
    unless the page forbids that. ``Sec-Fetch-Site`` is sent to this machine and over TLS alone. Elsewhere in the
    network what is left is that a browser asks and does not say for whom.
    """
    if "HTTP_ORIGIN" in environ:
        origin: str = environ["HTTP_ORIGIN"]
        return None if _is_near(origin, hosts) else origin or UNNAMED
    site = environ.get("HTTP_SEC_FETCH_SITE")
    if site in ("same-origin", "none"):  # "none": a person typed the address
        return None
    referer: str = environ.get("HTTP_REFERER", "")
    if referer:
        return None if _is_near(referer, hosts) else _PATH.sub("", referer)
    if site == "cross-site" or (site is None and _is_silent(environ)):
        return UNNAMED
    return None


def _is_near(url: str, hosts: Hosts) -> bool:
    """Whether a page comes from near; what has no host, such as ``null`` or an extension of a browser, does not."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(host) and hosts.are_near(host)


def _is_silent(environ: Environ) -> bool:
    """Whether a browser gets something for a page that it says nothing of. Objects of S3 may be got: nothing runs."""
    if environ["REQUEST_METHOD"] not in ("GET", "HEAD") or not environ.get("HTTP_USER_AGENT", "").startswith(
        "Mozilla/"
    ):
        return False
    caller = credential(environ)
    return caller is not None and caller.service not in ("", "s3")


def is_open(environ: Environ) -> bool:
    """Whether pages of every origin may send this: a call of DynamoDB's, and a browser's question whether they may.

    A preflight does not name the operation. What is promised is what DynamoDB's calls are: POST to ``/`` with a header
    that names the operation.
    """
    if environ["REQUEST_METHOD"] == "OPTIONS":
        asked = environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", "").lower().replace(" ", "").split(",")
        is_post = environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD") == "POST"
        return is_post and "x-amz-target" in asked and environ.get("PATH_INFO", "/") in ("", "/")
    return environ["REQUEST_METHOD"] == "POST" and service_of(environ) in ("dynamodb", "dynamodbstreams")


def is_visit(environ: Environ) -> bool:
    """Whether a person follows a link: the page that opens is nobody's but theirs."""
    return (
        environ["REQUEST_METHOD"] == "GET"
        and environ.get("HTTP_SEC_FETCH_MODE") == "navigate"
        and environ.get("HTTP_SEC_FETCH_DEST") == "document"
    )
