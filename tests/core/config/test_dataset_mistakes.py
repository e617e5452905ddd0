"""What a person is told about mistakes in a dataset file."""

from __future__ import annotations

from pathlib import Path

import pytest

from ml_connector.core.config import load_dataset

from .support import DATASET, Mistake, assert_told

FIELDS = (
    "one of BUSINESS_UNIT, ENTERED_DT, ENTRY_STATUS, GROSS_AMT, INVOICE_DT, INVOICE_ID, LAST_UPDATE_DT, "
    "SALETX_AMT, TXN_CURRENCY_CD, VOUCHER_ID"
)
IN_CHANGES = "unit, since, until, today or after.FIELD with FIELD of the key"
TYPES = "text, code, amount, decimal, integer, date or datetime"
LOWERED = "children.lines.children.distributions"

MISTAKES = [
    Mistake("dataset: vouchers", "dataset: voucher", 1, "dataset", "voucher", "vouchers, as the path says"),
    Mistake("system: peoplesoft", "system: psoft", 2, "system", "psoft", "peoplesoft, as the path says"),
    Mistake("unit: business_unit", "unit: company", 3, "unit", "company", "business_unit, setid or account"),
    Mistake("unit: business_unit", "unit: setid", 3, "unit", "setid",
            "a field SETID, or unit_field naming the one that holds it"),
    Mistake("alias: A\n", "alias: A\ncolumns: {GROSS: EXPR1_1}\n", 6, "columns.GROSS", "EXPR1_1", FIELDS),
    Mistake("alias: A\n", "alias: A\neffective_dated: {field: ENTERED_DT, status: EFF_STATUS}\n", 6,
            "effective_dated.status", "EFF_STATUS", FIELDS),
    Mistake("key: [VOUCHER_LINE_NUM]", "key: []", 20, "children.lines.key", None, "a list of at least 1"),
    Mistake("alias: A", "alias: a1", 5, "alias", "a1", "a record alias of the query such as A"),
    Mistake("{type: date}", "{type: day}", 10, "fields.INVOICE_DT.type", "day", TYPES),
    Mistake("INVOICE_DT: {", "INVOICE.DT: {", 10, "fields.INVOICE.DT", "INVOICE.DT",
            "a field name such as GROSS_AMT", "the key has the wrong form"),
    Mistake("type: code, ", "", 14, "fields.ENTRY_STATUS", None, "type: code together with codes"),
    Mistake("INVOICE_ID: {}", "parent: {}", 9, "fields.parent", None, "another name"),
    Mistake("[DISTRIB_LINE_NUM]", "[LINE]", 27, f"{LOWERED}.key.0", "LINE",
            "one of ACCOUNT, AMOUNT, DISTRIB_LINE_NUM"),
    Mistake("    key: [VOUCHER_LINE_NUM]\n", "", 18, "children.lines.key", None, "a value for key"),
    Mistake("  changes: {name: ML_V,", "  change: {name: ML_V,", 33, "queries.change", None,
            "one of by_key, changes, full, open; did you mean changes?"),
    Mistake("FROM: since", "FROM: sinse", 33, "queries.changes.prompts.FROM", "sinse", IN_CHANGES),
    Mistake("after.VOUCHER_ID", "after.INVOICE_ID", 33, "queries.changes.prompts.AFTER", "after.INVOICE_ID",
            IN_CHANGES),
    Mistake("FROM: since", "FROM: key.VOUCHER_ID", 33, "queries.changes.prompts.FROM", "key.VOUCHER_ID",
            IN_CHANGES),
    Mistake("ID: key.VOUCHER_ID", "ID: since", 34, "queries.by_key.prompts.ID", "since",
            "unit, today or key.FIELD with FIELD of the key"),
    Mistake("{BU: key.BUSINESS_UNIT, ID: key.VOUCHER_ID}", "{BU: unit}", 34, "queries.by_key.prompts", None,
            "prompts with key.BUSINESS_UNIT, key.VOUCHER_ID", "the prompts name no part of the key"),
    Mistake("name: ML_V,", "name: ml-v,", 33, "queries.changes.name", "ml-v",
            "a query name of up to 30 capitals, digits and _"),
    Mistake("stamp: LAST_UPDATE_DT", "stamp: LAST_UPDATED", 35, "change.stamp", "LAST_UPDATED", FIELDS),
    Mistake("date, overlap: 1d, fallback: ENTERED_DT", "time, overlap: 1d", 35, "change.stamp",
            "LAST_UPDATE_DT",
            "a field of type datetime"),
    Mistake("fallback: ENTERED_DT", "fallback: INVOICE_ID", 35, "change.fallback", "INVOICE_ID",
            "a field of type date or datetime"),
    Mistake("overlap: 1d", "overlap: -1d", 35, "change.overlap", "-1d",
            "a duration such as 90s, 15m, 2h, 1d or 1w"),
    Mistake("{ENTRY_STATUS: P}", "{ENTRY_STATUS: Q}", 36, "open_when.ENTRY_STATUS", "Q", "one of P, X"),
    Mistake("{ENTRY_STATUS: P}", "{STATUS: P}", 36, "open_when.STATUS", "STATUS", FIELDS),
    Mistake("{ENTRY_STATUS: P}", "{GROSS_AMT: {gt: many}}", 36, "open_when.GROSS_AMT.gt", "many",
            'a number such as 0 or "12.50"'),
    Mistake("{ENTRY_STATUS: P}", "{rule: ours}", 36, "open_when.rule", "ours", "no rule here"),
    Mistake("{ENTRY_STATUS: P}", "{line: {any: {DESCR: x}}}", 36, "open_when.line", "line", "one of lines"),
    Mistake("{ENTRY_STATUS: P}", "{lines: {any: {DESC: x}}}", 36, "open_when.lines.any.DESC", "DESC",
            "one of DESCR, VOUCHER_LINE_NUM"),
    Mistake("{ENTRY_STATUS: P}", '{INVOICE_ID: {matches: "("}}', 36, "open_when.INVOICE_ID.matches", "(",
            "a regular expression"),
    Mistake("full_every: 7d", "full_every: weekly", 37, "full_every", "weekly",
            "a duration such as 90s, 15m, 2h, 1d or 1w"),
    Mistake("[P]", "[P, Z]", 38, "select.ENTRY_STATUS.1", "Z", "one of P, X"),
    Mistake("rows: 500", "rows: 10", 39, "page", None, "minimum <= rows <= maximum"),
    Mistake("rows: 500", "rows: 0", 39, "page.rows", 0, "1 or more"),
]  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES, ids=str)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, mistake: Mistake) -> None:
    folder = tmp_path / "peoplesoft"
    folder.mkdir()
    assert_told(load_dataset, folder / "vouchers.yaml", DATASET, mistake)


def test_a_dataset_needs_a_query_that_reads_everything(tmp_path: Path) -> None:
    folder = tmp_path / "peoplesoft"
    folder.mkdir()
    start, end = DATASET.index("queries:"), DATASET.index("open_when:")
    text = DATASET[:start] + "queries: {open: {name: ML_V_OPEN}}\n" + DATASET[end:]
    expected = "a query changes or full, or by_key alone for a look-up"
    mistake = Mistake("page:", "page:", 32, "queries", None, expected, "no query reads all documents")
    assert_told(load_dataset, folder / "vouchers.yaml", text, mistake)
