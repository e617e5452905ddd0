"""What Airflow's configuration, the DAG files and the tenant files say about senders of events."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from sqlalchemy import event

from ml_connector.console.catalog import catalog
from ml_connector.console.receiver.limits import Limits
from ml_connector.console.receiver.verifiers import MakeVerifier, Pair
from ml_connector.core.config import Settings, TenantConfig, TenantFile, load_tenants
from ml_connector.core.dag.configuration import is_enabled
from ml_connector.core.dag.definition import Definition
from ml_connector.core.dag.settings import open_database, read_settings
from ml_connector.core.errors import ConfigurationError
from ml_connector.core.state.crypto import Cipher
from ml_connector.core.state.database import Database
from ml_connector.core.state.store import Store
from ml_connector.core.webhooks import Verifier


class AirflowInstallation:
    """The installation of this process.

    What was good once is remembered: a tenant or DAG file that an edit has broken is received for as
    it last was, since its sender would give up long before the file is mended.
    """

    def __init__(self) -> None:
        self._senders: dict[str, Definition] = {}
        self._tenants: dict[str, TenantConfig] = {}

    def addresses(self) -> Mapping[Pair, MakeVerifier]:
        """An address for each tenant that runs a flow which events start.

        Raises:
            ConfigurationError: there is no folder of tenant files.
        """
        settings = read_settings()
        sending = (definition for definition in catalog().definitions if definition.webhook is not None)
        self._senders |= {definition.integration: definition for definition in sending}
        found: dict[Pair, MakeVerifier] = {}
        for file in load_tenants(settings.tenants_path):
            if file.tenant is not None:
                self._tenants[file.name] = file.tenant
            for definition in self._senders.values():
                make = self._maker(definition, file, settings)
                if make is not None:
                    found[definition.integration, file.name] = make
        return found

    def open_store(self) -> Store:
        """The state database, with patience for no longer than senders have it."""
        settings = read_settings()
        database = open_database(settings)
        give_up_early(database, Limits().answer)
        try:
            return Store(database, Cipher(settings.payload_keys), actor="webhooks")
        except BaseException:
            database.close()
            raise

    def _maker(self, definition: Definition, file: TenantFile, settings: Settings) -> MakeVerifier | None:
        tenant = self._tenants.get(file.name)
        if tenant is None:
            return partial(_cannot_be_read, file)
        if definition.webhook is None or not _receives(definition, tenant, settings):
            return None
        return partial(definition.webhook, tenant)


def _receives(definition: Definition, tenant: TenantConfig, settings: Settings) -> bool:
    integration = tenant.integrations.get(definition.integration)
    if integration is None or not integration.enabled:
        return False
    return any(is_enabled(definition, tenant, flow, settings) for flow in definition.flows)


def _cannot_be_read(file: TenantFile, _: Store) -> Verifier:
    raise ConfigurationError(f"the tenant file {file.path} is broken: {file.error}")


def give_up_early(database: Database, seconds: float) -> None:
    """Have waits for a lock or a connection end after ``seconds``; a task would rather wait longer."""
    if database.sqlite:

        @event.listens_for(database.engine, "connect")
        def set_timeout(connection: Any, _: Any) -> None:
            connection.execute(f"PRAGMA busy_timeout={seconds * 1000:.0f}")

    else:

        @event.listens_for(database.engine, "do_connect")
        def add_timeouts(_dialect: Any, _record: Any, _arguments: Any, parameters: dict[str, Any]) -> None:
            # A connection whose other end vanished would otherwise hang for a quarter of an hour.
            parameters.setdefault("connect_timeout", int(seconds))
            parameters.setdefault("tcp_user_timeout", int(seconds * 1000))
            waits = f"-c lock_timeout={seconds * 1000:.0f} -c statement_timeout={seconds * 1000:.0f}"
            parameters["options"] = f"{parameters.get('options', '')} {waits}".strip()
