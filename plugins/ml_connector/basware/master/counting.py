"""How many records each company has, by status, in the ledger and in Basware.

The report of a reconciliation counts by SETID; a company sees the records of one SETID for each kind, and
other systems may keep records of their own there. So whenever everything was read back, both sides are
counted by company, and the numbers go into the trail as the event ``counted``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import func, select

from ml_connector.core.ledger.scope import Scope
from ml_connector.core.state.schema import document
from ml_connector.core.state.store import Store

Numbers = dict[str, dict[str, dict[str, int]]]
"""Company, then ``active`` or ``inactive``, then ``ledger`` and ``basware``."""

_WORDS = {True: "active", False: "inactive"}


class CompanyCounts:
    """Counts one kind of one tenant.

    Args:
        companies: company codes by SETID or business unit, separated by blanks.
    """

    def __init__(self, store: Store, scope: Scope, companies: Mapping[str, str]) -> None:
        self._store, self._scope, self._companies = store, scope, companies
        self._there: Counter[tuple[str, bool]] | None = None

    def begin(self) -> None:
        """The first page of everything comes now."""
        self._there = Counter()

    def take(self, seen: Iterable[tuple[str, bool]]) -> None:
        """Companies of records, each with whether it may use the record."""
        if self._there is not None:
            self._there.update(seen)

    def finish(self) -> Numbers | None:
        """The last page has come: both sides go into the trail. None where pages came in an earlier run."""
        if self._there is None:
            return None
        there, self._there = self._there, None
        with self._store.write() as tx:
            numbers = self._numbers(self._ledger(tx.connection.execute(self._statement)), there)
            tx.record("counted", {"companies": numbers}, **self._scope.labels())
        return numbers

    @property
    def _statement(self) -> Any:
        loaded = (self._scope.rows(), document.c.loaded_hash.is_not(None))
        columns = (document.c.unit, document.c.loaded_absent, func.count())
        return select(*columns).where(*loaded).group_by(document.c.unit, document.c.loaded_absent)

    def _ledger(self, rows: Iterable[Any]) -> Counter[tuple[str, bool]]:
        found: Counter[tuple[str, bool]] = Counter()
        for unit, absent, count in rows:
            for company in str(self._companies.get(unit, "")).split():
                found[company, not absent] += count
        return found

    @staticmethod
    def _numbers(ledger: Counter[tuple[str, bool]], there: Counter[tuple[str, bool]]) -> Numbers:
        numbers: Numbers = {}
        for company, active in sorted({*ledger, *there}):
            both = {"ledger": ledger[company, active], "basware": there[company, active]}
            numbers.setdefault(company, {})[_WORDS[active]] = both
        return numbers
