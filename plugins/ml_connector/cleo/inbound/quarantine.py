"""What is kept but was not processed: looked at again when something has changed that may end that."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from ml_connector.cleo.inbound.assessment import examine
from ml_connector.cleo.inbound.context import InboundContext
from ml_connector.cleo.inbound.filing import Filing, Origin
from ml_connector.core import codec
from ml_connector.core.ledger import cache
from ml_connector.core.ledger.exchange import outbound, watching
from ml_connector.core.ledger.exchange.watching import Waiting
from ml_connector.x12 import reader

_EVER = datetime(2000, 1, 1, tzinfo=UTC)


def reconsider(context: InboundContext) -> list[str]:
    """Process what waits for an identity, ours or a partner's, or for the right environment. Blocking.

    The bytes are read again only after identities, the environment, or what waits have changed.

    Returns:
        Sentences for people.
    """
    name = f"cleo:reconsidered:{context.name}"
    with context.store.read() as connection:
        waiting = watching.undecided(connection, context.store, context.name)
        before = cache.get(connection, name, _EVER) if waiting else None
    state = _state(context, waiting).encode()
    if not waiting or state == before:
        return []
    alerts = [alert for one in waiting for alert in _again(context, one)]
    with context.store.write() as tx:
        cache.put(tx, name, state)
    return alerts


def _state(context: InboundContext, waiting: Sequence[Waiting]) -> str:
    """A hash of all that the decision hangs on."""
    theirs = sorted(profile.model_dump_json() for profile in context.directory.profiles)
    ours = sorted({one.text for one in context.options.identities.values()})
    ids = [one.interchange_id for one in waiting]
    return codec.digest([theirs, ours, context.usage, ids])


def _again(context: InboundContext, one: Waiting) -> list[str]:
    content = outbound.content(context.store, one.interchange_id)
    examined = [examine(found, content) for found in reader.read(content).interchanges]
    origin = Origin(one.route.get("folder", ""), one.file_name)
    with context.store.write() as tx:
        return [alert for found in examined for alert in Filing(tx, context, origin, found).keep()]
