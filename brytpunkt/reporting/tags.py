"""Tags: what the PDF engine leaves out of the structure tree of tables.

Belongs here: mending the finished tag tree. Does not belong here: layout.
"""

from __future__ import annotations

import re
from typing import Any

REFERENCE = re.compile(rb"(\d+) \d+ R")


def finish(document: Any, pdf: Any) -> None:
    """Say of every table head whether it heads a column or a row (`/Scope`), and keep the title in sight.

    The engine links cells to heads by `/Headers`; readers that know only `/Scope` need this, too.
    """
    del document
    by_number = {item.number: item for item in pdf.objects}
    for item in pdf.objects:
        if _kind(item) == "/TH" and "A" in item:
            row = _parent(item, by_number)
            group = None if row is None else _parent(row, by_number)
            item["A"]["Scope"] = "/Column" if group is not None and _kind(group) == "/THead" else "/Row"


def _kind(item: Any) -> str:
    return str(item["S"]) if isinstance(item, dict) and "S" in item else ""


def _parent(item: Any, by_number: dict[int, Any]) -> Any:
    found = REFERENCE.fullmatch(item["P"]) if "P" in item else None
    return None if found is None else by_number.get(int(found[1]))
