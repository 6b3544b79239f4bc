"""Which statements make an answer: by what they do when executed, against the whole notebook."""

import __future__

import ast
import asyncio
import importlib
import inspect
import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils import checks
from course_utils.grading import answers

ROOT = Path(__file__).parents[1]
WEEKS = sorted(path.name for path in (ROOT / "solutions").glob("week[0-9][0-9]"))
FLAGS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | __future__.annotations.compiler_flag


def code_cells(folder, week):
    (path,) = (ROOT / folder / week).glob("*.ipynb")
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    ids = [cell.metadata.get("nbgrader", {}).get("grade_id", cell.id) for cell in cells]
    return [cell.source for cell in cells], ids


def questions_of(week):
    return importlib.import_module(f"course_utils.checks.{week}").QUESTIONS


def ask(names):
    return {name: {} for name in names}


def select(cells, ids=(), name="f", **question):
    """Select one function; every result must be plain JSON."""
    result = answers.select(list(cells), list(ids), {name: question})
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    json.dumps(result, ensure_ascii=False).encode()
    return {**result, **result["answers"][name]}


def execute(statements):
    """Do what the worker does: each statement on its own, errors ignored."""
    space = {"__name__": "__main__"}
    for statement in statements:
        try:
            result = eval(compile(statement, "<answer>", "exec", FLAGS), space)
            if inspect.iscoroutine(result):
                asyncio.run(result)
        except Exception:
            pass
    return space


def results(cells, *arguments, ids=()):
    """Return what f answers in each of its programs, or the error."""

    def call(program):
        try:
            return execute(program)["f"](*arguments)
        except Exception as error:
            return error

    return [call(program) for program in select(cells, ids)["programs"]]


# The course's own notebooks


@pytest.mark.parametrize("week", WEEKS)
def test_solution_is_found_whole(week):
    cells, ids = code_cells("solutions", week)
    questions = questions_of(week)
    found = answers.select(cells, ids, ask(questions))
    assert found["broken"] == [] and set(questions) <= set(found["names"])
    for name, answer in found["answers"].items():
        (program,) = answer["programs"]
        assert len(program) < 12, "more than the function and its helpers"
        assert answer["flags"] == [] and not answer["stub"] and answer["shape"]
        result = checks.check(f"{week}.{name}", execute(program)[name])
        assert result, f"{name}: {result}"


@pytest.mark.parametrize("week", WEEKS)
def test_cells_in_reverse_order_without_names(week):
    cells, ids = code_cells("solutions", week)
    questions = ask(questions_of(week))
    straight = answers.select(cells, ids, questions)["answers"]
    for name, answer in answers.select(cells[::-1], [], questions)["answers"].items():
        assert sorted(answer["programs"][-1]) == sorted(straight[name]["programs"][0])
        assert callable(execute(answer["programs"][-1])[name])


@pytest.mark.parametrize("week", WEEKS)
def test_unfilled_exercise_holds_stubs(week):
    cells, ids = code_cells("exercises", week)
    found = answers.select(cells, ids, ask(questions_of(week)))
    for answer in found["answers"].values():
        assert answer["stub"] and answer["shape"] == "" and answer["flags"] == []
        assert len(answer["programs"]) == 1


@pytest.mark.parametrize("week", WEEKS)
def test_wrong_solutions_are_honest(week):
    source = (ROOT / "tests" / "wrong_solutions" / f"{week}.py").read_text(encoding="utf-8")
    names = [n.name for n in ast.parse(source).body if isinstance(n, ast.FunctionDef)]
    found = answers.select([source], [""], ask(names))
    assert len(names) > 30
    assert {name: a["flags"] for name, a in found["answers"].items() if a["flags"]} == {}


def test_only_the_standard_library():
    code = "import answers; assert answers.select(['def f(): return 1'], [''], {'f': {}})"
    folder = ROOT / "course_utils" / "grading"
    program = f"import sys; sys.path.insert(0, {str(folder)!r}); {code}"
    subprocess.run([sys.executable, "-I", "-S", "-c", program], check=True)


# What belongs to a program

DONE = {
    "helper in a later cell": ["def f(): return g() + 1", "def g(): return 1"],
    "helper of a helper": ["def h(): return 1", "def g(): return h()", "def f(): return g() + 1"],
    "constant": ["ONE = 1", "def f(): return ONE + 1"],
    "default value": ["ONE = 1", "def f(x=ONE + 1): return x"],
    "decorator": ["def twice(g): return lambda: 2 * g()", "@twice\ndef f():\n    return 1"],
    "class": ["class A:\n    x = 1\n    def f(self): return self.x + 1", "def f(): return A().f()"],
    "callable object": ["class A:\n    def __call__(self): return 2", "f = A()"],
    "lambda": ["f = lambda: 2"],
    "bound method": ["class A:\n    def g(self): return 2", "a = A()\nf = a.g"],
    "partial": ["from functools import partial", "def g(x): return x", "f = partial(g, 2)"],
    "tuple": ["a, (b, *c) = 1, (2, 3)", "def f(): return b"],
    "walrus": ["if (n := 2) > 1: pass", "def f(): return n"],
    "walrus of its own": ["n = 1", "[n := n + i for i in (0, 1)]", "def f(): return n"],
    "walrus in a comprehension": ["[m := i for i in range(3)]", "def f(): return m"],
    "one import fails": ["import nothing_like_it, math", "def f(): return math.sqrt(4)"],
    "from import": ["from math import sqrt as root, no_such", "def f(): return root(4)"],
    "star": ["from math import *", "def f(): return sqrt(4)"],
    "import in try": [
        "try:\n    import no_such as m\nexcept ImportError:\n    import math as m",
        "def f(): return m.sqrt(4)",
    ],
    "under if": ["if True:\n    def f():\n        return 2"],
    "item": ["t = {}", "t['a'] = 2", "def f(): return t['a']"],
    "method": ["t = {}", "t.update(a=2)", "def f(): return t['a']"],
    "method in a loop": ["t = []", "for i in range(3):\n    t.append(i)", "def f(): return t[2]"],
    "method in a comprehension": [
        "t = []",
        "[t.append(i) for i in range(3)]\ndef f(): return t[2]",
    ],
    "argument": ["import heapq", "t = [3]", "heapq.heappush(t, 2)", "def f(): return t[0]"],
    "argument of one's own": ["def g(t): t[0] = 2", "t = [1]", "g(t)", "def f(): return t[0]"],
    "attribute of a function": ["def f(): return f.x", "f.x = 2"],
    "augmented": ["n = 1", "n += 1", "def f(): return n"],
    "deleted item": ["t = [1, 2]", "del t[0]", "def f(): return t[0]"],
    "global": ["def g():\n    global n\n    n = 2", "g()", "def f(): return n"],
    "global of its own": ["n = 1", "def f():\n    global n\n    n = n + 1\n    return n"],
    "with": ["import contextlib\nwith contextlib.nullcontext(2) as n: pass", "def f(): return n"],
    "except": ["n = 1\ntry: 1 / 0\nexcept ZeroDivisionError: n = 2", "def f(): return n"],
    "match": ["match [1, 2]:\n    case [a, b]: pass", "def f(): return b"],
    "while": ["n = 0\nwhile n < 2: n += 1", "def f(): return n"],
    "top-level await": [
        "import asyncio\nasync def g(): return 2",
        "n = await g()",
        "def f(): return n",
    ],
    "annotation of something missing": ["def f(x: no.such = 2) -> nothing: return x"],
    "annotated constant": ["N: Final = 2", "def f(): return N"],
    "semicolons": ["a = 1; b = 'é'; c = 2; print(a)", "def f(): return c"],
    "a cell after a crash": ["raise RuntimeError", "1 / 0; n = 2", "def f(): return n"],
    "carriage returns": ["def f():\r\n    return 2\r\n"],
    "imports below": ["def f(x=math.sqrt(4)): return x", "import math"],
    "constants below": ["T = [N]", "def f(t=T): return t[0]", "N = M\nM = 2", "def g(): pass"],
    "nested scopes": [
        "x = 5\ndef g():\n    x = 1\n    def h():\n        nonlocal x\n        x += 1\n"
        "    h()\n    return x",
        "def f(): return g()",
    ],
    "class scope": [
        "x = 2",
        "class A:\n    x = x\n    y = [x for _ in 'a']",
        "def f(): return A.y[0]",
    ],
    "a stub below": [
        "def f(): return 2",
        "def f():\n    # YOUR CODE HERE\n    ...",
    ],
    "helper's stub below": ["def f(): return g()", "def g(): return 2", "def g(): pass"],
    "copied cell": ["def f():\n    return 2"] * 2,
    "builtin shadowed below": ["def f(): return sum([1, 1])", "sum = 0"],
}


@pytest.mark.parametrize("cells", DONE.values(), ids=DONE)
def test_answer_is_two(cells):
    assert 2 in results(cells)


def test_recursion_limit_is_set():
    limit = "import sys\nsys.setrecursionlimit(5000)"
    (program,) = select([limit, "def f(): return 2"])["programs"]
    assert program == [*limit.split("\n"), "def f(): return 2"]


def test_several_imports_fail_alone():
    cells = ["import no_such_a, math, no_such_b", "def f(): return math.pi"]
    assert select(cells)["programs"] == [["import math", "def f(): return math.pi"]]


def test_a_default_value_is_what_it_was():
    cells = ["n = 2", "def f(x=n): return x", "n = slow()"]
    assert select(cells)["programs"] == [cells[:2]]


def test_deleting_is_not_defining():
    assert results(["del f", "def f(): return 2"]) == [2]
    assert results(["n = 2", "def f(): return n", "del n"])[0] == 2


def test_in_place_and_at_the_end():
    rebound = ["import math", "def f(): return math.sqrt(4)", "math = 3"]
    assert len(programs := select(rebound)["programs"]) == 2
    assert execute(programs[0])["f"]() == 2
    assert results(["def f(): return 1", "def f(): return 2"]) == [1, 2]
    # The cell that bears the name is the place of the answer, unless it is still a stub.
    cells = ["def f(): return 1", "def f(): return 2", "def f(): return 3"]
    assert results(cells, ids=["", "f", ""]) == [2, 3]
    assert results(["def f(): ...", *cells[1:]], ids=["f", "", ""]) == [2, 3]


NOT_TAKEN = {
    "print": "print(T)",
    "expression": "f(1)",
    "check": "check('week01.f', f)",
    "assertion": "assert f(1)",
    "training": "for i in range(10**9):\n    w = f(i)\n    losses.append(w)",
    "shuffling": "for i in range(10**9):\n    np.random.shuffle(order)",
    "test of a library": "np.testing.assert_allclose(f(slow()), 1)",
    "plot": "plt.plot(T); plt.show()",
    "input": "name = input()",
    "use": "y = T.most_common(3)",
    "function that uses it": "def g(): return f(1)",
    "same name inside": "def g():\n    T = 1\n    return [np for np in T]",
    "parameter": "x = slow()",
    "loop variable inside": "i = slow()",
    "annotation": "Alias = slow()",
    "assigned above": "def later(): return T",
}


@pytest.mark.parametrize("statement", NOT_TAKEN.values(), ids=NOT_TAKEN)
def test_what_is_not_needed_is_left_out(statement):
    start = "import numpy as np\nT: Alias = {}"
    answer = "def f(x: Alias) -> Alias:\n    return np.sum([i for i in range(x)]) + len(T)"
    lines = ["import numpy as np", "T: Alias = {}", answer]
    for cells in ([start, answer, statement], [start, statement, answer]):
        assert select(cells)["programs"] == [lines]


# A whole notebook, executed as it is, is the oracle.

NUMBERS, LISTS = ["a", "b", "c"], ["s", "t"]
number, a_list = st.sampled_from(NUMBERS), st.sampled_from(LISTS)
value = st.one_of(number, st.integers(0, 9).map(str), a_list.map("len({})".format))
STATEMENTS = st.one_of(
    st.builds("{} = {} + {}".format, number, value, value),
    st.builds("{} += {}".format, number, value),
    st.builds("{} = [{}, {}]".format, a_list, value, value),
    st.builds("{0} = {0} + {1}".format, a_list, a_list),
    st.builds("{}.append({})".format, a_list, value),
    st.builds("{}[0] = {}".format, a_list, value),
    st.builds("for i in range(3):\n    {}.append(i + {})".format, a_list, value),
    st.builds("[{}.append(i) for i in range({} % 3)]".format, a_list, value),
    st.builds("if {} > 3:\n    {} = 5\nelse:\n    {}.append(7)".format, value, number, a_list),
    st.builds("try:\n    {} = 1 / 0\nexcept Exception as e:\n    {} = 8".format, number, number),
    st.builds("{0}, {0}[0] = {1}, {2}".format, a_list, st.just("[1, 2]"), value),
    st.builds("def g(x={}):\n    return x + {}".format, value, value),
    st.builds("def h():\n    global {0}\n    {0} = {0} + {1}".format, number, value),
    st.builds("def k():\n    {0} = 3\n    return {0} + g()".format, number),
    st.builds("{} = g() + k()".format, number),
    st.builds("heapq.heapify({})".format, a_list),
    st.builds("del {}[0]".format, a_list),
    st.just("h()"),
    st.builds("def f():\n    return {}, {}, list({}), g()".format, value, number, a_list),
)
PRELUDE = (
    "import heapq\na = b = c = 1\ns = [1]\nt = [2]\n"
    "def g(): return 4\ndef h(): return 0\ndef k(): return 5\ndef f(): return a, s"
)


@settings(max_examples=300, deadline=None)
@given(st.lists(STATEMENTS, max_size=12))
def test_program_does_what_the_notebook_does(statements):
    programs = select([PRELUDE, *statements])["programs"]
    for program, ran in zip(programs, ([], statements), strict=False):
        if len(programs) == 1:
            ran = statements
        whole = execute([ast.unparse(node) for node in ast.parse(PRELUDE).body] + ran)
        wanted, got = whole["f"](), execute(program)["f"]()
        assert got == wanted, "\n".join(program)


# What is not Python

MAGIC = {
    "line": "%matplotlib inline\nx = 2",
    "in a function": "%load_ext autoreload\ndef g():\n    %autoreload 2\n    return 2\nx = g()",
    "timed line": "y = 2\n%time x = y",
    "timed cell": "%%time\nx = 2",
    "timed cell, further down": "\n\n%%time\n%matplotlib inline\nx = 2",
    "captured cell": "%%capture out --no-stderr\nx = 2",
    "shell": "!pip install 'numpy>=2' \\\n    pandas\nx = 2",
    "shell, value used": 'files = !ls "it\'s"\nx = 2',
    "help": "x = 2\nx?\nx.real??\n?x",
    "remainder": "x = (5\n     % 3)\n%time",
    "remainder beside magic": "%matplotlib inline\nx = (\n    5\n    % 3\n)\n!ls",
    "percent in a string": 'x = 2\ns = """\n%time\n!ls\n"""\n%time',
    "indented": "    x = 1\n    if x:\n        x = 2",
    "prompts": ">>> x = 1\n>>> if x:\n...     x = 2\n...",
    "numbered prompts": "In [1]: x = 1\n\nIn [2]: if x:\n   ...:     x = 2\n   ...:",
}


@pytest.mark.parametrize("cell", MAGIC.values(), ids=MAGIC)
def test_magic_is_passed_over(cell):
    found = select([cell], name="x")
    assert found["broken"] == [] and execute(found["programs"][0])["x"] == 2


@pytest.mark.parametrize("cell", MAGIC.values(), ids=MAGIC)
def test_ipython_keeps_the_same_lines(cell):
    transform = pytest.importorskip("IPython.core.inputtransformer2").TransformerManager()
    cell = cell.lstrip("\n")
    theirs = transform.transform_cell(cell)
    if theirs.startswith("get_ipython().run_cell_magic"):
        theirs = transform.transform_cell(cell.partition("\n")[2])
    source, _ = answers._parse(cell)
    ours = [line for line in source.splitlines() if line.strip() not in ("", "pass", "x = y")]
    assert ours == [line for line in theirs.splitlines() if line and "get_ipython" not in line]


@pytest.mark.parametrize("magic", ["%%bash", "%%html", "%%writefile f.py", "%%", "%%no_such"])
def test_other_languages_are_left_out(magic):
    assert select([f"{magic}\ndef f(): return 1"])["programs"] == []
    assert select([f"{magic}\n<b>is</b> not python"])["broken"] == []


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("x = 1\ndef f(:\n    pass", "SyntaxError: invalid syntax (line 2)"),
        ("def f():\npass", "IndentationError: expected an indented block"),
        ("def f():\n    x = 1\nreturn x", "SyntaxError: 'return' outside function (line 3)"),
        ("def f(x, x): pass", "SyntaxError: duplicate"),
        ("def f(): pass\nprint('what?)", "SyntaxError: unterminated string literal"),
        ("def f(): pass\nx = 5\n  % 3", "IndentationError: unexpected indent (line 3)"),
        ("def f(): return 1\x00", "source code string cannot contain null bytes"),
        ("def f(): pass\n# Question 1\nThis is *text*.", "SyntaxError: invalid syntax"),
        ("%a\n" * 1000 + "def f(): pass", "SyntaxError: more than a hundred lines"),
    ],
)
def test_broken_cell_costs_what_it_defines(cell, reason):
    found = answers.select([cell, "def g(): return 2"], [], {"f": {}, "g": {}})
    assert [number for number, _ in found["broken"]] == [1]
    assert reason in found["broken"][0][1]
    assert found["answers"]["f"]["programs"] == []
    assert found["answers"]["g"]["programs"] == [["def g(): return 2"]]


# What is said of an answer


@pytest.mark.parametrize(
    "body",
    [
        *("...", "pass", "return", "return None", "return ...", "raise NotImplementedError"),
        *('"""Do it."""', '"""Do it."""\n    # YOUR CODE HERE\n    raise NotImplementedError()'),
    ],
)
def test_stub(body):
    found = select([f"def f(x):\n    {body}"])
    assert found["stub"] and found["shape"] == "" and len(found["programs"]) == 1


def test_not_a_stub():
    for body in ("return 0", "x", "raise ValueError", "return x", "x = 1\n    ...", "print(x)"):
        assert not select([f"def f(x):\n    {body}"])["stub"]
    assert not select(["def f(x): ...", "def f(x): return x"])["stub"]
    assert select(["f = None"])["stub"] and not select(["f = max"])["stub"]


def test_near_and_names():
    cells = ["def Perplexty(p): return 1\nx = 3", "if x:\n    def g():\n        def h(): pass"]
    found = answers.select(cells, [], {"perplexity": {}, "gradient": {}})
    assert found["names"] == ["Perplexty", "g"]
    assert found["answers"]["perplexity"]["near"] == "Perplexty"
    assert found["answers"]["gradient"]["near"] == ""
    # What another question asks for, or is imported, is not a slip of the pen.
    found = answers.select(["def dW_xh(): return 1"], [], {"dW_hh": {}, "dW_xh": {}})
    assert found["answers"]["dW_hh"]["near"] == ""
    assert select(["from m import model_perplexity"], name="perplexity")["near"] == ""


FLAGGED = {
    "reads the stack (sys._getframe)": "import sys\ndef f(): return sys._getframe(1)",
    "reads the stack (inspect.stack)": "def f():\n    from inspect import stack\n    stack()",
    "reads the stack (f_back)": "def f(): return g(1).f_back",
    "reads the stack (f_locals)": "def f(): return getattr(g(1), 'f_locals')",
    "looks through the memory (gc.get_objects)": "import gc\ndef f(): return gc.get_objects()",
    "looks through the memory (ctypes.c_int)": "import ctypes as c\ndef f(): return c.c_int(1)",
    "traces the interpreter (sys.settrace)": "import sys\nf = lambda: sys.settrace(None)",
    "calls the system (os.getcwd)": "import os\ndef f(): return os.getcwd()",
    "calls the system (os.kill)": "from os import kill as k\ndef f(): return k(1, 9)",
    "opens files (open)": "def f(): return open('solution.ipynb').read()",
    "opens connections (socket.socket)": "import socket\ndef f(): return socket.socket()",
    "starts processes or threads (subprocess.run)": "import subprocess as s\nf = lambda: s.run(1)",
    "runs text as code (eval)": "def f(x): return eval(x)",
    "changes Python itself (__builtins__)": "def f(): __builtins__['len'] = 1",
    "changes an imported module (np.pi)": "import numpy as np\nnp.pi = max\nf = lambda: np.pi",
    "changes an imported module (math)": "import math\ndef f(): setattr(math, 'pi', f)",
    "decides itself what it equals (__eq__)": (
        "class A:\n    def __eq__(self, other): return True\ndef f(): return A()"
    ),
    "poses as an array (__array__)": "A = type('A', (), {'__array__': 1})\nf = lambda: A()",
    "reads the course's checks (course_utils.checks.week01.QUESTIONS)": (
        "from course_utils.checks import week01\ndef f(): return week01.QUESTIONS"
    ),
    "uses torch.nn.LSTM": "import torch.nn as nn\nlstm = nn.LSTM\ndef f(): return lstm(1)",
    "uses torch.nn.GRU": "import torch.nn as nn\ndef f(): return getattr(nn, 'GRU')(1)",
    "uses numpy.linalg.svd": "from numpy.linalg import svd\ndef f(): return svd(1)",
    "uses sorted": "def g(x): return sorted(x)\ndef f(x): return g(x)",
}
WITHOUT = ["torch.nn.LSTM", "torch.nn.GRU", "numpy.linalg.svd", "sorted"]


@pytest.mark.parametrize(("flag", "cell"), FLAGGED.items(), ids=FLAGGED)
def test_flag(flag, cell):
    assert select([cell], without=WITHOUT)["flags"] == [flag]
    # Beside an answer that does not use it, it is nobody's concern.
    idle = cell.replace("def f(", "def h(").replace("f = ", "h = ")
    assert select([idle, "def f(): return 1"], without=WITHOUT)["flags"] == []


@pytest.mark.parametrize(
    "cell",
    [
        "import os\ndef f(x): return os.path.join(x, x)",
        "import torch\ntorch.backends.cudnn.deterministic = True\ndef f(x): return torch.tanh(x)",
        "def f(open, close):\n    compile = open - close\n    return compile",
        "import numpy as np\ndef f(x):\n    x[0] = np.log(1)\n    x.real = 1\n    return x",
        "class A:\n    def __init__(self): self.x = 1\n    def __call__(self): pass\nf = A()",
        "import sys\ndef f(x): return x * sys.float_info.epsilon",
        "from course_utils.text import Vocabulary\ndef f(x): return Vocabulary.eos_id",
    ],
)
def test_no_flag(cell):
    assert select([cell], without=WITHOUT)["flags"] == []


def shape(*cells):
    return select(cells)["shape"]


def test_shape_is_the_same():
    one = shape(
        "import numpy as np\nfrom math import log",
        "def f(words: list[int], n=2) -> float:\n    '''Count.'''\n    total: float = 0.0\n"
        "    for word in words:\n        # add\n        total += log(word)\n"
        "    return np.sum([total, n])",
    )
    other = shape(
        "import math, numpy",
        "def f( w,m = 2 ):\n  t=0.0\n  for x in w: t += math.log(x)\n  return (numpy.sum([t, m]))",
    )
    inside = shape(
        "def f(a, b=2):\n  from numpy import sum\n  import math\n  c = 0.0\n"
        "  for d in a: c += math.log(d)\n  return sum([c, b])"
    )
    assert one == other == inside and "v0" in one and "numpy.sum" in one
    helper = "def {0}({1}):\n    return {1} + 1", "def f(x):\n    return {0}(x)"
    names = ("plus", "x"), ("helper", "value")
    assert len({shape(*(cell.format(*pair) for cell in helper)) for pair in names}) == 1


def test_shape_differs():
    bodies = ("x + 1", "x + 2", "1 + x", "x - 1", "g(x)", "h(x)", "math.exp(x)", "[y for y in x]")
    assert len({shape(f"def f(x): return {body}") for body in bodies}) == len(bodies)


def test_shape_of_a_long_answer():
    assert shape("def f(): return " + " + ".join(["1"] * 900))
    assert 0 < len(shape("def f(): return [\n" + "1,\n" * 9_000 + "]")) <= 20_000


# Whatever the source

N = 20_000
HOSTILE = [
    *("(" * N, "-" * N + "1", "a" + ".a" * N, "a" + "[0]" * N, "not " * N + "x", "x=" * N + "1"),
    *("lambda: " * N, "1 if a else " * N + "1", "f'{" * 200, "'''", "\\", "\\\n" * N, "\x00"),
    *("\ud800", "s = '\ud800'", f"def f(): return {'9' * 5000}", "\ufeffdef f(): return 1"),
    "\n".join(" " * i + "if 1:" for i in range(300)),
    "\n".join(f"def f{i}(a=f{i + 1}): pass" for i in range(2000)) + "\ndef f(a=f0): return 1",
    "x = x\n" * 2000 + "def f(): return x",
    "def f(x):\n if x: pass\n" + "".join(f" elif x == {i}: return {i}\n" for i in range(900)),
    "match x:\n case {'a': b, **c}: pass\n case [a, *d] | A(b=a, c=d): pass\ndef f(): return a",
    "try:\n x\nexcept* E as e: pass\nasync with a as (b, c), d as e.f: [z async for z in y]",
    "from . import x\nfrom .. import *\nimport a.b.c as d, e.f\nglobal x\nx: int\n(x): int = 3",
    "def f[T](x: T) -> T: return x\ntype X = int\nclass A[T](B[T], metaclass=C): x = T",
    "class A:\n global f, g\n def f(self): return __class__\n [x := 1]",
]


@pytest.mark.parametrize("cell", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_source(cell):
    select([cell, "x = f()"], without=["a.b"])


TOKENS = (
    "def f g x y ( ) [ ] { } : , . = == += := * ** @ -> lambda for in if else while try except with"
    " as class return yield await async global nonlocal import from del match case _ % ! ? %% ; \\"
    ' """ f\' \' # \n \n\t \x0c \r 1 1e999 0x é \u2028 \0 \ud800 print open __eq__ ...'
)
soup = st.lists(st.sampled_from(TOKENS.split(" ")), max_size=40).map(" ".join)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.text(), soup), max_size=4), st.lists(st.sampled_from("fg")))
def test_no_source_raises(cells, ids):
    select(cells, ids, without=["a.b", "sorted", ""])


CELLS = [cell for week in WEEKS for cell in code_cells("solutions", week)[0]]


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_no_edit_raises(data):
    cells = data.draw(st.lists(st.sampled_from(CELLS), min_size=1, max_size=4))
    for _ in range(data.draw(st.integers(0, 3))):
        number = data.draw(st.integers(0, len(cells) - 1))
        a, b = sorted(data.draw(st.tuples(*[st.integers(0, len(cells[number]))] * 2)))
        new = data.draw(st.one_of(soup, st.sampled_from(cells)))
        cells[number] = cells[number][:a] + new + cells[number][b:]
    names = data.draw(st.lists(st.sampled_from(["softmax", "perplexity", "bptt", "table", "np"])))
    found = answers.select(cells, [], {name: {"without": ["numpy.log"]} for name in names})
    json.dumps(found, ensure_ascii=False).encode()
    for answer in found["answers"].values():
        for statement in [text for program in answer["programs"] for text in program]:
            compile(statement, "<answer>", "exec", FLAGS)  # as it stood in a cell that compiles
