"""Creates in other systems what tenants' options name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ml_connector.cli.frame import (
    command,
    definitions,
    enabled,
    opened,
    see_connections,
    settings,
    show,
)
from ml_connector.core.config import TenantConfig
from ml_connector.core.dag.configuration import check, healthy_tenants
from ml_connector.core.dag.definition import Definition, Provision
from ml_connector.core.errors import ConfigurationError, ConnectorError
from ml_connector.core.loop import run

Row = dict[str, str]


@command
def provision(args: Any) -> int | None:
    """One line for each thing made or left alone; exit status 1 when one tenant's stopped on the way."""
    see_connections()
    chosen = [(definition, tenant, make) for definition, tenant in _chosen(args)
              if (make := definition.provision) is not None]  # fmt: skip
    if not chosen:
        raise ConfigurationError(
            "no tenant has an integration for which anything can be made",
            expected="a tenant and an integration such as monday, switched on in its file",
        )
    rows = [row for found in chosen for row in _rows(*found, dry_run=args.dry_run)]
    if args.output == "json":
        show(args, rows)
    else:
        for row in rows:
            error = "error: " if row["level"] == "error" else ""
            print(f"{row['tenant']}, {row['integration']}: {error}{row['text']}")
        if not rows:
            print("Nothing to make.")
    return 1 if any(row["level"] == "error" for row in rows) else None


def _chosen(args: Any) -> Iterator[tuple[Definition, TenantConfig]]:
    for definition, tenant in enabled(definitions().definitions, healthy_tenants(settings())):
        if args.tenant in (None, tenant.tenant) and args.integration in (None, definition.integration):
            yield definition, tenant


def _rows(definition: Definition, tenant: TenantConfig, make: Provision, *, dry_run: bool) -> Iterator[Row]:
    """What was made for one tenant; a failure is told, and the next tenant's turn comes."""
    names = {"tenant": tenant.tenant, "integration": definition.integration}
    try:
        options = check(definition, tenant)
        with opened() as store:
            texts = run(make(tenant, store, options, dry_run))
    except ConnectorError as error:
        yield {**names, "level": "error", "text": str(error)}
    else:
        yield from ({**names, "level": "ok", "text": text} for text in texts)
