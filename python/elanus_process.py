"""Runs an Elanus server as a child process, for tests and tools.

    with ElanusProcess("build/release/bin/elanus", folder) as server:
        client = MilvusClient(server.uri)
        ...
        server.kill()     # kill -9
        server.start()    # again, on the same folder and ports

start() returns when /healthz answers 200. Ports are free ones unless given.
The server's log is collected in <folder>.log.
"""
import os
import pathlib
import random
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request


_claims = []  # kept as long as this process lives


def claim(port):
    """False if the port was given out before, here or by another process."""
    # The name of a socket belongs to one process at a time, and goes with it.
    name = socket.socket(socket.AF_UNIX)
    try:
        name.bind(f"\0elanus-port-{port}")
    except OSError:
        name.close()
        return False
    _claims.append(name)
    return True


def free_ports(count):
    """Ports that nobody listens on now, and that nobody else is given.

    Below those that the system gives to outgoing connections, so that none of
    them takes a server's port while it is restarted.
    """
    ports = []
    while len(ports) < count:
        port = random.randrange(15000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if claim(port):
            ports.append(port)
    return ports


class ElanusProcess:
    def __init__(self, binary, folder, *, port=None, management_port=None,
                 bind="127.0.0.1", role_calls="direct", environment=None,
                 arguments=()):
        self.binary = str(binary)
        self.folder = pathlib.Path(folder)
        self.log_path = pathlib.Path(f"{folder}.log")
        free = free_ports(2)
        self.port = port or free[0]
        self.management_port = management_port or free[1]
        self.bind = bind
        self.role_calls = role_calls
        self.environment = dict(environment or {})
        self.arguments = list(arguments)
        self.process = None

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    @property
    def uri(self):
        return f"http://{self.address}"

    @property
    def running(self):
        return self.process is not None and self.process.poll() is None

    def command(self):
        return [self.binary, "standalone", "--data", str(self.folder),
                "--bind", self.bind, "--port", str(self.port),
                "--management-port", str(self.management_port),
                "--role-calls", self.role_calls, *self.arguments]

    def spawn(self):
        """Starts the process; does not wait until it is ready."""
        if self.running:
            raise RuntimeError("the server already runs")
        # The child keeps the log open itself.
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, env={**os.environ, **self.environment})

    def start(self, timeout=30):
        """Returns the seconds from exec to ready."""
        begin = time.monotonic()
        self.spawn()
        while not self.healthy():
            if not self.running:
                raise RuntimeError(
                    f"the server ended with {self.process.returncode}:\n"
                    f"{self.log_tail()}")
            if time.monotonic() - begin > timeout:
                self.kill()
                raise TimeoutError(
                    f"the server was not ready after {timeout} s:\n"
                    f"{self.log_tail()}")
            time.sleep(0.01)
        return time.monotonic() - begin

    def healthy(self):
        url = f"http://127.0.0.1:{self.management_port}/healthz"
        try:
            with urllib.request.urlopen(url, timeout=2) as reply:
                return reply.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def terminate(self, timeout=30):
        """SIGTERM; returns the exit status."""
        if self.running:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
                raise TimeoutError(
                    f"the server did not end within {timeout} s of SIGTERM:\n"
                    f"{self.log_tail()}") from None
        return self.process.returncode

    def kill(self):
        """kill -9."""
        if self.running:
            self.process.kill()
        self.process.wait()

    def cpu_seconds(self):
        """CPU time that the running process has taken, in all its threads."""
        stat = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text()
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def log_tail(self, size=4000):
        text = self.log_path.read_text(errors="replace")
        return text[-size:]

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        if self.running:
            self.terminate()
