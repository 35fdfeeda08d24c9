"""REST APIs: one request, from its path to its answer.

Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-integration-settings.html,
https://docs.aws.amazon.com/apigateway/latest/developerguide/integration-passthrough-behaviors.html
"""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from asl_interpreter.jsontext import JSON, dumps
from emulator.apigateway.authorizing import Invoke, allowed, decision, matches
from emulator.apigateway.context import rest_context
from emulator.apigateway.integrating import REMAPPED, Integrated, Outside, integrate
from emulator.apigateway.mapping import Mapped, MappingFailed
from emulator.apigateway.messages import Answer, Incoming, Pairs, encoded, is_binary, last, media_type, text_of
from emulator.apigateway.proxying import event_1
from emulator.apigateway.refusals import Refused, answer
from emulator.apigateway.routing import best, method_of
from emulator.apigateway.tokens import EXPIRED, Untrusted, as_texts, claims_of, scopes_of
from emulator.apigateway.validating import validate
from emulator.moto_door import issuer_of

if TYPE_CHECKING:
    from emulator.apigateway.control.deployed import RestApi

log = logging.getLogger("dynastep")


class RestCall:
    """One request to a stage of a REST API. ``trace`` is what TestInvokeMethod shows as the log."""

    def __init__(
        self, api: RestApi, incoming: Incoming, outside: Outside, request_id: str, tested: str | None = None
    ) -> None:
        """``tested`` is the path of the resource that a test is of, whatever the path of its request is."""
        self._api = api
        self._incoming = incoming
        self._outside = outside
        self._request_id = request_id
        self.trace: list[str] = []
        resource = parameters = None
        self._as_they_came: Mapping[str, str] = {}
        """The parameters of the path as an event has them: not decoded, as observed."""
        match = best(api.resources if tested is None else [tested], incoming.path)
        if match is not None:
            resource, parameters = api.resources[match.template], match.parameters
            raw = best([match.template], incoming.path, decoded=False)
            self._as_they_came = {} if raw is None else raw.parameters
        elif tested is not None:
            resource = api.resources[tested]
        methods: Mapping[str, Mapping[str, Any]] = (resource or {}).get("resourceMethods") or {}
        self._resource = resource or {}
        self._method = method_of(methods, incoming.method)
        self._mapped = Mapped(
            context=rest_context(api, incoming, resource, request_id, outside.now()),
            variables=api.variables,
            path=parameters or {},
            query=incoming.query,
            headers=incoming.headers,
            body=text_of(incoming.body),
        )

    @property
    def path_parameters(self) -> Mapping[str, str]:
        """The parameters that are in the path."""
        return self._mapped.path

    def answer(self, *, is_test: bool = False) -> Answer:
        """The answer. A test passes by authorizers and keys."""
        try:
            if self._method is None:
                raise Refused("MISSING_AUTHENTICATION_TOKEN")  # noqa: TRY301 - every refusal is answered in one place
            if not is_test:
                self._let_in(self._method)
            validate(
                self._method,
                self._api.validators,
                self._api.models,
                self._mapped,
                self._incoming.header("Content-Type"),
            )
            given = self._integrate(self._method)
            self._say(f"Method response body after transformations: {text_of(given.body)}")
            self._say(f"Method response headers: {{{', '.join(f'{name}={value}' for name, value in given.headers)}}}")
            self._say("Successfully completed execution")
            return given if is_test else self._marked(given)
        except MappingFailed as error:
            refused = Refused("API_CONFIGURATION_ERROR", why=str(error))
        except Refused as error:
            refused = error
        self._say(f"Execution failed due to configuration error: {refused.why}")
        if refused.status >= 500:
            where = f"{self._incoming.method} {self._incoming.path} of the API {self._api.id}"
            log.warning("%s was answered %s: %s", where, refused.status, refused.why)
        said = answer(refused, self._api.gateway_responses, self._mapped)
        return said if is_test else self._marked(said)

    @staticmethod
    def allowed_origin(api: RestApi, path: str) -> str | None:
        """The origin whose pages may call what is at a path, as the mock for OPTIONS says; None if it says nothing."""
        match = best(api.resources, path)
        methods = (api.resources[match.template].get("resourceMethods") or {}) if match is not None else {}
        integration = (methods.get("OPTIONS") or {}).get("methodIntegration") or {}
        if integration.get("type") != "MOCK":
            return None
        for response in (integration.get("integrationResponses") or {}).values():
            for target, source in (response.get("responseParameters") or {}).items():
                if target.lower() == "method.response.header.access-control-allow-origin":
                    return str(source).strip("'")
        return None

    def _say(self, text: str) -> None:
        self.trace.append(text)

    def _marked(self, given: Answer) -> Answer:
        """With the headers that every answer has."""
        identified = (
            ("x-amzn-RequestId", self._request_id),
            ("x-amz-apigw-id", self._mapped.context["extendedRequestId"]),
        )
        return given.with_headers(*identified)

    # Who may.

    def _let_in(self, method: Mapping[str, Any]) -> None:
        kind = method.get("authorizationType") or "NONE"
        if kind == "AWS_IAM":
            if "Credential=" not in (self._incoming.header("Authorization") or ""):
                raise Refused("MISSING_AUTHENTICATION_TOKEN")
        elif kind == "CUSTOM":
            self._authorize(self._authorizer(method))
        elif kind == "COGNITO_USER_POOLS":
            self._authorize_user(self._authorizer(method), method.get("authorizationScopes") or [])
        if method.get("apiKeyRequired"):
            self._check_key()

    def _authorizer(self, method: Mapping[str, Any]) -> Mapping[str, Any]:
        found = self._api.authorizers.get(method.get("authorizerId") or "")
        if found is None:
            raise Refused("AUTHORIZER_CONFIGURATION_ERROR", why="the method names no authorizer")
        return found

    def _authorize_user(self, authorizer: Mapping[str, Any], scopes: list[str]) -> None:
        """See that a user of a user pool calls: by an identity token, or by an access token where scopes are wanted."""
        source = authorizer.get("identitySource") or "method.request.header.Authorization"
        token = self._mapped.parameter(source)
        issuers = [issuer_of(arn) for arn in authorizer.get("providerARNs") or ()]
        try:
            claims = claims_of(str(token or ""), issuers, self._outside.public_keys, self._outside.now())
        except Untrusted as error:
            expired = str(error) == EXPIRED
            said = "The incoming token has expired" if expired else None
            raise Refused("UNAUTHORIZED", said, why=f"the token is not trusted: {error}") from None
        pattern = authorizer.get("identityValidationExpression")
        if pattern and not matches(pattern, str(claims.get("aud") or "")):
            raise Refused("UNAUTHORIZED", why="the audience of the token is another one")
        wanted = "access" if scopes else "id"
        if claims.get("token_use") != wanted or (scopes and not set(scopes) & set(scopes_of(claims))):
            raise Refused("UNAUTHORIZED", why=f"an {wanted} token is wanted" + (f" for {scopes}" if scopes else ""))
        self._mapped.context["authorizer"] = {"claims": as_texts(claims)}

    def test(self, authorizer: Mapping[str, Any]) -> dict[str, Any]:
        """What an authorizer says to a test of it: ``claims``, or ``principalId`` and ``policy``. Raises Refused."""
        if authorizer["type"] == "COGNITO_USER_POOLS":
            self._authorize_user(authorizer, [])
            return dict(self._mapped.context["authorizer"])
        said = decision(authorizer, *self._to_authorize(), lambda _key, _seconds, ask: ask())
        return {"principalId": str(said["principalId"]), "policy": dumps(said["policyDocument"])}

    def _to_authorize(self) -> tuple[Mapped, dict[str, JSON], str, Invoke]:
        """What an authorizer is told of the request, and how its function is called."""
        api = self._api
        verb_and_path = f"{self._incoming.method}{self._incoming.path}"
        arn = f"arn:aws:execute-api:{api.region}:{api.account}:{api.id}/{api.stage}/{verb_and_path}"
        event = self._event()
        for name in ("body", "isBase64Encoded"):
            event.pop(name)
        return self._mapped, event, arn, self._outside.call

    def _authorize(self, authorizer: Mapping[str, Any]) -> None:
        kept = self._outside.decided(self._api.id, self._api.stage)
        mapped, event, arn, invoke = self._to_authorize()
        mapped.context["authorizer"] = allowed(decision(authorizer, mapped, event, arn, invoke, kept), arn)

    def _check_key(self) -> None:
        said = self._mapped.context.get("authorizer") or {}
        given = said.get("usageIdentifierKey") if self._api.key_source == "AUTHORIZER" else None
        key = given or self._incoming.header("x-api-key")
        admitted = None if key is None else self._outside.admit(self._api.id, self._api.stage, str(key))
        if admitted is None:
            raise Refused("INVALID_API_KEY")
        self._mapped.context["identity"] |= {"apiKey": key, "apiKeyId": admitted[0]}
        if not admitted[1]:
            raise Refused("QUOTA_EXCEEDED")

    # What is behind.

    def _event(self, headers: Pairs = (), query: Pairs = ()) -> dict[str, Any]:
        """The event for a function; with headers and parameters of the query that the request has not itself."""
        incoming = self._incoming
        given = {name.lower() for name, _ in incoming.headers}
        asked = {name for name, _ in incoming.query}
        return event_1(
            replace(
                incoming,
                path="/" + incoming.path.lstrip("/"),
                headers=(*incoming.headers, *(pair for pair in headers if pair[0].lower() not in given)),
                query=(*incoming.query, *(pair for pair in query if pair[0] not in asked)),
            ),
            self._resource["path"],
            self._mapped.context,
            self._as_they_came,
            self._api.variables,
            binary=self._is_binary(self._incoming.header("Content-Type")),
        )

    def _is_binary(self, media: str | None) -> bool:
        return bool(self._api.binary_types) and is_binary(self._api.binary_types, media)

    def _integrate(self, method: Mapping[str, Any]) -> Answer:
        integration: Mapping[str, Any] = method.get("methodIntegration") or {}
        if not integration:
            raise Refused("API_CONFIGURATION_ERROR", why="the method has no integration")
        kind = integration.get("type") or ""
        body = self._incoming.body
        if not kind.endswith("_PROXY"):
            body = self._mapped_body(integration)
        if kind != "MOCK":
            self._say(f"Endpoint request body after transformations: {text_of(body)}")
        given = integrate(integration, self._incoming, body, self._mapped, self._api, self._event, self._outside)
        if kind != "MOCK":
            self._say(f"Endpoint response body before transformations: {text_of(given.answer.body)}")
        answer = given.answer if kind.endswith("_PROXY") else self._responded(method, integration, given)
        return answer if kind in ("MOCK", "HTTP_PROXY") else answer.with_headers(("X-Amzn-Trace-Id", self._trace()))

    def _trace(self) -> str:
        """The trace that an answer shows, as observed; nothing is traced."""
        plain = self._request_id.replace("-", "")
        root = (self._incoming.header("X-Amzn-Trace-Id") or f"Root=1-{plain[:8]}-{plain[8:]}").partition(";")[0]
        return f"{root};Parent={plain[:16]};Sampled=0;Lineage=1:{plain[:8]}:0"

    def _mapped_body(self, integration: Mapping[str, Any]) -> bytes:
        """The body that goes to the integration: as a template makes it, or as it came."""
        body, handling = self._incoming.body, integration.get("contentHandling")
        binary = self._is_binary(self._incoming.header("Content-Type"))
        body = _handled(body, handling, is_binary=binary, wants_binary=binary)
        templates: Mapping[str, str] = integration.get("requestTemplates") or {}
        kind = media_type(self._incoming.header("Content-Type"))
        template = templates.get(kind, templates.get("$default"))
        if template is not None:
            return self._mapped.render(template, text_of(body)).encode()
        behaviour = (integration.get("passthroughBehavior") or "WHEN_NO_MATCH").upper()
        if behaviour == "NEVER" or (behaviour == "WHEN_NO_TEMPLATES" and templates):
            raise Refused("UNSUPPORTED_MEDIA_TYPE")
        return body

    def _responded(self, method: Mapping[str, Any], integration: Mapping[str, Any], given: Integrated) -> Answer:
        """What the method makes of what its integration has answered."""
        responses: Mapping[str, Mapping[str, Any]] = integration.get("integrationResponses") or {}
        chosen = _selected(responses, given.selected_by)
        if chosen is None:
            raise Refused(
                "API_CONFIGURATION_ERROR",
                why="No match for output mapping and no default output mapping configured. "
                f"Endpoint Response Status Code: {given.answer.status}",
            )
        status = str(chosen.get("statusCode"))
        if status not in (method.get("methodResponses") or {}):
            why = f"Output mapping refers to an invalid method response: {status}"
            raise Refused("API_CONFIGURATION_ERROR", why=why)
        body = _handled(
            given.answer.body,
            chosen.get("contentHandling"),
            is_binary=self._is_binary(last(given.answer.headers, "Content-Type")),
            wants_binary=self._is_binary((self._incoming.header("Accept") or "").partition(",")[0]),
        )
        media, template = self._template(chosen.get("responseTemplates") or {})
        response = {"headers": given.answer.headers, "body": text_of(body)}
        headers = self._response_headers(chosen.get("responseParameters") or {}, response)
        if template:
            body = self._mapped.render(template, text_of(body), response=True).encode()
        headers |= self._mapped.header_override
        code = self._mapped.status_override or int(status)
        named = tuple(
            (name, each) for name, value in headers.items() for each in (value if isinstance(value, list) else [value])
        )
        return Answer(code, body, named, given.answer.after).with_headers(("Content-Type", media))

    def _template(self, templates: Mapping[str, str | None]) -> tuple[str, str | None]:
        """The media type of the answer and the template of its body, as the client accepts."""
        for accepted in (self._incoming.header("Accept") or "").split(","):
            kind = media_type(accepted) if accepted.strip() else ""
            if kind in templates:
                return kind, templates[kind]
        if "application/json" in templates or not templates:
            return "application/json", templates.get("application/json")
        return next(iter(templates.items()))

    def _response_headers(self, parameters: Mapping[str, str], response: Mapping[str, Any]) -> dict[str, Any]:
        headers: dict[str, Any] = {}
        for target, source in parameters.items():
            value = self._mapped.parameter(source, response)
            if target.startswith("method.response.header.") and value is not None:
                name = target.removeprefix("method.response.header.")
                if name.lower() != "transfer-encoding":
                    headers[f"x-amzn-Remapped-{name}" if name.lower() in REMAPPED else name] = value
        return headers


def _selected(responses: Mapping[str, Mapping[str, Any]], text: str) -> Mapping[str, Any] | None:
    """The integration response whose pattern matches; else the one without a pattern."""
    for response in responses.values():
        pattern = response.get("selectionPattern")
        if pattern and text and matches(pattern, text):
            return response
    return next((each for each in responses.values() if not each.get("selectionPattern")), None)


def _handled(body: bytes, handling: str | None, *, is_binary: bool, wants_binary: bool) -> bytes:
    """A body as its content handling makes it: bytes stay bytes, or go on as base64, or as text.

    Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings-workflow.html
    """
    to_binary = wants_binary if handling is None else handling == "CONVERT_TO_BINARY"
    if is_binary:
        return body if to_binary else encoded(body).encode()
    return _decoded(body) if to_binary else text_of(body).encode()


def _decoded(body: bytes) -> bytes:
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        raise Refused("API_CONFIGURATION_ERROR", why="a body to be converted to binary is no base64") from None
