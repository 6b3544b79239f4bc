"""Submissions that are odd and honest: what stands in them is right, and deserves its points.

Each is a way in which right answers have lost their points to other graders. What the notebook's
own check calls right, a mark must call right.
"""

import copy
import json
from textwrap import dedent

from submissions import (
    Case,
    answer_of,
    answers,
    code,
    content,
    exercise,
    filled,
    place,
    put,
    questions,
    solution,
    source,
)

SUITE: list[Case] = []
ALL = tuple(questions("week01"))
RIGHT = answers()


def file(name, why, data, deserved=ALL, week="week01", **more):
    """Add a submission from its bytes."""
    SUITE.append(Case(name, why, data, frozenset(deserved), week, **more))


def change(function):
    """Add the solution after a change to its notebook, which the function makes or returns."""
    notebook = solution()
    notebook = function(notebook) or notebook
    file(function.__name__.replace("_", " "), function.__doc__, content(notebook))
    return function


def cells(name, why, *added, at=None, deserved=ALL, week="week01", before=False, **replaced):
    """Add the solution with answers replaced, and cells put at its end, or after or before one."""
    notebook = solution(week)
    for cell in notebook["cells"]:
        if (function := answer_of(cell, week)) in replaced:
            put(cell, source(code(replaced[function])))
    i = len(notebook["cells"]) if at is None else place(notebook, at, week) + (not before)
    notebook["cells"][i:i] = map(code, added)
    file(name, why, content(notebook), deserved, week)


def one(name, why, text, at="perplexity", week="week01", **more):
    """Add the exercise with a single answer, written so."""
    text = source(code(text))
    file(name, why, content(filled(week, **{at: text})), [at], week, **more)


def stub(name):
    notebook = exercise()
    return source(notebook["cells"][place(notebook, name)])


# How a file was saved

file("as it should be", "The solution.", content(solution()))


@change
def metadata_stripped(notebook):
    """Another editor has removed all metadata and the names of cells."""
    notebook["metadata"] = {}
    notebook["nbformat_minor"] = 4
    for cell in notebook["cells"]:
        cell["metadata"] = {}
        del cell["id"]


@change
def fields_missing(notebook):
    """Another editor writes no outputs, no counts and no metadata at all."""
    del notebook["metadata"]
    for cell in notebook["cells"]:
        for key in ("metadata", "outputs", "execution_count", "id"):
            cell.pop(key, None)


@change
def format_3(notebook):
    """Saved in the format of IPython 1 and 2: worksheets, and inputs for sources."""
    for cell in notebook["cells"]:
        del cell["id"]
        if cell["cell_type"] == "code":
            cell.update(input=cell.pop("source"), language="python", collapsed=False)
            cell["prompt_number"] = cell.pop("execution_count")
    return {
        "metadata": {"name": "week01"},
        "nbformat": 3,
        "nbformat_minor": 0,
        "worksheets": [{"cells": notebook["cells"], "metadata": {}}],
    }


@change
def old_metadata_schema(notebook):
    """The metadata are nbgrader's first ones."""
    for cell in notebook["cells"]:
        if "nbgrader" in cell["metadata"]:
            grade = cell["metadata"]["nbgrader"]
            cell["metadata"]["nbgrader"] = {
                "grade": grade["grade"],
                "grade_id": grade["grade_id"],
                "locked": False,
                "points": str(grade.get("points", "")),
                "schema_version": 1,
                "checksum": "0" * 32,
            }


@change
def another_kernel(notebook):
    """It was run with a kernel that is not here."""
    notebook["metadata"]["kernelspec"] = {
        "display_name": "Python [conda env:ml-2019]",
        "language": "python",
        "name": "conda-env-ml-2019-py",
    }
    notebook["metadata"]["language_info"] = {"name": "python", "version": "2.7.18"}


@change
def no_kernel(notebook):
    """It names no kernel and no language."""
    notebook["metadata"] = {"orig_nbformat": 2, "vscode": {"interpreter": {"hash": "31f2"}}}


@change
def from_colab(notebook):
    """It has passed through Colab."""
    notebook["metadata"] = {"colab": {"provenance": []}, "accelerator": "GPU"}
    notebook["nbformat_minor"] = 0
    for number, cell in enumerate(notebook["cells"]):
        del cell["id"]
        cell["metadata"] = {"id": f"mJ{number}", "colab": {"base_uri": "https://localhost"}}
        cell["outputs"] = cell["outputs"] if "outputs" in cell else []


@change
def sources_in_one_piece(notebook):
    """A cell's source is one text, with the line ends of Windows."""
    for cell in notebook["cells"]:
        cell["source"] = source(cell).replace("\n", "\r\n")


@change
def one_name_for_all_cells(notebook):
    """Every cell has the same id and the same grade_id."""
    for cell in notebook["cells"]:
        cell["id"] = "cell"
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"]["grade_id"] = "cell"


@change
def large_outputs(notebook):
    """It brings pictures of some megabytes."""
    for cell in notebook["cells"][20:24]:
        picture = {"image/png": "iVBORw0KGgo" * 100_000}
        cell["outputs"] = [{"output_type": "display_data", "metadata": {}, "data": picture}]


@change
def numbers_that_are_none(notebook):
    """Its outputs hold NaN and Infinity, which JSON does not know."""
    notebook["cells"][2]["outputs"] = [
        {"output_type": "display_data", "metadata": {}, "data": {"x": [float("nan"), float("inf")]}}
    ]


@change
def a_later_format(notebook):
    """It says that it is in a format to come."""
    notebook["nbformat_minor"] = 99
    for cell in notebook["cells"]:
        cell["colour"] = "blue"


def accented():
    notebook = solution()
    cell = notebook["cells"][place(notebook, "perplexity")]
    put(cell, source(cell) + "\n\n\nname = 'José Müller'  # très bien")
    return notebook


file("Latin-1", "Saved in Latin-1.", content(accented(), "latin-1"))
file("UTF-16", "Saved in UTF-16.", content(accented(), "utf-16"))
file(
    "a byte order mark", "Saved in UTF-8 with a byte order mark.", content(accented(), "utf-8-sig")
)
file("escapes", "All letters beyond ASCII are escaped.", json.dumps(accented()).encode("ascii"))
file("on one line", "Without a line break.", json.dumps(accented(), ensure_ascii=False).encode())
file(
    "line ends of Windows",
    "The file has been through an editor on Windows.",
    content(solution()).replace(b"\n", b"\r\n"),
)
file(
    "blanks around it",
    "Blank lines before and after the JSON.",
    b"\n\n  " + content(solution()) + b"\n\n\n",
)

# Cells that were moved


@change
def answers_copied(notebook):
    """Each answer is in a copy of its cell, which stands below; the original is unfilled."""
    for name in ALL:
        i = place(notebook, name)
        finished = copy.deepcopy(notebook["cells"][i])
        put(notebook["cells"][i], stub(name))
        finished["id"] += "-copy"
        finished["metadata"] = {}
        notebook["cells"].insert(i + 1, finished)


@change
def unfilled_copies_below(notebook):
    """Below each answer stands its cell once more, unfilled and with the same names."""
    for name in ALL:
        i = place(notebook, name)
        again = copy.deepcopy(notebook["cells"][i])
        put(again, stub(name))
        notebook["cells"].append(again)


@change
def answers_copied_with_their_names(notebook):
    """A copied cell has kept its grade_id; the first of the two is unfilled."""
    for name in ALL:
        i = place(notebook, name)
        finished = copy.deepcopy(notebook["cells"][i])
        put(notebook["cells"][i], stub(name))
        notebook["cells"].insert(i + 1, finished)


@change
def answers_last_to_first(notebook):
    """The cells are in the reverse order."""
    notebook["cells"].reverse()


@change
def cells_renamed(notebook):
    """The answer cells have names of the student's own."""
    for number, cell in enumerate(notebook["cells"]):
        cell["id"] = f"mine-{number}"
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"]["grade_id"] = f"cell-{number:016x}"


@change
def names_exchanged(notebook):
    """Answers were typed into each other's cells."""
    first, second = (notebook["cells"][place(notebook, name)] for name in ALL[:2])
    first["source"], second["source"] = second["source"], first["source"]


@change
def one_large_cell(notebook):
    """All answers stand in one cell at the top; their own cells are empty."""
    for name in ALL:
        put(notebook["cells"][place(notebook, name)], "")
    notebook["cells"].insert(
        0, code("\n\n\n".join([source(notebook["cells"][2]), *RIGHT.values()]))
    )


@change
def nothing_but_answers(notebook):
    """Texts, checks and the imports are deleted; each answer imports what it needs."""
    kept = [cell for cell in notebook["cells"] if answer_of(cell)]
    for cell in kept:
        put(cell, "import math\nfrom collections import Counter\n\n\n" + source(cell))
    notebook["cells"] = kept


@change
def imports_at_the_end(notebook):
    """The cell with the imports has slipped to the end; the student runs it first."""
    imports = next(i for i, cell in enumerate(notebook["cells"]) if cell["id"] == "imports")
    notebook["cells"].append(notebook["cells"].pop(imports))


@change
def a_text_in_the_place_of_the_stub(notebook):
    """An answer cell was turned into text; the answer stands below."""
    i = place(notebook, "perplexity")
    finished = code(source(notebook["cells"][i]))
    notebook["cells"][i]["cell_type"] = "markdown"
    notebook["cells"].insert(i + 1, finished)


@change
def checks_deleted(notebook):
    """No cell that checks is left."""
    notebook["cells"] = [
        cell for cell in notebook["cells"] if not source(cell).startswith("check(")
    ]


@change
def a_thousand_scratch_cells(notebook):
    """It is very long."""
    notebook["cells"] += [code(f"x{i} = {i}\nprint(x{i})") for i in range(1000)]


cells(
    "a split answer",
    "The constants and the helper of an answer stand in cells of their own, above.",
    "OUTSIDE = ['<s>', '</s>']",
    "def padded(sentence):\n    return [OUTSIDE[0], *sentence, OUTSIDE[1]]",
    at="count_ngrams",
    before=True,
    count_ngrams="""
        def count_ngrams(sentences, n):
            counts = Counter()
            for symbols in map(padded, sentences):
                for i in range(len(symbols) - n + 1):
                    if i + n > 1:
                        counts[tuple(symbols[i : i + n])] += 1
            return counts
    """,
)
cells(
    "a helper below",
    "What an answer calls is defined three cells further down.",
    "def logarithms(probabilities):\n    return [math.log(p) for p in probabilities]",
    perplexity="""
        def perplexity(probabilities):
            if 0 in probabilities:
                return math.inf
            return math.exp(-sum(logarithms(probabilities)) / len(probabilities))
    """,
)
cells(
    "a second attempt",
    "The answer cell holds a wrong attempt, a cell at the end the right one.",
    RIGHT["perplexity"],
    perplexity="def perplexity(probabilities):\n    return sum(probabilities)",
)
cells(
    "a wrong attempt below",
    "After the answer somebody has tried something else, under the same name.",
    "def perplexity(probabilities):\n    return sum(probabilities)",
)
_group = solution()
for _cell in _group["cells"]:
    if source(_cell).startswith("group = "):
        put(_cell, 'group = ["Ada Lovelace", "Émilie du Châtelet", ""]  # your names')
file(
    "a group with names",
    "Names its members, one place left empty.",
    content(_group),
    members=("Ada Lovelace", "Émilie du Châtelet"),
)

cells(
    "a helper that changes below",
    "A helper and a constant are bound anew further down, for another purpose.",
    "BASE = 10\n\ndef mean(values):\n    return sorted(values)[len(values) // 2]",
    perplexity="""
        BASE = 2

        def mean(values):
            return sum(values) / len(values)

        def perplexity(probabilities):
            if 0 in probabilities:
                return math.inf
            return BASE ** -mean([math.log(p, BASE) for p in probabilities])
    """,
)

# Scratch cells

for title, text in {
    "np stands for something else": "np = 'no problem'",
    "math stands for something else": "math = 3.14\nCounter = 0",
    "sum and list are variables": "sum = 0\nfor p in [0.5]:\n    sum += p\nlist = [sum]\nmax = 1",
    "a result under the function's name": "perplexity = perplexity([0.5])",
    "functions deleted": "del perplexity, count_ngrams, sample_word",
    "another module under the same name": "import cmath as math\nimport numpy.linalg as np",
    "an import of the course under the function's name": (
        "from course_utils.evaluation import perplexity"
    ),
}.items():
    cells(title, "A scratch cell below the answers binds a name anew.", text)
for title, text in {
    "an error": "1 / 0",
    "a cell that does not compile": "for word in",
    "a return outside": "return perplexity([0.5])",
    "an indentation of tabs and blanks": "if True:\n\tx = 1\n        y = 2",
    "input": "name = input('Your name? ')\nprint('Hello', name)",
    "await": "import asyncio\nawait asyncio.sleep(30)",
    "an async loop": "async for x in stream:\n    print(x)",
    "a long training": "import time\nfor epoch in range(40):\n    time.sleep(1)\n    print('.')",
    "an endless loop": "while True:\n    pass",
    "exit": "exit()\nquit()\nimport sys; sys.exit(1)",
    "much memory": "table = [0] * 10**10",
    "commands": "%matplotlib inline\n!pip install seaborn\n%load_ext autoreload\n%autoreload 2",
    "a cell of the shell": "%%bash\necho hello\nrm -rf results",
    "a cell of HTML": "%%html\n<b>def perplexity</b>",
    "a question": "perplexity?\n?count_ngrams\nmath.log??",
    "half a character": "note = '\ud83d'  # an emoji that was cut",
    "a null": "note = 'a\0b'",
    "a future": "from __future__ import annotations, print_function",
    "a plot": "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()",
    "seeds": "import random\nrandom.seed(0)\nnp.random.seed(0)\nnp.seterr(all='raise')",
    "a merge gone wrong": "<<<<<<< mine\nx = 1\n=======\nx = 2\n>>>>>>> yours",
    "a page of prose": "This is where I think about perplexity.\nIt's not code!",
}.items():
    cells(f"scratch: {title}", "A scratch cell above the answers.", text, at=ALL[0], before=True)
    if title in ("an error", "exit", "an endless loop", "a cell that does not compile", "a null"):
        cells(f"scratch below: {title}", "A scratch cell between the answers.", text, at=ALL[3])

# Other questions that fail

OTHERS = tuple(name for name in ALL if name != "count_ngrams")
for title, text in {
    "does not compile": "def count_ngrams(sentences, n)\n    return Counter()",
    "never ends": "def count_ngrams(sentences, n):\n    while True:\n        pass",
    "ends the interpreter": "def count_ngrams(sentences, n):\n    import os\n    os._exit(1)",
    "crashes": "def count_ngrams(sentences, n):\n    import ctypes\n    ctypes.string_at(0)",
    "eats memory": "def count_ngrams(sentences, n):\n    return [0] * 10**11",
    "calls itself": "def count_ngrams(sentences, n):\n    return count_ngrams(sentences, n)",
    "raises": "def count_ngrams(sentences, n):\n    raise ValueError('no idea')",
    "exits": "def count_ngrams(sentences, n):\n    exit()",
    "loops while it is defined": "while True:\n    pass\n\ndef count_ngrams(s, n):\n    ...",
    "is deleted": "",
}.items():
    cells(
        f"another question {title}",
        "One answer fails in its own way; the others are right.",
        deserved=OTHERS,
        count_ngrams=text,
    )

# What stands in the answer's cell beside it

FORMULA = """
        def perplexity(probabilities):
            if 0 in probabilities:
                return math.inf
            return math.exp(-sum(math.log(p) for p in probabilities) / len(probabilities))
"""
for title, above, below in (
    ("timed", "%%time", ""),
    ("timed with options", "%%timeit -n 1 -r 1", ""),
    ("captured", "%%capture output", ""),
    ("a plotting import that is not there", "import seaborn as sns\nsns.set_theme()", ""),
    ("a plotting import that is there", "import matplotlib.pyplot as plt\nplt.style.use('x')", ""),
    ("several imports on a line", "import math, seaborn, nltk, os", ""),
    (
        "an import that may fail",
        "try:\n    import numba\nexcept ImportError:\n    numba = None",
        "",
    ),
    ("all of math", "from math import *", ""),
    ("a module of its own", "from helpers import *\nimport my_module", ""),
    ("IPython's shell", "get_ipython().run_line_magic('pylab', 'inline')\ndisplay('x')", ""),
    ("magics", "%matplotlib inline\n%config InlineBackend.figure_format = 'svg'", "%whos"),
    ("installs", "!pip install numpy\n%pip install pandas", ""),
    ("a question behind it", "", "perplexity?"),
    ("a try behind it", "", "perplexity([0.5, 0.125])\nprint(perplexity([]))"),
    ("an assertion behind it that fails", "", "assert perplexity([0.5]) == 17"),
    ("a check behind it", "", "check('week01.perplexity', perplexity)"),
    ("a loop behind it", "", "while True:\n    perplexity([0.5])"),
    ("an exit behind it", "", "import os\nos._exit(0)"),
    ("await behind it", "", "import asyncio\nawait asyncio.sleep(0)"),
    ("display behind it", "", "from IPython.display import display\ndisplay(perplexity([0.5]))"),
    (
        "a warning above it",
        "import warnings\nwarnings.warn('old')\nwarnings.simplefilter('error')",
        "",
    ),
    ("a global constant", "BASE = math.e\nTINY = 1e-300", ""),
    ("its own decorator", "def mine(f):\n    return f", ""),
):
    answer = source(code(FORMULA))
    if title == "its own decorator":
        answer = "@mine\n" + answer
    text = "\n".join(filter(None, [above, answer, below]))
    cells(f"in its cell: {title}", "Something else stands in the answer's cell.", perplexity=text)

# How an answer is written

one(
    "per cent",
    "A line goes on with the operator %, which looks like a magic.",
    """
    def sample_word(probabilities, u):
        index, total = 0, 0.0
        words = list(probabilities)
        while index < len(words):
            total += probabilities[words[index]]
            if u < total:
                break
            index += 1
        return words[
            index
            % len(words)
        ] if index < len(words) else words[-1]
    """,
    at="sample_word",
)
one(
    "a text with a magic in it",
    "A line of a docstring begins with a per cent sign, another with an exclamation mark.",
    '''
    def perplexity(probabilities):
        """Compute.

        %time is no magic here
        !nor is this
        what is this?
        """
        if 0 in probabilities:
            return math.inf
        return math.exp(-sum(map(math.log, probabilities)) / len(probabilities))
    ''',
)
one(
    "prints",
    "Prints, warns and logs in every call.",
    """
    import logging
    import sys
    import warnings

    def perplexity(probabilities):
        print("called with", probabilities)
        print("right (46 inputs)" * 1000, file=sys.stderr)
        sys.stdout.write("{}")
        warnings.warn("deprecated", DeprecationWarning)
        logging.warning("careful")
        if 0 in probabilities:
            return math.inf
        return math.exp(-sum(math.log(p) for p in probabilities) / len(probabilities))
    """,
)
one(
    "a NumPy number",
    "Returns np.float64.",
    """
    def perplexity(probabilities):
        with np.errstate(divide="ignore"):
            return np.exp(-np.log(probabilities).mean())
    """,
)
one(
    "an array of no dimension",
    "Returns an array with a single number in it.",
    """
    def perplexity(probabilities):
        with np.errstate(divide="ignore"):
            return np.array(np.exp(-np.mean(np.log(probabilities))))
    """,
)
one(
    "a number of its own class",
    "Returns a subclass of float.",
    """
    class Perplexity(float):
        def __repr__(self):
            return f"{self:.2f} words"

    def perplexity(probabilities):
        if 0 in probabilities:
            return Perplexity("inf")
        return Perplexity(math.exp(-sum(map(math.log, probabilities)) / len(probabilities)))
    """,
)
one(
    "a fraction",
    "Computes with exact fractions.",
    """
    from fractions import Fraction

    def add_k_probability(word, previous, bigrams, vocab_size, k):
        k = Fraction(k)
        total = sum(count for (first, _), count in bigrams.items() if first == previous)
        return (bigrams[previous, word] + k) / (total + k * vocab_size)
    """,
    at="add_k_probability",
)
for title, expression in {
    "a dict": "dict(counts)",
    "a defaultdict": "defaultdict(int, counts)",
    "a Counter with zeros": "counts + Counter() if sentences else counts",
    "a Counter of NumPy numbers": "Counter({g: np.int64(c) for g, c in counts.items()})",
    "a Counter of floats": "Counter({g: float(c) for g, c in counts.items()})",
    "an ordered dict": "OrderedDict(sorted(counts.items()))",
    "keys of NumPy words": "Counter({tuple(map(np.str_, g)): c for g, c in counts.items()})",
    "named keys": "Counter({Gram(*g) if n == 2 else g: c for g, c in counts.items()})",
    "a dict that makes zeros": "zeros(counts)",
}.items():
    one(
        f"counts as {title}",
        "Returns the counts in another kind of dictionary.",
        f"""
        from collections import Counter, OrderedDict, defaultdict, namedtuple

        Gram = namedtuple("Gram", "first second")

        def zeros(counts):
            counts["never", "seen"] = 0
            return counts

        def count_ngrams(sentences, n):
            counts = Counter()
            for sentence in sentences:
                symbols = ["<s>", *sentence, "</s>"]
                for i in range(len(symbols) - n + 1):
                    if symbols[i : i + n] != ["<s>"]:
                        counts[tuple(symbols[i : i + n])] += 1
            return {expression}
        """,
        at="count_ngrams",
    )
for title, expression in {
    "a tuple": "tuple(words)",
    "an array": "np.array(words)",
    "an array of objects": "np.array(words, dtype=object)",
    "NumPy words": "[np.str_(word) for word in words]",
    "a list of its own class": "Words(words)",
}.items():
    one(
        f"a sentence as {title}",
        "Returns the words in another kind of sequence.",
        f"""
        class Words(list):
            pass

        def sample_sentence(table, numbers):
            words, previous = [], "<s>"
            for u in numbers:
                total = 0
                for word, p in table[previous].items():
                    total += p
                    if u < total:
                        break
                if word == "</s>":
                    break
                words.append(word)
                previous = word
            return {expression}
        """,
        at="sample_sentence",
    )
BASE = """
import functools

def formula(values, base=2):
    if 0 in values:
        return math.inf
    return base ** -(sum(math.log(p, base) for p in values) / len(values))

"""
for title, text in {
    "a lambda": "perplexity = lambda p: formula(p)",
    "a partial function": "perplexity = functools.partial(formula, base=math.e)",
    "a callable object": """
        class Perplexity:
            def __init__(self, base):
                self.base = base

            def __call__(self, probabilities):
                return formula(probabilities, self.base)

        perplexity = Perplexity(2)
    """,
    "a method": """
        class Model:
            def perplexity(self, probabilities):
                return formula(probabilities)

        perplexity = Model().perplexity
    """,
    "a static method": """
        class Model:
            @staticmethod
            def of(probabilities):
                return formula(probabilities)

        perplexity = Model.of
    """,
    "another name for it": "my_perplexity = formula\nperplexity = my_perplexity",
    "a name among others": "perplexity, other = formula, None",
    "a function in a function": """
        def perplexity(probabilities):
            total = 0

            def add(p):
                nonlocal total
                total += math.log(p) if p else -math.inf

            for p in probabilities:
                add(p)
            return math.exp(-total / len(probabilities))
    """,
    "a function that makes it": """
        def make(base):
            def perplexity(probabilities):
                return formula(probabilities, base)

            return perplexity

        perplexity = make(math.e)
    """,
    "its own decorator": """
        def remembered(function):
            cache = {}

            @functools.wraps(function)
            def wrapper(*arguments, **others):
                key = repr(arguments)
                if key not in cache:
                    cache[key] = function(*arguments, **others)
                return cache[key]

            return wrapper

        @remembered
        def perplexity(probabilities):
            return formula(probabilities)
    """,
    "one definition or another": """
        if hasattr(math, "sumprod"):
            def perplexity(probabilities):
                return formula(probabilities)
        else:
            def perplexity(probabilities: list) -> float:
                return formula(probabilities, 3)
    """,
    "defined in a try": """
        try:
            from numba import njit

            def perplexity(probabilities):
                return njit(formula)(probabilities)
        except ImportError:
            def perplexity(probabilities):
                return formula(probabilities)
    """,
    "types from everywhere": """
        import torch
        from numpy.typing import NDArray

        def perplexity(probabilities: "Vocabulary", model: KneserNey = None) -> torch.Tensor:
            count: NDArray = 0
            return formula(probabilities)
    """,
    "types of the course": """
        import typing
        from course_utils.models import LanguageModel
        from course_utils.text import Vocabulary as V

        Numbers = typing.Sequence[float]

        def perplexity(probabilities: Numbers, vocab: V | None = None) -> typing.Any:
            return formula(probabilities)
    """,
    "classes inside": """
        from dataclasses import dataclass, field
        from enum import Enum

        def perplexity(probabilities):
            class Base(Enum):
                E = math.e
                TWO = 2

            @dataclass
            class Mean:
                values: list = field(default_factory=list)

                def __call__(self):
                    return sum(self.values) / len(self.values)

            if 0 in probabilities:
                return math.inf
            mean = Mean([math.log2(p) for p in probabilities])
            return Base.TWO.value ** -mean()
    """,
    "a data class outside": """
        from dataclasses import dataclass

        @dataclass
        class Settings:
            base: float = 2.0

        SETTINGS = Settings()

        def perplexity(probabilities):
            return formula(probabilities, SETTINGS.base)
    """,
    "a cache": """
        @functools.lru_cache(maxsize=None)
        def logarithm(p):
            return math.log(p) if p else -math.inf

        def perplexity(probabilities):
            return math.exp(-sum(map(logarithm, probabilities)) / len(probabilities))
    """,
    "a table of its own": """
        LOGARITHMS = {}
        LOGARITHMS[0.0] = LOGARITHMS[0] = -math.inf
        LOGARITHMS.update({1.0: 0.0})

        def perplexity(probabilities):
            global LOGARITHMS
            for p in probabilities:
                LOGARITHMS.setdefault(p, p and math.log(p))
            return math.exp(-sum(LOGARITHMS[p] for p in probabilities) / len(probabilities))
    """,
    "recursion": """
        import sys
        sys.setrecursionlimit(100_000)

        def total(values):
            return math.log(values[0]) + total(values[1:]) if values else 0

        def perplexity(probabilities):
            if 0 in probabilities:
                return math.inf
            return math.exp(-total(probabilities) / len(probabilities))
    """,
    "a generator": """
        def logarithms(probabilities):
            for p in probabilities:
                yield math.log(p) if p else -math.inf

        def perplexity(probabilities):
            values = list(logarithms(probabilities))
            return math.exp(-sum(values) / len(values))
    """,
    "other letters": """
        def Σ(werte):
            return math.fsum(werte)

        def perplexity(π):
            größe = len(π)
            return math.inf if 0 in π else math.exp(-Σ(math.log(ρ) for ρ in π) / größe)
    """,
    "newer syntax": """
        def perplexity(probabilities):
            match probabilities:
                case [*values] if any(p == 0 for p in values):
                    return math.inf
            if (n := len(probabilities)) > 0:
                return math.exp(-sum(math.log(p) for p in probabilities) / n)
    """,
    "a function with attributes": """
        def perplexity(probabilities):
            perplexity.calls += 1
            return formula(probabilities)

        perplexity.calls = 0
    """,
    "a program": """
        if __name__ == "__main__":
            def perplexity(probabilities):
                return formula(probabilities)

            print(perplexity([0.5]))
    """,
    "a plot": """
        import matplotlib.pyplot as plt

        drawn = []

        def perplexity(probabilities):
            if not drawn:
                drawn.append(plt.plot(probabilities))
                plt.title("probabilities")
            return formula(probabilities)
    """,
    "other parameters": """
        def perplexity(*p, base=math.e, **options):
            return formula(*p, base)
    """,
    "an assertion in it": """
        def perplexity(probabilities):
            result = formula(probabilities)
            assert result >= 1, "a perplexity is at least 1"
            return result
    """,
    "errors it handles": """
        def perplexity(probabilities):
            try:
                return math.exp(-sum(map(math.log, probabilities)) / len(probabilities))
            except ValueError:
                return math.inf
            finally:
                pass
    """,
    "imports inside": """
        def perplexity(probabilities):
            import math, statistics
            from functools import reduce
            if 0 in probabilities:
                return math.inf
            return math.exp(-statistics.fmean(math.log(p) for p in probabilities))
    """,
    "a table of pandas": """
        import pandas as pd

        def perplexity(probabilities):
            with np.errstate(divide="ignore"):
                return pd.Series(probabilities).transform(np.log).mul(-1).mean().__class__(
                    np.exp(-np.log(pd.Series(probabilities)).mean())
                )
    """,
    "a progress bar": """
        from tqdm.auto import tqdm

        def perplexity(probabilities):
            total = 0
            for p in tqdm(probabilities):
                total += math.log(p) if p else -math.inf
            return math.exp(-total / len(probabilities))
    """,
    "threads": """
        from concurrent.futures import ThreadPoolExecutor

        def perplexity(probabilities):
            if 0 in probabilities:
                return math.inf
            with ThreadPoolExecutor(2) as pool:
                return math.exp(-sum(pool.map(math.log, probabilities)) / len(probabilities))
    """,
    "a file of its own": """
        import tempfile

        def perplexity(probabilities):
            with tempfile.TemporaryFile("w+") as file:
                file.write("\\n".join(map(str, probabilities)))
                file.seek(0)
                return formula([float(line) for line in file])
    """,
    "a log in the working folder": """
        def perplexity(probabilities):
            with open("log.txt", "a") as file:
                print(probabilities, file=file)
            return formula(probabilities)
    """,
}.items():
    writes = title in ("a file of its own", "a log in the working folder")
    why = "The answer has another form than usual."
    one(f"written as {title}", why, BASE + dedent(text), boxed=writes)
one(
    "the constants of the course",
    "Takes <s> and </s> from course_utils.text.",
    """
    from course_utils.text import BOS, EOS

    def count_ngrams(sentences, n):
        counts = Counter()
        for sentence in sentences:
            symbols = [BOS, *sentence, EOS]
            for i in range(len(symbols) - n + 1):
                if symbols[i + n - 1] != BOS:
                    counts[tuple(symbols[i : i + n])] += 1
        return counts
    """,
    at="count_ngrams",
)

# Arrays

for title, expression in {
    "in columns": "np.asfortranarray(answer)",
    "a view": "np.concatenate([answer, answer])[: len(answer)]",
    "turned twice": "answer[::-1].copy()[::-1]",
    "read only": "read_only(answer)",
    "of the other byte order": "answer.astype('>f8')",
    "a matrix": "np.matrix(answer)",
    "masked": "np.ma.masked_array(answer)",
    "of its own class": "answer.view(Mine)",
    "of long doubles": "answer.astype(np.longdouble)",
    "spread out": "np.broadcast_to(answer, (2, *answer.shape))[1]",
}.items():
    one(
        f"an array {title}",
        "Returns an array that lies differently in memory or is of a subclass.",
        f"""
        class Mine(np.ndarray):
            pass

        def read_only(answer):
            answer.flags.writeable = False
            return answer

        def output_errors(states, targets, W_hy):
            p = np.exp(states @ W_hy.T)
            p /= p.sum(axis=1, keepdims=True)
            p[np.arange(len(targets)), targets] -= 1
            answer = p / len(targets)
            return {expression}
        """,
        at="output_errors",
        week="week04",
    )
cells(
    "float32",
    "Returns an array of few digits, where the check allows for them.",
    week="week04",
    deserved=tuple(questions("week04")),
    numerical_gradient=answers("week04")["numerical_gradient"].replace(
        "return gradient", "return gradient.astype(np.float32)"
    ),
)
one(
    "lists for a tuple of arrays",
    "Returns a list of arrays where a tuple is asked for.",
    """
    EOS = 1

    def inputs_and_targets(text):
        return [np.concatenate([[EOS], text[:-1]]), text]
    """,
    at="inputs_and_targets",
    week="week03",
)
one(
    "NumPy's whole numbers",
    "Returns np.int64 in a list.",
    """
    def generate(weights, numbers, temperature):
        w, words, word, h = weights, [], 1, np.zeros(len(weights["b_h"]))
        for u in numbers:
            h = np.tanh(w["W_xh"] @ w["embedding"][word] + w["W_hh"] @ h + w["b_h"])
            z = w["W_hy"] @ h + w["b_y"]
            e = np.exp((z - z.max()) / temperature)
            word = np.searchsorted(np.cumsum(e / e.sum()), u, side="right")
            if word == 1:
                break
            words.append(word)
        return words
    """,
    at="generate",
    week="week03",
)
one(
    "whole numbers of another size",
    "Returns indices as int32.",
    """
    def cut_windows(ids, size, eos):
        windows, window = [], [eos] * size
        for i in ids:
            windows.append(window)
            window = [eos] * size if i == eos else [*window[1:], i]
        return np.array(windows, dtype=np.int32), ids.astype(np.int32)
    """,
    at="cut_windows",
    week="week02",
)

assert len({case.name for case in SUITE}) == len(SUITE)
