"""Where the boxes and arrows of an outline stand, in pixels.

Each scope is laid out alone and is then one box of its parent, since no transition leaves its scope. A scope is drawn
in ranks from top to bottom: a state stands as many ranks down as the longest way to it from the start has steps, and an
arrow back to an earlier state is laid out as if it were turned around. States stand on the even ranks; the labels of
arrows stand on the odd ranks, so that a label has a place of its own, like a state. An arrow passes a rank in a column
of its own (arrows to one target share the column), and moves sideways only between two ranks, where nothing stands. So
no arrow can cross a box, and no two boxes can overlap.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from emulator.graph.outline import Box, Scope, Transition
from emulator.graph.ranks import Chain, Node, Ranks, Size, columns, ranked
from emulator.graph.texts import LABEL_HEIGHT, LONGEST_LABEL, LONGEST_NAME, label_width, shortened, text_width

Point: TypeAlias = tuple[float, float]

BETWEEN: Final = 18
"""Pixels between two ranks, where arrows move sideways."""
MARGIN: Final = 12
HEADER: Final = 30
"""Height of the line that names a Map or Parallel above its scopes."""
LOOP: Final = 26
"""Pixels that an arrow from a box to itself reaches out."""


class PlacedBox(NamedTuple):
    """A box with its corner and size, in the coordinates of the scope that it is in."""

    box: Box
    x: float
    y: float
    width: float
    height: float
    scopes: tuple[PlacedScope, ...] = ()


class PlacedLabel(NamedTuple):
    """The text of an arrow, with its corner and size."""

    text: str
    x: float
    y: float
    width: float
    height: float = LABEL_HEIGHT


class PlacedTransition(NamedTuple):
    """An arrow: the points that its line passes, in its direction."""

    transition: Transition
    points: tuple[Point, ...]
    label: PlacedLabel | None


class PlacedScope(NamedTuple):
    """A scope with its corner and size in its parent's coordinates; what is in it is placed from that corner."""

    x: float
    y: float
    width: float
    height: float
    boxes: tuple[PlacedBox, ...]
    transitions: tuple[PlacedTransition, ...]


def layout(scope: Scope, x: float = 0, y: float = 0) -> PlacedScope:
    """Place a scope with its corner at a point."""
    inner = {key: _side_by_side(box) for key, box in scope.boxes.items()}
    loops = _loops_of(scope.transitions)
    sizes = {key: _size(box, inner[key], loops.get(key, ())) for key, box in scope.boxes.items()}
    ranks, chains = ranked(scope.boxes, sizes, scope.transitions)
    centre = columns(ranks)
    left = min((place - size.width / 2 for place, size in zip(centre, ranks.size, strict=True)), default=0) - MARGIN
    centre = [place - left for place in centre]
    right = max((place + size.width / 2 for place, size in zip(centre, ranks.size, strict=True)), default=0)
    top, bottom = _rows(ranks)
    placing = _Placing(ranks, centre, top, bottom)
    boxes = {key: placing.box(box, inner[key], _room(loops.get(key, ()))) for key, box in scope.boxes.items()}
    arrows = [placing.arrow(arrow, chain) for arrow, chain in chains]
    for key, own in loops.items():
        arrows += _beside(boxes[key], own)
    height = max(bottom.values(), default=0) + MARGIN
    return PlacedScope(x, y, right + MARGIN, height, tuple(boxes.values()), tuple(arrows))


def second_line(box: Box) -> str:
    """What stands under the name of a state: its type, and what it calls or waits for."""
    return shortened(f"{box.type} · {box.detail}" if box.detail else box.type, LONGEST_LABEL)


def _side_by_side(box: Box) -> tuple[PlacedScope, ...]:
    """The scopes inside a box, from left to right, all as tall as the tallest; placed from the corner of the box."""
    placed, x = [], float(MARGIN)
    for scope in box.scopes:
        placed.append(layout(scope, x, HEADER))
        x += placed[-1].width + MARGIN
    height = max((scope.height for scope in placed), default=0)
    return tuple(PlacedScope(scope.x, scope.y, scope.width, height, scope.boxes, scope.transitions) for scope in placed)


def _size(box: Box, scopes: Sequence[PlacedScope], loops: Sequence[Transition]) -> Size:
    if box.type in ("Start", "End"):
        return Size(48, 24)
    name, second = text_width(shortened(box.name, LONGEST_NAME)), text_width(second_line(box), 10)
    if not scopes:
        width, height = max(124, name + 48, second + 24), 44.0
    else:
        last = scopes[-1]
        width, height = max(last.x + last.width + MARGIN, name + second + 48), HEADER + last.height + MARGIN
    return Size(width + 2 * _room(loops), max(height, 8 + (LABEL_HEIGHT + 4) * len(loops)))


def _rows(ranks: Ranks) -> tuple[dict[int, float], dict[int, float]]:
    """The top and the bottom of each rank. A rank of labels that has none takes no height."""
    top: dict[int, float] = {}
    bottom: dict[int, float] = {}
    y = float(MARGIN)
    for number in sorted(ranks.rows):
        top[number] = y
        bottom[number] = y + max(ranks.size[node].height for node in ranks.rows[number])
        y = bottom[number] + BETWEEN
    return top, bottom


# ---- boxes and arrows


@dataclass(frozen=True, slots=True)
class _Placing:
    """Places of nodes, from which boxes and lines follow."""

    ranks: Ranks
    centre: Sequence[float]
    top: Mapping[int, float]
    bottom: Mapping[int, float]

    def box(self, box: Box, scopes: tuple[PlacedScope, ...], loop_room: float) -> PlacedBox:
        """A box at its place; what arrows to itself take beside it is left free."""
        node = self.ranks.of_box[box.key]
        size = self.ranks.size[node]
        width = size.width - 2 * loop_room
        return PlacedBox(
            box, self.centre[node] - width / 2, self.top[self.ranks.rank[node]], width, size.height, scopes
        )

    def arrow(self, arrow: Transition, chain: Chain) -> PlacedTransition:
        """An arrow through its nodes, from the lower edge of one box to the upper edge of another."""
        ranks, points = self.ranks, list[Point]()
        for at, node in enumerate(chain.nodes):
            rank = ranks.rank[node]
            if not ranks.is_box(node):
                points += [(self.centre[node], self.top[rank]), (self.centre[node], self.bottom[rank])]
            elif at == 0:
                x = self._port(node, ranks.below[node], chain.nodes[1])
                points += [(x, self.top[rank] + ranks.size[node].height), (x, self.bottom[rank])]
            else:
                points.append((self._port(node, ranks.above[node], chain.nodes[-2]), self.top[rank]))
        line = _straightened(points)
        label = None
        if chain.label:
            left = self.centre[chain.bearer] - ranks.size[chain.bearer].width / 2
            top = self.top[ranks.rank[chain.bearer]]
            label = PlacedLabel(chain.label, left, top, ranks.size[chain.bearer].width)
        return PlacedTransition(arrow, tuple(reversed(line) if chain.turned else line), label)

    def _port(self, box: Node, neighbours: Sequence[Node], neighbour: Node) -> float:
        """Where on an edge of a box the line to a neighbour ends: beside each other, in the order of the neighbours."""
        room = min(self.ranks.size[box].width * 0.6, 24.0 * (len(neighbours) - 1))
        place = sorted(neighbours, key=self.centre.__getitem__).index(neighbour)
        return self.centre[box] - room / 2 + (room * place / (len(neighbours) - 1) if len(neighbours) > 1 else 0)


def _straightened(points: Sequence[Point]) -> list[Point]:
    """A line without the points that it would pass anyway."""
    line: list[Point] = []
    for point in points:
        if line and line[-1] == point:
            continue
        if len(line) > 1 and abs(line[-2][0] - point[0]) + abs(line[-1][0] - point[0]) < 0.1:
            line[-1] = point
        else:
            line.append(point)
    return line


def _loops_of(arrows: Iterable[Transition]) -> dict[str, list[Transition]]:
    """Arrows from a box to itself, by the box."""
    loops: dict[str, list[Transition]] = defaultdict(list)
    for arrow in arrows:
        if arrow.source == arrow.target:
            loops[arrow.source].append(arrow)
    return loops


def _room(loops: Sequence[Transition]) -> float:
    """Pixels that arrows from a box to itself take beside it; as many are left free on its other side."""
    return max((2 * LOOP + label_width(shortened(arrow.label, LONGEST_LABEL)) for arrow in loops), default=0)


def _beside(box: PlacedBox, loops: Sequence[Transition]) -> list[PlacedTransition]:
    """Arrows from a box to itself, at its right edge, each reaching further out than the one before."""
    placed = []
    step = (box.height - 8) / len(loops)
    right = box.x + box.width
    for at, arrow in enumerate(loops):
        y = box.y + 4 + at * step
        line = ((right, y), (right + LOOP, y), (right + LOOP, y + step * 0.8), (right, y + step * 0.8))
        text = shortened(arrow.label, LONGEST_LABEL)
        middle = y + step * 0.4
        label = PlacedLabel(text, right + LOOP + 4, middle - LABEL_HEIGHT / 2, label_width(text)) if text else None
        placed.append(PlacedTransition(arrow, line, label))
    return placed
