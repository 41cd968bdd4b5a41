"""The shipped models: ONNX files with their cards inside; see `rechroma.colorizer.registry`."""
