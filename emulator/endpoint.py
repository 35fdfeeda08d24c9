"""The endpoint: every AWS request, however it came, is answered here, once it was received.

Step Functions and DynamoDB are ours; every other service is moto's. A request is a WSGI environ and its body; it comes
from an HTTP server by way of ``reception`` or, without a socket, from an in-process client.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from asl_interpreter.jsontext import JSON, dumps
from asl_interpreter.loop.errands import Closed, Workers
from emulator import moto_door
from emulator.faults import Fault
from emulator.injection.errors import with_left, withheld
from emulator.permissions.asked_by import AskedBy
from emulator.wire import operations, protocol, query
from emulator.wire.api_addresses import address_of, names_api
from emulator.wire.credentials import DEFAULT_REGION, Credential, credential
from emulator.wire.protocol import Call, Environ, Response
from emulator.wire.waiting import Waiting

if TYPE_CHECKING:
    from emulator.control import Control
    from emulator.permissions.asked_by import Actor
    from emulator.permissions.guard import Guard
    from emulator.world import World

log = logging.getLogger("dynastep")

OURS = ("states", "dynamodb")
"""Signing names of the services answered here."""


class Received(NamedTuple):
    """A request as it was received: who sends it, and whose resources it means."""

    environ: Environ
    body: bytes
    caller: Credential | None
    account: str
    is_for_api: bool
    """Whether it is for an API of API Gateway."""
    later: Callable[[Response], None] | None = None
    """Takes the response when there is one, where the server does not need a thread that waits."""
    from_outside: bool = True
    """Whether a client asks, and not the world itself."""


class Postponed(Exception):
    """The request is answered later."""


def answer(control: Control, environ: Environ, body: bytes) -> Response:
    """Answer a request to AWS, whatever it holds. A bug of ours is an HTTP 500 and an entry in the log."""
    caller = credential(environ)
    return respond(control, Received(environ, body, caller, account_of(control, caller), names_api(environ)))


def respond(control: Control, request: Received) -> Response:
    """Answer a request that was received, in the world that it means.

    Raises:
        Postponed: the answer comes later, by ``request.later``.
    """
    owner = owner_of_api(request.environ) if request.is_for_api else None
    meant = control.of(owner or request.account)
    try:
        return meant.gate.pass_through(_answer_inside, control, meant, request)
    except Fault as fault:
        return protocol.write_fault(request.environ, None, protocol.new_request_id(None), fault)


def _answer_inside(control: Control, meant: Control, request: Received) -> Response:
    """Answer by the world that is alive now: a request that a reset refuses comes here again."""
    world, environ = meant.world, request.environ
    if _TOKEN not in environ and _TRACE not in environ:
        return _respond(world, request, control)
    with world.lambdas.within(*[environ[name] for name in (_TOKEN, _TRACE) if name in environ]):
        return _respond(world, request, control)


def inside(world: World, environ: Environ, body: bytes) -> Response:
    """Answer what the world itself asks, on behalf of the account in the signature: it is past the gate."""
    caller = credential(environ)
    account = caller.account if caller is not None else None
    owner = account or world.default_account
    return _respond(world, Received(environ, body, caller, owner, names_api(environ), from_outside=False))


def owner_of_api(environ: Environ) -> str | None:
    """The account of the API that a request is for: who calls an API need not say whose it is."""
    address = address_of(environ)
    return None if address is None else moto_door.owner_of_api(address.api)


_TOKEN = "HTTP_X_AMZ_SECURITY_TOKEN"  # noqa: S105 - the name of a header
_TRACE = "HTTP_X_AMZN_TRACE_ID"
"""Headers that tell which function makes a request: its credentials' token, and the trace that SDKs hand on."""


def _respond(world: World, request: Received, control: Control | None = None) -> Response:
    if request.is_for_api:
        return _respond_for_api(world, request)
    if _is_ours(request.environ, request.caller):
        return _respond_ours(world, request, control)
    return _respond_moto(world, request)


def _respond_for_api(world: World, request: Received) -> Response:
    try:
        response = world.apis.respond(request.environ, request.body)
    except Closed:
        raise
    except Exception:
        request_id = protocol.new_request_id(None)
        log.exception("Request %s to an API failed: %s", request_id, request.environ.get("PATH_INFO"))
        body = dumps({"message": f"Dynastep failed; its log has the traceback under request id {request_id}"})
        return Response(500, [("Content-Type", "application/json")], body.encode())
    if response is None:
        body = dumps({"message": "The path names no API: /_aws/execute-api/API/STAGE/PATH"})
        return Response(404, [("Content-Type", "application/json")], body.encode())
    return response


def _is_ours(environ: Environ, caller: Credential | None) -> bool:
    if protocol.service_of(environ) is not None:
        return True
    if caller is not None:
        return caller.service in OURS
    if environ.get("HTTP_X_AMZ_TARGET"):
        return not moto_door.takes_unsigned(environ)
    return environ.get("PATH_INFO", "/") in ("", "/") and not (moto_door.is_form(environ) or moto_door.is_link(environ))


def _respond_ours(world: World, request: Received, control: Control | None) -> Response:
    environ, body, caller, account, _, later, _ = request
    method = environ["REQUEST_METHOD"]
    if method == "OPTIONS" and "HTTP_ORIGIN" in environ:
        return protocol.write_preflight(environ)
    if method in ("GET", "HEAD"):
        return protocol.write_health(environ, caller.region if caller else "us-east-1")
    service = protocol.service_of(environ)
    request_id = protocol.new_request_id(service)
    try:
        if len(body) > protocol.LARGEST_BODY:
            raise protocol.too_large()  # noqa: TRY301 - every refusal is written in one place
        call = protocol.read_call(environ, body, caller, account, request_id)
        if world.guard is None:
            answered = _begin(world, call, request)
        else:
            asked = (call.service, call.operation, call.params)
            with AskedBy(_check(world, world.guard, request, asked)):
                answered = _begin(world, call, request)
        if isinstance(answered, Waiting):
            if later is None or control is None or not answered.takes_time:
                answered = answered.result()
            else:
                answered.later(partial(_come_back, control, request, call))
                raise Postponed  # noqa: TRY301 - it leaves the gate, as Closed does
        return protocol.write_answer(environ, call, answered)
    except (Closed, Postponed):
        raise
    except Exception as error:  # noqa: BLE001 - written below
        return _write_failure(environ, service, request_id, error)


def _write_failure(environ: Environ, service: str | None, request_id: str, error: Exception) -> Response:
    """What is answered where an operation fails: AWS's words for a Fault, and for a bug of ours an entry in the log."""
    if isinstance(error, Fault):
        return protocol.write_fault(environ, service, request_id, error)
    log.error("Request %s failed: %s", request_id, environ.get("HTTP_X_AMZ_TARGET"), exc_info=error)
    return protocol.write_fault(environ, service, request_id, protocol.internal_failure(request_id))


_finishing = Workers(most=8)
"""Threads that write the answers which came later; none of them waits for long."""


def _come_back(control: Control, request: Received, call: Call, result: Callable[[], dict[str, JSON]]) -> None:
    """An answer has come, on the loop's thread: have it written on another."""
    _finishing.submit(partial(_finish, control, request, call, result))


def _finish(control: Control, request: Received, call: Call, result: Callable[[], dict[str, JSON]]) -> None:
    environ, later = request.environ, request.later
    try:
        response = protocol.write_answer(environ, call, result())
    except Closed:  # a reset refuses it: the world as it is then answers
        try:
            response = respond(control, request)
        except Postponed:
            return
    except Exception as error:  # noqa: BLE001 - written
        response = _write_failure(environ, call.service, call.request_id, error)
    if later is not None:
        later(response)


def _begin(world: World, call: Call, request: Received) -> dict[str, JSON] | Waiting[Any]:
    """Begin what a client asks for, unless a fault of a test hits it."""
    faulty = request.from_outside and world.faults
    strike = world.meet_faults(call.service, call.operation, call.params) if faulty else None
    if strike is None or strike.error is None:
        return operations.begin(world, call)
    served, left = withheld(call.params)
    return with_left(operations.perform(world, call._replace(params=served, body=b"")), left)


_LOOKS = re.compile("(Batch)?(Describe|Filter|Get|Head|List|Query|Receive|Scan|Search|Select)")
"""Operations of other services that show what functions may have done."""
_ACTION = re.compile(rb"(?:^|&)Action=(\w+)")


def operation_of(environ: Environ, body: bytes) -> str:
    """The operation that a request names; of a service whose requests are paths, what its method does."""
    target: str = environ.get("HTTP_X_AMZ_TARGET", "")
    if target:
        return target.rpartition(".")[2]
    action = _ACTION.search(body) if moto_door.is_form(environ) else None
    return action[1].decode() if action is not None else str(environ["REQUEST_METHOD"]).capitalize()


def _respond_moto(world: World, request: Received) -> Response:
    environ = request.environ
    try:
        return _respond_other(world, request)
    except Closed:
        raise
    except Fault as fault:  # what it has changed cannot be kept
        service = request.caller.service if request.caller is not None else ""
        return moto_door.refuse(environ, service, fault.code, fault.status, fault.message)
    except Exception:
        request_id = protocol.new_request_id(None)
        log.exception("Request %s failed: %s %s", request_id, environ["REQUEST_METHOD"], environ.get("PATH_INFO"))
        return protocol.write_fault(environ, None, request_id, protocol.internal_failure(request_id))


def _respond_other(world: World, request: Received) -> Response:
    """Answer for Lambda, or have moto answer."""
    environ, body, caller, account = request[:4]
    if caller is not None and caller.service == "cloudformation":
        return _respond_to_form(world, request, "cloudformation")
    if caller is not None and caller.service == "cloudcontrolapi":
        return _respond_to_json(world, request, "cloudcontrol", caller.region)
    if caller is not None and caller.service == "iam" and operation_of(environ, body) in operations.handlers("iam"):
        return _respond_to_form(world, request, "iam")
    if world.guard is None or caller is None:
        return _respond_elsewhere(world, request)
    from emulator import actors  # with IAM, which few emulators ask

    asked = moto_door.asked(environ, body, caller, account)
    actor, refused = actors.admit(world, world.guard, environ, caller, account, asked)
    if refused is not None:
        return moto_door.refuse(environ, caller.service, *refused)
    with AskedBy(actor):
        return _respond_elsewhere(world, request)


def _respond_elsewhere(world: World, request: Received) -> Response:
    """Answer what whoever asks may ask for."""
    environ, body, caller, account = request[:4]
    response = _respond_beside(world, request)
    if caller is not None and caller.service == "logs":
        world.deliver_logs()
    if response is None:
        meet = world.meet_faults if world.faults and request.from_outside else None
        response = moto_door.answer(environ, body, caller, account, meet)
    if world.keeping.by is not None and not _LOOKS.match(operation_of(environ, body)):
        world.keeping.by.answered(caller.service if caller is not None else "")
    if "HTTP_ORIGIN" in environ and not any(name.lower().startswith("access-control-") for name, _ in response.headers):
        return response._replace(headers=[*response.headers, *protocol.cors(environ)])
    return response


def _respond_beside(world: World, request: Received) -> Response | None:
    """Answer an operation of Lambda that is not moto's; before moto shows anything, all has happened."""
    environ, body, caller, account = request[:4]
    if caller is not None and caller.service == "lambda":
        from emulator.lambdas import api  # with durable functions

        return api.respond(world, environ, body, account, caller.region)
    if _LOOKS.match(operation_of(environ, body)):
        world.lambdas.settle()
    return None


def _respond_to_form(world: World, request: Received, service: str) -> Response:
    """Answer for a service that speaks the query protocol."""
    model = operations.service_model(service)
    request_id = protocol.new_request_id("stepfunctions")
    text = request.body.decode("utf-8", "replace") or request.environ.get("QUERY_STRING", "")
    region = request.caller.region if request.caller is not None else DEFAULT_REGION
    status = 200
    try:
        name, params = query.read(text, model)
        call = protocol.Call(service, name, params, request.account, region, request_id)
        if world.guard is not None:
            asked = (service, name, params)
            _check(world, world.guard, request, asked)
        if request.from_outside:
            world.meet_faults(call.service, call.operation, call.params)
        answered = query.write(model.operation_model(name), operations.perform(world, call), request_id)
    except Fault as fault:
        status, answered = fault.status, query.write_fault(fault, model.metadata["xmlNamespace"], request_id)
    headers = [("x-amzn-RequestId", request_id), ("Content-Type", "text/xml"), *protocol.cors(request.environ)]
    return Response(status, headers, answered)


def _respond_to_json(world: World, request: Received, service: str, region: str) -> Response:
    """Answer for a service that speaks AWS JSON and is none of those whose models are kept here."""
    environ, request_id = request.environ, protocol.new_request_id("stepfunctions")
    name = operation_of(environ, request.body)
    try:
        params = protocol.read_members(request.body)
        call = protocol.Call(service, name, params, request.account, region, request_id, request.body)
        if world.guard is not None:
            _check(world, world.guard, request, (service, name, params))
        if request.from_outside:
            world.meet_faults(service, name, params)
        return protocol.write_answer(environ, call, operations.perform(world, call))
    except Fault as fault:
        return protocol.write_fault(environ, None, request_id, fault)


def _check(world: World, guard: Guard, request: Received, asked: tuple[str, str, Mapping[str, Any]]) -> Actor:
    """Who makes a request, which IAM allows; ``asked`` is the service, the operation and its members. Raises Fault."""
    from emulator import actors  # with IAM, which few emulators ask

    return actors.check(world, guard, request.environ, request.caller, request.account, asked)


def account_of(control: Control, caller: Credential | None) -> str:
    """The account of a caller: its access key if that is twelve digits, else where moto's IAM or STS issued the key.

    Any other key, and none, means the default account of the emulator.
    """
    if caller is None:
        return control.default_account
    return caller.account or moto_door.issuer(caller.access_key) or control.default_account
