"""An 810 as a supplier's invoice, by the rules of the partner's file.

The rules may be corrected while an invoice is held because of them. So an invoice that was not sent yet is
read again from the bytes that came in, once they have changed.
"""

from __future__ import annotations

from collections.abc import Sequence

from ml_connector.cleo.inbound.context import InboundContext
from ml_connector.cleo.inbound.envelope import Sides, group_code, group_number, sides, sides_of
from ml_connector.cleo.inbound.supplier_invoice import Reading, content_digest, invoice_payload
from ml_connector.cleo.partners.identity import unit_of
from ml_connector.cleo.partners.profile import Profile, SupplierInvoiceRules
from ml_connector.core import codec
from ml_connector.core.contract import Payload
from ml_connector.core.errors import ConfigurationError
from ml_connector.core.ledger.exchange import outbound
from ml_connector.core.ledger.exchange.received import Taken
from ml_connector.core.ledger.exchange.texts import storable
from ml_connector.x12 import reader
from ml_connector.x12.documents.invoice_reader import read_invoice
from ml_connector.x12.model import Interchange, TransactionSet, X12Error

HEADER_ONLY = "header_only"
"""What a match is called whose invoice has no lines, from a partner that must send some."""

TOTAL = "total"
"""What a match is called whose invoice does not add up."""


def understood(
    context: InboundContext,
    profile: Profile,
    rules: SupplierInvoiceRules,
    names: Sides,
    found: TransactionSet,
) -> Payload:
    """``invoice``, ``content`` (its hash), ``fault``, and ``rules``: what it was read by.

    Raises:
        X12Error: it cannot be read.
    """
    invoice = read_invoice(found, credit_sign=rules.credit_sign)
    payload = invoice_payload(invoice, _reading(context, profile, rules, names))
    fault, word = payload.pop("fault"), TOTAL
    if not payload["lines"] and not rules.accept_header_only:
        fault = "it has no lines, and the partner's file does not accept that (accept_header_only)"
        word = HEADER_ONLY
    return {
        "invoice": payload, "content": content_digest(payload), "rules": _digest(context, rules),
        "fault": {"match": word, "reason": fault} if fault else None,
    }  # fmt: skip


def read_again(context: InboundContext, waiting: Sequence[Taken]) -> None:
    """Put what other rules make of these invoices in the place of what was read, without a match. Blocking.

    Those whose partner's file or bytes are gone stay as they are.
    """
    opened: dict[int, Interchange | None] = {}
    digests: dict[str, str] = {}
    for one in waiting:
        profile = context.directory.by_name(one.partner or "")
        rules = profile.documents.supplier_invoice if profile else None
        if profile is None or rules is None:
            continue
        if profile.partner not in digests:
            digests[profile.partner] = _digest(context, rules)
        if one.data.get("rules") == digests[profile.partner]:
            continue
        if one.interchange_id not in opened:
            opened[one.interchange_id] = _interchange(context, one)
        again = _again(context, profile, rules, one, opened[one.interchange_id])
        one.data.update(again | {"match": None} if again else {})


def _again(
    context: InboundContext,
    profile: Profile,
    rules: SupplierInvoiceRules,
    one: Taken,
    whole: Interchange | None,
) -> Payload | None:
    for group in whole.groups if whole else ():
        if (group_code(group), group_number(group)) != (one.group_code, one.group_number):
            continue
        for found in group.sets:
            if whole is not None and (found.code, storable(found.number)) == (one.set_code, one.set_number):
                try:
                    return understood(context, profile, rules, sides_of(group, sides(whole)), found)
                except X12Error:
                    return None
    return None


def _interchange(context: InboundContext, one: Taken) -> Interchange | None:
    try:
        content = outbound.content(context.store, one.interchange_id)
    except ConfigurationError:
        return None
    return next(iter(reader.read(content).interchanges), None)


def _reading(context: InboundContext, profile: Profile, rules: SupplierInvoiceRules, names: Sides) -> Reading:
    unit = unit_of(
        context.options.identities, names.receiver_qualifier, names.receiver_id, names.receiver_group
    )
    return Reading(partner=profile.partner, business_unit=unit, units=rules.units, charges=rules.charges)


def _digest(context: InboundContext, rules: SupplierInvoiceRules) -> str:
    """A hash of all that an invoice is read by."""
    ours = {unit: one.model_dump_json() for unit, one in context.options.identities.items()}
    return codec.digest([rules.model_dump_json(), ours])
