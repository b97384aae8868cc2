#!/usr/bin/env python3
"""Hashing: `millrace-data hash` beside b3sum (Debian: b3sum), on the same files, in turn, in one run.

    python3 bench/hash.py [--gigabytes 1] [--files 100000] [--repeat 3]

One large file (one thread each: a file is hashed by one), then a folder of 4 KiB files (all cores each;
b3sum gets the names by xargs). Everything is in the page cache: what is measured is the hashing, not the
disk. Times are medians; read the ratios.
"""

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

WORKER = pathlib.Path(__file__).resolve().parents[1] / "build/release/millrace-data"


def seconds(command, repeat):
    times = []
    for _ in range(repeat + 1):  # the first one fills the cache
        start = time.monotonic()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        times.append(time.monotonic() - start)
    return statistics.median(times[1:])


def large(folder, gigabytes, repeat):
    path = folder / "large"
    block = os.urandom(1 << 20)
    with path.open("wb") as file:
        for _ in range(int(gigabytes * 1024)):
            file.write(block)
    size = path.stat().st_size / 1e9
    ours = size / seconds([WORKER, "hash", path], repeat)
    print(f"one file of {size:.2f} GB: millrace {ours:.2f} GB/s")
    if shutil.which("b3sum"):
        one, all_cores = (size / seconds(["b3sum", "--no-mmap", "--num-threads", str(n), path], repeat)
                          for n in (1, os.cpu_count()))
        print(f"    b3sum, 1 thread {one:.2f} GB/s ({ours / one:.2f}x), {os.cpu_count()} threads without "
              f"mmap {all_cores:.2f} GB/s")
        mapped = size / seconds(["b3sum", path], repeat)
        print(f"    b3sum as it comes (mmap, all cores) {mapped:.2f} GB/s ({ours / mapped:.2f}x)")
    path.unlink()


def small(folder, files, repeat):
    root = folder / "small"
    for number in range(files):
        path = root / f"{number % 100:02}"
        if number < 100:
            path.mkdir(parents=True)
        (path / f"{number}.bin").write_bytes(number.to_bytes(8, "little") * 512)
    ours = files / seconds([WORKER, "hash", root], repeat)
    print(f"{files:,} files of 4 KiB: millrace {ours:,.0f} files/s")
    if shutil.which("b3sum"):
        command = f"find {root} -type f -print0 | xargs -0 -P {os.cpu_count()} -n 5000 b3sum --num-threads 1"
        theirs = files / seconds(["sh", "-c", command], repeat)
        print(f"    find, xargs and b3sum {theirs:,.0f} files/s ({ours / theirs:.1f}x)")


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--gigabytes", type=float, default=1)
    options.add_argument("--files", type=int, default=100_000)
    options.add_argument("--repeat", type=int, default=3)
    arguments = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="millrace-hash-") as name:
        large(pathlib.Path(name), arguments.gigabytes, arguments.repeat)
        small(pathlib.Path(name), arguments.files, arguments.repeat)


if __name__ == "__main__":
    main()
