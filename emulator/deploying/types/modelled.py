"""Types that are made by operations whose parameters are their properties, as AWS's models and schemas name both.

A row of a table says which service has a type and what the service calls one; the rest is read from the models:

    "AWS::Athena::NamedQuery": Modelled("athena", "NamedQuery")

is made by CreateNamedQuery and goes by DeleteNamedQuery. The schema of the type says which property identifies a
resource and what Fn::GetAtt gives; both are found by their names in what the operations answer. ``Id`` of a named query
is the ``NamedQueryId`` of an answer, and the other way round. A property that an operation does not take is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, TypeAlias

from emulator.deploying.schemas import schema
from emulator.deploying.services import NOT_UPDATABLE, Refused
from emulator.deploying.types.resource_type import (
    Made,
    Order,
    Properties,
    ResourceType,
    fit,
    fit_value,
    naming_property,
    pairs,
    tag_property,
)
from emulator.wire.operations import service_model

Answer: TypeAlias = dict[str, Any]
Bags: TypeAlias = Sequence[Mapping[str, Any]]
"""Where values are looked for by their names, the nearest first."""

_TAGGING: Final = {
    "ec2": ("CreateTags", "DeleteTags"),
    "elb": ("AddTags", "RemoveTags"),
    "elbv2": ("AddTags", "RemoveTags"),
    "opensearch": ("AddTags", "RemoveTags"),
    "es": ("AddTags", "RemoveTags"),
    "sagemaker": ("AddTags", "DeleteTags"),
    "cloudtrail": ("AddTags", "RemoveTags"),
    "emr": ("AddTags", "RemoveTags"),
    "redshift": ("CreateTags", "DeleteTags"),
    "rds": ("AddTagsToResource", "RemoveTagsFromResource"),
    "dms": ("AddTagsToResource", "RemoveTagsFromResource"),
    "elasticache": ("AddTagsToResource", "RemoveTagsFromResource"),
    "acm": ("AddTagsToCertificate", "RemoveTagsFromCertificate"),
    "firehose": ("TagDeliveryStream", "UntagDeliveryStream"),
}
"""The operations that tag and untag, where they are not called TagResource and UntagResource."""
_TAG_MEMBERS: Final = frozenset(
    {"tags", "taglist", "tagslist", "hostedzonetags", "userpooltags", "tagstoadd", "tagspecifications"}
)
_KEY_MEMBERS: Final = frozenset({"tagkeys", "tagkeylist", "tagstoremove", "keys"})
_BY_ID: Final = frozenset({"ec2", "efs", "elb", "emr", "firehose"})
"""Services whose tags are put on ids, not on ARNs."""


_EVERYWHERE: Final = frozenset({"cloudfront", "iam", "route53"})
"""Services whose ARNs name no region."""


def _nothing(_order: Order, _before: Properties, _made: Made) -> None:
    """Nothing is left to do."""


@dataclass(frozen=True)
class Modelled(ResourceType):
    """A type of a service, called ``noun`` there."""

    service: str
    noun: str
    create_by: str = ""
    """The operation, where it is not Create and the noun."""
    read_by: str = ""
    update_by: str = ""
    delete_by: str = ""
    ref: str = ""
    """What Ref gives, where it is not the identifier of AWS's schema: names of properties, joined by ``|``."""
    arn: str = ""
    """Service and resource of the ARN, where no operation answers it: ``athena:workgroup/{id}``."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Properties and identifiers that operations call something else."""
    ways: Mapping[str, str] = field(default_factory=dict)
    """Where answers have an attribute, by the dotted names of what it is inside of."""
    always: Mapping[str, Any] = field(default_factory=dict)
    """Parameters that each operation that takes them is given."""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    """Parameters of ``create`` that a template may leave out."""
    elsewhere: frozenset[str] = frozenset()
    """Properties that ``afterwards`` sets, or the operation that deletes."""
    afterwards: Callable[[Order, Properties, Made], None] = _nothing
    """Further calls, after creation (with no properties before) and after an update."""
    before_deletion: Callable[[Order, Made], object] = lambda _order, _made: None
    kept: tuple[str, ...] = ()
    """What operations answer beside identifiers and attributes, and other operations want."""
    prepared: Callable[[Order], Mapping[str, Any]] = lambda _order: {}
    """Parameters, before the properties are put over them."""
    answered: Callable[[Order, Answer], Mapping[str, Any]] = lambda _order, _answer: {}
    """What tells which resource was made, where the answer itself does not."""
    more: Callable[[Order, Made], Mapping[str, Any]] = lambda _order, _made: {}
    """Attributes that further calls find."""
    shaped: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    """Properties that operations take in another shape."""
    longest: int = 64
    lower: bool = False
    alphanumeric: bool = False
    """Whether a name that is made up has letters and digits alone."""
    keyed: tuple[str, ...] = ()
    """The parameters by which operations know a resource, where they require none of several."""
    wrapped: tuple[str, ...] = ()
    """The parameters, each of another operation, that hold the properties which it does not take at its top."""
    changed_by_hand: frozenset[str] = frozenset()
    """Properties that ``create`` takes and ``afterwards`` changes."""
    reworded: frozenset[str] = frozenset()
    """Properties that the service shows in other words than it is given."""
    tag_kind: str = ""
    """What TagSpecifications of EC2 call the type."""
    retagged: bool = True
    """Whether tags can be changed."""

    # The operations.

    def _operation(self, given: str, *verbs: str) -> str | None:
        """The name of an operation: the one given, or the first verb that the service has with the noun."""
        if given:
            return given
        names = service_model(self.service).operation_names
        known = {name.lower(): name for name in names}
        for noun in (self.noun, _plural(self.noun)):
            for verb in verbs:
                if found := known.get(f"{verb}{noun}".lower()):
                    return found
        return None

    @property
    def _create(self) -> str:
        return self.create_by or f"Create{self.noun}"

    @property
    def _read(self) -> str | None:
        return self._operation(self.read_by, "Describe", "Get")

    @property
    def _update(self) -> str | None:
        return self._operation(self.update_by, "Update", "Modify", "Put")

    @property
    def _delete(self) -> str | None:
        return self._operation(self.delete_by, "Delete")

    def _members(self, operation: str) -> Mapping[str, Any]:
        """The parameters of an operation."""
        shape: Any = service_model(self.service).operation_model(operation).input_shape
        members: Mapping[str, Any] = {} if shape is None else shape.members
        return members

    def _required(self, operation: str) -> list[str]:
        shape: Any = service_model(self.service).operation_model(operation).input_shape
        return [] if shape is None else list(shape.required_members)

    # Parameters.

    def _member(self, prop: str, members: Mapping[str, Any]) -> str | None:
        """The parameter that takes a property."""
        known = {_plain(name): name for name in members}
        for spelling in _spellings(self.renamed.get(prop, prop), self.noun):
            if spelling in known:
                return known[spelling]
        return None

    def _wrapper(self, members: Mapping[str, Any]) -> str | None:
        return next((name for name in self.wrapped if name in members), None)

    def _params(self, order: Order, operation: str, *, strict: frozenset[str]) -> Answer:
        """The properties of a resource as parameters. Raises Refused, one of ``strict`` is not among these."""
        members = self._members(operation)
        given: Answer = dict(self.prepared(order))
        for prop, in_template in order.properties.items():
            if prop == tag_property(order.type) or prop in self.elsewhere:
                continue
            value = self.shaped[prop](in_template) if prop in self.shaped else in_template
            member = self._member(prop, members)
            if member is not None:
                given[member] = {**given[member], **value} if isinstance(given.get(member), dict) else value
            elif (wrapper := self._wrapper(members)) is not None:
                given.setdefault(wrapper, {})[self.renamed.get(prop, prop)] = value
            elif prop in strict:
                raise Refused(f"Dynastep does not handle {prop} of {order.type}", "InvalidRequest")
        given = {name: value for name, value in given.items() if name in members}
        return {**fit(self.service, operation, given, order), **self._fixed(order, members)}

    def _fixed(self, order: Order, members: Mapping[str, Any]) -> Answer:
        """Parameters that do not come from the resource."""
        fixed = {name: value for name, value in self.always.items() if name in members}
        return {**fixed, "AccountId": order.services.account} if "AccountId" in members else fixed

    def _key(self, order: Order, made: Made, operation: str) -> Answer:
        """The parameters by which an operation knows the resource."""
        members = self._members(operation)
        wanted = self.keyed or self._required(operation) or self._identifier(order.type)
        own = {**made.attributes, "::id": made.id}
        found: Answer = self._fixed(order, members)
        for name in wanted:
            member = name if name in members else self._member(name, members)
            if member is None:
                member = self._member(f"{name}s", members) or self._member(_plural(self.noun), members)
            if member is not None and member not in found:
                value = self._named(member, members[member], (own, order.properties))
                if value is None and _plain(member) == _plain(_plural(self.noun)):
                    value = [made.id]
                if value is not None:
                    found[member] = value
        missing = [name for name in self._required(operation) if name not in found]
        if len(missing) == 1:
            shape = members[missing[0]]
            found[missing[0]] = [made.id] if shape.type_name == "list" else made.id
        return found

    def _named(self, name: str, shape: Any, bags: Bags) -> Any:
        """What a parameter that names a resource is given."""
        match shape.type_name:
            case "list" if shape.member.type_name == "string":
                value = self._found(name.removesuffix("s"), bags)
                return None if value is None else [value]
            case "structure":
                held = {each: self._named(each, of, bags) for each, of in shape.members.items()}
                arns = {each: value for each, value in held.items() if value is not None and each.endswith("Arn")}
                return arns or {each: value for each, value in held.items() if value is not None} or None
            case "string" | "integer" | "long" | "timestamp":
                value = self._found(name, bags)
                return None if value is None or isinstance(value, dict | list) else fit_value(shape, value)
        return None

    def _found(self, name: str, bags: Bags) -> Any:
        """The value of a name, in its own spelling or in that of operations or properties."""
        called = self.renamed.get(name)
        others = [prop for prop, operations_call_it in self.renamed.items() if operations_call_it == name]
        for each in (name, *([] if called is None else [called]), *others):
            value = _lookup(each, self.noun, bags)
            if value is not None:
                return value
        return None

    def _identifier(self, kind: str) -> tuple[str, ...]:
        """The properties that make the physical id of a resource."""
        if self.ref:
            return tuple(self.ref.split("|"))
        known = schema(kind)
        return known.identifier if known is not None else ()

    def _names(self, order: Order, operation: str, params: Answer) -> Iterator[str]:
        """The names that are made up: the one that identifies a resource, and those that its operation requires."""
        naming = naming_property(order.type)
        if naming is not None and naming not in order.properties:
            yield naming
        known = schema(order.type)
        missing = {name for name in self._required(operation) if name not in params and name not in self.always}
        for name in known.properties if known is not None and missing else ():
            if name != naming and name.endswith("Name") and self._member(name, self._members(operation)) in missing:
                yield name

    # What is there.

    def _made(self, order: Order, params: Answer, answer: Answer, known: Mapping[str, Any]) -> Made:
        """What was made, found in what operations have answered; they are asked for what is still missing."""
        kind = schema(order.type)
        identifier = self._identifier(order.type)
        names = {*identifier, *self.kept, *(kind.attributes if kind is not None else ())}
        names |= set(kind.identifier) if kind is not None else set()
        bags = [known, *_bags(answer, self.noun), order.properties, params]
        found = self._attributes(names, bags)
        self._find_arn(order, found, names)
        read = self._read
        if found.keys() < names and read is not None and all(name in found for name in identifier):
            temporary = Made("|".join(str(found[name]) for name in identifier), {**known, **found})
            found = {**found, **self._attributes(names, [*self._look(order, temporary), *bags])}
        missing = [name for name in identifier if name not in found]
        if missing:
            raise Refused(f"Dynastep cannot tell which {order.type} was made: {missing}", "GeneralServiceException")
        return Made("|".join(str(found[name]) for name in identifier), found)

    def _find_arn(self, order: Order, found: dict[str, Any], names: set[str]) -> None:
        """The ARN of a type whose operations do not answer one."""
        if not self.arn:
            return
        service, _, resource = self.arn.partition(":")
        words = {name: str(value) for name, value in {**order.properties, **found}.items() if "." not in name}
        try:
            text = order.services.arn(service, resource.format(**{**words, "id": "|".join(self._ids(order, found))}))
        except KeyError:
            return
        if service in _EVERYWHERE:
            text = text.replace(f":{order.services.region}:", "::", 1)
        for name in names:
            if name not in found and _plain(name) in ("arn", f"{_plain(self.noun)}arn", "resourcearn"):
                found[name] = text
        found.setdefault("::arn", text)

    def _ids(self, order: Order, found: Mapping[str, Any]) -> list[str]:
        return [str(found[name]) for name in self._identifier(order.type) if name in found]

    def _attributes(self, names: set[str], bags: Bags) -> dict[str, Any]:
        found = {}
        for name in names:
            way = self.ways.get(name, name)
            value = _walk(way, self.noun, bags) if "." in way else self._found(way, bags)
            if value is not None and not isinstance(value, dict):
                found[name] = value
        return found

    def _look(self, order: Order, made: Made) -> Bags:
        """The resource as its service describes it; nothing where no operation does. Raises Refused."""
        operation = self._read
        if operation is None:
            return ()
        params = self._key(order, made, operation)
        if not params:
            return ()
        answer = order.call(self.service, operation, **params)
        return list(_bags(answer, self.noun, made.id))

    def look(self, order: Order, made: Made) -> Mapping[str, Any] | None:
        """The properties of a resource as they are now, those of the order that its service shows."""
        bags = self._look(order, made)
        if not bags:
            return None
        tags = tag_property(order.type)
        shown = {}
        for prop in order.properties:
            if prop != tags and prop not in self.elsewhere | self.shaped.keys() | self.reworded:
                value = self._found(prop, bags)
                if value is not None:
                    shown[prop] = value
        return shown

    def shows(self, order: Order, name: str) -> bool:
        """Whether the service shows a resource of a name. Raises Refused."""
        [identifier] = self._identifier(order.type)
        bags = self._look(order, Made(name, {identifier: name}))
        return any(name in bag.values() for bag in bags)

    # Tags.

    @property
    def takes_tags(self) -> bool:  # type: ignore[override]  # a class attribute elsewhere
        """Whether tags can be changed."""
        return self.retagged and self._tagging()[0] in service_model(self.service).operation_names

    def _tagging(self) -> tuple[str, str]:
        return _TAGGING.get(self.service, ("TagResource", "UntagResource"))

    def _tags(self, operation: str, tags: Mapping[str, str]) -> Answer:
        """The parameter that gives an operation tags; none where it takes none."""
        for name, shape in self._members(operation).items():
            if name.lower() not in _TAG_MEMBERS:
                continue
            if name == "TagSpecifications":
                return {name: [{"ResourceType": self.tag_kind or _dashed(self.noun), "Tags": pairs(tags)}]}
            if shape.type_name == "map":
                return {name: dict(tags)}
            if shape.type_name == "structure":
                return {name: {"Items": pairs(tags)}}
            key, value = sorted(shape.member.members)[:2]
            return {name: pairs(tags, key, value)}
        return {}

    def _retag(self, order: Order, before: Properties, made: Made) -> None:
        if not tag_property(order.type):
            return
        tag, untag = self._tagging()

        def take(keys: list[str]) -> None:
            gone: Answer = {}
            for name, shape in self._members(untag).items():
                if name.lower() in _KEY_MEMBERS:
                    gone[name] = {"Items": keys} if shape.type_name == "structure" else keys
                elif name.lower() in _TAG_MEMBERS:
                    gone[name] = [{min(shape.member.members): key} for key in keys]
            order.call(self.service, untag, **self._tagged(order, made, untag), **gone)

        def give(tags: dict[str, str]) -> None:
            order.call(self.service, tag, **self._tagged(order, made, tag), **self._tags(tag, tags))

        order.retag(before, give, take)

    def _tagged(self, order: Order, made: Made, operation: str) -> Answer:
        """The parameters that say what is tagged: by its ARN, or as its service knows it. Raises Refused."""
        own = {"arn", f"{_plain(self.noun)}arn"}
        arns = [value for name, value in made.attributes.items() if name == "::arn" or _plain(name) in own]
        if self.service in _BY_ID:
            target = made.attributes[self.keyed[0]] if len(self.keyed) == 1 else made.id
        elif arns or made.id.startswith("arn:"):
            target = arns[0] if arns else made.id
        else:
            raise Refused(f"Dynastep cannot change the tags of {order.type}", NOT_UPDATABLE)
        members = self._members(operation)
        skipped = _TAG_MEMBERS | _KEY_MEMBERS | {"accountid"}
        member = next(name for name in self._required(operation) if name.lower() not in skipped)
        named = [target] if members[member].type_name == "list" else target
        return {member: named, **self._fixed(order, members)}

    # Its life.

    def create(self, order: Order) -> Made:
        """Make one."""
        operation = self._create
        members = self._members(operation)
        params = {**self.defaults, **self._params(order, operation, strict=frozenset(order.properties))}
        made_up = {}
        for name in self._names(order, operation, params):
            if (member := self._member(name, members)) is not None:
                text = order.named(name, self.longest, lower=self.lower)
                made_up[name] = params[member] = text.replace("-", "") if self.alphanumeric else text
        if "CallerReference" in members:
            params["CallerReference"] = order.seed
        tags = order.tags(system=self.service == "ec2")
        taken = self._tags(operation, tags) if tags else {}
        answer = order.call(self.service, operation, **params, **taken)
        made = self._made(order, params, answer, {**made_up, **self.answered(order, answer)})
        made = Made(made.id, {**made_up, **made.attributes})
        try:
            made = Made(made.id, {**made.attributes, **self.more(order, made)})
            if order.tags() and not taken and self.takes_tags and tag_property(order.type):
                self._retag(order, {}, made)
            self.afterwards(order, {}, made)
        except Refused:
            self.delete(order, made)
            raise
        return made

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one. Raises Refused, no operation changes one of the properties that have changed."""
        tags = tag_property(order.type)
        names = {*order.properties, *before} - {tags} - self.elsewhere - self.changed_by_hand
        changed = {name for name in names if order.properties.get(name) != before.get(name) and name[:2] != "::"}
        answer: Answer = {}
        if changed:
            operation = self._update
            members = {} if operation is None else self._members(operation)
            wraps = self._wrapper(members) is not None
            fixed = sorted(name for name in changed if self._member(name, members) is None and not wraps)
            if operation is None or fixed:
                text = f"Dynastep cannot change {', '.join(fixed)} of {order.type} in place"
                raise Refused(text, NOT_UPDATABLE)
            params = self._params(order, operation, strict=frozenset(changed))
            answer = order.call(self.service, operation, **{**self._key(order, made, operation), **params})
        self.afterwards(order, before, made)
        if self.takes_tags:
            self._retag(order, before, made)
        elif order.properties.get(tags) != before.get(tags):
            raise Refused(f"Dynastep cannot change {tags} of {order.type} in place", NOT_UPDATABLE)
        known = {name: value for name, value in made.attributes.items() if _identifies(name)}
        again = self._made(order, {}, answer, known) if changed else made
        return Made(again.id, {**again.attributes, **self.more(order, again)})

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        self.before_deletion(order, made)
        operation = self._delete
        if operation is not None:
            key = self._key(order, made, operation)
            order.call(self.service, operation, **key, **self._at_deletion(order, operation))

    def _at_deletion(self, order: Order, operation: str) -> Answer:
        """Properties that say how a resource is deleted."""
        members = self._members(operation)
        given = {name: value for name, value in order.properties.items() if name in self.elsewhere and name in members}
        return fit(self.service, operation, given, order)


# Names.


@lru_cache(maxsize=4096)
def _plain(name: str) -> str:
    """A name without what spellings differ in: ``user-pool_Id`` is ``userpoolid``."""
    return "".join(letter for letter in name if letter.isalnum()).lower()


def _spellings(name: str, noun: str) -> Iterator[str]:
    """The names that mean the same of a noun: ``Id``, ``NamedQueryId``."""
    plain, of = _plain(name), _plain(noun)
    yield plain
    if plain.startswith(of) and plain != of:
        yield plain.removeprefix(of)
    yield of + plain
    if plain == of:
        yield from ("name", "id")


def _plural(noun: str) -> str:
    return f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"


def _lookup(name: str, noun: str, bags: Bags) -> Any:
    for spelling in _spellings(name, noun):
        for bag in bags:
            for key, value in bag.items():
                if _plain(key) == spelling and value is not None and value != "":
                    return value
    return None


def _walk(way: str, noun: str, bags: Bags) -> Any:
    """A value inside of others: ``Endpoint.Address``."""
    first, _, rest = way.partition(".")
    value = _lookup(first, noun, bags)
    for part in rest.split("."):
        if isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        elif isinstance(value, dict):
            value = next((held for key, held in value.items() if _plain(key) == _plain(part)), None)
        else:
            return None
    return value


def _bags(answer: Mapping[str, Any], noun: str, identity: str | None = None) -> Iterator[Mapping[str, Any]]:
    """Where an answer describes a resource: in a structure of its own, as an item of a list, or at its top."""
    inside: list[Mapping[str, Any]] = []
    for name, value in answer.items():
        if name == "ResponseMetadata":
            continue
        if isinstance(value, dict):
            inside.append(value)
        elif isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
            fitting = [item for item in value if identity is not None and identity in item.values()]
            if len(value) == 1 or fitting:
                inside.append((fitting or value)[0])
    nested = {_plain(noun), _plain(_plural(noun))}
    for bag in inside:
        deeper = {name: value for name, value in bag.items() if _plain(name) in nested}
        if any(isinstance(value, list) for value in deeper.values()):
            yield from _bags(deeper, noun, identity)
    yield from inside
    yield {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def _identifies(name: str) -> bool:
    return name.startswith("::") or name.lower().endswith(("id", "arn", "name", "identifier"))


def _dashed(noun: str) -> str:
    """``RouteTable`` -> ``route-table``."""
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in noun).lstrip("-")
