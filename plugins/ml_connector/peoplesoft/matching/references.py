"""Order numbers as suppliers write them, and the orders that they can mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ml_connector.core.contract import Payload, join_key
from ml_connector.peoplesoft.matching.findings import Finding
from ml_connector.peoplesoft.matching.options import PO_ID, UNIT, MatchingOptions

LENGTH = 10
"""Of PO_ID; PeopleSoft's own numbers have leading zeros, which suppliers leave out."""

_PARTS = {UNIT: r"(?P<unit>[^\s,|{}]{1,5})", PO_ID: r"(?P<order>[^\s,|{}]{1,10})"}


class OrderNumbers:
    """Reads order numbers.

    Args:
        options: the forms that a tenant knows.
        units: business units of the tenant; an order of another one is none of its orders.
    """

    def __init__(self, options: MatchingOptions, units: Sequence[str]) -> None:
        self._forms = [_compiled(form) for form in options.order_numbers]
        self._units = tuple(units)

    def keys(self, text: str, unit: str | None) -> list[str]:
        """Keys of the orders that a number can mean, the likeliest first; none where it is no number of ours.

        Args:
            unit: of the identity that the invoice was sent to.
        """
        found: list[str] = []
        for form in self._forms:
            match = form.fullmatch(text.strip().upper())
            if match is not None:
                found += self._keys(match, unit)
        return list(dict.fromkeys(found))

    def _keys(self, match: re.Match[str], unit: str | None) -> Iterable[str]:
        named = match.groupdict().get("unit") or unit or self._only_unit()
        if named not in self._units:
            return []
        order = match["order"]
        padded = order.zfill(LENGTH) if order.isdecimal() else order
        return [join_key(named, padded), join_key(named, order)]

    def _only_unit(self) -> str | None:
        return self._units[0] if len(self._units) == 1 else None

    def of_invoice(self, invoice: Payload) -> list[str] | Finding:
        """Keys of the order that an invoice is about, or why it names none.

        The header's order counts; lines may repeat it, or name it where the header does not.
        """
        unit = invoice.get("business_unit")
        named = [invoice.get("order"), *(line.get("order") for line in invoice["lines"])]
        texts = list(dict.fromkeys(str(text).strip() for text in named if text and str(text).strip()))
        if not texts:
            return Finding("no_order", "The invoice names no purchase order.", stops=True)
        keys = [self.keys(text, unit) for text in texts]
        for text, known in zip(texts, keys, strict=True):
            if not known:
                reason = f"{text!r} is no order number of {', '.join(self._units)}."
                return Finding("unknown_order", reason, stops=True)
        if any(known[0] != keys[0][0] for known in keys):
            reason = (
                f"The invoice is about several orders ({', '.join(texts)}); it must be one for each invoice."
            )
            return Finding("several_orders", reason, stops=True)
        return keys[0]


def _compiled(form: str) -> re.Pattern[str]:
    pattern = re.escape(form)
    for name, part in _PARTS.items():
        pattern = pattern.replace(re.escape(name), part)
    return re.compile(pattern)
