"""Which releases can be tested together, for other people's libraries: `tfcompat matrix`.

Needs no TensorFlow.
"""
