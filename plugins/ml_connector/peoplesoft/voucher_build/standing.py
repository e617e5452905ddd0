"""Where a voucher that was handed to Voucher Build stands: in staging, built, recycled, or nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from ml_connector.core.contract import Intent, Payload
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
"""So many times one document can be refused in staging and sent again, before a person is asked."""

_IN_ERROR = "E"  # ENTRY_STATUS of a staged row that the pre-edit refused (inferred; the text counts too)

What = Literal["nowhere", "waiting", "built", "recycled", "deleted", "foreign", "unsure"]


@dataclass(frozen=True, slots=True)
class Standing:
    """What was found for one document.

    Attributes:
        what: ``waiting`` is about staging, the others about vouchers. ``foreign``: a person decides.
            ``unsure``: the answer proves nothing.
        voucher_id: our number for the voucher: the one that is staged, or the next free one.
        target_id: of the voucher, where there is one.
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

    async def standing(self, intent: Intent, *, accepted: bool = False) -> Standing:
        """Where the document stands now.

        Args:
            accepted: it was handed in, so a voucher that was deleted since is an answer; for a
                document that is to be sent it is none.
        """
        missing = self._finder.missing(intent)
        if missing:
            return Standing("foreign", reason=f"it has no {missing}, so nothing tells it from other vouchers")
        matches = await self._lookup.matching(BUILT.natural(intent.key, intent.desired.body))
        living = {key: one for key, one in matches.records.items() if BUILT.counts(one)}
        ours = {key: one for key, one in living.items() if _is_named(intent, one)}
        if ours:
            return _made(ours)
        staged = await self._staged(intent, matches)
        if staged.what == "waiting":
            return staged
        same = {key: one for key, one in living.items() if not BUILT.difference(intent.desired.body, one)}
        if same:
            return _made(same)
        deleted = _deleted(intent, matches) if accepted else None
        return deleted or _another(intent, living) or _unproven(matches) or staged

    async def _staged(self, intent: Intent, matches: Matches) -> Standing:
        """What waits under our numbers; an earlier one may lie there refused."""
        unit = str(intent.desired.body["BUSINESS_UNIT"])
        used = {str(record.get("VOUCHER_ID")) for record in matches.records.values()}
        refused = ""
        for turn in range(ROUNDS):
            number = voucher_id(intent.key, turn)
            if number in used:
                continue
            row = await self._staging.row(unit, number)
            if row is None:
                return Standing("nowhere", number)
            if (error := staging_error(row)) is None:
                return Standing("waiting", number)
            refused = error
        reason = f"it lies in staging {ROUNDS} times, each time refused; last: {refused}. Clear it there"
        return Standing("foreign", reason=reason)

    async def refusal(self, unit: str, number: str) -> str | None:
        """Why the pre-edit keeps a staged voucher; None where it does not, or where there is none."""
        row = await self._staging.row(unit, number)
        return None if row is None else staging_error(row)


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


def _deleted(intent: Intent, matches: Matches) -> Standing | None:
    for target_id, record in matches.records.items():
        if _is_named(intent, record):
            reason = f"its voucher {target_id} was deleted in PeopleSoft"
            return Standing("deleted", target_id=target_id, record=record, reason=reason)
    return None


def _another(intent: Intent, living: Mapping[str, Payload]) -> Standing | None:
    """Another voucher of the same supplier and number."""
    for target_id, record in living.items():
        why = BUILT.difference(intent.desired.body, record)
        label = f"{record.get('INVOICE_ID')} of supplier {record.get('VENDOR_ID')}"
        reason = f"PeopleSoft has a voucher for {label} already ({target_id}): {why}"
        return Standing("foreign", target_id=target_id, record=record, reason=reason)
    return None


def _unproven(matches: Matches) -> Standing | None:
    """A look-up that shows nothing and proves nothing."""
    if matches.unclear:
        return Standing("foreign", reason=matches.unclear)
    return Standing("unsure", reason=matches.doubt) if matches.doubt else None


def _is_named(intent: Intent, record: Payload) -> bool:
    """Whether a voucher carries our reference or our number."""
    if mark(reference(intent.key)) in str(record.get("DESCR254_MIXED", "")):
        return True
    return any(record.get("VOUCHER_ID") == voucher_id(intent.key, turn) for turn in range(ROUNDS))


def voucher_id(key: str, turn: int) -> str:
    """Our number for a document's voucher; each time it is sent anew after a refusal, another one."""
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
