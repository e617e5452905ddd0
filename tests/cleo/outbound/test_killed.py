"""SIGKILL anywhere: each document leaves as one interchange, with the same bytes and numbers."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from ml_connector.core.ledger.exchange import outbound
from ml_connector.core.state.crypto import Cipher
from ml_connector.core.state.database import Database
from ml_connector.core.state.migrate import migrate
from ml_connector.core.state.store import Store

from .killed import PLACES, DiskBox
from .support import Site, order

ROOT = Path(__file__).parents[3]


def run_until_killed(*arguments: str) -> None:
    command = [sys.executable, "-m", "tests.cleo.outbound.killed", *arguments]
    worker = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert worker.returncode == -signal.SIGKILL, worker.stderr


@pytest.mark.parametrize("place", PLACES)
async def test_a_killed_worker_leaves_one_interchange(tmp_path: Path, place: str) -> None:
    url, folder, key = f"sqlite:///{tmp_path / 'state.db'}", tmp_path / "box", Fernet.generate_key().decode()
    database = Database(url)
    migrate(database)
    run_until_killed(url, str(folder), key, place)
    with Store(database, Cipher([key]), actor="next") as store:
        site = Site(store)
        site.box = DiskBox(folder)
        site.put("1", order())
        kept = [(one.number, one.content_hash) for one in site.sent("1")]
        for _ in range(4):
            site.clock.advance(minutes=3)
            await site.run()
        (sent,) = site.sent("1")
        assert (sent.number, sent.left) == (1, True)
        assert kept in ([], [(sent.number, sent.content_hash)])
        (((_, name), content),) = site.box.files.items()
        assert (name, content) == (sent.file_name, outbound.content(store, sent.interchange_id))
        assert site.row("1").status in ("accepted", "loaded")
