"""Freezing and stripping graphs in files, against the private originals."""

import pytest
import tensorflow as tf

from tests.replacements.originals import original
from tfcompat import replacements

v1 = tf.compat.v1
PARTS = ("input_graph", "meta_graph", "saver", "saved_model")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A graph of two variables, as each of the files that freeze_graph takes."""
    directory = tmp_path_factory.mktemp("graph")
    with tf.Graph().as_default() as graph, v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 2], name="x")
        with tf.device("/cpu:0"):
            kernel = v1.Variable([[1.0], [2.0]], name="kernel", use_resource=False)
        bias = v1.Variable(3.0, name="bias", use_resource=False)
        y = tf.add(tf.matmul(x, kernel), bias, name="y")
        tf.multiply(y, 2.0, name="unused")
        session.run(v1.global_variables_initializer())
        session.run(bias.assign(4.0))
        saver = v1.train.Saver()
        prefix = saver.save(session, str(directory / "model"))
        # tf.compat.v1.train.write_graph of 2.20 gives protobuf an argument that it has no more.
        (directory / "graph.pb").write_bytes(graph.as_graph_def().SerializeToString())
        (directory / "graph.pbtxt").write_text(str(graph.as_graph_def()))
        (directory / "saver.pb").write_bytes(saver.as_saver_def().SerializeToString())
        (directory / "saver.pbtxt").write_text(str(saver.as_saver_def()))
        (directory / "meta.pbtxt").write_text(str(saver.export_meta_graph()))
        v1.saved_model.simple_save(session, str(directory / "saved"), {"x": x}, {"y": y})
    return directory, prefix


def arguments(files, form, binary):
    directory, prefix = files
    suffix = "pb" if binary else "pbtxt"
    graph = None if form == "saved_model" else str(directory / f"graph.{suffix}")
    meta = str(directory / ("model.meta" if binary else "meta.pbtxt"))
    return {
        "input_graph": None if form == "meta_graph" else graph,
        "input_saver": str(directory / f"saver.{suffix}") if form == "saver" else "",
        "input_binary": binary,
        "input_checkpoint": None if form == "saved_model" else prefix,
        "output_node_names": "y",
        "restore_op_name": "",
        "filename_tensor_name": "",
        "output_graph": str(directory / "frozen.pb"),
        "clear_devices": True,
        "initializer_nodes": "",
        "input_meta_graph": meta if form == "meta_graph" else None,
        "input_saved_model_dir": str(directory / "saved") if form == "saved_model" else None,
    }


def freeze_by_the_original(**given):
    freeze_graph = original("tools.freeze_graph.freeze_graph")
    with tf.Graph().as_default():  # it imports into the present graph
        return freeze_graph(**given)


@pytest.mark.parametrize("form", PARTS)
@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("more", [{}, {"variable_names_denylist": "kernel"}], ids=str)
def test_freeze_graph(files, form, binary, more):
    given = {**arguments(files, form, binary), **more}
    old = freeze_by_the_original(**given)
    (files[0] / "frozen.pb").unlink()
    new = replacements.freeze_graph(**given)
    assert new == old
    written = (files[0] / "frozen.pb").read_bytes()
    assert type(new).FromString(written) == old
    assert "unused" not in {node.name for node in new.node}
    if not more:
        with tf.Graph().as_default(), v1.Session() as session:
            (y,) = tf.import_graph_def(new, return_elements=["y:0"], name="")
            assert session.run(y, {"x:0": [[1.0, 1.0]]}).tolist() == [[7.0]]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"input_checkpoint": "nowhere"}, ValueError),
        ({"output_node_names": ""}, ValueError),
        ({"input_graph": "nowhere"}, OSError),
        ({"input_saved_model_dir": "saved", "saved_model_tags": "other"}, RuntimeError),
    ],
    ids=str,
)
def test_what_cannot_be_frozen(files, change, error):
    given = {**arguments(files, "input_graph", True), **change}
    if "input_saved_model_dir" in change:
        given["input_saved_model_dir"] = str(files[0] / "saved")
    for function in (
        freeze_by_the_original,
        replacements.freeze_graph,
    ):
        with pytest.raises(error):
            function(**given)


def test_a_graph_that_is_frozen(files):
    given = arguments(files, "input_graph", True)
    replacements.freeze_graph(**given)
    given["input_graph"] = given["output_graph"]
    for function in (
        freeze_by_the_original,
        replacements.freeze_graph,
    ):
        with pytest.raises(ValueError, match="cannot freeze a graph twice"):
            function(**given)


@pytest.mark.parametrize("enum", [1, [3, 1]])
def test_strip_unused(files, enum):
    graph_def = v1.GraphDef.FromString((files[0] / "graph.pb").read_bytes())
    given = (graph_def, ["bias/read", "x"], ["y"], enum)
    old = original("tools.strip_unused_lib.strip_unused")(*given)
    new = replacements.strip_unused(*given)
    assert new == old
    assert {node.name for node in new.node if node.op == "Placeholder"} == {"x", "bias/read"}
    with pytest.raises(ValueError, match="x:0"):
        replacements.strip_unused(graph_def, ["x:0"], ["y"], 1)
    with pytest.raises(KeyError, match="nowhere"):
        replacements.strip_unused(graph_def, ["nowhere"], ["y"], 1)
