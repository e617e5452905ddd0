"""Where a voucher that was handed to Voucher Build stands: in staging, built, recycled, or nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from ml_connector.core.contract import Intent, Payload, join_key
from ml_connector.core.errors import ContractChanged
from ml_connector.peoplesoft.voucher_build.message import mark
from ml_connector.peoplesoft.writers.finder import Finder
from ml_connector.peoplesoft.writers.ids import own_id
from ml_connector.peoplesoft.writers.kinds import VOUCHER, Kind
from ml_connector.peoplesoft.writers.lookup import Lookup, Matches
from ml_connector.peoplesoft.writers.queries import Question

BUILT: Kind = replace(
    VOUCHER,
    unlike=VOUCHER.unlike | {"DESCR254_MIXED"},  # we add our reference
    not_removable="Voucher Build only adds vouchers; delete or close it in PeopleSoft",
)
"""Vouchers as Voucher Build makes them."""

ROUNDS = 20
"""So many vouchers of one document can be deleted and sent again, before a person is asked."""

POSTED = "posted"
"""Step of a document whose message left: its unit, our number and a digest of what was sent."""

_IN_ERROR = "E"  # ENTRY_STATUS of a staged row that the pre-edit refused (inferred; the text counts too)

_MARK = mark("ml:").removesuffix("]")  # how the reference of any document begins

What = Literal["nowhere", "waiting", "refused", "built", "recycled", "deleted", "foreign", "unsure"]
Place = tuple[str, str]  # business unit and voucher number


@dataclass(frozen=True, slots=True)
class Standing:
    """What was found for one document.

    Attributes:
        what: ``waiting`` and ``refused`` are about staging, the others about vouchers. ``foreign``:
            a person decides. ``unsure``: the answer proves nothing.
        voucher_id: our number for the voucher: the one that is staged, or the next free one.
        target_id: of the voucher, or of the staged row that will be one.
        record: the voucher.
        reason: in words.
    """

    what: What
    voucher_id: str = ""
    target_id: str | None = None
    record: Payload | None = None
    reason: str | None = None


class Staging(Protocol):
    """What waits for Voucher Build."""

    async def row(self, unit: str, voucher_id: str) -> Payload | None:
        """A staged voucher that has not been built."""
        ...


class StagingQuery:
    """Staging as a query of the site shows it."""

    def __init__(self, question: Question) -> None:
        self._question = question

    async def row(self, unit: str, voucher_id: str) -> Payload | None:
        """See :class:`Staging`.

        Raises:
            ContractChanged: the query does not ask for the number, so nothing is no answer.
        """
        answer = await self._question.ask({"BUSINESS_UNIT": unit, "VOUCHER_ID": voucher_id})
        if answer.documents:
            return answer.documents[0].payload
        doubt = answer.doubt or answer.unclear
        if doubt is not None:
            raise ContractChanged(f"{doubt}; until that is mended nobody can say what waits in staging")
        return None


class Desk:
    """Looks a document up among vouchers and in staging.

    Args:
        lookup: sees vouchers.
        staging: sees what waits.
        finder: knows what a document needs to be found.
    """

    def __init__(self, lookup: Lookup, staging: Staging, finder: Finder) -> None:
        self._lookup, self._staging, self._finder = lookup, staging, finder

    async def standing(self, intent: Intent, *, receipt: Payload | None = None) -> Standing:
        """Where the document stands now.

        A clerk may correct the very supplier or invoice number by which vouchers are found, so ours
        are looked up by their numbers as well.

        Args:
            receipt: it was handed in, so a voucher that was deleted since is an answer; for a
                document that is to be sent it is none.
        """
        missing = self._finder.missing(intent)
        if missing:
            return Standing("foreign", reason=f"it has no {missing}, so nothing tells it from other vouchers")
        matches = await self._lookup.matching(BUILT.natural(intent.key, intent.desired.body))
        living = {key: one for key, one in matches.records.items() if BUILT.counts(one)}
        places = _known_places(intent, receipt or {})
        if seen := (receipt or {}).get("recycled"):
            await self._add(str(seen), matches)
        await self._add_numbered(intent, places, matches)
        named = {key: one for key, one in matches.records.items() if _is_named(intent, one)}
        ours = {key: one for key, one in named.items() if BUILT.counts(one)}
        if ours:
            return _made(ours)
        staged = await self._staged(intent, places, matches)
        if staged.what in ("waiting", "refused"):
            return staged
        alike = {key: one for key, one in living.items() if _difference(intent, one) is None}
        if alike:
            return _made(alike)
        deleted = _deleted(named) if receipt is not None else None
        return deleted or _another(intent, living) or _unproven(matches) or staged

    async def _add_numbered(self, intent: Intent, places: list[Place], matches: Matches) -> None:
        """Add the vouchers under numbers of ours to those of the natural key."""
        for place in places:
            await self._add(join_key(*place), matches)
        for place in _places(intent):
            if not await self._add(join_key(*place), matches):
                return

    async def _add(self, target_id: str, matches: Matches) -> bool:
        if target_id not in matches.records:
            read = await self._lookup.read([target_id])
            matches.records.update(read.records)
            if target_id in read.unreadable:
                matches.unclear = (
                    f"voucher {target_id} is there, but cannot be read: {read.unreadable[target_id]}"
                )
        return target_id in matches.records

    async def _staged(self, intent: Intent, places: list[Place], matches: Matches) -> Standing:
        """What waits under our numbers, else the first number that is free."""
        for place in places:
            if (found := await self._row(place)) is not None:
                return found
        for place in _places(intent):
            if join_key(*place) not in matches.records:
                return await self._row(place) or Standing("nowhere", place[1])
        reason = f"PeopleSoft has {ROUNDS} vouchers of this document, all of them deleted; enter it by hand"
        return Standing("foreign", reason=reason)

    async def _row(self, place: Place) -> Standing | None:
        row = await self._staging.row(*place)
        if row is None:
            return None
        error = staging_error(row)
        return Standing("refused" if error else "waiting", place[1], join_key(*place), reason=error)


def _known_places(intent: Intent, receipt: Payload) -> list[Place]:
    """Where it was sent for certain; its unit may have been another one then."""
    unit = intent.desired.body["BUSINESS_UNIT"]
    places = [
        (str(sent.get("business_unit") or unit), str(sent["voucher_id"]))
        for sent in (receipt, intent.steps.get(POSTED) or {})
        if sent.get("voucher_id")
    ]
    return list(dict.fromkeys(places))


def _places(intent: Intent) -> Iterator[Place]:
    """Where it can be, in the order in which its numbers are used."""
    for turn in range(ROUNDS):
        yield str(intent.desired.body["BUSINESS_UNIT"]), voucher_id(intent.key, turn)


def _made(vouchers: Mapping[str, Payload]) -> Standing:
    """The voucher that stands for the document, or the trouble of having two."""
    if len(vouchers) > 1:
        numbers = ", ".join(sorted(vouchers))
        reason = f"PeopleSoft has this voucher more than once: {numbers}; delete all but one"
        return Standing("foreign", reason=reason)
    ((target_id, record),) = vouchers.items()
    if BUILT.fit(record):
        return Standing("built", target_id=target_id, record=record)
    reason = f"voucher {target_id} is in Recycle: a clerk has to correct or delete it in PeopleSoft"
    return Standing("recycled", target_id=target_id, record=record, reason=reason)


def _deleted(named: Mapping[str, Payload]) -> Standing | None:
    for target_id, record in named.items():
        reason = f"its voucher {target_id} was deleted in PeopleSoft"
        return Standing("deleted", target_id=target_id, record=record, reason=reason)
    return None


def _another(intent: Intent, living: Mapping[str, Payload]) -> Standing | None:
    """Another voucher of the same supplier and number."""
    for target_id, record in living.items():
        label = f"{record.get('INVOICE_ID')} of supplier {record.get('VENDOR_ID')}"
        why = _difference(intent, record)
        reason = f"PeopleSoft has a voucher for {label} already ({target_id}): {why}"
        return Standing("foreign", target_id=target_id, record=record, reason=reason)
    return None


def _difference(intent: Intent, record: Payload) -> str | None:
    """What shows that a voucher of the same supplier and number is not this document's."""
    if _is_of_another(intent, record):
        return f"its description says that it is another document's ({_description(record)})"
    return BUILT.difference(intent.desired.body, record)


def _unproven(matches: Matches) -> Standing | None:
    """A look-up that shows nothing and proves nothing."""
    if matches.unclear:
        return Standing("foreign", reason=matches.unclear)
    return Standing("unsure", reason=matches.doubt) if matches.doubt else None


def _is_named(intent: Intent, record: Payload) -> bool:
    """Whether a voucher carries our reference, or our number and no other reference."""
    if mark(reference(intent.key)) in _description(record):
        return True
    numbers = [number for _, number in _places(intent)]
    return record.get("VOUCHER_ID") in numbers and not _is_of_another(intent, record)


def _is_of_another(intent: Intent, record: Payload) -> bool:
    text = _description(record)
    return _MARK in text and mark(reference(intent.key)) not in text


def _description(record: Payload) -> str:
    return str(record.get("DESCR254_MIXED") or "")


def voucher_id(key: str, turn: int) -> str:
    """Our number for a document's voucher; each time it is sent anew after a deletion, another one."""
    return own_id(f"voucher {key} {turn}", 8)


def reference(key: str) -> str:
    """What stands in the voucher's description, so that it is known again."""
    return f"ml:{key}"


def staging_error(row: Mapping[str, object]) -> str | None:
    """What the pre-edit says about a staged row."""
    text = str(row.get("ERROR_TEXT") or "").strip()
    if text:
        return text
    return "Voucher Build refuses it without a text" if row.get("ENTRY_STATUS") == _IN_ERROR else None
