"""The generator: the same seed gives the same data, of any size."""

from __future__ import annotations

from sandbox.clock import Clock
from sandbox.data import Size, scenario
from sandbox.data.journals import journals
from sandbox.data.setup import UNKNOWN_ACCOUNT, accounts, expense_accounts
from sandbox.data.size import Record
from sandbox.peoplesoft.state import PeopleSoftState, total
from sandbox.peoplesoft.tables import VoucherTable


def state(**size: int) -> PeopleSoftState:
    return PeopleSoftState(Size(**size), Clock())


def table(made: PeopleSoftState, unit: str = "US001") -> VoucherTable:
    return made.vouchers[unit]


def everything(vouchers: VoucherTable) -> list[Record]:
    return list(vouchers.changed("LAST_UPDATE_DT", "2000-01-01", "2100-01-01", ""))


def test_same_seed_same_data() -> None:
    first, second, other = state(vouchers=50), state(vouchers=50), state(vouchers=50, seed=8)
    assert everything(table(first)) == everything(table(second)) != everything(table(other))
    assert list(first.suppliers) == list(second.suppliers)
    assert list(first.orders) == list(second.orders)


def test_generated_vouchers_are_consistent() -> None:
    made = state(vouchers=400)
    rows = everything(table(made)) + everything(table(made, "US002"))
    assert len(rows) == 400
    usable = set(expense_accounts())
    for row in rows:
        assert len(row["VOUCHER_ID"]) == 8
        assert total(row) == row["GROSS_AMT"] == sum(part["PYMNT_GROSS_AMT"] for part in row["payments"])
        assert {part["ACCOUNT"] for line in row["lines"] for part in line["distributions"]} <= usable
        supplier = made.suppliers.get((row["VENDOR_SETID"], row["VENDOR_ID"]))
        assert supplier is not None
        assert (supplier["VENDOR_STATUS"], supplier["VENDOR_CLASS"]) == ("A", "R")
        assert row["INVOICE_DT"] <= row["ENTERED_DT"] <= row["LAST_UPDATE_DT"] <= "2026-11-16"
        for line in row["lines"]:
            assert not line["PO_ID"] or made.orders.get((row["BUSINESS_UNIT"], line["PO_ID"]))
    assert {row["payments"][0]["PYMNT_METHOD"] for row in rows} == {"ACH", "EFT", "CHK", "WIR"}
    assert {len(row["payments"]) for row in rows} == {1, 2}


def test_a_window_is_what_a_filter_would_find() -> None:
    vouchers = table(state(vouchers=300))
    rows = everything(vouchers)
    for field in ("LAST_UPDATE_DT", "ENTERED_DT"):
        for since, until, offset in (
            ("2026-09-01", "2026-09-20", ""),
            ("2026-10-01", "2026-11-17", "00000150"),
        ):
            wanted = [row for row in rows if since <= row[field] < until and row["VOUCHER_ID"] > offset]
            assert wanted
            assert list(vouchers.changed(field, since, until, offset)) == wanted


def test_changed_deleted_and_added_vouchers_are_merged() -> None:
    made = state(vouchers=40)
    vouchers = table(made)
    made.change_voucher("US001", "00000005", {"CLOSE_STATUS": "C"})
    assert vouchers.delete("00000007")
    assert not vouchers.delete("00000007")
    row = vouchers.get("00000009")
    assert row is not None
    vouchers.put(row | {"VOUCHER_ID": "70000000", "INVOICE_ID": "BY-HAND"})
    ids = [row["VOUCHER_ID"] for row in everything(vouchers)]
    assert ids == sorted(ids)
    assert len(ids) == len(vouchers) == 24
    assert "00000007" not in ids
    assert ids[-1] == "70000000"
    assert "00000005" not in {row["VOUCHER_ID"] for row in vouchers.open("")}
    assert [row["VOUCHER_ID"] for row in vouchers.of_invoice("BY-HAND")] == ["70000000"]
    assert [row["VOUCHER_ID"] for row in vouchers.of_invoice("INV-001-00000009")] == ["00000009"]
    assert list(vouchers.of_invoice("INV-001-00000007")) == []


def test_a_change_does_not_leak_into_other_vouchers() -> None:
    made = state(vouchers=5000)
    vouchers = table(made)
    copy = vouchers.copy("00000001")
    assert copy is not None
    copy["lines"][0]["distributions"][0]["ACCOUNT"] = UNKNOWN_ACCOUNT
    vouchers.put(copy)
    same_template = vouchers.get(f"{1 + 2048:08d}")
    assert same_template is not None
    assert same_template["lines"][0]["distributions"][0]["ACCOUNT"] != UNKNOWN_ACCOUNT


def test_hundreds_of_thousands_cost_nothing_until_read() -> None:
    made = state(vouchers=300_000)
    assert len(table(made)) + len(table(made, "US002")) == 300_000
    assert len(table(made).maker.templates) == 2048
    page = table(made).changed("LAST_UPDATE_DT", "2026-01-01", "2027-01-01", "00179990")
    assert [row["VOUCHER_ID"] for row in page][-1] == "00180000"


def test_journals_balance_and_unposting_repeats_the_id() -> None:
    made = journals(Size(vouchers=400))
    assert all(sum(line["MONETARY_AMOUNT"] for line in journal["lines"]) == 0 for journal in made)
    twice = [journal for journal in made if journal["UNPOST_SEQ"] == 1]
    assert twice
    keys = [(row["BUSINESS_UNIT"], row["JOURNAL_ID"], row["JOURNAL_DATE"], row["UNPOST_SEQ"]) for row in made]
    assert len(set(keys)) == len(keys)


def test_demo_plants_every_case() -> None:
    made = state(vouchers=10)
    scenario.plant(made)
    planted = {name: made.voucher("US001", number) for name, number in scenario.VOUCHER_IDS.items()}
    assert planted.pop("new") is None
    rows = {name: row for name, row in planted.items() if row is not None}
    assert len(rows) == len(scenario.VOUCHERS)
    assert total(rows["unequal_sum"]) != rows["unequal_sum"]["GROSS_AMT"]
    assert rows["credit"]["GROSS_AMT"] < 0
    assert rows["held"]["payments"][0]["PYMNT_HOLD"] == "Y"
    assert rows["check"]["payments"][0]["PYMNT_METHOD"] == "CHK"
    assert rows["paid_by_peoplesoft"]["payments"][0]["PYMNT_SELCT_STATUS"] == "P"
    assert rows["unknown_account"]["lines"][0]["distributions"][0]["ACCOUNT"] == UNKNOWN_ACCOUNT
    assert UNKNOWN_ACCOUNT not in {record["ACCOUNT"] for record in accounts()}
    assert (rows["deleted"]["ENTRY_STATUS"], rows["denied"]["APPR_STATUS"]) == ("X", "D")
    assert (
        sum(part["PYMNT_GROSS_AMT"] for part in rows["two_payments"]["payments"])
        == rows["two_payments"]["GROSS_AMT"]
    )
    names = [
        record["NAME1"] for record in made.suppliers if record["VENDOR_ID"] >= scenario.SUPPLIER_IDS["plain"]
    ]
    assert all(len(name) <= 40 for name in names)
    assert max(map(len, names)) == 40
    assert {letter for name in names for letter in "&'é" if letter in name} == {"&", "'", "é"}


def test_changes_move_on_what_they_say() -> None:
    made = state(vouchers=10)
    scenario.plant(made)
    done = scenario.change(made)
    assert len(done) == 12
    rows = {name: made.voucher("US001", number) or {} for name, number in scenario.VOUCHER_IDS.items()}
    today = made.today()
    assert {rows[name]["LAST_UPDATE_DT"] for name in ("changes_amount", "gets_cancelled", "new")} == {today}
    assert rows["gets_paid"]["LAST_UPDATE_DT"] < today, "a batch process moves no stamp"
    assert rows["gets_paid"]["payments"][0]["PYMNT_SELCT_STATUS"] == "P"
    assert total(rows["changes_amount"]) == rows["changes_amount"]["GROSS_AMT"] != 500
    assert len(rows["changes_lines"]["lines"]) == 3
    assert (rows["gets_cancelled"]["ENTRY_STATUS"], rows["gets_closed"]["CLOSE_STATUS"]) == ("X", "C")
    mover = made.suppliers.get(("SHARE", scenario.SUPPLIER_IDS["moves"]))
    fading = made.suppliers.get(("SHARE", scenario.SUPPLIER_IDS["becomes_inactive"]))
    assert mover is not None
    assert fading is not None
    assert mover["addresses"][-1]["EFFDT"] == today
    assert fading["VENDOR_STATUS"] == "I"
