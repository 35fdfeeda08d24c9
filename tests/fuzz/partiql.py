"""Fuzz: PartiQL statements, valid and broken, over HTTP to a server of its own. No 500, no hang, no HTML.

    python -m tests.fuzz.partiql --statements 20000 --seed 1

Each statement is a function of the seed and its number, so that a failure is repeated with ``--only NUMBER``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from random import Random
from typing import Any

from .dynamodb import Client, fault_of, prepare
from .server import running

ROUND = 1_000
_PATHS = ("p", "r", "g", "a", "m.x", '"m"."x"', "m.inner", "l[0]", "l[2147483648]", "l[-1]", "gone", '"tab"', "size")
_LITERALS = (
    *("'a'", "'it''s'", "''", "1", "- 1", "+-+2", "1.5e3", "1e126", "1e2147483647", "1e2147483648", "true", "null"),
    *(
        "[1, 'x', [?]]",
        "{'a': {'b': ?}}",
        "<<'a', 'b'>>",
        "<<1, 1.0>>",
        "<<>>",
        "[]",
        "{}",
        "?",
        "-?",
        "[" * 40 + "]" * 40,
    ),
)
_FUNCTIONS = (
    *("attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains", "size", "SIZE", "COUNT"),
    *("list_append", "if_not_exists", "set_add", "set_delete", "EXISTS", "dog"),
)
_VALUES: tuple[dict[str, Any], ...] = (
    *({"S": "a"}, {"S": ""}, {"N": "1"}, {"N": "1e99999999999"}, {"N": "x"}, {"BOOL": True}, {"NULL": False}),
    *({"SS": ["a", "a"]}, {"NS": ["1", "2"]}, {"L": [{"N": "1"}]}, {"M": {"x": {"S": "y"}}}, {"B": "AA=="}, {}),
)
_NOISE = (
    *"()[]{},.;?<>=-+*'\"",
    "--",
    "/*",
    "SELECT",
    "WHERE",
    "AND",
    "NOT",
    "IS MISSING",
    "IN",
    "\n",
    "é",
    "😀",
    "9" * 5000,
)


def statement(random: Random) -> str:
    """A statement, most often a valid one."""
    kind = random.randrange(7)
    table = random.choice(('"tab"', "tab", "tab", "nope", '"tab"."gsi"', "tab.gsi.x", '""', "tab AS t"))
    where = f" WHERE {_condition(random, 3)}" if random.random() < 0.9 else ""
    returning = random.choice(("", "", " RETURNING ALL OLD *", " RETURNING MODIFIED NEW *", " RETURNING"))
    if kind < 3:
        columns = "*" if random.random() < 0.5 else ", ".join(_operand(random, 1) for _ in range(random.randint(1, 3)))
        order = random.choice(("", "", " ORDER BY r DESC", " ORDER BY p, r", " ORDER BY a"))
        select = f"SELECT {columns} FROM {table}{where}{order}"
        return f"EXISTS({select})" if random.random() < 0.1 else select
    if kind == 3:
        members = "".join(f", '{name}': {random.choice(_LITERALS)}" for name in random.sample("agml", 2))
        return f"INSERT INTO {table} VALUE {{'p': 'n', 'r': {random.randrange(9)}{members}}}"
    if kind == 4:
        return f"DELETE FROM {table}{where}{returning}"
    clauses = " ".join(
        f"SET {random.choice(_PATHS)} = {_operand(random, 2)} {random.choice(('', '+ 1', '- a'))}"
        if random.random() < 0.8
        else f"REMOVE {random.choice(_PATHS)}"
        for _ in range(random.randint(1, 3))
    )
    return f"UPDATE {table} {clauses}{where}{returning}" if kind == 5 else f"FROM {table}{where} {clauses}{returning}"


def _condition(random: Random, depth: int) -> str:
    if depth and random.random() < 0.5:
        parts = [_condition(random, depth - 1) for _ in range(random.randint(2, 3))]
        joined = random.choice((" AND ", " AND ", " OR ")).join(parts)
        return f"{random.choice(('', 'NOT '))}({joined})" if random.random() < 0.5 else joined
    if random.random() < 0.4:
        return random.choice(("p = 'a'", "p = 'a' AND r = 1", "p IN ['a', 'b']", "r > 1", "p = 1", "r BETWEEN 1 AND 3"))
    left = _operand(random, depth)
    match random.randrange(5):
        case 0 | 1:
            compared = random.choice(("=", "<>", "!=", "<", "<=", ">", ">="))
            return f"{left} {compared} {_operand(random, depth)}"
        case 2:
            return f"{left} BETWEEN {_operand(random, depth)} AND {_operand(random, 0)}"
        case 3:
            options = ", ".join(_operand(random, 0) for _ in range(random.choice((1, 2, 60, 101))))
            return f"{left} IN [{options}]"
        case _:
            kind = random.choice(("NULL", "MISSING", "STRING", "INT4", "FOO"))
            return f"{left} IS {random.choice(('', 'NOT '))}{kind}" if random.random() < 0.8 else left


def _operand(random: Random, depth: int) -> str:
    chance = random.random()
    if depth and chance < 0.3:
        arguments = ", ".join(_operand(random, depth - 1) for _ in range(random.choice((0, 1, 2, 2, 3))))
        return f"{random.choice(_FUNCTIONS)}({arguments})"
    if depth and chance < 0.4:
        return f"({_condition(random, depth - 1)})"
    return random.choice(_PATHS if chance < 0.7 else _LITERALS)


def broken(text: str, random: Random) -> str:
    """The statement with pieces lost, doubled or put in."""
    for _ in range(random.randint(1, 3)):
        start = random.randrange(len(text) + 1)
        end = min(len(text), start + random.randint(0, 8))
        text = text[:start] + random.choice(("", text[start:end] * 2, random.choice(_NOISE))) + text[end:]
    return text[:8192] or " "


def request(seed: int, number: int) -> tuple[str, dict[str, Any]]:
    """The operation and its parameters."""
    random = Random(f"{seed}:{number}")

    def member() -> dict[str, Any]:
        text = statement(random)
        text = broken(text, random) if random.random() < 0.3 else text
        given = text.count("?") if random.random() < 0.9 else random.randrange(3)
        parameters = [random.choice(_VALUES) if random.random() < 0.3 else {"N": "1"} for _ in range(given)]
        return {"Statement": text, **({"Parameters": parameters} if parameters else {})}

    if random.random() < 0.6:
        extra = random.choice(({}, {"Limit": 1}, {"ReturnConsumedCapacity": "INDEXES"}, {"ConsistentRead": True}))
        return "ExecuteStatement", {**member(), **extra}
    members = [member() for _ in range(random.randint(1, 4))]
    if random.random() < 0.5:
        return "BatchExecuteStatement", {"Statements": members, "ReturnConsumedCapacity": "TOTAL"}
    return "ExecuteTransaction", {"TransactStatements": members}


def run(port: int, statements: int, seed: int, only: int | None = None) -> tuple[Counter[int], list[str]]:
    """How many answers had which status, and what was wrong with answers."""
    statuses: Counter[int] = Counter()
    failures: list[str] = []
    for first in range(0, statements, ROUND):
        prepare(port)
        client = Client(port)
        for number in range(first, min(first + ROUND, statements)) if only is None else (only,):
            operation, params = request(seed, number)
            status, headers, body = client.send(f"DynamoDB_20120810.{operation}", json.dumps(params).encode())
            statuses[status] += 1
            fault = fault_of(status, headers, body)
            if fault is None and b"InternalServerError" in body:
                fault = "a member failed"
            if fault is not None:
                failures.append(f"{number} {operation} {params}: {fault}: {body[:200]!r}")
            if only is not None:
                print(operation, json.dumps(params, indent=1), "->", status, body.decode(), sep="\n")  # noqa: T201
        client.close()
        if only is not None:
            break
    return statuses, failures


def main() -> int:
    """The command; its exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--statements", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="send this request alone and show it")
    chosen = parser.parse_args()
    with running() as (port, _):
        statuses, failures = run(port, chosen.statements, chosen.seed, chosen.only)
    print(f"seed {chosen.seed}: {dict(statuses)}, {len(failures)} failures", *failures[:20], sep="\n")  # noqa: T201
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
