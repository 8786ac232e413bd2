"""Against an index of this machine: no test needs the network."""

import contextlib
import http.server
import json
import pathlib
import socket
import subprocess
import threading

import pytest
from packaging.version import Version

from tfcompat.matrix import data, refresh

pytest.importorskip("pypi_simple")

DATA = pathlib.Path(data.__file__).with_name("releases.json")


@contextlib.contextmanager
def index(folder, files):
    """Serve a package index as PEP 503 has it."""
    for project, names in files.items():
        page = folder / "simple" / project / "index.html"
        page.parent.mkdir(parents=True)
        anchors = "".join(f'<a href="/files/{name}">{name}</a><br>' for name in names)
        page.write_text(f"<!DOCTYPE html><html><body>{anchors}</body></html>")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=str(folder))

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/simple/"
        server.shutdown()


def wheels(project, version, pythons, platforms=("linux", "windows", "macos-arm64")):
    tags = {
        "linux": "manylinux_2_27_x86_64",
        "windows": "win_amd64",
        "macos-arm64": "macosx_12_0_arm64",
    }
    return [
        f"{project.replace('-', '_')}-{version}-cp{p}-cp{p}-{tags[platform]}.whl"
        for p in pythons
        for platform in platforms
    ]


def known():
    """Return the files that the data speaks of."""
    files = {"tensorflow": [], "tensorflow-cpu": [], "keras": [], "tf-keras": []}
    for row in data.document()["releases"]:
        for wheel in row["wheels"]:
            if wheel["package"] not in files or Version(row["tensorflow"]) < Version("2.17"):
                continue
            for version in wheel["versions"]:
                pythons = [p.replace(".", "") for p in wheel["pythons"]]
                files[wheel["package"]] += wheels(
                    wheel["package"], version, pythons, wheel["platforms"]
                )
    files["keras"].append("keras-3.15.1-py3-none-any.whl")
    files["tf-keras"].append("tf_keras-2.21.0-py3-none-any.whl")
    return files


@pytest.fixture(autouse=True)
def _unchanged():
    before = DATA.read_bytes()
    yield
    assert DATA.read_bytes() == before


def test_nothing_new(tmp_path):
    with index(tmp_path, known()) as url:
        proposal = refresh.refresh(url)
    assert (proposal.rows, proposal.notes) == ((), ())
    assert "nothing that the data lacks" in refresh.text(proposal)


def test_a_new_release_becomes_rows_to_paste(tmp_path):
    files = known()
    files["tensorflow-cpu"] += wheels("tensorflow-cpu", "2.22.0", ["312", "313", "314"])
    files["tensorflow"] += wheels("tensorflow", "2.22.0", ["312", "313", "314"])
    # What does not count: a release candidate, an archive of sources, a name that is none.
    files["tensorflow-cpu"] += wheels("tensorflow-cpu", "2.23.0rc1", ["313"])
    files["tensorflow-cpu"] += ["tensorflow_cpu-2.24.0.tar.gz", "nonsense.whl"]
    files["tensorflow"] += wheels("tensorflow", "2.23.0rc1", ["313"])
    files["tf-keras"].append("tf_keras-2.22.0-py3-none-any.whl")
    with index(tmp_path, files) as url:
        proposal = refresh.refresh(url)
    plain, legacy = proposal.rows
    assert (plain["tensorflow"], plain["keras"], plain["tested"]) == ("2.22", "3", {})
    assert plain["wheels"][0] == {
        "platforms": ["linux", "windows"],
        "package": "tensorflow-cpu",
        "versions": ["2.22.0"],
        "pythons": ["3.12", "3.13", "3.14"],
    }
    assert legacy["requirements"] == ["tf-keras==2.22.0"]
    assert legacy["variables"] == {"TF_USE_LEGACY_KERAS": "1"}
    assert [note for note in proposal.notes if "Python 3.14 is new" in note]
    assert [note for note in proposal.notes if note.startswith("tf-keras 2.22.0 is newer")]
    told = refresh.text(proposal)
    assert "NOT been tried" in told
    assert "uv run" in told
    assert "tensorflow-cpu==2.22.0" in told
    # What is printed can be pasted.
    start, end = told.index("{\n"), told.rindex("}\n")
    assert json.loads(f"[{told[start : end + 1]}]") == list(proposal.rows)


def test_a_new_patch_and_a_new_python_change_a_row(tmp_path):
    files = known()
    files["tensorflow-cpu"] += wheels("tensorflow-cpu", "2.20.1", ["311", "312", "313", "314"])
    with index(tmp_path, files) as url:
        (row,) = refresh.refresh(url).rows
    assert row["wheels"][0]["versions"] == ["2.20.0", "2.20.1"]
    assert row["wheels"][0]["pythons"][-1] == "3.14"
    # Not on all of its platforms: no row of this release has it.
    assert row["wheels"][1]["versions"] == ["2.20.0"]


def test_a_closed_port_is_one_sentence():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://name:secret@127.0.0.1:{closed.getsockname()[1]}/simple/"
        with pytest.raises(refresh.IndexUnavailableError) as raised:
            refresh.refresh(url)
    message = str(raised.value)
    assert "cannot be asked" in message
    assert "secret" not in message
    assert "\n" not in message


def test_an_index_without_tensorflow(tmp_path):
    failure = pytest.raises(refresh.IndexUnavailableError, match="has no tensorflow")
    with index(tmp_path, {"other": []}) as url, failure:
        refresh.refresh(url)


def test_a_page_that_is_no_index(tmp_path):
    # Such as the page to log in at that a proxy answers with.
    failure = pytest.raises(refresh.IndexUnavailableError, match="no wheels of tensorflow")
    with index(tmp_path, {"tensorflow": ["login.html"]}) as url, failure:
        refresh.refresh(url)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"PIP_INDEX_URL": "https://a/simple", "UV_INDEX_URL": "https://b"}, "https://a/simple"),
        ({"UV_DEFAULT_INDEX": "own=https://b/simple"}, "https://b/simple"),
        ({"UV_INDEX_URL": "https://user:x=y@c/simple"}, "https://user:x=y@c/simple"),
    ],
)
def test_the_index_that_is_configured(environment, expected):
    assert refresh.index_url(environment) == expected


def test_the_index_of_pips_configuration(monkeypatch):
    answer = subprocess.CompletedProcess([], 0, stdout="https://d/simple\n")
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: answer)
    assert refresh.index_url({}) == "https://d/simple"
    answer.returncode = 1
    assert refresh.index_url({}) == refresh.PYPI
