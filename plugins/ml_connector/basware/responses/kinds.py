"""What differs between responses to a transfer and to a payment, as data and a few questions."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar, Literal

from ml_connector.basware.invoices.document import IN_PROGRESS, OFFERED
from ml_connector.core.contract import Desired, Intent, Payload, TargetRecord, join_key

TRANSFERRED, REFUSED = "transferred", "refused"
"""States of the mapping ``transfers``."""

_DONE = frozenset({"Transferred", "Paid"})
_FAILED = "TransferFailed"


class Kind(ABC):
    """One kind of response.

    What others told Basware is none of ours; what was told under our name and is not known here is told.

    Attributes:
        collection: where a document shows the responses of this kind, and the last part of the address.
        entity: ``entityType`` of the second stage.
        offered: an invoice that waits for such a response is found in a list of those that do.
        surplus: status of documents among which those are looked for that nothing here stands for.
    """

    collection: ClassVar[Literal["transferResponses", "paymentResponses"]]
    entity: ClassVar[str]
    offered: ClassVar[bool]
    surplus: ClassVar[str | None] = None

    @abstractmethod
    def invoice(self, intent: Intent) -> str:
        """Id of the invoice that is answered."""

    def body(self, desired: Desired) -> Payload:
        """What the mapping says."""
        return {name: value for name, value in desired.body.items() if name != "invoice"}

    def sent(self, desired: Desired, record: Payload) -> Payload:
        """What is sent, without the external code: whether people blocked the payment stays as it is."""
        return {"paymentBlock": bool(record.get("paymentBlock"))} | self.body(desired)

    @abstractmethod
    def target_id(self, intent: Intent) -> str:
        """Target id of what is told."""

    @abstractmethod
    def takes(self, record: Payload) -> bool:
        """Whether Basware takes such a response for a document in its state."""

    @abstractmethod
    def stands(self, record: Payload, desired: Desired) -> bool:
        """Whether a document is as the response would make it."""

    @abstractmethod
    def closed(self, record: Payload) -> str:
        """Why Basware takes no such response, for people."""

    def told_by(self, record: Payload, source: str) -> bool:
        """Whether a response that was taken bears this name of a system."""
        given = record.get(self.collection) or ()
        return any(one.get("success") and one.get("sourceSystem") == source for one in given)

    @abstractmethod
    def shown(self, record: Payload, target_id: str) -> TargetRecord:
        """A document as the read-back compares it."""


class Transfers(Kind):
    """The voucher of an invoice, or why there is none."""

    collection = "transferResponses"
    entity = "TransferResponse"
    offered = True
    surplus = "Transferred"

    def invoice(self, intent: Intent) -> str:
        return intent.key

    def target_id(self, intent: Intent) -> str:
        """The voucher, so that its payments find the invoice; the invoice where there is none."""
        body = intent.desired.body
        if intent.desired.state != TRANSFERRED:
            return intent.key
        return join_key(body.get("voucherNumber2", ""), body.get("voucherNumber1", ""))

    def takes(self, record: Payload) -> bool:
        return record.get("processingStatus") in OFFERED

    def stands(self, record: Payload, desired: Desired) -> bool:
        status = record.get("processingStatus")
        if desired.state != TRANSFERRED:
            return status == _FAILED
        wanted = desired.body.get("voucherNumber1")
        return status in _DONE and record.get("voucherNumber1") == wanted

    def closed(self, record: Payload) -> str:
        status = record.get("processingStatus")
        if status in _DONE:
            voucher = record.get("voucherNumber1") or "no voucher"
            return f"Basware has the invoice as {status} with {voucher}: somebody else transferred it"
        return f"Basware has the invoice as {status} and takes no answer: it must be transferred again there"

    def shown(self, record: Payload, target_id: str) -> TargetRecord:
        """What is not with us any more agrees with a refusal: what became of it is Basware's affair."""
        status = str(record.get("processingStatus"))
        done = status in _DONE
        body: Payload = {"voucherNumber1": record.get("voucherNumber1")} if done else {}
        return TargetRecord(
            target_id,
            str(record["invoiceId"]),
            TRANSFERRED if done else status,
            body,
            label=record.get("invoiceNumber"),
            agrees=frozenset() if done or status == IN_PROGRESS else frozenset({REFUSED}),
            partial=True,
        )


class Payments(Kind):
    """What was paid of an invoice so far."""

    collection = "paymentResponses"
    entity = "PaymentResponse"
    offered = False

    def invoice(self, intent: Intent) -> str:
        return str(intent.desired.body["invoice"])

    def target_id(self, intent: Intent) -> str:
        return self.invoice(intent)

    def takes(self, record: Payload) -> bool:
        return record.get("processingStatus") in _DONE

    def stands(self, record: Payload, desired: Desired) -> bool:
        """Basware keeps the last one, and clears what it did not name."""
        last = self._last(record)
        return last is not None and not _differ(self.body(desired), last)

    def closed(self, record: Payload) -> str:
        return f"Basware has the invoice as {record.get('processingStatus')} and takes no payments for it yet"

    def shown(self, record: Payload, target_id: str) -> TargetRecord:
        last = self._last(record) or {}
        own = {name: value for name, value in last.items() if name not in {"externalCode", "lastUpdated"}}
        state = "unpaid" if not last.get("paidTotal") else "paid"
        return TargetRecord(
            target_id,
            None,
            state,
            own | {"invoice": target_id},
            label=record.get("invoiceNumber"),
            agrees=frozenset({"partly_paid"}),
            partial=True,
        )

    def _last(self, record: Payload) -> Payload | None:
        given = [one for one in record.get(self.collection) or () if one.get("success") is not False]
        return given[-1] if given else None


_TIME = re.compile(r"\d{4}-\d{2}-\d{2}(T|$)")


def _differ(wanted: Mapping[str, Any], shown: Mapping[str, Any]) -> bool:
    return any(_plain(value) != _plain(shown.get(name)) for name, value in wanted.items())


def _plain(value: Any) -> Any:
    """Amounts by value, times by their day, and nothing equal to an empty text."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | Decimal):
        return Decimal(value)
    text = "" if value is None else str(value)
    return text[:10] if _TIME.match(text) else text
