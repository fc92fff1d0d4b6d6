"""Parameters: declared once; description, checks, saving and loading follow."""

from dataclasses import dataclass, replace

import pytest

from engine import params
from engine.errors import RestoreError
from engine.params import param


@dataclass(frozen=True)
class Example:
    """One parameter of each kind and a field that is none."""

    share: float = param(0.5, "Share", "How much", low=0, high=1)
    count: int = param(3, "Count", low=1, high=9, unit="px", slider="log")
    deep: bool = param(False, "Deep")
    kind: str = param("a", "Kind", choices={"a": "First", "b": "Second"})
    name: str = param("", "Name")
    other: int = 7


def test_describe_gives_the_declaration_in_order() -> None:
    found = params.describe(Example)
    assert [one.name for one in found] == ["share", "count", "deep", "kind", "name"]
    assert [one.kind for one in found] == [float, int, bool, str, str]
    assert (found[1].unit, found[1].slider, found[1].low, found[1].high) == ("px", "log", 1, 9)
    assert found[3].choices == {"a": "First", "b": "Second"}


def test_saved_and_loaded_is_the_same() -> None:
    example = Example(share=0.25, count=9, deep=True, kind="b", name="x")
    assert params.save(example) == {"share": 0.25, "count": 9, "deep": True, "kind": "b", "name": "x"}
    assert params.load(Example, params.save(example)) == example


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"share": "0.75"}, Example(share=0.75)),
        ({"share": 1}, Example(share=1.0)),
        ({"count": "4"}, Example(count=4)),
        ({"count": 4.0}, Example(count=4)),
        ({"deep": "yes"}, Example(deep=True)),
        ({"deep": "Off"}, Example(deep=False)),
        ({"name": "7"}, Example(name="7")),
        ({}, Example()),
    ],
)
def test_text_and_whole_numbers_are_read_as_the_type(values: dict[str, object], expected: Example) -> None:
    loaded = params.load(Example, values)
    assert loaded == expected
    assert [type(one) for one in params.save(loaded).values()] == [float, int, bool, str, str]


@pytest.mark.parametrize(
    "values",
    [
        {"share": 1.01},
        {"share": "nan"},
        {"share": "much"},
        {"share": True},
        {"share": None},
        {"share": 10**400},
        {"count": 10**400},
        {"count": "1" + "0" * 400},
        {"count": 2.5},
        {"count": "2.5"},
        {"count": 0},
        {"deep": 1},
        {"deep": "maybe"},
        {"kind": "c"},
        {"name": 3},
    ],
)
def test_wrong_values_are_refused_by_name(values: dict[str, object]) -> None:
    label = next(iter(values)).capitalize()
    with pytest.raises(RestoreError, match=label):
        params.load(Example, values)


def test_unknown_names_are_refused_with_the_known_ones() -> None:
    with pytest.raises(RestoreError, match=r"size.*share, count"):
        params.load(Example, {"size": 3})
    with pytest.raises(RestoreError, match="other"):
        params.load(Example, {"other": 3})


def test_check_says_the_range() -> None:
    params.check(Example())
    with pytest.raises(RestoreError, match="between 1 and 9, not 12"):
        params.check(replace(Example(), count=12))


def test_large_numbers_are_told_in_full() -> None:
    assert [params.shown(one) for one in (1_000_000, 2.0, 0.05, -45.0)] == ["1000000", "2", "0.05", "-45"]
