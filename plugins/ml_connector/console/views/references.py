"""The crosswalk entries that a document needs, found as the mapping finds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from ml_connector.console.catalog import FlowEntry
from ml_connector.core.config import find_dataset, find_mapping
from ml_connector.core.config.values import REVERSE
from ml_connector.core.contract import Payload
from ml_connector.core.dag.configuration import chosen
from ml_connector.core.dag.settings import read_settings
from ml_connector.core.errors import ConnectorError
from ml_connector.core.ledger import crosswalks
from ml_connector.core.mapping import compile_mapping


@dataclass(frozen=True, slots=True)
class Reference:
    """One entry; ``target_id`` is None where it is missing. ``reverse``: from a target id to a key."""

    name: str
    key: str
    target_id: str | None
    reverse: bool


def references(connection: Connection, entry: FlowEntry, payload: Payload) -> Sequence[Reference]:
    """Entries that mapping the document may ask for; none while its mapping is broken."""
    flow = next((item for item in entry.definition.flows if item.name == entry.flow), None)
    if flow is None or entry.tenant_file is None:
        return ()
    paths, tenant = read_settings().mappings_paths, entry.tenant_file
    try:
        flow = chosen(entry.definition, tenant, flow)
        dataset = find_dataset(entry.definition.source.name, flow.dataset, paths).for_tenant(tenant)
        mapping = find_mapping(entry.definition.integration, flow.mapping, paths)
        wanted = compile_mapping(mapping, dataset, tenant).references(payload)
    except ConnectorError:
        return ()  # Airflow shows a broken file as an import error; the rest of the page helps meanwhile
    found = crosswalks.look_up(connection, entry.tenant, wanted)
    return [
        Reference(name.removeprefix(REVERSE), key, found.get((name, key)), name.startswith(REVERSE))
        for name, key in wanted
    ]
