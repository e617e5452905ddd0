"""Posted and unposted journals; every journal balances to zero."""

from __future__ import annotations

import random

from .names import ITEMS
from .size import UNITS, Record, Size, day
from .vouchers import ACCOUNTS, DEPARTMENTS, cents

STATUSES = ("P",) * 9 + ("V", "N", "E")


def journals(size: Size) -> list[Record]:
    """A tenth as many journals as vouchers, 10 to 1,000 per business unit.

    Every twentieth is unposted again: a second header with the same JOURNAL_ID, UNPOST_SEQ 1 and
    the amounts turned round.
    """
    chance = random.Random(size.seed + 202)
    made: list[Record] = []
    for unit in UNITS:
        for number in range(1, min(1000, max(10, size.of_unit(unit) // 10)) + 1):
            journal = _journal(unit, number, chance)
            made.append(journal)
            if number % 20 == 0:
                made.append(_unposted(journal))
    return made


def _journal(unit: str, number: int, chance: random.Random) -> Record:
    date = day(-chance.randrange(2, 80))
    amount = chance.randrange(1_000, 900_000)
    descr = chance.choice(ITEMS)
    lines = [
        _line(1, chance.choice(ACCOUNTS), chance.choice(DEPARTMENTS), amount, descr),
        _line(2, "200000", "", -amount, descr),
    ]
    return {
        "BUSINESS_UNIT": unit,
        "JOURNAL_ID": f"AP{number:08d}",
        "JOURNAL_DATE": date,
        "UNPOST_SEQ": 0,
        "LEDGER_GROUP": "ACTUALS",
        "FISCAL_YEAR": int(date[:4]),
        "ACCOUNTING_PERIOD": int(date[5:7]),
        "SOURCE": "AP",
        "JRNL_HDR_STATUS": chance.choice(STATUSES),
        "POSTED_DATE": date,
        "DESCR": f"AP accrual {number}",
        "lines": lines,
    }


def _line(number: int, account: str, deptid: str, amount: int, descr: str) -> Record:
    return {
        "JOURNAL_LINE": number,
        "LEDGER": "ACTUALS",
        "ACCOUNT": account,
        "DEPTID": deptid,
        "OPERATING_UNIT": "",
        "MONETARY_AMOUNT": cents(amount),
        "FOREIGN_AMOUNT": cents(amount),
        "CURRENCY_CD": "USD",
        "JRNL_LN_REF": "",
        "LINE_DESCR": descr[:30],
    }


def _unposted(journal: Record) -> Record:
    lines = [
        line | {name: -line[name] for name in ("MONETARY_AMOUNT", "FOREIGN_AMOUNT")}
        for line in journal["lines"]
    ]
    journal["JRNL_HDR_STATUS"] = "U"
    return journal | {"UNPOST_SEQ": 1, "JRNL_HDR_STATUS": "P", "lines": lines}
