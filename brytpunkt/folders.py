"""Where things are: the one place that knows the folders of the checkout and of the state."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

HOME_VARIABLE = "BRYTPUNKT_HOME"
TEXTS = Path(__file__).resolve().parent / "reporting" / "texts"


@dataclass(frozen=True)
class Folders:
    """The checkout, its rooms of data, and ``home``, where all state lives."""

    checkout: Path
    data: Path
    sql: Path
    templates: Path
    plans: Path
    home: Path


def report_languages(texts: Path = TEXTS) -> tuple[str, ...]:
    """Languages of reports: those that have a catalog of texts."""
    return tuple(sorted(path.stem for path in texts.glob("*.yaml")))


def folders() -> Folders:
    """Folders of this checkout; ``BRYTPUNKT_HOME`` moves the state elsewhere."""
    checkout = Path(__file__).resolve().parent.parent
    declared = os.environ.get(HOME_VARIABLE)
    home = Path(declared).expanduser().resolve() if declared else checkout / ".brytpunkt"
    return Folders(
        checkout=checkout,
        data=checkout / "data",
        sql=checkout / "sql",
        templates=checkout / "templates",
        plans=checkout / "plans",
        home=home,
    )
