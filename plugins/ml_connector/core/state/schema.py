"""Tables of the state database.

Payloads stand in a table of their own: a document's row changes several times while it is
claimed and settled, its payloads do not, and retention can drop them without touching a key.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from ml_connector.core.state import exchange_schema
from ml_connector.core.state.columns import Big, Exact, Key, Name, UtcTime, metadata
from ml_connector.core.state.terms import Folded, NumberIn

_MORE = exchange_schema
"""Its tables belong to the same database: who asks for ``metadata`` here gets all of them."""

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
    Column("rotated_at", UtcTime),
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

# When a record of another system was last written to, where two writes must lie apart.
record_write = Table(
    "record_write",
    metadata,
    Column("name", Name, primary_key=True),
    Column("record", Key, primary_key=True),
    Column("at", UtcTime, nullable=False),
    sqlite_with_rowid=False,
)
Index("ix_record_write_at", record_write.c.name, record_write.c.at)

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
    Column("entry", Integer, primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("way", String(16), nullable=False),
    Column("unit", Name, primary_key=True),
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
