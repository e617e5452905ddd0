"""The same short life over SFTP, with a password and with a key."""

from __future__ import annotations

import asyncssh
import pytest

from tests.flows.cleo import CleoWorld, Row, connect

PASSWORD, KEY = "password", "key"


def over_sftp(cleo: CleoWorld, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    host, _, port = cleo.sandbox.addresses["cleo_sftp"].partition(":")
    extra: Row = {
        "transport": "sftp", "sftp_host": host, "sftp_port": port,
        "sftp_host_key": cleo.sandbox.addresses["cleo_sftp_host_key"],
    }  # fmt: skip
    if way == KEY:
        key = asyncssh.generate_private_key("ssh-ed25519")
        cleo.cleo("authorize-key", public_key=key.export_public_key().decode())
        extra["sftp_key"] = key.export_private_key().decode()
    cleo.cleo_state.switches.change({"sftp_login": way})
    connect(cleo.sandbox, monkeypatch, cleo=extra)


@pytest.mark.parametrize("way", [PASSWORD, KEY])
async def test_a_short_life(cleo: CleoWorld, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    over_sftp(cleo, monkeypatch, way)
    cleo.behave(response="accept", invoice="exact")
    order = cleo.order()
    await cleo.exchange()
    assert cleo.row(order).status == "loaded"
    assert len(cleo.vouchers()) == 1
    cleo.edit(order, "cancel")
    await cleo.exchange()
    assert cleo.held_by("acme", order).cancelled
    cleo.check()
    uploads = cleo.sandbox.calls.per_operation["cleo POST /folders/{id}/contents"]
    assert uploads == 0, "no file went by the REST interface"
    before = len(cleo.cleo_state.router.taken)
    await cleo.exchange()
    assert len(cleo.cleo_state.router.taken) == before


@pytest.mark.parametrize("operation", ["list", "open", "write", "rename", "read", "remove"])
async def test_a_connection_that_breaks_off(
    cleo: CleoWorld, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    over_sftp(cleo, monkeypatch, PASSWORD)
    cleo.behave(response="accept", invoice="exact")
    cleo.order()
    cleo.order("globex", 2)
    rule = cleo.fault("lost", f"SFTP {operation}", count=2)
    await cleo.settle_down()
    assert rule.struck
    cleo.check()
    assert len(cleo.vouchers()) == 2
