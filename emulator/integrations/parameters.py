"""Parameters: what an integration takes, and what AWS says of arguments that it cannot use. Fed by botocore's models.

Step Functions looks twice: at the definition, as far as it can be read, when a state machine is created, and at the
arguments when a Task starts. Texts as observed on AWS; that only the second look sees values of a wrong kind is ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from asl_interpreter.errors import RUNTIME, StateError
from asl_interpreter.jsontext import JSON, dumps

if TYPE_CHECKING:
    from botocore.model import OperationModel, Shape

    from asl_interpreter.tasks import IsComputed

Spelling: TypeAlias = Callable[[str], str]
"""How Step Functions writes the name of a member."""


class Kind(NamedTuple):
    """What stands for a shape where no model has one: text, true and false, a list, an object."""

    type_name: str
    value: Kind | None = None
    """What an object holds; None for any JSON."""
    member: Kind | None = None
    """What a list holds."""


TEXT: Final = Kind("string")
OBJECT: Final = Kind("map")
TEXTS: Final = Kind("map", TEXT)
LISTS: Final = Kind("map", Kind("list", member=TEXT))
"""An object of lists of texts."""
FLAG: Final = Kind("boolean")


class Member(NamedTuple):
    """A member of a request: its name there, and its shape, None for any JSON. ``Ids[]`` is a list of the one value."""

    name: str
    shape: Shape | Kind | None


class Alteration(Enum):
    """What a member of a structure is to an integration, where the model says something else."""

    REQUIRED = auto()
    ABSENT = auto()
    TRUE = auto()
    """Required, and a flag that must be set."""


Altered: TypeAlias = Mapping[str, Mapping[str, Alteration]]
"""The name of a structure in its model -> a member, by Step Functions' name -> what it is."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """What an integration takes."""

    members: Mapping[str, Member]
    """By the names that Step Functions has for them."""
    required: tuple[str, ...]
    spelling: Spelling
    texts: frozenset[str] = frozenset()
    """Members that are texts to the service but any JSON to Step Functions."""
    writes_json: bool = False
    """Whether an object or an array in place of any text is written as one: observed for ``aws-sdk`` integrations."""
    tokens: tuple[str, ...] = ()
    """Members of the request that say that two requests are one; the caller fills them in where they are missing."""
    filled: Mapping[str, Member] = field(default_factory=dict)
    """Members that Step Functions fills in before the request is made, and that are refused in a definition."""
    altered: Altered = field(default_factory=dict)

    def check(self, arguments: JSON, is_computed: IsComputed) -> Iterator[str]:
        """What is wrong with arguments as a definition has them."""
        if isinstance(arguments, dict):
            yield from _Look(self, is_computed).at_members(self.members, self.required, arguments)

    def check_start(self, arguments: JSON) -> None:
        """Look at the arguments of a Task that starts.

        Raises:
            StateError: States.Runtime, no request can be made of them.
        """
        if not isinstance(arguments, dict):
            raise unusable(arguments, "The Parameters must be an object")
        complaints = list(_Look(self, None).at_members(self.members, self.required, arguments))
        if complaints:
            raise unusable(arguments, ", ".join(complaints))

    def request(self, arguments: JSON, *, wire: bool = False) -> dict[str, Any]:
        """Arguments that pass ``check_start``, as the operation takes them; ``wire``: blobs and times stay JSON."""
        return self._made({**self.members, **self.filled}, arguments, wire=wire)

    def _made(self, members: Mapping[str, Member], value: Mapping[str, JSON], *, wire: bool) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key, content in value.items():
            if content is not None:
                name, shape = members[key]
                part = self._part(shape, content, key, wire=wire)
                made[name.removesuffix("[]")] = [part] if name.endswith("[]") else part
        return made

    def _part(self, shape: Any, value: JSON, key: str, *, wire: bool) -> Any:
        if shape is None:
            return value
        kind = shape.type_name
        if kind == "blob":
            text = value if isinstance(value, str) else dumps(value)
            return text if wire else text.encode()
        if kind == "structure" and not shape.is_document_type:
            return self._made(spelled(shape, self.spelling), value, wire=wire)
        if kind == "list":
            return [self._part(shape.member, item, key, wire=wire) for item in value]
        if kind == "map":
            return {
                name: self._part(shape.value, item, name, wire=wire) for name, item in value.items() if item is not None
            }
        if (key in self.texts and not isinstance(value, str)) or (kind == "string" and isinstance(value, (dict, list))):
            return dumps(value)
        return value


@cache
def spelled(shape: Any, spelling: Spelling) -> Mapping[str, Member]:
    """The members of a structure by Step Functions' names."""
    return {spelling(name): Member(name, member) for name, member in shape.members.items()}


def of_operation(
    operation: OperationModel,
    spelling: Spelling,
    *,
    takes: frozenset[str] | None = None,
    renamed: Mapping[str, str] | None = None,
    texts: frozenset[str] = frozenset(),
    writes_json: bool = False,
    fills_tokens: bool = False,
    added: Mapping[str, Kind] | None = None,
    filled: frozenset[str] = frozenset(),
    altered: Altered | None = None,
) -> Parameters:
    """What an operation takes; only the members that ``takes`` names, if it is given, and those that are ``added``.

    ``renamed``: Step Functions' name of a member -> what it is in the request, ``Ids[]`` for the one item of a list.
    ``fills_tokens``: whether tokens that the service requires may be missing, as those that AWS's SDKs fill in.
    """
    shape: Any = operation.input_shape
    if shape is None:
        return Parameters({}, (), spelling)
    altered = altered or {}
    members = dict(spelled(shape, spelling))
    fill = {name: members[name] for name in filled}
    required = [spelling(name) for name in shape.required_members]
    for name, target in (renamed or {}).items():
        member = members.pop(spelling(target.removesuffix("[]")))
        single: Any = member.shape.member if target.endswith("[]") else member.shape  # type: ignore[union-attr]  # a list's
        members[name] = Member(target, single)
        required = [name if spelling(target.removesuffix("[]")) == other else other for other in required]
    if takes is not None:
        members = {name: member for name, member in members.items() if name in takes}
        required = [name for name in required if name in takes]
    members |= {name: Member(name, kind) for name, kind in (added or {}).items()}
    members, required = _altered(shape, altered, members, required)
    tokens = [name for name in operation.idempotent_members if fills_tokens and name.endswith("Token")]
    required = [name for name in required if name not in map(spelling, tokens)]
    return Parameters(members, tuple(required), spelling, texts, writes_json, tuple(tokens), fill, altered)


def _altered(
    shape: Any, altered: Altered, members: Mapping[str, Member], required: Iterable[str]
) -> tuple[dict[str, Member], list[str]]:
    """The members of a structure and those that are required, as the integration has them."""
    changes = altered.get(shape.name, {})
    absent = {name for name, change in changes.items() if change is Alteration.ABSENT}
    kept = {name: member for name, member in members.items() if name not in absent}
    return kept, [name for name in dict.fromkeys((*required, *changes)) if name not in absent]


class _Look:
    """One look at arguments: at those of a definition, or (``is_computed`` is None) at those of a Task that starts."""

    def __init__(self, parameters: Parameters, is_computed: IsComputed | None) -> None:
        self._spelling = parameters.spelling
        self._texts = parameters.texts
        self._writes_json = parameters.writes_json
        self._altered = parameters.altered
        self._is_computed = is_computed

    def at_members(
        self, members: Mapping[str, Member], required: Iterable[str], value: Mapping[str, JSON]
    ) -> Iterator[str]:
        given = set()
        for key, content in value.items():
            computed = self._is_computed is not None and self._is_computed(key, content)
            name = key.removesuffix(".$") if computed else key
            if content is not None or not isinstance(members.get(name, _UNKNOWN).shape, Kind):
                given.add(name)  # of null, a service itself has something to say, as observed on AWS
            if name in members:
                if not computed and content is not None:
                    yield from self._at_value(members[name].shape, content, name)
            elif name == key:  # that of a reference is looked at when the Task starts, as observed on AWS
                yield f'The field "{key}" is not supported by Step Functions'
        for name in required:
            if name not in given:
                yield f"The field '{name}' is required but was missing"

    def _at_value(self, shape: Any, value: JSON, name: str) -> Iterator[str]:
        if shape is None or shape.type_name == "blob" or name in self._texts:
            return
        kind = shape.type_name
        if kind == "structure" and shape.is_document_type:
            return
        if kind == "string" and self._writes_json and isinstance(value, (dict, list)):
            return
        if type(value) not in _JSON_TYPES[kind]:
            if self._is_computed is None:
                yield f"The value of the field '{name}' has an invalid format"
        elif kind == "structure":
            yield from self._at_structure(shape, value)
        elif kind in ("list", "map"):
            inner = shape.member if kind == "list" else shape.value
            for key, item in value.items() if kind == "map" else (("", item) for item in value):
                if item is not None and (self._is_computed is None or not self._is_computed(key, item)):
                    yield from self._at_value(inner, item, name)

    def _at_structure(self, shape: Any, value: dict[str, JSON]) -> Iterator[str]:
        required = map(self._spelling, shape.required_members)
        members = spelled(shape, self._spelling)
        yield from self.at_members(*_altered(shape, self._altered, members, required), value)
        for member, change in self._altered.get(shape.name, {}).items():
            if change is Alteration.TRUE and self._is_computed is None and value.get(member) is False:
                yield f"The value of the field '{member}' has an invalid format"


_UNKNOWN: Final = Member("", None)
_NUMBER: Final = (int, float)
_JSON_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "string": (str,),
    "character": (str,),
    "timestamp": (str, *_NUMBER),
    "boolean": (bool,),
    **dict.fromkeys(("integer", "long", "short", "byte", "bigInteger", "float", "double", "bigDecimal"), _NUMBER),
}
"""What a member of a shape must be as JSON."""


def unusable(arguments: JSON, why: str) -> StateError:
    """Arguments that no request can be made of."""
    return StateError(RUNTIME, f"The Parameters '{dumps(arguments)}' could not be used to start the Task: [{why}]")
