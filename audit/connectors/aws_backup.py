"""AWS Backup: recovery points of each vault, and backup, copy and restore jobs, of one account in one region.

Asked, signed with Signature Version 4: `GET /backup-vaults/`, `/backup-vaults/{name}/recovery-points/` of each vault, `/backup-jobs/`, `/copy-jobs/` and `/restore-jobs/`, each with
`maxResults` and `nextToken` until no `NextToken` comes. A page may be empty and go on; that is documented.

Changed since: jobs by `createdAfter`. Recovery points are asked whole: only a whole listing proves that one is gone.

Complete: lists of recovery points and of vaults of which all pages have come, none of their records twice. AWS tells no total (`NumberOfRecoveryPoints` is called an approximation).
Lists of jobs are never called complete: AWS keeps them for 30 days, and a vault receives copies from elsewhere that are in no job list of this account.

Tested against: a recorded server with answers of the shape of the service's model; the signature against the documented way of calculating it; nobody asked the real one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal
from urllib.parse import quote, urlencode

from pydantic import Field, model_validator

from audit.connectors._fetching import Asking, Fetched, FetchError
from audit.connectors._http import Http, HttpFetch
from audit.connectors._paging import Page, by_cursor, document, fetched, instant, records
from audit.connectors._secret import Secret
from audit.connectors._token import logged_out
from audit.errors import UsageError

MOST = 1000
"""Records a page, the most that the API gives."""
JOBS = {
    "backup-jobs": ("BackupJobs", "BackupJobId"),
    "copy-jobs": ("CopyJobs", "CopyJobId"),
    "restore-jobs": ("RestoreJobs", "RestoreJobId"),
}
"""Lists of jobs: the key of the records, and that of their id."""


class Settings(HttpFetch):
    """`{connector: aws-backup, region: eu-west-1, access_key_id: AKIA..., secret_access_key: {file: /run/secrets/aws}, every: 6h}`."""

    connector: Literal["aws-backup"]
    url: str = Field("", description="where the API is; that of the region when absent")
    region: str = Field(
        pattern="^[a-z]{2}(-[a-z]+)+-[0-9]+$", description="the region, such as eu-west-1; a source has one region and account"
    )
    access_key_id: str = Field(pattern="^[A-Z0-9]{16,128}$", description="the id of the access key, which is no secret")
    secret_access_key: Secret = Field(description="where the secret access key is read")
    session_token: Secret | None = Field(None, description="where the session token of temporary credentials is read")

    @model_validator(mode="before")
    @classmethod
    def _of_the_region(cls, told: Any) -> Any:
        if isinstance(told, dict) and not told.get("url") and isinstance(told.get("region"), str):
            domain = "amazonaws.com.cn" if told["region"].startswith("cn-") else "amazonaws.com"
            return {**told, "url": f"https://backup.{told['region']}.{domain}"}
        return told


def fetch(settings: Settings, asking: Asking) -> Iterator[Fetched]:
    """Fetch the vaults, the recovery points of each, and the jobs."""
    http = Http(settings, [secret.read() for secret in settings.secrets()])
    api = _Api(http, _signer(settings))
    with logged_out(http, lambda: None):
        yield fetched(asking, "vaults", api.pages("/backup-vaults/", "BackupVaultList", "BackupVaultArn"), unlimited=True)
        for vault in list(api.seen):
            name, arn = vault.get("BackupVaultName"), vault.get("BackupVaultArn")
            if not isinstance(name, str) or not isinstance(arn, str):
                raise FetchError("vaults: a vault has no name or ARN")
            points = api.pages(f"/backup-vaults/{quote(name, safe='')}/recovery-points/", "RecoveryPoints", "RecoveryPointArn")
            yield fetched(asking, f"recovery points of {arn}", points, unlimited=True, repository=arn)
        for jobs, (key, identity) in JOBS.items():
            since = asking.since(jobs)
            query = {} if since is None else {"createdAfter": instant(since)}
            yield fetched(asking, jobs, api.pages(f"/{jobs}/", key, identity, query), unlimited=False)


class _Api:
    """Signed requests to the API. `seen`: the records of the list that was read last."""

    def __init__(self, http: Http, sign: Callable[[str], dict[str, str]]) -> None:
        self._http, self._sign = http, sign
        self.seen: list[dict[str, Any]] = []

    def pages(self, path: str, key: str, identity: str, query: dict[str, str] | None = None) -> Callable[[], Iterator[Page]]:
        """Return what asks for all pages of a list."""

        def ask(token: str | None) -> tuple[Page, str | None]:
            told = {**(query or {}), "maxResults": str(MOST), **({"nextToken": token} if token else {})}
            address = f"{path}?{urlencode(sorted(told.items()), quote_via=quote, safe='-_.~')}"
            payload = self._http.get(address, headers=self._sign(self._http.url + address)).content
            answer = document(payload, path)
            found = records(answer, key, path)
            self.seen += found
            following = answer.get("NextToken")
            return Page(payload, [str(one.get(identity)) for one in found]), following if isinstance(following, str) else None

        def walk() -> Iterator[Page]:
            self.seen = []
            yield from by_cursor(path, ask)

        return walk


def _signer(settings: Settings) -> Callable[[str], dict[str, str]]:
    """Return what signs a GET of an address and returns the headers that it is sent with."""
    try:
        from botocore.auth import SigV4Auth  # an extra: who fetches nothing from AWS needs none of it
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials
    except ImportError:
        raise UsageError("fetching from AWS needs the package botocore: pip install 'backup-audit[aws]'") from None
    session = settings.session_token.read() if settings.session_token else None
    credentials = Credentials(settings.access_key_id, settings.secret_access_key.read(), session)

    def sign(address: str) -> dict[str, str]:
        request = AWSRequest("GET", address)
        SigV4Auth(credentials, "backup", settings.region).add_auth(request)
        return dict(request.headers.items())

    return sign
