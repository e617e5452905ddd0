"""All partners of a tenant: who stands for a supplier, and whose an envelope is.

What one file cannot say about itself is checked here: two partners that claim one supplier, or one
identity at the same time, would get each other's documents.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pydantic import BaseModel

from ml_connector.cleo.options import CleoOptions
from ml_connector.cleo.partners.files import folder_of, load_folder
from ml_connector.cleo.partners.identity import Identity
from ml_connector.cleo.partners.profile import PartnerIdentity, Profile
from ml_connector.core.config import InvalidFile, Problem, TenantConfig
from ml_connector.core.config.problems import KeyPath
from ml_connector.core.config.yamlfile import YamlFile
from ml_connector.core.errors import ConfigurationError

CUSTOMERS = "customers"
"""Record group by which a unit's customers have their SETID (``setid_of`` in the tenant file)."""


@dataclass(frozen=True, slots=True)
class _Claim:
    """An identity with the profile that claims it."""

    profile: Profile
    index: int
    identity: PartnerIdentity

    def overlaps(self, other: _Claim) -> bool:
        return self.identity.first <= other.identity.last and other.identity.first <= self.identity.last


class Directory:
    """Look-ups among the profiles of a tenant. They are taken to be free of mistakes."""

    def __init__(self, profiles: Sequence[Profile]) -> None:
        self.profiles = tuple(profiles)
        self._by_name = {profile.partner: profile for profile in profiles}
        self._by_vendor = {key: profile for profile in profiles for key in profile.vendors}
        self._by_customer = {key: profile for profile in profiles for key in profile.customers}
        self._claims = _claims(profiles)

    def by_name(self, name: str) -> Profile | None:
        """The partner of this name."""
        return self._by_name.get(name)

    def by_vendor(self, key: str) -> Profile | None:
        """The partner that stands for a supplier, ``SETID|VENDOR_ID``."""
        return self._by_vendor.get(key)

    def by_customer(self, key: str) -> Profile | None:
        """The partner that stands for a customer, ``SETID|CUST_ID``."""
        return self._by_customer.get(key)

    def by_connection(self, alias: str) -> list[Profile]:
        """The partners behind a connection in Cleo; several where a network carries them."""
        return [profile for profile in self.profiles if profile.connection == alias]

    def by_identity(self, qualifier: str, id_: str, group_id: str | None, day: date) -> Profile | None:
        """The partner whose identity stands on an envelope of this day.

        One with this id in the group as well goes first. Where none has it, any group id will do as
        long as only one partner has this identity. Where nobody has the identity on this day, it leads to
        whom it belonged to, or will: what was sent before a change is answered after it.
        """
        claims = self._claims.get((qualifier, id_), ())
        here = [claim for claim in claims if claim.identity.holds(day)] or claims
        exact = [claim for claim in here if claim.identity.group == group_id]
        found = {claim.profile.partner: claim.profile for claim in exact or here}
        return next(iter(found.values())) if len(found) == 1 else None


def open_directory(tenant: TenantConfig, options: CleoOptions) -> Directory:
    """The tenant's partners.

    Raises:
        InvalidFile: with the mistakes of all partner files. One broken file stops all of them: a partner
            that silently dropped out would get no orders, and nobody would know.
        ConfigurationError: the folder that the options name does not exist.
    """
    profiles, problems = _read(tenant, options)
    if problems:
        raise InvalidFile(problems)
    return Directory(profiles)


def check(tenant: TenantConfig, options: BaseModel) -> list[str]:
    """Every mistake in the partner files of a tenant, as sentences."""
    own = cleo_options(options)
    try:
        profiles, problems = _read(tenant, own)
    except ConfigurationError as error:
        return [str(error)]
    return [str(problem) for problem in problems] + _nameless(tenant, own, profiles)


def _nameless(tenant: TenantConfig, options: CleoOptions, profiles: Sequence[Profile]) -> list[str]:
    """Business units that could not say who they are."""
    if "*" in options.identities or not any(any(profile.takes()) for profile in profiles):
        return []
    missing = [unit for unit in tenant.business_units if unit not in options.identities]
    where = tenant.file.path if tenant.file else tenant.tenant
    return [
        f"{where}: integrations.cleo.options.identities: business unit {unit} has no identity of its own. "
        "Expected: one under its name, or under * for all."
        for unit in missing
    ]


def cleo_options(options: BaseModel) -> CleoOptions:
    """Cleo's own among the options of the integration, which may hold PeopleSoft's side too."""
    if not isinstance(options, CleoOptions):
        raise TypeError(f"Cleo's flows take CleoOptions, not {type(options).__name__}")
    return options


def _read(tenant: TenantConfig, options: CleoOptions) -> tuple[list[Profile], list[Problem]]:
    folder = folder_of(tenant, options.partners_folder)
    files = load_folder(folder, must_exist=options.partners_folder is not None)
    problems = [problem for file in files if file.error for problem in file.error.problems]
    profiles = [file.profile for file in files if file.profile]
    problems += _conflicts(profiles)
    for profile in profiles:
        problems += _strange(profile, tenant, options.identities)
    return profiles, problems


def _conflicts(profiles: Sequence[Profile]) -> Iterator[Problem]:
    for name in ("vendors", "customers"):
        owners: dict[str, Profile] = {}
        for profile in profiles:
            for index, key in enumerate(getattr(profile, name)):
                other = owners.setdefault(key, profile)
                if other is not profile:
                    message = f"{key} is partner {other.partner}'s already"
                    yield _problem(profile, (name, index), message, "each in the file of one partner")
    for claims in _claims(profiles).values():
        for number, claim in enumerate(claims):
            for other_claim in claims[:number]:
                if _collide(claim, other_claim):
                    yield _claimed_twice(claim, other_claim)


def _collide(one: _Claim, other: _Claim) -> bool:
    same = one.identity.group == other.identity.group
    return same and one.profile is not other.profile and one.overlaps(other)


def _claimed_twice(claim: _Claim, other: _Claim) -> Problem:
    shown = f"{claim.identity.text} with group id {claim.identity.group}"
    message = f"{shown} is partner {other.profile.partner}'s at the same time"
    expected = "dates that do not overlap (from, to), or another group_id"
    return _problem(claim.profile, ("identities", claim.index), message, expected)


def _strange(profile: Profile, tenant: TenantConfig, ours: Mapping[str, Identity]) -> Iterator[Problem]:
    """What does not fit the tenant."""
    own = {identity.text for identity in ours.values()}
    for index, identity in enumerate(profile.identities):
        at: KeyPath = ("identities", index)
        if identity.text in own:
            expected = "the partner's own identity"
            yield _problem(profile, at, f"{identity.text} is one of ours, by the tenant file", expected)
        for unit in identity.business_units:
            if unit not in tenant.business_units:
                expected = f"one of {', '.join(tenant.business_units)}"
                message = f"the tenant has no business unit {unit}"
                yield _problem(profile, (*at, "business_units"), message, expected)
    of_customers = {tenant.setid(CUSTOMERS, unit) for unit in tenant.business_units}
    for index, key in enumerate(profile.customers):
        if key.partition("|")[0] not in of_customers:
            expected = (
                f"one that setid_of.{CUSTOMERS} gives a business unit: {', '.join(sorted(of_customers))}"
            )
            message = "no business unit has customers in this SETID"
            yield _problem(profile, ("customers", index), message, expected)
    for index, key in enumerate(profile.vendors):
        if key.partition("|")[0] not in tenant.setids:
            expected = f"one of setids before the |: {', '.join(tenant.setids) or 'none is named'}"
            yield _problem(profile, ("vendors", index), "the tenant does not read this SETID", expected)


def _problem(profile: Profile, at: KeyPath, message: str, expected: str) -> Problem:
    file = profile.file or YamlFile(f"{profile.partner}.yaml", {}, {})
    return file.problem(at, message, expected)


def _claims(profiles: Sequence[Profile]) -> dict[tuple[str, str], list[_Claim]]:
    claims: dict[tuple[str, str], list[_Claim]] = defaultdict(list)
    for profile in profiles:
        for index, identity in enumerate(profile.identities):
            claims[identity.qualifier, identity.id].append(_Claim(profile, index, identity))
    return claims
