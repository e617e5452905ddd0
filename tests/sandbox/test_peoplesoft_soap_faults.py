"""Planned faults at SOAP calls and at Voucher Build's doors."""

from __future__ import annotations

import pytest
import requests

from .soap_client import CONNECTOR, Site, journal

CREATE = "CI_JOURNAL_ENTRY_C.V1"
OPERATION = "SOAP CI_JOURNAL_ENTRY_C"
IB = "/PSIGW/HttpListeningConnector"


def journals(site: Site) -> int:
    return len(site.call("JOURNAL_ENTRY", "Find", JOURNAL_ID="ML") or [])


@pytest.fixture
def body(site: Site) -> str:
    return site.message("JOURNAL_ENTRY", "Create", **journal(JOURNAL_ID="ML00000001"))


@pytest.mark.parametrize("kind", ["lost", "timeout", "cut_off"])
def test_saved_and_never_heard_of(site: Site, body: str, kind: str) -> None:
    site.fault(kind, OPERATION)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        site.post(body, CREATE)
    assert journals(site) == 1


@pytest.mark.parametrize(("kind", "status"), [("broken_gateway", 502), ("truncate", 200)])
def test_saved_and_answered_badly(site: Site, body: str, kind: str, status: int) -> None:
    site.fault(kind, OPERATION)
    answer = site.post(body, CREATE)
    assert (answer.status_code, b"</soapenv:Envelope>" in answer.content) == (status, False)
    assert journals(site) == 1


def test_a_timed_out_create_commits_later(site: Site, body: str) -> None:
    site.fault("late_commit", OPERATION, seconds=60)
    assert site.post(body, CREATE).status_code == 504
    assert journals(site) == 0
    site.within(lambda sandbox: sandbox.clock.advance(61))
    site.thread.run(site.sandbox.settled)
    assert journals(site) == 1
    assert b">0</m:notification>" in site.post(body, CREATE).content  # the key exists by now


@pytest.mark.parametrize(("kind", "status"), [("error", 503), ("html", 200)])
def test_nothing_is_saved(site: Site, body: str, kind: str, status: int) -> None:
    site.fault(kind, OPERATION, status=status)
    assert site.post(body, CREATE).status_code == status
    assert journals(site) == 0
    assert site.post(body, CREATE).status_code == 200


def test_a_reset_saves_nothing(site: Site, body: str) -> None:
    site.fault("reset", OPERATION)
    with pytest.raises(requests.ConnectionError):
        site.post(body, CREATE)
    assert journals(site) == 0


def test_a_planned_message_is_a_fault(site: Site, body: str) -> None:
    text = "Integration Gateway - External System Contact Error"
    site.fault("error", "SOAP *", code="158,10721", message=text)
    answer = site.post(body, CREATE)
    assert (answer.status_code, f"{text} (158,10721)" in answer.text) == (500, True)
    assert "SOAP-ENV:Fault" in answer.text


def test_a_planned_message_at_the_http_connector(site: Site) -> None:
    site.fault("error", "IB VOUCHER_BUILD", code="158,10721", message="Contact Error")
    with site.http() as session:
        answer = session.post(f"{site.sandbox.peoplesoft_url}{IB}", data=b"<x/>", timeout=30)
    assert (answer.status_code, 'type="error"' in answer.text, "(158,10721)" in answer.text) == (
        200,
        True,
        True,
    )


def test_slow_waits_for_the_clock_and_held_for_its_release(site: Site, body: str) -> None:
    site.fault("slow", OPERATION, seconds=0.01)
    site.fault("hold", OPERATION, skip=1)
    assert site.post(body, CREATE).status_code == 200
    assert site.sandbox.calls.recent[-1].operation == OPERATION
    with site.http() as session, pytest.raises(requests.Timeout):
        session.post(f"{site.url}", data=body.encode(), headers={"SOAPAction": CREATE}, timeout=0.2)
    site.thread.run(lambda: site.sandbox.faults.held.reach(1))
    assert site.within(lambda sandbox: sandbox.faults.release()) == 1


def test_faults_at_the_wsdl(site: Site) -> None:
    site.fault("error", "WSDL CI_AP_VOUCHER", status=503)
    address = f"{site.sandbox.peoplesoft_url}{CONNECTOR}"
    with site.http() as session:
        query = {"Operation": "GetWSDL", "wsdl": "CI_AP_VOUCHER.1"}
        statuses = [session.get(address, params=query, timeout=30).status_code for _ in range(2)]
        other = session.get(f"{address}/CI_VNDR_ID.1.wsdl", timeout=30)
    assert (statuses, other.status_code) == ([503, 200], 200)
    assert site.sandbox.calls.count("peoplesoft WSDL CI_AP_VOUCHER") == 2
