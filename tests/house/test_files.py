"""What every file of the house keeps to."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import subprocess
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from ruamel.yaml import YAML

from brytpunkt.folders import folders
from brytpunkt.publishers.find import declared_sources
from pipelines.cli.refresh import source_table

CHECKOUT = folders().checkout
LONGEST_MODULE = 400
PACKAGES = sorted(
    path.relative_to(CHECKOUT).as_posix()
    for root in ("brytpunkt", "assets", "pipelines")
    for path in (CHECKOUT / root).rglob("__init__.py")
)


def tracked() -> list[Path]:
    """The files of the checkout that are the house's own: what git would take in."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    names = listed.stdout.splitlines() if listed.returncode == 0 else []
    paths = [CHECKOUT / name for name in names] or [
        path for path in CHECKOUT.rglob("*") if not {".venv", ".git", ".brytpunkt", "out"} & set(path.parts)
    ]
    return [path for path in paths if path.is_file()]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_room_says_what_belongs_there(package: str) -> None:
    text = ast.get_docstring(ast.parse((CHECKOUT / package).read_text(encoding="utf-8"))) or ""
    assert len(text.splitlines()) >= 2, "a line for what belongs here and one for what does not"


def test_modules_are_rooms_not_halls() -> None:
    lengths = {
        path.relative_to(CHECKOUT).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in tracked()
        if path.suffix == ".py"
    }
    assert lengths
    assert not {name: lines for name, lines in lengths.items() if lines > LONGEST_MODULE}


def test_statements_say_what_they_are_for() -> None:
    files = sorted((CHECKOUT / "sql").rglob("*.sql"))
    assert files
    assert [path.name for path in files if not path.read_text(encoding="utf-8").startswith("-- ")] == []


def test_the_lock_pins_every_package_with_hashes_and_names_no_index() -> None:
    lock = (CHECKOUT / "requirements.lock").read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=[a-z0-9])", lock.strip())
    names = set()
    for block in blocks:
        found = re.match(r"([a-z0-9._-]+)(\[[a-z0-9,_-]+\])?==\S+ \\\n", block)
        assert found, block[:80]
        assert "--hash=sha256:" in block
        names.add(found[1].replace(".", "-").replace("_", "-"))
    assert "://" not in lock
    assert "--index" not in lock
    settings = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = settings["dependencies"] + [
        word for group in settings["optional-dependencies"].values() for word in group
    ]
    assert {re.split(r"[<>=\[]", word)[0] for word in wanted} <= names
    assert version("brytpunkt") == settings["version"], "install the package again"


def test_the_lock_keeps_the_extras_that_its_packages_ask_for() -> None:
    """Beside hashes pip refuses `gql[requests]` where the lock says only `gql`, on a machine that is new."""
    lock = (CHECKOUT / "requirements.lock").read_text(encoding="utf-8")
    locked = {
        name: set(extras.split(",")) - {""}
        for name, extras in re.findall(r"^([a-z0-9._-]+)(?:\[([a-z0-9,_-]+)\])?==", lock, flags=re.MULTILINE)
    }
    missing = []
    for name, extras in locked.items():
        for line in importlib.metadata.requires(name) or []:
            wanted = Requirement(line)
            asked = any(
                wanted.marker is None or wanted.marker.evaluate({"extra": extra}) for extra in extras | {""}
            )
            if asked and not wanted.extras <= locked[canonicalize_name(wanted.name)]:
                missing.append(f"{name} wants {line}")
    assert missing == []


def test_workspace_loads_the_definitions() -> None:
    workspace = YAML(typ="safe").load(CHECKOUT / "workspace.yaml")
    assert workspace["load_from"][0]["python_module"]["module_name"] == "pipelines.definitions"


def test_no_machine_and_no_registry_is_named() -> None:
    hosts = ("py" + "pi.org", "pythonhosted" + ".org", "/ro" + "ot/", "index" + "-url")
    found = []
    for path in tracked():
        if path.suffix in {
            ".py",
            ".md",
            ".toml",
            ".lock",
            ".yaml",
            ".yml",
            ".sh",
            ".sql",
            ".csv",
            ".html",
            ".css",
            ".j2",
        }:
            text = path.read_text(encoding="utf-8")
            found += [f"{path.name}: {host}" for host in hosts if host in text]
    assert not found


def test_links_in_the_handbook_lead_somewhere() -> None:
    missing = []
    for page in [*sorted(CHECKOUT.glob("*.md")), *sorted((CHECKOUT / "docs").rglob("*.md"))]:
        targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        missing += [f"{page.name}: {target}" for target in targets if not (page.parent / target).exists()]
    assert not missing


def test_the_readme_lists_every_source_and_marks_the_unconfirmed_ones() -> None:
    text = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    begin, end = "<!-- made by `brytpunkt sources --table` -->\n", "\n<!-- end of sources -->"
    listed = text.partition(begin)[2].partition(end)[0]
    made = "\n".join(source_table(declared_sources(CHECKOUT / "data" / "sources")))
    assert listed == made, "write the output of `brytpunkt sources --table` between the two marks"
