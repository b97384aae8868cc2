"""The guides against the program: examples validate, tables of keys are the schema, links lead somewhere."""

import json
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

BINARY = Path(os.environ.get("MILLRACE_BINARY", "build/release/millrace")).resolve()
ROOT = Path(__file__).resolve().parents[2]
GUIDES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
LANGUAGE = ROOT / "docs/dag-language.md"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(guide: Path, language: str) -> list[tuple[int, str]]:
    """(line, text) of each code block of that language."""
    text = guide.read_text(encoding="utf-8")
    return [(text.count("\n", 0, m.start()) + 2, m[2]) for m in BLOCK.finditer(text) if m[1] == language]


def prose(guide: Path) -> str:
    return re.sub(r"`[^`\n]*`", "", BLOCK.sub("", guide.read_text(encoding="utf-8")))


def anchor(heading: str) -> str:
    """As GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def section(heading: str) -> str:
    text = LANGUAGE.read_text(encoding="utf-8")
    return text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]


def table_keys(heading: str) -> set[str]:
    """The quoted words in the first column of the section's table."""
    rows = [line for line in section(heading).splitlines() if line.startswith("| `")]
    return {key for row in rows for key in re.findall(r"`([^`]+)`", row.split("|")[1])}


def whole_file(part: str) -> str:
    """A part of a file, as the guide shows it, with what it leaves out."""
    if re.search(r"^dag_id:", part, re.MULTILINE):
        return part
    tasks = "" if re.search(r"^tasks:", part, re.MULTILINE) else 'tasks: {one: {command: ["true"]}}\n'
    return f"dag_id: part\n{part}{tasks}"


def names_in(schema: object) -> set[str]:
    """All keys and words of a schema, at any depth."""
    if isinstance(schema, list):
        return set().union(*map(names_in, schema)) if schema else set()
    if not isinstance(schema, dict):
        return set()
    own = set(schema.get("properties", {})) | {w for w in schema.get("enum", []) if isinstance(w, str)}
    return own.union(*map(names_in, schema.values()))


class DocsTest(unittest.TestCase):
    def run_millrace(self, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=30)

    def validate(self, text: str, where: str):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            answer = self.run_millrace("validate", file.name)
        self.assertEqual(answer.returncode, 0, f"{where}:\n{answer.stdout}{answer.stderr}")

    def schema(self) -> dict:
        answer = self.run_millrace("schema")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        return json.loads(answer.stdout)

    def test_every_dag_of_the_guides_validates(self):
        count = 0
        for guide in GUIDES:
            for line, text in blocks(guide, "yaml"):
                if guide != LANGUAGE and not re.search(r"^dag_id:", text, re.MULTILINE):
                    continue
                count += 1
                with self.subTest(f"{guide.relative_to(ROOT)}:{line}"):
                    self.validate(whole_file(text), f"{guide.relative_to(ROOT)}:{line}")
        self.assertGreaterEqual(count, 2, "no examples found: has the fence changed?")

    def test_every_dag_of_the_flights_example_validates(self):
        files = sorted((ROOT / "examples/flights/dags").glob("*.yaml"))
        self.assertEqual(len(files), 3)
        answer = self.run_millrace("validate", *files)
        self.assertEqual(answer.returncode, 0, answer.stdout + answer.stderr)

    def test_the_table_of_top_level_keys_is_the_schemas(self):
        self.assertEqual(table_keys("Top level"), set(self.schema()["properties"]))

    def test_the_table_of_task_keys_is_the_schemas(self):
        self.assertEqual(table_keys("Tasks"), set(self.schema()["$defs"]["task"]["properties"]))

    def test_every_key_and_word_of_the_schema_is_in_the_guide(self):
        text = LANGUAGE.read_text(encoding="utf-8")
        missing = {n for n in names_in(self.schema()) if not re.search(rf"(?<!\w){re.escape(n)}(?!\w)", text)}
        self.assertEqual(missing, set())

    def test_what_the_guide_calls_unavailable_is_refused_so(self):
        lists = section("Not available in this version").splitlines()
        keys = {}
        for line in lists:
            if m := re.match(r"- (top level|tasks): (.*?);", line):
                keys[m[1]] = re.findall(r"`(\w+)`", m[2])
        self.assertEqual(set(keys), {"top level", "tasks"})
        for place, names in keys.items():
            for name in names:
                with self.subTest(f"{place}: {name}"):
                    top = f"{name}: x\n" if place == "top level" else ""
                    own = f", {name}: x" if place == "tasks" else ""
                    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
                        file.write(f'dag_id: a\n{top}tasks: {{one: {{command: ["true"]{own}}}}}\n')
                        file.flush()
                        answer = self.run_millrace("validate", file.name)
                    self.assertNotEqual(answer.returncode, 0)
                    said = answer.stdout + answer.stderr
                    self.assertIn(f"'{name}' is not available in this version", said)

    def test_every_relative_link_leads_to_a_file_and_a_heading(self):
        for guide in GUIDES:
            for target in re.findall(r"\]\(([^)\s]+)\)", prose(guide)):
                if re.match(r"[a-z]+:", target):
                    continue
                name, _, heading = target.partition("#")
                file = (guide.parent / name).resolve() if name else guide
                with self.subTest(f"{guide.relative_to(ROOT)} -> {target}"):
                    self.assertTrue(file.exists(), f"{name} doesn't exist")
                    if heading:
                        text = BLOCK.sub("", file.read_text(encoding="utf-8"))
                        headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
                        self.assertIn(heading, {anchor(h) for h in headings})


if __name__ == "__main__":
    unittest.main()
