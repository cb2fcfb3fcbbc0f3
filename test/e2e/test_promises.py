"""A small share of the long runs: kills under load, Strong reads."""
import pytest

from conftest import BINARY, ROLE_CALLS
from raw import Api, floats, ids_of, int64_key, longs, ok, vector

pytestmark = pytest.mark.raw


def test_five_kills_lose_nothing_and_bring_nothing_back():
    import kill_loop
    # The machine runs other tests as well: the full run asks for 200 writes a
    # second and recovery within one.
    status = kill_loop.main([
        "--kills", "5", "--longest", "2", "--binary", str(BINARY),
        "--role-calls", ROLE_CALLS, "--min-rate", "50",
        "--max-recovery", "5"])
    assert status == 0


def test_three_power_cuts_lose_nothing_and_bring_nothing_back():
    import kill_loop
    status = kill_loop.main([
        "--kills", "3", "--longest", "1.5", "--binary", str(BINARY),
        "--role-calls", ROLE_CALLS, "--drop-unsynced"])
    assert status == 0


def test_a_strong_search_sees_every_acknowledged_insert(server):
    from strong_read import StrongRead, is_good
    figures = StrongRead(server.address, 1000).run()
    assert is_good(figures, 1000), figures


def test_a_start_after_unwritten_log_finds_the_last_row():
    import long_log
    figures = long_log.run(BINARY, 32, ROLE_CALLS)
    # The full run has 256 MiB and one second.
    assert long_log.is_good(figures, 5), figures


class LaterApi(Api):
    """Gives a future instead of a reply."""

    def call(self, rpc, request):
        return getattr(self.stub, rpc).future(request, timeout=self.timeout)


def test_one_thread_serves_1000_strong_reads_and_1000_inserts_at_once(
        start_server):
    server = start_server("one_thread", ELANUS_THREADS="1")
    api = Api(server.address)
    later = LaterApi(server.address, timeout=60)
    ok(api.create("busy", [int64_key(), vector(4)], shards=4))
    ok(api.index("busy"))
    ok(api.load("busy"))
    ok(api.insert("busy", [longs("id", [0]), floats("embedding", [[0] * 4])],
                  1))
    waiting = []
    for i in range(1, 1001):
        waiting.append(later.insert(
            "busy", [longs("id", [i]), floats("embedding", [[i] * 4])], 1))
        waiting.append(later.search("busy", [[0] * 4], limit=1))
    for call in waiting:
        reply = ok(call.result())
        if hasattr(reply, "results"):
            assert ids_of(reply) == [[0]]
    assert api.count("busy") == 1001
