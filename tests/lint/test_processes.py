"""Sharing files among processes. In processes of their own: this one may have threads."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tfcompat.lint import processes

pytestmark = pytest.mark.skipif(not processes.IS_POSSIBLE, reason="this system has no fork")

HEAD = """
import os
from tfcompat.lint.processes import share
parent = os.getpid()
"""


def run(code: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", HEAD + code], capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize("count", [0, 1, 7, 1000, 12345])
def test_each_file_is_worked_on_once(count: int) -> None:
    code = f"""
found = list(share(lambda n: n * n, range({count}), 3))
assert len(found) == {count}
assert dict(found) == {{n: n * n for n in range({count})}}
"""
    assert run(code).stderr == ""


def test_the_work_is_shared() -> None:
    # Each waits for the other, so that none can do all of it.
    code = """
import time
from multiprocessing import Barrier
barrier = Barrier(2, timeout=30)
def work(n):
    barrier.wait()
    return os.getpid()
assert len({pid for _, pid in share(work, range(4), 2)}) == 2
"""
    assert run(code).stderr == ""


@pytest.mark.parametrize("end", ["os._exit(3)", "os.kill(os.getpid(), 9)", "1 / 0"])
def test_a_process_that_dies_is_an_error(end: str) -> None:
    code = f"""
from multiprocessing import Barrier
barrier = Barrier(2, timeout=30)
def work(n):
    barrier.wait()
    if os.getpid() != parent:
        {end}
try:
    list(share(work, range(2), 2))
except RuntimeError as error:
    print(error)
"""
    result = run(code)
    assert "died" in result.stdout
    assert ("ZeroDivisionError" in result.stderr) == (end == "1 / 0")
