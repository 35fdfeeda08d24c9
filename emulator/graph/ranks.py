"""Boxes and arrows on ranks: the layered graph of one scope, ordered with few crossings, and the columns of its nodes.

The steps are those of Sugiyama, Tagawa and Toda (1981): turn arrows until there is no circle, rank by the longest way,
split arrows at each rank that they pass, order each rank by the means of its neighbours, then choose columns.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from math import inf
from operator import add, itemgetter, sub
from typing import Final, NamedTuple, TypeAlias

from emulator.graph.outline import Box, Transition
from emulator.graph.texts import LABEL_HEIGHT, LONGEST_LABEL, label_width, shortened

BESIDE: Final = 30
"""Pixels between two things on one rank."""
LEAST_MOVE: Final = 0.01
"""Pixels that nobody sees."""
SWEEPS: Final = 16
"""How often the order and the columns are gone through, down and up in turn."""


Node: TypeAlias = int
"""What stands on a rank, by its number: a box, or what stands for an arrow (or for all arrows to one target) on a rank
that it passes. The boxes have the first numbers, in the order of their scope."""


class Size(NamedTuple):
    """Width and height in pixels."""

    width: float
    height: float


@dataclass(slots=True)
class Ranks:
    """The layered graph: by node on which rank it stands, how large it is, and what it is joined with."""

    rank: list[int] = field(default_factory=list)
    size: list[Size] = field(default_factory=list)
    above: list[list[Node]] = field(default_factory=list)
    below: list[list[Node]] = field(default_factory=list)
    rows: dict[int, list[Node]] = field(default_factory=lambda: defaultdict(list))
    """Rank -> the nodes on it, from left to right."""
    of_box: dict[str, Node] = field(default_factory=dict)
    """The key of a box -> its node."""
    passing: dict[Hashable, list[Node]] = field(default_factory=lambda: defaultdict(list))
    """What passes, an arrow or the arrows to a target -> the nodes that stand for it."""

    def put(self, rank: int, size: Size) -> Node:
        """Stand a new node on a rank."""
        node = len(self.rank)
        self.rank.append(rank)
        self.size.append(size)
        self.above.append([])
        self.below.append([])
        self.rows[rank].append(node)
        return node

    def join(self, upper: Node, lower: Node) -> None:
        """Join two nodes of neighbouring ranks, once."""
        if lower not in self.below[upper]:
            self.below[upper].append(lower)
            self.above[lower].append(upper)

    def is_box(self, node: Node) -> bool:
        """Whether a node is a box, and nothing that passes."""
        return node < len(self.of_box)


class Chain(NamedTuple):
    """What an arrow passes, from top to bottom."""

    nodes: list[Node]
    bearer: Node
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
    ranks, shared = Ranks(), dict[Hashable, Node]()
    for key, rank in _levels(boxes, ends).items():
        ranks.of_box[key] = ranks.put(rank, sizes[key])
    chains = [(arrow, _chain(ranks, shared, arrow, ends[at], turned=at in turned)) for at, arrow in enumerate(arrows)]
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


def _chain(
    ranks: Ranks, shared: dict[Hashable, Node], arrow: Transition, ends: tuple[str, str], *, turned: bool
) -> Chain:
    """The nodes of an arrow. That beside its source is its own and bears the label; others serve all to its target."""
    upper, lower = ranks.of_box[ends[0]], ranks.of_box[ends[1]]
    first, last = ranks.rank[upper] + 1, ranks.rank[lower] - 1
    far = last - first > FAR
    text = f"{arrow.label} → {arrow.target.rpartition('/')[2]}".strip() if far else arrow.label
    label = shortened(text, LONGEST_LABEL)
    beside = last if turned else first
    own = ranks.put(beside, Size(label_width(label), LABEL_HEIGHT) if label else _PASSING)
    ranks.passing[own].append(own)
    if far:
        nodes = [own, lower] if turned else [upper, own]
    else:
        to = (arrow.target, arrow.key is not None and arrow.key.kind == "catch", turned)
        passed = []
        for rank in range(first, last + 1):
            node = own if rank == beside else shared.get((to, rank))
            if node is None:
                node = shared[to, rank] = ranks.put(rank, _PASSING)
                ranks.passing[to].append(node)
            passed.append(node)
        nodes = [upper, *passed, lower]
    for one, other in pairwise(nodes):
        ranks.join(one, other)
    return Chain(nodes, own, label, turned)


# ---- order within ranks, and columns


def _order(ranks: Ranks) -> None:
    """Order the nodes of each rank by the mean place of their neighbours; keep the order with the fewest crossings."""
    numbers = sorted(ranks.rows)
    if len(numbers) == len(ranks.rank):
        return  # one below the other
    rows, place = [ranks.rows[number] for number in numbers], [0.0] * len(ranks.rank)
    for row in rows:
        _put(row, place)
    best, fewest, before = list(rows), _crossings(ranks, rows, place), list[list[Node]]()
    changed = dict.fromkeys(range(-1, len(rows) + 1), 0)
    """The sweep in which the order of a row changed last."""
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        if down:
            if not fewest or rows == before:
                break  # each further sweep would change nothing
            before = list(rows)
        joined, step = (ranks.above, -1) if down else (ranks.below, 1)
        for at in range(len(rows)) if down else reversed(range(len(rows))):
            row = rows[at]
            if len(row) == 1 or (changed[at] < sweep - 1 and changed[at + step] < sweep - 1):
                continue  # it is in order by its neighbours
            means = _means([joined[node] or [node] for node in row])(place)
            if list(means) != sorted(means):
                changed[at] = sweep
                ordered = sorted(range(len(row)), key=means.__getitem__)
                rows[at] = [row[each] for each in ordered]
                _put(rows[at], place)
        crossings = _crossings(ranks, rows, place)
        if crossings < fewest:
            best, fewest = list(rows), crossings
    ranks.rows.update(zip(numbers, best, strict=True))


def _put(row: Sequence[Node], place: list[float]) -> None:
    """Note in which place of its rank each node stands."""
    for at, node in enumerate(row):
        place[node] = at


def _crossings(ranks: Ranks, rows: Iterable[Sequence[Node]], place: Sequence[float]) -> int:
    """How often two arrows cross: the inversions among the places of their lower ends."""
    count = 0
    for row in rows:
        if len(row) == 1:
            continue
        ends: list[float] = []
        for node in row:
            near = ranks.below[node]
            ends += [place[near[0]]] if len(near) == 1 else sorted([place[each] for each in near])
        seen: list[float] = []
        for end in ends if ends != sorted(ends) else ():
            count += len(seen) - bisect_right(seen, end)
            insort(seen, end)
    return count


def columns(ranks: Ranks) -> list[float]:
    """The middle of each node: near the mean of its neighbours, in the order of its rank, with room between."""
    rows = [row for _, row in sorted(ranks.rows.items())]
    if len(rows) == len(ranks.rank):
        return [0.0] * len(rows)  # one below the other
    order = [node for row in rows for node in row]
    at = dict(zip(order, range(len(order)), strict=True))
    """Node -> where it stands in ``order``, and in what follows: nodes of one rank stand beside each other."""
    ends = list(accumulate(map(len, rows)))
    spans = [slice(end - len(row), end) for row, end in zip(rows, ends, strict=True)]
    offsets = [_offsets([ranks.size[node].width for node in row]) for row in rows]
    above = [[at[near] for near in ranks.above[node]] or [at[node]] for node in order]
    below = [[at[near] for near in ranks.below[node]] or [at[node]] for node in order]
    down = [(span, _means(above[span]), offset) for span, offset in zip(spans, offsets, strict=True)]
    up = [(span, _means(below[span]), offset) for span, offset in zip(spans, offsets, strict=True)][::-1]
    centre = [place for offset in offsets for place in _spread([0.0] * len(offset), offset)]
    for _ in range(SWEEPS // 2):
        before = list(centre)
        for span, means, offset in (*down, *up):
            centre[span] = _spread(means(centre), offset)
        if _only_moved(before, centre):
            break  # so would each further sweep; the picture is the same
    found = [centre[at[node]] for node in range(len(order))]
    _straighten(ranks, found)
    return found


def _means(near: Sequence[Sequence[int]]) -> Callable[[Sequence[float]], Sequence[float]]:
    """What finds the mean place or column of the neighbours of each node of a row."""
    if len(near) > 1 and all(len(each) == 1 for each in near):
        return itemgetter(*[number for (number,) in near])
    return lambda of: [of[each[0]] if len(each) == 1 else sum([of[n] for n in each]) / len(each) for each in near]


def _only_moved(before: Sequence[float], after: Sequence[float]) -> bool:
    """Whether all nodes together have moved to one side, or not at all."""
    moves = [now - then for then, now in zip(before, after, strict=True)]
    return max(moves) - min(moves) < LEAST_MOVE


def _straighten(ranks: Ranks, centre: list[float]) -> None:
    """Bring the columns of an arrow that passes several ranks into one line, as far as their neighbours leave room."""
    place = {node: at for row in ranks.rows.values() for at, node in enumerate(row)}
    for column in ranks.passing.values():
        if len(column) == 1:
            continue
        line = sorted([centre[node] for node in column])[len(column) // 2]
        for node in column:
            row, at = ranks.rows[ranks.rank[node]], place[node]
            half, least, most = ranks.size[node].width / 2 + BESIDE, -inf, inf
            if at:
                left = row[at - 1]
                least = centre[left] + ranks.size[left].width / 2 + half
            if at + 1 < len(row):
                right = row[at + 1]
                most = centre[right] - ranks.size[right].width / 2 - half
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
    starts = list(map(sub, wanted, offsets))
    if starts == sorted(starts):
        return wanted  # there is room
    pools: list[tuple[float, int]] = []
    for start in starts:
        mean, count = start, 1
        while pools and pools[-1][0] > mean:
            before, size = pools.pop()
            mean, count = (before * size + mean * count) / (size + count), size + count
        pools.append((mean, count))
    pooled = [mean for mean, count in pools for _ in range(count)]
    return list(map(add, pooled, offsets))
