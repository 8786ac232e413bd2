"""What the command line does with states and with native artifacts, without TensorFlow."""
