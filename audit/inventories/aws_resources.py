"""AWS: resources as AWS Config, Resource Explorer and the Resource Groups Tagging API list them, JSON of the command line or an SDK.

Read: `list-discovered-resources`, `get-resource-config-history`, `batch-get-resource-config`, snapshots, `select-resource-config` (AWS Config); `search` (Resource
Explorer); `get-resources` (tagging). All of them speak for one account and region at a time, except Resource Explorer with an aggregator.
Identity: the ARN; where none is told, account, region, type and id, as far as they are told.
States: `configurationItemStatus`, and the state of an instance, by the tables below; what is merely listed is in service.
Cut: Resource Explorer finds 1,000 at the most, and says so in `Count.Complete`; a token says that there is another page.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from audit.adapters import _json
from audit.errors import Fault
from audit.inventories import _documents
from audit.inventories._inventory import IN_SERVICE, RETIRED, UNKNOWN, Entry, Inventory, cleaned, flat, once, unknown_words

STATUS = {
    "OK": IN_SERVICE,
    "ResourceDiscovered": IN_SERVICE,
    "ResourceNotRecorded": IN_SERVICE,
    "ResourceDeleted": RETIRED,
    "ResourceDeletedNotRecorded": RETIRED,
}
"""`configurationItemStatus`. Not recorded: Config knows that it is there, and does not keep how it is made."""
INSTANCE = {
    "pending": IN_SERVICE,
    "running": IN_SERVICE,
    "stopping": IN_SERVICE,
    "stopped": IN_SERVICE,
    "shutting-down": RETIRED,
    "terminated": RETIRED,
}
"""`configuration.state.name` of instances. What is stopped still has its volumes."""
_LISTS = {
    "resourceIdentifiers": "discovered",
    "configurationItems": "config",
    "baseConfigurationItems": "config",
    "Results": "config",
    "Resources": "explorer",
    "ResourceTagMappingList": "tagging",
}
"""The keys of the lists, and what each belongs to."""
_TOKENS = ("nextToken", "NextToken", "PaginationToken")
_BLANK = b"\xef\xbb\xbf \t\r\n"


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - the name is only a hint
    """Claim documents with one of the lists."""
    if not head.lstrip(_BLANK).startswith(b"{"):
        return False
    plain = (b'"resourceIdentifiers"', b'"configurationItems"', b'"baseConfigurationItems"', b'"ResourceTagMappingList"')
    explorer = b'"Resources"' in head and (b'"Arn"' in head or b'"Complete"' in head)
    return any(key in head for key in plain) or explorer or (b'"Results"' in head and b'"QueryInfo"' in head)


def read(payload: bytes, name: str) -> Inventory:
    """Read one answer."""
    whole = _documents.document(payload, name)
    if isinstance(whole, dict) and isinstance(whole.get("data"), dict) and "status_code" in whole:
        whole = whole["data"]  # an answer as test suites record it
    if not isinstance(whole, dict):
        raise _documents.refused(name, "is no answer of AWS", "export it as JSON")
    key = next((one for one in _LISTS if one in whole), None)
    if key is None:
        raise _documents.refused(name, "has none of the lists of resources", f"expected is one of: {', '.join(_LISTS)}")
    faults: list[Fault] = []
    items = list(_items(whole[key], key, name, faults))
    entries = [entry for at, item in items if (entry := _entry(item, at, name, faults))]
    kept, twice = once(name, _newest(entries))
    scope = _LISTS[key]
    token = next((one for one in _TOKENS if whole.get(one)), None)
    # A history's token leads to older states of the same resource, not to other resources.
    history = key == "configurationItems" and len({entry.key for entry in entries}) <= 1
    page = f"it has a token ({token}) of another page" if token and not history else ""
    total, capped = _counted(whole, name, faults)
    return Inventory(tuple(kept), (*faults, *twice, *unknown_words(name, kept)), scope, total, capped, page)


def _counted(whole: Mapping[str, Any], name: str, faults: list[Fault]) -> tuple[int | None, str]:
    """Return what Resource Explorer says of the number of results, and why they are certainly not all."""
    count = whole.get("Count")
    if not isinstance(count, dict):
        return None, ""
    total = count.get("TotalResources")
    total = total if isinstance(total, int) and not isinstance(total, bool) else None
    if count.get("Complete") is not False:
        return total, ""
    what = f"Resource Explorer says that its result is not complete (Count.Complete is false; it finds {total or 1000} at the most)"
    faults.append(
        Fault(name, what, "search by region or type, each by itself, and give all the files", "/Count/Complete", level="warning")
    )
    return None, what


def _items(items: Any, key: str, name: str, faults: list[Fault]) -> Iterator[tuple[str, dict[str, Any]]]:
    if key != "Results":
        yield from _documents.objects(items, name, f"/{key}", faults)
        return
    for number, one in enumerate(items if isinstance(items, list) else ()):
        at = f"/{key}/{number}"
        item = _inner(one, at, name, faults)
        if isinstance(item, dict):
            yield at, item


def _inner(text: Any, at: str, name: str, faults: list[Fault]) -> Any:
    """Return the JSON that stands as text in JSON; what is already a value stays."""
    if not isinstance(text, str):
        return text
    try:
        return _json.loads(text)
    except ValueError as error:
        faults.append(Fault(name, f"the JSON in this text cannot be read: {error}", "export it again, whole", at))
        return None


def _entry(item: Mapping[str, Any], at: str, name: str, faults: list[Fault]) -> Entry | None:
    arn = _first(item, "arn", "Arn", "ResourceARN", "resourceARN")
    parts = arn.split(":", 5)
    kind = _first(item, "resourceType", "ResourceType") or _kind_of(parts)
    account = _first(item, "accountId", "OwningAccountId") or (parts[4] if len(parts) == 6 else "")
    region = _first(item, "awsRegion", "Region") or (parts[3] if len(parts) == 6 else "")
    own = _first(item, "resourceId") or (parts[5].replace(":", "/").rsplit("/", 1)[-1] if len(parts) == 6 else "")
    key = arn or (own if own.startswith("arn:") else "/".join(filter(None, (account, region, kind, own))) if own else "")
    if not key:
        faults.append(Fault(name, "the resource has neither ARN nor id", "select `arn` or `resourceId` as well", at))
        return None
    configuration = _inner(item.get("configuration"), f"{at}/configuration", name, faults)
    told, state = _state(item, configuration)
    tags = _tags(item)
    called = _first(item, "resourceName") or tags.get("Name", "") or own.rsplit("/", 1)[-1]
    attributes = {
        "arn": arn, "id": own, "account": account, "region": region, "zone": _first(item, "availabilityZone"),
        "created": _time(item.get("resourceCreationTime")), "captured": _time(item.get("configurationItemCaptureTime")),
        "service": _first(item, "Service"), **{f"tag.{tag}": text for tag, text in tags.items()},
    }  # fmt: skip
    if isinstance(configuration, dict):
        attributes |= {f"configuration.{path}": text for path, text in flat(configuration) if path.count(".") < 2}
        attributes["ip"] = _first(configuration, "privateIpAddress")
        attributes["fqdn"] = _first(configuration, "privateDnsName")
    return Entry(key, called, kind, state, told, cleaned(attributes), at, name)


def _first(item: Mapping[str, Any], *keys: str) -> str:
    return next((text for key in keys if (text := _documents.text(item.get(key)))), "")


def _kind_of(parts: list[str]) -> str:
    """Return service and type of an ARN as Resource Explorer writes them: `ec2:instance`."""
    if len(parts) != 6:
        return ""
    rest = parts[5].replace(":", "/")
    return f"{parts[2]}:{rest.partition('/')[0]}" if "/" in rest else parts[2]


def _state(item: Mapping[str, Any], configuration: Any) -> tuple[str, str]:
    status = _first(item, "configurationItemStatus")
    inner = configuration.get("state") if isinstance(configuration, dict) else None
    instance = _documents.text(inner.get("name")) if isinstance(inner, dict) else ""
    if item.get("resourceDeletionTime"):
        return "resourceDeletionTime", RETIRED
    if status and STATUS.get(status, UNKNOWN) != IN_SERVICE:
        return status, STATUS.get(status, UNKNOWN)
    if instance in INSTANCE:
        return instance, INSTANCE[instance]
    return status, IN_SERVICE


def _tags(item: Mapping[str, Any]) -> dict[str, str]:
    """Return tags, which AWS writes as a mapping, as a list of keys and values, or as a property of that list."""
    told = item.get("tags", item.get("Tags"))
    properties = item.get("Properties")
    for one in properties if isinstance(properties, list) else ():
        if isinstance(one, dict) and one.get("Name") == "tags":
            told = one.get("Data")
    told = _maybe_json(told)
    if isinstance(told, dict):
        return {str(key): _documents.text(value) for key, value in told.items()}
    pairs = [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
    return {_first(one, "Key", "key"): _first(one, "Value", "value") for one in pairs}


def _maybe_json(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            return None
    return value


def _time(value: Any) -> str:
    """Return a time as RFC 3339: SDKs write text, recorded answers an object of numbers, all UTC."""
    if isinstance(value, dict) and value.get("__class__") == "datetime":
        try:
            year, month, day, hour, minute, second = (
                int(value[key]) for key in ("year", "month", "day", "hour", "minute", "second")
            )
        except (KeyError, TypeError, ValueError):
            return ""
        return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"
    return value.strip() if isinstance(value, str) else ""


def _newest(entries: list[Entry]) -> list[Entry]:
    """Return the latest state of each resource: a history has older ones as well."""
    latest: dict[str, Entry] = {}
    for one in entries:
        other = latest.get(one.key)
        if other is None or one.attributes.get("captured", "") > other.attributes.get("captured", ""):
            latest[one.key] = one
    kept = set(map(id, latest.values()))
    # Without times nothing is older: what is then told twice is said by `once`.
    return [one for one in entries if id(one) in kept or not one.attributes.get("captured")]
