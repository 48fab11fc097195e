"""Pictures that stand alone: WeasyPrint draws every `<svg>` of a page by itself, without the page's style and without what other
pictures define. Here each is given its paint as attributes, and a copy of what it refers to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any
from xml.etree.ElementTree import Element, SubElement

import cssselect2
import tinycss2

_SVG = "{http://www.w3.org/2000/svg}"
_VARIABLE = re.compile(r"var\(\s*(--[\w-]+)\s*\)")
_REFERENCE = re.compile(r"url\(\s*[\"']?#([^\"')]+)[\"']?\s*\)")
_COMMA = re.compile(r",\s+")
_PAINT = frozenset(
    {
        "color", "display", "fill", "fill-opacity", "font-family", "font-size", "font-weight", "opacity", "stroke",
        "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "stroke-opacity", "stroke-width", "text-anchor", "visibility",
    }
)  # fmt: skip
"""Properties that a picture takes from the page's style."""


class Ink:
    """Paints the pictures of one page with the rules of `style` (CSS) that hold on paper."""

    def __init__(self, style: str) -> None:
        self._matcher = cssselect2.Matcher()
        self._add(tinycss2.parse_stylesheet(style, skip_comments=True, skip_whitespace=True))
        self._variables: dict[Element, Mapping[str, str]] = {}

    def _add(self, rules: Iterable[Any]) -> None:
        for rule in rules:
            if rule.type == "at-rule" and rule.lower_at_keyword == "media" and rule.content is not None:
                if tinycss2.serialize(rule.prelude).strip().lower() in ("print", "all"):
                    self._add(tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True))
            elif rule.type == "qualified-rule":
                self._add_rule(rule)

    def _add_rule(self, rule: Any) -> None:
        found = tinycss2.parse_blocks_contents(rule.content, skip_comments=True, skip_whitespace=True)
        declared = {
            one.name: tinycss2.serialize(one.value).strip()
            for one in found
            if one.type == "declaration" and (one.name.startswith("--") or one.name in _PAINT)
        }
        if not declared:
            return
        try:
            selectors = cssselect2.compile_selector_list(rule.prelude)
        except cssselect2.SelectorError:  # WeasyPrint says so in its log, and leaves the rule out too
            return
        for selector in selectors:
            if selector.pseudo_element is None:
                self._matcher.add_selector(selector, declared)

    def apply(self, page: Element) -> None:
        """Make every picture of a page (its parsed root element) stand alone; pictures that only define are taken out."""
        named = {element.get("id", ""): element for element in page.iter() if element.get("id")}
        defining = [picture for picture in _pictures(page) if _only_defines(picture)]
        for picture in _pictures(page):
            _expand(picture, named)
        pictures = list(_wrapped(cssselect2.ElementWrapper.from_html_root(page)))
        # What is defined is painted first: pictures take copies of it.
        for wrapper in sorted(pictures, key=lambda one: one.etree_element not in defining):
            for element in wrapper.iter_subtree():
                self._paint(element)
            if wrapper.etree_element not in defining:
                _copy_patterns(wrapper.etree_element, named)
        for parent in list(page.iter()):
            for child in [child for child in parent if child in defining]:
                parent.remove(child)

    def _paint(self, wrapper: Any) -> None:
        element = wrapper.etree_element
        variables = self._known(wrapper)
        for *_, declared in self._matcher.match(wrapper):
            for name, value in declared.items():
                if name in _PAINT:
                    painted = _filled(value, variables)
                    if painted is not None:
                        # WeasyPrint takes the space after a comma for a part of the family's name.
                        element.set(name, _COMMA.sub(",", painted) if name == "font-family" else painted)

    def _known(self, wrapper: Any) -> Mapping[str, str]:
        """Return the custom properties of an element: its own over those of what it stands in."""
        element = wrapper.etree_element
        if element not in self._variables:
            inherited = self._known(wrapper.parent) if wrapper.parent is not None else {}
            own = {
                name: value
                for *_, declared in self._matcher.match(wrapper)
                for name, value in declared.items()
                if name.startswith("--")
            }
            self._variables[element] = {**inherited, **own} if own else inherited
        return self._variables[element]


def _filled(value: str, variables: Mapping[str, str], depth: int = 8) -> str | None:
    """Return a value with its variables put in; null when one is not known."""
    names = _VARIABLE.findall(value)
    if not names:
        return value
    if depth == 0 or any(name not in variables for name in names):
        return None
    return _filled(_VARIABLE.sub(lambda found: variables[found[1]], value), variables, depth - 1)


def _pictures(page: Element) -> list[Element]:
    return [wrapper.etree_element for wrapper in _wrapped(cssselect2.ElementWrapper.from_html_root(page))]


def _wrapped(wrapper: Any) -> Iterator[Any]:
    """Yield the outermost pictures."""
    if wrapper.etree_element.tag == f"{_SVG}svg":
        yield wrapper
        return
    for child in wrapper.iter_children():
        yield from _wrapped(child)


def _only_defines(picture: Element) -> bool:
    return len(picture) > 0 and all(child.tag == f"{_SVG}defs" for child in picture)


def _expand(picture: Element, named: Mapping[str, Element]) -> None:
    """Put a copy of what each `<use>` refers to in its place."""
    for parent in list(picture.iter()):
        for index, child in enumerate(list(parent)):
            if child.tag != f"{_SVG}use":
                continue
            reference = child.get("href") or child.get("{http://www.w3.org/1999/xlink}href") or ""
            target = named.get(reference.removeprefix("#"))
            if target is None:
                continue
            copy = deepcopy(target)
            copy.attrib.pop("id", None)
            if copy.tag == f"{_SVG}symbol":
                copy.tag = f"{_SVG}svg"
                copy.attrib |= {"width": "100%", "height": "100%"}
            copy.tail = child.tail
            parent[index] = copy


def _copy_patterns(picture: Element, named: Mapping[str, Element]) -> None:
    """Put copies of the patterns that a picture is filled with into it."""
    asked = {
        name
        for element in picture.iter()
        for attribute in ("fill", "stroke")
        for name in _REFERENCE.findall(element.get(attribute, ""))
    }
    inside = {element.get("id") for element in picture.iter()}
    wanted = sorted(name for name in asked if name in named and name not in inside)
    if wanted:
        SubElement(picture, f"{_SVG}defs").extend(deepcopy(named[name]) for name in wanted)
