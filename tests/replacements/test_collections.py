"""Identity collections and whole files against the private originals."""

import gc
import posixpath

import pytest
import tensorflow as tf

from tests.replacements.originals import find, original
from tfcompat import replacements


class Thing:
    """Equal to any other, and without a hash."""

    def __init__(self, name):
        self.name = name

    def __eq__(self, other):
        return True

    __hash__ = None

    def __repr__(self):
        return self.name


@pytest.mark.parametrize("name", ["ObjectIdentityDictionary", "ObjectIdentityWeakKeyDictionary"])
def test_dictionaries(name):
    a, b, c = Thing("a"), Thing("b"), Thing("c")
    seen = []
    for cls in (original(f"util.object_identity.{name}"), getattr(replacements, name)):
        mapping = cls()
        mapping[a], mapping[b] = 1, 2
        mapping[a] = 3
        steps = [len(mapping), a in mapping, c in mapping, mapping[a], mapping.get(c)]
        steps += [[key.name for key in mapping], list(mapping.values())]
        del mapping[b]
        steps += [len(mapping), mapping.setdefault(c, 5), mapping.pop(a), len(mapping)]
        with pytest.raises(KeyError):
            mapping[a]
        with pytest.raises(KeyError):
            del mapping[a]
        seen.append(steps)
    assert seen[0] == seen[1]


@pytest.mark.parametrize("name", ["ObjectIdentitySet", "ObjectIdentityWeakSet"])
def test_sets(name):
    a, b, c = Thing("a"), Thing("b"), Thing("c")
    seen = []
    for cls in (original(f"util.object_identity.{name}"), getattr(replacements, name)):
        one = cls([a, b, a])
        other = cls()
        other.update([b, c])
        other.discard(a)
        steps = [len(one), a in one, c in one, sorted(thing.name for thing in one)]
        steps += [sorted(thing.name for thing in one.difference([b]))]
        steps += [len(one.intersection([b, c]))]
        steps += [sorted(thing.name for thing in one | other), one.isdisjoint(other)]
        one.add(c)
        one.remove(a)
        steps += [len(one), sorted(thing.name for thing in one)]
        one.clear()
        steps += [len(one), bool(one)]
        seen.append(steps)
    assert seen[0] == seen[1]


def test_subsets():
    # The original's <= raises in some releases, and == is false.
    a, b = Thing("a"), Thing("b")
    both, one = replacements.ObjectIdentitySet([a, b]), replacements.ObjectIdentitySet([a])
    assert one <= both
    assert one < both
    assert both >= one
    assert not both <= one
    assert both == replacements.ObjectIdentitySet([b, a])
    assert both != replacements.ObjectIdentitySet([a, Thing("b")])


def test_weak_ones_let_go():
    # The original dictionary raises when it is looked through after that.
    kept, gone = Thing("kept"), Thing("gone")
    mapping = replacements.ObjectIdentityWeakKeyDictionary()
    elements = [
        original("util.object_identity.ObjectIdentityWeakSet")([kept, gone]),
        replacements.ObjectIdentityWeakSet([kept, gone]),
    ]
    mapping[kept], mapping[gone] = 1, 2
    del gone
    gc.collect()
    for collection in (mapping, *elements):
        assert [thing.name for thing in collection] == ["kept"]
        assert len(collection) == 1


def test_tensors():
    tensors = [tf.constant([1.0]), tf.constant([1.0]), tf.Variable(1.0)]
    elements = replacements.ObjectIdentitySet(tensors)
    assert len(elements) == 3
    assert all(tensor in elements for tensor in tensors)
    reference = replacements.Reference(tensors[0])
    assert reference == tensors[0].ref()
    assert reference.deref() is tensors[0]


@pytest.mark.parametrize(
    "parts", [("a",), ("a", "b"), ("a/", "b/c"), ("a", "/b"), ("gs://bucket/a", "b"), ("", "a")]
)
def test_gfile_join(parts):
    # The original is there from 2.7 on.
    old = find("lib.io.file_io.join")
    expected = old(*parts) if old else posixpath.join(*parts)
    assert replacements.gfile_join(*parts) == expected


CONTENTS = ["", "text", "two\nlines\n", "ümläut ✓", b"bytes\x00\xff"]


@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize("writer", ["write_string_to_file", "atomic_write_string_to_file"])
def test_whole_files(tmp_path, writer, content):
    old, new = str(tmp_path / "old"), str(tmp_path / "new")
    for path, function in (
        (old, original(f"lib.io.file_io.{writer}")),
        (new, getattr(replacements, writer)),
    ):
        function(path, "something longer that is overwritten")
        function(path, content)
    expected = content if isinstance(content, bytes) else content.encode()
    assert tmp_path.joinpath("old").read_bytes() == expected
    assert tmp_path.joinpath("new").read_bytes() == expected
    assert len(list(tmp_path.iterdir())) == 2
    read = original("lib.io.file_io.read_file_to_string")
    assert replacements.read_file_to_string(old, binary_mode=True) == read(new, True) == expected
    if isinstance(content, str):
        assert replacements.read_file_to_string(old) == read(new) == content
    for name in ("file_crc32", "filecmp"):
        function, args = original(f"lib.io.file_io.{name}"), (old, new)[: 1 + (name == "filecmp")]
        assert getattr(replacements, name)(*args) == function(*args)


def test_files_that_differ_or_are_not_there(tmp_path):
    one, other = str(tmp_path / "one"), str(tmp_path / "other")
    replacements.write_string_to_file(one, "a" * 100)
    replacements.write_string_to_file(other, "a" * 99 + "b")
    assert replacements.filecmp(one, other) is original("lib.io.file_io.filecmp")(one, other)
    assert replacements.filecmp(one, other) is False
    for write in (
        original("lib.io.file_io.atomic_write_string_to_file"),
        replacements.atomic_write_string_to_file,
    ):
        with pytest.raises(tf.errors.AlreadyExistsError):
            write(one, "new", overwrite=False)
    assert len(list(tmp_path.iterdir())) == 2
    with pytest.raises(tf.errors.NotFoundError):
        replacements.read_file_to_string(str(tmp_path / "missing"))
