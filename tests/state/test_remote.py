"""States in stores: in memory, on an S3 server and an HTTP server of this machine."""

from __future__ import annotations

import contextlib
import functools
import http.server
import json
import multiprocessing
import os
import pathlib
import signal
import sys
import tempfile
import threading
import uuid
from collections.abc import Iterator
from importlib.util import find_spec

import numpy as np
import pytest
import tensorflow as tf

import tfcompat as tfc
from tfcompat import cli
from tfcompat.state import bundle, processes
from tfcompat.state.remote import fetch, staging, stores

KEYS = {"key": "testing", "secret": "testing"}


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """Start an S3 server, and return its address."""
    pytest.importorskip("s3fs")
    server_of = pytest.importorskip("moto.server")
    server = server_of.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the URL of an empty bucket, which the configuration of fsspec leads to."""
    import fsspec
    import s3fs

    options = {"endpoint_url": s3_server, **KEYS}
    monkeypatch.setitem(fsspec.config.conf, "s3", options)
    name = f"bucket-{uuid.uuid4().hex}"
    s3fs.S3FileSystem(**options).mkdir(name)
    return f"s3://{name}"


# What each takes beside TensorFlow.
STORES = {"ram": (), "memory": ("fsspec",), "s3": ("s3fs", "moto")}


@pytest.fixture(params=[scheme for scheme in STORES if all(map(find_spec, STORES[scheme]))])
def url(request: pytest.FixtureRequest) -> str:
    """Return the URL of a directory that does not exist yet."""
    if request.param == "s3":
        return f"{request.getfixturevalue('bucket')}/some/run"
    return f"{request.param}://{uuid.uuid4().hex}/run"


def value(number: float, size: int = 50) -> dict:
    return {
        "w": tf.Variable(tf.fill((size,), float(number))),
        "v": tf.Variable(tf.range(size, dtype=tf.int64) + int(number)),
        "n": int(number),
    }


def load(path: object, step: int | None = None) -> int:
    live = value(-1)
    tfc.restore_state(path, live, step=step)
    assert set(live["w"].numpy()) == {float(live["n"])}
    assert live["v"].numpy()[0] == live["n"]
    return live["n"]


def contents(path: str, below: str = "") -> dict[str, bytes]:
    """Return every object of a store by its path below a URL."""
    store = stores.of(path)
    found: dict[str, bytes] = {}
    for name in (one.rstrip("/") for one in store.names(path)):
        if store.is_directory(f"{path}/{name}"):
            found.update(contents(f"{path}/{name}", f"{below}{name}/"))
        else:
            with store.open(f"{path}/{name}") as file:
                found[below + name] = file.read()
    return found


def upload(directory: pathlib.Path, path: str) -> None:
    for file in sorted(directory.rglob("*")):
        if file.is_file():
            stores.of(path).write(str(file), f"{path}/{file.relative_to(directory).as_posix()}")


def download(path: str, directory: pathlib.Path) -> None:
    for name, content in contents(path).items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(content)


def staged() -> list[pathlib.Path]:
    """Return what this process has in the temporary directory, where others run as well."""
    return list(pathlib.Path(tempfile.gettempdir()).glob(f"{staging._PREFIX}*-{os.getpid()}-*"))


def test_what_is_saved_is_restored(url: str) -> None:
    for step in (10, 20, 30):
        saved = tfc.save_state(url, value(step), step=step, keep=2)
        assert saved.path == url
        assert saved.prefix.startswith(f"{url}/state-")
    assert tfc.list_states(url) == [20, 30]
    assert load(url) == 30
    assert load(url + "/", step=20) == 20
    described = tfc.describe_state(url, step=20)
    assert described.entries["w"].shape == (50,)
    assert tfc.save_state(url, value(31)).step == 31
    assert tfc.list_states(url) == [31]
    with pytest.raises(tfc.StateNotFoundError, match=r"no state of step 30\. It has steps 31"):
        load(url, step=30)
    # Nothing else is there than on disk.
    name = os.path.basename(os.path.dirname(tfc.describe_state(url).prefix))
    assert set(contents(url)) == {
        "checkpoint", f"{name}/state.index", f"{name}/state.data-00000-of-00001",
    }  # fmt: skip
    assert not staged()


def test_nothing_at_a_url(url: str) -> None:
    with pytest.raises(tfc.StateNotFoundError, match="nothing at"):
        load(url)
    with pytest.raises(tfc.StateNotFoundError, match="nothing at"):
        tfc.list_states(url)


def test_a_state_of_the_same_step_is_replaced(url: str) -> None:
    tfc.save_state(url, value(1), step=5, keep=3)
    tfc.save_state(url, value(2), step=5, keep=3)
    assert tfc.list_states(url) == [5]
    assert load(url) == 2


def test_states_are_copied_from_and_to_a_store(url: str, tmp_path: pathlib.Path) -> None:
    tfc.save_state(url, value(7), step=7)
    download(url, tmp_path / "down")
    assert load(tmp_path / "down") == 7
    prefix = tf.train.latest_checkpoint(str(tmp_path / "down"))
    assert tf.train.load_checkpoint(prefix).get_tensor("n") == 7
    tfc.save_state(tmp_path / "up", value(8), step=8)
    upload(tmp_path / "up", url + "-copied")
    assert load(url + "-copied") == 8
    tfc.save_state(url + "-copied", value(9))
    assert tfc.list_states(url + "-copied") == [9]


def test_several_shards_in_the_background(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "_SHARD_SIZE", 2**14)
    monkeypatch.setattr(fetch, "_PIECE", 2**12)
    objects = {str(n): tf.Variable(tf.fill((2000,), float(n))) for n in range(6)}
    future = tfc.save_state(url, objects, background=True)
    for variable in objects.values():
        variable.assign_add(tf.ones_like(variable))
    assert future.result(timeout=60).step == 1
    assert len([name for name in contents(url) if ".data-" in name]) > 1
    tfc.restore_state(url, objects)
    for n, variable in objects.items():
        np.testing.assert_array_equal(variable.numpy(), np.full(2000, float(n)))


def test_a_part_reads_its_own_bytes(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    large = {"a": tf.Variable(tf.ones(300_000)), "b": tf.Variable(tf.ones(300_000)), "c": 1}
    tfc.save_state(url, large)
    kind = type(stores.of(url))
    sent = []
    read = kind.read

    def count(store, path, start, stop):
        sent.append(stop - start)
        return read(store, path, start, stop)

    monkeypatch.setattr(kind, "read", count)
    tfc.restore_state(url, {"c": 0}, only="c", strict=False)
    assert sum(sent) < 300_000
    sent.clear()
    large["a"].assign(tf.zeros(300_000))
    tfc.restore_state(url, large, only="a")
    assert large["a"].numpy().min() == 1
    assert 1_200_000 <= sum(sent) < 1_500_000


class Killed(BaseException):
    """Ends a save as SIGKILL does: nothing is cleaned up."""


def interrupt(monkeypatch: pytest.MonkeyPatch, kind: type, number: int, error: BaseException):
    """Have the change of a store that has a number fail, before or after it took place."""
    count = [0]

    def wrap(function, after: bool):
        def call(*arguments):
            count[0] += 1
            if not after and count[0] == number:
                raise error
            result = function(*arguments)
            if after and count[0] == -number:
                raise error
            return result

        return call

    for name in ("write", "remove", "remove_directory"):
        monkeypatch.setattr(kind, name, wrap(getattr(kind, name), number < 0))
    return count


@pytest.mark.parametrize("sign", [1, -1], ids=["before", "after"])
def test_killed_at_every_change(url: str, sign: int, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = type(stores.of(url))
    tfc.save_state(url, value(1))
    last, kills = 1, 0
    for number in range(1, 30):
        with monkeypatch.context() as patch:
            interrupt(patch, kind, sign * number, Killed())
            try:
                tfc.save_state(url, value(last + 1), step=last + 1)
            except Killed:
                kills += 1
        found = load(url)
        assert found in (last, last + 1)
        if kills < number:
            assert found == last + 1
            break
        last = found
        if number % 2:  # others find what two killed saves left
            tfc.save_state(url, value(last + 1), step=last + 1)
            last += 1
            assert tfc.list_states(url) == [last]
            assert len(contents(url)) == 3
    # Mark, shard, index, mark, pointer, mark of the earlier one, its index, its rest, that mark.
    assert kills == 9
    assert len(contents(url)) == 3


def test_refused_at_every_change(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = type(stores.of(url))
    tfc.save_state(url, value(1), step=1)
    for number in (1, 2, 3):
        with monkeypatch.context() as patch:
            interrupt(patch, kind, number, stores.StoreError("no space is left"))
            with pytest.raises(tfc.StateWriteError, match=r"step 2 .* as they were. no space"):
                tfc.save_state(url, value(2), step=2)
        assert load(url) == 1
        assert len(contents(url)) == 3
    assert not staged()


def test_a_shard_that_was_cut_short(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = type(stores.of(url))
    tfc.save_state(url, value(1), step=1)
    write = kind.write

    def cut(store, source, path):
        if ".data-" in path:
            with open(source, "r+b") as file:
                file.truncate(10)
        write(store, source, path)
        if ".data-" in path:
            with open(source, "ab") as file:
                file.write(bytes(10))

    monkeypatch.setattr(kind, "write", cut)
    with pytest.raises(tfc.StateWriteError, match="10 bytes after 20 were written"):
        tfc.save_state(url, value(2), step=2)
    monkeypatch.undo()


def test_unreachable_in_the_middle_of_restoring(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tfc.save_state(url, value(1))
    kind = type(stores.of(url))
    read = kind.read
    live = value(-1)
    for number in range(1, 30):
        count = [0]

        def failing(store, path, start, stop, count=count, number=number):
            count[0] += 1
            if count[0] == number:
                raise stores.StoreError(f"{path!r} cannot be reached")
            return read(store, path, start, stop)

        monkeypatch.setattr(kind, "read", failing)
        try:
            tfc.restore_state(url, live)
        except tfc.StoreError:
            assert set(live["w"].numpy()) == {-1.0}
            assert live["n"] == -1
        else:
            break
    assert number > 3
    assert live["n"] == 1
    assert not staged()


def test_saves_of_others_are_left_alone(url: str) -> None:
    tfc.save_state(url, value(1), step=1)
    theirs = "state-00000007-2-0123abcd"
    running = "state-00000008-3-0123abce"
    going = "state-00000003-4-0123abcf"
    dead = multiprocessing.get_context("spawn").Process(target=int)
    dead.start()
    dead.join()
    killed = "state-00000009-5-0123abc0"
    whole = os.path.basename(os.path.dirname(tfc.describe_state(url).prefix))
    marks = {
        f".uploading-elsewhere.0123-{dead.pid}-{theirs}": theirs,
        f".uploading-{processes.machine()}-{os.getppid()}-{running}": running,
        f".uploading-{processes.machine()}-{dead.pid}-{killed}": killed,
        f".removing-{going}": going,
    }
    store = stores.of(url)
    with staging.directory() as directory:
        empty = os.path.join(directory, "empty")
        pathlib.Path(empty).write_bytes(b"")
        for mark, state in marks.items():
            store.write(empty, f"{url}/{mark}")
            store.write(empty, f"{url}/{state}/state.data-00000-of-00001")
        store.write(empty, f"{url}/{going}/state.index")
        # Of a process that was killed after the last object of its save.
        store.write(empty, f"{url}/.uploading-{processes.machine()}-{dead.pid}-{whole}")
    saved = tfc.save_state(url, value(2), step=2, keep=5)
    assert tfc.list_states(url) == [1, 2]
    # After those that began before.
    assert os.path.basename(os.path.dirname(saved.prefix)).startswith("state-00000010-2-")
    assert load(url) == 2
    left = {name.partition("/")[0] for name in contents(url)}
    assert len(left) == 3 + 4
    for mark, state in marks.items():
        stays = state in (theirs, running)
        assert (mark in left) == (state in left) == stays, mark


def test_a_state_that_a_later_save_removes_while_it_is_read(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tfc.save_state(url, value(1))
    read_manifest = bundle.read_manifest

    def read_slowly(one):
        found = read_manifest(one)
        if one.step == 1:
            tfc.save_state(url, value(2))
        return found

    monkeypatch.setattr(bundle, "read_manifest", read_slowly)
    assert load(url) == 2


def test_altered_bytes(url: str, tmp_path: pathlib.Path) -> None:
    tfc.save_state(url, value(1))
    (name,) = (name for name in contents(url) if ".data-" in name)
    content = bytearray(contents(url)[name])
    altered = tmp_path / "altered"
    live = value(-1)
    for position, wrong in ((content.index(np.float32(1).tobytes()), 4), (0, 0)):
        content[position] ^= wrong
        altered.write_bytes(content if wrong else content[:-200])
        stores.of(url).write(str(altered), f"{url}/{name}")
        with pytest.raises(tfc.BadStateError, match="truncated"):
            tfc.restore_state(url, live)
        assert live["n"] == -1
        assert cli.main(["state", "verify", url]) == cli.FOUND


def test_the_commands_take_urls(url: str, tmp_path: pathlib.Path, capsys) -> None:
    for step in (1, 2):
        tfc.save_state(url, value(step), step=step, keep=2)
    assert cli.main(["state", "show", url, "--step", "1", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["step"], shown["entries"]["w"]["bytes"]) == (1, 200)
    assert cli.main(["state", "verify", url, "--all"]) == 0
    assert capsys.readouterr().out.count("whole") == 2
    assert cli.main(["state", "diff", url, url, "--step-a", "1"]) == cli.FOUND
    assert cli.main(["state", "convert", url, str(tmp_path / "w.npz"), "--to", "npz"]) == 0
    with np.load(tmp_path / "w.npz") as arrays:
        np.testing.assert_array_equal(arrays["w"], np.full(50, 2, np.float32))
    assert cli.main(["state", "convert", url, url + "-new", "--to", "state"]) == cli.ERROR
    assert "in a store" in capsys.readouterr().err


def test_what_tensorflow_and_keras_wrote(url: str, tmp_path: pathlib.Path) -> None:
    model = tf.keras.Sequential([tf.keras.Input((3,)), tf.keras.layers.Dense(2)])
    expected = [np.arange(6, dtype=np.float32).reshape(3, 2), np.ones(2, np.float32)]
    model.set_weights(expected)
    tf.train.Checkpoint(model=model).write(str(tmp_path / "plain"))
    model.save_weights(str(tmp_path / "model.weights.h5"))
    upload(tmp_path, url)
    for name in ("plain", "model.weights.h5"):
        live = tf.keras.Sequential([tf.keras.Input((3,)), tf.keras.layers.Dense(2)])
        tfc.restore_state(f"{url}/{name}", {"model": live} if name == "plain" else live)
        for one, other in zip(live.get_weights(), expected):
            np.testing.assert_array_equal(one, other)


def test_a_partitioned_variable_of_tensorflow(url: str, tmp_path: pathlib.Path) -> None:
    whole = np.arange(12, dtype=np.float32).reshape(6, 2)
    tf.raw_ops.SaveV2(
        prefix=str(tmp_path / "parts"),
        tensor_names=["w", "other", "w"],
        shape_and_slices=["6 2 0,4:-", "", "6 2 4,2:-"],
        tensors=[whole[:4], tf.zeros(1000), whole[4:]],
    )
    upload(tmp_path, url)
    live = {"w": tf.Variable(tf.zeros((6, 2)))}
    tfc.restore_state(f"{url}/parts", live, names={"w": "w"}, only="w")
    np.testing.assert_array_equal(live["w"].numpy(), whole)


def test_a_model_in_a_store(url: str) -> None:
    model = tf.keras.Sequential([tf.keras.Input((3,)), tf.keras.layers.Dense(2)])
    tfc.save_model(model, url)
    loaded = tfc.load_model(url)
    for one, other in zip(loaded.get_weights(), model.get_weights()):
        np.testing.assert_array_equal(one, other)


def test_tensorflow_itself_reads_its_stores() -> None:
    url = f"ram://{uuid.uuid4().hex}/run"
    saved = tfc.save_state(url, value(3))
    assert tf.train.latest_checkpoint(url) == saved.prefix
    (found,) = tf.raw_ops.RestoreV2(
        prefix=saved.prefix, tensor_names=["n"], shape_and_slices=[""], dtypes=[tf.int64]
    )
    assert found.numpy() == 3


def test_a_dataset_iterator_in_a_store() -> None:
    url = f"ram://{uuid.uuid4().hex}/run"
    first, second = (iter(tf.data.Dataset.range(9)) for _ in range(2))
    next(first)
    tfc.save_state(url, {"data": first})
    tfc.restore_state(url, {"data": second})
    assert int(next(second)) == 1


def test_a_scheme_that_nothing_serves() -> None:
    for call in (tfc.list_states, load):
        with pytest.raises(tfc.StoreError, match=r"'nothing://bucket/run' cannot be reached"):
            call("nothing://bucket/run")
    with pytest.raises(tfc.StateWriteError, match=r"fsspec: .*nothing|pip install tfcompat"):
        tfc.save_state("nothing://bucket/run", value(1))


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_killed_while_saving_to_a_server(bucket: str, s3_server: str) -> None:
    url = f"{bucket}/run"
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tensorflow", "tests.state.test_remote"])
    last = 0
    for delay in (0.0, 0.01, 0.02, 0.04, 0.06):
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=save_on_and_on, args=(url, s3_server, last, sender))
        process.start()
        sender.close()
        acknowledged = receiver.recv()
        threading.Event().wait(delay)
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        with contextlib.suppress(EOFError):
            while True:
                acknowledged = receiver.recv()
        last = load(url)
        assert last in (acknowledged, acknowledged + 1)
    tfc.save_state(url, value(last + 1))
    assert len(contents(url)) == 3


def save_on_and_on(url: str, server: str, last: int, ready) -> None:
    import fsspec

    fsspec.config.conf["s3"] = {"endpoint_url": server, **KEYS}
    for number in range(last + 1, sys.maxsize):
        tfc.save_state(url, value(number), step=number)
        ready.send(number)


def test_a_server_that_refuses(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import fsspec

    with pytest.raises(tfc.StateWriteError, match=r"(?i)bucket"):
        tfc.save_state(f"{bucket}-none/run", value(1))
    with pytest.raises(tfc.StateNotFoundError):
        tfc.list_states(f"{bucket}-none/run")
    nobody = {
        "endpoint_url": "http://127.0.0.1:9",
        "config_kwargs": {"retries": {"max_attempts": 0}},
    }
    monkeypatch.setitem(fsspec.config.conf, "s3", {**nobody, **KEYS})
    with pytest.raises(tfc.StateWriteError, match="cannot be reached"):
        tfc.save_state(f"{bucket}/run", value(1))
    with pytest.raises(tfc.StoreError, match="cannot be reached"):
        tfc.list_states(f"{bucket}/run")


def test_http_is_for_reading(tmp_path: pathlib.Path) -> None:
    pytest.importorskip("fsspec")
    web = pytest.importorskip("aiohttp.web")
    tfc.save_state(tmp_path / "run", value(4), step=4)
    tf.train.Checkpoint(w=tf.Variable(tf.fill((50,), 5.0))).write(str(tmp_path / "plain"))
    with serving(web, tmp_path) as address:
        assert tfc.list_states(f"{address}/run") == [4]
        assert load(f"{address}/run") == 4
        live = {"w": tf.Variable(tf.zeros(50))}
        tfc.restore_state(f"{address}/plain", live)
        assert set(live["w"].numpy()) == {5.0}
        with pytest.raises(tfc.StateWriteError, match="as they were"):
            tfc.save_state(f"{address}/run", value(6))
        with pytest.raises(tfc.StateNotFoundError):
            load(f"{address}/nothing")


def test_an_http_server_without_ranges(tmp_path: pathlib.Path) -> None:
    pytest.importorskip("fsspec")
    pytest.importorskip("aiohttp")
    tfc.save_state(tmp_path, value(4))
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            with pytest.raises(tfc.StoreError, match="does not send ranges"):
                load(f"http://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()


@contextlib.contextmanager
def serving(web, directory: pathlib.Path) -> Iterator[str]:
    """Serve a directory by HTTP, with pages of links, and yield the address."""
    import asyncio

    loop = asyncio.new_event_loop()
    app = web.Application()
    app.router.add_static("/", directory, show_index=True)
    runner = web.AppRunner(app)
    loop.run_until_complete(runner.setup())
    site = web.TCPSite(runner, "127.0.0.1", 0)
    loop.run_until_complete(site.start())
    port = runner.addresses[0][1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(runner.cleanup())
        loop.close()
