"""Run pytest in this process, with what it has imported of TensorFlow left as it is."""

from __future__ import annotations

import os
import sys

PLUGIN = ("-p", "tfcompat.testing.plugin", "-p", "no:cacheprovider")


class _Modules:
    def pytest_unconfigure(self) -> None:
        self.found = dict(sys.modules)


def run(pytester, *arguments):
    """Run the tests of `pytester`.

    It forgets whatever was imported meanwhile, and no process can import TensorFlow twice, nor
    what TensorFlow loads when it is needed first.
    """
    modules = _Modules()
    result = pytester.runpytest_inprocess(*PLUGIN, *arguments, plugins=[modules])
    here = f"{pytester.path}{os.sep}"
    for name, module in modules.found.items():
        if not (getattr(module, "__file__", None) or "").startswith(here):
            sys.modules.setdefault(name, module)
    return result
