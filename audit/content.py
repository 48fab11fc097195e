"""Content that is not code: policies, reports, templates. Looked up in a deployment's own folder, then in the wheel, then in the
repository.

Each file is looked up on its own, so a deployment overrides one wording or one template by putting that one file at the same path.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from audit.errors import Fault, InputError

FOLDERS = ("policies", "reports", "templates")


class ContentError(InputError):
    """A content file is missing or cannot be read."""


class Content:
    """The content folders, as layers. `own` is a deployment's own content folder, or null. Nothing is opened before it is asked
    for.
    """

    def __init__(self, own: Path | None = None) -> None:
        self.own = own
        self._loaded: dict[str, Any] = {}

    @cached_property
    def _layers(self) -> tuple[Traversable, ...]:
        if self.own is not None and not self.own.is_dir():
            raise ContentError(f"the content folder {self.own} is not a folder")
        program = files("audit")
        # In a wheel the folders travel inside the package; in a working copy they stand beside it.
        beside = Path(__file__).parent.parent
        layers: list[Traversable] = [] if self.own is None else [self.own]
        layers.append(program.joinpath("_content"))
        if (beside / "pyproject.toml").is_file():
            layers.append(beside)
        return tuple(layers)

    def _find(self, path: str) -> Iterator[Traversable]:
        parts = path.split("/")
        if parts[0] not in FOLDERS or any(part in ("", ".", "..") for part in parts):
            raise ContentError(f"{path!r} is not a path of content; it starts with one of: {', '.join(FOLDERS)}")
        for layer in self._layers:
            yield layer.joinpath(*parts)

    def text(self, path: str) -> str:
        """Return the text of one file, such as `reports/annual-review.yaml`. Raises `ContentError` when no layer has it."""
        for place in self._find(path):
            if place.is_file():
                try:
                    return place.read_text(encoding="utf-8")
                except UnicodeDecodeError as error:
                    raise ContentError(f"{path} is not UTF-8 text (byte {error.start})") from error
        raise ContentError(f"there is no content file {path}")

    def yaml(self, path: str) -> Any:
        """Return the values of one YAML file; read once. Raises `ContentError` with the line when it is no YAML."""
        if path not in self._loaded:
            try:
                self._loaded[path] = YAML(typ="safe", pure=True).load(self.text(path))
            except YAMLError as error:
                mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
                place = f"line {mark.line + 1}" if mark else ""
                what = str(getattr(error, "problem", None) or error)
                raise ContentError(f"{path} is not YAML", [Fault(where=path, locator=place, what=what)]) from error
        return self._loaded[path]

    def names(self, folder: str, suffix: str) -> list[str]:
        """Return, sorted and without suffix, the names of the files of a folder in any layer."""
        found = {
            entry.name.removesuffix(suffix)
            for place in self._find(folder)
            if place.is_dir()
            for entry in place.iterdir()
            if entry.is_file() and entry.name.endswith(suffix)
        }
        return sorted(found)
