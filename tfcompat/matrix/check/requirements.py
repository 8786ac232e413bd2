"""Requirements as they are written: lines, files, and the arguments of `pip install`."""

from __future__ import annotations

import ast
import configparser
import pathlib
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from tfcompat.matrix.check.found import NIGHTLY, TENSORFLOW, Parsed, Tested

# Stands where an expression could not be evaluated. Is in no requirement.
UNKNOWN = "\N{REPLACEMENT CHARACTER}"

_PLATFORMS = {
    "linux": {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64"},
    "macos": {"sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "x86_64"},
    "macos-arm64": {
        "sys_platform": "darwin",
        "platform_system": "Darwin",
        "platform_machine": "arm64",
    },
    "windows": {
        "sys_platform": "win32",
        "platform_system": "Windows",
        "platform_machine": "AMD64",
    },
}

# Options of pip that take an argument which is no requirement.
_WITH_ARGUMENT = {
    "-i", "--index-url", "--extra-index-url", "-f", "--find-links", "-t", "--target", "--timeout",
    "--default-timeout", "--retries", "--trusted-host", "--prefix", "--root", "--no-binary",
    "--only-binary", "--python", "--cache-dir", "--upgrade-strategy", "-p",
}  # fmt: skip


class Installer:
    """Collects what one environment installs.

    Args:
        parsed: Takes the remarks.
        folder: Where relative requirement files are.
    """

    def __init__(self, parsed: Parsed, folder: pathlib.Path) -> None:
        self.parsed = parsed
        self.folder = folder
        self.installs: list[list[Requirement]] = []
        self.lines: list[int] = []
        self.named = False

    def install(self, arguments: Sequence[str], line: int) -> None:
        """Take the arguments of one `pip install`."""
        found: list[Requirement] = []
        constraints: list[Requirement] = []
        rest = list(arguments)
        while rest:
            argument = rest.pop(0)
            match = re.match(r"(?:-r|--requirement|-c|--constraint)(?:[= ]\s*)?(.*)$", argument)
            if match and not argument.startswith(("--require-", "-cache")):
                name = match[1] or (rest.pop(0) if rest else "")
                constrains = argument.startswith(("-c", "--c"))
                (constraints if constrains else found).extend(self._file(name, line))
            elif argument in _WITH_ARGUMENT:
                del rest[:1]
            elif argument in ("-e", "--editable"):
                found += self._project(rest.pop(0) if rest else "")
            elif argument.startswith("-"):
                match = re.match(r"(?:-e|--editable)[= ]\s*(.+)", argument)
                found += self._project(match[1]) if match else []
            elif re.match(r"\.(/|$|\[)", argument):
                found += self._project(argument)
            else:
                found += self._requirement(argument, line)
        # A constraint holds for what TensorFlow brings, but does not install by itself.
        named = {canonicalize_name(r.name) for r in found}
        found += [
            r
            for r in constraints
            if canonicalize_name(r.name) in named
            or canonicalize_name(r.name) in ("numpy", "protobuf", "h5py", "keras")
        ]
        if found:
            self.installs.append(found)
            self.lines.append(line)

    def project(self) -> None:
        """Take the project itself, as tox installs it."""
        found = self._project(".")
        if found:
            self.installs.append(found)
            self.lines.append(0)

    def tested(
        self,
        name: str,
        line: int,
        python: str | None,
        python_line: int,
        legacy: bool,
        platform: str,
    ) -> Tested | None:
        """Return the environment, or None when it has no TensorFlow."""
        environment = {**_PLATFORMS[platform], "extra": ""}
        if python is not None:
            environment |= {"python_version": python, "python_full_version": f"{python}.0"}
        installs = tuple(
            tuple(r for r in install if r.marker is None or r.marker.evaluate(environment))
            for install in self.installs
        )
        lines = [
            line_
            for install, line_ in zip(installs, self.lines)
            if any(canonicalize_name(r.name) in (*TENSORFLOW, *NIGHTLY) for r in install)
        ]
        if not lines:
            return None
        return Tested(
            name, line or lines[0] or 1, python, python_line, installs, legacy, platform, self.named
        )

    def _requirement(self, text: str, line: int) -> Iterable[Requirement]:
        if UNKNOWN in text:
            if re.match(
                r"(tensorflow|tf-nightly|keras|tf[-_]keras)(?![-_\w])|tensorflow-cpu", text
            ):
                self.parsed.remark(
                    line,
                    "unreadable",
                    f"cannot evaluate {text.replace(UNKNOWN, '...')!r}: this part is not checked",
                )
            return
        try:
            yield Requirement(text)
        except InvalidRequirement:
            # A path, a URL or an option; it is no TensorFlow that has a name.
            if re.match(r"(tensorflow|keras|tf[-_]keras)\b(?!.*[/\\])", text):
                self.parsed.remark(line, "unreadable", f"not a requirement: {text!r}")

    def _file(self, name: str, line: int) -> list[Requirement]:
        path = self.folder / name
        if UNKNOWN in name or not path.is_file():
            self.parsed.remark(
                line,
                "unreadable",
                f"cannot read the requirements {name.replace(UNKNOWN, '...')!r}: "
                "what they pin is not checked",
            )
            return []
        nested = Installer(self.parsed, path.parent)
        text = path.read_text(encoding="utf-8", errors="replace").replace("\\\n", " ")
        for row in text.splitlines():
            row = re.sub(r"(^|\s)#.*", "", row).strip()
            row = re.sub(r"\s--hash=\S+", "", row).strip()
            if re.match(r"(-r|--requirement|-c|--constraint)", row):
                nested.install(row.split(maxsplit=1), line)
            elif row and not row.startswith("-"):
                nested.install([row], line)
        return [r for install in nested.installs for r in install]

    def _project(self, argument: str) -> list[Requirement]:
        match = re.match(r"([^\[]*)(?:\[([^\]]*)\])?$", argument)
        if match is None or UNKNOWN in argument:
            return []
        extras = [extra.strip() for extra in (match[2] or "").split(",") if extra.strip()]
        found: list[Requirement] = []
        for text in declared(self.folder / match[1], extras):
            try:
                found.append(Requirement(text))
            except InvalidRequirement:
                continue
        return found


def declared(folder: pathlib.Path, extras: Sequence[str]) -> list[str]:
    """Return what a project requires, as far as it says so without being executed."""
    found: list[str] = []
    if (folder / "pyproject.toml").is_file():
        project = toml(folder / "pyproject.toml").get("project", {})
        found += project.get("dependencies", [])
        for extra in extras:
            found += project.get("optional-dependencies", {}).get(extra, [])
    if (folder / "setup.cfg").is_file():
        parser = configparser.RawConfigParser(strict=False)
        try:
            parser.read(folder / "setup.cfg", encoding="utf-8")
        except configparser.Error:
            return found
        found += parser.get("options", "install_requires", fallback="").splitlines()
        for extra in extras:
            found += parser.get("options.extras_require", extra, fallback="").splitlines()
    if (folder / "setup.py").is_file():
        try:
            tree = ast.parse((folder / "setup.py").read_text(encoding="utf-8"))
        except SyntaxError:
            return found
        for node in ast.walk(tree):
            if isinstance(node, ast.keyword) and node.arg == "install_requires":
                found += _strings(node.value)
            if (
                isinstance(node, ast.keyword)
                and node.arg == "extras_require"
                and isinstance(node.value, ast.Dict)
            ):
                for key, value in zip(node.value.keys, node.value.values):
                    if isinstance(key, ast.Constant) and key.value in extras:
                        found += _strings(value)
    return [text for text in found if text.strip()]


def _strings(node: ast.AST) -> list[str]:
    if isinstance(node, (ast.List, ast.Tuple)):
        return [
            e.value for e in node.elts if isinstance(e, ast.Constant) and isinstance(e.value, str)
        ]
    return []


def toml(path: pathlib.Path) -> dict[str, Any]:
    """Read TOML; nothing on a Python that has no reader for it."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        try:
            import tomli as tomllib
        except ModuleNotFoundError:
            return {}
    try:
        loaded: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return {}
    return loaded


def minor(text: str) -> str | None:
    """Return the Python version in a text such as "3.10.4", "python3.10", "3.10-dev" or "cp310"."""
    match = re.match(r"(?:c?python)?\s*[=~]*\s*(\d+\.\d+)(?![\d])", text.strip())
    if match:
        return match[1]
    match = re.fullmatch(r"(?:cp|py)?3(\d{1,2})", text.strip())
    return f"3.{match[1]}" if match else None
