"""Rules: what a template asserts of its parameters before anything is done for it.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from emulator.deploying.intrinsics import Scope, as_text, evaluate, function_of
from emulator.deploying.reading import InvalidTemplate
from emulator.deploying.services import Services

_LOOKED_UP: Final = {
    # the type of a parameter: operation, the member of the answer, the id
    "AWS::EC2::SecurityGroup::Id": ("DescribeSecurityGroups", "SecurityGroups", "GroupId"),
    "AWS::EC2::Subnet::Id": ("DescribeSubnets", "Subnets", "SubnetId"),
    "AWS::EC2::VPC::Id": ("DescribeVpcs", "Vpcs", "VpcId"),
}
"""Where the values of parameters have attributes: ``Fn::ValueOf: [Subnets, VpcId]``."""


def check(document: Mapping[str, Any], scope: Scope, services: Services) -> None:
    """Refuse values of parameters that break a rule of the template. Raises InvalidTemplate."""
    rules = document.get("Rules") or {}
    if not isinstance(rules, dict):
        raise InvalidTemplate("Template format error: Rules must be an object.")
    reader = _Reader(document.get("Parameters") or {}, scope, services)
    for name, rule in rules.items():
        if not isinstance(rule, dict) or not isinstance(rule.get("Assertions"), list):
            raise InvalidTemplate(f"Template format error: Rule {name} must have a list of Assertions.")
        if "RuleCondition" in rule and not reader.holds(rule["RuleCondition"]):
            continue
        for assertion in rule["Assertions"]:
            if not isinstance(assertion, dict) or "Assert" not in assertion:
                raise InvalidTemplate(f"Template format error: Every Assertion of rule {name} must have an Assert.")
            if not reader.holds(assertion["Assert"]):
                said = assertion.get("AssertDescription")
                raise InvalidTemplate(f"An assertion of rule {name} failed" + (f": {said}" if said else ""))


class _Reader:
    """Reads what rules say, by functions that templates have for nothing else."""

    def __init__(self, declared: Mapping[str, Any], scope: Scope, services: Services) -> None:
        self.declared = declared
        self.scope = scope
        self.services = services

    def holds(self, value: Any) -> bool:
        """Whether a condition or an assertion is true. Raises InvalidTemplate."""
        name = function_of(value)
        argument = value[name] if name is not None else None
        match name, argument:
            case "Fn::And", list():
                return all(map(self.holds, argument))
            case "Fn::Or", list():
                return any(map(self.holds, argument))
            case "Fn::Not", [one]:
                return not self.holds(one)
            case "Fn::Contains", [texts, text]:
                return as_text(self._value(text)) in self._texts(texts)
            case "Fn::EachMemberEquals", [texts, text]:
                return set(self._texts(texts)) <= {as_text(self._value(text))}
            case "Fn::EachMemberIn", [texts, others]:
                return set(self._texts(texts)) <= set(self._texts(others))
            case "Fn::Equals", [one, other]:
                return as_text(self._value(one)) == as_text(self._value(other))
            case (("Fn::Contains" | "Fn::EachMemberEquals" | "Fn::EachMemberIn" | "Fn::Equals" | "Fn::Not"), _):
                raise InvalidTemplate(f"Template error: {name} of a rule does not have the arguments that it takes")
        return as_text(self._value(value)).lower() == "true"

    def _texts(self, value: Any) -> list[str]:
        found = self._value(value)
        return [as_text(each) for each in (found if isinstance(found, list) else [found])]

    def _value(self, value: Any) -> Any:
        name = function_of(value)
        match name, value[name] if name is not None else None:
            case "Fn::RefAll", str() as kind:
                return [each[_LOOKED_UP[self._known(kind)][2]] for each in self._all(kind)]
            case "Fn::ValueOf", [str() as parameter, str() as attribute]:
                kind = str((self.declared.get(parameter) or {}).get("Type", ""))
                kind = kind.removeprefix("List<").removesuffix(">")
                wanted = self._texts({"Ref": parameter})
                found = [each for each in self._all(kind) if each[_LOOKED_UP[kind][2]] in wanted]
                return [self._attribute(each, attribute) for each in found]
            case "Fn::ValueOfAll", [str() as kind, str() as attribute]:
                return [self._attribute(each, attribute) for each in self._all(kind)]
        if isinstance(value, list):
            return [self._value(each) for each in value]
        return evaluate(value, self.scope)

    @staticmethod
    def _known(kind: str) -> str:
        if kind not in _LOOKED_UP:
            raise InvalidTemplate(f"Template error: Dynastep does not look up values of the type {kind} for rules")
        return kind

    def _all(self, kind: str) -> list[dict[str, Any]]:
        operation, member, _ = _LOOKED_UP[self._known(kind)]
        found: list[dict[str, Any]] = self.services.call("ec2", operation)[member]
        return found

    @staticmethod
    def _attribute(found: Mapping[str, Any], attribute: str) -> str:
        if attribute.startswith("Tags."):
            tags = {tag["Key"]: tag["Value"] for tag in found.get("Tags", ())}
            return str(tags.get(attribute.removeprefix("Tags."), ""))
        return as_text(found.get(attribute, ""))
