"""Start the worker by the strongest means at hand, and talk to it.

``"bubblewrap"`` (Linux, where https://github.com/containers/bubblewrap is installed): namespaces
of its own, without network, a read-only system, a private /tmp, nothing else of the machine's
files; and inside it all of the next. ``"landlock"`` (Linux 5.13): the kernel's Landlock closes the
file system and seccomp the network, other processes and new ones. ``"limits"`` (everywhere): a
process group of its own, a wall clock, and the limits on processor time, memory and files that the
system has; files and network stay open.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import course_utils
from course_utils import text
from course_utils.grading import wire

LEVELS = ("bubblewrap", "landlock", "limits")
SENTENCES = {
    "bubblewrap": "Submissions run in bubblewrap: no network, no files but Python's own, limits on "
    "time, memory, processes and output.",
    "landlock": "Submissions run behind Landlock and seccomp: no network, no files but Python's "
    "own, limits on time, memory, processes and output. Bubblewrap, where it can be installed, "
    "adds namespaces.",
    "limits": "Submissions run under limits only: on this system they could read your files and "
    "use the network. Grade on Linux with bubblewrap if you do not trust them.",
}
START_SECONDS = 60.0  # importing torch from a slow disk
END_SECONDS = 10.0
GRACE_SECONDS = 1.0
TMP_BYTES = 16 << 20
SYSTEM = ("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime", "/etc/alternatives")
FILES = ("worker.py", "wire.py", "answers.py")
HERE = Path(__file__).resolve().parent
FORK = hasattr(os, "fork")


class NoSandbox(RuntimeError):
    """A sandbox that does not start here, or no longer."""


class Ended(Exception):
    """There is no answer; ``how`` says why.

    ``"stopped"``: out of time. ``"died"``: the process ended. ``"too large"``: more came than may.
    ``"lost"``: the worker itself is gone, by no fault of a student's.
    """

    def __init__(self, how: str):
        super().__init__(how)
        self.how = how


class Sandbox:
    """A warm worker, and the conversations with the children it forks.

    Parameters
    ----------
    level : str
        One of `LEVELS`.
    seconds : float
        Processor time of one check; on the clock it may take twice that.
    torch : bool
        Whether torch is there. Where it is not, it is neither imported nor among the files.
    hidden : sequence of path
        What must not be readable, such as the submissions; the course is hidden without saying so.
    """

    def __init__(
        self, level: str, seconds: float = 10.0, torch: bool = False, hidden: Sequence = ()
    ):
        self.level, self.seconds, self.torch = level, seconds, torch
        self.hidden = [Path(path).resolve() for path in hidden]
        self.walls: list[str] = []
        self.process = None

    def open(self) -> Conversation:
        """Return a conversation with a fresh process.

        Raises
        ------
        NoSandbox
            If none can be had, also after a new start.
        """
        if not FORK:
            if self.level != "limits":
                raise NoSandbox(f"{self.level!r} is Linux's")
            return self._greeted(_Single(self))
        # Without seccomp a child could reach its parent: the next one shall have another.
        if self.level == "bubblewrap" and self.walls and "seccomp" not in self.walls:
            self.close()
        for _ in range(2):
            try:
                if self.process is None:
                    self._start()
                return self._greeted(_Forked(self))
            except (OSError, NoSandbox):
                self.close()
        raise NoSandbox(f"the worker does not start in {self.level!r}")

    def _greeted(self, conversation: Conversation) -> Conversation:
        try:
            self.walls = conversation.receive()["walls"]
        except (Ended, LookupError, TypeError):
            conversation.close()
            raise NoSandbox(f"the worker does not answer in {self.level!r}") from None
        if self.level == "landlock" and not {"landlock", "seccomp"} <= set(self.walls):
            conversation.close()
            raise NoSandbox("this system lacks Landlock or seccomp")
        conversation.deadline = time.monotonic() + 2 * self.seconds + 1
        return conversation

    def _start(self) -> None:
        if self.level == "bubblewrap" and not shutil.which("bwrap"):
            raise NoSandbox("bubblewrap is not installed")
        if self.level == "landlock" and sys.platform != "linux":
            raise NoSandbox("Landlock is Linux's")
        self.scratch = tempfile.TemporaryDirectory(prefix="unrolled-")
        self.control, theirs = socket.socketpair()
        self.control.settimeout(END_SECONDS)
        with theirs:
            self.process = subprocess.Popen(
                self.command(theirs.fileno()),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                cwd="/",
                env=environment(self._scratch()),
            )

    def command(self, control: int = -1) -> list[str]:
        """Return the command that starts the worker."""
        libraries = [path for path in sys.path if "-packages" in path and os.path.isdir(path)]
        boxed, scratch = self.level == "bubblewrap", self._scratch()
        roots = readable([*SYSTEM, sys.base_prefix, *libraries], self._secrets())
        # In the box libraries have a place of their own: theirs may lie in /tmp, which is private.
        places = {path: f"/packages/{i}" if boxed else path for i, path in enumerate(libraries)}
        inside = {root: _moved(root, places) for root in roots}
        settings = {
            "control": control,
            "fork": FORK,
            "kernel": self.level != "limits",  # Linux's own walls
            "boxed": boxed,
            "nobody": self.level == "limits" and _can_be_nobody([sys.base_prefix, *libraries]),
            "path": list(places.values()),
            "readable": [*inside.values(), "/dev/null", "/dev/zero", "/dev/urandom"],
            # A folder of the machine's own could be filled up.
            "writable": [scratch, "/dev/null"] if boxed else ["/dev/null"],
            "scratch": scratch,
            "torch": self.torch,
            "given": {"course_utils.text": constants(text)},
            "seconds": self.seconds,
        }
        folder = "/unrolled" if boxed else str(HERE)
        python = os.path.realpath(sys.executable)
        worker = [python, "-I", "-S", "-B", os.path.join(folder, "worker.py"), json.dumps(settings)]
        if not boxed:
            return worker
        box = ["bwrap", "--unshare-all", "--unshare-user", "--die-with-parent", "--new-session"]
        box += ["--cap-drop", "ALL", "--hostname", "worker"]
        for root, place in inside.items():
            box += ["--ro-bind", root, place]
        for name in FILES:
            box += ["--ro-bind", str(HERE / name), f"{folder}/{name}"]
        box += ["--size", str(TMP_BYTES), "--tmpfs", "/tmp", "--dev", "/dev"]
        return [*box, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/", "--", *worker]

    def _scratch(self) -> str:
        return "/tmp" if self.level == "bubblewrap" else self.scratch.name

    def _secrets(self) -> list[Path]:
        """Return what must not be readable: this package, its repository, torch, `hidden`."""
        package = Path(course_utils.__file__).resolve().parent
        secrets = [package, *self.hidden]
        if (package.parent / "solutions").is_dir():
            secrets.append(package.parent)
        torch = None if self.torch else importlib.util.find_spec("torch")
        return secrets + ([Path(torch.origin).resolve().parent] if torch else [])

    def close(self) -> None:
        """End the worker and whatever it started."""
        if self.process is not None:
            self.control.close()  # then it ends its child and itself
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(GRACE_SECONDS)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None
            self.scratch.cleanup()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_) -> None:
        self.close()


class Conversation:
    """With one child: frames out, frames in, until a deadline; a context manager that ends it."""

    def __init__(self, seconds: float):
        self.deadline = time.monotonic() + seconds
        self.received = bytearray()  # and not yet looked at
        self.left = wire.MAX_BYTES  # that may come

    def ask(self, frame: bytes) -> dict:
        """Send a frame and return the answer.

        Raises
        ------
        Ended
            If there is none, or one that is none.
        """
        self.send(frame)
        return self.receive()

    def receive(self) -> dict:
        """Return the next answer."""
        size = int.from_bytes(self._read(4), "big")
        self.left -= size
        if self.left < 0:
            self._end("too large")
        try:
            answer = wire.parse(self._read(size))
        except wire.Malformed:
            self._end("died")
        if not isinstance(answer, dict):
            self._end("died")
        return answer

    def _read(self, size: int) -> bytes:
        while len(self.received) < size:
            self.received += self._some(1 << 16)
        part = bytes(self.received[:size])
        del self.received[:size]
        return part

    def _end(self, how: str):
        self.close()
        raise Ended(how)

    def __enter__(self) -> Conversation:
        return self

    def __exit__(self, *_) -> None:
        self.close()


class _Forked(Conversation):
    """Over a socket of its own, with a child of the warm worker."""

    def __init__(self, sandbox: Sandbox):
        super().__init__(START_SECONDS)
        self.sandbox, self.over = sandbox, False
        self.socket, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(sandbox.control, [b"+"], [theirs.fileno()])

    def _wait(self) -> None:
        left = self.deadline - time.monotonic()
        if left <= 0:
            self._end("stopped")
        self.socket.settimeout(left)

    def send(self, frame: bytes) -> None:
        """Send a frame."""
        self._wait()
        try:
            self.socket.sendall(frame)
        except TimeoutError:
            self._end("stopped")
        except OSError:
            raise Ended(self.close()) from None

    def _some(self, size: int) -> bytes:
        self._wait()
        try:
            part = self.socket.recv(size)
        except TimeoutError:
            self._end("stopped")
        except OSError:
            part = b""
        if not part:
            raise Ended(self.close())
        return part

    def close(self) -> str:
        """End the child; return how it had ended by itself, if it had."""
        if self.over:
            return "died"
        self.over = True
        self.socket.close()
        sandbox = self.sandbox
        try:
            sandbox.control.sendall(b"-")
            answer = sandbox.control.recv(12, socket.MSG_WAITALL)
            status, seconds = struct.unpack("!id", answer)
        except (OSError, struct.error) as error:
            sandbox.close()  # the next conversation starts a new one
            return "died" if isinstance(error, TimeoutError) else "lost"
        late = seconds >= sandbox.seconds or status == signal.SIGXCPU
        return "stopped" if late else "died"


class _Single(Conversation):
    """Over pipes, with a worker for this conversation alone: where there is no fork."""

    def __init__(self, sandbox: Sandbox):
        super().__init__(START_SECONDS)
        self.scratch = sandbox.scratch = tempfile.TemporaryDirectory(prefix="unrolled-")
        self.process = subprocess.Popen(
            sandbox.command(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(self.scratch.name),
            cwd=self.scratch.name,
        )
        self.clock = threading.Timer(START_SECONDS + 2 * sandbox.seconds, self._late)
        self.clock.start()
        self.how = "died"

    def _late(self) -> None:
        self.how = "stopped"
        self.process.kill()

    def send(self, frame: bytes) -> None:
        """Send a frame."""
        try:
            self.process.stdin.write(frame)
            self.process.stdin.flush()
        except OSError:
            self._end(self.how)

    def _some(self, size: int) -> bytes:
        return self.process.stdout.read1(size) or self._end(self.how)

    def close(self) -> None:
        """End the process."""
        self.clock.cancel()
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()
        self.scratch.cleanup()


def readable(roots: Sequence, hidden: Sequence) -> list[str]:
    """Return files and folders that together hold all that is in ``roots`` and not in ``hidden``.

    A root inside a hidden folder stays readable: a virtual environment often lies in the course's
    own folder.
    """
    found = []
    for root in dict.fromkeys(map(Path, roots)):
        if not root.exists():
            continue
        place = root.resolve()
        inside = [path for path in hidden if path.is_relative_to(place)]
        if place in inside:
            continue
        if inside:
            found += readable(sorted(root.iterdir()), inside)
        else:
            found.append(str(root))
    return found


def _can_be_nobody(folders: Sequence[str]) -> bool:
    """Say whether this is root, and a user without rights could still read these folders."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return False
    paths = [path.resolve() for path in map(Path, folders)]
    above = [parent for path in paths for parent in path.parents]
    return all(path.stat().st_mode & 0o5 == 0o5 for path in paths) and all(
        path.stat().st_mode & 0o1 for path in above
    )


def _moved(path: str, places: dict[str, str]) -> str:
    """Return where a path is to be found if folders are at other places."""
    for folder, place in places.items():
        if Path(path).is_relative_to(folder):
            return str(Path(place, Path(path).relative_to(folder)))
    return path


def constants(module) -> dict:
    """Return the names for plain values in a module and in its classes: ``EOS``, ``eos_id``.

    They are all that the worker has of the course.
    """
    found = {}
    for name, value in vars(module).items():
        if isinstance(value, type) and value.__module__ == module.__name__:
            found[name] = {k: v for k, v in vars(value).items() if k[0] != "_" and _is_plain(v)}
        elif name.isupper() and _is_plain(value):
            found[name] = value
    return found


def _is_plain(value) -> bool:
    return isinstance(value, str | int | float)


def environment(scratch: str) -> dict[str, str]:
    """Return the environment variables of a worker: none of the grader's own."""
    settings = {
        "PATH": "/usr/bin:/bin",
        "HOME": "/tmp",
        "LANG": "C.UTF-8",
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": scratch,  # without a folder Matplotlib cannot be imported
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
    }
    if sys.platform == "win32":
        settings["SYSTEMROOT"] = os.environ["SYSTEMROOT"]
    return settings


@functools.cache
def strongest() -> tuple[str, str]:
    """Return the strongest level that answers on this machine, and a sentence about it.

    Raises
    ------
    NoSandbox
        If not even a worker without walls answers; nothing can be graded then.
    """
    for level in LEVELS:
        with Sandbox(level) as sandbox:
            try:
                sandbox.open().close()
            except NoSandbox as error:
                problem = error
            else:
                return level, SENTENCES[level]
    raise NoSandbox(f"no worker answers on this machine: {problem}")
