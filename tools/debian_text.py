#!/usr/bin/python3
"""Writes a public text of a Debian package into a file, for `heavytail train --data text:FILE`.

    tools/debian_text.py austen austen.txt     six novels of Jane Austen (r-cran-janeaustenr), 4.0 million characters
    tools/debian_text.py bible bible.txt       the King James Bible (bible-kjv), a verse a line, 4.1 million

The packages are to be installed; nothing is downloaded.
"""

import os
import subprocess
import sys

import rdata

# In the order in which they were published, as the package's austen_books() has them.
NOVELS = ("sensesensibility", "prideprejudice", "mansfieldpark", "emma", "northangerabbey", "persuasion")
LIBRARIES = ("/usr/lib/R/site-library", "/usr/local/lib/R/site-library", "/usr/lib/R/library")


def austen():
    """The novels, line by line."""
    for library in LIBRARIES:
        directory = os.path.join(library, "janeaustenr")
        if os.path.isdir(directory):
            novels = rdata.read_package(directory)
            return "".join(line + "\n" for name in NOVELS for line in novels[name])
    raise SystemExit("debian_text: no novels: install r-cran-janeaustenr (apt install r-cran-janeaustenr)")


def bible():
    """The verses, without their numbers, an empty line between chapters."""
    try:
        verses = subprocess.run(["bible", "-f", "Gen1:1-Rev22:21"], stdin=subprocess.DEVNULL, check=True,
                                stdout=subprocess.PIPE, encoding="utf-8").stdout.splitlines()
    except FileNotFoundError:
        raise SystemExit("debian_text: no verses: install bible-kjv (apt install bible-kjv)") from None
    lines, chapter = [], None
    for verse in verses:
        place, text = verse.split(" ", 1)
        if chapter not in (None, place.split(":")[0]):
            lines.append("")
        chapter = place.split(":")[0]
        lines.append(text)
    return "\n".join(lines) + "\n"


def main():
    texts = {"austen": austen, "bible": bible}
    if len(sys.argv) != 3 or sys.argv[1] not in texts:
        raise SystemExit("usage: tools/debian_text.py austen|bible FILE")
    text = texts[sys.argv[1]]()
    with open(sys.argv[2], "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
    print(f"{sys.argv[2]}: {len(text)} characters, {len(set(text))} different ones")


if __name__ == "__main__":
    main()
