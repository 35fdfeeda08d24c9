"""Pickling: the state of a world as bytes, and back.

What a world *holds* (tables, machines, moto's backends) is pickled; what it *is made of* (its clock, its engine, its
locks) is not: such a part is named, and the world that reads the bytes puts its own in its place. For example, a stream
of a table refers to the clock: the bytes say "the clock".

Whoever reads a pickle runs what it names. So the reader takes nothing but classes of the packages that ``_MAY_BE_READ``
lists: a file of elsewhere can make objects of these, and call no function of Python's.
"""

from __future__ import annotations

import io
import pickle
import re
import weakref
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from importlib import import_module
from itertools import count
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType
from typing import Any, Final

from asl_interpreter.loop.locks import is_lock, lock, plain_condition, plain_lock
from emulator.progress import Step

_LOCK: Final = type(plain_lock())

_MAY_BE_READ: Final = frozenset(
    {"asl_interpreter", "emulator", "moto", "sortedcontainers", "collections", "datetime", "decimal", "fractions"}
    | {
        "uuid",
        "zoneinfo",
        "random",
        "ipaddress",
        "werkzeug",
        "requests",
        "py_partiql_parser",
        "responses",
        "enum",
        "joserfc",
    }
)
"""Packages whose classes a pickle may name."""
_BUILTINS: Final = frozenset(
    {"object", "dict", "list", "set", "frozenset", "tuple", "bytearray", "bytes", "str", "int", "float", "complex"}
    | {"bool", "range", "slice", "NotImplementedType", "ellipsis"}
)
_FUNCTIONS: Final = frozenset(
    {("copyreg", "_reconstructor"), ("copyreg", "__newobj__"), ("copyreg", "__newobj_ex__"), ("_codecs", "encode")}
)
"""Functions that Python's own pickles call, and that do nothing but make an object."""


class CannotKeep(Exception):
    """A part of the state cannot be kept. The message says which, and why."""


class Unreadable(Exception):
    """Bytes are not what this version of Dynastep keeps. The message says what is wrong."""


def dump(value: Any, named: Mapping[str, object], step: Step | None = None) -> bytes:
    """The bytes of a value; ``named`` are the parts that stand for themselves, by name.

    ``step`` is told of each object of a dataclass of ours, such as an item of a table.

    Raises:
        CannotKeep: the value holds something that no other process could be given.
    """
    file = io.BytesIO()
    try:
        _Pickler(file, {id(part): name for name, part in named.items()}, step).dump(value)
    except (pickle.PicklingError, TypeError, AttributeError, RecursionError) as error:
        raise CannotKeep(str(error)) from error
    return file.getvalue()


def load(kept: bytes, named: Mapping[str, object], step: Step | None = None) -> Any:
    """The value of bytes that ``dump`` has made, with the parts of this world in it.

    ``step`` is told of the bytes that were read.

    Raises:
        Unreadable: they are of another version of a package, or no such bytes at all.
    """
    try:
        return _Unpickler(io.BytesIO(kept) if step is None else _Reading(kept, step), named).load()
    except Unreadable:
        raise
    except Exception as error:
        raise Unreadable(f"{type(error).__name__}: {error}") from error


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO, named: Mapping[int, str], step: Step | None) -> None:
        super().__init__(file, protocol=5)
        self._named = named
        self._step = step

    def reducer_override(self, value: Any) -> Any:
        """How a value is taken apart that Python cannot, or should not, take apart by itself."""
        name = self._named.get(id(value))
        if name is not None:
            return _part, (name,)
        kind = type(value)
        reduce = _REDUCERS.get(kind)
        if reduce is not None:
            return reduce(value)
        if isinstance(value, defaultdict) and kind is not defaultdict:
            return _empty, (kind,), (value.default_factory, vars(value)), None, iter(value.items()), _refill
        if is_lock(value):
            return _again, (lock, (value.name, *value.place))
        if kind.__module__ == "cryptography.hazmat.bindings._rust.openssl.rsa" and hasattr(value, "private_bytes"):
            return _private_key, (_pem(value),)
        if is_dataclass(value) and not isinstance(value, type) and _is_ours(kind):
            if self._step is not None:
                self._step(1)
            return _blank, (kind,), _members(value), None, None, _take
        if isinstance(value, type | BuiltinFunctionType) and not self._is_readable(value):
            raise CannotKeep(f"{value.__module__}.{value.__qualname__} cannot be read again")
        return NotImplemented

    @staticmethod
    def _is_readable(named: Any) -> bool:
        place = (named.__module__, named.__qualname__)
        return _may_be_read(*place) or place in _OURS or place in _FUNCTIONS


def _part(name: str) -> object:
    """Stands for a part of the world that reads; the reader knows which."""
    raise AssertionError(name)


def _again(make: Callable[..., Any], given: tuple[Any, ...]) -> Any:
    return make(*given) if make in (lock, plain_lock, plain_condition) else None


def _is_ours(kind: type) -> bool:
    return kind.__module__.partition(".")[0] in ("asl_interpreter", "emulator")


def _members(value: Any) -> dict[str, Any]:
    keep = getattr(value, "kept", None)
    members = {each.name: getattr(value, each.name) for each in fields(value)}
    return members if keep is None else keep(members)


def _blank(kind: type) -> Any:
    """An object of a dataclass without its members: they may lead back to it."""
    return object.__new__(kind)


def _take(made: Any, members: dict[str, Any]) -> None:
    """Give an object its members. A field that was not there when it was kept has its default."""
    for each in fields(made):
        if each.name in members:
            value = members[each.name]
        elif each.default is not MISSING:
            value = each.default
        elif each.default_factory is not MISSING:
            value = each.default_factory()
        else:
            raise Unreadable(f"{type(made).__name__} was kept without its field {each.name!r}, by another version")
        object.__setattr__(made, each.name, value)
    renew = getattr(made, "renewed", None)
    if renew is not None:
        renew()


def _empty(kind: type[defaultdict[Any, Any]]) -> defaultdict[Any, Any]:
    return kind.__new__(kind)


def _refill(made: defaultdict[Any, Any], state: tuple[Any, dict[str, Any]]) -> None:
    made.default_factory = state[0]
    vars(made).update(state[1])


def _bound(owner: Any, name: str) -> MethodType:
    """A method of an object again."""
    method = None if name.startswith("__") else getattr(owner, name)
    if not isinstance(method, MethodType):
        raise Unreadable(f"{name!r} is no method of {type(owner).__name__}")
    return method


def _weak(values: dict[Any, Any]) -> weakref.WeakValueDictionary[Any, Any]:
    return weakref.WeakValueDictionary(values)


def _pattern(pattern: str | bytes, flags: int) -> re.Pattern[Any]:
    return re.compile(pattern, flags)


def _count(text: str) -> count[int]:
    return count(int(text))


def _pem(key: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    pem: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem


def _private_key(pem: bytes) -> Any:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    return load_pem_private_key(pem, None)


def _function(value: FunctionType) -> Any:
    """A function inside of another one, such as the lambda of a defaultdict, by its place in its module."""
    if (value.__module__, value.__qualname__) in _OURS or value is _part:
        return NotImplemented
    if "<locals>" not in value.__qualname__:
        raise CannotKeep(f"the function {value.__module__}.{value.__qualname__} cannot be read again")
    if value.__closure__:
        raise CannotKeep(f"the function {value.__module__}.{value.__qualname__} holds values of its own")
    return _inner, (value.__module__, value.__qualname__, value.__code__.co_firstlineno)


def _inner(module: str, name: str, line: int) -> FunctionType:
    if module.partition(".")[0] not in ("moto", "emulator"):
        raise Unreadable(f"a function of {module} is not read")
    found = import_module(module)
    outer: Any = found
    parts = name.split(".<locals>", maxsplit=1)[0].split(".")
    for part in parts:
        outer = getattr(outer, part)
    for code in _codes(outer.__code__):
        if code.co_firstlineno == line and name.endswith(code.co_name):
            return FunctionType(code, vars(found), code.co_name)
    raise Unreadable(f"{module} has no function {name} any more: it is another version")


def _codes(code: CodeType) -> list[CodeType]:
    inner = [each for each in code.co_consts if isinstance(each, CodeType)]
    return [*inner, *(deeper for each in inner for deeper in _codes(each))]


_REDUCERS: Final[dict[type, Callable[[Any], Any]]] = {
    _LOCK: lambda _: (_again, (plain_lock, ())),
    MethodType: lambda value: (_bound, (value.__self__, value.__name__)),
    FunctionType: _function,
    type(plain_condition()): lambda _: (_again, (plain_condition, ())),
    re.Pattern: lambda value: (_pattern, (value.pattern, value.flags)),
    weakref.WeakValueDictionary: lambda value: (_weak, (dict(value),)),
    count: lambda value: (_count, (repr(value)[len("count(") : -1],)),
}
_OURS: Final[dict[tuple[str, str], Any]] = {
    (__name__, each.__name__): each
    for each in (_again, _blank, _take, _empty, _refill, _bound, _weak, _pattern, _count, _private_key, _inner)
} | {("asl_interpreter.loop.locks", each.__name__): each for each in (lock, plain_lock, plain_condition)}


def _may_be_read(module: str, name: str) -> bool:
    return name in _BUILTINS if module == "builtins" else module.partition(".")[0] in _MAY_BE_READ


class _Reading(io.BytesIO):
    """Bytes that tell how many of them are read."""

    def __init__(self, kept: bytes, step: Step) -> None:
        super().__init__(kept)
        self._step = step

    def read(self, size: int | None = -1, /) -> bytes:
        """As of any file."""
        found = super().read(size)
        self._step(len(found))
        return found


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, named: Mapping[str, object]) -> None:
        super().__init__(file)
        self._parts = named

    def find_class(self, module: str, name: str) -> Any:
        """What a pickle names, if it may.

        Raises:
            Unreadable: it may not.
        """
        if (module, name) == (__name__, _part.__name__):
            return self._part
        known = _OURS.get((module, name))
        if known is not None:
            return known
        if (module, name) in _FUNCTIONS or _may_be_read(module, name):
            found = super().find_class(module, name)
            if (module, name) in _FUNCTIONS:
                return found
            if isinstance(found, type):
                return found
        raise Unreadable(f"{module}.{name} is nothing that Dynastep keeps")

    def _part(self, name: str) -> object:
        try:
            return self._parts[name]
        except KeyError:
            raise Unreadable(f"there is no part {name!r} in this version") from None
