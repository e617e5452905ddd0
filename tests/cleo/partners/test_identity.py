"""Who we are on envelopes."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from ml_connector.cleo.partners.identity import Identity, is_ours, own_identity, unit_of
from ml_connector.core.errors import ConfigurationError

US1 = Identity(qualifier="ZZ", id="PSFTUS001")
US2 = Identity(qualifier="ZZ", id="PSFTUS002", group_id="PLANT2")
REST = Identity(qualifier="01", id="987654321")


def test_a_unit_has_its_own_identity_or_that_of_all() -> None:
    ours = {"US001": US1, "*": REST}
    assert own_identity(ours, "US001") is US1
    assert own_identity(ours, "US009") is REST
    with pytest.raises(ConfigurationError, match="who we are on envelopes for business unit US009"):
        own_identity({"US001": US1}, "US009")


def test_the_group_id_is_the_id_unless_it_is_given() -> None:
    assert (US1.group, US2.group) == ("PSFTUS001", "PLANT2")
    assert US1.text == "ZZ:PSFTUS001"


def test_an_envelope_tells_the_unit_where_only_one_has_the_identity() -> None:
    ours = {"US001": US1, "US002": US2, "*": REST}
    assert unit_of(ours, "ZZ", "PSFTUS002") == "US002"
    assert unit_of(ours, "01", "987654321") is None
    assert unit_of(ours, "ZZ", "SOMEBODY") is None
    assert is_ours(ours, "01", "987654321")
    assert not is_ours(ours, "ZZ", "987654321")


def test_units_that_share_an_identity_are_told_apart_by_the_group() -> None:
    plants = {
        "US001": Identity(qualifier="ZZ", id="PSFT", group_id="PLANT1"),
        "US002": Identity(qualifier="ZZ", id="PSFT", group_id="PLANT2"),
    }
    assert unit_of(plants, "ZZ", "PSFT", "PLANT2") == "US002"
    assert unit_of(plants, "ZZ", "PSFT", "OTHER") is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"qualifier": "99", "id": "PSFT"},
        {"qualifier": "zz", "id": "PSFT"},
        {"qualifier": "ZZ", "id": "SIXTEENLETTERSID"},
        {"qualifier": "ZZ", "id": "PSFT "},
        {"qualifier": "ZZ", "id": "PS*FT"},
        {"qualifier": "ZZ", "id": "PSFT", "group_id": "X"},
        {"qualifier": "ZZ", "id": "PSFT", "name": "x"},
    ],
)
def test_what_does_not_fit_an_envelope_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Identity.model_validate(wrong)


def test_leading_zeros_stay() -> None:
    assert Identity(qualifier="01", id="001234567").id == "001234567"
