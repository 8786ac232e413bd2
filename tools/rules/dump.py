"""Write down what the TensorFlow and Keras of this environment consist of, as JSON.

    python tools/rules/dump.py OUT.json

Two walks: over the public API, attribute by attribute as a user would reach it, and over the
private modules, which are all imported. Names that lead to the same object get the same number,
which is how `merge.py` finds the public name of a private one. See `generate.py`.

Identity has its traps, each of which this file answers:

* `id()` is reused once an object is gone, so every object that is looked at is kept alive.
* The same small integer or string is one object whatever it means. Such constants are followed
  to the module that assigns them instead, through the source of the imports.
* Decorators wrap, so that a public function is not the object of the private module. The function
  inside is compared, but never that of `tf.raw_ops`, whose wrappers take keywords alone.
* Modules that moved forward what they are asked for (PEP 562), which `vars()` does not show.
* Importing a private module can add an attribute to a public one, so the public walk comes first.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import io
import json
import os
import re
import sys
import types
import warnings
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout, suppress
from importlib import metadata
from pathlib import Path
from typing import Any

from sources import Source, Sources

# Modules that are no library code, or that end the process when they are imported.
_NO_LIBRARY = re.compile(
    r"_test$|_tests?_?$|\.tests?(\.|$)|_test_base$|benchmark|\.examples?(\.|$)|\.demo|__main__"
    r"|kernel_tests|\.tools\.api(\.|$)|\.tools\.(ci_build|dist_test|gcs_test|tensorflow_builder"
    r"|git|pip_package|compatibility)|integration_test|conftest|test_combinations_"
    r"|multi_process_runner|strip_strings|build_info_"
)
_LIBRARY_AFTER_ALL = {"tensorflow.python.platform.test", "tensorflow.python.platform.benchmark"}

# Below these a public name is not implemented but listed: the generated modules of the API.
_API = re.compile(
    r"tensorflow$|tensorflow\.(_api|compat|keras)(\.|$)|tensorflow\.python\.keras\.api\."
    r"|tensorflow_estimator\.python\.estimator\.api|keras(\.|$)|tf_keras(\.|$)|tensorboard\.summary"
)
_PRIVATE_KERAS = re.compile(r"(keras|tf_keras)\.(src|engine)(\.|$)")
_OURS = ("tensorflow", "keras", "tf_keras")
# The packages in which the public API is generated. Some code imports from them.
_GENERATED = (
    "tensorflow._api.v2",
    "keras.api._v2.keras",
    "keras.api._v1.keras",
    "tf_keras.api._v2.keras",
    "tf_keras.api._v1.keras",
)
_SIMPLE = (bool, int, float, complex, str, bytes, type(None))
_DUNDERS = (
    "__internal__",
    "__operators__",
    "__version__",
    "__git_version__",
    "__compiler_version__",
)


class Objects:
    """Numbers for objects: the same object, the same number."""

    def __init__(self) -> None:
        from tensorflow.python.util import tf_decorator

        self._unwrap = tf_decorator.unwrap
        self._numbers: dict[Any, int] = {}
        self._alive: list[Any] = []
        self.sources = Sources()

    def number(self, value: Any, module: str, name: str) -> int | None:
        """Return the number of what `module.name` is, None where it has no identity."""
        if isinstance(value, _SIMPLE) or (isinstance(value, tuple) and not value):
            origin = self.sources.origin(module, name)
            return self._count(origin) if origin else None
        inner = self.inner(value)
        self._alive.extend((value, inner))
        return self._count(id(inner))

    def inner(self, value: Any) -> Any:
        """Return the function inside all decorators, anything else as it is."""
        if inspect.isclass(value) or isinstance(value, types.ModuleType):
            return value
        for _ in range(20):
            with suppress(Exception):
                value = self._unwrap(value)[1]
            wrapped = None
            with suppress(Exception):
                wrapped = inspect.getattr_static(value, "__wrapped__", None)
            if wrapped is None or wrapped is value or not callable(wrapped):
                break
            value = wrapped
        return value

    def _count(self, key: Any) -> int:
        return self._numbers.setdefault(key, len(self._numbers))


def kind_of(value: Any) -> str:
    """Return "module", "class", "function", "object" or "constant"."""
    if isinstance(value, types.ModuleType) or "Lazy" in type(value).__name__:
        return "module"
    if inspect.isclass(value):
        return "class"
    if isinstance(value, _SIMPLE):
        return "constant"
    if inspect.isroutine(value) or (callable(value) and hasattr(value, "__name__")):
        return "function"
    return "object"


class Public:
    """The public API, name by name: kind, number of the object, whether its use is an error."""

    def __init__(self, objects: Objects) -> None:
        self.objects = objects
        self.names: dict[str, dict[str, Any]] = {}
        self._inside: list[int] = []

    def walk(self, module: Any, prefix: str) -> None:
        """Note every name below a module, whose own name is `prefix`."""
        self._inside.append(id(module))
        own = getattr(module, "__name__", "")
        for name in sorted(set(dir(module))):
            path = f"{prefix}.{name}"
            if name.startswith("_") and name not in _DUNDERS:
                continue
            if path == "tensorflow.compat.v2" or path.startswith("tensorflow.compat.v1.compat"):
                continue
            try:
                value = getattr(module, name)
                kind = kind_of(value)
                if kind == "module":
                    dir(value)  # Loads what is lazy, or raises.
            except Exception as error:
                self.names[path] = {"kind": "object", "raises": type(error).__name__}
                continue
            if kind == "module":
                home = getattr(value, "__name__", "")
                flags = path.endswith(("v1.flags", "app.flags"))
                if id(value) in self._inside or not (self._is_api(path, home, value) or flags):
                    continue
                self.names[path] = {"kind": "module"}
                self.walk(value, path)
                continue
            entry: dict[str, Any] = {"kind": kind}
            if "raw_ops" not in path:
                number = self.objects.number(value, own, name)
                if number is not None:
                    entry["same"] = number
            else:
                with suppress(TypeError, ValueError):
                    entry["parameters"] = list(inspect.signature(value).parameters)
            if self._refused(value):
                entry["raises"] = "when called"
            self.names[path] = entry
        self._inside.pop()

    def _refused(self, value: Any) -> bool:
        inner = self.objects.inner(value)
        module, name = getattr(inner, "__module__", None), getattr(inner, "__qualname__", None)
        if not isinstance(module, str) or not module.startswith(_OURS):
            return False
        return name in self.objects.sources.of(module).refusing

    @staticmethod
    def _is_api(path: str, home: str, module: Any) -> bool:
        file = getattr(module, "__file__", None) or ""
        if re.search(r"[/\\]_api[/\\]v\d[/\\]", file):
            return True
        if not _API.match(home) or _PRIVATE_KERAS.match(home):
            return False
        # Namespace packages of the wheel are not public.
        return bool(file) or home != path or not home.startswith("tensorflow.")


class Private:
    """The private modules: each leaf with its kind, the number of the object and its origin."""

    def __init__(self, objects: Objects, public: Public) -> None:
        self.objects = objects
        self._shown = {entry.get("same") for entry in public.names.values()} - {None}
        self.modules: dict[str, dict[str, Any]] = {}
        self.failed: dict[str, str] = {}

    def load(self, names: list[str], progress: Path) -> list[str]:
        """Import modules, return those that could be."""
        _let_flags_be_redefined()
        loaded = []
        for name in names:
            if name not in sys.modules:
                # Read by the one who started this, should an import end the process.
                progress.write_text(name)
                try:
                    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                        importlib.import_module(name)
                except BaseException as error:
                    self.failed[name] = f"{type(error).__name__}: {error}"[:200]
                    continue
            if sys.modules.get(name) is not None:
                loaded.append(name)
        progress.unlink(missing_ok=True)
        return loaded

    def read(self, name: str) -> None:
        """Note every name of one module that has been imported."""
        module = sys.modules[name]
        source = self.objects.sources.of(name)
        entries: dict[str, Any] = {}
        aliases: dict[str, str] = {}
        for leaf, value in _items(module):
            if not leaf.isidentifier() or leaf.startswith("__"):
                continue
            if leaf.startswith("_") and leaf not in source.defined:
                continue
            with suppress(Exception):
                kind = kind_of(value)
                if kind == "module":
                    home = getattr(value, "__name__", "")
                    if home.startswith(_OURS) and home != f"{name}.{leaf}":
                        aliases[leaf] = home
                    continue
                entry = self._entry(name, leaf, value, kind, source)
                if entry is not None:
                    entries[leaf] = entry
        self.modules[name] = {"names": entries, "modules": aliases}

    def _entry(
        self, module: str, leaf: str, value: Any, kind: str, source: Source
    ) -> dict[str, Any] | None:
        if type(value).__module__ in ("typing", "__future__", "_typing"):
            return None
        origin = self.objects.sources.origin(module, leaf)
        ours = leaf in source.defined or bool(origin and origin.startswith(_OURS))
        # From 2.12 on protocol buffers are built at import, some in modules of other packages.
        ours = ours or module.endswith("_pb2")
        if kind in ("class", "function"):
            inner = self.objects.inner(value)
            home = getattr(inner, "__module__", None)
            qualified = getattr(inner, "__qualname__", None)
            if isinstance(home, str) and home.startswith(_OURS):
                if not ours and isinstance(qualified, str) and "<" not in qualified:
                    # pybind11 calls its functions members of a capsule.
                    origin = f"{home}.{qualified}".replace(".PyCapsule.", ".")
                ours = True
            elif leaf not in source.defined and not module.endswith("_pb2"):
                ours = False
        number = self.objects.number(value, module, leaf)
        if number not in self._shown:
            number = None
            if not ours:
                return None  # Of another project.
        entry: dict[str, Any] = {"kind": kind}
        if origin and origin != f"{module}.{leaf}" and origin.startswith(_OURS):
            entry["origin"] = origin
        if number is not None:
            entry["same"] = number
        home_of_op, _, op = (origin or f"{module}.{leaf}").rpartition(".")
        raw = self.objects.sources.of(home_of_op).raw.get(op)
        if raw:
            entry["raw"] = raw
        return entry


def _items(module: types.ModuleType) -> Iterator[tuple[str, Any]]:
    """List a module, with what it forwards to the module that took its place."""
    own = dict(vars(module))
    yield from own.items()
    forward = own.get("__getattr__")
    for cell in getattr(forward, "__closure__", None) or ():
        with suppress(ValueError):
            target = cell.cell_contents
            if isinstance(target, types.ModuleType) and target is not module:
                yield from (
                    (name, value)
                    for name, value in dict(vars(target)).items()
                    if name not in own and not name.startswith("_")
                )


def _let_flags_be_redefined() -> None:
    flags = importlib.import_module("absl.flags")

    original = flags.FlagValues.__setitem__

    def set_item(self: Any, name: str, flag: Any) -> None:
        with suppress(Exception):
            original(self, name, flag)

    flags.FlagValues.__setitem__ = set_item


def private_modules() -> list[str]:
    """List the modules of the wheels that are no public API, by their files."""
    import tensorflow

    home = Path(sys.modules["tensorflow.python"].__file__ or "").parent.parent
    del tensorflow
    found = set(_scan("tensorflow", home, {"_api", "include", "keras"}))
    # The generated API of Keras lies among private modules up to 2.7.
    found.update(_scan("tensorflow.python.keras.api", home / "python" / "keras" / "api", set()))
    for package in ("keras", "tf_keras"):
        module = sys.modules.get(package)
        if module is None:
            continue
        root = Path(module.__file__ or "").parent
        if (root / "src").is_dir():
            found.update(_scan(f"{package}.src", root / "src", set()))
        elif (
            package == "keras"
            and module.layers.Dense is sys.modules["tensorflow"].keras.layers.Dense
        ):
            # From 2.6 to 2.12 the package has no `src`; in 2.5 it is not what tf.keras is.
            found.update(_scan(package, root, {"api"}))
    # Extension modules, and others that have no file of their own.
    parts = ("tensorflow.python.", "tensorflow.lite.python.", "tensorflow.compiler.")
    found.update(
        name for name in sys.modules if name.startswith((*parts, "keras.src.", "tf_keras.src."))
    )
    return sorted(
        name
        for name in found
        if name in _LIBRARY_AFTER_ALL
        or (name.startswith("tensorflow.core.") and name.endswith("_pb2"))
        or (not name.startswith("tensorflow.core.") and not _NO_LIBRARY.search(name))
    )


def _scan(package: str, directory: Path, without: set[str]) -> Iterator[str]:
    skipped = {"__pycache__", "benchmarks", "tests", "examples", "include", "api", "_tf_keras"}
    for root, directories, files in os.walk(directory):
        top = Path(root) == directory
        directories[:] = [
            name for name in directories if name not in skipped and not (top and name in without)
        ]
        relative = Path(root).relative_to(directory)
        base = ".".join([package, *relative.parts])
        for file in files:
            if file.endswith(".py"):
                yield base if file == "__init__.py" else f"{base}.{file[:-3]}"


def main() -> None:
    out = Path(sys.argv[1])
    sys.argv = sys.argv[:1]
    warnings.simplefilter("ignore")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    import tensorflow as tf

    objects = Objects()
    public = Public(objects)
    public.walk(tf, "tensorflow")
    legacy = False
    for package in ("keras", "tf_keras"):
        with suppress(ImportError):
            module = importlib.import_module(package)
            same = module.layers.Dense is tf.keras.layers.Dense
            legacy = legacy or (package == "tf_keras" and same)
            # Up to 2.12 `keras.layers` is the implementation, not an API; see Private.
            if _has_src(module):
                public.walk(module, package)
    private = Private(objects, public)
    for name in private.load(private_modules(), out.with_suffix(".progress")):
        private.read(name)
    result = {
        "tensorflow": tf.__version__,
        "python": sys.version.split()[0],
        "keras": _version("keras", "keras-nightly"),
        "legacy": legacy,
        "public": public.names,
        "private": private.modules,
        "failed": private.failed,
        "generated": [name for name in _GENERATED if _importable(name)],
    }
    out.write_text(json.dumps(result, separators=(",", ":")))
    print(
        f"TensorFlow {tf.__version__}: {len(public.names)} public names, "
        f"{sum(len(module['names']) for module in private.modules.values())} names in "
        f"{len(private.modules)} private modules, {len(private.failed)} modules failed"
    )
    sys.stdout.flush()
    # Some of what was imported hangs or crashes on the way out.
    os._exit(0)


def _has_src(module: types.ModuleType) -> bool:
    return (Path(module.__file__ or "").parent / "src").is_dir()


def _importable(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ImportError:
        return False


def _version(*distributions: str) -> str:
    for name in distributions:
        with suppress(metadata.PackageNotFoundError):
            return metadata.version(name)
    return ""


if __name__ == "__main__":
    main()
