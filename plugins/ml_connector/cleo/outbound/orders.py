"""Purchase orders to suppliers: 850, 860 for what changes, and a cancellation for what is taken back."""

from __future__ import annotations

from collections.abc import Sequence

from ml_connector.cleo.outbound import naming
from ml_connector.cleo.outbound.adapting import adaptations
from ml_connector.cleo.outbound.looking import Expected
from ml_connector.cleo.outbound.messages import Message, Route, Standing, cancelled
from ml_connector.cleo.outbound.naming import FileName
from ml_connector.cleo.outbound.order_documents import (
    CANCELLATION,
    REPLACE,
    cancelled_order,
    changed_order,
    purchase_order,
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


class PurchaseOrders(OutboundTarget):
    """Orders that are dispatched in PeopleSoft."""

    flow = "cleo.purchase_orders"
    kinds = (ORDER, CHANGE)
    states = frozenset({DISPATCHED, CANCELED, "kept", "none"})

    def decide(self, intent: Intent, standing: Standing, renderer: Renderer) -> Outcome | Message:
        """A first order, a change, a cancellation, or nothing."""
        valid = standing.valid
        if intent.desired.state == CANCELED:
            if valid is None or cancelled(valid):
                return loaded(intent, intent.target_id)  # the supplier has nothing to cancel
            return self._cancellation(intent, standing, valid, renderer)
        if intent.desired.state != DISPATCHED:
            return loaded(intent, intent.target_id)  # what the supplier has stays as it is
        if valid is None and (standing.sent or intent.previous is None):
            return self._first(intent, renderer)
        return self._next(intent, standing, valid, renderer)

    def expected(self, intent: Intent) -> Expected | None:
        """The 850 that an earlier installation may have sent."""
        body = intent.desired.body
        profile = self.directory.by_name(str(body.get("partner")))
        if intent.desired.state != DISPATCHED or profile is None or profile.documents.purchase_order is None:
            return None
        name = naming.prefix(ORDER, profile.partner, str(body["business_unit"]), _document(body))
        route = self._route(profile, profile.documents.purchase_order, ORDER)
        return Expected(route.folder, name, f"{profile.partner}:{body['number']}")

    def folders_of(self, profile: Profile) -> Sequence[str | None]:
        """The folder that the partner's file names."""
        rules = profile.documents.purchase_order
        return [rules.folder] if rules else []

    def reference(self, name: FileName) -> str:
        """An order's number begins with its business unit."""
        return f"{name.unit}-{name.document}"

    def _first(self, intent: Intent, renderer: Renderer) -> Message:
        body = intent.desired.body
        profile, rules = self._rules(body["partner"])
        return self._message(intent, body, profile, purchase_order(body, rules), renderer)

    def _next(
        self, intent: Intent, standing: Standing, valid: Exchange | None, renderer: Renderer
    ) -> Outcome | Message:
        """What has changed since the supplier was told last."""
        body = intent.desired.body
        if valid is not None and cancelled(valid):
            return _held(intent, "it was cancelled at the supplier and is dispatched again")
        before = self._before(intent, standing, valid)
        if before["partner"] != body["partner"]:
            return _held(
                intent, f"it was sent to partner {before['partner']} and is to go to {body['partner']} now"
            )
        profile, rules = self._rules(body["partner"])
        had, wanted = purchase_order(before, rules), purchase_order(body, rules)
        change = changed_order(had, wanted, sequence=max(1, len(standing.sent)), on=renderer.today)
        if change is None:
            return loaded(intent, intent.target_id)
        if rules.change == "replace":
            return self._message(
                intent, body, profile, purchase_order(body, rules, purpose=REPLACE), renderer
            )
        return self._message(intent, body, profile, change, renderer)

    def _cancellation(
        self, intent: Intent, standing: Standing, valid: Exchange, renderer: Renderer
    ) -> Message:
        before = self._before(intent, standing, valid)
        profile, rules = self._rules(before["partner"])
        if rules.change == "replace":
            order = purchase_order(before, rules, purpose=CANCELLATION)
            return self._message(intent, before, profile, order, renderer, cancels=True)
        sequence = max(1, len(standing.sent))
        change = cancelled_order(purchase_order(before, rules), sequence=sequence, on=renderer.today)
        return self._message(intent, before, profile, change, renderer, cancels=True)

    def _before(self, intent: Intent, standing: Standing, valid: Exchange | None) -> Payload:
        """The body by which the supplier goes.

        Raises:
            Rejected: it is not stored any more.
        """
        body = standing.body(valid) if valid is not None else None
        if body is None and intent.previous is not None:
            body = intent.previous.body
        if body is None or "lines" not in body:
            raise Rejected(
                "what the supplier was sent is no longer stored, so that nobody can say what has changed; "
                "tell the supplier by hand, and keep payloads longer ([ml_connector] retention_days)"
            )
        return body

    def _rules(self, partner: str) -> tuple[Profile, PurchaseOrderRules]:
        profile = self.partner(partner)
        rules = profile.documents.purchase_order
        if rules is None:
            raise Rejected(
                "the partner's file does not say that it takes purchase orders",
                field="documents.purchase_order",
                value=partner,
            )
        return profile, rules

    def _message(
        self,
        intent: Intent,
        body: Payload,
        profile: Profile,
        document: PurchaseOrder | PurchaseOrderChange,
        renderer: Renderer,
        *,
        cancels: bool = False,
    ) -> Message:
        rules = profile.documents.purchase_order or PurchaseOrderRules()
        style = dialect(profile, renderer.today)
        if isinstance(document, PurchaseOrder):
            kind, segments = ORDER, build_purchase_order(document, style)
            check_required(segments, rules.require, setting="documents.purchase_order.require")
        else:
            kind, segments = CHANGE, build_purchase_order_change(document, style)
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
            cancels=cancels,
            notes=adaptations(body, style),
        )

    def _route(self, profile: Profile, rules: PurchaseOrderRules, kind: str) -> Route:
        folder = rules.folder or self.options.folders.upload.get(kind)
        return Route(
            folder=folder, action=rules.action, connection=profile.connection if rules.action else None
        )


def _document(body: Payload) -> str:
    return str(body["number"]).removeprefix(f"{body['business_unit']}-")


def _held(intent: Intent, what: str) -> Outcome:
    reason = f"{what}; agree with the supplier, and enter a new order in PeopleSoft where it shall deliver"
    return Outcome(intent.key, "held", target_id=intent.target_id, reason=reason)
