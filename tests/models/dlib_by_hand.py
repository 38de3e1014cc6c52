"""An independent forward pass of dlib's network: its own reading of the file, numpy, no ONNX.

Written from dlib's layer definitions, not from edgeverify's graph: layers are found by walking
the file once, the affine layers stay layers of their own, and convolutions are sums over taps.
"""

from __future__ import annotations

import re

import numpy as np

Array = np.ndarray


def tensors(data: bytes) -> list[tuple[str, Array]]:
    """Every layer with numbers: (tag, flat values), in the file's order."""
    found = []
    for match in re.finditer(rb"\x01[\x04\x05\x07](con_4|affine_|fc_2)", data):
        at = match.end()
        if match[1] == b"fc_2":
            at = skip(data, skip(data, at))
        sides = []
        assert data[at : at + 2] == b"\x01\x02"
        at += 2
        for _ in range(4):
            length = data[at] & 15
            sides.append(int.from_bytes(data[at + 1 : at + 1 + length], "little"))
            at += 1 + length
        values = np.frombuffer(data[at : at + 4 * int(np.prod(sides))], "<f4")
        found.append((match[1].decode(), values.astype(np.float64)))
    return found


def skip(data: bytes, at: int) -> int:
    return at + 1 + (data[at] & 15)


def convolve(x: Array, kernel: Array, bias: Array, stride: int, padding: int) -> Array:
    x = np.pad(x, ((0, 0), (padding, padding), (padding, padding)))
    size = kernel.shape[-1]
    side = (x.shape[1] - size) // stride + 1
    out = np.zeros((kernel.shape[0], side, side)) + bias[:, None, None]
    for row in range(size):
        for column in range(size):
            stop_row, stop_column = row + stride * side, column + stride * side
            tap = x[:, row:stop_row:stride, column:stop_column:stride]
            out += np.einsum("oi,ihw->ohw", kernel[:, :, row, column], tap)
    return out


def pool(x: Array, size: int, how: str) -> Array:
    side = (x.shape[1] - size) // 2 + 1
    taps = [
        x[:, row : row + 2 * side : 2, column : column + 2 * side : 2][:, :side, :side]
        for row in range(size)
        for column in range(size)
    ]
    return np.max(taps, axis=0) if how == "max" else np.mean(taps, axis=0)


def add_unequal(a: Array, b: Array) -> Array:
    out = np.zeros(np.maximum(a.shape, b.shape))
    for part in (a, b):
        out[: part.shape[0], : part.shape[1], : part.shape[2]] += part
    return out


def forward(data: bytes, chip: Array) -> Array:
    """Raw 128 values of an RGB chip, uint8 (150, 150, 3)."""
    layers = iter(tensors(data))

    def layer(x: Array, size: int, stride: int, padding: int) -> Array:
        tag, values = next(layers)
        assert tag == "con_4"
        outputs = values.size // (x.shape[0] * size * size + 1)
        kernel = values[:-outputs].reshape(outputs, x.shape[0], size, size)
        x = convolve(x, kernel, values[-outputs:], stride, padding)
        tag, values = next(layers)
        assert tag == "affine_"
        return x * values[:outputs, None, None] + values[outputs:, None, None]

    x = (chip.astype(np.float64) - [122.782, 117.001, 104.298]).transpose(2, 0, 1) / 256
    x = pool(np.maximum(layer(x, 7, 2, 0), 0), 3, "max")
    for down in [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 1]:
        inner = np.maximum(layer(x, 3, 1 + down, 1 - down), 0)
        inner = layer(inner, 3, 1, 1)
        x = np.maximum(add_unequal(inner, pool(x, 2, "mean") if down else x), 0)
    tag, values = next(layers)
    assert tag == "fc_2"
    assert next(layers, None) is None
    return x.mean(axis=(1, 2)) @ values.reshape(256, 128)
