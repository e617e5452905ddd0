"""What partners' 997s and TA1s say about our documents.

An acknowledgment names control numbers only. It says whether a document could be read, not whether
its business is agreed to. Nothing is sent again because of one: the same content would fail again.
"""

from __future__ import annotations

from collections.abc import Sequence

from ml_connector.cleo.inbound.answered import Answered
from ml_connector.cleo.inbound.context import InboundContext
from ml_connector.cleo.inbound.envelope import ACKNOWLEDGMENTS, Sides
from ml_connector.cleo.inbound.rejection import Explanation, explained
from ml_connector.core.contract import Payload
from ml_connector.core.ledger.exchange import answers, outbound
from ml_connector.core.ledger.exchange.outbound import Exchange
from ml_connector.core.state.store import Transaction
from ml_connector.x12.acknowledgments import GroupAnswer, Verdict, read_997, read_ta1
from ml_connector.x12.codes import INTERCHANGE_ERRORS, plain
from ml_connector.x12.model import Segment, TransactionSet, X12Error

_STATUSES: dict[Verdict, str] = {
    "accepted": answers.ACKNOWLEDGED,
    "accepted_with_errors": answers.WITH_ERRORS,
    "rejected": answers.REJECTED,
    "unclear": answers.UNCLEAR,
}


def take_997(
    tx: Transaction, context: InboundContext, partner: str, sides: Sides, found: TransactionSet
) -> Answered:
    """Note what a 997 says about each set of a group of ours."""
    try:
        answer = read_997(found)
    except X12Error as error:
        return Answered.nothing(f"{partner}: a 997 cannot be read and answers nothing: {error}")
    if answer.group_code == ACKNOWLEDGMENTS:
        return Answered(reason="it acknowledges an acknowledgment of ours, which nobody needs")
    ours = answers.of_group(
        tx.connection, context.store, context.name, sender=sides.receiver, receiver=sides.sender,
        group_code=answer.group_code, group_number=answer.group_number, partner=partner,
    )  # fmt: skip
    named = f"group {answer.group_code} {answer.group_number}"
    if not ours:
        return Answered.nothing(
            f"{partner} acknowledges {named} with a 997, but no such group was sent to it, or more than one: "
            "look the number up in the console, and ask the partner"
        )
    result = Answered(reference=named)
    if contradiction := answer.contradiction([one.set_number or "" for one in ours]):
        result.reason = contradiction
        result.alerts.append(
            f"{partner}'s 997 for {named} contradicts itself: {contradiction}; ask the partner"
        )
    for one in ours:
        result.alerts += _settle(tx, context, one, answer, contradiction)
    return result


def _settle(
    tx: Transaction, context: InboundContext, ours: Exchange, answer: GroupAnswer, contradiction: str | None
) -> list[str]:
    verdict = _verdict(answer, ours.set_number or "", contradicted=contradiction is not None)
    status = _STATUSES[verdict]
    explanation = Explanation()
    if status != answers.ACKNOWLEDGED:
        explanation = explained(context.store, ours, answer)
    reason = explanation.reason or (contradiction if verdict == "unclear" else None)
    now = context.store.now().isoformat()
    data: Payload = {"at": now, "group_code": answer.code, "errors": explanation.errors}
    said = answers.acknowledge(tx, ours.set_id, status, reason, data)
    return _told(ours, status, reason, said)


def _verdict(answer: GroupAnswer, number: str, *, contradicted: bool) -> Verdict:
    """Where the counts do not fit, only a set's own AK5 counts."""
    if contradicted and answer.answer_to(number) is None:
        return "unclear"
    return answer.verdict_of(number)


def _told(ours: Exchange, status: str, reason: str | None, said: str) -> list[str]:
    """Sentences for people about an answer that changed something."""
    if said == "repeated":
        return []
    what = f"{ours.set_code} {ours.reference or ours.key or ours.set_number} to {ours.partner}"
    why = f": {reason}" if reason else ""
    if said == "contradicts":
        before, now = (_words(one) for one in (ours.set_status, status))
        return [f"{what} was {before}, and now is {now}{why}; the worse counts until that is cleared up"]
    if status == answers.REJECTED:
        return [f"{what} was rejected by the partner's 997{why}. It is not sent again until it is changed"]
    if status == answers.UNCLEAR:
        return [f"{what}: the partner's 997 does not say what became of it{why}; ask the partner"]
    return []


def _words(status: str) -> str:
    return status.replace("_", " ")


def take_ta1(
    tx: Transaction, context: InboundContext, partner: str, sides: Sides, found: Segment
) -> list[str]:
    """Note what a TA1 says about an interchange of ours.

    Returns:
        Sentences for people.
    """
    try:
        answer = read_ta1(found)
    except X12Error as error:
        return [f"{partner}: a TA1 cannot be read and answers nothing: {error}"]
    ours = answers.of_interchange(
        tx.connection, context.store, context.name, sender=sides.receiver, receiver=sides.sender,
        number=answer.number,
    )  # fmt: skip
    if not ours:
        return [
            f"{partner} answers interchange {answer.number:09d} with a TA1, but no such one was sent to it"
        ]
    note = plain(INTERCHANGE_ERRORS, answer.note)
    if answer.verdict == "rejected":
        return _refused(tx, context, ours, f"the partner refused the whole interchange: {note}")
    outbound.delivered(tx, [ours[0].interchange_id])
    if answer.verdict == "accepted":
        return []
    return [f"{partner} took interchange {answer.number:09d} with a remark in its TA1: {note}"]


def _refused(tx: Transaction, context: InboundContext, ours: Sequence[Exchange], reason: str) -> list[str]:
    alerts = []
    data: Payload = {"at": context.store.now().isoformat(), "errors": [reason]}
    for one in ours:
        if one.document_id is None:  # our own acknowledgment; nothing answers for it
            alerts.append(f"{one.partner} refused our {one.set_code} in {one.file_name}: {reason}")
            continue
        said = answers.acknowledge(tx, one.set_id, answers.REJECTED, reason, data)
        alerts += _told(one, answers.REJECTED, reason, said)
    return alerts
