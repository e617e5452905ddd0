"""Bills and vendor credits alike: a vendor's document with a number, a date and lines."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from ml_connector.bill.api import BillApi, Filter, Record
from ml_connector.bill.errors import DUPLICATE, FilterRefused
from ml_connector.bill.options import BillOptions
from ml_connector.bill.outcomes import conflict, rejected
from ml_connector.bill.target import BillTarget, as_wanted, is_archived
from ml_connector.bill.values import differences, money, normal, shown, total
from ml_connector.core.contract import Found, Intent, Limits, Operation, Outcome, Payload, Progress, Verdict
from ml_connector.core.errors import InDoubt, Rejected
from ml_connector.core.outcomes import in_doubt, loaded

PAYMENTS_MADE = ("payment", "payments")
"""Members of a desired body, an object or a list, that are for ``record-payment`` and not for the bill."""

WRITE_ONLY = frozenset({*PAYMENTS_MADE, "billApprovals"})


@dataclass(slots=True)
class _Answer:
    """What a list said about some vendors; ``doubt`` says why an absence proves nothing."""

    rows: list[Record] = field(default_factory=list)
    doubt: str | None = None


class VendorDocuments(BillTarget):
    """Looks documents up by vendor, number, date and amount, all compared here."""

    lines: ClassVar[str]
    noun: ClassVar[str]

    def __init__(self, api: BillApi, options: BillOptions | None = None, *, create: bool = True) -> None:
        super().__init__(api, options, create=create)
        self._sent: dict[tuple[str, str], str] = {}
        self._numbers: dict[str, dict[str, list[str]]] = {}
        self._vendor_filter = True

    def _limits(self) -> Limits:
        return replace(
            super()._limits(), distinct=True
        )  # whether BILL refuses a second one is not documented

    @abstractmethod
    def number(self, body: Mapping[str, Any]) -> Any:
        """The number that the vendor gave it."""

    @abstractmethod
    def date(self, body: Mapping[str, Any]) -> Any:
        """The date that stands on it."""

    async def _equal(self, intent: Intent, record: Record) -> bool:
        """Whether BILL holds it as desired."""
        if not as_wanted(intent.desired, record):
            return False
        return intent.desired.absent or not differences(intent.desired.body, record, WRITE_ONLY)

    # ---- looking up

    async def find(self, intents: Sequence[Intent]) -> list[Found]:
        """By id where it is known, else among the documents of the vendor."""
        return await self._find(intents, fresh=False)

    async def _find(self, intents: Sequence[Intent], *, fresh: bool) -> list[Found]:
        ids = [intent.target_id for intent in intents if intent.target_id]
        by_id = await self._by_ids(ids)
        taken: set[str] = set(by_id)
        answers = await self._of_vendors([one for one in intents if not one.target_id], fresh=fresh)
        found = []
        for intent in intents:
            vendor = str(intent.desired.body.get("vendorId", ""))
            if intent.target_id:
                one = await self._compared(intent, by_id.get(intent.target_id))
            elif vendor not in answers:
                one = Found(intent.key, Verdict.UNSURE, reason="nothing says which vendor's document it is")
            else:
                one = await self._judge(intent, answers[vendor], taken)
            found.append(self._may_still_arrive(intent, one))
        return found

    async def _of_vendors(self, intents: Sequence[Intent], *, fresh: bool) -> dict[str, _Answer]:
        """Documents of each vendor; those of an attempt in doubt only from the attempt on."""
        since: dict[str, datetime | None] = {}
        for intent in intents:
            vendor, at = str(intent.desired.body.get("vendorId", "")), intent.attempted_at
            known = since.get(vendor, at)
            since[vendor] = min(known, at) if known and at else None
        since.pop("", None)
        recent = sorted(vendor for vendor, at in since.items() if at is not None)
        others = sorted(vendor for vendor, at in since.items() if at is None)
        answers: dict[str, _Answer] = {}
        if not fresh:
            answers = await self._of_known([vendor for vendor in others if vendor in self._numbers], intents)
        for group in self._groups(recent):
            oldest = min(at for vendor in group if (at := since[vendor]))
            answers |= dict.fromkeys(group, await self._list(group, oldest))
        for group in self._groups([vendor for vendor in others if vendor not in answers]):
            answer = await self._list(group, None)
            answers |= dict.fromkeys(group, answer)
            self._remember(group, answer)
        return answers

    def _groups(self, vendors: Sequence[str]) -> list[Sequence[str]]:
        size = self.options.vendors_per_lookup
        return [vendors[start : start + size] for start in range(0, len(vendors), size)]

    def _remember(self, vendors: Sequence[str], answer: _Answer) -> None:
        """Keep numbers and ids only: before a first create, the same vendors are asked for many times."""
        if answer.doubt:
            return
        for vendor in vendors:
            self._numbers[vendor] = {}
        for row in answer.rows:
            numbers = self._numbers.get(str(row.get("vendorId")))
            if numbers is not None:
                numbers.setdefault(normal(self.number(row)), []).append(row["id"])

    async def _of_known(self, vendors: Sequence[str], intents: Sequence[Intent]) -> dict[str, _Answer]:
        """Documents with a wanted number, of vendors that were listed before in this run."""
        ids: list[str] = []
        for intent in intents:
            vendor, number = self._number_key(intent.desired.body)
            ids += self._numbers.get(vendor, {}).get(number, []) if vendor in vendors else []
        answer = _Answer(list((await self._by_ids(ids)).values()))
        return dict.fromkeys(vendors, answer)

    async def _list(self, vendors: Sequence[str], since: datetime | None) -> _Answer:
        filters = []
        if since is not None:
            margin = timedelta(seconds=self.options.lookup_margin_seconds)
            filters.append(Filter("createdTime", "gte", since - margin))
        if not self._vendor_filter:
            return await self._read(filters, None)
        try:
            return await self._read([Filter("vendorId", "in", vendors), *filters], frozenset(vendors))
        except FilterRefused:
            self._vendor_filter = False
            return await self._read(filters, None)

    async def _read(self, filters: Sequence[Filter], vendors: frozenset[str] | None) -> _Answer:
        answer = _Answer()
        most = self.options.lookup_pages * 100
        async for row in self._everything(filters):
            if vendors is None or row.get("vendorId") in vendors:
                answer.rows.append(row)
            else:
                answer.doubt = f"BILL's list of {self.noun}s ignored the filter by vendor"
            most -= 1
            if most <= 0:
                answer.doubt = f"BILL's list of {self.noun}s is longer than lookup_pages allows to read"
                break
        return answer

    async def _judge(self, intent: Intent, answer: _Answer, taken: set[str]) -> Found:
        same = [row for row in answer.rows if self._same_key(intent.desired.body, row)]
        ours = [row for row in same if self._same_document(intent.desired.body, row)]
        free = [row for row in ours if row["id"] not in taken]
        living = [row for row in free if not is_archived(row)] or free
        if len(living) > 1:
            ids = ", ".join(row["id"] for row in living)
            reason = f"BILL has this {self.noun} more than once: {ids}; archive all but one"
            return Found(intent.key, Verdict.FOREIGN, reason=reason)
        if living:
            taken.add(living[0]["id"])
            return await self._compared(intent, living[0])
        other = next((row for row in same if not is_archived(row)), None)
        if other is not None:
            return self._foreign(intent, other, belongs=other["id"] in taken)
        if answer.doubt:
            return Found(intent.key, Verdict.UNSURE, reason=answer.doubt)
        return Found(intent.key, Verdict.ABSENT)

    def _foreign(self, intent: Intent, row: Record, *, belongs: bool) -> Found:
        why = "it belongs to another document" if belongs else self._difference(intent.desired.body, row)
        reason = f"BILL has a {self.noun} {self.number(row)} of this vendor already ({row['id']}): {why}"
        return Found(intent.key, Verdict.FOREIGN, row["id"], shown(row), reason)

    def _difference(self, body: Payload, row: Record) -> str:
        if self.date(body) != self.date(row):
            return f"its date is {self.date(row)}, not {self.date(body)}"
        return f"its amount is {money(row.get('amount'))}, not {total(body.get(self.lines))}"

    async def _compared(self, intent: Intent, record: Record | None) -> Found:
        if record is None:
            return Found(intent.key, Verdict.ABSENT)
        verdict = Verdict.EQUAL if await self._equal(intent, record) else Verdict.DIFFERENT
        return Found(intent.key, verdict, record["id"], shown(record))

    def _same_key(self, body: Payload, row: Record) -> bool:
        return body.get("vendorId") == row.get("vendorId") and normal(self.number(body)) == normal(
            self.number(row)
        )

    def _same_document(self, body: Payload, row: Record) -> bool:
        return bool(
            self.date(body) == self.date(row) and total(body.get(self.lines)) == money(row.get("amount"))
        )

    # ---- creating

    async def write(self, intents: Sequence[Intent], progress: Progress) -> list[Outcome]:
        """A number that this run has sent for the vendor already is a conflict, whatever BILL would say."""
        if not intents or intents[0].operation is not Operation.CREATE:
            return await super().write(intents, progress)
        fresh, outcomes = self._first_of_each(intents)
        for intent in fresh:
            self._sent[self._number_key(intent.desired.body)] = intent.key
        outcomes += await super().write(fresh, progress) if fresh else []
        not_there = {outcome.key for outcome in outcomes if outcome.result in {"rejected", "unsent"}}
        for intent in fresh:
            if intent.key in not_there:
                del self._sent[self._number_key(intent.desired.body)]
        return outcomes

    def _first_of_each(self, intents: Iterable[Intent]) -> tuple[list[Intent], list[Outcome]]:
        fresh: list[Intent] = []
        repeated: list[Outcome] = []
        here = dict(self._sent)
        for intent in intents:
            key = self._number_key(intent.desired.body)
            other = here.setdefault(key, intent.key)
            if other == intent.key:
                fresh.append(intent)
            else:
                reason = f"{other} has the same vendor and {self.noun} number; paying both would pay twice"
                repeated.append(conflict(intent, reason))
        return fresh, repeated

    def _number_key(self, body: Payload) -> tuple[str, str]:
        return str(body.get("vendorId")), normal(self.number(body))

    async def _post(self, intents: Sequence[Intent]) -> list[Outcome]:
        created = await self._create([sendable(intent.desired.body) for intent in intents])
        for intent, row in zip(intents, created, strict=True):
            self._check(intent.desired.body, row)
        return [loaded(intent, row["id"]) for intent, row in zip(intents, created, strict=True)]

    def _check(self, body: Payload, row: Record) -> None:
        """BILL's answer must be about what was sent: vendor, number and amount."""
        amount = money(row.get("amount"))
        right = amount is None or amount == total(body.get(self.lines))
        if not isinstance(row.get("id"), str) or not self._same_key(body, row) or not right:
            raise InDoubt(f"BILL's answer is not about {self.noun} {self.number(body)} as it was sent")

    async def _refused(self, intent: Intent, refusal: Rejected, progress: Progress) -> Outcome:
        """BILL says the number is taken: by the same document, or by another one."""
        if refusal.code != DUPLICATE:
            return rejected(intent, refusal)
        found = (await self._find([replace(intent, attempted_at=None)], fresh=True))[0]
        if found.verdict is Verdict.EQUAL and found.target_id:
            return loaded(intent, found.target_id)
        if found.verdict in {Verdict.DIFFERENT, Verdict.UNSURE}:
            # It may be another document's: only the ledger knows, and asks again before it changes it.
            return in_doubt(intent, found.reason or refusal.reason)
        reason = (
            found.reason
            or f"BILL says that {self.noun} {self.number(intent.desired.body)} exists, but shows none"
        )
        return conflict(intent, reason, target_id=found.target_id)


def sendable(body: Payload) -> Payload:
    """What goes to the document's own address."""
    return {name: value for name, value in body.items() if name not in PAYMENTS_MADE}
