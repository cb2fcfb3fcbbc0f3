"""CPU time and memory of a process and all that descends from it."""
import os
import time
from pathlib import Path


def children(pid):
    found = []
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += [int(c) for c in (task / "children").read_text().split()]
    except OSError:
        pass
    return found


def tree(pid):
    pids = [pid]
    for child in children(pid):
        pids += tree(child)
    return pids


def cpu_seconds(pid):
    """User and system time since the start, in nanoseconds' resolution:
    /proc/PID/stat counts ticks of 10 ms, the process's CPU clock does not.
    Its number is the pid's complement, shifted, plus the clock's kind."""
    total = 0.0
    for member in tree(pid):
        try:
            total += time.clock_gettime(~member << 3 | 2)
        except OSError:
            pass  # ended meanwhile
    return total


def memory_mb(pid):
    """Resident memory: all, and without pages of mapped files."""
    all_kb = anonymous_kb = 0
    for member in tree(pid):
        try:
            status = Path(f"/proc/{member}/status").read_text()
        except OSError:
            continue
        for line in status.splitlines():
            if line.startswith("VmRSS:"):
                all_kb += int(line.split()[1])
            elif line.startswith("RssAnon:"):
                anonymous_kb += int(line.split()[1])
    return all_kb / 1024, anonymous_kb / 1024


def raise_priority(pid):
    """Milvus builds indexes at nice 19: beside other work they would starve."""
    for member in tree(pid):
        for task in os.listdir(f"/proc/{member}/task"):
            try:
                if os.getpriority(os.PRIO_PROCESS, int(task)) > 0:
                    os.setpriority(os.PRIO_PROCESS, int(task), 0)
            except OSError:
                pass


def is_listening(pid, port):
    """In the process's own network namespace, whichever that is."""
    wanted = f":{port:04X}"
    for name in ("tcp", "tcp6"):
        try:
            lines = Path(f"/proc/{pid}/net/{name}").read_text().splitlines()
        except OSError:
            continue
        for line in lines[1:]:
            words = line.split()
            if words[1].endswith(wanted) and words[3] == "0A":
                return True
    return False
