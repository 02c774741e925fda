"""The command line. Heavy rooms are imported only by the command that needs them."""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
from collections.abc import Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path

from brytpunkt.errors import BrytpunktError, InputError
from pipelines.cli import mail, try_source

os.environ.setdefault(
    "PYDANTIC_DISABLE_PLUGINS", "__all__"
)  # there are none, and looking for them takes time
EXIT_OK, EXIT_ERROR, EXIT_INPUT = 0, 1, 2


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    top = argparse.ArgumentParser(
        prog="brytpunkt",
        description="Build or rent? Where in the Nordics, when, at what cost, and how sure is that?",
    )
    top.add_argument("--version", action="version", version=f"brytpunkt {version('brytpunkt')}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    plan = commands.add_parser("plan", help="compute a declared plan and write its reports")
    plan.add_argument("file", type=Path, metavar="FILE", help="the plan's declaration (YAML)")
    plan.add_argument(
        "--out", type=Path, default=Path("out"), metavar="DIR", help="where results go (default: out)"
    )
    plan.add_argument(
        "--as-of", type=_day, metavar="DATE", help="plan with what was known that day (YYYY-MM-DD)"
    )
    plan.add_argument("--no-pdf", action="store_true", help="leave the PDF reports out")
    changed = commands.add_parser(
        "what-if", help="the verdict before and after changed declarations; nothing is written"
    )
    changed.add_argument(
        "file", type=Path, metavar="FILE", help="the plan's declaration (YAML), computed before"
    )
    changed.add_argument(
        "changes",
        nargs="+",
        metavar="KEY=VALUE",
        help="a declaration by its dotted path, ids as keys: sites.lulea.power_limit_kw=300",
    )
    changed.add_argument("--optimise", action="store_true", help="also choose the optimal plans anew")
    changed.add_argument(
        "--draws", type=int, metavar="N", help="also draw N worlds before and after: how sure is it?"
    )
    refresh = commands.add_parser("refresh", help="fetch live sources and take in what changed")
    refresh.add_argument(
        "sources", nargs="*", metavar="SOURCE", help="which ones (default: all that are ready)"
    )
    refresh.add_argument(
        "--accept", action="store_true", help="take in what the guards refused, after you looked at it"
    )
    sources = commands.add_parser("sources", help="how each live source stands")
    sources.add_argument(
        "source", nargs="?", metavar="SOURCE", help="only this one, with what it left aside and why"
    )
    sources.add_argument("--table", action="store_true", help="what is declared, as the README's table")
    try_source.add_command(commands)
    history = commands.add_parser("history", help="every price that was seen for a SKU")
    history.add_argument("sku", metavar="SKU", help="instance type, list position, or token model")
    changes = commands.add_parser("changes", help="which prices changed between two days")
    changes.add_argument("since", type=_day, metavar="SINCE", help="from the end of this day (YYYY-MM-DD)")
    changes.add_argument(
        "until", type=_day, nargs="?", metavar="UNTIL", help="to the end of this day (default: now)"
    )
    changes.add_argument("--table", metavar="TABLE", help="of this table (default: every table of prices)")
    commands.add_parser("schema", help="print the JSON Schema of plans, for your editor")
    mail.add_commands(commands)
    ui = commands.add_parser("ui", help="open the Dagster UI: the lineage of every number")
    ui.add_argument(
        "--port", type=int, default=3000, metavar="PORT", help="port on this machine (default: 3000)"
    )
    ui.add_argument(
        "--live", action="store_true", help="let sensors contact publishers and keep prices current"
    )
    return top


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        message = f"{text!r} is not a date; write it as 2026-09-01"
        raise argparse.ArgumentTypeError(message) from None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 done, 2 the user's input is wrong, 1 anything else."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:2] == try_source.COMMAND.split():
        given[:2] = [try_source.COMMAND]
    options = parser().parse_args(given)
    try:
        return _command(options)
    except InputError as error:
        print(f"brytpunkt: the input needs mending\n{error}", file=sys.stderr)
        return EXIT_INPUT
    except BrytpunktError as error:
        print(f"brytpunkt: {error}", file=sys.stderr)
        return EXIT_ERROR
    except BrokenPipeError:  # whoever read the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_ERROR
    except KeyboardInterrupt:
        print("brytpunkt: stopped; nothing half-written remains", file=sys.stderr)
        return EXIT_ERROR
    except Exception as error:  # noqa: BLE001 - the user gets a line and a file, not a stack trace
        return _unexpected(error)


def _command(options: argparse.Namespace) -> int:
    if options.command == "schema":
        return _schema()
    if options.command == "ui":
        return _ui(options.port, is_live=options.live)
    if options.command == "what-if":
        return _what_if(options)
    if options.command in {"refresh", "sources", "history", "changes"}:
        return _live(options)
    if options.command == try_source.COMMAND:
        return try_source.run(options)
    if options.command in mail.COMMANDS:
        return mail.run_command(options)
    return _plan(options)


def _schema() -> int:
    from brytpunkt.declarations import json_schema

    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
    return EXIT_OK


def _ui(port: int, *, is_live: bool) -> int:
    from pipelines.cli.ui import open_ui

    return open_ui(port, is_live=is_live)


def _live(options: argparse.Namespace) -> int:
    from pipelines.cli import refresh, sources

    if options.command == "changes":
        return sources.show_changes(options.since, options.until, options.table)
    if options.command == "sources" and options.source:
        return sources.show_source(options.source)
    if options.command == "sources":
        return refresh.show_sources(as_table=options.table)
    if options.command == "history":
        return refresh.show_history(options.sku)
    return refresh.refresh(options.sources, accept=options.accept)


def _what_if(options: argparse.Namespace) -> int:
    if not options.optimise and options.draws is None:
        gc.disable()  # it answers within two seconds and ends; collecting garbage would take a tenth of them
    try:
        return _answer(options)
    finally:
        gc.freeze()  # nor does the end of the process look through what is there
        gc.enable()


def _answer(options: argparse.Namespace) -> int:
    from brytpunkt.folders import folders
    from pipelines.cli.progress import Progress
    from pipelines.cli.what_if import answer

    if options.draws is None:
        lines = answer(options, folders())
    else:
        with Progress(sys.stderr) as progress:
            lines = answer(options, folders(), progress.draws)
    print("\n".join(lines))
    return EXIT_OK


def _plan(options: argparse.Namespace) -> int:
    from brytpunkt.declarations import read_plan
    from brytpunkt.declarations.products import WORTH_TELLING_MINUTES, estimated_minutes
    from brytpunkt.folders import folders

    declared = read_plan(options.file)
    from pipelines.cli.progress import Progress, verdict_lines

    troubles: list[str] = []
    minutes = estimated_minutes(declared.plan)
    if minutes > WORTH_TELLING_MINUTES:
        print(f"This plan takes about {minutes:,.0f} minutes of one core; Ctrl-C stops it.")
    with Progress(sys.stdout) as progress:
        progress.step("Loading Dagster")
        from brytpunkt.publish import publish
        from pipelines.materialise import materialise_plan

        run = materialise_plan(
            declared,
            folders(),
            as_of=options.as_of,
            with_reports=not options.no_pdf,
            on_step=progress.step,
            on_draws=progress.draws,
            on_trouble=troubles.append,
        )
        written = publish(run, options.out)
    summary = run.summary()
    print("\n".join([*verdict_lines(summary), *(f"! {line}" for line in troubles)]))
    print("\nWritten:")
    for path in written:
        print(f"  {path}")
    print(f"Run {run.run_id}, facts as of {run.as_of.isoformat()}")
    return EXIT_OK


def _unexpected(error: Exception) -> int:
    """Keep the stack trace in a file and say where."""
    import traceback
    from datetime import UTC, datetime

    from brytpunkt.folders import folders

    folder = folders().home / "logs"
    kept = folder / f"error-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{os.getpid()}.txt"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        kept.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
        where = f"details are in {kept}"
    except OSError:
        where = "the details could not be written"
    first = str(error).strip().splitlines()
    print(
        f"brytpunkt: {type(error).__name__}: {first[0] if first else 'no message'}; {where}", file=sys.stderr
    )
    return EXIT_ERROR
