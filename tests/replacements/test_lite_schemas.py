"""The schemas of TensorFlow Lite against the modules that each release has generated."""

import copy
import importlib
import inspect
import pickle

import flatbuffers
import numpy as np
import pytest
import tensorflow as tf

from tfcompat.replacements import lite_schemas

VERSION = tuple(map(int, tf.__version__.split(".")[:2]))
SCHEMA = "schema_py_generated"
# Members of a union that 2.10 alone numbers otherwise, and a field of 2.5 and 2.6.
RENUMBERED = {"ATan2Options", "UnsortedSegmentSumOptions"}
RENAMED = {"SignatureDefAddMethodName", "MethodName", "methodName", "MethodNameIsNone"}


def original(name):
    try:
        return importlib.import_module(f"tensorflow.lite.python.{name}")
    except ImportError:
        pytest.skip(f"this release has no {name}")


def public(scope):
    return {name: value for name, value in vars(scope).items() if not name.startswith("_")}


@pytest.mark.parametrize("name", lite_schemas.__all__)
def test_every_name_of_the_original_is_there(name):
    old, new = original(name), getattr(lite_schemas, name)
    own = {
        key: value
        for key, value in public(old).items()
        if getattr(value, "__module__", None) == old.__name__
        if key not in RENAMED
    }
    assert own
    missing = [key for key in own if not hasattr(new, key)]
    for key, value in own.items():
        if inspect.isclass(value) and key not in missing:
            there = getattr(new, key)
            for member, constant in public(value).items():
                if not hasattr(there, member) and member not in RENAMED:
                    missing.append(f"{key}.{member}")
                elif isinstance(constant, int) and getattr(there, member) != constant:
                    if VERSION == (2, 10) and member in RENUMBERED:
                        continue
                    missing.append(f"{key}.{member} = {constant}")
    assert not missing


@pytest.mark.parametrize("name", lite_schemas.__all__)
def test_objects_begin_with_the_same_values(name):
    old, new = original(name), getattr(lite_schemas, name)
    compared = 0
    for key, value in public(old).items():
        if hasattr(value, "InitFromObj"):
            mine = vars(getattr(new, key)())
            expected = {k: v for k, v in vars(value()).items() if k not in RENAMED}
            assert {k: mine[k] for k in expected} == expected, key
            assert [type(mine[k]) for k in expected] == [type(v) for v in expected.values()], key
            compared += 1
    assert compared > 3


def values(item):
    """Everything in an object, without the fields that are as they were made."""
    if isinstance(item, list):
        return [values(each) for each in item]
    if isinstance(item, np.ndarray):
        return item.dtype.str, item.tolist()
    if not hasattr(item, "InitFromObj"):
        return item
    new = vars(type(item)())
    found = {
        "signatureKey" if key == "methodName" else key: values(value)
        for key, value in vars(item).items()
        if not (value is None or (key in new and value is new[key]))
    }
    return type(item).__name__, found


def network(x, filters, kernel):
    x = tf.nn.relu(tf.nn.conv2d(x, filters, 2, "SAME"))
    return tf.nn.softmax(tf.matmul(tf.reshape(x, [-1, 32]), kernel))


@pytest.fixture(scope="module")
def converted(tmp_path_factory):
    module = tf.Module()
    module.filters = tf.Variable(tf.random.stateless_normal([3, 3, 1, 2], [1, 2]))
    module.kernel = tf.Variable(tf.random.stateless_normal([32, 5], [3, 4]))
    module.call = tf.function(
        lambda x: {"y": network(x, module.filters, module.kernel)},
        input_signature=[tf.TensorSpec([1, 8, 8, 1], name="x")],
    )
    path = str(tmp_path_factory.mktemp("model"))
    tf.saved_model.save(module, path, signatures=module.call)
    converter = tf.lite.TFLiteConverter.from_saved_model(path)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    return bytes(converter.convert())


def packed(model):
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def read(schema, data):
    return schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(data, 0))


def run(data):
    interpreter = tf.lite.Interpreter(model_content=data)
    interpreter.allocate_tensors()
    image = np.linspace(-1, 1, 64, dtype=np.float32).reshape(1, 8, 8, 1)
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def test_a_model_is_read_as_by_the_original(converted):
    new = lite_schemas.schema_py_generated
    mine = values(read(new, converted))
    assert mine == values(read(original(SCHEMA), converted))
    assert {"operatorCodes", "subgraphs", "buffers", "signatureDefs"} <= set(mine[1])
    assert new.Model.ModelBufferHasIdentifier(converted, 0)
    assert mine == values(new.ModelT.InitFromPackedBuf(converted))
    of_theirs = original(SCHEMA).Model.GetRootAsModel(converted, 0)
    assert mine == values(new.ModelT.InitFromObj(of_theirs))


def test_a_changed_model_is_packed_as_by_the_original(converted):
    outputs = []
    for schema in (original(SCHEMA), lite_schemas.schema_py_generated):
        model = read(schema, converted)
        model.description = "changed"
        model.subgraphs[0].tensors[0].name = b"input"
        model.subgraphs[0].outputs = list(model.subgraphs[0].outputs)
        model.metadata = [schema.MetadataT()]
        model.metadata[0].name, model.metadata[0].buffer = "note", len(model.buffers)
        model.buffers.append(schema.BufferT())
        model.buffers[-1].data = [1, 2, 255]
        outputs.append(packed(model))
    theirs, mine = outputs
    for schema in (original(SCHEMA), lite_schemas.schema_py_generated):
        assert values(read(schema, mine)) == values(read(schema, theirs))
        assert read(schema, mine).description == b"changed"
        assert list(read(schema, mine).buffers[-1].data) == [1, 2, 255]
    np.testing.assert_array_equal(run(mine), run(converted))
    np.testing.assert_array_equal(run(mine), run(theirs))


def built(schema):
    """A model written with the functions, as tools that need no objects do."""
    builder = flatbuffers.Builder(64)

    def end(length):
        required = inspect.signature(builder.EndVector).parameters.values()
        if any(each.default is inspect.Parameter.empty for each in required):
            return builder.EndVector(length)  # flatbuffers 1.12
        return builder.EndVector()

    name = builder.CreateString("t")
    schema.TensorStartShapeVector(builder, 2)
    builder.PrependInt32(3)
    builder.PrependInt32(2)
    shape = end(2)
    schema.TensorStart(builder)
    schema.TensorAddShape(builder, shape)
    schema.TensorAddType(builder, schema.TensorType.INT8)
    schema.TensorAddBuffer(builder, 1)
    schema.TensorAddName(builder, name)
    schema.TensorAddIsVariable(builder, True)
    tensor = schema.TensorEnd(builder)
    schema.SubGraphStartTensorsVector(builder, 1)
    builder.PrependUOffsetTRelative(tensor)
    tensors = end(1)
    schema.SubGraphStart(builder)
    schema.SubGraphAddTensors(builder, tensors)
    subgraph = schema.SubGraphEnd(builder)
    schema.BufferStartDataVector(builder, 1)
    builder.PrependUint8(7)
    data = end(1)
    schema.BufferStart(builder)
    schema.BufferAddData(builder, data)
    buffer = schema.BufferEnd(builder)
    schema.ModelStartBuffersVector(builder, 1)
    builder.PrependUOffsetTRelative(buffer)
    buffers = end(1)
    schema.ModelStartSubgraphsVector(builder, 1)
    builder.PrependUOffsetTRelative(subgraph)
    subgraphs = end(1)
    schema.ModelStart(builder)
    schema.ModelAddVersion(builder, 3)
    schema.ModelAddSubgraphs(builder, subgraphs)
    schema.ModelAddBuffers(builder, buffers)
    builder.Finish(schema.ModelEnd(builder), b"TFL3")
    return bytes(builder.Output())


def test_functions_write_what_the_original_ones_write():
    old, new = original(SCHEMA), lite_schemas.schema_py_generated
    mine = built(new)
    assert values(read(old, mine)) == values(read(new, built(old))) == values(read(new, mine))
    tensor = new.Model.GetRootAs(mine).Subgraphs(0).Tensors(0)
    assert [tensor.Shape(0), tensor.Shape(1), tensor.ShapeLength()] == [2, 3, 2]
    assert (tensor.Name(), tensor.Type(), tensor.IsVariable()) == (b"t", 9, True)
    assert (tensor.Quantization(), tensor.ShapeSignatureAsNumpy()) == (None, 0)


def filled(schema, name, depth=0):
    """An object of a table whose every plain field has a value of its own."""
    made = getattr(schema, name)()
    for number, (key, value) in enumerate(vars(made).items(), 2):
        if isinstance(value, bool):
            setattr(made, key, not value)
        elif isinstance(value, (int, float)) and not key.endswith("Type"):
            setattr(made, key, type(value)(number))
    return made


def test_every_table_goes_from_one_to_the_other():
    old, new = original(SCHEMA), lite_schemas.schema_py_generated
    compared = 0
    for name, value in public(old).items():
        if not hasattr(value, "InitFromObj"):
            continue
        if name == "RandomOptionsT" and tf.__version__.startswith("2.7."):
            continue  # its seeds have 32 bits there alone
        for one, other in ((old, new), (new, old)):
            made = filled(one, name)
            if one is new:
                for later in set(vars(made)) - set(vars(value())):
                    setattr(made, later, vars(getattr(new, name)())[later])
            data = bytearray(packed(made))
            reader = getattr(getattr(other, name[:-1]), f"GetRootAs{name[:-1]}")(data, 0)
            assert values(getattr(other, name).InitFromObj(reader)) == values(made), name
        compared += 1
    assert compared > 80


def test_objects_are_pickled_and_copied():
    tensor = lite_schemas.schema_py_generated.TensorT(shape=[1], name="a")
    for same in (pickle.loads(pickle.dumps(tensor)), copy.deepcopy(tensor)):
        assert (type(same), vars(same)) == (type(tensor), vars(tensor))


def test_objects_take_their_fields_by_name():
    tensor = lite_schemas.schema_py_generated.TensorT(shape=[1], name="a")
    assert (tensor.shape, tensor.name, tensor.buffer) == ([1], "a", 0)
    with pytest.raises(TypeError, match="no_such"):
        lite_schemas.schema_py_generated.TensorT(no_such=1)


def test_names_that_are_not_there():
    with pytest.raises(AttributeError, match="no_such"):
        _ = lite_schemas.no_such
    with pytest.raises(AttributeError, match="no_such"):
        _ = lite_schemas.schema_py_generated.no_such
