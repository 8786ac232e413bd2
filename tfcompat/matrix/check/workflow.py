"""Read workflows of GitHub Actions."""

from __future__ import annotations

import contextlib
import itertools
import pathlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from tfcompat.matrix.check import shell
from tfcompat.matrix.check.expressions import evaluate, substitute, true
from tfcompat.matrix.check.found import NIGHTLY, TENSORFLOW, CheckError, Parsed
from tfcompat.matrix.check.requirements import UNKNOWN, Installer, minor

_LOOKED_FOR = (
    "`pip install tensorflow` in the steps of its jobs, local actions and local workflows, and "
    "matrix keys, inputs and variables that are named tf*, tensorflow* or TF_VERSION"
)
_PYTHON = re.compile(r"(python|py)([-_]?(version|ver))?$", re.IGNORECASE)
_PACKAGES = {
    "tensorflow": re.compile(r"(tf|tensorflow)([-_]?(cpu|version|ver))*$", re.IGNORECASE),
    "tf-keras": re.compile(r"tf[-_]?keras([-_]?(version|ver))?$", re.IGNORECASE),
    "keras": re.compile(r"keras([-_]?(version|ver))?$", re.IGNORECASE),
    "numpy": re.compile(r"numpy([-_]?(version|ver))?$", re.IGNORECASE),
    "protobuf": re.compile(r"protobuf([-_]?(version|ver))?$", re.IGNORECASE),
    "h5py": re.compile(r"h5py([-_]?(version|ver))?$", re.IGNORECASE),
}


class Scalar(str):
    """A text of the file, as GitHub reads it, with its line and how it is written."""

    line: int
    written: str
    block: bool

    @classmethod
    def make(cls, text: str, line: int, written: str, block: bool = False) -> Scalar:
        """Return one."""
        scalar = cls(text)
        scalar.line, scalar.written, scalar.block = line, written, block
        return scalar


def read(path: pathlib.Path, platform: str) -> Parsed:
    """Read a workflow.

    Raises:
        CheckError: PyYAML is not installed, or the file is no workflow.
    """
    document = _load(path)
    jobs = document.get("jobs") if isinstance(document, dict) else None
    if not isinstance(jobs, dict):
        raise CheckError(f"{path}: no workflow of GitHub Actions: it has no `jobs`.")
    parsed = Parsed(_LOOKED_FOR)
    variables = _mapping(document.get("env"))
    for name, job in jobs.items():
        if isinstance(job, dict):
            _Job(
                path, name, job, parsed, platform, variables, elsewhere=_elsewhere(document, job)
            ).read()
    return parsed


def _elsewhere(document: Mapping[str, Any], job: dict[str, Any]) -> set[str]:
    """Return the variables of a workflow that other jobs use and this one does not."""

    def used(name: str, where: Any) -> bool:
        return re.search(rf"\b{re.escape(name)}\b", repr(where)) is not None

    return {
        name
        for name in _mapping(document.get("env"))
        if used(name, document["jobs"]) and not used(name, job)
    }


def _load(path: pathlib.Path) -> Any:
    try:
        import yaml
    except ModuleNotFoundError:
        raise CheckError(
            "Workflows are read with PyYAML, which is not installed: pip install tfcompat[matrix]"
        ) from None
    try:
        # A tab at the end of a line is none of PyYAML's blanks, but GitHub takes it.
        text = re.sub(r"[ \t]+$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        return _plain(node)
    except yaml.YAMLError as error:
        raise CheckError(f"{path} is no YAML: {error}") from None
    except RecursionError:
        raise CheckError(f"{path}: an anchor of the YAML contains itself.") from None


def _plain(node: Any) -> Any:
    kind = getattr(node, "id", None)
    if kind == "mapping":
        return {str(key.value): _plain(value) for key, value in node.value}
    if kind == "sequence":
        return [_plain(value) for value in node.value]
    if kind != "scalar":
        return None
    text = node.value
    tag = node.tag.rpartition(":")[2]
    if tag == "float":
        # What a trailing zero is lost by: 3.10 is the number 3.1.
        with contextlib.suppress(ValueError):
            text = f"{float(text):g}"
    elif tag == "null":
        text = ""
    elif tag == "bool":
        text = node.value.lower()
    return Scalar.make(text, node.start_mark.line + 1, node.value, node.style in ("|", ">"))


class _Job:
    """One job, in the file or in a local workflow that the file calls."""

    def __init__(
        self,
        path: pathlib.Path,
        name: str,
        job: dict[str, Any],
        parsed: Parsed,
        platform: str,
        variables: Mapping[str, Any],
        inputs: Mapping[str, Any] | None = None,
        line: int = 0,
        elsewhere: set[str] | None = None,
    ) -> None:
        self.path = path
        self.name = name
        self.job = job
        self.parsed = parsed
        self.platform = platform
        self.variables = variables
        self.inputs = inputs or {}
        self.elsewhere = elsewhere or set()
        # Lines of another file are of no use: what calls it stands for it.
        self.caller_line = line

    def read(self) -> None:
        strategy = _mapping(self.job.get("strategy"))
        matrix = strategy.get("matrix")
        if isinstance(matrix, str):
            self.parsed.remark(
                getattr(matrix, "line", 1),
                "unreadable",
                f"the matrix of job {self.name} is computed when it runs",
            )
            return
        for combination in self._combinations(_mapping(matrix)):
            self._combination(combination)

    def _combinations(self, matrix: dict[str, Any]) -> Iterator[dict[str, Any]]:
        axes: dict[str, list[Any]] = {}
        for key, values in matrix.items():
            if key in ("include", "exclude"):
                if not isinstance(values, list):
                    self.parsed.remark(
                        getattr(values, "line", 1),
                        "unreadable",
                        f"`{key}` of job {self.name} is computed when it runs",
                    )
                continue
            if isinstance(values, list):
                axes[key] = values
            else:
                if re.match(r"py|tf|tensorflow|keras", key):
                    self.parsed.remark(
                        getattr(values, "line", 1),
                        "unreadable",
                        f"matrix key {key} of job {self.name} is computed when it runs",
                    )
                axes[key] = [UNKNOWN]
        excluded = [row for row in _list(matrix.get("exclude")) if isinstance(row, dict)]
        found = [dict(zip(axes, values)) for values in itertools.product(*axes.values()) if axes]
        found = [
            row
            for row in found
            if not any(all(row.get(k) == v for k, v in gone.items()) for gone in excluded)
        ]
        originals = [dict(row) for row in found]
        added: list[dict[str, Any]] = []
        for row in _list(matrix.get("include")):
            if not isinstance(row, dict):
                continue
            # It extends the combinations of which it would change no original value.
            fitting = [
                extended
                for extended, original in zip(found, originals)
                if all(original.get(k, v) == v for k, v in row.items())
            ]
            for extended in fitting:
                extended.update(row)
            if not fitting:
                added.append(dict(row))
        return iter((found + added) or [{}])

    def _combination(self, matrix: dict[str, Any]) -> None:
        contexts: dict[str, Any] = {"matrix": matrix, "inputs": self.inputs}
        environment: dict[str, str] = {}
        contexts["env"] = environment
        self._export(self.variables, contexts)
        self._export(_mapping(self.job.get("env")), contexts)
        uses = self.job.get("uses")
        if isinstance(uses, str):
            self._call(uses, matrix, contexts)
            return
        if true(self.job.get("if"), contexts) is False:
            return
        runner = substitute(str(self.job.get("runs-on", "")), contexts)
        state = _State(
            Installer(self.parsed, _root(self.path)), self._platform(runner), self.caller_line
        )
        contexts["runner"] = {"os": _RUNNERS[state.platform]}
        self._steps(_list(self.job.get("steps")), contexts, state, 0)
        for key, value in {**environment, **matrix}.items():
            own = key in matrix or key in _mapping(self.job.get("env"))
            if isinstance(value, str) and (own or key not in self.elsewhere):
                written = _mapping(self.job.get("env")).get(key, self.variables.get(key))
                line = getattr(value, "line", getattr(written, "line", 0))
                state.names.append((key, value, line))
        if state.python is None:
            for key, value in matrix.items():
                if _PYTHON.match(key) and isinstance(value, str):
                    state.python, state.python_line = self._version(value, key)
        self._named(state)
        tested = state.installer.tested(
            self.name,
            self._line(matrix, state),
            state.python,
            self.caller_line or state.python_line or self._line(matrix, state),
            state.legacy or _set(environment),
            state.platform,
        )
        if tested is None:
            return
        self.parsed.tested.append(tested)
        for key, value in matrix.items():
            if re.match(r"(python|py|tf|tensorflow|keras)", key, re.IGNORECASE):
                self._rounded(value, key)

    def _steps(self, steps: list[Any], contexts: dict[str, Any], state: _State, depth: int) -> None:
        environment = contexts["env"]
        for step in steps:
            if not isinstance(step, dict) or true(step.get("if"), contexts) is False:
                continue
            own = {
                key: substitute(str(value), contexts)
                for key, value in _mapping(step.get("env")).items()
            }
            state.legacy = state.legacy or _set(own)
            for key, value in own.items():
                state.names.append((key, value, getattr(_mapping(step["env"])[key], "line", 1)))
            script = step.get("run")
            if isinstance(script, str):
                first = getattr(script, "line", 1) + (1 if getattr(script, "block", False) else 0)
                variables = {**environment, **own}
                for index, command in shell.commands(substitute(script, contexts), variables):
                    found = shell.python(command)
                    if found is not None:
                        state.python = found
                        state.python_line = state.caller_line or first + index
                    arguments = shell.installed(command)
                    if arguments is not None:
                        state.installer.install(arguments, state.caller_line or first + index)
                    if _set(shell.prefix(command)):
                        state.legacy = True
                if _set(variables):
                    state.legacy = True
                if "GITHUB_ENV" in script:
                    environment.update(variables)
            self._used(step, contexts, state, depth)

    def _used(
        self, step: dict[str, Any], contexts: dict[str, Any], state: _State, depth: int
    ) -> None:
        uses = str(step.get("uses", ""))
        given: dict[str, Any] = {}
        for key, value in _mapping(step.get("with")).items():
            whole = isinstance(value, str) and re.fullmatch(r"\$\{\{(.*?)\}\}\s*", value)
            evaluated = evaluate(whole[1], contexts) if whole else None
            if not isinstance(evaluated, str):
                evaluated = substitute(str(value), contexts)
                if evaluated == str(value):
                    evaluated = value
            given[key] = evaluated
            line = getattr(evaluated, "line", getattr(value, "line", 0))
            if _PYTHON.match(key) and key.lower() not in ("py",):
                state.python, state.python_line = self._version(evaluated, key, line)
            else:
                state.names.append((key, evaluated, line))
        if not uses.startswith("./") or depth > 5:
            return
        folder = _root(self.path) / uses
        for name in ("action.yml", "action.yaml"):
            if (folder / name).is_file():
                action = _load(folder / name)
                inputs = {
                    key: _mapping(about).get("default", "")
                    for key, about in _mapping(_mapping(action).get("inputs")).items()
                }
                line = getattr(step["uses"], "line", 1)
                outer, state.caller_line = state.caller_line, state.caller_line or line
                inner = {**contexts, "inputs": {**inputs, **given}}
                self._steps(
                    _list(_mapping(action.get("runs")).get("steps")), inner, state, depth + 1
                )
                state.caller_line = outer
                return

    def _call(self, uses: str, matrix: dict[str, Any], contexts: dict[str, Any]) -> None:
        path = _root(self.path) / uses
        line = self.caller_line or getattr(uses, "line", 1)
        if not uses.startswith("./") or not path.is_file():
            self.parsed.remark(
                line, "unreadable", f"job {self.name} calls {uses}, which is not read"
            )
            return
        if self.caller_line:
            return  # a workflow may call others four levels deep; one is what is met
        document = _mapping(_load(path))
        on = _mapping(_mapping(document.get("on")).get("workflow_call"))
        inputs = {
            key: _mapping(about).get("default", "")
            for key, about in _mapping(on.get("inputs")).items()
        }
        for key, value in _mapping(self.job.get("with")).items():
            inputs[key] = substitute(str(value), contexts)
            line = getattr(value, "line", line) if _PACKAGES["tensorflow"].match(key) else line
        for name, job in _mapping(document.get("jobs")).items():
            if isinstance(job, dict):
                _Job(
                    path, f"{self.name}/{name}", job, self.parsed, self.platform,
                    _mapping(document.get("env")), inputs, line, _elsewhere(document, job),
                ).read()  # fmt: skip

    def _export(self, variables: Mapping[str, Any], contexts: dict[str, Any]) -> None:
        for key, value in variables.items():
            contexts["env"][key] = substitute(str(value), contexts)

    def _named(self, state: _State) -> None:
        """Take what is told by name alone, where no `pip install` says it."""
        installer = state.installer
        known = {canonicalize_name(r.name) for install in installer.installs for r in install}
        if known & {*TENSORFLOW, *NIGHTLY}:
            return
        found: dict[str, tuple[Requirement, int]] = {}
        for key, value, line in state.names:
            for package, pattern in _PACKAGES.items():
                if pattern.match(key) and package not in found:
                    requirement = _requirement(package, value)
                    if requirement is not None:
                        found[package] = requirement, line
        if "tensorflow" in found:
            installer.installs.append([requirement for requirement, _ in found.values()])
            installer.lines.append(self.caller_line or found["tensorflow"][1])
            installer.named = True

    def _version(self, text: str, key: str, line: int = 0) -> tuple[str | None, int]:
        line = getattr(text, "line", line) or line or 1
        if self._rounded(text, key):
            return minor(getattr(text, "written", text)), line
        found = minor(text)
        if found is None and text and not text.startswith(("pypy", "3.x", "graalpy")):
            self.parsed.remark(
                self.caller_line or line,
                "unreadable",
                f"cannot evaluate {key} of job {self.name}: {text.replace(UNKNOWN, '...')!r}",
            )
        return found, line

    def _rounded(self, value: Any, key: str) -> bool:
        """Remark a version that YAML reads as a number and so cuts short."""
        if not isinstance(value, Scalar) or value == value.written or "." not in value.written:
            return False
        if not re.fullmatch(r"\d+\.\d+", value.written):
            return False
        what = "Python" if _PYTHON.match(key) else "version"
        self.parsed.remark(
            value.line,
            "impossible",
            f"{value.written} is the number {value} to YAML, so this asks for {what} {value}: "
            f'write "{value.written}", in quotes',
        )
        return True

    def _platform(self, runner: str) -> str:
        if "windows" in runner:
            return "windows"
        if "macos" in runner:
            # The images since macos-14 are of Apple silicon, the older ones of Intel.
            match = re.search(r"macos-(\d+)", runner)
            return "macos" if "intel" in runner or (match and int(match[1]) < 14) else "macos-arm64"
        return "linux" if "ubuntu" in runner else self.platform

    def _line(self, matrix: Mapping[str, Any], state: _State) -> int:
        if self.caller_line:
            return self.caller_line
        for key, value in matrix.items():
            if isinstance(value, Scalar) and _PACKAGES["tensorflow"].match(key):
                return value.line
        return 0


class _State:
    """What the steps of a job have done so far."""

    def __init__(self, installer: Installer, platform: str, caller_line: int) -> None:
        self.installer = installer
        self.platform = platform
        self.caller_line = caller_line
        self.python: str | None = None
        self.python_line = 0
        self.legacy = False
        self.names: list[tuple[str, str, int]] = []


_RUNNERS = {"linux": "Linux", "windows": "Windows", "macos": "macOS", "macos-arm64": "macOS"}


def _requirement(package: str, value: str) -> Requirement | None:
    """Read a value such as "2.10.1", "2.14.*", "tensorflow==2.10", "nightly" or "latest"."""
    value = value.strip()
    if re.fullmatch(r"\d+(\.\d+)*(\.\*)?((a|b|rc)\d+)?", value):
        # A version of two numbers is the series, where no command says otherwise.
        exact = value.count(".") > 1 or package != "tensorflow"
        return Requirement(f"{package}=={value}{'' if exact else '.*'}")
    if value == "latest":
        return Requirement(package)
    if value in ("nightly", "tf-nightly") and package == "tensorflow":
        return Requirement("tf-nightly")
    try:
        requirement = Requirement(value)
    except InvalidRequirement:
        return None
    name = canonicalize_name(requirement.name)
    fits = name in (*TENSORFLOW, *NIGHTLY) if package == "tensorflow" else name == package
    return requirement if fits else None


def _set(variables: Mapping[str, str]) -> bool:
    return variables.get("TF_USE_LEGACY_KERAS", "") in ("1", "true", "True")


def _root(path: pathlib.Path) -> pathlib.Path:
    """Return the folder of the repository, which paths in workflows are relative to."""
    for folder in path.resolve().parents:
        if folder.name == ".github":
            return folder.parent
    return path.resolve().parent


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
