"""Rejections in words for a person, with the values of the document that was sent."""

from __future__ import annotations

from ml_connector.x12.acknowledgments import (
    ElementError,
    GroupAnswer,
    InterchangeAnswer,
    SegmentError,
    SetAnswer,
)
from ml_connector.x12.codes import (
    ELEMENT_ERRORS,
    GROUP_ERRORS,
    INTERCHANGE_ERRORS,
    SEGMENT_ERRORS,
    SET_ERRORS,
    plain,
)
from ml_connector.x12.model import Segment, TransactionSet

_MISSING = "3"  # AK304
_ELEMENTS = "8"  # AK304
_VERDICTS = {
    "accepted": "accepted",
    "accepted_with_errors": "accepted with errors",
    "rejected": "rejected",
    "unclear": "judged in a way that is neither acceptance nor rejection",
}


def explain(answer: GroupAnswer, sent: TransactionSet) -> str:
    """What a 997 says to one set, one sentence a line.

    It quotes the document, so it belongs beside the document and in no log.

    Args:
        answer: to the set's group.
        sent: the set as it was stored.
    """
    what = f"{sent.code} {sent.number}"
    own = answer.answer_to(sent.number)
    verdict = answer.verdict_of(sent.number)
    if own is None:
        reasons = "; ".join(plain(GROUP_ERRORS, one) for one in answer.reasons)
        because = f": {reasons}" if reasons else ""
        return f"{what} was {_VERDICTS[verdict]} with its whole group {answer.group_number}{because}."
    return "\n".join([f"{what} was {_VERDICTS[verdict]}{_reasons(own)}.", *_details(own, sent)])


def explain_interchange(answer: InterchangeAnswer) -> str:
    """What a TA1 says, as one sentence."""
    verdict = _VERDICTS[answer.verdict]
    note = plain(INTERCHANGE_ERRORS, answer.note)
    because = "" if answer.verdict == "accepted" else f": {note}"
    return f"Interchange {answer.number} was {verdict}{because}."


def _reasons(answer: SetAnswer) -> str:
    found = [plain(SET_ERRORS, one) for one in answer.reasons]
    return f": {'; '.join(found)}" if found else ""


def _details(answer: SetAnswer, sent: TransactionSet) -> list[str]:
    return [line for one in answer.segments for line in _segment(one, sent)]


def _segment(error: SegmentError, sent: TransactionSet) -> list[str]:
    stored = _stored(error, sent)
    place = f"segment {error.number} ({error.segment})" if error.number else f"a segment {error.segment}"
    elements = [f"{place}: {_element(one, stored)}" for one in error.elements]
    if error.code in {None, _ELEMENTS} and elements:
        return elements
    if error.code == _MISSING:
        here = f"segment {error.number}: a segment {error.segment} is missing here"
        return [here if error.number else f"a segment {error.segment} is missing", *elements]
    return [f"{place}: {plain(SEGMENT_ERRORS, error.code or '')}", *elements]


def _element(error: ElementError, stored: Segment | None) -> str:
    component = f", component {error.component}," if error.component else ""
    text = f"element {error.element:02}{component} {plain(ELEMENT_ERRORS, error.code)}"
    value = _value(error, stored)
    return f"{text}; it was '{value}'" if value else text


def _value(error: ElementError, stored: Segment | None) -> str | None:
    """From the stored set, which is exact; a partner's copy may be cut or cleaned."""
    if stored is not None and 0 < error.element < len(stored) and stored[error.element]:
        return stored[error.element]
    return error.value


def _stored(error: SegmentError, sent: TransactionSet) -> Segment | None:
    """The segment that is meant; None where the partner counts otherwise than we do."""
    found = sent.segments[error.number - 1] if 0 < error.number <= len(sent.segments) else None
    return found if found is not None and found[0] == error.segment else None
