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
from ml_connector.core.ledger.exchange import control_numbers
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
    counters = _restored(args) if args.restored else 0
    answer = {
        "state_database": done, "pools": pools, "restored": bool(args.restored), "control_numbers": counters,
    }  # fmt: skip
    rows = [{"what": "state database", "result": done}]
    rows += [{"what": f"pool {name}", "result": result} for name, result in pools.items()]
    if args.restored:
        rows.append({"what": "restored", "result": "every flow compares its target before the next create"})
        skipped = f"{counters} counters go on {args.skip_control_numbers} numbers later"
        rows.append({"what": "control numbers", "result": skipped})
    show(args, answer, rows)


def _restored(args: Any) -> int:
    """What was done after the backup is not known any more; returns how many counters were moved."""
    reason = "the state database was restored: numbers given out since the backup are not known"
    with opened() as store, store.write() as tx:
        flows.forget_adoption(tx, args.tenant)
        by: int = args.skip_control_numbers
        return control_numbers.advance(tx, by=by, reason=reason, tenant=args.tenant) if by else 0


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
    more = {kind: model for item in definitions().definitions for kind, model in item.schemas.items()}
    paths = [str(path) for path in write_schemas(args.directory, more)]
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
