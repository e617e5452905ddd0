"""Looks up single documents by key, a few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence

from ml_connector.core.config.dataset import Dataset, Query
from ml_connector.core.contract import Unreadable
from ml_connector.core.errors import ConfigurationError
from ml_connector.peoplesoft.query import QueryCall, QueryService
from ml_connector.peoplesoft.rows import Row

Prompts = tuple[tuple[str, str], ...]


class KeyReader:
    """Executes a dataset's ``by_key`` query for many keys.

    Attributes:
        query: the query.
        oversize: documents that no answer can hold.
    """

    def __init__(
        self, dataset: Dataset, service: QueryService, *, parallel: int, today: Callable[[], str]
    ) -> None:
        if dataset.queries.by_key is None:
            raise ConfigurationError(f"dataset {dataset.dataset} has no by_key query")
        self.query: Query = dataset.queries.by_key
        self.oversize: list[Unreadable] = []
        self._dataset = dataset
        self._service = service
        self._parallel = parallel
        self._today = today

    async def rows(self, keys: Sequence[str]) -> list[list[Row]]:
        """One answer per distinct question; the first failure stops the others.

        Raises:
            ConfigurationError: a key has not the parts that the dataset's key has.
        """
        questions: dict[Prompts, str] = {}
        for key in keys:
            questions.setdefault(self._prompts(key), key)
        todo = iter(questions.items())
        answers: list[list[Row]] = []
        workers = [
            asyncio.ensure_future(self._work(todo, answers))
            for _ in range(min(self._parallel, len(questions)))
        ]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
        return answers

    async def _work(self, todo: Iterator[tuple[Prompts, str]], answers: list[list[Row]]) -> None:
        for prompts, key in todo:
            answers.append(await self._one(prompts, key))

    async def _one(self, prompts: Prompts, key: str) -> list[Row]:
        """All rows, asking for more while the answer is full."""
        maxrows = self._dataset.page.rows + 1
        while True:
            call = QueryCall(self.query.name, dict(prompts), maxrows, self.query.owner)
            rows = (await self._service.run(call)).rows
            if rows and len(rows) == self._service.row_cap:
                return self._too_large(key, len(rows))
            if len(rows) < maxrows:
                return rows
            if maxrows > self._dataset.page.maximum:
                return self._too_large(key, len(rows))
            maxrows *= 4

    def _too_large(self, key: str, rows: int) -> list[Row]:
        unit = key.partition("|")[0]
        expected = "a document that fits into one answer of the user's query security profile"
        self.oversize.append(Unreadable(key, unit, "", f"{rows} rows or more", expected))
        return []

    def _prompts(self, key: str) -> Prompts:
        names = self._dataset.key
        parts = key.split("|")
        if len(parts) != len(names):
            raise ConfigurationError(
                f"{key!r} is no key of dataset {self._dataset.dataset}", expected="|".join(names)
            )
        values = {f"key.{name}": part for name, part in zip(names, parts, strict=True)}
        values["today"] = self._today()
        values["unit"] = values.get(f"key.{self._dataset.unit_name}", "")
        return tuple((name, values[source]) for name, source in self.query.prompts.items())
