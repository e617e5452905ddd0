"""Transform: map what was staged, and what waited, into what the target shall hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ml_connector.core import codec
from ml_connector.core.config.values import REVERSE
from ml_connector.core.ledger import crosswalks, mapped, staging, watermarks
from ml_connector.core.ledger.mapped import Verdict
from ml_connector.core.ledger.scope import IN_FLIGHT, Status
from ml_connector.core.mapping.results import Facts, Hold, Mapped, Refused, Waiting
from ml_connector.core.stages import collector
from ml_connector.core.stages.context import FlowContext
from ml_connector.core.state.database import AnyRow
from ml_connector.core.state.store import Transaction

CHUNK = 500
NO_FACTS = Facts()
Result = Mapped | Waiting | Refused | Hold
Explanations = dict[tuple[str, str], tuple[Status, str]]
_CACHE_LIMIT = 200_000
_AS_BEFORE = frozenset({Status.LOADED, Status.SENDING, Status.ACCEPTED})


@dataclass(slots=True)
class Counts:
    """What a transform decided, in documents."""

    mapped: int = 0
    ready: int = 0
    waiting: int = 0
    rejected: int = 0
    held: int = 0
    excluded: int = 0
    unchanged: int = 0


@dataclass(slots=True)
class _Work:
    counts: Counts = field(default_factory=Counts)
    crosswalk: dict[tuple[str, str], str] = field(default_factory=dict)


def transform(ctx: FlowContext) -> dict[str, Any]:
    """Map every row whose source, mapping or crosswalk changed.

    Returns:
        The counts.
    """
    collector.relax()
    work, after = _Work(), 0
    with ctx.store.write() as tx:
        mapped.mark_changed_mapping(tx, ctx.scope, ctx.mapping.fingerprint)
        mapped.wake_waiting(tx, ctx.scope)
    while True:
        with ctx.store.write() as tx:
            rows = mapped.next_unmapped(tx, ctx.scope, after, CHUNK)
            if rows:
                _map_rows(ctx, tx, rows, work)
        if not rows:
            break
        after = rows[-1].id
    return asdict(work.counts)


def _map_rows(ctx: FlowContext, tx: Transaction, rows: Sequence[AnyRow], work: _Work) -> None:
    sources = staging.load_payloads(tx, [(row.id, row.source_hash) for row in rows])
    _load_crosswalk(ctx, tx, list(sources.values()), work)
    results: dict[int, Result] = {}
    for row in rows:
        source = sources.get((row.id, row.source_hash))
        if source is None and row.absent_since is not None:
            source = {}  # deleted after it could no longer be read: what "gone" means needs no content
        if source is not None:
            selected = bool(row.selected) and row.absent_since is None
            results[row.id] = ctx.mapping.apply(
                source, work.crosswalk, selected=selected, known=may_be_known(row)
            )
    missing = explain(ctx, tx, waits_of(results.values()))
    verdicts, payloads = [], []
    for row in rows:
        verdict, data = judge(ctx, row, results.get(row.id), missing)
        verdicts.append(verdict)
        if data is not None:
            payloads.append({"document_id": row.id, "hash": verdict.staged_hash, "data": data})
    by_id = {row.id: row for row in rows}
    statuses = mapped.save(tx, by_id, verdicts)
    staging.save_payloads(tx, payloads)
    _record(ctx, tx, rows, verdicts, statuses, counts=work.counts)


def _load_crosswalk(ctx: FlowContext, tx: Transaction, payloads: list[Any], work: _Work) -> None:
    if len(work.crosswalk) > _CACHE_LIMIT:
        work.crosswalk.clear()
    wanted = {key for payload in payloads for key in ctx.mapping.references(payload)} - work.crosswalk.keys()
    if wanted:
        work.crosswalk.update(crosswalks.look_up(tx.connection, ctx.tenant.tenant, wanted))


def may_be_known(row: AnyRow | None) -> bool:
    """Whether the target has a document, or may have it because a request is in flight."""
    return row is not None and (row.target_id is not None or row.left or row.status in IN_FLIGHT)


def judge(
    ctx: FlowContext, row: AnyRow, result: Result | None, missing: Explanations
) -> tuple[Verdict, bytes | None]:
    """What a mapping's result means for a row, and the payload to stage, if any."""
    if result is None and row.source_hash == staging.UNREADABLE:
        reason = "the source's data could not be read, see the event before this one"
        return Verdict(row.id, Status.REJECTED, reason, NO_FACTS, ctx.mapping.fingerprint), None
    if result is None:
        reason = "its source payload was removed by retention; replay reads it again"
        return Verdict(row.id, Status.HELD, reason, NO_FACTS, ctx.mapping.fingerprint), None

    def verdict(status: Status, reason: str | None, **more: Any) -> Verdict:
        return Verdict(row.id, status, reason, result, ctx.mapping.fingerprint, **more)

    match result:
        case Mapped(desired=desired, hold=hold):
            data = codec.encode(desired.as_payload())
            nothing = (
                f"nothing to send: {desired.state}"
                if desired.absent and row.target_id is None and not row.left
                else None
            )
            more = {"staged_hash": codec.digest_of(data), "state": desired.state, "absent": desired.absent}
            return verdict(Status.HELD if hold else Status.READY, hold or nothing, **more), data
        case Waiting(crosswalk=name, key=key):
            status, reason = missing[name, key]
            return verdict(status, reason, waits=(name, key)), None
        case Refused():
            return verdict(Status.REJECTED, refusal(result)), None
        case Hold(reason=why):
            return verdict(Status.HELD, why), None


def refusal(result: Refused) -> str:
    """The sentence that names field, value and what was expected."""
    found = "" if result.value in (None, "") else f" (found {result.value!r})"
    expected = f"; expected {result.expected}" if result.expected else ""
    named = result.field is None or result.reason.startswith(result.field)
    return f"{'' if named else f'{result.field}: '}{result.reason}{found}{expected}"


def waits_of(results: Iterable[Result]) -> set[tuple[str, str]]:
    """Crosswalk names and keys that results wait for."""
    return {(item.crosswalk, item.key) for item in results if isinstance(item, Waiting)}


def explain(ctx: FlowContext, tx: Transaction, waits: Iterable[tuple[str, str]]) -> Explanations:
    """Why crosswalk entries are missing; one that cannot come is a rejection, not a wait."""
    by_name: dict[str, set[str]] = {}
    for name, key in waits:
        by_name.setdefault(name, set()).add(key)
    found: Explanations = {}
    for name, keys in by_name.items():
        owner = crosswalks.owner_scope(ctx.scope, name)
        reverse = name.startswith(REVERSE)
        rows = {} if reverse else mapped.explain_missing(tx, owner, sorted(keys))
        complete = watermarks.read_completely(tx.connection, owner)
        found.update({(name, key): _explanation(name, key, rows.get(key), complete) for key in keys})
    return found


def refresh_waiting(ctx: FlowContext) -> None:
    """Say anew why documents wait: what they wait for may have been rejected or excluded meanwhile."""
    after = 0
    while True:
        with ctx.store.write() as tx:
            rows = mapped.waiting(tx, ctx.scope, after, CHUNK)
            reasons = explain(ctx, tx, [(row.waits_for, row.waits_key) for row in rows])
            for row in rows:
                status, reason = reasons[row.waits_for, row.waits_key]
                if (row.status, row.reason) != (status, reason):
                    mapped.tell_again(tx, row, status, reason)
        if len(rows) < CHUNK:
            return
        after = rows[-1].id


def _explanation(name: str, key: str, row: AnyRow | None, complete: bool) -> tuple[Status, str]:
    if name.startswith(REVERSE):
        made = f"no document of {name.removeprefix(REVERSE)} is known to have made {key}"
        return (Status.REJECTED, f"{made}; it was made by hand") if complete else (Status.WAITING, made)
    if row is None and complete:
        return Status.REJECTED, f"{name} {key} is unknown: the source has no such entry"
    if row is None:
        return Status.WAITING, f"waits for {name} {key}, which has not been read yet"
    because = f": {row.reason}" if row.reason else ""
    return Status.WAITING, f"waits for {name} {key}, which is {row.status}{because}"


def _record(
    ctx: FlowContext,
    tx: Transaction,
    rows: Sequence[AnyRow],
    verdicts: Sequence[Verdict],
    statuses: Sequence[Status],
    *,
    counts: Counts,
) -> None:
    labels = ctx.scope.labels()
    for row, verdict, status in zip(rows, verdicts, statuses, strict=True):
        data = {"key": row.key, "status": status.value, "hash": verdict.staged_hash}
        if verdict.reason:
            data["reason"] = verdict.reason
        tx.record("transformed", data, document_id=row.id, **labels)
    counts.mapped += len(statuses)
    for status, number in Counter(statuses).items():
        name = "unchanged" if status in _AS_BEFORE else status.value
        if hasattr(counts, name):
            setattr(counts, name, getattr(counts, name) + number)
