#!/usr/bin/env python3
"""Verify an unpacked evidence package of backup-audit: the folder this file lies in, or the one that is named. It changes nothing.

    python3 verify_evidence.py [--fingerprint SHA256:...] [FOLDER]

Python 3.8 or later, its standard library, and nothing else; Ed25519 is computed here (RFC 8032). Names every broken thing, says what it could not
check, and ends with 0 (nothing broken), 1 (something is broken) or 2 (no package). docs/evidence-package.md of backup-audit explains each layer.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import re
import stat
import struct
import sys
from typing import Any, Callable, Iterator, Tuple

FORMAT = "backup-audit/package/1"
NAMESPACE, IDENTITY = b"backup-evidence", "backup-audit"
MANIFEST, TAGS = "manifest-sha256.txt", "tagmanifest-sha256.txt"
SIGNATURE = f"{TAGS}.sig"
TAG_FILES = {"bagit.txt", "bag-info.txt", MANIFEST, "allowed_signers", "key.pem", "key.pub", "VERIFY.txt", "verify_evidence.py"}
JOURNAL = "data/journal/"
KINDS = ("recovery_point", "run", "listing", "quarantine")
PAYLOAD = {"data/assessment.json", "data/populations.json", "data/provenance.ndjson", *(f"{JOURNAL}{name}" for name in ("entries.ndjson", "proof.ndjson", "checkpoint.txt")),
           *(f"data/facts/{kind}.ndjson" for kind in KINDS)}  # fmt: skip
LISTS = (
    *("#/assets", "#/subjects", "data/raw/", "data/programme/", "data/provenance.ndjson", f"{JOURNAL}entries.ndjson"),
    *(f"data/facts/{kind}.ndjson" for kind in KINDS),
    *(f"data/assessment.json#/results{inside}" for inside in ("", "/*/breaches", "/*/unproven")),
)
WAIVED = "data/assessment.json#/results/*/waived"
"""Spoken of by packages since there are waivers: one without it has none."""
BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
PIECE, SMALL, LINE = 1 << 20, 1 << 22, 1 << 28
"""Bytes: read at a time; of a text that is read whole; of one line at the most."""
UNREADABLE = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    IndexError,
    RecursionError,
    OverflowError,
    OSError,
    struct.error,
    EOFError,
)
NOT_RECOMPUTED = (
    "that each verdict follows from the evidence: `backup-audit verify --recompute PACKAGE` judges everything again from data/raw"
)
NOT_SHOWN = (
    NOT_RECOMPUTED,
    "whether what the backup tools wrote was true, and whether anything was withheld before it was entered into the journal",
    "that the reports in data/reports say what data/assessment.json says: read them side by side (they were signed with it)",
)
Progress = Callable[[str, int, int], None]


class Broken(Exception):  # noqa: N818 - what it is
    """A file that is not what it should be."""


def strict(text: Any) -> Any:
    """Read JSON. What two readers could read differently is none: a member that is there twice, a number that JSON does not have."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) != len(pairs):
            raise ValueError(f"a member is there twice among {', '.join(name for name, _ in pairs)[:100]}")
        return members

    def never(number: str) -> Any:
        raise ValueError(f"{number} is no number of JSON")

    return json.loads(text, object_pairs_hook=once, parse_constant=never)


class Result:
    """What is broken (layer, file or entry, what), what could not be checked, and what was looked at; `digests`: SHA-256 of each file."""

    def __init__(self) -> None:
        self.broken: list[tuple[str, str, str]] = []
        self.unchecked: list[str] = []
        self.counts: dict[str, int] = {}
        self.fingerprint = ""
        self.digests: dict[str, str] = {}
        self.info: dict[str, str] = {}


# --- where the files are ----------------------------------------------------------------------------------------------------------


class Folder:
    """An unpacked package."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.strange: list[tuple[str, str]] = []
        self.sizes: dict[str, int] = {}
        for folder, folders, files in os.walk(path):
            inside = os.path.relpath(folder, path).replace(os.sep, "/")
            for name in sorted(folders + files):
                told = name if inside == "." else f"{inside}/{name}"
                found = os.lstat(os.path.join(folder, name))
                if stat.S_ISREG(found.st_mode):
                    self.sizes[told] = found.st_size
                elif not stat.S_ISDIR(found.st_mode):
                    self.strange.append((told, "is a link or a special file: it is not followed"))

    def open(self, name: str) -> Any:
        """Open a file for reading."""
        if name not in self.sizes:
            raise Broken("is missing")
        return open(os.path.join(self.path, *name.split("/")), "rb")


# --- Ed25519 (RFC 8032) and the signature of OpenSSH ------------------------------------------------------------------------------

P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
CURVE = -121665 * pow(121666, P - 2, P) % P
Point = Tuple[int, int, int, int]
BASE = bytes([0x58] + [0x66] * 31)


def _point(data: bytes) -> Point:
    y, odd = int.from_bytes(data, "little") & ((1 << 255) - 1), data[31] >> 7
    square = (y * y - 1) * pow(CURVE * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P
    if y >= P or x * x % P != square or (x == 0 and odd):
        raise Broken("holds 32 bytes that are no point of the curve")
    x = x if x & 1 == odd else P - x
    return x, y, 1, x * y % P


def _add(one: Point, two: Point) -> Point:
    a, b = (one[1] - one[0]) * (two[1] - two[0]) % P, (one[1] + one[0]) * (two[1] + two[0]) % P
    c, d = 2 * one[3] * two[3] * CURVE % P, 2 * one[2] * two[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(count: int, point: Point) -> Point:
    total = (0, 1, 1, 0)
    while count:
        total = _add(total, point) if count & 1 else total
        point, count = _add(point, point), count >> 1
    return total


def genuine(key: bytes, data: bytes, signature: bytes) -> bool:
    """Return whether an Ed25519 signature over bytes is by this key."""
    if (len(key), len(signature)) != (32, 64) or int.from_bytes(signature[32:], "little") >= ORDER:
        return False
    made, public = _point(signature[:32]), _point(key)
    if _times(8, public)[0] % P == 0:  # a key with which everything is signed
        return False
    number = int.from_bytes(hashlib.sha512(signature[:32] + key + data).digest(), "little") % ORDER
    left, right = _times(int.from_bytes(signature[32:], "little"), _point(BASE)), _add(made, _times(number, public))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


def _strings(*parts: bytes) -> bytes:
    return b"".join(struct.pack(">I", len(part)) + part for part in parts)


def _blob(key: bytes) -> bytes:
    return _strings(b"ssh-ed25519", key)


def key_files(key: bytes) -> dict[str, bytes]:
    """Return the three files that hold the public key, as export writes them."""
    line = f"ssh-ed25519 {base64.b64encode(_blob(key)).decode()}"
    pem = base64.b64encode(bytes.fromhex("302a300506032b6570032100") + key).decode()
    return {
        "key.pub": f"{line} {IDENTITY}\n".encode(),
        "allowed_signers": f'{IDENTITY} namespaces="{NAMESPACE.decode()}" {line}\n'.encode(),
        "key.pem": f"-----BEGIN PUBLIC KEY-----\n{pem}\n-----END PUBLIC KEY-----\n".encode(),
    }


def ssh_signature(text: bytes, data: bytes) -> bytes:
    """Return the key that signed the bytes. Raises `Broken` when the text is no signature of them."""
    blob = base64.b64decode(b"".join(text.split(b"\n")[1:-2]) + b"==")
    key = blob[33:65]
    head = b"SSHSIG\0\0\0\1" + _strings(_blob(key), NAMESPACE, b"", b"sha512")
    made = blob[-64:]
    body = base64.b64encode(head + _strings(_strings(b"ssh-ed25519", made)))
    lines = [
        b"-----BEGIN SSH SIGNATURE-----",
        *(body[at : at + 70] for at in range(0, len(body), 70)),
        b"-----END SSH SIGNATURE-----",
        b"",
    ]
    if b"\n".join(lines) != text:
        raise Broken(f"{SIGNATURE}: is no signature of OpenSSH by an Ed25519 key for {NAMESPACE.decode()}")
    if not genuine(key, b"SSHSIG" + _strings(NAMESPACE, b"", b"sha512", hashlib.sha512(data).digest()), made):
        raise Broken(f"{SIGNATURE}: does not fit: {TAGS} was changed after it was signed, or the signature was")
    return key


# --- the layers, each a function that names what is broken in it ------------------------------------------------------------------


class Package:
    """A package while it is verified. `files` has `sizes` (by name), `strange` and `open`."""

    def __init__(self, files: Any, progress: Progress) -> None:
        self.files, self.progress, self.result = files, progress, Result()
        self.layer = ""
        self.key: bytes | None = None
        self.digests = self.result.digests
        self.size, self.root, self.origin = 0, b"", ""
        self.entries: dict[int, tuple[str, dict[str, Any]]] = {}
        self.raw: dict[str, str] = {}

    def fail(self, where: str, what: str) -> None:
        """Name a thing that is broken in the layer at hand."""
        self.result.broken.append((self.layer, where, what))

    def open(self, name: str) -> Any:
        """Open a file for reading."""
        if name not in self.files.sizes:
            raise Broken(f"{name}: is missing")
        return self.files.open(name)

    def text(self, name: str) -> bytes:
        """Return a small file."""
        with self.open(name) as file:
            data = file.read(SMALL + 1)
        if len(data) > SMALL:
            raise Broken(f"{name}: is far too large")
        return data  # type: ignore[no-any-return]

    def lines(self, name: str) -> Iterator[bytes]:
        """Yield the lines of a file without their ends."""
        with self.open(name) as file:
            while True:
                line = file.readline(LINE)
                if not line:
                    return
                if not line.endswith(b"\n"):
                    raise Broken(f"{name}: has a last line without an end, or one that is far too long")
                yield line[:-1]

    def values(self, name: str) -> Iterator[tuple[int, Any]]:
        """Yield number and value of each line of JSON."""
        for number, line in enumerate(self.lines(name), 1):
            try:
                yield number, strict(line)
            except ValueError as error:
                raise Broken(f"{name}: line {number} is no JSON: {error}") from error


def signature(package: Package) -> None:
    """The list of all tag files was signed, and the key is the same wherever it stands."""
    package.key = ssh_signature(package.text(SIGNATURE), package.text(TAGS))
    digest = hashlib.sha256(_blob(package.key)).digest()
    package.result.fingerprint = "SHA256:" + base64.b64encode(digest).decode().rstrip("=")
    for name, content in key_files(package.key).items():
        if package.text(name) != content:
            package.fail(name, "holds another key than the one that signed, or more than it")
    if package.result.fingerprint.encode() not in package.text("VERIFY.txt"):
        package.fail("VERIFY.txt", "does not give the fingerprint of the key that signed")


def files(package: Package) -> None:
    """Every file stands in a manifest, every file of a manifest is there, and each has its SHA-256."""
    sizes, listed, seen = package.files.sizes, {}, set()
    for manifest, ours in ((TAGS, False), (MANIFEST, True)):
        for number, line in enumerate(package.lines(manifest), 1):
            found = re.fullmatch(r"([0-9a-f]{64})  ([A-Za-z0-9._/-]+)", line.decode())
            if not found or found[2].startswith("data/") != ours or found[2].lower() in seen:
                package.fail(
                    manifest,
                    f"line {number} is no hash and name, or names a file that belongs elsewhere or stands there twice",
                )
            else:
                listed[found[2]] = found[1]
                seen.add(found[2].lower())
    for name, what in package.files.strange:
        package.fail(name, what)
    for name in sorted(set(sizes) - set(listed) - {TAGS, SIGNATURE}):
        package.fail(name, "stands in no manifest: it does not belong to the package")
    for name in sorted((TAG_FILES | PAYLOAD) - set(listed)):
        package.fail(name, "must be in every package and stands in no manifest")
    for name in sorted(set(listed) - set(sizes)):
        package.fail(name, "is missing")
    for number, (name, digest) in enumerate(sorted(listed.items()), 1):
        if name not in sizes:
            continue
        try:
            made = hashlib.sha256()
            with package.files.open(name) as file:
                for piece in iter(lambda: file.read(PIECE), b""):
                    made.update(piece)
            package.digests[name] = made.hexdigest()
            if made.hexdigest() != digest:
                package.fail(name, "was changed: its SHA-256 is not the one in the manifest")
        except (Broken, OSError) as error:
            package.fail(name, str(error))
        package.progress("files", number, len(listed))
    package.result.counts["files"] = len(listed)


def bag(package: Package) -> None:
    """bagit.txt and bag-info.txt say what is there."""
    if package.text("bagit.txt") != BAGIT:
        package.fail("bagit.txt", "is not the declaration of BagIt 1.0")
    for line in package.text("bag-info.txt").decode().rstrip("\n").split("\n"):
        label, colon, value = line.partition(": ")
        if not colon or label in package.result.info:
            raise Broken(f"bag-info.txt: has the line {line!r}")
        package.result.info[label] = value
    payload = [size for name, size in package.files.sizes.items() if name.startswith("data/")]
    if package.result.info["Payload-Oxum"] != f"{sum(payload)}.{len(payload)}":
        package.fail(
            "bag-info.txt",
            f"says {package.result.info['Payload-Oxum']} bytes and files in data/, there are {sum(payload)}.{len(payload)}",
        )
    root = getattr(package.files, "root", None)
    if root not in (None, package.result.info["External-Identifier"]):
        package.fail("bag-info.txt", f"names the folder {package.result.info['External-Identifier']}; in this zip it is {root}")
    if package.result.info["Package-Format"] != FORMAT:
        package.fail("bag-info.txt", f"is of format {package.result.info['Package-Format']}; this program knows {FORMAT}")


def checkpoint(package: Package) -> None:
    """The checkpoint of the journal was signed by the same key."""
    name = f"{JOURNAL}checkpoint.txt"
    body, _, signature = package.text(name).decode().rpartition("\n\n")
    package.origin, size, root = body.split("\n")
    package.size, package.root = int(size), base64.b64decode(root, validate=True)
    if package.key is None:
        raise Broken(f"{name}: cannot be checked: there is no key")
    mark = hashlib.sha256(package.origin.encode() + b"\n\x01" + package.key).digest()[:4]
    made = base64.b64decode(signature.rstrip("\n").split(" ")[2], validate=True)
    expected = f"\u2014 {package.origin} {base64.b64encode(mark + made[4:]).decode()}\n"
    if signature != expected or str(package.size) != size or len(package.root) != 32 or package.size >> 62:
        raise Broken(f"{name}: is no checkpoint with one signature by the key of this package")
    if not genuine(package.key, (body + "\n").encode(), made[4:]):
        raise Broken(f"{name}: has a signature that does not fit: it was changed after it was signed")
    info = package.result.info
    if (info.get("Journal-Origin"), info.get("Checkpoint-Size")) != (package.origin, size):
        package.fail("bag-info.txt", "names another journal or size than the checkpoint")


def journal(package: Package) -> None:
    """Every entry is in the tree that the checkpoint signed, at its number and unchanged (RFC 6962, 2.1)."""
    leaves, parts, last = {}, {}, (0, "")
    for line in package.lines(f"{JOURNAL}entries.ndjson"):
        entry, hashed = strict(line), hashlib.sha256(line).hexdigest()
        number = int(entry["number"])
        if number <= last[0]:
            raise Broken(f"{JOURNAL}entries.ndjson: entry {number} stands after entry {last[0]}")
        if number == last[0] + 1 and last[0] and entry["previous"] != last[1]:
            package.fail(f"entry {number}", "does not follow the entry before it: one of the two was changed")
        leaves[number - 1] = hashlib.sha256(b"\0" + line).digest()
        package.entries[number] = (hashed, {name: entry[name] for name in ("kind", "at", "body")})
        last = (number, hashed)
    for _, part in package.values(f"{JOURNAL}proof.ndjson"):
        parts[int(part["first"]) - 1, int(part["last"])] = bytes.fromhex(part["hash"])
    used: list[Any] = []

    def root(begin: int, end: int) -> bytes:
        if (begin, end) in parts:
            used.append((begin, end))
            return parts[begin, end]
        if end - begin == 1:
            if begin not in leaves:
                raise Broken(f"the proof has nothing for entry {begin + 1}")
            used.append(begin)
            return leaves[begin]
        middle = begin + (1 << ((end - begin - 1).bit_length() - 1))
        return hashlib.sha256(b"\1" + root(begin, middle) + root(middle, end)).digest()

    if package.size < 1 or root(0, package.size) != package.root or len(used) != len(leaves) + len(parts):
        raise Broken(
            "entries and proof do not lead to the root that the checkpoint signed: an entry or a hash was changed, added or removed"
        )
    package.result.counts["entries"] = len(leaves)
    if len(leaves) < package.size:
        left = package.size - len(leaves)
        package.result.unchecked.append(
            f"what the {left} entries are that are here as hashes only: data/populations.json says which kinds, and why"
        )


def payloads(package: Package) -> None:
    """Every entry's payload is there, with the SHA-256 and size that the entry names, and there is no other."""
    sizes, told = package.files.sizes, set()
    for number, line in package.values("data/provenance.ndjson"):
        kind, at, body = (package.entries[line["entry"]][1][name] for name in ("kind", "at", "body"))
        envelope, file = body.get("envelope", {}), line["file"]
        said = {name: envelope[name] for name in ("source", "repository", "tool", "name", "observed_at") if name in envelope}
        size = body.get("size", sizes.get(file))
        expected = {
            "entry": line["entry"],
            "kind": kind,
            "sha256": body["sha256"],
            "size": size,
            "file": file,
            **said,
            "received_at": at,
        }
        brought, attached = [(file, body["sha256"], size)], body.get("attachments", [])
        if attached:  # files that people handed over with what they did
            named = [one["file"] for one in line.get("attachments", [])] + [""] * len(attached)
            expected["attachments"] = [{**one, "file": name} for one, name in zip(attached, named)]
            brought += [(one["file"], one["sha256"], one["size"]) for one in expected["attachments"]]
        where = f"entry {line['entry']}"
        if line != expected or line["entry"] in told:
            package.fail(where, f"says otherwise than line {number} of provenance.ndjson")
        for file, digest, size in brought:
            if not str(file).startswith("data/raw/") or (package.digests.get(file), sizes.get(file)) != (digest, size):
                package.fail(where, f"its payload {file} is not the one that it names, by SHA-256 and size")
            package.raw.setdefault(file, kind)
        told.add(line["entry"])
        package.raw[line["file"]] = kind
    for number in sorted(
        number for number, (_, entry) in package.entries.items() if "sha256" in entry["body"] and number not in told
    ):
        package.fail(f"entry {number}", "its payload is missing: provenance.ndjson does not name it")
    for name in sorted(name for name in sizes if name.startswith("data/raw/") and name not in package.raw):
        package.fail(name, "is the payload of no entry")
    package.result.counts["payloads"] = len(package.raw)


def programme(package: Package) -> None:
    """The files in data/programme are those of the programmes' payloads."""
    files = sorted(name for name in package.files.sizes if name.startswith("data/programme/"))
    there, expected = [(name.split("/")[2], package.digests.get(name)) for name in files], []
    for file in sorted(name for name, kind in package.raw.items() if kind == "programme"):
        with package.open(file) as payload:
            texts = strict(payload.read(LINE))
        numbers = [
            number for number, (_, entry) in package.entries.items() if entry["body"].get("sha256") == package.digests.get(file)
        ]
        expected += [(f"{number:08d}", hashlib.sha256(text.encode()).hexdigest()) for number in numbers for text in texts.values()]
    if sorted(there, key=str) != sorted(expected, key=str):
        package.fail("data/programme", "its files are not those that the entries of the journal name")


def facts(package: Package) -> None:
    """Every fact names an entry that is here."""
    for kind in KINDS:
        name, count = f"data/facts/{kind}.ndjson", 0
        for number, row in package.values(name):
            count = number
            if row["record"] != kind or row["entry"] not in package.entries:
                package.fail(name, f"line {number} is of another kind, or rests on entry {row['entry']}, which is not here")
        package.result.counts[name] = count


def results_of(package: Package, rest: list[str] | None = None) -> Iterator[dict[str, Any]]:
    """Yield the results of the assessment, which stand one a line; put the lines around them into `rest`."""
    around, last = [] if rest is None else rest, b"["
    for number, line in enumerate(package.lines("data/assessment.json")):
        if last[:1] == b"]" or (number and (last[-1:] not in (b"[", b",") if line[:1] != b"]" else last[-1:] == b",")):
            raise Broken("data/assessment.json: its results do not stand one a line, with commas between them")
        if number == 0 or line.startswith(b"]"):
            around.append(line.decode())
        else:
            yield strict(line[:-1] if line.endswith(b",") else line)
        last = line


def assessment(package: Package) -> None:
    """Every verdict's evidence is here, and the assessment is of the scope and the journal that the package is of."""
    name, counts = "data/assessment.json", package.result.counts
    around: list[str] = []
    counts.update({"results": 0, "breaches": 0, "waived": 0, "unproven": 0})
    for result in results_of(package, around):
        counts["results"] += 1
        waived = result.get("waived", [])
        counts["waived"] += len(waived)
        for kind in ("breaches", "unproven"):
            counts[kind] += len(result[kind])
        for cited in [one for breach in [*result["breaches"], *waived] for one in breach["evidence"]]:
            body = package.entries[cited["entry"]][1]["body"] if cited["entry"] in package.entries else {}
            if body.get("sha256") != cited["sha256"]:
                where = f"{name}, {result['control']} of {result['asset']}"
                package.fail(where, f"cites entry {cited['entry']}, which is not here or names another payload")
    whole, scope = strict("".join(around)), strict(package.result.info["Scope"])
    info = package.result.info
    told = (whole["period"]["from"], whole["period"]["to"], whole["as_known_at"], whole["results"], whole["journal_head"])
    expected: tuple[Any, ...] = (scope["from"], scope["to"], scope["as_known_at"], [], info["Journal-Head"])
    if told != expected or scope["as_known_at"] > package.size or info["Journal-Known-At"] != str(scope["as_known_at"]):
        package.fail(name, "is of another period or journal entry than bag-info.txt says")
    known = package.entries.get(whole["as_known_at"])
    if known is None:
        package.result.unchecked.append(
            f"the hash of entry {whole['as_known_at']}, up to which was judged: it is out of scope and not here"
        )
    elif known[0] != whole["journal_head"]:
        package.fail(name, f"gives another hash of entry {whole['as_known_at']} than the journal")


def populations(package: Package) -> None:
    """Every count is right."""
    name = "data/populations.json"
    with package.open(name) as file:
        whole = strict(file.read(LINE))
    if whole["scope"] != strict(package.result.info["Scope"]):
        package.fail(name, "is of another scope than bag-info.txt says")
    told = [one["list"] for one in whole["populations"]]
    if sorted(told) != sorted((*LISTS, *([WAIVED] if WAIVED in told or package.result.counts["waived"] else []))):
        package.fail(name, "does not speak of each list once")
    mine = {"entries_up_to": whole["scope"]["as_known_at"], **whole["scope"]}
    for one in whole["populations"]:
        if any(mine[key] != value for key, value in one["filter"].items()) or "entries_up_to" not in one["filter"]:
            package.fail(name, f"gives a filter of {one['list']} that is not the scope's")
        where, sizes = one["list"], package.files.sizes
        if where.startswith("#"):
            count = len(one["items"])
        elif "#" in where:
            count = package.result.counts[where.rsplit("/", 1)[1]]
        elif where.endswith("/"):
            count = sum(file.startswith(where) for file in sizes)
        else:
            count = sum(1 for _ in package.lines(where))
        if where == f"{JOURNAL}entries.ndjson" and sum(one["left_out"]["count"].values()) != package.size - count:
            package.fail(name, f"does not count all of the {package.size - count} entries up to the checkpoint that are left out")
        if count != one["count"]:
            package.fail(name, f"says {one['count']} of {where}; there are {count}")


def _quietly(what: str, done: int, total: int) -> None:
    """Tell nobody of progress."""


LAYERS = (signature, files, bag, checkpoint, journal, payloads, programme, facts, assessment, populations)


def verify(files: Any, fingerprint: str | None = None, progress: Progress = _quietly) -> Result:
    """Check a package (`Folder`, or anything like it), layer by layer. `fingerprint`: of the key, as it was told in another way than with the package."""
    package = Package(files, progress)
    for layer in LAYERS:
        package.layer = layer.__name__
        try:
            layer(package)
        except (Broken, *UNREADABLE) as error:
            what = str(error) if isinstance(error, Broken) else f"cannot be read ({type(error).__name__}: {error})"
            package.fail("", what)
    result = package.result
    if fingerprint is None:
        result.unchecked.append(
            f"whose key it is: compare {result.fingerprint or 'its fingerprint'} with the one you got in another way than with the package"
        )
    elif fingerprint != result.fingerprint:
        package.layer = "signature"
        package.fail("the key", f"has the fingerprint {result.fingerprint}, not {fingerprint}: someone else signed this package")
    result.unchecked.extend(NOT_SHOWN)
    return result


def told(result: Result) -> list[str]:
    """Return a result as lines: what is broken, what was not checked, and the sum."""
    lines = [f"BROKEN       {layer}: {where}{': ' if where else ''}{what}" for layer, where, what in result.broken]
    lines += [f"NOT CHECKED  {what}" for what in result.unchecked]
    names = ("files", "entries", "payloads", "results", *(name for name in ("recomputed",) if name in result.counts))
    counts = ", ".join(f"{result.counts.get(name, 0)} {name}" for name in names)
    end = f"{len(result.broken)} thing(s) are broken" if result.broken else "nothing is broken"
    return [*lines, f"Key          {result.fingerprint or 'none'}", f"{counts}: {end}"]


def main() -> int:
    """Run the program."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument(
        "folder", nargs="?", default=os.path.dirname(os.path.abspath(__file__)), help="default: the folder this file lies in"
    )
    parser.add_argument("--fingerprint", help="the key's fingerprint, as you got it in another way than with the package")
    arguments = parser.parse_args()
    if not os.path.isfile(os.path.join(arguments.folder, TAGS)):
        sys.stderr.write(f"{arguments.folder} is no unpacked evidence package: it has no {TAGS}\n")
        return 2
    result = verify(Folder(arguments.folder), arguments.fingerprint)
    sys.stdout.buffer.write(("\n".join(told(result)) + "\n").encode())
    return 1 if result.broken else 0


if __name__ == "__main__":
    sys.exit(main())
