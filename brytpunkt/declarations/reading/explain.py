"""Pydantic's findings in the user's words: which key, what was expected, what to write instead.

Belongs here: wording and suggestions. Does not belong here: any rule about what is right.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import Tag
from pydantic.fields import FieldInfo

from brytpunkt.declarations.plan import Plan
from brytpunkt.declarations.values.fields import Section
from brytpunkt.declarations.values.money import Money

Path = tuple[str | int, ...]

_EXPECTED = {
    "float_type": "a number",
    "int_type": "a whole number",
    "finite_number": "a finite number",
    "string_type": "text",
    "bool_type": "true or false",
    "date_type": "a date",
    "dict_type": "keys with values",
    "model_type": "a section of keys",
    "tuple_type": "a list",
}
_HINTS = {
    "bool_type": "write true or false",
    "date_type": "write a date that exists, as 2027-01-01",
    "dict_type": "write one 'key: value' per line, indented",
    "model_type": "write one 'key: value' per line, indented",
    "tuple_type": "begin each item with '- '",
    "string_type": "put it in quotes",
}
_BOUNDS = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
}


@dataclass(frozen=True)
class Complaint:
    """One error: the path of the key in the file, what is wrong, and what to do."""

    path: Path
    message: str
    suggestion: str
    meant: str | None = None  # the key that a misspelt one was taken for


def explain(errors: Iterable[Mapping[str, Any]], value: Any) -> list[Complaint]:
    """Errors of pydantic -> complaints about `value`, the file's content, each once."""
    complaints: list[Complaint] = []
    for error in errors:
        path, section, info = _locate(error["loc"])
        given = _at(value, path)
        if error["type"] == "extra_forbidden":
            complaints.append(Complaint(path, *_unknown_key(str(path[-1]), section)))
        elif error["type"] == "missing":
            complaints.append(Complaint(path, *_missing(str(path[-1]), info)))
        elif error["type"] == "default_factory_not_called" or (error["type"] == "too_short" and given):
            continue  # follows from an error that is reported where it stands
        elif error["loc"][-1:] == ("[key]",):
            complaints.append(Complaint(path, *_reason(error, path[-1], info)))
        else:
            complaints.append(Complaint(path, *_reason(error, given, info)))
    return complaints


def dotted(path: Path) -> str:
    """A path as users write it: sites[0].energy.price_per_kwh."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def _locate(loc: Iterable[str | int]) -> tuple[Path, type[Section] | None, FieldInfo | None]:
    """Path in the file, the section that the last step is looked up in, and the field found there."""
    path: list[str | int] = []
    annotation: Any = Plan
    section: type[Section] | None = Plan
    info: FieldInfo | None = None
    for step in loc:
        sections = dict(_sections(annotation))
        if isinstance(step, int):
            path.append(step)
        elif len(sections) > 1 and step in sections:
            annotation = sections[step]
        elif step != "[key]" and Money not in sections.values():
            path.append(step)
            section = next(iter(sections.values()), None)
            info = section.model_fields.get(step) if section else info
            annotation = info.annotation if info and section else None
    return tuple(path), section, info


def _sections(annotation: Any, tag: str = "") -> Iterator[tuple[str, type[Section]]]:
    """Every section that an annotation may hold, by its tag in a tagged union."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield tag or annotation.__name__, annotation
        return
    parts = get_args(annotation)
    tag = next((part.tag for part in parts if isinstance(part, Tag)), tag)
    for part in parts:
        yield from _sections(part, tag)


def _at(value: Any, path: Path) -> Any:
    for step in path:
        if isinstance(value, Mapping) and step in value:
            value = value[str(step)]
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def _unknown_key(key: str, section: type[Section] | None) -> tuple[str, str, str | None]:
    message = f"unknown key `{key[:60]}`"
    if section is None:
        return message, "remove it", None
    known = list(section.model_fields)
    near = difflib.get_close_matches(key.lower(), known, n=1, cutoff=0.6)
    if near:
        return message, f"did you mean {near[0]}?", near[0]
    for name, info in section.model_fields.items():
        if any(key in inner.model_fields for _, inner in _sections(info.annotation)):
            return message, f"did you mean {name}.{key}?", None
    if section is Plan and key in ("price_per_kwh", "zone", "pue"):
        return message, f"the key {key} belongs to a site", None
    return message, f"known keys here: {', '.join(known)}", None


def _missing(key: str, info: FieldInfo | None) -> tuple[str, str]:
    what = info.description.rstrip(".") if info and info.description else "it has no default"
    return (
        f"required key `{key}` is missing",
        f"add {key}: {what[:1].lower() if what[1:2].islower() else what[:1]}{what[1:]}",
    )


def _reason(error: Mapping[str, Any], given: Any, info: FieldInfo | None) -> tuple[str, str]:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "declaration":
        return context["message"], context["suggestion"]
    if kind == "literal_error":
        return _not_a_choice(given, context["expected"])
    if kind in _BOUNDS:
        words, key = _BOUNDS[kind]
        bound = context[key]
        return f"{_shown(given)} is out of range; expected {words} {bound:g}{_unit(info)}", _range_hint(
            given, bound, info
        )
    if kind in _EXPECTED:
        unit = _unit(info) if "number" in _EXPECTED[kind] else ""
        hint = _number_hint(given, kind) if kind in ("float_type", "int_type") else ""
        return f"expected {_EXPECTED[kind]}{unit}, got {_shown(given)}", hint or _HINTS.get(kind, "")
    if kind == "string_pattern_mismatch":
        return _not_the_pattern(given, str(context["pattern"]))
    if kind == "too_short":
        return "the list is empty", "give at least one item"
    if kind in ("too_long", "string_too_long"):
        return "too long", f"keep it to at most {context['max_length']}"
    if kind == "string_too_short":
        return "expected text, got an empty one", "write something, or leave the key out"
    return str(error["msg"])[:200], ""


def _not_a_choice(given: Any, expected: str) -> tuple[str, str]:
    choices = re.findall(r"'([^']*)'|(\d+)", expected)
    names = [word or number for word, number in choices]
    near = difflib.get_close_matches(str(given).lower(), [name.lower() for name in names], n=1, cutoff=0.6)
    hint = next((f"did you mean {name}?" for name in names if near and name.lower() == near[0]), "")
    return f"{_shown(given)} is not a choice; expected {' or '.join(names)}", hint


def _not_the_pattern(given: Any, pattern: str) -> tuple[str, str]:
    if pattern.startswith("^[a-z0-9]"):
        fixed = re.sub(r"[^a-z0-9]+", "-", str(given).lower()).strip("-")[:40]
        hint = "use lower-case letters, digits and hyphens, at most 40"
        return f"{_shown(given)} is not a valid id", hint + (f", for example {fixed}" if fixed else "")
    if pattern.startswith("^20"):
        return f"{_shown(given)} is not a month", "write year and month, for example 2021-01"
    if pattern.startswith("^https"):
        return f"{_shown(given)} is not a web address", "begin it with https://"
    return f"{_shown(given)} is not in the form expected here", ""


def _unit(info: FieldInfo | None) -> str:
    extra = info.json_schema_extra if info else None
    return f" [{extra['unit']}]" if isinstance(extra, dict) and extra.get("unit") else ""


def _range_hint(given: Any, bound: float, info: FieldInfo | None) -> str:
    if not isinstance(given, (int, float)):
        return ""
    if "share" in _unit(info) and 2 * bound <= given <= 100 * bound:
        return f"{given:g} looks like per cent; write {given / 100:g}"
    if _unit(info) == " [kW]" and given > bound:
        return f"{given:g} looks like watts; write {given / 1000:g}"
    return "it cannot be negative" if given < 0 <= bound else ""


def _number_hint(given: Any, kind: str) -> str:
    if isinstance(given, float) and kind == "int_type":
        return "write it without a fraction or exponent"
    if not isinstance(given, str):
        return "write one amount without a currency" if isinstance(given, Mapping) else ""
    text = given.strip()
    if match := re.fullmatch(r"(\d+(?:[.,]\d+)?)\s*%", text):
        return f"write {float(match[1].replace(',', '.')) / 100:g}"
    if re.fullmatch(r"\d{1,3}([ _']\d{3})+(\.\d+)?", text):
        return f"write {re.sub(r'[ _]', '', text).replace(chr(39), '')}"
    if re.fullmatch(r"\d+,\d+", text):
        return f"use a decimal point: {text.replace(',', '.')}"
    if match := re.match(r"(\d+(?:\.\d+)?)\s*[A-Za-z]", text):
        return f"write the number only: {match[1]} (the unit stands in the key)"
    return "write a number"


def _shown(given: Any) -> str:
    if given is None:
        return "nothing"
    if isinstance(given, bool):
        return str(given).lower()
    if isinstance(given, Mapping):
        return "keys with values"
    if isinstance(given, (list, tuple)):
        return "a list"
    text = str(given)
    return f"'{text[:40]}'" if isinstance(given, str) else text[:40]
