"""What people were told already, so that a fault that lasts is told once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from ml_connector.core import codec
from ml_connector.core.ledger import cache
from ml_connector.core.state.store import Store

_EVER = datetime(2000, 1, 1, tzinfo=UTC)


def news(store: Store, tenant: str, topic: str, faults: Mapping[str, str]) -> list[str]:
    """The sentences that are new. What is over is forgotten, and told again if it comes back. Blocking.

    Args:
        topic: what was looked at; each has faults of its own.
        faults: all that there are now: sentences by what makes them the same fault.
    """
    name = f"cleo:told:{topic}:{tenant}"
    with store.read() as connection:
        kept = cache.get(connection, name, _EVER)
    known = set(codec.decode(kept)) if kept is not None else set()
    if known != set(faults):
        with store.write() as tx:
            cache.put(tx, name, codec.encode(sorted(faults)))
    return [sentence for fault, sentence in faults.items() if fault not in known]
