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
