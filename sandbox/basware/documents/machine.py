"""The states of an invoice: what may be called when, and what follows from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from sandbox.basware import moments
from sandbox.basware.errors import BaswareError, conflict, invalid, not_allowed
from sandbox.basware.imports import delay, spoil
from sandbox.basware.requests import Item, Request, Verdict, failed
from sandbox.basware.shapes import Shape, compact
from sandbox.faults import Fault

from .model import AFTER_TRANSFER, Document, Values
from .shapes import ENRICHMENT, PAYMENT, PREBOOK, TRANSFER

if TYPE_CHECKING:
    from sandbox.basware.state import BaswareState

ACKNOWLEDGED = {
    "WaitingForTransfer": "TransferInProgress",
    "WaitingForPrebook": "PrebookInProgress",
    "WaitingForEnrichmentTransfer": "EnrichmentTransferInProgress",
}


@dataclass(frozen=True)
class Rule:
    """How one kind of response is taken.

    Attributes:
        open: states in which it may be sent.
        done, failed: the state after `success` true and false; an empty one is no change.
        refused: status where the state forbids it.
        reused: status where its external code was used before.
    """

    entity: str
    shape: Shape
    open: frozenset[str]
    done: str
    failed: str = ""
    refused: int = 400
    reused: int = 400


RULES = {
    "transferResponses": Rule(
        "TransferResponse", TRANSFER, frozenset({"WaitingForTransfer", "TransferInProgress"}),
        "Transferred", "TransferFailed",
    ),
    "prebookResponses": Rule(
        "PrebookResponse", PREBOOK, frozenset({"WaitingForPrebook", "PrebookInProgress"}),
        "Prebooked", "PrebookFailed", refused=409, reused=409,
    ),
    "paymentResponses": Rule("PaymentResponse", PAYMENT, AFTER_TRANSFER, "Paid", reused=409),
    "enrichmentResponses": Rule(
        "EnrichmentTransferResponse", ENRICHMENT,
        frozenset({"WaitingForEnrichmentTransfer", "EnrichmentTransferInProgress"}),
        "EnrichmentTransferred", "EnrichmentTransferFailed",
    ),
}  # fmt: skip


class Machine:
    """Moves the invoices of a state.

    Args:
        moved: called with an invoice whose state has changed.
    """

    def __init__(self, state: BaswareState, moved: Callable[[Document], object]) -> None:
        self._state, self._moved = state, moved

    def acknowledge(self, document: Document) -> None:
        """The caller has the invoice. Raises ``BaswareError`` with 405 where it has it already, or 409."""
        if (status := ACKNOWLEDGED.get(document.status)) is None:
            error = not_allowed("Document is already acknowledged.", document.id)
            raise error if self._state.switches.acknowledge_error_body else BaswareError(405)
        self._keep_gap(document, "acknowledge")
        self.move(document, status)

    def respond(
        self, document: Document, kind: str, body: Any, faults: Sequence[Fault] = ()
    ) -> tuple[Request, Values]:
        """Take a response: the request, and the response as it is echoed.

        Raises ``BaswareError`` with 400, or 409.
        """
        response = self._checked(kind, body)
        code, rule = response["externalCode"], RULES[kind]
        if code in document.codes:
            by_switch = int(self._state.switches.repeated_transfer_status)
            raise conflict("Duplicate externalCode.", code, by_switch if rule is _TRANSFER else rule.reused)
        if document.status not in rule.open:
            raise not_allowed(_refusal(kind, document), code, rule.refused)
        self._keep_gap(document, kind, code)
        stored = {name: value for name, value in response.items() if name != "prebookDate"}
        document.keep(kind, stored)
        if rule is _TRANSFER and response["success"]:
            document.vouchers.append((response.get("voucherNumber1", ""), response.get("voucherNumber2", "")))
        self.touch(document)
        item = Item(code, response, parent=document.id)
        item.work = partial(self._apply, document, kind, stored)
        spoil([item], faults)
        if self._state.switches.response_applies == "at_once":
            item.decide()
        return self._state.requests.open(rule.entity, "POST", [item], later=delay(faults)), response

    def _checked(self, kind: str, body: Any) -> Values:
        strict = self._state.switches.unknown_fields == "refuse"
        if problems := list(RULES[kind].shape.problems(body, "", strict=strict)):
            code = body.get("externalCode") if isinstance(body, dict) else None
            raise invalid(*problems, code=code if isinstance(code, str) else None)
        made: Values = compact(RULES[kind].shape.known(body))
        return made

    def _keep_gap(self, document: Document, operation: str, code: str | None = None) -> None:
        state = self._state
        if state.pace.violated(document.written, operation) and state.switches.gap_strict:
            raise conflict("Another write to this document is being processed.", code or document.id)
        document.written = state.clock.seconds()

    def _apply(self, document: Document, kind: str, response: Values) -> Verdict:
        """The second stage of a response, which another one may have overtaken."""
        rule = RULES[kind]
        if document.status not in rule.open:
            return failed(_refusal(kind, document))
        if kind == "paymentResponses":
            self._pay(document, response)
        else:
            if response["success"]:
                names = ("voucherNumber1", "voucherNumber2", "paymentBlock")
                document.values |= {name: response[name] for name in names if name in response}
            self.move(document, rule.done if response["success"] else rule.failed)
        return Verdict()

    def _pay(self, document: Document, response: Values) -> None:
        """What a payment does not name is cleared; without success it changes nothing."""
        if not response["success"]:
            return
        if "paymentDate" not in response:
            response["paymentDate"] = moments.written(self._state.clock.now())
        document.values["paymentBlock"] = response["paymentBlock"]
        for name, source in (
            ("paymentMethod", "paymentMethod"),
            ("paymentTermCode", "paymentTermCode"),
            ("paymentMessage", "paymentMessage"),
            ("paymentRevelsalDocument", "paymentReversalDocument"),
        ):
            document.values.pop(name, None)
            if source in response:
                document.values[name] = response[source]
        whole = response.get("paidTotal", 0) >= document.values.get("grossSum", 0)
        paid = whole or self._state.switches.paid_on == "any_payment"
        self.move(document, "Paid" if paid else "Transferred")

    def offer(self, document: Document) -> None:
        """A user in P2P transfers the invoice once more."""
        document.generation += 1
        document.written = 0.0
        self.move(document, "WaitingForTransfer")

    def move(self, document: Document, status: str) -> None:
        """Into another state."""
        changed, document.status = document.status != status, status
        self.touch(document)
        if changed:
            self._moved(document)

    def touch(self, document: Document) -> None:
        """Every write moves `lastUpdated`, also the caller's own."""
        document.updated = moments.cut(self._state.clock.now())


_TRANSFER = RULES["transferResponses"]


def _refusal(kind: str, document: Document) -> str:
    return f"{RULES[kind].entity} is not allowed for a document in status {document.status}."
