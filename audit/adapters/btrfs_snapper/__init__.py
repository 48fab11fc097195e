"""btrfs and snapper: lists of snapshots, replicas, scrubs, and runs of snapshot, send and delete.

Formats read: `snapper --jsonout list` and `--csvout list`, `btrfs subvolume list` (with -u, -q, -R and -s as far as given) and `show`, `btrfs scrub start -B` or `status`, and what
`subvolume snapshot`, `send`, `receive` and `subvolume delete` print. Snapper's list as text is refused.

Point: of snapper id = `CONFIG:NUMBER` and subject = the subvolume (number 0 is the live volume, and no point); of btrfs id = the uuid (without -u the
path) and subject = the snapshot's path without the date or number behind it. Snapshots are self-contained: there are no chains. One with a
received_uuid is a copy of the snapshot with that uuid. Snapshots lie on the disk of the data they protect: declare their repository's failure domain
and site as those of production.

Time semantics: snapper's dates are local times, or UTC with `--utc` in the command; otime is local, `show` has offsets. captured_at = the snapshot's creation; a received one was
made when it was received, and takes its capture from its original.

Proof of deletion: a complete list that lacks a snapshot. Each speaks for the ids that it knows snapshots by: snapper's list of one config for that config, of several
for `all configs`, that of btrfs with -u for `subvolumes by uuid`. Without -u it knows paths only, and is never complete, as another snapshot may take a path. A list with
-o, which shows what lies directly below a path, or -s, which leaves out what was received in full, is complete only for the scope that the envelope names.

Success: exit codes; snapshot and send print the same words when they fail afterwards, so without one their runs are warnings. Of a send to a receive each has to name its end, else
it is not known how it ended; nor is it of a text that ends in the midst of a line. A scrub that finished reads all data of the file system:
errors that could be corrected make it a warning, others a failure.

What they cannot show: expiry (snapper's cleanup algorithm is only a name), immutability (root may delete), encryption, whether a listed snapshot is read-only (only `show` tells).

Tested against: files made by running btrfs-progs 6.2 and snapper 0.10.
"""

from __future__ import annotations

import re

from audit.adapters import _text, _whole
from audit.adapters.btrfs_snapper import _lists, _runs
from audit.model.envelope import Envelope
from audit.model.facts import Facts

TESTED_AGAINST = "runs"

PART = re.compile(
    r"\bsnapper\b.*\s(?:-t|--type)[ =]?(?!all\b)\S+|\blist-pre-post\b|\bsu\w*\s+li\w*\s(?:.*\s)?(?:-[a-zA-Z]*[GCrd][a-zA-Z]*(?=[ +=-]|\d|$)\s*\S*)"
)
"""Of snapper one type only, or pairs. Of `btrfs subvolume list` generations, and those that are read-only or deleted."""
NAMED = re.compile(r"\bsu\w*\s+li\w*\s(?:.*\s)?-[a-zA-Z]*[os][a-zA-Z]*\b")
"""Only what lies directly below a path, or only snapshots, without what was received in full."""

_SNAPPER = re.compile(
    rb'\s*+\{\s*+"[^"\n]*+"\s*+:\s*+\[\s*+\{(?=[^{}]*"number"\s*+:)(?=[^{}]*"(?:pre-number|cleanup|subvolume)"\s*+:)'
)
_CSV = re.compile(rb"(?:config,)?(?:subvolume,)?number,(?:[a-z-]{1,40}+,){0,20}type,(?:[a-z-]{1,40}+,){0,20}date,")
_LIST = re.compile(rb"ID \d+ gen \d+ (?:cgen \d+ )?(?:parent \d+ )?top level \d+ ")
_SHOW = re.compile(rb"[^\r\n]++\r?\n\s++Name: [ \t]*+[^\r\n]++\r?\n\s++UUID: ")


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """Snapper's tables, btrfs' lists, or its sentences."""
    head = head.removeprefix(b"\xef\xbb\xbf")
    return any(pattern.match(head) for pattern in (_SNAPPER, _CSV, _LIST, _SHOW)) or _runs.printed(head)


def whole(payload: bytes) -> bytes:
    """Both end every line of a list, so one without its end was cut off. JSON says itself where it ends, and of what a run printed nothing is taken away."""
    head = payload.removeprefix(b"\xef\xbb\xbf")
    return _whole.lines(payload) if _CSV.match(head) or _LIST.match(head) or _SHOW.match(head) else payload


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read one list or output. Raises `InputError` when it is no text, or JSON that cannot be read."""
    text = _text.decode(envelope.name or envelope.tool, payload)
    head = payload.removeprefix(b"\xef\xbb\xbf")
    if text.lstrip().startswith("{"):
        return _lists.snapper_json(payload, envelope)
    if _CSV.match(head):
        return _lists.snapper_csv(text, envelope)
    if _LIST.match(head):
        return _lists.subvolumes(payload, envelope)
    if _SHOW.match(head):
        return _lists.shown_one(payload, envelope)
    return _runs.read(payload, envelope)
