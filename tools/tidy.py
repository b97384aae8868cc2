#!/usr/bin/env python3
"""Keeps the house as docs/architecture.md draws it. tools/tidy.py [ROOT] prints `file:line: message [rule]`.

A line may be let off by `tidy:allow(rule) reason` in a comment on it or on the line above.
"""

import ast
import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

# Which room may include which.
ARROWS = {
    "base": set(),
    "dags": {"base"},
    "scheduler": {"base", "dags"},
    "store": {"base", "dags", "scheduler"},
    "executor": {"base"},
    "data": {"base", "dags"},
    "api": {"base", "dags", "scheduler", "store"},
    "daemon": {"base", "dags", "scheduler", "store", "executor", "data", "api", "cli"},
    "cli": {"base", "dags"},
}
# store/ takes the scheduler's value types, not what decides; api/ may ask it.
DECIDING_HEADERS = {"scheduler/scheduler.h": {"scheduler", "daemon", "api"}}

FOLDERS = {*ARROWS, "web", "migrations", "examples", "tests", "bench", "docs", "tools", "cmake", "build"}

# Include (a regular expression) -> the rooms that may.
ONLY_USERS = [
    (r"yaml-cpp/|yaml\.h", {"dags"}),
    (r"boost/graph/", {"dags"}),
    (r"date/", {"dags"}),
    (r"sqlite3\.h|pqxx/", {"store"}),
    (r"boost/beast", {"api"}),
    (r"boost/asio", {"api", "daemon", "executor"}),
    (r"httplib\.h", {"cli", "daemon"}),
    (r"CLI/", {"cli"}),
    (r"spdlog/", {"base"}),
    (r"spawn\.h|sys/pidfd\.h", {"executor"}),
    (r"sys/wait\.h", {"executor", "scheduler"}),  # scheduler: the macros that read a wait status
    (r"duckdb|blake3\.h", {"data"}),
    (r"zlib\.h", {"api"}),
]
THIRD_PARTY = (r"(yaml-cpp|boost|date|nlohmann|spdlog|fmt|CLI|openssl|catch2|pqxx)/"
               r"|(sqlite3|httplib|yaml|zlib)\.h")
ALLOWED_IN_HEADERS = r"nlohmann/json_fwd\.hpp"
HEADERS_LET_OFF = {"base/log.h": "fmt/core.h"}  # format strings are checked where they are written

# Includes that a pure room has no use for.
PURE = {
    "scheduler": r"(random|thread|mutex|fstream|iostream|filesystem|unordered_map|unordered_set)$"
                 r"|base/(clock|log)\.h|unistd\.h|sys/(?!wait)|fmt/(os|color)\.h",
    "dags": r"(random|thread|iostream)$|base/(clock|log)\.h|unistd\.h",
}


@dataclass(frozen=True)
class Ban:
    rule: str
    pattern: str
    instead: str
    free: tuple[str, ...] = ()  # path prefixes where it's allowed
    rooms: tuple[str, ...] = tuple(ARROWS)  # where it's looked for


CALL = r"(?<![\w.>])"  # a plain call: not a member's
RUNNER = "executor/runner"
BANS = [
    Ban("clock",
        r"\b(system_clock|steady_clock|high_resolution_clock)::now\b"
        r"|\b(clock_gettime|gettimeofday)\s*\(|\btime\s*\(\s*(NULL|nullptr|0)\s*\)",
        "take a Clock (base/clock.h)", free=("base/clock.cc", RUNNER)),
    Ban("sleep", rf"\bsleep_(for|until)\b|{CALL}(usleep|sleep|nanosleep)\s*\(",
        "arm a timer; a test advances its clock or waits for an event",
        free=(RUNNER,), rooms=(*ARROWS, "tests")),
    Ban("output", rf"\bstd::(cout|cerr|clog)\b|\bfmt::print(ln)?\s*\(|{CALL}(v?f?printf|puts)\s*\(",
        "log (base/log.h), or return the text",
        free=("cli/", "daemon/main.cc", "data/worker_main.cc", "base/log.cc", "base/invariant.cc", RUNNER)),
    Ban("unsafe", rf"{CALL}(v?sprintf|strcpy|strcat|strtok|gets|atoi|atol|atof|tmpnam|mktemp)\s*\(",
        "use std::string, fmt or from_chars"),
    Ban("random", rf"{CALL}(rand|srand|random)\s*\(", "take a seed as an argument"),
    Ban("random", r"\b(random_device|mt19937(_64)?|default_random_engine)\b",
        "take a seed from the event", rooms=("scheduler", "dags", "store")),
    Ban("order", r"\bunordered_(multi)?(map|set)\b",
        "an ordered container: order is part of the answer", rooms=("scheduler",)),
    Ban("process", rf"{CALL}(v?fork|system|popen|execv[pe]*|posix_spawnp?)\s*\(",
        "leave processes to executor/", free=("executor/",)),
    Ban("assert", rf"{CALL}assert\s*\(", "INVARIANT (base/invariant.h): on in every build", free=(RUNNER,)),
]

# Files over 500 lines, each with its reason.
LONG_FILES: dict[str, str] = {}
MAX_LINES, MAX_COLUMNS, MAX_FUNCTION = 500, 110, 70

CODE = {".h", ".cc", ".c", ".S"}
WIDTH = CODE | {".py", ".sh", ".cmake", ".sql", ""}
TEXT = WIDTH | {".md", ".yaml", ".yml", ".json", ".txt", ".ts", ".tsx", ".css", ".service"}
SKIP = {"build", ".git", ".venv", ".venv-test", ".millrace", ".setup", "node_modules", "__pycache__", "dist"}
SKIP_PATHS = {"examples/flights/data", "tests/tidy/samples", "tests/tidy/clean"}

EMPTY_WORDS = r"\w*(?:Manager|Helper|Utils?|Handler2)\b|\w+(?:Data|Info)\b"
BAD_NAMES = re.compile(rf"\b(?:class|struct|enum class)\s+({EMPTY_WORDS})")
# tidy:allow(machine) the patterns themselves
MACHINE = re.compile(r"(?<![\w.])/(work|root)/\w|(?<![\w.])/home/\w|(?<![\w.$}])/tmp/\w")
HOSTS = re.compile(r"pypi\.org|pythonhosted\.org|npmjs\.(org|com)|deb\.debian\.org|golang\.org|crates\.io")


@dataclass
class Source:
    """A file, and its code with comments and the insides of literals blanked (same lines, same columns)."""
    path: str
    text: str
    lines: list[str] = field(init=False)
    code: str = field(init=False, default="")
    code_lines: list[str] = field(init=False, default_factory=list)

    def __post_init__(self):
        self.lines = self.text.split("\n")
        if Path(self.path).suffix in CODE:
            self.code = blank(self.text)
            self.code_lines = self.code.split("\n")

    @property
    def room(self) -> str:
        return self.path.split("/")[0]

    @property
    def suffix(self) -> str:
        return Path(self.path).suffix


LITERAL = re.compile(
    r'R"(?P<delimiter>[^()\\\s]{0,16})\((?:.|\n)*?\)(?P=delimiter)"'
    r"|//(?:\\\n|[^\n])*|/\*(?:.|\n)*?\*/"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'"
)


def blank(text: str) -> str:
    """Comments and literals become blanks; an include keeps its path."""
    def replace(match: re.Match) -> str:
        found = match.group()
        line_start = text.rfind("\n", 0, match.start()) + 1
        if found[0] == '"' and text[line_start:match.start()].lstrip().startswith("#include"):
            return found
        inside = re.sub(r"[^\n]", " ", found)
        return inside if found[0] == "/" else '"' + inside[1:-1] + '"'
    return LITERAL.sub(replace, text)


class Report:
    def __init__(self):
        self.found: list[tuple[str, int, str]] = []

    def add(self, source: Source, line: int, rule: str, message: str) -> None:
        around = source.lines[max(0, line - 2):line]
        if any(re.search(rf"tidy:allow\({rule}\) \S", text) for text in around):
            return
        self.found.append((source.path, line, f"{message} [{rule}]"))


def both(rooms: set[str]) -> str:
    return " and ".join(sorted(rooms))


def too_long(length: int) -> str:
    return f"function of {length} lines, {MAX_FUNCTION} at most"


# One function a rule; each gets one file.

def check_includes(source: Source, report: Report) -> None:
    if source.room not in ARROWS:
        return
    for number, line in enumerate(source.code_lines, 1):
        match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if not match:
            continue
        target = match.group(2)
        room = target.split("/")[0]
        if target.startswith("../") or "/../" in target:
            report.add(source, number, "include", f"include '{target}' from the repository root")
        if match.group(1) == '"' and room in ARROWS and "/" in target:
            if room != source.room and room not in ARROWS[source.room]:
                report.add(source, number, "arrow", f"{source.room}/ must not know {room}/ ('{target}')")
            users = DECIDING_HEADERS.get(target, {source.room})
            if source.room not in users:
                report.add(source, number, "arrow", f"only {both(users)} may include '{target}'")
        for pattern, rooms in ONLY_USERS:
            if re.match(pattern, target) and source.room not in rooms:
                report.add(source, number, "only-user", f"'{target}' belongs to {both(rooms)}")
        allowed = re.match(ALLOWED_IN_HEADERS, target) or HEADERS_LET_OFF.get(source.path) == target
        if source.suffix == ".h" and re.match(THIRD_PARTY, target) and not allowed:
            report.add(source, number, "header", f"'{target}' in a header of ours: include it in the .cc")
        if source.room in PURE and re.match(PURE[source.room], target):
            report.add(source, number, "pure", f"{source.room}/ is pure: no '{target}'")


def check_bans(source: Source, report: Report) -> None:
    for ban in BANS:
        if source.room not in ban.rooms or source.path.startswith(ban.free or ("\0",)):
            continue
        for match in re.finditer(ban.pattern, source.code):
            line = source.code.count("\n", 0, match.start()) + 1
            report.add(source, line, ban.rule, f"{match.group().strip('( ')}: instead, {ban.instead}")


def check_header(source: Source, report: Report) -> None:
    if source.suffix != ".h":
        return
    first = next((line for line in source.code_lines if line.strip()), "")
    if first.strip() != "#pragma once":
        report.add(source, 1, "pragma", "a header starts with '#pragma once'")
    for number, line in enumerate(source.code_lines, 1):
        if re.match(r"\s*using\s+namespace\b", line):
            report.add(source, number, "header", "no 'using namespace' in a header")


def check_names(source: Source, report: Report) -> None:
    name = source.path.rsplit("/", 1)[-1]
    if not re.fullmatch(r"[a-z0-9_]+\.\w+", name):
        report.add(source, 1, "name", f"file name '{name}' isn't snake_case")
    if re.search(r"(^|_)(manager|helper|helpers|util|utils|misc|common)(_|\.)", name):
        report.add(source, 1, "name", f"'{name}' says nothing: name the one concept inside")
    for number, line in enumerate(source.code_lines, 1):
        if match := BAD_NAMES.search(line):
            report.add(source, number, "name", f"'{match.group(1)}' says nothing: name what it is")


def check_functions(source: Source, report: Report) -> None:
    for first, last in functions(source.code):
        if last - first + 1 > MAX_FUNCTION:
            report.add(source, first, "function", too_long(last - first + 1))


def functions(code: str) -> list[tuple[int, int]]:
    """(first line, last line) of each outermost function body; a rough reading of the braces."""
    code = re.sub(r"(?m)^[ \t]*#(?:.*\\\n)*.*$", lambda m: re.sub(r"[^\n]", " ", m.group()), code)
    found, stack, head, line, start, parentheses = [], [], "", 1, 0, 0
    for match in re.finditer(r"\n|[{}();]|[^\n{}();]+", code):
        token = match.group()
        inside = "function" in stack or "value" in stack
        if token == "\n":
            line += 1
            head += " "
        elif token == "{":
            kind = "nested" if inside or parentheses > 0 else classify(head)
            if kind == "function":
                start = line
            stack.append(kind)
            if kind == "scope":
                head = ""
        elif token == "}":
            kind = stack.pop() if stack else "scope"
            if kind == "function" and not re.match(r"\s*[,{]", code[match.end():]):
                found.append((start, line))
                head = ""
            elif kind == "scope":
                head = ""
        elif token == ";" and not inside and parentheses == 0:
            head = ""
        else:
            if not inside:
                parentheses += (token == "(") - (token == ")")
                head += token
    return found


def classify(head: str) -> str:
    """What the brace after this text opens: a scope (namespace, class), a function, or a value."""
    text = re.sub(r"\btemplate\s*<[^{}]*?>", " ", head).strip()
    if re.match(r"(inline\s+)?namespace\b|(typedef\s+)?(extern|class|struct|union|enum)\b(?!.*\))", text):
        return "scope"
    if ")" not in text:
        return "value"
    return "value" if text.endswith("=") else "function"


def check_python(source: Source, report: Report) -> None:
    if source.suffix != ".py":
        return
    for node in ast.walk(ast.parse(source.text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MAX_FUNCTION:
                report.add(source, node.lineno, "function", too_long(length))


def check_size(source: Source, report: Report) -> None:
    count = len(source.lines) - 1
    if source.suffix in WIDTH and count > MAX_LINES and source.path not in LONG_FILES:
        report.add(source, 1, "size", f"{count} lines, {MAX_LINES} at most (or a reason in LONG_FILES)")
    if source.suffix not in WIDTH:
        return
    for number, line in enumerate(source.lines, 1):
        if len(line) > MAX_COLUMNS:
            report.add(source, number, "columns", f"{len(line)} columns, {MAX_COLUMNS} at most")
        if "\t" in line and source.suffix in CODE | {".py"}:
            report.add(source, number, "tab", "a tab; blanks only")
        if line != line.rstrip():
            report.add(source, number, "blank", "blanks at the end of the line")


def check_text(source: Source, report: Report) -> None:
    for number, line in enumerate(source.lines, 1):
        # tidy:allow(todo) the words themselves
        if re.search(r"\b(FIXME|XXX|HACK)\b|\bTODO\b(?!\([^)]+\))", line) and source.suffix in WIDTH:
            report.add(source, number, "todo", "say why it waits: 'TODO(reason): what'")
        if MACHINE.search(line) and source.room not in {"docs"}:
            report.add(source, number, "machine", "a path of one machine")
        if HOSTS.search(line):
            report.add(source, number, "machine", "a registry's host: packages are named, never addressed")


def check_listed(sources: list[Source], report: Report) -> None:
    """Every .cc stands in the CMakeLists.txt of its folder or of one above."""
    lists = {os.path.dirname(s.path): s for s in sources if s.path.endswith("CMakeLists.txt")}
    for source in sources:
        if source.suffix not in {".cc", ".c", ".S"} or source.room not in {*ARROWS, "tests"}:
            continue
        folder = os.path.dirname(source.path)
        while folder and folder not in lists:
            folder = os.path.dirname(folder)
        name = os.path.relpath(source.path, folder or ".")
        list_text = lists[folder].text if folder in lists else ""
        if not re.search(rf"(?<![\w/.]){re.escape(name)}(?![\w.])", list_text):
            report.add(source, 1, "cmake", f"'{name}' isn't in {os.path.join(folder, 'CMakeLists.txt')}")


def read_tree(root: Path) -> list[Source]:
    sources = []
    for folder, folders, files in os.walk(root):
        here = os.path.relpath(folder, root)
        here = "" if here == "." else here + "/"
        folders[:] = sorted(f for f in folders if f not in SKIP and here + f not in SKIP_PATHS)
        for name in sorted(f for f in files if f not in SKIP):  # in a worktree .git is a file
            path = Path(folder) / name
            if path.suffix not in TEXT or path.is_symlink() or path.stat().st_size > 4_000_000:
                continue
            sources.append(Source(here + name, path.read_text(encoding="utf-8", errors="replace")))
    return sources


def check_tree(root: Path) -> Report:
    report = Report()
    sources = read_tree(root)
    for source in sources:
        if source.suffix in CODE:
            for check in (check_includes, check_bans, check_header, check_names, check_functions):
                check(source, report)
        for check in (check_python, check_size, check_text):
            check(source, report)
    check_listed(sources, report)
    for room in sorted({s.room for s in sources if "/" in s.path} - FOLDERS):
        if not room.startswith("."):
            report.found.append((room, 1, "a new top-level folder needs a decision record [folder]"))
    for path in sorted(set(LONG_FILES) - {s.path for s in sources}):
        report.found.append(("tools/tidy.py", 1, f"LONG_FILES names '{path}', which isn't there [size]"))
    return report


def main() -> int:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[1]
    found = sorted(check_tree(root).found)
    for path, line, message in found:
        print(f"{path}:{line}: {message}")
    print(f"tidy: {len(found)} to put right" if found else "tidy")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
