"""The JSON Schema agrees with the reader: it accepts the bundled plans and refuses what they may not hold."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from brytpunkt.declarations import json_schema
from brytpunkt.declarations.reading.yaml_tree import read_tree

PLANS = Path(__file__).parents[3] / "plans"
BUNDLED = sorted(PLANS.rglob("*.yaml"))
SCHEMA = json_schema()

TYPES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
    "integer": int,
    "number": (int, float),
}


def complaints(value: Any, schema: dict[str, Any], path: str = "") -> list[str]:
    """The part of JSON Schema that the plan's schema uses, checked by the letter of its specification."""
    if "$ref" in schema:
        schema = SCHEMA["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    for choice in ("anyOf", "oneOf"):
        if choice in schema and not any(not complaints(value, option, path) for option in schema[choice]):
            return [f"{path}: fits no option"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{path}: {value!r} not in {schema['enum']}"]
    if "const" in schema and value != schema["const"]:
        return [f"{path}: {value!r} is not {schema['const']!r}"]
    kind = schema.get("type")
    if kind and (not isinstance(value, TYPES[kind]) or (kind != "boolean" and isinstance(value, bool))):
        return [f"{path}: {value!r} is not of type {kind}"]
    found = []
    if isinstance(value, dict):
        found += [f"{path}: {key} missing" for key in schema.get("required", []) if key not in value]
        if not schema.get("minProperties", 0) <= len(value) <= schema.get("maxProperties", 1000):
            found.append(f"{path}: number of keys")
        for key, inner in value.items():
            patterns = schema.get("patternProperties", {})
            known = schema.get("properties", {}).get(key) or next(
                (rule for pattern, rule in patterns.items() if re.search(pattern, key)), None
            )
            rule = known if known is not None else schema.get("additionalProperties", True)
            if rule is False:
                found.append(f"{path}.{key}: unknown")
            elif isinstance(rule, dict):
                found += complaints(inner, rule, f"{path}.{key}")
    elif isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", 1000):
            found.append(f"{path}: number of items")
        for position, inner in enumerate(value):
            found += complaints(inner, schema.get("items", {}), f"{path}[{position}]")
    elif isinstance(value, str):
        if not re.search(schema.get("pattern", ""), value):
            found.append(f"{path}: pattern")
    elif isinstance(value, (int, float)):
        inside = (
            schema.get("minimum", value) <= value <= schema.get("maximum", value)
            and value > schema.get("exclusiveMinimum", float("-inf"))
            and value < schema.get("exclusiveMaximum", float("inf"))
        )
        found += [] if inside else [f"{path}: {value} out of range"]
    return found


def as_json(value: Any) -> Any:
    """YAML's dates as the text that an editor sees."""
    if isinstance(value, dict):
        return {key: as_json(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_json(inner) for inner in value]
    return value.isoformat() if isinstance(value, date) else value


@pytest.mark.parametrize("path", BUNDLED, ids=[path.stem for path in BUNDLED])
def test_the_schema_accepts_the_bundled_plans(path: Path) -> None:
    assert complaints(as_json(read_tree(path.read_text(encoding="utf-8")).value), SCHEMA) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("horizon_months", "horizon_month"),
        ("{eur: 150}", "150"),
        ("{eur: 150}", "{eur: -1}"),
        ("{eur: 150}", "{eur: 1, sek: 2}"),
        ("SE\n", "Sweden\n"),
        ("plan: small", "plan: Small Plan"),
        ("    - catalog: dgx_b200", "    - {}"),
        ("build:\n", "build:\n  life_years: 0\n"),
        ("build:\n", "build:\n  support_share_per_year: 12\n"),
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(small: str, before: str, after: str) -> None:
    assert complaints(as_json(read_tree(small).value), SCHEMA) == []
    assert complaints(as_json(read_tree(small.replace(before, after)).value), SCHEMA)


def test_editors_show_meaning_unit_and_source() -> None:
    support = SCHEMA["$defs"]["Build"]["properties"]["support_share_per_year"]
    assert support["default"] == 0.08
    assert "[share of server price per year]" in support["description"]
    assert "LP2368" in support["description"]
    money = SCHEMA["$defs"]["Money"]
    assert list(money["properties"]) == ["eur", "sek", "nok", "dkk", "isk", "usd", "gbp"]


def test_every_default_in_the_schema_is_one_that_a_file_could_hold() -> None:
    for name, section in SCHEMA["$defs"].items():
        for key, rule in section.get("properties", {}).items():
            if rule.get("default") is not None:
                assert complaints(rule["default"], rule, f"{name}.{key}") == []
