#!/usr/bin/python3
"""Writes well-known tables as CSV files, from packages that are on this machine:
Debian's r-cran-mlbench (R's own files are read here, without R) and
python3-sklearn (for which this has to be /usr/bin/python3).

    tools/table_sets.py DIR              # all of them
    tools/table_sets.py DIR letter iris  # these
    tools/table_sets.py --list

The label is the last column, called class. Cells are as in the package; a
missing one is empty. Nothing is encoded: `heavytail data info csv:FILE` says
what becomes of each column. DIR/sets.json names the files, their label, and
the columns of numbers that are categories (R's factors without an order, of
more than two levels that are all numbers): give these as
--set data.categories=A,B. A set whose package is not there is skipped, which
is said; the exit status is 1 when nothing could be written.
"""
import argparse
import bz2
import csv
import gzip
import json
import lzma
import math
import pathlib
import struct
import sys

MLBENCH = "/usr/lib/R/site-library/mlbench/data"

# name of ours: file of mlbench, label, columns that only number the rows
R_SETS = {
    "letter": ("LetterRecognition", "lettr", ()),
    "satellite": ("Satellite", "classes", ()),
    "shuttle": ("Shuttle", "Class", ()),
    "dna": ("DNA", "Class", ()),
    "vowel": ("Vowel", "Class", ()),
    "vehicle": ("Vehicle", "Class", ()),
    "pima": ("PimaIndiansDiabetes2", "diabetes", ()),  # its zeros that cannot be are missing there
    "breast-cancer": ("BreastCancer", "Class", ("Id",)),
    "soybean": ("Soybean", "Class", ()),
    "ionosphere": ("Ionosphere", "Class", ()),
    "glass": ("Glass", "Type", ()),
    "sonar": ("Sonar", "Class", ()),
}
SKLEARN_SETS = {"iris": "iris", "wine": "wine", "breast-cancer-wisconsin": "breast_cancer", "digits": "digits"}


class Error(Exception):
    """What is wrong with a file, in one sentence."""


# ---- R's files ---------------------------------------------------------------


class Vector(list):
    """Values of an R vector; None is NA. `attributes` has R's names."""

    def __init__(self, values, attributes=None):
        super().__init__(values)
        self.attributes = attributes or {}


class Reader:
    """Of R's serialization, format 2 or 3 in XDR: the vectors that tables are made of, and no more."""

    SYMBOL, PAIRS, CHARS, LOGICAL, INTEGER, REAL, STRING, LIST = 1, 2, 9, 10, 13, 14, 16, 19
    ALTREP, REFERENCE, NIL = 238, 255, 254
    DEEPEST, LONGEST = 50, 10 ** 7

    def __init__(self, data):
        self.data, self.at, self.references = data, 0, []

    def take(self, size):
        if size < 0 or self.at + size > len(self.data):
            raise Error("the file ends too early")
        self.at += size
        return self.data[self.at - size:self.at]

    def integer(self):
        return struct.unpack(">i", self.take(4))[0]

    def length(self):
        count = self.integer()
        if count < 0:
            raise Error("a vector of 2^31 values or more is not read")
        return count

    def header(self):
        if self.take(2) != b"X\n":
            raise Error("it is no XDR serialization, which is the only one that is read")
        version = self.integer()
        self.take(8)  # of the writing R, and of the oldest one that can read it
        if version not in (2, 3):
            raise Error(f"version {version} of the serialization is not known")
        if version == 3:
            self.take(self.length())  # the encoding of strings

    def pairs(self, flags, deep):
        """A pair list as (tag, value)s."""
        result = []
        while flags & 0xff == self.PAIRS:
            if flags & 0x200:
                self.item(deep)  # its attributes
            tag = self.item(deep) if flags & 0x400 else None
            result.append((tag, self.item(deep)))
            flags = self.integer()
        if flags & 0xff != self.NIL:
            raise Error("a pair list does not end as one")
        return result

    def chars(self):
        size = self.integer()
        if size == -1:
            return None
        return self.take(size).decode("utf-8", "replace")

    def compact(self, deep):
        """1:n and the like, which R writes as a rule."""
        info, state = self.item(deep), self.item(deep)
        self.item(deep)
        if not (isinstance(info, list) and info and isinstance(info[0], tuple) and info[0][1] == "compact_intseq"):
            raise Error("a vector of an unusual kind (ALTREP) is not read")
        if not (isinstance(state, Vector) and len(state) == 3 and all(isinstance(x, float) and abs(x) <= 2 ** 31
                                                                      and x == int(x) for x in state)
                and 0 <= state[0] <= self.LONGEST and state[2] in (1, -1)):
            raise Error("a range of numbers is damaged")
        count, first, step = (int(x) for x in state)
        return Vector(range(first, first + count * step, step))

    def values(self, kind):
        count = self.length()
        if kind in (self.LOGICAL, self.INTEGER):
            numbers = struct.unpack(f">{count}i", self.take(4 * count))
            return [None if n == -2 ** 31 else n for n in numbers]
        numbers = struct.unpack(f">{count}d", self.take(8 * count))
        return [None if math.isnan(x) else x for x in numbers]

    def item(self, deep=0):
        if deep > self.DEEPEST:
            raise Error("it is nested too deeply")
        flags = self.integer()
        kind = flags & 0xff
        if kind == self.NIL:
            return None
        if kind == self.REFERENCE:
            index = flags >> 8 or self.integer()
            if not 1 <= index <= len(self.references):
                raise Error("it refers to something that is not there")
            return self.references[index - 1]
        if kind == self.SYMBOL:
            name = self.item(deep + 1)
            self.references.append(name)
            return name
        if kind == self.CHARS:
            return self.chars()
        if kind == self.PAIRS:
            return self.pairs(flags, deep + 1)
        if kind == self.ALTREP:
            return self.compact(deep + 1)
        if kind in (self.LOGICAL, self.INTEGER, self.REAL):
            found = Vector(self.values(kind))
        elif kind in (self.STRING, self.LIST):
            found = Vector([self.item(deep + 1) for _ in range(self.length())])
        else:
            raise Error(f"an R object of type {kind} is not read: only vectors, factors and data frames are")
        if flags & 0x200:
            found.attributes = self.attributes(deep + 1)
        return found

    def attributes(self, deep):
        pairs = self.item(deep)
        if pairs is None:
            return {}
        if isinstance(pairs, Vector) or not isinstance(pairs, list) or not all(isinstance(tag, str) for tag, _ in pairs):
            raise Error("a vector's attributes are damaged")
        return dict(pairs)


def unpack(data):
    """The bytes of a file that R has compressed in one of its three ways, or not at all."""
    for start, how in ((b"\x1f\x8b", gzip), (b"BZh", bz2), (b"\xfd7zXZ", lzma)):
        if data.startswith(start):
            try:
                return how.decompress(data)
            except (OSError, EOFError, lzma.LZMAError) as why:
                raise Error(f"it cannot be unpacked: {why}") from why
    return data


def read_rda(data):
    """The objects of an .rda file by their names."""
    data = unpack(data)
    if data[:5] not in (b"RDX2\n", b"RDX3\n"):
        raise Error("it is no .rda file in binary form (RDX2, RDX3)")
    reader = Reader(data[5:])
    reader.header()
    found = reader.item()
    if not isinstance(found, list) or isinstance(found, Vector):
        raise Error("it holds no named objects")
    return {str(name): value for name, value in found}


def words(vector, name):
    """An attribute that is a vector of strings; [] where there is none."""
    found = vector.attributes.get(name)
    return [word for word in found if isinstance(word, str)] if isinstance(found, Vector) else []


def is_factor(column):
    return "factor" in words(column, "class")


def is_ordered(column):
    return "ordered" in words(column, "class")


def cells(column):
    """A column's cells as Python's; None is missing."""
    if not is_factor(column):
        return list(column)
    levels = words(column, "levels")
    if any(code is not None and not (isinstance(code, int) and 1 <= code <= len(levels)) for code in column):
        raise Error("a factor has a code without a level")
    return [None if code is None else levels[code - 1] for code in column]


def data_frame(found):
    """[(name, column)] of a data frame."""
    if not isinstance(found, Vector) or "data.frame" not in words(found, "class"):
        raise Error("it is no data frame")
    names = words(found, "names")
    if not all(isinstance(column, Vector) for column in found):
        raise Error("it has a column that is no vector")
    if len(names) != len(found) or len({len(column) for column in found}) != 1:
        raise Error("its columns are of different length, or without names")
    return list(zip(names, found))


def is_number(text):
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def are_categories(column):
    """Would a reader of CSV take this for numbers although they are none?"""
    levels = words(column, "levels")
    return is_factor(column) and not is_ordered(column) and len(levels) > 2 and all(map(is_number, levels))


# ---- tables ------------------------------------------------------------------


class Table:
    def __init__(self, names, columns, label, categories=()):
        self.names, self.columns, self.label, self.categories = names, columns, label, list(categories)

    def write(self, path):
        with open(path, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(self.names + ["class"])
            for row in zip(*self.columns, self.label):
                writer.writerow(["" if cell is None else show(cell) for cell in row])


def show(cell):
    if isinstance(cell, float):
        return repr(int(cell)) if cell == int(cell) and abs(cell) < 2 ** 53 else repr(cell)
    return str(cell)


def from_r(directory, name):
    file, label, left_out = R_SETS[name]
    path = pathlib.Path(directory) / f"{file}.rda"
    if not path.exists():
        return None, f"{path} is not there (apt-get install r-cran-mlbench)"
    try:
        frame = data_frame(read_rda(path.read_bytes())[file])
    except (Error, KeyError) as why:
        raise Error(f"{path}: {why}") from why
    inputs = [(n, column) for n, column in frame if n != label and n not in left_out]
    return Table([n for n, _ in inputs], [cells(column) for _, column in inputs], cells(dict(frame)[label]),
                 [n for n, column in inputs if are_categories(column)]), ""


def from_sklearn(name):
    try:
        from sklearn import datasets
    except ImportError:
        return None, "python3-sklearn is not there (apt-get install python3-sklearn; run this with /usr/bin/python3)"
    bunch = getattr(datasets, f"load_{SKLEARN_SETS[name]}")()
    names = [str(n).replace(" (cm)", "").replace(" ", "_") for n in bunch.feature_names]
    words = [str(bunch.target_names[k]) for k in bunch.target]
    return Table(names, [[float(x) for x in column] for column in bunch.data.T], words), ""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", nargs="?", help="where the CSV files go")
    parser.add_argument("sets", nargs="*", metavar="SET", help="only these (--list)")
    parser.add_argument("--mlbench", default=MLBENCH, help=f"where the .rda files are ({MLBENCH})")
    parser.add_argument("--list", action="store_true", help="the names of the sets")
    given = parser.parse_args()
    known = list(R_SETS) + list(SKLEARN_SETS)
    if given.list:
        print("\n".join(known))
        return 0
    if not given.directory:
        parser.error("say where to write")
    for name in given.sets:
        if name not in known:
            parser.error(f"there is no set '{name}'; --list names them")
    directory = pathlib.Path(given.directory)
    directory.mkdir(parents=True, exist_ok=True)
    written = {}
    for name in given.sets or known:
        try:
            table, why = from_r(given.mlbench, name) if name in R_SETS else from_sklearn(name)
        except Error as error:
            table, why = None, str(error)
        if not table:
            print(f"{name}: skipped: {why}", file=sys.stderr)
            continue
        table.write(directory / f"{name}.csv")
        written[name] = {"file": f"{name}.csv", "rows": len(table.label), "columns": len(table.names),
                         "classes": len(set(table.label)), "categories": table.categories}
        how = f", data.categories={','.join(table.categories)}" if table.categories else ""
        print(f"{directory / name}.csv: {len(table.label)} rows, {len(table.names)} columns and class{how}")
    (directory / "sets.json").write_text(json.dumps(written, indent=2) + "\n")
    return 0 if written else 1


if __name__ == "__main__":
    sys.exit(main())
