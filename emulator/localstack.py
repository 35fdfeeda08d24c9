"""What tools that know LocalStack ask of a server: whether it is up, which scripts have run, what waits in a queue.

Sources: https://docs.localstack.cloud/references/internal-endpoints, https://docs.localstack.cloud/references/init-hooks,
https://docs.localstack.cloud/user-guide/aws/sqs/#developer-endpoints
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from flask import Blueprint, Response, abort, request

from asl_interpreter.jsontext import JSON, InvalidJSON, dumps, loads
from asl_interpreter.loop.clock import monotonic
from emulator import moto_door
from emulator.wire.credentials import DEFAULT_REGION, credential

if TYPE_CHECKING:
    from emulator.control import Control
    from emulator.initial import Preparation

SERVICES: Final = (
    *(
        "acm",
        "apigateway",
        "cloudformation",
        "cloudwatch",
        "config",
        "dynamodb",
        "dynamodbstreams",
        "ec2",
        "es",
        "events",
    ),
    *("firehose", "iam", "kinesis", "kms", "lambda", "logs", "opensearch", "pipes", "redshift", "resource-groups"),
    *(
        "resourcegroupstaggingapi",
        "route53",
        "route53resolver",
        "s3",
        "s3control",
        "scheduler",
        "secretsmanager",
        "ses",
    ),
    *("sns", "sqs", "ssm", "stepfunctions", "sts", "support", "swf", "transcribe"),
)
"""Those that LocalStack lists, and those beside them that workflows use."""

_STAGES: Final = ("BOOT", "START", "READY", "SHUTDOWN")


def create_routes(control: Control, preparation: Preparation, version: Callable[[], str]) -> Blueprint:
    """The routes under ``/_localstack`` and ``/_aws``, and ``/health``."""
    routes = Blueprint("localstack", __name__)
    began, session = monotonic(), str(uuid.uuid4())

    @routes.get("/health")
    @routes.get("/_localstack/health")
    def health() -> Response:
        """Whether the server works, in LocalStack's form; `error` if it must be reset."""
        state = "available" if control.latest.trouble() is None else "error"
        return _json({"services": dict.fromkeys(SERVICES, state), "edition": "dynastep", "version": version()})

    @routes.get("/_localstack/info")
    def info() -> Response:
        """Version, session and seconds since the start, in LocalStack's form."""
        about = {"version": version(), "edition": "dynastep", "is_license_activated": False, "session_id": session}
        return _json({**about, "uptime": int(monotonic() - began)})

    @routes.get("/_localstack/init")
    def init() -> Response:
        """Which stages of the start are over, and what has become of each script."""
        completed = {stage: _is_over(stage, preparation) for stage in _STAGES}
        return _json({"completed": completed, "scripts": _scripts("READY", preparation)})

    @routes.get("/_localstack/init/<stage>")
    def init_of(stage: str) -> Response:
        """Whether a stage is over (`boot`, `start`, `ready`, `shutdown`), and its scripts."""
        name = stage.upper()
        if name not in _STAGES:
            abort(404, f"There is no stage {stage}")
        return _json({"completed": _is_over(name, preparation), "scripts": _scripts(name, preparation)})

    @routes.post("/_localstack/state/reset")
    def reset() -> Response:
        """Forget everything but the functions, as `/_dynastep/reset` does."""
        control.latest.reset()
        return _json({"status": "reset"})

    routes.add_url_rule("/_aws/sqs/messages", view_func=_messages, methods=["GET", "POST"])
    routes.add_url_rule("/_aws/sqs/messages/<region>/<account>/<queue>", view_func=_messages)
    return routes


def _is_over(stage: str, preparation: Preparation) -> bool:
    return stage in ("BOOT", "START") or (stage == "READY" and preparation.is_done)


def _scripts(stage: str, preparation: Preparation) -> list[JSON]:
    scripts = preparation.scripts if stage == "READY" else []
    return [{"stage": stage, "name": script.path.name, "state": script.state} for script in scripts]


def _messages(region: str = "", account: str = "", queue: str = "") -> Response:
    """What waits in a queue, which nobody has received by looking here."""
    asked = _asked()
    if not queue:
        url = urlsplit(asked.get("QueueUrl", ""))
        *_, account, queue = ["", "", *url.path.strip("/").split("/")]
        region = _region_of(url.hostname or "")
    invisible, delayed = (asked.get(name, "").lower() == "true" for name in ("ShowInvisible", "ShowDelayed"))
    seen = moto_door.peek(account, region, queue, invisible=invisible, delayed=delayed)
    if seen is None:
        return _no_queue()
    if request.headers.get("X-Amz-Target"):
        return _json({"Messages": seen})
    if "json" in request.headers.get("Accept", ""):
        shown = {"Message": [_as_in_xml(each) for each in seen]}
        return _json({"ReceiveMessageResponse": {"ReceiveMessageResult": shown}})
    entries = "".join(f"<Message>{_xml(_as_in_xml(each))}</Message>" for each in seen)
    text = f"<ReceiveMessageResponse><ReceiveMessageResult>{entries}</ReceiveMessageResult></ReceiveMessageResponse>"
    return Response(text, content_type="text/xml")


def _asked() -> dict[str, str]:
    """The parameters of a request: of its query, of a form, or of a JSON body as SDKs send it."""
    if request.headers.get("X-Amz-Target"):
        try:
            body = loads(request.get_data() or b"{}")
        except InvalidJSON as error:
            abort(400, f"The body is not JSON: {error}")
        return {name: str(value) for name, value in body.items()} if isinstance(body, dict) else {}
    return {**request.args.to_dict(), **request.form.to_dict()}


def _region_of(host: str) -> str:
    """The region that the host of a queue's URL names, else that of the caller."""
    parts = host.split(".")
    if parts[0] == "sqs" and len(parts) > 1:  # sqs.eu-west-1.amazonaws.com
        return parts[1]
    caller = credential(request.environ)
    return caller.region if caller is not None else DEFAULT_REGION


def _no_queue() -> Response:
    code, text = "AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist."
    if request.headers.get("X-Amz-Target") or "json" in request.headers.get("Accept", ""):
        return _json({"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": text}, 400)
    error = (
        f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{text}</Message></Error></ErrorResponse>"
    )
    return Response(error, 400, content_type="text/xml")


def _as_in_xml(message: dict[str, Any]) -> dict[str, Any]:
    """A message with its attributes as a list, as the query protocol has them."""
    listed = [{"Name": name, "Value": value} for name, value in message["Attributes"].items()]
    return {**{name: value for name, value in message.items() if name != "Attributes"}, "Attribute": listed}


def _xml(value: Any) -> str:
    if not isinstance(value, dict):
        return escape(str(value))
    pairs = ((name, each) for name, of in value.items() for each in (of if isinstance(of, list) else [of]))
    return "".join(f"<{name}>{_xml(each)}</{name}>" for name, each in pairs)


def _json(value: JSON, status: int = 200) -> Response:
    return Response(dumps(value), status, content_type="application/json")
