"""`what-if` as a whole process, beside a process that only imports what it needs.

    python -m benchmarks.what_if

The example is planned once into a folder of its own, which takes a minute. Wall seconds, and processor seconds of the process.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from brytpunkt.folders import HOME_VARIABLE, folders

ROUNDS = 5
BARE = "import pipelines.cli.what_if"
ONE = ("finance.discount_rate_per_year=0.06",)
FOUR = (
    "rent.negotiated_discount_share=0.3",
    "workloads.assistant.demand.growth.per_year=0.5",
    "sites.lulea.colocation.price_per_kw_month.eur=120",
    "build.servers.dgx_b300.price.usd=450000",
)


def fastest(home: Path, *command: str) -> tuple[float, float]:
    """Wall and processor seconds of the fastest of a few processes."""
    taken = []
    for _ in range(ROUNDS):
        spent = resource.getrusage(resource.RUSAGE_CHILDREN)
        begun = time.perf_counter()
        run(home, *command)
        wall = time.perf_counter() - begun
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append((wall, after.ru_utime + after.ru_stime - spent.ru_utime - spent.ru_stime))
    return min(taken)


def run(home: Path, *command: str) -> None:
    """A Python process with a state folder of its own; its output is of no interest unless it fails."""
    subprocess.run(
        [sys.executable, *command],
        check=True, stdout=subprocess.DEVNULL, cwd=folders().checkout, env=os.environ | {HOME_VARIABLE: str(home)},
    )  # fmt: skip


def main() -> int:
    """Print times and ratios."""
    plan = str(folders().plans / "nordic.yaml")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        run(home, "-m", "pipelines.cli", "plan", plan, "--no-pdf", "--out", str(home / "out"))
        sys.stdout.write("what-if on the example, whole processes\n")
        bare = fastest(home, "-c", BARE)
        say("imports alone", bare, bare)
        for name, changes in (("one change", ONE), ("four changes, each alone and all together", FOUR)):
            say(name, fastest(home, "-m", "pipelines.cli", "what-if", plan, *changes), bare)
    return 0


def say(text: str, taken: tuple[float, float], bare: tuple[float, float]) -> None:
    """One line of the report."""
    wall, processor = taken
    sys.stdout.write(
        f"  {text:<48}{wall:6.2f} s wall {processor:6.2f} s processor, ratio to imports {wall / bare[0]:5.2f}\n"
    )


if __name__ == "__main__":
    sys.exit(main())
