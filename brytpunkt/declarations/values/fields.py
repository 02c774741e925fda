"""The bricks that every section is built from: the base model, described fields, and plain number types.

Belongs here: what is true of any declared value (strict, frozen, finite, described, with unit and source).
Does not belong here: anything about a particular section.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
)
from pydantic.config import JsonDict
from pydantic.fields import FieldInfo
from pydantic_core import InitErrorDetails, PydanticCustomError

NO_SOURCE = "planning assumption, no published source found"


class Section(BaseModel):
    """One part of a plan. Unknown keys are refused, nothing is coerced, nothing changes after reading."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)


def described(description: str, *, unit: str = "", **limits: Any) -> FieldInfo:
    """A field without a default that matters: for use inside `Annotated`."""
    info: FieldInfo = Field(
        description=description, json_schema_extra={"unit": unit} if unit else None, **limits
    )
    return info


def default(value: Any, *, unit: str, source: str, description: str, **limits: Any) -> Any:
    """A field whose default matters to the result: it carries its unit and its source into the report."""
    extra: JsonDict = {"unit": unit, "source": source}
    return Field(
        default=value, description=description, json_schema_extra=extra, validate_default=True, **limits
    )


def by_kind(
    chosen: Callable[[Mapping[str, Any]], Any], *, unit: str, source: str, description: str, **limits: Any
) -> Any:
    """A field whose default is chosen by what was declared before it; it carries its unit and its source, too."""
    extra: JsonDict = {"unit": unit, "source": source}
    return Field(
        default_factory=chosen,
        description=description,
        json_schema_extra=extra,
        validate_default=True,
        **limits,
    )


def wrong(message: str, suggestion: str = "") -> PydanticCustomError:
    """An error of the user's, in the user's words."""
    return PydanticCustomError("declaration", "{message}", {"message": message, "suggestion": suggestion})


class Finding:
    """One error below a validated value, at a place of its own."""

    def __init__(self, at: Sequence[str | int], message: str, suggestion: str = "") -> None:
        self.at, self.message, self.suggestion = tuple(at), message, suggestion


def refuse(findings: Iterable[Finding], earlier: ValidationError | None = None) -> None:
    """Raise everything found, together with what pydantic found, so that no error hides another."""
    lines = [] if earlier is None else [_again(line) for line in earlier.errors(include_url=False)]
    lines += [
        InitErrorDetails(type=wrong(found.message, found.suggestion), loc=found.at, input=None)
        for found in findings
    ]
    if lines:
        raise ValidationError.from_exception_data("declaration", lines)


def _again(line: Any) -> InitErrorDetails:
    context = line.get("ctx", {})
    if line["type"] == "declaration":
        return InitErrorDetails(type=wrong(**context), loc=line["loc"], input=line["input"])
    return InitErrorDetails(type=line["type"], loc=line["loc"], input=line["input"], ctx=context)


T = TypeVar("T")


def unique_ids(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    """Wrap validator of a list of sections that have an `id` (or a `catalog` id): no id twice."""
    seen: dict[str, int] = {}
    findings = []
    for position, item in enumerate(value if isinstance(value, (list, tuple)) else ()):
        if isinstance(item, Mapping):
            key = "id" if "id" in item else "catalog"
            name = item.get(key)
        else:
            key, name = "id", getattr(item, "id", None)
        if not isinstance(name, str):
            continue
        if name in seen:
            at = (position, "id") if key == "id" else (position,)
            findings.append(
                Finding(at, f"the id '{name}' is used twice in this list", "give each its own id")
            )
        seen.setdefault(name, position)
    try:
        result = handler(value)
    except ValidationError as error:
        refuse(findings, error)
        raise
    refuse(findings)
    return result


def _iso_date(value: Any) -> Any:
    """A quoted ISO date is as good as a bare one."""
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return value
    return value


def _first_of_month(value: Any) -> Any:
    value = _iso_date(value)
    if isinstance(value, date) and value.day != 1:
        raise wrong(f"{value} is not the first day of a month", f"write {value.replace(day=1)}")
    return value


Date = Annotated[date, BeforeValidator(_iso_date)]
MonthStart = Annotated[date, BeforeValidator(_first_of_month)]


def _known_timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError) as error:
        hint = "use an IANA name, for example Europe/Stockholm"
        raise wrong(f"'{name[:40]}' is not a known time zone", hint) from error
    return name


Share = Annotated[float, Field(ge=0, le=1)]
PositiveShare = Annotated[float, Field(gt=0, le=1)]
Months = Annotated[int, Field(ge=0, le=240)]
Years = Annotated[float, Field(ge=1, le=40)]

Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
CatalogId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,59}$")]
QuoteId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")]
Text = Annotated[str, Field(min_length=1, max_length=400)]
Timezone = Annotated[str, Field(min_length=1, max_length=400), AfterValidator(_known_timezone)]
LongText = Annotated[str, Field(min_length=1, max_length=2000)]

# A YAML list is a Python list; stored as a tuple, so that a frozen section is frozen throughout.
Items = Annotated[tuple[T, ...], Field(strict=False)]


def id_as_name(data: Mapping[str, Any]) -> str:
    """The display name of a thing that was given none."""
    return str(data.get("id", data.get("plan", "")))
