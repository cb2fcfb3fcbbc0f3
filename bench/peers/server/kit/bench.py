"""What the steps share: a server under test, and measured loads."""
import time

from pymilvus.grpc_gen import common_pb2, milvus_pb2

from kit import messages, process
from kit.client import Client, checked, read_frames, write_frames

AFTER_WRITES_S = 0.5  # what a write leaves to do counts to it
POLL_S = 0.01


class Peer:
    """A server, its client, and where its records go."""

    def __init__(self, server, load_binary, folder, record):
        self.server, self.name = server, server.name
        self.folder = folder
        self.client = Client(server, load_binary, folder)
        self.load_binary = load_binary
        self.record_line = record

    def cpu(self):
        return process.cpu_seconds(self.server.pid)

    def memory(self):
        resident, anonymous = process.memory_mb(self.server.pid)
        return {"rss_mb": resident, "anon_mb": anonymous}

    def record(self, step, **figures):
        self.record_line({"server": self.name, "step": step, **figures})

    def another_client(self):
        return Client(self.server, self.load_binary, f"{self.folder}/second")

    # Calls, waited for. -------------------------------------------------------

    def call(self, method, request, reply=common_pb2.Status):
        return self.client.call(method, request, reply)

    def create(self, name, dim, shards=1):
        self.call("CreateCollection",
                  messages.create_collection(name, dim, shards))

    def drop(self, name):
        self.call("DropCollection",
                  milvus_pb2.DropCollectionRequest(collection_name=name))

    def flush(self, name):
        reply, _ = self.call(
            "Flush", milvus_pb2.FlushRequest(collection_names=[name]),
            milvus_pb2.FlushResponse)
        state = milvus_pb2.GetFlushStateRequest(
            segmentIDs=reply.coll_segIDs[name].data, collection_name=name,
            flush_ts=reply.coll_flush_ts.get(name, 0))
        while not self.call("GetFlushState", state,
                            milvus_pb2.GetFlushStateResponse)[0].flushed:
            time.sleep(POLL_S)

    def build_index(self, name, metric, kind, params):
        self.call("CreateIndex",
                  messages.create_index(name, metric, kind, params))
        self.wait_for_index(name)

    def drop_index(self, name):
        self.call("DropIndex", milvus_pb2.DropIndexRequest(
            collection_name=name, field_name=messages.VECTOR))

    def wait_for_index(self, name):
        describe = milvus_pb2.DescribeIndexRequest(
            collection_name=name, field_name=messages.VECTOR)
        while True:
            process.raise_priority(self.server.pid)
            reply, _ = self.call("DescribeIndex", describe,
                                 milvus_pb2.DescribeIndexResponse)
            index = reply.index_descriptions[0]
            if index.state == common_pb2.IndexState.Finished and \
                    index.indexed_rows >= index.total_rows:
                return
            time.sleep(POLL_S)

    def load_collection(self, name):
        self.call("LoadCollection",
                  milvus_pb2.LoadCollectionRequest(collection_name=name))
        progress = milvus_pb2.GetLoadingProgressRequest(collection_name=name)
        while self.call("GetLoadingProgress", progress,
                        milvus_pb2.GetLoadingProgressResponse
                        )[0].progress < 100:
            time.sleep(POLL_S)

    # Measured loads. ----------------------------------------------------------

    def timed(self, step, action, **more):
        """Wall and CPU time of something that is waited for."""
        cpu, begin = self.cpu(), time.monotonic()
        action()
        self.record(step, s=time.monotonic() - begin,
                    cpu_s=self.cpu() - cpu, **more)

    def run(self, method, frames, *, settle=0.0, **options):
        """A load and the server's CPU time during it."""
        self.client.prepare(method, frames, **options)
        cpu = self.cpu()
        self.client.go()
        figures = self.client.finish()
        time.sleep(settle)
        figures["cpu_us"] = (self.cpu() - cpu) * 1e6 / figures["answered"]
        del figures["first_error"], figures["failed"]
        return figures

    def frames(self, label, requests):
        return write_frames(f"{self.folder}/{label}.frames", requests)

    def write(self, step, method, name, requests, rows, **options):
        """Every request once, replies checked; CPU by row."""
        frames = self.frames("write", requests)
        replies = f"{self.folder}/write.replies"
        figures = self.run(method, frames, settle=AFTER_WRITES_S,
                           replies=replies, **options)
        for reply in read_frames(replies):
            checked(milvus_pb2.MutationResult.FromString(reply))
        cpu_us = figures.pop("cpu_us") * figures["answered"] / rows
        self.record(step, collection=name, cpu_us_row=cpu_us,
                    rows_s=rows / figures["seconds"], **figures,
                    **self.memory())

    def replies_to(self, method, frames, reply_type):
        """Each request once, before any clock runs."""
        replies = f"{self.folder}/once.replies"
        self.client.prepare(method, frames, replies=replies, in_flight=4)
        self.client.go()
        self.client.finish()
        return [checked(reply_type.FromString(reply))
                for reply in read_frames(replies)]
