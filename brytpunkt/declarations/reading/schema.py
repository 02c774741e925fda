"""JSON Schema of a plan file, for editors and for `brytpunkt schema`.

Belongs here: what the models cannot say about themselves. Does not belong here: validation.
"""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from brytpunkt.declarations.plan import Plan


class _PlanSchema(GenerateJsonSchema):
    """Leaves out titles that only repeat the key."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - given by pydantic
        return False


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a plan file; keys say their unit and the source of their default."""
    schema = Plan.model_json_schema(by_alias=True, mode="validation", schema_generator=_PlanSchema)
    _describe_units(schema)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Brytpunkt plan"}
    return head | {key: value for key, value in schema.items() if key not in head}


def _describe_units(node: Any) -> None:
    if isinstance(node, dict):
        unit, source = node.get("unit"), node.get("source")
        if isinstance(unit, str) and isinstance(node.get("description"), str):
            node["description"] += f" [{unit}]" + (f" Default: {source}." if isinstance(source, str) else "")
        for value in node.values():
            _describe_units(value)
    elif isinstance(node, list):
        for value in node:
            _describe_units(value)
