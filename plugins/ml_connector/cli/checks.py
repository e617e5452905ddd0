"""Everything that would keep a run from working, looked for before it is needed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from airflow.configuration import conf
from sqlalchemy.exc import SQLAlchemyError

from ml_connector.cli.frame import definitions, enabled, opened, see_connections
from ml_connector.cli.pools import existing_pools
from ml_connector.core.config import InvalidFile, Settings, TenantConfig
from ml_connector.core.dag.configuration import check as check_options
from ml_connector.core.dag.configuration import find_faults, healthy_tenants
from ml_connector.core.dag.definition import Definition, Reading, all_systems
from ml_connector.core.dag.logins import identity
from ml_connector.core.dag.pools import wanted_pools
from ml_connector.core.dag.settings import open_database, read_settings
from ml_connector.core.errors import ConnectorError
from ml_connector.core.limits import Refusals
from ml_connector.core.loop import run
from ml_connector.core.state.crypto import Cipher
from ml_connector.core.state.migrate import require_current

Level = Literal["error", "warning", "ok"]

_INIT = "run `airflow ml-connector init`"
_KEYS = (
    ("core", "fernet_key", "passwords of connections would be stored in clear text", 1),
    ("api_auth", "jwt_secret", "every task would fail with 'Signature verification failed'", 32),
    (
        "api",
        "secret_key",
        "sessions would end with every restart, and logs could not be read across machines",
        8,
    ),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the answer."""

    level: Level
    subject: str
    text: str

    @property
    def is_error(self) -> bool:
        """Whether a run cannot work like this."""
        return self.level == "error"

    def as_row(self) -> dict[str, str]:
        """For JSON."""
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.level}: {self.subject}: {self.text}"


def find(*, ping: bool) -> list[Finding]:
    """All findings, most general first."""
    findings = list(_keys())
    try:
        settings = read_settings()
    except ConnectorError as error:
        return [*findings, Finding("error", "configuration", str(error))]
    reading, tenants = definitions(), healthy_tenants(settings)
    integrations = reading.definitions
    findings += [Finding("error", f"DAG file {path}", text) for path, text in reading.broken.items()]
    findings += _state(settings, tenants)
    findings += _files(reading, settings)
    findings += _pools(integrations, tenants)
    findings += _connections(integrations, tenants, ping=ping)
    if ping:
        findings += _inspections(integrations, tenants)
    return findings


def _keys() -> Iterator[Finding]:
    """An empty key is a default that Airflow makes up anew in every process, or none at all."""
    sources = conf.as_dict(display_source=True, display_sensitive=True)
    for section, name, consequence, length in _KEYS:
        value, source = sources.get(section, {}).get(name, ("", "default"))
        if source == "default" or not str(value).strip():
            yield Finding("error", f"[{section}] {name}", f"is empty: {consequence}")
        elif len(str(value).strip()) < length:
            yield Finding("error", f"[{section}] {name}", f"is shorter than {length} characters")
    if fault := _fernet_fault(conf.get("core", "fernet_key", fallback="")):
        yield Finding("error", "[core] fernet_key", fault)


def _fernet_fault(value: str) -> str | None:
    try:
        Cipher([key.strip() for key in value.split(",") if key.strip()])
    except ConnectorError:
        return "is not a Fernet key (32 url-safe base64-encoded bytes, several separated by commas)"
    return None


def _state(settings: Settings, tenants: Sequence[TenantConfig]) -> Iterator[Finding]:
    production = any(tenant.environment == "production" for tenant in tenants)
    if not settings.payload_keys:
        text = "is empty: payloads in the state database are not encrypted"
        yield Finding("warning", "[ml_connector] payload_keys", text)
    try:
        Cipher(settings.payload_keys)
        database = open_database(settings)
    except ConnectorError as error:
        yield Finding("error", "state database", str(error))
        return
    try:
        require_current(database)
        if production and database.sqlite:
            yield Finding(
                "warning", "[ml_connector] state_conn", "is SQLite; production tenants belong on PostgreSQL"
            )
    except ConnectorError as error:
        yield Finding("error", "state database", str(error))
    except SQLAlchemyError as error:
        yield Finding(
            "error", "state database", f"cannot be reached ({type(error).__name__}); see state_conn"
        )
    finally:
        database.close()


def _files(reading: Reading, settings: Settings) -> Iterator[Finding]:
    faults = find_faults(reading, settings)
    yield from (
        Finding("error", f"tenant {fault.tenant}" if fault.tenant else "tenants", fault.text)
        for fault in faults
    )
    if not faults and not healthy_tenants(settings):
        yield Finding("warning", "tenants", f"there is no tenant file in {settings.tenants_path}")


def _pools(integrations: Sequence[Definition], tenants: Sequence[TenantConfig]) -> Iterator[Finding]:
    systems = all_systems(integrations)
    try:
        existing = existing_pools()
    except SQLAlchemyError:
        text = "has no tables yet; run `airflow db migrate`, then `airflow ml-connector init`"
        yield Finding("error", "Airflow's database", text)
        return
    for pool in wanted_pools(tenants, systems):
        if pool.name not in existing:
            yield Finding("error", f"pool {pool.name}", f"is missing: tasks would wait for ever; {_INIT}")
        elif existing[pool.name] < (least := _least_slots(pool.name, tenants, integrations)):
            text = f"has {existing[pool.name]} slot(s) and a task needs {least}: it would wait for ever"
            yield Finding("error", f"pool {pool.name}", text)


def _least_slots(pool: str, tenants: Sequence[TenantConfig], integrations: Sequence[Definition]) -> int:
    systems = all_systems(integrations).values()
    names = {
        system.pool(tenant.connections[system.name]): system.task_slots
        for system in systems
        for tenant in tenants
        if system.name in tenant.connections
    }
    return names.get(pool, 1)


def _connections(
    integrations: Sequence[Definition], tenants: Sequence[TenantConfig], *, ping: bool
) -> Iterator[Finding]:
    see_connections()
    systems = all_systems(integrations)
    wanted = {
        (connection_id, name)
        for tenant in tenants
        for name, connection_id in tenant.connections.items()
        if name in systems
    }
    wanted |= {(item.connection, item.type) for tenant in tenants for item in tenant.notify}
    for connection_id, conn_type in sorted(wanted):
        yield from _connection(connection_id, conn_type, ping=ping and conn_type in systems)


def _connection(connection_id: str, conn_type: str, *, ping: bool) -> Iterator[Finding]:
    from airflow.sdk import Connection

    subject = f"connection {connection_id}"
    try:
        connection: Any = Connection.get(connection_id)
    except Exception as error:  # noqa: BLE001 - secrets backends raise whatever they like
        yield Finding(
            "error", subject, f"cannot be read ({type(error).__name__}); create it with type {conn_type}"
        )
        return
    if connection.conn_type != conn_type:
        yield Finding("error", subject, f"is of type {connection.conn_type}, and must be of type {conn_type}")
    elif ping:
        yield _ping(subject, connection)


def _ping(subject: str, connection: Any) -> Finding:
    try:
        works, message = connection.get_hook().test_connection()
    except Exception as error:  # noqa: BLE001 - a hook may fail in any way, and the next one must be tried
        works, message = False, _said(error)
    if works:
        _forget_refusal(connection)
    return Finding("ok" if works else "error", subject, str(message))


def _said(error: Exception) -> str:
    """An error that is not the product's own may hold a secret."""
    return str(error) if isinstance(error, ConnectorError) else type(error).__name__


def _inspections(integrations: Sequence[Definition], tenants: Sequence[TenantConfig]) -> Iterator[Finding]:
    """What does not fit between a tenant's options and what stands in the system."""
    for definition, tenant in enabled(integrations, tenants):
        if definition.inspect is None:
            continue
        subject = f"tenant {tenant.tenant}, {definition.integration}"
        try:
            options = check_options(definition, tenant)
        except InvalidFile:
            continue  # told with the files
        try:
            with opened() as store:
                texts = run(definition.inspect(tenant, store, options))
        except Exception as error:  # noqa: BLE001 - the others must be looked at all the same
            texts = [_said(error)]
        yield from (Finding("error", subject, text) for text in texts)


def _forget_refusal(connection: Any) -> None:
    """The credentials work: the next run need not wait until their last refusal is forgotten."""
    with contextlib.suppress(ConnectorError), opened() as store:  # a broken state database is told elsewhere
        Refusals(store).forget(identity(connection))
