"""The private database servers of the lab."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from fixtures_databases import customer_server

from ariroute.lab.database import PrivateDatabase
from ariroute.lab.debian import LabError
from ariroute.lab.postgres import PrivatePostgres, unpacked_tools


def test_server_answers_its_admin(database: PrivateDatabase) -> None:
    assert database.sql("SELECT 'a', 1") == [["a", "1"]]
    assert database.sql("SELECT name FROM customers ORDER BY phone", "crm") == [["Ånna Ek"], ["Bo"]]


def test_mistake_is_told_in_the_servers_words(database: PrivateDatabase) -> None:
    with pytest.raises(LabError, match="nothing_there"):
        database.sql("SELECT * FROM nothing_there", "crm")


@pytest.mark.parametrize("engine", ["postgres", "mariadb"])
def test_data_outlives_a_stop_and_a_crash(engine: str, tmp_path: Path) -> None:
    with customer_server(engine, tmp_path / "server") as server:
        port = server.port
        for end in (server.stop, server.kill):
            server.sql("UPDATE customers SET orders = orders + 1", "crm")
            end()
            assert not server.is_running
            server.start()
            assert server.port == port
        orders = server.sql("SELECT orders FROM customers ORDER BY phone", "crm")
        sockets = server.socket_folder
    assert orders[0] in (["5"], ["4"])  # what was written right before a crash may be lost: nothing is synced
    assert not server.is_running
    assert not sockets.exists()


def test_server_that_cannot_start_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    server = PrivatePostgres(tmp_path / "server", "--no-such-setting=1")
    with pytest.raises(LabError, match="no_such_setting"):
        server.start()
    assert not server.is_running


def test_unpacked_postgres_runs_beside_the_machines_own(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as reachable:  # for `nobody`, as whom it runs under root
        Path(reachable).chmod(0o755)
        with PrivatePostgres(tmp_path / "server", tools=unpacked_tools(Path(reachable) / "tree")) as server:
            assert server.sql("SHOW server_version")[0][0].startswith("15.")
