"""Durations, cadences and the YAML dialect."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from ml_connector.core.config import Cadence, Condition, Duration, InvalidFile
from ml_connector.core.config.values import duration_text
from ml_connector.core.config.yamlfile import parse_yaml

DURATION: TypeAdapter[timedelta] = TypeAdapter(Duration)
CADENCE: TypeAdapter[timedelta | str] = TypeAdapter(Cadence)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", timedelta(seconds=90)),
        ("15m", timedelta(minutes=15)),
        ("2h", timedelta(hours=2)),
        ("1d", timedelta(days=1)),
        ("1w", timedelta(weeks=1)),
    ],
)
def test_durations_are_texts_with_a_unit(text: str, expected: timedelta) -> None:
    assert DURATION.validate_python(text) == expected
    assert CADENCE.validate_python(text) == expected
    assert DURATION.dump_python(expected) in (text, duration_text(expected))


@given(st.integers(min_value=1, max_value=900_000))
def test_a_duration_survives_being_written(seconds: int) -> None:
    duration = timedelta(seconds=seconds)
    assert DURATION.validate_python(DURATION.dump_python(duration)) == duration


@pytest.mark.parametrize("text", ["0m", "1", "1 h", "-1d", "1y", "1.5h", "", "15M", 15, None, True])
def test_other_durations_are_refused(text: object) -> None:
    with pytest.raises(ValidationError):
        DURATION.validate_python(text)


@pytest.mark.parametrize("text", ["* * * * *", "*/5 6-20 * * 1-5", "0 2 * * SUN", "@daily"])
def test_cron_expressions_are_kept(text: str) -> None:
    assert CADENCE.validate_python(text) == text


@pytest.mark.parametrize("text", ["* * * *", "* * * * * *", "61 * * * *", "@fortnightly", "noon", 5])
def test_other_cadences_are_refused(text: object) -> None:
    with pytest.raises(ValidationError):
        CADENCE.validate_python(text)


def test_only_plain_words_and_whole_numbers_have_a_meaning() -> None:
    file = parse_yaml(
        "zeros: 0012\nnumber: 12\nnegative: -3\ndecimal: 1.50\nday: 2026-01-01\nclock: 12:30\nnorway: NO\n"
        "switch: on\nyes: true\nnothing: null\nempty:\nquoted: 'true'\n001: hex 0x10\n"
        "list: [0x10, 1_000, ~]\n",
        "f.yaml",
    )
    assert file.data == {
        "zeros": "0012", "number": 12, "negative": -3, "decimal": "1.50", "day": "2026-01-01",
        "clock": "12:30", "norway": "NO", "switch": "on", "yes": True, "nothing": None, "empty": None,
        "quoted": "true", "001": "hex 0x10", "list": ["0x10", "1_000", None],
    }  # fmt: skip
    assert file.line(("list", 2)) == 14
    assert file.line(("list", 2, "deeper")) == 14


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=40))
def test_any_text_is_read_or_refused_with_a_reason(text: str) -> None:
    try:
        outcome: object = parse_yaml(text, "f.yaml").data
    except InvalidFile as error:
        outcome = error
    if isinstance(outcome, InvalidFile):
        assert outcome.file == "f.yaml"
        assert all(problem.message for problem in outcome.problems)
    else:
        assert isinstance(outcome, dict)


def test_a_condition_keeps_its_tests_by_name() -> None:
    condition = Condition.model_validate({"A": "x", "lines": {"any": {"B": {"gt": 0}}}, "rule": "ours"})
    assert list(condition.tests) == ["A", "lines"]
    assert condition.rule == "ours"
    written = {"A": "x", "lines": {"any": {"B": {"gt": 0}}}, "rule": "ours"}
    assert condition.model_dump(exclude_unset=True) == written
