"""Ports that stay ours."""

from __future__ import annotations

import socket

import pytest

from ariroute.lab import ports
from ariroute.lab.ports import Ports


def test_ports_are_free_and_differ() -> None:
    with Ports(5) as numbers:
        assert len(set(numbers)) == 5
        assert all(map(ports.is_free, numbers))


def test_a_reserved_port_is_given_to_nobody_else_until_it_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    with Ports(1) as (mine,):
        other = mine + 1 if mine < ports.LAST else mine - 1
        monkeypatch.setattr("random.sample", lambda *_: [mine, other])
        with Ports(1) as (theirs,):
            assert theirs == other
    with Ports(1) as (again,):
        assert again == mine


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_port_in_use_is_not_free(kind: socket.SocketKind) -> None:
    with socket.socket(socket.AF_INET, kind) as user:
        user.bind(("127.0.0.1", 0))
        if kind is socket.SOCK_STREAM:
            user.listen()

        assert not ports.is_free(user.getsockname()[1])


def test_when_no_port_is_free_then_the_error_names_the_range(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "is_free", lambda port: False)

    with pytest.raises(OSError, match="20000"):
        Ports(1)
