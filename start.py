"""Open the course, test it, or run it; the first time, set it up.

    python start.py [OPTION ...]       open it in JupyterLab; --no-browser, --port 9000
                                       and other options are JupyterLab's
    python start.py test [OPTION ...]  run the tests; options are pytest's
    python start.py run [NN ...]       execute the walkthroughs without a browser

Set-up needs Python 3.11 or newer and, once, the network; the first test needs it too.
It makes a folder .venv beside this file and changes nothing else on the machine.
"""

# The syntax is kept so plain that any old Python can read this far and say what is wrong.
import sys

if sys.version_info < (3, 11):
    sys.exit(
        "start.py: this is Python %d.%d, but the course needs Python 3.11 or newer; install one "
        "from python.org and start with it, for example: python3.13 start.py"
        % tuple(sys.version_info[:2])
    )

import contextlib
import errno
import hashlib
import json
import os
import re
import shutil
import subprocess
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / "unrolled.json"
SETTINGS = VENV / "share/jupyter/lab/settings/overrides.json"
LOG = ROOT / "build" / "setup.log"
LOCK = ROOT / "build" / "setup.lock"
AGAIN = "run start.py again; it goes on where it stopped"
# Threads that wait for one another by spinning make a busy laptop train ten times more slowly.
THREADS = {"OMP_WAIT_POLICY": "passive", "OPENBLAS_NUM_THREADS": "1"}


class Fault(Exception):
    """What keeps the course from starting: one sentence that ends with the cure."""


def main(arguments):
    """Set up what the command needs, then become the command."""
    if arguments[:1] in (["-h"], ["--help"]):
        say(__doc__.strip())
        return
    command = arguments[0] if arguments and not arguments[0].startswith("-") else "open"
    try:
        if command not in ("open", "test", "run"):
            raise Fault("%r is no command; say test, run, or nothing to open the course" % command)
        set_up({"test"} if command == "test" else set())
        hand_over(command, arguments if command == "open" else arguments[1:])
    except Fault as fault:
        sys.exit("start.py: %s" % fault)
    except KeyboardInterrupt:
        sys.stderr.write("\nstart.py: interrupted; %s\n" % AGAIN)
        sys.exit(130)
    except OSError as error:
        sys.exit("start.py: %s" % explain_os_error(error))


# Set-up


def set_up(extras):
    """Make .venv hold exactly what the pins say; return at once if it does.

    The stamp in .venv is written last, so a set-up that was cut short has none that fits. The
    tests' packages alone are added without touching the others, under the stamp that is there:
    if that fails, the course still opens.
    """
    if is_ready(extras):
        return
    LOG.parent.mkdir(exist_ok=True)
    with locked(LOCK) as lock:
        if is_ready(extras):  # another start.py finished while this one waited
            return
        stamp = read_stamp()
        extras = sorted(extras.union(stamp.get("extras", [])))
        if is_ready(set()):
            install(requirements(extras), lock)
        else:
            if not is_usable(stamp):
                make_venv(lock)
            write_stamp(extras, pins=None)
            install(["-e", str(ROOT) + ("[%s]" % ",".join(extras) if extras else "")], lock)
        no_news()
        write_stamp(extras, pins=pins_hash())
        say("Set-up is complete.")


def is_ready(extras):
    """Say whether .venv works and holds what the pins say."""
    stamp = read_stamp()
    return (
        stamp.get("root") == str(ROOT)
        and stamp.get("pins") == pins_hash()
        and extras.issubset(stamp.get("extras", []))
        and stamp.get("python") == venv_version()
    )


def is_usable(stamp):
    """Say whether packages can be installed into .venv: it works and was not moved."""
    version = venv_version()
    return (
        version != ""
        and int(version.split(".")[1]) >= 11
        and stamp.get("python", version) == version
        and stamp.get("root", str(ROOT)) == str(ROOT)
    )


def pins_hash():
    """Return a hash of everything that decides which packages are installed."""
    pyproject = read_pyproject()
    pins = {
        "build-system": pyproject["build-system"],
        "project": pyproject["project"],
        "constraints": (ROOT / "constraints.txt").read_text(encoding="utf-8"),
    }
    return hashlib.sha256(json.dumps(pins, sort_keys=True).encode("utf-8")).hexdigest()


def read_pyproject():
    """Return pyproject.toml as a dictionary."""
    with open(ROOT / "pyproject.toml", "rb") as file:
        return tomllib.load(file)


def requirements(extras):
    """Return the requirements of the extras only."""
    optional = read_pyproject()["project"]["optional-dependencies"]
    return [requirement for extra in extras for requirement in optional[extra]]


def read_stamp():
    """Return the stamp of .venv as a dictionary, empty if there is none."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def write_stamp(extras, pins):
    """Write the stamp of .venv; pins is None until all is installed."""
    stamp = {"root": str(ROOT), "python": venv_version(), "extras": list(extras), "pins": pins}
    write_json(STAMP, stamp)


def no_news():
    """Keep JupyterLab from asking over the first notebook whether it may fetch its news.

    Only defaults are set here; who edited the file keeps it.
    """
    if not SETTINGS.exists():
        notification = {"fetchNews": "false", "checkForUpdates": False}
        write_json(SETTINGS, {"@jupyterlab/apputils-extension:notification": notification})


def write_json(path, value):
    """Write a value to a file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    partial.write_text(json.dumps(value, indent=1), encoding="utf-8")
    os.replace(partial, path)


def venv_python():
    """Return the path of Python in .venv."""
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def venv_version():
    """Return the version of Python in .venv, empty if it cannot run or lacks a whole pip.

    pip writes RECORD last, so a package without it was not installed to the end.
    """
    code = (
        "import sys, importlib.metadata as m; m.distribution('pip').read_text('RECORD') or 1 / 0; "
        "print('%d.%d' % sys.version_info[:2])"
    )
    try:
        return subprocess.run(
            [str(venv_python()), "-I", "-c", code], capture_output=True, text=True, check=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def make_venv(lock):
    """Make .venv anew."""
    for module in ("venv", "ensurepip"):
        try:
            __import__(module)
        except ImportError:
            raise Fault(
                "this Python has no module %s; install it (on Debian and Ubuntu: "
                "sudo apt install python%d.%d-venv) and %s"
                % ((module,) + tuple(sys.version_info[:2]) + (AGAIN,))
            )
    if VENV.is_symlink() or VENV.is_file():
        VENV.unlink()
    elif VENV.exists():
        say("The folder .venv is damaged, moved or of an old Python; making it anew.")
        shutil.rmtree(VENV)
    say("Making .venv with Python %d.%d." % tuple(sys.version_info[:2]))
    # The base Python, since this one may be the one that was just removed.
    python = getattr(sys, "_base_executable", None) or sys.executable
    run_logged([python, "-m", "venv", str(VENV)], "Making .venv", lock)


def install(what, lock):
    """Install what pip is told, in the versions of the constraints, compiled to bytecode."""
    for info in site_packages().glob("*.dist-info"):
        if not (info / "RECORD").is_file():  # left by a set-up that was cut short
            shutil.rmtree(info)
    pip = [str(venv_python()), "-m", "pip", "install", "--no-input", "--compile"]
    pip += ["--disable-pip-version-check", "-c", str(ROOT / "constraints.txt")] + what
    say("Installing packages, once; this takes minutes. Details: build/setup.log")
    run_logged(pip, "Installing", lock)


def site_packages():
    """Return the folder of .venv into which pip installs."""
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    command = [str(venv_python()), "-I", "-c", code]
    return Path(subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip())


def run_logged(command, what, lock):
    """Run a command with its output in the log, one line of progress on the screen.

    The child holds the lock too: if this process is killed, the next start.py waits for it.
    """
    environment = child_environment()
    environment["PIP_USER"] = "0"
    started = time.monotonic()
    with open(LOG, "wb") as log:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=str(ROOT),
            pass_fds=[lock] if lock is not None and os.name != "nt" else [],
        )
        try:
            while child.poll() is None:
                show_progress("%s %s" % (what, progress(started)))
                time.sleep(0.5)
        except BaseException:
            child.terminate()
            child.wait()
            raise
        finally:
            show_progress("")
    if child.returncode != 0:
        raise Fault(explain_failure(what, read_log()))


def progress(started):
    """Say how far pip is, from its log: packages found so far, or how many it unpacks."""
    log = read_log()
    seconds = "%d s" % (time.monotonic() - started)
    unpacking = re.findall(r"^Installing collected packages: (.*)$", log, re.MULTILINE)
    if unpacking:
        return "(unpacking %d packages), %s" % (len(unpacking[-1].split(",")), seconds)
    found = len(re.findall(r"^(?:Collecting|Requirement already satisfied:)", log, re.MULTILINE))
    return "(%d packages found), %s" % (found, seconds) if found else seconds


def show_progress(text):
    """Overwrite the line of progress; stay silent where the output is no terminal."""
    if sys.stdout.isatty():
        sys.stdout.write("\r%-60s" % text if text else "\r%60s\r" % "")
        sys.stdout.flush()


def say(text):
    """Print a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def read_log():
    """Return what the running command wrote so far."""
    return LOG.read_text(encoding="utf-8", errors="replace")


@contextlib.contextmanager
def locked(path):
    """Let one set-up run at a time; the system frees the lock when its holder ends."""
    with open(path, "a+") as file:
        waiting = False
        while not try_lock(file):
            if not waiting:
                say("Another start.py is setting the course up; waiting for it.")
            waiting = True
            time.sleep(0.5)
        yield file.fileno()


def try_lock(file):
    """Lock an open file; return False if another process holds it."""
    try:
        if os.name == "nt":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        # A file system without locks is no reason to refuse the set-up.
        return error.errno not in (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
    return True


# What went wrong

NO_SPACE = "the disk is full; free some space (2 GB, or 8 GB with CUDA) and " + AGAIN
NO_PERMISSION = (
    "the folder of the course cannot be written; close programs that use it, move it to a place "
    "of your own, or ask its owner to run start.py once"
)


def disk_is_full():
    """Say whether less than 10 MB are left where .venv lies."""
    return shutil.disk_usage(ROOT).free < 10**7


def explain_os_error(error):
    """Turn an error of the operating system into a sentence with the cure."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT) or disk_is_full():
        return NO_SPACE
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return NO_PERMISSION
    name = error.filename or "a file"
    return "%s: %s; mend this, or remove the folder .venv, and %s" % (name, error.strerror, AGAIN)


def explain_failure(what, log):
    """Turn the log of a failed command into a sentence with the cure."""
    if re.search(r"No space left on device|Errno 28\b|WinError 112|quota exceeded", log, re.I):
        return NO_SPACE
    if disk_is_full():
        return NO_SPACE
    if re.search(r"Permission denied|Errno 13\b|WinError 5\b|Read-only file system", log):
        return NO_PERMISSION
    if re.search(
        r"NewConnectionError|ConnectTimeout|ReadTimeout|Read timed out|Connection (refused|reset)|"
        r"name resolution|getaddrinfo failed|nodename nor servname|Network is unreachable|"
        r"ProxyError|RemoteDisconnected",
        log,
    ):
        return "the packages cannot be downloaded; connect to the network and " + AGAIN
    missing = re.search(r"No matching distribution found for (\S+)", log)
    if missing:
        return (
            "there is no %s for Python %d.%d on this machine; the course is tested with Python "
            "3.11 to 3.14 on Linux, Windows and macOS 14 (Apple silicon): remove the folder .venv "
            "and start with one of these" % ((missing[1],) + tuple(sys.version_info[:2]))
        )
    lines = [line for line in log.splitlines() if line.strip() and "WARNING" not in line]
    errors = [line for line in lines if line.startswith("ERROR")] or lines
    return "%s failed; the end of build/setup.log says why:\n  %s" % (
        what,
        "\n  ".join(errors[-8:]),
    )


# Hand-over


def hand_over(command, arguments):
    """Become JupyterLab, pytest or `course run`, with Python in .venv."""
    python = str(venv_python())
    if command == "test":
        line = [python, "-m", "pytest"]
    elif command == "run":
        line = [python, "-m", "course_utils.cli", "run"]
    else:
        line = [python, "-m", "jupyterlab", "--ServerApp.root_dir=" + str(ROOT)]
        line.append("--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb")
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            line.append("--allow-root")  # in a container everyone is root
    environment = child_environment()
    os.chdir(ROOT)
    if os.name == "nt":  # where exec would give the prompt back at once
        child = subprocess.Popen(line + arguments, env=environment)
        while True:
            try:
                sys.exit(child.wait())
            except KeyboardInterrupt:  # reaches the child too, which knows what to do
                pass
    os.execve(python, line + arguments, environment)


def child_environment():
    """Return the environment with .venv activated and the course's folders made absolute."""
    environment = dict(os.environ, VIRTUAL_ENV=str(VENV))
    environment["PATH"] = str(venv_python().parent) + os.pathsep + environment.get("PATH", "")
    environment.pop("PYTHONHOME", None)
    for name, value in THREADS.items():
        environment.setdefault(name, value)
    for name in ("COURSE_DATA", "COURSE_MIRROR"):
        if environment.get(name):
            environment[name] = os.path.abspath(os.path.expanduser(environment[name]))
    return environment


if __name__ == "__main__":
    main(sys.argv[1:])
