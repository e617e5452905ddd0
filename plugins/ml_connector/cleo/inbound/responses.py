"""What partners' business says to our orders and invoices: 855 and 824.

The word of a whole document is the worst of its lines, compared with what was ordered: an 855 may say
that all is accepted and confirm another price.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from ml_connector.cleo.inbound.answered import Answered
from ml_connector.cleo.inbound.context import InboundContext
from ml_connector.cleo.inbound.envelope import Sides
from ml_connector.cleo.inbound.sent import OrderedLine, ordered_lines, same_number
from ml_connector.core.contract import Payload
from ml_connector.core.ledger.exchange import answers
from ml_connector.core.ledger.exchange.answers import Response
from ml_connector.core.ledger.exchange.outbound import Exchange
from ml_connector.core.state.store import Transaction
from ml_connector.x12.codes import REJECTING
from ml_connector.x12.documents.advice import AdviceItem, read_advice
from ml_connector.x12.documents.order_response import (
    LineAnswer,
    OrderResponse,
    ResponseLine,
    read_order_response,
)
from ml_connector.x12.model import TransactionSet, X12Error

ORDERS, INVOICES = ("850", "860"), ("810",)

_GROUPS = {"850": "PO", "860": "PC", "810": "IN"}
_SEVERITY: dict[Response, int] = {"received": 0, "accepted": 1, "changed": 2, "rejected": 3}
_NAMED = 5
_NOTHING = Decimal(0)


def take_order_response(
    tx: Transaction, context: InboundContext, partner: str, found: TransactionSet
) -> Answered:
    """Note what an 855 says to an order of ours."""
    try:
        response = read_order_response(found)
    except X12Error as error:
        return Answered.nothing(f"{partner}: an 855 cannot be read and answers nothing: {error}")
    ours = _reached(
        answers.of_reference(
            tx.connection, context.store, context.name, partner=partner, reference=response.number,
            set_codes=ORDERS,
        )
    )  # fmt: skip
    if not ours:
        return Answered.nothing(
            f"{partner} answers order {response.number} with an 855, but no such order was sent to it"
        )
    ordered = ordered_lines(context.store, ours[::-1])
    lines = [_line(line, position, ordered) for position, line in enumerate(response.lines, 1)]
    verdict = _verdict(response, lines)
    data = _data(response, lines, ordered)
    result = Answered(reference=response.number)
    if answers.respond(tx, ours[0].set_id, verdict, data):
        result.alerts += _told(partner, f"order {response.number}", verdict, lines)
    return result


def _reached(ours: Sequence[Exchange]) -> Sequence[Exchange]:
    """What the partner can have answered that names an order by its number, newest first.

    A change that has not left is not meant. Where nothing is known to have left, the first message was
    there all the same: nobody answers an order that never came.
    """
    return [one for one in ours if one.left] or ours[-1:]


def _verdict(response: OrderResponse, lines: Sequence[Payload]) -> Response:
    if response.verdict in {"accepted", "received"} and any(one["response"] != "accepted" for one in lines):
        return "rejected" if all(one["response"] == "rejected" for one in lines) else "changed"
    return response.verdict


def _data(response: OrderResponse, lines: list[Payload], ordered: Mapping[str, OrderedLine]) -> Payload:
    dates = [one["date"] for one in lines if one["date"]]
    wanted = ((one.quantity or _NOTHING) * (one.price or _NOTHING) for one in ordered.values())
    return {
        "type": response.type, "supplier_number": response.supplier_number,
        "promised_date": max(dates, default=None), "lines": lines,
        "ordered_total": sum(wanted, _NOTHING),
        "confirmed_total": sum((one["quantity"] * (one["price"] or _NOTHING) for one in lines), _NOTHING),
    }  # fmt: skip


def _line(line: ResponseLine, position: int, ordered: Mapping[str, OrderedLine]) -> Payload:
    number = line.number or str(position)
    wanted = next((one for key, one in ordered.items() if same_number(key, number)), None)
    quantity = _confirmed(line)
    price = line.unit_price if line.unit_price is not None else wanted.price if wanted else None
    differences = _differences(line, quantity, wanted)
    words = [one.meaning for one in line.answers if one.code in REJECTING or differences or not _plain(one)]
    dates = [day.date for one in line.answers for day in one.dates] or [one.date for one in line.dates]
    return {
        "line": number, "response": _response(line, differences), "quantity": quantity, "unit": line.unit,
        "price": price, "date": max(dates, default=None),
        "text": "; ".join(dict.fromkeys([*words, *differences])) or None,
    }  # fmt: skip


def _confirmed(line: ResponseLine) -> Decimal:
    """What will be delivered: partners leave quantities out where they confirm what was ordered."""
    return line.confirmed if line.answers else line.quantity or _NOTHING


def _response(line: ResponseLine, differences: Sequence[str]) -> str:
    said = [*line.answers, *line.parts]
    if said and all(one.code in REJECTING for one in said):
        return "rejected"
    return "accepted" if not differences and all(_plain(one) for one in said) else "changed"


def _plain(answer: LineAnswer) -> bool:
    return answer.code in {"AC", "AR", "IA", "SP"}


def _differences(line: ResponseLine, quantity: Decimal, wanted: OrderedLine | None) -> list[str]:
    if wanted is None:
        return []
    found = []
    if wanted.quantity is not None and quantity != wanted.quantity:
        found.append(f"quantity {quantity:f} instead of {wanted.quantity:f}")
    if None not in (line.unit_price, wanted.price) and line.unit_price != wanted.price:
        found.append(f"price {line.unit_price:f} instead of {wanted.price:f}")
    if line.unit and wanted.unit and line.unit != wanted.unit:
        found.append(f"unit {line.unit} instead of {wanted.unit}")
    return found


def _told(partner: str, what: str, verdict: Response, lines: Sequence[Payload]) -> list[str]:
    if verdict not in {"changed", "rejected"}:
        return []
    numbers = [one["line"] for one in lines if one["response"] != "accepted"]
    more = f" and {len(numbers) - _NAMED} more" if len(numbers) > _NAMED else ""
    where = f" (lines {', '.join(numbers[:_NAMED])}{more})" if numbers else ""
    return [f"{partner} {verdict} {what}{where}: settle it with the buyer; PeopleSoft holds what was ordered"]


# ---- 824


def take_advice(
    tx: Transaction, context: InboundContext, partner: str, sides: Sides, found: TransactionSet
) -> Answered:
    """Note what an 824 says about documents of ours."""
    try:
        advice = read_advice(found)
    except X12Error as error:
        return Answered.nothing(f"{partner}: an 824 cannot be read and answers nothing: {error}")
    result = Answered(reference=advice.items[0].reference)
    orphans = 0
    judged: dict[int, tuple[Exchange, AdviceItem]] = {}
    for item in advice.items:
        ours = _advised(tx, context, partner, sides, item)
        if ours is None:
            orphans += 1
            result.alerts.append(
                f"{partner} judges {item.qualifier} {item.reference} in an 824, but no such document was sent"
            )
        elif ours.set_id not in judged or _worse(item, judged[ours.set_id][1]):
            judged[ours.set_id] = (ours, item)
    for ours, item in judged.values():
        result.alerts += _advise(tx, partner, ours, item)
    if orphans == len(advice.items):
        nothing = Answered.nothing(result.alerts[0])
        return Answered(nothing.status, nothing.reason, result.reference, result.alerts)
    return result


def _advised(
    tx: Transaction, context: InboundContext, partner: str, sides: Sides, item: AdviceItem
) -> Exchange | None:
    """By the control numbers where the partner names them, else by the number of the document."""
    if item.group_number is not None and item.set_number and item.set_code in _GROUPS:
        group = answers.of_group(
            tx.connection, context.store, context.name, sender=sides.receiver, receiver=sides.sender,
            group_code=_GROUPS[item.set_code], group_number=item.group_number, partner=partner,
        )  # fmt: skip
        named = [one for one in group if same_number(one.set_number or "", item.set_number)]
        if named:
            return named[0]
    codes = ORDERS if item.qualifier == "PO" else (*INVOICES, *ORDERS)
    ours = _reached(
        answers.of_reference(
            tx.connection, context.store, context.name, partner=partner, reference=item.reference,
            set_codes=codes,
        )
    )  # fmt: skip
    return ours[0] if ours else None


def _worse(one: AdviceItem, other: AdviceItem) -> bool:
    """Of several judgements of one document in one 824 the worst counts, and the first among equals."""
    return _SEVERITY[_judgement(one)] > _SEVERITY[_judgement(other)]


def _judgement(item: AdviceItem) -> Response:
    return "changed" if item.verdict == "accepted" and item.errors else item.verdict


def _advise(tx: Transaction, partner: str, ours: Exchange, item: AdviceItem) -> list[str]:
    verdict = _judgement(item)
    errors = [one.meaning for one in item.errors]
    data: Payload = {"type": item.code, "errors": errors, "lines": []}
    if not answers.respond(tx, ours.set_id, verdict, data):
        return []
    what = f"{ours.set_code} {item.reference}"
    if verdict == "changed":
        return [f"{partner} took {what} with remarks in an 824: look at them in the console"]
    if verdict == "rejected":
        return [
            f"{partner} rejected {what} in an 824: the reasons stand in the console; correct the document"
        ]
    return []
