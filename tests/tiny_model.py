# SPDX-License-Identifier: Apache-2.0
"""The smallest model that says something of a picture, written byte by byte as ONNX (protobuf wire format, messages of
https://github.com/onnx/onnx/blob/main/onnx/onnx.proto): the mean colours of fields of 4 x 4 pixels."""


def varint(value):
    out = bytearray()
    while True:
        out.append(value & 0x7F | (0x80 if value > 0x7F else 0))
        value >>= 7
        if not value:
            return bytes(out)


def number(field, value):
    return varint(field << 3) + varint(value)


def text(field, value):
    value = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(value)) + value


def tensor(name, shape):
    """ValueInfoProto of floats; 0 is an open side."""
    dims = b"".join(text(1, number(1, n) if n else text(2, "n")) for n in shape)
    return text(1, name) + text(2, text(1, number(1, 1) + text(2, dims)))


def ints(name, values):
    """AttributeProto of type INTS."""
    return text(1, name) + b"".join(number(8, v) for v in values) + number(20, 7)


def model(inputs=((1, 3, 16, 16),), output=(1, 3, 4, 4), kernel=4):
    pool = text(1, "x0") + text(2, "y") + text(4, "AveragePool") + \
        text(5, ints("kernel_shape", [kernel, kernel])) + text(5, ints("strides", [kernel, kernel]))
    graph = text(1, pool) + text(2, "colours") + b"".join(text(11, tensor(f"x{i}", s)) for i, s in enumerate(inputs)) + \
        text(12, tensor("y", output))
    return number(1, 7) + text(7, graph) + text(8, text(1, "") + number(2, 11))  # IR version 7, operators of version 11
