"""The audit trail: append-only events in hash chains, and their verification."""
