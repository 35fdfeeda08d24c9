"""The law of threads: docs/threads.md names each lock, and the recipes that once made the server hang."""

from __future__ import annotations

import ast
import re
import threading
from pathlib import Path

import pytest

from emulator.settings import Settings
from emulator.world import World

ROOT = Path(__file__).parents[1]
BARE = {"Lock", "RLock"}


def sources():
    for package in ("asl_interpreter", "emulator"):
        for path in (ROOT / package).rglob("*.py"):
            if "runtimes" not in path.parts:  # a program of its own
                yield path, ast.parse(path.read_text(encoding="utf-8"))


def calls(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield getattr(node.func, "attr", getattr(node.func, "id", "")), node


def test_the_page_names_each_lock_and_its_rank():
    page = (ROOT / "docs" / "threads.md").read_text(encoding="utf-8")
    listed = {(name, int(rank)) for rank, name in re.findall(r"^\| (\d+) \| ([^|]+) \|", page, re.MULTILINE)}
    made = set()
    for _, tree in sources():
        constants = {
            node.target.id: node.value.value
            for node in tree.body
            if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Constant)
        }
        for name, call in calls(tree):
            if name == "lock":
                title, rank = call.args[:2]
                made.add((title.value, rank.value if isinstance(rank, ast.Constant) else constants[rank.id]))
    assert made == listed
    assert len({rank for _, rank in made}) == len(made), "two locks have one rank"


def test_there_are_no_locks_without_a_name():
    for path, tree in sources():
        for name, call in calls(tree):
            unnamed = name in BARE or (
                name == "Condition" and ast.unparse(call).startswith("threading.") and not call.args
            )
            assert not unnamed or path.name == "locks.py", f"{path}, line {call.lineno}"


def test_a_world_has_one_store_however_many_ask_for_it():
    world = World(Settings())
    start, stores = threading.Barrier(8), []

    def ask():
        start.wait(5)
        stores.append(world.dynamodb)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(store) for store in stores}) == 1
    world.close()


@pytest.mark.parametrize("used", [False, True])
def test_a_world_is_closed_once_or_twice(used):
    world = World(Settings())
    if used:
        world.engine.ask(lambda: None)
    world.close()
    world.close()


def test_a_world_whose_loop_has_failed_says_so_and_can_be_reset(monkeypatch):
    from emulator.app import create_app

    world = World(Settings())
    client = create_app(world).test_client()
    assert client.get("/_dynastep/health").json["status"] == "ok"

    def fail(_loop):
        raise LookupError("a defect")

    with monkeypatch.context() as patch:
        patch.setattr(type(world.engine.loop), "_take_turn", fail)
        with pytest.raises(LookupError):
            world.engine.ask(lambda: None)
    answer = client.get("/_dynastep/health")
    assert answer.status_code == 503
    assert answer.json["reason"] == "The loop has failed: LookupError('a defect'). A reset starts a new one."
    assert client.post("/_dynastep/reset").status_code == 200
    assert client.get("/_dynastep/health").json["status"] == "ok"
    assert world.engine.ask(lambda: "alive") == "alive"
    world.close()
