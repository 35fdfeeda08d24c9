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
    put_entry(resource.account, resource.region, str(resource), source, detail_type, detail, time)


def put_entry(
    account: str,
    region: str,
    resource: str,
    source: str,
    detail_type: str,
    detail: JSON,
    time: float,
) -> None:
    """Put an event on the default bus of an account and region; the ARN of a bucket names neither."""
    opened()
    from moto.events.models import events_backends

    entry = {
        "Source": source,
        "DetailType": detail_type,
        "Detail": json.dumps(detail),
        "Resources": [resource],
        "Time": int(time),
    }
    events_backends[account][region].put_events([entry])
