"""Commvault: the job history of a CommCell, by the REST API of its web server.

Asked: `POST /Jobs` with `pagingConfig` (offset, limit, by job number) and `jobFilter`, as the vendor's own library asks, until `totalRecordsWithoutPaging` jobs have come. Jobs
whose data has aged out are asked for too.

Changed since: `completedJobLookupTime`, the seconds to look back. The API takes them from its own clock, so that only the rounding and OVERLAP stand between two fetches.

Complete: all jobs that the total says have come, none twice, with a look-back of ten years. It is the history of the types of jobs in `job_types`; jobs of other types make no
backup, restore, copy or verification.

Not asked: the copies of each job (`/Job/{id}/AdvancedDetails`, one request a job), so that where copies are and how long they live is not told.

Tested against: a recorded server with answers of the documented shape; nobody saw a real one.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator
from typing import Literal

from pydantic import Field

from audit.connectors._fetching import Asking, Fetched
from audit.connectors._http import Http, HttpFetch
from audit.connectors._paging import Page, by_offset, document, fetched, number, records
from audit.connectors._secret import Secret
from audit.connectors._token import Token, logged_out

LIMIT = 500
"""Jobs a page."""
WHOLE = 10 * 366 * 86_400
"""Seconds of the first look-back: what is older is in no history. Without a look-back the API shows recent jobs only."""


class Settings(HttpFetch):
    """`{connector: commvault, url: "https://web.example.com/webconsole/api", username: audit, password: {file: /run/secrets/commvault}, every: 6h}`."""

    connector: Literal["commvault"]
    username: str = Field(min_length=1, description="the user, as DOMAIN\\name or name, with the right to view jobs")
    password: Secret = Field(description="where the password is read")
    job_types: tuple[str, ...] = Field(
        ("Backup", "SYNTHFULL", "Restore", "AUXCOPY", "DATA_VERIFICATION"),
        min_length=1,
        description="the types of jobs, as the API's jobFilter names or numbers them",
    )


def fetch(settings: Settings, asking: Asking) -> Iterator[Fetched]:
    """Log in, fetch the jobs, log out."""
    password = settings.password.read()
    sent = b64encode(password.encode()).decode()
    http = Http(settings, [password, sent])
    accept = {"Accept": "application/json"}
    login = {"mode": 4, "username": settings.username, "password": sent}
    token = Token(http, asking.clock, lambda: http.ask("POST", "/Login", json=login, headers=accept).content, "token")

    def headers() -> dict[str, str]:
        return {**accept, "Authtoken": token.read()}

    headers()
    with logged_out(http, lambda: http.ask("POST", "/Logout", headers=headers())):
        yield _jobs(http, asking, settings, headers)


def _jobs(http: Http, asking: Asking, settings: Settings, headers: Callable[[], dict[str, str]]) -> Fetched:
    since = asking.since("jobs")
    back = WHOLE if since is None else max(1, int((asking.clock() - since).total_seconds()) + 1)
    filters = {"completedJobLookupTime": back, "showAgedJobs": True, "hideAdminJobs": False, "clientList": []}
    asked = {"scope": 1, "category": 0, "jobFilter": {**filters, "jobTypeList": list(settings.job_types)}}

    def ask(before: int) -> Page:
        paging = {"sortField": "jobId", "sortDirection": 0, "offset": before, "limit": LIMIT}
        payload = http.ask("POST", "/Jobs", json={**asked, "pagingConfig": paging}, headers=headers()).content
        answer = document(payload, "/Jobs")
        total = number(answer.get("totalRecordsWithoutPaging"))
        if total == 0:
            return Page(payload, [], 0)
        jobs = [one.get("jobSummary") for one in records(answer, "jobs", "/Jobs")]
        return Page(payload, [str(job.get("jobId")) if isinstance(job, dict) else "none" for job in jobs], total)

    return fetched(asking, "jobs", lambda: by_offset(ask), unlimited=since is None)
