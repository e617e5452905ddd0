"""Settling: what each outcome does to its row, in one transaction with the event that says so."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from ml_connector.core.contract import Operation, Outcome
from ml_connector.core.ledger import claims, crosswalks
from ml_connector.core.ledger.claims import Claim
from ml_connector.core.ledger.scope import Status, entering
from ml_connector.core.stages.context import FlowContext
from ml_connector.core.state.store import Transaction

EQUAL_ERRORS = 10
"""So many equal errors in a row stop the flow."""

FIRST_RETRY = timedelta(minutes=5)
LONGEST_RETRY = timedelta(hours=12)

_VARIABLE = re.compile(r"['\"].*?['\"]|[0-9]+|\b0[0-9a-z]{2}[A-Za-z0-9]{8,}\b")

_DONE = {Operation.CREATE: "created", Operation.UPDATE: "updated", Operation.REMOVE: "removed"}

Pair = tuple[Claim, Outcome]


class ErrorStreak:
    """Watches for equal errors in a row: then the fault is not in the documents."""

    def __init__(self) -> None:
        self._length = 0
        self._last: tuple[str, ...] | None = None

    def goes_on(self, outcome: Outcome) -> bool:
        """Take the next outcome in; True when it is one equal error too many."""
        if outcome.local:
            return False
        if outcome.result in ("rejected", "failed"):
            signature = (outcome.code or "", outcome.field or "", _VARIABLE.sub("", outcome.reason or ""))
            self._length = self._length + 1 if signature == self._last else 1
            self._last = signature
        elif outcome.result in ("loaded", "accepted"):
            self._length, self._last = 0, None
        return self._length >= EQUAL_ERRORS


class Settler:
    """Writes outcomes and keeps the run's counts and alerts."""

    def __init__(self, ctx: FlowContext) -> None:
        self.ctx = ctx
        self.counts: Counter[str] = Counter()
        self.alerts: list[str] = []

    def settle(self, pairs: Sequence[Pair], *, adopted: bool = False) -> None:
        """Write outcomes in one transaction.

        Args:
            adopted: the objects were found, not written by us.
        """
        with self.ctx.store.write() as tx:
            self.settle_in(tx, pairs, adopted=adopted)

    def settle_in(self, tx: Transaction, pairs: Sequence[Pair], *, adopted: bool = False) -> None:
        """Like :meth:`settle`, inside the caller's transaction."""
        pairs = self._refuse_second_owners(tx, self._without_late(tx, pairs))
        if self.ctx.need_target().limits.sender_decides:
            pairs = [(claim, _to_the_sender(claim, outcome)) for claim, outcome in pairs]
        self._settle_loaded(tx, [pair for pair in pairs if pair[1].result == "loaded"], adopted)
        now = tx.store.now()
        for claim, outcome in pairs:
            self._note(tx, claim, outcome)
            if outcome.result != "loaded":
                values = self._values(claim, outcome, now)
                if outcome.stands:
                    steps = claim.intent.steps
                    values["target_id"] = outcome.target_id
                    values["steps"] = self.ctx.store.seal(steps) if steps else None
                claims.settle(tx, [values | {"row_id": claim.row.id, "attempt": claim.row.attempt_id}])
                self._record(tx, claim, outcome.result, outcome)

    def _without_late(self, tx: Transaction, pairs: Sequence[Pair]) -> list[Pair]:
        """Those that are still ours: what was taken over meanwhile is settled by others, or was."""
        held = claims.held(tx, [claim for claim, _ in pairs])
        for claim, outcome in pairs:
            if claim.row.id not in held:
                data = {"key": claim.row.key, "attempt": claim.row.attempt_id, "result": outcome.result}
                tx.record("late answer", data, document_id=claim.row.id, **self.ctx.scope.labels())
        return [pair for pair in pairs if pair[0].row.id in held]

    def _refuse_second_owners(self, tx: Transaction, pairs: Sequence[Pair]) -> list[Pair]:
        """An object that another document stands for already cannot be this one's too."""
        if self.ctx.need_target().limits.shared:
            return list(pairs)
        owners: dict[str, Claim] = {}
        for claim, outcome in pairs:
            if outcome.result in ("loaded", "accepted") and outcome.target_id and claim.row.target_id is None:
                owners.setdefault(outcome.target_id, claim)
        ids = {target_id: claim.row.id for target_id, claim in owners.items()}
        taken = claims.owned_elsewhere(tx, self.ctx.scope, ids) if ids else {}
        checked = []
        for claim, outcome in pairs:
            owner = owners.get(outcome.target_id or "") if claim.row.target_id is None else None
            other = taken.get(outcome.target_id or "") if owner else None
            if owner is not None and other is None and owner.row.id != claim.row.id:
                other = owner.row.key
            if other is not None:
                reason = f"the target's object {outcome.target_id} already belongs to document {other}"
                outcome = Outcome(outcome.key, "conflict", target_id=outcome.target_id, reason=reason)  # noqa: PLW2901
            checked.append((claim, outcome))
        return checked

    def _settle_loaded(self, tx: Transaction, pairs: Sequence[Pair], adopted: bool) -> None:
        if not pairs:
            return
        values = [
            {
                "row_id": claim.row.id, "attempt": claim.row.attempt_id,
                "new_target_id": outcome.target_id or claim.row.target_id,
            }
            for claim, outcome in pairs
        ]  # fmt: skip
        claims.settle_loaded(tx, values)
        entries = [
            {
                "key": claim.row.key,
                "target_id": value["new_target_id"],
                "active": not claim.intent.desired.absent,
            }
            for (claim, _), value in zip(pairs, values, strict=True)
            if value["new_target_id"]
        ]
        origin = "adopted" if adopted else "loaded"
        if crosswalks.moved(tx.connection, self.ctx.scope.tenant, self.ctx.flow, entries):
            claims.map_others_again(tx, self.ctx.scope)
        crosswalks.put(tx, self.ctx.scope.tenant, self.ctx.flow, entries, origin=origin)
        for claim, outcome in pairs:
            name = "adopted" if adopted else _DONE[claim.intent.operation]
            self.counts[name] += 1
            self._record(tx, claim, name, outcome)

    def _values(self, claim: Claim, outcome: Outcome, now: datetime) -> dict[str, Any]:
        """Column values for everything that is not ``loaded``."""
        free: dict[str, Any] = {"owner": None, "lease_until": None, "next_try_at": None}
        match outcome.result:
            case "in_doubt":
                # The row stays claimed by nobody: whoever comes next asks the target first.
                return {"owner": None, "lease_until": now, "sent_at": now, "reason": outcome.reason}
            case "unsent":
                return free | entering(Status.READY, now, outcome.reason) | {"attempt_id": None}
            case "accepted":
                receipt = self.ctx.store.seal(outcome.receipt) if outcome.receipt is not None else None
                values = {"receipt": receipt, "target_id": outcome.target_id or claim.row.target_id}
                if claim.row.status == Status.ACCEPTED:  # still: its deadline runs on
                    return free | values | {"reason": outcome.reason}
                return free | values | entering(Status.ACCEPTED, now, outcome.reason)
            case "failed":
                return free | self._failure(claim, outcome, now)
            case _:
                status = Status(outcome.result)
                about = outcome.target_id if status is Status.CONFLICT else None
                return (
                    free
                    | entering(status, now, _sentence(outcome))
                    | {"attempt_id": None, "conflict_id": about}
                )

    def _failure(self, claim: Claim, outcome: Outcome, now: datetime) -> dict[str, Any]:
        attempts = claim.row.attempts + 1
        if attempts >= self.ctx.settings.attempts:
            reason = f"gave up after {attempts} attempts: {_sentence(outcome)}"
            return entering(Status.DEAD, now, reason) | {"attempts": attempts, "attempt_id": None}
        pause = min(FIRST_RETRY * 2 ** (attempts - 1), LONGEST_RETRY)
        values = {"attempts": attempts, "attempt_id": None, "next_try_at": now + pause}
        return entering(Status.FAILED, now, _sentence(outcome)) | values

    def _note(self, tx: Transaction, claim: Claim, outcome: Outcome) -> None:
        """Count, and pass alerts on."""
        if outcome.result != "loaded":
            self.counts[outcome.result] += 1
        if outcome.alert:
            self.alerts.append(f"{self.ctx.flow} {claim.row.key}: {outcome.alert}")
            tx.record(
                "alert",
                {"key": claim.row.key, "text": outcome.alert},
                document_id=claim.row.id,
                **self.ctx.scope.labels(),
            )

    def _record(self, tx: Transaction, claim: Claim, kind: str, outcome: Outcome) -> None:
        data = {
            "key": claim.row.key, "operation": claim.intent.operation.value, "attempt": claim.row.attempt_id,
            "hash": claim.row.sent_hash, "target_id": outcome.target_id or claim.row.target_id,
        }  # fmt: skip
        for name in ("reason", "field", "code"):
            if (value := getattr(outcome, name)) is not None:
                data[name] = value
        tx.record(kind, data, document_id=claim.row.id, **self.ctx.scope.labels())


def _to_the_sender(claim: Claim, outcome: Outcome) -> Outcome:
    """A conflict about what never was this document's object is a refusal."""
    if outcome.result != "conflict" or claim.row.target_id is not None:
        return outcome
    return replace(outcome, result="rejected")


def _sentence(outcome: Outcome) -> str:
    code = f" [{outcome.code}]" if outcome.code else ""
    field = f"{outcome.field}: " if outcome.field else ""
    return f"{field}{outcome.reason or outcome.result}{code}"
