"""What is acknowledged is there after a restart, by SIGTERM and by kill -9."""
import pytest
from pymilvus import DataType

from elanus_process import ElanusProcess
from raw import int64_key, vector, Api, ok
from support import (new_client, count, hits, ids_where, make, random_vectors,
                     rows_with_vectors, wait_until)


def stop(server, how):
    if how == "SIGTERM":
        assert server.terminate() == 0, server.log_tail()
    else:
        server.kill()


@pytest.mark.parametrize("how", ["SIGTERM", "kill -9"])
def test_everything_is_there_after_a_restart(own_server, how):
    client = new_client(own_server)
    more = [("n", DataType.INT64, {}), ("extra", DataType.JSON, {})]
    make(client, "sealed", index_type="HNSW", metric="COSINE", more=more,
         shards=2, index_params={"M": 8, "efConstruction": 64})
    columns = {"n": lambda i: i, "extra": lambda i: {"k": i}}
    client.insert("sealed", rows_with_vectors(300, **columns))
    client.flush("sealed")
    client.delete("sealed", filter="n < 10")
    make(client, "growing", key="VarChar", dynamic=True)
    rows = rows_with_vectors(20)
    for row in rows:
        row.update(id=f"k{row['id']}", color="red")
    client.insert("growing", rows)
    client.upsert("growing", [{**rows[3], "color": "blue"}])
    client.create_partition("growing", "p")
    client.create_alias("growing", "other_name")
    make(client, "released")
    client.insert("released", rows_with_vectors(5))
    client.release_collection("released")
    make(client, "dropped")
    client.insert("dropped", rows_with_vectors(5))
    client.drop_collection("dropped")
    query = random_vectors(1, seed=4)[0].tolist()
    before = hits(client.search("sealed", data=[query], limit=50))
    client.close()

    for _ in range(2):
        stop(own_server, how)
        own_server.start()
        client = new_client(own_server)
        assert sorted(client.list_collections()) == ["growing", "released",
                                                     "sealed"]
        assert hits(client.search("sealed", data=[query], limit=50)) == before
        assert count(client, "sealed") == 290
        row = client.get("sealed", ids=[42], output_fields=["n", "extra"])[0]
        assert (row["n"], row["extra"]) == (42, {"k": 42})
        assert client.describe_index("sealed",
                                     "embedding")["index_type"] == "HNSW"
        assert count(client, "other_name") == 20
        assert ids_where(client, "growing", 'color == "blue"') == ["k3"]
        assert set(client.list_partitions("growing")) == {"_default", "p"}
        assert "not" in str(client.get_load_state("released")["state"]).lower()
        client.load_collection("released")
        assert count(client, "released") == 5
        client.release_collection("released")
        client.close()


def test_ids_and_times_do_not_run_back_over_a_kill(own_server):
    seen_times, seen_ids = [], []
    for i in range(4):
        api = Api(own_server.address)
        ok(api.create(f"c{i}", [int64_key(), vector(2)]))
        seen_ids.append(ok(api("DescribeCollection",
                               collection_name=f"c{i}")).collectionID)
        seen_times.append(ok(api("AllocTimestamp")).timestamp)
        api.close()
        own_server.kill()
        own_server.start()
    assert seen_times == sorted(set(seen_times))
    assert seen_ids == sorted(set(seen_ids))


def test_a_read_right_after_a_start_waits_for_the_load(own_server):
    client = new_client(own_server)
    make(client, "c")
    client.insert("c", rows_with_vectors(100))
    client.flush("c")
    client.close()
    own_server.kill()
    # The first try to load fails, the next comes a moment later.
    segments = own_server.folder / "objects/segment"
    segments.rename(segments.with_name("aside"))
    own_server.start()
    api = Api(own_server.address)
    wait_until(lambda: "load of shard" in own_server.log_path.read_text(),
               "a try")
    segments.with_name("aside").rename(segments)
    assert api.count("c") == 100
    api.close()


def test_writes_go_on_after_a_restart(own_server):
    client = new_client(own_server)
    make(client, "c", auto_id=True)
    rows = [{"embedding": row["embedding"]} for row in rows_with_vectors(10)]
    ids = set()
    for i in range(3):
        ids |= set(client.insert("c", rows)["ids"])
        if i == 1:
            client.flush("c")
        client.close()
        own_server.kill()
        own_server.start()
        client = new_client(own_server)
        assert count(client, "c") == 10 * (i + 1)
    assert len(ids) == 30
    client.close()


def test_a_folder_in_use_is_refused_by_a_second_server(own_server):
    second = ElanusProcess(own_server.binary, own_server.folder)
    second.log_path = own_server.folder.with_suffix(".second.log")
    with pytest.raises(RuntimeError) as error:
        second.start()
    assert str(own_server.process.pid) in str(error.value)
    assert own_server.healthy()


def test_a_folder_moves_between_the_ways_of_calling_roles(own_server):
    client = new_client(own_server)
    make(client, "c")
    client.insert("c", rows_with_vectors(10))
    client.close()
    assert own_server.terminate() == 0
    own_server.role_calls = ("wire" if own_server.role_calls == "direct"
                             else "direct")
    own_server.start()
    client = new_client(own_server)
    assert count(client, "c") == 10
    client.close()


def test_a_bad_setting_stops_the_start_with_key_and_range(tmp_path):
    from conftest import BINARY
    server = ElanusProcess(BINARY, tmp_path / "data",
                           environment={"PROXY_MAXSHARDNUM": "none"})
    with pytest.raises(RuntimeError) as error:
        server.start()
    assert "proxy.maxShardNum" in str(error.value)
    assert "1 .. 1024" in str(error.value)


def test_a_server_without_index_node_searches_by_the_index_that_is_there(
        own_server):
    client = new_client(own_server)
    make(client, "c", index_type="HNSW", metric="L2",
         index_params={"M": 16, "efConstruction": 100})
    client.insert("c", rows_with_vectors(3000))
    client.flush("c")

    def indexed_rows():
        api = Api(own_server.address)
        infos = ok(api("GetQuerySegmentInfo", collectionName="c")).infos
        api.close()
        return sum(info.num_rows for info in infos if info.index_name)

    wait_until(lambda: indexed_rows() == 3000, "the index is served")
    query = random_vectors(1, seed=4)[0].tolist()
    before = hits(client.search("c", data=[query], limit=20))
    client.close()
    own_server.kill()
    own_server.environment["ELANUS_INDEXNODE_ENABLED"] = "false"
    own_server.start()
    wait_until(lambda: indexed_rows() == 3000, "the index is mapped again")
    client = new_client(own_server)
    assert hits(client.search("c", data=[query], limit=20)) == before
    client.insert("c", rows_with_vectors(2000, seed=9, first=10000))
    client.flush("c")
    assert count(client, "c") == 5000
    assert indexed_rows() == 3000
    client.close()
