"""Valid files to break, and what a broken one says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ml_connector.core.config import InvalidFile

TENANT = """\
tenant: demo
environment: test
time_zone: America/New_York
start: 2026-01-01
connections: {peoplesoft: demo__peoplesoft, bill: demo__bill}
business_units: [US001, US002]
setids: [SHARE, 00001]
setid_of:
  gl_accounts: {US001: SHARE, US002: 00001}
queries: {vouchers.changes: Z_OUR_VOUCHERS}
value_maps:
  payment_terms: {N30: "000123"}
rules:
  bill_pays: {scheduled_payments: {all: {PYMNT_METHOD: [ACH]}}}
notify:
  - {type: http, connection: ops_hook, events: [failure, deadline]}
  - {type: smtp, connection: mail, to: [ap@example.com]}
integrations:
  bill:
    schedule: "*/15 * * * *"
    deadline: 2h
    flows:
      accounts: {every: 1d, max_changes: {percent: 10, at_least: 5}}
      bills: {enabled: false, attempts: 3}
"""

DATASET = """\
dataset: vouchers
system: peoplesoft
unit: business_unit
key: [BUSINESS_UNIT, VOUCHER_ID]
alias: A
fields:
  BUSINESS_UNIT: {required: true}
  VOUCHER_ID: {required: true}
  INVOICE_ID: {}
  INVOICE_DT: {type: date}
  GROSS_AMT: {type: amount}
  SALETX_AMT: {type: amount, optional: true}
  TXN_CURRENCY_CD: {}
  ENTRY_STATUS: {type: code, codes: {P: Postable, X: Deleted}}
  LAST_UPDATE_DT: {type: date, optional: true}
  ENTERED_DT: {type: date}
children:
  lines:
    alias: B
    key: [VOUCHER_LINE_NUM]
    fields:
      VOUCHER_LINE_NUM: {type: integer}
      DESCR: {}
    children:
      distributions:
        alias: C
        key: [DISTRIB_LINE_NUM]
        fields:
          DISTRIB_LINE_NUM: {type: integer}
          ACCOUNT: {}
          AMOUNT: {type: amount}
queries:
  changes: {name: ML_V, prompts: {BU: unit, FROM: since, THRU: until, AFTER: after.VOUCHER_ID}}
  by_key: {name: ML_V_KEY, prompts: {BU: key.BUSINESS_UNIT, ID: key.VOUCHER_ID}}
change: {stamp: LAST_UPDATE_DT, precision: date, overlap: 1d, fallback: ENTERED_DT}
open_when: {ENTRY_STATUS: P}
full_every: 7d
select: {ENTRY_STATUS: [P]}
page: {rows: 500, minimum: 50, maximum: 5000}
"""

MAPPING = """\
mapping: bills
flow: bill.bills
dataset: vouchers
label: "{INVOICE_ID}"
amount: GROSS_AMT
currency: TXN_CURRENCY_CD
rules:
  bill_pays: false
value_maps:
  entry: {P: postable}
rows:
  first: {of: lines, where: {DESCR: {blank: false}}}
checks:
  - equal: [{sum: lines.distributions.AMOUNT}, {field: GROSS_AMT, minus: SALETX_AMT}]
    message: the lines are not the whole
states:
  - {state: active, when: {rule: bill_pays}}
  - {state: archived, absent: true}
fields:
  number: {from: INVOICE_ID, required: true, max_length: 100}
  entry: {from: ENTRY_STATUS, map: entry}
  note: {template: "PS {VOUCHER_ID} {first.DESCR}"}
  items:
    each: lines.distributions
    fields:
      amount: {from: AMOUNT}
      text: {from: parent.DESCR}
      accountId: {crosswalk: bill.accounts, key: "{setid.gl_accounts}|{ACCOUNT}"}
"""


@dataclass(frozen=True)
class Mistake:
    """A change to a valid file, and what must be said about it."""

    old: str
    new: str
    line: int | None
    field: str
    value: Any
    expected: str
    message: str | None = None

    def __str__(self) -> str:
        return self.field or "file"


def write(folder: Path, place: str, text: str) -> Path:
    """A file in a folder of the test."""
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def assert_told(load: Callable[[Path], object], path: Path, text: str, mistake: Mistake) -> None:
    """The mistake, and nothing else, is told with its place, value and what was expected."""
    assert mistake.old in text, f"the sample has no {mistake.old!r}"
    path.write_text(text.replace(mistake.old, mistake.new, 1), encoding="utf-8")
    with pytest.raises(InvalidFile) as caught:
        load(path)
    (problem,) = caught.value.problems
    assert (problem.file, problem.line, problem.field) == (str(path), mistake.line, mistake.field)
    assert problem.expected == mistake.expected
    assert problem.value == mistake.value
    if mistake.message is not None:
        assert problem.message == mistake.message
    told = str(caught.value)
    assert told.startswith(f"{path}:{mistake.line}: ")
    assert mistake.expected in told
