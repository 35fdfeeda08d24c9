"""The house: who may know whom, as a table, and what every room looks like.

Imports that only serve types (under ``TYPE_CHECKING``) are free; those inside a function count like any other.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]

INTERPRETER = {
    # room: the rooms that it may know
    "errors": "",
    "jackson": "",
    "jsontext": "",
    "quotas": "",
    "timestamps": "",
    "coverage": "",
    "loop": "",
    "jsonata": "jsontext",
    "language": "errors jackson jsonata jsontext timestamps",
    "definition": "jsontext language",
    "packing": "jsontext",
    "history": "jsontext packing",
    "tasks": "errors jsontext loop",
    "reading": "definition errors jackson jsontext language quotas tasks timestamps",
    "running": "coverage definition errors history jsonata jsontext language loop packing quotas tasks timestamps",
    "engine": "loop running",
}
"""Rooms of asl_interpreter, from the ground up. Running never reads: a definition is parsed once."""

EMULATOR = {
    # room: the rooms that it may know
    "": "",
    "faults": "",
    "arns": "",
    "settings": "",
    "progress": "",
    "dynamodb.generations": "settings",
    "dynamodb.rejections": "dynamodb.generations faults settings",
    "dynamodb.model": "arns dynamodb.generations dynamodb.rejections faults settings",
    "events": "",
    "wire": "dynamodb.generations faults settings",
    "permissions": "arns wire",
    "moto_door": "arns events faults wire",
    "encryption": "faults moto_door permissions",
    "dynamodb.changes": "dynamodb.model dynamodb.rejections moto_door wire",
    "lambdas": "arns dynamodb.changes events faults moto_door wire",
    "graph": "",
    "datasets": "arns moto_door",
    "stepfunctions": "arns datasets encryption faults permissions wire",
    "suggestions": "",
    "validate": "deploying stepfunctions suggestions wire",
    "bench": "faults graph integrations interception permissions progress settings stepfunctions suggestions validate"
    " wire",
    "clients": "endpoint wire",
    "web": "arns bench clients faults graph integrations permissions validate wire",
    "deploying": "arns endpoint faults lambdas wire",
    "dynamodb.forwarding": "faults wire",
    "dynamodb.control": "arns dynamodb.model dynamodb.rejections faults moto_door wire",
    "dynamodb.copies": "dynamodb.changes dynamodb.control dynamodb.expressions dynamodb.items dynamodb.model"
    " dynamodb.rejections faults moto_door wire",
    "dynamodb.expressions": "dynamodb.model dynamodb.rejections faults",
    "dynamodb.items": "dynamodb.expressions dynamodb.generations dynamodb.model dynamodb.rejections faults wire",
    "dynamodb.partiql": "dynamodb.expressions dynamodb.items dynamodb.model dynamodb.rejections faults wire",
    "dynamodb.throttling": "dynamodb.items dynamodb.model dynamodb.partiql dynamodb.rejections faults wire",
    "dynamodb.operations": "dynamodb.changes dynamodb.control dynamodb.copies dynamodb.items dynamodb.model"
    " dynamodb.partiql dynamodb.rejections dynamodb.throttling faults wire",
    "dynamodb.registry": "dynamodb.control dynamodb.items dynamodb.model",
    "integrations": "arns faults lambdas moto_door permissions stepfunctions suggestions wire",
    "cloudwatch": "arns faults moto_door",
    "apigateway": "faults integrations lambdas moto_door wire",
    "websocket_clients": "apigateway wire",
    "websockets": "websocket_clients",
    "eventbridge": "arns events faults integrations lambdas moto_door wire",
    "simulation": "faults moto_door permissions",
    "server": "wire",
    "actors": "arns faults moto_door permissions wire",
    "endpoint": "actors faults injection lambdas moto_door permissions wire",
    "reception": "endpoint moto_door wire",
    "injection": "dynamodb.items faults integrations lambdas suggestions wire",
    "world": "faults injection integrations stepfunctions",
    "wiring": "actors apigateway arns cloudwatch datasets deploying encryption dynamodb.forwarding dynamodb.model dynamodb.operations simulation"
    " dynamodb.registry endpoint eventbridge events faults injection integrations lambdas moto_door"
    " settings stepfunctions websockets wire world",
    "routes": "bench injection integrations",
    "initial": "progress",
    "variables": "settings suggestions",
    "localstack": "moto_door wire",
    "keeping": "dynamodb.changes dynamodb.model faults moto_door progress stepfunctions",
    "app": "keeping initial localstack reception routes web wire wiring",
    "cli": "",
    "control": "keeping moto_door settings wire wiring world",
    "commands": "keeping deploying permissions app bench clients control graph initial integrations moto_door progress server settings stepfunctions"
    " validate variables"
    " web wire wiring",
    "dynamodb": "",
    "interception": "wire",
    "testing": "actors app arns bench clients control endpoint injection integrations interception moto_door"
    " server settings wire wiring",
    "properties": "bench testing",
    "pytest_plugin": "bench testing",
}
"""Rooms of emulator: modules and packages, from the ground up; the packages of dynamodb are rooms of their own."""

PRIVATE_TO_THE_INTERPRETER = frozenset(
    {
        *("jsonata", "language.filters", "language.intrinsic_functions"),
        *(
            "language.templates",
            "reading.in_jsonata",
            "reading.in_jsonpath",
            "reading.variables",
            "running.retry",
            "running.states",
        ),
    }
)
"""What emulator has no business with."""

THIRD_PARTY = {
    "flask": "emulator.app emulator.localstack emulator.routes emulator.web",
    "jmespath": "emulator.integrations.jobs",
    "urllib3": "emulator.dynamodb.forwarding emulator.integrations.web emulator.lambdas.forwarding",
    "werkzeug": "emulator.app emulator.routes emulator.web emulator.moto_door",
    "moto": "emulator.moto_door emulator.dynamodb.registry",
    "boto3": "emulator.wire.in_process emulator.deploying.transforms emulator.clients emulator.testing",
    "botocore": "emulator",
    "pyarrow": "emulator.datasets.formats",
    "pytest": "emulator.pytest_plugin emulator.bench.pytest_again emulator.bench.pytest_chaos emulator.bench.pytest_coverage emulator.bench.pytest_failures emulator.bench.pytest_options emulator.bench.pytest_scopes",
    "hypothesis": "emulator.bench.schemas emulator.properties",
    "jsonschema": "emulator.apigateway.validating emulator.bench.laws emulator.bench.schemas",
    "resvg_py": "emulator.graph.files",
    "syrupy": "emulator.bench.snapshots",
    "distributed": "emulator.lambdas.cluster",
    "tornado": "emulator.websockets emulator.websocket_clients",
    "click": "emulator.cli emulator.commands",
    "yaml": "emulator.apigateway.control emulator.apigateway.v2 emulator.deploying emulator.permissions.formats emulator.validate.documents",
    "granian": "emulator.server emulator.wire",
    "waitress": "emulator.server",
    "threading": "asl_interpreter.loop emulator",
    "time": "asl_interpreter.loop.clock asl_interpreter.timestamps emulator.server emulator.lambdas.runtimes",
    "datetime": "asl_interpreter.loop.clock asl_interpreter.timestamps asl_interpreter.jsonata.dates emulator",
    "jsonata": "asl_interpreter.jsonata.jsonata_python",
    "msgspec": "asl_interpreter.jsontext",
    "pcre2": "asl_interpreter.jsonata.patterns emulator.wire.patterns",
    "asyncio": "emulator.websocket_clients emulator.websockets emulator.bench.asynchronous",
    "concurrent": "emulator.websocket_clients ",
    "sched": "",
}
"""Who may import what."""

TELLS_THE_TIME = {
    ("time", "time"),
    ("time", "time_ns"),
    ("time", "monotonic"),
    ("time", "perf_counter"),
    ("time", "sleep"),
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
}
"""What reads the wall clock, or waits by it."""

MAY_TELL_THE_TIME = {"asl_interpreter.loop.clock", "emulator.server", "emulator.lambdas.runtimes.python"}
"""The Python runtime is a program of its own: it runs in the processes of functions, whose time is real."""

LONGEST_MODULE = 600
SAYS_NOTHING = {"manager", "helper", "helpers", "util", "utils", "common"}
"""Words that say nothing about what a thing is."""


class Module(NamedTuple):
    """One module of ours."""

    name: str
    path: Path
    tree: ast.Module

    @property
    def room(self) -> str:
        """Where it stands: the first part of its name inside its package; inside dynamodb the second one, too."""
        return _room(self.name)


@cache
def modules() -> tuple[Module, ...]:
    found = []
    for package in ("asl_interpreter", "emulator", "dynastep"):
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found.append(Module(name, path, ast.parse(path.read_text(encoding="utf-8"))))
    return tuple(found)


@cache
def names() -> frozenset[str]:
    return frozenset(module.name for module in modules())


def _room(name: str) -> str:
    package, room, inner = ([*name.split("."), "", ""])[:3]
    return f"{room}.{inner}" if package == "emulator" and room == "dynamodb" and inner else room


def nodes(tree: ast.AST, *, functions: bool) -> Iterator[ast.AST]:
    """Every node, less what stands under ``if TYPE_CHECKING``, and inside functions if they are not wanted."""
    yield tree
    if isinstance(tree, ast.If) and "TYPE_CHECKING" in ast.unparse(tree.test):
        return
    if isinstance(tree, ast.FunctionDef) and not functions:
        return
    for child in ast.iter_child_nodes(tree):
        yield from nodes(child, functions=functions)


@cache
def imports(module: Module, *, functions: bool = True) -> frozenset[str]:
    """The modules that a module imports, by their full names."""
    found = set()
    for node in nodes(module.tree, functions=functions):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            origin = _origin(module, node)
            inside = {f"{origin}.{alias.name}" for alias in node.names} & names()
            found |= inside or {origin}
    return frozenset(found)


def _origin(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = module.name.split(".")
    kept = len(parts) - node.level + (module.path.name == "__init__.py")
    return ".".join([*parts[:kept], *([node.module] if node.module else [])])


def ours(module: Module, package: str) -> set[str]:
    return {_room(name) for name in imports(module) if name.split(".")[0] == package}


def test_every_module_has_its_place():
    for module in modules():
        if module.name.split(".")[0] == "dynastep":
            continue
        table = {"": "", **INTERPRETER} if module.name.startswith("asl_interpreter") else EMULATOR
        assert module.room in table, f"{module.name} is in no room"


def test_the_interpreter_knows_nobody_above():
    for module in modules():
        if module.name.startswith("asl_interpreter."):
            strangers = ours(module, "asl_interpreter") - {"", module.room, *INTERPRETER[module.room].split()}
            assert not strangers, f"{module.name} may not know {strangers}"
            assert not ours(module, "emulator"), f"{module.name} may not know the emulator"


def test_rooms_of_the_emulator_know_their_neighbours_only():
    for module in modules():
        if module.name.split(".")[0] == "emulator":
            strangers = ours(module, "emulator") - {module.room, *EMULATOR[module.room].split()}
            assert not strangers, f"{module.name} may not know {strangers}"
            inside = {name.partition(".")[2] for name in imports(module) if name.startswith("asl_interpreter.")}
            private = {
                name for name in inside if any(f"{name}.".startswith(f"{p}.") for p in PRIVATE_TO_THE_INTERPRETER)
            }
            assert not private, f"{module.name} may not know the interpreter's {private}"


def test_the_public_package_is_known_by_nobody():
    for module in modules():
        if module.name.split(".")[0] != "dynastep":
            assert not ours(module, "dynastep"), f"{module.name} may not know what is public: it is what that shows"


def test_the_tables_name_nothing_that_is_gone():
    rooms = {"asl_interpreter": set(), "emulator": {""}, "dynastep": set()}
    for module in modules():
        package = module.name.split(".")[0]
        rooms[package].add(module.room)
    assert INTERPRETER.keys() == rooms["asl_interpreter"] - {""}
    assert EMULATOR.keys() == rooms["emulator"]


def _find_circle(graph: Mapping[str, Iterable[str]]) -> list[str]:
    """A way that leads back to where it began; empty if there is none."""
    done: set[str] = set()

    def visit(name: str, way: list[str]) -> list[str]:
        if name in way:
            return [*way[way.index(name) :], name]
        if name in done:
            return []
        for following in sorted(graph.get(name, ())):
            if circle := visit(following, [*way, name]):
                return circle
        done.add(name)
        return []

    return next((circle for name in sorted(graph) if (circle := visit(name, []))), [])


def test_a_circle_is_found():
    assert _find_circle({"a": "b", "b": "c", "c": "b"}) == ["b", "c", "b"]
    assert _find_circle({"a": "bc", "b": "c", "c": ""}) == []


CIRCLES_INSIDE_A_ROOM = [{f"emulator.deploying.{name}" for name in ("deployment", "types", "types.nested")}]
"""Modules of one room that know each other by an import inside a function. None may be added.

A stack of a template is made as templates are; so what makes one stands among the types that it makes.
"""


def _circles(graph: Mapping[str, Iterable[str]]) -> list[set[str]]:
    """The groups of more than one node of which each leads to all others."""
    reached: dict[str, set[str]] = {}
    for start in graph:
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            for following in graph[waiting.pop()]:
                if following not in seen:
                    seen.add(following)
                    waiting.append(following)
        reached[start] = seen
    groups = {frozenset({a, *(b for b in reached[a] if a in reached[b])}) for a in graph}
    return sorted((set(group) for group in groups if len(group) > 1), key=sorted)


def test_every_circle_is_found():
    assert _circles({"a": "b", "b": "c", "c": "b", "d": "ae", "e": "d", "f": ""}) == [{"b", "c"}, {"d", "e"}]


def test_no_modules_know_each_other_in_a_circle_not_even_inside_functions():
    found = _circles({module.name: imports(module) & names() for module in modules()})
    assert found == CIRCLES_INSIDE_A_ROOM


def test_there_is_no_circle_of_imports_when_the_program_starts():
    graph = {module.name: imports(module, functions=False) & names() for module in modules()}
    assert not (circle := _find_circle(graph)), " -> ".join(circle)


@pytest.mark.parametrize("package", ["asl_interpreter", "emulator"])
def test_no_rooms_know_each_other_in_a_circle_not_even_inside_functions(package):
    graph: dict[str, set[str]] = {}
    for module in modules():
        if module.name.split(".")[0] == package and module.room:
            graph.setdefault(module.room, set()).update(ours(module, package) - {"", module.room})
    assert not (circle := _find_circle(graph)), " -> ".join(circle)


@pytest.mark.parametrize("package", ["asl_interpreter", "emulator"])
def test_no_room_is_allowed_what_it_does_not_use(package):
    used: dict[str, set[str]] = {}
    for module in modules():
        if module.name.split(".")[0] == package:
            used.setdefault(module.room, set()).update(ours(module, package))
    for room, allowed in (INTERPRETER if package == "asl_interpreter" else EMULATOR).items():
        assert not (idle := set(allowed.split()) - used[room]), f"{room} does not use {idle}"


@pytest.mark.parametrize("library", THIRD_PARTY)
def test_a_library_is_imported_where_it_belongs(library):
    allowed = THIRD_PARTY[library].split()
    for module in modules():
        if library in {name.split(".")[0] for name in imports(module)}:
            assert any(module.name == name or module.name.startswith(f"{name}.") for name in allowed), (
                f"{module.name} may not import {library}"
            )


def test_one_module_tells_the_time():
    for module in modules():
        if module.name in MAY_TELL_THE_TIME:
            continue
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                read = (node.value.id, node.attr)
                assert read not in TELLS_THE_TIME, f"{module.name}, line {node.lineno}, reads {'.'.join(read)}"


def test_everything_public_says_what_it_is():
    for module in modules():
        assert ast.get_docstring(module.tree), f"{module.name} has no docstring"
        for node in _public(module.tree):
            assert ast.get_docstring(node), f"{module.name}.{node.name}, line {node.lineno}, has no docstring"


def _public(tree: ast.Module | ast.ClassDef) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            if not any(
                "overload" in ast.unparse(decorator) or ".setter" in ast.unparse(decorator)
                for decorator in node.decorator_list
            ):
                yield node
            if isinstance(node, ast.ClassDef):
                yield from _public(node)


def test_no_module_is_too_long_to_be_read():
    for module in modules():
        lines = len(module.path.read_text(encoding="utf-8").splitlines())
        assert lines <= LONGEST_MODULE, f"{module.name} has {lines} lines"


def test_names_say_what_a_thing_is():
    for module in modules():
        classes = [node.name for node in ast.walk(module.tree) if isinstance(node, ast.ClassDef)]
        for name in (*module.name.split("."), *classes):
            words = {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}
            assert words.isdisjoint(SAYS_NOTHING), f"{name} in {module.name}"


INSIDE_THEIR_ROOM = ("jsonata", "dynamodb", "runtimes", "types")
"""Folders whose modules the plan of the house does not list: each says what it is itself."""


def test_the_plan_of_the_house_is_true():
    plan = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").split("```")[1]
    listed = set(re.findall(r"[\w_]+\.py\b|[\w_]+/", plan))
    found = set()
    for module in modules():
        path = module.path.relative_to(ROOT)
        found |= {f"{folder}/" for folder in path.parts[:-1]}
        inside = any(folder in INSIDE_THEIR_ROOM for folder in path.parts[:-1])
        if not inside and not path.name.startswith("__"):
            found.add(path.name)
    elsewhere = {f"{room}/" for room in ("model", "expressions", "partiql", "items", "control", "changes", "copies")}
    assert listed - elsewhere == found - elsewhere


def test_two_modules_of_tests_have_one_name_only_where_they_are_in_packages():
    """pytest imports a module that is in no package by its bare name, and refuses a second one of that name."""
    bare = [path for path in (ROOT / "tests").rglob("test_*.py") if "node_modules" not in path.parts]
    names = Counter(path.name for path in bare if not path.with_name("__init__.py").exists())
    assert [name for name, count in names.items() if count > 1] == []
