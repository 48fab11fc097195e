"""What a policy promises, in plain words: each objective by the sentences that content has for it.

Under `objectives.<key>` content has sentences with places for the objective's fields. A sentence is left out when a field it asks for is
empty, zero or not stated; `when` or `unless` names a field on which it depends. An objective that content has no sentences for is shown
as it is written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, RootModel

from audit.model.document import Name, Text
from audit.model.estate import PolicyVersion
from audit.model.terms import Term
from audit.reporting.context import Context
from audit.reporting.words import PLACE


def in_words(policy: PolicyVersion, context: Context) -> Iterator[tuple[str, Text]]:
    """Yield what a policy version promises: the objective as it is written, and the same in words (nothing, where content has none)."""
    for key, value in policy.objectives.items():
        yield f"{key}: {_flow(_short(value))}", objective(key, value, context)
    for key in ("new_asset_grace", "accept_partial"):
        if value := getattr(policy, key):
            yield f"{key}: {_flow(_short(value))}", objective(key, value, context)


def as_written(policy: PolicyVersion) -> str:
    """Return the objectives as YAML writes them on one line each; what a policy leaves at its default is left out."""
    return "\n".join(f"{key}: {_flow(_short(value))}" for key, value in policy.objectives.items())


def objective(key: str, value: Any, context: Context) -> Text:
    """Return the sentences of one objective; of a list, those of each of its items."""
    sentences = context.words.find(f"objectives.{key}")
    if not isinstance(sentences, list):
        return ()
    fields = _fields(value)
    texts = [
        context.words.fill(text, f"objectives.{key}", **{name: _value(name, item[name], context) for name in PLACE.findall(text)})
        for item in (fields if isinstance(fields, list) else [fields])
        for text in _applying(sentences, item)
    ]
    return context.words.between("labels.sentence", texts)


def _applying(sentences: list[Any], item: Mapping[str, Any]) -> Iterator[str]:
    for sentence in sentences:
        stated = sentence if isinstance(sentence, Mapping) else {"text": sentence}
        when, unless = stated.get("when"), stated.get("unless")
        if (when is None or item.get(when)) and (unless is None or not item.get(unless)):
            text = str(stated["text"])
            if all(item.get(name) for name in PLACE.findall(text)):
                yield text


def _fields(value: Any) -> Any:
    """Return an objective's fields with their defaults, as the programme names them; one value alone is the field `value`."""
    if isinstance(value, RootModel):
        value = value.root
    if isinstance(value, BaseModel):
        fields = {field.alias or name: getattr(value, name) for name, field in type(value).model_fields.items()}
        # An objective that is made of several is said one by one, each with its name.
        return [{"name": name, **_fields(one)} for name, one in fields.items() if isinstance(one, BaseModel)] or fields
    if isinstance(value, list | tuple):
        return [_fields(item) for item in value]
    return dict(value) if isinstance(value, Mapping) else {"value": value}


def _value(name: str, value: Any, context: Context) -> Text:
    formats, words = context.formats, context.words
    match value:
        case Term():
            return (formats.term(value),)
        case float():  # objectives write shares, and no other fractions
            return (formats.share(value),)
        case int():
            return (formats.number(value),)
        case tuple():  # names of what the programme declares
            return words.between("labels.comma", [(Name(each),) for each in value])
        case _:
            return words.worded(f"objective-values.{name}.{value}", str(value))


def _short(value: Any) -> Any:
    if isinstance(value, BaseModel):
        values = value.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        # An objective whose one stated field is its target or term was written in its short form, and one without any as `true`.
        if isinstance(values, dict) and len(values) <= 1:
            return values.get("target", values.get("for", values or True))
        return values
    return value


def _flow(value: Any) -> str:
    match value:
        case dict():
            return "{" + ", ".join(f"{key}: {_flow(inner)}" for key, inner in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(_flow(inner) for inner in value) + "]"
        case bool() | None:
            return json.dumps(value)
        case _:
            return str(value)
