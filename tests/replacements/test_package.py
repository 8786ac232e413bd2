"""The names of the package."""

import ast
import pathlib

from tests.programs import output_of
from tfcompat import replacements

HERE = pathlib.Path(replacements.__file__).parent


def declared(path):
    """What a module of the package says that it exports, read without importing it."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) == "__all__":
            return {
                ast.literal_eval(name) for name in node.value.elts if name.__class__ is ast.Constant
            }
    return set()


def test_every_module_is_exported_whole():
    for path in HERE.glob("[a-z]*.py"):
        if path.stem in replacements._MODULES:
            continue
        assert declared(path) <= set(replacements._HOMES[path.stem]), path


def test_no_name_has_two_homes():
    names = [name for names in replacements._HOMES.values() for name in names]
    assert len(names) == len(set(names)) == len(replacements.__all__) - len(replacements._MODULES)


def test_importing_it_imports_no_tensorflow():
    code = (
        "import sys, tfcompat.replacements as r; r.prepend_name_scope; r.ObjectIdentitySet; "
        "r.deprecated; r.smart_cond; r.map_structure_up_to; r.run_v2_only; "
        "sys.exit(any(m in sys.modules for m in ('tensorflow', 'numpy', 'keras')))"
    )
    output_of("-c", code)
