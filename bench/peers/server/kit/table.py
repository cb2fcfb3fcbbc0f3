"""Records to a table: one row a step and setting, medians over the rounds, and
the ratio between the two servers."""
import json
import statistics
from collections import defaultdict

SHOWN = {
    "connect": ("start_s",),
    "idle": ("cpu_share", "rss_mb"),
    "flush": ("s", "cpu_s"),
    "load": ("s", "cpu_s"),
    "loaded": ("rss_mb", "anon_mb"),
    "index pickup": ("s",),
    "build HNSW": ("cpu_s", "s"),
    "search while writing": ("qps_share", "p99_times", "cpu_us"),
    "minutes, before": ("qps", "p99_ms", "cpu_us", "recall"),
    "minutes, after": ("qps", "p99_ms", "cpu_us", "recall"),
    "write then Strong": ("p50_ms",),
    "search Strong": ("p50_ms", "more_p50_ms", "cpu_us", "more_cpu_us"),
}
WRITES = ("insert", "upsert", "delete")
AT_RECALL = 0.95


def shown(step):
    if step in SHOWN:
        return SHOWN[step]
    if step.startswith("minute "):
        return ("qps_share", "p99_times", "mean_qps_share", "mean_p99_times",
                "share_of_first", "cpu_us", "quiet_cpu_us", "recall")
    if step.startswith("appends"):
        return ("qps", "cpu_us")
    if step.startswith(WRITES):
        return ("cpu_us_row",)
    if step.startswith(("query", "count")):
        return ("cpu_us", "p50_ms")
    return ("cpu_us_vector", "p50_ms", "recall")


def label(record):
    ef = f" ef={record['ef']}" if "ef" in record else ""
    return record["step"] + ef


def cost_at_recall(records, step, server):
    """CPU by vector at the wanted recall, between the two nearest settings."""
    points = defaultdict(list)
    for record in records:
        if record["step"] == step and record["server"] == server:
            points[record["ef"]].append(
                (record["recall"], record["cpu_us_vector"]))
    curve = sorted((statistics.median(recall for recall, _ in values),
                    statistics.median(cost for _, cost in values))
                   for values in points.values())
    for (low, low_cost), (high, high_cost) in zip(curve, curve[1:]):
        if low <= AT_RECALL <= high:
            share = (AT_RECALL - low) / max(high - low, 1e-9)
            return low_cost + share * (high_cost - low_cost)
    above = [cost for recall, cost in curve if recall >= AT_RECALL]
    return min(above) if above else None


def text(value):
    return "-" if value is None else f"{value:.4g}"


def row(name, figure, values, servers):
    cells = [text(values.get(server)) for server in servers]
    ratio = ""
    if len(servers) == 2 and all(values.get(server) for server in servers):
        first, second = (values[server] for server in servers)
        ratio = f"{second / first:.2f}"
    return f"| {name} | {figure} | " + " | ".join(cells) + f" | {ratio} |"


def table(records):
    servers = sorted({record["server"] for record in records})
    groups = defaultdict(lambda: defaultdict(list))
    for record in records:
        groups[label(record)][record["server"]].append(record)
    lines = ["| step | figure | " + " | ".join(servers) +
             (" | " + " / ".join(reversed(servers)) if len(servers) == 2
              else " | ") + " |",
             "|---|---|" + "---|" * (len(servers) + 1)]
    for name, by_server in groups.items():
        step = next(iter(by_server.values()))[0]["step"]
        for figure in shown(step):
            values = {}
            for server, group in by_server.items():
                numbers = [record[figure] for record in group
                           if record.get(figure) is not None]
                if numbers:
                    values[server] = statistics.median(numbers)
            if values:
                lines.append(row(name, figure, values, servers))
    for step in ("search", "search nq=100"):
        values = {server: cost_at_recall(records, step, server)
                  for server in servers}
        if any(values.values()):
            lines.append(row(f"{step} at recall {AT_RECALL}", "cpu_us_vector",
                             values, servers))
    return "\n".join(lines)


def read(path):
    with open(path) as file:
        return [json.loads(line) for line in file]
