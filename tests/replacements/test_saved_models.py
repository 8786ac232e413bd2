"""Messages of SavedModels and checkpoints against the private originals."""

import pytest
import tensorflow as tf
from google.protobuf import text_format

from tests.replacements.originals import original
from tfcompat import replacements


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    directory = tmp_path_factory.mktemp("models")
    asset = directory / "words.txt"
    asset.write_text("a\nb\n")
    module = tf.Module()
    module.v = tf.Variable([1.0, 2.0], name="v")
    module.asset = tf.saved_model.Asset(str(asset))
    module.f = tf.function(lambda x: x * module.v, input_signature=[tf.TensorSpec([2])])
    tf.saved_model.save(module, str(directory / "binary"))
    message = replacements.parse_saved_model(directory / "binary")
    (directory / "text").mkdir()
    (directory / "text" / "saved_model.pbtxt").write_text(text_format.MessageToString(message))
    (directory / "broken").mkdir()
    (directory / "broken" / "saved_model.pb").write_bytes(b"\xff\xff nothing")
    (directory / "empty").mkdir()
    graph = message.meta_graphs[0]
    (directory / "graph.meta").write_bytes(graph.SerializeToString())
    (directory / "graph.txt").write_text(text_format.MessageToString(graph))
    tf.train.Checkpoint(module=module).write(str(directory / "checkpoint"))
    return directory


@pytest.mark.parametrize("name", ["binary", "text"])
def test_parse_saved_model(saved, name):
    path = str(saved / name)
    old = original("saved_model.loader_impl.parse_saved_model")(path)
    assert replacements.parse_saved_model(path) == old
    assert original("tools.saved_model_utils.read_saved_model")(path) == old
    pair = original("saved_model.loader_impl.parse_saved_model_with_debug_info")(path)
    assert replacements.parse_saved_model_with_debug_info(path) == pair


@pytest.mark.parametrize("name", ["broken", "empty", "missing"])
def test_what_cannot_be_parsed(saved, name):
    for parse in (
        original("saved_model.loader_impl.parse_saved_model"),
        replacements.parse_saved_model,
    ):
        with pytest.raises(OSError, match=name):
            parse(str(saved / name))


@pytest.mark.parametrize("directory", ["/a/model", "gs://b/model", b"model"])
@pytest.mark.parametrize("name", ["get_variables_dir", "get_variables_path"])
def test_paths_of_variables(name, directory):
    old = original(f"saved_model.path_helpers.{name}", f"saved_model.utils_impl.{name}")
    assert getattr(replacements, name)(directory) == old(directory)


def test_get_asset_tensors(saved):
    path = str(saved / "binary")
    graph = replacements.parse_saved_model(path).meta_graphs[0]
    old = original("saved_model.loader_impl.get_asset_tensors")
    for scope in (None, "scope"):
        expected = old(path, graph, scope)
        assert replacements.get_asset_tensors(path, graph, scope) == expected
        assert len(expected) == 1
    # TensorFlow 1 kept them in a collection.
    packed = graph.collection_def["saved_model_assets"].any_list.value.add()
    packed.Pack(graph.asset_file_def[0])
    del graph.asset_file_def[:]
    assert replacements.get_asset_tensors(path, graph) == old(path, graph)
    assert len(old(path, graph)) == 1


@pytest.mark.parametrize("name", ["graph.meta", "graph.txt"])
def test_read_meta_graph_file(saved, name):
    expected = replacements.parse_saved_model(saved / "binary").meta_graphs[0]
    path = str(saved / name)
    assert replacements.read_meta_graph_file(path) == expected
    old = original("framework.meta_graph.read_meta_graph_file")(path)
    # The original adds what it read of a text file to what it took for a binary one.
    assert name.endswith("txt") or old == expected


def test_read_meta_graph_file_that_is_none(saved):
    for read in (
        original("framework.meta_graph.read_meta_graph_file"),
        replacements.read_meta_graph_file,
    ):
        for name in ("words.txt", "missing"):
            # TensorFlow 2.8 names `{filename}` instead of a file that is missing.
            with pytest.raises(OSError, match=f"{name}|{{filename}}"):
                read(str(saved / name))


def test_object_graph_key_mapping(saved):
    path = str(saved / "checkpoint")
    mapping = replacements.object_graph_key_mapping(path)
    assert mapping == original("training.saver.object_graph_key_mapping")(path)
    assert mapping["v"] == "module/v/.ATTRIBUTES/VARIABLE_VALUE"


def test_meta_graph_filename():
    old = original("training.checkpoint_management.meta_graph_filename")
    for name in ("a/model", "model.ckpt-12", "model.ckpt-12-?????-of-00005", "m-00001-of-00002"):
        assert replacements.meta_graph_filename(name) == old(name)
        assert replacements.meta_graph_filename(name, "x") == old(name, "x")


LOADERS = ["saved_model.loader_impl.SavedModelLoader", None]


def loader_of(path):
    return original(path) if path else replacements.SavedModelLoader


@pytest.fixture(scope="module")
def exported(saved):
    """A SavedModel of TensorFlow 1: a variable, a table that is to be initialized, an asset."""
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [2], name="x")
        variable = v1.get_variable("v", initializer=[3.0, 4.0], use_resource=False)
        local = v1.get_variable(
            "local", initializer=0.0, collections=["local_variables"], use_resource=False
        )
        tf.multiply(x, variable, name="y")
        session.run(v1.global_variables_initializer())
        builder = v1.saved_model.Builder(str(saved / "graph"))
        builder.add_meta_graph_and_variables(
            session, ["serve", "one"], main_op=local.assign(7.0).op, strip_default_attrs=True
        )
        builder.save()
    return str(saved / "graph")


def run(loader, path, tags, scope=None, inputs="x:0", output="y:0", feed=(1.0, 2.0)):
    prefix = f"{scope}/" if scope else ""
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        message = loader(path).load(session, tags, import_scope=scope)
        value = session.run(prefix + output, {prefix + inputs: feed})
        names = sorted(one.name for one in session.graph.get_operations())
        local = session.run(prefix + "local:0") if "local" in str(names) else None
    return message, list(value), names, local


@pytest.mark.parametrize("scope", [None, "scope"])
def test_loader(exported, scope):
    old, new = (run(loader_of(path), exported, ["one", "serve"], scope) for path in LOADERS)
    assert new == old
    assert new[1] == [3.0, 8.0]
    assert new[3] == 7.0


def test_loader_reads_models_of_tensorflow_2(saved):
    path = str(saved / "binary")
    signature = replacements.parse_saved_model(path).meta_graphs[0].signature_def["serving_default"]
    (given,), (returned,) = signature.inputs.values(), signature.outputs.values()
    old, new = (
        run(loader_of(loader), path, {"serve"}, None, given.name, returned.name)
        for loader in LOADERS
    )
    assert new == old
    assert new[1] == [1.0, 4.0]


def test_loader_in_steps(exported):
    found = []
    for path in LOADERS:
        loader = loader_of(path)(exported)
        assert loader.export_dir == exported
        assert tf.train.load_variable(loader.variables_path, "v").tolist() == [3.0, 4.0]
        assert loader.saved_model == replacements.parse_saved_model(exported)
        with pytest.raises(RuntimeError, match="serve"):
            loader.get_meta_graph_def_from_tags(["serve"])
        with tf.Graph().as_default() as graph, tf.compat.v1.Session() as session:
            with tf.name_scope("scope"):
                tf.constant(0)
            saver, elements = loader.load_graph(
                graph, ["serve", "one"], import_scope="scope", return_elements=["y:0", "v"]
            )
            found.append([element.name for element in elements])
            with pytest.raises(ValueError, match="Saver"):
                loader.restore_variables(session, None)
            loader.restore_variables(session, saver)
            found[-1].append(session.run(elements[1].name + ":0").tolist())
            _, nothing = loader.load_graph(graph, ["serve", "one"])
            assert nothing is None
        with tf.Graph().as_default(), tf.compat.v1.Session() as session:
            loader.restore_variables(session, None)
    assert found[0] == found[1]
    assert found[0] == ["scope_1/y:0", "scope_1/v", [3.0, 4.0]]
