"""Plots: curves over a size, as SVG for the documentation."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from typing import Final

Point = tuple[float, float]

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 240, 64, 16, 12, 44
COLOURS: Final = ("#2a6fb0", "#c4572e", "#2e8b57", "#7b4fa3")
STYLE: Final = ".t{font:11px sans-serif;fill:#666}.g{stroke:#ccc;stroke-width:.5}.c{fill:none;stroke-width:1.5}"
LINES: Final = 5
"""Lines of the grid, at most."""


def plot(
    across: str,
    upwards: str,
    curves: Mapping[str, Sequence[Point]],
    *,
    most: float | None = None,
    logarithmic: bool = False,
    dots: Iterable[Point] = (),
) -> str:
    """Curves by their names, as SVG.

    ``across`` and ``upwards`` say what is on the axes. The upper axis begins at 0 and ends at ``most``, or a little
    above the highest point. ``logarithmic`` is of sizes: 10, 100, 1,000. ``dots`` are marked beside the curves.
    """
    points = [*(point for curve in curves.values() for point in curve), *dots]
    top = most if most is not None else 1.15 * max(y for _, y in points)
    scale: Callable[[float], float] = math.log10 if logarithmic else float
    first, last = scale(min(x for x, _ in points)), scale(max(x for x, _ in points))

    def at(x: float, y: float) -> tuple[float, float]:
        share = (scale(x) - first) / ((last - first) or 1)
        return (
            round(LEFT + (WIDTH - LEFT - RIGHT) * share, 1),
            round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - y / top), 1),
        )

    parts = [*_grid(at, min(x for x, _ in points), top), *_sizes(at, points, logarithmic=logarithmic)]
    for colour, (name, curve) in zip(COLOURS, curves.items(), strict=False):
        line = " ".join(f"{x},{y}" for x, y in (at(*point) for point in curve))
        parts.append(f'<polyline class="c" stroke="{colour}" points="{line}"/>')
        x, y = at(*curve[-1])
        if len(curves) > 1:
            parts.append(f'<text class="t" x="{x}" y="{y - 5}" text-anchor="end" fill="{colour}">{escape(name)}</text>')
    parts += [f'<circle cx="{x}" cy="{y}" r="2.5" fill="{COLOURS[1]}"/>' for x, y in (at(*dot) for dot in dots)]
    parts.append(f'<text class="t" x="{LEFT}" y="{HEIGHT - 6}">{escape(across)}</text>')
    title = escape(f"{upwards} over {across}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">\n'
        f"<title>{title}</title><style>{STYLE}</style>\n" + "\n".join(parts) + "\n</svg>\n"
    )


def _grid(at: Callable[[float, float], tuple[float, float]], left: float, top: float) -> Iterable[str]:
    step = _round(top / LINES)
    for number in range(int(top / step) + 1):
        _, y = at(left, number * step)
        yield f'<line class="g" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'
        yield f'<text class="t" x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{number * step:,g}</text>'


def _sizes(
    at: Callable[[float, float], tuple[float, float]], points: Sequence[Point], *, logarithmic: bool
) -> Iterable[str]:
    sizes = sorted({x for x, _ in points})
    shown = sizes if logarithmic else [sizes[0] + (sizes[-1] - sizes[0]) * part / 4 for part in range(5)]
    for size in shown:
        x, y = at(size, 0)
        place = f'x="{WIDTH}" text-anchor="end"' if size == shown[-1] else f'x="{x}" text-anchor="middle"'
        yield f'<text class="t" {place} y="{y + 15}">{round(size):,}</text>'  # the last one would be cut in the middle


def _round(step: float) -> float:
    """The next number of the kind 1, 2, 5, 10, 20, 50.

    >>> [_round(step) for step in (0.8, 1.2, 3, 34, 70)]
    [1.0, 2.0, 5.0, 50.0, 100.0]
    """
    power: float = 10.0 ** math.floor(math.log10(step))
    return next(power * part for part in (1, 2, 5, 10) if power * part >= step)
