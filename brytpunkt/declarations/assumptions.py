"""Assumptions: every figure of a plan that matters, with its unit, its source, and who chose it.

Belongs here: walking the models. Does not belong here: facts, or how the report shows the list.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from pydantic.fields import FieldInfo

from brytpunkt.declarations.plan import Plan
from brytpunkt.declarations.values.fields import Section
from brytpunkt.declarations.values.money import Money

DECLARED = "declared in the plan"
LISTED = 12  # numbers that are told one by one


@dataclass(frozen=True)
class Assumption:
    """One figure that the result depends on. `path` names list items by their ids."""

    path: str
    value: float | int | str | bool
    unit: str
    origin: Literal["declared", "default"]
    source: str
    description: str


def assumptions(plan: Plan) -> list[Assumption]:
    """Every leaf that has a unit, declared or default, in the order of the file's vocabulary."""
    return list(_of_section(plan, "", inherited=False))


def _of_section(section: Section, path: str, *, inherited: bool) -> Iterator[Assumption]:
    """The section's leaves. `inherited`: the section as a whole was left out of the file."""
    basis = getattr(section, "basis", None)
    for name, info in type(section).model_fields.items():
        value = getattr(section, name)
        at = f"{path}.{name}" if path else name
        left_out = inherited or name not in section.model_fields_set
        if isinstance(value, Section) and not isinstance(value, Money):
            yield from _of_section(value, at, inherited=left_out)
        elif isinstance(value, tuple) and value and isinstance(value[0], Section):
            for position, item in enumerate(value):
                yield from _of_section(item, f"{at}.{_label(item, position)}", inherited=left_out)
        elif value is not None:
            yield from _of_leaf(at, value, info, left_out=left_out, basis=basis)


def _of_leaf(
    path: str, value: Any, info: FieldInfo, *, left_out: bool, basis: str | None
) -> Iterator[Assumption]:
    extra = info.json_schema_extra
    if not isinstance(extra, dict) or "unit" not in extra:
        return
    source = str(extra.get("source", ""))
    if left_out and not source:
        return
    unit = str(extra["unit"])
    if isinstance(value, Money):
        value, unit = value.amount, f"{value.currency} {unit}"
    yield Assumption(
        path=path,
        value=_plain(value),
        unit=unit,
        origin="default" if left_out else "declared",
        source=source if left_out else basis or DECLARED,
        description=info.description or "",
    )


def _label(item: Section, position: int) -> str:
    return str(getattr(item, "id", None) or getattr(item, "name", None) or position)


def _plain(value: Any) -> float | int | str | bool:
    if isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return ", ".join(f"{key} {amount:g}" for key, amount in value.items())
    if isinstance(value, tuple) and len(value) > LISTED:
        return f"{len(value)} numbers"
    if isinstance(value, tuple) and value and isinstance(value[0], float):
        return "; ".join(f"{number:g}" for number in value)
    return ", ".join(str(item) for item in value)
