"""A mapping, ready to be applied to documents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ml_connector.core.config.dataset import Dataset
from ml_connector.core.config.fingerprints import fingerprint
from ml_connector.core.config.mapping import Check, State
from ml_connector.core.config.mapping import Mapping as MappingFile
from ml_connector.core.config.mapping_checks import check_mapping, named_rows
from ml_connector.core.config.scopes import MAX_DEPTH, Scope
from ml_connector.core.config.tenant import TenantConfig
from ml_connector.core.contract import Desired, Payload
from ml_connector.core.mapping.conditions import ConditionCompiler, Test
from ml_connector.core.mapping.fields import FieldCompiler
from ml_connector.core.mapping.frame import CROSSWALK, STEP, Frame, Getter, new_frame
from ml_connector.core.mapping.numbers import compile_check, compile_number
from ml_connector.core.mapping.references import Collector, compile_references
from ml_connector.core.mapping.results import (
    Crosswalk,
    CrosswalkKey,
    Facts,
    Hold,
    Mapped,
    Missing,
    Refusal,
    Refused,
    Result,
    Waiting,
)
from ml_connector.core.mapping.rows import compile_row
from ml_connector.core.mapping.templates import TemplateCompiler, TextGetter, compile_text
from ml_connector.core.mapping.values import money_step


@dataclass(frozen=True, slots=True)
class _State:
    """A state with everything that is decided per state."""

    name: str
    absent: bool
    known: bool
    when: Test | None
    reject: TextGetter | None
    hold: TextGetter | None
    releasable: bool
    checks: tuple[Callable[[Frame], None], ...]
    body: Getter


class CompiledMapping:
    """Applies one mapping for one tenant. Made by :func:`compile_mapping`; safe to share.

    Attributes:
        fingerprint: changes whenever documents must be mapped again.
    """

    def __init__(self, mapping: MappingFile, dataset: Dataset, tenant: TenantConfig) -> None:
        self.fingerprint = fingerprint(mapping, dataset, tenant)
        scope = named_rows(mapping, Scope((dataset,)))
        rules = {
            **mapping.rules,
            **{name: rule for name, rule in tenant.rules.items() if name in mapping.rules},
        }
        conditions = ConditionCompiler(scope, rules)
        templates = TemplateCompiler(tenant, dataset.unit_name)
        fields = FieldCompiler(conditions, templates, _value_maps(mapping, tenant), _switches(tenant))
        self._named_rows = len(mapping.rows)
        self._fill = [
            compile_row(row, MAX_DEPTH + index, scope, conditions)
            for index, row in enumerate(mapping.rows.values())
        ]
        chosen = dataset.select if mapping.select == "dataset" else None
        self._select = conditions.compile(chosen) if chosen is not None else None
        self._open = conditions.compile(dataset.open_when) if dataset.open_when is not None else None
        self._states = [_compile_state(state, mapping, scope, conditions, fields) for state in mapping.states]
        self._references: Collector | None = compile_references(mapping.fields, scope, templates)
        self._label = templates.compile(mapping.label, scope, whole=False)
        self._party = templates.compile(mapping.party, scope, whole=True) if mapping.party else None
        self._further = templates.compile(mapping.reference, scope, whole=True) if mapping.reference else None
        self._status = compile_text(mapping.status, scope) if mapping.status else None
        self._currency = compile_text(mapping.currency, scope) if mapping.currency else None
        self._currency_field = mapping.currency
        self._amount = compile_number(mapping.amount.removeprefix("-"), scope) if mapping.amount else None
        self._turned = bool(mapping.amount and mapping.amount.startswith("-"))

    def selected(self, payload: Payload) -> bool:
        """Whether the dataset selects this document.

        One that cannot be judged counts as selected: ``apply`` then says what is wrong with it.
        """
        return self._judge(self._select, payload, otherwise=True)

    def is_open(self, payload: Payload) -> bool:
        """Whether the document may still change without a new stamp; in doubt it may."""
        return self._judge(self._open, payload, otherwise=False)

    def references(self, payload: Payload) -> list[CrosswalkKey]:
        """Crosswalk entries that ``apply`` may ask for, each once."""
        found: dict[tuple[str, str], None] = {}
        if self._references is not None and _is_object(payload):
            frame = new_frame(payload, self._named_rows)
            try:
                for fill in self._fill:
                    fill(frame)
            except Refusal:
                return []  # apply() tells it
            self._references(frame, found)
        return [CrosswalkKey(*entry) for entry in found]

    def apply(
        self, payload: Payload, crosswalk: Crosswalk, *, selected: bool = True, known: bool = True
    ) -> Result:
        """Map one document. Never raises for what stands in it.

        Args:
            payload: the document.
            crosswalk: at least the entries named by :meth:`references`, as far as they exist.
            selected: False for a document outside the dataset's selection, which gets the last state.
            known: whether the target has the document, or may have it; False passes over the states
                that are for known documents only.
        """
        if not _is_object(payload):
            return Refused(reason="the document is not an object", expected="an object")
        frame = new_frame(payload, self._named_rows)
        frame[CROSSWALK] = crosswalk
        facts = Facts()
        try:
            for fill in self._fill:
                fill(frame)
        except Refusal as refusal:
            self._read_facts(frame, facts)
            return _refused(refusal, facts)
        self._read_facts(frame, facts)
        try:
            return self._decide(frame, facts, selected=selected, known=known)
        except Refusal as refusal:
            return _refused(refusal, facts)
        except Missing as missing:
            return Waiting(
                facts.label, facts.amount, facts.currency, facts.party, facts.group,
                facts.reference, crosswalk=missing.crosswalk, key=missing.key, field=missing.field,
            )  # fmt: skip

    def _decide(self, frame: Frame, facts: Facts, *, selected: bool, known: bool) -> Result:
        state = self._choose(frame, known=known) if selected else self._states[-1]
        if facts.group is None:
            facts.group = state.name
        if state.reject is not None:
            raise Refusal(state.reject(frame) or state.name)
        held = None if state.hold is None else state.hold(frame) or state.name
        if held is not None and not state.releasable:
            return Hold(
                facts.label, facts.amount, facts.currency, facts.party, facts.group,
                facts.reference, reason=held,
            )  # fmt: skip
        for check in state.checks:
            check(frame)
        desired = Desired(state.name, state.body(frame), state.absent)
        return Mapped(
            facts.label,
            facts.amount,
            facts.currency,
            facts.party,
            facts.group,
            facts.reference,
            desired=desired,
            hold=held,
        )

    def _choose(self, frame: Frame, *, known: bool) -> _State:
        for state in self._states:
            if (known or not state.known) and (state.when is None or state.when(frame)):
                return state
        return self._states[-1]

    def _read_facts(self, frame: Frame, facts: Facts) -> None:
        """Read what is known of the document; also prepares the currency for the money fields."""
        facts.label = _quietly(self._label, frame)
        facts.party = _quietly(self._party, frame) if self._party else None
        facts.reference = _quietly(self._further, frame) if self._further else None
        facts.group = _quietly(self._status, frame) if self._status else None
        if self._amount is not None:
            amount: Decimal | None = _quietly(self._amount, frame)
            facts.amount = amount.copy_negate() if amount and self._turned else amount
        if self._currency is None:
            frame[STEP] = _TWO_DECIMALS
            return
        try:
            facts.currency = self._currency(frame)
            frame[STEP] = money_step(facts.currency)
        except Refusal as refusal:  # told by the first money field, if there is one
            frame[STEP] = refusal.at(self._currency_field or "currency")

    def _judge(self, test: Test | None, payload: Payload, *, otherwise: bool) -> bool:
        if test is None:
            return otherwise
        if not _is_object(payload):
            return True
        try:
            return test(new_frame(payload, self._named_rows))
        except Refusal:
            return True


_TWO_DECIMALS = Decimal("0.01")


def compile_mapping(mapping: MappingFile, dataset: Dataset, tenant: TenantConfig) -> CompiledMapping:
    """Check a mapping against its dataset and tenant, and make it ready.

    Raises:
        InvalidFile: with all mistakes, by file and line.
    """
    check_mapping(mapping, dataset, tenant)
    return CompiledMapping(mapping, dataset, tenant)


def _compile_state(
    state: State, mapping: MappingFile, scope: Scope, conditions: ConditionCompiler, fields: FieldCompiler
) -> _State:
    def concerns(check: Check) -> bool:
        return state.state in check.states if check.states is not None else not state.absent

    templates = fields.templates
    return _State(
        name=state.state,
        absent=state.absent,
        known=state.known,
        when=conditions.compile(state.when) if state.when is not None else None,
        reject=templates.compile(state.reject, scope, whole=False) if state.reject else None,
        hold=templates.compile(state.hold, scope, whole=False) if state.hold else None,
        releasable=state.releasable,
        checks=tuple(
            compile_check(check, scope, conditions.compile(check.when) if check.when is not None else None)
            for check in mapping.checks
            if concerns(check)
        ),
        body=fields.body(mapping.fields, scope, state.state, absent=state.absent),
    )


def _value_maps(mapping: MappingFile, tenant: TenantConfig) -> dict[str, dict[str, Any]]:
    """The mapping's value maps; entries of the tenant's win."""
    names = {*mapping.value_maps, *tenant.value_maps}
    return {name: {**mapping.value_maps.get(name, {}), **tenant.value_maps.get(name, {})} for name in names}


def _switches(tenant: TenantConfig) -> Callable[[str, bool], bool]:
    """Whether a crosswalk's flow is switched off; an optional one is, unless the tenant names it."""
    known = dict(tenant.switches())
    return lambda crosswalk, optional: not known.get(crosswalk, not optional)


def _is_object(payload: object) -> bool:
    return type(payload) is dict


def _quietly(get: Callable[[Frame], Any], frame: Frame) -> Any:
    try:
        return get(frame)
    except Refusal:
        return None


def _refused(refusal: Refusal, facts: Facts) -> Refused:
    return Refused(
        facts.label, facts.amount, facts.currency, facts.party, facts.group,
        facts.reference, reason=refusal.text(), field=refusal.field, value=refusal.value,
        expected=refusal.expected,
    )  # fmt: skip
