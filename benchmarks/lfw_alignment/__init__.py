"""What each choice between frame and chip costs or wins on LFW.

    python -m benchmarks.lfw_alignment --onnx BUNDLE/model.onnx --feeding mobilefacenet
"""
