"""What PeopleSoft answers when a journal was made: which one it is, and what it says beside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ml_connector.core.contract import Payload
from ml_connector.peoplesoft.settlement.entries import Entry, title
from ml_connector.peoplesoft.soap import Created
from ml_connector.peoplesoft.writers.compare import normal
from ml_connector.peoplesoft.writers.private import hide

_DAY = len("2026-11-12")
UNIT, JOURNAL, DATE = "BUSINESS_UNIT", "JOURNAL_ID", "JOURNAL_DATE"


def changed_keys(entry: Entry, keys: Mapping[str, str]) -> dict[str, str]:
    """Keys that the site gave the journal in place of ours; an answer may leave keys out."""
    sent = {UNIT: entry.unit, JOURNAL: entry.journal, DATE: entry.date}
    given = {name: normal(keys.get(name)) for name in sent}
    given[DATE] = given[DATE][:_DAY]  # some sites answer with a time of day
    return {name: given[name] for name, value in sent.items() if given[name] and given[name] != normal(value)}


def as_made(entry: Entry, changed: Mapping[str, str]) -> Entry:
    """The entry under the keys that its journal really has."""
    return replace(
        entry,
        unit=changed.get(UNIT, entry.unit),
        journal=changed.get(JOURNAL, entry.journal),
        date=changed.get(DATE, entry.date),
    )


def not_as_sent(entry: Entry, changed: Mapping[str, str]) -> str:
    """What happened and what to do, where the site changes the keys of our journals."""
    made = as_made(entry, changed)
    return (
        f"PeopleSoft made journal {made.journal} of {made.unit}, dated {made.date}, in place of "
        f"{entry.journal} of {entry.unit}, dated {entry.date}. Journals are found again by their id only, so "
        f"nothing more is booked: change the component interface so that it takes {', '.join(changed)} as "
        f"sent. Look in PeopleSoft for other journals described {title(entry.reference, entry.kind)!r} and "
        "delete what stands there twice, then replay the payment"
    )


def said(entry: Entry, created: Created, body: Payload) -> str | None:
    """Warnings of a journal that was made: it may have to be put right before it can be posted."""
    texts = [message.text for message in created.messages if message.text]
    if not texts:
        return None
    return f"PeopleSoft made journal {entry.journal} of {entry.unit} and says: {hide('; '.join(texts), body)}"
