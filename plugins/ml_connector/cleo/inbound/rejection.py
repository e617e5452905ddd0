"""Why a partner could not read a document, in words: its 997 beside the bytes that we sent."""

from __future__ import annotations

from dataclasses import dataclass, field

from ml_connector.cleo.inbound.sent import sent_set
from ml_connector.core.ledger.exchange.outbound import Exchange
from ml_connector.core.state.store import Store
from ml_connector.x12.acknowledgments import GroupAnswer, SegmentError, SetAnswer
from ml_connector.x12.codes import ELEMENT_ERRORS, GROUP_ERRORS, SEGMENT_ERRORS, SET_ERRORS, plain
from ml_connector.x12.explanations import explain

_SHOWN = 3
_MISSING = "3"  # AK304


@dataclass(frozen=True, slots=True)
class Explanation:
    """What the partner found.

    Attributes:
        reason: places and kinds of errors without content, for alerts and the trail.
        errors: sentences that quote the document, to be kept sealed beside it.
    """

    reason: str | None = None
    errors: list[str] = field(default_factory=list)


def explained(store: Store, ours: Exchange, answer: GroupAnswer) -> Explanation:
    """What a 997 says about one set of ours."""
    own = answer.answer_to(ours.set_number or "")
    found = [*(_of_set(own) if own else ()), *_of_group(answer)]
    if not found and answer.verdict_of(ours.set_number or "") == "rejected":
        found = ["its whole group was rejected"]
    more = f", and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    reason = "; ".join(found[:_SHOWN]) + more if found else None
    sent = sent_set(store, ours)
    return Explanation(reason, explain(answer, sent).split("\n") if sent else found)


def _of_set(answer: SetAnswer) -> list[str]:
    found = [words for one in answer.segments for words in _of_segment(one)]
    return found or [plain(SET_ERRORS, code) for code in answer.reasons]


def _of_segment(error: SegmentError) -> list[str]:
    place = f"segment {error.number} ({error.segment})"
    if error.elements:
        return [
            f"{place}, element {one.element:02}, {plain(ELEMENT_ERRORS, one.code)}" for one in error.elements
        ]
    if error.code == _MISSING:
        return [f"a segment {error.segment} is missing as number {error.number}"]
    return [f"{place}: {plain(SEGMENT_ERRORS, error.code or '')}"]


def _of_group(answer: GroupAnswer) -> list[str]:
    return [plain(GROUP_ERRORS, code) for code in answer.reasons]
