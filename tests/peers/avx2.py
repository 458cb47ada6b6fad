"""Copies of programs and libraries that see a system without AVX-512, for those that have no switch for it.

Before it uses AVX-512, a program asks with `xgetbv` which registers the system keeps. The copies hold `mov al, 7; nop` in its
place, three bytes for three: the answer is x87, SSE and AVX. Machine code that only looks like the instruction is not touched,
since a disassembler says where the instructions are.
"""

import re
import shutil
import subprocess
from pathlib import Path

XGETBV = bytes.fromhex("0f01d0")
NO_AVX512 = bytes.fromhex("b00790")


def patch(path):
    """Changes a file in its place; gives how many instructions were."""
    if XGETBV not in path.read_bytes():
        return 0
    listing = tool("objdump", "-d", "--no-show-raw-insn", path)
    addresses = [int(found[1], 16) for found in re.finditer(r"^\s*([0-9a-f]+):\s+xgetbv", listing, re.M)]
    segments = re.findall(r"LOAD\s+0x(\w+) 0x(\w+) 0x\w+ 0x(\w+)", tool("readelf", "-lW", path))
    segments = [[int(number, 16) for number in segment] for segment in segments]
    data = bytearray(path.read_bytes())
    for address in addresses:
        at = next(offset + address - start for offset, start, size in segments if start <= address < start + size)
        if data[at : at + 3] != XGETBV:
            raise SystemExit(f"{path}: no xgetbv at {at:#x}, where the disassembler has one")
        data[at : at + 3] = NO_AVX512
    path.write_bytes(data)
    return len(addresses)


def copy_package(module, folder):
    """A package of Python's with its libraries patched; PYTHONPATH=folder takes it."""
    source = Path(module.__file__).parent
    return copied(folder / source.name, lambda to: shutil.copytree(source, to), lambda to: to.rglob("*.so*"))


def copy_program(program, folder):
    folder.mkdir(parents=True, exist_ok=True)
    return copied(folder / Path(program).name, lambda to: shutil.copy2(program, to), lambda to: [to])


def copied(to, copy, files):
    shutil.rmtree(to, ignore_errors=True)
    copy(to)
    if not sum(map(patch, files(to))):
        raise SystemExit(f"{to} asks nowhere for AVX-512; it cannot be held to AVX2 like this")
    return to


def tool(*command):
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True).stdout
