"""Vendors. BILL has no field for a foreign key: ``shortName`` carries ``SETID-VENDOR_ID``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from ml_connector.bill.api import VENDORS, BillApi, Filter, Record
from ml_connector.bill.errors import NotFound
from ml_connector.bill.options import BillOptions, Flow
from ml_connector.bill.outcomes import conflict, rejected
from ml_connector.bill.target import ACTIVE, ARCHIVED, BillTarget, as_wanted, cleared, is_archived
from ml_connector.bill.values import differences, normal, select, shown, tree
from ml_connector.core.contract import Found, Intent, Outcome, Progress, TargetRecord, Verdict
from ml_connector.core.errors import InDoubt, Rejected
from ml_connector.core.outcomes import in_doubt, loaded

ADDRESS = tree("line1", "line2", "city", "stateOrProvince", "zipOrPostalCode", "country")
PAYMENT = tree("payeeName", "email")
MORE = tree(
    "taxId", "taxIdType", "track1099", "leadTimeInDays", "combinePayments", "paymentTermId", "companyName"
)
FIELDS = tree(
    "name", "shortName", "accountNumber", "accountType", "email", "phone", "billCurrency",
    address=ADDRESS, paymentInformation=PAYMENT, additionalInfo=MORE,
)  # fmt: skip
NESTED = {"address": ADDRESS, "paymentInformation": PAYMENT, "additionalInfo": MORE}
THIN = "paymentInformation"
"""What rows of a list may lack although the vendor has it (seen live)."""


_RECENT = 60.0
_Index = tuple[Mapping[str, list[Record]], Mapping[str, list[Record]]]


class Vendors(BillTarget):
    """Vendors, recognised by their short name, and never by a resemblance."""

    flow: ClassVar[Flow] = "vendors"
    resource = VENDORS

    def __init__(self, api: BillApi, options: BillOptions | None = None, *, create: bool = True) -> None:
        super().__init__(api, options, create=create)
        self._rows: dict[str, Record] = {}
        self._listed_at: datetime | None = None
        self._index: _Index | None = None

    # ---- looking up

    async def find(self, intents: Sequence[Intent]) -> list[Found]:
        """Look in a scan of all vendors, brought up to date with what was created or changed since."""
        known = [intent for intent in intents if intent.target_id is not None]
        records = await self._by_ids([intent.target_id for intent in known if intent.target_id])
        found = {intent.key: self._known(intent, records.get(intent.target_id or "")) for intent in known}
        unknown = [intent for intent in intents if intent.target_id is None]
        if unknown:
            index = await self._candidates(unknown)
            for intent in unknown:
                found[intent.key] = self._judge(intent, *index)
        sure = [await self._surely(intent, found[intent.key]) for intent in intents]
        return [self._may_still_arrive(intent, one) for intent, one in zip(intents, sure, strict=True)]

    async def _candidates(self, intents: Sequence[Intent]) -> _Index:
        """All vendors; where every create is in doubt and nothing was scanned yet, those created since."""
        attempts = [intent.attempted_at for intent in intents]
        if self._listed_at is None and None not in attempts:
            since = min(at for at in attempts if at) - timedelta(seconds=self.options.lookup_margin_seconds)
            return _indexes([row async for row in self._everything([Filter("createdTime", "gte", since)])])
        await self._scan(fresh=any(attempts))
        if self._index is None:
            self._index = _indexes(self._rows.values())
        return self._index

    async def _scan(self, *, fresh: bool) -> None:
        """Read what changed since the last scan; before a first create, one of a minute ago will do."""
        async with self._refresh:
            now = self.api.now()
            if (
                self._listed_at is not None
                and not fresh
                and (now - self._listed_at).total_seconds() < _RECENT
            ):
                return
            margin = timedelta(seconds=self.options.lookup_margin_seconds)
            filters = [Filter("updatedTime", "gte", self._listed_at - margin)] if self._listed_at else []
            async for row in self._everything(filters):
                self._rows[row["id"]] = row
            self._listed_at, self._index = now, None

    def _known(self, intent: Intent, record: Record | None) -> Found:
        if record is None:
            return Found(intent.key, Verdict.ABSENT)
        return self._compared(intent, record)

    def _judge(
        self, intent: Intent, by_short: Mapping[str, list[Record]], by_name: Mapping[str, list[Record]]
    ) -> Found:
        body = intent.desired.body
        short = normal(body.get("shortName"))
        ours = by_short.get(short, []) if short else []
        living = [row for row in ours if not is_archived(row)] or ours
        if len(living) > 1:
            ids = ", ".join(row["id"] for row in living)
            return Found(
                intent.key, Verdict.FOREIGN, reason=f"BILL has several vendors {body['shortName']}: {ids}"
            )
        if living:
            return self._compared(intent, living[0])
        return self._namesake(intent, by_name.get(normal(body.get("name")), []))

    def _namesake(self, intent: Intent, rows: Sequence[Record]) -> Found:
        """A vendor of the same name: typed by hand, or another one that PeopleSoft has too."""
        body = intent.desired.body
        by_hand = [row for row in rows if not _of_same_set(row, body)]
        if not by_hand:
            return Found(intent.key, Verdict.ABSENT)
        same = [row for row in by_hand if not row.get("shortName") and _same_address(row, body)]
        if len(by_hand) == len(same) == 1:
            return self._compared(intent, same[0])
        row, wanted = (same or by_hand)[0], body.get("shortName")
        reason = (
            f"BILL has a vendor of this name already ({row['id']}, short name "
            f"{row.get('shortName') or 'empty'}); if it is the same one, set its short name to {wanted}"
        )
        return Found(intent.key, Verdict.FOREIGN, row["id"], shown(row), reason)

    def _compared(self, intent: Intent, row: Record) -> Found:
        different = [] if intent.desired.absent else differences(intent.desired.body, row)
        equal = as_wanted(intent.desired, row) and not different
        return Found(intent.key, Verdict.EQUAL if equal else Verdict.DIFFERENT, row["id"], shown(row))

    async def _surely(self, intent: Intent, found: Found) -> Found:
        """A row of a list can be thinner than the vendor: only the vendor itself shows a difference there."""
        if found.verdict is not Verdict.DIFFERENT or intent.attempted_at is None or found.target_id is None:
            return found
        return self._compared(intent, await self.api.get(VENDORS, found.target_id))

    # ---- writing

    async def _post(self, intents: Sequence[Intent]) -> list[Outcome]:
        bodies = [intent.desired.body for intent in intents]
        created = await self._create(bodies)
        for row, body in zip(created, bodies, strict=True):
            if not isinstance(row.get("id"), str) or differences(
                select(body, tree("name", "shortName")), row
            ):
                raise InDoubt("BILL's answer is not about the vendors that were sent")
        self._rows.update({row["id"]: row for row in created})
        self._index = None
        return [loaded(intent, row["id"]) for intent, row in zip(intents, created, strict=True)]

    async def _refused(self, intent: Intent, refusal: Rejected, progress: Progress) -> Outcome:
        """BILL may insist on unique names: a refusal may mean that the vendor is there already."""
        await self._scan(fresh=True)
        found = self._judge(intent, *_indexes(self._rows.values()))
        if found.verdict is Verdict.EQUAL and found.target_id:
            return loaded(intent, found.target_id)
        if found.verdict is Verdict.DIFFERENT and found.target_id:
            intent.target_id = found.target_id
            return await self._change(intent, progress)
        return rejected(intent, refusal)

    async def _change(self, intent: Intent, progress: Progress) -> Outcome:
        target_id = intent.target_id
        if target_id is None:
            return conflict(intent, "no vendor of BILL is known for it")
        try:
            if intent.desired.absent:
                await self.api.archive(VENDORS, target_id)
                return loaded(intent, target_id)
            record = await self.api.get(VENDORS, target_id)
        except NotFound:
            return conflict(intent, f"its vendor {target_id} is gone from BILL")
        if is_archived(record):
            record = await self.api.restore(VENDORS, target_id)
            await progress.step(intent, "restored", True)
        changes = self.changes(intent, record)
        if changes:
            answer = await self.api.patch(VENDORS, target_id, changes)
            if answer["id"] != target_id:
                return in_doubt(intent, "BILL's answer is about another vendor")
        return loaded(intent, target_id)

    def changes(self, intent: Intent, record: Record) -> dict[str, Any]:
        """What to send: what PeopleSoft changed since it was last sent.

        What people changed in BILL in the meantime stays, unless the document is sent again
        unchanged: then somebody wants BILL to be as PeopleSoft is.
        """
        body, previous = intent.desired.body, intent.previous.body if intent.previous else None
        paths = differences(body, record)
        if previous is not None and differences(body, previous):
            mine = set(differences(body, previous))
            paths = [path for path in paths if path in mine]
        changes: dict[str, Any] = {}
        for name in dict.fromkeys(path.partition(".")[0] for path in paths):
            changes[name] = self._whole(name, body, record) if name in NESTED else body[name]
        for path in differences(previous or {}, body):
            self._clear(path, changes, body, record)
        return changes

    @staticmethod
    def _whole(name: str, body: Mapping[str, Any], record: Record) -> dict[str, Any]:
        """A nested object with what BILL has in it: whether a PATCH would merge it is not documented."""
        fields = NESTED[name]
        return {**select(record.get(name), fields), **select(body[name], fields)}

    def _clear(self, path: str, changes: dict[str, Any], body: Mapping[str, Any], record: Record) -> None:
        """Empty a field that PeopleSoft no longer has."""
        top, _, name = path.partition(".")
        if not name:
            if top not in body and record.get(top):
                changes.update(cleared(top, self.options.clear_removed))
            return
        held = record.get(top)
        wanted = body.get(top)
        if (
            (isinstance(wanted, Mapping) and name in wanted)
            or not isinstance(held, Mapping)
            or not held.get(name)
        ):
            return
        whole = changes.get(top) or select(held, NESTED.get(top, {}))
        whole.pop(name, None)
        changes[top] = whole | cleared(name, self.options.clear_removed)

    # ---- reading back

    async def _record(self, record: Record) -> TargetRecord:
        if THIN not in record:
            record = await self.api.get(VENDORS, record["id"])
        archived = is_archived(record)
        return TargetRecord(
            target_id=record["id"],
            key=_key(record.get("shortName")),
            state=ARCHIVED if archived else ACTIVE,
            body=select(record, FIELDS),
            label=record.get("name"),
            absent=archived,
        )


def _indexes(rows: Iterable[Record]) -> _Index:
    """Vendors by short name and by name, normalised."""
    by_short: dict[str, list[Record]] = defaultdict(list)
    by_name: dict[str, list[Record]] = defaultdict(list)
    for row in rows:
        by_short[normal(row.get("shortName"))].append(row)
        by_name[normal(row.get("name"))].append(row)
    return by_short, by_name


def _key(short: Any) -> str | None:
    """``SETID|VENDOR_ID`` of a vendor that came from PeopleSoft."""
    setid, dash, vendor = str(short or "").strip().partition("-")
    return f"{setid}|{vendor}" if dash and vendor else None


def _of_same_set(row: Record, body: Mapping[str, Any]) -> bool:
    """Whether a namesake carries another key of the same SETID: PeopleSoft then has both."""
    mine, theirs = (normal(one.get("shortName")).rpartition("-")[0] for one in (body, row))
    return bool(mine) and mine == theirs


def _same_address(row: Record, body: Mapping[str, Any]) -> bool:
    mine, theirs = body.get("address") or {}, row.get("address") or {}
    names = ("line1", "city", "zipOrPostalCode", "country")
    return all(normal(mine.get(name)) == normal(theirs.get(name)) for name in names)
