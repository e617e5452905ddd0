from __future__ import annotations

import pytest

from ml_connector.core.errors import AuthenticationError
from ml_connector.core.limits import Refusals
from ml_connector.core.limits.refusals import PAUSE
from ml_connector.core.state.database import Database
from ml_connector.core.state.store import Store
from tests.core.stages.support import Clock


def test_a_refusal_is_seen_by_every_process_and_forgotten_after_a_while(database: Database) -> None:
    clock = Clock()
    first, second = (Refusals(Store(database, clock=clock)) for _ in range(2))
    first.check("refused:bill:1")
    first.note("refused:bill:1")
    with pytest.raises(AuthenticationError, match="not tried again before 12:30 UTC"):
        second.check("refused:bill:1")
    second.check("refused:bill:2")
    clock.move(seconds=PAUSE.total_seconds())
    second.check("refused:bill:1")


def test_credentials_that_work_are_tried_again(database: Database) -> None:
    refusals = Refusals(Store(database))
    refusals.note("refused:bill:1")
    refusals.note("refused:bill:1")
    refusals.forget("refused:bill:1")
    refusals.check("refused:bill:1")
