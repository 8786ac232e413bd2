"""Classes and functions of a FlatBuffers schema, as flatc's `--gen-object-api` names them."""

# ruff: noqa: N802, N803, N807 (flatc's names)

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import flatbuffers
import numpy as np
from flatbuffers import encode, number_types, packer, table, util

__all__ = ["load"]

Names = dict[str, Any]


class _Field(NamedTuple):
    """A field of a table. Only numbers and truth values have a default of their own."""

    name: str
    slot: int
    type: str
    vector: bool
    default: Any

    @property
    def method(self) -> str:
        return self.name[0].upper() + self.name[1:]

    @property
    def flags(self) -> Any:
        return getattr(number_types, f"{self.type}Flags", None)

    @property
    def inline(self) -> bool:
        """Whether the table holds the value itself, not an offset."""
        return self.flags is not None and not self.vector

    @classmethod
    def parse(cls, text: str) -> _Field:
        name, slot, rest = text.split(":")
        type_, _, default = rest.partition("=")
        flags = getattr(number_types, f"{type_}Flags", None)
        value = None
        if flags is not None:
            value = flags.py_type(float(default) if "Float" in type_ else int(default))
        return cls(name, int(slot), type_.strip("[]"), type_[0] == "[", value)


def load(module: str) -> Names:
    """Return the names of a module of this package, from the table that is called like it."""
    path = Path(__file__).with_name(module.rpartition(".")[2] + ".txt")
    lines = path.read_text(encoding="utf-8").splitlines()
    return _build((line for line in lines if line[0] != "#"), module)


def _build(lines: Iterable[str], module: str) -> Names:
    """Return everything that flatc would write into one module for a schema.

    Args:
        lines: the schema, as `tools/lite_schemas.py` writes it.
        module: the name of the module that the classes are to show.
    """
    names: Names = {}
    identifier: bytes | None = None
    for line in lines:
        kind, name, *members = line.split()
        if kind == "identifier":
            identifier = name.encode()
        elif kind in ("enum", "union"):
            pairs = (member.split("=") for member in members)
            names[name] = type(name, (), {key: int(value) for key, value in pairs})
            if kind == "union":
                names[f"{name}Creator"] = _creator(names, name)
        elif kind == "table":
            fields = tuple(map(_Field.parse, members))
            names.update(_builder_functions(name, fields))
            names[name] = _reader(names, name, fields, identifier)
            names[f"{name}T"] = _object(names, name, fields)
    for name, value in names.items():
        value.__module__ = module
        value.__qualname__ = value.__name__ = name
    return names


def _creator(names: Names, union: str) -> Callable[..., Any]:
    members = {value: key for key, value in vars(names[union]).items() if key[0] != "_"}

    def create(unionType: int, table: Any) -> Any:
        kind = members.get(unionType)
        if not isinstance(table, flatbuffers.table.Table) or f"{kind}T" not in names:
            return None
        return names[f"{kind}T"].InitFromBuf(table.Bytes, table.Pos)

    return create


def _builder_functions(name: str, fields: tuple[_Field, ...]) -> Names:
    slots = max((field.slot for field in fields), default=-1) + 1
    functions: Names = {
        f"{name}Start": lambda builder: builder.StartObject(slots),
        f"{name}End": lambda builder: builder.EndObject(),
    }
    for field in fields:
        functions[f"{name}Add{field.method}"] = _add(field)
        if field.vector:
            functions[f"{name}Start{field.method}Vector"] = _start_vector(field)
    return functions


def _add(field: _Field) -> Callable[..., None]:
    kind = field.type if field.inline else "UOffsetTRelative"
    prepend = getattr(flatbuffers.Builder, f"Prepend{kind}Slot")
    default = field.default if field.inline else 0
    return lambda builder, value: prepend(builder, field.slot, value, default)


def _start_vector(field: _Field) -> Callable[..., Any]:
    size = (field.flags or number_types.UOffsetTFlags).bytewidth
    return lambda builder, numElems: builder.StartVector(size, numElems, size)


class _Reader:
    __slots__ = ("_tab",)

    def Init(self, buf: Any, pos: int) -> None:
        self._tab = table.Table(buf, pos)

    @classmethod
    def GetRootAs(cls, buf: Any, offset: int = 0) -> Any:
        reader = cls()
        reader.Init(buf, encode.Get(packer.uoffset, buf, offset) + offset)
        return reader


def _reader(names: Names, name: str, fields: tuple[_Field, ...], identifier: bytes | None) -> type:
    members: Names = {
        "__slots__": (),
        f"GetRootAs{name}": classmethod(lambda cls, buf, offset=0: cls.GetRootAs(buf, offset)),
    }
    if identifier is not None:

        def has_identifier(cls: type, buf: Any, offset: int, size_prefixed: bool = False) -> Any:
            return util.BufferHasIdentifier(buf, offset, identifier, size_prefixed=size_prefixed)

        members[f"{name}BufferHasIdentifier"] = classmethod(has_identifier)
    for field in fields:
        members.update(_vector(names, field) if field.vector else _single(names, field))
    return type(name, (_Reader,), members)


def _offset(reader: Any, field: _Field) -> int:
    """Return where a field is, from the start of its table; 0 where the file leaves it out."""
    return int(reader._tab.Offset(4 + 2 * field.slot))


def _table_at(names: Names, kind: str, tab: Any, position: int) -> Any:
    found = names[kind]()
    found.Init(tab.Bytes, tab.Indirect(position))
    return found


def _single(names: Names, field: _Field) -> Names:
    def read(self: Any) -> Any:
        tab, offset = self._tab, _offset(self, field)
        if not offset:
            return field.default
        if field.inline:
            return tab.Get(field.flags, offset + tab.Pos)
        if field.type == "String":
            return tab.String(offset + tab.Pos)
        if f"{field.type}Creator" not in names:
            return _table_at(names, field.type, tab, offset + tab.Pos)
        found = table.Table(bytearray(), 0)
        tab.Union(found, offset)
        return found

    return {field.method: read}


def _vector(names: Names, field: _Field) -> Names:
    size = (field.flags or number_types.UOffsetTFlags).bytewidth

    def read(self: Any, j: int) -> Any:
        tab, offset = self._tab, _offset(self, field)
        if not offset:
            return None if field.flags is None else 0
        position = tab.Vector(offset) + number_types.UOffsetTFlags.py_type(j * size)
        if field.flags is None:
            return _table_at(names, field.type, tab, position)
        return tab.Get(field.flags, position)

    def as_numpy(self: Any) -> Any:
        offset = _offset(self, field)
        return self._tab.GetVectorAsNumpy(field.flags, offset) if offset else 0

    def length(self: Any) -> int:
        offset = _offset(self, field)
        return self._tab.VectorLen(offset) if offset else 0

    def is_none(self: Any) -> bool:
        return _offset(self, field) == 0

    methods = {
        field.method: read,
        f"{field.method}Length": length,
        f"{field.method}IsNone": is_none,
    }
    return methods if field.flags is None else {**methods, f"{field.method}AsNumpy": as_numpy}


def _object(names: Names, name: str, fields: tuple[_Field, ...]) -> type:
    defaults = {field.name: None if field.vector else field.default for field in fields}
    signature = inspect.Signature(
        [
            inspect.Parameter(key, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=value)
            for key, value in defaults.items()
        ]
    )

    def __init__(self: Any, *values: Any, **named: Any) -> None:
        vars(self).update(defaults)
        vars(self).update(signature.bind(*values, **named).arguments)

    def init_from_obj(cls: type, obj: Any) -> Any:
        made = cls()
        made._UnPack(obj)
        return made

    def init_from_buf(cls: type, buf: Any, pos: int) -> Any:
        reader = names[name]()
        reader.Init(buf, pos)
        return init_from_obj(cls, reader)

    def init_from_packed_buf(cls: type, buf: Any, pos: int = 0) -> Any:
        return init_from_buf(cls, buf, pos + encode.Get(packer.uoffset, buf, pos))

    def _UnPack(self: Any, reader: Any) -> None:
        if reader is None:
            return
        # The reader may be TensorFlow's own, which in older releases lacks later fields.
        own = names[name]()
        own.Init(reader._tab.Bytes, reader._tab.Pos)
        for field in fields:
            setattr(self, field.name, _unpacked(names, field, self, own))

    def pack(self: Any, builder: Any) -> Any:
        values = {field: getattr(self, field.name) for field in fields}
        for field, value in values.items():
            if value is not None and not field.inline:
                values[field] = _packed(names, name, field, value, builder)
        names[f"{name}Start"](builder)
        for field, value in values.items():
            if value is not None or field.inline:
                names[f"{name}Add{field.method}"](builder, value)
        return names[f"{name}End"](builder)

    return type(
        f"{name}T",
        (),
        {
            "__init__": __init__,
            "__signature__": signature,
            "InitFromBuf": classmethod(init_from_buf),
            "InitFromObj": classmethod(init_from_obj),
            "InitFromPackedBuf": classmethod(init_from_packed_buf),
            "Pack": pack,
            "_UnPack": _UnPack,
        },
    )


def _unpacked(names: Names, field: _Field, target: Any, reader: Any) -> Any:
    """Return the value of a field as an object has it."""
    read = getattr(reader, field.method)
    if field.vector:
        if getattr(reader, f"{field.method}IsNone")():
            return None
        if field.flags is not None:
            return getattr(reader, f"{field.method}AsNumpy")()
        length = getattr(reader, f"{field.method}Length")()
        return [names[f"{field.type}T"].InitFromObj(read(index)) for index in range(length)]
    value = read()
    if field.inline or field.type == "String" or value is None:
        return value
    if f"{field.type}Creator" in names:
        return names[f"{field.type}Creator"](getattr(target, f"{field.name}Type"), value)
    return names[f"{field.type}T"].InitFromObj(value)


def _packed(names: Names, name: str, field: _Field, value: Any, builder: Any) -> Any:
    """Write what a table refers to, and return where it is."""
    if not field.vector:
        return builder.CreateString(value) if field.type == "String" else value.Pack(builder)
    if field.flags is not None and type(value) is np.ndarray:
        return builder.CreateNumpyVector(value)
    kind = field.type if field.flags is not None else "UOffsetTRelative"
    elements = value if field.flags is not None else [each.Pack(builder) for each in value]
    names[f"{name}Start{field.method}Vector"](builder, len(elements))
    for element in reversed(elements):
        getattr(builder, f"Prepend{kind}")(element)
    return builder.EndVector(len(elements)) if _needs_length() else builder.EndVector()


@functools.cache
def _needs_length() -> bool:
    """Whether the end of a vector is told its length, as up to flatbuffers 1.12."""
    parameters = list(inspect.signature(flatbuffers.Builder.EndVector).parameters.values())[1:]
    return any(parameter.default is inspect.Parameter.empty for parameter in parameters)
