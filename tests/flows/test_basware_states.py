"""Invoices on every way through their states, in any order, with answers lost in between.

Walks are random and known by their seeds. In the end Basware has heard once of each voucher and of each
refusal, and what it shows as paid is what PeopleSoft has paid.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from sandbox.data.setup import OFFICE_SUPPLIES
from tests.flows.basware_scene import BACK, GAP, Scene, opened

UNKNOWN_ACCOUNT = "777777"
DOCUMENTS = "/v1/accountingDocuments"
ONE = f"{DOCUMENTS}/{{invoiceId}}"
WRITES = [f"POST {ONE}/{name}" for name in ("acknowledge", "transferResponses", "paymentResponses")]
READS = [f"GET {DOCUMENTS}", f"GET {ONE}", "GET /_presigned/{id}", "GET /v1/requestStatus/{requestId}"]
VOUCHER = "SOAP CI_AP_VOUCHER_C"
TROUBLES: list[dict[str, Any]] = [
    {"kind": "lost"},
    {"kind": "reset"},
    {"kind": "truncate"},
    {"kind": "cut_off"},
    {"kind": "broken_gateway"},
    {"kind": "error", "status": 500},
    {"kind": "error", "status": 503},
    {"kind": "error", "status": 429},
    {"kind": "error", "status": 429, "seconds": 3.0},
    {"kind": "late_commit", "seconds": 10.0},
]


@dataclass
class Walk:
    """One random life of some invoices."""

    scene: Scene
    chance: random.Random
    numbers: int = 0
    done: list[str] = field(default_factory=list)

    async def go(self, steps: int, actions: list[Callable[[], Any]]) -> None:
        """So many steps."""
        for _ in range(steps):
            action = self.chance.choice(actions)
            self.done.append(action.__name__)
            if (result := action()) is not None:
                await result

    # ---- what people do in P2P

    def approve(self) -> None:
        """A good invoice, or one with a fault."""
        self.numbers += 1
        kind = self.chance.choice(["good", "good", "good", "long", "account", "again"])
        number = {"long": "L" * 40, "again": "N-1"}.get(kind, f"N-{self.numbers}")
        account = UNKNOWN_ACCOUNT if kind == "account" else OFFICE_SUPPLIES
        amounts = self.chance.choice([["100.00"], ["60.00", "40.00"], ["-25.00"]])
        rows = [{"netTotal": Decimal(amount), "accountCode": account} for amount in amounts]
        self.scene.world.approve(number, rows=rows)

    def transfer_again(self) -> None:
        """Something that failed, as it was or corrected."""
        if failed := self._in("TransferFailed"):
            invoice = self.chance.choice(failed)
            self.numbers += 1
            corrected: dict[str, Any] = {
                "values": {"invoiceNumber": f"N-{self.numbers}"},
                "rows": [{"netTotal": Decimal("80.00")}],
            }
            more = corrected if self.chance.random() < 0.6 else {}
            self.scene.world.p2p("retransfer", invoiceId=invoice, **more)

    def answer_by_hand(self) -> None:
        """Somebody says that an invoice failed while it waits for us."""
        if waiting := self._in("WaitingForTransfer", "TransferInProgress"):
            invoice = self.chance.choice(waiting)
            self._hand(invoice, {"success": False, "responseMessage": "by hand"})

    def _hand(self, invoice: str, answer: dict[str, Any]) -> None:
        state = self.scene.world.sandbox.basware
        document = state.documents.find(invoice)
        self.scene.advance(2 * GAP)
        body = {"externalCode": f"hand{self.chance.getrandbits(64):x}", "paymentBlock": False, **answer}
        state.machine.respond(document, "transferResponses", body)
        self.scene.advance(2 * GAP)
        state.work()

    def _in(self, *states: str) -> list[str]:
        world = self.scene.world
        return [one["invoiceId"] for one in world.p2p("documents") if one["processingStatus"] in states]

    # ---- what people do in PeopleSoft

    def accounts(self) -> None:
        """An account that was missing is there, or the other way round."""
        table = self.scene.world.sandbox.peoplesoft.tables["account"]
        if not table.delete(("SHARE", UNKNOWN_ACCOUNT)):
            like = next(row for row in table if row["ACCOUNT"] == OFFICE_SUPPLIES)
            table.put({**like, "ACCOUNT": UNKNOWN_ACCOUNT})

    def pay(self) -> None:
        """A payment, whole or in part."""
        for row in self._vouchers():
            schedule = row["payments"]
            if len(schedule) == 1 and not schedule[0]["payment"] and self.chance.random() < 0.5:
                self._split(row)
            key = [row["BUSINESS_UNIT"], row["VOUCHER_ID"]]
            self.scene.world.peoplesoft("pay", key=key, count=self.chance.randint(1, len(schedule)))
            return

    def _split(self, row: dict[str, Any]) -> None:
        first = row["payments"][0]
        half = (first["PYMNT_GROSS_AMT"] / 2).quantize(Decimal("0.01"))
        rest = first["PYMNT_GROSS_AMT"] - half
        parts = [
            {**first, "PYMNT_CNT": at, "PYMNT_GROSS_AMT": amount} for at, amount in ((1, half), (2, rest))
        ]
        key = (row["BUSINESS_UNIT"], row["VOUCHER_ID"])
        self.scene.world.sandbox.peoplesoft.change_voucher(*key, {"payments": parts}, stamp=True)
        row["payments"][:] = parts

    def void(self) -> None:
        """A payment is taken back."""
        for row in self._vouchers():
            for payment in row["payments"]:
                if payment["payment"] and payment["PYMNT_SELCT_STATUS"] == "P":
                    key = [row["BUSINESS_UNIT"], row["VOUCHER_ID"]]
                    self.scene.world.peoplesoft("void", key=key, count=payment["PYMNT_CNT"])
                    return

    def _vouchers(self) -> list[dict[str, Any]]:
        peoplesoft = self.scene.world.sandbox.peoplesoft
        keys = [(row["BUSINESS_UNIT"], row["VOUCHER_ID"]) for row in self.scene.world.vouchers()]
        rows = [peoplesoft.vouchers[unit].copy(number) for unit, number in keys]
        self.chance.shuffle(rows)
        return [row for row in rows if row is not None]

    # ---- runs, time and troubles

    async def run_back(self) -> None:
        """The DAG that events start."""
        await self.scene.run(*BACK)

    async def run_out(self) -> None:
        """The other one."""
        await self.scene.run("payments", events=False)

    def time_passes(self) -> None:
        """P2P decides meanwhile."""
        self.scene.advance(self.chance.choice([1.0, 10.0, 30.0, 400.0]))

    def trouble(self) -> None:
        """Something goes wrong once, sooner or later."""
        system, operation = self.chance.choice(
            [("basware", one) for one in WRITES + WRITES + READS] + [("peoplesoft", VOUCHER)]
        )
        trouble = dict(self.chance.choice(TROUBLES))
        if system == "peoplesoft" and trouble["kind"] == "late_commit":
            trouble["seconds"] = 1.0
        self.scene.world.fault(operation=operation, system=system, skip=self.chance.randint(0, 2), **trouble)

    # ---- the end

    async def settle(self) -> None:
        """Troubles are over, and runs go on until nothing is under way."""
        self.scene.world.sandbox.faults.clear()
        for seconds in (20, 20, 20, 70, 20, 400, 20, 20, 700, 20, 1300, 20, 20, 3000, 20, 20):
            self.scene.advance(seconds)
            self.scene.world.runner.errors.clear()
            await self.run_back()
            await self.run_out()
            self.scene.advance(2)
            if not self.scene.under_way(*BACK, "payments") and not self._in(
                "WaitingForTransfer", "TransferInProgress"
            ):
                break
        assert not self.scene.world.runner.errors, self.scene.world.runner.errors

    async def correct(self) -> None:
        """What failed is put right in P2P, and goes."""
        for invoice in self._in("TransferFailed"):
            self.numbers += 1
            values = {"invoiceNumber": f"N-{self.numbers}"}
            self.scene.world.p2p(
                "retransfer", invoiceId=invoice, values=values, rows=[{"netTotal": Decimal("80.00")}]
            )
        await self.settle()
        assert not self._in("TransferFailed")
        self.check()

    def check(self) -> None:
        """See the module."""
        world, open_ = self.scene.world, self.scene.under_way(*BACK, "payments")
        assert not open_, (open_, self.done)
        world.in_step()
        paid = dict(self._paid())
        for short in world.p2p("documents"):
            whole = world.invoice(short["invoiceId"])
            self._check_answers(whole)
            told = whole.get("paymentResponses", [])
            bare = [{**one, "externalCode": ""} for one in told]
            assert all(one != other for one, other in pairwise(bare)), bare
            if whole["processingStatus"] == "TransferFailed":
                assert not told
            else:
                key = f"{whole['voucherNumber2']}|{whole['voucherNumber1']}"
                assert (told[-1]["paidTotal"] if told else 0) == paid[key], (whole, self.done)

    def _paid(self) -> Iterator[tuple[str, Decimal]]:
        for row in self.scene.world.vouchers():
            taken = [one["PAID_AMT"] for one in row["payments"] if one["PYMNT_SELCT_STATUS"] == "P"]
            yield f"{row['BUSINESS_UNIT']}|{row['VOUCHER_ID']}", sum(taken, Decimal(0))

    def _check_answers(self, whole: dict[str, Any]) -> None:
        """Each time that an invoice was transferred, it was answered once: by us, or by hand."""
        assert whole["processingStatus"] in ("Transferred", "Paid", "TransferFailed"), (whole, self.done)
        answers = [one["externalCode"] for one in whole.get("transferResponses", ())]
        ours = [code for code in answers if not code.startswith("hand")]
        enough = len(ours) <= whole["generation"] <= len(answers)
        assert enough if len(ours) < len(answers) else len(ours) == whole["generation"], (whole, self.done)


@asynccontextmanager
async def walking(folder: Path, patch: pytest.MonkeyPatch, seed: int) -> AsyncIterator[Walk]:
    """A walk that has not begun, and is checked in the end."""
    chance = random.Random(seed)
    async with opened(folder, patch, invoices=0, transit=0.0, settle=30.0) as scene:
        yield Walk(scene, chance)


@pytest.mark.parametrize("seed", range(4))
async def test_any_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    async with walking(tmp_path, monkeypatch, seed) as walk:
        people = [walk.approve, walk.approve, walk.transfer_again, walk.accounts, walk.pay, walk.void]
        await walk.go(24, [*people, walk.run_back, walk.run_back, walk.run_out, walk.time_passes])
        await walk.settle()
        walk.check()
        await walk.correct()


@pytest.mark.parametrize("seed", range(100, 105))
async def test_any_order_with_lost_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    async with walking(tmp_path, monkeypatch, seed) as walk:
        people = [walk.approve, walk.approve, walk.transfer_again, walk.pay, walk.void]
        runs = [walk.run_back, walk.run_back, walk.run_out, walk.time_passes]
        await walk.go(26, [*people, *runs, walk.trouble, walk.trouble])
        await walk.settle()
        walk.check()
        await walk.correct()


@pytest.mark.parametrize("seed", range(200, 203))
async def test_others_answer_by_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """No voucher is made of what somebody has refused, and what was made already is told to people."""
    async with walking(tmp_path, monkeypatch, seed) as walk:
        people = [walk.approve, walk.approve, walk.transfer_again, walk.answer_by_hand]
        await walk.go(24, [*people, walk.run_back, walk.run_back, walk.time_passes])
        await walk.settle()
        walk.check()
        await walk.correct()
