"""Classes of TensorFlow that have no public name, found by way of public ones.

Each is the very class that TensorFlow uses, for `isinstance`, annotations and subclassing. The
private modules where they live moved between releases; the public classes that they derive from,
or that derive from them, did not.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from tfcompat import _runtime

if TYPE_CHECKING:
    BaseResourceVariable: Any
    BaseSession: Any
    BoundedTensorSpec: Any
    CapturableResource: Any
    CompositeTensor: Any
    CoreTensor: Any
    DatasetSource: Any
    DenseColumn: Any
    DenseSpec: Any
    DistributedVariable: Any
    EagerTensor: Any
    FeatureColumn: Any
    FuncGraph: Any
    GlorotNormalV2: Any
    GlorotUniformV2: Any
    Initializer: Any
    InitializerV2: Any
    InitializableLookupTableBase: Any
    ListWrapper: Any
    LookupInterface: Any
    OwnedIterator: Any
    RefVariable: Any
    Reference: Any
    ResourceVariable: Any
    SessionInterface: Any
    SymbolicTensor: Any
    TableInitializerBase: Any
    TrackableResource: Any
    TruncatedNormalV2: Any
    UnaryDataset: Any
    UnaryUnchangedStructureDataset: Any
    VariableSpec: Any
    VarianceScalingV2: Any
    WrappedFunction: Any


class _Way(NamedTuple):
    """How a class is found: walk from a public class to the one of the given name."""

    walk: Callable[[type], Iterable[type]]
    start: Callable[[], type]
    name: str


def _public(path: str) -> Callable[[], type]:
    def find() -> Any:
        return functools.reduce(getattr, path.split("."), _runtime.tensorflow())

    return find


def _bases(start: type) -> Iterable[type]:
    return start.__mro__[1:]


def _subclasses(start: type) -> Iterable[type]:
    seen = [start]
    for cls in seen:
        new = [one for one in type.__subclasses__(cls) if one not in seen]
        seen.extend(new)
        yield from new


def _itself(start: type) -> Iterable[type]:
    return (start,)


def _concrete_function() -> type:
    return type(_runtime.tensorflow().function(lambda: None).get_concrete_function())


def _reference() -> type:
    return type(_runtime.tensorflow().constant(0).ref())


def _list_wrapper() -> type:
    # What a list becomes as an attribute of something that tracks its attributes.
    owner = _runtime.tensorflow().Module()
    owner.attribute = []
    return type(owner.attribute)


def _numeric_column() -> type:
    return type(_runtime.tensorflow().feature_column.numeric_column("name"))


_WAYS = {
    # tensorflow.python.ops.resource_variable_ops
    "BaseResourceVariable": _Way(_subclasses, _public("Variable"), "BaseResourceVariable"),
    "ResourceVariable": _Way(_subclasses, _public("Variable"), "ResourceVariable"),
    "VariableSpec": _Way(_subclasses, _public("TypeSpec"), "VariableSpec"),
    # tensorflow.python.ops.variables, from 2.13 tensorflow.python.ops.ref_variable
    "RefVariable": _Way(_subclasses, _public("Variable"), "RefVariable"),
    # tensorflow.python.client.session
    "BaseSession": _Way(_bases, _public("compat.v1.Session"), "BaseSession"),
    "SessionInterface": _Way(_bases, _public("compat.v1.Session"), "SessionInterface"),
    # tensorflow.python.framework.tensor_spec, from 2.13 tensorflow.python.framework.tensor
    "BoundedTensorSpec": _Way(_subclasses, _public("TensorSpec"), "BoundedTensorSpec"),
    "DenseSpec": _Way(_bases, _public("TensorSpec"), "DenseSpec"),
    # tensorflow.python.framework.composite_tensor
    "CompositeTensor": _Way(_bases, _public("RaggedTensor"), "CompositeTensor"),
    # tensorflow.python.types.core
    "CoreTensor": _Way(_bases, _public("Tensor"), "Tensor"),
    # tensorflow.python.framework.ops
    "EagerTensor": _Way(_subclasses, _public("Tensor"), "EagerTensor"),
    # tensorflow.python.framework.func_graph
    "FuncGraph": _Way(_subclasses, _public("Graph"), "FuncGraph"),
    # tensorflow.python.eager.wrap_function
    "WrappedFunction": _Way(_subclasses, _concrete_function, "WrappedFunction"),
    # tensorflow.python.data.ops
    "DatasetSource": _Way(_subclasses, _public("data.Dataset"), "DatasetSource"),
    "OwnedIterator": _Way(_subclasses, _public("data.Iterator"), "OwnedIterator"),
    "UnaryDataset": _Way(_subclasses, _public("data.Dataset"), "UnaryDataset"),
    "UnaryUnchangedStructureDataset": _Way(
        _subclasses, _public("data.Dataset"), "UnaryUnchangedStructureDataset"
    ),
    # tensorflow.python.distribute.values
    "DistributedVariable": _Way(_subclasses, _public("Variable"), "DistributedVariable"),
    # tensorflow.python.ops.lookup_ops
    "InitializableLookupTableBase": _Way(
        _bases, _public("lookup.StaticHashTable"), "InitializableLookupTableBase"
    ),
    "LookupInterface": _Way(_bases, _public("lookup.StaticHashTable"), "LookupInterface"),
    "TableInitializerBase": _Way(
        _bases, _public("lookup.KeyValueTensorInitializer"), "TableInitializerBase"
    ),
    # tensorflow.python.training.tracking.tracking, from 2.10 tensorflow.python.trackable.resource
    "CapturableResource": _Way(_bases, _public("lookup.StaticHashTable"), "CapturableResource"),
    "TrackableResource": _Way(_bases, _public("lookup.StaticHashTable"), "TrackableResource"),
    # tensorflow.python.training.tracking.data_structures, from 2.10 tensorflow.python.trackable
    "ListWrapper": _Way(_itself, _list_wrapper, ""),
    # tensorflow.python.util.object_identity
    "Reference": _Way(_itself, _reference, ""),
    # tensorflow.python.ops.init_ops and init_ops_v2
    "Initializer": _Way(_bases, _public("compat.v1.zeros_initializer"), "Initializer"),
    "InitializerV2": _Way(_bases, _public("random_normal_initializer"), "Initializer"),
    "VarianceScalingV2": _Way(_subclasses, lambda: _find("InitializerV2"), "VarianceScaling"),
    "GlorotNormalV2": _Way(_subclasses, lambda: _find("InitializerV2"), "GlorotNormal"),
    "GlorotUniformV2": _Way(_subclasses, lambda: _find("InitializerV2"), "GlorotUniform"),
    "TruncatedNormalV2": _Way(_subclasses, lambda: _find("InitializerV2"), "TruncatedNormal"),
    # tensorflow.python.feature_column
    "DenseColumn": _Way(_bases, _numeric_column, "DenseColumn"),
    "FeatureColumn": _Way(_bases, _numeric_column, "FeatureColumn"),
}

__all__ = [*_WAYS, "SymbolicTensor"]


def _find(name: str) -> type:
    way = _WAYS[name]
    for cls in way.walk(way.start()):
        # Users' subclasses of public classes are walked over too.
        if way.name in ("", cls.__name__) and cls.__module__.startswith("tensorflow."):
            return cls
    raise AttributeError(
        f"TensorFlow {_runtime.runtime().tensorflow} has no class {way.name} where tfcompat looks "
        "for it. Please report this."
    )


def _symbolic_tensor() -> type:
    """Return the class of tensors in graphs from 2.14; before, a class that knows them.

    In 2.13 TensorFlow has a class of this name that no tensor belongs to.
    """
    for cls in _subclasses(_public("Tensor")()):
        if cls.__name__ == "SymbolicTensor" and cls.__module__.startswith("tensorflow."):
            return cls
    tensor, eager = _public("Tensor")(), _find("EagerTensor")

    class Symbolic(type):
        def __instancecheck__(cls, instance: Any) -> bool:
            return isinstance(instance, tensor) and not isinstance(instance, eager)

    return Symbolic("SymbolicTensor", (), {"__module__": __name__})


def __getattr__(name: str) -> Any:
    if name in _WAYS:
        value = _find(name)
    elif name == "SymbolicTensor":
        value = _symbolic_tensor()
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value
