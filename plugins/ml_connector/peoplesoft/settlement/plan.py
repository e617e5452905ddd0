"""Decides what is to be booked: what shall stand against what stands. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from ml_connector.peoplesoft.settlement.books import Found, Standing, State
from ml_connector.peoplesoft.settlement.entries import Entry, same_parts
from ml_connector.peoplesoft.settlement.payments import Payment

AGAIN = "To have it booked anew, resolve the conflict so that it is created again"


@dataclass(frozen=True, slots=True)
class Step:
    """What one unit needs: an entry taken back, a new one, or first the one and then the other."""

    unit: str
    take_back: Entry | None
    settle: bool


@dataclass(slots=True)
class Plan:
    """What a payment needs.

    Attributes:
        steps: in the order of the units; nothing where everything is as it shall be.
        conflict: why a person decides instead.
        about: journal that the conflict is about, ``unit|id``.
        doubt: the look-up did not say everything, so nothing may be booked now.
        unclear: PeopleSoft does not show enough of a journal of ours, so nothing may be booked on its word.
        notes: what people should know although it changes nothing.
    """

    steps: list[Step] = field(default_factory=list)
    conflict: str | None = None
    about: str | None = None
    doubt: str | None = None
    unclear: str | None = None
    notes: list[str] = field(default_factory=list)


def make_plan(
    wanted: Payment | None,
    previous: Payment | None,
    standings: Mapping[str, Standing],
    entries: Mapping[str, Entry],
    *,
    unanswered: Collection[str] = (),
) -> Plan:
    """Compare, unit by unit.

    An update alone never books again what somebody took back in PeopleSoft, nor changes what
    somebody changed there: without ``previous`` (a person decided so) it does. While the look-up
    leaves anything open, nothing is said to be gone, changed or missing.

    Args:
        wanted: what shall stand; None where nothing shall.
        previous: what stood when it was last settled.
        standings: what stands, by unit.
        entries: the entries that stand, by unit.
        unanswered: units where an attempt is in doubt, and nobody remembers the entry that stands: it
            is what the attempt made.
    """
    units = {
        unit: _Unit(standing, entries.get(unit), wanted, previous, unanswered=unit in unanswered)
        for unit, standing in standings.items()
    }
    if doubt := next((standing.doubt for standing in standings.values() if standing.doubt), None):
        return Plan(doubt=doubt)
    if unclear := next((reason for one in units.values() if (reason := one.unclear())), None):
        return Plan(unclear=unclear)
    plan = Plan()
    for unit, one in units.items():
        standing = one.standing
        reason = one.broken() or one.conflict()
        if reason is not None:
            about = standing.foreign or standing.undone or standing.current
            return Plan(conflict=reason, about=f"{unit}|{about.journal}" if about else None)
        if step := one.step():
            plan.steps.append(step)
        if note := one.note():
            plan.notes.append(note)
    return plan


class _Unit:
    """A payment in one unit."""

    def __init__(
        self,
        standing: Standing,
        current: Entry | None,
        wanted: Payment | None,
        previous: Payment | None,
        *,
        unanswered: bool,
    ) -> None:
        self.standing, self.current, self.wanted = standing, current, wanted
        self.unanswered = unanswered
        self.parts, self.before = _parts(wanted, standing.unit), _parts(previous, standing.unit)

    def unclear(self) -> str | None:
        """Why the journal that stands can be neither compared nor taken back."""
        current = self.current
        if self.standing.unclear or current is None or self.standing.foreign is not None:
            return self.standing.unclear
        missing = "the lines" if not current.payables else "CURRENCY_CD" if not current.currency else ""
        if not missing:
            return None
        return (
            f"PeopleSoft does not show {missing} of journal {current.journal} of {current.unit}: look at the "
            "journal, and at what the query of the journals shows"
        )

    def broken(self) -> str | None:
        """Why the journals cannot be understood."""
        standing, foreign = self.standing, self.standing.foreign
        if foreign is not None and foreign.header is not None:
            return (
                f"journal {foreign.journal} of {standing.unit} is not ours: its description is "
                f"{foreign.header.text!r}, not that of payment {standing.reference}"
            )
        if standing.balance not in {0, 1}:
            living = [entry.journal for entry in standing.entries if entry.state is State.STANDS]
            return (
                f"the journals of {standing.unit} ({', '.join(living)}) do not cancel out any more: "
                "one of them is missing"
            )
        return None

    def conflict(self) -> str | None:
        """Why a person decides although nothing of what BILL says has changed."""
        undone = self.standing.undone
        if self.current is None and self.parts and self.before and undone is not None:
            return f"{self._undone(undone)}, but BILL still says that it paid. {AGAIN}"
        if self.current is None and self.before and undone is not None and undone.state is State.GONE:
            return (
                f"{self._undone(undone)}: deleted, or hidden from the integration user. BILL took the "
                "payment back. If it was deleted, nothing is left to reverse: resolve the conflict so that "
                "it is created again, which books nothing"
            )
        changed = self.current is not None and self.parts and not self._as_wanted
        if changed and self.current is not None and same_parts(self.parts, self.before):
            return (
                f"somebody changed journal {self.current.journal} of {self.standing.unit} in PeopleSoft: "
                f"it no longer says what BILL paid. {AGAIN}"
            )
        if changed and self.current is not None and self.unanswered:
            return (
                f"journal {self.current.journal} of {self.standing.unit} was made by a call whose answer was "
                "lost, and it does not say what BILL paid. Put it right in PeopleSoft, or delete it there; "
                "then replay the payment, which books it anew only where the journal was deleted"
            )
        return None

    def step(self) -> Step | None:
        """What is to be booked."""
        if self.current is None:
            return Step(self.standing.unit, None, settle=True) if self.parts else None
        return None if self._as_wanted else Step(self.standing.unit, self.current, settle=bool(self.parts))

    def note(self) -> str | None:
        """What was found done already."""
        undone = self.standing.undone
        if self.current is None and not self.parts and self.before and undone is not None:
            return f"{self._undone(undone)}, so nothing was left to reverse"
        return None

    @property
    def _as_wanted(self) -> bool:
        return self.wanted is not None and self.current is not None and settles(self.current, self.wanted)

    def _undone(self, entry: Found) -> str:
        return f"journal {entry.journal} of {self.standing.unit} {entry.state}"


def _parts(payment: Payment | None, unit: str) -> list[tuple[str, Decimal]]:
    return [(part.voucher, part.amount) for part in payment.of_unit(unit)] if payment else []


def settles(entry: Entry, payment: Payment) -> bool:
    """Whether an entry settles what a payment paid in its unit; vouchers count where they are shown."""
    wanted, held = payment.of_unit(entry.unit), entry.parts
    if entry.currency != payment.currency:
        return False
    if entry.of_vouchers:
        return same_parts(((part.voucher, part.amount) for part in wanted), held)
    return sorted(part.amount for part in wanted) == sorted(amount for _, amount in held)
