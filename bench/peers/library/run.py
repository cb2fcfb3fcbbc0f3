"""Our index types beside other libraries: same data, same process limits, turn
by turn on the same machine.

    run.py                                   all sets, all contestants
    run.py --sets text384 --only elanus-HNSW hnswlib --quick

Writes one JSON object a measured point to OUT/points.jsonl, a table to standard
output and OUT/summary.md, and a plot a set. Time is CPU time of the process:
others on the machine disturb it least. Rounds go over all contestants in turn;
of a point's rounds the best counts.
"""
import argparse
import json
import math
import os
import pathlib
import platform
import subprocess
import sys

import datasets
import peers

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
TARGETS = (0.90, 0.95, 0.99)
QUICK = {"rows": 10_000, "queries": 200, "seconds": 0.05, "rounds": 1,
         "points": 5}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sets", nargs="+", default=datasets.NAMES,
                        choices=datasets.NAMES)
    parser.add_argument("--only", nargs="+", help="contestants, by name")
    parser.add_argument("--rows", type=int, help="the first rows of a set only")
    parser.add_argument("--queries", type=int)
    parser.add_argument("--modes", nargs="+", default=("one", "batch"),
                        choices=("one", "batch"))
    parser.add_argument("--threads", nargs="+", type=int, default=(1, 2))
    parser.add_argument("--build-threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--points", type=int, default=10,
                        help="settings of a contestant, at most")
    parser.add_argument("--seconds", type=float, default=0.25,
                        help="CPU seconds of a point, at least")
    parser.add_argument("--quick", action="store_true",
                        help="10,000 rows, 200 queries, 1 thread, 5 points")
    parser.add_argument("--data", default=ROOT.parent / "shared" / "data")
    parser.add_argument("--out", type=pathlib.Path,
                        default=ROOT / "build" / "bench-peers")
    options = parser.parse_args()
    if options.quick:
        for name, value in QUICK.items():
            if getattr(options, name) == parser.get_default(name):
                setattr(options, name, value)
        if options.threads == (1, 2):
            options.threads = (1,)
    return options


class Contestant:
    """A worker process that has built its index."""

    def __init__(self, name, dataset, options):
        self.name = name
        self._log = open(options.out / f"{dataset}.{name}.log", "w")
        self._process = subprocess.Popen(
            [sys.executable, HERE / "worker.py"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=self._log, text=True)
        self.built = self.ask({
            "dataset": dataset, "peer": name, "folder": str(options.data),
            "cache": str(options.out / "data"), "rows": options.rows,
            "queries": options.queries, "build_threads": options.build_threads})

    def ask(self, job):
        try:
            self._process.stdin.write(json.dumps(job) + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            return {"error": f"died, see {self._log.name}"}
        return json.loads(answer)

    def close(self):
        self._process.stdin.close()
        self._process.wait()
        self._log.close()


def thinned(settings, count):
    """At most `count` of them, spread over the whole range."""
    if len(settings) <= count:
        return settings
    return [settings[i * (len(settings) - 1) // (count - 1)]
            for i in range(count)]


def start_all(dataset, options):
    started = []
    for name in peers.contestants(dataset.startswith("sparse")):
        if options.only and name not in options.only:
            continue
        contestant = Contestant(name, dataset, options)
        if "error" in contestant.built:
            print(f"{dataset}: without {name}: {contestant.built['error']}")
            contestant.close()
            continue
        print(f"{dataset}: {name} built, "
              f"{contestant.built['build_cpu_s']:.1f} CPU s", flush=True)
        started.append(contestant)
    return started


def measure(dataset, contestants, options):
    """The points of all contestants, best of the rounds."""
    best = {}
    for _ in range(options.rounds):
        for contestant in contestants:
            for setting in thinned(contestant.built["settings"],
                                   options.points):
                for mode in options.modes:
                    for threads in options.threads:
                        point = contestant.ask({
                            "setting": setting, "mode": mode,
                            "threads": threads, "seconds": options.seconds})
                        if "error" in point:
                            print(f"{dataset}: {contestant.name} {setting} "
                                  f"{mode}: {point['error']}")
                            continue
                        key = (contestant.name, str(setting), mode, threads)
                        if (key not in best
                                or point["cpu_us"] < best[key]["cpu_us"]):
                            best[key] = {
                                "dataset": dataset, "peer": contestant.name,
                                "setting": setting, "mode": mode,
                                "threads": threads, **point,
                                **{field: contestant.built[field] for field in
                                   ("build_cpu_s", "build_wall_s", "rss_mb")}}
    return list(best.values())


def cpu_at(points, target):
    """CPU time a query at a recall, between the points that surround it.

    Only points count that no other one beats in both; time is interpolated on
    a logarithmic scale. None if the recall was not reached.
    """
    front = []
    for point in sorted(points, key=lambda p: (-p["recall"], p["cpu_us"])):
        if not front or point["cpu_us"] < front[-1]["cpu_us"]:
            front.append(point)
    front.reverse()  # cheapest first
    below = None
    for point in front:
        if point["recall"] >= target:
            if below is None:
                return point["cpu_us"]
            share = ((target - below["recall"]) /
                     (point["recall"] - below["recall"]))
            return math.exp((1 - share) * math.log(below["cpu_us"]) +
                            share * math.log(point["cpu_us"]))
        below = point
    return None


def summary(dataset, shape, points, options):
    """Queries per CPU second as a table, one line a contestant."""
    columns = [(mode, threads) for mode in options.modes
               for threads in options.threads]
    lines = [f"**{dataset}, {shape}**; queries per CPU second, recall@10", "",
             "| contestant | build CPU s | RSS +MB | " + " | ".join(
                 f"{mode} x{threads} @{target}" for mode, threads in columns
                 for target in TARGETS) + " |",
             "|---" * (3 + len(columns) * len(TARGETS)) + "|"]
    for name in dict.fromkeys(point["peer"] for point in points):
        own = [point for point in points if point["peer"] == name]
        cells = []
        for mode, threads in columns:
            part = [point for point in own
                    if (point["mode"], point["threads"]) == (mode, threads)]
            for target in TARGETS:
                cpu = cpu_at(part, target)
                cells.append("-" if cpu is None else f"{1e6 / cpu:,.0f}")
        lines.append(f"| {name} | {own[0]['build_cpu_s']:.1f} | "
                     f"{own[0]['rss_mb']:.0f} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def plot(dataset, shape, points, options):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    figure, axes = pyplot.subplots(1, len(options.modes), squeeze=False,
                                   figsize=(8 * len(options.modes), 6))
    for axis, mode in zip(axes[0], options.modes):
        for name in dict.fromkeys(point["peer"] for point in points):
            line = sorted((point["recall"], 1e6 / point["cpu_us"])
                          for point in points
                          if (point["peer"], point["mode"], point["threads"]) ==
                          (name, mode, options.threads[0]))
            ours = name.startswith("elanus")
            axis.plot(*zip(*line), "o-" if ours else "x--", label=name,
                      linewidth=2 if ours else 1, markersize=4)
        axis.set(xlabel="recall@10", ylabel="queries per CPU second",
                 yscale="log", xlim=(0.7, 1.005),
                 title=f"{dataset} ({shape}), {mode}, 1 thread")
        axis.grid(alpha=0.3)
        axis.legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(options.out / f"{dataset}.svg")
    pyplot.close(figure)


def machine():
    with open("/proc/cpuinfo") as file:
        model = next(line.split(":")[1].strip() for line in file
                     if line.startswith("model name"))
    commit = subprocess.run(["git", "describe", "--always", "--dirty"],
                            cwd=ROOT, capture_output=True, text=True)
    return {"cpu": model, "cores": os.cpu_count(),
            "python": platform.python_version(), "commit": commit.stdout.strip()}


def main():
    options = arguments()
    options.out.mkdir(parents=True, exist_ok=True)
    about = machine()
    summaries = []
    with open(options.out / "points.jsonl", "w") as records:
        for name in options.sets:
            data = datasets.load(name, options.data, options.out / "data",
                                 options.rows, options.queries)
            if data is None:
                print(f"{name}: skipped, {options.data} does not have it")
                continue
            shape = f"{len(data.base):,} rows, {data.metric}"
            contestants = start_all(name, options)
            points = measure(name, contestants, options)
            for contestant in contestants:
                contestant.close()
            for point in points:
                records.write(json.dumps({**point, "rows": len(data.base),
                                          **about}) + "\n")
            if points:
                summaries.append(summary(name, shape, points, options))
                print("\n" + summaries[-1], flush=True)
                plot(name, shape, points, options)
    (options.out / "summary.md").write_text("\n".join(summaries))
    print(f"records, summary and plots: {options.out}")


if __name__ == "__main__":
    main()
