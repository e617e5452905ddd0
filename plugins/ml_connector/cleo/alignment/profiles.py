"""Cleo's connections as documents: what changes there is brought to PeopleSoft's notice."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

from ml_connector.cleo.alignment.connections import Connections, read_connections
from ml_connector.cleo.api import Connection
from ml_connector.cleo.connect import Cleo
from ml_connector.cleo.options import CleoOptions
from ml_connector.cleo.partners.directory import Directory
from ml_connector.core.contract import CaughtUp, Document, KeyAnswer, Page, Payload, Window
from ml_connector.core.errors import ConfigurationError
from ml_connector.core.webhooks import Event


class ProfileSource:
    """``core.contract.EventSource`` over Cleo's connections. There are few, so each read is complete.

    Args:
        unit: name of the account as a unit.
    """

    def __init__(self, cleo: Cleo, options: CleoOptions, directory: Directory, *, unit: str = "cleo") -> None:
        self._cleo, self._options, self._directory, self._unit = cleo, options, directory, unit

    async def read(self, window: Window) -> AsyncIterator[Page]:
        """See :class:`core.contract.Source`.

        Raises:
            ConfigurationError: Cleo does not show its connections, so nothing can be said about them.
        """
        connections = await self._all()
        documents = sorted((self._document(one) for one in connections.values()), key=lambda one: one.key)
        yield Page(documents, None, last=True)

    async def by_key(self, keys: Sequence[str]) -> KeyAnswer:
        """See :class:`core.contract.Source`."""
        by_id = {one.id: one for one in (await self._all()).values()}
        wanted = list(dict.fromkeys(keys))
        documents = [self._document(by_id[key]) for key in sorted(wanted) if key in by_id]
        return KeyAnswer(documents, [key for key in wanted if key not in by_id])

    async def catch_up(self) -> CaughtUp:
        """Nothing tells of connections, so nothing can have been missed."""
        return CaughtUp()

    async def keys_of(self, events: Sequence[Event]) -> Mapping[str, Sequence[str]]:
        """No event concerns a connection."""
        return {}

    async def _all(self) -> Connections:
        found = await read_connections(self._cleo, self._options)
        if found is None:
            raise ConfigurationError(
                "Cleo does not show its connections, so changes of them cannot be passed on",
                field="integrations.cleo.flows.profiles.enabled",
                expected="false, or an administrator of Cleo with the right Hosts (view) in the connection, "
                "and the option check_connections",
            )
        return found

    def _document(self, one: Connection) -> Document:
        profiles = self._directory.by_connection(one.alias)
        vendors = sorted((key, profile.partner) for profile in profiles for key in profile.vendors)
        payload: Payload = {
            "id": one.id,
            "alias": one.alias,
            "type": one.type,
            "enabled": _word(one.enabled),
            "ready": _word(one.ready),
            "not_ready_reason": one.reason,
            "endpoint": one.partner,
            "partner": ", ".join(sorted(profile.partner for profile in profiles)) or None,
            "vendors": [_vendor(key, partner) for key, partner in vendors],
        }
        return Document(one.id, self._unit, payload)


def _vendor(key: str, partner: str) -> Payload:
    setid, _, vendor_id = key.partition("|")
    return {"vendor": key, "partner": partner, "VENDOR_SETID": setid, "VENDOR_ID": vendor_id}


def _word(value: bool) -> str:
    return "true" if value else "false"
