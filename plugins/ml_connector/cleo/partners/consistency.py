"""Whether the parts of a partner's file go together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ml_connector.cleo.partners.profile import PartnerIdentity, Profile


def cross_faults(profile: Profile) -> Iterator[tuple[tuple[Any, ...], str, str]]:
    """What single fields cannot say about themselves: place, message and what was expected."""
    if profile.delimiters.segment == "\n" and profile.line_end != "none":
        yield ("line_end",), "segments end with a line feed already", "none"
    yield from _misplaced(profile)
    versions = [one.first for one in profile.versions]
    for index, first in enumerate(versions):
        if first in versions[:index]:
            yield ("versions", index), "two versions begin on one day", "a date of its own in from"
    for name in ("vendors", "customers"):
        keys = getattr(profile, name)
        for index, key in enumerate(keys):
            if key in keys[:index]:
                yield (name, index), f"{key} stands here twice", "each once"
    for index, one in enumerate(profile.identities):
        for other in profile.identities[:index]:
            if _ambiguous(one, other):
                message = "two identities begin on one day for the same business units"
                yield ("identities", index), message, "a date of its own in from, or business_units"


def _misplaced(profile: Profile) -> Iterator[tuple[tuple[Any, ...], str, str]]:
    """Ids that hold a delimiter, ids of items named twice, actions that nobody could find."""
    given = profile.delimiters
    signs = {given.element, given.component, given.segment, given.repetition}
    for index, one in enumerate(profile.identities):
        if held := sorted(signs & set(one.id + one.group)):
            message = f"the id holds {' '.join(held)}, which is a delimiter in this file"
            yield ("identities", index), message, "other delimiters"
    for kind in ("purchase_order", "invoice"):
        rules = getattr(profile.documents, kind)
        if rules is None:
            continue
        if len(set(rules.line_ids)) != len(rules.line_ids):
            yield ("documents", kind, "line_ids"), "an id of a line is named twice", "each once"
        if rules.action is not None and profile.connection is None:
            message = "an action is found by its connection, and the file names none"
            yield ("documents", kind, "action"), message, "connection, the alias in Cleo"


def _ambiguous(one: PartnerIdentity, other: PartnerIdentity) -> bool:
    if one.first != other.first or bool(one.business_units) != bool(other.business_units):
        return False
    return not one.business_units or bool(set(one.business_units) & set(other.business_units))
