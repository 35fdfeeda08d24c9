"""The picture of a definition as a file: SVG, PNG, Mermaid or an HTML page, as the name of the file says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Final

from emulator.graph.mermaid import mermaid
from emulator.graph.outline import Scope
from emulator.graph.svg import STYLE, Marks, draw


class CannotDraw(Exception):
    """The picture cannot be made; the message says why, and what to do."""


def _svg(scope: Scope, marks: Marks, title: str, _text: str) -> bytes:
    return draw(scope, marks, style=STYLE, title=title).encode()


def _png(scope: Scope, marks: Marks, title: str, text: str) -> bytes:
    try:
        import resvg_py
    except ImportError:
        message = "PNG needs the package resvg-py: pip install 'dynastep[pictures]'"
        raise CannotDraw(message) from None
    svg = _svg(scope, marks, title, text).decode()
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, background="white", zoom=2))


def _mermaid(scope: Scope, _marks: Marks, _title: str, _text: str) -> bytes:
    return mermaid(scope).encode()


_PAGE: Final = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ margin: 0; font: 14px system-ui, sans-serif; color: #1b2330; background: #fff; }}
h1 {{ font-size: 18px; margin: 0; padding: 16px 20px; border-bottom: 1px solid #d8dde6; }}
main {{ display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); }}
figure {{ margin: 0; padding: 20px; overflow: auto; }}
pre {{ margin: 0; padding: 20px; overflow: auto; background: #f4f6fa; counter-reset: line; font-size: 12px; }}
pre span {{ counter-increment: line; display: block; min-height: 1.2em; }}
pre span::before {{ content: counter(line); display: inline-block; width: 3em; color: #6b7688; user-select: none; }}
@media (max-width: 800px) {{ main {{ display: block; }} }}
{style}</style>
</head>
<body>
<h1>{title}</h1>
<main>
<figure>{picture}</figure>
<pre>{lines}</pre>
</main>
</body>
</html>
"""


def _html(scope: Scope, marks: Marks, title: str, text: str) -> bytes:
    lines = "".join(f"<span>{escape(line)}</span>" for line in text.splitlines())
    page = _PAGE.format(title=escape(title), style=STYLE, picture=draw(scope, marks, title=title), lines=lines)
    return page.encode()


FORMATS: Final[Mapping[str, Callable[[Scope, Marks, str, str], bytes]]] = {
    ".svg": _svg,
    ".png": _png,
    ".mmd": _mermaid,
    ".mermaid": _mermaid,
    ".html": _html,
}
"""What a picture can be written as, by the ending of the file's name."""


def picture(form: str, scope: Scope, *, marks: Marks | None = None, title: str, text: str = "") -> bytes:
    """The content of a file whose name ends in ``form``, a key of ``FORMATS``; ``text`` is the definition's own.

    Raises:
        CannotDraw: a package that the format needs is not installed.
    """
    return FORMATS[form](scope, marks or Marks(), title, text)
