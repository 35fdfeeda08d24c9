"""Usage plans, their keys and what was used of their quotas.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from typing import Any, Final

from emulator.apigateway.control.held import Asked, Gateway, Thing, bad, conflict, kept, not_found, with_tags
from emulator.apigateway.control.paging import page
from emulator.apigateway.control.patching import ALL, Patch, Patchable, Rule, as_number, text


def create_usage_plan(asked: Asked) -> Thing:
    """CreateUsagePlan."""
    params = asked.params
    plan = {
        "id": asked.new_id(6),
        **kept(params, "name", "description", "productCode"),
        "apiStages": [dict(each) for each in params.get("apiStages") or ()],
    }
    for stage in plan["apiStages"]:
        _check_stage(asked.gateway, str(stage.get("apiId")), str(stage.get("stage")), plan["id"])
    if params.get("throttle"):
        given = params["throttle"]
        plan["throttle"] = {
            "burstLimit": given.get("burstLimit") or 0,
            "rateLimit": float(given.get("rateLimit") or 0.0),
        }
    if params.get("quota"):
        plan["quota"] = {"offset": 0, **params["quota"]}
        _check_quota(plan["quota"])
    if params.get("tags"):
        plan["tags"] = params["tags"]
    asked.gateway.plans[plan["id"]] = plan
    return plan


def _check_quota(quota: Mapping[str, Any]) -> None:
    if quota.get("limit") is None or not quota.get("period"):
        raise bad("Usage Plan quota limit and period must be specified")
    if quota["period"] == "DAY" and quota["offset"]:
        raise bad("Usage Plan quota offset must be zero in the DAY period")


def _check_stage(gateway: Gateway, api: str, stage: str, plan: str) -> None:
    if api not in gateway.apis or stage not in gateway.apis[api].stages:
        raise not_found(f"Invalid API Stage {{api: {api}, stage: {stage}}} specified for usageplan {plan}")


def _plan_of(asked: Asked) -> Thing:
    plan = asked.gateway.plans.get(asked.params["usagePlanId"])
    if plan is None:
        raise not_found("Invalid Usage Plan ID specified")
    return plan


def get_usage_plan(asked: Asked) -> Thing:
    """GetUsagePlan."""
    return with_tags(_plan_of(asked))


def get_usage_plans(asked: Asked) -> Thing:
    """GetUsagePlans; all, or those that a key has."""
    key = asked.params.get("keyId")
    return page(
        asked,
        [
            plan
            for plan in asked.gateway.plans.values()
            if key is None or key in asked.gateway.plan_keys.get(plan["id"], ())
        ],
    )


def delete_usage_plan(asked: Asked) -> None:
    """DeleteUsagePlan."""
    plan = _plan_of(asked)
    del asked.gateway.plans[plan["id"]]
    asked.gateway.plan_keys.pop(plan["id"], None)


def update_usage_plan(asked: Asked) -> Thing:
    """UpdateUsagePlan."""
    plan = _plan_of(asked)

    def patch_stages(thing: Thing, patch: Patch) -> None:
        api, colon, stage = str(patch.value or "").partition(":")
        if not colon or not stage:
            raise bad("Invalid API Stage specified")
        _check_stage(asked.gateway, api, stage, plan["id"])
        others = [each for each in thing["apiStages"] if (each["apiId"], each["stage"]) != (api, stage)]
        thing["apiStages"] = others if patch.op == "remove" else [*others, {"apiId": api, "stage": stage}]

    rules = {**_PLAN, "/apiStages": Rule(("add", "remove"), patch_stages)}
    for stage in plan["apiStages"]:
        rules[f"/apiStages/{stage['apiId']}:{stage['stage']}/throttle"] = _throttle_of_stage()
    changed = Patchable(rules).patched(plan, asked.params.get("patchOperations"))
    if changed.get("quota"):
        _check_quota(changed["quota"])
    asked.gateway.plans[plan["id"]] = changed
    return with_tags(changed)


def _throttle_of_stage() -> Rule:
    """The throttles of the methods of a stage, as one JSON text."""

    def apply(thing: Thing, patch: Patch) -> None:
        named = patch.parts[1]
        stage = next(each for each in thing["apiStages"] if f"{each['apiId']}:{each['stage']}" == named)
        if patch.op == "remove":
            stage.pop("throttle", None)
            return
        try:
            stage["throttle"] = json.loads(patch.value or "")
        except ValueError:
            raise bad("Invalid throttle specified") from None

    return Rule(ALL, apply)


def _inner(whole: str, member: str, read: Any) -> Rule:
    def apply(thing: Thing, patch: Patch) -> None:
        thing[whole] = {**(thing.get(whole) or _EMPTY[whole]), member: read(patch)}

    return Rule(("add", "replace"), apply)


def _whole(member: str) -> Rule:
    def apply(thing: Thing, _: Patch) -> None:
        thing.pop(member, None)

    return Rule(("remove",), apply)


_EMPTY: Final[Mapping[str, Thing]] = {"throttle": {"burstLimit": 0, "rateLimit": 0.0}, "quota": {"offset": 0}}
_PLAN: Final = {
    "/name": text("name"),
    "/description": text("description"),
    "/productCode": text("productCode", ("add", "remove", "replace")),
    "/throttle": _whole("throttle"),
    "/throttle/burstLimit": _inner("throttle", "burstLimit", as_number),
    "/throttle/rateLimit": _inner("throttle", "rateLimit", lambda patch: as_number(patch, float)),
    "/quota": _whole("quota"),
    "/quota/limit": _inner("quota", "limit", as_number),
    "/quota/offset": _inner("quota", "offset", as_number),
    "/quota/period": _inner("quota", "period", lambda patch: patch.value),
}

# The keys of a plan.


def create_usage_plan_key(asked: Asked) -> Thing:
    """CreateUsagePlanKey."""
    plan, key = _plan_of(asked), asked.gateway.keys.get(asked.params["keyId"])
    if key is None:
        raise not_found("Invalid API Key identifier specified")
    if asked.params["keyType"] != "API_KEY":
        raise bad("Usage Plan Key type must be API_KEY")
    for other, keys in asked.gateway.plan_keys.items():
        if key["id"] in keys and _shares_stage(plan, asked.gateway.plans[other]):
            raise conflict(f"{key['id']} cannot be added to {plan['id']}: it has a usage plan for one of its stages")
    asked.gateway.plan_keys.setdefault(plan["id"], []).append(key["id"])
    return _plan_key(key)


def _shares_stage(one: Thing, other: Thing) -> bool:
    def stages(plan: Thing) -> set[tuple[str, str]]:
        return {(each["apiId"], each["stage"]) for each in plan["apiStages"]}

    return one["id"] == other["id"] or bool(stages(one) & stages(other))


def _plan_key(key: Thing) -> Thing:
    return {**kept(key, "id", "name", "value"), "type": "API_KEY"}


def _key_of_plan(asked: Asked) -> Thing:
    plan, key = _plan_of(asked), asked.params["keyId"]
    if key not in asked.gateway.plan_keys.get(plan["id"], ()):
        raise not_found("Invalid Usage Plan Key specified")
    return asked.gateway.keys[key]


def get_usage_plan_key(asked: Asked) -> Thing:
    """GetUsagePlanKey."""
    return _plan_key(_key_of_plan(asked))


def get_usage_plan_keys(asked: Asked) -> Thing:
    """GetUsagePlanKeys."""
    plan, query = _plan_of(asked), asked.params.get("nameQuery") or ""
    keys = [asked.gateway.keys[key] for key in asked.gateway.plan_keys.get(plan["id"], ())]
    return page(asked, [_plan_key(key) for key in keys if key.get("name", "").startswith(query)])


def delete_usage_plan_key(asked: Asked) -> None:
    """DeleteUsagePlanKey."""
    key = _key_of_plan(asked)
    asked.gateway.plan_keys[asked.params["usagePlanId"]].remove(key["id"])


# Usage.


def usage_keys(gateway: Gateway, api: str, stage: str) -> dict[str, tuple[str, Thing]]:
    """The values of the API keys that may call a stage -> their ids, and the usage plan that says so."""
    found: dict[str, tuple[str, Thing]] = {}
    for plan in list(gateway.plans.values()):
        if any(each["apiId"] == api and each["stage"] == stage for each in plan["apiStages"]):
            for key in gateway.plan_keys.get(plan["id"], ()):
                held = gateway.keys[key]
                if held["enabled"]:
                    found[held["value"]] = key, plan
    return found


def use(gateway: Gateway, plan: Thing, key: str, now: float) -> bool:
    """Count a request by a key of a plan; whether its quota allows it.

    A week begins on Sunday and a month on the first, ``offset`` days later; days are of UTC.
    """
    today = _day(now)
    if plan.get("quota") is not None and _left(gateway, plan, key, today) <= 0:
        return False
    used = gateway.used.setdefault((plan["id"], key), {})
    used[today.isoformat()] = used.get(today.isoformat(), 0) + 1
    return True


def _left(gateway: Gateway, plan: Thing, key: str, day: date) -> int:
    """The requests that a key has left at the end of a day; below 0 if it has made more than are allowed by now."""
    quota, of_key = plan.get("quota"), (plan["id"], key)
    if quota is None:
        return 0
    begin, last = _begin(quota, day).isoformat(), day.isoformat()
    used = sum(count for each, count in gateway.used.get(of_key, {}).items() if begin <= each <= last)
    return int(quota["limit"]) + gateway.extended.get(of_key, {}).get(begin, 0) - used


def _day(now: float) -> date:
    return datetime.fromtimestamp(now, timezone.utc).date()


def _begin(quota: Mapping[str, Any], day: date) -> date:
    offset = quota.get("offset") or 0
    match quota["period"]:
        case "WEEK":
            return day - timedelta(days=((day.weekday() + 1) % 7 - offset) % 7)
        case "MONTH":
            first = day.replace(day=1 + offset)
            return first if first <= day else (first - timedelta(days=offset + 1)).replace(day=1 + offset)
        case _:
            return day


def get_usage(asked: Asked) -> Thing:
    """GetUsage: of each key, requests and what was left, day by day."""
    plan, params = _plan_of(asked), asked.params
    try:
        first, last = (datetime.fromisoformat(str(params[name])).date() for name in ("startDate", "endDate"))
    except ValueError:
        raise bad("Invalid date specified") from None
    days = [first + timedelta(days=each) for each in range((last - first).days + 1)]
    keys = asked.gateway.plan_keys.get(plan["id"], ())
    items = {key: _rows(asked.gateway, plan, key, days) for key in keys if params.get("keyId") in (None, key)}
    return {"usagePlanId": plan["id"], "startDate": params["startDate"], "endDate": params["endDate"], "items": items}


def _rows(gateway: Gateway, plan: Thing, key: str, days: Sequence[date]) -> list[list[int]]:
    """Of each day, the requests of a key and what was left."""
    used = gateway.used.get((plan["id"], key), {})
    return [[used.get(day.isoformat(), 0), max(0, _left(gateway, plan, key, day))] for day in days]


def update_usage(asked: Asked) -> Thing:
    """UpdateUsage: what a key has left in the current period of the quota.

    Source: https://docs.aws.amazon.com/cli/latest/reference/apigateway/update-usage.html
    """
    plan, key, gateway, today = _plan_of(asked), _key_of_plan(asked)["id"], asked.gateway, _day(asked.now)

    def extend(thing: Thing, patch: Patch) -> None:
        thing["remaining"] = as_number(patch)

    wanted = Patchable({"/remaining": Rule(("replace",), extend)}).patched({}, asked.params.get("patchOperations"))
    if "remaining" in wanted and plan.get("quota") is not None:
        extended = gateway.extended.setdefault((plan["id"], key), {})
        begin = _begin(plan["quota"], today).isoformat()
        extended[begin] = extended.get(begin, 0) + wanted["remaining"] - _left(gateway, plan, key, today)
    day = today.isoformat()
    rows = _rows(gateway, plan, key, [today])
    return {"usagePlanId": plan["id"], "startDate": day, "endDate": day, "items": {key: rows}}
