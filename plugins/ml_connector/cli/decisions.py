"""Commands by which a person decides. Each is an event of the audit trail in that person's name."""

from __future__ import annotations

from typing import Any

from ml_connector.cli.frame import command, confirmed, opened, show
from ml_connector.core.errors import ConfigurationError
from ml_connector.core.ledger import actions, queries
from ml_connector.core.ledger.scope import Scope, Status
from ml_connector.core.state.store import Store


@command
def replay(args: Any) -> int | None:
    """Have documents go their way again with the next run."""
    statuses = _statuses(args.status)
    if not (args.keys or args.flow):
        raise ConfigurationError(
            "name what to replay", expected="natural keys, or --flow (and --tenant, --status)"
        )
    with opened() as store:
        scopes = _scopes(store, args)
        what = ", ".join(args.keys) or f"all of {', '.join(scope.flow for scope in scopes)}"
        if not confirmed(args, f"Replay {what}?"):
            return 1
        with store.write() as tx:
            done = {scope: actions.replay(tx, scope, args.keys, statuses) for scope in scopes}
    return _report(args, "replayed", done)


@command
def release(args: Any) -> int | None:
    """Confirm what waits for a person."""
    if not args.flow:
        raise ConfigurationError("name the flow whose decision this is", expected="--flow (and --tenant)")
    with opened() as store:
        scopes = _scopes(store, args)
        what, act = _decision(args)
        if not confirmed(args, f"{what} ({', '.join(f'{scope.tenant} {scope.flow}' for scope in scopes)})?"):
            return 1
        with store.write() as tx:
            done = {scope: act(tx, scope) for scope in scopes}
    return _report(args, "released", done)


def _decision(args: Any) -> tuple[str, Any]:
    """The question to ask, and what to do for each flow."""
    if args.columns:
        return "Accept the columns that the query has now", actions.forget_columns
    if args.adopt:
        if len(args.keys) != 1:
            raise ConfigurationError("--adopt settles one document", expected="one natural key")
        return f"Adopt {args.adopt}", lambda tx, scope: actions.adopt(tx, scope, args.keys[0], args.adopt)
    if args.create:
        if len(args.keys) != 1:
            raise ConfigurationError("--create settles one document", expected="one natural key")
        return f"Create {args.keys[0]} anew", lambda tx, scope: actions.create_anew(tx, scope, args.keys[0])
    if args.keys or args.held:
        return "Let held documents go", lambda tx, scope: actions.release(tx, scope, args.keys)
    return "Let the updates and removals that are ready go", actions.confirm_changes


def _statuses(text: str | None) -> list[Status]:
    names = [name.strip() for name in (text or "").split(",") if name.strip()]
    try:
        return [Status(name) for name in names]
    except ValueError as error:
        expected = ", ".join(status.value for status in actions.REPLAYABLE)
        raise ConfigurationError(str(error), field="--status", expected=expected) from None


def _scopes(store: Store, args: Any) -> list[Scope]:
    with store.read() as connection:
        found = queries.scopes(connection, args.tenant, args.flow)
    if not found:
        raise ConfigurationError(
            "no document of such a flow is in the ledger", expected="see `airflow ml-connector status`"
        )
    return found


def _report(args: Any, done: str, counts: dict[Scope, int]) -> int | None:
    rows = [
        {"tenant": scope.tenant, "flow": scope.flow, done: count}
        for scope, count in counts.items()
        if count or len(counts) == 1
    ]
    show(args, rows, empty="No document fits.")
    return None if any(counts.values()) else 1
