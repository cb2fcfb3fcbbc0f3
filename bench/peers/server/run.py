#!/usr/bin/env python3
"""Measures servers of Milvus's protocol side by side; see README.md.

    run.py --data ../shared/data --elanus build/release/bin/elanus \
           --load build/release/bin/elanus_load --milvus VENV
"""
import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from kit import data, servers, steps, table  # noqa: E402
from kit.bench import Peer  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--load", required=True, help="elanus_load")
    parser.add_argument("--elanus", help="binary; starts a server of its own")
    parser.add_argument("--milvus", help="venv with the package milvus==2.3.5")
    parser.add_argument("--remote", action="append", default=[],
                        help="NAME=HOST:PORT=PID of a running server")
    parser.add_argument("--data", help="folder that holds text384; without "
                        "it clustered points are generated")
    parser.add_argument("--rows", type=int, default=40_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--steps", help="names, comma-separated; default all")
    parser.add_argument("--out", default="/tmp/elanus-server-bench")
    parser.add_argument("--port", type=int, default=29530)
    parser.add_argument("--idle-s", type=float, default=20)
    parser.add_argument("--searches", type=int, default=2000)
    parser.add_argument("--strong-searches", type=int, default=50)
    parser.add_argument("--strong-turns", type=int, default=9)
    parser.add_argument("--strong-rounds", type=int, default=20)
    parser.add_argument("--scratch-rows", type=int, default=20_000)
    parser.add_argument("--changed-rows", type=int, default=10_000)
    parser.add_argument("--scalar-rows", type=int, default=1_000_000)
    parser.add_argument("--beside-s", type=float, default=10)
    parser.add_argument("--minutes", type=int, default=10)
    parser.add_argument("--minute-s", type=float, default=60)
    parser.add_argument("--quiet-s", type=float, default=5)
    parser.add_argument("--minutes-recall", type=float, help="what searches "
                        "of the minutes ask for (target_recall, which Elanus "
                        "alone knows) instead of an ef")
    parser.add_argument("--appends", type=int, default=5000)
    return parser.parse_args()


def start(plan, folder, running):
    if plan.elanus:
        running.append(servers.start_elanus(plan.elanus, folder, plan.port))
    if plan.milvus:
        running.append(servers.start_milvus(plan.milvus, folder,
                                            plan.port + 10))
    for remote in plan.remote:
        name, address, pid = remote.split("=")
        running.append(servers.Remote(name, address, int(pid)))


def chosen_steps(plan, peer_count):
    if plan.steps:
        return [steps.STEPS[name] for name in plan.steps.split(",")]
    return [step for name, step in steps.STEPS.items()
            if name not in steps.LONG_STEPS and
            (peer_count == 1 or name not in steps.OWN_STEPS)]


def run_rounds(plan, peers, measured):
    """Step by step, each step on all servers, in turning order: what the
    machine does besides hits all of them."""
    for turn in range(plan.rounds):
        for number, step in enumerate(chosen_steps(plan, len(peers))):
            shift = (turn + number) % len(peers)
            for peer in peers[shift:] + peers[:shift]:
                begin = time.monotonic()
                step(peer, measured, plan)
                print(f"# round {turn} {step.__name__} {peer.name} "
                      f"{time.monotonic() - begin:.1f} s", file=sys.stderr)


def main():
    plan = arguments()
    folder = Path(plan.out)
    folder.mkdir(parents=True, exist_ok=True)
    measured = data.text384(plan.data, plan.rows) if plan.data \
        else data.clustered(plan.rows)
    records = []
    with open(folder / "records.jsonl", "w") as file:
        def record(line):
            line["data"] = measured.name
            records.append(line)
            file.write(json.dumps(line) + "\n")
            file.flush()

        running = []
        try:
            start(plan, folder, running)
            peers = [Peer(server, plan.load, folder / server.name, record)
                     for server in running]
            run_rounds(plan, peers, measured)
            for peer in peers:
                peer.client.close()
        finally:
            for server in running:
                server.stop()
            if records:
                print(table.table(records))


if __name__ == "__main__":
    try:
        main()
    except subprocess.SubprocessError as error:
        sys.exit(str(error))
