"""What the storage that forgets keeps, and what it drops."""
import os
import pathlib
import random
import signal
import subprocess
import sys
import textwrap

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from power_cut import (RECORD, SECTOR, ForgetfulFolder, Image,  # noqa: E402
                       Unmodelled, contents, copy_folder)

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIBRARY = pathlib.Path(os.environ.get(
    "ELANUS_BINARY", ROOT / "build/release/bin/elanus")
    ).parent / "libpower_cut.so"

PRELUDE = """
import ctypes, mmap, os, signal
RW = os.O_RDWR | os.O_CREAT
def put(path, data, flags=0, sync=True):
    fd = os.open(path, RW | flags, 0o600)
    os.write(fd, data)
    if sync:
        os.fsync(fd)
    return fd
def sync(folder="."):
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(fd)
    os.close(fd)
"""


@pytest.fixture
def storage(tmp_path):
    return ForgetfulFolder(tmp_path, LIBRARY)


def run(storage, script):
    storage.start()
    run_again(storage, script)


def run_again(storage, script):
    """A process does `script` in the folder and kills itself."""
    end = "\nos.kill(os.getpid(), signal.SIGKILL)\n"
    process = subprocess.run(
        [sys.executable, "-I", "-S", "-c",
         PRELUDE + textwrap.dedent(script) + end],
        cwd=storage.folder, env={**os.environ, **storage.environment},
        check=False)
    assert process.returncode == -signal.SIGKILL


def left(storage, script, how="nothing", seed=0):
    """What is there after `script` and a cut. The journal must tell all."""
    run(storage, script)
    storage.check_journal()
    storage.cut(random.Random(seed), how)
    return contents(storage.folder)


def test_bytes_last_from_the_sync_on(storage):
    assert left(storage, """
        fd = put("file", b"one")
        sync()
        os.write(fd, b"two")
        """) == {"file": b"one"}
    assert left(storage, """
        fd = put("file", b"ONE", sync=False)
        """) == {"file": b"one"}
    assert left(storage, """
        fd = put("file", b"two", os.O_APPEND, sync=False)
        os.fdatasync(fd)
        os.write(fd, b"three")
        """) == {"file": b"onetwo"}


def test_a_name_lasts_by_the_sync_of_its_folder_only(storage):
    assert left(storage, """
        put("file", b"synced")
        """) == {}
    assert left(storage, """
        put("file", b"not synced", sync=False)
        sync()
        """) == {"file": b""}
    assert left(storage, """
        os.mkdir("inner")
        put("inner/file", b"bytes")
        sync()
        """) == {"file": b"", "inner": None}
    assert left(storage, """
        put("inner/file", b"bytes")
        sync("inner")
        """) == {"file": b"", "inner": None, "inner/file": b"bytes"}


def test_a_rename_lasts_by_the_sync_of_its_folder(storage):
    prepare = 'put("a", b"new"); put("b", b"old"); sync(); os.rename("a", "b")'
    assert left(storage, prepare) == {"a": b"new", "b": b"old"}
    assert left(storage, 'os.rename("a", "b"); sync()') == {"b": b"new"}


def test_each_side_of_a_rename_lasts_by_itself(storage):
    assert left(storage, """
        os.mkdir("from"); os.mkdir("to")
        for name in "12":
            put("from/" + name, b"x")
        sync("from"); sync()
        os.rename("from/1", "to/1")
        sync("to")
        os.rename("from/2", "to/2")
        sync("from")
        """) == {"from": None, "to": None, "to/1": b"x"}


def test_a_link_to_a_folder_that_was_synced_has_the_same_bytes(storage):
    assert left(storage, """
        os.mkdir("from"); os.mkdir("to")
        put("from/a", b"x")
        sync("from"); sync()
        os.rename("from/a", "to/b")
        sync("to")
        os.link("to/b", "to/c")
        """) == {"from": None, "from/a": b"x", "to": None, "to/b": b"x"}
    first, second = storage.folder / "from/a", storage.folder / "to/b"
    assert first.stat().st_ino == second.stat().st_ino
    found = left(storage, 'os.link("to/b", "to/c"); sync("to")')
    assert found["to/c"] == b"x"


def test_what_was_removed_is_back_with_its_bytes(storage):
    # The file system may give the next file the inode of the removed one.
    prepare = """
        os.mkdir("folder"); put("folder/file", b"x")
        put("file", b"old"); sync(); sync("folder")
        """
    kept = {"file": b"old", "folder": None, "folder/file": b"x"}
    assert left(storage, prepare) == kept
    assert left(storage, """
        os.remove("file")
        for n in range(5):
            os.close(put(f"other{n}", b"other"))
        os.remove("folder/file")
        os.rmdir("folder")
        """) == kept
    assert left(storage, 'os.remove("file"); sync()') == {
        "folder": None, "folder/file": b"x"}


def test_lengths_last_from_the_sync_on(storage):
    assert left(storage, 'fd = put("file", b"123456"); sync()') == {
        "file": b"123456"}
    assert left(storage, """
        os.open("file", os.O_RDWR | os.O_TRUNC)
        """) == {"file": b"123456"}
    assert left(storage, 'os.truncate("file", 2)') == {"file": b"123456"}
    assert left(storage, """
        fd = os.open("file", os.O_RDWR)
        os.ftruncate(fd, 2); os.fsync(fd)
        os.posix_fallocate(fd, 0, 10)
        """) == {"file": b"12"}
    assert left(storage, """
        fd = os.open("file", os.O_RDWR)
        os.posix_fallocate(fd, 0, 4); os.fdatasync(fd)
        """) == {"file": b"12\0\0"}


def test_allocation_behind_the_end_and_holes_are_seen(storage):
    assert left(storage, """
        libc = ctypes.CDLL(None)
        def allocate(mode, at, size):
            at, size = ctypes.c_long(at), ctypes.c_long(size)
            assert libc.fallocate(fd, mode, at, size) == 0
        fd = put("file", b"123456"); sync()
        allocate(1, 0, 100)
        allocate(3, 1, 2)
        allocate(3, 5, 100)
        os.fsync(fd)
        allocate(3, 0, 100)
        """) == {"file": b"1\0\x0045\0"}


def test_every_way_to_write_and_to_name_a_file_is_seen(storage):
    assert left(storage, """
        fd = put("file", b"1")
        sync()
        os.writev(fd, [b"2", b"", b"34"])
        os.pwrite(os.dup(fd), b"5", 4)
        os.pwritev(fd, [b"67", b"8"], 5)
        os.lseek(fd, 0, os.SEEK_END)
        os.write(fd, b"9")
        os.fsync(fd)
        os.mkdir("in"); folder = os.open("in", os.O_RDONLY)
        inner = os.open("../in//named", RW, dir_fd=folder)
        os.rename("named", "x", src_dir_fd=folder, dst_dir_fd=folder)
        os.mkdir("y", dir_fd=folder); os.rmdir("y", dir_fd=folder)
        os.link("x", "z", src_dir_fd=folder, dst_dir_fd=folder)
        os.unlink("x", dir_fd=folder)
        os.fsync(folder); sync()
        """) == {"file": b"123456789", "in": None, "in/z": b""}


def test_a_range_that_was_synced_promises_nothing(storage):
    assert left(storage, """
        fd = put("file", b"1"); sync()
        os.write(fd, b"2")
        size = ctypes.c_long(0)
        assert ctypes.CDLL(None).sync_file_range(fd, size, size, 7) == 0
        """) == {"file": b"1"}


def test_files_elsewhere_are_left_alone(storage):
    assert left(storage, """
        put("../data.log", b"x", sync=False); put("../data2", b"x")
        """) == {}
    assert (storage.folder.parent / "data.log").read_bytes() == b"x"


@pytest.mark.parametrize("script", [
    "mmap.mmap(put('file', b'bytes'), 5)[0] = 1",
    "os.symlink('a', 'b')",
    "put('../data2', b'x'); os.rename('../data2', 'file')",
])
def test_what_the_model_lacks_is_refused(storage, script):
    run(storage, script)
    with pytest.raises(Unmodelled):
        storage.cut(random.Random(0))


STDIO = """
    libc = ctypes.CDLL(None)
    libc.fopen.restype = ctypes.c_void_p
    file = ctypes.c_void_p(libc.fopen(b"file", b"w"))
    libc.fputs(b"bytes", file)
    libc.fflush(file)
    """


def test_bytes_that_went_around_the_journal_are_noticed(storage):
    run(storage, STDIO)
    with pytest.raises(Unmodelled, match="other contents of .'file'"):
        storage.check_journal()
    storage.cut(random.Random(0))
    run(storage, STDIO + "os.fsync(libc.fileno(file))")
    with pytest.raises(Unmodelled, match="of 5 bytes is synced"):
        storage.cut(random.Random(0))


def test_a_process_builds_on_what_another_did_not_sync(storage):
    run(storage, 'put("file", b"one", sync=False)')
    with open(storage.run / "journal", "ab") as journal:
        journal.write(b"half a record")
    assert storage.goes_on()
    run_again(storage, 'put("other", b"two"); sync()')
    storage.cut(random.Random(0), "nothing")
    assert contents(storage.folder) == {"file": b"", "other": b"two"}


def test_a_call_without_its_record_does_not_go_on(storage):
    run(storage, 'put("file", b"one"); sync()')
    (storage.folder / "file").write_bytes(b"ONE")
    assert not storage.goes_on()
    storage.cut(random.Random(0), "nothing")
    assert contents(storage.folder) == {"file": b"one"}


def record(kind, thing=0, at=0, size=0, data=b""):
    return RECORD.pack(ord(kind), 0, thing, 0, at, size, len(data)) + data


def replayed(tmp_path, journal):
    """A file "f" of the bytes "ab" after a cut that keeps nothing."""
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "f").write_bytes(b"ab")
    file = (folder / "f").stat().st_ino
    copy_folder(folder, tmp_path / "copy")
    (tmp_path / "journal").write_bytes(
        b"".join(record(kind, file, **rest) for kind, rest in journal))
    image = Image(tmp_path / "copy")
    image.replay(tmp_path / "journal")
    image.write_to(tmp_path / "out")
    return (tmp_path / "out" / "f").read_bytes()


def test_a_sync_is_for_what_came_before_it_began(tmp_path):
    assert replayed(tmp_path, [
        ("W", {"data": b"A"}), ("B", {"at": 1, "size": 2}),
        ("W", {"at": 1, "data": b"B"}), ("E", {"at": 1})]) == b"Ab"


def test_a_sync_is_none_until_it_has_returned(tmp_path):
    assert replayed(tmp_path, [
        ("W", {"data": b"A"}), ("B", {"at": 1, "size": 2})]) == b"ab"


def test_syncs_of_one_file_may_end_in_any_order(tmp_path):
    assert replayed(tmp_path, [
        ("W", {"data": b"A"}), ("B", {"at": 1, "size": 2}),
        ("W", {"at": 1, "data": b"B"}), ("B", {"at": 2, "size": 2}),
        ("E", {"at": 2}), ("E", {"at": 1})]) == b"AB"


def test_a_journal_may_end_anywhere(storage):
    run(storage, """
        fd = put("file", b"one"); sync()
        os.write(fd, b"two"); os.rename("file", "renamed"); os.fsync(fd)
        """)
    path = storage.run / "journal"
    journal = path.read_bytes()
    found = set()
    for size in range(len(journal) + 1):
        path.write_bytes(journal[:size])
        files = storage.image().root.entries
        found.add(tuple((name, bytes(file.bytes))
                        for name, file in files.items()))
    assert found == {(), (("file", b"one"),), (("file", b"onetwo"),)}


WRITES = f"""
    os.mkdir("folder"); sync()
    fd = put("file", b"A" * {8 * SECTOR}); sync()
    os.pwrite(fd, b"B" * {4 * SECTOR}, {2 * SECTOR} + 100)
    os.pwrite(fd, b"C" * {4 * SECTOR}, {7 * SECTOR})
    for n in range(5):
        os.close(put(f"folder/{{n}}", b"x"))
    """


@pytest.mark.parametrize("how", ["moment", "each"])
def test_what_lasts_by_chance_is_whole_sectors_and_first_names(storage, how):
    run(storage, WRITES)
    whole = 0
    lengths, numbers = set(), set()
    for seed in range(200):
        image = storage.image()
        image.keep(how, random.Random(seed))
        file = bytes(image.root.entries["file"].bytes)
        assert file[:2 * SECTOR + 100] == b"A" * (2 * SECTOR + 100)
        for at in range(0, 7 * SECTOR, SECTOR):
            sector = file[at:at + SECTOR]
            old = b"A" * SECTOR
            low = max(0, min(SECTOR, 2 * SECTOR + 100 - at))
            high = max(0, min(SECTOR, 6 * SECTOR + 100 - at))
            new = b"A" * low + b"B" * (high - low) + b"A" * (SECTOR - high)
            assert sector in (old, new)
            whole += sector != old
        assert set(file[8 * SECTOR:]) <= set(b"C\0")
        lengths.add(len(file))
        names = sorted(image.root.entries["folder"].entries)
        assert names == [str(n) for n in range(len(names))]
        numbers.add(len(names))
    assert whole > 50
    assert lengths >= {8 * SECTOR, 11 * SECTOR}
    assert numbers == set(range(6))


def test_a_seed_gives_the_same_again(storage):
    run(storage, WRITES)
    images = []
    for _ in range(2):
        images.append(storage.image())
        images[-1].keep("each", random.Random(3))
    first, second = (
        (image.root.entries["file"].bytes,
         sorted(image.root.entries["folder"].entries)) for image in images)
    assert first == second
