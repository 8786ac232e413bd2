"""The few shell commands that say what is installed, from the scripts of a workflow."""

from __future__ import annotations

import fnmatch
import itertools
import re
import shlex
from collections.abc import Iterable, Iterator

from tfcompat.matrix.check.requirements import UNKNOWN

_SEPARATORS = {"&&", ";", "||", "|", "&", ";;"}


def commands(script: str, variables: dict[str, str]) -> Iterator[tuple[int, list[str]]]:
    """Yield the commands with the indices of their lines; `export` changes the variables.

    A branch of an `if` is left out when its condition is known to be false. What follows `||`
    is left out: it is what to do when the first fails.
    """
    taken: list[list[bool | None]] = []
    for index, line in _lines(script):
        for command in _split(line, variables):
            word = command[0] if command else ""
            if word == "if":
                holds = _condition(command[1:])
                taken.append([holds, holds])
                continue
            if word == "elif" and taken:
                before = taken[-1][1]
                holds = False if before is True else _condition(command[1:])
                taken[-1] = [holds, True if True in (before, holds) else before or holds]
                continue
            if word in ("then", "else", "do"):
                if word == "else" and taken:
                    before = taken[-1][1]
                    taken[-1][0] = None if before is None else not before
                command = command[1:]
            if word == "fi":
                if taken:
                    taken.pop()
                continue
            if not command or any(state is False for state, _ in taken):
                continue
            for assignment in _assignments(command):
                name, _, value = assignment.partition("=")
                variables[name] = value
            yield index, command


def installed(command: list[str]) -> list[str] | None:
    """Return the arguments of `pip install` when the command is one."""
    words = list(command)
    while words and (re.match(r"\w+=", words[0]) or words[0] in ("sudo", "time", "then")):
        words.pop(0)
    for i, word in enumerate(words[:-1]):
        if re.search(r"(^|/)pip[\d.]*$", word) and words[i + 1] == "install":
            if any(w in ("download", "echo") for w in words[:i]):
                return None
            return words[i + 2 :]
    return None


def prefix(command: list[str]) -> dict[str, str]:
    """Return the variables that are set for one command, as in `A=1 pytest`."""
    words = itertools.takewhile(lambda word: re.match(r"\w+=", word), command)
    return dict(word.split("=", 1) for word in words)


def python(command: list[str]) -> str | None:
    """Return the Python version that a command installs or runs."""
    text = " ".join(command)
    match = re.search(
        r"(?:pyenv (?:install|global|local)\b.*?\s|\bpython={1,2}|--python[ =](?:python)?|"
        r"^python|^pip)(3\.\d+)",
        text,
    )
    return match[1] if match else None


def _assignments(command: list[str]) -> Iterable[str]:
    if command[0] == "export":
        return [word for word in command[1:] if "=" in word]
    if command[0] == "echo" and command[-1].endswith("GITHUB_ENV") and len(command) > 1:
        return [command[1]] if "=" in command[1] else []
    if all(re.match(r"\w+=", word) for word in command):
        return command
    return []


def _lines(script: str) -> Iterator[tuple[int, str]]:
    held = ""
    for index, line in enumerate(script.splitlines()):
        text = held + line.strip()
        if text.endswith("\\"):
            held = text[:-1] + " "
            continue
        held = ""
        if text and not text.startswith("#"):
            yield index, text


def _split(line: str, variables: dict[str, str]) -> Iterator[list[str]]:
    # A variable of GitHub's file is named, not read.
    line = re.sub(r'>>\s*"?\$\{?GITHUB_ENV\}?"?', " GITHUB_ENV", line)
    line = re.sub(r"\$\([^)]*\)|`[^`]*`", UNKNOWN, line)
    line = re.sub(
        r"\$\{(\w+)(?::?-([^}]*))?\}|\$(\w+)",
        lambda m: variables.get(m[1] or m[3]) or m[2] or UNKNOWN,
        line,
    )
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|><")
    lexer.whitespace_split = True
    try:
        tokens = list(lexer)
    except ValueError:
        tokens = line.split()
    command: list[str] = []
    skip = False
    in_condition = False
    for token in tokens:
        in_condition = in_condition or (not command and token in ("if", "elif"))
        if in_condition and token in ("&&", "||"):
            command.append(token)
        elif token in _SEPARATORS:
            in_condition = False
            if command and not skip:
                yield command
            command, skip = [], token == "||"
        else:
            command.append(token)
    if command and not skip:
        yield [*command[: _redirection(command)]]


def _redirection(command: list[str]) -> int:
    # In a test `<` and `>` compare; elsewhere the rest is the name of a file.
    for i, word in enumerate(command):
        if word in (">", ">>", "<", ">&") and command[0] not in ("if", "elif"):
            return i
    return len(command)


def _condition(words: list[str]) -> bool | None:
    """Evaluate a test as far as it compares texts; None when it cannot be told."""
    clean = [word for word in words if word not in ("[", "]", "[[", "]]", "test", "then")]
    result: bool | None = False
    for either in _parts(clean, "||"):
        every: bool | None = True
        for part in _parts(either, "&&"):
            value = _comparison(part)
            every = False if False in (every, value) else (None if value is None else every)
        result = True if True in (result, every) else (None if every is None else result)
    return result


def _parts(words: list[str], separator: str) -> Iterator[list[str]]:
    part: list[str] = []
    for word in words:
        if word == separator:
            yield part
            part = []
        else:
            part.append(word)
    yield part


def _comparison(words: list[str]) -> bool | None:
    if len(words) != 3 or any(UNKNOWN in word for word in words):
        return None
    left, operator, right = words
    if operator in ("=", "=="):
        return fnmatch.fnmatchcase(left, right)
    if operator == "!=":
        return not fnmatch.fnmatchcase(left, right)
    return None
