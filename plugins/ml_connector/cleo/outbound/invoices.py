"""Invoices to partners: copies of vouchers to the supplier, or our own invoices to customers.

A supplier's own invoice must never go back to it: it would read it as a second one. The mapping leaves
out vouchers with the origin of received invoices; here the ledger is asked as well, whatever the
origin says.
"""

from __future__ import annotations

from collections.abc import Sequence

from ml_connector.cleo.outbound import naming
from ml_connector.cleo.outbound.invoice_documents import CREDIT, INVOICE, invoice, is_credit
from ml_connector.cleo.outbound.looking import Expected
from ml_connector.cleo.outbound.messages import Message, Route, Standing
from ml_connector.cleo.outbound.naming import FileName
from ml_connector.cleo.outbound.parts import check_required
from ml_connector.cleo.outbound.rendering import Renderer, dialect
from ml_connector.cleo.outbound.signs import negative
from ml_connector.cleo.outbound.target import OutboundTarget
from ml_connector.cleo.partners.profile import InvoiceRules, Profile
from ml_connector.core.config.values import REVERSE
from ml_connector.core.contract import Intent, Outcome, Payload
from ml_connector.core.errors import Rejected
from ml_connector.core.ledger import crosswalks
from ml_connector.core.ledger.exchange import documents
from ml_connector.core.ledger.scope import Scope
from ml_connector.core.outcomes import loaded
from ml_connector.core.state.store import Transaction
from ml_connector.x12.documents.invoice_writer import build_invoice
from ml_connector.x12.model import Segment
from ml_connector.x12.text import Dialect

SENT, VOID = "sent", "void"
X12, JSON = "810", "invoice"
RECEIVED = "cleo.supplier_invoices"
"""Flow that turns suppliers' invoices into vouchers."""

_KEPT = ("partner", "customer_key")
"""Fields of the body that are for us alone."""


class Invoices(OutboundTarget):
    """Approved vouchers, or invoices of PeopleSoft's Billing, as the tenant's mode says."""

    flow = "cleo.invoices"
    kinds = (X12, JSON)
    states = frozenset({SENT, VOID, "kept", "none"})
    distinct = True

    def guard(self, tx: Transaction, intents: Sequence[Intent]) -> dict[int, Outcome]:
        """Vouchers that were made of the supplier's own invoice."""
        keys, tenant = [intent.key for intent in intents], self.tenant
        name = f"{REVERSE}{RECEIVED}"
        found = crosswalks.look_up(tx.connection, tenant.tenant, [(name, key) for key in keys])
        made = {key: source for (_, key), source in found.items()}
        made |= documents.made_of(tx.connection, Scope(tenant.tenant, tenant.environment, RECEIVED), keys)
        return {
            intent.document_id: _own(intent, made[intent.key]) for intent in intents if intent.key in made
        }

    def decide(self, intent: Intent, standing: Standing, renderer: Renderer) -> Outcome | Message:
        """A first invoice, or a person; an invoice that a partner has is not changed by another file."""
        valid = standing.valid
        adopted = valid is None and not standing.sent and intent.previous is not None
        if intent.desired.absent and (valid is not None or adopted):
            return _held(intent, "PeopleSoft has voided it, denied it or opened it again since")
        if intent.desired.state != SENT:
            return loaded(intent, intent.target_id)
        if valid is not None or adopted:
            return self._changed(intent, standing)
        body = intent.desired.body
        profile, rules = self._rules(body)
        if rules.as_ == "json":
            return self._json(intent, body, profile, rules)
        return self._x12(intent, body, profile, rules, renderer)

    def expected(self, intent: Intent) -> Expected | None:
        """The invoice that an earlier installation may have sent."""
        body = intent.desired.body
        profile = self._profile(body) if intent.desired.state == SENT else None
        if profile is None or profile.documents.invoice is None:
            return None
        rules = profile.documents.invoice
        kind = X12 if rules.as_ == "x12" else JSON
        name = naming.prefix(kind, profile.partner, str(body["business_unit"]), str(body["number"]))
        route = self._route(profile, rules)
        return Expected(route.folder, name, profile.partner, f"{profile.partner}:{body['number']}")

    def folders_of(self, profile: Profile) -> Sequence[str | None]:
        """The folder that the partner's file names."""
        rules = profile.documents.invoice
        return [rules.folder] if rules else []

    def reference(self, name: FileName) -> str:
        """The number of the invoice."""
        return name.document

    def _changed(self, intent: Intent, standing: Standing) -> Outcome:
        valid = standing.valid
        before = standing.body(valid) if valid is not None else None
        before = before or (intent.previous.body if intent.previous else {})
        if before == intent.desired.body:
            return loaded(intent, intent.target_id)  # void or closed in between, and as it was again
        return _held(intent, "PeopleSoft has changed it since")

    def _profile(self, body: Payload) -> Profile | None:
        if "customer_key" in body:
            return self.directory.by_customer(str(body["customer_key"]))
        return self.directory.by_name(str(body.get("partner")))

    def _rules(self, body: Payload) -> tuple[Profile, InvoiceRules]:
        profile = self._profile(body) or self.partner(body.get("partner") or body.get("customer_key"))
        self.check_supplier(body, profile)
        rules = profile.documents.invoice
        if rules is None:
            raise Rejected(
                "the partner's file does not say that it takes invoices",
                field="documents.invoice",
                value=profile.partner,
            )
        orders = profile.documents.purchase_order
        if orders is not None:  # what is agreed for orders holds for invoices, unless they say otherwise
            shared = {"units": {**orders.units, **rules.units}, "terms": {**orders.terms, **rules.terms}}
            rules = rules.model_copy(update=shared)
        return profile, rules

    def _x12(
        self, intent: Intent, body: Payload, profile: Profile, rules: InvoiceRules, renderer: Renderer
    ) -> Message:
        style, told = dialect(profile, renderer.today), list[str]()
        segments = self._segments(body, rules, style, told)
        check_required(segments, rules.require, setting="documents.invoice.require")
        return Message(
            intent=intent,
            profile=profile,
            unit=str(body["business_unit"]),
            kind=X12,
            group_code="IN",
            document=str(body["number"]),
            reference=str(body["number"]),
            route=self._route(profile, rules),
            segments=segments,
            notes=told,
        )

    def _segments(self, body: Payload, rules: InvoiceRules, style: Dialect, told: list[str]) -> list[Segment]:
        segments = build_invoice(invoice(body, rules), style, told)
        if not is_credit(body) or rules.credit_sign == "type":
            return segments
        return negative(segments, kind=CREDIT if rules.credit_sign == "both" else INVOICE)

    def _json(self, intent: Intent, body: Payload, profile: Profile, rules: InvoiceRules) -> Message:
        route = self._route(profile, rules)
        if route.folder is None and route.endpoint is None:
            raise Rejected(
                "the partner's file does not say where invoices as JSON go; name a folder or an endpoint",
                field="documents.invoice",
                value=profile.partner,
            )
        values = {name: value for name, value in body.items() if name not in _KEPT}
        kind = "credit" if is_credit(body) else "invoice"
        return Message(
            intent=intent,
            profile=profile,
            unit=str(body["business_unit"]),
            kind=JSON,
            document=str(body["number"]),
            reference=str(body["number"]),
            route=route,
            values={"document": "invoice", "kind": kind, **values},
        )

    def _route(self, profile: Profile, rules: InvoiceRules) -> Route:
        if rules.endpoint is not None:
            return Route(endpoint=rules.endpoint)
        folder = rules.folder or (self.options.folders.upload.get(X12) if rules.as_ == "x12" else None)
        return Route(
            folder=folder, action=rules.action, connection=profile.connection if rules.action else None
        )


def _own(intent: Intent, source: str) -> Outcome:
    reason = (
        f"this voucher was made of the supplier's own invoice {source}, and must not be sent back to it; "
        "give such vouchers an origin of their own (rule received)"
    )
    return Outcome(intent.key, "rejected", reason=reason, code="own invoice", local=True)


def _held(intent: Intent, what: str) -> Outcome:
    reason = f"the partner has this invoice, and {what}; agree with the partner, and send a credit if need be"
    return Outcome(intent.key, "held", target_id=intent.target_id, reason=reason)
