"""Way ``staged``: every payment in exactly one file, whatever happens between its rows and the file."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from pathlib import Path

import pytest
from airflow.sdk import ObjectStoragePath
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.core.errors import ConfigurationError, Unavailable
from ml_connector.core.ledger.settlements import CLOSED, Row
from ml_connector.peoplesoft.csv_text import defused, restored
from ml_connector.peoplesoft.folders import LocalFolder, ObjectFolder, open_folder
from ml_connector.peoplesoft.settlement import staged_way
from ml_connector.peoplesoft.settlement.exports import (
    COLUMNS,
    amount_text,
    export_of,
    file_name,
    parse,
    render,
)

from .support import World, body, options

V = "US001|00000001"


class Files(LocalFolder):
    """A folder that counts, and fails once where a test says so."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.path = path
        self.written: list[tuple[str, bytes]] = []
        self.error: BaseException | None = None

    def write(self, name: str, content: bytes) -> None:
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        super().write(name, content)
        self.written.append((name, content))

    def lines(self) -> list[dict[str, str]]:
        """All lines of all files, in the order of the files' names."""
        found: list[dict[str, str]] = []
        for path in sorted(self.path.glob("*.csv")):
            found += csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""))
        return found


@pytest.fixture
def files(world: World, tmp_path: Path) -> Files:
    folder = Files(tmp_path / "out")
    world.folder = folder
    world.choices = options(way="staged", csv_path=str(folder.path))
    return folder


async def test_payments_of_one_run_stand_in_one_file(world: World, files: Files) -> None:
    world.offer(body("stp01", (V, "200.00"), ("US002|00000005", "28.99")))
    world.offer(body("stp02", (V, "0.5")))
    assert (await world.run())["created"] == 2
    assert await world.run() == {"alerts": []}
    ((name, _),) = files.written
    assert name.startswith("acme-20261116T150000Z-")
    assert [(line["payment"], line["voucher"], line["amount"], line["kind"]) for line in files.lines()] == [
        ("stp01", "US001-00000001", "200.00", "settled"),
        ("stp01", "US002-00000005", "28.99", "settled"),
        ("stp02", "US001-00000001", "0.50", "settled"),
    ]
    assert files.lines()[0] == {
        "export": export_of("acme", name), "payment": "stp01", "entry": "1", "part": "1", "kind": "settled",
        "description": "BILL stp01", "business_unit": "US001", "voucher": "US001-00000001",
        "amount": "200.00", "currency": "USD", "accounting_date": "2026-11-12", "payment_date": "2026-11-12",
        "debit_account": "200000", "debit_department": "", "debit_operating_unit": "",
        "credit_account": "100000", "credit_department": "", "credit_operating_unit": "",
        "funding_account": "bac01", "payee": "Office Supplies Ltd", "payment_number": "P26112000001",
    }  # fmt: skip
    assert world.ledger()["stp01"].target_id == "staged|stp01"
    assert world.gl.calls == []


async def test_a_reversal_has_lines_of_its_own(world: World, files: Files) -> None:
    await world.put(body())
    counts = await world.put(body(), absent=True)
    assert "a reversal is in export" in counts["alerts"][0]
    await world.put(body())
    lines = files.lines()
    assert sorted((line["entry"], line["kind"], line["amount"]) for line in lines) == [
        ("1", "settled", "228.99"), ("2", "reversed", "-228.99"), ("3", "settled", "228.99"),
    ]  # fmt: skip
    reversal = next(line for line in lines if line["entry"] == "2")
    assert (reversal["description"], reversal["accounting_date"]) == ("BILL stp01 REV", "2026-11-16")
    assert len({name for name, _ in files.written}) == 3
    assert world.rows.settled([V]) == {V: {"USD": Decimal("228.99")}}
    assert await world.reconcile() == {}


async def test_another_amount_is_taken_back_and_stated_anew(world: World, files: Files) -> None:
    await world.put(body())
    await world.put(body("stp01", (V, "200.00")))
    assert sorted((line["entry"], line["amount"]) for line in files.lines()) == [
        ("1", "228.99"), ("2", "-228.99"), ("3", "200.00"),
    ]  # fmt: skip
    await world.put(body("stp01", (V, "200.00"), number="other"))
    assert len(files.written) == 2


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("point", ["before the file", "after the file"])
async def test_killed_between_rows_file_and_mark(
    world: World, files: Files, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    world.offer(body("stp01"))
    world.offer(body("stp02"))
    with monkeypatch.context() as patch:
        if point == "before the file":
            files.error = Killed()
        else:
            patch.setattr(world.rows.__class__, "exported", _die)
        with pytest.raises(Killed):
            await world.run()
    assert len(world.remembered("stp01")) == 1
    assert len(files.written) == (0 if point == "before the file" else 1)
    world.offer(body("stp03"))
    await world.settle_down()
    contents = {
        name: {content for other, content in files.written if other == name} for name, _ in files.written
    }
    assert {len(versions) for versions in contents.values()} == {1}  # a repeated file is the same
    assert sorted(line["payment"] for line in files.lines()) == ["stp01", "stp02", "stp03"]
    assert {row.status for row in world.ledger().values()} == {"loaded"}


def _die(*_: object) -> None:
    raise Killed


async def test_killed_before_the_rows(world: World, files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(staged_way.StagedSettlements, "_stage", _die)
        with pytest.raises(Killed):
            await world.put(body())
    assert world.remembered("stp01") == []
    await world.settle_down()
    assert [line["payment"] for line in files.lines()] == ["stp01"]


async def test_a_payment_taken_back_before_its_file_was_written_still_gets_both(
    world: World, files: Files
) -> None:
    files.error = Killed()
    with pytest.raises(Killed):
        await world.put(body())
    world.offer(body(), absent=True)
    await world.settle_down()
    assert [line["amount"] for line in files.lines()] == ["228.99", "-228.99"]
    assert world.ledger()["stp01"].status == "loaded"


async def test_no_room_stops_the_flow_and_loses_nothing(world: World, files: Files) -> None:
    files.error = OSError(28, "No space left on device")
    assert (await world.put(body()))["in_doubt"] == 1
    files.error = OSError(28, "No space left on device")
    world.clock.advance(minutes=1)
    await world.run()
    assert isinstance(world.error, Unavailable)
    assert "No space left on device" in str(world.error)
    await world.settle_down()
    assert [line["payment"] for line in files.lines()] == ["stp01"]


async def test_a_folder_that_may_not_be_written_is_a_matter_of_settings(world: World, files: Files) -> None:
    files.error = PermissionError(13, "Permission denied")
    await world.put(body())
    files.error = PermissionError(13, "Permission denied")
    world.clock.advance(minutes=1)
    await world.run()
    assert isinstance(world.error, ConfigurationError)
    assert f"cannot be written to {files.path}: Permission denied" in str(world.error)


async def test_accounts_may_be_left_to_people(world: World, files: Files) -> None:
    world.choices = options(way="staged", csv_path=str(files.path), accounts={}, currencies={})
    await world.put(body(currency="JPY", parts=[{"voucher": V, "amount": Decimal(100)}]))
    (line,) = files.lines()
    assert (line["debit_account"], line["credit_account"], line["amount"]) == ("", "", "100.00")
    assert await world.reconcile() == {}
    await world.put(body(), absent=True)
    assert sorted(line["amount"] for line in files.lines()) == ["-100.00", "100.00"]


async def test_a_body_that_cannot_be_stated_is_rejected_alone(world: World, files: Files) -> None:
    world.offer(body("stp01"))
    world.offer(body("stp02", parts=[]))
    counts = await world.run()
    assert (counts["created"], counts["rejected"]) == (1, 1)


async def test_vouchers_are_closed_in_this_way_too(world: World, files: Files) -> None:
    world.choices = options(way="staged", csv_path=str(files.path), close_voucher="external")
    world.ap.add(V, "228.99")
    await world.put(body())
    assert world.ap.status(V) == [("R", "E")]
    assert [row.kind for row in world.rows.of_references([V])[V]] == [CLOSED]
    await world.put(body(), absent=True)
    assert world.ap.status(V) == [("S", "N")]


# ---- the other way, before and after


async def test_what_people_booked_is_reversed_by_a_journal(world: World, files: Files) -> None:
    await world.put(body())
    world.choices = options()
    assert await world.reconcile() == {}
    await world.put(body(), absent=True)
    assert world.titles() == ["BILL stp01 REV"]
    assert len(files.written) == 1
    assert await world.reconcile() == {}


async def test_what_a_journal_booked_is_reversed_by_a_line(world: World, files: Files) -> None:
    staged, world.choices = world.choices, options()
    await world.put(body())
    world.choices = staged
    assert await world.reconcile() == {}
    await world.put(body(), absent=True)
    assert [(line["kind"], line["amount"], line["debit_account"]) for line in files.lines()] == [
        ("reversed", "-228.99", "200000")
    ]
    assert len(world.gl.journals) == 1


# ---- the file itself

texts = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=30)
nasty = st.one_of(
    texts, st.sampled_from(["=1+1", "+1", "-1", "@SUM(A1)", "a,b", 'say "no"', "Überweisung", "'=x"])
)


def row(payee: str, number: str, amount: Decimal, part: int = 1, export: str = "e1") -> Row:
    pair = [
        {"number": 2 * part - 1, "account": "200000", "amount": amount, "text": "US001-00000001",
         "department": "", "operating_unit": ""},
        {"number": 2 * part, "account": "100000", "amount": -amount, "text": "US001-00000001",
         "department": "", "operating_unit": ""},
    ]  # fmt: skip
    details = {"payee": payee, "number": number, "lines": pair, "undoes": "", "payment_date": "2026-11-12",
               "funding_account": "bac01"}  # fmt: skip
    return Row(
        "stp01", 1, part, "settled", "staged", "US001", "US001|00000001", amount, "USD", "2026-11-12",
        "200000", "100000", None, details, export, exported=True,
    )  # fmt: skip


amounts = st.integers(-(10**9), 10**9).filter(bool).map(lambda number: Decimal(number).scaleb(-2))


@given(st.lists(st.tuples(nasty, nasty, amounts), min_size=1, max_size=6))
def test_a_file_can_be_read_again_and_holds_no_formula(listed: list[tuple[str, str, Decimal]]) -> None:
    rows = [row(payee, number, amount, part) for part, (payee, number, amount) in enumerate(listed, 1)]
    content = render(rows)
    assert content == render(rows)
    back = parse(content)
    assert [(one.reference, one.part, one.amount, one.voucher) for one in back] == [
        (one.reference, one.part, one.amount, one.voucher) for one in rows
    ]
    for line in csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")):
        assert tuple(line) == COLUMNS
        assert not any(
            value.startswith(("=", "+", "-", "@")) for name, value in line.items() if name != "amount"
        )
        assert Decimal(line["amount"]).is_finite()


@given(texts)
def test_a_text_survives(text: str) -> None:
    if not text.startswith("'"):
        assert restored(defused(text)) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("1", "1.00"),
        ("-1.5", "-1.50"),
        ("1.234", "1.234"),
        ("5.500000", "5.50"),
        ("1E+3", "1000.00"),
        ("1234567.89", "1234567.89"),
    ],
)
def test_amounts_are_plain_numbers(amount: str, text: str) -> None:
    assert amount_text(Decimal(amount)) == text


def test_only_files_of_this_tenant_are_ours() -> None:
    assert export_of("acme", file_name("acme", "20261116T150000Z-ab12-7")) == "20261116T150000Z-ab12-7"
    assert export_of("acme", "other-20261116T150000Z-ab12-7.csv") is None
    assert export_of("acme", "acme-notes.txt") is None


async def test_a_changed_file_stops_the_first_run_after_a_loss(world: World, files: Files) -> None:
    """What it held may be booked already."""
    await world.put(body())
    (path,) = files.path.glob("*.csv")
    path.write_bytes(path.read_bytes().replace(b"228.99", b"2,28.9x9"))
    from .test_journal_way import forget

    forget(world)
    await world.put(body())
    assert isinstance(world.error, ConfigurationError)
    assert path.name in str(world.error)
    assert len(files.written) == 1


def test_a_local_folder_is_made_and_shows_whole_files_only(tmp_path: Path) -> None:
    folder = open_folder(f"file://{tmp_path}/a%20b/c", field="settlement.csv_path")
    assert folder.names() == []
    folder.write("x.csv", b"one")
    folder.write("x.csv", b"two")
    assert (folder.names(), folder.read("x.csv")) == (["x.csv"], b"two")
    assert (tmp_path / "a b" / "c" / "x.csv").read_bytes() == b"two"


@pytest.mark.parametrize(
    "path", ["data/ml", "./ml", "file://data/ml", "file:data/ml", "", "file://server/share"]
)
def test_a_local_folder_is_named_from_the_root(path: str) -> None:
    """Else each worker would mean another folder."""
    with pytest.raises(ConfigurationError, match=r"records\.folder: .*file:///data/ml"):
        open_folder(path, field="records.folder")


def test_object_storage_goes_through_airflow(tmp_path: Path) -> None:
    folder = ObjectFolder(ObjectStoragePath(f"file://{tmp_path}/bill"))
    (tmp_path / "bill").mkdir()
    assert folder.names() == []
    folder.write("x.csv", b"one")
    assert (folder.names(), folder.read("x.csv")) == (["x.csv"], b"one")
    with pytest.raises(FileNotFoundError):
        folder.read("y.csv")
    assert ObjectFolder(ObjectStoragePath(f"file://{tmp_path}/nothing")).names() == []


def test_errors_of_a_storage_library_go_on_without_their_text() -> None:
    class Storage:
        def __truediv__(self, name: str) -> Storage:
            return self

        def read_bytes(self) -> bytes:
            raise RuntimeError("key AKIA99 was refused by https://bucket.example.com")

    with pytest.raises(OSError, match=r"RuntimeError$") as raised:
        ObjectFolder(Storage()).read("x.csv")
    assert "AKIA99" not in str(raised.value)


def test_storage_without_a_provider_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere:// needs an Airflow provider"):
        open_folder("nowhere://bucket/bill", field="settlement.csv_path")
