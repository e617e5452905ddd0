"""What fails alone is told once and stops nothing else; what concerns all of Cleo stops the flow."""

from __future__ import annotations

import pytest

from ml_connector.cleo.connect import Cleo
from ml_connector.cleo.inbound.rounds import Round
from ml_connector.core.contract import CaughtUp
from ml_connector.core.errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectorError,
    ContractChanged,
    NotActivated,
    RateLimited,
    Rejected,
    Unavailable,
)

from .support import GLOBEX, Office, file, group, invoice

GOOD = file(group("IN", 91, invoice()))
STRANGE = file(group("IN", 92, invoice("INV-2")), sender=GLOBEX, number=202)


async def once(office: Office) -> CaughtUp:
    made = Round(Cleo(office.mailbox, None), office.context)
    made._watch._api = office.cleo
    return await made.run()


@pytest.mark.parametrize(
    "error",
    [
        Unavailable("a web page came back (HTTP 200) instead of data"),
        Unavailable("downloading a.html over SFTP failed (SFTPFailure)"),
        NotActivated("the user lacks a right", operation="download"),
        Rejected("cannot be read"),
        ContractChanged("another form"),
    ],
)
async def test_a_file_that_cannot_be_read_is_told_once_and_the_others_are_taken(
    office: Office, error: ConnectorError
) -> None:
    office.drop(b"<html>", "a.html", "download/810")
    office.drop(GOOD, "b.edi", "download/810")
    office.drop(STRANGE, "c.edi", "download/other")
    office.mailbox.broken = {"a.html": error}
    found = await once(office)
    assert found.failure is None
    assert [row.status for row in office.rows()] == ["taken", "quarantined"]
    (left,) = [alert for alert in found.alerts if "a.html" in alert]
    assert left.startswith("download/810/a.html is left in its folder")
    assert str(error) in left
    assert len(found.alerts) == 2
    assert await once(office) == CaughtUp(alerts=[])
    office.mailbox.broken = {}
    (alert,) = (await once(office)).alerts
    assert "is no X12" in alert
    assert office.mailbox.files.keys() == {("upload/997", name) for _, name, _ in office.mailbox.uploads}


async def test_what_is_broken_again_is_told_again(office: Office) -> None:
    office.drop(GOOD, "a.edi")
    for _ in range(2):
        office.mailbox.broken = {"a.edi": Rejected("cannot be read")}
        assert len((await once(office)).alerts) == 1
        office.mailbox.broken = {}
        assert (await once(office)).alerts == []
        office.drop(GOOD, "a.edi")


async def test_a_file_that_cannot_be_removed_is_told_once_and_left(office: Office) -> None:
    office.drop(STRANGE, "a.edi", "download/810")
    office.drop(GOOD, "b.edi", "download/other")
    office.mailbox.stays = {"a.edi"}
    found = await once(office)
    assert found.failure is None
    assert ["no partner's file" in found.alerts[0], "permission denied" in found.alerts[1]] == [True, True]
    assert [row.status for row in office.rows()] == ["quarantined", "taken"]
    for _ in range(2):
        assert await once(office) == CaughtUp(alerts=[])
    assert ("download/810", "a.edi") in office.mailbox.files


async def test_where_the_folder_is_not_listed_either_all_of_cleo_is_away(office: Office) -> None:
    office.drop(STRANGE, "a.edi", "download/810")
    office.drop(GOOD, "b.edi", "download/810")
    down = Unavailable("no answer")

    class Down(dict[str, Exception]):
        def __contains__(self, name: object) -> bool:
            if name == "b.edi":
                office.mailbox.closed = dict.fromkeys(office.context.options.folders.download, down)
            return super().__contains__(name)

    office.mailbox.broken = Down({"b.edi": down})
    found = await once(office)
    assert found.failure is down
    (alert,) = found.alerts
    assert "no partner's file" in alert
    office.mailbox.broken, office.mailbox.closed = {}, {}
    assert await once(office) == CaughtUp(alerts=[])
    assert [row.status for row in office.rows()] == ["quarantined", "taken"]


@pytest.mark.parametrize("error", [AuthenticationError("refused"), RateLimited("later", retry_after=60.0)])
async def test_what_concerns_the_user_ends_the_round(office: Office, error: ConnectorError) -> None:
    office.drop(STRANGE, "a.edi", "download/810")
    office.drop(GOOD, "b.edi", "download/810")
    office.mailbox.broken = {"b.edi": error}
    found = await once(office)
    assert found.failure is error
    assert len(found.alerts) == 1
    assert office.mailbox.uploads == []


@pytest.mark.parametrize(
    "error", [NotActivated("no right", operation="list"), ContractChanged("another form")]
)
async def test_a_folder_that_cannot_be_listed_stops_after_the_others(
    office: Office, error: ConnectorError
) -> None:
    office.drop(STRANGE, "a.edi", "download/other")
    office.drop(GOOD, "b.edi", "download/810")
    office.mailbox.closed = {"download/997": error}
    found = await once(office)
    assert found.failure is error
    assert len(found.alerts) == 1
    assert len(office.mailbox.uploads) == 1


async def test_a_folder_that_is_missing_keeps_the_alerts(office: Office) -> None:
    office.drop(STRANGE)
    office.mailbox.missing = {"download/997"}
    found = await once(office)
    assert isinstance(found.failure, ConfigurationError)
    assert len(found.alerts) == 1


@pytest.mark.parametrize(
    "error",
    [
        Unavailable("HTTP 500"),
        RateLimited("later", retry_after=60.0),
        ContractChanged("another form"),
        ConfigurationError("more than 200 pages"),
        Rejected("odd", code="422"),
        NotActivated("no right", operation="TR"),
    ],
)
async def test_monitoring_that_fails_is_told_once_and_folders_tell(
    office: Office, error: ConnectorError
) -> None:
    office.order()
    office.drop(GOOD)
    office.cleo.error = error
    found = await once(office)
    assert found.failure is None
    (alert,) = found.alerts
    assert str(error) in alert
    assert "paths.transfers" in alert
    assert office.statuses() == ["taken"]
    (order, _) = office.rows("out")
    assert order.picked_up_at is not None
    office.order(58)
    assert await once(office) == CaughtUp(alerts=[])
    office.cleo.error = None
    office.order(59)
    assert await once(office) == CaughtUp(alerts=[])


async def test_a_reason_that_cleo_shows_no_transfers_is_told_once(office: Office) -> None:
    office.order()
    office.cleo.trouble = "a web page came back"
    assert "a web page came back" in (await once(office)).alerts[0]
    assert await once(office) == CaughtUp(alerts=[])


async def test_monitoring_that_refuses_the_user_is_a_failure(office: Office) -> None:
    """Else each run would try again, until Cleo locks the account."""
    office.order()
    office.drop(GOOD)
    office.cleo.error = AuthenticationError("refused")
    assert (await once(office)).failure is office.cleo.error
    assert office.statuses() == ["taken"]


async def test_an_upload_folder_that_cannot_be_listed_is_told_once(office: Office) -> None:
    office.order()
    office.mailbox.closed = {"upload/850": ContractChanged("another form")}
    found = await once(office)
    assert found.failure is None
    (alert,) = found.alerts
    assert "upload/850" in alert
    assert await once(office) == CaughtUp(alerts=[])
