"""What a page says after an action: chosen by name, so that an address cannot put words into it."""

from __future__ import annotations

_NEXT_RUN = "The DAG's next run does the work; trigger it in Airflow if it should be at once."

_DONE = {
    "replay": "{documents} will go {their} way again. " + _NEXT_RUN,
    "release": "{documents} may go. " + _NEXT_RUN,
    "adopt": "The object in the target now belongs to this document, which is sent as an update. "
    + _NEXT_RUN,
    "create": "The target is asked once more; if the object is not there, it is created. " + _NEXT_RUN,
    "confirm-changes": "{changes} may pass the guard, once. " + _NEXT_RUN,
    "accept-columns": "The columns that the source has in the next run become the new contract. " + _NEXT_RUN,
    "crosswalk-set": "The entry stands, and no run will replace it. "
    "Documents that wait for it go on with the next run.",
    "crosswalk-remove": "The entry is gone. Documents that need it will wait for a new one.",
}
_NOTHING = "Nothing was changed: what you saw had moved on meanwhile."


def notice(done: str, count: int) -> str | None:
    """The sentence for an action that has just been done to so many; None for no action."""
    if done not in _DONE:
        return None
    if count < 1:
        return _NOTHING
    documents = "The document" if count == 1 else f"{count:,} documents"
    changes = "One update or removal" if count == 1 else f"{count:,} updates and removals"
    return _DONE[done].format(documents=documents, changes=changes, their="its" if count == 1 else "their")
