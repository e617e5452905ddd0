"""What labels are to become, from what they are and what documents want."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ml_connector.core.contract import Found, Intent, Operation, Outcome, TargetRecord, Verdict
from ml_connector.core.outcomes import in_doubt, loaded
from ml_connector.monday.labelled import Label
from ml_connector.monday.values import plain

ACTIVE, GONE = "active", "gone"


class LabelWork:
    """What one call is to do, worked out label by label.

    Attributes:
        changed: labels that change, by id, as they are to be.
        added: texts of new ones.
    """

    def __init__(self, labels: Sequence[Label], *, create: bool) -> None:
        self._ids, self._texts, self._create = by_id(labels), by_text(labels), create
        self.changed: dict[int, Label] = {}
        self.added: list[str] = []

    def take(self, intent: Intent) -> Outcome | None:
        """Plan a document; an outcome where nothing is left to do, or nothing can be done."""
        if intent.desired.absent or intent.operation is Operation.REMOVE:
            return self._remove(intent)
        text = text_of(intent)
        if not text:
            return refused(intent, "a label needs a text", local=True)
        return self._create_label(intent, text) if intent.target_id is None else self._change(intent, text)

    def _create_label(self, intent: Intent, text: str) -> Outcome | None:
        there = self._texts.get(text)
        if there is not None and there.off:
            # Perhaps another document's that is gone: the ledger knows, and asks before it is switched on.
            return in_doubt(intent, f"label {there.id} has this text and is deactivated")
        if there is not None:
            return loaded(intent, str(there.id))
        if not self._create:
            reason = "is no label of the column, and this flow may make none; add it by hand"
            return refused(intent, reason, local=True)
        if text not in self.added:
            self.added.append(text)
        return None

    def _change(self, intent: Intent, text: str) -> Outcome | None:
        label, other = self._ids.get(intent.target_id or ""), self._texts.get(text)
        if label is None:
            reason = f"its label {intent.target_id} was deleted from the column"
            return Outcome(intent.key, "conflict", target_id=intent.target_id, reason=reason)
        if (other is not None and other.id != label.id) or text in self.added:
            reason = f"another label of the column has the text {text!r}"
            return Outcome(intent.key, "conflict", target_id=intent.target_id, reason=reason)
        return self._set(intent, Label(label.id, text, False, label.raw))

    def _remove(self, intent: Intent) -> Outcome | None:
        """Deactivated, never deleted: items keep the label."""
        label = self._ids.get(intent.target_id or "")
        if label is None:
            return loaded(intent, intent.target_id)
        return self._set(intent, Label(label.id, label.text, True, label.raw))

    def _set(self, intent: Intent, label: Label) -> Outcome | None:
        before = self._ids[str(label.id)]
        if (before.text.strip(), before.off) != (label.text, label.off):
            self.changed[label.id] = label
            self._ids[str(label.id)] = label
            self._texts.pop(before.text.strip(), None)
            self._texts[label.text] = label
        return loaded(intent, str(label.id))


def added(intent: Intent, there: Mapping[str, Label]) -> Outcome:
    """A label that was added; its id stands in the answer."""
    label = there.get(text_of(intent))
    if label is None:
        return in_doubt(intent, "the column does not show the label that was added")
    return loaded(intent, str(label.id))


def found(intent: Intent, label: Label | None) -> Found:
    """What a look-up says of a document and the label that may be its own."""
    if label is None:
        return Found(intent.key, Verdict.ABSENT, intent.target_id)
    same = not label.off and label.text.strip() == text_of(intent)
    verdict = Verdict.EQUAL if (label.off if intent.desired.absent else same) else Verdict.DIFFERENT
    return Found(intent.key, verdict, str(label.id), {"name": label.text, "deactivated": label.off})


def record(label: Label) -> TargetRecord:
    """A label in the mapping's terms."""
    return TargetRecord(
        target_id=str(label.id), key=None, state=GONE if label.off else ACTIVE,
        body={"name": label.text.strip()}, label=label.text, absent=label.off, partial=True,
    )  # fmt: skip


def text_of(intent: Intent) -> str:
    """The text that a document's label is to have."""
    return plain(intent.desired.body.get("name") or "").strip()


def by_id(labels: Sequence[Label]) -> dict[str, Label]:
    """Labels by id."""
    return {str(label.id): label for label in labels}


def by_text(labels: Sequence[Label]) -> dict[str, Label]:
    """Those that can be chosen first: a deactivated one may have the text of another."""
    ordered = sorted(labels, key=lambda label: not label.off)
    return {label.text.strip(): label for label in ordered if label.text.strip()}


def refused(intent: Intent, reason: str, *, code: str | None = None, local: bool = False) -> Outcome:
    """A text that no label can have, or not this document's."""
    return Outcome(
        intent.key,
        "rejected",
        target_id=intent.target_id,
        reason=reason,
        field="name",
        code=code,
        local=local,
    )
