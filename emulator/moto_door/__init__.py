"""The one door to moto: every AWS service that is not ours.

moto is imported when a request needs it, each service by itself; its own Step Functions never. A request goes straight
to the handler that moto's URL table names, without moto's server: a tenth of the cost. The names below are imported
when somebody asks for them, so that an emulator whose moto nobody uses has little of this package.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from emulator.moto_door.state import fit_with, forget, issuer, left, meet, repeat_ids, reset, show_tables

if TYPE_CHECKING:
    from emulator.moto_door.apis import all_apis, apis_of, owner_of_api
    from emulator.moto_door.bus import put_event
    from emulator.moto_door.calls import ServiceError, call
    from emulator.moto_door.clock import take_clock
    from emulator.moto_door.corrections import Refusal
    from emulator.moto_door.dispatch import answer, asked, is_form, is_link, policies_changed, refuse, takes_unsigned
    from emulator.moto_door.events import fire
    from emulator.moto_door.functions import RegisteredFunction, find_function, take_functions
    from emulator.moto_door.keeping import Backend, backends, can_put_back, draw_ids_from, fresh, ids_drawn, put_back
    from emulator.moto_door.kinesis import KinesisRecord, find_stream, latest_sequences, records_after, shards_of
    from emulator.moto_door.logs import has_log_group, make_log_group, write_log_events
    from emulator.moto_door.mappings import Sources, event_source_mappings, take_mappings
    from emulator.moto_door.master_keys import MasterKey, master_key
    from emulator.moto_door.metrics import (
        Alarm,
        Meters,
        alarms,
        queue_depths,
        set_alarm_state,
        take_metrics,
        take_touched,
    )
    from emulator.moto_door.notifications import Web, take_topics
    from emulator.moto_door.ours import answer_here
    from emulator.moto_door.pipes import Pipe, Plumber, running_pipes, take_pipes
    from emulator.moto_door.pools import issuer_of, keys_of_pool
    from emulator.moto_door.queues import peek
    from emulator.moto_door.routes import named_by_path
    from emulator.moto_door.schedules import Schedule, completed, enabled_schedules, take_schedules
    from emulator.moto_door.sealed import Sealed, take_keys
    from emulator.moto_door.targets import Options, call_destinations, deliver, explained, send
    from emulator.moto_door.web import ApiDestination, api_destination, connection

__all__ = [
    "Alarm",
    "ApiDestination",
    "Backend",
    "KinesisRecord",
    "MasterKey",
    "Meters",
    "Options",
    "Pipe",
    "Plumber",
    "Refusal",
    "RegisteredFunction",
    "Schedule",
    "Sealed",
    "ServiceError",
    "Sources",
    "Web",
    "alarms",
    "all_apis",
    "answer",
    "answer_here",
    "api_destination",
    "apis_of",
    "asked",
    "backends",
    "call",
    "call_destinations",
    "can_put_back",
    "completed",
    "connection",
    "deliver",
    "draw_ids_from",
    "enabled_schedules",
    "event_source_mappings",
    "explained",
    "find_function",
    "find_stream",
    "fire",
    "forget",
    "fresh",
    "has_log_group",
    "ids_drawn",
    "is_form",
    "is_link",
    "issuer",
    "issuer_of",
    "keys_of_pool",
    "latest_sequences",
    "left",
    "make_log_group",
    "master_key",
    "meet",
    "named_by_path",
    "owner_of_api",
    "peek",
    "policies_changed",
    "put_back",
    "put_event",
    "queue_depths",
    "records_after",
    "refuse",
    "repeat_ids",
    "reset",
    "running_pipes",
    "send",
    "set_alarm_state",
    "shards_of",
    "show_tables",
    "take_clock",
    "take_functions",
    "take_keys",
    "take_mappings",
    "take_metrics",
    "take_pipes",
    "take_schedules",
    "take_topics",
    "take_touched",
    "takes_unsigned",
    "write_log_events",
]

_HOMES: Final = {
    "emulator.moto_door.apis": ("all_apis", "apis_of", "owner_of_api"),
    "emulator.moto_door.bus": ("put_event",),
    "emulator.moto_door.calls": ("ServiceError", "call"),
    "emulator.moto_door.clock": ("take_clock",),
    "emulator.moto_door.corrections": ("Refusal",),
    "emulator.moto_door.dispatch": (
        "answer",
        "asked",
        "is_form",
        "is_link",
        "policies_changed",
        "refuse",
        "takes_unsigned",
    ),
    "emulator.moto_door.events": ("fire",),
    "emulator.moto_door.functions": ("RegisteredFunction", "find_function", "take_functions"),
    "emulator.moto_door.keeping": (
        "Backend",
        "asked",
        "backends",
        "can_put_back",
        "draw_ids_from",
        "fresh",
        "ids_drawn",
        "put_back",
    ),
    "emulator.moto_door.kinesis": ("KinesisRecord", "find_stream", "latest_sequences", "records_after", "shards_of"),
    "emulator.moto_door.logs": ("has_log_group", "make_log_group", "write_log_events"),
    "emulator.moto_door.mappings": ("Sources", "event_source_mappings", "take_mappings"),
    "emulator.moto_door.master_keys": ("MasterKey", "master_key"),
    "emulator.moto_door.metrics": (
        "Alarm",
        "Meters",
        "alarms",
        "all_apis",
        "queue_depths",
        "set_alarm_state",
        "take_metrics",
        "take_touched",
    ),
    "emulator.moto_door.notifications": ("Web", "take_topics"),
    "emulator.moto_door.ours": ("answer_here",),
    "emulator.moto_door.pipes": ("Pipe", "Plumber", "running_pipes", "take_pipes"),
    "emulator.moto_door.pools": ("issuer_of", "keys_of_pool"),
    "emulator.moto_door.queues": ("peek",),
    "emulator.moto_door.routes": ("named_by_path",),
    "emulator.moto_door.schedules": ("Schedule", "completed", "enabled_schedules", "take_schedules"),
    "emulator.moto_door.sealed": ("Sealed", "take_keys"),
    "emulator.moto_door.targets": ("Options", "call_destinations", "deliver", "explained", "send"),
    "emulator.moto_door.web": ("ApiDestination", "api_destination", "connection"),
}
"""Module -> the names that are imported from it when they are first asked for."""


def __getattr__(name: str) -> Any:
    for home, offered in _HOMES.items():
        if name in offered:
            value = globals()[name] = getattr(import_module(home), name)
            return value
    raise AttributeError(f"module 'emulator.moto_door' has no attribute {name!r}", name=name, obj=None)


def _fit() -> None:
    from emulator.moto_door.fitting import fit  # with all patches, which nobody needs before moto

    fit()


fit_with(_fit)
