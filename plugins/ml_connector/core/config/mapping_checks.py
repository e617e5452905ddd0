"""Checks a mapping against its dataset and a tenant: names, types, states, value maps, rules."""

from __future__ import annotations

from collections.abc import Mapping as Map
from pathlib import Path

from ml_connector.core.config.condition_checks import check_condition
from ml_connector.core.config.conditions import Condition, Quantified, Rule
from ml_connector.core.config.dataset import Dataset
from ml_connector.core.config.mapping import Check, Mapping, MappingField, NamedRow, State, as_paths
from ml_connector.core.config.problems import InvalidFile, KeyPath
from ml_connector.core.config.report import Report
from ml_connector.core.config.scopes import Placeholder, Scope, UnknownName, parse_template
from ml_connector.core.config.tenant import TenantConfig

_NUMBERS = ("amount", "decimal", "integer")


def check_place(mapping: Mapping) -> None:
    """Raises InvalidFile where the mapping's name, flow and file do not belong together."""
    report = Report(mapping.file)
    if mapping.file:
        path = Path(mapping.file.path)
        if mapping.mapping != path.stem:
            report.add(
                ("mapping",), "mapping differs from the file's name", f"{path.stem}, as the file is named"
            )
        if mapping.flow.partition(".")[0] != path.parent.name:
            expected = f"a flow of {path.parent.name}, as the folder is named"
            report.add(("flow",), "the flow belongs to another system", expected)
    report.close()


def check_mapping(mapping: Mapping, dataset: Dataset, tenant: TenantConfig | None = None) -> None:
    """Compare a mapping with the dataset it reads and the tenant's overrides.

    Raises:
        InvalidFile: with every mistake in the mapping file, or else in the tenant's overrides.
    """
    report = Report(mapping.file)
    if mapping.dataset != dataset.dataset:
        report.add(("dataset",), "this is another dataset", dataset.dataset)
    _MappingCheck(mapping, dataset, tenant, report).run()
    report.close()
    if tenant is not None:
        _check_overrides(mapping, dataset, tenant)


def named_rows(mapping: Mapping, scope: Scope) -> Scope:
    """``scope`` with the mapping's named rows."""
    return Scope(scope.levels, {name: scope.enter(row.of).levels[-1] for name, row in mapping.rows.items()})


def _check_overrides(mapping: Mapping, dataset: Dataset, tenant: TenantConfig) -> None:
    report = Report(tenant.file)
    scope = named_rows(mapping, Scope((dataset,)))
    for name, rule in tenant.rules.items():
        if name in mapping.rules and isinstance(rule, Condition):
            known = {**mapping.rules, **tenant.rules}
            check_condition(rule, scope, known, report, ("rules", name))
            if _is_circular(name, known):
                report.add(("rules", name), "the rule depends on itself", "a rule that does not name itself")
    report.close()


class _MappingCheck:
    """One run over a mapping."""

    def __init__(
        self, mapping: Mapping, dataset: Dataset, tenant: TenantConfig | None, report: Report
    ) -> None:
        self.mapping, self.dataset, self.report = mapping, dataset, report
        self.maps = {*mapping.value_maps, *(tenant.value_maps if tenant else ())}
        self.rules: Map[str, Rule] = {**mapping.rules, **(tenant.rules if tenant else {})}
        self.states = {state.state for state in mapping.states}
        self.absent = {state.state for state in mapping.states if state.absent}

    def run(self) -> None:
        scope = self._rows()
        for name, rule in self.mapping.rules.items():
            if isinstance(rule, Condition):
                self._condition(rule, scope, ("rules", name))
                if _is_circular(name, self.rules):
                    self.report.add(("rules", name), "the rule depends on itself", "a rule without itself")
        self._header(scope)
        for index, state in enumerate(self.mapping.states):
            self._state(state, index, scope)
        for index, check in enumerate(self.mapping.checks):
            self._check(check, scope, ("checks", index))
        self._fields(self.mapping.fields, scope, ("fields",))

    def _rows(self) -> Scope:
        scope = Scope((self.dataset,))
        for name, row in self.mapping.rows.items():
            self._row(row, scope, ("rows", name))
        try:
            return named_rows(self.mapping, scope)
        except UnknownName:  # reported by _row; nothing below can be judged without it
            raise InvalidFile(self.report.problems) from None

    def _row(self, row: NamedRow, scope: Scope, at: KeyPath) -> None:
        try:
            inner = scope.enter(row.of)
        except UnknownName as error:
            self.report.add((*at, "of"), error.message, error.expected)
            return
        if row.where is not None:
            self._condition(row.where, inner, (*at, "where"))
        for own, other in row.match.items():
            self._path(own, inner, (*at, "match", own), value=own)
            self._path(other, scope, (*at, "match", own))

    def _header(self, scope: Scope) -> None:
        for name in ("label", "party", "reference"):
            template = getattr(self.mapping, name)
            if template is not None:
                self._template(template, scope, (name,))
        if self.mapping.amount is not None:
            self._number(self.mapping.amount.removeprefix("-"), scope, ("amount",))
        for name in ("currency", "status"):
            path = getattr(self.mapping, name)
            if path is not None:
                self._path(path, scope, (name,))

    def _state(self, state: State, index: int, scope: Scope) -> None:
        at: KeyPath = ("states", index)
        last = index == len(self.mapping.states) - 1
        if (state.when is None and not state.known) != last:
            message = "the last state must hold always" if last else "the states below can never be reached"
            self.report.add(at, message, "a condition in every state but the last")
        if state.when is not None:
            self._condition(state.when, scope, (*at, "when"))
        if last and self.dataset.select is not None and not (state.absent or state.reject or state.hold):
            message = "documents outside the dataset's selection would be sent"
            self.report.add(at, message, "absent: true (or reject, or hold) in the last state")
        for key in ("reject", "hold"):
            text = getattr(state, key)
            if text is not None:
                self._template(text, scope, (*at, key))

    def _check(self, check: Check, scope: Scope, at: KeyPath) -> None:
        self._named_states(check.states, at)
        if check.when is not None:
            self._condition(check.when, scope, (*at, "when"))
        for index, operand in enumerate(check.equal):
            here = (*at, "equal", index)
            for key in ("field", "sum"):
                if getattr(operand, key) is not None:
                    self._number(getattr(operand, key), scope, (*here, key))
            for key in ("plus", "minus"):
                for path in as_paths(getattr(operand, key)):
                    self._number(path, scope, (*here, key))

    def _fields(self, fields: Map[str, MappingField], scope: Scope, at: KeyPath) -> None:
        for name, field in fields.items():
            self._field(field, scope, (*at, name))
            for other in fields:
                if other.startswith(f"{name}."):
                    message = f"{name} is a value and cannot hold {other} as well"
                    self.report.add((*at, other), message, "names of which none begins with another")

    def _field(self, field: MappingField, scope: Scope, at: KeyPath) -> None:
        self._named_states(field.states, at)
        for name in field.by_state:
            self._named_state(name, (*at, "by_state", name))
        if field.when is not None:
            self._condition(field.when, scope, (*at, "when"))
        if field.map is not None and field.map not in self.maps:
            expected = f"one of {', '.join(sorted(self.maps)) or 'none is defined'}"
            self.report.add((*at, "map"), f"there is no value map {field.map}", expected)
        if field.from_ is not None:
            for path in as_paths(field.from_):
                self._path(path, scope, (*at, "from"))
        for key in ("template", "key"):
            if getattr(field, key) is not None:
                self._template(getattr(field, key), scope, (*at, key))
        if field.sum is not None:
            self._number(field.sum, scope, (*at, "sum"), field.where)
        if field.each is not None:
            self._each(field, field.each, scope, at)

    def _each(self, field: MappingField, path: str, scope: Scope, at: KeyPath) -> None:
        try:
            inner = scope.enter(path)
        except UnknownName as error:
            self.report.add((*at, "each"), error.message, error.expected)
            return
        if field.where is not None:
            self._condition(field.where, inner, (*at, "where"))
        self._fields(field.fields, inner, (*at, "fields"))
        for index, row in enumerate(field.append):
            here = (*at, "append", index)
            if row.when is not None:
                self._condition(row.when, scope, (*here, "when"))
            self._fields(row.fields, scope, (*here, "fields"))

    def _condition(self, condition: Condition, scope: Scope, at: KeyPath) -> None:
        check_condition(condition, scope, self.rules, self.report, at)

    def _named_states(self, states: tuple[str, ...] | None, at: KeyPath) -> None:
        for index, name in enumerate(states or ()):
            self._named_state(name, (*at, "states", index))

    def _named_state(self, name: str, at: KeyPath) -> None:
        if name not in self.states:
            self.report.add(at, f"there is no state {name}", f"one of {', '.join(sorted(self.states))}")

    def _path(self, path: str, scope: Scope, at: KeyPath, *, value: str | None = None) -> None:
        try:
            scope.resolve(path)
        except UnknownName as error:
            self.report.add(at, error.message, error.expected, value=value or path)

    def _number(self, path: str, scope: Scope, at: KeyPath, where: Condition | None = None) -> None:
        """A number of this level, or of the rows of a collection: ``lines.MERCHANDISE_AMT``."""
        try:
            reference, inner = resolve_number(path, scope)
        except UnknownName as error:
            self.report.add(at, error.message, error.expected, value=path)
            return
        if reference not in _NUMBERS:
            self.report.add(at, f"{path} is of type {reference}", f"a field of type {' or '.join(_NUMBERS)}")
        if where is not None:
            self._condition(where, inner, (*at[:-1], "where"))

    def _template(self, text: str, scope: Scope, at: KeyPath) -> None:
        try:
            for part in parse_template(text):
                if isinstance(part, Placeholder) and part.path:
                    scope.resolve(part.path)
        except UnknownName as error:
            self.report.add(at, error.message, error.expected)


def resolve_number(path: str, scope: Scope) -> tuple[str, Scope]:
    """Type of the field at the end of ``path``, and the scope of the rows that hold it."""
    head, _, name = path.rpartition(".")
    if head.partition(".")[0] in scope.levels[-1].children:
        scope, path = scope.enter(head), name
    return scope.resolve(path).field.type, scope


def _is_circular(name: str, rules: Map[str, Rule], seen: frozenset[str] = frozenset()) -> bool:
    """Whether a rule leads back to a rule on the way to it."""
    if name in seen:
        return True
    rule = rules.get(name)
    if not isinstance(rule, Condition):
        return False
    return any(_is_circular(other, rules, seen | {name}) for other in _rules_in(rule))


def _rules_in(condition: Condition) -> set[str]:
    """Names of all rules that a condition uses, at any depth."""
    names = {condition.rule} if condition.rule else set()
    inner = [*condition.any_of, *condition.all_of, *([condition.not_] if condition.not_ else [])]
    inner += [test.parts()[1] for test in condition.tests.values() if isinstance(test, Quantified)]
    return names.union(*(_rules_in(part) for part in inner)) if inner else names
