"""What Cleo's connections say of the partners behind them."""

from __future__ import annotations

from collections.abc import Mapping

from ml_connector.cleo.api import Connection
from ml_connector.cleo.connect import Cleo
from ml_connector.cleo.errors import NotFound, NotOffered
from ml_connector.cleo.options import CleoOptions
from ml_connector.cleo.partners.profile import Profile
from ml_connector.core.errors import NotActivated

ACTIVE, DISABLED, NOT_READY = "active", "disabled", "not_ready"

Connections = Mapping[str, Connection]
"""By alias."""


async def read_connections(cleo: Cleo, options: CleoOptions) -> Connections | None:
    """All connections; None where the tenant does not want them checked, or Cleo does not show them.

    Many tenants' users see folders only, so a refusal is no failure.
    """
    if cleo.api is None or not options.check_connections:
        return None
    try:
        return {one.alias: one async for one in cleo.api.connections()}
    except (NotActivated, NotFound, NotOffered):
        return None


def state_of(connection: Connection) -> str:
    """In the words of the mapping."""
    if not connection.enabled:
        return DISABLED
    return ACTIVE if connection.ready else NOT_READY


def fault(profile: Profile, connections: Connections | None) -> str | None:
    """Why nothing can be sent to the partner through its connection; None where it can, or nobody knows."""
    if connections is None or profile.connection is None:
        return None
    found = connections.get(profile.connection)
    if found is None:
        return (
            f"Cleo has no connection {profile.connection}, which partner {profile.partner}'s file names; "
            "have it made in Cleo, or correct the file"
        )
    if not found.enabled:
        return f"connection {profile.connection} is disabled in Cleo; have it enabled"
    if not found.ready:
        why = found.reason or "Cleo does not say why"
        return f"connection {profile.connection} is not ready in Cleo ({why}); have it completed"
    return None
