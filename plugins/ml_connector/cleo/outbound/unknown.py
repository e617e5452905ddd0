"""Files that were sent without this state database: before it began, or after the backup that it was made of.

Their numbers must not be given out again, and what they said to partners must not be said twice.
"""

from __future__ import annotations

from collections.abc import Mapping

from ml_connector.cleo.options import CleoOptions
from ml_connector.cleo.outbound import naming
from ml_connector.cleo.outbound.looking import Files
from ml_connector.cleo.outbound.messages import Message
from ml_connector.cleo.outbound.naming import FileName
from ml_connector.cleo.outbound.rendering import JSON
from ml_connector.cleo.partners.directory import Directory
from ml_connector.cleo.partners.identity import own_identity
from ml_connector.core.config import TenantConfig
from ml_connector.core.errors import ConfigurationError, Rejected
from ml_connector.core.ledger import flows
from ml_connector.core.ledger.exchange import listing
from ml_connector.core.ledger.exchange.control_numbers import INTERCHANGE, Address, raise_to, restored
from ml_connector.core.ledger.scope import Scope
from ml_connector.core.state.store import Store, Transaction

_KINDS = (INTERCHANGE, "FA", "IN", "PC", "PO")
"""Each interchange has one group, so no GS06 is higher than the ISA13 of its file."""


def after_restore(store: Store, scope: Scope) -> bool:
    """Whether the state was restored from a backup, and the flow has not ended a run since."""
    with store.read() as connection:
        return flows.get(connection, scope).adopted_at is None and restored(
            connection, scope.tenant, scope.flow
        )


def why_not(
    tx: Transaction, tenant: str, files: Files, message: Message, kinds: tuple[str, ...]
) -> str | None:
    """Why a message must not go after a restore, before a person has looked.

    Args:
        files: read before.
        kinds: of files that may have told the partner the same.
    """
    if not files.shows_transfers:
        return (
            "the state was restored from a backup, and Cleo shows no transfers, so nobody here knows whether "
            f"{message.profile.partner} was sent this after the backup; look into Cleo's log, then replay it"
        )
    name = message.profile.partner
    prefixes = [naming.prefix(kind, name, message.unit, message.document) for kind in kinds]
    found = [name for prefix in prefixes for name in files.of(prefix)]
    known = listing.of_files(tx.connection, tx.store, tenant, found) if found else {}
    strange = sorted(set(found) - known.keys())
    if not strange:
        return None
    return (
        f"the state was restored from a backup, and {strange[-1]} was sent after it; "
        "look into that file what the partner was told, then replay the document if something is missing"
    )


def raise_numbers(
    store: Store,
    tenant: TenantConfig,
    options: CleoOptions,
    directory: Directory,
    seen: Mapping[str, FileName],
) -> None:
    """Go on behind the numbers in the names of files."""
    highest: dict[tuple[str, str, bool], int] = {}
    for one in seen.values():
        place = (one.partner, one.unit, one.extension == "edi")
        highest[place] = max(one.number, highest.get(place, 0))
    partners = {naming.plain(profile.partner): profile for profile in directory.profiles}
    units = {naming.plain(unit): unit for unit in tenant.business_units}
    today = store.now().date().isoformat()
    wanted: dict[Address, dict[str, int]] = {}
    for (partner, unit, is_x12), number in highest.items():
        if partner not in partners or unit not in units:
            continue
        try:
            own = own_identity(options.identities, units[unit])
            other = partners[partner].identity(units[unit], today)
        except (ConfigurationError, Rejected):
            continue  # nothing goes out between these two
        counters = wanted.setdefault(Address(tenant.tenant, tenant.environment, own.text, other.text), {})
        for kind in _KINDS if is_x12 else (JSON,):
            counters[kind] = max(number, counters.get(kind, 0))
    reason = "found in the names of files that were sent before this state database began"
    with store.write() as tx:
        for address in sorted(wanted, key=str):
            for kind, number in wanted[address].items():
                raise_to(tx, address, kind, number, reason=reason)
