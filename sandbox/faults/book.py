"""The book of planned faults: what goes wrong, at which operation, how often.

Transport faults (see ``transport``) work alike for every system. Shape faults change the meaning
of an answer; they are handed to the simulator's handler, which knows what its answers look like.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Container, Mapping
from dataclasses import asdict, dataclass, field, fields
from fnmatch import fnmatchcase
from itertools import count as counter
from typing import Any

from sandbox.gauge import Gauge

TRANSPORT = {
    "error": "answer `status` (with the system's `code` and `message`) before anything is executed",
    "html": "answer an HTML page with `status` (200 by default) before anything is executed",
    "reset": "cut the connection before anything is executed",
    "slow": "wait `seconds`, then work as usual",
    "late_commit": "answer `status` (504) at once; execute `seconds` later",
    "lost": "execute, then cut the connection instead of answering",
    "timeout": "execute, wait `seconds`, then cut the connection",
    "hold_request": "wait for POST /release, then work as usual",
    "hold": "execute, keep the answer until POST /release",
    "broken_gateway": "execute, then answer `status` (502) with an empty body",
    "truncate": "execute, answer with the second half of the body missing",
    "cut_off": "execute, announce the whole length, send half and cut the connection",
}
SHAPE = {
    "row_cap": "PeopleSoft: no more than `rows` rows, silently",
    "repeat_rows": "PeopleSoft: the last `rows` rows of the previous answer come again",
    "numrows": "PeopleSoft: `numrows` is wrong by `rows`",
    "status": "PeopleSoft: HTTP 200 with `status` set to `value`",
    "set_value": "PeopleSoft: `column` holds `value` in the first `rows` rows, e.g. an impossible date",
    "append_text": "PeopleSoft: `value` is appended to `column` in the first `rows` rows",
    "vanish": "PeopleSoft: `column` is not in the answer",
    "rename": "PeopleSoft: `column` is called `value`",
    "expire_session": "BILL: the session ends before the call",
    "ignore_filters": "BILL: a list answers everything",
    "repeat_page": "BILL: a list's first `rows` rows are those that ended the previous page",
    "expire_token": "Cleo, Basware: the token ends before the call",
    "vanish_file": "Cleo: the file that the call names is gone before the call",
    "partial": "Monday: alias `value`, or every `rows`-th one, fails with `code`; the others are executed",
    "subfield": "Monday: alias `value`, or the first, is executed; its field `column` fails with 500",
    "html_429": "Monday: a 429 in HTML with `seconds` as Retry-After, before anything is executed",
    "version": "Monday: the answer says that version `value` served the call",
    "verdict": "Basware: the second stage of the first `rows` records is `value` (Error), with `message`",
    "process_later": "Basware: the second stage of the write takes `seconds` longer",
    "short_page": "Basware: the page has no more than `rows` records, and a next one follows",
    "expire_continuation": "Basware: continuation tokens end before the call",
    "expire_presigned": "Basware: pre-signed addresses end before the call",
}
DELIVERY = {
    "drop": "BILL, Basware: a webhook event is never sent; it is in the history",
    "duplicate": "BILL, Basware: a webhook event is sent `rows` times (at least twice)",
    "delay": "BILL, Basware: a webhook event is sent `seconds` later",
    "reorder": "BILL, Basware: webhook events wait until there are `rows` of them, then go in another order",
}
ALL = frozenset(TRANSPORT | SHAPE)
"""What strikes calls; `DELIVERY` strikes what the simulator itself sends."""


@dataclass
class Fault:
    """One planned fault.

    Attributes:
        system: `peoplesoft`, `bill`, `cleo`, `monday` or `basware`.
        kind: a key of `TRANSPORT`, `SHAPE` or `DELIVERY`.
        operation: shell pattern over operation names, e.g. `POST /v3/bills` or `QAS ML_AP_*`.
        count: how often it strikes; null for ever.
        skip: matching calls that pass before the first strike.
        probability: chance per matching call, from a seeded generator.
    """

    system: str
    kind: str
    operation: str = "*"
    count: int | None = 1
    skip: int = 0
    probability: float = 1.0
    seconds: float = 0.0
    status: int | None = None
    code: str | None = None
    message: str | None = None
    rows: int = 1
    column: str = ""
    value: str = ""
    id: int = 0
    struck: int = field(default=0)

    def strikes(self, chance: random.Random) -> bool:
        """Decide about one matching call."""
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.probability < 1.0 and chance.random() >= self.probability:
            return False
        if self.count is not None:
            self.count -= 1
        self.struck += 1
        return True


class FaultBook:
    """All planned faults, and the answers that are held back."""

    def __init__(self, seed: int = 7) -> None:
        self._seed = seed
        self._release = asyncio.Event()
        self.held = Gauge()
        self._ids = counter(1)
        self.clear()

    def clear(self) -> None:
        """Forget all faults; the chance starts again from the seed."""
        self.rules: list[Fault] = []
        self._chance = random.Random(self._seed)

    def add(self, **values: Any) -> Fault:
        """Plan a fault; see ``Fault`` for the names."""
        unknown = set(values) - {item.name for item in fields(Fault)}
        if unknown:
            raise ValueError(f"unknown fault setting: {', '.join(sorted(unknown))}")
        if missing := {"system", "kind"} - set(values):
            raise ValueError(f"a fault needs {' and '.join(sorted(missing))}")
        if values["kind"] not in ALL and values["kind"] not in DELIVERY:
            known = ", ".join(sorted(ALL | DELIVERY.keys()))
            raise ValueError(f"unknown fault kind {values['kind']!r}; known are {known}")
        fault = Fault(**(values | {"id": next(self._ids)}))
        self.rules.append(fault)
        return fault

    def add_from(self, values: Mapping[str, Any]) -> Fault:
        """Plan a fault from JSON, whose numbers with a fraction come as `Decimal`."""
        numbers = {name: float(values[name]) for name in ("seconds", "probability") if name in values}
        return self.add(**{**values, **numbers})

    def take(self, system: str, operation: str, kinds: Container[str] = ALL) -> list[Fault]:
        """The faults of these kinds that strike this call; used-up ones leave the book."""
        if not self.rules:
            return []
        struck = [
            rule
            for rule in self.rules
            if rule.system == system
            and rule.kind in kinds
            and fnmatchcase(operation, rule.operation)
            and rule.count != 0
            and rule.strikes(self._chance)
        ]
        self.rules = [rule for rule in self.rules if rule.count != 0]
        return struck

    async def hold(self) -> None:
        """Wait until ``release``."""
        event = self._release
        self.held.change(1)
        try:
            await event.wait()
        finally:
            self.held.change(-1)

    def release(self) -> int:
        """Let all held answers go; returns how many there were."""
        waiting = self.held.value
        self._release.set()
        self._release = asyncio.Event()
        return waiting

    def as_json(self) -> list[dict[str, Any]]:
        """The planned faults."""
        return [asdict(rule) for rule in self.rules]
