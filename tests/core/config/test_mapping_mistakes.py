"""What a person is told about mistakes in a mapping file."""

from __future__ import annotations

from pathlib import Path

import pytest

from ml_connector.core.config import InvalidFile, check_mapping, load_dataset, load_mapping, load_tenant

from .support import DATASET, MAPPING, TENANT, Mistake, assert_told, write

ROOT = (
    "one of BUSINESS_UNIT, ENTERED_DT, ENTRY_STATUS, GROSS_AMT, INVOICE_DT, INVOICE_ID, LAST_UPDATE_DT, "
    "SALETX_AMT, TXN_CURRENCY_CD, VOUCHER_ID"
)
ROW = "one of ACCOUNT, AMOUNT, DISTRIB_LINE_NUM"
KINDS = "exactly one of from, const, by_state, template, crosswalk, each, sum"
NUMBERS = "a field of type amount or decimal or integer"

MISTAKES = [
    Mistake("mapping: bills", "mapping: bill", 1, "mapping", "bill", "bills, as the file is named"),
    Mistake("flow: bill.bills", "flow: bills", 2, "flow", "bills",
            "an integration and a flow such as bill.bills"),
    Mistake("flow: bill.bills", "flow: cin7.bills", 2, "flow", "cin7.bills",
            "a flow of bill, as the folder is named"),
    Mistake("dataset: vouchers", "dataset: orders", 3, "dataset", "orders", "vouchers"),
    Mistake("{INVOICE_ID}", "{INVOICE}", 4, "label", "{INVOICE}", ROOT),
    Mistake("{INVOICE_ID}", "{INVOICE_ID", 4, "label", "{INVOICE_ID",
            "text with {FIELD}; a brace itself is doubled"),
    Mistake("amount: GROSS_AMT", "amount: INVOICE_ID", 5, "amount", "INVOICE_ID", NUMBERS,
            "INVOICE_ID is of type text"),
    Mistake("currency: TXN_CURRENCY_CD", "currency: CURRENCY", 6, "currency", "CURRENCY", ROOT),
    Mistake("bill_pays: false", "bill_pays: {ENTRY_STATUS: W}", 8, "rules.bill_pays.ENTRY_STATUS", "W",
            "one of P, X"),
    Mistake("bill_pays: false", "bill_pays: {not: {rule: bill_pays}}", 8, "rules.bill_pays", None,
            "a rule without itself", "the rule depends on itself"),
    Mistake("of: lines", "of: line", 12, "rows.first.of", "line", "one of lines"),
    Mistake("{of: lines,", "{of: lines, otherwise: last,", 12, "rows.first.otherwise", "last",
            "first or none"),
    Mistake("distributions.AMOUNT}", "distributions.SUM}", 14, "checks.0.equal.0.sum",
            "lines.distributions.SUM", ROW),
    Mistake("{field: GROSS_AMT, minus", "{field: GROSS_AMT, value: 1, minus", 14, "checks.0.equal.1", None,
            "exactly one of field, sum, value"),
    Mistake("[{sum: lines.distributions.AMOUNT}, ", "[", 14, "checks.0.equal", None, "a list of at least 2"),
    Mistake("    message: ", "    tolerence: 1\n    message: ", 15, "checks.0.tolerence", 1,
            "one of equal, field, message, states, tolerance, when; did you mean tolerance?"),
    Mistake("    message: ", "    tolerance: 1e\n    message: ", 15, "checks.0.tolerance", "1e",
            'a decimal number such as "0.05"'),
    Mistake("{from: INVOICE_ID, required: true, max_length: 100}", "{by_state: {active: 1, paid: 2}}", 20,
            "fields.number.by_state.paid", 2, "one of active, archived", "there is no state paid"),
    Mistake("rule: bill_pays", "rule: bill_payz", 17, "states.0.when.rule", "bill_payz", "one of bill_pays"),
    Mistake(", when: {rule: bill_pays}", "", 17, "states.0", None, "a condition in every state but the last",
            "the states below can never be reached"),
    Mistake(", absent: true}", "}", 18, "states.1", None,
            "absent: true (or reject, or hold) in the last state",
            "documents outside the dataset's selection would be sent"),
    Mistake("absent: true}", "absent: true, hold: why}", 18, "states.1", None,
            "at most one of absent, reject, hold"),
    Mistake("from: INVOICE_ID", "from: [INVOICE_ID, PO]", 20, "fields.number.from", "PO", ROOT),
    Mistake("from: INVOICE_ID", "from: parent.INVOICE_ID", 20, "fields.number.from", "parent.INVOICE_ID",
            "a field of the document"),
    Mistake("from: INVOICE_ID", "from: lines.DESCR", 20, "fields.number.from", "lines.DESCR",
            "one of document, first before the dot"),
    Mistake("from: INVOICE_ID", "from: INVOICE_ID, const: 1", 20, "fields.number", None, KINDS,
            "it has from and const"),
    Mistake("max_length: 100", "max_length: 0", 20, "fields.number.max_length", 0, "1 or more"),
    Mistake("max_length: 100", "max_length: 8, shorten: hash", 20, "fields.number", None,
            "max_length of 16 or more together with shorten"),
    Mistake("max_length: 100", "states: [actve]", 20, "fields.number.states.0", "actve",
            "one of active, archived"),
    Mistake("map: entry", "map: entries", 21, "fields.entry.map", "entries", "one of entry"),
    Mistake("{from: ENTRY_STATUS, map: entry}", "{from: ENTRY_STATUS, type: string}", 21,
            "fields.entry.type", "string", "text, money, decimal, integer, date or boolean"),
    Mistake("{VOUCHER_ID}", "{VOUCHER_ID:>8}", 22, "fields.note.template",
            "PS {VOUCHER_ID:>8} {first.DESCR}", "{FIELD} without more"),
    Mistake("  note:", "  number.text:", 22, "fields.number.text", None,
            "names of which none begins with another",
            "number is a value and cannot hold number.text as well"),
    Mistake("each: lines.distributions", "each: lines.parts", 24, "fields.items.each", "lines.parts",
            "one of distributions", "there is no collection parts"),
    Mistake("{from: AMOUNT}", "{from: AMT}", 26, "fields.items.fields.amount.from", "AMT", ROW),
    Mistake("from: parent.DESCR", "from: parent.parent.DESCR", 27, "fields.items.fields.text.from",
            "parent.parent.DESCR", ROOT),
    Mistake(', key: "{setid.gl_accounts}|{ACCOUNT}"', "", 28, "fields.items.fields.accountId", None,
            "crosswalk together with key"),
    Mistake("|{ACCOUNT}", "|{ACCT}", 28, "fields.items.fields.accountId.key",
            "{setid.gl_accounts}|{ACCT}", ROW),
]  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES, ids=str)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, mistake: Mistake) -> None:
    dataset = load_dataset(write(tmp_path, "peoplesoft/vouchers.yaml", DATASET))

    def load(path: Path) -> None:
        check_mapping(load_mapping(path), dataset)

    assert_told(load, write(tmp_path, "bill/bills.yaml", MAPPING), MAPPING, mistake)


def test_a_rule_of_the_tenant_is_checked_in_the_tenant_file(tmp_path: Path) -> None:
    dataset = load_dataset(write(tmp_path, "peoplesoft/vouchers.yaml", DATASET))
    mapping = load_mapping(write(tmp_path, "bill/bills.yaml", MAPPING))
    tenant = load_tenant(write(tmp_path, "demo.yaml", TENANT))
    with pytest.raises(InvalidFile) as caught:
        check_mapping(mapping, dataset, tenant)
    (problem,) = caught.value.problems
    place = (problem.file, problem.line, problem.field)
    assert place == (str(tmp_path / "demo.yaml"), 14, "rules.bill_pays.scheduled_payments")
    assert problem.expected == "one of lines"


def test_mistakes_in_several_places_are_told_together(tmp_path: Path) -> None:
    text = (
        MAPPING.replace("{INVOICE_ID}", "{X}").replace("map: entry", "map: other").replace("AMOUNT}", "AMT}")
    )
    mapping = load_mapping(write(tmp_path, "bill/bills.yaml", text))
    with pytest.raises(InvalidFile) as caught:
        check_mapping(mapping, load_dataset(write(tmp_path, "peoplesoft/vouchers.yaml", DATASET)))
    fields = [problem.field for problem in caught.value.problems]
    assert fields == ["label", "checks.0.equal.0.sum", "fields.entry.map", "fields.items.fields.amount.from"]
