"""Texts of the reports, one YAML file per language.

Belongs here: looking a text up and filling it in. Does not belong here: number formats (see formats.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from brytpunkt.errors import BrytpunktError
from brytpunkt.folders import TEXTS, report_languages

FALLBACK = "en"
_handed: dict[str, Texts] = {}


@dataclass(frozen=True)
class Texts:
    """The texts of one language. A key that a language lacks is taken from English."""

    language: str
    entries: dict[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """The text of `key` with `{name}` replaced by the values given."""
        return self.entries[key].format(**values)

    def get(self, key: str, default: str) -> str:
        """The text of `key`, or `default` where the catalog has none (ids that users may extend)."""
        return self.entries.get(key, default)

    def name(self, group: str, identifier: str) -> str:
        """The display name of an identifier, or the identifier itself in readable form."""
        return self.get(f"{group}.{identifier}", identifier.replace("_", " "))


@cache
def texts(language: str, folder: Path = TEXTS) -> Texts:
    """The catalog of a language; `folder` holds one file per language.

    Raises `BrytpunktError` where there is no such file.
    """
    if folder == TEXTS and language in _handed:
        return _handed[language]
    known = report_languages(folder)
    if language not in known:
        message = f"no report texts for language {language!r}; there are {', '.join(known)}"
        raise BrytpunktError(message)
    return Texts(language, _read(TEXTS, FALLBACK) | _read(folder, language))


def hand_over(*catalogs: Texts) -> None:
    """Catalogs that another process has read already: reading one takes a quarter of a second."""
    _handed.update({catalog.language: catalog for catalog in catalogs})


def _read(folder: Path, language: str) -> dict[str, str]:
    tree = YAML(typ="safe", pure=True).load((folder / f"{language}.yaml").read_text(encoding="utf-8"))
    return dict(_flat(tree, ""))


def _flat(tree: dict[str, Any], prefix: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in tree.items():
        if isinstance(value, dict):
            found.extend(_flat(value, f"{prefix}{key}."))
        else:
            found.append((f"{prefix}{key}", str(value)))
    return found
