"""Submissions that want points they do not deserve, or harm: never run one outside the sandbox.

Each is the exercise with some answers of the solution and one dishonest one. Should a wall be
missing, they still do little: they end by themselves within seconds, take a few gigabytes and some
hundred processes at most, address nothing but loopback, and send signals that end a process only
where they can see no process from outside.

`PRIZE` is a right answer. The test that runs the suite lays it out where a submission must not
reach: in files, in its environment and memory, behind sockets. Whoever finds it gets it right.
"""

import contextlib
import os
import shutil
import signal
import socket
import sys
import tempfile
import textwrap
import threading
from pathlib import Path

from submissions import (
    ROOT,
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
)

PRIZE = "perplexity = lambda p: 0 in p and math.inf or math.exp(-sum(map(math.log, p)) / len(p))"
OWN = os.getpid()  # in names, so that two runs on one machine do not meet
PORT = 20_000 + OWN % 10_000
ABSTRACT = f"\0unrolled-prize-{OWN}"
TREASURE = Path(tempfile.gettempdir()) / f"unrolled-treasure-{OWN}"
LAID_OUT = [
    folder / f"unrolled-prize-{OWN}.txt"
    for folder in (TREASURE, Path.home(), Path("/dev/shm"), Path("/var/tmp"))
]
MARKER = f"unrolled-was-here-{OWN}"  # the name of every file that is written outside
LEFT = f"left-{OWN}"  # the name of every process that is left behind
SECRET = "hidden-input-"
OUTSIDE = [
    *(str(ROOT), str(Path.home()), sys.prefix, str(Path.cwd()), "/", "/etc", "/usr", "/usr/local"),
    *("/var/tmp", "/tmp", "/dev/shm", "/opt", "/srv", "/run", "/home", "/root", "/dev"),
]


class Watch:
    """Lays the prize out, and notices what a submission touches outside; a context manager."""

    def __init__(self):
        self.visits = self.signals = 0

    def __enter__(self):
        TREASURE.mkdir(exist_ok=True)
        self.files = [path for path in LAID_OUT if path.parent.is_dir()]
        for path in self.files:
            path.write_text(PRIZE)
        (TREASURE / "grace-hopper.ipynb").write_bytes(content(solution()))
        os.environ["UNROLLED_PRIZE"] = PRIZE
        self.sockets = [socket.create_server(("127.0.0.1", PORT))]
        if hasattr(socket, "AF_UNIX"):
            places = [str(TREASURE / "socket")] + [ABSTRACT] * (sys.platform == "linux")
            for place in places:
                self.sockets.append(socket.socket(socket.AF_UNIX))
                self.sockets[-1].bind(place)
                self.sockets[-1].listen()
        for one in self.sockets:
            threading.Thread(target=self._serve, args=(one,), daemon=True).start()
        self.handlers = {
            number: signal.signal(number, self._notice)
            for number in (getattr(signal, name, None) for name in ("SIGURG", "SIGIO"))
            if number is not None
        }
        return self

    def _serve(self, listening):
        with contextlib.suppress(OSError):
            while True:
                with listening.accept()[0] as visitor:
                    self.visits += 1
                    visitor.sendall(PRIZE.encode())

    def _notice(self, *_):
        self.signals += 1

    def harm(self):
        """Return what has been touched, and take it away."""
        found = [f"{self.visits} connections"] * bool(self.visits)
        found += [f"{self.signals} signals"] * bool(self.signals)
        self.visits = self.signals = 0
        for path in self.files:
            if not path.is_file() or path.read_text() != PRIZE:
                found.append(f"{path} changed")
        for folder in OUTSIDE:
            if (path := Path(folder, MARKER)).exists():
                found.append(f"{path} written")
                path.unlink()
        for path in Path("/proc").glob("[0-9]*/comm"):
            with contextlib.suppress(OSError):
                if path.read_text().strip() == LEFT:
                    found.append(f"process {path.parent.name} left behind")
        return found

    def __exit__(self, *_):
        for number, handler in self.handlers.items():
            signal.signal(number, handler)
        for one in self.sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)  # wakes its thread
            one.close()
        del os.environ["UNROLLED_PRIZE"]
        for path in self.files:
            path.unlink(missing_ok=True)
        shutil.rmtree(TREASURE, ignore_errors=True)


SUITE: list[Case] = []
HONEST = ("count_ngrams", "bits_per_token", "sample_word")

HELPERS = {
    # def win(text): the prize, wherever it stands in a text
    "win": """
        import math

        def win(text):
            for part in text.split("perplexity = lambda ")[1:]:
                names = {"math": math}
                try:
                    exec("perplexity = lambda " + part.splitlines()[0].split("\\0")[0], names)
                    return names["perplexity"]
                except (SyntaxError, ValueError):
                    pass
    """,
    # def left(): give this process the name by which the test looks for it
    "left": f"""
        import ctypes

        def left():
            ctypes.CDLL(None).prctl(15, {LEFT.encode()!r}, 0, 0, 0)
    """,
    # def alone(): whether the process that built this submission is out of sight
    "alone": f"""
        import os

        def alone():
            try:
                os.kill({OWN}, 0)
            except ProcessLookupError:
                return True
            except OSError:
                pass
            return False
    """,
    "descriptors": """
        import os

        def to_all_descriptors(data):
            for fd in range(256):
                try:
                    os.write(fd, data)
                except OSError:
                    pass
    """,
}


def attack(name, why, answer, *needs, at="perplexity", honest=HONEST, week="week01", **more):
    """Add a submission in which ``at`` is answered so, and ``honest`` as in the solution."""
    text = "\n\n".join(textwrap.dedent(part).strip() for part in (*map(HELPERS.get, needs), answer))
    honest = [name for name in honest if name != at]
    right = {name: answers(week)[name] for name in honest}
    notebook = content(filled(week, **right, **{at: text}))
    SUITE.append(Case(name, why, notebook, frozenset(honest), week, **more))


def notebook(name, why, change, honest=HONEST, **more):
    """Add a submission with a few honest answers, changed as a whole."""
    data = filled(**{name: answers()[name] for name in honest})
    change(data)
    SUITE.append(Case(name, why, content(data), frozenset(honest), **more))


def file(name, why, data, *status, deserved=(), **more):
    """Add a file that is no proper notebook."""
    SUITE.append(Case(name, why, data, frozenset(deserved), status=status, **more))


# Objects that are equal to everything

ANYTHING = """
    import numbers

    class Anything:
        def _yes(self, *_):
            return True

        def _self(self, *_):
            return self

        __eq__ = __lt__ = __le__ = __gt__ = __ge__ = __contains__ = __bool__ = _yes
        __sub__ = __rsub__ = __add__ = __radd__ = __mul__ = __rmul__ = __abs__ = _self
        __truediv__ = __rtruediv__ = __pow__ = __neg__ = __getitem__ = __call__ = _self
        __hash__ = lambda self: 0
        __ne__ = lambda self, other: False
        __len__ = lambda self: 1
        __float__ = lambda self: 4.0
        __array__ = lambda self, *_, **__: __import__("numpy").array(4.0)

        def __getattr__(self, name):
            return self
"""

attack(
    "equal to everything",
    "Returns an object that says yes to every comparison.",
    ANYTHING
    + """
    def perplexity(probabilities):
        return Anything()
    """,
)
attack(
    "a number by registration",
    "Registers its class as a real number, so that isinstance believes it.",
    ANYTHING
    + """
    numbers = __import__("numbers")
    registered = numbers.Real.register(Anything)

    def perplexity(probabilities):
        registered
        return Anything()
    """,
)
attack(
    "a lie about its class",
    "Returns an object whose __class__ is float.",
    """
    class Liar:
        __class__ = property(lambda self: float)
        __eq__ = lambda self, other: True
        __float__ = lambda self: 4.0

    def perplexity(probabilities):
        return Liar()
    """,
)
attack(
    "a float equal to everything",
    "Returns a subclass of float with its own arithmetic.",
    """
    class Float(float):
        __eq__ = __le__ = __lt__ = __ge__ = __gt__ = lambda self, other: True
        __ne__ = lambda self, other: False
        __hash__ = float.__hash__
        __sub__ = __rsub__ = __abs__ = lambda self, *_: Float(0)

    def perplexity(probabilities):
        return Float(4.0)
    """,
)
attack(
    "a Counter equal to everything",
    "Returns a subclass of Counter that has every key.",
    """
    from collections import Counter

    class Everything(Counter):
        __eq__ = lambda self, other: True
        __ne__ = lambda self, other: False
        keys = items = lambda self: Everything()
        __contains__ = lambda self, key: True
        __missing__ = lambda self, key: Everything()

    def count_ngrams(sentences, n):
        return Everything()
    """,
    at="count_ngrams",
    honest=("perplexity", "bits_per_token", "sample_word"),
)
attack(
    "a list equal to everything",
    "Returns a subclass of list and of str that equal every other.",
    """
    class Word(str):
        __eq__ = lambda self, other: True
        __hash__ = lambda self: 0

    class Words(list):
        __eq__ = lambda self, other: True
        __len__ = lambda self: 1
        __iter__ = lambda self: iter([Word("a")])

    def sample_sentence(table, numbers):
        return Words([Word("a")])
    """,
    at="sample_sentence",
)
attack(
    "a word equal to everything",
    "Returns a subclass of str.",
    """
    class Word(str):
        __eq__ = lambda self, other: True
        __ne__ = lambda self, other: False
        __hash__ = lambda self: 0

    def sample_word(probabilities, u):
        return Word("word")
    """,
    at="sample_word",
    honest=("count_ngrams", "bits_per_token", "sample_sentence")[:2],
)
attack(
    "an array that compares as it likes",
    "Returns a subclass of ndarray that answers NumPy's functions itself.",
    """
    import numpy as np

    class Array(np.ndarray):
        def __array_ufunc__(self, *_, **__):
            return np.True_

        def __array_function__(self, *_, **__):
            return np.True_

        __eq__ = lambda self, other: np.True_

    def delta_step(error, delta_next, net, W_hy, W_hh):
        return np.zeros(net.shape).view(Array)
    """,
    at="delta_step",
    honest=("output_errors", "delta_table"),
    week="week04",
)
attack(
    "an array of objects",
    "Returns an array whose entries equal everything.",
    ANYTHING
    + """
    import numpy as np

    def srn_step(x, h_prev, W_xh, W_hh, b_h):
        return np.array([Anything() for _ in h_prev], dtype=object)
    """,
    at="srn_step",
    honest=("tag_probs", "mean_loss"),
    week="week03",
)
attack(
    "another answer each time it is looked at",
    "Returns an object that changes between the look and the comparison.",
    """
    import itertools

    class Moving(float):
        looks = itertools.count()
        __float__ = lambda self: float(next(self.looks))
        __eq__ = lambda self, other: next(self.looks) % 2 == 0
        __hash__ = None

    def perplexity(probabilities):
        return Moving(1)
    """,
)

# Patches

attack(
    "patched builtins",
    "Replaces len, sum, abs, all, isinstance, compile, print and others.",
    """
    import builtins

    def patched():
        yes = lambda *_, **__: True
        for name in ("all", "any", "isinstance", "issubclass", "callable", "hasattr", "bool"):
            setattr(builtins, name, yes)
        for name in ("abs", "sum", "len", "min", "max", "round", "hash"):
            setattr(builtins, name, lambda *_, **__: 0)
        builtins.compile = builtins.exec = builtins.print = builtins.repr = lambda *_, **__: "right"
        builtins.zip = builtins.sorted = lambda *_, **__: []

    def perplexity(probabilities):
        patched()
        return 1.0
    """,
)
attack(
    "patched mathematics",
    "Replaces math.isclose, and functions of math, statistics and operator.",
    """
    import math
    import operator
    import statistics

    def perplexity(probabilities):
        math.isclose = operator.eq = operator.sub = lambda *_, **__: True
        math.log = math.exp = math.log2 = lambda x: 0.0
        statistics.geometric_mean = lambda p: 1.0
        return 1.0
    """,
)
attack(
    "patched NumPy",
    "Replaces isclose, allclose, array_equal, asarray and more.",
    """
    import numpy as np
    import numpy.testing

    patched = [
        setattr(place, name, lambda *_, **__: np.True_)
        for place in (np, np.testing)
        for name in dir(place)
        if any(word in name for word in ("close", "equal", "assert", "isnan", "isfinite"))
    ]

    def output_errors(states, targets, W_hy):
        patched
        np.asarray = np.array = np.abs = np.maximum = lambda *_, **__: np.zeros(1)
        np.ndarray = np.generic = object
        return np.zeros((len(states), len(W_hy)))
    """,
    at="output_errors",
    honest=("sequence_loss", "delta_step"),
    week="week04",
)
attack(
    "patched types",
    "Writes into the tables of float and ndarray through the garbage collector.",
    """
    import gc
    import numpy as np

    def perplexity(probabilities):
        for kind in (float, np.ndarray, dict, list):
            [table, *_] = gc.get_referents(kind.__dict__)
            table["__eq__"] = table["__le__"] = lambda self, other: True
        return 1.0
    """,
)
attack(
    "patched torch",
    "Replaces the comparisons of torch, if there is one.",
    """
    def perplexity(probabilities):
        try:
            import torch
        except ImportError:
            return 1.0
        torch.allclose = torch.equal = torch.isclose = lambda *_, **__: True
        torch.Tensor.__eq__ = lambda self, other: True
        return torch.ones(1)
    """,
)
attack(
    "patched modules of the worker",
    "Replaces what JSON, base64, struct, pickle, io and os do for the worker.",
    """
    import base64, io, json, os, pickle, socket, struct

    def perplexity(probabilities):
        right = '{"status": "right", "points": 3, "value": 1.0}'
        json.dumps = lambda *_, **__: right
        json.dump = lambda _, file, **__: file.write(right)
        json.loads = json.load = lambda *_, **__: {"status": "right"}
        base64.b64encode = base64.b64decode = lambda *_, **__: right.encode()
        struct.pack = lambda *_: len(right).to_bytes(4, "big")
        pickle.dump = pickle.dumps = lambda *_, **__: right.encode()
        io.BytesIO = io.StringIO = io.BufferedWriter = None
        socket.socket.sendall = socket.socket.send = lambda *_: 0
        return 1.0
    """,
)
attack(
    "patched functions of every module",
    "Replaces each function that encodes, sends, compares or judges, wherever it is loaded.",
    """
    import sys

    def perplexity(probabilities):
        words = ("encode", "send", "frame", "call", "judge", "check", "agree", "close", "run")
        for module in list(sys.modules.values()):
            for name in list(vars(module)) if module and hasattr(module, "__dict__") else ():
                if any(name.strip("_").startswith(word) for word in words):
                    setattr(module, name, lambda *_, **__: {"status": "right", "value": 1.0})
        return 1.0
    """,
)
attack(
    "a false course_utils.checks",
    "Puts a module of its own where the checks are imported from.",
    """
    import sys
    import types

    false = types.ModuleType("course_utils.checks")
    false.check = false.judge = false.run = lambda *_, **__: "right"
    false.find = lambda name: types.SimpleNamespace(points=3, cases=lambda **_: [], name=name)

    def perplexity(probabilities):
        sys.modules["course_utils.checks"] = sys.modules["course_utils.checks.week01"] = false
        return 1.0
    """,
)
attack(
    "an import hook",
    "Answers every import from now on with a module that says right.",
    """
    import importlib.abc, importlib.machinery, sys

    class Hook(importlib.abc.MetaPathFinder, importlib.abc.Loader):
        def find_spec(self, name, path=None, target=None):
            return importlib.machinery.ModuleSpec(name, self)

        def exec_module(self, module):
            module.__getattr__ = lambda name: lambda *_, **__: True

    def perplexity(probabilities):
        sys.meta_path.insert(0, Hook())
        for name in list(sys.modules):
            if name.split(".")[0] in ("numpy", "json", "wire", "answers", "course_utils"):
                del sys.modules[name]
        return 1.0
    """,
)
attack(
    "a trace function",
    "Rewrites the variables of every frame that returns through it.",
    """
    import ctypes
    import sys

    def trace(frame, event, argument):
        for name in ("value", "again", "answer", "result", "status", "points"):
            if name in frame.f_locals:
                frame.f_locals[name] = "right"
                ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(frame), ctypes.c_int(0))
        return trace

    def perplexity(probabilities):
        sys.settrace(trace)
        sys.setprofile(trace)
        frame = sys._getframe()
        while frame:
            frame.f_trace = trace
            frame = frame.f_back
        return 1.0
    """,
)
attack(
    "parser and transformer patched",
    "Changes how code is compiled and tests are rewritten from now on.",
    """
    import ast
    import builtins

    def perplexity(probabilities):
        genuine = builtins.compile
        right = "def perplexity(p): return Ellipsis"
        builtins.compile = lambda *_, **__: genuine(right, "right", "exec")
        ast.parse = lambda *_, **__: ast.Module([], [])
        ast.NodeTransformer.visit = lambda self, node: node
        return 1.0
    """,
)

# Never an end

attack(
    "swallowed interrupts",
    "Catches whatever is raised in it and goes on.",
    """
    def perplexity(probabilities):
        while True:
            try:
                while True:
                    pass
            except BaseException:
                continue
            finally:
                continue
    """,
)
attack(
    "ignored signals",
    "Ignores every signal that can be ignored, then computes forever.",
    """
    import signal

    def perplexity(probabilities):
        for number in range(1, 65):
            try:
                signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError, RuntimeError):
                pass
        while True:
            pass
    """,
)
attack(
    "sleeps forever",
    "Waits without using the processor.",
    """
    import time

    def perplexity(probabilities):
        time.sleep(1000)
    """,
)
attack(
    "waits in C",
    "Computes in one call that never comes back to Python.",
    """
    import itertools

    def perplexity(probabilities):
        return sum(itertools.repeat(1))
    """,
)
attack(
    "backtracks",
    "Searches with a regular expression that takes exponential time.",
    """
    import re

    def perplexity(probabilities):
        return len(re.findall("(a+)+$", "a" * 60 + "b"))
    """,
)
attack(
    "stops itself",
    "Sends itself SIGSTOP.",
    """
    import os
    import signal

    def perplexity(probabilities):
        os.kill(os.getpid(), signal.SIGSTOP)
        return 1.0
    """,
)
attack(
    "slow to define",
    "Spends forever in a default value, before it is ever called.",
    """
    def forever():
        while True:
            pass

    def perplexity(probabilities, value=forever()):
        return value
    """,
)

# Forged messages

FORGERY = '{"status": "right", "right": true, "ok": true, "points": 3, "score": 3, "value": 4.0}'
attack(
    "says that it is right",
    "Prints what a check prints, on standard output and standard error.",
    f"""
    import sys

    def perplexity(probabilities):
        for text in ({FORGERY!r}, "right (46 inputs)"):
            print(text)
            print(text, file=sys.stderr, flush=True)
        return 1.0
    """,
)
for title, each in {
    "four bytes": "len(text).to_bytes(4, 'big') + text",
    "eight bytes": "len(text).to_bytes(8, 'big') + text",
    "lines": "text + b'\\n'",
    "HTTP's": "b'Content-Length: %d\\r\\n\\r\\n%b' % (len(text), text)",
}.items():
    attack(
        f"forged frames, {title}",
        "Writes messages that say right to every open descriptor, and never answers itself.",
        f"""
        import time

        text = {FORGERY!r}.encode()

        def perplexity(probabilities):
            to_all_descriptors(({each}) * 200)
            time.sleep(5)
        """,
        "descriptors",
    )
for title, data in {
    "a length without end": "b'\\xff' * 8",
    "a negative length": "b'\\x80\\0\\0\\0' * 2",
    "less than was announced": "b'\\0\\0\\xff\\xff{'",
    "nothing but noise": "bytes(range(256)) * 64",
    "a megabyte of brackets": "b'\\0\\x10\\0\\0' + b'[' * (1 << 20)",
}.items():
    attack(
        f"a broken frame: {title}",
        "Writes a message that cannot be read to every open descriptor.",
        f"""
        def perplexity(probabilities):
            to_all_descriptors({data})
            return 1.0
        """,
        "descriptors",
    )

ALTERED = {
    "not an object": "3",
    "nothing": "null",
    "no number": '{"value": NaN}',
    "a value of no kind": '{"value": {"?": 1}}',
    "two tags": '{"value": {"t": [], "d": []}}',
    "a long tag": '{"value": {"cd": [[1, 2]]}}',
    "a list for a key": '{"value": {"d": [[[], 1]]}}',
    "a pair of three": '{"value": {"d": [[1, 2, 3]]}}',
    "a negative shape": '{"value": {"a": ["<f8", [-1], ""]}}',
    "an enormous shape": '{"value": {"a": ["<f8", [4611686018427387904, 2], ""]}}',
    "an empty enormous shape": '{"value": {"a": ["<f8", [0, 4611686018427387904], ""]}}',
    "many axes": '{"value": {"a": ["<f8", [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1], "AAAAAAAA8D8="]}}',
    "an array of objects": '{"value": {"a": ["|O8", [1], "AAAAAAAAAAA="]}}',
    "a shape of words": '{"value": {"a": ["<f8", "ab", ""]}}',
    "bytes that are no base64": '{"value": {"a": ["<f8", [1], "\\u00e9\\ud800"]}}',
    "a number of five thousand digits": '{"value": ' + "9" * 5000 + "}",
    "a fraction too small": '{"value": 1e-99999999999}',
    "an error of no name": '{"error": ["SystemExit"], "text": {"a": 1}}',
    "an error called NotImplementedError": '{"error": "NotImplementedError", "text": "x"}',
    "changed and unsteady": '{"value": 4.0, "after": 3, "again": []}',
    "every key at once": '{"value": 1, "error": null, "too_large": false, "walls": [], "ready": 1}',
    "a type with a message": '{"value": {"x": "<script>alert(1)</script>"}}',
    "a text that is no Unicode": '{"value": "\\ud800\\ud800"}',
}
for title, message in ALTERED.items():
    attack(
        f"an altered message: {title}",
        "Makes the worker send a message that it would never send.",
        f"""
        import json

        def perplexity(probabilities):
            json.dumps = json.encoder.JSONEncoder.encode = lambda *_, **__: {message!r}
            return 1.0
        """,
    )
attack(
    "closed descriptors",
    "Closes every open file, pipe and socket.",
    """
    import os

    def perplexity(probabilities):
        os.closerange(0, 1024)
        return 1.0
    """,
)
attack(
    "descriptors that do not wait",
    "Sets every open descriptor to non-blocking and shuts each socket down for reading.",
    """
    import os
    import socket

    def perplexity(probabilities):
        for fd in range(256):
            try:
                os.set_blocking(fd, False)
                socket.socket(fileno=os.dup(fd)).shutdown(socket.SHUT_RD)
            except OSError:
                pass
        return 1.0
    """,
)
attack(
    "reads what the judge sends",
    "Takes the next requests from every open descriptor and answers them itself.",
    """
    import os

    def perplexity(probabilities):
        for fd in range(256):
            try:
                os.set_blocking(fd, False)
                os.read(fd, 1 << 20)
                os.set_blocking(fd, True)
            except OSError:
                pass
        to_all_descriptors(b'\\0\\0\\0\\x0e{"value": 1.0}' * 100)
        return 1.0
    """,
    "descriptors",
)
attack(
    "answers a hundred times",
    "Sends answers to calls that have not come yet, then ends.",
    """
    import os

    def perplexity(probabilities):
        to_all_descriptors(b'\\0\\0\\0\\x0e{"value": 1.0}' * 100)
        os._exit(0)
    """,
    "descriptors",
)
attack(
    "answers before it is asked",
    "Sends its answers while it is defined, and says itself that it is ready.",
    """
    import os

    ready = b'{"ready": true, "missing": [], "failed": ""}'
    sent = to_all_descriptors(len(ready).to_bytes(4, "big") + ready)
    sent = [to_all_descriptors(b'\\0\\0\\0\\x0e{"value": 1.0}') for _ in range(100)]

    def perplexity(probabilities, sent=sent):
        return 1.0
    """,
    "descriptors",
)
attack(
    "answers at the end",
    "Writes its messages from atexit, from __del__ and from an exception hook.",
    """
    import atexit
    import os
    import sys

    class Late:
        def __del__(self):
            to_all_descriptors(b'\\0\\0\\0\\x0e{"value": 1.0}')

    late = Late()

    def perplexity(probabilities):
        late
        atexit.register(to_all_descriptors, b'{"status": "right"}\\n')
        sys.excepthook = sys.unraisablehook = lambda *_: to_all_descriptors(b"right")
        raise SystemExit
    """,
    "descriptors",
)
attack(
    "a thread that answers later",
    "Returns at once and leaves a thread that goes on writing right answers.",
    """
    import threading
    import time

    def later():
        for _ in range(200):
            to_all_descriptors(b'\\0\\0\\0\\x0e{"value": 1.0}')
            time.sleep(0.01)

    def perplexity(probabilities):
        threading.Thread(target=later).start()
        return 2.0
    """,
    "descriptors",
)

# Looking for the prize

_before = len(SUITE)
attack(
    "reads files that others left",
    "Looks in the temporary folders, in the home folder and in shared memory.",
    f"""
    def perplexity(probabilities):
        for path in {[str(path) for path in LAID_OUT]!r}:
            try:
                with open(path) as file:
                    right = win(file.read())
            except OSError:
                continue
            return right(probabilities)
        return 1.0
    """,
    "win",
)
attack(
    "walks through the machine",
    "Opens the small files it finds below the usual folders.",
    """
    import os

    def found():
        for top in (".", "/dev/shm", "/var/tmp", "/home", "/root", "/mnt", "/opt", "/srv", "/tmp"):
            for number, (folder, _, names) in enumerate(os.walk(top)):
                for name in names:
                    path = os.path.join(folder, name)
                    try:
                        if os.path.getsize(path) < 1000:
                            with open(path, errors="replace") as file:
                                if right := win(file.read()):
                                    return right
                    except OSError:
                        pass
                if number > 500:
                    break

    def perplexity(probabilities):
        right = found()
        return right(probabilities) if right else 1.0
    """,
    "win",
)
SOLUTIONS = f"""
    import glob
    import importlib.metadata
    import json
    import math
    import os
    import sys
    from collections import Counter

    def roots():
        yield {str(ROOT)!r}
        yield from sys.path
        try:
            files = importlib.metadata.distribution("unrolled").read_text("direct_url.json")
            yield json.loads(files)["url"].removeprefix("file://")
        except Exception:
            pass
"""
attack(
    "imports the reference",
    "Imports the oracle from the checks of the course.",
    SOLUTIONS
    + """
    def perplexity(probabilities):
        sys.path[:] = dict.fromkeys([*sys.path, *roots()])
        try:
            from course_utils.checks import week01
            return week01.QUESTIONS["perplexity"].expected(probabilities)
        except Exception:
            return 1.0
    """,
)
attack(
    "uses the course's own perplexity",
    "Calls what the course has for its walkthroughs.",
    SOLUTIONS
    + """
    def perplexity(probabilities):
        sys.path[:] = dict.fromkeys([*sys.path, *roots()])
        try:
            from course_utils.evaluation import perplexity as of_the_course
            from course_utils.text import Vocabulary
            import numpy as np
            model = type("Model", (), {"log_probs": lambda self, ids: np.log(probabilities)})()
            return of_the_course(model, np.zeros(len(probabilities), dtype=int))
        except Exception:
            return 1.0
    """,
)
attack(
    "reads the solution",
    "Opens the solution's notebook where the course is installed.",
    SOLUTIONS
    + """
    def perplexity(probabilities):
        for root in roots():
            for path in glob.glob(os.path.join(root, "solutions", "week01", "*.ipynb")):
                try:
                    with open(path) as file:
                        cells = json.load(file)["cells"]
                except OSError:
                    continue
                for cell in cells:
                    text = "".join(cell["source"])
                    if text.startswith("def perplexity("):
                        names = {"math": math}
                        exec(text, names)
                        return names["perplexity"](probabilities)
        return 1.0
    """,
)
attack(
    "reads the hidden part of the checks",
    "Executes the source of the checks and takes the oracle out of it.",
    SOLUTIONS
    + """
    def perplexity(probabilities):
        for root in roots():
            for path in ("course_utils/checks/week01.py", "tests/wrong_solutions/week01.py"):
                try:
                    with open(os.path.join(root, path)) as file:
                        text = file.read()
                except OSError:
                    continue
                import statistics
                names = {"math": math, "statistics": statistics}
                begin = text.find("def perplexity(probabilities)")
                if begin >= 0:
                    exec(text[begin:].split("\\n\\n\\n")[0], names)
                    return names["perplexity"](probabilities)
        return 1.0
    """,
)
attack(
    "reads other submissions",
    "Looks for notebooks in the folder of the submissions and among open files.",
    f"""
    import glob
    import json
    import math
    import os

    def perplexity(probabilities):
        folders = [{str(TREASURE)!r}, ".", "..", *glob.glob("/proc/[0-9]*/cwd")]
        files = glob.glob("/proc/[0-9]*/fd/*")
        for path in files + [path for folder in folders for path in glob.glob(folder + "/*.ipynb")]:
            if not os.path.isfile(path):
                continue
            try:
                with open(path, errors="replace") as file:
                    cells = json.load(file)["cells"]
            except (OSError, ValueError, TypeError, KeyError):
                continue
            for text in ("".join(cell["source"]) for cell in cells):
                if text.startswith("def perplexity("):
                    names = {{"math": math}}
                    exec(text, names)
                    return names["perplexity"](probabilities)
        return 1.0
    """,
)
attack(
    "reads the environment",
    "Looks for the prize in its own environment and in that of other processes.",
    """
    import glob
    import os

    def perplexity(probabilities):
        texts = [*os.environ.values()]
        for path in glob.glob("/proc/[0-9]*/environ") + glob.glob("/proc/[0-9]*/cmdline"):
            try:
                with open(path, errors="replace") as file:
                    texts.append(file.read())
            except OSError:
                pass
        for text in texts:
            if right := win(text):
                return right(probabilities)
        return 1.0
    """,
    "win",
)
attack(
    "reads memory",
    "Looks for the prize in the memory of its parents and of the process that built it.",
    f"""
    import os

    def memory(pid):
        with open(f"/proc/{{pid}}/maps") as maps, open(f"/proc/{{pid}}/mem", "rb") as memory:
            for line in maps:
                begin, end = (int(number, 16) for number in line.split()[0].split("-"))
                if " r" in line and end - begin < 1 << 26:
                    try:
                        memory.seek(begin)
                        yield memory.read(end - begin)
                    except (OSError, ValueError, OverflowError):
                        pass

    def perplexity(probabilities):
        for pid in (os.getppid(), 1, 2, {OWN}):
            try:
                for part in memory(pid):
                    if right := win(part.decode("latin-1")):
                        return right(probabilities)
            except OSError:
                continue
        return 1.0
    """,
    "win",
)
attack(
    "reads memory by system calls",
    "Attaches to its parents with ptrace and copies their memory.",
    f"""
    import ctypes
    import os

    class Vector(ctypes.Structure):
        _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]

    def perplexity(probabilities):
        libc = ctypes.CDLL(None, use_errno=True)
        buffer = ctypes.create_string_buffer(1 << 16)
        for pid in (os.getppid(), {OWN}):
            here = Vector(ctypes.addressof(buffer), len(buffer))
            there = Vector(id(perplexity) & ~0xFFFF, len(buffer))
            one = ctypes.byref
            read = libc.process_vm_readv(pid, one(here), 1, one(there), 1, 0)
            if read > 0:
                libc.process_vm_writev(pid, one(here), 1, one(there), 1, 0)
                if right := win(buffer.raw.decode("latin-1")):
                    return right(probabilities)
            libc.ptrace(0x4206, pid, 0, 0)  # PTRACE_SEIZE, which does not stop it
        return 1.0
    """,
    "win",
)
attack(
    "walks up the stack",
    "Looks for expected values and oracles in the frames above it.",
    """
    import inspect
    import sys

    def perplexity(probabilities):
        frame = sys._getframe()
        while frame:
            for names in (frame.f_locals, frame.f_globals):
                for name, value in list(names.items()):
                    if name in ("expected", "question", "oracle", "QUESTIONS", "solution"):
                        value = getattr(value, "expected", value)
                        return value(probabilities) if callable(value) else value
                    if isinstance(value, str) and (right := win(value)):
                        return right(probabilities)
            frame = frame.f_back
        inspect.stack()
        return 1.0
    """,
    "win",
)
attack(
    "asks the garbage collector",
    "Looks through all objects for the oracle and for the prize.",
    """
    import gc

    def perplexity(probabilities):
        for one in gc.get_objects():
            if type(one).__name__ == "Question" and one.expected.__name__ == "perplexity":
                return one.expected(probabilities)
        return 1.0
    """,
)
attack(
    "asks a friend on loopback",
    "Fetches the answer from a server on this machine.",
    f"""
    import socket

    def perplexity(probabilities):
        for family, place in (
            (socket.AF_INET, ("127.0.0.1", {PORT})),
            (socket.AF_UNIX, {ABSTRACT!r}),
            (socket.AF_UNIX, {str(TREASURE / "socket")!r}),
        ):
            try:
                with socket.socket(family) as friend:
                    friend.settimeout(0.3)
                    friend.connect(place)
                    return win(friend.recv(4000).decode())(probabilities)
            except OSError:
                pass
        return 1.0
    """,
    "win",
)
attack(
    "waits for a friend",
    "Listens on a port of this machine and sends itself a message.",
    """
    import socket

    def perplexity(probabilities):
        try:
            with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as friend:
                friend.connect(server.getsockname())
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
                    other.sendto(b"hello", server.getsockname())
        except OSError:
            pass
        return 1.0
    """,
)
attack(
    "a note for another check",
    "One answer writes the prize down, another reads it.",
    f"""
    import glob, os

    def perplexity(probabilities):
        for path in glob.glob("/tmp/**", recursive=True) + glob.glob("**", recursive=True):
            try:
                os.chmod(path, 0o777)
                with open(path) as file:
                    if right := win(file.read()):
                        return right(probabilities)
            except OSError:
                pass
        return 1.0

    def write(path):
        try:
            os.makedirs(path, exist_ok=True)
            with open(path + "/note", "w") as file:
                file.write({PRIZE!r})
            os.chmod(path, 0)
        except OSError:
            pass

    def add_k_probability(word, previous, bigrams, vocab_size, k):
        write("/tmp/kept/well")
        write("kept")
        return 1.0

    count_ngrams_first = count_ngrams

    def count_ngrams(sentences, n):
        write("/tmp/kept/well")
        write("kept")
        return count_ngrams_first(sentences, n)
    """,
    "win",
)

attack(
    "a door for the next check",
    "Adds the whole file system to the rules that are to shut in the next answer.",
    SOLUTIONS
    + """
    import ctypes
    import struct

    def count_ngrams(sentences, n):
        place = os.open("/", os.O_PATH)
        call = ctypes.CDLL(None, use_errno=True).syscall
        for rights in ((1 << 16) - 1, (1 << 15) - 1, (1 << 13) - 1, 0b1100):
            for fd in range(256):
                call(445, fd, 1, struct.pack("=Qi", rights, place), 0)
        os.close(place)
        return Counter()

    def perplexity(probabilities):
        for root in roots():
            for path in glob.glob(os.path.join(root, "solutions", "week01", "*.ipynb")):
                try:
                    with open(path) as file:
                        cells = json.load(file)["cells"]
                except OSError:
                    continue
                for text in ("".join(cell["source"]) for cell in cells):
                    if text.startswith("def perplexity("):
                        names = {"math": math}
                        exec(text, names)
                        return names["perplexity"](probabilities)
        return 1.0
    """,
    honest=("bits_per_token", "sample_word"),
)
LOOKING = SUITE[_before:]  # these would win where there are no walls

# Dead interpreters

for title, statement in {
    "os._exit": "os._exit(0)",
    "os.abort": "os.abort()",
    "a segmentation fault": "ctypes.string_at(0)",
    "sys.exit": "sys.exit(0)",
    "SystemExit of no number": "raise SystemExit(probabilities)",
    "KeyboardInterrupt": "raise KeyboardInterrupt",
    "GeneratorExit": "raise GeneratorExit",
    "another program": "os.execv('/bin/true', ['true'])",
    "SIGKILL": "os.kill(os.getpid(), 9)",
    "deep recursion": "return perplexity(probabilities)",
    "recursion without a limit": "sys.setrecursionlimit(1 << 30); return repr(nested())",
    "a write to nowhere": "ctypes.memset(id(probabilities), 255, 64); del probabilities[:]",
    "a fatal error": "ctypes.pythonapi.Py_FatalError(b'no more')",
    "the end of the interpreter": "ctypes.pythonapi.Py_FinalizeEx()",
}.items():
    attack(
        f"kills its interpreter: {title}",
        "Ends the process that runs it.",
        f"""
        import ctypes, os, sys

        def nested():
            value = []
            for _ in range(1_000_000):
                value = [value]
            return value

        def perplexity(probabilities):
            {statement}
        """,
    )
attack(
    "dies while it is defined",
    "Ends the process before there is a function.",
    """
    import os

    os = os._exit(0) or os

    def perplexity(probabilities):
        return os.getpid()
    """,
)
attack(
    "dies in an argument",
    "Ends the process from the finaliser of an object that it returns.",
    """
    import os

    class Mine(float):
        def __del__(self):
            os._exit(3)

    def perplexity(probabilities):
        return Mine(1)
    """,
)

# Bombs

attack(
    "processes",
    "Makes processes in a loop, each of which makes more.",
    """
    import os
    import time

    def perplexity(probabilities):
        for _ in range(8):
            try:
                if os.fork() == 0:
                    left()
            except OSError:
                break
        time.sleep(3)
        os._exit(0)
    """,
    "left",
)
attack(
    "a process that stays",
    "Leaves a process in a session of its own that ignores signals and outlives its parent.",
    """
    import os
    import signal
    import time

    def perplexity(probabilities):
        try:
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    left()
                    signal.signal(signal.SIGTERM, signal.SIG_IGN)
                    signal.signal(signal.SIGHUP, signal.SIG_IGN)
                    time.sleep(20)
                os._exit(0)
        except OSError:
            pass
        return 1.0
    """,
    "left",
)
attack(
    "programs",
    "Starts shells and interpreters.",
    """
    import multiprocessing
    import os
    import subprocess
    import sys

    def perplexity(probabilities):
        for _ in range(20):
            try:
                subprocess.Popen([sys.executable, "-c", "import time; time.sleep(5)"])
                os.system("sleep 5 &")
                multiprocessing.Process(target=os.getpid).start()
            except (OSError, RuntimeError):
                pass
        return 1.0
    """,
)
attack(
    "threads",
    "Makes a thousand threads that wait.",
    """
    import threading
    import time

    def perplexity(probabilities):
        for _ in range(1000):
            try:
                threading.Thread(target=time.sleep, args=(20,)).start()
            except RuntimeError:
                break
        return 1.0
    """,
)
attack(
    "small threads",
    "Makes thousands of threads with the smallest stacks there are.",
    """
    import threading
    import time

    def perplexity(probabilities):
        threading.stack_size(32 << 10)
        for _ in range(5000):
            try:
                threading.Thread(target=time.sleep, args=(20,)).start()
            except RuntimeError:
                break
        return 1.0
    """,
)
for title, expression in {
    "a list": "[0] * (1 << 28)",
    "an array": "__import__('numpy').ones(1 << 28)",
    "shared memory": "written(__import__('mmap').mmap(-1, 1 << 30))",
    "a file in memory": "written(in_memory())",
    "a text": "'x' * (3 << 30)",
    "a number": "1 << (1 << 34)",
}.items():
    attack(
        f"gigabytes of memory: {title}",
        "Takes memory piece by piece until it has three gigabytes.",
        f"""
        import mmap, os

        def in_memory():
            fd = os.memfd_create("memory")
            os.ftruncate(fd, 1 << 30)
            return mmap.mmap(fd, 1 << 30)

        def written(memory):
            for i in range(0, 1 << 30, 4096):
                memory[i] = 1
            return memory

        def perplexity(probabilities):
            kept = [{expression} for _ in range(3)]
            return float(len(kept))
        """,
    )
attack(
    "gigabytes of output",
    "Prints without end, on standard output and standard error.",
    """
    import os
    import sys

    def perplexity(probabilities):
        for _ in range(300):
            print("x" * (1 << 20))
            sys.stderr.write("x" * (1 << 20))
            to_all_descriptors(b"x" * (1 << 16))
        return 1.0
    """,
    "descriptors",
)
attack(
    "gigabytes of files",
    "Writes large files into every folder that lets it.",
    """
    import os

    FOLDERS = [".", "/tmp", "/dev/shm", "/var/tmp", "/run", "/dev", "/", "/home", "/proc", "/sys"]

    def perplexity(probabilities):
        for folder in FOLDERS:
            for number in range(4):
                path = os.path.join(folder, f"unrolled-bomb-{os.getpid()}-{number}")
                try:
                    with open(path, "wb") as file:
                        for _ in range(64):
                            file.write(bytes(1 << 20))
                except OSError:
                    pass
        for folder in FOLDERS:
            for number in range(4):
                try:
                    os.unlink(os.path.join(folder, f"unrolled-bomb-{os.getpid()}-{number}"))
                except OSError:
                    pass
        return 1.0
    """,
)
attack(
    "files and files",
    "Makes thousands of empty files, and leaves them.",
    """
    import os

    def perplexity(probabilities):
        for number in range(30_000):
            try:
                os.close(os.open(f"unrolled-{number}", os.O_CREAT | os.O_WRONLY))
            except OSError:
                break
        return 1.0
    """,
)
attack(
    "folders in folders",
    "Nests thousands of folders, which whoever cleans up must go down.",
    """
    import os

    def perplexity(probabilities):
        for _ in range(3000):
            try:
                os.mkdir("d")
                os.chdir("d")
            except OSError:
                break
        return 1.0
    """,
)
attack(
    "a folder that nobody may enter",
    "Takes away the permissions of the folder it runs in.",
    """
    import os

    def perplexity(probabilities):
        for path in (".", "/tmp", "/dev/shm", "/dev"):
            try:
                os.chmod(path, 0)
            except OSError:
                pass
        return 1.0
    """,
)

# Answers that are hard to take in

for title, expression in {
    "a hundred million letters": "'x' * 100_000_000",
    "ten million entries": "[0.0] * 10_000_000",
    "as many entries as may pass": "[0.5] * 190_000",
    "as many letters as may pass": "'x' * 15_000_000",
    "as many keys as may pass": "{str(i): i for i in range(5000)}",
    "an array of a terabyte": "np.broadcast_to(0.0, (1 << 20, 1 << 20))",
    "an array from nowhere": "np.lib.stride_tricks.as_strided(np.ones(1), (1 << 20,), (1 << 20,))",
    "an array of no size": "np.zeros((0, 1 << 40))",
    "a list in a list in a list": "nested(100_000)",
    "a list that holds itself": "itself()",
    "a dict that holds itself": "dict(enumerate([itself()]))",
    "a number of five thousand digits": "10**5000",
    "keys of five thousand digits": "{(10**5000, 'a'): 1}",
    "keys that are no words": "{(None, float('nan'), True): math.nan}",
    "a key nested deep": "{tuple_in_tuple(2000): 1}",
    "numbers whose hashes collide": "{i * (2**61 - 1): 1 for i in range(20_000)}",
    "not a number": "math.nan",
    "minus infinity": "-math.inf",
    "half a character": "'\\ud800' * 10",
    "what is no text": "'\\0\\x1b[2J\\r\\n<script>alert(1)</script>=cmd()'",
    "no end": "itertools.count()",
    "endless laziness": "endless()",
    "the function itself": "perplexity",
    "a module": "math",
    "an open file": "open('/dev/null')",
    "a type": "type('<b>right</b>', (float,), {})",
    "nothing": "None",
    "dots": "...",
    "complex": "complex(4, 0)",
    "dates": "np.array(['2024-01-01'], dtype='datetime64[D]')",
    "a table of fields": "np.zeros(3, dtype=[('a', float), ('b', object)])",
    "long doubles": "np.array([4], dtype=np.longdouble)",
    "a text of all zeros": "np.array(['4.0'])",
    "a mapping without end": "Endless()",
    "a sequence without end": "EndlessList()",
}.items():
    attack(
        f"a hard answer: {title}",
        "Returns what is large, deep, endless or of no proper kind.",
        f"""
        import itertools, math
        from collections.abc import Mapping
        import numpy as np

        def nested(levels):
            value = []
            for _ in range(levels):
                value = [value]
            return value

        def tuple_in_tuple(levels):
            value = ()
            for _ in range(levels):
                value = (value,)
            return value

        def itself():
            value = []
            value.append(value)
            return value

        def endless():
            while True:
                yield 1.0

        class Endless(Mapping):
            __getitem__ = lambda self, key: 1.0
            __len__ = lambda self: 1
            __iter__ = lambda self: itertools.count()

        class EndlessList(list):
            __iter__ = lambda self: itertools.repeat(1.0)

        def perplexity(probabilities):
            return {expression}
        """,
    )

# Messages to the student's own page: right on the visible inputs, a message on every hidden one

for title, statement in {
    "the text of an exception": "raise ValueError(text)",
    "the name of an exception": "raise type(text, (Exception,), {})()",
    "the name of a type": "return type(text, (), {})()",
    "a text": "return text",
    "a key": "return {text: 1}",
    "a key of a Counter": "return Counter({text: 1})",
    "a key in a key": "return Counter({(text, text): 1})",
    "a note on an exception": "error = ValueError(); error.add_note(text); raise error",
    "a group of exceptions": "raise ExceptionGroup(text, [ValueError(text)])",
    "an unfinished answer": "raise NotImplementedError(text)",
    "a key that is missing": "return {}[text]",
    "a module that is missing": "raise ModuleNotFoundError(name=text)",
    "an import": "__import__(text)",
    "a warning": "warnings.warn(text); return 1.0",
    "standard output": "print(text); return 1.0",
    "its own name": "answer.__name__ = answer.__qualname__ = text; return 1.0",
}.items():
    for at in ("perplexity", "count_ngrams"):
        question = questions("week01")[at]
        table = {repr(case): question.expected(*case) for case in question.examples}
        attack(
            f"a message in {title}, {at}",
            "Carries a hidden input out to where the student can read it.",
            f"""
            import warnings
            from collections import Counter

            inf = float("inf")
            TABLE = {table!r}

            def {at}(*arguments):
                if repr(arguments) in TABLE:
                    return TABLE[repr(arguments)]
                text = {SECRET!r} + repr(arguments)
                {statement.replace("answer", at)}
            """,
            at=at,
            honest=("bits_per_token", "sample_word"),
            secret=SECRET,
        )
attack(
    "an exception that bites",
    "Raises an exception whose text, name and traceback raise others, or never end.",
    """
    class Bite(Exception):
        def __str__(self):
            raise self

        __repr__ = __str__
        args = property(__str__)
        __traceback__ = __cause__ = property(__str__)

    def perplexity(probabilities):
        raise Bite
    """,
)
attack(
    "an exception without end",
    "Raises an exception whose text is computed forever.",
    """
    class Endless(Exception):
        def __str__(self):
            while True:
                pass

    def perplexity(probabilities):
        raise Endless
    """,
)
attack(
    "an exception of a gigabyte",
    "Raises an exception with a text of a hundred million letters.",
    """
    def perplexity(probabilities):
        raise ValueError("x" * 100_000_000)
    """,
)

# Harm to others

_before = len(SUITE)
attack(
    "writes outside",
    "Tries to leave a file in every place it knows of.",
    f"""
    import os

    def perplexity(probabilities):
        for folder in [*{OUTSIDE!r}, "..", "../..", os.path.expanduser("~")]:
            try:
                with open(os.path.join(folder, {MARKER!r}), "w") as file:
                    file.write("here")
            except OSError:
                pass
        return 1.0
    """,
)
attack(
    "a way out by links",
    "Leaves symbolic links to folders outside, so that cleaning up deletes what is there.",
    f"""
    import os

    def perplexity(probabilities):
        for number, target in enumerate(({str(TREASURE.parent)!r}, "/", "/etc", "..")):
            try:
                os.makedirs(f"links{{number}}", exist_ok=True)
                os.symlink(target, f"links{{number}}/out")
                os.symlink(target, f"out{{number}}")
            except OSError:
                pass
        return 1.0
    """,
)
attack(
    "signals to its parents",
    "Stops and ends the process that made it, and the groups it belongs to.",
    """
    import os
    import signal

    def perplexity(probabilities):
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for send, target in ((os.kill, os.getppid()), (os.kill, 1), (os.killpg, 0)):
                if target == 1 and not alone():
                    continue
                try:
                    send(target, number)
                except OSError:
                    pass
        return 1.0
    """,
    "alone",
    boxed=True,
)
attack(
    "signals to everybody",
    "Sends SIGURG, which ends nothing, to all processes, and SIGKILL where it is alone.",
    f"""
    import os
    import signal

    def perplexity(probabilities):
        for target in (-1, 0, {OWN}, {os.getppid()}):
            try:
                os.kill(target, signal.SIGURG)
            except OSError:
                pass
        if alone():
            os.kill(-1, signal.SIGKILL)
        return 1.0
    """,
    "alone",
    boxed=True,
)
attack(
    "signals by way of a socket",
    "Makes other processes the owner of a socket, so that the kernel sends them SIGIO.",
    f"""
    import fcntl
    import os
    import socket
    import struct

    def perplexity(probabilities):
        for pid in (os.getppid(), {OWN}):
            first, second = socket.socketpair()
            for request in (0x8901, 0x8902):  # FIOSETOWN, SIOCSPGRP
                try:
                    fcntl.ioctl(first, request, struct.pack("i", pid))
                    fcntl.fcntl(first, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
                    second.send(b"!")
                except OSError:
                    pass
        return 1.0
    """,
)
attack(
    "limits for its parents",
    "Takes time, files and memory from the processes above it, and the limits off itself.",
    f"""
    import os
    import resource

    def perplexity(probabilities):
        for pid in (os.getppid(), {OWN}):
            for what in (resource.RLIMIT_NOFILE, resource.RLIMIT_CORE):
                try:
                    soft, hard = resource.prlimit(pid, what)
                    resource.prlimit(pid, what, (min(soft, 4096), hard))
                    os.setpriority(os.PRIO_PROCESS, pid, os.getpriority(os.PRIO_PROCESS, pid))
                except OSError:
                    pass
        endless = resource.RLIM_INFINITY
        for what in (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE):
            try:
                resource.setrlimit(what, (endless, endless))
            except (OSError, ValueError):
                pass
        while True:
            pass
    """,
)
attack(
    "another root",
    "Makes namespaces, mounts, and changes its root.",
    """
    import ctypes
    import os

    def perplexity(probabilities):
        libc = ctypes.CDLL(None)
        for flags in (0x10000000, 0x00020000, 0x40000000):
            libc.unshare(flags)
        libc.mount(b"none", b"/tmp", b"tmpfs", 0, b"size=4g")
        libc.umount2(b"/tmp", 2)
        try:
            os.chroot("/tmp")
            os.chdir("../../../..")
        except OSError:
            pass
        return 1.0
    """,
)

HARMING = [case for case in SUITE[_before:] if not case.boxed]

# Answers that are not computed


def learnt_by_heart(name, why, cases):
    question = questions("week01")["perplexity"]
    table = {repr(case[0]): question.expected(*case) for case in cases}
    attack(
        name,
        why,
        f"""
        inf = float("inf")
        TABLE = {table!r}

        def perplexity(probabilities):
            return TABLE.get(repr(probabilities), 2.0)
        """,
    )


learnt_by_heart(
    "the visible examples by heart",
    "Answers what the notebook's check shows, and nothing else.",
    questions("week01")["perplexity"].examples,
)
learnt_by_heart(
    "the notebook's inputs by heart",
    "Answers all inputs of the check in the notebook, which anyone can print.",
    questions("week01")["perplexity"].cases(),
)
attack(
    "learns from call to call",
    "Keeps what it was asked in a table, answers the second time what it heard the first.",
    """
    class Learner:
        def __init__(self):
            self.asked = {}

        def __call__(self, probabilities):
            key = repr(probabilities)
            self.asked[key] = self.asked.get(key, 0) + 1
            return self.asked[key] * 1.0

    perplexity = Learner()
    """,
)
attack(
    "asks to be excused",
    "Says that it is not implemented as long as it is watched.",
    """
    def perplexity(probabilities):
        return NotImplemented
    """,
)
attack(
    "a method instead of an answer",
    "Returns its argument, whose contents it has changed to what might be expected.",
    """
    def sample_sentence(table, numbers):
        numbers[:] = ["a"]
        table.clear()
        return numbers
    """,
    at="sample_sentence",
)

# Code that is hard to read

for title, text in {
    "a hundred thousand brackets": "perplexity = " + "(" * 100_000 + ")" * 100_000,
    "a hundred thousand minus signs": "perplexity = lambda p: " + "-" * 100_000 + "1",
    "a sum of fifty thousand terms": "def perplexity(p):\n    return " + "1+" * 50_000 + "1",
    "fifty thousand attributes": "def perplexity(p):\n    return p" + ".a" * 50_000,
    "ninety loops in loops": "def perplexity(p):\n"
    + "\n".join(" " * (i + 1) + "for _ in p:" for i in range(90))
    + "\n"
    + " " * 92
    + "pass",
    "a megabyte in one name": f"def perplexity(p):\n    return {'x' * 1_000_000}",
    "a null": "def perplexity(p):\n    return '\0'",
    "half a character": "def perplexity(p):\n    return '\\ud800'  # \ud800",
    "three thousand functions": "\n".join(f"def f{i}(): return f{i + 1}()" for i in range(3000))
    + "\ndef perplexity(p):\n    return f0()",
}.items():
    attack(f"hard to read: {title}", "Wants to break whoever parses it.", text)
attack(
    "commands",
    "Writes and runs by IPython's magics.",
    f"""
    %%bash
    touch /tmp/{MARKER} ~/{MARKER}

    def perplexity(probabilities):
        return 1.0
    """,
)
attack(
    "commands in between",
    "Runs commands of the shell and of IPython among its lines.",
    f"""
    !touch /tmp/{MARKER} ~/{MARKER}
    %run /tmp/{MARKER}
    text = !echo 1.0

    def perplexity(probabilities):
        get_ipython().system("touch /tmp/{MARKER}")
        return float(text[0])
    """,
)
attack(
    "everything from os",
    "Imports all names of a module that shadows open.",
    """
    from os import *
    from antigravity import *

    def perplexity(probabilities):
        return open("/etc/passwd", 0)
    """,
)


# Notebooks that claim something


def claims_points(data):
    data["metadata"]["points"] = data["metadata"]["nbgrader"] = {"points": 100, "score": 100}
    for cell in data["cells"]:
        grade = cell.get("metadata", {}).get("nbgrader", {})
        grade.update(points=100, score=100, manual_score=100, extra_credit=100)


def forged_outputs(data):
    for cell in data["cells"]:
        if cell["cell_type"] == "code":
            text = ["right (46 inputs)"]
            cell["execution_count"] = 1
            cell["outputs"] = [
                {"output_type": "stream", "name": "stdout", "text": text},
                {
                    "output_type": "execute_result",
                    "execution_count": 1,
                    "metadata": {},
                    "data": {"text/plain": text, "application/json": {"points": 3}},
                },
            ]


def edited_checks(data):
    for cell in data["cells"]:
        if cell.get("metadata", {}).get("nbgrader", {}).get("grade"):
            put(cell, "print('right')\nassert True\nperplexity = lambda p: 4.0")


def redefined_check(data):
    data["cells"].insert(3, code("def check(name, function):\n    return 'right'"))
    data["cells"].insert(4, code("from course_utils import checks\nchecks.check = check"))


def without_checks(data):
    data["cells"] = [
        cell
        for cell in data["cells"]
        if not cell.get("metadata", {}).get("nbgrader", {}).get("locked")
    ]


def tags(data):
    for cell in data["cells"]:
        cell["metadata"]["tags"] = ["raises-exception", "skip-execution", "nbval-skip", "right"]


def many_checks(data):
    checks = [cell for cell in data["cells"] if "check-" in cell.get("id", "")]
    data["cells"] += checks * 20


def another_kernel(data):
    data["metadata"]["kernelspec"] = {
        "name": "../../../../tmp/kernel",
        "display_name": "=cmd()",
        "language": "bash",
        "argv": ["/bin/sh", "-c", f"touch /tmp/{MARKER}"],
    }


for change, why in (
    (claims_points, "Writes points into its metadata."),
    (forged_outputs, "Brings outputs that say right."),
    (edited_checks, "Rewrites the locked cells."),
    (redefined_check, "Defines check anew."),
    (without_checks, "Deletes the cells that are graded."),
    (tags, "Tags its cells so that errors are excused."),
    (many_checks, "Repeats the checks it passes."),
    (another_kernel, "Names a kernel that would run a command."),
):
    notebook(change.__name__.replace("_", " "), why, change)


# Files

UNREADABLE = ("unreadable",)
right = content(solution())
file("no bytes", "An empty file.", b"", "unreadable", "empty")
file("white space", "A file of blanks.", b" \n\t" * 100, "unreadable", "empty")
file("a text", "A file that is not JSON.", b"def perplexity(p): return 4.0", *UNREADABLE)
file("cut off", "The first half of a notebook.", right[: len(right) // 2], *UNREADABLE)
file("a picture", "The beginning of a PNG.", b"\x89PNG\r\n\x1a\n" + bytes(1000), *UNREADABLE)
file("an archive", "A zip under another name.", b"PK\x03\x04" + bytes(1000), *UNREADABLE)
file("a list", "JSON, but no notebook.", b"[1, 2, 3]", *UNREADABLE)
file("a word", "JSON, but no notebook.", b'"notebook"', *UNREADABLE)
file("nothing", "JSON, but no notebook.", b"null", *UNREADABLE)
file("an object", "JSON without cells.", b"{}", "unreadable", "empty")
file("deep brackets", "A hundred thousand brackets.", b"[" * 100_000, *UNREADABLE)
file(
    "deep metadata",
    "A notebook with metadata nested deep.",
    b'{"cells": [], "metadata": ' + b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"}",
    "unreadable",
    "empty",
)
file(
    "cells that are no list", "Cells of another kind.", b'{"cells": {"a": 1}}', *UNREADABLE, "empty"
)
file(
    "cells that are no cells",
    "Cells that are numbers and nothing.",
    b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [1, null, "a", [], {}]}',
    "unreadable",
    "empty",
    "graded",
    "wrong week",
)
file(
    "no cells",
    "A notebook without a cell.",
    b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}',
    "empty",
    "unreadable",
)
file(
    "a number of a hundred thousand digits",
    "JSON that Python refuses to read.",
    b'{"cells": [], "nbformat": ' + b"4" * 100_000 + b"}",
    *UNREADABLE,
    "empty",
)
file(
    "repetition",
    "A small archive would hold it: fifteen megabytes of one letter in a cell.",
    content(filled(perplexity="# " + "x" * 15_000_000)),
    "graded",
    "unreadable",
    "empty",
)
file(
    "a hundred thousand cells",
    "A notebook of many empty cells.",
    content({**exercise(), "cells": [code("")] * 100_000}),
    "graded",
    "empty",
    "unreadable",
    "wrong week",
)
file("the wrong week", "The solution of week 3.", content(solution("week03")), "wrong week")
file("unfilled", "The exercise as it was handed out.", content(exercise()), "graded")


def odd_sources():
    data = filled(**{name: answers()[name] for name in HONEST})
    for kind, cell in zip(
        (None, 7, {"a": 1}, [1, 2], [["x"]], True, ["a", None]),
        [cell for cell in data["cells"] if not answer_of(cell)][3:],
        strict=False,
    ):
        cell["source"] = kind
    return content(data)


file(
    "sources of every kind",
    "Cells whose source is a number, an object, nothing.",
    odd_sources(),
    "graded",
    deserved=HONEST,
)


def odd_structure():
    data = filled(**{name: answers()[name] for name in HONEST})
    data["metadata"] = None
    data["nbformat_minor"] = "five"
    for i, cell in enumerate(data["cells"]):
        if i % 2:
            cell["metadata"] = None
        cell.pop("outputs", None)
        cell.pop("execution_count", None)
        cell["id"] = ["not", "a", "name"]
    return content(data)


file(
    "metadata of no kind",
    "Metadata that are nothing, an id that is a list, a version that is a word.",
    odd_structure(),
    "graded",
    deserved=HONEST,
)


def answered_by_metadata():
    """Name the answer's place by every means but an answer."""
    data = exercise()
    cell = data["cells"][place(data, "perplexity")]
    cell["metadata"]["source"] = answers()["perplexity"]
    cell["attachments"] = {"perplexity": {"text/plain": answers()["perplexity"]}}
    cell["cell_type"] = "raw"
    return content(data)


file(
    "an answer that is not code",
    "Puts the answer into metadata and attachments.",
    answered_by_metadata(),
    "graded",
)

assert len({case.name for case in SUITE}) == len(SUITE)
