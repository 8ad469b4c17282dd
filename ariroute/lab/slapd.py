"""A private slapd (OpenLDAP) on 127.0.0.1 with a few customers, from Debian's packages: no root, nothing installed."""

from __future__ import annotations

import base64
import shutil
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from ariroute.lab.debian import LabError, loader_command, unpacked
from ariroute.lab.leash import spawn
from ariroute.lab.server import PrivateServer

SUITE: Final = "bookworm"
PACKAGES: Final = ("slapd",)
BASE: Final = "dc=example,dc=com"
CUSTOMERS: Final = f"ou=customers,{BASE}"
USER: Final = f"cn=ariroute,{BASE}"
PASSWORD: Final = "s3cret-of-the-lab"  # noqa: S105  # of a server that lives as long as a test

Entry = Mapping[str, Sequence[str | bytes]]


class LdapServer(PrivateServer):
    """A server in `folder`, from `start()` to `stop()` or as a context manager; its entries survive a restart.

    Everybody may read the customers; nobody reads `ou=secret`. The user `USER` has the password `PASSWORD`.
    """

    program = "slapd"

    def __init__(self, folder: Path, settings: str = "", tls: tuple[Path, Path] | None = None) -> None:
        """`settings` go before the database in slapd.conf; `tls` are a certificate and its key, in PEM."""
        super().__init__(folder, ports=2)
        self._settings = settings
        self._tls = tls
        self.port, self.tls_port = self._ports

    @property
    def url(self) -> str:
        """The address without TLS, for the flow file."""
        return f"ldap://127.0.0.1:{self.port}"

    def start(self, entries: Sequence[tuple[str, Entry]] = ()) -> None:
        """Start it and wait until it listens; `entries` (dn and attributes) are added first. Raises LabError."""
        root, command = _program()
        fresh = not (self._folder / "data").is_dir()
        (self._folder / "data").mkdir(parents=True, exist_ok=True)
        settings = self._folder / "slapd.conf"
        settings.write_text(self._configuration(root))
        if fresh or entries:
            given = [*(_TREE if fresh else ()), *entries]
            self._add(root, settings, given)
        addresses = f"ldap://127.0.0.1:{self.port}" + (f" ldaps://127.0.0.1:{self.tls_port}" if self._tls else "")
        with (self._folder / "slapd.log").open("wb") as log:
            self._process = spawn([*command, "-d", "0", "-h", addresses, "-f", str(settings)], output=log)
        self._wait(self._greet, self._folder / "slapd.log")

    def _greet(self) -> None:
        socket.create_connection(("127.0.0.1", self.port), timeout=5).close()

    def _configuration(self, root: Path) -> str:
        schemas = [f"include {root}/etc/ldap/schema/{name}.schema" for name in ("core", "cosine", "inetorgperson")]
        tls = [f"TLSCertificateFile {self._tls[0]}", f"TLSCertificateKeyFile {self._tls[1]}"] if self._tls else []
        lines = [
            *schemas,
            f"modulepath {root}/usr/lib/ldap",
            "moduleload back_mdb",
            f"pidfile {self._folder}/slapd.pid",
            *tls,
            self._settings,
            "database mdb",
            f'suffix "{BASE}"',
            f"directory {self._folder}/data",
            f'rootdn "{USER}"',
            f"rootpw {PASSWORD}",
            f'access to dn.subtree="ou=secret,{BASE}" by * none',
            "access to * by * read",
        ]
        return "\n".join([*lines, ""])

    def _add(self, root: Path, settings: Path, entries: Sequence[tuple[str, Entry]]) -> None:
        ldif = self._folder / "entries.ldif"
        ldif.write_text("\n".join(_ldif(dn, entry) for dn, entry in entries))
        add = (*_command(root, "slapadd"), "-f", str(settings), "-l", str(ldif))
        done = subprocess.run(add, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode:
            raise LabError(f"slapadd: {done.stderr.strip()[-400:]}")


def customer(name: str, **attributes: str | bytes | Sequence[str | bytes]) -> tuple[str, Entry]:
    """An entry below `CUSTOMERS`. The attributes are those of inetOrgPerson; `sn` may be left out."""
    values: dict[str, Sequence[str | bytes]] = {"objectClass": ["inetOrgPerson"], "cn": [name], "sn": [name]}
    values |= {key: [each] if isinstance(each, str | bytes) else each for key, each in attributes.items()}
    return f"cn={_dn_value(name)},{CUSTOMERS}", values


_TREE: Final[Sequence[tuple[str, Entry]]] = (
    (BASE, {"objectClass": ["dcObject", "organization"], "dc": ["example"], "o": ["Example"]}),
    (CUSTOMERS, {"objectClass": ["organizationalUnit"], "ou": ["customers"]}),
    (f"ou=secret,{BASE}", {"objectClass": ["organizationalUnit"], "ou": ["secret"]}),
)


def _program() -> tuple[Path, tuple[str, ...]]:
    """Return the folder that slapd's schemas and modules lie under, and its command."""
    if path := shutil.which("slapd", path="/usr/sbin:/usr/local/sbin"):
        return Path("/"), (path,)
    root = unpacked(SUITE, PACKAGES)
    return root, _command(root, "slapd")


def _command(root: Path, name: str) -> tuple[str, ...]:
    """Return the command of slapd, or of slapadd, which is slapd under another name."""
    return (f"/usr/sbin/{name}",) if root == Path("/") else loader_command(root, root / "usr/sbin" / name)


def _ldif(dn: str, entry: Entry) -> str:
    rows = [_row("dn", dn), *(_row(name, value) for name, values in entry.items() for value in values)]
    return "\n".join([*rows, ""])


def _row(name: str, value: str | bytes) -> str:
    raw = value.encode() if isinstance(value, str) else value
    return f"{name}:: {base64.b64encode(raw).decode()}"


def _dn_value(text: str) -> str:
    """`text` as a value within a distinguished name (RFC 4514)."""
    return "".join(c if c.isalnum() else "".join(f"\\{byte:02x}" for byte in c.encode()) for c in text)
