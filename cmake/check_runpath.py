#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Looks at where the programs and libraries below a folder look for libraries: no part of a RUNPATH may be empty or
relative, since the loader then takes libraries from the current directory, whoever made it.

  check_runpath.py FOLDER...

Prints each file with a bad RUNPATH and ends with status 1 if there is one, 2 if there is nothing to look at.
"""
import os
import re
import subprocess
import sys


def elf_files(folder):
    for parent, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(parent, name)
            if os.path.islink(path) or path.endswith((".o", ".a")):
                continue
            with open(path, "rb") as file:
                if file.read(4) == b"\x7fELF":
                    yield path


def bad_parts(path):
    text = subprocess.run(["readelf", "-d", "-W", path], capture_output=True, text=True, check=True).stdout
    for entry in re.findall(r"\((?:RUNPATH|RPATH)\).*\[(.*)\]", text):
        for part in entry.split(":"):
            if not part.startswith(("/", "$ORIGIN")):
                yield entry, part


def main():
    files = [path for folder in sys.argv[1:] for path in elf_files(folder)]
    bad = [(path, entry, part) for path in files for entry, part in bad_parts(path)]
    for path, entry, part in bad:
        print(f"{path}: RUNPATH [{entry}] has {repr(part) if part else 'an empty part'}")
    print(f"{len(files)} files, {len(bad)} bad parts of a RUNPATH")
    return 1 if bad else 0 if files else 2


if __name__ == "__main__":
    sys.exit(main())
