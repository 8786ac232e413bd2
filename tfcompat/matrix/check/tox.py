"""Read tox's configuration, without tox: its own reader wants a Python that tox runs on."""

from __future__ import annotations

import itertools
import pathlib
import re
from collections.abc import Iterator

from tfcompat.matrix.check import shell
from tfcompat.matrix.check.found import CheckError, Parsed
from tfcompat.matrix.check.requirements import UNKNOWN, Installer, minor, toml

_FACTORS = re.compile(r"(?P<factors>[\w{}.!,-]+(?:\s*,\s*[\w{}.!,-]+)*):\s+(?P<rest>.*)$")
_LOOKED_FOR = "TensorFlow in `deps`, in their requirement files and in `pip install` commands"
# What older names of settings are called.
_NAMES = {
    "env_list": ("env_list", "envlist"),
    "set_env": ("set_env", "setenv"),
    "base_python": ("base_python", "basepython"),
}


def read(path: pathlib.Path, platform: str) -> Parsed:
    """Read `tox.ini`, `setup.cfg` or `pyproject.toml`.

    Raises:
        CheckError: The file holds no configuration of tox that can be read.
    """
    text, first = path.read_text(encoding="utf-8"), 1
    if path.suffix == ".toml":
        legacy = toml(path).get("tool", {}).get("tox", {}).get("legacy_tox_ini")
        if legacy is None:
            raise CheckError(
                f"{path}: no [tool.tox] legacy_tox_ini that can be read (before Python 3.11 with "
                "tomli alone)."
            )
        rows = text.splitlines()
        first = next(i for i, row in enumerate(rows, 1) if "legacy_tox_ini" in row)
        # TOML drops the line break after the opening quotes.
        first += rows[first - 1].rstrip().endswith(('"""', "'''"))
        text = legacy
    sections = _sections(text, first)
    core = "tox:tox" if path.suffix == ".cfg" else "tox"
    return _Reader(sections, core, path.parent, platform).read()


class _Reader:
    def __init__(
        self,
        sections: dict[str, dict[str, list[tuple[int, str]]]],
        core: str,
        folder: pathlib.Path,
        platform: str,
    ) -> None:
        self.sections = sections
        self.core = core
        self.folder = folder
        self.platform = platform
        self.parsed = Parsed(_LOOKED_FOR)

    def read(self) -> Parsed:
        for name, line in self._environments():
            self._environment(name, line)
        return self.parsed

    def _environments(self) -> Iterator[tuple[str, int]]:
        found: dict[str, int] = {}
        for line, row in self._raw(self.core, "env_list") or []:
            row = self._substitute(row, "", line)
            for part in split_list(row):
                for name in expand(part):
                    found.setdefault(name, line)
        for section in self.sections:
            if section.startswith("testenv:"):
                line = min((v[0][0] for v in self.sections[section].values() if v), default=1)
                for part in split_list(section[len("testenv:") :]):
                    for name in expand(part):
                        if not name.startswith("."):
                            found.setdefault(name, line)
        return iter(found.items())

    def _environment(self, name: str, line: int) -> None:
        installer = Installer(self.parsed, self.folder)
        rows = list(self._value(name, "deps"))
        arguments: list[str] = []
        tensorflow = 0
        for number, row in rows:
            arguments += row.split(maxsplit=1) if re.match(r"-[rc]\s|--\w", row) else [row]
            if not tensorflow and re.match(r"(tensorflow|tf-nightly)", row):
                tensorflow = number
        # tox installs all of them with one command.
        installer.install(arguments, tensorflow or line)
        skips = [row for key in ("package", "skip_install") for _, row in self._value(name, key)]
        if not any(value.lower() in ("skip", "true") for value in skips):
            installer.project()
        for key in ("commands_pre", "commands"):
            for number, row in self._value(name, key):
                for _, command in shell.commands(row, {}):
                    install = shell.installed(command)
                    if install is not None:
                        installer.install(install, number)
        variables: dict[str, str] = {}
        for _, row in self._value(name, "set_env"):
            key, _, value = row.partition("=")
            variables[key.strip()] = value.strip()
        python, python_line = self._python(name, line)
        tested = installer.tested(
            name,
            tensorflow or line,
            python,
            python_line,
            variables.get("TF_USE_LEGACY_KERAS", "") in ("1", "true", "True"),
            self.platform,
        )
        if tested is not None:
            self.parsed.tested.append(tested)

    def _python(self, name: str, line: int) -> tuple[str | None, int]:
        for factor in name.split("-"):
            match = re.match(r"(?:py|cpython|python)?(\d)\.?(\d{1,2})$", factor)
            if match and (factor.startswith(("py", "cp")) or "." in factor):
                return f"{match[1]}.{match[2]}", line
        for number, row in self._value(name, "base_python"):
            found = minor(row)
            if found is None:
                self.parsed.remark(number, "unreadable", f"base_python is no version: {row!r}")
            return found, number
        return None, line

    def _value(self, name: str, key: str) -> Iterator[tuple[int, str]]:
        """Yield the lines of a setting that hold for an environment."""
        for section in self._bases(name):
            rows = self._raw(section, key, missing=True)
            if rows is None:
                continue
            for line, row in rows:
                yield from self._line(line, row, name)
            return

    def _line(self, line: int, row: str, name: str, depth: int = 0) -> Iterator[tuple[int, str]]:
        match = _FACTORS.match(row)
        if match:
            if not holds(match["factors"], set(name.split("-"))):
                return
            row = match["rest"]
        reference = re.fullmatch(r"\{\[([^\]]+)\](\w+)\}", row.strip())
        if reference and depth < 10:
            rows = self._raw(reference[1], reference[2], missing=True)
            if rows is None:
                self.parsed.remark(line, "unreadable", f"refers to what is not there: {row}")
            for number, nested in rows or []:
                yield from self._line(number, nested, name, depth + 1)
            return
        row = self._substitute(row, name, line).strip()
        if row:
            yield line, row

    def _bases(self, name: str) -> Iterator[str]:
        """Yield the sections that an environment takes its settings from."""
        own = [
            section
            for section in self.sections
            if section.startswith("testenv:")
            and name
            in itertools.chain.from_iterable(
                expand(part) for part in split_list(section[len("testenv:") :])
            )
        ]
        seen: list[str] = []
        queue = own or ["testenv"]
        while queue:
            section = queue.pop(0)
            if section in seen:
                continue
            seen.append(section)
            yield section
            base = self.sections.get(section, {}).get("base")
            if base:
                queue += [part for _, row in base for part in split_list(row)]
            elif section != "testenv":
                queue.append("testenv")

    def _raw(self, section: str, key: str, missing: bool = False) -> list[tuple[int, str]] | None:
        settings = self.sections.get(section, {})
        for spelling in _NAMES.get(key, (key,)):
            if spelling in settings:
                return settings[spelling]
        return None if missing else []

    def _substitute(self, row: str, name: str, line: int) -> str:
        def replace(match: re.Match[str]) -> str:
            inside = match[1]
            reference = re.fullmatch(r"\[([^\]]+)\](\w+)", inside)
            if reference:
                rows = self._raw(reference[1], reference[2]) or []
                return " ".join(
                    text for number, nested in rows for _, text in self._line(number, nested, name)
                )
            if inside.startswith("env:"):
                parts = inside.split(":", 2)
                return parts[2] if len(parts) > 2 else UNKNOWN
            if inside.startswith("posargs"):
                return inside.partition(":")[2]
            if inside in ("toxinidir", "tox_root"):
                return str(self.folder)
            if inside in ("envname", "env_name"):
                return name
            if "," in inside or ".." in inside:
                return match[0]  # a generative list
            return UNKNOWN if inside.replace("_", "").isalpha() else match[0]

        return re.sub(r"\{([^{}]*)\}", replace, row)


def split_list(text: str) -> list[str]:
    """Split a list of environments at the commas and blanks outside of braces."""
    return [p for p in re.split(r"(?:,|\s)(?![^{]*\})", text) if p.strip()]


def expand(text: str) -> Iterator[str]:
    """Spell out the braces of a generative name."""
    pieces = re.split(r"\{([^{}]*)\}", re.sub(r"\s+", "", text))
    choices: list[list[str]] = []
    for i, piece in enumerate(pieces):
        if i % 2 == 0:
            choices.append([piece])
            continue
        options: list[str] = []
        for option in piece.split(","):
            span = re.fullmatch(r"(\d+)-(\d+)", option)
            options += map(str, range(int(span[1]), int(span[2]) + 1)) if span else [option]
        choices.append(options)
    for combination in itertools.product(*choices):
        yield "-".join(part for part in "".join(combination).split("-") if part)


def holds(condition: str, factors: set[str]) -> bool:
    """Whether an environment with these factors meets the condition of a line."""
    for alternative in split_list(condition):
        for spelled in expand(alternative):
            if all(
                (part[1:] not in factors) if part.startswith("!") else part in factors
                for part in spelled.split("-")
            ):
                return True
    return False


def _sections(text: str, first: int) -> dict[str, dict[str, list[tuple[int, str]]]]:
    """Split an INI file, with the number of each line, which `configparser` forgets."""
    sections: dict[str, dict[str, list[tuple[int, str]]]] = {}
    settings: dict[str, list[tuple[int, str]]] = {}
    rows: list[tuple[int, str]] = []
    for number, row in enumerate(text.splitlines(), first):
        row = re.sub(r"(^|\s)#.*|^;.*", "", row).rstrip()
        if not row.strip() or row.lstrip().startswith(";"):
            continue
        header = re.match(r"\[([^\]]+)\]$", row)
        setting = re.match(r"([\w.-]+)\s*[=:]\s*(.*)$", row)
        if header:
            settings = sections.setdefault(header[1].strip(), {})
            rows = []
        elif setting and not row[0].isspace():
            rows = settings.setdefault(setting[1].replace("-", "_").lower(), [])
            if setting[2]:
                rows.append((number, setting[2]))
        elif row[0].isspace():
            if rows and rows[-1][1].endswith("\\"):
                rows[-1] = (rows[-1][0], rows[-1][1][:-1] + row.strip())
            else:
                rows.append((number, row.strip()))
    return sections
