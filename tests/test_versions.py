"""pyproject.toml, constraints.txt and environment.yml agree; code is clean; words are true."""

import base64
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from course_utils.notebooks import is_duplicate

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REQUIREMENTS = [
    Requirement(text)
    for group in (PROJECT["dependencies"], *PROJECT["optional-dependencies"].values())
    for text in group
]
LINES = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
PINS = [Requirement(line) for line in LINES if line and not line.startswith("#")]
SYSTEMS = [
    {"python_version": python, "python_full_version": f"{python}.0", **system}
    for python in ("3.11", "3.12", "3.13", "3.14")
    for system in (
        {"sys_platform": "linux", "os_name": "posix", "platform_machine": "x86_64"},
        {"sys_platform": "darwin", "os_name": "posix", "platform_machine": "arm64"},
        {"sys_platform": "win32", "os_name": "nt", "platform_machine": "AMD64"},
    )
]


def pins_for(name, system):
    """Return the exact versions that constrain a package on a system."""
    return [
        pin
        for pin in PINS
        if canonicalize_name(pin.name) == canonicalize_name(name)
        and (pin.marker is None or pin.marker.evaluate(system))
    ]


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda r: r.name)
def test_each_requirement_has_a_lower_bound_and_one_pin_that_satisfies_it(requirement):
    assert [s.operator for s in requirement.specifier] == [">="]
    for system in SYSTEMS:
        pins = pins_for(requirement.name, system)
        assert len(pins) == 1, f"{requirement.name} has {len(pins)} pins on {system}"
        (pin,) = pins[0].specifier
        assert pin.operator == "=="
        assert requirement.specifier.contains(pin.version), f"{pins[0]} against {requirement}"


def test_constraints_are_exact_and_name_no_address():
    for pin in PINS:
        assert [s.operator for s in pin.specifier] == ["=="], pin
        assert pin.url is None
    assert not re.search(r"://|--(extra-)?index|--find-links", "\n".join(LINES))


def test_conda_users_get_the_project_with_the_same_constraints():
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    listed = re.findall(r"^ +- (.+?):?$", text, flags=re.MULTILINE)
    assert listed == ["conda-forge", f"python={conda_python(text)}", "pip", "pip", *PIP_LINES]
    minor = tuple(map(int, conda_python(text).split(".")))
    assert (3, 11) <= minor <= (3, 14)


PIP_LINES = ["-c constraints.txt", "-e ."]


def conda_python(text):
    """Return the version of Python that conda installs."""
    return re.search(r"python=([\d.]+)", text)[1]


def test_the_oldest_python_is_the_same_everywhere():
    oldest = PROJECT["requires-python"].removeprefix(">=")
    start = (ROOT / "start.py").read_text(encoding="utf-8")
    assert f"sys.version_info < ({oldest.replace('.', ', ')})" in start
    assert f'"{oldest}"' in (ROOT / ".github/workflows/tests.yml").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=" ".join)
def test_ruff_finds_nothing(command):
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *command, "."], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_links_between_files_lead_somewhere():
    texts = {path: path.read_text(encoding="utf-8") for path in ROOT.glob("*.md")}
    for folder in ("notebooks", "solutions", "exercises"):
        for path in (ROOT / folder).rglob("*.md"):
            texts[path] = path.read_text(encoding="utf-8")
        for path in (ROOT / folder).rglob("*.ipynb"):
            if is_duplicate(path):
                continue
            cells = nbformat.read(path, as_version=4).cells
            texts[path] = "\n".join(c.source for c in cells if c.cell_type == "markdown")
    broken = [
        f"{path.relative_to(ROOT)}: {link}"
        for path, text in texts.items()
        for link in re.findall(r"\]\(([^)#\s]+)", text)
        if not link.startswith("attachment:")
        and "://" not in link
        and not (path.parent / link).exists()
    ]
    assert broken == []


def test_attached_pictures_are_those_of_the_benchmarks():
    results = {path.name: path.read_bytes() for path in (ROOT / "benchmarks/results").glob("*.png")}
    attached = {
        (path.name, name): base64.b64decode(content["image/png"])
        for path in (ROOT / "notebooks").glob("*.ipynb")
        for cell in nbformat.read(path, as_version=4).cells
        for name, content in cell.get("attachments", {}).items()
    }
    old = [place for place, picture in attached.items() if picture != results.get(place[1])]
    assert old == [], "attach the picture that the benchmark wrote last"


def test_importing_the_package_is_light():
    code = "import sys, course_utils; print('torch' in sys.modules, 'matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
