"""Reads what R has saved: .rda and .rds files, and the data of installed packages (.rdb with .rdx).

    read("x.rda")                    {name: value} of .rda, a value of .rds
    read_package("/usr/lib/R/site-library/janeaustenr")     {name: value}

A value is a Vector: a list of numbers, strings or other vectors (None for NA) with .attributes, as "names", "levels",
"class"; NULL is None. Whatever else R can save (functions, environments) is None, too. The format is that of "R
Internals", chapter 1.8, serialization by XDR, versions 2 and 3. Nothing but Python's own library is needed.
"""

import bz2
import glob
import gzip
import lzma
import os
import struct
import zlib


class Vector(list):
    """A vector of R."""

    def __init__(self, values=(), attributes=None):
        super().__init__(values)
        self.attributes = attributes or {}

    def named(self):
        """{name: element} of a list or data frame."""
        return dict(zip(self.attributes["names"], self))


class RDataError(ValueError):
    """The bytes are not what R writes."""


NA_INTEGER = -(2**31)
NA_REAL = struct.pack(">Q", 0x7FF00000000007A2)

# Kinds of values, by their number in the file.
SYMBOL, PAIRS, CLOSURE, ENVIRONMENT, PROMISE, LANGUAGE = 1, 2, 3, 4, 5, 6
CHARACTER, LOGICAL, INTEGER, REAL, COMPLEX, STRINGS, LIST, EXPRESSION, RAW, S4 = 9, 10, 13, 14, 15, 16, 19, 20, 24, 25
ALTERNATIVE, BASE, EMPTY, GLOBAL, UNBOUND, MISSING, NAMESPACE, REFERENCE, NULL = 238, 241, 242, 253, 252, 251, 249, 255, 254
PERSISTENT, PACKAGE = 247, 250


class _Reader:
    def __init__(self, data):
        self.data, self.at, self.seen = data, 0, []
        if self.take(2) != b"X\n":
            raise RDataError("is not R's binary format (XDR)")
        version = self.integer()
        if version not in (2, 3):
            raise RDataError(f"has version {version} of R's format; 2 and 3 are known")
        self.take(8)
        if version == 3:
            self.take(self.integer())  # the encoding of its strings; marked ones say theirs

    def take(self, count):
        if count < 0 or self.at + count > len(self.data):
            raise RDataError(f"ends in the middle of a value, at byte {len(self.data)}")
        piece = self.data[self.at : self.at + count]
        self.at += count
        return piece

    def integer(self):
        return struct.unpack(">i", self.take(4))[0]

    def length(self):
        count = self.integer()
        if count == -1:
            high, low = struct.unpack(">II", self.take(8))
            count = high << 32 | low
        return count

    def characters(self, flags):
        size = self.integer()
        if size == -1:
            return None
        latin = flags >> 12 & 4
        return self.take(size).decode("latin-1" if latin else "utf-8", "replace")

    def numbers(self, letter, size):
        count = self.length()
        return struct.unpack(f">{count}{letter}", self.take(count * size))

    def pairs(self, flags):
        """Attributes, or a pairlist: {tag: value}; behind the value the next pair follows."""
        result = {}
        while flags & 255 == PAIRS:
            if flags & 512:
                self.value()
            tag = self.value() if flags & 1024 else len(result)
            result[tag] = self.value()
            flags = self.integer()
        if flags & 255 != NULL:
            self.value(flags)
        return result

    def remember(self, value):
        self.seen.append(value)
        return value

    def alternative(self):
        """A vector kept in another form: sequences, wrapped vectors, strings not made yet."""
        kind, state, attributes = self.value(), self.value(), self.value()
        name = next(iter(kind.values())) if isinstance(kind, dict) else None
        if name in ("compact_intseq", "compact_realseq"):
            count, first, step = state
            return Vector([first + step * i for i in range(int(count))], attributes)
        if isinstance(state, dict):  # deferred strings, a pair of values and options
            state = next(iter(state.values()))
        first = state[0] if name and name.startswith("wrap_") else state
        if name == "deferred_string":
            first = Vector([None if value is None else str(value) for value in first])
        return Vector(first, attributes or getattr(first, "attributes", None))

    def value(self, flags=None):
        flags = self.integer() if flags is None else flags
        kind = flags & 255
        if kind == PAIRS:
            return self.pairs(flags)
        if kind in (NULL, BASE, EMPTY, GLOBAL, UNBOUND, MISSING):
            return None
        if kind == REFERENCE:
            number = flags >> 8 or self.integer()
            return self.seen[number - 1]
        if kind == SYMBOL:
            return self.remember(self.value())
        if kind == CHARACTER:
            return self.characters(flags)
        if kind in (NAMESPACE, PACKAGE, PERSISTENT):
            self.integer()
            for _ in range(self.integer()):
                self.value()
            return self.remember(None)
        if kind == ENVIRONMENT:
            self.integer()
            self.remember(None)
            for _ in range(4):
                self.value()
            return None
        if kind == ALTERNATIVE:
            return self.alternative()
        return self.vector(kind, flags)

    def vector(self, kind, flags):
        if kind in (LOGICAL, INTEGER):
            values = [None if v == NA_INTEGER else v for v in self.numbers("i", 4)]
        elif kind == REAL:
            values = [None if v != v and struct.pack(">d", v) == NA_REAL else v for v in self.numbers("d", 8)]
        elif kind in (STRINGS, LIST, EXPRESSION):
            values = [self.value() for _ in range(self.length())]
        elif kind == RAW:
            values = self.take(self.length())
        else:
            raise RDataError(f"holds a value of kind {kind}, which is no data")
        return Vector(values, self.value() if flags & 512 else None)


def _unpack(data):
    for magic, unpack in ((b"\x1f\x8b", gzip.decompress), (b"BZh", bz2.decompress), (b"\xfd7zXZ", lzma.decompress),
                          (b"x", zlib.decompress)):
        if data.startswith(magic):
            return unpack(data)
    return data


def read(path):
    """The values of a .rda or .rds file."""
    with open(path, "rb") as file:
        data = _unpack(file.read())
    if data[:5] in (b"RDX2\n", b"RDX3\n"):
        data = data[5:]
    try:
        return _Reader(data).value()
    except RDataError as problem:
        raise RDataError(f"{path}: {problem}") from None


def _piece(data, offset, size):
    """A value of an .rdb file: its unpacked size in 4 bytes, and a letter where it is not zlib's."""
    piece = data[offset + 4 : offset + size]
    if piece[:1] == b"2":
        return bz2.decompress(piece[1:])
    if piece[:1] == b"Z":
        return lzma.decompress(piece[1:])
    return zlib.decompress(piece)


def read_package(directory):
    """All data of an installed package."""
    if not os.path.exists(os.path.join(directory, "data", "Rdata.rdx")):
        result = {}
        for path in sorted(glob.glob(os.path.join(directory, "data", "*.rda"))):
            result.update(read(path))
        return result
    index = read(os.path.join(directory, "data", "Rdata.rdx")).named()["variables"]
    with open(os.path.join(directory, "data", "Rdata.rdb"), "rb") as file:
        data = file.read()
    return {name: _Reader(_piece(data, *where)).value() for name, where in index.named().items()}
