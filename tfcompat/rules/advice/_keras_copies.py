"""Where a private module of Keras lies: the same path below several packages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tfcompat.rules.advice._kinds import Advice

# t: the copy that stayed in TensorFlow when Keras left it in 2.6, and Keras itself in 2.5.
# k: the package keras up to 2.12. s: the same from 2.13 on, and Keras 3. f: legacy Keras.
COPIES = {"t": "tensorflow.python.keras", "k": "keras", "s": "keras.src", "f": "tf_keras.src"}


def copies(rows: Iterable[tuple[str, str, Advice]]) -> Iterator[tuple[str, Advice]]:
    """Write each row out for the copies that it names.

    Args:
        rows: the letters of the copies, paths below them apart by spaces, and the advice.
    """
    for letters, paths, advice in rows:
        for path in paths.split():
            for letter in letters:
                yield f"{COPIES[letter]}.{path}", advice
