"""`elanus check` finds what is damaged and names it; `elanus recover` brings
back lost metadata; a server with damaged files starts and serves the rest."""
import shutil
import subprocess

import pytest
from pymilvus import DataType, MilvusException

from conftest import BINARY, ROLE_CALLS
from elanus_process import ElanusProcess
from support import (new_client, count, hits, ids_where, make, random_vectors,
                     rows_with_vectors, wait_until)

pytestmark = pytest.mark.raw  # one client version is enough
QUERY = random_vectors(1, seed=4)[0].tolist()


def check(server):
    return tool(server, "check")


def tool(server, command):
    return subprocess.run(
        [server.binary, command, "--data", str(server.folder)], text=True,
        capture_output=True, timeout=60, check=False)


def fill(client):
    more = [("n", DataType.INT64, {}), ("word", DataType.VARCHAR,
                                        {"max_length": 20})]
    make(client, "books", index_type="HNSW", metric="COSINE", more=more,
         shards=2, index_params={"M": 8, "efConstruction": 64})
    rows = rows_with_vectors(3000, n=lambda i: i, word=lambda i: f"w{i}")
    client.insert("books", rows[:2500])
    client.flush("books")
    client.delete("books", filter="n < 100")
    client.flush("books")
    client.insert("books", rows[2500:])
    client.delete("books", ids=[2999])
    client.create_alias("books", "library")
    client.create_partition("books", "p")
    fill_others(client)


def fill_others(client):
    """Rows 0 to 49 are left, after a compaction whose inputs still lie there."""
    make(client, "others")
    client.create_partition("others", "gone")
    client.load_partitions("others", ["gone"])
    client.insert("others", rows_with_vectors(30, first=500),
                  partition_name="gone")
    client.flush("others")
    client.release_partitions("others", ["gone"])
    client.drop_partition("others", "gone")
    for first in range(0, 80, 20):
        client.insert("others", rows_with_vectors(20, first=first))
        client.flush("others")
    client.delete("others", filter="id >= 50")
    client.flush("others")
    job = client.compact("others")
    wait_until(lambda: client.get_compaction_state(job) == "Completed",
               "compacted")


def collection_file(server, collection):
    """The newest one."""
    return files(server, f"collection/{collection}/*")[-1]


def newest_bytes(server, pattern):
    """Those of the newest file."""
    try:
        return files(server, pattern)[-1].read_bytes()
    except (IndexError, FileNotFoundError):  # none yet, or a newer one
        return b""


@pytest.fixture(scope="module")
def filled(start_server):
    """A data folder as a kill -9 left it, and what a search found before."""
    server = start_server("filled")
    client = new_client(server)
    fill(client)
    wait_until(lambda: files(server, "index/*/*/*/*"), "an index file")
    found = hits(client.search("books", data=[QUERY], limit=20))
    books = client.describe_collection("books")["collection_id"]
    others = client.describe_collection("others")["collection_id"]
    client.close()

    def are_saved():
        of_others = newest_bytes(server, f"collection/{others}/*")
        return (b"library" in newest_bytes(server, f"collection/{books}/*")
                and of_others and b"gone" not in of_others)

    wait_until(are_saved, "collection files")
    # The last thing that a recovery knows from nowhere else.
    wait_until(lambda: f"query/load/{others}".encode() in newest_bytes(
        server, "meta/*"), "a copy of the metadata")
    assert check(server).returncode == 0, check(server).stdout
    server.kill()
    return server.folder, found, books, others


@pytest.fixture
def stopped(filled, tmp_path):
    """A server on a copy of that folder, not running yet."""
    shutil.copytree(filled[0], tmp_path / "data")
    server = ElanusProcess(BINARY, tmp_path / "data", role_calls=ROLE_CALLS)
    yield server
    if server.running:
        server.kill()


def files(server, pattern):
    return sorted((server.folder / "objects").glob(pattern))


def name_of(server, path):
    return str(path.relative_to(server.folder / "objects"))


def flip(path):
    """One bit in the middle."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


def columns_of(server, collection):
    """The vectors of a collection: its largest column file."""
    return max(files(server, f"segment/{collection}/*/*/*/*.col"),
               key=lambda path: path.stat().st_size)


def test_lost_metadata_come_back_from_the_object_store(stopped, filled):
    assert check(stopped).returncode == 0, check(stopped).stdout
    shutil.rmtree(stopped.folder / "meta")
    lost = check(stopped)
    assert lost.returncode == 1 and "meta store" in lost.stdout
    # A start would take the files for garbage.
    with pytest.raises(RuntimeError, match="elanus recover"):
        stopped.start()
    recovered = tool(stopped, "recover")
    assert recovered.returncode == 0, recovered.stdout + recovered.stderr
    found = check(stopped)
    assert found.returncode == 0, found.stdout

    stopped.start()
    assert_all_is_there(stopped, filled[1])


def assert_all_is_there(server, found_before):
    client = new_client(server)
    assert sorted(client.list_collections()) == ["books", "others"]
    fields = client.describe_collection("books")["fields"]
    assert [field["name"] for field in fields] == ["id", "embedding", "n",
                                                   "word"]
    assert count(client, "library") == 2899
    assert ids_where(client, "books", "n < 102") == [100, 101]
    assert ids_where(client, "books", "n > 2996") == [2997, 2998]
    assert client.describe_index("books", "embedding")["index_type"] == "HNSW"
    assert set(client.list_partitions("books")) == {"_default", "p"}
    assert hits(client.search("books", data=[QUERY], limit=20)) == found_before
    assert sorted(ids_where(client, "others", "id >= 0")) == list(range(50))
    assert client.list_partitions("others") == ["_default"]
    # It goes on: new ids collide with nothing.
    client.insert("books", [{**row, "id": row["id"] + 5000, "n": 5000,
                             "word": "new"} for row in rows_with_vectors(10)])
    client.flush("books")
    assert count(client, "books") == 2909
    client.close()


@pytest.fixture
def files_only(stopped):
    """Neither the meta store nor a copy of it is left."""
    shutil.rmtree(stopped.folder / "meta")
    shutil.rmtree(stopped.folder / "objects/meta")
    return stopped


def test_metadata_are_made_again_from_the_files_alone(files_only, filled):
    with pytest.raises(RuntimeError, match="elanus recover"):
        files_only.start()
    recovered = tool(files_only, "recover")
    assert recovered.returncode == 0, recovered.stdout + recovered.stderr
    assert "3 collection files" in recovered.stdout
    files_only.start()
    assert_all_is_there(files_only, filled[1])


def test_without_its_collection_file_a_collection_is_given_up_by_hand_only(
        files_only, filled):
    path = collection_file(files_only, filled[3])
    flip(path)
    refused = tool(files_only, "recover")
    assert refused.returncode == 1
    assert name_of(files_only, path) in refused.stderr, refused.stderr
    path.unlink()
    assert tool(files_only, "recover").returncode == 0
    files_only.start()
    client = new_client(files_only)
    assert client.list_collections() == ["books"]
    assert count(client, "books") == 2899
    client.close()


def test_damage_of_the_meta_store_is_named_and_recovered_from(stopped):
    for path in (stopped.folder / "meta").glob("MANIFEST-*"):
        flip(path)
    with pytest.raises(RuntimeError, match="elanus recover"):
        stopped.start()
    assert check(stopped).returncode == 1
    assert tool(stopped, "recover").returncode == 0
    stopped.start()
    client = new_client(stopped)
    assert count(client, "books") == 2899
    # The damaged one was put aside, not deleted.
    assert list(stopped.folder.glob("meta.before-*"))
    # Besides a running server too.
    found = check(stopped)
    assert found.returncode == 0 and "0 problems" in found.stdout, found.stdout
    client.close()


@pytest.mark.parametrize("kind", ["column", "cut", "missing", "manifest",
                                  "deletes"])
def test_a_damaged_file_fails_its_collection_by_name_only(stopped, filled,
                                                          kind):
    books = filled[2]
    path = columns_of(stopped, books)
    if kind == "manifest":
        path = files(stopped, f"segment/{books}/*/*/*/manifest")[0]
    elif kind == "deletes":
        path = files(stopped, f"delete/{books}-*/*/deletes")[0]
    if kind == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    elif kind == "missing":
        path.unlink()
    else:
        flip(path)
    name = name_of(stopped, path)
    found = check(stopped)
    assert found.returncode == 1
    assert name in found.stdout, found.stdout

    stopped.start()
    client = new_client(stopped)
    assert count(client, "others") == 50

    def refused():
        try:
            client.search("books", data=[QUERY], limit=10,
                          output_fields=["*"], timeout=2)
            return None
        except MilvusException as error:
            return str(error)

    wait_until(refused, "an error")
    wait_until(lambda: name in stopped.log_path.read_text()
               or name in refused(), f"{name} is named")
    # It can be dropped, and the rest goes on.
    client.drop_alias("library")
    client.drop_collection("books")
    assert client.list_collections() == ["others"]
    assert count(client, "others") == 50
    client.close()


def test_a_damaged_index_is_built_again(stopped):
    path = files(stopped, "index/*/*/*/*")[0]
    flip(path)
    assert name_of(stopped, path) in check(stopped).stdout
    stopped.start()
    client = new_client(stopped)
    wait_until(lambda: len(hits(client.search("books", data=[QUERY],
                                              limit=20))) == 20, "an answer")
    wait_until(lambda: check(stopped).returncode == 0, "a whole index")
    client.close()


def test_a_torn_tail_of_the_log_is_no_damage_and_a_hole_in_it_is(stopped):
    log = sorted((stopped.folder / "log").glob("*.log"))[-1]
    whole = log.read_bytes()
    log.write_bytes(whole + b"torn" * 8)
    found = check(stopped)
    assert found.returncode == 0 and "torn tail" in found.stdout, found.stdout
    log.write_bytes(whole[:200] + b"hole" * 8 + whole[232:])
    found = check(stopped)
    assert found.returncode == 1 and log.name in found.stdout, found.stdout
    with pytest.raises(RuntimeError, match=log.name):
        stopped.start()


@pytest.mark.parametrize("kind", ["cut", "hole"])
def test_a_torn_tail_of_the_metadata_is_no_damage(stopped, kind):
    """The last transaction of the meta store was never acknowledged."""
    log = sorted((stopped.folder / "meta").glob("*.log"))[-1]
    whole = log.read_bytes()
    record = last_record(whole)
    torn = (whole[:-1] if kind == "cut"
            else whole[:record] + bytes(len(whole) - record - 1) + whole[-1:])
    log.write_bytes(torn)
    found = check(stopped)
    assert found.returncode == 0, found.stdout
    assert (f"the metadata have a torn tail of {len(torn) - record} bytes"
            in found.stdout), found.stdout
    assert log.read_bytes() == torn
    stopped.start()
    client = new_client(stopped)
    assert count(client, "books") == 2899
    client.close()


def last_record(log):
    """Where the last record of RocksDB's log begins: fragments of checksum,
    length, type (1 whole, 2 first) and payload, in blocks of 32 KiB."""
    offset = begin = 0
    while offset < len(log):
        left = 32768 - offset % 32768
        if left < 7:
            offset += left
            continue
        if log[offset + 6] in (1, 2):
            begin = offset
        offset += 7 + int.from_bytes(log[offset + 4:offset + 6], "little")
    return begin
