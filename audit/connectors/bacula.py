"""Bacula: the catalog's jobs, as bconsole lists them.

Asked: bconsole is run with `llist jobs` on its stdin. It has no pages. Of what it prints, the list is kept, from the command's echo to the echo of the next one.

Changed since: not used. The same table is the history of jobs and the catalog of what can be restored, and only all of it proves that a job is gone.

Complete: the console echoed the command after the list, and the director answered it: the list was not cut off. The console must be allowed every job, client, pool
and file set: a console with narrower lists is shown a part, and says nothing of it.

Tested against: Bacula 9.6 itself, by a console that may do nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from audit.connectors._bconsole import Console, asked, telling_line
from audit.connectors._fetching import Asking, Fetched, FetchError

JOBS = "llist jobs"
COMMANDS = (JOBS, "version", "quit")
_LIST = re.compile(rb"^llist jobs\r?$\n(.*?)(?=^version\r?$\n.*?Version: )", re.MULTILINE | re.DOTALL)


class Settings(Console):
    """`{connector: bacula, config: /etc/bacula/bconsole-audit.conf, every: 6h}`."""

    connector: Literal["bacula"]


def fetch(settings: Settings, asking: Asking) -> Iterator[Fetched]:
    """Run the console, and yield the list of jobs. Raises `FetchError` where there is none."""
    began = asking.clock()
    ran = asked(settings, COMMANDS)
    found = _LIST.search(ran.stdout)
    if not found or not re.search(rb"^ +jobid: |No results to list", found[1], re.MULTILINE | re.IGNORECASE):
        raise FetchError(f"{settings.program} gave no whole list of jobs{telling_line(ran)}")
    told = {"command": JOBS, "exit_code": ran.exit_code, "started_at": began, "finished_at": asking.clock(), "observed_at": began}
    yield Fetched(JOBS, found[0], {**told, "complete": True})
