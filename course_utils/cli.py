"""The command ``course``: set-up, corpora, walkthroughs, exercises, marks."""
# ruff: noqa: D301  click keeps the lines of a paragraph that begins with a backspace

from __future__ import annotations

import sys
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[1]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="unrolled", prog_name="course")
def main():
    """Look after the course Unrolled: language models from counting to gated recurrence.

    Start with `course doctor`: it says what is ready and what to do about the rest.
    """


@main.command()
def doctor():
    """Say what is installed, which device and which corpora are at hand.

    Each fault comes with what to do about it. The exit status is 1 if something the course needs
    is broken, and 0 otherwise: a corpus that is not at hand breaks nothing, since the notebooks
    go on with Python's own documentation.

    \b
    Examples:
      course doctor
      !course doctor          (as a cell of a notebook)
    """
    from course_utils.doctor import examine, report

    findings = examine(ROOT)
    click.echo(report(findings))
    sys.exit(any(finding.state == "broken" for finding in findings))


@main.command()
@click.argument("names", nargs=-1, metavar="[NN ...]")
@click.option("--in-place", is_flag=True, help="Write each executed notebook over its file.")
def run(names, in_place):
    """Execute walkthroughs without a browser and write each as a page under build/.

    NN is the number or the name of a walkthrough; without it the whole course runs. A cell that
    fails is shown with its notebook, number, source and error; the other notebooks go on, and the
    exit status is 1. At the end stands the perplexity ladder.

    With --in-place the executed notebook replaces its file: without the machine's paths, times and
    progress bars, so that two runs differ only where results do. This is how the walkthroughs in
    the repository were made.

    \b
    Examples:
      course run                 the whole course
      course run 01 03           two walkthroughs
      course run 01 --in-place   refresh the outputs of one
    """
    from course_utils import notebooks

    try:
        paths = notebooks.find(ROOT / "notebooks", names)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="NN") from None
    try:
        runs = notebooks.run(paths, pages=ROOT / "build", in_place=in_place, say=click.echo)
    except OSError as error:
        raise click.ClickException(f"{error.strerror}: {error.filename}") from None
    if text := notebooks.ladder(runs):
        click.echo(f"\n{text.rstrip()}")
    failed = [one.path.stem for one in runs if one.failure]
    if failed:
        click.echo(f"\nfailed: {', '.join(failed)}", err=True)
        sys.exit(1)


@main.command()
@click.argument("names", nargs=-1, metavar="[NAME ...]")
@click.option(
    "--mirror",
    metavar="FOLDER",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Take the files from a folder instead of the network.",
)
def fetch(names, mirror):
    """Download real corpora and verify them; without a NAME, all of them.

    A file is kept only if its SHA-256 is the registered one. What is in the cache already is not
    fetched again. The exit status is 1 if a corpus cannot be had; the others are fetched all the
    same.

    \b
    Examples:
      course fetch                      every corpus
      course fetch brown names          two of them
      course fetch --mirror /media/usb  without a network, from a folder of files

    The environment variable COURSE_DATA names the cache, COURSE_MIRROR a folder to look in first.
    """
    from tqdm import tqdm

    from course_utils.corpora import CorpusUnavailable, registry

    try:
        sources = [registry.find(name, to_fetch=True) for name in names or registry.CORPORA]
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="NAME") from None
    missing = []
    with tqdm(sources, unit="corpus", disable=None) as bar:
        for source in bar:
            bar.set_description(source.name)
            if source.file is None:
                if names:
                    bar.write(f"{source.name}: always there, nothing to fetch")
                continue
            try:
                path = registry.fetch(source.name, mirror=mirror)
            except CorpusUnavailable as error:
                missing.append(source.name)
                bar.write(f"{source.name}: {error}", file=sys.stderr)
            else:
                cached = path.is_relative_to(registry.cache_folder())
                where = "in the cache" if cached else "in the mirror (the cache cannot be written)"
                bar.write(f"{source.name}: verified, {where}; licence: {source.license}")
    if missing:
        click.echo(f"not fetched: {', '.join(missing)}", err=True)
        sys.exit(1)


@main.command()
@click.argument("weeks", nargs=-1, metavar="[WEEK ...]")
@click.option(
    "--check", is_flag=True, help="Write nothing; the exit status is 1 if anything would change."
)
def release(weeks, check):
    """Regenerate exercises/ from solutions/; without a WEEK, all weeks.

    A solution's notebook is the single source of its exercise. Between the lines
    ### BEGIN SOLUTION and ### END SOLUTION of a graded cell stands the answer, which students do
    not get; a graded cell without these lines is refused.

    \b
    Examples:
      course release            every week
      course release 1          the exercise of week 1
      course release --check    is everything up to date?
    """
    from course_utils.release import release_week

    try:
        chosen = _weeks(weeks)
        changed = [path for week in chosen for path in release_week(week, ROOT, check)]
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    for path in changed:
        click.echo(f"{'would change' if check else 'written'}: {path}")
    if not changed:
        click.echo(f"up to date: {', '.join(chosen)}")
    sys.exit(bool(check and changed))


@main.command()
@click.argument("out", metavar="OUT.zip", type=click.Path(dir_okay=False, path_type=Path))
def bundle(out):
    """Write what a student receives into a zip file: no solutions, no grader.

    It is refused, with exit status 1, if an exercise is not what `course release` makes of its
    solution. The same course gives the same file, byte by byte.

    \b
    Examples:
      course bundle unrolled.zip
      course bundle /media/usb/unrolled.zip
    """
    from course_utils.bundle import student_bundle

    try:
        names = student_bundle(ROOT, out)
    except (ValueError, OSError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"written: {out} ({len(names)} files)")


SEED = click.option(
    "--seed", type=click.IntRange(min=0), help="Draw the hidden inputs from it; default: random."
)
SECONDS = click.option(
    "--seconds",
    type=click.FloatRange(min=0, min_open=True),
    default=10.0,
    show_default=True,
    help="Processor time of one check.",
)


@main.command()
@click.argument("week")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder for the results.",
)
@SEED
@SECONDS
@click.option("--jobs", type=click.IntRange(min=1), help="Processes; default: one a core.")
@click.option("--due", metavar="DATE", help='"2026-11-20 23:59", UTC if it names no zone.')
@click.option("--require-sandbox", is_flag=True, help="Do not grade under limits alone.")
@click.option("--scheduler", metavar="ADDRESS", help="Mark on a Dask cluster instead.")
def grade(week, folder, out, seed, seconds, jobs, due, require_sandbox, scheduler):
    """Grade the submissions in FOLDER: tables, a feedback page each, a report.

    FOLDER holds STUDENT.ipynb files, or a folder for each student, or what nbgrader collected. OUT
    gets grades.csv, flags.csv (for a human look), report.html, nbgrader.csv, feedback/STUDENT.html
    and gradescope/STUDENT.json. A run that was cut short goes on when the command is given again.

    The exit status is 0 whatever the submissions contain, and 2 if nothing was graded: an argument
    cannot be used, or there is no sandbox as strong as required.

    \b
    Examples:
      course grade 1 submitted --out marks01
      course grade 1 submitted --out marks01 --due "2026-11-20 23:59+01:00"
      course grade 1 submitted --out marks01 --scheduler tcp://10.0.0.1:8786
    """
    grading = _grader()
    try:
        marks = grading.grade(
            week,
            folder,
            out,
            seed=seed,
            seconds=seconds,
            require_sandbox=require_sandbox,
            n_jobs=jobs or -1,
            scheduler=scheduler,
            due=due,
            say=lambda text: click.echo(text, err=True),
        )
    except (ValueError, grading.NoSandbox) as error:
        raise click.UsageError(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{error.strerror}: {error.filename}") from None
    except KeyboardInterrupt:
        raise click.ClickException("interrupted; the same command goes on from here") from None
    points = [mark.points for mark in marks if mark.points is not None]
    click.echo(f"{len(points)} of {len(marks)} submissions graded: {out / 'grades.csv'}")


@main.command()
@click.argument("week")
@click.argument("out", metavar="OUT.zip", type=click.Path(dir_okay=False, path_type=Path))
@SEED
@SECONDS
def gradescope(week, out, seed, seconds):
    """Write the autograder of a week for Gradescope: the same marks, one submission at a time.

    Upload OUT.zip under Configure Autograder, with Ubuntu 24.04 as the base image or any other that
    has Python 3.11 or newer. All submissions meet the same hidden inputs. The exit status is 2 if
    there is no such week.

    \b
    Examples:
      course gradescope 1 autograder.zip
      course gradescope week04 autograder.zip --seconds 20
    """
    _grader()
    from course_utils.grading.gradescope import autograder

    try:
        chosen = autograder(week, out, seed=seed, seconds=seconds)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{error.strerror}: {error.filename}") from None
    click.echo(f"written: {out} (hidden inputs from seed {chosen})")


def _grader():
    """Return the package that grades; a student's copy of the course has none."""
    try:
        from course_utils import grading
    except ImportError as error:
        if error.name not in ("course_utils", "course_utils.grading"):
            raise
        raise click.UsageError("this is a student's copy of the course; it has no grader") from None
    return grading


def _weeks(names: tuple[str, ...]) -> list[str]:
    """Turn ``1``, ``01`` or ``week01`` into the name of a folder in solutions/."""
    known = sorted(path.name for path in (ROOT / "solutions").glob("week[0-9][0-9]"))
    chosen = []
    for name in names:
        digits = name.lower().removeprefix("week")
        week = f"week{int(digits):02d}" if digits.isdecimal() else name
        if week not in known:
            raise ValueError(
                f"there is no week {name!r} in solutions/; there are {', '.join(known)}"
            )
        chosen.append(week)
    return chosen or known


if __name__ == "__main__":
    main(prog_name="course")
