"""Fonts: the faces that lie in templates/fonts, for the page and for the charts alike.

Belongs here: reading font files' names. Does not belong here: which style uses which weight (see base.css).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SUFFIXES = {".ttf", ".otf"}
SEMIBOLD = 600
UNKNOWN = 1.0  # [em] of a letter that the face does not have: another script, or a picture


@dataclass(frozen=True)
class Face:
    """One font file: family, weight (100-900) and slope."""

    path: Path
    family: str
    weight: int
    is_italic: bool


@cache
def faces(folder: Path) -> tuple[Face, ...]:
    """Faces of the report's family: the family with the most files in the folder."""
    found = [_face(path) for path in sorted(folder.rglob("*")) if path.suffix.lower() in SUFFIXES]
    if not found:
        message = (
            f"no font files in {folder}: the report ships with its fonts, restore them from the repository"
        )
        raise FileNotFoundError(message)
    family, _ = Counter(face.family for face in found).most_common(1)[0]
    return tuple(face for face in found if face.family == family)


def family(folder: Path) -> str:
    """The name by which the chart engine knows the family."""
    return faces(folder)[0].family


def bold_weight(folder: Path) -> int:
    """The weight nearest to semibold, used for emphasis in charts."""
    return min((face.weight for face in faces(folder)), key=lambda weight: abs(weight - SEMIBOLD))


@dataclass(frozen=True)
class Advances:
    """Widths of the letters of a face [em], without kerning."""

    by_letter: dict[str, float]

    def width(self, text: str) -> float:
        """Width of a text on one line [em]."""
        known = self.by_letter
        return sum(known.get(letter, UNKNOWN) for letter in text)


@cache
def advances(folder: Path, weight: int) -> Advances:
    """Widths of the letters of the upright face nearest to a weight."""
    from fontTools.ttLib import TTFont

    upright = [face for face in faces(folder) if not face.is_italic]
    nearest = min(upright, key=lambda face: abs(face.weight - weight))
    with TTFont(nearest.path, lazy=True) as font:
        widths, em = font["hmtx"].metrics, font["head"].unitsPerEm
        return Advances({chr(code): widths[name][0] / em for code, name in font.getBestCmap().items()})


def _face(path: Path) -> Face:
    from fontTools.ttLib import TTFont

    with TTFont(path, lazy=True) as font:
        name = font["name"]
        os2 = font["OS/2"]
        return Face(
            path=path,
            family=str(name.getDebugName(16) or name.getDebugName(1)),
            weight=int(os2.usWeightClass),
            is_italic=bool(os2.fsSelection & 1),
        )
