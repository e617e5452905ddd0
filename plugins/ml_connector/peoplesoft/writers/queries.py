"""Looking up what PeopleSoft has, over queries: by natural key first, then whole objects by their keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from ml_connector.core.config import Dataset, Query, TenantConfig
from ml_connector.core.contract import Document, Payload, Unreadable
from ml_connector.core.errors import ConfigurationError
from ml_connector.peoplesoft.fold import Folder
from ml_connector.peoplesoft.query import QueryCall, QueryService
from ml_connector.peoplesoft.reader import PeopleSoftSource
from ml_connector.peoplesoft.rows import Layouts, Row
from ml_connector.peoplesoft.writers.kinds import Kind
from ml_connector.peoplesoft.writers.lookup import CANDIDATES, Lookup, Matches, Read, has_key, spellings

ROWS = 2000
"""Rows that the answer to one question may have: the join of some objects, and never all there are."""


@dataclass(slots=True)
class Answer:
    """Documents with the key that was asked for.

    Attributes:
        doubt: the query does not ask what it should, so an absence proves nothing.
        unclear: about this key the query cannot say everything.
    """

    documents: list[Document] = field(default_factory=list)
    doubt: str | None = None
    unclear: str | None = None


class Question:
    """A dataset's ``by_key`` query with values of our own, and whether its answer fits them.

    A query that lost a criterion answers too much and says nothing about it, so every row is held
    against the question.
    """

    def __init__(
        self, dataset: Dataset, tenant: TenantConfig, service: QueryService, now: Callable[[], datetime]
    ) -> None:
        if dataset.queries.by_key is None:
            raise ConfigurationError(f"dataset {dataset.dataset} has no by_key query")
        self.query: Query = dataset.queries.by_key
        self._dataset, self._service, self._now = dataset, service, now
        self._zone = ZoneInfo(tenant.time_zone)
        self._layouts = Layouts(dataset, self._zone)

    def can_ask(self, values: Mapping[str, str]) -> bool:
        """Whether a prompt can hold these values: PeopleSoft splits them at commas."""
        return not any("," in value for value in self._prompts(values).values())

    async def ask(self, values: Mapping[str, str]) -> Answer:
        """Documents with this key.

        Args:
            values: fields of the dataset's key, or some of them.
        """
        call = QueryCall(self.query.name, self._prompts(values), ROWS + 1, self.query.owner)
        rows = (await self._service.run(call)).rows
        if not rows:
            return Answer()
        documents, unreadable = self._folded(rows)
        answer = Answer([one for one in documents if has_key(one.payload, values)])
        if len(answer.documents) < len(documents):
            answer.doubt = f"query {self.query.name} answers what was not asked for; it has lost a criterion"
        elif unreadable:
            one = unreadable[0]
            answer.unclear = f"{one.key}: {one.field} is {one.value!r}, expected {one.expected}"
        elif len(rows) > ROWS or len(rows) == self._service.row_cap:
            answer.unclear = f"query {self.query.name} answers {len(rows)} rows, and there may be more"
        return answer

    def _folded(self, rows: Sequence[Row]) -> tuple[list[Document], list[Unreadable]]:
        plan = self._layouts.plan(self.query.name, rows)
        folder = Folder(self._dataset, plan, self._today())
        folder.add(rows)
        return folder.result()

    def _prompts(self, values: Mapping[str, str]) -> dict[str, str]:
        known = {f"key.{name}": value for name, value in values.items()}
        known["unit"] = values.get(self._dataset.unit_name, "")
        known["today"] = self._today()
        missing = [source for source in self.query.prompts.values() if source not in known]
        if missing:
            raise ConfigurationError(
                f"query {self.query.name} of dataset {self._dataset.dataset} wants {missing[0]}, which a "
                "look-up does not know",
                expected=f"prompts filled with {', '.join(sorted(known))}",
            )
        return {name: known[source] for name, source in self.query.prompts.items()}

    def _today(self) -> str:
        return self._now().astimezone(self._zone).date().isoformat()


class ByQuery:
    """The tenant's queries; what no prompt can hold is asked over the component interface.

    Args:
        source: reads whole objects of the kind's dataset.
        question: of the kind's search dataset.
        otherwise: for natural keys with a comma.
    """

    def __init__(self, kind: Kind, source: PeopleSoftSource, question: Question, otherwise: Lookup) -> None:
        self._kind, self._source, self._question = kind, source, question
        self._otherwise = otherwise

    async def read(self, target_ids: Sequence[str]) -> Read:
        """See :class:`Lookup`."""
        answer = await self._source.by_key(list(dict.fromkeys(target_ids)))
        records = {document.key: self._renamed(document.payload) for document in answer.documents}
        broken = {
            item.key: f"{item.field} is {item.value!r}, expected {item.expected}" for item in answer.rejected
        }
        return Read(records, broken)

    async def matching(self, natural: Mapping[str, str]) -> Matches:
        """See :class:`Lookup`."""
        if not self._question.can_ask(natural):
            return await self._otherwise.matching(natural)
        matches = Matches()
        documents: dict[str, Document] = {}
        for asked in spellings(natural):
            answer = await self._question.ask(asked)
            matches.doubt, matches.unclear = matches.doubt or answer.doubt, matches.unclear or answer.unclear
            documents.update({document.key: document for document in answer.documents})
        if self._kind.found is None:
            records = [self._renamed(document.payload) for document in documents.values()]
            matches.records = {key: one for one in records if (key := self._kind.target_id(one)) is not None}
        else:
            await self._read_found(documents, matches)
        return matches

    async def _read_found(self, documents: Mapping[str, Document], matches: Matches) -> None:
        ids = [target_id for document in documents.values() for target_id in self._ids(document.payload)]
        if len(ids) > CANDIDATES:
            matches.unclear = f"PeopleSoft has {len(ids)} {self._kind.noun}s under this key"
        if not ids or len(ids) > CANDIDATES:
            return
        read = await self.read(ids)
        matches.records = read.records
        lost = [target_id for target_id in ids if target_id not in read.records]
        if lost:
            why = read.unreadable.get(lost[0], "its own query does not answer it")
            matches.unclear = f"{self._kind.noun} {lost[0]} is there, but cannot be read: {why}"

    def _ids(self, payload: Payload) -> list[str]:
        rows = payload.get(self._kind.found or "") or ()
        found = (self._kind.target_id({**payload, **row}) for row in rows)
        return list(dict.fromkeys(target_id for target_id in found if target_id is not None))

    def _renamed(self, payload: Mapping[str, Any]) -> Payload:
        """Collections under the names that they have in the component interface."""
        return {
            self._kind.collections.get(name, name): [self._renamed(row) for row in value]
            if isinstance(value, list)
            else value
            for name, value in payload.items()
        }
