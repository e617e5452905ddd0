"""One statement for many rows.

SQLAlchemy's own way builds the parameters of each row anew and takes longer over a row than SQLite
takes to write it. A ``Bulk`` is compiled once for each kind of database, converts what is the same
in all rows once, and hands plain tuples to the driver.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from sqlalchemy import Boolean, Connection, LargeBinary
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.types import TypeEngine

Converter = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Compiled:
    """``pick`` puts a row's values into the order of the placeholders; None where they have names."""

    sql: str
    constants: dict[str, Any]
    converters: dict[str, Converter]
    pick: Callable[[dict[str, Any]], Any] | None


class Bulk:
    """An INSERT or UPDATE to be run with many rows; made once, at the top of a module.

    Args:
        statement: makes the statement for a connection. Its values stand in the rows: an UPDATE
            sets the columns that the rows name, and finds its row by ``bindparam``.
    """

    def __init__(self, statement: Callable[[Connection], UpdateBase]) -> None:
        self._statement = statement
        self._compiled: dict[tuple[str, ...], _Compiled] = {}

    def __call__(self, connection: Connection, rows: Sequence[Mapping[str, Any]], **shared: Any) -> int:
        """Run it.

        Args:
            rows: values by column or ``bindparam``; the same names in each.
            shared: values that are the same for all rows; a row's own value comes first.

        Returns:
            How many rows of the table were concerned.
        """
        if not rows:
            return 0
        names = tuple({**shared, **rows[0]})
        compiled = self._compiled.get((connection.dialect.name, *names)) or self._compile(connection, names)
        fixed = dict(compiled.constants)
        for name, value in shared.items():
            convert = compiled.converters.get(name)
            fixed[name] = convert(value) if convert else value
        converters = [(name, convert) for name, convert in compiled.converters.items() if name in rows[0]]
        parameters = []
        for row in rows:
            values = {**fixed, **row}
            for name, convert in converters:
                values[name] = convert(values[name])
            parameters.append(values if compiled.pick is None else compiled.pick(values))
        return connection.exec_driver_sql(compiled.sql, parameters).rowcount

    def _compile(self, connection: Connection, names: tuple[str, ...]) -> _Compiled:
        dialect = connection.dialect
        compiled = self._statement(connection).compile(dialect=dialect, column_keys=list(names))
        converters = {
            name: convert
            for name, bind in compiled.binds.items()
            if (convert := _converter(bind.type, dialect))
        }
        constants = {
            name: converters[name](value) if name in converters else value
            for name, value in compiled.params.items()
            if name not in names
        }
        order = compiled.positiontup
        made = _Compiled(str(compiled), constants, converters, itemgetter(*order) if order else None)
        self._compiled[dialect.name, *names] = made
        return made


def _converter(kind: TypeEngine[Any], dialect: Dialect) -> Converter | None:
    """What turns a value of a column's type into one of the driver's; None where nothing is to be done."""
    if isinstance(kind, (Boolean, LargeBinary)):
        return None  # both drivers take bool and bytes as they are
    found: Converter | None = kind.dialect_impl(dialect).bind_processor(dialect)
    return found
