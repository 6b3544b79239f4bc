"""What the worker may do and what it may not, at each level; what it leaves behind: nothing."""

import contextlib
import os
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest

from course_utils.grading import sandbox, wire
from course_utils.grading.sandbox import Ended, NoSandbox, Sandbox, readable

ROOT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.skipif(not sandbox.FORK, reason="the worker's walls are a Unix system's")


@pytest.fixture(scope="module", params=["bubblewrap", "landlock"])
def box(request):
    """A sandbox with walls; without bubblewrap its tests are skipped, but not in CI."""
    if request.param == "bubblewrap":
        request.getfixturevalue("bubblewrap")
    with Sandbox(request.param, seconds=1) as one:
        try:
            one.open().close()
        except NoSandbox as error:
            pytest.skip(str(error))
        yield one


@pytest.fixture(scope="module")
def open_box():
    """A worker under limits only, for code that harms nobody."""
    with Sandbox("limits", seconds=1) as one:
        yield one


def load(conversation, source, without=()):
    return conversation.ask(wire.frame({"load": [[source], "f", list(without)]}))


def call(conversation, *arguments):
    return conversation.ask(wire.frame({"call": [wire.encode(list(arguments))]}))


def answer(box, source, *arguments):
    """Return what f answers to one call in a process of its own."""
    with box.open() as conversation:
        assert load(conversation, source)["ready"]
        return call(conversation, *arguments)


def value(box, expression):
    """Return the value of an expression, or the name of the exception it raises."""
    got = answer(box, "def f(x): return eval(x)", expression)
    return got.get("error") or wire.decode(got["value"])


def test_a_function_is_called_and_its_answer_comes_back(box):
    assert answer(box, "def f(x, y): return x * 2 + y", 3, 0.5) == {"value": 6.5}


def test_both_walls_of_the_kernel_stand(box):
    assert {"limits", "landlock", "seccomp"} <= set(box.walls)


@pytest.mark.parametrize(
    "path",
    [
        ROOT / "README.md",
        ROOT / "solutions",
        ROOT / "course_utils/checks/week01.py",
        Path.home(),
        "/etc/passwd",
        "/proc/self/mem",
        "/proc/1/environ",
        "/",
    ],
    ids=str,
)
def test_no_file_but_pythons_own_can_be_read(box, path):
    looked = f"__import__('os').listdir({str(path)!r})"
    assert value(box, looked) in ("PermissionError", "FileNotFoundError", "NotADirectoryError")
    opened = value(box, f"open({str(path)!r}).read()")
    assert opened in ("PermissionError", "FileNotFoundError", "IsADirectoryError")


def test_pythons_own_files_can(box):
    assert value(box, "len(open(__import__('this').__file__).read()) > 100") is True


@pytest.mark.parametrize("place", ["/", "/usr", "/dev", "/dev/shm", "/etc", "/var/tmp", str(ROOT)])
def test_nothing_can_be_written(box, place):
    path = f"{place}/unrolled-test-{os.getpid()}"
    assert value(box, f"open({path!r}, 'w')") in ("PermissionError", "FileNotFoundError", "OSError")
    assert not os.path.exists(path)


def test_what_is_written_to_the_private_tmp_is_limited_and_gone_with_the_check(box):
    if box.level != "bubblewrap":
        assert value(box, "open('x', 'w')") == "PermissionError"
        return
    assert value(box, "open('/tmp/x', 'w').write('a' * 10)") == 10
    assert value(box, "__import__('os').makedirs('/tmp/d/e', exist_ok=True)") is None
    assert value(box, "__import__('os').listdir('/tmp')") == []
    most = sandbox.TMP_BYTES
    fill = f"[open(f'/tmp/{{i}}', 'wb').write(bytes(1 << 20)) for i in range({2 * most >> 20})]"
    assert value(box, fill) == "OSError"
    assert value(box, "open('/tmp/x', 'wb').write(bytes(10 << 20))") == "OSError"


@pytest.mark.parametrize(
    "expression",
    [
        "os.fork()",
        "os.posix_spawn('/bin/true', ['true'], {})",
        "os.execv('/bin/true', ['true'])",
        "__import__('subprocess').run(['true'])",
        "os.kill(1, 0)",
        "os.kill(os.getppid(), 0)",
        "os.kill(-1, 0)",
        "os.killpg(0, 0)",
        "__import__('socket').socket()",
        "__import__('socket').create_connection(('127.0.0.1', 9))",
        "os.memfd_create('x')",
        "os.sched_setaffinity(0, {0})",
        "os.setpriority(os.PRIO_PROCESS, os.getppid(), 5)",
        "__import__('resource').prlimit(os.getppid(), 7, (0, 0))",
        "__import__('resource').setrlimit(7, (99, 99))",
        "__import__('fcntl').fcntl(0, 8, os.getppid())",
        "os.chroot('/usr')",
        "os.unshare(0x10000000)" if sys.version_info >= (3, 12) else "os.fork()",
    ],
)
def test_no_process_and_no_network_can_be_reached(box, expression):
    expression = expression.replace("os.", "__import__('os').")
    assert value(box, expression) in ("PermissionError", "OSError", "ValueError", "BlockingIOError")


def test_threads_can_be_used(box):
    threads = "__import__('concurrent.futures').futures.ThreadPoolExecutor().submit(len, 'ab')"
    assert value(box, f"{threads}.result()") == 2


@pytest.mark.parametrize(
    "expression",
    [
        "os.chmod(path, 0o777)",
        "os.utime(path, (1, 1))",
        "os.chown(path, os.getuid(), os.getgid())",
        "os.setxattr(path, 'user.a', b'x')",
        "os.truncate(path, 0)",
        "open(path, 'a')",
        "os.rename(path, path + '2')",
        "os.unlink(path)",
    ],
)
def test_nothing_about_a_file_outside_can_be_changed(box, expression, tmp_path):
    """Landlock by itself does not keep from changing whom a file belongs to, its mode and times."""
    path = tmp_path / "outside"
    path.write_text("as it was")
    path.chmod(0o640)
    before = path.stat()
    source = f"import os\ndef f(path): {expression}"
    assert answer(box, source, str(path))["error"] in ("PermissionError", "FileNotFoundError")
    after = path.stat()
    assert (after.st_mode, after.st_mtime_ns, after.st_size) == (
        before.st_mode,
        before.st_mtime_ns,
        before.st_size,
    )


@pytest.mark.parametrize(
    "expression",
    [
        "os.setpgid(0, 0)",  # out of the group that is ended
        "os.setsid()",
        "ctypes.CDLL(None, use_errno=True).prctl(1, 0, 0, 0, 0)",  # and go on without the parent
        "fcntl.ioctl(fd, 0x8902, struct.pack('i', os.getppid()))",  # SIOCSPGRP: a signal to it
        "fcntl.ioctl(fd, 0x8901, struct.pack('i', os.getppid()))",
        "fcntl.flock(0, fcntl.LOCK_EX)",  # which another can see
        "fcntl.lockf(0, fcntl.LOCK_EX)",
        "socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)",  # that can send to any other
    ],
)
def test_a_check_can_neither_outlive_its_parent_nor_speak_to_others(box, expression):
    source = (
        "import ctypes, fcntl, os, socket, struct\n"
        "def f(x):\n"
        " fd = next(n for n in range(3, 64) if os.path.exists(n))\n"
        f" return {expression}\n"
    )
    got = answer(box, source, 1)
    assert got.get("error") == "PermissionError" or got == {"value": -1}


def test_a_socket_pair_of_its_own_and_the_empty_device_are_there(box):
    loop = "__import__('asyncio').run(__import__('asyncio').sleep(0, 'done'))"
    assert value(box, loop) == "done"
    assert value(box, "open('/dev/null', 'w').write('quiet')") == 5


def test_matplotlib_can_be_imported(box):
    source = "import matplotlib.pyplot as plt\ndef f(x):\n plt.plot([x])\n return x"
    with Sandbox(box.level, seconds=30) as one:
        assert answer(one, source, 1) == {"value": 1}


def test_what_a_check_leaves_behind_is_not_there_for_the_next(box):
    """Whatever it is: a folder that cannot be read, one too deep, a lock, a setting of a file."""
    with Sandbox(box.level, seconds=5) as one:
        for leave in (
            "os.mkdir('/tmp/sealed', 0)",
            "[(os.mkdir('a'), os.chdir('a')) for os.chdir in [os.chdir] for _ in range(2000)]",
            "fcntl.fcntl(0, fcntl.F_SETFL, os.O_APPEND | os.O_NONBLOCK)",
            "fcntl.fcntl(0, 37, struct.pack('hhqqi', 1, 0, 1234, 77, 0))",  # F_OFD_SETLK
        ):
            source = f"import fcntl, os, struct\ndef f(x):\n os.chdir('/tmp')\n {leave}"
            answer(one, source, 1)
            look = (
                "import fcntl, os, struct\n"
                "def f(x):\n"
                " lock = fcntl.fcntl(0, 36, struct.pack('hhqqi', 1, 0, 0, 0, 0))\n"
                " return [os.listdir('/tmp'), fcntl.fcntl(0, fcntl.F_GETFL) & 0o6000, lock[0]]\n"
            )
            if one.level == "landlock":
                look = look.replace("os.listdir('/tmp')", "[]")
            assert answer(one, look, 1) == {"value": [[], 0, 2]}


@pytest.mark.parametrize("kill", [os.kill, os.killpg])
def test_a_check_ends_with_the_worker_whoever_ended_it(box, kill):
    source = (
        "import ctypes, os, signal, time\n"
        "def f(x):\n"
        " ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)\n"
        " try: os.setpgid(0, 0)\n"
        " except OSError: pass\n"
        " for n in range(1, 32):\n"
        "  try: signal.signal(n, signal.SIG_IGN)\n"
        "  except OSError: pass\n"
        " time.sleep(30)\n"
    )
    mark = f"{20 + os.getpid() / 1e7:.7f}"  # stands on the command line of ours
    with Sandbox(box.level, seconds=float(mark)) as one:
        conversation = one.open()
        load(conversation, source)
        conversation.send(wire.frame({"call": [[1]]}))
        time.sleep(0.2)
        assert _running(mark)
        kill(one.process.pid, signal.SIGKILL)
        with pytest.raises(Ended, match="lost"):
            conversation.receive()
        for _ in range(100):
            if not _running(mark):
                break
            time.sleep(0.05)
        assert not _running(mark)


def _running(mark):
    """Return the processes that have a text on their command line."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if mark in path.read_text() and "Z" not in (path.parent / "stat").read_text().split():
                found.append(path.parent.name)
    return found


def test_nothing_is_left_of_two_hundred_conversations(box):
    with Sandbox(box.level) as one:
        one.open().close()
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(200):
            with one.open() as conversation:
                load(conversation, "def f(x): return x")
        assert len(os.listdir("/proc/self/fd")) == before
        folder = Path(one.scratch.name)
    assert not folder.exists()


def test_together_the_answers_of_a_conversation_are_limited(box):
    with box.open() as conversation:
        load(conversation, "def f(x): return 'a' * x")
        size = wire.MAX_BYTES // 2 - 100
        conversation.send(wire.frame({"call": [[size], [size], [size]]}))
        for _ in range(2):
            assert len(conversation.receive()["value"]) == size
        with pytest.raises(Ended, match="too large"):
            conversation.receive()


def test_an_answer_that_no_text_can_hold_is_not_sent(box):
    assert answer(box, "def f(x): return 10 ** 5000", 1) == {"too_large": True}


def test_threads_are_counted_where_they_can_be(box):
    """Root has no such limit, and without a namespace all of a user's processes would count."""
    limit = "__import__('resource').getrlimit(__import__('resource').RLIMIT_NPROC)[0]"
    assert (value(box, limit) == 64) == (box.level == "bubblewrap")


def test_memory_is_limited(box):
    assert value(box, "len(bytearray(4 << 30))") == "MemoryError"


def test_nothing_of_the_graders_environment_is_there(box):
    os.environ["SECRET_OF_THE_GRADER"] = "1"
    try:
        with Sandbox(box.level) as fresh:
            names = value(fresh, "list(__import__('os').environ)")
    finally:
        del os.environ["SECRET_OF_THE_GRADER"]
    assert "PATH" in names and "SECRET_OF_THE_GRADER" not in names


def test_an_environment_in_tmp_is_found_in_the_box_all_the_same(box, tmp_path, monkeypatch):
    """Where the course was cloned to /tmp, whose place in the box is taken."""
    libraries = tmp_path / "site-packages"
    libraries.mkdir()
    (libraries / "only_here.py").write_text("five = 5")
    monkeypatch.setattr(sys, "path", [*sys.path, str(libraries)])
    with Sandbox(box.level) as fresh:
        assert value(fresh, "__import__('only_here').five") == 5


def test_the_course_and_torch_are_not_there(box):
    for name in ("course_utils.checks", "course_utils.ngrams", "solutions", "tests"):
        assert value(box, f"__import__({name!r})") == "ModuleNotFoundError"
    assert value(box, "__import__('torch')") == "ModuleNotFoundError"
    code = "__import__('importlib').import_module('numpy').__path__[0] + '/../torch/__init__.py'"
    assert value(box, f"open({code})") in ("FileNotFoundError", "PermissionError")


@pytest.mark.parametrize(
    "source, how",
    [
        ("def f(x):\n while True: pass", "stopped"),
        (
            "def f(x):\n while True:\n  try:\n   while True: pass\n  except BaseException: pass",
            "stopped",
        ),
        ("import time\ndef f(x): time.sleep(99)", "stopped"),
        (
            "import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\n"
            "def f(x):\n while True: pass",
            "stopped",
        ),
        ("import os\ndef f(x): os._exit(0)", "died"),
        ("import os\ndef f(x): os.abort()", "died"),
        ("import ctypes\ndef f(x): ctypes.string_at(0)", "died"),
        ("import os\ndef f(x): os.closerange(0, 999)", "died"),
    ],
)
def test_what_ends_the_process_ends_this_conversation_only(box, source, how):
    with box.open() as conversation, pytest.raises(Ended) as error:
        assert load(conversation, source)["ready"]
        call(conversation, 1)
    assert error.value.how == how
    assert answer(box, "def f(x): return x", 1) == {"value": 1}


def test_frames_that_a_student_writes_are_data_of_their_own_check(box):
    forge = (
        "import os\ndef f(x):\n"
        " for fd in range(64):\n"
        "  try: os.write(fd, {frame!r})\n"
        "  except OSError: pass\n"
    )
    with box.open() as conversation:
        load(conversation, forge.format(frame=wire.frame({"value": "forged"})))
        assert call(conversation, 1) == {"value": "forged"}  # an answer like any other
    for garbage in (b"\xff\xff\xff\xff", b"\0\0\0\x04\xff\xff\xff\xff", b"\0\0\0\x02[]"):
        with box.open() as conversation, pytest.raises(Ended):
            load(conversation, forge.format(frame=garbage))
            call(conversation, 1)
    assert answer(box, "def f(x): return x", 1) == {"value": 1}


def test_an_answer_that_is_too_large_is_not_sent(box):
    assert answer(box, "def f(x): return 'a' * (20 << 20)", 1) == {"too_large": True}
    assert answer(box, "def f(x):\n a = []\n a.append(a)\n return a", 1) == {"too_large": True}


def test_a_module_that_is_patched_is_whole_in_the_next_check(box):
    source = "import math\nmath.sqrt = lambda x: 7\ndef f(x): return math.sqrt(x)"
    assert answer(box, source, 4.0) == {"value": 7}
    assert answer(box, "import math\ndef f(x): return math.sqrt(x)", 4.0) == {"value": 2.0}


def test_a_rule_that_a_student_adds_opens_nothing_for_the_next_check(box):
    source = (
        "import ctypes, os, struct\n"
        "def f(x):\n"
        " rule = struct.pack('=Qi', 12, os.open('/usr', os.O_PATH))\n"
        " add = ctypes.CDLL(None).syscall\n"
        " return [fd for fd in range(64) if add(445, fd, 1, rule, 0) == 0]\n"
    )
    assert answer(box, source, 1) == {"value": []}  # no set of rules is at hand


@pytest.mark.skipif(
    os.name == "nt" or os.geteuid() != 0, reason="only root can become another user"
)
def test_under_limits_alone_a_child_of_root_is_nobody(open_box, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("x")
    secret.chmod(0o600)
    open_box.open().close()
    if not sandbox._can_be_nobody([sys.base_prefix, *filter(os.path.isdir, sys.path)]):
        assert open_box.walls == ["limits"]  # nobody could not even read Python
        return
    assert value(open_box, "__import__('os').getuid()") == 65534
    assert value(open_box, f"open({str(secret)!r}).read()") == "PermissionError"
    assert open_box.walls == ["limits", "user"]


def test_arguments_that_were_changed_and_answers_that_differ_are_sent(open_box):
    source = "n = []\ndef f(x):\n x.append(0)\n n.append(0)\n return len(n)"
    assert answer(open_box, source, [5]) == {"value": 1, "after": [[5, 0]], "again": 2}


def test_a_failing_statement_keeps_no_other_from_running(open_box):
    with open_box.open() as conversation:
        frame = wire.frame({"load": [["import nothing_here", "1 / 0", "f = len"], "f", []]})
        assert conversation.ask(frame) == {
            "ready": True,
            "missing": ["nothing_here"],
            "failed": "ZeroDivisionError",
        }
        assert call(conversation, "abc") == {"value": 3}


def test_top_level_await_and_annotations_that_mean_nothing_here(box):
    source = "async def g(): return 5\nfive = await g()\ndef f(x: Vocabulary) -> Text: return five"
    assert answer(box, source, 1) == {"value": 5}


def test_an_exception_of_their_own_crosses_by_the_name_of_pythons(open_box):
    source = "class Told_you(KeyError): pass\ndef f(x): raise Told_you('secret')"
    assert answer(open_box, source, 1)["error"] == "KeyError"


def test_of_the_course_there_are_its_constants(open_box):
    source = (
        "from course_utils.text import EOS, Vocabulary\ndef f(x): return [EOS, Vocabulary.eos_id]"
    )
    assert answer(open_box, source, 1) == {"value": ["</s>", 1]}


def test_what_a_task_does_without_is_taken_away(open_box):
    source = "import numpy as np\ndef f(x): return np.linalg.norm(x)"
    with open_box.open() as conversation:
        assert load(conversation, source, ["numpy.linalg.norm"])["ready"]
        assert call(conversation, 3)["error"] == "RuntimeError"
    assert answer(open_box, source, 3) == {"value": 3.0}


def test_torch_is_there_where_a_week_needs_it():
    level, _ = sandbox.strongest()
    with Sandbox(level, seconds=5, torch=True) as one:
        source = "import torch\ndef f(x): return torch.tensor(x).sum()"
        got = wire.decode(answer(one, source, [1.0, 2.0])["value"])
        assert got.shape == () and got == 3.0
        with one.open() as conversation:
            assert load(conversation, "f = torch.nn.LSTM", ["torch.nn.LSTM"])


def test_a_worker_that_was_killed_is_started_anew(open_box):
    answer(open_box, "def f(x): return x", 1)
    os.kill(open_box.process.pid, signal.SIGKILL)
    assert answer(open_box, "def f(x): return x", 1) == {"value": 1}


def test_under_limits_alone_what_a_check_started_ends_with_it(open_box, tmp_path):
    source = "import os, time\ndef f(x): return os.fork() or time.sleep(20)"
    pid = answer(open_box, source, 1)["value"]
    for _ in range(100):
        state = Path(f"/proc/{pid}/stat")
        if not state.exists() or " Z " in state.read_text():
            return
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    raise AssertionError("it runs on")


def test_the_worker_ends_with_the_sandbox(box):
    with Sandbox(box.level) as one:
        conversation = one.open()
        process = one.process
    assert process.returncode is not None
    with pytest.raises(Ended):
        call(conversation, 1)


def test_without_fork_each_check_has_a_worker_of_its_own(monkeypatch):
    monkeypatch.setattr(sandbox, "FORK", False)
    one = Sandbox("limits", seconds=1)
    assert answer(one, "def f(x): return x + 1", 1) == {"value": 2}
    with one.open() as conversation, pytest.raises(Ended, match="died"):
        load(conversation, "import os\ndef f(x): os._exit(1)")
        call(conversation, 1)
    with one.open() as conversation:
        conversation.clock.cancel()
        conversation.clock = None or type(conversation.clock)(0.2, conversation._late)
        conversation.clock.start()
        with pytest.raises(Ended, match="stopped"):
            load(conversation, "import time\ndef f(x): time.sleep(60)")
            call(conversation, 1)


def test_a_level_whose_walls_do_not_stand_is_none(monkeypatch):
    receive = sandbox.Conversation.receive

    def without_seccomp(self):
        answer = receive(self)
        if "walls" in answer:
            answer["walls"].remove("seccomp")
        return answer

    monkeypatch.setattr(sandbox.Conversation, "receive", without_seccomp)
    with Sandbox("landlock") as one, pytest.raises(NoSandbox):
        one.open()
    if shutil.which("bwrap"):  # a child could reach its parent: each has another
        with Sandbox("bubblewrap") as one:
            pids = set()
            for _ in range(3):
                one.open().close()
                pids.add(one.process.pid)
            assert len(pids) == 3


def test_the_strongest_level_that_answers_is_taken(monkeypatch):
    sandbox.strongest.cache_clear()
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: None)
    level, sentence = sandbox.strongest()
    assert level in ("landlock", "limits") and sentence == sandbox.SENTENCES[level]
    sandbox.strongest.cache_clear()
    monkeypatch.setattr(Sandbox, "_start", lambda self: (_ for _ in ()).throw(OSError("no")))
    with pytest.raises(NoSandbox, match="no worker answers"):
        sandbox.strongest()
    sandbox.strongest.cache_clear()


@pytest.mark.skipif(
    os.name == "nt" or os.geteuid() != 0, reason="only root can become another user"
)
def test_who_could_not_read_python_stays_root(tmp_path):
    (tmp_path / "a/b").mkdir(parents=True)
    above = [folder for folder in tmp_path.parents if folder.stat().st_mode & 0o1 == 0]
    tmp_path.chmod(0o711)
    for folder in above:
        folder.chmod(folder.stat().st_mode | 0o1)
    assert sandbox._can_be_nobody([str(tmp_path / "a/b")])
    (tmp_path / "a/b").chmod(0o700)
    assert not sandbox._can_be_nobody([str(tmp_path / "a/b")])
    (tmp_path / "a/b").chmod(0o755)
    (tmp_path / "a").chmod(0o700)
    assert not sandbox._can_be_nobody([str(tmp_path / "a/b")])


def test_readable_is_all_but_what_is_hidden(tmp_path):
    for name in ("a/b/secret", "a/b/open", "a/c", "d"):
        (tmp_path / name).mkdir(parents=True)
    found = readable([tmp_path], [tmp_path / "a/b/secret"])
    assert found == [str(tmp_path / "a/b/open"), str(tmp_path / "a/c"), str(tmp_path / "d")]
    assert readable([tmp_path / "d", tmp_path / "nothing"], [tmp_path]) == [str(tmp_path / "d")]
    assert readable([tmp_path / "d"], [tmp_path / "d"]) == []
