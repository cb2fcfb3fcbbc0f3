"""Fixtures: the real server, and clients of it.

ELANUS_BINARY      the server, build/release/bin/elanus by default
ELANUS_ROLE_CALLS  direct (default) or wire: how the roles call each other
ELANUS_DATA_DIR    data sets for the recall tests, ../shared/data by default
"""
import itertools
import os
import pathlib
import sys

import pymilvus
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "test/chaos")]

from elanus_process import ElanusProcess  # noqa: E402
from raw import Api  # noqa: E402
from support import new_client  # noqa: E402

BINARY = pathlib.Path(os.environ.get(
    "ELANUS_BINARY", ROOT / "build/release/bin/elanus"))
ROLE_CALLS = os.environ.get("ELANUS_ROLE_CALLS", "direct")
PYMILVUS = tuple(int(n) for n in pymilvus.__version__.split(".")[:2])


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "raw: the same for all clients, so one version is enough")


def pytest_report_header():
    return f"pymilvus {pymilvus.__version__}, role calls {ROLE_CALLS}, {BINARY}"


def pytest_collection_modifyitems(items):
    """A test that uses only the raw stubs does not depend on the client."""
    for item in items:
        names = set(item.fixturenames)
        if "api" in names and not names & {"client", "connection"}:
            item.add_marker(pytest.mark.raw)


@pytest.fixture(scope="session")
def start_server(tmp_path_factory):
    """start_server(name, KEY=value...): a server of its own, running."""
    servers = []

    def start(name, **environment):
        folder = tmp_path_factory.mktemp(name) / "data"
        server = ElanusProcess(BINARY, folder, role_calls=ROLE_CALLS,
                               environment=environment)
        servers.append(server)
        server.start()
        return server

    yield start
    for server in servers:
        if server.running:
            server.kill()


@pytest.fixture(scope="session")
def shared_server(start_server):
    server = start_server("shared")
    yield server
    if server.running:
        assert server.terminate() == 0, server.log_tail()


@pytest.fixture
def server(shared_server):
    """The server that most tests share. A test that brings it down fails."""
    yield shared_server
    assert shared_server.running, (
        f"the server ended with {shared_server.process.returncode}:\n"
        f"{shared_server.log_tail()}")


@pytest.fixture
def own_server(start_server, request):
    """A server that the test may kill."""
    server = start_server("own", **getattr(request, "param", {}))
    yield server
    if server.running:
        server.kill()


@pytest.fixture
def client(server):
    client = new_client(server)
    yield client
    client.close()


@pytest.fixture
def api(server):
    api = Api(server.address)
    yield api
    api.close()


_numbers = itertools.count(1)


@pytest.fixture
def name(request):
    """A collection's name that no other test uses."""
    return f"c{next(_numbers)}_{request.node.originalname}"[:100]
