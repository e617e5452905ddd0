"""Taking documents that were read into the ledger."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ml_connector.core.contract import Document, KeyAnswer
from ml_connector.core.ledger import staging
from ml_connector.core.stages.context import FlowContext
from ml_connector.core.state.store import Transaction


@dataclass(slots=True)
class Counts:
    """What an extract did, in documents; ``events`` and ``missed`` in events."""

    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    excluded: int = 0
    unreadable: int = 0
    deleted: int = 0
    events: int = 0
    missed: int = 0

    def add(self, staged: staging.Staged) -> None:
        """Count one page."""
        for name in ("new", "changed", "unchanged", "excluded", "unreadable"):
            setattr(self, name, getattr(self, name) + getattr(staged, name))


def take(
    ctx: FlowContext,
    tx: Transaction,
    documents: Sequence[Document],
    batch: str,
    counts: Counts,
    *,
    remap: bool,
) -> staging.Staged:
    """Stage documents of a page or of an answer."""
    change = ctx.dataset.change
    ordered = change is not None and change.precision == "time"
    staged = staging.stage(
        tx, ctx.scope, documents, ctx.mapping.selected, batch=batch, remap=remap, ordered=ordered
    )
    counts.read += len(documents)
    counts.add(staged)
    if ctx.listener is not None:
        ctx.taken += [item.key for item in documents]  # a commit that fails ends the extract
    return staged


def take_answer(
    ctx: FlowContext,
    answer: KeyAnswer,
    batch: str,
    counts: Counts,
    *,
    remap: bool = False,
    also: Callable[[Transaction], None] | None = None,
) -> None:
    """Stage the answer to a look-up by key, deletions included.

    Args:
        also: what else belongs into the same transaction.
    """
    with ctx.store.write() as tx:
        take(ctx, tx, answer.documents, batch, counts, remap=remap)
        if answer.rejected:
            staging.stage_unreadable(tx, ctx.scope, answer.rejected, batch=batch)
            counts.unreadable += len(answer.rejected)
        counts.deleted += staging.stage_deleted(tx, ctx.scope, answer.absent)
        data = {"keys": len(answer.documents) + len(answer.absent), "absent": len(answer.absent)}
        tx.record("polled by key", data, **ctx.scope.labels())
        if also is not None:
            also(tx)
