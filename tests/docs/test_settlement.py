"""docs/settlement.md says what the mapping, the options and the files are."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ml_connector.core.config import Settings, TenantConfig, find_dataset, find_mapping, load_tenant
from ml_connector.core.dag.configuration import find_faults
from ml_connector.core.dag.definition import read_definitions
from ml_connector.core.mapping import CompiledMapping, Hold, Mapped, Refused, Waiting, compile_mapping
from ml_connector.core.mapping.results import Result
from ml_connector.peoplesoft.settlement.entries import Kind
from ml_connector.peoplesoft.settlement.exports import COLUMNS
from ml_connector.peoplesoft.settlement.options import SettlementOptions
from ml_connector.peoplesoft.settlement.payments import read_payment

from .blocks import DOCS, ROOT, blocks

PAGE = DOCS / "settlement.md"
MAPPINGS = (ROOT / "include" / "mappings",)
TENANT: dict[str, Any] = {
    "tenant": "acme", "environment": "test", "time_zone": "America/New_York", "start": "2026-01-01",
    "connections": {"peoplesoft": "p", "bill": "b"}, "business_units": ["US001"], "setids": ["SHARE"],
}  # fmt: skip
BILLS = {("~bill.bills", "00n01"): "US001|00000001", ("~bill.bills", "00n02"): "US002|00000005"}


def mapping(**more: Any) -> CompiledMapping:
    dataset = find_dataset("bill", "payments", MAPPINGS)
    tenant = TenantConfig.model_validate(TENANT | more)
    return compile_mapping(find_mapping("bill", "settlements", MAPPINGS), dataset, tenant)


def payment(**changed: Any) -> dict[str, Any]:
    return {
        "id": "stp01", "vendorId": "00901", "vendorName": "Office Supplies Ltd", "amount": Decimal("128.99"),
        "currency": "USD", "processDate": "2026-11-12", "singleStatus": "CLEARED", "disbursementType": "ACH",
        "onlinePayment": "true", "recorded": "", "transactionNumber": "P26112000001",
        "confirmationNumber": "", "fundingAccountId": "bac01", "fundingAccountType": "BANK_ACCOUNT",
        "createdTime": "2026-11-11T10:00:00Z", "updatedTime": "2026-11-12T10:00:00Z",
        "billPayments": [
            {"id": "blp01", "billId": "00n01", "amount": Decimal("100.00")},
            {"id": "blp02", "billId": "00n02", "amount": Decimal("28.99")},
        ],
    } | changed  # fmt: skip


def applied(document: dict[str, Any], *, known: bool, **more: Any) -> Result:
    compiled = mapping(**more)
    return compiled.apply(document, BILLS, selected=bool(document), known=known)


def word(result: Result, *, known: bool) -> str:
    """What the page calls a result."""
    if isinstance(result, Hold):
        return "held"
    assert isinstance(result, Mapped), result
    if result.desired.absent:
        return "reversed" if known else "nothing"
    return "left alone" if known else "settled"


def table(first: str) -> list[list[str]]:
    """The rows of the table whose head begins with these words."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {first}"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("| ").split(" | ")])
    return rows


SPECIAL: dict[str, list[dict[str, Any]]] = {
    "recorded in BILL by the connector": [payment(onlinePayment="false", recorded="ours")],
    "recorded in BILL by a person": [
        payment(onlinePayment="false", recorded=by, singleStatus=status)
        for by in ("others", "")
        for status in ("PAID", "CLEARED")
    ],
    "nothing any more": [{}],
}


def documents(cell: str) -> list[dict[str, Any]]:
    statuses = re.findall(r"`(\w+)`", cell)
    if statuses:
        return [payment(singleStatus=status) for status in statuses + ["EXPIRING"] * ("any other" in cell)]
    return next(found for text, found in SPECIAL.items() if cell.startswith(text))


@pytest.mark.parametrize("row", table("BILL says"), ids=lambda row: row[0][:40])
def test_the_table_says_what_the_mapping_does(row: list[str]) -> None:
    says, before, after = row
    for document in documents(says):
        assert word(applied(document, known=True), known=True) == after, document
        if document:  # what was never read cannot be gone
            assert word(applied(document, known=False), known=False) == before, document


def test_a_recorded_payment_that_was_taken_back_needs_nobody() -> None:
    for status in ("VOID", "CANCELLED"):
        document = payment(onlinePayment="false", recorded="others", singleStatus=status)
        assert word(applied(document, known=False), known=False) == "nothing"


def test_the_body_is_what_the_target_takes() -> None:
    result = applied(payment(), known=False)
    assert isinstance(result, Mapped)
    assert result.desired.body == {
        "reference": "stp01",
        "currency": "USD",
        "date": "2026-11-12",
        "funding_account": "bac01",
        "payee": "Office Supplies Ltd",
        "number": "P26112000001",
        "parts": [
            {"voucher": "US001|00000001", "amount": Decimal("100.00")},
            {"voucher": "US002|00000005", "amount": Decimal("28.99")},
        ],
    }
    assert read_payment(result.desired.body).units == ["US001", "US002"]
    assert (result.amount, result.currency, result.label) == (
        Decimal("128.99"), "USD", "P26112000001 Office Supplies Ltd",
    )  # fmt: skip


def test_vendor_credits_stand_beside_the_parts() -> None:
    parts = [dict(part) for part in payment()["billPayments"]]
    parts[1]["credits"] = Decimal("30.00")
    result = applied(payment(billPayments=parts), known=False)
    assert isinstance(result, Mapped)
    assert result.desired.body["credits"] == [{"voucher": "US002|00000005", "amount": Decimal("30.00")}]
    assert read_payment(result.desired.body).credits == (("US002|00000005", Decimal("30.00")),)


def test_a_reversal_needs_nothing_but_the_payments_id() -> None:
    """Nothing that is wrong with bills or amounts may keep an entry standing."""
    document = payment(singleStatus="VOIDED", amount=Decimal("1.00"), billPayments=[])
    result = mapping().apply(document, {}, known=True)
    assert isinstance(result, Mapped)
    assert result.desired.body == {"reference": "stp01"}


def test_parts_that_are_not_the_payment_are_refused() -> None:
    result = applied(payment(amount=Decimal("128.98")), known=False)
    assert isinstance(result, Refused)
    assert result.field == "amount"


def test_a_bill_that_peoplesoft_does_not_know_is_waited_for() -> None:
    result = mapping().apply(payment(), {("~bill.bills", "00n01"): "US001|00000001"}, known=False)
    assert isinstance(result, Waiting)
    assert (result.crosswalk, result.key) == ("~bill.bills", "00n02")


def test_a_part_of_nothing_is_left_out() -> None:
    parts = [*payment()["billPayments"], {"id": "blp03", "billId": "00n99", "amount": Decimal(0)}]
    result = applied(payment(billPayments=parts), known=False)
    assert isinstance(result, Mapped)
    assert len(result.desired.body["parts"]) == 2


def test_people_may_take_a_payment_out_of_the_flow() -> None:
    rules = {"settled_by_hand": {"id": ["stp01", "stp02"]}}
    assert word(applied(payment(), known=False, rules=rules), known=False) == "nothing"
    assert word(applied(payment(), known=True, rules=rules), known=True) == "reversed"
    assert word(applied(payment(id="stp03"), known=False, rules=rules), known=False) == "settled"


def test_the_tenant_file_shown_fits(tmp_path: Path) -> None:
    (block,) = [block for block in blocks(PAGE) if block.language == "yaml"]
    path = tmp_path / "acme.yaml"
    path.write_text(block.text, encoding="utf-8")
    tenant = load_tenant(path)
    assert find_faults(read_definitions(ROOT / "dags"), Settings(tmp_path, MAPPINGS, "sqlite://")) == []
    chosen = SettlementOptions.model_validate(tenant.integrations["bill"].options["settlement"])
    assert (chosen.way, chosen.close_voucher) == ("journal", "external")
    settled = mapping(rules=block_rules(tenant)).apply(payment(singleStatus="DELIVERED"), BILLS, known=False)
    assert word(settled, known=False) == "settled"


def block_rules(tenant: TenantConfig) -> dict[str, Any]:
    return {
        name: rule.model_dump(exclude_defaults=True) if not isinstance(rule, bool) else rule
        for name, rule in tenant.rules.items()
    }


def test_a_query_of_another_name_may_be_misspelt_only_once(tmp_path: Path) -> None:
    (block,) = [block for block in blocks(PAGE) if block.language == "yaml"]
    (tmp_path / "acme.yaml").write_text(block.text.replace("open_periods.full", "open_period.full"))
    faults = find_faults(read_definitions(ROOT / "dags"), Settings(tmp_path, MAPPINGS, "sqlite://"))
    assert ["open_period.full" in fault.text for fault in faults] == [True]


def test_every_option_is_listed() -> None:
    listed = {name for row in table("option under") for name in re.findall(r"`(\w+)`", row[0])}
    assert listed == set(SettlementOptions.model_fields)


def test_every_column_of_the_file_is_listed() -> None:
    listed = [name for row in table("column |") for name in re.findall(r"`(\w+)`", row[0])]
    assert tuple(listed) == COLUMNS
    text = PAGE.read_text(encoding="utf-8")
    assert all(f"`{kind.value}`" in text for kind in Kind)
