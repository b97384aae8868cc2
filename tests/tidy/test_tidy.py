"""tidy must be able to complain: each bad sample is a small tree, and the words that must come back."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

TIDY = Path(__file__).resolve().parents[2] / "tools/tidy.py"
ONCE = "#pragma once\n"


def tidy(files: dict[str, str]) -> tuple[int, list[str]]:
    """(exit code, what it said), on a tree of these files with a CMakeLists.txt that lists them all."""
    with tempfile.TemporaryDirectory() as root:
        files = {"CMakeLists.txt": "\n".join(name for name in files if "." in name), **files}
        for name, text in files.items():
            path = Path(root) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        process = subprocess.run([sys.executable, TIDY, root], capture_output=True, text=True, timeout=60)
        return process.returncode, process.stdout.splitlines()[:-1] + process.stderr.splitlines()


BAD = {
    "a room that knows a room above it": (
        "base/a.cc", '#include "dags/dag.h"\n', "base/ must not know dags/"),
    "a store that knows the scheduler itself": (
        "store/a.cc", '#include "scheduler/scheduler.h"\n', "only api and daemon and scheduler may include"),
    "an include from beside": ("dags/a.cc", '#include "../base/id.h"\n', "from the repository root"),
    "YAML outside dags": ("api/a.cc", "#include <yaml-cpp/yaml.h>\n", "belongs to dags"),
    "SQLite outside store": ("daemon/a.cc", "#include <sqlite3.h>\n", "belongs to store"),
    "Beast outside api": ("cli/a.cc", "#include <boost/beast.hpp>\n", "belongs to api"),
    "a graph library outside dags": (
        "scheduler/a.cc", "#include <boost/graph/adjacency_list.hpp>\n", "to dags"),
    "a HTTP client in api": ("api/a.cc", "#include <httplib.h>\n", "belongs to cli and daemon"),
    "JSON in a header": ("api/a.h", ONCE + "#include <nlohmann/json.hpp>\n", "in a header of ours"),
    "a clock in the pure core": ("scheduler/a.cc", '#include "base/clock.h"\n', "scheduler/ is pure"),
    "a clock read outside base/clock.cc": (
        "store/a.cc", "auto t = std::chrono::steady_clock::now();\n", "a Clock"),
    "a sleep": ("daemon/a.cc", "void f() { std::this_thread::sleep_for(s); }\n", "arm a timer"),
    "a sleep in a test": ("tests/unit/a_test.cc", "void f() { usleep(3); }\n", "arm a timer"),
    "output outside cli": ("store/a.cc", "void f() { std::cout << 1; }\n", "log (base/log.h)"),
    "printf": ("api/a.cc", 'void f() { printf("x"); }\n', "log (base/log.h)"),
    "sprintf": ("api/a.cc", 'void f() { sprintf(b, "x"); }\n', "use std::string"),
    "rand": ("executor/a.cc", "int f() { return rand(); }\n", "take a seed"),
    "hash order in the core": ("scheduler/a.h", ONCE + "std::unordered_map<int, int> m;\n", "order is part"),
    "a process started by the daemon": ("daemon/a.cc", "void f() { fork(); }\n", "leave processes"),
    "a header without its first line": ("base/a.h", "int x;\n", "#pragma once"),
    "a namespace opened in a header": ("base/a.h", ONCE + "using namespace std;\n", "no 'using namespace'"),
    "a file that isn't snake_case": ("base/BigFile.cc", "int x;\n", "isn't snake_case"),
    "a drawer": ("base/string_util.cc", "int x;\n", "says nothing"),
    "a class that says nothing": ("base/a.cc", "class TaskManager {};\n", "'TaskManager' says nothing"),
    "a long line": ("base/a.cc", "int " + "x" * 107 + ";\n", "112 columns, 110 at most"),
    "a long file": ("base/a.cc", "int x;\n" * 501, "501 lines, 500 at most"),
    "a tab": ("base/a.cc", "\tint x;\n", "a tab"),
    # tidy:allow(todo) a sample
    "a TODO without a reason": ("base/a.cc", "// TODO later\n", "say why it waits"),
    "a path of one machine": ("dags/a.cc", "// see /wor" + "k/main/x\n", "a path of one machine"),
    "a registry's host": (
        "README.md", "pip install --index https://pypi" + ".org/simple\n", "never addressed"),
    "a folder nobody decided on": ("helpers/a.md", "x\n", "decision record"),
    "a long function in Python": ("tools/a.py", "def f():\n" + "    x = 1\n" * 71, "function of 72 lines"),
}


class TidyTest(unittest.TestCase):
    def test_each_bad_sample_is_named_with_its_place(self):
        for claim, (path, text, words) in BAD.items():
            with self.subTest(claim):
                code, said = tidy({path: text})
                self.assertEqual(code, 1)
                self.assertEqual(len(said), 1, said)
                self.assertIn(words, said[0])
                self.assertRegex(said[0], r"^[\w./]+:\d+: ")

    def test_a_long_function_is_found_wherever_it_stands(self):
        body = "  int x;\n" * 71
        for opening in (
            "int f(int a, int b) {\n",
            "namespace n {\nstruct S {\n S() : a_{1}, b_(2) {\n",
            "template <class T> requires (sizeof(T) > 1)\nauto f(T t) -> decltype(t) {\n",
            "bool operator==(const A& a, const A& b) {\n",
            'TEST_CASE("a { b") {\n',
            'const char* text = R"({{{)";\nvoid f() noexcept {\n',
            "std::vector<int> v = {1, 2};\nvoid f(std::vector<int> w = {}) {\n",
        ):
            with self.subTest(opening):
                closing = "}\n" * (2 if "struct" not in opening else 3)
                _, said = tidy({"base/a.cc": f"namespace m {{\n{opening}{body}{closing}"})
                self.assertEqual(len(said), 1, said)
                self.assertIn("function of 73 lines", said[0])

    def test_long_tables_and_classes_are_not_functions(self):
        rows = "  {1, f(2)},\n" * 100
        members = "  int f() const { return 1; }\n" * 100
        code, said = tidy({"base/a.cc": f"const Row rows[] = {{\n{rows}}};\nclass C {{\n{members}}};\n"})
        self.assertEqual((code, said), (0, []))

    def test_words_in_comments_and_texts_are_free(self):
        text = '// std::cout, rand()\n/* sleep_for */ const char* s = "system(rand())";\nint x = my.rand();\n'
        code, said = tidy({"base/a.cc": text})
        self.assertEqual((code, said), (0, []))

    def test_a_source_that_no_list_names_is_found(self):
        code, said = tidy({"base/CMakeLists.txt": "add_library(x my_a.cc)\n", "base/a.cc": "int x;\n"})
        self.assertEqual((code, said), (1, ["base/a.cc:1: 'a.cc' isn't in base/CMakeLists.txt [cmake]"]))

    def test_a_line_with_a_reason_is_let_off(self):
        code, said = tidy({"api/a.cc": "// tidy:allow(random) a test of rand itself\nint x = rand();\n"})
        self.assertEqual((code, said), (0, []))
        code, _ = tidy({"api/a.cc": "// tidy:allow(random)\nint x = rand();\n"})
        self.assertEqual(code, 1)


if __name__ == "__main__":
    unittest.main()
