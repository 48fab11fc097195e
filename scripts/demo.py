"""The demo: a simulated year of a company that runs instant messaging, with twelve accidents, judged against what it had promised.

`python scripts/demo.py demo-data --serve` (or `make demo`) runs the commands that a user types, shows them, says what came out, and serves the
site until Ctrl-C. The data folder, the year in it (`demo-data/simulated/`) and the reports (`demo-data/reports/`) are never committed;
`make clean` removes them. Run again it changes nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shlex
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ruamel.yaml import YAML

from audit.steps.report import formats

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = Path(sys.executable).with_name("backup-audit")
PERIOD = ("--from", "2025-01-01", "--to", "2026-01-01")
ZONE = ZoneInfo("Asia/Shanghai")
LANGUAGES = ("en", "zh")
ACCOUNT = "demo"
PORT = 8080
BREACHED = 1
"""The exit code of `assess` when something is breached, as in this demo."""


def main() -> None:
    """Make or complete the demo's data folder, and say what it shows."""
    if len(sys.argv) not in (2, 3) or sys.argv[2:] not in ([], ["--serve"]):
        sys.exit("usage: python scripts/demo.py FOLDER [--serve]")
    os.chdir(ROOT)
    data = Path(sys.argv[1])
    year, reports = data / "simulated", data / "reports"
    judged = reports / "assessment.json"
    before = number(judged)

    step("1. A data folder: configuration, keys, journal, vault")
    tell(run(data, "init", "--organisation", "Yunhe Messaging (simulated)"))
    step("2. A year of a company that does not exist: its programme, what its tools showed, and the truth about twelve accidents")
    tell(run(data, "simulate", str(year)).splitlines()[:1])
    step("3. The programme: who owns what, where copies live, what was promised")
    tell(run(data, "apply", str(year / "programme"), "--by", "Li Na", quiet=True).splitlines()[-2:])
    step("4. The evidence: what restic, borg and the databases' tools showed day by day (1 to 2 minutes)")
    tell(run(data, "ingest", str(year / "evidence")))
    step("5. Every promise judged, on every asset, over the year")
    reports.mkdir(exist_ok=True)
    tell(run(data, "assess", *PERIOD, "--keep", "--format", "json", "-o", str(judged), fine=(0, BREACHED)))
    step("6. The annual review in two languages and every format, and what was tried of recovery")
    wanted = [part for language in LANGUAGES for part in ("--lang", language)] + [
        part for fmt in formats() for part in ("--format", fmt)
    ]
    tell(run(data, "report", "annual-review", *PERIOD, *wanted, "-o", str(reports)))
    tell(
        run(
            data,
            "report",
            "drills",
            *PERIOD,
            "--lang",
            "en",
            "--lang",
            "zh",
            "--format",
            "html",
            "--format",
            "pdf",
            "-o",
            str(reports),
        )
    )
    step("7. Is all of it still as it was taken in?")
    tell(line for line in run(data, "verify").splitlines() if "hashed again" in line or line.startswith("Everything"))

    assessment = json.loads(judged.read_text(encoding="utf-8"))
    say("\n==> What came out")
    for line in headline(assessment):
        say(f"    {line}")
    say("\n==> The accidents, and whether they were found")
    truth = YAML(typ="safe").load((year / "truth.yaml").read_text(encoding="utf-8"))
    for line in accidents(truth, assessment["results"]):
        say(f"    {line}")
    say("\n==> Where it is")
    say(
        f"    {reports / 'annual-review-en.html'} and annual-review-zh.html: open them in a browser (also as {', '.join(formats())})"
    )
    say(f"    {judged}: the same for programs; {year / 'truth.yaml'}: what is true")
    if before == assessment["as_known_at"]:
        say(f"    Nothing was new: the journal still ends with entry {before}, and the reports say the same as before.")
    say("\n==> Try next")
    for line in (
        "assess " + " ".join(PERIOD),
        "explain messages-db recovery-point " + " ".join(PERIOD),
        "recoverable messages-db --at 2025-12-30T12:00:00+08:00",
        "sources",
    ):
        say(f"    {PROGRAM.relative_to(ROOT) if PROGRAM.is_relative_to(ROOT) else 'backup-audit'} --data {data} {line}")
    if "--serve" in sys.argv:
        serve(data)


def serve(data: Path) -> None:
    """Make or renew the account of the demo, say how to log in, and serve the site until Ctrl-C."""
    word = secrets.token_urlsafe(12)
    known = ACCOUNT in run(data, "user", "list").split()
    arguments = ("user", "password", ACCOUNT) if known else ("user", "add", ACCOUNT, "--role", "operator")
    tell(run(data, *arguments, "--password-file", "-", given=word + "\n"))
    port = free_port()
    say("\n==> The site")
    say(f"    URL       http://127.0.0.1:{port}/")
    say(f"    login     {ACCOUNT}")
    say(f"    password  {word}   (of this run; it is kept nowhere)")
    with contextlib.suppress(KeyboardInterrupt):
        command = [str(PROGRAM), "--data", str(data), "serve", "--port", str(port)]
        sys.exit(subprocess.run(command, check=False).returncode)  # noqa: S603 - our own program


def free_port() -> int:
    """Return 8080, or where something else listens there, a port that is free."""
    for wanted in (PORT, 0):
        with socket.socket() as asked:
            try:
                asked.bind(("127.0.0.1", wanted))
            except OSError:
                continue
            return int(asked.getsockname()[1])
    sys.exit("no port is free on 127.0.0.1")


KEY = ("asset", "part", "control", "leg", "policy", "version")


def accidents(truth: dict[str, Any], results: list[dict[str, Any]]) -> Iterable[str]:
    """Yield each accident in its words, and how many of the verdicts that must tell of it do so, in the very stretches."""
    found = {tuple(result[key] for key in KEY): result for result in results}
    for accident in truth["accidents"]:
        told = 0
        for find in accident["finds"]:
            result = found.get(tuple(find[key] for key in KEY))
            told += (
                result is not None
                and result["verdict"] == find["verdict"]
                and all(
                    joined(result[here]) == joined(find.get(there, []))
                    for here, there in (("breaches", "breached"), ("unproven", "unproven"))
                )
            )
        verdicts = sorted({find["verdict"] for find in accident["finds"]})
        yield accident["en"]
        yield f"  {' and '.join(verdicts)}: {told} of {len(accident['finds'])} verdicts are what the truth says, to the second."


def joined(stretches: list[dict[str, Any]]) -> list[tuple[datetime, datetime]]:
    """Return stretches with neighbours made one."""
    found: list[tuple[datetime, datetime]] = []
    for begin, end in sorted((datetime.fromisoformat(each["from"]), datetime.fromisoformat(each["to"])) for each in stretches):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return found


def run(data: Path, *arguments: str, fine: tuple[int, ...] = (0,), quiet: bool = False, given: str | None = None) -> str:
    """Show and run one command of backup-audit; return what it printed. The demo ends where a command fails.

    fine: the exit codes that are no failure. quiet: of its warnings only the number is shown. given: what it reads from standard input.
    """
    say(f"    $ backup-audit --data {data} {shlex.join(arguments)}")
    command = [str(PROGRAM), "--data", str(data), *arguments]
    errors = subprocess.PIPE if quiet else None
    done = subprocess.run(  # noqa: S603 - our own program
        command, input=given, stdout=subprocess.PIPE, stderr=errors, text=True, encoding="utf-8", check=False
    )
    warnings = (done.stderr or "").count("Warning: ")
    if warnings:
        say(f"      ({warnings} warnings: promises that are written down and that this version does not judge)")
    if done.returncode not in fine:
        say(done.stdout + (done.stderr or ""))
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
