"""tools/table_sets.py: R's files without R, and the tables it writes."""
import bz2
import csv
import gzip
import importlib.util
import io
import json
import lzma
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
TOOL = TOP / "tools" / "table_sets.py"
spec = importlib.util.spec_from_file_location("table_sets", TOOL)
sets = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sets)

# name: rows, inputs, samples of each class in alphabetical order, missing cells; as R prints them
# (dim, table, sum(is.na)).
KNOWN = {
    "letter": (20000, 16, [789, 766, 736, 805, 768, 775, 773, 734, 755, 747, 739, 761, 792, 783, 753, 803, 783, 758,
                           748, 796, 813, 764, 752, 787, 786, 734], 0),
    "satellite": (6435, 36, [703, 626, 1358, 1533, 707, 1508], 0),
    "shuttle": (58000, 9, [10, 13, 3267, 50, 171, 8903, 45586], 0),
    "dna": (3186, 180, [767, 765, 1654], 0),
    "vowel": (990, 10, [90] * 11, 0),
    "vehicle": (846, 18, [218, 212, 217, 199], 0),
    "pima": (768, 8, [500, 268], 652),
    "breast-cancer": (699, 9, [458, 241], 16),
    "soybean": (683, 35, None, 2337),
    "ionosphere": (351, 34, [126, 225], 0),
    "glass": (214, 9, [70, 76, 17, 13, 9, 29], 0),
    "sonar": (208, 60, [111, 97], 0),
    "iris": (150, 4, [50, 50, 50], 0),
    "wine": (178, 13, [59, 71, 48], 0),
    "breast-cancer-wisconsin": (569, 30, [357, 212], 0),
    "digits": (1797, 64, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180], 0),
}


# ---- a small writer of R's format, from its description ("R Internals", 1.8): big-endian, each item its flags first


def flags(kind, attributes=False, tag=False):
    return struct.pack(">I", kind | attributes << 9 | tag << 10)


def chars(text):
    if text is None:
        return flags(9) + struct.pack(">i", -1)
    return flags(9) + struct.pack(">i", len(text.encode())) + text.encode()


def strings(words):
    return flags(16) + struct.pack(">i", len(words)) + b"".join(chars(w) for w in words)


class Writer:
    """Symbols are written once and referred to afterwards, as R does."""

    def __init__(self):
        self.symbols = []

    def symbol(self, name):
        if name in self.symbols:
            return struct.pack(">I", self.symbols.index(name) + 1 << 8 | 255)
        self.symbols.append(name)
        return flags(1) + chars(name)

    def pairs(self, items):
        return b"".join(flags(2, tag=True) + self.symbol(name) + value for name, value in items) + flags(254)

    def integers(self, numbers, attributes=()):
        body = flags(13, bool(attributes)) + struct.pack(">i", len(numbers)) + \
            b"".join(struct.pack(">i", -2 ** 31 if n is None else n) for n in numbers)
        return body + (self.pairs(attributes) if attributes else b"")

    def reals(self, numbers):
        missing = struct.pack(">Q", 0x7ff00000000007a2)
        return flags(14) + struct.pack(">i", len(numbers)) + \
            b"".join(missing if x is None else struct.pack(">d", x) for x in numbers)

    def factor(self, codes, levels, ordered=False):
        kind = ["ordered", "factor"] if ordered else ["factor"]
        return self.integers(codes, [("levels", strings(levels)), ("class", strings(kind))])

    def row_names(self, count):
        """1:n, as R 3.5 and later write it: a vector by its rule."""
        return flags(238) + self.pairs([("", self.symbol("compact_intseq"))]) + self.reals([count, 1, 1]) + flags(254)

    def frame(self, columns, rows):
        body = flags(19, True) + struct.pack(">i", len(columns)) + b"".join(c for _, c in columns)
        return body + self.pairs([("names", strings([n for n, _ in columns])), ("class", strings(["data.frame"])),
                                  ("row.names", self.row_names(rows))])


def rda(version=3, label="Class"):
    w = Writer()
    start = flags(2, tag=True) + w.symbol("Toy")
    columns = [("size", w.reals([1.5, None, 3.0])), ("count", w.integers([7, 8, None])),
               ("kind", w.factor([2, None, 1], ["a, b", 'c "d"'])), ("code", w.factor([1, 3, 2], ["1", "2", "10"])),
               ("rank", w.factor([1, 2, 3], ["1", "2", "3"], True)), (label, w.factor([1, 2, 1], ["yes", "no"]))]
    body = start + w.frame(columns, 3) + flags(254)
    encoding = struct.pack(">i", 5) + b"UTF-8" if version == 3 else b""
    return f"RDX{version}\n".encode() + b"X\n" + struct.pack(">iii", version, 0x40000, 0x20300) + encoding + body


class Reading(unittest.TestCase):
    def test_a_data_frame(self):
        for version in (2, 3):
            frame = dict(sets.data_frame(sets.read_rda(rda(version))["Toy"]))
            self.assertEqual(list(frame), ["size", "count", "kind", "code", "rank", "Class"])
            self.assertEqual(list(frame["size"]), [1.5, None, 3.0])
            self.assertEqual(list(frame["count"]), [7, 8, None])
            self.assertEqual(sets.cells(frame["kind"]), ['c "d"', None, "a, b"])
            self.assertEqual(sets.cells(frame["code"]), ["1", "10", "2"])
            self.assertEqual([name for name, column in frame.items() if sets.are_categories(column)], ["code"])

    def test_three_ways_of_packing(self):
        plain = rda()
        for how in (gzip.compress, bz2.compress, lzma.compress):
            self.assertEqual(sets.read_rda(how(plain)).keys(), {"Toy"})

    def test_other_objects_are_refused_by_name(self):
        start = b"RDX3\nX\n" + struct.pack(">iiii", 3, 0x40000, 0x20300, 5) + b"UTF-8"
        for body, word in ((flags(2, tag=True) + flags(1) + chars("f") + flags(3), "type 3"),  # a closure
                           (flags(14) + struct.pack(">i", -1), "2.31 values"), (flags(14) + struct.pack(">i", 9), "too early"),
                           (flags(255) + struct.pack(">i", 5), "refers"), (b"", "too early")):
            with self.assertRaisesRegex(sets.Error, word):
                sets.read_rda(start + body)
        for data, word in ((b"", "no .rda"), (b"RDA3\nA\n", "no .rda"), (b"RDX3\nA\n3", "XDR"),
                           (b"RDX3\nX\n" + struct.pack(">iii", 9, 0, 0), "version 9"), (gzip.compress(rda())[:40], "unpacked")):
            with self.assertRaisesRegex(sets.Error, word):
                sets.read_rda(data)

    def test_damage_is_an_error_and_nothing_else(self):
        """Every cut, and bits turned at random: a table, or sets.Error."""
        whole = rda()
        dice = random.Random(7)
        for trial in range(len(whole) + 3000):
            data = bytearray(whole[:trial] if trial < len(whole) else whole)
            if trial >= len(whole):
                data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
            try:
                found = sets.read_rda(bytes(data))
                for value in found.values():
                    for _, column in sets.data_frame(value):
                        sets.cells(column)
            except sets.Error:
                continue


class Tables(unittest.TestCase):
    def test_the_known_sets_have_their_known_sizes(self):
        with tempfile.TemporaryDirectory() as directory:
            done = subprocess.run([sys.executable, str(TOOL), directory], capture_output=True, text=True, check=False)
            lines = [line for line in done.stderr.splitlines() if "skipped" in line]
            if done.returncode != 0:
                self.skipTest("neither r-cran-mlbench nor python3-sklearn is there")
            listed = json.loads((pathlib.Path(directory) / "sets.json").read_text())
            for line in lines:
                print(f"skipped: {line}")
            self.assertEqual(len(listed) + len(lines), len(KNOWN))
            for name, told in listed.items():
                self.check(pathlib.Path(directory) / told["file"], name, told)
            if lines:
                self.skipTest(f"{len(lines)} of {len(KNOWN)} sets: {lines[0]}")

    def check(self, path, name, told):
        rows, inputs, classes, missing = KNOWN[name]
        table = list(csv.reader(io.StringIO(path.read_text())))
        self.assertEqual(table[0][-1], "class", name)
        self.assertEqual((len(table) - 1, len(table[0]) - 1), (rows, inputs), name)
        self.assertEqual((told["rows"], told["columns"]), (rows, inputs), name)
        labels = [row[-1] for row in table[1:]]
        counts = [labels.count(label) for label in sorted(set(labels), key=lambda w: (len(w) > 1 and w.isdigit(), w))]
        if classes:
            self.assertEqual(counts, classes, name)
        self.assertEqual(sum(cell == "" for row in table[1:] for cell in row), missing, name)
        self.assertLessEqual(set(told["categories"]), set(table[0]), name)


if __name__ == "__main__":
    unittest.main()
