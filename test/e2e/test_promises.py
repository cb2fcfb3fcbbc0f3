"""A small share of the long runs: kills under load, Strong reads."""
import pytest

from conftest import BINARY, ROLE_CALLS

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


def test_a_strong_search_sees_every_acknowledged_insert(server):
    from strong_read import StrongRead, is_good
    figures = StrongRead(server.address, 1000).run()
    assert is_good(figures, 1000), figures
