"""Which statements of a notebook make an answer.

A student's code is only looked at here, nothing of it is executed. The *program* of a function is
what of the notebook's top level it takes to define the function and all that it uses: definitions,
imports, assignments, and calls that change what is needed, such as ``random.seed(0)``. Plots,
prints and training loops that nothing needs are left out, so they can neither fail nor take time.

Two programs are given where they differ: the function *in place*, with what is bound up to the
cell that holds it, and *at the end*, after all cells. The first is right if ``np`` is bound anew
further down, the second if a better answer follows.

The worker imports this file by itself, inside the sandbox: nothing but the standard library.
"""

from __future__ import annotations

import ast
import bisect
import builtins
import difflib
import functools
import re
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator

BUILTINS = frozenset(dir(builtins))
# Functions that change their arguments; of others that are imported it is not expected.
CHANGERS = {"setattr", "delattr", "next", "random", "numpy", "heapq", "bisect"}
LONG = 20_000  # characters of an answer that are looked at to compare it with others
PARSE = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
OPENING = (*FUNCTIONS, ast.Lambda, ast.ClassDef, *COMPREHENSIONS)  # a scope of their own
SKIPPED = {"ctx", "op", "ops", "annotation", "type_comment"}  # annotations do not count

# IPython's own syntax. Magics that run the rest of the cell or of the line as it is:
CELL_MAGICS = {"time", "timeit", "capture", "prun", "memit", "mprun", "lprun", "debug"}
LINE_MAGIC = re.compile(r"(\s*)%(?:time|prun|memit)\s+([^-\s].*)")
MAGIC = re.compile(r"\s*[%!?]|[\w\s.,]+=\s*[%!]|\s*[\w.*\[\]]+\?\??\s*(#.*)?$")
PROMPT = re.compile(r"^(?:>>> ?|\.\.\. ?|In \[\d+\]: ?| +\.{3,}: ?)", re.MULTILINE)


def select(cells: list[str], ids: list[str], questions: dict[str, dict]) -> dict:
    """Find the programs of the functions asked for.

    Parameters
    ----------
    cells : list of str
        The sources of the code cells.
    ids : list of str
        Their names; the cell named like a function is where its answer belongs.
    questions : dict
        ``{function: {"without": [dotted names it must not use]}}``.

    Returns
    -------
    dict
        ``answers`` holds for each function ``programs``, none to two lists of statements, to be
        executed in order, each on its own; ``flags``, what a person should look at; ``shape``, the
        answer without names, comments and formatting, "" for a stub; ``stub``, whether it holds no
        code yet; ``near``, where it is not defined, a name that is nearly its name. ``broken``
        lists the cells that do not compile, counted from 1, and why; ``names`` all functions
        that are defined. It is plain JSON, and no source whatever raises an error.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the student's code
        notebook = _Notebook(cells, ids, questions)
        answers = {}
        for name, question in questions.items():
            try:
                answers[name] = notebook.answer(name, question.get("without", ()))
            except (RecursionError, MemoryError, ValueError):
                answers[name] = _nothing()
    return {"answers": answers, "broken": notebook.broken, "names": notebook.names}


def _nothing(near: str = "") -> dict:
    return {"programs": [], "flags": [], "shape": "", "stub": False, "near": near}


class _Notebook:
    """The top-level statements of a notebook, and which of them bind or change each name."""

    def __init__(self, cells, ids, questions):
        self.questions = set(questions)
        self.statements: list[_Statement] = []
        self.broken: list[list] = []
        self.ids = [str(name).replace("-", "_") for name in ids]
        for number, cell in enumerate(cells):
            try:
                self.statements += _statements(cell, number)
            except Exception as error:  # whatever the parser thinks of
                self.broken.append([number + 1, _explain(error)])
        self._link()

    def _link(self) -> None:
        """Note the positions of the statements that define each name, and that change it."""
        self.definers = defaultdict(list)
        for position, statement in enumerate(self.statements):
            for name in statement.defines:
                self.definers[name].append(position)
        self.names = list(dict.fromkeys(name for s in self.statements for name in s.functions))
        self.imported = {k: v for s in self.statements for k, v in s.imports.items()}
        self.variables = {
            name
            for s in self.statements
            if not isinstance(s.node, (*FUNCTIONS, ast.ClassDef))
            for name in s.defines - s.imports.keys()
        }
        self.binders = defaultdict(list)
        for name, places in self.definers.items():
            real = self._real(name)
            # A stub never takes the place of an answer.
            self.binders[name] = [p for p in places if not (real and self._is_stub(p, name))]
        for position, statement in enumerate(self.statements):
            for name in self._changes(statement) - statement.defines:
                self.binders[name].append(position)
        for places in self.binders.values():
            places.sort()
        self.always = [p for p, statement in enumerate(self.statements) if statement.is_wanted]

    def _real(self, name: str) -> list[int]:
        """Return the positions of the statements that write a function, not import or stub it."""
        return [
            p
            for p in self.definers.get(name, ())
            if name not in self.statements[p].imports and not self._is_stub(p, name)
        ]

    def _is_stub(self, position: int, name: str) -> bool:
        return _is_stub(self.statements[position].node, name)

    def _changes(self, statement: _Statement) -> set[str]:
        """Return the names of things that a statement changes without binding the name anew."""
        harmless = statement.is_call and statement.now <= self.imported.keys() | BUILTINS
        changed = set(statement.stores)
        # random.seed(0) changes the module; np.testing.assert_equal(f(x), y) had better not.
        changed |= {name for name in statement.methods if harmless or name not in self.imported}
        # shuffle(table) may change the table; check("...", function) changes no function.
        for function, argument in statement.arguments:
            top = self.imported.get(function, function).split(".")[0]
            own = function in self.definers and function not in self.imported
            if argument in self.variables and (own or top in CHANGERS):
                changed.add(argument)
        for name in statement.called:  # set_up(), where set_up assigns to a global name
            for place in self.definers.get(name, ()):
                changed |= self.statements[place].globals
        return changed

    def answer(self, name: str, without: Iterable[str]) -> dict:
        """Return what `select` says of one function."""
        places = self.definers.get(name)
        if not places:
            return _nothing(self._near(name))
        real = self._real(name)
        written = real or [p for p in places if not self._is_stub(p, name)]
        candidates = [self.statements[p].cell for p in written or places]
        own = [cell for cell in candidates if self.ids[cell : cell + 1] == [name]]
        cell = (own or candidates)[0]
        end = len(self.statements)
        after = next((p for p, s in enumerate(self.statements) if s.cell > cell), end)
        programs = [self._program(name, after)]
        if (last := self._program(name, end)) != programs[0]:
            programs.append(last)
        chosen = [self.statements[p] for p in sorted(set().union(*programs))]
        return {
            "programs": [[self.statements[p].text for p in program] for program in programs],
            "flags": _flags(chosen, list(without)),
            "shape": self._shape(name, programs[0]) if written else "",
            "stub": not written,
            "near": "",
        }

    def _near(self, name: str) -> str:
        """Return a name in the notebook that may be meant, or ""."""
        known = self.questions | self.imported.keys()
        others = {_letters(n): n for n in self.definers if n not in known}
        found = difflib.get_close_matches(_letters(name), others, n=1, cutoff=0.75)
        return others[found[0]] if found else ""

    def _program(self, name: str, end: int) -> list[int]:
        """Return the positions of all that is needed for a name, with what stands before end.

        A name that is bound further down only is taken from there; not so a builtin, or a scratch
        cell with ``sum = 0`` would break the answer above it.
        """
        wanted = {p for p in self.always if p < end}
        todo = [(n, p) for p in wanted for n in self.statements[p].now]
        todo.append((name, end))
        done: dict[str, int] = {}
        while todo:
            name, limit = todo.pop()
            if done.get(name, -1) >= limit:
                continue
            done[name] = limit
            for p in self._places(name, limit):
                if p not in wanted:
                    wanted.add(p)
                    # What it executes must stand before it; what its functions use need not.
                    todo += [(n, p) for n in self.statements[p].now]
                    todo += [(n, end) for n in self.statements[p].later]
        ordered: dict[int, None] = {}

        def put(p):  # whoever ran the cells in another order needs them in that order
            if p in waiting:
                return
            waiting.add(p)
            for n in sorted(self.statements[p].now - BUILTINS):
                places = self.binders.get(n) or [p]
                for q in places if places[0] > p else ():
                    if q in wanted:
                        put(q)
            ordered[p] = None

        waiting: set[int] = set()
        for p in sorted(wanted):
            put(p)
        return list(ordered)

    def _places(self, name: str, limit: int) -> list[int]:
        """Return what binds or changes a name before a position; else what does after it."""
        places = self.binders.get(name, [])
        before = places[: bisect.bisect_left(places, limit)]
        return before if before or name in BUILTINS else places

    def _shape(self, name: str, program: list[int]) -> str:
        """Return an answer and its helpers without names, comments, docstrings and annotations."""
        chosen = [self.statements[p] for p in program]
        *_, last = (s for s in chosen if name in s.defines)
        modules = {k: v for s in chosen for k, v in s.imports.items()}
        others = self.questions | modules.keys()
        parts = [s.text for s in chosen if s is last or (s.defines and not s.defines & others)]
        text = "\n".join(parts)
        try:
            return _anonymous(text[:LONG], self.questions, modules)
        except (SyntaxError, RecursionError):  # too long, or a formula of hundreds of terms
            return " ".join(text[:LONG].split())


class _Statement:
    """A statement of the top level.

    Attributes
    ----------
    node : ast.stmt
    cell : int
    text : str
    defines : set of str
        The names it binds; ``"*"`` for ``from module import *``.
    imports : dict of str to str
        Those of them that it imports, each with what it stands for: ``{"np": "numpy"}``.
    functions : list of str
        Those of them that it binds by ``def``.
    stores, methods, called : set of str
        Names it does not bind, but may change what they stand for: ``x[0] = 1``, ``x.a = 1`` and
        ``del x``; and by calls whose value is thrown away, ``x.update()`` and ``x()``.
    arguments : set of (str, str)
        Functions of such calls, and names that are given to them: ``shuffle(x)``.
    now, later : set of str
        The global names it uses when it is executed, and when its functions are called.
    globals : set of str
        The names its functions declare global.
    is_call : bool
        It is nothing but a call.
    is_wanted : bool
        It is taken into every program.
    """

    def __init__(self, node: ast.stmt, cell: int, text: str):
        self.node, self.cell, self.text = node, cell, text
        self.imports: dict[str, str] = {}
        self.functions: list[str] = []
        self.stores, self.methods, self.called, self.arguments = set(), set(), set(), set()
        self.globals: set[str] = set()
        scopes = self._survey()
        self.defines, self.now, self.later = scopes[0].bound, scopes[0].used, scopes[0].later
        self.bound = set().union(*(scope.bound for scope in scopes))
        self.is_call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
        # It is not known what a star brings; a limit is no name that anything uses.
        limit = self.is_call and _dotted(node.value.func) == "sys.setrecursionlimit"
        self.is_wanted = limit or "*" in self.defines

    @functools.cached_property
    def mentions(self) -> _Mentions:
        """What it speaks of, for the flags."""
        return _Mentions(self)

    def _survey(self) -> list[_Scope]:
        """Go through all nodes once, with Python's rules for what a name refers to."""
        scopes = [_Scope("module", None)]
        todo: list[tuple[ast.AST, _Scope]] = [(self.node, scopes[0])]
        while todo:
            node, scope = todo.pop()
            if isinstance(node, OPENING):
                outside, inside, kind = _parts(node)
                scopes.append(_Scope(kind, scope))
                todo += [(part, scope) for part in outside]
                todo += [(part, scopes[-1]) for part in inside]
                if isinstance(node, (*FUNCTIONS, ast.Lambda)):
                    scopes[-1].bound.update(parameter.arg for parameter in _parameters(node.args))
                if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
                    scope.bound.add(node.name)
                    if scope.parent is None and isinstance(node, FUNCTIONS):
                        self.functions.append(node.name)
            else:
                todo += [(part, scope) for part in self._note(node, scope)]
        for scope in reversed(scopes[1:]):
            scope.resolve()
        scopes[0].bound.discard(None)
        return scopes

    def _note(self, node: ast.AST, scope: _Scope) -> Iterable[ast.AST]:
        """Note what a node binds, uses or changes; return the nodes below that matter."""
        kind = type(node)
        if kind is ast.Constant:
            return ()
        if kind is ast.Name:
            if isinstance(node.ctx, ast.Load):
                scope.used.add(node.id)
            elif isinstance(node.ctx, ast.Del) and scope.parent is None:
                self.stores.add(node.id)
            else:
                scope.bound.add(node.id)
            return ()
        if kind is ast.Import or kind is ast.ImportFrom:
            names = _imported(node)
            scope.bound.update(names)
            if scope.parent is None:
                self.imports.update(names)
            return ()
        if kind is ast.AnnAssign and node.value is None and scope.parent is None:
            return ()  # it binds nothing there
        if kind is ast.NamedExpr:
            while scope.kind == "comprehension":
                scope = scope.parent
            scope.bound.add(node.target.id)
            return (node.value,)
        if kind is ast.Global or kind is ast.Nonlocal:
            scope.freed.update(node.names)
            if kind is ast.Global and scope.is_later:
                self.globals.update(node.names)
        elif kind is ast.AugAssign and isinstance(node.target, ast.Name):
            scope.used.add(node.target.id)
        elif kind is ast.ExceptHandler or kind is ast.MatchAs or kind is ast.MatchStar:
            scope.bound.add(node.name)  # None is nobody's name
        elif kind is ast.MatchMapping:
            scope.bound.add(node.rest)
        elif (kind is ast.Attribute or kind is ast.Subscript) and not scope.is_later:
            if not isinstance(node.ctx, ast.Load):
                self.stores.add(_root(node))
        elif kind is ast.Expr and not scope.is_later:
            self._effects(node.value)
        return _children(node)

    def _effects(self, value: ast.expr) -> None:
        """Note what a call may change whose value is thrown away."""
        while isinstance(value, ast.Await):
            value = value.value
        if isinstance(value, COMPREHENSIONS) and not isinstance(value, ast.DictComp):
            value = value.elt
        if not isinstance(value, ast.Call):
            return
        root = _root(value.func)
        (self.called if isinstance(value.func, ast.Name) else self.methods).add(root)
        given = [*value.args, *(keyword.value for keyword in value.keywords)]
        self.arguments.update((root, n.id) for n in given if isinstance(n, ast.Name))


class _Scope:
    """The names of a module's statement, a class, a function or a comprehension."""

    def __init__(self, kind: str, parent: _Scope | None):
        self.kind, self.parent = kind, parent
        self.bound: set[str | None] = set()
        self.used: set[str] = set()
        self.later: set[str] = set()  # used when a function inside is called
        self.freed: set[str] = set()  # declared global or nonlocal
        # It is executed when a function is called, not when the statement is.
        self.is_later = kind == "function" or (parent is not None and parent.is_later)

    def resolve(self) -> None:
        """Hand on to the outer scope what is not bound here."""
        outer = self.parent
        while outer.kind == "class" and self.kind != "class":
            outer = outer.parent  # what a class binds is not seen by its methods
        own = self.bound - self.freed
        if self.kind == "function":
            outer.later |= (self.used | self.later | self.freed) - own
        else:
            outer.used |= (self.used | self.freed) - own
            outer.later |= self.later - own


def _parts(node: ast.AST) -> tuple[list, list, str]:
    """Return what of a node belongs to the scope around it, what to its own, and which that is."""
    if isinstance(node, ast.ClassDef):
        return node.decorator_list + node.bases + node.keywords, node.body, "class"
    if isinstance(node, COMPREHENSIONS):
        first, *others = node.generators
        results = [getattr(node, field) for field in node._fields if field != "generators"]
        return [first.iter], [first.target, *first.ifs, *others, *results], "comprehension"
    outside = [default for default in node.args.defaults + node.args.kw_defaults if default]
    if isinstance(node, ast.Lambda):
        return outside, [node.body], "function"
    return outside + node.decorator_list, node.body, "function"


def _parameters(arguments: ast.arguments) -> Iterator[ast.arg]:
    yield from arguments.posonlyargs + arguments.args + arguments.kwonlyargs
    yield from filter(None, (arguments.vararg, arguments.kwarg))


def _children(node: ast.AST) -> Iterator[ast.AST]:
    for field in node._fields:
        if field not in SKIPPED:
            value = getattr(node, field, None)
            if isinstance(value, ast.AST):
                yield value
            elif isinstance(value, list):
                yield from (part for part in value if isinstance(part, ast.AST))


def _root(node: ast.AST) -> str:
    """Return the name at the beginning of ``name.a[0].b(1).c``, or ""."""
    while not isinstance(node, ast.Name):
        node = getattr(node, "value", None) or getattr(node, "func", None)
        if not isinstance(node, ast.AST):
            return ""
    return node.id


def _imported(node: ast.Import | ast.ImportFrom) -> dict[str, str]:
    """Return the names an import binds, each with what it stands for."""
    bound = {}
    for alias in node.names:
        if isinstance(node, ast.ImportFrom):
            bound[alias.asname or alias.name] = f"{node.module or ''}.{alias.name}"
        elif alias.asname:
            bound[alias.asname] = alias.name
        else:
            top = alias.name.split(".")[0]
            bound[top] = top
    return bound


# From a cell to statements


def _statements(cell: str, number: int) -> list[_Statement]:
    """Return the statements of a cell; an import of several names becomes several.

    Raises
    ------
    SyntaxError or another error
        If it does not compile.
    """
    source, tree = _parse(cell)
    compile(tree, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)  # `return` outside a function
    lines = source.encode().split(b"\n")
    found = []
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom) and len(node.names) > 1:
            parts = [_with_one_name(node, alias) for alias in node.names]
            found += [_Statement(part, number, ast.unparse(part)) for part in parts]
        else:
            found.append(_Statement(node, number, _text(node, lines)))
    return found


def _with_one_name(node, alias):
    if isinstance(node, ast.Import):
        return ast.Import(names=[alias])
    return ast.ImportFrom(module=node.module, names=[alias], level=node.level)


def _text(node: ast.stmt, lines: list[bytes]) -> str:
    """Return the source of a statement, decorators and comments included."""
    first, column = node.lineno - 1, node.col_offset
    if decorators := getattr(node, "decorator_list", None):
        first, column = decorators[0].lineno - 1, 0
    part = lines[first : node.end_lineno]
    part[-1] = part[-1][: node.end_col_offset]
    part[0] = part[0][column:]
    return b"\n".join(part).decode()


def _parse(cell: str) -> tuple[str, ast.Module]:
    """Return the source and the tree of a cell, without what is IPython's and not Python's.

    Only a line at which the parser stops is taken for a magic: ``% n`` may continue a formula.
    """
    source = cell.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    if source.lstrip().startswith("%%"):
        magic, _, body = source.lstrip().partition("\n")
        kept = re.match(r"%%(\w+)", magic)
        blank = "\n" * (source.count("\n") - body.count("\n"))
        source = blank + body if kept and kept[1] in CELL_MAGICS else ""
    for _ in range(100):
        try:
            return source, compile(source, "<cell>", "exec", PARSE)
        except SyntaxError as error:
            plainer = _without_magic(source, error)
            if plainer == source:
                raise
            source = plainer
    raise SyntaxError("more than a hundred lines that are not Python")


def _without_magic(source: str, error: SyntaxError) -> str:
    """Return a source without the magic at which the parser stopped, if it is one."""
    start = source.lstrip("\n")
    if isinstance(error, IndentationError) and start[:1] in " \t":  # as IPython forgives it
        indent = start[: len(start) - len(start.lstrip(" \t"))]
        return re.sub(f"^{indent}", "", source, flags=re.MULTILINE)
    if PROMPT.match(start.lstrip()):
        return PROMPT.sub("", source)
    lines = source.split("\n")
    number = (error.lineno or 0) - 1
    if not 0 <= number < len(lines) or not MAGIC.match(lines[number]):
        return source
    line = lines[number]
    if run := LINE_MAGIC.match(line):
        lines[number] = run[1] + run[2]
        return "\n".join(lines)
    lines[number] = line[: len(line) - len(line.lstrip())] + "pass"
    while line.endswith("\\") and number + 1 < len(lines):
        number += 1
        line, lines[number] = lines[number], ""
    return "\n".join(lines)


def _explain(error: Exception) -> str:
    """Return an error of the parser on one line."""
    if isinstance(error, SyntaxError):
        text = str(error.msg) + (f" (line {error.lineno})" if error.lineno else "")
    else:
        text = str(error) or "too deeply nested"
    return f"{type(error).__name__}: {text}"[:200]


# What an answer is like


def _is_stub(node: ast.stmt, name: str) -> bool:
    """Say whether a statement that binds a name leaves it without code."""
    if isinstance(node, ast.Assign):
        return _is_nothing(node.value)
    if not isinstance(node, FUNCTIONS) or node.name != name:
        return False
    return all(
        isinstance(part, ast.Pass)
        or (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant))
        or (isinstance(part, ast.Return) and _is_nothing(part.value))
        or (isinstance(part, ast.Raise) and _root(part.exc) == "NotImplementedError")
        for part in node.body
    )


def _is_nothing(value: ast.expr | None) -> bool:
    return value is None or (isinstance(value, ast.Constant) and value.value in (None, ...))


def _letters(name: str) -> str:
    return name.replace("_", "").casefold()


def _anonymous(text: str, kept: set[str], modules: dict[str, str]) -> str:
    """Return code with its own names numbered, imported ones in full, and nothing to explain it."""
    tree = ast.parse(text)
    helpers = [node for s in tree.body for node in (s, *getattr(s, "targets", ()))]
    own = _numbered(helpers, {}, kept)
    for statement in tree.body:
        nodes = list(ast.walk(statement))
        for node in nodes:
            if isinstance(node, ast.Import | ast.ImportFrom):
                modules = modules | _imported(node)
        new = modules | _numbered(nodes, own, kept)
        for node in nodes:
            if isinstance(node, ast.Name):
                node.id = new.get(node.id, node.id)
            elif isinstance(node, ast.arg):
                node.arg, node.annotation = new.get(node.arg, node.arg), None
            elif isinstance(node, ast.keyword) and node.arg:
                node.arg = new.get(node.arg, node.arg)
            elif isinstance(node, (*FUNCTIONS, ast.ClassDef)):
                node.name, node.returns = new.get(node.name, node.name), None
            elif isinstance(node, ast.Global | ast.Nonlocal):
                node.names = [new.get(name, name) for name in node.names]
            if isinstance(getattr(node, "body", None), list):
                node.body = [n for n in map(_plain, node.body) if n] or [ast.Pass()]
    return ast.unparse(tree)


def _numbered(nodes: list[ast.AST], known: dict[str, str], kept: set[str]) -> dict[str, str]:
    """Return a number for each name that is bound, in their order."""
    found = dict(known)
    for node in nodes:
        name = None
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            name = node.name
        elif isinstance(node, ast.arg):
            name = node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            name = node.id
        if name is not None and name not in kept:
            found.setdefault(name, f"v{len(found)}")
    return found


def _plain(node: ast.stmt) -> ast.stmt | None:
    """Return a statement without annotation; nothing for an import, a docstring or ``...``."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return None
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return None
    if isinstance(node, ast.AnnAssign):
        if node.value is None:
            return None
        return ast.copy_location(ast.Assign(targets=[node.target], value=node.value), node)
    return node


def _dotted(node: ast.AST, inner: set[int] | None = None) -> str:
    """Return ``a.b.c``; "" for anything else. The nodes inside are noted in ``inner``."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
        if inner is not None:
            inner.add(id(node))
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


class _Mentions:
    """What a statement speaks of: names with dots, words, and what it imports and assigns to."""

    def __init__(self, statement: _Statement):
        nodes = list(ast.walk(statement.node))  # outer ones first
        self.imports: dict[str, str] = {}
        self.names: dict[str, None] = {}
        self.patched: dict[str, None] = {}  # np.log = ..., setattr(np, ...)
        self.words: dict[str, None] = {}  # that decide for themselves what they mean
        self.strings: set[str] = set()
        passed = set()
        for node in nodes:
            if isinstance(node, ast.Import | ast.ImportFrom):
                self.imports.update(_imported(node))
            elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                passed.update(map(id, node.targets))  # a setting, such as matplotlib's
            elif isinstance(node, ast.Call) and _dotted(node.func) in ("setattr", "delattr"):
                self.patched.update((_dotted(argument), None) for argument in node.args[:1])
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                self.strings.add(node.value)
            elif isinstance(node, ast.Name | ast.Attribute) and id(node) not in passed:
                dotted = _dotted(node, passed)
                self.names[dotted] = None
                if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
                    self.patched[dotted] = None
            for field in ("name", "id", "attr", "value"):
                word = getattr(node, field, None)
                if isinstance(word, str) and word in WORDS:
                    self.words[word] = None
        local = statement.bound - self.imports.keys() - statement.defines
        self.names = {n: None for n in self.names if n.split(".")[0] not in local}


def _flags(statements: list[_Statement], without: list[str]) -> list[str]:
    """Return what a person should look at, each once."""
    mentions = [statement.mentions for statement in statements]
    modules = {k: v for mention in mentions for k, v in mention.imports.items()}
    flags = {}
    for mention in mentions:
        flags.update((f"{WORDS[word]} ({word})", None) for word in mention.words)
        for dotted in mention.patched:
            if dotted.split(".")[0] in modules:
                flags[f"changes an imported module ({dotted})"] = None
        for dotted in mention.names:
            root, *rest = dotted.split(".")
            full = ".".join([modules.get(root, root), *rest])
            if reason := _suspicion(full):
                flags[f"{reason} ({full})"] = None
            package, last = full.split(".")[0], full.split(".")[-1]
            for name in without:
                if package == name.split(".")[0] and last == name.split(".")[-1]:
                    flags[f"uses {name}"] = None
        for name in without:
            if name.split(".")[-1] in mention.strings:  # getattr(nn, "LSTM")
                flags[f"uses {name}"] = None
    return list(flags)


@functools.cache
def _suspicion(full: str) -> str:
    """Return what is suspicious about a name, imports resolved; "" if nothing is."""
    return next((reason for reason, pattern in SUSPICIOUS.items() if pattern.match(full)), "")


SUSPICIOUS = {
    reason: re.compile(rf"(?:{text.replace('.', '[.]')})(?![^.])")
    for reason, text in {
        "reads the stack": "sys._getframe|sys._current_frames|inspect|traceback.extract_stack",
        "looks through the memory": r"gc.get_\w+|ctypes|numpy.ctypeslib|mmap|tracemalloc",
        "traces the interpreter": "(sys|threading).set(trace|profile)|sys.monitoring",
        "starts processes or threads": "subprocess|multiprocessing|threading|_thread|concurrent",
        "opens connections": "socket|ssl|urllib|http|requests",
        "calls the system": r"os(?!.path).\w+|posix|signal|shutil|resource|atexit",
        "opens files": r"open|io.open|pathlib|numpy.(load\w*|fromfile|memmap)|pickle|torch.load",
        "changes Python itself": "builtins|__builtins__|sys.modules|sys.meta_path",
        "runs text as code": "eval|exec|compile|__import__|importlib|runpy",
        "reads the course's checks": "course_utils.(checks|grading)|solutions",
    }.items()
}
WORDS = {
    **dict.fromkeys(("__eq__", "__ne__"), "decides itself what it equals"),
    **dict.fromkeys(("__array__", "__array_ufunc__", "__array_function__"), "poses as an array"),
    **dict.fromkeys(("f_back", "f_locals", "f_globals", "tb_frame", "gi_frame"), "reads the stack"),
    **dict.fromkeys(("__subclasses__", "__globals__", "__code__", "__closure__"), "opens objects"),
}
