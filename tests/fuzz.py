"""Restore thousands of mutated files, and see that nothing but a clear error comes of it.

Run it in an environment of the matrix. It writes a state and every file that this release of
TensorFlow and Keras writes of the same model, mutates them, and restores each into live objects, or
loads the model in it:

    .tox/py310-tf2.21/bin/python -m tests.fuzz --inputs 20000

Every input has to restore the right values, or raise an error of tfcompat's and change no
variable. A crash of the interpreter, an error of another kind, more than 10 seconds or 2 GB are
findings as well. The memory is that of addresses, which Linux bounds for the process that restores
and for the one that reads HDF5 for it. HDF5 and the metadata of a SavedModel keep no checksums:
values that were altered inside such a file, also in an archive that is sound, are counted on their
own. A seed stands for one input of one release: `--inputs 1 --seed N` tries that of a finding.
"""

from __future__ import annotations

import argparse
import collections
import os
import pathlib
import queue
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Sequence
from typing import Any, Callable

ROOT = pathlib.Path(__file__).resolve().parent.parent
_TIME_LIMIT = 10  # seconds for one input
_START_LIMIT = 300  # seconds to import TensorFlow and to write the files
_MEMORY_LIMIT = 2 * 2**30  # bytes beyond what the process has when it starts

RESTORED, REFUSED, UNTOLD = "restored", "refused", "altered, which no checksum tells"
GOOD = (RESTORED, REFUSED, UNTOLD)
OTHERWISE = "restored otherwise"
_LOAD, _EXPORTED = "load_model ", "load_exported"


def main(argv: Sequence[str] | None = None) -> int:
    """Try the inputs in processes of their own, and print what became of them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--inputs", type=int, default=20000, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=0, help="of the first input")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at a time")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.worker:
        return work(options.seed, options.inputs)
    started = time.monotonic()
    share = -(-options.inputs // options.jobs)
    last = options.seed + options.inputs
    ranges = [(first, min(first + share, last)) for first in range(options.seed, last, share)]
    results: queue.Queue[tuple[int, str, str]] = queue.Queue()
    threads = [threading.Thread(target=_drive, args=(*one, results)) for one in ranges]
    for thread in threads:
        thread.start()
    counts: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    findings = 0
    while any(thread.is_alive() for thread in threads) or not results.empty():
        try:
            seed, form, result = results.get(timeout=0.2)
        except queue.Empty:
            continue
        counts[form][result if result in GOOD else "FOUND"] += 1
        if result not in GOOD:
            findings += 1
            print(f"seed {seed}, {form}: {result}", flush=True)
    print(
        f"\n{'format':<24}"
        + "".join(f"{name:>12}" for name in ("inputs", *GOOD[:2], "untold", "FOUND"))
    )
    for form, count in sorted(counts.items()):
        numbers = [sum(count.values()), *(count[name] for name in GOOD), count["FOUND"]]
        print(f"{form:<24}" + "".join(f"{number:>12,}" for number in numbers))
    tried = sum(sum(count.values()) for count in counts.values())
    print(f"\n{tried:,} inputs, {findings} findings, {time.monotonic() - started:.0f} s")
    return 1 if findings or tried != options.inputs else 0


def _drive(first: int, last: int, results: queue.Queue[tuple[int, str, str]]) -> None:
    """Have workers try a range of seeds, a new one after each that died or hung."""
    while first < last:
        command = [sys.executable, "-m", "tests.fuzz", "--worker"]
        command += ["--seed", str(first), "--inputs", str(last - first)]
        with (
            tempfile.TemporaryFile("w+") as complaints,
            subprocess.Popen(
                command, cwd=ROOT, stdout=subprocess.PIPE, stderr=complaints, text=True
            ) as process,
        ):
            lines: queue.Queue[str] = queue.Queue()
            thread = threading.Thread(target=_pass_on, args=(process.stdout, lines))
            thread.start()
            form, ended = "start", ""
            limit = _START_LIMIT
            while not ended:
                try:
                    line = lines.get(timeout=limit)
                except queue.Empty:
                    ended = f"took more than {limit} s"
                    process.kill()
                    break
                if not line:
                    ended = f"the process ended with {process.wait()}"
                    break
                kind, _, text = line.rstrip("\n").partition(" ")
                if kind == "try":
                    form, limit = text, _TIME_LIMIT
                elif kind == "end":
                    results.put((first, form, text))
                    first += 1
                    if first == last:
                        ended = "all done"
            thread.join()
            if form == "start" and first < last:
                complaints.seek(0)
                results.put((first, form, f"{ended}: {complaints.read()[-2000:]}"))
                return
        if first < last:
            results.put((first, form, ended))
            first += 1


def _pass_on(stream: Any, lines: queue.Queue[str]) -> None:
    for line in stream:
        lines.put(line)
    lines.put("")


# In a worker.


def work(seed: int, count: int) -> int:
    """Try inputs one after the other, telling of each before and after."""
    with tempfile.TemporaryDirectory() as name:
        target = Target(pathlib.Path(name))
        _limit_memory()
        for number in range(seed, seed + count):
            chosen = random.Random(number)
            form = chosen.choice(sorted(target.originals))
            print(f"try {form}", flush=True)
            result = target.attempt(form, chosen).replace("\n", " ")[:1000]
            print(f"end {result}", flush=True)
    return 0


def _limit_memory() -> None:
    import resource

    with open("/proc/self/statm") as file:
        size = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    limit = size + _MEMORY_LIMIT
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


class Target:
    """Live objects, and the files of every format that hold what they held.

    Args:
        directory: where to write.
    """

    def __init__(self, directory: pathlib.Path) -> None:
        import tensorflow as tf

        import tfcompat as tfc
        from tests.data import formats
        from tests.grid.native import FORMATS
        from tests.state.native import examples

        self._tfc = tfc
        self._directory = directory / "mutated"
        model = examples.trained("sequential")
        self._objects = {"model": model, "optimizer": model.optimizer, "note": {"epoch": 3}}
        self._truth = self._values(self._objects)
        self._truth_of_model = self._values(model)
        self._weights = [array.tobytes() for array in model.get_weights()]
        self.originals: dict[str, pathlib.Path] = {}
        self._inside: dict[str, str] = {}
        tfc.save_state(directory / "state", self._objects, step=1)
        self._add("state", directory / "state", "")
        native = {"model": model, "optimizer": model.optimizer}
        try:
            tf.train.Checkpoint(**native).write(str(directory / "checkpoint" / "model"))
            self._add("checkpoint", directory / "checkpoint", "model")
        except ValueError:
            pass  # Keras 3.0's optimizers cannot be part of one
        written = directory / "written"
        formats.write(model, written, FORMATS)
        for form in formats.written(written):
            path = written / formats.PATHS[form]
            if form == "saved_model":
                self._add(form, path, "")
            elif form == "save_weights":
                self._add(form, path.parent, path.name)
            else:
                (directory / form).mkdir()
                shutil.move(str(path), str(directory / form / path.name))
                self._add(form, directory / form, path.name)
        self._manifest = _Manifest(self.originals["state"])
        self._add("manifest", self.originals["state"], "")
        tfc.save_model(model, directory / "model")
        self._add(_LOAD + "state", directory / "model", "")
        for form in ("h5", "keras", "saved_model"):
            # Keras 3 writes no configuration beside the functions of a SavedModel.
            if form in self.originals and not (form == "saved_model" and tfc.supports("keras3")):
                self._add(_LOAD + form, self.originals[form], self._inside[form])
        tfc.export_model(model, directory / "exported")
        self._add(_EXPORTED, directory / "exported", "")
        # Once without a mutation, so that no later failure is the runner's own.
        for form in sorted(self.originals):
            result = self._restore(form, self.originals[form] / self._inside[form])
            if result != RESTORED:
                raise RuntimeError(f"{form} as it was written: {result}")

    def _add(self, form: str, directory: pathlib.Path, inside: str) -> None:
        self.originals[form] = directory
        self._inside[form] = inside

    def _values(self, objects: Any) -> dict[str, bytes]:
        found = self._tfc.variables(objects)
        return {key: variable.numpy().tobytes() for key, variable in found.items()}

    def attempt(self, form: str, chosen: random.Random) -> str:
        """Mutate the files of a format and restore them."""
        shutil.rmtree(self._directory, ignore_errors=True)
        shutil.copytree(self.originals[form], self._directory)
        told = True
        if form == "manifest":
            self._manifest.write(self._directory, mutated(self._manifest.content, chosen))
        else:
            told = mutate(self._directory, chosen)
        result = self._restore(form, self._directory / self._inside[form])
        return UNTOLD if result.startswith(OTHERWISE) and not told else result

    def _restore(self, form: str, path: pathlib.Path) -> str:
        if form == _EXPORTED or form.startswith(_LOAD):
            return self._load(form, path)
        for variable in self._tfc.variables(self._objects).values():
            variable.assign(variable * 0)
        note = {"epoch": 0}
        objects: Any = {**self._objects, "note": note}
        truth = self._truth
        if form in ("saved_model", "save_weights"):
            objects, truth = objects["model"], self._truth_of_model
        elif form not in ("state", "manifest"):
            del objects["note"]
        before, before_all = self._values(objects), self._values(self._objects)
        try:
            report = self._tfc.restore_state(path, objects)
        except self._tfc.TfcompatError:
            same = self._values(self._objects) == before_all and note["epoch"] == 0
            return REFUSED if same else "refused, and variables have changed"
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        restored = set(report.restored)
        wrong = [
            key
            for key, value in self._values(objects).items()
            if value != (truth if key in restored else before)[key]
            # Of some formats it is what code has set.
            and not key.endswith("optimizer/learning_rate")
        ]
        if "note/epoch" in restored and note["epoch"] != 3:
            wrong.append("note/epoch")
        return f"{OTHERWISE}: {wrong}" if wrong else RESTORED

    def _load(self, form: str, path: pathlib.Path) -> str:
        load = self._tfc.load_exported if form == _EXPORTED else self._tfc.load_model
        try:
            loaded = load(path)
        except self._tfc.TfcompatError:
            return REFUSED
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        weights = self._weights_of_exported(loaded) if form == _EXPORTED else loaded.get_weights()
        same = [array.tobytes() for array in weights] == self._weights
        return RESTORED if same else f"{OTHERWISE}: the model"

    def _weights_of_exported(self, loaded: Any) -> list[Any]:
        """Return the weights that the function of an exported model uses, in the model's order."""
        try:
            found = [v.numpy() for v in loaded.signatures["serving_default"].variables]
        except Exception:  # another program, which no checksum tells
            return []
        by_bytes = {array.tobytes(): array for array in found}
        return [by_bytes[weight] for weight in self._weights if weight in by_bytes]


class _Manifest:
    """The manifest of a state, to be written anew as part of files that are sound."""

    def __init__(self, directory: pathlib.Path) -> None:
        import tensorflow as tf

        prefix = tf.train.latest_checkpoint(str(directory))
        self._place = pathlib.Path(prefix).relative_to(directory)
        reader = tf.train.load_checkpoint(prefix)
        self._tensors = {
            key: tf.constant(reader.get_tensor(key), dtype)
            for key, dtype in reader.get_variable_to_dtype_map().items()
        }
        self._key = ".tfcompat/manifest"
        self.content = reader.get_tensor(self._key)

    def write(self, directory: pathlib.Path, content: bytes) -> None:
        import tensorflow as tf

        tensors = {**self._tensors, self._key: tf.constant(content)}
        tf.raw_ops.SaveV2(
            prefix=str(directory / self._place),
            tensor_names=list(tensors),
            shape_and_slices=[""] * len(tensors),
            tensors=list(tensors.values()),
        )


def mutate(directory: pathlib.Path, chosen: random.Random) -> bool:
    """Mutate one of the files of a directory, and return whether a checksum tells."""
    files = sorted(file for file in directory.rglob("*") if file.is_file())
    file = chosen.choice(files)
    content = file.read_bytes()
    if zipfile.is_zipfile(file) and chosen.random() < 0.6:
        _mutate_member(file, chosen)
        return False
    if file.suffix == ".index" and chosen.random() < 0.6:
        file.write_bytes(_mutated_index(content, chosen))
    else:
        file.write_bytes(mutated(content, chosen))
    # Up to 2.11 a `.keras` file is HDF5 as well.
    return file.suffix != ".pb" and not content.startswith(b"\x89HDF")


def _mutate_member(file: pathlib.Path, chosen: random.Random) -> None:
    """Mutate what is inside an archive, which stays sound."""
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = chosen.choice(sorted(members))
    members[name] = mutated(members[name], chosen)
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def _mutated_index(content: bytes, chosen: random.Random) -> bytes:
    """Mutate the first block of an index, and correct its checksum."""
    from tfcompat.state.native import checksum, tensor_bundle

    # The blocks follow each other; the one before the last but one is the last with entries.
    footer = content[-48:]
    (start, _), _ = tensor_bundle._handle(footer, 0)
    end = start - 5
    data = bytearray(content)
    for _ in range(chosen.choice((1, 1, 2, 4))):
        data[chosen.randrange(end)] = chosen.randrange(256)
    check = checksum.masked(bytes(data[: end + 1]))
    data[end + 1 : end + 5] = check.to_bytes(4, "little")
    return bytes(data)


def mutated(content: bytes, chosen: random.Random) -> bytes:
    """Return content with one to three mutations."""
    for _ in range(chosen.choice((1, 1, 1, 2, 3))):
        content = chosen.choice(_MUTATIONS)(content, chosen)
    return content


def _span(content: bytes, chosen: random.Random) -> tuple[int, int]:
    start = chosen.randrange(len(content) + 1)
    return start, min(len(content), start + 2 ** chosen.randrange(10))


def _flip(content: bytes, chosen: random.Random) -> bytes:
    data = bytearray(content)
    for _ in range(chosen.choice((1, 1, 4))):
        if data:
            data[chosen.randrange(len(data))] ^= 1 << chosen.randrange(8)
    return bytes(data)


def _truncate(content: bytes, chosen: random.Random) -> bytes:
    return content[: chosen.randrange(len(content) + 1)]


def _delete(content: bytes, chosen: random.Random) -> bytes:
    start, end = _span(content, chosen)
    return content[:start] + content[end:]


def _repeat(content: bytes, chosen: random.Random) -> bytes:
    start, end = _span(content, chosen)
    return content[:end] + content[start:]


def _overwrite(content: bytes, chosen: random.Random) -> bytes:
    start, end = _span(content, chosen)
    fill = chosen.choice((b"\0", b"\xff", bytes([chosen.randrange(256)])))
    return content[:start] + fill * (end - start) + content[end:]


def _copy(content: bytes, chosen: random.Random) -> bytes:
    start, end = _span(content, chosen)
    to = chosen.randrange(len(content) + 1)
    return content[:to] + content[start:end] + content[to + end - start :]


def _number(content: bytes, chosen: random.Random) -> bytes:
    """Write a number at which sizes and offsets go wrong."""
    width = chosen.choice((1, 2, 4, 8))
    top = 2 ** (8 * width)
    number = chosen.choice((0, 1, top - 1, top // 2, top // 2 - 1, len(content) % top))
    start = chosen.randrange(len(content) + 1)
    return content[:start] + number.to_bytes(width, "little") + content[start + width :]


_MUTATIONS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _flip, _flip, _truncate, _delete, _repeat, _overwrite, _copy, _number, _number,
)  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
