"""Bareos: the catalog's jobs, as bconsole gives them in JSON.

Asked: bconsole is run with `.api json compact=yes` and `llist jobs` on its stdin. It has no pages. Of what it prints, the answer that holds the jobs is kept, with its
very bytes; its greeting and its other answers are not.

Changed since: not used. The same table is the history of jobs and the catalog of what can be restored, and only all of it proves that a job is gone.

Complete: the answer is one whole JSON document without an error. The console must be allowed every job, client, pool and file set: a console with narrower lists is shown a part,
and says nothing of it.

Tested against: a program that prints what the developer guide shows; nobody saw a real one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Literal

from audit.connectors._bconsole import Console, asked, telling_line
from audit.connectors._fetching import Asking, Fetched, FetchError

JOBS = "llist jobs"
COMMANDS = (".api json compact=yes", JOBS, "quit")


class Settings(Console):
    """`{connector: bareos, config: /etc/bareos/bconsole-audit.conf, every: 6h}`."""

    connector: Literal["bareos"]


def fetch(settings: Settings, asking: Asking) -> Iterator[Fetched]:
    """Run the console, and yield the answer with the jobs. Raises `FetchError` where there is none."""
    began = asking.clock()
    ran = asked(settings, COMMANDS)
    told = {"command": JOBS, "exit_code": ran.exit_code, "started_at": began, "finished_at": asking.clock(), "observed_at": began}
    text = ran.stdout.decode(errors="surrogateescape")
    for value, document in _answers(text):
        if "error" in value:
            raise FetchError(f"the director answered with an error{_said(value['error'])}")
        result = value.get("result")
        if isinstance(result, dict) and isinstance(result.get("jobs"), list):
            yield Fetched(JOBS, document.encode(errors="surrogateescape"), {**told, "complete": True})
            return
    raise FetchError(f"{settings.program} gave no whole list of jobs in JSON{telling_line(ran)}")


def _answers(text: str) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield the JSON objects of the director in what the console printed, with their text."""
    decoder = json.JSONDecoder()
    at = text.find("{")
    while at >= 0:
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            if isinstance(value, dict) and "jsonrpc" in value:
                yield value, text[at:end]
        at = text.find("{", end)


def _said(error: Any) -> str:
    """Return what an error says, behind a colon."""
    data = error.get("data") if isinstance(error, dict) else None
    messages = data.get("messages") if isinstance(data, dict) else None
    said = messages.get("error") if isinstance(messages, dict) else None
    return f": {str(said[0]).strip()[:200]}" if isinstance(said, list) and said else ""
