"""What is sent as EDI, and how far it has come: values and states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ml_connector.core.contract import Payload
from ml_connector.core.ledger.exchange.control_numbers import Address

OUT = "out"

BUILT, UPLOADING, UPLOADED, DELIVERED, FAILED = "built", "uploading", "uploaded", "delivered", "failed"
"""States of an interchange. ``uploading``: it may have arrived. ``failed``: not passed on to the partner."""

SENT, NOT_EXPECTED = "sent", "not_expected"
"""States of a transaction set that was uploaded, with and without a 997 to come. Before it is ``built``."""

SUPERSEDED = "superseded"
"""State of a transaction set that never left, because something else was wanted before it could."""

KEPT = "kept"
"""Name in the ``data`` of a set under which stands what the retention leaves."""

ANSWER_SECONDS = "answer_seconds"


@dataclass(frozen=True, slots=True)
class NewSet:
    """One transaction set, or one document in a file that is no X12 (then without numbers).

    Attributes:
        set_code: ST01, or a word such as ``vendor``.
        group_code: GS01.
        group_number: GS06.
        set_number: ST02.
        document_id: row in the ledger; None for what is no document of it, such as our 997s.
        key: natural key of the document.
        document_hash: hash of what the mapping wanted.
        reference: number of the order or invoice.
        data: what must be known again when it is answered; and, under ``kept``, as long as its document
            lives.
    """

    set_code: str
    group_code: str | None = None
    group_number: int | None = None
    set_number: str | None = None
    flow: str | None = None
    document_id: int | None = None
    key: str | None = None
    document_hash: str | None = None
    reference: str | None = None
    data: Payload | None = None


@dataclass(frozen=True, slots=True)
class NewInterchange:
    """An interchange to keep. ``route`` says where it goes: folder, action or endpoint.

    ``number`` is ISA13; None for what is no X12. Files that are no X12 carry a number of their own in
    their content (``allocate`` gives them too), since the same bytes are kept only once.
    ``answer_within``: how long a 997 may take, as it was agreed when this was kept; None where none is
    expected.
    """

    address: Address
    partner: str | None
    file_name: str
    content: bytes = field(repr=False)
    sets: Sequence[NewSet]
    number: int | None = None
    route: Payload = field(default_factory=dict)
    answer_within: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Exchange:
    """One transaction set that we sent, with its interchange.

    Attributes:
        status: of the interchange; see the constants of this module.
        set_status: ``built``, ``sent``, ``not_expected``, or what the acknowledgment said (``answers``).
        set_reason: why it was rejected, in words.
        since: when the state of the interchange changed last, or its reason.
        answer_due_at: when its acknowledgment is overdue.
        alerted_at: when people were told so; stays when it comes late.
        response: what the business said; see ``answers``.
        data: ``acknowledgment`` and ``response`` as they were decoded, beside what was kept with it.
    """

    interchange_id: int
    set_id: int
    tenant: str
    environment: str
    partner: str | None
    sender: str
    receiver: str
    number: int | None
    group_code: str | None
    group_number: int | None
    set_code: str
    set_number: str | None
    flow: str | None
    document_id: int | None
    key: str | None
    document_hash: str | None
    reference: str | None
    file_name: str
    content_hash: str
    size: int
    status: str
    reason: str | None
    set_status: str
    set_reason: str | None
    response: str | None
    since: datetime
    created_at: datetime
    uploaded_at: datetime | None
    picked_up_at: datetime | None
    delivered_at: datetime | None
    answer_due_at: datetime | None
    alerted_at: datetime | None
    responded_at: datetime | None
    route: Payload = field(default_factory=dict, repr=False)
    data: Payload = field(default_factory=dict, repr=False)

    @property
    def left(self) -> bool:
        """Whether it was uploaded for certain."""
        return self.uploaded_at is not None

    @property
    def may_have_left(self) -> bool:
        """Whether it was uploaded, or an upload was begun."""
        return self.left or self.status == UPLOADING

    @property
    def kept(self) -> Payload:
        """What is known of it as long as its document lives."""
        found: Payload = self.data.get(KEPT, {})
        return found

    @property
    def answer_within(self) -> timedelta | None:
        """How long a 997 may take; None where none is expected."""
        seconds = self.route.get(ANSWER_SECONDS)
        return None if seconds is None else timedelta(seconds=seconds)
