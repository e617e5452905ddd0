"""Good documents made bad: nothing raises, and our verdict is that of an independent checker."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_connector.x12.checker import check
from ml_connector.x12.checks import elements
from ml_connector.x12.checks.patterns import JOIN
from ml_connector.x12.checks.segments import SegmentChecks
from ml_connector.x12.model import Delimiters
from ml_connector.x12.reader import read
from ml_connector.x12.tables import Element, SegmentRule, load

from . import complete
from .conftest import EXAMPLES
from .oracle import Oracle
from .support import wrapped

NAMES = sorted(path.name for path in EXAMPLES.iterdir())
GOOD = {name: (EXAMPLES / name).read_bytes() for name in NAMES}
VERSIONS = ("004010", "005010")
TABLES = {version: load(version) for version in VERSIONS}
FULL = {
    f"{code} {version}": wrapped(code, complete.body(table, rule), version)
    for version, table in TABLES.items()
    for code, rule in table.sets.items()
}


def bad(data: bytes) -> bool:
    reading = read(data)
    found = [one for interchange in reading.interchanges for one in check(interchange)]
    for one in found:
        assert one.text.endswith(".")
        assert one.code
    return bool(reading.faults) or any(not one.warning for one in found)


@st.composite
def damaged(draw: st.DrawFn, source: bytes) -> bytes:
    """Bytes replaced, removed, inserted, doubled or moved, a few times over."""
    data = bytearray(source)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        size = draw(st.sampled_from([1, 1, 1, 2, 5, 40]))
        piece = bytes(data[at : at + size])
        match draw(st.sampled_from(["replace", "remove", "insert", "double", "move"])):
            case "replace":
                data[at : at + size] = draw(st.binary(min_size=1, max_size=size))
            case "remove":
                del data[at : at + size]
            case "insert":
                data[at:at] = draw(
                    st.sampled_from([b"*", b"~", b">", b"^", b"\n", b"\xff", b"ISA*", b"~SE*1*1~"])
                )
            case "double":
                data[at:at] = piece
            case _:
                del data[at : at + size]
                to = draw(st.integers(0, len(data)))
                data[to:to] = piece
    return bytes(data)


@settings(max_examples=60)
@given(st.data())
@pytest.mark.parametrize("name", NAMES)
def test_no_damage_raises_anything(name: str, data: st.DataObject) -> None:
    bad(data.draw(damaged(GOOD[name])))


def segments(data: bytes) -> list[list[str]]:
    text = data.decode()
    element, terminator = text[3], text[105]
    lines = [line.strip("\r\n") for line in text[106:].split(terminator)]
    return [line.split(element) for line in lines if line]


def joined(data: bytes, changed: list[list[str]], *, counted: bool = True) -> bytes:
    """The same interchange with other segments; SE01 is put right unless the mutation is about it."""
    text = data.decode()
    element, terminator = text[3], text[105]
    start = 0
    for index, one in enumerate(changed):
        start = index if one[0] == "ST" else start
        if one[0] == "SE" and counted and len(one) > 1:
            one[1] = str(index - start + 1)
    return (text[:106] + "".join(element.join(one) + terminator for one in changed)).encode()


Mutation = Callable[[list[list[str]], random.Random], None]


def inside(made: list[list[str]], chance: random.Random) -> int:
    """A segment between ST and SE."""
    frame = {"GS", "ST", "SE", "GE", "IEA"}
    return chance.choice([index for index, one in enumerate(made) if one[0] not in frame])


def with_elements(made: list[list[str]], chance: random.Random) -> tuple[list[str], int]:
    one = made[inside(made, chance)]
    return one, chance.randrange(1, len(one)) if len(one) > 1 else 0


def drop_segment(made: list[list[str]], chance: random.Random) -> None:
    del made[inside(made, chance)]


def double_segment(made: list[list[str]], chance: random.Random) -> None:
    index = inside(made, chance)
    made[index:index] = [list(made[index])]


def swap_segments(made: list[list[str]], chance: random.Random) -> None:
    one, other = inside(made, chance), inside(made, chance)
    made[one], made[other] = made[other], made[one]


def move_segment(made: list[list[str]], chance: random.Random) -> None:
    one = made.pop(inside(made, chance))
    made.insert(inside(made, chance), one)


def rename_segment(made: list[list[str]], chance: random.Random) -> None:
    made[inside(made, chance)][0] = chance.choice(["ZZZ", "BHT", "TD5", "N1", "CTT"])


def drop_element(made: list[list[str]], chance: random.Random) -> None:
    one, place = with_elements(made, chance)
    one[place] = "" if place else one[0]


def lengthen(made: list[list[str]], chance: random.Random) -> None:
    one, place = with_elements(made, chance)
    one[place] += "9" * chance.choice([1, 2, 30, 300]) if place else ""


def shorten(made: list[list[str]], chance: random.Random) -> None:
    one, place = with_elements(made, chance)
    one[place] = one[place][:-1] if place else one[0]


def letters(made: list[list[str]], chance: random.Random) -> None:
    one, place = with_elements(made, chance)
    one[place] = "X" * len(one[place]) if place else one[0]


def digits(made: list[list[str]], chance: random.Random) -> None:
    one, place = with_elements(made, chance)
    one[place] = chance.choice(["-", "", "."]) + "9" * len(one[place]) if place else one[0]


def more_elements(made: list[list[str]], chance: random.Random) -> None:
    one = made[inside(made, chance)]
    one += ["1"] * chance.randrange(1, 40)


def control(made: list[list[str]], chance: random.Random) -> None:
    one, place = with_elements(made, chance)
    one[place] = "\x07" + one[place] if place else one[0]


MUTATIONS: list[Mutation] = [
    drop_segment, double_segment, swap_segments, move_segment, rename_segment, drop_element, lengthen,
    shorten, letters, digits, more_elements, control,
]  # fmt: skip


@pytest.fixture(scope="module")
def oracle(facts: Path) -> Oracle:
    return Oracle(facts)


def beyond(oracle: Oracle, data: bytes) -> bool:
    """Whether we only complain about what the other does not know: calendar, seconds, further dependences."""
    found = [one for interchange in read(data).interchanges for one in check(interchange) if not one.warning]
    return all(
        one.code in {"8", "9"} or (one.code in {"2", "10"} and one.segment not in oracle.noted)
        for one in found
    )


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda one: one.__name__)
def test_the_verdict_on_a_mutant_is_that_of_the_independent_checker(
    oracle: Oracle, mutation: Mutation
) -> None:
    """Which keeps all lists of codes or none: ours, with the short lists, lies between."""
    sources = {**{name: one for name, one in GOOD.items() if name != "ta1.edi"}, **FULL}
    wrong = 0
    for name, data in sources.items():
        for seed in range(5):
            made = segments(data)
            mutation(made, random.Random(f"{name} {seed}"))
            mutant = joined(data, made)
            ours, least = bad(mutant), oracle.errors(mutant)
            wrong += ours
            if ours != bool(least):
                if least and all("AK202: too short" in one for one in least):
                    continue  # an acknowledgment repeats a number as it was
                most = oracle.errors(mutant, codes=True) or beyond(oracle, mutant)
                assert (ours, bool(most)) == (True, True), (name, seed, ours, least or most, mutant)
    assert wrong > 20


@st.composite
def odd_value(draw: st.DrawFn, element: Element) -> str:
    """Something that may or may not fit."""
    good = complete.value(element)
    longest, above = "0" * element.maximum, "1" * (element.maximum + 1)
    near = ["", good + "1", good[:-1], "-" + good, "." + good, good + " ", good + ">", longest, above]
    far = [
        "^",
        "20240229",
        "19000229",
        "240000",
        "\x00",
        "  ",
        "A" * element.maximum,
        "é",
        "\xa0",
        "1.5",
        "٣",
    ]
    return draw(st.sampled_from([good] * 10 + near + far))


@settings(max_examples=300)
@given(st.data())
def test_what_passes_at_a_glance_has_no_problem_on_closer_look(data: st.DataObject) -> None:
    version = data.draw(st.sampled_from(VERSIONS))
    delimiters = data.draw(
        st.sampled_from([Delimiters(repetition="^"), Delimiters("|", "-", "\n"), Delimiters()])
    )
    checks = SegmentChecks(TABLES[version], delimiters)
    rule: SegmentRule = data.draw(st.sampled_from(list(TABLES[version].segments.values())))
    values = [rule.segment]
    for position in rule.positions[: data.draw(st.integers(0, len(rule.positions)))]:
        places = position.components or (position,)
        parts = [data.draw(odd_value(one.element)) for one in places if one.element]
        values.append(delimiters.component.join(parts))
    segment = tuple(values)
    problems = checks.closely(segment, 1)
    if not checks.problems([segment], 100):
        assert problems == []
    if checks[rule.segment](JOIN.join(segment)) is None:
        assert checks.problems([segment], 100) == problems


@pytest.mark.parametrize("version", VERSIONS)
def test_good_segments_pass_at_a_glance(version: str) -> None:
    """Else the fast way would be none."""
    checks = SegmentChecks(TABLES[version], Delimiters())
    for rule in TABLES[version].segments.values():
        assert checks[rule.segment](JOIN.join(complete.segment(rule))) is not None, rule.segment


@given(st.dates())
def test_every_day_of_the_calendar_is_a_date(day: date) -> None:
    element = Element("373", "DT", 8, 8)
    text = f"{day.year:04}{day.month:02}{day.day:02}"
    assert elements.faults(text, element) == []
