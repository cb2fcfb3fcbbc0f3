"""One contestant in a process of its own, told what to do by run.py.

Reads one JSON object a line and answers each with one. A process each, because
some libraries abort, all have threads of their own, and memory can be told
apart only so.
"""
import json
import os
import resource
import sys
import threading
import time

import datasets
import peers


def memory_mb():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20


def one_by_one(run, count, threads):
    """Searches all queries, one a call; each thread takes its share."""
    def share(first, last):
        for i in range(first, last):
            run(i, 1)

    if threads == 1:
        return share(0, count)
    workers = [threading.Thread(target=share, args=(count * t // threads,
                                                    count * (t + 1) // threads))
               for t in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


class Worker:
    def __init__(self, job):
        self._data = datasets.load(job["dataset"], job["folder"], job["cache"],
                                   job["rows"], job["queries"])
        before = memory_mb()
        cpu, wall = time.process_time(), time.perf_counter()
        make = peers.contestants(self._data.is_sparse)[job["peer"]]
        self._peer = make(self._data, job["build_threads"])
        self.answer = {"build_cpu_s": time.process_time() - cpu,
                       "build_wall_s": time.perf_counter() - wall,
                       "rss_mb": memory_mb() - before,
                       "settings": list(self._peer.settings)}

    def measure(self, job):
        setting = job["setting"]
        self._peer.set(tuple(setting) if isinstance(setting, list) else setting)
        run = self._peer.searcher(self._data.queries)
        count, threads = len(self._data.queries), job["threads"]

        def once():
            if job["mode"] == "one":
                one_by_one(run, count, threads)
            else:
                run(0, count, threads)

        once()  # warms the caches; its answers are as good as any
        searches = 0
        cpu, wall = time.process_time(), time.perf_counter()
        while searches == 0 or time.process_time() - cpu < job["seconds"]:
            once()
            searches += count
        cpu = time.process_time() - cpu
        wall = time.perf_counter() - wall
        return {"cpu_us": 1e6 * cpu / searches, "wall_us": 1e6 * wall / searches,
                "recall": datasets.recall(run.ids, self._data.truth)}


def main():
    # What a library prints must not get between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    worker = None
    for line in sys.stdin:
        job = json.loads(line)
        try:
            if worker is None:
                worker = Worker(job)
                answer = worker.answer
            else:
                answer = worker.measure(job)
        except Exception as error:  # whatever a library throws
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
