"""Examine the set-up: what is installed, which device, which corpora; what to do about faults."""

from __future__ import annotations

import os
import platform
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from textwrap import fill

import course_utils

SET_UP_AGAIN = "run `python start.py` in the course's folder"


@dataclass(frozen=True)
class Finding:
    """One thing looked at.

    Attributes
    ----------
    state : str
        ``ok``; ``missing``, which the course can do without; or ``broken``, which it cannot.
    subject, text : str
        What was looked at and what was found.
    cure : str
        What to do about it; empty where all is well.
    """

    state: str
    subject: str
    text: str
    cure: str = ""


def examine(root: Path) -> list[Finding]:
    """Look at Python, packages, kernel, device, cache and corpora, in this order.

    Parameters
    ----------
    root : Path
        The course's folder, where ``pyproject.toml`` and ``constraints.txt`` lie.
    """
    findings = [_python(), *_packages(root)]
    if any(finding.state == "broken" for finding in findings):
        return findings  # what comes next imports the packages
    return [*findings, _kernel(), _device(), *_corpora()]


def report(findings: list[Finding]) -> str:
    """Write findings as text: one line each, a cure below each fault, a verdict at the end."""
    lines = []
    for finding in findings:
        head = f"{finding.state:8} {finding.subject:12} "
        lines.append(fill(finding.text, 88, initial_indent=head, subsequent_indent=" " * 22))
        if finding.cure:
            lines.append(
                fill(f"-> {finding.cure}", 88, initial_indent=" " * 22, subsequent_indent=" " * 25)
            )
    broken = sum(finding.state == "broken" for finding in findings)
    verdict = "The course is ready." if not broken else f"To be mended first: {broken}."
    return "\n".join([*lines, verdict])


def show(root: Path | None = None) -> None:
    """Print the report: ``doctor.show()`` is ``course doctor`` for a cell of a notebook."""
    print(report(examine(root or Path(__file__).resolve().parents[1])))


def _python() -> Finding:
    version = platform.python_version()
    return Finding("ok", "Python", f"{version} on {platform.system()} ({platform.machine()})")


def _packages(root: Path) -> Iterator[Finding]:
    """Compare what is installed with the exact versions of the constraints."""
    from packaging.requirements import Requirement

    try:
        requirements = [Requirement(text) for text in metadata.requires("unrolled") or ()]
    except metadata.PackageNotFoundError:
        yield Finding("broken", "packages", "the course itself is not installed", SET_UP_AGAIN)
        return
    pins = _pins(root / "constraints.txt")
    for extra, subject, state in (("", "packages", "broken"), ("test", "tests", "missing")):
        needed = [r for r in requirements if _belongs(r, extra)]
        absent = [r.name for r in needed if _installed(r.name) is None]
        too_old = [r.name for r in needed if r.name not in absent and not _satisfied(r)]
        other = [
            f"{r.name} {_installed(r.name)} instead of {pins[r.name]}"
            for r in needed
            if r.name in pins and r.name not in absent and not _same(r.name, pins[r.name])
        ]
        cure = SET_UP_AGAIN if not extra else "run `python start.py test`, which installs them"
        if absent or too_old:
            text = "; ".join(
                f"{what}: {', '.join(names)}"
                for what, names in (("not installed", absent), ("too old", too_old))
                if names
            )
            yield Finding(state, subject, text, cure)
        elif other:
            yield Finding("missing", subject, f"not as tested: {', '.join(other)}", cure)
        else:
            yield Finding("ok", subject, f"{len(needed)} packages, in the versions tested")


def _belongs(requirement, extra: str) -> bool:
    """Say whether a requirement is one of ``extra``'s own ("" for the default install's)."""
    by_default = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
    if not extra:
        return by_default
    return not by_default and requirement.marker.evaluate({"extra": extra})


def _pins(constraints: Path) -> dict[str, str]:
    """Read the exact versions that hold for this Python and system."""
    from packaging.requirements import Requirement

    if not constraints.is_file():
        return {}
    pins = {}
    for line in constraints.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            pin = Requirement(line)
            if pin.marker is None or pin.marker.evaluate():
                pins[pin.name] = next(iter(pin.specifier)).version
    return pins


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _satisfied(requirement) -> bool:
    return requirement.specifier.contains(_installed(requirement.name), prereleases=True)


def _same(name: str, pin: str) -> bool:
    """Compare versions without the local part: torch 2.13.0+cpu is torch 2.13.0."""
    return _installed(name).split("+")[0] == pin


def _kernel() -> Finding:
    """Start a kernel as a notebook does and let it import the course."""
    from jupyter_client.manager import start_new_kernel

    text = "notebooks can import course_utils"
    try:
        with tempfile.TemporaryDirectory() as elsewhere, open(os.devnull, "w") as log:
            manager, client = start_new_kernel(
                startup_timeout=60, kernel_name="python3", cwd=elsewhere, stderr=log
            )
            try:
                reply = client.execute_interactive(
                    "import course_utils", timeout=60, output_hook=lambda message: None
                )["content"]
            finally:
                client.stop_channels()
                manager.shutdown_kernel(now=True)
    except Exception as error:  # a kernel fails in many ways; each is a finding, not a crash
        return Finding("broken", "kernel", f"does not start: {error}", SET_UP_AGAIN)
    if reply["status"] != "ok":
        text = f"cannot import course_utils: {reply.get('ename')}: {reply.get('evalue')}"
        return Finding("broken", "kernel", text, SET_UP_AGAIN)
    return Finding("ok", "kernel", text)


def _device() -> Finding:
    try:
        found = course_utils.device()
    except Exception as error:  # a damaged torch raises whatever its loader raises
        return Finding("broken", "device", f"torch cannot be imported: {error}", SET_UP_AGAIN)
    names = {"cuda": "a CUDA GPU", "mps": "an Apple GPU (mps)", "cpu": "the CPU"}
    return Finding("ok", "device", f"networks train on {names[found]}")


def _corpora() -> Iterator[Finding]:
    """Look for the cache, the mirror, and each corpus in them."""
    from course_utils.corpora import registry

    cache, mirror = registry.cache_folder(), os.environ.get("COURSE_MIRROR")
    shown = "the folder COURSE_DATA" if os.environ.get("COURSE_DATA") else without_home(cache)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=cache):
            yield Finding("ok", "cache", f"corpora are kept in {shown}")
    except OSError as error:
        cure = "set COURSE_DATA to a folder that you may write to"
        yield Finding("missing", "cache", f"{shown} cannot be written: {error.strerror}", cure)
    if mirror and not Path(mirror).is_dir():
        cure = "set COURSE_MIRROR to a folder with the corpora's files, or unset it"
        yield Finding("missing", "mirror", "COURSE_MIRROR names no folder", cure)
    for name, source in registry.CORPORA.items():
        if not registry.available(name):
            cure = (
                f"`!course fetch {name}` in a notebook's cell; "
                f"until then notebooks use {source.fallback}"
            )
            yield Finding("missing", name, source.description, cure)
            continue
        where = "always there"
        if source.file:
            cached = all(os.path.exists(cache / part.file) for part in source.files())
            where = "cached" if cached else "in COURSE_MIRROR"
        yield Finding("ok", name, f"{where}: {source.description}")


def without_home(path: Path) -> str:
    """Shorten the user's home to ``~``: a report ends up in notebooks that others read.

    Examples
    --------
    >>> without_home(Path.home() / "course") == str(Path("~") / "course")
    True
    """
    home = re.escape(str(Path.home()))
    return re.sub(rf"^{home}(?=$|[/\\])", "~", str(path))
