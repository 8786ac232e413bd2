"""`tensorflow.python.lib.io`: names without a public twin."""

from __future__ import annotations

from tfcompat.rules.advice._kinds import Advice, Call, nothing, public, replacement

_FILE_IO = "tensorflow.python.lib.io.file_io"

ADVICE: dict[str, Advice] = {
    f"{_FILE_IO}.{name}": replacement(name)
    for name in (
        "atomic_write_string_to_file",
        "file_crc32",
        "filecmp",
        "read_file_to_string",
        "write_string_to_file",
    )
}
ADVICE.update(
    {
        f"{_FILE_IO}.join": replacement("gfile_join"),
        "tensorflow.io.gfile.join": replacement("gfile_join"),
        f"{_FILE_IO}.FileIO": public(
            "tensorflow.io.gfile.GFile",
            call=Call(parameters=("name", "mode", "encoding"), refuse=("encoding",)),
        ),
        f"{_FILE_IO}.has_atomic_move": nothing(
            "File systems tell it to TensorFlow alone; a failed rename raises tf.errors.OpError."
        ),
    }
)
