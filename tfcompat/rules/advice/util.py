"""`tensorflow.python.util` and decorators for TensorFlow's own build and documentation."""

from __future__ import annotations

from tfcompat.rules.advice._kinds import Advice, Call, nothing, public, replacement

_UTIL = "tensorflow.python.util"

# Module -> names that tfcompat.replacements has under the same name with the same signature.
_SAME_NAME = {
    f"{_UTIL}.deprecation": """
        deprecated deprecated_alias deprecated_arg_values deprecated_args
        deprecated_argument_lookup deprecated_endpoints rewrite_argument_docstring
    """,
    f"{_UTIL}.function_utils": "fn_args get_func_code get_func_name has_kwargs",
    f"{_UTIL}.keyword_args": "keyword_args_only",
    f"{_UTIL}.object_identity": """
        ObjectIdentityDictionary ObjectIdentitySet ObjectIdentityWeakKeyDictionary
        ObjectIdentityWeakSet Reference
    """,
    f"{_UTIL}.tf_contextlib": "contextmanager",
    f"{_UTIL}.tf_export": "keras_export kwarg_only tf_export",
    f"{_UTIL}.tf_inspect": """
        ArgSpec FullArgSpec getcallargs getdoc getfile getfullargspec getmembers
        getmodule getmro getsource getsourcefile getsourcelines isbuiltin isclass
        isframe isfunction isgenerator isgeneratorfunction ismethod ismodule isroutine
    """,
    f"{_UTIL}.serialization": "get_json_type",
    "tensorflow.tools.docs.doc_controls": """
        do_not_doc_in_subclasses do_not_doc_inheritable do_not_generate_docs
        for_subclass_implementers
    """,
}
# Composite tensors are values for these, as they are by default for the originals.
_COMPOSITES = Call(refuse=("expand_composites",))
_COMPOSITES_OF_MANY = _COMPOSITES._replace(variadic=True)
_NEST = [
    "assert_shallow_structure",
    "flatten_dict_items",
    "flatten_up_to",
    "flatten_with_joined_string_paths",
    "flatten_with_tuple_paths",
    "flatten_with_tuple_paths_up_to",
    "get_traverse_shallow_structure",
    "list_to_tuple",
    "yield_flat_paths",
]
# These take any number of nests.
_NEST_OF_MANY = [
    "map_structure_up_to",
    "map_structure_with_paths",
    "map_structure_with_tuple_paths",
    "map_structure_with_tuple_paths_up_to",
]

ADVICE: dict[str, Advice] = {
    f"{module}.{name}": replacement(name)
    for module, names in _SAME_NAME.items()
    for name in names.split()
}
ADVICE.update({f"{_UTIL}.nest.{name}": replacement(name, call=_COMPOSITES) for name in _NEST})
ADVICE.update(
    {f"{_UTIL}.nest.{name}": replacement(name, call=_COMPOSITES_OF_MANY) for name in _NEST_OF_MANY}
)
ADVICE.update(
    {
        f"{_UTIL}.nest.is_sequence": public("tensorflow.nest.is_nested"),
        f"{_UTIL}.nest.is_nested": public("tensorflow.nest.is_nested"),
        f"{_UTIL}.all_util.remove_undocumented": replacement(
            "remove_undocumented",
            safe=False,
            reason="Names that the docstring of the module does not mention stay in it.",
        ),
        f"{_UTIL}.deprecation.silence": replacement(
            "silence",
            safe=False,
            reason="It silences tfcompat's decorators, not those of TensorFlow's functions.",
        ),
        f"{_UTIL}.tf_decorator.make_decorator": replacement(
            "make_decorator",
            safe=False,
            reason="Up to 2.13 TensorFlow's own functions do not see through it to the signature.",
        ),
        f"{_UTIL}.tf_inspect.getargspec": replacement(
            "getargspec",
            safe=False,
            reason="Up to 2.12 the original leaves keyword-only arguments out.",
        ),
        f"{_UTIL}.tf_decorator.unwrap": replacement(
            "unwrap",
            safe=False,
            reason="The decorators that it returns first are callables, not descriptions of them.",
        ),
        f"{_UTIL}.deprecation._PRINT_DEPRECATION_WARNINGS": nothing(
            "tf.get_logger().setLevel('ERROR') silences deprecation warnings, and all others."
        ),
        f"{_UTIL}.deprecation_wrapper.*": nothing(
            "It went with TensorFlow 2.0; tf.get_logger().setLevel('ERROR') silences warnings."
        ),
        f"{_UTIL}.module_wrapper.TFModuleWrapper": nothing(
            "TensorFlow wraps its modules in it to warn of old names; types.ModuleType is the "
            "public base of all modules."
        ),
        f"{_UTIL}.tf_export.get_canonical_name_for_symbol": nothing(
            "Names of TensorFlow's own build; an object's __module__ and __qualname__ tell where "
            "it is defined."
        ),
    }
)
