"""Combinations of parameters and of strategies for tests.

They replace `tensorflow.python.framework.combinations`, and `combinations` and
`strategy_combinations` of `tensorflow.python.distribute`.
"""

from __future__ import annotations

import contextlib
import itertools
import re
import sys
import types
import unittest
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from tfcompat import _runtime
from tfcompat.replacements.graphs import eager_mode, tf2_enabled
from tfcompat.replacements.inspection import getfullargspec

__all__ = [
    "NamedDistribution",
    "cloud_tpu_strategy",
    "combine",
    "default_strategy",
    "generate",
    "generate_distributed",
    "mirrored_strategy_with_gpu_and_cpu",
    "mirrored_strategy_with_one_cpu",
    "mirrored_strategy_with_one_gpu",
    "mirrored_strategy_with_two_gpus",
    "one_device_strategy",
    "one_device_strategy_gpu",
    "set_virtual_cpus_to_at_least",
    "times",
]

_CLUSTER = ("has_chief", "num_workers", "num_ps", "share_gpu", "runner")


def combine(**kwargs: Any) -> list[OrderedDict[str, Any]]:
    """Return every combination of the values of parameters.

    Args:
        **kwargs: for each parameter a list of its values, or its only value.

    Returns:
        One dict for each combination, ordered by the names of the parameters.
    """
    names = sorted(kwargs)
    values = [kwargs[name] if isinstance(kwargs[name], list) else [kwargs[name]] for name in names]
    return [OrderedDict(zip(names, chosen)) for chosen in itertools.product(*values)]


def times(*combined: list[OrderedDict[str, Any]]) -> list[OrderedDict[str, Any]]:
    """Return every combination of what `combine` returned several times.

    Raises:
        ValueError: two of them have a parameter of the same name.
    """
    first, *others = combined
    result = first
    for other in others:
        for a, b in itertools.product(result, other):
            if a.keys() & b.keys():
                raise ValueError(f"Keys need to not overlap: {a.keys()} vs {b.keys()}")
        result = [
            OrderedDict([*a.items(), *b.items()]) for a, b in itertools.product(result, other)
        ]
    return result


class NamedDistribution:
    """A strategy to test with: made anew for each test, with a name for the test's title.

    Replaces the class of `tensorflow.python.distribute.combinations`.

    Args:
        name: what `repr` returns.
        distribution_fn: makes the strategy.
        required_gpus: the number of GPUs that it needs; virtual ones count.
        required_physical_gpus: the number of GPUs that it needs; virtual ones do not count.
        required_tpu: whether it needs a TPU.
        use_cloud_tpu: whether that is one that the flag `--tpu` names.
    """

    # One process runs the test.
    has_chief = False
    num_workers = 1

    def __init__(
        self,
        name: str,
        distribution_fn: Callable[[], Any],
        required_gpus: int | None = None,
        required_physical_gpus: int = 0,
        required_tpu: bool = False,
        use_cloud_tpu: bool = False,
    ) -> None:
        self._name = name
        self._make = distribution_fn
        self.required_gpus = required_gpus
        self.required_physical_gpus = required_physical_gpus
        self.required_tpu = required_tpu
        self.use_cloud_tpu = use_cloud_tpu

    @property
    def strategy(self) -> Any:
        """A new strategy."""
        return self._make()

    def __repr__(self) -> str:
        """Return the name."""
        return self._name


class _Left:
    """Keeps parameters from tests that do not ask for them."""

    DO_NOT_PASS_TO_THE_TEST = object()

    def __init__(self, *names: str) -> None:
        self._names = names

    def modified_arguments(
        self, kwargs: Mapping[str, Any], requested_parameters: Sequence[str]
    ) -> dict[str, Any]:
        left = set(self._names) - set(requested_parameters)
        return dict.fromkeys(left, self.DO_NOT_PASS_TO_THE_TEST)


class _Combination:
    """What customizes tests, as `TestCombination` of TensorFlow does."""

    parameters: tuple[str, ...] = ()

    def should_execute_combination(self, kwargs: Mapping[str, Any]) -> tuple[bool, str | None]:
        return (True, None)

    def parameter_modifiers(self) -> list[Any]:
        return [_Left(*self.parameters)]

    def context_managers(self, kwargs: Mapping[str, Any]) -> list[AbstractContextManager[Any]]:
        return []


class _Mode(_Combination):
    parameters = ("mode",)

    def context_managers(self, kwargs: Mapping[str, Any]) -> list[AbstractContextManager[Any]]:
        mode = kwargs.get("mode")
        if mode == "graph":
            return [_runtime.tensorflow().Graph().as_default()]
        if mode not in (None, "eager"):
            raise ValueError(f"'mode' must be either 'eager' or 'graph'. Received: {mode}.")
        return [eager_mode()] if mode else []


class _Version(_Combination):
    parameters = ("tf_api_version",)

    def should_execute_combination(self, kwargs: Mapping[str, Any]) -> tuple[bool, str | None]:
        version = kwargs.get("tf_api_version")
        if version == 1 and tf2_enabled():
            return (False, "Skipping a TF1.x test when TF2 is enabled.")
        if version == 2 and not tf2_enabled():
            return (False, "Skipping a TF2 test when TF2 is not enabled.")
        return (True, None)


def _distributions(kwargs: Mapping[str, Any]) -> dict[str, Any]:
    # TensorFlow's own as well.
    return {
        name: value
        for name, value in kwargs.items()
        if type(value).__name__ == NamedDistribution.__name__
    }


class _Distribution(_Combination):
    parameters = _CLUSTER

    def should_execute_combination(self, kwargs: Mapping[str, Any]) -> tuple[bool, str | None]:
        for value in (*_distributions(kwargs).values(), types.SimpleNamespace(**kwargs)):
            if getattr(value, "num_workers", 1) + bool(getattr(value, "has_chief", False)) > 1:
                raise ValueError(f"generate runs tests in this process alone, not {value}.")
        return (True, None)

    def parameter_modifiers(self) -> list[Any]:
        return [*super().parameter_modifiers(), self]

    # For the test there is the strategy in place of what makes it.
    DO_NOT_PASS_TO_THE_TEST = object()

    def modified_arguments(
        self, kwargs: Mapping[str, Any], requested_parameters: Sequence[str]
    ) -> dict[str, Any]:
        return {name: value.strategy for name, value in _distributions(kwargs).items()}


class _Gpus(_Combination):
    parameters = ("required_gpus", "required_physical_gpus")

    def should_execute_combination(self, kwargs: Mapping[str, Any]) -> tuple[bool, str | None]:
        found = _distributions(kwargs).values()
        any_kind, physical = (kwargs.get(name, 0) for name in self.parameters)
        if found and any_kind:
            raise ValueError(
                "Do not use `required_gpus` and arguments of type NamedDistribution together."
            )
        if any_kind and physical:
            raise ValueError("Only one of `required_physical_gpus` and `required_gpus` may be set.")
        physical = max([physical, *(one.required_physical_gpus or 0 for one in found)])
        needed = max([any_kind, physical, *(one.required_gpus or 0 for one in found)])
        config = _runtime.tensorflow().config
        if not needed and re.search(r"(test_2?gpu|test_xla_2?gpu)$", _program()):
            return (False, "Test that doesn't require GPUs.")
        logical = len(config.list_logical_devices("GPU")) if needed else 0
        if logical < needed:
            return (False, f"Only {logical} of {needed} required GPUs are available.")
        there = len(config.list_physical_devices("GPU")) if physical else 0
        if there < physical:
            return (False, f"Only {there} of {physical} required physical GPUs are available.")
        return (True, None)


class _Tpus(_Combination):
    parameters = ("required_tpus", "required_tpu", "use_cloud_tpu")

    def should_execute_combination(self, kwargs: Mapping[str, Any]) -> tuple[bool, str | None]:
        found = _distributions(kwargs).values()
        if "required_tpus" in kwargs and "required_tpu" in kwargs:
            raise ValueError("Do not use `required_tpu` beside `required_tpus`.")
        needed = kwargs.get("required_tpus") or kwargs.get("required_tpu")
        if found and needed:
            raise ValueError(
                "Do not use `required_tpus` and arguments of type NamedDistribution together."
            )
        needed = needed or any(one.required_tpu for one in found)
        cloud = kwargs.get("use_cloud_tpu") or any(one.use_cloud_tpu for one in found)
        named = _flag("tpu")
        here = "test_tpu" in _program()
        for refused, reason in (
            (here and not needed, "Test that doesn't require TPUs."),
            (needed and not here, "Test requires a TPU, but it's not available."),
            (cloud and not named, "Test requires a Cloud TPU, but none specified."),
            (named and not cloud, "Test requires local TPU, but Cloud TPU specified."),
        ):
            if refused:
                return (False, reason)
        return (True, None)


def _program() -> str:
    return sys.argv[0] if sys.argv else ""


def _flag(name: str) -> Any:
    from absl import flags

    return getattr(flags.FLAGS, name, None) or ""


_DEFAULT = (_Mode(), _Version())
_DISTRIBUTED = (*_DEFAULT, _Distribution(), _Gpus(), _Tpus())


def generate(
    combinations: Iterable[OrderedDict[str, Any]], test_combinations: Sequence[Any] = _DEFAULT
) -> Callable[[Any], Any]:
    """Decorate a test method, or a class of them, so that it runs with each combination.

    Replaces the function of `tensorflow.python.framework.combinations`. The test's class derives
    from `absl.testing.parameterized.TestCase` where a method is decorated.

    Args:
        combinations: what `combine` and `times` return. A test gets each parameter by its name,
            but `mode` ("graph" or "eager") and `tf_api_version` only where it asks for them.
        test_combinations: what customizes the tests, by the methods `should_execute_combination`,
            `parameter_modifiers` and `context_managers`; by default as said above.

    Raises:
        ValueError: when the test runs, if its parameters are not those of the combination.
    """
    from absl.testing import parameterized

    named = [OrderedDict([*one.items(), ("testcase_name", _title(one))]) for one in combinations]
    decorate = parameterized.named_parameters(*named)

    def decorator(test: Any) -> Any:
        if not isinstance(test, type):
            return decorate(_customized(test, test_combinations))
        for name, method in vars(test).copy().items():
            prefix = unittest.TestLoader.testMethodPrefix
            if name.startswith(prefix) and isinstance(method, types.FunctionType):
                setattr(test, name, _customized(method, test_combinations))
        return decorate(test)

    return decorator


def generate_distributed(
    combinations: Iterable[OrderedDict[str, Any]], test_combinations: Sequence[Any] = ()
) -> Callable[[Any], Any]:
    """Do as `generate`, with a strategy made for each `NamedDistribution` in a combination.

    Replaces `generate` of `tensorflow.python.distribute.combinations`. A test that needs GPUs or
    TPUs which are not there is skipped.

    Args:
        combinations: see `generate`; `required_gpus` and `required_tpu` are taken as well.
        test_combinations: what customizes the tests further.

    Raises:
        ValueError: see `generate`; also if a combination needs several workers, which the
            original starts as processes.
    """
    return generate(combinations, (*_DISTRIBUTED, *test_combinations))


def _title(combination: Mapping[str, Any]) -> str:
    def word(text: str) -> str:
        return "".join(filter(str.isalnum, text))

    parts = (
        # Addresses in the default repr differ from run to run.
        f"_{word(key)}_{word(re.sub('0[xX][0-9a-fA-F]+', str(place), str(value)))}"
        for place, (key, value) in enumerate(combination.items())
    )
    return "_test" + "".join(parts)


def _customized(test: Callable[..., None], combinations: Sequence[Any]) -> Callable[..., None]:
    requested = getfullargspec(test).args

    def run(self: Any, **kwargs: Any) -> None:
        answers = [one.should_execute_combination(dict(kwargs)) for one in combinations]
        reasons = [f" - {reason}" for execute, reason in answers if not execute]
        if reasons:
            self.skipTest("\n".join(reasons))
        with contextlib.ExitStack() as stack:
            managers = [one.context_managers(dict(kwargs)) for one in combinations]
            for manager in itertools.chain.from_iterable(managers):
                stack.enter_context(manager)
            test(**_arguments(self, kwargs))

    def _arguments(self: Any, kwargs: Mapping[str, Any]) -> dict[str, Any]:
        passed = {**kwargs, "self": self}
        modifiers = itertools.chain.from_iterable(one.parameter_modifiers() for one in combinations)
        for modifier in dict.fromkeys(modifiers):
            for name, value in modifier.modified_arguments(dict(kwargs), requested).items():
                if value is modifier.DO_NOT_PASS_TO_THE_TEST:
                    passed.pop(name, None)
                else:
                    passed[name] = value
        if set(requested) - set(passed):
            missing = set(requested) - set(passed)
            raise ValueError(f"The test requires parameters that were not passed: {missing}.")
        if set(passed) - set(requested):
            unknown = set(passed) - set(requested)
            raise ValueError(f"The test does not take parameters that were passed: {unknown}.")
        return passed

    return run


def _distribute() -> Any:
    tf = _runtime.tensorflow()
    return tf.distribute if tf2_enabled() else tf.compat.v1.distribute


def _default_strategy() -> Any:
    tf = _runtime.tensorflow()
    with tf.Graph().as_default():  # outside of every strategy's scope
        return tf.distribute.get_strategy()


def _tpu_strategy() -> Any:
    tf = _runtime.tensorflow()
    resolver = tf.distribute.cluster_resolver.TPUClusterResolver(
        tpu=_flag("tpu"), zone=_flag("zone") or None, project=_flag("project") or None
    )
    tf.config.experimental_connect_to_cluster(resolver)
    tf.tpu.experimental.initialize_tpu_system(resolver)
    return tf.distribute.TPUStrategy(resolver)


default_strategy = NamedDistribution("Default", _default_strategy)
one_device_strategy = NamedDistribution(
    "OneDeviceCPU", lambda: _distribute().OneDeviceStrategy("/cpu:0")
)
one_device_strategy_gpu = NamedDistribution(
    "OneDeviceGPU", lambda: _distribute().OneDeviceStrategy("/gpu:0"), required_gpus=1
)
mirrored_strategy_with_one_cpu = NamedDistribution(
    "Mirrored1CPU", lambda: _distribute().MirroredStrategy(["/cpu:0"])
)
mirrored_strategy_with_one_gpu = NamedDistribution(
    "Mirrored1GPU", lambda: _distribute().MirroredStrategy(["/gpu:0"]), required_gpus=1
)
mirrored_strategy_with_gpu_and_cpu = NamedDistribution(
    "MirroredCPUAndGPU",
    lambda: _distribute().MirroredStrategy(["/gpu:0", "/cpu:0"]),
    required_gpus=1,
)
mirrored_strategy_with_two_gpus = NamedDistribution(
    "Mirrored2GPUs",
    lambda: _distribute().MirroredStrategy(["/gpu:0", "/gpu:1"]),
    required_gpus=2,
)
cloud_tpu_strategy = NamedDistribution(
    "CloudTPU", _tpu_strategy, required_tpu=True, use_cloud_tpu=True
)


def set_virtual_cpus_to_at_least(num_virtual_cpus: int) -> None:
    """Part the last CPU into logical ones, so that there are at least so many.

    Replaces the function of `tensorflow.python.distribute.strategy_combinations`.

    Raises:
        ValueError: the number is less than 1.
        RuntimeError: TensorFlow has been used already, and can part no device any more.
    """
    config = _runtime.tensorflow().config
    if num_virtual_cpus < 1:
        raise ValueError(f"`num` must be at least 1 not {num_virtual_cpus!r}")
    devices = config.list_physical_devices("CPU")
    missing = num_virtual_cpus - len(devices)
    if missing > 0:
        parts = [config.LogicalDeviceConfiguration() for _ in range(missing + 1)]
        config.set_logical_device_configuration(devices[-1], parts)
