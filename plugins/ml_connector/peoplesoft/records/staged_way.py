"""Way ``staged``: a CSV file per batch, in a folder from which the site imports.

A name holds a digest of its file, so no name ever stands for other content. It becomes a step of each
document before the file is written: a file that is there says that its documents are done. Documents
that come again in other company go into another file.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from ml_connector.core import codec
from ml_connector.core.contract import (
    Found,
    Intent,
    Limits,
    Operation,
    Outcome,
    Payload,
    Progress,
    TargetPage,
    Verdict,
)
from ml_connector.core.errors import ConfigurationError, Rejected, Unavailable
from ml_connector.core.outcomes import as_found, loaded
from ml_connector.peoplesoft.folders import Folder
from ml_connector.peoplesoft.records.files import check, render
from ml_connector.peoplesoft.records.kinds import RecordKind, fields_of
from ml_connector.peoplesoft.writers.outcomes import held, rejected

ROWS = 500
"""Records that one file takes."""

STAGED = "staged"
"""Step of a document: the file that shall hold it, and digests of the document and of the file."""


class StagedRecords:
    """``core.contract.Target`` for one kind of record.

    No target ids: nothing of a file can be read back once the site has imported it.

    Args:
        folder: where the files go.
        tenant: begins their names.
        now: the current time; names sort by it, so that an import can take them in their order.
    """

    def __init__(self, kind: RecordKind, folder: Folder, tenant: str, *, now: Callable[[], datetime]) -> None:
        self._kind, self._folder, self._tenant, self._now = kind, folder, tenant, now
        self.limits = Limits(batch=dict.fromkeys(Operation, ROWS), settle=0.0, adopt=False)

    async def find(self, intents: Sequence[Intent]) -> list[Found]:
        """Done where the file lies in the folder; else it is written, once more if the site has taken it."""
        names = set(await asyncio.to_thread(self._names))
        return [
            Found(intent.key, Verdict.EQUAL if self._file_of(intent) in names else Verdict.ABSENT)
            for intent in intents
        ]

    async def write(self, intents: Sequence[Intent], progress: Progress) -> list[Outcome]:
        """All records of one call go into one file, apart from those whose very file was begun before.

        Raises:
            ConfigurationError: the folder cannot be written to.
            Unavailable: it does not answer.
        """
        outcomes: list[Outcome] = []
        files: defaultdict[str | None, list[Intent]] = defaultdict(list)
        for intent in intents:
            if outcome := self._refused(intent):
                outcomes.append(outcome)
            else:
                files[self._file_of(intent)].append(intent)
        new = files.pop(None, [])
        for name, together in files.items():
            if self._is_whole(together):
                outcomes += await self._publish(str(name), together)
            else:  # of some members of a file, nobody can say whether the others ever lay in it
                new += together
        return outcomes + await self._begin(new, progress)

    async def _begin(self, intents: Sequence[Intent], progress: Progress) -> list[Outcome]:
        """Choose the name of a file, then write it."""
        if not intents:
            return []
        digest = codec.digest_of(self._render(intents))
        name = self._name(digest)
        for intent in intents:
            await progress.step(intent, STAGED, {"file": name, "content": _content(intent), "whole": digest})
        return await self._publish(name, intents)

    async def _publish(self, name: str, intents: Sequence[Intent]) -> list[Outcome]:
        await asyncio.to_thread(self._write, name, self._render(intents))
        return [loaded(intent, None) for intent in intents]

    def _is_whole(self, intents: Sequence[Intent]) -> bool:
        """Whether these are all records of the file that was chosen for them."""
        wholes = {intent.steps[STAGED].get("whole") for intent in intents}
        return wholes == {codec.digest_of(self._render(intents))}

    def _render(self, intents: Sequence[Intent]) -> bytes:
        ordered = sorted(intents, key=lambda one: one.document_id)
        return render(self._kind, [fields_of(intent.desired.body) for intent in ordered])

    def _refused(self, intent: Intent) -> Outcome | None:
        if intent.operation is Operation.REMOVE:
            return held(
                intent, f"a file cannot take a {self._kind.noun} back; delete it in PeopleSoft by hand"
            )
        try:
            check(self._kind, fields_of(intent.desired.body))
        except Rejected as refusal:
            return rejected(intent, refusal)
        return None

    def _file_of(self, intent: Intent) -> str | None:
        """The file that an earlier attempt chose for just this content."""
        step = intent.steps.get(STAGED) or {}
        return step.get("file") if step.get("content") == _content(intent) else None

    def _name(self, digest: str) -> str:
        stamp = self._now().astimezone(UTC).strftime("%Y%m%dT%H%M%S%fZ")
        return f"{self._tenant}-{self._kind.name}-{stamp}-{digest[:16]}.csv"

    def _names(self) -> list[str]:
        try:
            return self._folder.names()
        except OSError as error:
            raise self._unavailable("the folder cannot be read", error) from error

    def _write(self, name: str, content: bytes) -> None:
        try:
            self._folder.write(name, content)
        except (FileNotFoundError, NotADirectoryError, PermissionError, IsADirectoryError) as error:
            raise ConfigurationError(
                f"{name} cannot be written: {error.strerror or type(error).__name__}",
                field="records.folder",
                expected="a folder that the worker may write to",
            ) from error
        except OSError as error:
            raise self._unavailable(f"{name} cannot be written", error) from error

    def _unavailable(self, what: str, error: OSError) -> Unavailable:
        return Unavailable(f"{what} (records.folder): {error.strerror or type(error).__name__}")

    async def confirm(self, intents: Sequence[Intent], receipts: Sequence[Payload]) -> list[Outcome]:
        """Nothing is ever left undecided."""
        return as_found(await self.find(intents))

    async def read_back(
        self, target_ids: Sequence[str] | None = None, cursor: str | None = None
    ) -> TargetPage:
        """Nothing: what became of a file is for the site's import to say."""
        return TargetPage([], None)


def _content(intent: Intent) -> str:
    return codec.digest(intent.desired.body)
