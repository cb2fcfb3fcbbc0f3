"""elanus_load as a child process: every call of the kit goes through it, so
that no Python stands between the client's clock and the server."""
import json
import struct
import subprocess
from pathlib import Path

SERVICE = "/milvus.proto.milvus.MilvusService/"


def write_frames(path, messages):
    with open(path, "wb") as file:
        for message in messages:
            data = message if isinstance(message, bytes) \
                else message.SerializeToString()
            file.write(struct.pack("<I", len(data)))
            file.write(data)
    return str(path)


def read_frames(path):
    data = Path(path).read_bytes()
    frames, at = [], 0
    while at < len(data):
        (length,) = struct.unpack_from("<I", data, at)
        frames.append(data[at + 4:at + 4 + length])
        at += 4 + length
    return frames


class Failed(Exception):
    pass


class Client:
    def __init__(self, server, binary, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        host = getattr(server, "host", "127.0.0.1")
        self.child = subprocess.Popen(
            [*server.prefix, binary, f"{host}:{server.port}"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def say(self, line):
        self.child.stdin.write(line + "\n")
        self.child.stdin.flush()

    def hear(self):
        line = self.child.stdout.readline()
        if not line:
            raise Failed("elanus_load has ended")
        answer = json.loads(line)
        if "error" in answer:
            raise Failed(answer["error"])
        return answer

    def prepare(self, method, requests, **options):
        """Reads the requests and connects; what follows is only sending."""
        self.say(json.dumps(
            {"path": SERVICE + method, "requests": requests, **options}))
        self.hear()

    def go(self):
        self.say("go")

    def finish(self):
        answer = self.hear()
        if answer["failed"]:
            raise Failed(f"{answer['failed']} calls: {answer['first_error']}")
        return answer

    def call(self, method, request, reply_type):
        """One call, as any client makes it. Returns (reply, milliseconds)."""
        replies = str(self.folder / "call.reply")
        self.prepare(method,
                     write_frames(self.folder / "call.request", [request]),
                     replies=replies)
        self.go()
        took = self.finish()["p50_ms"]
        return checked(reply_type.FromString(read_frames(replies)[0])), took

    def close(self):
        self.child.stdin.close()
        self.child.wait(10)


def checked(reply):
    """Raises Failed if the reply says so inside."""
    status = reply.status if hasattr(reply, "status") else reply
    if getattr(status, "code", 0) or getattr(status, "error_code", 0):
        raise Failed(f"{status.code}: {status.reason}")
    return reply
