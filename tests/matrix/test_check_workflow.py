import sys

import pytest

from tests.matrix.checking import EARLIER, found, write
from tfcompat.matrix.check import CheckError, check_file, expressions, workflow

yaml = pytest.importorskip("yaml")

STEPS = """
    steps:
      - uses: actions/setup-python@v5
        with:
          python-version: ${{ matrix.python }}
      - run: |
          pip install -U pip
          pip install tensorflow==${{ matrix.tf }} 'numpy<1.24'
"""


def job(tmp_path, matrix, steps=STEPS, runner="ubuntu-latest", head=""):
    text = (
        f"on: push\n{head}jobs:\n  test:\n    runs-on: {runner}\n"
        f"    strategy:\n      matrix:\n{matrix}{steps}"
    )
    return write(tmp_path, ".github/workflows/ci.yml", text)


def combinations(path):
    return sorted(
        (t.python, str(next(r for i in t.installs for r in i if r.name == "tensorflow").specifier))
        for t in workflow.read(path, "linux").tested
    )


def test_include_and_exclude(tmp_path):
    path = job(
        tmp_path,
        """
        python: ['3.9', '3.10']
        tf: ['2.10.1', '2.11.1']
        exclude:
          - {python: '3.9', tf: '2.11.1'}
        include:
          - {python: '3.11', tf: '2.12.1'}
          - {python: '3.10', colour: green}
""",
    )
    # As the documentation of GitHub Actions has it: the last one extends, the first one adds.
    assert combinations(path) == [
        ("3.10", "==2.10.1"),
        ("3.10", "==2.11.1"),
        ("3.11", "==2.12.1"),
        ("3.9", "==2.10.1"),
    ]


def test_a_version_without_quotes_is_a_number(tmp_path):
    path = job(tmp_path, "        python: [3.9, 3.10]\n        tf: ['2.10.1']\n")
    ((line, message),) = found(path, "impossible")
    assert line == 7
    assert "3.10 is the number 3.1" in message
    assert 'write "3.10", in quotes' in message
    # PyYAML agrees.
    assert yaml.safe_load("3.10") == 3.1


def test_no_wheel(tmp_path):
    path = job(tmp_path, "        python: ['3.12']\n        tf:\n          - '2.10.1'\n")
    ((line, message),) = found(path, "impossible")
    assert (line, "Python 3.12" in message) == (9, True)


def test_later_commands_win_and_earlier_ones_yield(tmp_path):
    steps = """
    steps:
      - run: pip install 'protobuf<3.20'
      - run: pip install tensorflow==${{ matrix.tf }}
      - if: matrix.tf == '2.10.1'
        run: pip install 'numpy<1.24'
"""
    path = job(tmp_path, "        python: ['3.10']\n        tf: ['2.10.1', '2.12.1']\n", steps)
    # pip replaces protobuf for 2.12, and numpy for 2.10, so that nothing is wrong.
    assert found(path, "impossible", "missing pin") == []


def test_scripts_with_conditions_and_variables(tmp_path):
    steps = """
    env:
      TF: ${{ matrix.tf || '2.15.1' }}
    steps:
      - run: |
          if [ "${{ matrix.legacy }}" = "1" ]; then
            pip install tf-keras~=2.16.0
            export TF_USE_LEGACY_KERAS=1
          else
            pip install "keras>=3"
          fi
          python -m pip install -q tensorflow==$TF || exit 1
"""
    path = job(
        tmp_path,
        "        include:\n          - {legacy: '1', tf: 2.16.2}\n          - {tf: 2.18.1}\n",
        steps,
    )
    first, second = workflow.read(path, "linux").tested
    assert [str(r) for i in first.installs for r in i] == ["tf-keras~=2.16.0", "tensorflow==2.16.2"]
    assert [str(r) for i in second.installs for r in i] == ["keras>=3", "tensorflow==2.18.1"]
    assert (first.legacy, second.legacy) == (True, False)


def test_tf_keras_that_takes_tensorflow_along(tmp_path):
    steps = """
    steps:
      - run: pip install tensorflow==2.16.2
      - run: pip install tf-keras
"""
    ((line, message),) = found(job(tmp_path, "        python: ['3.11']\n", steps), "missing pin")
    assert line == 10
    assert "tf-keras~=2.16.0" in message


def test_local_actions_and_workflows(tmp_path):
    write(
        tmp_path,
        ".github/actions/install/action.yml",
        """
        inputs:
          version: {default: '2.15.1'}
          python_version: {required: true}
        runs:
          using: composite
          steps:
            - uses: actions/setup-python@v5
              with: {python-version: '${{ inputs.python_version }}'}
            - run: pip install tensorflow==${{ inputs.version }}
              shell: bash
        """,
    )
    write(
        tmp_path,
        ".github/workflows/called.yml",
        """
        on: {workflow_call: {inputs: {tf-version: {type: string}}}}
        jobs:
          inner:
            runs-on: ubuntu-latest
            steps:
              - run: pip install tensorflow==${{ inputs.tf-version }}
        """,
    )
    path = write(
        tmp_path,
        ".github/workflows/ci.yml",
        """
        on: push
        jobs:
          action:
            runs-on: ubuntu-latest
            steps:
              - uses: ./.github/actions/install
                with: {python_version: '3.11'}
          workflow:
            uses: ./.github/workflows/called.yml
            with:
              tf-version: "2.14.*"
        """,
    )
    action, called = workflow.read(path, "linux").tested
    assert (action.python, action.line) == ("3.11", 6)
    assert str(action.installs[0][0]) == "tensorflow==2.15.1"
    assert (called.name, called.line) == ("workflow/inner", 11)
    assert str(called.installs[0][0]) == "tensorflow==2.14.*"


def test_names_stand_in_where_a_script_of_the_project_installs(tmp_path):
    steps = (
        "    steps:\n      - run: bash install.sh\n        env: {TF_VERSION: '${{ matrix.tf }}'}\n"
    )
    path = job(tmp_path, "        py-version: ['3.12']\n        tf: ['2.14.1']\n", steps)
    ((_, message),) = found(path, "impossible")
    assert "TensorFlow 2.14.1 has no wheel for Python 3.12" in message


def test_the_runner_is_the_platform(tmp_path):
    path = job(
        tmp_path, "        python: ['3.10']\n        tf: ['2.10.1']\n", runner="macos-latest"
    )
    ((_, message),) = found(path, "impossible")
    assert "macos-arm64" in message


@pytest.mark.parametrize(
    ("package", "python", "runner", "wrong"),
    [
        # As `uv pip compile --only-binary :all:` resolved them on 2026-11-28.
        ("tensorflow", "3.8", "macos-latest", False),
        ("tensorflow-macos>=2.5", "3.8", "macos-latest", False),
        ("tensorflow==2.9.2", "3.8", "macos-latest", True),
        ("tensorflow-macos==2.13.1", "3.8", "macos-latest", True),
        ("tensorflow-cpu", "3.11", "macos-latest", True),
        ("tensorflow-cpu", "3.11", "macos-13", False),
        ("tensorflow-gpu", "3.9", "macos-13", True),
        ("tensorflow-gpu==2.11.0", "3.9", "ubuntu-latest", False),
        ("tensorflow-gpu==2.11.0", "3.9", "windows-latest", True),
        ("tensorflow<1.13", "3.6", "ubuntu-latest", False),
        ("tensorflow==1.12.3", "3.7", "ubuntu-latest", True),
        ("tensorflow==2.16.0rc0", "3.10", "ubuntu-latest", False),
        ("tensorflow==2.16.0rc0", "3.8", "ubuntu-latest", True),
        ("tf-nightly", "3.9", "ubuntu-latest", True),
        ("tf-nightly", "3.10", "ubuntu-latest", False),
        ("tf-nightly", "3.14", "ubuntu-latest", False),
        ("tensorflow", "3.14", "ubuntu-latest", False),
        ("tensorflow==2.10.1", "3.14", "ubuntu-latest", True),
    ],
)
def test_wheels_as_the_index_has_them(tmp_path, package, python, runner, wrong):
    steps = STEPS.replace("tensorflow==${{ matrix.tf }} 'numpy<1.24'", f"'{package}'")
    path = job(tmp_path, f"        python: ['{python}']\n", steps, runner)
    assert bool(found(path, "impossible")) is wrong


def test_nightly_is_not_built_any_more(tmp_path):
    steps = STEPS.replace("tensorflow==${{ matrix.tf }} 'numpy<1.24'", "tf-nightly")
    path = job(tmp_path, "        python: ['3.10', '3.12']\n", steps)
    ((line, message),) = found(path, "end-of-life")
    assert line == 15
    assert "not built for Python 3.10 any more" in message


def test_what_other_packages_ask_for_is_not_known(tmp_path):
    steps = STEPS.replace("'numpy<1.24'", "pytest-cov")
    path = job(tmp_path, "        python: ['3.10']\n        tf: ['2.10.1']\n", steps)
    ((_, message),) = found(path, "missing pin")
    assert "fails at import: add numpy<1.24" in message
    path = job(
        tmp_path,
        "        python: ['3.10']\n        tf: ['2.10.1']\n",
        steps + "      - run: pip install larq\n",
    )
    # larq 0.13 asks for numpy<2, with which TensorFlow 2.10.1 can be imported.
    (finding,) = (f for f in check_file(path, today=EARLIER) if f.kind == "missing pin")
    assert finding.severity == "warning"
    assert "fails at import, unless larq limits it: add numpy<1.24" in finding.message


def test_a_script_that_is_not_read_may_pin(tmp_path):
    path = job(
        tmp_path,
        "        python: ['3.10']\n        tf: ['2.10.1']\n",
        "    steps:\n      - run: python install.py --tf ${{ matrix.tf }}\n",
    )
    (finding,) = (f for f in check_file(path, today=EARLIER) if f.kind == "missing pin")
    assert finding.severity == "warning"
    assert "unless the script that installs it limits it" in finding.message


def test_releases_before_2_5_want_an_old_protobuf(tmp_path):
    path = job(tmp_path, "        python: ['3.7', '3.6']\n        tf: ['2.3.4']\n")
    # As tried: 2.3.4 on Python 3.7 "cannot create descriptors"; Python 3.6 has no protobuf 4.
    ((_, message),) = found(path, "missing pin")
    assert "gets protobuf 4.24.4" in message
    assert "add protobuf<4" in message


def test_the_first_2_6_takes_any_keras_2(tmp_path):
    path = job(tmp_path, "        python: ['3.8']\n        tf: ['2.6.0']\n")
    ((_, message),) = found(path, "missing pin")
    # As uv installed them.
    assert "gets protobuf 5.29.6, keras 2.15.0" in message


def test_an_older_keras_3_after_tensorflow(tmp_path):
    steps = (
        "    steps:\n      - run: pip install tensorflow==2.20.0\n"
        "      - run: pip install keras=={}\n"
    )
    matrix = "        python: ['3.11']\n"
    # As tried: 3.1.0 beside 2.20.0 works, whatever its metadata asks for.
    assert found(job(tmp_path, matrix, steps.format("3.1.0")), "impossible") == []
    assert found(job(tmp_path, matrix, steps.format("2.15.0")), "impossible")


def test_variables_of_the_workflow_that_other_jobs_use(tmp_path):
    path = write(
        tmp_path,
        ".github/workflows/ci.yml",
        """
        on: push
        env:
          TF_VERSION: 2.10.1
        jobs:
          lint:
            runs-on: ubuntu-latest
            steps:
              - uses: actions/setup-python@v5
                with: {python-version: '3.12'}
              - run: flake8
          test:
            runs-on: ubuntu-latest
            steps:
              - run: ./test.sh $TF_VERSION
        """,
    )
    assert [(t.name, t.line) for t in workflow.read(path, "linux").tested] == [("test", 3)]


def test_legacy_keras_for_one_command(tmp_path):
    steps = """
    steps:
      - run: |
          pip install tensorflow==2.16.1 tf-keras==2.16.0
          TF_USE_LEGACY_KERAS=1 PYTHONPATH=. python test.py
"""
    path = job(tmp_path, "        python: ['3.12']\n", steps)
    (tested,) = workflow.read(path, "linux").tested
    assert tested.legacy
    assert not any("tf_keras" in message for _, message in found(path, "missing"))


def test_tabs_and_short_pythons(tmp_path):
    path = job(tmp_path, "        py: [cp310]\t\n        tf: ['2.15.1'] \t\n")
    assert combinations(path) == [("3.10", "==2.15.1")]


def test_what_only_a_run_tells(tmp_path):
    path = job(
        tmp_path,
        "        python: ${{ fromJSON(needs.plan.outputs.pythons) }}\n        tf: ['2.15.1']\n",
    )
    messages = [m for _, m in found(path, "unreadable")]
    assert any("matrix key python" in m for m in messages)


def test_nothing_found_and_no_workflow(tmp_path):
    path = job(tmp_path, "        python: ['3.10']\n", "    steps:\n      - run: pytest\n")
    with pytest.raises(CheckError, match=r"no TensorFlow found.*matrix keys"):
        check_file(path)
    with pytest.raises(CheckError, match="no workflow"):
        check_file(write(tmp_path, "x.yml", "a: 1\n"))
    with pytest.raises(CheckError, match="no YAML"):
        check_file(write(tmp_path, "y.yml", "a: [\n"))


def test_without_pyyaml_it_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(CheckError, match=r"tfcompat\[matrix\]"):
        check_file(write(tmp_path, "x.yml", "jobs: {}\n"), today=EARLIER)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("matrix.absent || 'a'", "a"),
        ("matrix.tf == '2.10.1' && 'yes' || 'no'", "yes"),
        ("!(matrix.tf != '2.10.1')", "true"),
        ("startsWith(matrix.tf, '2.1')", "true"),
        ("format('{0}-{1}', matrix.tf, 'x')", "2.10.1-x"),
        ("matrix['tf']", "2.10.1"),
        ("github.ref", expressions.UNKNOWN),
        ("github.ref == 'a' || matrix.tf", expressions.UNKNOWN),
        ("matrix.absent && github.ref", ""),
    ],
)
def test_expressions(expression, value):
    assert expressions.evaluate(expression, {"matrix": {"tf": "2.10.1"}}) == value
