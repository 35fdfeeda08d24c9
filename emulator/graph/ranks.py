"""Boxes and arrows on ranks: the layered graph of one scope, ordered with few crossings, and the columns of its nodes.

The steps are those of Sugiyama, Tagawa and Toda (1981): turn arrows until there is no circle, rank by the longest way,
split arrows at each rank that they pass, order each rank by the means of its neighbours, then choose columns.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf
from typing import Final, NamedTuple, TypeAlias

from emulator.graph.outline import Box, Transition
from emulator.graph.texts import LABEL_HEIGHT, LONGEST_LABEL, label_width, shortened

BESIDE: Final = 30
"""Pixels between two things on one rank."""
LEAST_MOVE: Final = 0.01
"""Pixels that nobody sees."""
SWEEPS: Final = 16
"""How often the order and the columns are gone through, down and up in turn."""


class Passing(NamedTuple):
    """What stands for an arrow, or for all arrows to one target, on a rank that it passes."""

    of: Hashable
    rank: int


Node: TypeAlias = "str | Passing"
"""The key of a box, or an arrow that passes."""


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height in pixels."""

    width: float
    height: float


@dataclass(slots=True)
class Ranks:
    """The layered graph: on which rank a node stands, in which order, how large, and what it is joined with."""

    rank: dict[Node, int] = field(default_factory=dict)
    rows: dict[int, list[Node]] = field(default_factory=lambda: defaultdict(list))
    size: dict[Node, Size] = field(default_factory=dict)
    above: dict[Node, list[Node]] = field(default_factory=lambda: defaultdict(list))
    below: dict[Node, list[Node]] = field(default_factory=lambda: defaultdict(list))

    def put(self, node: Node, rank: int, size: Size) -> None:
        """Stand a node on a rank, unless it stands there."""
        if node not in self.rank:
            self.rank[node] = rank
            self.rows[rank].append(node)
            self.size[node] = size

    def join(self, upper: Node, lower: Node) -> None:
        """Join two nodes of neighbouring ranks, once."""
        if lower not in self.below[upper]:
            self.below[upper].append(lower)
            self.above[lower].append(upper)


class Chain(NamedTuple):
    """What an arrow passes, from top to bottom."""

    nodes: list[Node]
    bearer: Passing
    """Where its label stands, if it has one."""
    label: str
    turned: bool
    """Whether the arrow goes upwards."""


def ranked(
    boxes: Mapping[str, Box], sizes: Mapping[str, Size], transitions: Iterable[Transition]
) -> tuple[Ranks, list[tuple[Transition, Chain]]]:
    """The boxes of a scope and its arrows, but for those from a box to itself, on their ranks and in order there."""
    arrows = [arrow for arrow in transitions if arrow.source != arrow.target]
    turned = _turned(boxes, arrows)
    ends = [
        (arrow.target, arrow.source) if at in turned else (arrow.source, arrow.target)
        for at, arrow in enumerate(arrows)
    ]
    ranks = Ranks()
    for key, rank in _levels(boxes, ends).items():
        ranks.put(key, rank, sizes[key])
    chains = [(arrow, _chain(ranks, arrow, at, ends[at], turned=at in turned)) for at, arrow in enumerate(arrows)]
    _order(ranks)
    return ranks, chains


def _turned(boxes: Iterable[str], arrows: Sequence[Transition]) -> set[int]:
    """The arrows that go back to a state on the way to their source: without them there is no circle."""
    leaving: dict[str, list[int]] = defaultdict(list)
    for at, arrow in enumerate(arrows):
        leaving[arrow.source].append(at)
    on_the_way: dict[str, bool] = {}
    turned = set()
    for root in boxes:
        if root in on_the_way:
            continue
        on_the_way[root] = True
        stack = [(root, iter(leaving[root]))]
        while stack:
            key, left = stack[-1]
            for at in left:
                target = arrows[at].target
                if target not in on_the_way:
                    on_the_way[target] = True
                    stack.append((target, iter(leaving[target])))
                    break
                if on_the_way[target]:
                    turned.add(at)
            else:
                on_the_way[key] = False
                stack.pop()
    return turned


def _levels(boxes: Mapping[str, Box], ends: Sequence[tuple[str, str]]) -> dict[str, int]:
    """The rank of each box: the longest way from above, or further down where more arrows leave than arrive."""
    below: dict[str, list[str]] = defaultdict(list)
    above: dict[str, list[str]] = defaultdict(list)
    for upper, lower in ends:
        below[upper].append(lower)
        above[lower].append(upper)
    waiting = {key: len(above[key]) for key in boxes}
    order = [key for key, count in waiting.items() if count == 0]
    for key in order:  # it grows while it is gone through
        for lower in below[key]:
            waiting[lower] -= 1
            if waiting[lower] == 0:
                order.append(lower)
    rank: dict[str, int] = {}
    for key in order:
        rank[key] = max((rank[upper] + 2 for upper in above[key]), default=0)
    for key in reversed(order):
        if above[key] and len(below[key]) > len(above[key]):
            rank[key] = max(rank[key], min(rank[lower] for lower in below[key]) - 2)
    for key, box in boxes.items():
        if box.type == "End":
            rank[key] = max(rank[key], *(at for other, at in rank.items() if other != key))
    return rank


_PASSING: Final = Size(6, 0)
FAR: Final = 100
"""Ranks that an arrow may pass. A longer one (fifty states and more) ends at once in a label that names its target."""


def _chain(ranks: Ranks, arrow: Transition, at: int, ends: tuple[str, str], *, turned: bool) -> Chain:
    """The nodes of an arrow. That beside its source is its own and bears the label; others serve all to its target."""
    upper, lower = ends
    first, last = ranks.rank[upper] + 1, ranks.rank[lower] - 1
    own = Passing(at, last if turned else first)
    far = last - first > FAR
    text = f"{arrow.label} → {arrow.target.rpartition('/')[2]}".strip() if far else arrow.label
    label = shortened(text, LONGEST_LABEL)
    ranks.put(own, own.rank, Size(label_width(label), LABEL_HEIGHT) if label else _PASSING)
    shared = (arrow.target, arrow.key is not None and arrow.key.kind == "catch", turned)
    passed = [own if rank == own.rank else Passing(shared, rank) for rank in range(first, last + 1)]
    nodes: list[Node] = [upper, *passed, lower]
    if far:
        nodes = [own, lower] if turned else [upper, own]
    for node in nodes:
        if isinstance(node, Passing):
            ranks.put(node, node.rank, _PASSING)
    for one, other in pairwise(nodes):
        ranks.join(one, other)
    return Chain(nodes, own, label, turned)


# ---- order within ranks, and columns


class _Numbered:
    """A layered graph whose nodes are numbers, for what goes through it many times: a node is slow to look up."""

    def __init__(self, ranks: Ranks) -> None:
        self.nodes = list(ranks.rank)
        number = {node: at for at, node in enumerate(self.nodes)}
        self.ranks = sorted(ranks.rows)
        self.rows = [[number[node] for node in ranks.rows[rank]] for rank in self.ranks]
        self.above = [[number[near] for near in ranks.above.get(node, ())] for node in self.nodes]
        self.below = [[number[near] for near in ranks.below.get(node, ())] for node in self.nodes]


def _order(ranks: Ranks) -> None:
    """Order the nodes of each rank by the mean place of their neighbours; keep the order with the fewest crossings."""
    graph = _Numbered(ranks)
    rows, place = graph.rows, [0.0] * len(graph.nodes)
    for row in rows:
        _put(row, place)
    best, fewest, before = list(rows), _crossings(graph, place), list[list[int]]()
    changed = dict.fromkeys(range(-1, len(rows) + 1), 0)
    """The sweep in which the order of a row changed last."""
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        if down:
            if not fewest or rows == before:
                break  # each further sweep would change nothing
            before = list(rows)
        joined, step = (graph.above, -1) if down else (graph.below, 1)
        for at in range(len(rows)) if down else reversed(range(len(rows))):
            row = rows[at]
            if len(row) == 1 or max(changed[at], changed[at + step]) < sweep - 1:
                continue  # it is in order by its neighbours
            mean = {node: _mean(near, place) if (near := joined[node]) else place[node] for node in row}
            ordered = sorted(row, key=mean.__getitem__)
            if ordered != row:
                changed[at] = sweep
                rows[at] = ordered
                _put(ordered, place)
        crossings = _crossings(graph, place)
        if crossings < fewest:
            best, fewest = list(rows), crossings
    ranks.rows.update({rank: [graph.nodes[at] for at in row] for rank, row in zip(graph.ranks, best, strict=True)})


def _put(row: Sequence[int], place: list[float]) -> None:
    """Note in which place of its rank each node stands."""
    for at, node in enumerate(row):
        place[node] = at


def _mean(near: Sequence[int], of: Sequence[float]) -> float:
    """The mean place or column of some nodes, of which there are some."""
    return of[near[0]] if len(near) == 1 else sum([of[node] for node in near]) / len(near)


def _crossings(graph: _Numbered, place: Sequence[float]) -> int:
    """How often two arrows cross: the inversions among the places of their lower ends."""
    count = 0
    for row in graph.rows:
        if len(row) == 1:
            continue
        ends: list[float] = []
        for node in row:
            near = graph.below[node]
            ends += [place[near[0]]] if len(near) == 1 else sorted([place[each] for each in near])
        seen: list[float] = []
        for end in ends if ends != sorted(ends) else ():
            count += len(seen) - bisect_right(seen, end)
            insort(seen, end)
    return count


def columns(ranks: Ranks) -> dict[Node, float]:
    """The middle of each node: near the mean of its neighbours, in the order of its rank, with room between."""
    graph = _Numbered(ranks)
    width = [ranks.size[node].width for node in graph.nodes]
    offsets = [_offsets([width[node] for node in row]) for row in graph.rows]
    centre = [0.0] * len(graph.nodes)
    for row, offset in zip(graph.rows, offsets, strict=True):
        _set(row, _spread([0.0] * len(row), offset), centre)
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        if down:
            before = list(centre)
        joined = graph.above if down else graph.below
        for at in range(len(offsets)) if down else reversed(range(len(offsets))):
            row = graph.rows[at]
            wanted = [_mean(near, centre) if (near := joined[node]) else centre[node] for node in row]
            _set(row, _spread(wanted, offsets[at]), centre)
        if not down and _only_moved(before, centre):
            break  # so would each further sweep; the picture is the same
    found = dict(zip(graph.nodes, centre, strict=True))
    _straighten(ranks, found)
    return found


def _only_moved(before: Sequence[float], after: Sequence[float]) -> bool:
    """Whether all nodes together have moved to one side, or not at all."""
    moves = [now - then for then, now in zip(before, after, strict=True)]
    return max(moves) - min(moves) < LEAST_MOVE


def _set(row: Sequence[int], columns: Sequence[float], centre: list[float]) -> None:
    for node, column in zip(row, columns, strict=True):
        centre[node] = column


def _straighten(ranks: Ranks, centre: dict[Node, float]) -> None:
    """Bring the columns of an arrow that passes several ranks into one line, as far as their neighbours leave room."""
    columns: dict[Hashable, list[Passing]] = defaultdict(list)
    beside: dict[Node, tuple[Node | None, Node | None]] = {}
    for row in ranks.rows.values():
        for left, node, right in zip([None, *row], row, [*row[1:], None], strict=False):
            beside[node] = left, right
            if isinstance(node, Passing):
                columns[node.of].append(node)
    for column in columns.values():
        line = sorted(centre[node] for node in column)[len(column) // 2]
        for node in column:
            left, right = beside[node]
            half = ranks.size[node].width / 2 + BESIDE
            least = -inf if left is None else centre[left] + ranks.size[left].width / 2 + half
            most = inf if right is None else centre[right] - ranks.size[right].width / 2 - half
            centre[node] = max(least, min(most, line))


def _offsets(widths: Sequence[float]) -> list[float]:
    """How far each node of a rank stands from the first one at least."""
    offsets = [0.0]
    for left, right in pairwise(widths):
        offsets.append(offsets[-1] + (left + right) / 2 + BESIDE)
    return offsets


def _spread(wanted: Sequence[float], offsets: Sequence[float]) -> Sequence[float]:
    """The places nearest to the wanted ones that keep the order and leave room (isotonic regression, by pooling)."""
    if len(wanted) == 1:
        return wanted
    pools: list[tuple[float, int]] = []
    for place, offset in zip(wanted, offsets, strict=True):
        mean, count = place - offset, 1
        while pools and pools[-1][0] > mean:
            before, size = pools.pop()
            mean, count = (before * size + mean * count) / (size + count), size + count
        pools.append((mean, count))
    if len(pools) == len(wanted):
        return [mean + offset for (mean, _), offset in zip(pools, offsets, strict=True)]
    pooled = [mean for mean, count in pools for _ in range(count)]
    return [place + offset for place, offset in zip(pooled, offsets, strict=True)]
