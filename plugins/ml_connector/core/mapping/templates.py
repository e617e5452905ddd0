"""Compiles ``"PS {BUSINESS_UNIT}-{VOUCHER_ID}"`` and the SETID placeholders."""

from __future__ import annotations

from collections.abc import Callable

from ml_connector.core.config.scopes import Placeholder, Scope, parse_template
from ml_connector.core.config.tenant import TenantConfig
from ml_connector.core.mapping.frame import Frame
from ml_connector.core.mapping.results import Refusal
from ml_connector.core.mapping.values import text

TextGetter = Callable[[Frame], str | None]


class TemplateCompiler:
    """Compiles templates for one tenant; ``unit`` is the field with the document's unit."""

    def __init__(self, tenant: TenantConfig, unit: str) -> None:
        self.tenant, self.unit = tenant, unit

    def compile(self, template: str, scope: Scope, *, whole: bool) -> TextGetter:
        """The text of a template, or None where it is blank.

        Args:
            template: the template.
            scope: where it stands.
            whole: one blank placeholder makes all of it blank (keys); otherwise only all of them do.
        """
        parts = parse_template(template)
        form = "".join("%s" if isinstance(part, Placeholder) else part.replace("%", "%%") for part in parts)
        getters = [self._getter(part, scope) for part in parts if isinstance(part, Placeholder)]
        if form == "%s":
            return getters[0]
        return _all_of(form, getters) if whole else _any_of(form, getters)

    def _getter(self, part: Placeholder, scope: Scope) -> TextGetter:
        if part.group is None:
            return compile_text(part.path, scope)
        return self._setid(part.group, compile_text(part.path, scope) if part.path else None)

    def _setid(self, group: str, own_unit: TextGetter | None) -> TextGetter:
        known: dict[str, str] = {}
        tenant, name, named = self.tenant, self.unit, self.tenant.setid_of.get(group, {})

        def of_document(frame: Frame) -> str | None:
            raw = frame[0].get(name)
            if type(raw) is str and raw in known:
                return known[raw]
            unit = text(raw)
            if unit is not None:
                known[unit] = tenant.setid(group, unit)
            return known.get(unit) if unit is not None else None

        def of_row(frame: Frame) -> str | None:
            unit = own_unit(frame) if own_unit is not None else None
            if unit is not None and (unit in named or unit in tenant.business_units):
                return tenant.setid(group, unit)
            return of_document(frame)

        return of_document if own_unit is None or not named else of_row


def compile_text(path: str, scope: Scope) -> TextGetter:
    """The field of a path, as text."""
    reference = scope.resolve(path)
    slot, name = reference.slot, reference.name

    def get(frame: Frame) -> str | None:
        try:
            return text(frame[slot].get(name))
        except Refusal as refusal:
            raise refusal.at(path) from None

    return get


def _all_of(form: str, getters: list[TextGetter]) -> TextGetter:
    if len(getters) == 2:
        first, second = getters

        def pair(frame: Frame) -> str | None:
            if (one := first(frame)) is None or (two := second(frame)) is None:
                return None
            return form % (one, two)

        return pair

    def get(frame: Frame) -> str | None:
        texts = [getter(frame) for getter in getters]
        return None if None in texts else form % tuple(texts)

    return get


def _any_of(form: str, getters: list[TextGetter]) -> TextGetter:
    if not getters:
        constant = text(form % ())
        return lambda _frame: constant

    def get(frame: Frame) -> str | None:
        texts = [getter(frame) for getter in getters]
        if not any(texts):
            return None
        return text(form % tuple([part or "" for part in texts]))

    return get
