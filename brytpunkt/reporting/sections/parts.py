"""Parts: the numbered sections of a report. A part is a context function and a partial of its own.

Belongs here: order, numbers and anchors of sections. Does not belong here: the content of any of them.
A new page of a report is one function `(desk, site row) -> context or None`, one file
`templates/partials/<key>.html.j2` that reads the context as `c`, one title `section.<key>` in each catalog,
and one `Part` in the list of its report.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from brytpunkt.reporting.sections.context import Desk

Row = dict[str, Any]
Context = Callable[["Desk", Row], Row | None]


@dataclass(frozen=True)
class Part:
    """One section: its key (anchor, title and partial), and the function that makes its context.

    `partial` is the name of the template where it is not the key; `is_new_page` starts it on a page of its own, as the first
    section always does.
    """

    key: str
    context: Context
    partial: str = ""
    is_new_page: bool = False

    @property
    def template(self) -> str:
        """Path of the partial below templates/."""
        return f"partials/{self.partial or self.key}.html.j2"


def compose(at: Desk, row: Row, parts: Sequence[Part]) -> list[Row]:
    """The sections that have something to say, numbered -> id, number, title, template, is_new_page, c."""
    made = [(part, part.context(at, row)) for part in parts]
    present = [(part, context) for part, context in made if context is not None]
    return [
        {
            "id": part.key,
            "number": number,
            "title": at.formats.texts(f"section.{part.key}"),
            "template": part.template,
            "is_new_page": part.is_new_page or number == 1,
            "c": context,
        }
        for number, (part, context) in enumerate(present, 1)
    ]
