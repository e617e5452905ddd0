"""Tables of what is exchanged as EDI: control numbers, interchanges, and which document each set is."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint

from ml_connector.core.state.columns import Big, Key, Name, UtcTime, metadata

# Numbers of EDI envelopes: ISA13 counts under the name ``ISA``, GS06 under its group type such as ``PO``.
control_number = Table(
    "control_number",
    metadata,
    Column("tenant", Name, primary_key=True),
    Column("environment", String(16), primary_key=True),
    Column("sender", String(64), primary_key=True),
    Column("receiver", String(64), primary_key=True),
    Column("kind", String(8), primary_key=True),
    Column("last", Integer, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
)

interchange = Table(
    "interchange",
    metadata,
    Column("id", Big, primary_key=True, autoincrement=False),
    Column("tenant", Name, nullable=False),
    Column("environment", String(16), nullable=False),
    Column("direction", String(3), nullable=False),  # "out" or "in"
    Column("partner", Name),  # name of the partner's profile; None where the sender is unknown
    Column("sender", String(64), nullable=False),  # qualifier:id, e.g. "ZZ:PSFTUS001"
    Column("receiver", String(64), nullable=False),
    Column("number", Integer),  # ISA13; None for what is no X12
    Column("file_name", String(256), nullable=False),
    Column("route", LargeBinary),  # where it goes, or where it came from
    Column("content", LargeBinary),
    Column("content_hash", String(64), nullable=False),
    Column("size", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("reason", Text),
    Column("since", UtcTime, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("uploaded_at", UtcTime),  # out: taken by Cleo
    Column("picked_up_at", UtcTime),  # out: gone from the upload folder, or seen in a transfer
    Column("delivered_at", UtcTime),  # out: a transfer to the partner succeeded
    Column("answer_due_at", UtcTime),  # out: a 997 is overdue from here on
    Column("alerted_at", UtcTime),
    UniqueConstraint("tenant", "direction", "content_hash"),
)
Index("ix_interchange_number", interchange.c.tenant, interchange.c.direction, interchange.c.sender,
      interchange.c.receiver, interchange.c.number)  # fmt: skip
Index("ix_interchange_status", interchange.c.tenant, interchange.c.direction, interchange.c.status,
      interchange.c.id)  # fmt: skip
Index("ix_interchange_file", interchange.c.tenant, interchange.c.direction, interchange.c.file_name)

# One per ST..SE, or per payload that is no X12. It ties the control numbers, which are all that an
# acknowledgment names, to the document.
transaction_set = Table(
    "transaction_set",
    metadata,
    Column("id", Big, primary_key=True, autoincrement=False),
    Column("interchange_id", Big, nullable=False),
    Column("tenant", Name, nullable=False),
    Column("direction", String(3), nullable=False),
    Column("partner", Name),
    Column("sender", String(64), nullable=False),
    Column("receiver", String(64), nullable=False),
    Column("group_code", String(2)),  # GS01
    Column("group_number", Integer),  # GS06
    Column("set_code", String(8), nullable=False),  # ST01
    Column("set_number", String(9)),  # ST02
    Column("flow", Name),
    Column("document_id", Big),  # out: the ledger's document
    Column("key", Key),  # natural key of the document
    Column(
        "document_hash", String(64)
    ),  # out: hash of what the mapping wanted, so that a retry is recognised
    Column("business_key", Key),  # in: what makes it the same invoice under other control numbers
    Column("reference", String(256)),  # number of the order or invoice
    Column("status", String(32), nullable=False),
    Column("reason", Text),
    Column("since", UtcTime, nullable=False),
    Column("response", String(32)),  # out: what the partner's 855 or 824 said
    Column("responded_at", UtcTime),
    Column("data", LargeBinary),  # in: the document as read; out: what was decoded of its answers
    Column("created_at", UtcTime, nullable=False),
)
Index("ix_transaction_set_interchange", transaction_set.c.interchange_id)
Index("ix_transaction_set_group", transaction_set.c.tenant, transaction_set.c.direction,
      transaction_set.c.group_code, transaction_set.c.group_number)  # fmt: skip
Index("ix_transaction_set_document", transaction_set.c.document_id)
Index("ix_transaction_set_flow", transaction_set.c.tenant, transaction_set.c.flow, transaction_set.c.key)
Index("ix_transaction_set_business", transaction_set.c.tenant, transaction_set.c.business_key)
Index("ix_transaction_set_reference", transaction_set.c.tenant, transaction_set.c.reference)
