"""GL accounts, departments, locations and accounting classes: the ChartFields at BILL."""

from __future__ import annotations

from abc import abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from ml_connector.bill.api import ACCOUNTS, CLASSES, DEPARTMENTS, LOCATIONS, BillApi, Record, Resource
from ml_connector.bill.options import BillOptions, Flow
from ml_connector.bill.outcomes import conflict, in_bulk, one_by_one, rejected
from ml_connector.bill.target import ACTIVE, ARCHIVED, BillTarget, as_wanted, cleared, is_archived
from ml_connector.bill.values import differences, normal, select, shown, tree
from ml_connector.core.contract import (
    Found,
    Intent,
    Limits,
    Operation,
    Outcome,
    Progress,
    TargetRecord,
    Verdict,
)
from ml_connector.core.errors import InDoubt, Rejected
from ml_connector.core.outcomes import in_doubt, loaded


class _Directory(BillTarget):
    """Objects few enough to be listed whole, recognised by a number or a name."""

    fields: ClassVar[Mapping[str, Any]]

    def __init__(self, api: BillApi, options: BillOptions | None = None, *, create: bool = True) -> None:
        super().__init__(api, options, create=create)
        self._rows: dict[str, Record] = {}
        self._listed = self._listed_since_write = False

    def _limits(self) -> Limits:
        limits = super()._limits()
        batch = {**limits.batch, Operation.UPDATE: self.resource.bulk if self.options.bulk else 1}
        return Limits(limits.concurrency, batch, limits.settle, limits.read_back)

    @abstractmethod
    def identity(self, body: Mapping[str, Any]) -> str:
        """What makes it the same object in both systems, normalised; empty where it has none."""

    async def find(self, intents: Sequence[Intent]) -> list[Found]:
        """Compare with the whole list; one that is in doubt is looked for in a fresh one."""
        await self._list(fresh=any(intent.attempted_at for intent in intents))
        return self._compare(intents)

    def _compare(self, intents: Sequence[Intent]) -> list[Found]:
        by_identity: dict[str, list[Record]] = defaultdict(list)
        by_name: dict[str, list[Record]] = defaultdict(list)
        for row in self._rows.values():
            by_identity[self.identity(row)].append(row)
            by_name[normal(row.get("name"))].append(row)
        found = [self._judge(intent, by_identity, by_name) for intent in intents]
        return [self._may_still_arrive(intent, one) for intent, one in zip(intents, found, strict=True)]

    async def _list(self, *, fresh: bool) -> None:
        """Read everything, unless an older list will do: for what is in doubt it never does."""
        async with self._refresh:
            if fresh or not self._listed:
                self._rows = {row["id"]: row async for row in self._everything()}
                self._listed = self._listed_since_write = True

    def _judge(
        self, intent: Intent, by_identity: Mapping[str, list[Record]], by_name: Mapping[str, list[Record]]
    ) -> Found:
        body = intent.desired.body
        if intent.target_id is not None:
            rows = [self._rows[intent.target_id]] if intent.target_id in self._rows else []
        else:
            rows = by_identity.get(self.identity(body), []) if self.identity(body) else []
            rows = _living(rows) or [
                row for row in by_name.get(normal(body.get("name")), []) if not self.identity(row)
            ]
        if not rows:
            return Found(intent.key, Verdict.ABSENT)
        if len(rows) > 1:
            ids = ", ".join(row["id"] for row in rows)
            return Found(intent.key, Verdict.FOREIGN, reason=f"BILL has it more than once: {ids}")
        row = rows[0]
        equal = as_wanted(intent.desired, row) and (intent.desired.absent or not differences(body, row))
        verdict = Verdict.EQUAL if equal else Verdict.DIFFERENT
        return Found(intent.key, verdict, row["id"], shown(row))

    async def _post(self, intents: Sequence[Intent]) -> list[Outcome]:
        created = await self._create([intent.desired.body for intent in intents])
        self._check(created, [intent.desired.body for intent in intents])
        self._rows.update({row["id"]: row for row in created})
        return [loaded(intent, row["id"]) for intent, row in zip(intents, created, strict=True)]

    async def _refused(self, intent: Intent, refusal: Rejected, progress: Progress) -> Outcome:
        """Names are unique in BILL: a refusal may mean that it is there, perhaps by our own lost attempt."""
        await self._list(fresh=not self._listed_since_write)
        (found,) = self._compare([intent])
        if found.verdict is Verdict.EQUAL and found.target_id:
            return loaded(intent, found.target_id)
        if found.verdict in {Verdict.DIFFERENT, Verdict.UNSURE}:
            # It may be another document's: only the ledger knows, and asks again before it changes it.
            return in_doubt(intent, found.reason or refusal.reason)
        return rejected(intent, refusal)

    def _check(self, answers: Sequence[Record], bodies: Iterable[Mapping[str, Any]]) -> None:
        """Each answer must be about the object at its place."""
        for row, body in zip(answers, bodies, strict=True):
            if not isinstance(row.get("id"), str) or normal(row.get("name")) != normal(body.get("name")):
                raise InDoubt("BILL's answer is not about what was sent")

    async def write(self, intents: Sequence[Intent], progress: Progress) -> list[Outcome]:
        """Updates of several that only change fields go in one call."""
        self._listed_since_write = False
        if len(intents) > 1 and intents[0].operation is Operation.UPDATE:
            return await self._update_together(intents, progress)
        return await super().write(intents, progress)

    async def _update_together(self, intents: Sequence[Intent], progress: Progress) -> list[Outcome]:
        await self._list(fresh=True)
        simple = [intent for intent in intents if self._only_fields(intent)]
        outcomes = []
        if simple:
            one = self._change
            outcomes = await in_bulk(simple, self._patch_bulk, lambda intent, _: one(intent, progress))
        rest = [intent for intent in intents if intent not in simple]
        return outcomes + await one_by_one(rest, lambda intent: self._change(intent, progress))

    def _only_fields(self, intent: Intent) -> bool:
        row = self._rows.get(intent.target_id or "")
        return row is not None and not is_archived(row) and not intent.desired.absent

    async def _patch_bulk(self, intents: Sequence[Intent]) -> list[Outcome]:
        changes = {
            intent.key: self._changes(intent, self._rows[intent.target_id or ""]) for intent in intents
        }
        sent = [intent for intent in intents if changes[intent.key]]
        if sent:
            bodies = [{"id": intent.target_id, **changes[intent.key]} for intent in sent]
            rows = await self.api.patch_bulk(self.resource, bodies)
            by_id = {row.get("id"): row for row in rows}
            if any(intent.target_id not in by_id for intent in sent):
                raise InDoubt("BILL's answer is not about what was sent")
            self._rows.update({str(row_id): row for row_id, row in by_id.items()})
        return [loaded(intent, intent.target_id or "") for intent in intents]

    async def _change(self, intent: Intent, progress: Progress) -> Outcome:
        target_id = intent.target_id
        if target_id is None:
            return conflict(intent, "no object of BILL is known for it")
        if intent.desired.absent:
            self._rows[target_id] = await self.api.archive(self.resource, target_id)
            return loaded(intent, target_id)
        row = await self.api.get(self.resource, target_id)
        if is_archived(row):
            row = await self.api.restore(self.resource, target_id)
        changes = self._changes(intent, row)
        if changes:
            row = await self.api.patch(self.resource, target_id, changes)
        self._rows[target_id] = row
        return loaded(intent, target_id)

    def _changes(self, intent: Intent, row: Record) -> dict[str, Any]:
        """Fields to send: those that differ from BILL, and those that PeopleSoft emptied."""
        body = intent.desired.body
        changed = {path.partition(".")[0] for path in differences(body, row)}
        changes: dict[str, Any] = {name: body[name] for name in body if name in changed}
        if "account" in changes and isinstance(row.get("account"), Mapping):
            changes["account"] = {**select(row["account"], tree("type", "number")), **body["account"]}
        before = intent.previous.body if intent.previous else {}
        for name in ("description", "shortName"):
            if before.get(name) and not body.get(name) and row.get(name):
                changes |= cleared(name, self.options.clear_removed)
        return changes

    async def _record(self, record: Record) -> TargetRecord:
        archived = is_archived(record)
        return TargetRecord(
            target_id=record["id"],
            key=None,
            state=ARCHIVED if archived else ACTIVE,
            body=select(record, self.fields),
            label=record.get("name"),
            absent=archived,
        )


def _living(rows: list[Record]) -> list[Record]:
    """Active ones where there are any: an archived namesake does not count beside them."""
    return [row for row in rows if not is_archived(row)] or rows


class ChartOfAccounts(_Directory):
    """GL accounts."""

    flow: ClassVar[Flow] = "accounts"
    resource = ACCOUNTS
    fields = tree("name", "description", "parentId", account=tree("type", "number"))

    def identity(self, body: Mapping[str, Any]) -> str:
        if self.options.account_match == "name":
            return normal(body.get("name"))
        account = body.get("account")
        return normal(account.get("number")) if isinstance(account, Mapping) else ""


_KINDS: dict[Flow, Resource] = {"departments": DEPARTMENTS, "locations": LOCATIONS, "classes": CLASSES}


class Classification(_Directory):
    """Departments, locations or accounting classes.

    Args:
        kind: which of the three.
    """

    fields = tree("name", "shortName", "description", "parentId")

    def __init__(
        self,
        api: BillApi,
        options: BillOptions | None = None,
        *,
        kind: Flow = "departments",
        create: bool = True,
    ) -> None:
        self.resource = _KINDS[kind]
        self.flow = kind  # type: ignore[misc]  # data, not a class of its own
        super().__init__(api, options, create=create)

    def identity(self, body: Mapping[str, Any]) -> str:
        return normal(body.get("shortName" if self.options.class_match == "short_name" else "name"))
