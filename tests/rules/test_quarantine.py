"""What the rules know of `tfcompat.unstable`, without TensorFlow."""

from __future__ import annotations

from tfcompat import rules
from tfcompat.rules import _columns, _quarantine

PREFIX = "tfcompat.unstable."


def test_below_a_module_the_rest_of_the_path_is_kept() -> None:
    name = "tensorflow.core.protobuf.snapshot_pb2.SnapshotMetadataRecord"
    found = rules.rule(name)
    assert found is not None
    assert (found.code, found.safe) == ("TFC104", False)
    assert found.target == f"{PREFIX}snapshot_pb2.SnapshotMetadataRecord"


def test_a_module_that_moved_serves_in_all_releases() -> None:
    for path in ("tensorflow.python.eager.tape", "tensorflow.python.eager.record"):
        found = rules.rule(f"{path}.record_operation")
        assert found is not None
        assert found.target == f"{PREFIX}record.record_operation"


def test_of_two_rows_with_a_path_the_one_that_serves_is_taken() -> None:
    for leaf, row in (
        ("CheckpointPosition", "checkpoint_restore"),
        ("NoRestoreSaveable", "trackable_base"),
    ):
        path = f"tensorflow.python.training.tracking.base.{leaf}"
        assert _quarantine.home([path], _columns.ALL) == f"{PREFIX}{row}.{leaf}"


def test_what_some_supported_release_lacks_is_no_target() -> None:
    name = "tensorflow.compiler.tf2xla.python.xla.call_module"
    found = rules.rule(name)
    assert found is not None
    assert found.target is None
    found = rules.rule(name, rules.columns(">=2.12"))
    assert found is not None
    assert found.target == f"{PREFIX}tf2xla.call_module"


def test_a_method_of_an_instance_exists_where_its_class_does() -> None:
    assert _quarantine.releases(f"{PREFIX}encode_structure") == _columns.ALL


def test_a_message_stays_in_a_module_that_is_filled_on_import() -> None:
    name = "tensorflow.core.framework.types_pb2.DataType"
    found = rules.rule(name)
    assert found is not None
    assert (found.code, found.safe) == ("TFC103", True)
    assert found.target == "tfcompat.replacements.protos.types_pb2.DataType"
    unknown = rules.rule("tensorflow.core.framework.types_pb2.nothing")
    assert unknown is not None
    assert unknown.target is None
    assert _quarantine.releases(f"{PREFIX}types_pb2.nothing") == 0


def test_an_unknown_row_exists_nowhere() -> None:
    assert _quarantine.releases(f"{PREFIX}nothing") == 0
    assert _quarantine.home(["tensorflow.nothing.at.all"], _columns.ALL) is None
