"""EMR: the two actions that find by its name what the service knows by its id.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-emr.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from asl_interpreter.jsontext import JSON
from emulator.integrations import sdk
from emulator.integrations.caller import Caller, new_uuid
from emulator.integrations.calls import call_optimized
from emulator.integrations.optimized import parameters_of

if TYPE_CHECKING:
    from asl_interpreter.tasks import TaskRequest


def modify_by_name(kind: str, _suffix: str, caller: Caller, request: TaskRequest) -> JSON:
    """``elasticmapreduce:modifyInstanceFleetByName`` and ``...GroupByName``; ``kind`` is Fleet or Group."""
    given = parameters_of("elasticmapreduce", f"modifyInstance{kind}ByName").request(request.arguments)
    cluster, name = given["ClusterId"], given[f"Instance{kind}Name"]
    listed = call_optimized(caller, "elasticmapreduce", f"ListInstance{kind}s", {"ClusterId": cluster})
    found = next((item["Id"] for item in listed[f"Instance{kind}s"] if item.get("Name") == name), None)
    if found is None:
        text = f"No instance {kind.lower()} '{name}' was found in the cluster '{cluster}'"
        raise sdk.optimized_error("elasticmapreduce", "InvalidRequestException", text, 400, new_uuid(request))
    if kind == "Fleet":
        change = {"InstanceFleet": {"InstanceFleetId": found, **given["InstanceFleet"]}}
        return call_optimized(caller, "elasticmapreduce", "ModifyInstanceFleet", {"ClusterId": cluster, **change})
    changes = [{"InstanceGroupId": found, **given["InstanceGroups"][0]}]
    wanted = {"ClusterId": cluster, "InstanceGroups": changes}
    return call_optimized(caller, "elasticmapreduce", "ModifyInstanceGroups", wanted)
