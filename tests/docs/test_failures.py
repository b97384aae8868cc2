"""docs/failures.md: all ninety cases are there, and each test that it names exists."""

import re
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs/failures.md"
CASES = 90
# `file` "name", "name"
REFERENCE = re.compile(r'`((?:unit|e2e|faults|interop|docs|sim)/[\w./-]+)`((?:,? "[^"]+")*)')


def rows(text: str) -> dict[int, list[str]]:
    """The cells of each case by its number; a number that comes twice fails."""
    found = {}
    for line in text.splitlines():
        if m := re.match(r"\| (\d+) \|", line):
            number = int(m[1])
            if number in found:
                raise AssertionError(f"case {number} comes twice")
            found[number] = [cell.strip() for cell in line.strip("|").split(" | ")]
    return found


def has(file: Path, name: str) -> bool:
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".py":
        return f"def test_{re.sub('[^0-9a-z]', '_', name)}(" in text
    return re.search(r'TEST_CASE\(\s*"' + re.escape(name) + '"', text) is not None


def problems(text: str) -> list[str]:
    out = []
    cases = rows(text)
    if missing := sorted(set(range(1, CASES + 1)) ^ set(cases)):
        out.append(f"cases missing or too many: {missing}")
    for number, cells in cases.items():
        if len(cells) != 4:
            out.append(f"case {number}: {len(cells)} cells")
            continue
        references = REFERENCE.findall(cells[3])
        if not references and not cells[3].startswith("*Not yet:*"):
            out.append(f"case {number}: neither a test nor a reason why there is none")
        quoted = re.findall('"([^"]+)"', cells[3])
        named = [name for _, names in references for name in re.findall('"([^"]+)"', names)]
        if quoted != named:
            out.append(f"case {number}: a name without a file: {sorted(set(quoted) - set(named))}")
        for file, names in references:
            path = ROOT / "tests" / file
            if not path.is_file():
                out.append(f"case {number}: no file {file}")
                continue
            for name in re.findall('"([^"]+)"', names):
                if not has(path, name):
                    out.append(f"case {number}: no test {name!r} in {file}")
    return out


class FailuresTest(unittest.TestCase):
    def test_every_case_is_there_and_each_test_that_it_names_exists(self):
        self.assertEqual(problems(GUIDE.read_text(encoding="utf-8")), [])

    def test_what_is_wrong_is_found(self):
        text = GUIDE.read_text(encoding="utf-8")
        for old, new, words in [("| 13 |", "| 91 |", "[13, 91]"),
                                ('"one date has one run"', '"one date has two runs"', "two runs"),
                                ("e2e/test_full_disk.py", "e2e/test_no_disk.py", "no file"),
                                ("*Not yet:* there is one scheduler", "there is one", "neither a test")]:
            with self.subTest(new):
                self.assertIn(old, text)
                self.assertIn(words, " ".join(problems(text.replace(old, new))))


if __name__ == "__main__":
    unittest.main()
