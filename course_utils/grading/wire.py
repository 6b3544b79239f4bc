"""What crosses between the judge and the worker: JSON with tags, never pickle, neither way.

A frame is its length, four bytes, and a text of JSON. Numbers, strings, lists, None and booleans
stand for themselves. The rest is an object with one key, its tag: tuples, dicts (whose keys may be
tuples), Counters, sets, arrays of numbers. What has no such form arrives as an object that only
has a type's name. `decode` builds exact built-in types, so that nothing a student wrote runs in
the judge: no ``__eq__``, no ``__array__``, no subclass.

The worker has a copy of this file and nothing else of the course.
"""

from __future__ import annotations

import base64
import binascii
import builtins
import json
import math
import numbers
import re
import sys
from collections import Counter
from collections.abc import Mapping

import numpy as np

MAX_BYTES = 16_000_000  # of one frame
# In one value. What takes longest to look at counts most: an array as ten values; and keys, since
# those whose hashes collide take quadratic time.
MAX_VALUES = 20_000
MAX_KEYS = 2_000
MAX_ENTRIES = 1_000_000  # of an array; and of lists in it, were it one of (1 << 40, 0)
MAX_DEPTH = 20
MAX_BITS = 10_000  # of a whole number; JSON's reader takes 4,300 digits
PLAIN = {type(None), bool, int, float}
TYPES = {"generator", "function", "builtin_function_or_method", "module", "deque", "Tensor"}


class Malformed(ValueError):
    """A frame that is not of this form, or larger than one may be."""


class Foreign:
    """Stands for an object that cannot cross; its type has the name of that object's type."""


def frame(data) -> bytes:
    """Return JSON data as a frame.

    Raises
    ------
    Malformed
        If it is too large.
    """
    text = json.dumps(data, separators=(",", ":")).encode()
    if len(text) > MAX_BYTES:
        raise Malformed(f"{len(text)} bytes; at most {MAX_BYTES} may cross")
    return len(text).to_bytes(4, "big") + text


def parse(text: bytes):
    """Return the JSON data of a frame without its length.

    Raises
    ------
    Malformed
        If it is not JSON.
    """
    try:
        return json.loads(text.decode())
    except (ValueError, RecursionError, MemoryError) as error:
        raise Malformed(f"not JSON: {type(error).__name__}") from None


def encode(value, depth: int = MAX_DEPTH):
    """Return JSON data in the place of a value.

    Raises
    ------
    Malformed
        If the value is nested too deep, as a list that contains itself is, or holds a number of
        thousands of digits.
    """
    kind = type(value)
    if value is None or kind is float or kind is str or kind is bool:
        return value
    if isinstance(value, int):
        if value.bit_length() > MAX_BITS:
            raise Malformed("a number of thousands of digits")
        return int(value)
    if depth <= 0:
        raise Malformed(f"nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, np.generic):  # np.float64 is also a float
        value = float(value) if isinstance(value, np.floating) else value.item()
        return {"x": kind.__name__} if isinstance(value, np.generic) else encode(value, depth - 1)
    for tag, types in (("l", list), ("t", tuple), ("s", (set, frozenset))):
        if isinstance(value, types):
            # Lists of numbers are the longest: no call for each.
            parts = [p if type(p) is float else encode(p, depth - 1) for p in value]
            return parts if tag == "l" else {tag: parts}
    if isinstance(value, Mapping):
        pairs = [[encode(k, depth - 1), encode(v, depth - 1)] for k, v in value.items()]
        return {"c" if isinstance(value, Counter) else "d": pairs}
    if isinstance(value, numbers.Real):
        return float(value)
    if isinstance(value, str):
        return str.__str__(value)
    if value is ...:
        return {"e": 0}
    if kind.__name__ == "Tensor" and kind.__module__ == "torch":
        value = value.detach().cpu().numpy()
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "biuf":
            return encode(value.tolist(), depth - 1)
        if value.dtype.itemsize > 8:  # a longdouble differs between machines
            value = value.astype(np.float64)
        shape, value = list(value.shape), np.ascontiguousarray(value)
        return {"a": [value.dtype.str, shape, base64.b64encode(value.tobytes()).decode()]}
    return {"x": kind.__name__}


def decode(data):
    """Return the value that `encode` made this of, of exact built-in types.

    Equal strings are one object, as they often are in a notebook: ``word is EOS`` holds here, too.

    Raises
    ------
    Malformed
        If it was made by something else, or is larger than it may be.
    """
    return _decode(data, _Room(), MAX_DEPTH + 1)


class _Room:
    """How many values and keys may still come."""

    def __init__(self):
        self.values, self.keys = MAX_VALUES, MAX_KEYS

    def take(self, values: int, keys: int = 0) -> None:
        self.values -= values
        self.keys -= keys
        if self.values < 0:
            raise Malformed(f"more than {MAX_VALUES} values")
        if self.keys < 0:
            raise Malformed(f"more than {MAX_KEYS} keys in dicts and sets")


def _decode(data, room: _Room, depth: int):
    kind = type(data)
    if kind is str:
        return sys.intern(data)
    if kind in PLAIN:
        return data
    if depth < 0:
        raise Malformed(f"nested deeper than {MAX_DEPTH} levels")
    if kind is list:
        return _decode_all(data, room, depth)
    if len(data) != 1:
        raise Malformed("an object must have one key, its tag")
    [(tag, content)] = data.items()
    if tag == "e":
        return ...
    if tag == "x":
        return _foreign(content)
    if not isinstance(content, list):
        raise Malformed(f"tag {tag!r} without a list")
    if tag == "a":
        room.take(9)
        return _array(content)
    if tag in ("c", "d", "s"):
        room.take(0, keys=len(content))
    if tag in ("c", "d") and any(not isinstance(p, list) or len(p) != 2 for p in content):
        raise Malformed("a dict must be a list of pairs")
    parts = _decode_all(content, room, depth)
    try:
        if tag == "t":
            return tuple(parts)
        if tag == "s":
            return set(parts)
        if tag == "d":
            return dict(parts)
        if tag == "c":
            return Counter(dict(parts))
    except TypeError:
        raise Malformed("a key that cannot be one") from None
    raise Malformed(f"unknown tag {tag!r}")


def _decode_all(data: list, room: _Room, depth: int) -> list:
    room.take(len(data))
    return [part if type(part) in PLAIN else _decode(part, room, depth - 1) for part in data]


def _foreign(name) -> Foreign:
    known = isinstance(name, str) and (name in TYPES or _is_type(name))
    return type(name if known else "object", (Foreign,), {})()


def _is_type(name: str) -> bool:
    return isinstance(getattr(builtins, name, None), type)


def _array(content: list) -> np.ndarray:
    """Return an array of its own memory, after its type, shape and size have been looked at."""
    if len(content) != 3:
        raise Malformed("an array is a type, a shape and its bytes")
    dtype, shape, text = content
    if not isinstance(dtype, str) or not re.fullmatch(r"[<>|][biuf][1248]", dtype):
        raise Malformed("an array of something else than numbers")
    try:
        dtype = np.dtype(dtype)
    except TypeError:  # <f1
        raise Malformed("an array of something else than numbers") from None
    if not isinstance(shape, list) or len(shape) > 8 or any(type(n) is not int for n in shape):
        raise Malformed("a shape must be at most eight whole numbers")
    try:
        data = base64.b64decode(text, validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise Malformed("the bytes of an array must be in base64") from None
    if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != len(data):
        raise Malformed("an array whose bytes do not fit its shape")
    if math.prod(max(n, 1) for n in shape) > MAX_ENTRIES:
        raise Malformed(f"an array of more than {MAX_ENTRIES} entries")
    return np.frombuffer(data, dtype=dtype).reshape(shape).astype(dtype.newbyteorder("="))
