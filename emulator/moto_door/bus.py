"""The default event bus: what AWS's services tell of themselves, such as that an execution has ended, is put there."""

from __future__ import annotations

import json

from asl_interpreter.jsontext import JSON
from asl_interpreter.loop.locks import assert_off_loop
from emulator.arns import Arn
from emulator.moto_door.state import opened


def put_event(resource: Arn, source: str, detail_type: str, detail: JSON, time: float) -> None:
    """Put an event of AWS itself on the default bus of the account and region of the resource that it is about."""
    assert_off_loop("an event is put")
    opened("events")
    from moto.events.models import events_backends

    entry = {
        "Source": source,
        "DetailType": detail_type,
        "Detail": json.dumps(detail),
        "Resources": [str(resource)],
        "Time": int(time),
    }
    events_backends[resource.account][resource.region].put_events([entry])
