"""A few of the inputs of `tests.fuzz`, in a process that they may end."""

from __future__ import annotations

import pytest

from tests import fuzz


def test_mutated_files_restore_the_right_values_or_are_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert fuzz.main(["--inputs", "24", "--jobs", "1"]) == 0, capsys.readouterr().out
    assert "\n24 inputs, 0 findings" in capsys.readouterr().out
