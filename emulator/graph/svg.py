"""The picture as SVG: shapes with classes and data attributes, no style of their own, so that a page colours it.

A state is a group of class ``state`` with ``data-state`` (its name) and ``data-key``; an arrow is a path of class
``transition`` with ``data-transition`` (``Charge|catch|0``). Marks add classes: ``SUCCEEDED`` for a state of an
execution, ``taken`` for an arrow; notes add a short text, such as how often a state was entered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise
from typing import Final

from emulator.graph.layout import (
    PlacedBox,
    PlacedLabel,
    PlacedScope,
    PlacedTransition,
    Point,
    layout,
    second_line,
)
from emulator.graph.outline import Scope, TransitionKey
from emulator.graph.texts import LONGEST_NAME, shortened, text_width

STYLE: Final = """
.graph { font-family: Arial, Helvetica, "Liberation Sans", "DejaVu Sans", sans-serif; font-size: 13px; }
.graph .box { fill: #fff; stroke: #6b7688; stroke-width: 1.2; }
.graph .name { fill: #1b2330; text-anchor: middle; }
.graph .outer > .name { text-anchor: start; font-weight: 600; }
.graph .type { fill: #586274; font-size: 10px; text-anchor: middle; }
.graph .outer > .type { text-anchor: end; }
.graph .outer > .box { fill: #f4f6fa; stroke-dasharray: 5 3; }
.graph .scope { fill: #fff; stroke: #c4ccd9; }
.graph .terminal { fill: #eef1f6; stroke: #6b7688; }
.graph .Missing > .box { stroke: #b3261e; stroke-dasharray: 3 3; }
.graph .line { fill: none; stroke: #5d6980; stroke-width: 1.4; }
.graph .catch > .line { stroke: #b3261e; stroke-dasharray: 5 3; }
.graph .default > .line { stroke-dasharray: 2 3; }
.graph .head { fill: #5d6980; }
.graph .catch > .head { fill: #b3261e; }
.graph .plate { fill: #fff; }
.graph .label { fill: #3c475c; font-size: 11px; text-anchor: middle; }
.graph .catch > .label { fill: #9c1f18; }
.graph .note { fill: #3c475c; font-size: 10px; }
.graph .SUCCEEDED > .box { fill: #dff3e4; stroke: #1d7a37; stroke-width: 1.8; }
.graph .CAUGHT > .box { fill: #fff1d6; stroke: #9a6700; stroke-width: 1.8; }
.graph .FAILED > .box { fill: #fde3e1; stroke: #b3261e; stroke-width: 2.2; }
.graph .RUNNING > .box { fill: #e1edff; stroke: #1f5fbf; stroke-width: 2.2; }
.graph .ABORTED > .box { fill: #eceef2; stroke: #586274; stroke-width: 1.8; }
.graph .taken > .line { stroke: #1d7a37; stroke-width: 2.2; }
.graph .taken > .head { fill: #1d7a37; }
.graph .missed > .box { fill: #fdeceb; }
.graph .missed > .line { stroke: #c77a76; }
"""
"""Colours for a picture that stands alone. Pages bring their own."""

NOTE_SIZE: Final = 10
"""Pixels of the font of notes, which stand beside boxes."""
HEAD: Final = 7
"""Length of an arrow's head in pixels."""


@dataclass(frozen=True, slots=True)
class Marks:
    """What a run, or many, has to say of the picture: classes and notes, by the name of a state or by transition."""

    states: Mapping[str, str] = field(default_factory=dict)
    transitions: Mapping[TransitionKey, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)


def draw(scope: Scope, marks: Marks | None = None, *, style: str = "", title: str = "State machine") -> str:
    """The SVG of an outline. ``style`` is put into a style element; a page that has a stylesheet needs none."""
    placed, pen = layout(scope), _Pen(marks or Marks())
    width = placed.width + max((text_width(note, NOTE_SIZE) for note in pen.marks.notes.values() if note), default=0)
    size = f'viewBox="0 0 {width:.0f} {placed.height:.0f}" width="{width:.0f}" height="{placed.height:.0f}"'
    styled = f"<style>{style}</style>" if style else ""
    body = "".join(pen.contents(placed))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="graph" role="img" {size}>'
        f"<title>{escape(title)}</title>{styled}{body}</svg>"
    )


@dataclass(frozen=True, slots=True)
class _Pen:
    marks: Marks

    def contents(self, scope: PlacedScope) -> Iterator[str]:
        for arrow in scope.transitions:
            yield self._arrow(arrow)
        for box in scope.boxes:
            yield from self._box(box)

    def _arrow(self, placed: PlacedTransition) -> str:
        key = placed.transition.key
        kind = "next" if key is None else key.kind
        mark = "" if key is None else self.marks.transitions.get(key, "")
        named = "" if key is None else f' data-transition="{escape(f"{key.state}|{key.kind}|{key.number}")}"'
        label = "" if placed.label is None else _label(placed.label, placed.transition.label)
        return (
            f'<g class="{_classes("transition", kind, mark)}"{named}>'
            f'<path class="line" d="{_line(placed.points)}"/>{_head(placed.points)}{label}</g>'
        )

    def _box(self, placed: PlacedBox) -> Iterator[str]:
        box = placed.box
        if box.type in ("Start", "End"):
            yield f'<g transform="translate({placed.x:.1f} {placed.y:.1f})">'
            yield f'<rect class="terminal" width="{placed.width:.1f}" height="{placed.height:.1f}" rx="12"/>'
            yield f'<text class="type" x="{placed.width / 2:.1f}" y="{placed.height / 2 + 4:.1f}">{box.name}</text></g>'
            return
        mark, note = self.marks.states.get(box.name, ""), self.marks.notes.get(box.name, "")
        classes = _classes("state", box.type, "outer" if placed.scopes else "", mark)
        yield f'<g class="{classes}" data-state="{escape(box.name)}" data-key="{escape(box.key)}" '
        yield f'transform="translate({placed.x:.1f} {placed.y:.1f})"><title>{escape(box.name)}</title>'
        rounding = 20 if box.type == "Choice" else 6
        yield f'<rect class="box" width="{placed.width:.1f}" height="{placed.height:.1f}" rx="{rounding}"/>'
        name, second = escape(shortened(box.name, LONGEST_NAME)), escape(second_line(box))
        if not placed.scopes:
            middle = placed.width / 2
            yield f'<text class="name" x="{middle:.1f}" y="19">{name}</text>'
            yield f'<text class="type" x="{middle:.1f}" y="34">{second}</text>'
        else:
            yield f'<text class="name" x="12" y="20">{name}</text>'
            yield f'<text class="type" x="{placed.width - 12:.1f}" y="20">{second}</text>'
        if note:
            yield f'<text class="note" x="{placed.width + 4:.1f}" y="10">{escape(note)}</text>'
        for scope in placed.scopes:
            yield f'<g transform="translate({scope.x:.1f} {scope.y:.1f})">'
            yield f'<rect class="scope" width="{scope.width:.1f}" height="{scope.height:.1f}" rx="5"/>'
            yield from self.contents(scope)
            yield "</g>"
        yield "</g>"


def _classes(*names: str) -> str:
    return escape(" ".join(name for name in names if name))


def _label(label: PlacedLabel, whole: str) -> str:
    middle = label.x + label.width / 2
    place = f'x="{label.x:.1f}" y="{label.y:.1f}" width="{label.width:.1f}" height="{label.height:.1f}"'
    return (
        f'<rect class="plate" {place} rx="3"/><text class="label" x="{middle:.1f}" y="{label.y + 12:.1f}">'
        f"<title>{escape(whole)}</title>{escape(label.text)}</text>"
    )


def _line(points: tuple[Point, ...]) -> str:
    """Straight down where a line passes a rank, curved where it moves sideways between two; corners beside a box."""
    (x, y), commands = points[0], []
    commands.append(f"M{x:.1f} {y:.1f}")
    level = any(one[1] == other[1] and one[0] != other[0] for one, other in pairwise(points))
    for right, down in points[1:]:
        if x == right or level:
            commands.append(f"L{right:.1f} {down:.1f}")
        else:
            half = (y + down) / 2
            commands.append(f"C{x:.1f} {half:.1f} {right:.1f} {half:.1f} {right:.1f} {down:.1f}")
        x, y = right, down
    return "".join(commands)


def _head(points: tuple[Point, ...]) -> str:
    """A triangle at the end of a line: lines end downwards, upwards, or leftwards at the side of a box."""
    (before, above), (x, y) = points[-2], points[-1]
    if above == y and before != x:
        return f'<path class="head" d="M{x:.1f} {y:.1f}l{HEAD} -4v8z"/>'
    back = -HEAD if y > above else HEAD
    return f'<path class="head" d="M{x:.1f} {y:.1f}l-4 {back}h8z"/>'
