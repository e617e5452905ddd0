"""The operations of webhook management, each from a context to a status and a value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.bill.context import Context
from sandbox.bill.errors import BillError, invalid
from sandbox.bill.schema import Field, Fields

from . import catalog, history
from .center import Webhooks
from .samples import sample
from .subscriptions import Subscription, Subscriptions, new_key

Answer = tuple[int, Any]
Handler = Callable[[Context], Answer]
TEST: Fields = {"eventType": Field(), "version": Field()}
HEALTH = {"appId": "connect-events", "appEnv": "sandbox", "appVersion": "1", "bdcRegion": "us-west-2"}


class WebhookRoutes:
    """Handlers over one set of webhooks."""

    def __init__(self, webhooks: Webhooks) -> None:
        self._webhooks = webhooks

    def table(self) -> dict[tuple[str, str], Handler]:
        """Method and path to handler."""
        one = "/v3/subscriptions/{id}"
        events = "/v3/events/subscription/{id}"
        table: dict[tuple[str, str], Handler] = {
            ("GET", "/v3/events/catalog"): self._catalog,
            ("GET", "/v3/subscriptions"): self._list,
            ("POST", "/v3/subscriptions"): self._create,
            ("GET", one): self._get,
            ("PUT", one): lambda context: self._change(context, replace=True),
            ("PATCH", one): lambda context: self._change(context, replace=False),
            ("DELETE", one): self._delete,
            ("POST", f"{one}/security_key"): self._rotate,
            ("POST", f"{one}/test"): self._test,
            ("GET", events): self._history,
            ("POST", f"{events}/event/{{eventId}}"): self._resend,
        }
        return {key: self._permitted(handler) for key, handler in table.items()}

    @staticmethod
    def _permitted(handler: Handler) -> Handler:
        def run(context: Context) -> Answer:
            if context.session.by_token and context.switches.sync_token_webhooks == "refused":
                raise BillError(403, invalid("Access denied.").entries)
            return handler(context)

        return run

    def _rows(self, context: Context) -> Subscriptions:
        return self._webhooks.subscriptions[context.session.organization]

    def _one(self, context: Context) -> Subscription:
        return self._rows(context).find(context.path["id"])

    @staticmethod
    def _catalog(context: Context) -> Answer:
        return 200, catalog.listed(context.switches)

    def _list(self, context: Context) -> Answer:
        size, token = history.page_size(context.params), context.params.get("page")
        rows = list(self._rows(context).rows.values())
        ids = [row.id for row in rows]
        last = history.read_token(token) if token else None
        if last is not None and last not in ids:
            raise invalid("page: belongs to another request")
        start = ids.index(last) + 1 if last is not None else 0
        part = rows[start : start + size]
        answer: dict[str, Any] = {"results": [row.shown() for row in part]}
        if start + size < len(rows):
            answer["nextPage"] = history.make_token(part[-1].id)
        return 200, answer

    def _create(self, context: Context) -> Answer:
        def create() -> Answer:
            made = self._rows(context).create(context)
            return 200, made.shown() | {"securityKey": made.key}

        call = (context.session.organization, "create")
        return self._webhooks.idempotency.run(call, context.headers, create)

    def _get(self, context: Context) -> Answer:
        return 200, self._one(context).shown()

    def _change(self, context: Context, *, replace: bool) -> Answer:
        return 200, self._rows(context).change(context, self._one(context), replace=replace).shown()

    def _delete(self, context: Context) -> Answer:
        self._rows(context).delete(self._one(context))
        return 200, None

    def _rotate(self, context: Context) -> Answer:
        row = self._one(context)

        def rotate() -> Answer:
            row.key = new_key()
            return 200, {"securityKey": row.key}

        call = (row.organization, "security_key", row.id)
        return self._webhooks.idempotency.run(call, context.headers, rotate)

    def _test(self, context: Context) -> Answer:
        """Send an event with test values; everything in the body may be left out."""
        row, body = self._one(context), {} if context.body is None else context.body
        context.validate([body], TEST)
        event_type = body.get("eventType", row.events[0]["type"])
        if event_type not in catalog.types(context.switches):
            raise invalid(f"eventType: {event_type} is not in the catalog")
        if body.get("version", catalog.VERSION) != catalog.VERSION:
            raise invalid(f"version: {body['version']} is no version of {event_type}")
        entity, more = sample(event_type, body.get(catalog.entity_key(event_type)) or {})
        event = self._webhooks.log.record(row, event_type, entity, **more)
        self._webhooks.dispatcher.put(event, row)
        return 200, history.shown(event, context.switches)

    def _history(self, context: Context) -> Answer:
        events = self._webhooks.log.of[self._one(context).id]
        now = self._webhooks.clock.now()
        return 200, history.page(events, context.params, context.switches, now)

    def _resend(self, context: Context) -> Answer:
        row = self._one(context)
        event = self._webhooks.event(row, context.path["eventId"])
        self._webhooks.dispatcher.put(event, row)
        return 200, history.shown(event, context.switches)
