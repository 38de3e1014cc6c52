"""The networks that people train, one module each, and the table that names them.

Every network maps float32 (batch, 3, height, width), already fed as its `Architecture` says, to
float32 (batch, embedding size), not normalised.
"""
