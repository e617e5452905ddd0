"""Records as CSV files: whole, named once, the same bytes again, and never a formula."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.core.contract import Operation, Payload, Verdict
from ml_connector.core.errors import ConfigurationError, Unavailable
from ml_connector.core.stages.extract import extract
from ml_connector.core.stages.load import load
from ml_connector.core.stages.outcomes import Settler
from ml_connector.core.stages.reconcile import reconcile
from ml_connector.core.stages.transform import transform
from ml_connector.core.state.store import Store
from ml_connector.peoplesoft.folders import LocalFolder
from ml_connector.peoplesoft.records.files import render
from ml_connector.peoplesoft.records.kinds import ORDER_STATUS
from ml_connector.peoplesoft.records.staged_way import StagedRecords
from tests.contract.flow import Bodies, flow

from .support import NOW, Steps, fields, intent, keys

EDI = "edi"
NAME = r"acme-order_status-20261120T120000000000Z-[0-9a-f]{16}\.csv"


def target(path: Path) -> StagedRecords:
    return StagedRecords(ORDER_STATUS, LocalFolder(path), "acme", now=lambda: NOW)


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def files(path: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in sorted(path.iterdir())} if path.is_dir() else {}


async def test_a_batch_becomes_one_file(tmp_path: Path) -> None:
    batch = [intent(number=9), intent(number=7), intent(fields(8, EDI_REASON="=1+1"), number=8)]
    outcomes = await target(tmp_path).write(batch, Steps())
    assert keys(outcomes) == [("0000000009", "loaded"), ("0000000007", "loaded"), ("0000000008", "loaded")]
    assert {outcome.target_id for outcome in outcomes} == {None}
    ((name, content),) = files(tmp_path).items()
    assert re.fullmatch(NAME, name)
    made = rows(content)
    assert [row["EDI_DOC_ID"] for row in made] == ["0000000007", "0000000008", "0000000009"]
    assert (made[1]["EDI_REASON"], made[0]["EDI_REASON"], made[0]["EDI_SENT_DTTM"]) == ("'=1+1", "-", "")
    assert tuple(made[0]) == ORDER_STATUS.columns


@pytest.mark.parametrize("fails_at", [0, 1, 2, 3])
async def test_whenever_it_is_killed_the_same_file_is_written_again(tmp_path: Path, fails_at: int) -> None:
    batch = [intent(number=number) for number in (7, 8, 9)]
    again = target(tmp_path / "undisturbed")
    await again.write([intent(number=number) for number in (7, 8, 9)], Steps())
    steps = Steps(fails_at if fails_at < 3 else None)
    if fails_at < 3:
        with pytest.raises(RuntimeError):
            await target(tmp_path / "x").write(batch, steps)
        assert files(tmp_path / "x") == {}
        assert {found.verdict for found in await target(tmp_path / "x").find(batch)} == {Verdict.ABSENT}
    await target(tmp_path / "x").write(batch, Steps())
    await target(tmp_path / "x").write(batch, Steps())
    assert files(tmp_path / "x") == files(tmp_path / "undisturbed")
    assert {found.verdict for found in await target(tmp_path / "x").find(batch)} == {Verdict.EQUAL}


async def test_a_record_that_changed_goes_into_another_file(tmp_path: Path) -> None:
    one = intent()
    await target(tmp_path).write([one], Steps())
    changed = intent(fields(EDI_STATUS="acknowledged"), steps=dict(one.steps))
    (found,) = await target(tmp_path).find([changed])
    assert found.verdict is Verdict.ABSENT
    later = StagedRecords(ORDER_STATUS, LocalFolder(tmp_path), "acme", now=lambda: NOW.replace(minute=1))
    await later.write([changed], Steps())
    assert [rows(content)[0]["EDI_STATUS"] for content in files(tmp_path).values()] == [
        "sent",
        "acknowledged",
    ]


async def test_part_of_a_file_goes_into_another_one(tmp_path: Path) -> None:
    """The others may have been written, or not: their file is left to them."""
    first, second = intent(number=7), intent(number=8)
    broken = StagedRecords(ORDER_STATUS, Broken(tmp_path, OSError(5, "offline")), "acme", now=lambda: NOW)
    with pytest.raises(Unavailable):
        await broken.write([first, second], Steps())
    chosen = first.steps["staged"]["file"]
    for one in (first, second):
        assert keys(await target(tmp_path).write([one], Steps()))[0][1] == "loaded"
    assert chosen not in files(tmp_path)
    made = [[row["EDI_DOC_ID"] for row in rows(content)] for content in files(tmp_path).values()]
    assert sorted(made) == [["0000000007"], ["0000000008"]]


async def test_what_does_not_fit_is_rejected_and_the_others_go(tmp_path: Path) -> None:
    batch = [
        intent(fields(7, COLOUR="red"), number=7),
        intent(fields(8, EDI_DOC_ID=""), number=8),
        intent(number=9, operation=Operation.REMOVE, absent=True),
        intent(number=10),
    ]
    outcomes = await target(tmp_path).write(batch, Steps())
    assert keys(outcomes) == [
        ("0000000007", "rejected"), ("0000000008", "rejected"), ("0000000009", "held"),
        ("0000000010", "loaded"),
    ]  # fmt: skip
    assert [outcome.field for outcome in outcomes[:2]] == ["COLOUR", "EDI_DOC_ID"]
    ((_, content),) = files(tmp_path).items()
    assert len(rows(content)) == 1


async def test_nothing_that_fits_writes_no_file(tmp_path: Path) -> None:
    await target(tmp_path).write([intent(fields(7, COLOUR="red"))], Steps())
    assert files(tmp_path) == {}


class Broken(LocalFolder):
    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(path)
        self._error = error

    def write(self, name: str, content: bytes) -> None:
        raise self._error

    def names(self) -> list[str]:
        raise self._error


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (PermissionError(13, "Permission denied"), ConfigurationError),
        (OSError(5, "Input/output error"), Unavailable),
        (OSError(0, "ClientError"), Unavailable),
    ],
)
async def test_a_folder_that_fails(tmp_path: Path, error: OSError, kind: type[Exception]) -> None:
    broken = StagedRecords(ORDER_STATUS, Broken(tmp_path, error), "acme", now=lambda: NOW)
    one = intent()
    with pytest.raises(kind, match=r"records\.folder"):
        await broken.write([one], Steps())
    with pytest.raises(Unavailable):
        await broken.find([one])
    await target(tmp_path).write([one], Steps())
    (name,) = files(tmp_path)
    assert re.fullmatch(NAME, name)


texts = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00\r\n"), max_size=40)


@given(st.lists(texts, min_size=1, max_size=5))
def test_any_text_comes_back_and_no_cell_is_a_formula(reasons: list[str]) -> None:
    records: list[Payload] = [fields(number, EDI_REASON=text) for number, text in enumerate(reasons)]
    content = render(ORDER_STATUS, records)
    assert content == render(ORDER_STATUS, records)
    for row, text in zip(rows(content), reasons, strict=True):
        assert row["EDI_REASON"].removeprefix("'") == text.removeprefix("'") or row["EDI_REASON"] == text
        plain = re.fullmatch(r"-|[+-]?[0-9]+(\.[0-9]+)?", row["EDI_REASON"])
        assert plain or not row["EDI_REASON"].startswith(("=", "+", "-", "@", "\t"))


@pytest.mark.parametrize("text", ["-", "-5", "+1.50", "0", "-12.345"])
def test_a_dash_and_a_plain_number_stay_as_they_are(text: str) -> None:
    (row,) = rows(render(ORDER_STATUS, [fields(EDI_REASON=text)]))
    assert row["EDI_REASON"] == text


@pytest.mark.parametrize("text", ["--", "-1+2", "-5 pieces", "+A1", "-1.", "=-", "-1\n"])
def test_what_only_begins_like_a_number_is_defused(text: str) -> None:
    (row,) = rows(render(ORDER_STATUS, [fields(EDI_REASON=text)]))
    assert row["EDI_REASON"] == f"'{text}"


# ---- through the core's load


@pytest.fixture
def bodies() -> Bodies:
    made = Bodies()
    for number in range(1, 4):
        made.put(f"{number:05d}", {"fields": fields(number)})
    return made


async def run(bodies: Bodies, store: Store, path: Path) -> dict[str, Any]:
    ctx = flow(
        "cleo.statuses", bodies, StagedRecords(ORDER_STATUS, LocalFolder(path), "acme", now=store.now), store
    )
    await extract(ctx)
    transform(ctx)
    counts = await load(ctx)
    report = await reconcile(ctx)
    assert report["differences"] == {}
    return counts


async def test_a_flow_writes_what_changed_and_nothing_else(
    bodies: Bodies, store: Store, tmp_path: Path
) -> None:
    assert (await run(bodies, store, tmp_path / EDI))["created"] == 3
    assert len(files(tmp_path / EDI)) == 1
    assert await run(bodies, store, tmp_path / EDI) == {"alerts": []}
    bodies.put("00002", {"fields": fields(2, EDI_STATUS="acknowledged")})
    await run(bodies, store, tmp_path / EDI)
    first, second = files(tmp_path / EDI).values()
    assert (len(rows(first)), [row["EDI_STATUS"] for row in rows(second)]) == (3, ["acknowledged"])


async def test_a_process_that_dies_behind_the_file_writes_no_second_one(
    bodies: Bodies, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Settler, "settle", _die)
        with pytest.raises(SystemError):
            await run(bodies, store, tmp_path / EDI)
    assert len(files(tmp_path / EDI)) == 1
    for _ in range(3):
        ctx = flow("cleo.statuses", bodies, target(tmp_path / EDI), store)
        with store.write() as tx:
            tx.connection.exec_driver_sql("UPDATE document SET lease_until = '2020-01-01 00:00:00'")
        await load(ctx)
    assert len(files(tmp_path / EDI)) == 1


class Share(LocalFolder):
    """A share that may be offline, and remembers what was ever written."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.offline = False
        self.written: list[tuple[str, bytes]] = []

    def write(self, name: str, content: bytes) -> None:
        if self.offline:
            raise OSError(5, "share offline")
        self.written.append((name, content))
        super().write(name, content)


async def test_after_an_outage_every_record_is_in_a_file(store: Store, tmp_path: Path) -> None:
    """Other documents than those of the attempt that failed come along, in batches of another cut."""
    share, made = Share(tmp_path / EDI), Bodies()

    async def again() -> dict[str, Any]:
        ctx = flow("cleo.statuses", made, StagedRecords(ORDER_STATUS, share, "acme", now=store.now), store)
        await extract(ctx)
        transform(ctx)
        return await load(ctx)

    for number in range(1, 503):
        made.put(f"{number:05d}", {"fields": fields(number)})
    await again()
    share.written.clear()
    for number in range(2, 503):
        made.put(f"{number:05d}", {"fields": fields(number, EDI_STATUS="acknowledged")})
    share.offline = True
    with pytest.raises(Unavailable):
        await again()
    share.offline = False
    made.put("00001", {"fields": fields(1, EDI_STATUS="acknowledged")})
    made.put("00503", {"fields": fields(503)})
    await again()
    due = {f"{number:010d}" for number in range(1, 504)}
    assert {row["EDI_DOC_ID"] for _, content in share.written for row in rows(content)} == due
    assert len({name for name, _ in share.written}) == len(set(share.written))
    assert dict(share.written).items() <= files(tmp_path / EDI).items()


def _die(*_: Any) -> None:
    raise SystemError("killed")
