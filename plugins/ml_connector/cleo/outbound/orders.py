"""Purchase orders to suppliers: 850, 860 for what changes, and a cancellation for what is taken back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ml_connector.cleo.outbound import naming
from ml_connector.cleo.outbound.lines import is_deleted
from ml_connector.cleo.outbound.looking import Expected
from ml_connector.cleo.outbound.messages import Message, Route, Standing, cancelled
from ml_connector.cleo.outbound.naming import FileName
from ml_connector.cleo.outbound.order_documents import (
    CANCELLATION,
    REPLACE,
    cancelled_order,
    changed_order,
    header,
    purchase_order,
    whole_order,
)
from ml_connector.cleo.outbound.parts import check_required
from ml_connector.cleo.outbound.rendering import Renderer, dialect
from ml_connector.cleo.outbound.target import OutboundTarget
from ml_connector.cleo.partners.profile import Profile, PurchaseOrderRules
from ml_connector.core.contract import Intent, Outcome, Payload
from ml_connector.core.errors import Rejected
from ml_connector.core.ledger.exchange.outbound import Exchange
from ml_connector.core.outcomes import loaded
from ml_connector.x12.documents.purchase_order import PurchaseOrder, build_purchase_order
from ml_connector.x12.documents.purchase_order_change import PurchaseOrderChange, build_purchase_order_change

DISPATCHED, CANCELED = "dispatched", "canceled"
ORDER, CHANGE = "850", "860"
_GROUPS = {ORDER: "PO", CHANGE: "PC"}


Agreed = tuple[Profile, PurchaseOrderRules]
"""A partner, and what its file says about orders."""


class PurchaseOrders(OutboundTarget):
    """Orders that are dispatched in PeopleSoft."""

    flow = "cleo.purchase_orders"
    kinds = (ORDER, CHANGE)
    states = frozenset({DISPATCHED, CANCELED, "kept", "none"})

    def decide(self, intent: Intent, standing: Standing, renderer: Renderer) -> Outcome | Message:
        """A first order, a change, a cancellation, or nothing."""
        valid = standing.valid
        adopted = standing.adopted(intent)
        if intent.desired.state == CANCELED:
            if cancelled(valid) if valid is not None else not adopted:
                return loaded(intent, intent.target_id)  # the supplier has nothing to cancel
            return self._cancellation(intent, standing, renderer)
        if intent.desired.state != DISPATCHED:
            return loaded(intent, intent.target_id)  # what the supplier has stays as it is
        if valid is not None:
            return self._change(intent, standing, valid, renderer)
        return self._adopted(intent, standing, renderer) if adopted else self._first(intent, renderer)

    def expected(self, intent: Intent) -> Expected | None:
        """The 850 that an earlier installation may have sent."""
        body = intent.desired.body
        profile = self.directory.by_name(str(body.get("partner")))
        if intent.desired.state != DISPATCHED or profile is None or profile.documents.purchase_order is None:
            return None
        name = naming.prefix(ORDER, profile.partner, str(body["business_unit"]), _document(body))
        route = self._route(profile, profile.documents.purchase_order, ORDER)
        return Expected(route.folder, name, profile.partner, f"{profile.partner}:{body['number']}")

    def folders_of(self, profile: Profile) -> Sequence[str | None]:
        """The folder that the partner's file names."""
        rules = profile.documents.purchase_order
        return [rules.folder] if rules else []

    def reference(self, name: FileName) -> str:
        """An order's number begins with its business unit."""
        return f"{name.unit}-{name.document}"

    def _first(self, intent: Intent, renderer: Renderer) -> Message:
        body = intent.desired.body
        empty = next((str(line["line"]) for line in body["lines"] if is_deleted(line)), None)
        if empty is not None:
            raise Rejected(
                f"line {empty} orders a quantity of 0; enter a quantity, or cancel the line",
                field=f"lines[{empty}].quantity",
            )
        agreed = self._rules(body)
        return self._message(intent, body, agreed, purchase_order(body, agreed[1]), renderer)

    def _change(
        self, intent: Intent, standing: Standing, valid: Exchange, renderer: Renderer
    ) -> Outcome | Message:
        """What has changed since the supplier was told last."""
        body = intent.desired.body
        if cancelled(valid):
            return _held(intent, "it was cancelled at the supplier and is dispatched again")
        before = _before(intent, standing)
        if before is None:
            raise _forgotten("nobody can say what has changed")
        if before["partner"] != body["partner"]:
            return _moved(intent, before["partner"])
        profile, rules = self._rules(body)
        had, wanted = purchase_order(before, rules), purchase_order(body, rules)
        change = changed_order(had, wanted, sequence=_sequence(standing), on=renderer.today)
        if change is None:
            return loaded(intent, intent.target_id)
        return self._changed(intent, (profile, rules), change, renderer, standing)

    def _adopted(self, intent: Intent, standing: Standing, renderer: Renderer) -> Outcome | Message:
        """All of the order: it was not sent by this ledger, which cannot say what the supplier has."""
        body, partner = intent.desired.body, (intent.target_id or "").partition(":")[0]
        if partner and partner != body["partner"]:
            return _moved(intent, partner)
        profile, rules = self._rules(body)
        before = _before(intent, standing)
        gone = [purchase_order(before, rules)] if before is not None else []
        order = purchase_order(body, rules)
        change = whole_order(order, gone=gone, sequence=_sequence(standing), on=renderer.today)
        return self._changed(intent, (profile, rules), change, renderer, standing)

    def _changed(
        self,
        intent: Intent,
        agreed: Agreed,
        change: PurchaseOrderChange,
        renderer: Renderer,
        standing: Standing,
    ) -> Message:
        body, rules = intent.desired.body, agreed[1]
        more = {"adopted": True} if standing.adopted(intent) else {}
        if rules.change == "replace":
            order = purchase_order(body, rules, purpose=REPLACE)
            return self._message(intent, body, agreed, order, renderer, **more)
        return self._message(intent, body, agreed, change, renderer, **more)

    def _cancellation(self, intent: Intent, standing: Standing, renderer: Renderer) -> Message:
        """The order is taken back, by what is known of it: not even a partner's file may be in the way."""
        before = _before(intent, standing) or _header(standing)
        if before is None:
            raise _forgotten("nothing can be cancelled")
        agreed = self._last_known(before["partner"], standing)
        rules = agreed[1]
        more = {"cancels": True} | ({"adopted": True} if standing.adopted(intent) else {})
        if rules.change == "replace" and before["lines"]:
            replaced = purchase_order(before, rules, purpose=CANCELLATION)
            return self._message(intent, before, agreed, replaced, renderer, **more)
        try:
            order = purchase_order(before, rules)
        except Rejected:  # the file has lost a unit or payment terms since
            order = purchase_order(header(before), rules)
        change = cancelled_order(order, sequence=_sequence(standing), on=renderer.today)
        return self._message(intent, before, agreed, change, renderer, **more)

    def _last_known(self, partner: str, standing: Standing) -> Agreed:
        """Profile and rules for an order that the supplier has, whatever became of the file since.

        Raises:
            Rejected: nobody has the partner's identity any more.
        """
        valid, profile = standing.valid, self.directory.by_name(partner)
        if profile is None and valid is not None:
            qualifier, _, id_ = valid.receiver.partition(":")
            profile = self.directory.by_identity(qualifier, id_, None, self.store.now().date())
        if profile is None:
            profile = self.partner(partner)
        stored = valid.kept.get("rules") if valid is not None else None
        rules = profile.documents.purchase_order or PurchaseOrderRules.model_validate(stored or {})
        return profile, rules

    def _rules(self, body: Payload) -> Agreed:
        profile = self.partner_of(body)
        rules = profile.documents.purchase_order
        if rules is None:
            raise Rejected(
                "the partner's file does not say that it takes purchase orders",
                field="documents.purchase_order",
                value=profile.partner,
            )
        return profile, rules

    def _message(
        self,
        intent: Intent,
        body: Payload,
        agreed: Agreed,
        document: PurchaseOrder | PurchaseOrderChange,
        renderer: Renderer,
        **kept: Any,
    ) -> Message:
        (profile, rules), told = agreed, list[str]()
        style = dialect(profile, renderer.today)
        kept |= {"header": header(body), "rules": rules.model_dump(mode="json", exclude_defaults=True)}
        if isinstance(document, PurchaseOrder):
            kind, segments = ORDER, build_purchase_order(document, style, told)
            if document.purpose != CANCELLATION:
                check_required(segments, rules.require, setting="documents.purchase_order.require")
        else:
            kind, segments = CHANGE, build_purchase_order_change(document, style, told)
            kept["sequence"] = int(document.sequence or 1)
        return Message(
            intent=intent,
            profile=profile,
            unit=str(body["business_unit"]),
            kind=kind,
            group_code=_GROUPS[kind],
            document=_document(body),
            reference=str(body["number"]),
            route=self._route(profile, rules, kind),
            segments=segments,
            kept=kept,
            notes=told,
        )

    def _route(self, profile: Profile, rules: PurchaseOrderRules, kind: str) -> Route:
        folder = rules.folder or self.options.folders.upload.get(kind)
        return Route(
            folder=folder, action=rules.action, connection=profile.connection if rules.action else None
        )


def _document(body: Payload) -> str:
    return str(body["number"]).removeprefix(f"{body['business_unit']}-")


def _before(intent: Intent, standing: Standing) -> Payload | None:
    """The body by which the supplier goes, as far as it is stored."""
    valid = standing.valid
    body = standing.body(valid) if valid is not None else None
    if body is None and intent.previous is not None:
        body = intent.previous.body
    return body if body is not None and "lines" in body else None


def _header(standing: Standing) -> Payload | None:
    """What of it outlives the retention."""
    found: Payload | None = standing.valid.kept.get("header") if standing.valid is not None else None
    return found


def _sequence(standing: Standing) -> int:
    """Number of the next change: one more than the last that has left."""
    return 1 + max((int(one.kept.get("sequence", 0)) for one in standing.sent if one.left), default=0)


def _forgotten(what: str) -> Rejected:
    return Rejected(
        f"what the supplier was sent is no longer stored, so that {what}; "
        "tell the supplier by hand, and keep payloads longer ([ml_connector] retention_days)"
    )


def _moved(intent: Intent, partner: str) -> Outcome:
    return _held(
        intent, f"it was sent to partner {partner} and is to go to {intent.desired.body['partner']} now"
    )


def _held(intent: Intent, what: str) -> Outcome:
    reason = f"{what}; agree with the supplier, and enter a new order in PeopleSoft where it shall deliver"
    return Outcome(intent.key, "held", target_id=intent.target_id, reason=reason)
