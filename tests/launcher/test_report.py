"""The tables that a demonstration prints."""

from __future__ import annotations

from typing import Any

import pytest

from launcher.report import Report, print_changes

TOTALS = [
    {"source_amount": "100.10", "ledger_amount": "90.10", "target_amount": "90.10"},
    {"source_amount": "1.00", "ledger_amount": "1.00", "target_amount": "1.00"},
]
XCOM = {
    "bills.extract": {"read": 12, "unchanged": 3},
    "bills.load": {"created": 5, "updated": 2, "removed": 1},
}
RECORD = {
    "flow": "bill.bills", "key": "US001|1", "label": "INV [bold]", "status": "rejected", "amount": "10.00",
    "reason": "the vendor has no address",
}  # fmt: skip


class Airflow:
    """Answers as an installation would."""

    def answer(self, *words: str) -> Any:
        return {
            "status": [{"flow": "bill.bills", "documents": {"loaded": 7, "rejected": 1, "held": 2}}],
            "reconciliation": [{"flow": "bill.bills", "reconciled": True, "totals": TOTALS}],
            "records": [RECORD],
        }[words[0]]

    def xcom(self, dag_id: str, run_id: str, task_id: str) -> Any:
        return XCOM.get(task_id)


def collected(reconcile: str) -> Report:
    tasks = {"bills.extract": "success", "bills.load": "success", "bills.reconcile": reconcile}
    return Report.collect(Airflow(), "peoplesoft_bill__demo", "run", tasks)  # type: ignore[arg-type]


def test_one_line_per_flow(capsys: pytest.CaptureFixture[str]) -> None:
    report = collected("success")
    (line,) = report.lines
    assert (line.flow, line.read, line.created, line.updated, line.removed) == ("bill.bills", 12, 5, 2, 1)
    assert (str(line.source), str(line.target)) == ("101.10", "91.10")
    assert line.open == {"rejected": 1, "held": 2}
    assert report.reconciled
    report.print("First run")
    output = capsys.readouterr().out
    assert "101.10" in output
    assert "INV [bold]" in output
    assert "the vendor has no address" in output


@pytest.mark.parametrize("state", ["failed", "upstream_failed", "skipped"])
def test_a_flow_whose_reconciliation_is_not_green_did_not_reconcile(state: str) -> None:
    assert not collected(state).reconciled


def test_a_run_without_flows_did_not_reconcile() -> None:
    assert not Report([], []).reconciled


def test_changes_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    print_changes(["voucher US001|1 is new"])
    assert "voucher US001|1 is new" in capsys.readouterr().out
