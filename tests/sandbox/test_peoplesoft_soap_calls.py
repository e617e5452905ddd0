"""SOAP calls: who may make them, how they are routed and checked, and what faults look like."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import requests
from lxml import etree
from zeep.exceptions import Fault
from zeep.wsse.username import UsernameToken

from sandbox import credentials
from sandbox.peoplesoft.soap.interfaces import of_site
from sandbox.peoplesoft.soap.messages import request_name, response_name

from .soap_client import BASIC, Site, voucher

CREATE = "CI_AP_VOUCHER_C.V1"
WSSE = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd}"


def tree(text: str | bytes) -> Any:
    parser = etree.XMLParser(remove_blank_text=True)
    return etree.fromstring(text.encode() if isinstance(text, str) else text, parser)


def outline(node: Any) -> list[Any]:
    """Qualified names, attributes and nesting, without texts."""
    return [node.tag, dict(node.attrib), [outline(child) for child in node]]


def message_of(answer: requests.Response) -> str:
    return str(tree(answer.content).findtext(".//DefaultMessage"))


def from_database(text: str, sample: Path, *, answer: bool) -> str:
    """A documented message in the namespace of this database."""
    documented = re.search(r'xmlns:m="([^"]+)"', sample.read_text())
    assert documented
    name = (response_name if answer else request_name)("EPDEV", next(of_site({})), "Create")
    return text.replace(documented[1], name.namespace)


def documented_request(facts: Path) -> str:
    path = facts / "peoplesoft/samples/soap_ci_create_request.xml"
    text = from_database(path.read_text(), path, answer=False)
    return text.replace("OPRID_HERE", credentials.OPRID).replace("PASSWORD_HERE", credentials.OPRID_PASSWORD)


def test_the_documented_request_is_accepted_and_answered_alike(site: Site, facts: Path) -> None:
    site.basic = None
    answers = [site.post(documented_request(facts), CREATE) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    for answer, name in zip(answers, ("ok", "rejected"), strict=True):
        path = facts / f"peoplesoft/samples/soap_ci_create_response_{name}.xml"
        documented = from_database(path.read_text(), path, answer=True)
        assert outline(tree(answer.content)) == outline(tree(documented)), name
        assert answer.headers["Content-Type"].startswith("text/xml")


def test_a_token_and_basic_both_open(site: Site) -> None:
    assert site.create("AP_VOUCHER", **voucher()).saved
    site.basic, site.wsse = None, BASIC
    site.clients.clear()
    assert site.create("AP_VOUCHER", **voucher(INVOICE_ID="OTHER")).saved


@pytest.mark.parametrize(("wanted", "basic", "wsse"), [("basic", None, BASIC), ("wsse", BASIC, None)])
def test_the_other_kind_is_nobody(site: Site, wanted: str, basic: Any, wsse: Any) -> None:
    site.switch(soap_verification=wanted)
    site.basic, site.wsse = basic, wsse
    with pytest.raises(Fault) as caught:
        site.create("AP_VOUCHER", **voucher())
    text = etree.tostring(caught.value.detail).decode()
    assert "User ANONYMOUS not authorized to invoke Service Operation CI_AP_VOUCHER_C. (158,536)" in text


def test_a_password_digest_does_not_open(site: Site) -> None:
    site.basic, client = None, site.client("CI_AP_VOUCHER")
    client.wsse = UsernameToken(*BASIC, use_digest=True)
    with pytest.raises(Fault) as caught:
        client.service.CI_AP_VOUCHER_G(BUSINESS_UNIT="US001", VOUCHER_ID="00000001")
    assert "(158,45)" in etree.tostring(caught.value.detail).decode()


@pytest.mark.parametrize(
    ("basic", "name"),
    [
        ((credentials.OPRID, "wrong"), "bad_password"),
        (("NOBODY", "wrong"), "username_not_defined"),
    ],
)
def test_refused_log_ons_look_as_documented(
    site: Site, facts: Path, basic: tuple[str, str], name: str
) -> None:
    body = site.message("AP_VOUCHER", "Create", **voucher())
    site.basic = basic
    answer = site.post(body, CREATE)
    documented = tree((facts / f"peoplesoft/samples/soap_fault_{name}.xml").read_bytes())
    shown = tree(answer.content)
    assert answer.status_code == 500
    assert outline(shown) == outline(documented)
    assert shown.findtext(".//DefaultMessage") == documented.findtext(".//DefaultMessage")


def test_wrong_passwords_lock_the_user_for_rest_too(site: Site) -> None:
    body = site.message("AP_VOUCHER", "Create", **voucher())
    site.basic = (credentials.OPRID, "wrong")
    texts = [message_of(site.post(body, CREATE)) for _ in range(6)]
    assert ["(158,45)" in text for text in texts] == [True] * 4 + [False] * 2
    site.basic = BASIC
    assert "(158,55)" in message_of(site.post(body, CREATE))
    assert site.sandbox.peoplesoft.identity.locked
    site.control("/peoplesoft/unlock")
    assert site.post(body, CREATE).status_code == 200


def test_a_denied_operation_looks_as_documented(site: Site, facts: Path) -> None:
    site.switch(denied=["CI_AP_VOUCHER_C"])
    answer = site.post(site.message("AP_VOUCHER", "Create", **voucher()), CREATE)
    documented = tree((facts / "peoplesoft/samples/soap_fault_not_authorized.xml").read_bytes())
    assert outline(tree(answer.content)) == outline(documented)
    wanted = documented.findtext(".//DefaultMessage").replace("INTUSER", credentials.OPRID)
    assert message_of(answer) == wanted
    assert site.call("AP_VOUCHER", "Get", BUSINESS_UNIT="US001", VOUCHER_ID="00000001")["INVOICE_ID"]


def test_malformed_xml_looks_as_documented(site: Site, facts: Path) -> None:
    documented = tree((facts / "peoplesoft/samples/soap_fault_xml_parse.xml").read_bytes())
    for body in (
        "<soapenv:Envelope><data></soapenv:Envelope>",
        "",
        "<envelope/>",
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
    ):
        answer = site.post(body, CREATE)
        assert outline(tree(answer.content)) == outline(documented)
        assert message_of(answer).endswith("(159,5)")
    assert "root:" not in answer.text


@pytest.mark.parametrize("switch", ["inactive operation", "inactive service", "alias"])
def test_no_routing(site: Site, switch: str) -> None:
    body, alias = site.message("AP_VOUCHER", "Create", **voucher()), CREATE
    if switch == "alias":
        alias = "CI_AP_VOUCHER_C.V2"
    else:
        site.switch(inactive=["CI_AP_VOUCHER_C" if "operation" in switch else "CI_AP_VOUCHER"])
    answer = site.post(body, alias)
    assert (answer.status_code, "(158,505)" in message_of(answer)) == (500, True)


def test_a_gateway_may_answer_faults_with_200(site: Site) -> None:
    site.switch(soap_fault_status="200")
    answer = site.post("<x", CREATE)
    assert (answer.status_code, "(159,5)" in answer.text) == (200, True)


def test_routing_reads_the_action_not_the_address(site: Site) -> None:
    body = site.message("AP_VOUCHER", "Create", **voucher())
    for path in ("/PSFT_EP/CI_JOURNAL_ENTRY.1.wsdl", "/CI_AP_VOUCHER.1.wsdl", "/PSFT_EP"):
        assert site.post(body, CREATE, path).status_code == 200
    assert site.post(body, CREATE, "/PSFT_HR").status_code == 404


class TestBody:
    """What the schema and the dictionary refuse."""

    def create(self, site: Site, **changed: Any) -> Any:
        return site.create("AP_VOUCHER", **voucher(**changed))

    def test_another_databases_namespace_is_refused(self, site: Site) -> None:
        body = site.message("AP_VOUCHER", "Create", **voucher())
        site.switch(database="EPTST")
        assert "namespace" in message_of(site.post(body, CREATE))
        site.switch(check_namespaces=False)
        assert b">1</m:notification>" in site.post(body, CREATE).content

    @pytest.mark.parametrize(
        ("found", "replaced"),
        [
            ("<ns0:INVOICE_ID>BW-778812<", "<ns0:INVOICE_NO>1</ns0:INVOICE_NO><ns0:INVOICE_ID>BW-778812<"),
            ("<ns0:BUSINESS_UNIT>US001</ns0:BUSINESS_UNIT>", ""),
            ("<ns0:VOUCHER_LINE_NUM>1</ns0:VOUCHER_LINE_NUM>", ""),
            (">BW-778812<", f">{'X' * 31}<"),
            (">1250.50<", ">1,250.50<"),
            (">1250.50<", ">1.2505e3<"),
            (">2026-10-02<", ">10/02/2026<"),
            (">2026-10-02<", ">2026-02-30<"),
            (">2026-10-02<", ">2026-10-02Z<"),
        ],
        ids=[
            "unknown element", "missing key", "missing row key", "too long", "comma", "exponent", "date form",
            "no such day", "time zone",
        ],
    )  # fmt: skip
    def test_what_the_schema_refuses(self, site: Site, found: str, replaced: str) -> None:
        body = site.message("AP_VOUCHER", "Create", **voucher())
        wrong = body.replace(found, replaced)
        assert wrong != body
        answer = site.post(wrong, CREATE)
        assert (answer.status_code, b">0</m:notification>" in answer.content) == (200, True)
        assert b"NEXT" in answer.content
        site.switch(invalid_body="fault")
        assert "does not match its schema" in message_of(site.post(wrong, CREATE))
        assert site.rows("ML_AP_VOUCHERS_OPEN", BUSINESS_UNIT="US001", VOUCHER_ID_OFFSET="90000099") == []

    def test_a_wrong_query_body_is_a_fault(self, site: Site) -> None:
        body = site.message("AP_VOUCHER", "Get", BUSINESS_UNIT="US001", VOUCHER_ID="00000001")
        answer = site.post(body.replace("US001", "US0010"), "CI_AP_VOUCHER_G.V1")
        assert "does not match its schema" in message_of(answer)

    def test_too_many_digits(self, site: Site) -> None:
        outcome = self.create(site, GROSS_AMT="1250.5001")
        assert (outcome.saved, outcome.numbers) == (False, ["3"])

    def test_blanks_are_one_space(self, site: Site) -> None:
        key = self.create(site, DESCR254_MIXED=" ", VNDR_LOC=" ", FREIGHT_AMT="").keys
        made = site.call("AP_VOUCHER", "Get", **key)
        assert (made["DESCR254_MIXED"], made["VNDR_LOC"], made["FREIGHT_AMT"]) == ("", "MAIN", "0")

    def test_texts_survive(self, site: Site) -> None:
        text = "Müller & Söhne <1> \u201cŁódź\u201d ]]>"
        key = self.create(site, DESCR254_MIXED=text).keys
        assert site.call("AP_VOUCHER", "Get", **key)["DESCR254_MIXED"] == text

    def test_a_database_without_unicode_replaces_characters(self, site: Site) -> None:
        site.switch(unicode_database=False)
        key = self.create(site, DESCR254_MIXED="Söhne, Łódź").keys
        assert site.call("AP_VOUCHER", "Get", **key)["DESCR254_MIXED"] == "Söhne, ?ód?"
