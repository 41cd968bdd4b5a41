import os

import pytest

from rechroma.limits import available_cores, available_memory

MEMINFO = "MemTotal:  8000000 kB\nMemFree:  1000 kB\nMemAvailable:  6000000 kB\n"


def write(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ({}, 1 << 20),
        ({"cpu.max": "max 100000\n"}, 1 << 20),
        ({"cpu.max": "50000 100000\n"}, 1),
        ({"cpu.max": "100001 100000\n"}, 2),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 1 << 20),
        ({"cpu/cpu.cfs_quota_us": "300000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 3),
    ],
)
def test_a_containers_share_of_cores_is_heeded(tmp_path, monkeypatch, files, wanted):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    assert available_cores(write(tmp_path, files), tmp_path) == min(8, wanted)


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ({}, 6_144_000_000),
        ({"memory.max": "max\n", "memory.current": "5\n"}, 6_144_000_000),
        ({"memory.max": "3000\n", "memory.current": "1000\n"}, 2000),
        ({"memory.max": "3000\n", "memory.current": "1000\n",
          "memory.stat": "anon 500\ninactive_file 400\nactive_file 100\n"}, 2400),
        ({"memory.max": "3000\n", "memory.current": "3100\n"}, 0),
        ({"memory.max": "9223372036854771712\n", "memory.current": "7\n"}, 6_144_000_000),
        ({"memory/memory.limit_in_bytes": "900\n", "memory/memory.usage_in_bytes": "300\n",
          "memory/memory.stat": "inactive_file 1\ntotal_inactive_file 50\n"}, 650),
    ],
)  # fmt: skip
def test_a_containers_share_of_memory_is_heeded(tmp_path, files, wanted):
    proc = write(tmp_path / "proc", {"meminfo": MEMINFO})
    assert available_memory(write(tmp_path / "cgroup", files), proc) == wanted


def test_memory_that_nobody_tells_of_is_unknown(tmp_path):
    assert available_memory(tmp_path, tmp_path) is None


@pytest.mark.parametrize(
    ("files", "own", "cores"),
    [
        ({"a/cpu.max": "100000 100000", "a/b/cpu.max": "max 100000"}, "0::/a/b", 1),
        ({"a/cpu.max": "400000 100000", "a/b/cpu.max": "300000 100000"}, "0::/a/b", 3),
        ({"a/cpu.max": "100000 100000"}, "0::/c", 8),
        (
            {"cpu/d/cpu.cfs_quota_us": "200000", "cpu/d/cpu.cfs_period_us": "100000"},
            "5:memory:/x\n4:cpu,cpuacct:/d",
            2,
        ),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, "4:cpu:/", 8),
        ({}, "nonsense", 8),
    ],
)
def test_the_least_of_nested_groups_counts(tmp_path, monkeypatch, files, own, cores):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    proc = write(tmp_path / "proc", {"self/cgroup": own + "\n"})
    assert available_cores(write(tmp_path / "cgroup", files), proc) == cores


def test_the_memory_of_nested_groups_counts(tmp_path):
    proc = write(tmp_path / "proc", {"meminfo": MEMINFO, "self/cgroup": "0::/a/b\n"})
    files = {"a/memory.max": "3000", "a/memory.current": "1000", "a/b/memory.max": "max"}
    assert available_memory(write(tmp_path / "cgroup", files), proc) == 2000
