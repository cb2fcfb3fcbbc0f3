"""A small share of the long run, and what it must not overlook."""
import itertools
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from pymilvus.grpc_gen import milvus_pb2  # noqa: E402

import drive  # noqa: E402
from record import History, check, load  # noqa: E402


def test_what_concurrent_clients_see_over_a_kill_can_be_explained():
    assert drive.main(["--seconds", "5", "--kills", "1"]) == 0


def test_an_acknowledged_write_that_was_not_made_is_noticed(
        monkeypatch, tmp_path):
    upsert, numbers = drive.Api.upsert, itertools.count(1)

    def forgetful(self, name, columns, rows, **extra):
        # Often: one may be overwritten before anybody has read the key.
        if next(numbers) % 10 == 0:
            return milvus_pb2.MutationResult()
        return upsert(self, name, columns, rows, **extra)

    monkeypatch.setattr(drive.Api, "upsert", forgetful)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    assert drive.main(["--seconds", "2", "--kills", "0"]) == 1


def test_a_kept_history_is_judged_as_it_was(tmp_path):
    history = History()
    with history.call("register", [1], "write", 5, client=1):
        pass
    with history.call("register", [1, 2], "read", None, client=2) as call:
        call.value = {1: None, 2: None}
    try:
        with history.call("register", [2], "write", 6, client=1):
            raise ConnectionError
    except ConnectionError:
        pass
    history.save(tmp_path / "kept")
    kept = list(load(tmp_path / "kept"))
    assert kept == history.lines
    assert len(check(kept)) == 1 and "register 1" in check(kept)[0]
