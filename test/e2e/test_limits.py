"""Bounds from outside: a full disk, many connections, slow and half-open
clients."""
import os
import pathlib
import resource
import socket
import subprocess
import time
import urllib.request

import pytest

from elanus_process import ElanusProcess
from raw import Api, ApiError, floats, int64_key, longs, ok, vector
from support import wait_until

pytestmark = pytest.mark.raw
BINARY = os.environ.get("ELANUS_BINARY", pathlib.Path(
    __file__).resolve().parents[2] / "build/release/bin/elanus")


def metric(server, name):
    url = f"http://127.0.0.1:{server.management_port}/metrics"
    with urllib.request.urlopen(url, timeout=5) as reply:
        for line in reply.read().decode().splitlines():
            if line.startswith(name + " "):
                return float(line.split()[1])
    raise AssertionError(f"no metric {name}")


def make(api, name):
    ok(api.create(name, [int64_key(), vector(2)]))
    ok(api.index(name))
    ok(api.load(name))


def insert(api, name, key):
    ok(api.insert(name, [longs("id", [key]), floats("embedding", [[1, key]])],
                  1))


def processor_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1]
    ticks = fields.split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def test_a_thousand_connections_are_served_and_given_back(server, api, name):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 4096:
        pytest.skip(f"only {hard} open files are allowed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4096), hard))
    make(api, name)
    before = metric(server, "elanus_connections")
    idle = [socket.create_connection(("127.0.0.1", server.port))
            for _ in range(950)]
    clients = [Api(server.address) for _ in range(50)]
    try:
        for key, client in enumerate(clients):
            insert(client, name, key)
        assert api.count(name) == 50
    finally:
        for connection in idle:
            connection.close()
        for client in clients:
            client.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    wait_until(lambda: metric(server, "elanus_connections") <= before + 5,
               "the connections are given back")


def test_slow_and_half_open_clients_hold_nobody_up(server, api, name):
    make(api, name)
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    slow = []
    for how in range(60):
        connection = socket.create_connection(("127.0.0.1", server.port))
        if how % 3 == 0:
            connection.sendall(preface[:how % len(preface)])
        elif how % 3 == 1:
            connection.sendall(preface)  # then nothing: no settings follow
        else:
            connection.sendall(b"POST /v2/vectordb HTTP/1.1\r\nContent-")
            connection.shutdown(socket.SHUT_WR)
        slow.append(connection)
    before = processor_seconds(server.process.pid)
    begin = time.monotonic()
    for key in range(20):
        insert(api, name, key)
    assert api.count(name) == 20
    assert time.monotonic() - begin < 10
    time.sleep(1)
    # Nobody spins on them.
    assert processor_seconds(server.process.pid) - before < 5
    for connection in slow:
        connection.close()


class OnSmallDisk(ElanusProcess):
    """Its data lie on a file system of 48 MiB, which only it sees."""

    def command(self):
        folder = str(self.folder.parent)
        return ["unshare", "--map-root-user", "--mount", "sh", "-c",
                'mount -t tmpfs -o size=48m elanus "$0" && exec "$@"',
                folder, *super().command()]

    @property
    def ballast(self):
        return pathlib.Path(
            f"/proc/{self.process.pid}/root{self.folder.parent}/ballast")

    def fill(self):
        with open(self.ballast, "wb", buffering=0) as file:
            for size in (1 << 20, 1 << 12, 1):
                try:
                    while file.write(bytes(size)) == size:
                        pass
                except OSError:
                    continue


@pytest.fixture
def small_disk(tmp_path):
    if subprocess.run(["unshare", "--map-root-user", "--mount", "true"],
                      capture_output=True, check=False).returncode != 0:
        pytest.skip("no file system can be mounted here")
    (tmp_path / "disk").mkdir()
    server = OnSmallDisk(BINARY, tmp_path / "disk/data")
    server.log_path = tmp_path / "server.log"
    server.start()
    yield server
    if server.running:
        server.kill()


def test_on_a_full_disk_writes_fail_reads_go_on_and_it_recovers(small_disk):
    api = Api(small_disk.address)
    make(api, "c")
    insert(api, "c", 0)
    ok(api.flush("c"))
    small_disk.fill()
    refused = None
    for key in range(1, 2000):
        try:
            insert(api, "c", key)
        except ApiError as error:
            refused = error
            break
    assert refused is not None and refused.retriable, refused
    assert api.count("c") == key
    small_disk.ballast.unlink()

    def written():
        try:
            insert(api, "c", 5000)
            return True
        except ApiError:
            return False

    wait_until(written, "a write once there is space")
    assert api.count("c") == key + 1
    ok(api.flush("c"))
    wait_until(lambda: len(ok(api(
        "GetPersistentSegmentInfo", collectionName="c")).infos) > 0
        and api.count("c") == key + 1, "files are written again")
