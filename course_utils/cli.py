"""The command ``course``: look after the set-up, fetch corpora, run the course, make exercises."""

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
    r"""Say what is installed, which device and which corpora are at hand.

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
    r"""Execute walkthroughs without a browser and write each as a page under build/.

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
    runs = notebooks.run(paths, pages=ROOT / "build", in_place=in_place, say=click.echo)
    if text := notebooks.ladder(runs):
        click.echo(f"\n{text.rstrip()}")
    failed = [one.path.stem for one in runs if one.failure]
    if failed:
        click.echo(f"\nfailed: {', '.join(failed)}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
