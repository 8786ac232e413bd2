"""Find private and removed TensorFlow and Keras names in source code. Needs no TensorFlow."""
