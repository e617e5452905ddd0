"""What orders and invoices have in common: parties, payment terms, and what a partner requires."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ml_connector.cleo.partners.profile import Terms as AgreedTerms
from ml_connector.core.errors import Rejected
from ml_connector.x12.documents.parts import Party, Terms
from ml_connector.x12.model import Segment

BUYERS_NUMBER = "92"
"""N103: the id behind it is the buyer's own number, which is what PeopleSoft knows everybody by."""


def party(role: str, number: str, name: str | None = None) -> Party:
    """Somebody by PeopleSoft's number: a business unit, a place, a supplier or a customer."""
    return Party(role=role, qualifier=BUYERS_NUMBER, id=number, name=name)


def terms(code: str | None, agreed: Mapping[str, AgreedTerms], *, setting: str) -> Terms | None:
    """PeopleSoft's payment terms as the partner's file says; None where the document has none.

    Args:
        setting: where the table stands, for the message.

    Raises:
        Rejected: the partner's file does not have the code.
    """
    if not code:
        return None
    found = agreed.get(code)
    if found is None:
        raise Rejected(
            f"the partner's file does not say what these payment terms are in X12; add them to {setting}, "
            f"for instance {code}: {{type: '01', basis: '3', net_days: 30}}",
            field="terms",
            value=code,
        )
    return Terms(
        type=found.type,
        basis=found.basis,
        percent=found.percent,
        discount_days=found.discount_days,
        net_days=found.net_days,
    )


def check_required(segments: Sequence[Segment], required: Sequence[str], *, setting: str) -> None:
    """Have everything in a document that the partner asks for.

    Args:
        required: segments, or segments with their first element, such as ``REF*IA``.
        setting: where the list stands, for the message.

    Raises:
        Rejected: something is missing.
    """
    there = {name for one in segments for name in (one[0], "*".join(one[:2]))}
    missing = [name for name in required if name not in there]
    if missing:
        raise Rejected(
            f"the partner requires {', '.join(missing)} ({setting}), and PeopleSoft's document has nothing "
            "to make it of; complete the document, or correct the partner's file",
            field=missing[0],
        )
