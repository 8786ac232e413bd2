"""Kill processes at random moments of saving, and restore what is there.

Run it in an environment of the matrix, on Linux:

    .tox/py310-tf2.21/bin/python -m tests.kills --kills 800
    .tox/py310-tf2.21/bin/python -m tests.kills --kills 200 --workers 2

A process saves one state after the other until SIGKILL ends it, or several do so together as the
workers of a MultiWorkerMirroredStrategy, of which one is killed. Then the last state that was
reported as saved has to restore bit by bit, or the one after it, and so do the earlier ones that
`--keep` tells to keep. The next processes restore it as well and go on from there. With
`--workers 3,1,2` three workers are followed by one process without a strategy, and that by two.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import os
import pathlib
import random
import signal
import socket
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

import tfcompat as tfc

_PER_START = 100_000  # the states of one start are numbered from a multiple of it
# How many float32 the largest tensors have in each start: more than 64 MB are written in shards.
_SIZES = (50, 50, 500_000, 50, 50, 500_000, 50, 50, 500_000, 50, 50, 500_000, 50, 50, 50, 9_000_000)
_LIMIT = 240  # seconds to start, and to save once
_MOST_ATTEMPTS = 5  # a port may be taken by somebody else before a worker has it


def main(argv: Sequence[str] | None = None) -> int:
    """Kill as often as was asked for, and print what was found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=800, help="default: %(default)s")
    parser.add_argument(
        "--workers", default="1", help="how many, or one number for each start in turn (default: 1)"
    )
    parser.add_argument("--keep", type=int, default=2, help="of save_state (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    options = parser.parse_args(argv)
    workers = [int(number) for number in options.workers.split(",")]
    with tempfile.TemporaryDirectory() as directory:
        findings = run(pathlib.Path(directory), options.kills, workers, options.keep, options.seed)
    return 1 if findings else 0


def run(
    directory: pathlib.Path, kills: int, workers: Sequence[int], keep: int = 2, seed: int = 0
) -> list[str]:
    """Kill a process of each start, and return what was found wrong.

    Args:
        directory: is empty. The states come into `states` in it.
        kills: how many starts, each of which ends by a kill.
        workers: how many processes save together, for each start in turn.
        keep: of `save_state`.
        seed: of the moments.
    """
    chosen = random.Random(seed)
    states, log = directory / "states", directory / "log"
    findings: list[str] = []
    saved: list[int] = []  # in the order of saving
    written = interrupted = 0
    began = time.monotonic()
    for start in range(1, kills + 1):
        count = workers[(start - 1) % len(workers)]
        hidden = hidden_in(states)
        first = start * _PER_START + 1
        last = saved[-1] if saved else 0
        # Every other one in the background of what assigns the next values.
        together = Together(count, directory, first, last, keep, chosen.random() < 0.5)
        try:
            seconds = together.ready()
        except EOFError:
            findings.append(f"start {start}: a process ended\n{log.read_text()[-3000:]}")
            break
        if start % 2 == 0:  # one save ends, however slow the machine
            saved += together.reported(wait=True)
        if start % 4 < 2:
            wait_for_a_save(states, hidden)
            seconds /= 4
        time.sleep(chosen.uniform(0, seconds))
        victim = chosen.randrange(count)
        alive = together.kill(victim)
        interrupted += bool(hidden_in(states) - hidden)
        if not alive:
            findings.append(f"start {start}: a process ended\n{log.read_text()[-3000:]}")
            break
        if count > 1:
            # The others wait for the dead one, or write what they have.
            saved += together.reported()
            findings += [f"start {start}, meanwhile: {text}" for text in wrong(states, saved)]
            time.sleep(chosen.uniform(0, seconds))
        saved += together.end()
        findings += [f"start {start}: {text}" for text in wrong(states, saved, first, keep)]
        with contextlib.suppress(tfc.StateNotFoundError):
            newest = tfc.list_states(states)[-1]
            saved += [newest] if newest not in saved else []
        written += len([number for number in saved if number >= first])
        saved = saved[-keep:]
        if start % 50 == 0:
            print(f"{start} kills, {len(findings)} findings", flush=True)
    if not written:
        findings.append("nothing was saved")
    if not findings:
        # What the killed processes left goes with the next save.
        tfc.save_state(states, {"number": 0}, keep=1)
        left = sorted(path.name.partition("-")[0] for path in states.iterdir())
        if left != ["checkpoint", "state"]:
            findings.append(f"left behind: {left}")
    print(
        f"{start} kills, {interrupted} while one was writing; {written} saves; "
        f"{len(findings)} findings; {time.monotonic() - began:.0f} s"
    )
    for text in findings:
        print(f"FOUND: {text}")
    return findings


def hidden_in(states: pathlib.Path) -> set[str]:
    """Return what is in the middle of being written or removed."""
    names = os.listdir(states) if states.exists() else []
    return {name for name in names if name.startswith(".")}


def wait_for_a_save(states: pathlib.Path, hidden: set[str]) -> None:
    """Wait until something new is being written, or removed."""
    ends = time.monotonic() + _LIMIT
    while not hidden_in(states) - hidden and time.monotonic() < ends:
        time.sleep(0.0002)


def wrong(
    states: pathlib.Path, saved: list[int], first: int | None = None, keep: int = 1
) -> list[str]:
    """Restore what is there, and return in words what is not as it has to be.

    Args:
        states: the directory.
        saved: the numbers that were reported, in the order of saving.
        first: the first number of a start that has ended; None while processes go on.
        keep: how many have to be there.
    """
    try:
        steps = tfc.list_states(states)
    except tfc.StateNotFoundError:
        return [f"no state, though {saved[-1]} was saved"] if saved else []
    found = []
    newest = steps[-1]
    last = saved[-1] if saved else 0
    if newest < last:
        found.append(f"the newest state is {newest}, though {last} was saved")
    if first is not None:
        if newest not in (last, max(last + 1, first)):
            found.append(f"the newest state is {newest}, and {last} was the last one saved")
        kept = sorted({*saved, newest})[-keep:]
        found += [f"{number} is gone" for number in kept if number not in steps]
    # While processes go on, all but the newest state may go.
    for number in steps if first is not None else [None]:
        try:
            number, objects = restored(states, number)
        except tfc.TfcompatError as error:
            found.append(f"{number}: {error}")
        else:
            found += [f"{number}: {key} differs" for key in differing(objects, number)]
    return found


def restored(states: pathlib.Path, number: int | None) -> tuple[int, Any]:
    """Restore the newest state or one of a number into new objects."""
    if number is not None:
        objects = made(number)
        tfc.restore_state(states, objects, step=number)
        return number, objects
    number = tfc.list_states(states)[-1]
    objects = made(number)
    return tfc.restore_state(states, objects).step, objects


# What is saved: every value follows from its number.


def values(number: int) -> dict[str, np.ndarray]:
    """Return what the variables of a state hold."""
    generator = np.random.RandomState(number)
    size = _SIZES[number // _PER_START % len(_SIZES)]
    return {
        "floats": np.arange(size, dtype=np.float32) + np.float32(number),
        "more": np.full(size, number, np.float32),
        "halves": generator.uniform(-1, 1, (3, 5)).astype(np.float16),
        "integers": generator.randint(-(2**62), 2**62, (4,), dtype=np.int64),
        "scalar": np.float64(number),
    }


def made(number: int) -> dict[str, Any]:
    """Return objects of the form of a state, without its values."""
    variables = {key: tf.Variable(np.zeros_like(array)) for key, array in values(number).items()}
    # Under a strategy each replica has its own, and they add up: to read it takes all workers.
    variables["added"] = tf.Variable(
        np.float64(0),
        synchronization=tf.VariableSynchronization.ON_READ,
        aggregation=tf.VariableAggregation.SUM,
    )
    return {"variables": variables, "array": np.zeros(100, np.int32), "number": 0}


def assign(objects: dict[str, Any], number: int, strategy: Any) -> None:
    """Give objects the values of a state."""
    arrays = values(number)
    for key, array in arrays.items():
        objects["variables"][key].assign(array)
    added = objects["variables"]["added"]
    if strategy is None:
        added.assign(6 * number)
    else:
        strategy.run(added.assign, (tf.constant(6 * number / strategy.num_replicas_in_sync,
                                                tf.float64),))  # fmt: skip
    objects["array"][:] = number
    objects["number"] = number


def differing(objects: dict[str, Any], number: int) -> list[str]:
    """Return which objects do not hold the values of a state bit by bit."""
    arrays: dict[str, Any] = {**values(number), "added": np.float64(6 * number)}
    variables = objects["variables"]
    found = [key for key, array in arrays.items()
             if variables[key].read_value().numpy().tobytes() != array.tobytes()]  # fmt: skip
    if set(objects["array"]) != {number}:
        found.append("array")
    return [*found, "number"] if objects["number"] != number else found


# The processes.


class Together:
    """Processes that save together until they are killed.

    Args:
        count: how many.
        directory: has the states and what the processes print.
        first: the number of their first state.
        last: the state that they restore before; 0 where there is none.
        keep: of `save_state`.
        background: of `save_state`.
    """

    def __init__(
        self, count: int, directory: pathlib.Path, first: int, last: int, keep: int,
        background: bool,
    ) -> None:  # fmt: skip
        # The server has imported TensorFlow and run nothing: what it forks starts at once.
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(
            ["tensorflow", "tfcompat.state.save", "tfcompat.state.restore"]
        )
        self._count = count
        self._arguments = (str(directory), first, last, keep, background)
        self._processes: list[Any] = []
        self._receivers: list[Any] = []
        for _ in range(_MOST_ATTEMPTS):
            try:
                self._start()
            except EOFError:
                self.end()
            else:
                break

    def _start(self) -> None:
        cluster = {"worker": [f"127.0.0.1:{port}" for port in ports(self._count)]}
        self._processes, self._receivers = [], []
        for index in range(self._count):
            receiver, sender = self._context.Pipe(duplex=False)
            task = {"cluster": cluster, "task": {"type": "worker", "index": index}}
            config = json.dumps(task) if self._count > 1 else ""
            process = self._context.Process(target=work, args=(*self._arguments, config, sender))
            process.start()
            sender.close()
            self._processes.append(process)
            self._receivers.append(receiver)
        self._received()

    def _received(self) -> list[Any]:
        found = []
        for receiver in self._receivers:
            if not receiver.poll(_LIMIT):
                raise EOFError("a process hangs")
            found.append(receiver.recv())
        return found

    def ready(self) -> float:
        """Wait until all begin to save, and return how many seconds a save takes."""
        return float(max(self._received()))

    def reported(self, wait: bool = False) -> list[int]:
        """Return the numbers of the states that are saved since the last call."""
        numbers = set()
        for receiver in self._receivers:
            with contextlib.suppress(EOFError):
                if wait:
                    receiver.poll(_LIMIT)
                while receiver.poll():
                    numbers.add(receiver.recv())
        return sorted(numbers - {0})

    def kill(self, index: int) -> bool:
        """Kill a process, and return whether it was alive."""
        process = self._processes[index]
        alive = process.is_alive()
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        return bool(alive)

    def end(self) -> list[int]:
        """Kill all that live, and return the numbers that they reported."""
        for process in self._processes:
            process.kill()
            process.join()
        return self.reported()


def ports(count: int) -> list[int]:
    """Return ports that nobody uses now."""
    with contextlib.ExitStack() as opened:
        sockets = [opened.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def work(
    directory: str, number: int, last: int, keep: int, background: bool, config: str, pipe: Any
) -> None:
    """Restore the last state, then save one after the other, and say of each when it is done."""
    log = os.open(os.path.join(directory, "log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(log, stream)
    try:
        strategy = None
        if config:
            os.environ["TF_CONFIG"] = config
            strategy = tf.distribute.MultiWorkerMirroredStrategy()
        pipe.send(0)
        states = os.path.join(directory, "states")
        with strategy.scope() if strategy else contextlib.nullcontext():
            before, objects = made(last), made(number)
        if last:
            tfc.restore_state(states, before)
            assert not differing(before, last), differing(before, last)
        # What is loaded once is loaded now.
        assign(objects, number, strategy)
        tfc.save_state(os.path.join(directory, "apart"), objects)
        began = time.monotonic()
        tfc.save_state(os.path.join(directory, "apart"), objects)
        pipe.send(time.monotonic() - began)
        while True:
            saved = tfc.save_state(states, objects, step=number, keep=keep, background=background)
            assign(objects, number + 1, strategy)
            if background:
                saved = saved.result()
            # Those that do not write do not hear when a save in the background has ended.
            pipe.send(number if saved.prefix or not background else 0)
            number += 1
    except BaseException:
        traceback.print_exc()
        raise


if __name__ == "__main__":
    sys.exit(main())
