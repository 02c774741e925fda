"""Tidy: what the chart engine draws too much is left out, and the picture stays what it was."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from brytpunkt.reporting.charts.svg_simplify import tidied

OPEN = '<svg xmlns="http://www.w3.org/2000/svg" width="100" height="50" viewBox="0 0 100 50">'


@pytest.mark.parametrize(
    ("drawn", "kept"),
    [
        ("<g><path d='M0,0h9v9h-9Z'/><g><g/></g></g>", ""),
        ("<g transform='translate(1,2)'><g><path d='M0,0h9' fill='red'/></g></g>", '<g transform="translate(1,2)"><path d="M0,0h9" fill="red" /></g>'),
        ("<path d='M1.23456,2h9' fill='red' opacity='1' aria-label='one'/>", '<path d="M1.23,2h9" fill="red" />'),
        ("<path d='M0,0h1' fill='red'/><path d='M5,0h1' fill='red'/>", '<path d="M0,0h1M5,0h1" fill="red" />'),
        ("<path d='M0,0h1' fill='red'/><path d='M5,0h1' fill='blue'/>", '<path d="M0,0h1" fill="red" /><path d="M5,0h1" fill="blue" />'),
        ("<path d='M0,0h1' fill='red' opacity='0.5'/><path d='M0,0h1' fill='red' opacity='0.5'/>", '<path d="M0,0h1" fill="red" opacity="0.5" />' * 2),
        ("<line transform='translate(0,20)' x2='9' y2='0' stroke='red'/><line transform='translate(0,10)' x2='9' y2='0' stroke='red'/>", '<path stroke="red" d="M0,20l9,0M0,10l9,0" />'),
        ("<clipPath id='c'><path d='M0,0h9v9h-9Z'/></clipPath>", '<clipPath id="c"><path d="M0,0h9v9h-9Z" /></clipPath>'),
    ],
)  # fmt: skip
def test_what_does_not_show_goes_and_marks_of_one_look_are_one(drawn: str, kept: str) -> None:
    assert tidied(f"{OPEN}{drawn}</svg>").partition(">")[2].removesuffix("</svg>") == kept


def test_names_have_no_prefix_whatever_the_process_registers() -> None:
    ET.register_namespace("other", "http://www.w3.org/2000/svg")
    assert tidied(f"{OPEN}<path d='M0,0h1' fill='red'/></svg>").startswith("<svg ")
