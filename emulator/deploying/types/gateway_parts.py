"""Parts: what an API, a domain name or an account has of API Gateway, each by its own operations; of both versions.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ApiGateway.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from asl_interpreter.jsontext import dumps
from emulator.deploying.intrinsics import as_text
from emulator.deploying.types.resource_type import Made, Order, Properties, ResourceType, fit


def texted(value: Any) -> str:
    """A value as the text that a patch or an operation takes."""
    return dumps(value) if isinstance(value, dict | list) else as_text(value)


def patches(order: Order, before: Properties, paths: Mapping[str, str]) -> list[dict[str, str]]:
    """Operations of a patch, for the properties that have changed; the values of lists and maps by themselves."""
    found = []
    for name, path in paths.items():
        now, was = order.properties.get(name), before.get(name)
        if isinstance(now, list) or isinstance(was, list):
            here, there = now or [], was or []
            found += [{"op": "remove", "path": path, "value": texted(each)} for each in there if each not in here]
            found += [{"op": "add", "path": path, "value": texted(each)} for each in here if each not in there]
        elif now != was:
            found.append({"op": "replace", "path": path, "value": "" if now is None else texted(now)})
    return found


@dataclass(frozen=True)
class Part(ResourceType):
    """A type whose operations take its properties as they are.

    ``within`` has the parameters that name what the part belongs to, each with its property; ``id`` the one that names
    the part itself.
    """

    service: str
    kind: str
    """As its operations call it: ``Route``."""
    id: str
    within: Mapping[str, str] = field(default_factory=dict)
    member: str = ""
    """The member of an answer that is the id, where it is called otherwise."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """An attribute -> the member of an answer that it is."""
    patched: Mapping[str, str] | None = None
    """Of the first version: what changes in place, a property -> its path in a patch."""
    create_by: str = ""
    """The operation that makes one, where it is no Create."""
    replaced: frozenset[str] = frozenset()
    """Properties that an update does not take."""
    named: str = ""
    """The property that names it, where a name may be made up."""
    alphanumeric: bool = False
    """Whether a name that is made up has letters and digits alone."""
    texts: frozenset[str] = frozenset()
    """Properties that are JSON in a template and text for the operation."""
    tag_path: str = ""
    """What its ARN ends in, where its tags change: ``/vpclinks/{id}``."""

    @property
    def updates(self) -> bool:  # type: ignore[override]  # a class attribute elsewhere
        """Whether a resource can change in place."""
        return self.patched is None or bool(self.patched)

    @property
    def takes_tags(self) -> bool:  # type: ignore[override]  # a class attribute elsewhere
        """Whether tags can be changed."""
        return bool(self.tag_path)

    def _params(self, order: Order, operation: str, dropped: frozenset[str] = frozenset()) -> dict[str, Any]:
        given = {
            name: texted(value) if name in self.texts else value
            for name, value in order.properties.items()
            if name not in dropped and name != "Tags"
        }
        return fit(self.service, operation, given, order)

    def _where(self, order: Order, made: Made) -> dict[str, str]:
        above = {param: as_text(order.properties[name]) for param, name in self.within.items()}
        return {**above, self.id: made.id}

    def create(self, order: Order) -> Made:
        """Make one."""
        operation = self.create_by or f"Create{self.kind}"
        params = self._params(order, operation)
        if self.named:
            name = order.named(self.named)
            params[self.named[0].lower() + self.named[1:]] = name.replace("-", "") if self.alphanumeric else name
        if self.tag_path and order.tags():
            params["tags" if self.service == "apigateway" else "Tags"] = order.tags()
        answer = order.call(self.service, operation, **params)
        return self.made(answer)

    def made(self, answer: Mapping[str, Any]) -> Made:
        """What an answer shows of one."""
        attributes = {name: found for name, member in self.attributes.items() if (found := found_in(answer, member))}
        return Made(str(answer[self.member or self.id]), attributes)

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one."""
        operation, where = f"Update{self.kind}", self._where(order, made)
        if self.patched is not None:
            found = patches(order, before, self.patched)
            if found:
                order.call(self.service, operation, **where, patchOperations=found)
        else:
            gone = {name: "" for name, each in before.items() if name not in order.properties and isinstance(each, str)}
            params = {**gone, **self._params(order, operation, self.replaced)}
            order.call(self.service, operation, **{**params, **where})
        if self.tag_path:
            retag(order, before, self.service, self.tag_path.format(id=made.id, **where))
        return made

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        order.call(self.service, f"Delete{self.kind}", **self._where(order, made))


def found_in(answer: Any, member: str) -> Any:
    """What a path of members, such as ``DomainNameConfigurations.0.HostedZoneId``, leads to; empty if nothing."""
    for name in member.split("."):
        if isinstance(answer, list):
            answer = answer[int(name)] if int(name) < len(answer) else ""
        else:
            answer = answer.get(name, "") if isinstance(answer, Mapping) else ""
    return answer


def retag(order: Order, before: Properties, service: str, path: str) -> None:
    """Give what an ARN of API Gateway names its tags."""
    arn = f"arn:aws:apigateway:{order.services.region}::{path}"
    names = ("resourceArn", "tags", "tagKeys") if service == "apigateway" else ("ResourceArn", "Tags", "TagKeys")
    order.retag(
        before,
        lambda tags: order.call(service, "TagResource", **{names[0]: arn, names[1]: tags}),
        lambda keys: order.call(service, "UntagResource", **{names[0]: arn, names[2]: keys}),
    )
