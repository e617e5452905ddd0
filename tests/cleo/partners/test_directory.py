"""All partners of a tenant: look-ups, and what two files together get wrong."""

from __future__ import annotations

import os
import time
from datetime import date
from pathlib import Path

import pytest

from ml_connector.cleo.options import CleoOptions
from ml_connector.cleo.partners import files
from ml_connector.cleo.partners.directory import Directory, check, open_directory
from ml_connector.cleo.partners.profile import Profile
from ml_connector.core.config import InvalidFile, load_tenant, load_tenants
from ml_connector.core.errors import ConfigurationError
from tests.cleo.partners.support import OPTIONS, profile, tenant_in, write

DAY = date(2026, 11, 20)
PROJECT = Path(__file__).parents[3]


def identity(qualifier: str, id_: str, group: str | None = None, **dated: str) -> dict[str, str]:
    return {"qualifier": qualifier, "id": id_, **({"group_id": group} if group else {}), **dated}


def test_a_partner_is_found_by_all_it_has() -> None:
    acme = profile(vendors=["SHARE|1", "SHARE|2"], customers=["SHARE|C1"], connection="ACME")
    globex = profile(partner="globex", vendors=["SHARE|3"], identities=[identity("ZZ", "GLOBEX")])
    here = Directory([acme, globex])
    assert here.by_name("globex") is globex
    assert here.by_vendor("SHARE|2") is acme
    assert here.by_customer("SHARE|C1") is acme
    assert here.by_connection("ACME") == [acme]
    assert here.by_identity("ZZ", "GLOBEX", "GLOBEX", DAY) is globex
    assert here.by_name("umbrella") is here.by_vendor("SHARE|9") is here.by_customer("SHARE|9") is None
    assert here.by_connection("UMBRELLA") == []


def test_both_identities_of_a_partner_lead_to_it() -> None:
    northwind = profile(identities=[identity("01", "222222222"), identity("01", "222222223")])
    here = Directory([northwind])
    for id_ in ("222222222", "222222223"):
        assert here.by_identity("01", id_, id_, DAY) is northwind
    assert here.by_identity("ZZ", "222222222", None, DAY) is None, "the qualifier belongs to the identity"


def test_divisions_behind_one_interchange_id_are_told_apart_by_the_group() -> None:
    grocery = profile(partner="grocery", identities=[identity("08", "925411", "GROCERY")])
    pharmacy = profile(partner="pharmacy", identities=[identity("08", "925411", "PHARMACY")])
    here = Directory([grocery, pharmacy])
    assert here.by_identity("08", "925411", "PHARMACY", DAY) is pharmacy
    assert here.by_identity("08", "925411", "OTHER", DAY) is None, "nobody is guessed"


def test_any_group_id_will_do_where_only_one_partner_has_the_identity() -> None:
    acme = profile(identities=[identity("01", "123456789", "ACME850")])
    assert Directory([acme]).by_identity("01", "123456789", "ACME810", DAY) is acme


def test_an_identity_leads_to_its_owner_of_the_day() -> None:
    old = profile(identities=[identity("01", "123456789", to="2026-06-30")])
    new = profile(partner="buyer", identities=[identity("01", "123456789", **{"from": "2026-07-01"})])
    here = Directory([old, new])
    assert here.by_identity("01", "123456789", None, date(2026, 6, 30)) is old
    assert here.by_identity("01", "123456789", None, date(2026, 7, 1)) is new


def test_an_identity_whose_days_are_over_leads_to_whom_it_belonged() -> None:
    old = profile(identities=[identity("01", "123456789", to="2026-06-30")])
    later = date(2026, 7, 1)
    assert Directory([old]).by_identity("01", "123456789", None, later) is old
    other = profile(partner="other", identities=[identity("01", "123456789", to="2026-03-31")])
    assert Directory([old, other]).by_identity("01", "123456789", None, later) is None, "nobody is guessed"


# ---- files


def test_the_demo_has_four_partners_without_a_mistake() -> None:
    tenant = load_tenant(PROJECT / "include/tenants/demo.yaml")
    names = [one.partner for one in open_directory(tenant, CleoOptions()).profiles]
    assert names == ["acme", "globex", "initech", "northwind"]
    assert check(tenant, OPTIONS) == []
    assert [file.name for file in load_tenants(PROJECT / "include/tenants")] == ["demo"]


def test_a_tenant_without_partner_files_has_no_partners(tmp_path: Path) -> None:
    assert open_directory(tenant_in(tmp_path), OPTIONS).profiles == ()


def test_a_folder_that_is_named_must_exist(tmp_path: Path) -> None:
    tenant = tenant_in(tmp_path)
    options = OPTIONS.model_copy(update={"partners_folder": "edi"})
    with pytest.raises(ConfigurationError, match=r"the folder of partner files .*edi does not exist"):
        open_directory(tenant, options)
    assert len(check(tenant, options)) == 1
    write(tmp_path).parent.rename(tmp_path / "edi")
    assert [one.partner for one in open_directory(tenant, options).profiles] == ["acme"]


def test_all_mistakes_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    write(tmp_path, "acme", line_end="CR", upper_case="no")
    write(tmp_path, "globex", text="partner: [")
    write(tmp_path, "initech")
    tenant = tenant_in(tmp_path)
    told = check(tenant, OPTIONS)
    assert [text.split(":")[0].rsplit("/", 1)[1] for text in told] == ["acme.yaml"] * 2 + ["globex.yaml"]
    with pytest.raises(InvalidFile) as caught:
        open_directory(tenant, OPTIONS)
    assert len(caught.value.problems) == 3


def test_two_partners_cannot_have_one_supplier(tmp_path: Path) -> None:
    write(tmp_path, "acme")
    write(tmp_path, "globex", identities=[identity("ZZ", "GLOBEX")])
    (told,) = check(tenant_in(tmp_path), OPTIONS)
    assert "globex.yaml" in told
    assert "SHARE|0000000002 is partner acme's already" in told


def test_two_partners_cannot_have_one_identity_at_one_time(tmp_path: Path) -> None:
    write(tmp_path, "acme", identities=[identity("01", "123456789", to="2026-06-30")])
    later = {"from": "2026-06-30"}
    write(tmp_path, "globex", vendors=["SHARE|3"], identities=[identity("01", "123456789", **later)])
    (told,) = check(tenant_in(tmp_path), OPTIONS)
    assert "globex.yaml" in told
    assert "01:123456789 with group id 123456789 is partner acme's at the same time" in told
    later = {"from": "2026-07-01"}
    write(tmp_path, "globex", vendors=["SHARE|3"], identities=[identity("01", "123456789", **later)])
    assert check(tenant_in(tmp_path), OPTIONS) == []


def test_what_does_not_fit_the_tenant_is_told(tmp_path: Path) -> None:
    strange = identity("ZZ", "PSFTUS001") | {"business_units": ["US009"]}
    write(tmp_path, vendors=["OTHER|1"], customers=["OTHER|C1"], identities=[strange])
    told = "\n".join(check(tenant_in(tmp_path), OPTIONS))
    assert "ZZ:PSFTUS001 is one of ours" in told
    assert "the tenant has no business unit US009" in told
    assert "the tenant does not read this SETID" in told
    assert "no business unit has customers in this SETID" in told
    assert len(told.splitlines()) == 4


def test_hidden_and_other_files_are_left_alone(tmp_path: Path) -> None:
    write(tmp_path)
    write(tmp_path, ".acme", text="swap file")
    (tmp_path / "demo/partners/README.md").write_text("notes")
    (tmp_path / "demo/partners/old.yaml").mkdir()
    assert check(tenant_in(tmp_path), OPTIONS) == []


def test_a_file_is_read_again_only_when_it_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    load = files.load_profile

    def noted(path: Path) -> Profile:
        read.append(path.stem)
        return load(path)

    monkeypatch.setattr(files, "load_profile", noted)
    tenant = tenant_in(tmp_path)
    write(tmp_path, "acme")
    other = write(tmp_path, "globex", vendors=["SHARE|3"], identities=[identity("ZZ", "GLOBEX")])
    open_directory(tenant, OPTIONS)
    open_directory(tenant, OPTIONS)
    assert read == ["acme", "globex"]
    write(tmp_path, "globex", vendors=["SHARE|4"], identities=[identity("ZZ", "GLOBEX")])
    os.utime(other, ns=(1, 1))
    assert open_directory(tenant, OPTIONS).by_vendor("SHARE|4") is not None
    assert read == ["acme", "globex", "globex"]
    other.unlink()
    assert [one.partner for one in open_directory(tenant, OPTIONS).profiles] == ["acme"]


def test_500_partners_are_read_well_under_two_seconds(tmp_path: Path) -> None:
    text = (PROJECT / "include/tenants/demo/partners/acme.yaml").read_text()
    for number in range(500):
        own = text.replace("partner: acme", f"partner: p{number}").replace("123456789", f"{number:09}")
        write(tmp_path, f"p{number}", text=own.replace("0000000002", f"{number:010}"))
    tenant = tenant_in(tmp_path)
    began = time.process_time()
    assert len(open_directory(tenant, OPTIONS).profiles) == 500
    first, began = time.process_time() - began, time.process_time()
    open_directory(tenant, OPTIONS)
    again = time.process_time() - began
    assert first < 2.0
    assert again < 0.2
