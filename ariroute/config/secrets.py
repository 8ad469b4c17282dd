"""Secrets by reference: ``${env:NAME}``, ``${file:/path}``, ``${credential:NAME}``. None is put into a message here.

A credential is a file that systemd hands to the daemon alone (LoadCredential= in the unit), in a folder that the
variable CREDENTIALS_DIRECTORY names (systemd.exec(5), "Credentials").
"""

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
CREDENTIAL = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,254}", re.ASCII)
CREDENTIALS = "CREDENTIALS_DIRECTORY"


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
        read = {"env": self._from_environment, "file": self._from_file, "credential": self._from_credential}
        secret = read[kind](name)
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

    def _from_credential(self, name: str) -> str:
        if not CREDENTIAL.fullmatch(name):
            raise ValueError(
                f"'{name}' cannot name a credential: write ${{credential:NAME}}, as in LoadCredential=NAME:"
            )
        if self.environ is None:
            return ""
        folder = self.environ.get(CREDENTIALS, "")
        if not folder.startswith("/"):
            raise ValueError(
                f"the credential {name} is only for the service: systemd hands it over in a folder that "
                f"{CREDENTIALS} names, which is not set. By hand, set it to the folder of the secrets"
            )
        return self._from_file(f"{folder}/{name}")

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
