"""The one door to moto: every AWS service that is not ours.

moto is imported when a request needs it, each service by itself; its own Step Functions never. A request goes straight
to the handler that moto's URL table names, without moto's server: a tenth of the cost.
"""

from emulator.moto_door import identities
from emulator.moto_door.apis import apis, apis_of, owner_of_api
from emulator.moto_door.bus import put_event
from emulator.moto_door.calls import ServiceError, call
from emulator.moto_door.clock import take_clock
from emulator.moto_door.corrections import Refusal
from emulator.moto_door.dispatch import answer, is_form, is_link, policies_changed, takes_unsigned
from emulator.moto_door.events import fire
from emulator.moto_door.functions import RegisteredFunction, find_function, take_functions
from emulator.moto_door.keeping import Backend, backends, can_put_back, draw_ids_from, fresh, ids_drawn, put_back
from emulator.moto_door.kinesis import KinesisRecord, find_stream, latest_sequences, records_after, shards_of
from emulator.moto_door.logs import has_log_group, make_log_group, write_log_events
from emulator.moto_door.mappings import Sources, event_source_mappings, take_mappings
from emulator.moto_door.master_keys import MasterKey, master_key
from emulator.moto_door.metrics import Alarm, Meters, alarms, queue_depths, set_alarm_state, take_metrics, take_touched
from emulator.moto_door.notifications import Web, take_topics
from emulator.moto_door.ours import answer_here
from emulator.moto_door.pipes import Pipe, Plumber, running_pipes, take_pipes
from emulator.moto_door.pools import issuer_of, keys_of_pool
from emulator.moto_door.queues import peek
from emulator.moto_door.routes import named_by_path
from emulator.moto_door.schedules import Schedule, completed, enabled_schedules, take_schedules
from emulator.moto_door.sealed import Sealed, take_keys
from emulator.moto_door.state import fit_with, forget, issuer, left, repeat_ids, reset, show_tables
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
    "answer",
    "answer_here",
    "api_destination",
    "apis",
    "apis_of",
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
    "identities",
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
    "named_by_path",
    "owner_of_api",
    "peek",
    "policies_changed",
    "put_back",
    "put_event",
    "queue_depths",
    "records_after",
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


def _fit() -> None:
    from emulator.moto_door.fitting import fit  # with all patches, which nobody needs before moto

    fit()


fit_with(_fit)
