"""Secrets in command lines: taken out before anything is stored. What was run is evidence; the password it was run with is not.

Rather one word too many than one too few: a value that only may be a secret goes too.
"""

from __future__ import annotations

import re

HIDDEN = "***"
_NAME = r"[\w.-]*(?:pass(?:word|phrase|wd)?|secret|token|api-?key|access-?key|credential|auth)s?[\w.-]*"
_VALUE = r"""(?:"[^"]*"|'[^']*'|[^\s'"&;|]+)"""
_RULES = (
    (re.compile(r"(\w+://[^\s/:@]+:)[^\s/@]+(@)"), rf"\1{HIDDEN}\2"),  # https://user:secret@host
    (re.compile(r"""((?:Proxy-)?Authorization\s*:\s*)[^"'\n]+""", re.IGNORECASE), rf"\1{HIDDEN}"),  # a header
    (re.compile(rf"(--?{_NAME})([=\s]\s*){_VALUE}", re.IGNORECASE), rf"\1\g<2>{HIDDEN}"),  # --password x, --token=x
    (re.compile(rf"\b({_NAME})(=){_VALUE}", re.IGNORECASE), rf"\1\2{HIDDEN}"),  # PASSWORD=x, ?token=x
    (re.compile(rf"((?:^|\s)(?:-u|--user)[=\s]\s*[^\s:'\"]+:){_VALUE}"), rf"\1{HIDDEN}"),  # curl -u user:secret
    (re.compile(rf"((?:^|\s)-p)(\s?)(?!\s|-){_VALUE}"), rf"\1\2{HIDDEN}"),  # mysqldump -psecret, -p secret
)


def redact(command: str) -> str:
    """Return a command line with the values of passwords, tokens and keys replaced by `***`: of options, variables, headers and addresses."""
    for pattern, kept in _RULES:
        command = pattern.sub(kept, command)
    return command
