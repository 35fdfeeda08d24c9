"""The least that a request to an operation can be, from the operation's model; its texts may break further rules."""

from __future__ import annotations


def something(shape, depth=0):
    """The least that a member of a request can be."""
    match shape.type_name:
        case "structure":
            return {name: something(shape.members[name], depth + 1) for name in shape.required_members}
        case "list":
            return [something(shape.member, depth + 1)] if depth < 5 else []
        case "map":
            return {}
        case "boolean":
            return True
        case "integer" | "long" | "float" | "double":
            return 1
        case "timestamp":
            return 0
        case "blob":
            return b"x"
        case _:
            return "name1"
