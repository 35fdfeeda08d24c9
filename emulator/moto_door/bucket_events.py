"""Events of buckets: what S3 tells functions, queues, topics and the default event bus of its objects.

moto's own events lack most of what AWS's have, tell of tags that nobody has set, and do not know functions that are
callables of this process.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html,
https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any, Final
from urllib.parse import quote_plus

from asl_interpreter.jsontext import JSON, dumps
from asl_interpreter.timestamps import iso
from emulator.arns import Arn
from emulator.moto_door import functions, mappings
from emulator.moto_door.bus import put_entry
from emulator.moto_door.calls import ServiceError, call
from emulator.moto_door.clock import now

log = logging.getLogger("dynastep")

_tagging: ContextVar[bool] = ContextVar("tagging", default=False)
"""Whether the request is one that sets tags: an object that is written with tags, or without, has no event of them."""

_OF_BUS: Final = {
    "ObjectCreated:Put": ("Object Created", {"reason": "PutObject"}),
    "ObjectCreated:Post": ("Object Created", {"reason": "POST Object"}),
    "ObjectCreated:Copy": ("Object Created", {"reason": "CopyObject"}),
    "ObjectCreated:CompleteMultipartUpload": ("Object Created", {"reason": "CompleteMultipartUpload"}),
    "ObjectRemoved:Delete": ("Object Deleted", {"reason": "DeleteObject", "deletion-type": "Permanently Deleted"}),
    "ObjectRemoved:DeleteMarkerCreated": (
        "Object Deleted",
        {"reason": "DeleteObject", "deletion-type": "Delete Marker Created"},
    ),
    "ObjectRestore:Post": ("Object Restore Initiated", {}),
    "ObjectRestore:Completed": ("Object Restore Completed", {}),
    "ObjectAcl:Put": ("Object ACL Updated", {}),
    "ObjectTagging:Put": ("Object Tags Added", {}),
    "ObjectTagging:Delete": ("Object Tags Deleted", {}),
}
"""Event -> its detail-type on the bus, and what its detail has beside the object."""


def send_event(_theirs: Any) -> Any:
    """Tell of an object as the bucket is configured."""

    def send_event(account_id: str, event_name: Any, bucket: Any, key: Any) -> None:
        configured = bucket.notification_configuration
        name = str(event_name.value).removeprefix("s3:")
        if configured is None or (name == "ObjectTagging:Put" and not _tagging.get()):
            return
        event = _Event(account_id, name, bucket, key)
        for notification in (*configured.cloud_function, *configured.queue, *configured.topic):
            if notification.matches(event_name.value, key.name):
                _deliver(notification.arn, {"Records": [event.record(notification.id)]}, bucket.name)
        if configured.event_bridge is not None:
            event.put_on_bus()

    return send_event


def send_test_event(_theirs: Any) -> Any:
    """Send the queues and topics of a new configuration the event by which S3 tries them.

    Raises:
        S3ClientError: InvalidArgument, something that is configured is not there; the configuration is as before.
    """

    def send_test_event(account_id: str, bucket: Any) -> None:
        configured = bucket.notification_configuration
        targets = {each.arn: None for each in (*configured.queue, *configured.topic)}
        missing = [arn for arn in (*targets, *(each.arn for each in configured.cloud_function)) if not _is_there(arn)]
        if missing:
            from moto.s3.exceptions import S3ClientError

            bucket.notification_configuration = getattr(bucket, "_notified_before", None)
            text = "Unable to validate the following destination configurations"
            raise S3ClientError("InvalidArgument", text)
        bucket._notified_before = configured  # noqa: SLF001 - ours: what counts still when the next one is refused
        request_id, host_id = _ids()
        for arn in targets:
            test = {
                "Service": "Amazon S3",
                "Event": "s3:TestEvent",
                "Time": iso(now(account_id)),
                "Bucket": bucket.name,
            }
            _deliver(arn, {**test, "RequestId": request_id, "HostId": host_id}, bucket.name)

    return send_test_event


def put_object_tagging(theirs: Any) -> Any:
    """Let the events of tags be those of requests that set tags."""

    def put_object_tagging(self: Any) -> Any:
        token = _tagging.set(True)
        try:
            return theirs(self)
        finally:
            _tagging.reset(token)

    return put_object_tagging


def set_delete_marker(theirs: Any) -> Any:
    """Tell of a delete marker."""

    def _set_delete_marker(self: Any, bucket_name: str, key_name: str) -> Any:
        from moto.s3 import notifications

        marker = theirs(self, bucket_name, key_name)
        created = notifications.S3NotificationEvent.OBJECT_REMOVED_DELETE_MARKER_CREATED_EVENT
        notifications.send_event(self.account_id, created, self.get_bucket(bucket_name), marker)
        return marker

    return _set_delete_marker


class _Event:
    """What has become of an object."""

    def __init__(self, account: str, name: str, bucket: Any, key: Any) -> None:
        self._account = account
        self._name = name
        self._bucket = bucket
        self._key = key
        self._time = now(account)
        self._request_id, self._host_id = _ids()
        bucket._told = getattr(bucket, "_told", 0) + 1  # noqa: SLF001 - ours: how many events there were
        self._sequencer = f"{int(self._time * 1000):012X}{bucket._told:06X}"  # noqa: SLF001 - as above

    def record(self, configuration: str) -> JSON:
        """As functions, queues and topics get it."""
        bucket = {
            "name": self._bucket.name,
            "ownerIdentity": {"principalId": self._account},
            "arn": self._bucket.arn,
        }
        described = dict(self._object("eTag", "versionId"))
        described["key"] = quote_plus(self._key.name, safe="/")
        return {
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": self._bucket.region_name,
            "eventTime": iso(self._time),
            "eventName": self._name,
            "userIdentity": {"principalId": f"AWS:{self._account}"},
            "requestParameters": {"sourceIPAddress": "127.0.0.1"},
            "responseElements": {"x-amz-request-id": self._request_id, "x-amz-id-2": self._host_id},
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": configuration,
                "bucket": bucket,
                "object": described,
            },
        }

    def _object(self, etag: str, version: str) -> Iterator[tuple[str, JSON]]:
        """The object; what is deleted has neither size nor entity tag."""
        yield "key", self._key.name
        if not self._name.startswith("ObjectRemoved"):
            if not self._name.startswith(("ObjectTagging", "ObjectAcl")):
                yield "size", self._key.size
            yield etag, self._key.etag.strip('"')
        if self._bucket.is_versioned:
            yield version, self._key.version_id
        yield "sequencer", self._sequencer

    def put_on_bus(self) -> None:
        """As rules get it; S3 puts events on the default bus."""
        if self._name not in _OF_BUS:
            return
        detail_type, more = _OF_BUS[self._name]
        detail: dict[str, JSON] = {
            "version": "0",
            "bucket": {"name": self._bucket.name},
            "object": dict(self._object("etag", "version-id")),
            "request-id": self._request_id,
            "requester": self._account,
            "source-ip-address": "127.0.0.1",
            **more,
        }
        at = (self._account, self._bucket.region_name)
        put_entry(*at, self._bucket.arn, "aws.s3", detail_type, detail, self._time)


def _ids() -> tuple[str, str]:
    """Two ids of a request, by S3's names x-amz-request-id and x-amz-id-2."""
    from moto.moto_api._internal import mock_random

    return f"{mock_random.getrandbits(64):016X}", base64.b64encode(mock_random.randbytes(56)).decode()


def _deliver(target: str, content: JSON, bucket: str) -> None:
    """Send a function, a queue or a topic an event. Whoever writes the object never hears that this failed."""
    arn, text = Arn.parse(target), dumps(content)
    try:
        if arn.service == "lambda":
            functions.send(target, text)
        elif arn.service == "sqs":
            url = f"https://sqs.{arn.region}.amazonaws.com/{arn.account}/{arn.resource}"
            call("sqs", "SendMessage", {"QueueUrl": url, "MessageBody": text}, arn.account, arn.region)
        else:
            params = {"TopicArn": target, "Subject": "Amazon S3 Notification", "Message": text}
            call("sns", "Publish", params, arn.account, arn.region)
    except ServiceError as error:
        log.warning("The bucket %s could not notify %s: %s", bucket, target, error.message)


def _is_there(target: str) -> bool:
    """Whether there is a function, a queue or a topic with this ARN."""
    arn = Arn.parse(target)
    if arn.service == "lambda":
        return mappings.has_function(target)
    if arn.service == "sqs":
        from moto.sqs.models import sqs_backends

        return arn.resource in sqs_backends[arn.account][arn.region].queues
    from moto.sns.models import sns_backends

    return target in sns_backends[arn.account][arn.region].topics
