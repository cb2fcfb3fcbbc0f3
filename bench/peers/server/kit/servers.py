"""Start and stop the servers that are compared.

Elanus listens on the loopback address. Milvus's embedded server (PyPI `milvus`)
listens on every interface and has no option against it: it gets a network
namespace of its own, and its clients are started inside.
"""
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from kit import process

MILVUS_MAIN = """
import signal, sys
from milvus import default_server as server
server.set_base_dir(sys.argv[1])
server.config.set("proxy_port", int(sys.argv[2]))
server.listen_port = int(sys.argv[2])
def stop(*_):
    server.stop()
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
server.start()
server.server_proc.wait()
"""


class Server:
    """One running server; `prefix` stands before a client's command."""

    def __init__(self, name, command, port, log, prefix=lambda pid: []):
        self.name = name
        self.port = port
        started = time.monotonic()
        with open(log, "wb") as output:
            self.running = subprocess.Popen(
                command, stdout=output, stderr=output)
        self.pid = self.running.pid
        try:
            self.wait_until_listening(patience=600)
        except TimeoutError:
            self.stop()
            raise
        self.start_s = time.monotonic() - started
        self.prefix = prefix(self.pid)

    def wait_until_listening(self, patience):
        end = time.monotonic() + patience
        while time.monotonic() < end:
            if self.running.poll() is not None:
                sys.exit(f"{self.name} ended with {self.running.returncode}:"
                         f" see its log in --out")
            if process.is_listening(self.pid, self.port):
                return
            time.sleep(0.002)
        raise TimeoutError(f"{self.name} does not listen after {patience} s")

    def stop(self):
        self.running.send_signal(signal.SIGTERM)
        try:
            self.running.wait(60)
        except subprocess.TimeoutExpired:
            self.running.kill()
            self.running.wait()


class Remote:
    """A server that somebody else started: address and, on this machine,
    pid."""

    def __init__(self, name, address, pid):
        self.name, self.pid, self.prefix = name, pid, []
        self.host, _, port = address.rpartition(":")
        self.port = int(port)
        self.start_s = None

    def stop(self):
        pass


def fresh(folder):
    shutil.rmtree(folder, ignore_errors=True)
    Path(folder).mkdir(parents=True)
    return str(folder)


def start_elanus(binary, folder, port, options=()):
    data = fresh(Path(folder) / "elanus-data")
    return Server(
        "elanus",
        [binary, "standalone", "--data", data, "--port", str(port),
         "--management-port", str(port + 1), *options],
        port, Path(folder) / "elanus.log")


def start_milvus(venv, folder, port):
    data = fresh(Path(folder) / "milvus-data")
    python = os.path.join(venv, "bin", "python")
    return Server(
        "milvus",
        ["unshare", "-n", "sh", "-c", 'ip link set lo up; exec "$@"', "sh",
         python, "-c", MILVUS_MAIN, data, str(port)],
        port, Path(folder) / "milvus.log",
        prefix=lambda pid: ["nsenter", "-t", str(pid), "-n"])
