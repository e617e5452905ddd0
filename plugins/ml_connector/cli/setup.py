"""Commands that set things up and look after them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ml_connector.cli.frame import command, definitions, opened, settings, show
from ml_connector.core.config import export_schemas as write_schemas
from ml_connector.core.dag.configuration import healthy_tenants
from ml_connector.core.dag.definition import all_systems
from ml_connector.core.dag.pools import wanted_pools
from ml_connector.core.dag.settings import open_database
from ml_connector.core.ledger import flows
from ml_connector.core.ledger.retention import purge as remove_old
from ml_connector.core.state.migrate import migrate


@command
def init(args: Any) -> None:
    """Migrate the state database and create the pools; safe to repeat."""
    from ml_connector.cli.pools import create_pools

    installation = settings()
    database = open_database(installation)
    try:
        done = migrate(database)
    finally:
        database.close()
    pools = create_pools(wanted_pools(healthy_tenants(installation), all_systems(definitions().definitions)))
    if args.restored:
        with opened() as store, store.write() as tx:
            flows.forget_adoption(tx, args.tenant)
    answer = {"state_database": done, "pools": pools, "restored": bool(args.restored)}
    rows = [{"what": "state database", "result": done}]
    rows += [{"what": f"pool {name}", "result": result} for name, result in pools.items()]
    if args.restored:
        rows.append({"what": "restored", "result": "every flow compares its target before the next create"})
    show(args, answer, rows)


@command
def check(args: Any) -> int | None:
    """One line per finding; exit status 1 when one of them is an error."""
    from ml_connector.cli.checks import find

    findings = find(ping=args.ping)
    rows = [finding.as_row() for finding in findings]
    if args.output == "json":
        show(args, rows)
    else:
        for finding in findings:
            print(finding)
        if not findings:
            print("Everything is in order.")
    return 1 if any(finding.is_error for finding in findings) else None


@command
def export_schemas(args: Any) -> None:
    """Write JSON Schemas for editors."""
    paths = [str(path) for path in write_schemas(args.directory)]
    show(args, paths, [{"written": path} for path in paths])


@command
def purge(args: Any) -> None:
    """Remove what is older than the retention."""
    days = args.days or settings().retention_days
    with opened() as store:
        removed = remove_old(store, timedelta(days=days))
    show(
        args, {"days": days, **removed}, [{"removed": name, "rows": count} for name, count in removed.items()]
    )
