"""Secrets in command lines: taken out before anything is stored. What was run is evidence; the password it was run with is not."""

from __future__ import annotations

import re

HIDDEN = "***"
_NAME = r"[\w.-]*(?:pass(?:word|phrase|wd)?|secret|token|api-?key|access-?key|credential)s?[\w.-]*"
_VALUE = r"""(?:"[^"]*"|'[^']*'|\S+)"""
_OPTION = re.compile(rf"(--?{_NAME})([=\s]\s*)({_VALUE})", re.IGNORECASE)
_VARIABLE = re.compile(rf"\b({_NAME})(=)({_VALUE})", re.IGNORECASE)
_IN_ADDRESS = re.compile(r"(\w+://[^\s/:@]+:)([^\s/@]+)(@)")


def redact(command: str) -> str:
    """Return a command line with the values of passwords, tokens and keys replaced by `***`: of options, of variables, and in addresses."""
    command = _IN_ADDRESS.sub(rf"\1{HIDDEN}\3", command)
    command = _OPTION.sub(rf"\1\g<2>{HIDDEN}", command)
    return _VARIABLE.sub(rf"\1\2{HIDDEN}", command)
