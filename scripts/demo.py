"""The demo: real restic catalogs and a month of a message database, judged against policies/example.

`python scripts/demo.py demo-data` (or `make demo`) runs the commands that a user types, shows them, and says what came out. The
data folder and the reports in it (`demo-data/reports/`) are never committed; `make clean` removes them. Run again it changes nothing.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = Path(sys.executable).with_name("backup-audit")
PERIOD = ("--from", "2026-11-01", "--to", "2026-11-24")
ZONE = ZoneInfo("Asia/Shanghai")
BREACHED = 1
"""The exit code of `assess` when something is breached, as in this demo."""


def main() -> None:
    """Make or complete the demo's data folder, and say what it shows."""
    if len(sys.argv) != 2:
        sys.exit("usage: python scripts/demo.py FOLDER")
    os.chdir(ROOT)
    data = Path(sys.argv[1])
    reports = data / "reports"
    judged = reports / "assessment.json"
    before = number(judged)

    step("1. A data folder: configuration, keys, journal, vault")
    tell(run(data, "init", "--organisation", "Yunhe Messaging"))
    step("2. The programme: who owns what, where copies live, what was promised")
    tell(run(data, "apply", "policies/example").splitlines()[-2:])
    step("3. The evidence: real output of restic, and what the catalogs of a message database showed each morning")
    tell(run(data, "ingest", *restic_samples(), short="tests/data/restic/backup-1.jsonl ..."))
    for repository in ("nas-dc1", "vault-hz"):
        tell(run(data, "ingest", "--source", "messages-db", "--repository", repository, f"tests/data/demo/{repository}"))
    step("4. Every promise judged, on every asset, over the period")
    reports.mkdir(exist_ok=True)
    tell(run(data, "assess", *PERIOD, "--format", "json", "-o", str(judged), fine=(0, BREACHED)))
    step("5. The first report, in two languages and for programs")
    for name, more in (
        ("annual-review.html", ()),
        ("annual-review-zh.html", ("--lang", "zh")),
        ("annual-review.json", ("--format", "json")),
    ):
        tell(run(data, "report", "annual-review", *PERIOD, *more, "-o", str(reports / name)))
    step("6. Is all of it still as it was taken in?")
    tell(line for line in run(data, "verify").splitlines() if "hashed again" in line or line.startswith("Everything"))

    assessment = json.loads(judged.read_text(encoding="utf-8"))
    say("\n==> What came out")
    for line in headline(assessment):
        say(f"    {line}")
    say("\n==> Where it is")
    say(f"    {reports / 'annual-review.html'} and annual-review-zh.html: open them in a browser")
    say(f"    {reports / 'annual-review.json'}, {judged}: the same for programs")
    if before == assessment["as_known_at"]:
        say(f"    Nothing was new: the journal still ends with entry {before}, and the reports say the same as before.")
    say("\n==> Try next")
    for line in (
        "assess " + " ".join(PERIOD),
        "explain im-messages-db recovery-point " + " ".join(PERIOD),
        "recoverable im-messages-db --at 2026-11-09T12:00:00+08:00",
        "sources",
    ):
        say(f"    {PROGRAM.relative_to(ROOT) if PROGRAM.is_relative_to(ROOT) else 'backup-audit'} --data {data} {line}")


def restic_samples() -> list[str]:
    """Return the samples that say beside them, in an envelope, how they were got."""
    ending = ".envelope.json"
    return sorted(str(path).removesuffix(ending) for path in Path("tests/data/restic").glob(f"*{ending}"))


def run(data: Path, *arguments: str, short: str | None = None, fine: tuple[int, ...] = (0,)) -> str:
    """Show and run one command of backup-audit; return what it printed. The demo ends where a command fails.

    short: what to show in place of a long list of files. fine: the exit codes that are no failure.
    """
    shown = shlex.join(arguments) if short is None else f"{arguments[0]} {short}"
    say(f"    $ backup-audit --data {data} {shown}")
    command = [str(PROGRAM), "--data", str(data), *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, encoding="utf-8", check=False)  # noqa: S603 - our own program
    if done.returncode not in fine:
        say(done.stdout)
        sys.exit(f"the demo stopped: this command ended with {done.returncode}")
    return done.stdout


def step(what: str) -> None:
    """Print the heading of a step."""
    say(f"\n==> {what}")


def tell(lines: str | Iterable[str]) -> None:
    """Print what a command printed."""
    for line in lines.splitlines() if isinstance(lines, str) else lines:
        say(f"      {line}")


def say(line: str) -> None:
    """Print a line at once, so that it stands before what the next command writes to stderr."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def number(judged: Path) -> int | None:
    """Return the journal entry up to which the last run of the demo judged; null on the first."""
    return json.loads(judged.read_text(encoding="utf-8"))["as_known_at"] if judged.is_file() else None


def headline(assessment: dict[str, Any]) -> Iterable[str]:
    """Yield the result in plain words."""
    coverage, results = assessment["coverage"], assessment["results"]
    among = f"of {coverage['in_service']}"
    yield f"At the end of the period {coverage['in_service']} assets were in service."
    yield f"  {coverage['assigned']} {among}: a policy says what must be kept."
    yield (
        f"  {coverage['protected']} {among}: proven to lose no more work than the policy allows; up to {coverage['protected_up_to']} {among}, "
        "if all that is unproven turns out well."
    )
    yield f"  {coverage['restorable']} {among}: proven restorable by a test."
    counts = Counter(result["verdict"] for result in results)
    listed = ", ".join(f"{counts.pop(verdict, 0)} {verdict}" for verdict in ("met", "breached", "unproven"))
    others = "".join(f", {number} {verdict}" for verdict, number in sorted(counts.items()))
    yield f"{len(results)} verdicts, one for each promise (and each leg of it) on each asset: {listed}{others}."
    worst = worst_exposure(results)
    if worst is not None:
        yield from described(*worst)


def worst_exposure(results: list[dict[str, Any]]) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Return the breach with evidence in which most work could have been lost, and its result."""
    found = [
        (breach["detail"]["exposure_seconds"], result, breach)
        for result in results
        for breach in result["breaches"]
        if breach["evidence"] and "exposure_seconds" in breach["detail"]
    ]
    return max(found, key=lambda row: row[0])[1:] if found else None


def described(result: dict[str, Any], breach: dict[str, Any]) -> Iterable[str]:
    """Yield what a breach of the recovery point is, and where its evidence is."""
    begin, end = (datetime.fromisoformat(breach[key]).astimezone(ZONE) for key in ("from", "to"))
    lost = timedelta(seconds=round(breach["detail"]["exposure_seconds"]))
    yield (
        f"The worst breach: {result['asset']} had no backup as recent as policy {result['policy']} version {result['version']} asks, from "
        f"{begin:%d %B %H:%M} to {end:%d %B %H:%M} (Shanghai)."
    )
    yield f"  A failure in that time could have lost up to {lost.total_seconds() / 3600:.1f} hours of work."
    for ref in breach["evidence"]:
        yield f"  Evidence: journal entry {ref['entry']}, {ref['locator']}, SHA-256 {ref['sha256']}"


if __name__ == "__main__":
    main()
