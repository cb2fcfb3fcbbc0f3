"""Connection, version, health and time."""
import threading
import time
import urllib.error
import urllib.request

import grpc
import pytest
from pymilvus.grpc_gen import common_pb2, milvus_pb2

from conftest import BINARY
from elanus_process import ElanusProcess
from raw import Api, ok
from support import new_client, wait_until


def test_connect_names_the_server_and_gives_each_connection_an_id(api):
    info = common_pb2.ClientInfo(sdk_type="Python", sdk_version="x", user="me")
    first = ok(api("Connect", client_info=info))
    second = ok(api("Connect", client_info=info))
    assert first.server_info.build_tags
    assert first.identifier != second.identifier


def test_connect_to_an_unknown_database_is_refused(server):
    with_name = Api(server.address, metadata=(("dbname", "nowhere"),))
    status = with_name("Connect").status
    assert status.code == 800
    assert "database not found[database=nowhere]" in status.reason


def test_version_can_be_asked_for(client):
    assert client.get_server_version()


def test_version_over_the_wire_is_that_of_connect(api):
    version = ok(api("GetVersion")).version
    assert version == ok(api("Connect")).server_info.build_tags


def test_a_running_server_is_healthy(api):
    reply = ok(api("CheckHealth"))
    assert reply.isHealthy and not list(reply.reasons)


def test_every_role_is_healthy(api):
    states = ok(api("GetComponentStates"))
    healthy = 1
    assert states.state.state_code == healthy
    roles = {s.role for s in states.subcomponent_states}
    assert len(roles) >= 7
    assert all(s.state_code == healthy for s in states.subcomponent_states)


def test_timestamps_rise_over_many_callers_and_are_of_now(server):
    seen, lock = [], threading.Lock()

    def ask():
        api = Api(server.address)
        own = [ok(api("AllocTimestamp")).timestamp for _ in range(50)]
        assert own == sorted(set(own))
        with lock:
            seen.extend(own)
        api.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(seen)) == 200
    assert abs((max(seen) >> 18) - time.time() * 1000) < 5000


def test_the_grpc_health_service_says_serving(api):
    # A health.v1 request is an empty message, its reply one enum: 1 = SERVING.
    check = api.channel.unary_unary(
        "/grpc.health.v1.Health/Check", request_serializer=lambda _: b"",
        response_deserializer=lambda reply: reply)
    assert check(None, timeout=10) == b"\x08\x01"


def test_an_unknown_method_is_unimplemented(api):
    call = api.channel.unary_unary(
        "/milvus.proto.milvus.MilvusService/NoSuchCall",
        request_serializer=lambda _: b"",
        response_deserializer=lambda reply: reply)
    with pytest.raises(grpc.RpcError) as error:
        call(None, timeout=10)
    assert error.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_metrics_are_served_in_text_form(server, api):
    ok(api("GetVersion"))
    url = f"http://127.0.0.1:{server.management_port}/metrics"
    text = urllib.request.urlopen(url, timeout=10).read().decode()
    assert "# TYPE elanus_" in text


def test_many_clients_work_side_by_side(server):
    clients = [new_client(server) for _ in range(20)]
    assert all(c.list_collections() is not None for c in clients)
    for c in clients:
        c.close()


def test_a_reply_always_has_its_status_sub_message(api):
    # The Node client fails on an absent one.
    reply = api.call("AllocTimestamp", milvus_pb2.AllocTimestampRequest())
    assert reply.HasField("status")


@pytest.mark.raw
@pytest.mark.parametrize("name, host", [("localhost", "localhost"),
                                        ("::1", "[::1]")])
def test_both_ports_listen_where_they_are_told_to(tmp_path, name, host):
    server = ElanusProcess(BINARY, tmp_path / "data", bind=name)
    server.spawn()
    try:
        api = Api(f"{host}:{server.port}")
        ok(api.stub.GetVersion(milvus_pb2.GetVersionRequest(), timeout=10,
                               wait_for_ready=True))
        api.close()
        url = f"http://{host}:{server.management_port}/healthz"

        def is_healthy():
            try:
                with urllib.request.urlopen(url, timeout=5) as reply:
                    return reply.status == 200
            except urllib.error.HTTPError:
                return False

        # The server takes calls a moment before it calls itself ready.
        wait_until(is_healthy, "healthy")
    finally:
        assert server.terminate() == 0
