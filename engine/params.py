"""Parameters: declared once as dataclass fields; forms, the command line, saving and checks are derived from them."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast, get_type_hints

from engine.errors import RestoreError

T = TypeVar("T")
Value = bool | int | float | str


@dataclass(frozen=True)
class Param:
    """One parameter of an operation or detector, as `describe` finds it."""

    name: str
    kind: type  # bool, int, float or str
    default: Value
    label: str
    help: str
    low: float | None
    high: float | None
    unit: str
    choices: Mapping[str, str]  # value -> what the user reads; empty: any value
    slider: str  # "linear" or "log"
    unless: str  # name of a bool parameter: while that is true this one is measured and not used; empty: always used
    only: str = ""  # "blur=disc,drawn": counts for nothing else, and is not shown then
    lowest: str = ""  # what the user reads in place of the lowest number, where that means something else
    drawn: bool = False  # a line through points, "x,y x,y ..." in px to the right and downwards, that can be drawn


def param(
    default: Value,
    label: str,
    help: str = "",  # noqa: A002 - the word that users of argparse know
    *,
    low: float | None = None,
    high: float | None = None,
    unit: str = "",
    choices: Mapping[str, str] | None = None,
    slider: str = "linear",
    unless: str = "",
    only: str = "",
    lowest: str = "",
    drawn: bool = False,
) -> Any:
    """A dataclass field that is a parameter: `strength: float = param(1.0, "Strength", low=0, high=2)`.

    Numbers need `low` and `high`, both included; `choices` maps the values of a str to what the user reads.
    """
    facts: dict[str, Any] = {
        "label": label,
        "help": help,
        "low": low,
        "high": high,
        "unit": unit,
        "slider": slider,
        "unless": unless,
    }
    facts |= {"only": only, "lowest": lowest, "drawn": drawn, "choices": choices or {}}
    return field(default=default, metadata={"param": facts})


def describe(cls: type) -> list[Param]:
    """The parameters of a dataclass in the order of their declaration."""
    hints = get_type_hints(cls)
    return [
        Param(name=one.name, kind=hints[one.name], default=cast(Value, one.default), **one.metadata["param"])
        for one in dataclasses.fields(cls)
        if "param" in one.metadata
    ]


def check(obj: object) -> None:
    """Raises RestoreError, naming the parameter, where a value of `obj` has the wrong type or is out of range."""
    for one in describe(type(obj)):
        _check_value(one, getattr(obj, one.name))


def _check_value(one: Param, value: Any) -> None:
    accepted = (int, float) if one.kind is float else one.kind
    if not isinstance(value, accepted) or (isinstance(value, bool) and one.kind is not bool):
        raise RestoreError(f"{one.label} cannot be {value!r}.")
    if one.choices and value not in one.choices:
        raise RestoreError(f"{one.label} must be one of {', '.join(one.choices)}, not {value}.")
    if one.low is not None and one.high is not None and not one.low <= value <= one.high:
        low, high, found = (shown(number) for number in (one.low, one.high, value))
        raise RestoreError(f"{one.label} must be between {low} and {high}, not {found}.")


def shown(number: float) -> str:
    """A number as users read it: 1000000 and not 1e+06, 2 and not 2.0."""
    return f"{number:g}" if isinstance(number, float) else str(number)


def save(obj: object) -> dict[str, Value]:
    """The parameters of `obj` as plain values for JSON. `load(type(obj), save(obj)) == obj`."""
    return {one.name: getattr(obj, one.name) for one in describe(type(obj))}


def load(cls: type[T], values: Mapping[str, object]) -> T:
    """A `cls` with these parameters, the others at their defaults; text is read as the parameter's type.

    Raises RestoreError for an unknown name, text that is no such value, or a value out of range.
    """
    known = {one.name: one for one in describe(cls)}
    for name in values:
        if name not in known:
            raise RestoreError(f"There is no parameter “{name}”; there is {', '.join(known) or 'none'}.")
    result = cls(**{name: _parse(known[name], value) for name, value in values.items()})
    check(result)
    return result


def _parse(one: Param, value: object) -> object:
    """Text as the parameter's type; anything else as it is, whole floats as int where an int is wanted."""
    words = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
    try:
        if one.kind is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        if one.kind is int and isinstance(value, float) and value.is_integer():
            return int(value)
        if not isinstance(value, str) or one.kind is str:
            return value
        return words[value.lower()] if one.kind is bool else cast(Any, one.kind)(value)
    except (KeyError, ValueError, OverflowError):
        raise RestoreError(f"{one.label} cannot be “{value}”.") from None
