r"""Veritas (Cohesity) NetBackup: the job log and the image catalog, as the commands and the REST API print them.

Formats read: `bpdbjobs -report -all_columns` (also with the line `C<count>` before it), `bpimagelist -l`, `bpimmedia -l`, and the JSON of `GET
/netbackup/admin/jobs` and `/admin/jobs/{id}`, `/netbackup/catalog/images` and `/catalog/images/{id}`. `bpimagelist -json` and the reports for people (`-U`,
`-L`) are not read: their keys and dates are not documented.

Point: one for each copy of an image; id = the backup id (`client_epoch`), with `#2` and so on for further copies; subject = `client:policy`. The repository
is `storage server:disk pool` for disk and `tape:media server` for tape. A full schedule is self-contained; NetBackup does not print which images an
incremental needs, so those have no base. Copies name copy 1, where it is listed, as their original. Snapshots that a policy keeps on the array are no copies:
declare such repositories as the production array's failure domain.

Time semantics: epochs, and in JSON times with Z. captured_at = the start of the backup (in `bpimmedia` the number in the backup id); available_at = its end,
for further copies when they were made. An expiration of 2147483647 means never; 0 means in progress or failed: such an image is no point.

Proof of deletion: a complete `bpimagelist` (with `-d` and a date of the year 2000 or before, without `-e` and filters) that lacks the image. Without `-d` the
command shows only the last day, and is not complete. So does a complete answer of `/catalog/images` asked for with `filter=backupTime ge
1970-01-01T00:00:00Z` and no other filter; without one the API gives the last day.

Success: state done says only that a job ended; status 0 is success, 1 partly successful (files were left out: the point is partial), 150 cancelled, every
other number failed (196: the window closed before it began). An image of the REST API with `backupStatus` 1 is partial, one of another number but 0 is
quarantined, and one without fragments is no point. Parent jobs, which start the others and write no image, are passed over, and so are jobs that
are no evidence (label, inventory, indexing and the like).

What Veritas NetBackup cannot show: which images a restore needs, whether an image of `bpimagelist` is partial (only its job does: give both), and which stream
of a policy of several streams an image is. A job names its disk pool only where its log has the line of the granted resource; else its repository is the
storage unit, and it is not matched with the image in the pool. Client-side encryption is not told reliably; a KMS key tag is. Locks (WORM)
are read from `bpimagelist` only.

Tested against: an example response of the vendor's API guide and an example of its commands reference, and files shaped after its knowledge article 100017904
and its OpenAPI document; images of the REST API by the attributes of one published answer of a real primary server (disk only; of tape
and of several copies only what `bpimagelist` documents).
"""

from __future__ import annotations

import re

from audit.adapters import _text, _whole
from audit.adapters.veritas_netbackup import _catalog, _images, _jobs, _rest
from audit.model.envelope import Envelope
from audit.model.facts import Facts

TESTED_AGAINST = "schema"

_JOB = re.compile(
    rb"(?:C[0-9]+[ \t]*\r?\n)?[0-9]+,[0-9]{0,2},[0-5]?,[0-9]{0,4},(?:[^,\r\n]*,){4}[0-9]{1,12},[0-9]{1,12},[0-9]{1,12},"
)
_IMAGE = re.compile(rb"IMAGE \S+ [0-9]+ (?:\S+ ){9}")
_REST = re.compile(rb'\s*\{.*?"jobType"\s*:.*?"policyType"\s*:', re.DOTALL)
_IMAGES = (b'"attributes"', b'"policyType"', b'"backupTime"', b'"fragments"', b'"scheduleType"')
"""Keys that a document of images has."""


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """Lines of jobs with NetBackup's first columns, IMAGE lines, or its JSON:API documents of jobs or of images."""
    head = head.removeprefix(b"\xef\xbb\xbf")
    if head.lstrip()[:1] in (b"{", b"["):
        return b'"attributes"' in head and (bool(_REST.match(head)) or all(key in head for key in _IMAGES))
    return bool(_JOB.match(head) or _IMAGE.match(head))


def whole(payload: bytes) -> bytes:
    """The commands end every line, so one without its end was cut off; then neither that job nor that image is used. JSON says itself where it ends."""
    head = payload.removeprefix(b"\xef\xbb\xbf").lstrip()
    if head[:1] in (b"{", b"["):
        return payload
    return _whole.records(payload, b"IMAGE ") if head.startswith((b"IMAGE", b"HISTO", b"FRAG")) else _whole.lines(payload)


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read one output. Raises `InputError` when it is no text at all."""
    text = _text.decode(envelope.name or envelope.tool, payload)
    start = text.lstrip()
    if start.startswith(("{", "[")):
        if '"fragments"' in text and '"jobType"' not in text:
            return _catalog.read(payload, envelope)
        return _rest.read(payload, envelope)
    if start.startswith(("IMAGE", "HISTO", "FRAG")):
        return _images.read(text, envelope)
    return _jobs.read(text, envelope)
