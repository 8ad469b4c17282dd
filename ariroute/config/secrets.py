"""Secrets by reference: ``${env:NAME}`` and ``${file:/path}``. Nothing here puts a secret into a message."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ariroute.errors import Problem
from ariroute.files import open_regular, why
from ariroute.values import REFERENCE

FILE_LIMIT = 16 * 1024
LINE_BREAK = re.compile("[\r\n\v\f\x85\u2028\u2029]")
CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f]")
HALF_CHARACTER = re.compile("[\ud800-\udfff]")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


@dataclass(slots=True)
class Secrets:
    """Turns references into what they stand for; ``environ`` None checks only how they are written."""

    environ: Mapping[str, str] | None
    warnings: list[Problem] = field(default_factory=list)

    def reveal(self, text: str) -> str:
        """``text`` with every reference replaced. Raises ValueError with the remedy."""
        return REFERENCE.sub(self._value, text)

    def _value(self, match: re.Match[str]) -> str:
        kind, name = match[1], match[2]
        secret = self._from_environment(name) if kind == "env" else self._from_file(name)
        if not secret and self.environ is not None:
            raise ValueError(f"the secret ${{{kind}:{name}}} is empty")
        if LINE_BREAK.search(secret):
            raise ValueError(f"the secret ${{{kind}:{name}}} has more than one line")
        if CONTROL.search(secret):
            raise ValueError(f"the secret ${{{kind}:{name}}} holds a control character")
        return secret

    def _from_environment(self, name: str) -> str:
        if not VARIABLE.fullmatch(name):
            raise ValueError(f"'{name}' cannot name an environment variable: write ${{env:NAME}}")
        if self.environ is None:
            return ""
        if name not in self.environ:
            raise ValueError(f"the environment variable {name} is not set")
        if HALF_CHARACTER.search(self.environ[name]):  # how Python keeps bytes that are not UTF-8
            raise ValueError(f"the environment variable {name} is not UTF-8 text")
        return self.environ[name]

    def _from_file(self, name: str) -> str:
        path = Path(name)
        if not path.is_absolute() or "\0" in name:
            raise ValueError(f"'{name}' is not an absolute path: write ${{file:/path}}")
        if self.environ is None:
            return ""
        try:
            with open_regular(path) as stream:
                content, mode = stream.read(FILE_LIMIT + 1), os.fstat(stream.fileno()).st_mode
        except OSError as error:
            raise ValueError(f"the secret's file {name} cannot be read: {why(error)}") from None
        if mode & stat.S_IROTH:
            text = "every user of this machine can read this secret: chmod o-r, and let it belong to ariroute's group"
            self.warnings.append(Problem(name, 0, 0, "", text))
        return self._text(content, name)

    @staticmethod
    def _text(content: bytes, name: str) -> str:
        if len(content) > FILE_LIMIT:
            raise ValueError(f"the secret's file {name} is larger than 16 KiB")
        try:
            return content.decode().removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError:
            raise ValueError(f"the secret's file {name} is not UTF-8 text") from None
