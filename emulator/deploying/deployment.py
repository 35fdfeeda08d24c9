"""Deployment: a stack is made as its template says, each resource after those it needs, or brought back.

Each operation is a generator. It gives the seconds that it waits for, and is done in the thread that drives it until
the first of them; so a deployment that waits for nothing is over when CreateStack answers. Resources that wait, such as
custom resources, let others go on beside them; once one has failed, those that wait are cancelled.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html; statuses, events and
reasons as AWS was recorded to give them.
"""

from __future__ import annotations

import dataclasses
import logging
import math
from collections.abc import Callable, Generator, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from emulator.deploying import notices, rollback_triggers, snapshots
from emulator.deploying.before import Before
from emulator.deploying.changes import NEVER, recreation
from emulator.deploying.intrinsics import as_text, evaluate
from emulator.deploying.reading import InvalidTemplate
from emulator.deploying.schemas import schema
from emulator.deploying.scope import Values, pseudo_parameters, resolve
from emulator.deploying.services import NOT_BUILT, NOT_UPDATABLE, Refused, Services
from emulator.deploying.side_by_side import in_order
from emulator.deploying.stacks import Row, Stack, Stacks
from emulator.deploying.types import find_type
from emulator.deploying.types.resource_type import STACK_TAGS, Made, Order, Waiting, checked, naming_property

if TYPE_CHECKING:
    from emulator.deploying.stack_policies import Action, StackPolicy
    from emulator.deploying.stacks import Given
    from emulator.deploying.templates import Resource

log = logging.getLogger("dynastep")

Steps: TypeAlias = Generator[float, None, None]
"""What is left to do; each value is how many seconds to wait."""

_CANNOT_RENAME: Final = (
    "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename {} and update the "
    "stack again."
)
_CANCELLED: Final = "Resource {} cancelled"
_REPLACES: Final = "Requested update requires the creation of a new physical resource; hence creating one."


class Failed(Exception):
    """A deployment cannot go on. ``logical_id`` is the resource that failed, None where the template did.

    ``others`` are the resources that were cancelled with it.
    """

    def __init__(self, reason: str, logical_id: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.logical_id = logical_id
        self.others: tuple[str, ...] = ()

    @property
    def named(self) -> str:
        """The resources that failed, as the reasons of stacks list them."""
        return f"[{', '.join(sorted((self.logical_id or '', *self.others)))}]"


class Deployment:
    """Work on one stack."""

    def __init__(
        self, stacks: Stacks, stack: Stack, services: Services, now: Callable[[], float], new_id: Callable[[], str]
    ) -> None:
        self.stacks = stacks
        self.stack = stack
        self.services = services
        self.now = now
        self.new_id = new_id
        self.retained: frozenset[str] = frozenset()
        """Resources that a deletion leaves."""
        self.policy: StackPolicy | None = stack.policy
        """What the update may do."""
        self.next_policy: StackPolicy | None = None
        """What later updates may do, once this one is complete."""

    # The stack's statuses.

    def tell(self, status: str, reason: str | None = None) -> None:
        """The stack has a status now."""
        self.stack.tell(status, reason, self.now(), self.new_id())
        self.publish()
        if not status.endswith("_IN_PROGRESS"):
            notices.log_end(self.stack, status, reason or "")

    def publish(self) -> None:
        """Tell the stack's topics what they do not know."""
        notices.publish(self.stack, self.services)

    @property
    def is_over(self) -> bool:
        """Whether something else works on the stack now: its deletion, where this is its creation."""
        return self.stack.worker is not self

    def _tell_of(self, row: Row, status: str, reason: str | None = None, *, cleaning: bool = False) -> None:
        self.stack.tell_of(row, status, reason, self.now(), shown=self.new_id() if cleaning else None)
        self.publish()

    def _scope(self, given: Given) -> Values:
        pseudo = pseudo_parameters(self.services, self.stack.name, self.stack.id, given.notification_arns)
        rows = self.stack.rows
        return Values(given.template, given.parameters, pseudo, rows, self.stacks.exports)

    # Creation.

    def create(self, given: Given) -> Steps:
        """Make the stack. The caller has told that it is in progress."""
        stack = self.stack
        stack.given = given
        scope = self._scope(given)
        try:
            made = self._side_by_side(scope, lambda resource: self._make(scope, resource))
            yield from _limited(made, stack.timeout)
            self._set_outputs(scope, given)
            yield from self._watch(given)
        except (Failed, InvalidTemplate) as failure:
            if not self.is_over:
                yield from self._roll_creation_back(_as_failure(failure))
            return
        self.tell("CREATE_COMPLETE")

    def _roll_creation_back(self, failure: Failed) -> Steps:
        stack = self.stack
        if failure.logical_id is None:
            said = failure.reason
        else:
            said = f"The following resource(s) failed to create: {failure.named}"
        stack.outputs, stack.exports, stack.imports = [], {}, set()
        if stack.disable_rollback or stack.on_failure == "DO_NOTHING":
            self.tell("CREATE_FAILED", f"{said}. ")
            return
        if stack.on_failure == "DELETE":
            self.tell("DELETE_IN_PROGRESS", f"{said}. Delete requested by user.")
            yield from self._delete_all(rolling_back=True, complete="DELETE_COMPLETE", failed="DELETE_FAILED")
            stack.deleted = self.now()
            return
        self.tell("ROLLBACK_IN_PROGRESS", f"{said}. Rollback requested by user.")
        yield from self._delete_all(rolling_back=True, complete="ROLLBACK_COMPLETE", failed="ROLLBACK_FAILED")
        stack.deleted = self.now()

    def _side_by_side(self, scope: Values, work: Callable[[Resource], Steps]) -> Steps:
        """Work on each resource once those it needs are done. Raises Failed; what waits is cancelled then."""
        under_way: set[str] = set()
        try:
            yield from in_order(scope.active(), scope.template.needs, work, under_way)
        except Failed as failure:
            if self.is_over:
                raise
            failure.others = tuple(under_way)
            for name in scope.active().keys() & under_way:
                row = self.stack.rows[name]
                verb, what = ("CREATE", "creation") if row.status.startswith("CREATE") else ("UPDATE", "update")
                self._tell_of(row, f"{verb}_FAILED", _CANCELLED.format(what))
            raise

    def _make(self, scope: Values, resource: Resource) -> Steps:
        """Make a resource that is not there."""
        properties = evaluate(resource.properties, scope)
        row = Row(resource.logical_id, resource.type, properties=properties)
        self._describe(row, resource)
        self.stack.rows[resource.logical_id] = row
        self._tell_of(row, "CREATE_IN_PROGRESS")
        made = yield from self._done(row, "CREATE_FAILED", lambda: self._created(row, resource, properties))
        row.physical_id, row.attributes = made.id, made.attributes
        if self.is_over:  # the stack was deleted while this was being made
            yield from self._deleted(row)
            raise Failed(_CANCELLED.format("creation"), row.logical_id)
        self._tell_of(row, "CREATE_IN_PROGRESS", "Resource creation Initiated")
        self._tell_of(row, "CREATE_COMPLETE")

    def _describe(self, row: Row, resource: Resource) -> None:
        template = self.stack.given.template if self.stack.given is not None else None
        row.deletion_policy, row.replace_policy = resource.deletion_policy, resource.replace_policy
        row.metadata = resource.metadata
        row.needs = template.needs.get(resource.logical_id, frozenset()) if template is not None else frozenset()

    def _created(self, row: Row, resource: Resource, properties: Mapping[str, Any]) -> Waiting[Made]:
        resolved = resolve(properties, self.services)
        checked(resource.logical_id, resource.type, resolved)
        return find_type(resource.type).create(self._order(row.logical_id, row.type, resolved, resource))

    def _order(self, logical_id: str, kind: str, properties: dict[str, Any], resource: Resource | None = None) -> Order:
        return Order(logical_id, kind, properties, self.services, self, self.new_id(), resource)

    def _done(self, row: Row, status: str, work: Callable[[], Waiting[Any]]) -> Generator[float, None, Any]:
        """Do what a resource needs; if it is refused, the resource has failed, and the deployment with it."""
        try:
            answer = work()
            if isinstance(answer, Generator):
                answer = yield from answer
        except Refused as refused:
            reason = refused.reason(self.new_id())
        except InvalidTemplate as invalid:
            reason = str(invalid)
        except Exception as error:
            log.exception("A resource of a stack failed: %s, %s", row.logical_id, row.type)
            reason = f"Dynastep failed to handle this {row.type}: {type(error).__name__}: {error}"
        else:
            return answer
        if not self.is_over:
            self._tell_of(row, status, reason)
        raise Failed(reason, row.logical_id)

    def _set_outputs(self, scope: Values, given: Given) -> None:
        outputs: list[dict[str, Any]] = []
        exports: dict[str, str] = {}
        for output in given.template.outputs.values():
            if output.condition is not None and not scope.condition(output.condition):
                continue
            try:
                value = as_text(evaluate(output.value, scope))
            except InvalidTemplate as error:
                raise Failed(f"[Error] /Outputs/{output.name}/Value: {error}") from None
            shown = {"OutputKey": output.name, "OutputValue": value, "Description": output.description}
            if output.export is not None:
                name = as_text(evaluate(output.export, scope))
                self._check_export(name, value)
                exports[name] = value
                shown["ExportName"] = name
            outputs.append({member: text for member, text in shown.items() if text is not None})
        for name in self.stack.exports.keys() - exports.keys():
            if users := self.stacks.importers(name):
                raise Failed(f"Export {name} cannot be deleted as it is in use by {_names(users)}")
        self.stack.outputs, self.stack.exports, self.stack.imports = outputs, exports, scope.imports

    def _check_export(self, name: str, value: str) -> None:
        known = self.stacks.exports().get(name)
        if known is None:
            return
        if known.stack_id != self.stack.id:
            other = self.stacks.all[known.stack_id].name
            raise Failed(f"Export with name {name} is already exported by stack {other}")
        if known.value != value and (users := self.stacks.importers(name)):
            raise Failed(f"Export {name} cannot be updated as it is in use by {_names(users)}")

    # Updates.

    def update(self, given: Given) -> Steps:
        """Make the stack as another template says."""
        stack = self.stack
        before = stack.resume or Before(stack)  # an update that was left where it failed is gone on with
        stack.given, stack.cancelled, stack.resume = given, False, None
        scope = self._scope(given)
        try:
            yield from self._side_by_side(scope, lambda resource: self._bring_up(scope, resource, before))
            active = scope.active()
            gone = [row for name, row in stack.rows.items() if name not in active]
            for row in gone:
                self._check_policy("Update:Delete", row, before)
            self._set_outputs(scope, given)
            yield from self._watch(given)
        except (Failed, InvalidTemplate) as failure:
            yield from self._roll_update_back(_as_failure(failure), before)
            return
        stack.updated = self.now()
        stack.policy = self.next_policy or stack.policy
        self.tell("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        yield from self._clean_up([*gone, *before.replaced.values(), *before.between])
        for row in gone:
            stack.rows.pop(row.logical_id, None)
        self.tell("UPDATE_COMPLETE")

    def _bring_up(self, scope: Values, resource: Resource, before: Before) -> Steps:
        """Make or change a resource."""
        row = self.stack.rows.get(resource.logical_id)
        if self.stack.cancelled:
            raise Failed("User Initiated")
        if row is None or not row.is_there:
            before.made[resource.logical_id] = None
            yield from self._make(scope, resource)
        else:
            yield from self._change(scope, resource, row, before)

    def _change(self, scope: Values, resource: Resource, row: Row, before: Before) -> Steps:
        properties = evaluate(resource.properties, scope)
        old = dataclasses.replace(row)
        was = old.properties
        changed = {name for name in {*was, *properties} if was.get(name) != properties.get(name)}
        tagged = self._tags_change(before, row.type)
        handler = find_type(row.type)
        replaces = any(recreation(row.type, name) != NEVER for name in changed) or (changed and not handler.updates)
        if changed or tagged:
            self._check_policy("Update:Replace" if replaces else "Update:Modify", row, before)
        self._describe(row, resource)
        row.properties = properties
        if not changed and not tagged:
            return
        before.keep(old)
        if replaces:
            yield from self._replace(resource, row, old, before)
            return
        self._tell_of(row, "UPDATE_IN_PROGRESS")

        def work() -> Waiting[Made]:
            resolved = resolve(properties, self.services)
            checked(resource.logical_id, resource.type, resolved)
            order = self._order(row.logical_id, row.type, resolved, resource)
            try:
                return handler.update(order, _was(old, before, self.services), Made(row.physical_id, row.attributes))
            except Refused as refused:
                if refused.code == NOT_UPDATABLE or refused.status == NOT_BUILT:
                    before.denied.add(resource.logical_id)
                raise

        made = yield from self._done(row, "UPDATE_FAILED", work)
        row.physical_id, row.attributes = made.id, made.attributes
        if row.physical_id != old.physical_id:  # a custom resource says with its answer that it made another one
            before.replace(old)
        self._tell_of(row, "UPDATE_COMPLETE")

    def _check_policy(self, action: Action, row: Row, before: Before) -> None:
        """Refuse what the stack's policy does not allow. Raises Failed."""
        reason = None if self.policy is None else self.policy.refusal(action, row.logical_id, row.type)
        if reason is None:
            return
        before.keep(dataclasses.replace(row))
        before.denied.add(row.logical_id)
        self._tell_of(row, "UPDATE_FAILED", reason)
        raise Failed(reason, row.logical_id)

    def _watch(self, given: Given) -> Steps:
        """Watch the alarms that take the operation back, for as long as is asked for. Raises Failed."""
        for minute in range(rollback_triggers.minutes(given.rollback) + 1):
            if minute:
                yield 60.0
            if self.is_over:
                return
            try:
                arns = rollback_triggers.breached(given.rollback, self.services)
            except Refused as refused:
                raise Failed(refused.message) from None
            if arns:
                raise Failed(f"Rollback triggers in ALARM or missing: [{', '.join(arns)}]")

    def _tags_change(self, before: Before, kind: str) -> bool:
        given, known = self.stack.given, schema(kind)
        now = {} if given is None else dict(given.tags)
        return now != before.tags and find_type(kind).takes_tags and (known is None or bool(known.tags))

    def _replace(self, resource: Resource, row: Row, old: Row, before: Before) -> Steps:
        name = naming_property(row.type)
        named = None if name is None else row.properties.get(name)
        if name is not None and named is not None and named == old.properties.get(name):
            reason = _CANNOT_RENAME.format(named)
            self._tell_of(row, "UPDATE_FAILED", reason)
            raise Failed(reason, row.logical_id)
        self._tell_of(row, "UPDATE_IN_PROGRESS", _REPLACES)
        made = yield from self._done(row, "UPDATE_FAILED", lambda: self._created(row, resource, row.properties))
        row.physical_id, row.attributes = made.id, made.attributes
        before.replace(old)
        self._tell_of(row, "UPDATE_IN_PROGRESS", "Resource creation Initiated")
        self._tell_of(row, "UPDATE_COMPLETE")

    def _clean_up(self, rows: Iterable[Row]) -> Steps:
        """Delete what an update has left behind; what cannot be deleted stays."""
        for row in _backwards(list(rows)):
            replaced = self.stack.rows.get(row.logical_id) is not row
            policy = row.replace_policy if replaced else row.deletion_policy
            if policy in ("Retain", "RetainExceptOnCreate"):
                self._tell_of(row, "DELETE_SKIPPED", cleaning=True)
                continue
            self._tell_of(row, "DELETE_IN_PROGRESS", cleaning=True)
            try:
                yield from self._deleted(row, snapped=policy == "Snapshot")
            except Failed:
                continue
            self._tell_of(row, "DELETE_COMPLETE", cleaning=True)

    def _roll_update_back(self, failure: Failed, before: Before) -> Steps:
        stack = self.stack
        if failure.logical_id is None:
            said = f"{failure.reason}. Rollback requested by user."
        else:
            verb = "create" if failure.logical_id in before.made else "update"
            said = f"The following resource(s) failed to {verb}: {failure.named}. "
        if stack.disable_rollback:
            for row in stack.rows.values():
                old = before.latest.get(row.logical_id)
                if row.status == "UPDATE_FAILED" and old is not None:
                    row.properties = old.properties  # as they are: the next update has to change them
            stack.resume = before
            self.tell("UPDATE_FAILED", said)
            return
        self.tell("UPDATE_ROLLBACK_IN_PROGRESS", said)
        yield from self._go_back(before, frozenset())

    def _go_back(self, before: Before, skipped: frozenset[str]) -> Steps:
        """Bring changed resources back to what they were."""
        stack = self.stack
        stack.given, stack.resume = before.given, None
        stack.outputs, stack.exports, stack.imports = before.outputs, before.exports, before.imports
        left = list(before.between)
        failed: list[str] = []
        for name, old in reversed(list(before.changed.items())):
            row = stack.rows[name]
            if name in skipped or name in before.denied:
                row.properties = old.properties
                self._tell_of(row, "UPDATE_COMPLETE")
                continue
            self._tell_of(row, "UPDATE_IN_PROGRESS")
            if name in before.replaced:
                new = dataclasses.replace(row)
                left.append(new)
                stack.rows[name] = row = dataclasses.replace(old)
            else:
                tried = dict(row.properties)
                row.properties = old.properties
                try:
                    yield from self._undo(row, old, tried)
                except Failed:
                    failed.append(name)
                    continue
            before.changed.pop(name)
            self._tell_of(row, "UPDATE_COMPLETE")
        if failed:
            stack.resume = before
            self.tell("UPDATE_ROLLBACK_FAILED", f"The following resource(s) failed to update: [{', '.join(failed)}]. ")
            return
        self.tell("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
        made = [stack.rows[name] for name in before.made if name in stack.rows]
        for row in _backwards([row for row in [*made, *left] if row.physical_id]):
            if row.deletion_policy == "Retain" and row in made:
                self._tell_of(row, "DELETE_SKIPPED", cleaning=True)
                continue
            self._tell_of(row, "DELETE_IN_PROGRESS", cleaning=True)
            try:
                yield from self._deleted(row)
            except Failed:
                continue
            self._tell_of(row, "DELETE_COMPLETE", cleaning=True)
        for name in before.made:
            stack.rows.pop(name, None)
        self.tell("UPDATE_ROLLBACK_COMPLETE")

    def _undo(self, row: Row, old: Row, tried: Mapping[str, Any]) -> Steps:
        handler = find_type(row.type)

        def work() -> Waiting[Made]:
            resolved = resolve(old.properties, self.services)
            return handler.update(
                self._order(row.logical_id, row.type, resolved),
                resolve(tried, self.services),
                Made(row.physical_id, row.attributes),
            )

        if not handler.updates:
            return
        made = yield from self._done(row, "UPDATE_FAILED", work)
        row.physical_id, row.attributes = made.id, old.attributes
        row.deletion_policy, row.replace_policy, row.metadata = old.deletion_policy, old.replace_policy, old.metadata

    def continue_rollback(self, skipped: frozenset[str]) -> Steps:
        """Go on with a rollback that failed, or begin one of an update that failed and was left so."""
        before = self.stack.resume
        if before is None:
            message = "nothing was being rolled back"
            raise ValueError(message)
        yield from self._go_back(before, skipped)

    # Deletion.

    def delete(self) -> Steps:
        """Delete the stack's resources, but for those it is to leave."""
        stack = self.stack
        for name in stack.exports:
            if users := self.stacks.importers(name):
                reason = f"Delete canceled. Cannot delete export {name} as it is in use by {_names(users)}."
                self.tell("DELETE_FAILED", reason)
                return
        yield from self._delete_all(rolling_back=False, complete="DELETE_COMPLETE", failed="DELETE_FAILED")
        if stack.is_gone:
            stack.deleted = self.now()

    def roll_back(self) -> Steps:
        """Delete what was made of a stack whose creation failed and was left so."""
        yield from self._delete_all(rolling_back=True, complete="ROLLBACK_COMPLETE", failed="ROLLBACK_FAILED")

    def _delete_all(self, *, rolling_back: bool, complete: str, failed: str) -> Steps:
        kept = ("Retain",) if rolling_back else ("Retain", "RetainExceptOnCreate")
        failures: list[str] = []
        rows = [row for row in self.stack.rows.values() if row.status not in ("DELETE_COMPLETE", "DELETE_SKIPPED")]
        for row in _backwards(rows):
            if not row.physical_id:  # it was never there
                if rolling_back:
                    self._tell_of(row, "DELETE_COMPLETE")
                else:
                    row.status = "DELETE_COMPLETE"
                continue
            if row.deletion_policy in kept or row.logical_id in self.retained:
                self._tell_of(row, "DELETE_SKIPPED")
                continue
            if any(name in failures for name in self._users(row, rows)):
                continue
            self._tell_of(row, "DELETE_IN_PROGRESS")
            try:
                yield from self._deleted(row, snapped=not rolling_back and row.deletion_policy == "Snapshot")
            except Failed:
                failures.append(row.logical_id)
                continue
            self._tell_of(row, "DELETE_COMPLETE")
        if failures:
            self.tell(failed, f"The following resource(s) failed to delete: [{', '.join(sorted(failures))}]. ")
        else:
            self.tell(complete)

    @staticmethod
    def _users(row: Row, rows: Iterable[Row]) -> list[str]:
        return [other.logical_id for other in rows if row.logical_id in other.needs]

    def _deleted(self, row: Row, *, snapped: bool = False) -> Steps:
        """Delete a resource, after a snapshot of it (``snapped``); one that is not there is as good as deleted."""

        def work() -> Waiting[None]:
            order, made = self._order(row.logical_id, row.type, row.properties), Made(row.physical_id, row.attributes)
            if snapped:
                snapshots.take(order, made)
            return find_type(row.type).delete(order, made)

        def forgiving() -> Generator[float, None, None]:
            try:
                answer = work()
                if isinstance(answer, Generator):
                    yield from answer
            except Refused as refused:
                if not refused.is_absence:
                    raise

        yield from self._done(row, "DELETE_FAILED", forgiving)


def _was(old: Row, before: Before, services: Services) -> dict[str, Any]:
    """The properties that a resource was made with, and the tags of its stack then."""
    return {**resolve(old.properties, services), STACK_TAGS: before.tags}


def _as_failure(failure: Failed | InvalidTemplate) -> Failed:
    return failure if isinstance(failure, Failed) else Failed(str(failure))


def _limited(steps: Steps, minutes: int | None) -> Steps:
    """Steps that fail once they have taken so many minutes."""
    left = math.inf if minutes is None else minutes * 60.0
    for wait in steps:
        if wait >= left:
            yield left
            steps.throw(Failed("Stack creation time exceeded the specified timeout"))
        left -= wait
        yield wait


def _names(stacks: Iterable[Stack]) -> str:
    return ", ".join(stack.name for stack in stacks)


def _backwards(rows: list[Row]) -> list[Row]:
    """Rows in an order in which each comes before those that it needs, else the last made first."""
    by_name = {row.logical_id: row for row in rows}
    done: dict[int, Row] = {}
    under_way: set[int] = set()
    waiting = rows[::-1]
    while waiting:
        row = waiting[-1]
        needed = [other for other in rows if other.logical_id in row.needs and by_name[other.logical_id] is other]
        open_ones = [other for other in needed if id(other) not in done]
        if id(row) in done:
            waiting.pop()
        elif not open_ones or id(row) in under_way:
            done[id(waiting.pop())] = row
        else:
            under_way.add(id(row))
            waiting.extend(reversed(open_ones))
    return list(reversed(done.values()))
