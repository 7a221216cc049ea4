"""Transformers: texts through a tokenizer, a graph on ONNX Runtime or OpenVINO, and pooling, to vectors."""
