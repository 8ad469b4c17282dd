"""A connection to a directory in a thread of its own: ldap3 waits, the event loop does not.

Every socket has its timeouts, and an abort shuts the socket down under the waiting thread, so that it ends at once
whatever the server does: answers nothing, or one byte now and then, for which no timeout of a socket is any help.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import math
import queue
import select
import socket
import ssl
import struct
import threading
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from ariroute.errors import LookupFailed, UnusableInput
from ariroute.flow.facts import Failure
from ariroute.lookups.pool import ConnectionLost, Row

MISSING = "this lookup needs a package more: pip install 'ariroute[ldap]'"
ABORT_AGAIN = 0.05
"""Seconds. A socket that a thread is just making cannot be shut down yet."""

BIND_REFUSALS = {
    "invalidCredentials": "the server refuses user or password",
    "confidentialityRequired": "the server wants TLS: write ldaps://, or start_tls: true",
    "strongerAuthRequired": "the server wants TLS: write ldaps://, or start_tls: true",
    "inappropriateAuthentication": "the server wants a user and a password",
}
SEARCH_FAILURES = {
    "noSuchObject": (Failure.ERROR, "there is no such base in the directory, or this user may not see it"),
    "timeLimitExceeded": (Failure.TIMEOUT, "the directory took longer than it allows itself"),
    "insufficientAccessRights": (Failure.REFUSED, "the server does not let this user search here"),
    "busy": (Failure.REFUSED, "the server says that it is busy"),
    "unavailable": (Failure.REFUSED, "the server says that it is not available"),
    "referral": (Failure.ERROR, "the server refers to another one, which is not followed: ask that one"),
    "operationsError": (Failure.ERROR, "the server cannot do this; some say so when user and password are missing"),
}


@dataclass(frozen=True, slots=True)
class Question:
    """What is the same in every search of one lookup."""

    base: str
    scope: str
    attributes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Directory:
    """Where the server is, and who asks. ``tls`` None speaks without TLS; ``patience`` is seconds."""

    host: str
    port: int
    user: str
    password: str
    tls: ssl.SSLContext | None
    start_tls: bool
    patience: float


@functools.cache
def driver() -> ModuleType:
    """The package ldap3. Raises UnusableInput when it is not installed."""
    with warnings.catch_warnings():
        # ldap3 2.9.1 takes names from pyasn1 that pyasn1 has renamed since.
        warnings.filterwarnings("ignore", "(tagMap|typeMap) is deprecated", DeprecationWarning)
        try:
            import ldap3
        except ImportError as error:
            raise UnusableInput(MISSING) from error
    module: ModuleType = ldap3
    return module


class LdapLink:
    """One connection and its thread. ``threads`` holds the threads of one lookup as long as they live."""

    def __init__(self, directory: Directory, question: Question, threads: set[threading.Thread]) -> None:
        self._directory = directory
        self._question = question
        self._loop = asyncio.get_running_loop()
        self._jobs: queue.SimpleQueue[tuple[Callable[[], Any], asyncio.Future[Any]] | None] = queue.SimpleQueue()
        self._connection: Any = None
        self._aborted = False
        self._threads = threads
        self._thread = threading.Thread(target=self._work, name=f"ldap {directory.host}", daemon=True)
        threads.add(self._thread)
        self._thread.start()

    @property
    def usable(self) -> bool:
        """False once the server has ended the connection: nothing is to be read while nothing is asked."""
        if self._aborted:
            return False
        sock = self._connection.socket
        try:
            return sock is not None and not _readable(sock)
        except (OSError, ValueError):
            return False

    @classmethod
    async def open(
        cls, host: str, directory: Directory, question: Question, threads: set[threading.Thread]
    ) -> LdapLink:
        """Connect to ``host``, an address of the directory, and log in. Raises LookupFailed."""
        link = cls(directory, question, threads)
        try:
            await link._do(functools.partial(link._open, host))
        except BaseException:
            link.abort()
            raise
        return link

    async def first(self, values: Sequence[str]) -> Row | None:
        """The attributes of the first entry that the filter in ``values`` finds. Raises LookupFailed."""
        row: Row | None = await self._do(functools.partial(self._search, values[0]))
        return row

    def abort(self) -> None:
        """End the connection and its thread, now."""
        if not self._aborted:
            self._aborted = True
            self._jobs.put(None)
        self._shut()

    def _shut(self) -> None:
        if not self._thread.is_alive():
            return
        sock = getattr(self._connection, "socket", None)
        if sock is not None:
            with contextlib.suppress(OSError, ValueError):
                # Closed with a reset: otherwise the other end of a server that floods us stays for minutes.
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                # Not through an SSLSocket's own shutdown(), which takes its state from under the thread that reads.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
        if not self._loop.is_closed():
            self._loop.call_later(ABORT_AGAIN, self._shut)

    async def _do(self, work: Callable[[], Any]) -> Any:
        answer: asyncio.Future[Any] = self._loop.create_future()
        self._jobs.put((work, answer))
        return await answer

    # ---- in the thread

    def _work(self) -> None:
        try:
            while job := self._jobs.get():
                work, answer = job
                try:
                    outcome: Any = work()
                except Exception as error:
                    outcome = error if isinstance(error, LookupFailed) else failure_of(error)
                with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                    self._loop.call_soon_threadsafe(_land, answer, outcome)
        finally:
            if self._connection is not None:
                with contextlib.suppress(OSError, AttributeError):
                    self._connection.socket.close()  # ldap3 leaves one open that could not be connected
            self._threads.discard(self._thread)

    def _open(self, host: str) -> None:
        ldap3, directory = driver(), self._directory
        over_tls = directory.tls is not None and not directory.start_tls
        tls = _verifying(directory.tls, directory.host) if directory.tls else None
        server = ldap3.Server(
            host, directory.port, use_ssl=over_tls, tls=tls, get_info=ldap3.NONE, connect_timeout=directory.patience
        )
        connection = self._connection = ldap3.Connection(
            server,
            directory.user or None,
            directory.password or None,
            authentication=ldap3.SIMPLE if directory.user else ldap3.ANONYMOUS,
            client_strategy=ldap3.SYNC,
            receive_timeout=math.ceil(directory.patience),  # ldap3 takes whole seconds only
            auto_referrals=False,
            auto_range=False,
            auto_escape=False,
            check_names=False,
            read_only=True,
        )
        connection.open(read_server_info=False)
        connection.socket.settimeout(directory.patience)
        if directory.start_tls:
            connection.start_tls(read_server_info=False)
        if not connection.bind(read_server_info=False):
            word = connection.result["description"]
            raise LookupFailed(Failure.REFUSED, BIND_REFUSALS.get(word, f"the server refuses the login: {word}"))

    def _search(self, text: str) -> Row | None:
        connection, question = self._connection, self._question
        connection.search(
            question.base,
            text,
            question.scope,
            attributes=list(question.attributes),
            size_limit=1,
            time_limit=math.ceil(self._directory.patience),
        )
        word = connection.result["description"]
        if word not in ("success", "sizeLimitExceeded"):
            reason, detail = SEARCH_FAILURES.get(word, (Failure.ERROR, f"the server answers with the error {word}"))
            raise LookupFailed(reason, detail)
        entry = next((each for each in connection.response if each["type"] == "searchResEntry"), None)
        if entry is None:
            return None
        return [(name, values[0]) for name, values in entry["raw_attributes"].items() if values]


def _land(answer: asyncio.Future[Any], outcome: Any) -> None:
    if answer.done():  # the asker was cancelled
        return
    if isinstance(outcome, Exception):
        answer.set_exception(outcome)
    else:
        answer.set_result(outcome)


def _readable(sock: socket.socket) -> bool:
    """Whether something can be read from ``sock`` now, its end included."""
    poll = select.poll()
    poll.register(sock, select.POLLIN | select.POLLHUP)
    return bool(poll.poll(0))


def _verifying(context: ssl.SSLContext, host: str) -> Any:
    """What ldap3 makes TLS with: by our context, which checks the name of the server; ldap3's own check is outdated."""

    class Verifying(driver().Tls):  # type: ignore[misc]
        def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:
            connection.socket = context.wrap_socket(connection.socket, server_hostname=host)

    return Verifying()


def failure_of(error: Exception) -> LookupFailed:
    """The named failure for what ldap3, the socket or the decoder of an answer raised."""
    from ldap3.core import exceptions

    text = str(error)[:200]
    match error:
        case exceptions.LDAPStartTLSError() if "wrap socket" not in text:
            return LookupFailed(Failure.REFUSED, "the server does not offer StartTLS")
        case exceptions.LDAPSocketOpenError() | exceptions.LDAPStartTLSError():
            if "timed out" in text:
                return LookupFailed(Failure.TIMEOUT, "the connection timed out")
            return LookupFailed(Failure.REFUSED, _without_prefix(text))
        case exceptions.LDAPSocketReceiveError() if "timed out" in text:
            return LookupFailed(Failure.TIMEOUT, "no answer in time")
        case exceptions.LDAPSocketReceiveError() if "receiving data" not in text:
            return LookupFailed(Failure.NOT_JSON, "the answer is not of the LDAP protocol")
        case exceptions.LDAPSessionTerminatedByServerError() | exceptions.LDAPCommunicationError() | OSError():
            return ConnectionLost("the connection was closed before the answer was complete")
        case exceptions.LDAPInvalidFilterError():
            return LookupFailed(Failure.ERROR, "the filter cannot be used")
    return LookupFailed(Failure.NOT_JSON, f"the answer is not of the LDAP protocol ({type(error).__name__})")


def _without_prefix(text: str) -> str:
    """ldap3's sentence without what its layers say of themselves: ``no connection: Connection refused``."""
    if "SSL" in text or "certificate" in text:
        return f"TLS: {text.rpartition('error: ')[2] or text}"
    return f"no connection: {text.rpartition('] ')[2] or text}"
