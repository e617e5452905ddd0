"""Tables of the state database.

Payloads stand in a table of their own: a document's row changes several times while it is
claimed and settled, its payloads do not, and retention can drop them without touching a key.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from ml_connector.core.state.terms import Folded, NumberIn

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcTime(TypeDecorator[datetime]):
    """An aware time. PostgreSQL keeps it as timestamptz, SQLite as sortable ISO text."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(String(32) if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        value = value.astimezone(UTC)
        return value.isoformat(timespec="microseconds") if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None or isinstance(value, datetime):
            return value
        return datetime.fromisoformat(value)


class Exact(TypeDecorator[Any]):
    """A decimal number, exact on SQLite too, where it is kept as text."""

    impl = Numeric(28, 6)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(String(40) if dialect.name == "sqlite" else Numeric(28, 6))

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else (str(value) if dialect.name == "sqlite" else value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else Decimal(value)


# Ids are compared and sorted byte by byte, whatever the database's collation.
Key = String(512).with_variant(String(512, collation="C"), "postgresql")
Big = BigInteger().with_variant(Integer, "sqlite")
Name = String(128)

IS_OPEN = text("status NOT IN ('loaded', 'excluded')")
"""Condition of the index of open rows. SQLite uses that index only where a query says the same in
the same words, so every query for open rows holds it beside the states that it looks for."""

document = Table(
    "document",
    metadata,
    Column("id", Big, primary_key=True, autoincrement=False),
    Column("tenant", Name, nullable=False),
    Column("environment", String(16), nullable=False),
    Column("flow", Name, nullable=False),
    Column("key", Key, nullable=False),
    Column("unit", Name, nullable=False),
    Column("status", String(16), nullable=False),
    Column("reason", Text),
    Column("since", UtcTime, nullable=False),
    Column("deadline", UtcTime),
    Column("alerted_at", UtcTime),
    # what the source holds
    Column("source_hash", String(64)),
    Column("source_stamp", String(40)),
    Column("selected", Boolean, nullable=False),
    Column("source_open", Boolean, nullable=False),
    Column("absent_since", UtcTime),
    # what the mapping made of it
    Column("unmapped", Boolean, nullable=False),
    Column("mapping", String(64)),
    Column("staged_hash", String(64)),
    Column("staged_absent", Boolean, nullable=False),
    Column("state", String(32)),
    Column("waits_for", Name),
    Column("waits_key", Key),
    Column("label", String(256)),
    Column("party", String(256)),
    Column("amount", Exact),
    Column("currency", String(3)),
    Column("business_status", String(64)),
    # what was sent, and what is known to stand in the target
    Column("operation", String(8)),
    Column("attempt_id", String(32)),
    Column("owner", String(256)),
    Column("lease_until", UtcTime),
    Column("sent_hash", String(64)),
    Column("sent_at", UtcTime),
    Column("lookups", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_try_at", UtcTime),
    Column("steps", LargeBinary),
    Column("receipt", LargeBinary),
    Column("target_id", Name),
    Column("conflict_id", Name),
    Column("loaded_hash", String(64)),
    Column("loaded_at", UtcTime),
    Column("loaded_state", String(32)),
    Column("loaded_absent", Boolean),
    Column("loaded_amount", Exact),
    Column("batch", String(32)),
    Column("reference", String(256)),  # one more number that people search by
    Column("released_hash", String(64)),  # what a person let go although the mapping holds it
    UniqueConstraint("tenant", "flow", "key"),
)
Index("ix_document_flow", document.c.tenant, document.c.flow, document.c.id)
Index("ix_document_open", document.c.tenant, document.c.flow, document.c.status, document.c.id,
      sqlite_where=IS_OPEN, postgresql_where=IS_OPEN)  # fmt: skip
Index("ix_document_unmapped", document.c.tenant, document.c.flow, document.c.id,
      sqlite_where=text("unmapped = 1"), postgresql_where=text("unmapped"))  # fmt: skip
Index("ix_document_waits", document.c.tenant, document.c.waits_for, document.c.waits_key,
      sqlite_where=text("waits_for IS NOT NULL"), postgresql_where=text("waits_for IS NOT NULL"))  # fmt: skip
Index("ix_document_target", document.c.tenant, document.c.flow, document.c.target_id,
      sqlite_where=text("target_id IS NOT NULL"), postgresql_where=text("target_id IS NOT NULL"))  # fmt: skip
Index("ix_document_label", document.c.tenant, document.c.label,
      sqlite_where=text("label IS NOT NULL"), postgresql_where=text("label IS NOT NULL"))  # fmt: skip
Index("ix_document_search_key", document.c.tenant, NumberIn(document.c.key), document.c.id)
Index("ix_document_search_label", document.c.tenant, Folded(document.c.label), document.c.id)
Index("ix_document_search_reference", document.c.tenant, NumberIn(document.c.reference), document.c.id,
      sqlite_where=text("reference IS NOT NULL"),
      postgresql_where=text("reference IS NOT NULL"))  # fmt: skip
Index("ix_document_search_party", document.c.tenant, NumberIn(document.c.party), document.c.id)

payload = Table(
    "payload",
    metadata,
    Column("document_id", Big, primary_key=True, autoincrement=False),
    Column("hash", String(64), primary_key=True),
    Column("data", LargeBinary, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    sqlite_with_rowid=False,
)

watermark = Table(
    "watermark",
    metadata,
    Column("tenant", Name, primary_key=True),
    Column("flow", Name, primary_key=True),
    Column("dataset", Name, primary_key=True),
    Column("unit", Name, primary_key=True),
    Column("scan", String(16), primary_key=True),
    Column("value", String(40)),
    Column("cursor", Text),
    Column("window_since", String(40)),
    Column("window_until", String(40)),
    Column("high", String(40)),
    Column("began_at", UtcTime),
    Column("selection", String(64)),
    Column("columns", Text),
    Column("completed_at", UtcTime),
    Column("updated_at", UtcTime, nullable=False),
)

flow_state = Table(
    "flow_state",
    metadata,
    Column("tenant", Name, primary_key=True),
    Column("flow", Name, primary_key=True),
    Column("adopted_at", UtcTime),
    Column("succeeded_at", UtcTime),
    Column("confirmed_changes", Integer, nullable=False),
    Column("ledger_cursor", Big, nullable=False),
    Column("target_cursor", Text),
    Column("stopped_reason", Text),
    Column("watched_since", UtcTime),
    Column("stale_alerted_at", UtcTime),
)

crosswalk = Table(
    "crosswalk",
    metadata,
    Column("tenant", Name, primary_key=True),
    Column("name", Name, primary_key=True),
    Column("key", Key, primary_key=True),
    Column("target_id", Name, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("label", String(256)),
    Column("origin", String(16), nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    sqlite_with_rowid=False,
)
Index("ix_crosswalk_target", crosswalk.c.tenant, crosswalk.c.name, crosswalk.c.target_id)

batch = Table(
    "batch",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("tenant", Name, nullable=False),
    Column("flow", Name, nullable=False),
    Column("run", String(256)),
    Column("started_at", UtcTime, nullable=False),
    Column("finished_at", UtcTime),
    Column("counts", Text),
)
Index("ix_batch_flow", batch.c.tenant, batch.c.flow, batch.c.started_at)

plan = Table(
    "plan",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("flow", Name, primary_key=True),
    Column("key", Key, primary_key=True),
    Column("tenant", Name, nullable=False),
    Column("operation", String(16), nullable=False),
    Column("reason", Text),
    Column("label", String(256)),
    Column("staged_hash", String(64)),
    Column("changes", LargeBinary),
    Column("planned_at", UtcTime, nullable=False),
)
Index("ix_plan_tenant", plan.c.tenant, plan.c.planned_at)

reconciliation = Table(
    "reconciliation",
    metadata,
    Column("id", Big, primary_key=True, autoincrement=False),
    Column("report", String(32), nullable=False),
    Column("tenant", Name, nullable=False),
    Column("flow", Name, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("unit", Name),
    Column("business_status", String(64)),
    Column("currency", String(3)),
    Column("key", Key),
    Column("label", String(256)),
    Column("detail", LargeBinary, nullable=False),
    Column("explained", Boolean, nullable=False),
    Column("at", UtcTime, nullable=False),
)
Index("ix_reconciliation_report", reconciliation.c.report)
Index("ix_reconciliation_flow", reconciliation.c.tenant, reconciliation.c.flow, reconciliation.c.at)

quota = Table(
    "quota",
    metadata,
    Column("name", Name, primary_key=True),
    Column("used", Integer, nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("ends_at", UtcTime, nullable=False),
)

slot = Table(
    "slot",
    metadata,
    Column("name", Name, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("owner", String(256)),
    Column("lease_until", UtcTime),
)

credential = Table(
    "credential",
    metadata,
    Column("name", Name, primary_key=True),
    Column("value", LargeBinary),
    Column("expires_at", UtcTime),
    Column("updated_at", UtcTime),
    Column("owner", String(256)),
    Column("lease_until", UtcTime),
)

# Ids are never given out twice, so that "a higher id than before" always means a new event.
inbox = Table(
    "inbox",
    metadata,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("system", Name, nullable=False),
    Column("tenant", Name, nullable=False),
    Column("event_id", Name, nullable=False),
    Column("type", Name, nullable=False),
    Column("origin", String(16), nullable=False),
    Column("body", LargeBinary),
    Column("received_at", UtcTime, nullable=False),
    Column("closed_at", UtcTime),
    Column("run", String(256)),
    UniqueConstraint("system", "tenant", "event_id"),
    sqlite_autoincrement=True,
)
Index("ix_inbox_waiting", inbox.c.system, inbox.c.tenant, inbox.c.id,
      sqlite_where=text("closed_at IS NULL"), postgresql_where=text("closed_at IS NULL"))  # fmt: skip

settlement = Table(
    "settlement",
    metadata,
    Column("tenant", Name, primary_key=True),
    Column("flow", Name, primary_key=True),
    Column("reference", Name, primary_key=True),
    Column("unit", Name, primary_key=True),
    Column("entry", Integer, primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("way", String(16), nullable=False),
    Column("voucher", Key, nullable=False),
    Column("amount", Exact, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("accounting_date", String(10), nullable=False),
    Column("debit", Name),
    Column("credit", Name),
    Column("journal", Name),
    Column("details", LargeBinary, nullable=False),
    Column("export", String(64)),
    Column("exported_at", UtcTime),
    Column("created_at", UtcTime, nullable=False),
)
Index("ix_settlement_voucher", settlement.c.tenant, settlement.c.flow, settlement.c.voucher)
Index("ix_settlement_journal", settlement.c.tenant, settlement.c.flow, settlement.c.journal)
Index("ix_settlement_export", settlement.c.tenant, settlement.c.flow, settlement.c.export)

cached_file = Table(
    "cached_file",
    metadata,
    Column("name", String(256), primary_key=True),
    Column("content", LargeBinary, nullable=False),
    Column("fetched_at", UtcTime, nullable=False),
)

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

audit_chain = Table(
    "audit_chain",
    metadata,
    Column("number", Big, primary_key=True, autoincrement=False),
    Column("chain", String(32), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("actor", String(256), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("events", Integer, nullable=False),
    Column("head", String(64), nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    UniqueConstraint("chain", "kind"),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("chain", String(32), primary_key=True),
    Column("events", Integer, nullable=False),
    Column("head", String(64), nullable=False),
    Column("updated_at", UtcTime, nullable=False),
)

audit_event = Table(
    "audit_event",
    metadata,
    Column("chain", String(32), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("tenant", Name),
    Column("flow", Name),
    Column("document_id", Big),
    Column("data", LargeBinary, nullable=False),
    Column("hash", String(64), nullable=False),
    sqlite_with_rowid=False,
)
Index("ix_audit_event_document", audit_event.c.document_id,
      sqlite_where=text("document_id IS NOT NULL"),
      postgresql_where=text("document_id IS NOT NULL"))  # fmt: skip
