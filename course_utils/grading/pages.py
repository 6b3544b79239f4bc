"""The pages: feedback for a student, and the report on the class, each one HTML file.

A page needs no network, runs no script and hides nothing behind a click. It reads in grey and by
ear: every status is a word, every figure has its table or an alternative text. Whatever comes from
a submission is escaped.
"""

from __future__ import annotations

import base64
import functools
import math
import re
import statistics
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import jinja2
from markupsafe import Markup, escape

from course_utils.grading.judge import CheckMark, Mark
from course_utils.grading.similarity import Similar

if TYPE_CHECKING:
    from course_utils.grading.reports import Flag, Row

MISCONCEPTIONS = 25  # how many the report on the class shows

# Of each status of a check: a sign, and what it means where the judge has nothing to say.
STATUSES = {
    "right": ("✓", ""),
    "wrong": ("✗", "An answer differs from the expected one."),
    "raised": ("!", "The function ended with an error instead of an answer."),
    "not done": ("–", "There is no code yet, or it returns nothing."),
    "stopped": ("…", "It took too long: an endless loop?"),
    "died": ("†", "The interpreter ended while it ran: too much memory, a crash, or an exit."),
    "not graded": ("?", "The grader could not do its work here; this is no zero."),
}
# What to do about a file that was not graded, by the first words of its status.
CURES = {
    "unreadable": "Hand in the notebook itself: the .ipynb file, as JupyterLab saves it.",
    "empty": "Hand in the notebook with your answers.",
    "wrong week": "Hand in the notebook of this week.",
    "not graded": "This is the grader's fault and counts as no zero. "
    "Your instructor has been told.",
}


def feedback(row: Row) -> str:
    """Return the page for a student: what is right, what is not, and why.

    Parameters
    ----------
    row : Row
    """
    return _page("feedback", row=row, mark=row.mark, notice=notice(row.mark))


def report(
    table: Sequence[Row],
    checks: Sequence[str],
    flags: Sequence[Flag],
    alike: Sequence[Similar],
    links: Mapping[str, str],
    late: str = "",
) -> str:
    """Return the report on the class, for the instructor.

    Parameters
    ----------
    table, flags, alike
        What `reports.rows`, `reports.flags` and `similarity.similar` returned.
    checks : sequence of str
        The names of the checks, in order.
    links : mapping of str to str
        The file of each student's feedback, relative to the report.
    late : str
        What is done about late submissions, as a sentence.
    """
    distribution = {name: Counter() for name in checks}
    for row in table:
        for check in row.mark.checks:
            distribution[check.name][check.status] += 1
    met = set().union(*distribution.values())
    points = [row.points for row in table if row.points is not None]
    marks = list({id(row.mark): row.mark for row in table}.values())  # a group's once
    misconceptions = _misconceptions(table)
    return _page(
        "report",
        table=table,
        checks=checks,
        flags=flags,
        alike=alike,
        links=links,
        late=late,
        distribution=distribution,
        statuses=[status for status in STATUSES if status in met],
        status_of={row.student: {c.name: c.status for c in row.mark.checks} for row in table},
        points=points,
        median=statistics.median(points) if points else None,
        mean=statistics.fmean(points) if points else None,
        marks=marks,
        seeds=sorted({mark.seed for mark in marks}),
        sandboxes=sorted({mark.sandbox for mark in marks}),
        figures=_figures(table, distribution),
        misconceptions=misconceptions[:MISCONCEPTIONS],
        n_rare=len(misconceptions[MISCONCEPTIONS:]),
        paths={row.mark.student: row.mark.path for row in table},
    )


def _misconceptions(table: Sequence[Row]) -> list[tuple[str, str, list[str]]]:
    """Return check, misconception and who has it, the most common first."""
    found = defaultdict(list)
    for row in table:
        for check in row.mark.checks:
            if check.reason and check.status != "right":
                found[check.name, check.reason].append(row.student)
    by_count = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    return [(name, reason, students) for (name, reason), students in by_count]


def _figures(table: Sequence[Row], distribution: Mapping[str, Counter]) -> list[tuple[str, Markup]]:
    """Draw the distribution of each check and of the points; each with its alternative text."""
    from course_utils import plots

    drawn = []
    if distribution:
        fig, (ax,) = plots.panels(1, height=1.2 + 0.42 * len(distribution))
        _draw_distribution(ax, distribution, len(table))
        alt = "Bars: of each check, how many students came to which result; table 1 has the numbers"
        drawn.append((alt, fig))
    points = [row.points for row in table if row.points is not None]
    if points:
        fig, (ax,) = plots.panels(1, height=3)
        most = max([*points, *(row.mark.max_points for row in table)])
        _draw_points(ax, points, most)
        drawn.append(("Histogram: how many students have how many points", fig))
    return [
        (alt, Markup("data:image/png;base64,") + base64.b64encode(plots.png(fig)).decode())
        for alt, fig in drawn
    ]


def _draw_distribution(ax, distribution: Mapping[str, Counter], n: int) -> None:
    """Draw a bar for each check, cut into statuses; colours and hatches tell them apart."""
    from course_utils.plots import COLOURS

    _, red, green, pink, light, black = COLOURS
    looks = {
        "right": (green, "", "white"),
        "wrong": (red, "//", "black"),
        "raised": (pink, "..", "black"),
        "not done": ("#dddddd", "", "black"),
        "stopped": (light, "\\\\", "black"),
        "died": (black, "", "white"),
        "not graded": ("white", "xx", "black"),
    }
    start = Counter()
    for status, (colour, hatch, ink) in looks.items():
        counts = [found[status] for found in distribution.values()]
        if not any(counts):
            continue
        drawn = ax.barh(
            list(distribution), counts, left=[start[name] for name in distribution], label=status,
            color=colour, hatch=hatch, edgecolor="#555555", linewidth=0.5, height=0.7,
        )  # fmt: skip
        for name, count, bar in zip(distribution, counts, drawn, strict=True):
            start[name] += count
            if count >= 0.03 * n:
                x, y = bar.get_x() + bar.get_width() / 2, bar.get_y() + bar.get_height() / 2
                box = {"facecolor": colour, "edgecolor": "none", "pad": 1}
                ax.text(x, y, count, ha="center", va="center", color=ink, fontsize=9, bbox=box)
    ax.invert_yaxis()
    ax.grid(False)
    ax.set(xlabel="students", xlim=(0, max(n, 1)))
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=7, frameon=False, fontsize=9)


def _draw_points(ax, points: Sequence[float], most: float) -> None:
    """Draw the histogram of the points, one bar for each point if there is room."""
    from matplotlib.ticker import MaxNLocator

    from course_utils.plots import COLOURS

    width = max(1, math.ceil(most / 40))
    edges = [width * i - 0.5 for i in range(math.ceil((most + 1) / width) + 1)]
    ax.hist(points, bins=edges, color=COLOURS[0], edgecolor="white")
    middle = statistics.median(points)
    ax.axvline(middle, color=COLOURS[1], linestyle="--", label=f"median {number(middle)}")
    ax.set(xlabel="points", ylabel="students", xlim=(-0.5, edges[-1]))
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(False, axis="x")
    ax.legend(loc="lower right", bbox_to_anchor=(1, 1), frameon=False, fontsize=9)


def notice(mark: Mark) -> str:
    """Return what to tell the student about the file, if there is something."""
    if mark.status == "graded":
        return ""
    status = mark.status[:1].upper() + mark.status[1:].rstrip(".")
    return f"{status}. {CURES.get(mark.status.partition(':')[0], '')}".strip()


def explanation(check: CheckMark) -> str:
    """Return what to tell the student about a check; the misconception where it is not said."""
    said = check.feedback or STATUSES.get(check.status, ("", ""))[1]
    reason = "" if check.reason in said else check.reason
    return f"{said}\n{reason}".strip()


# Texts


def number(value: float | None) -> str:
    """Return points as they are written by hand: 7, 7.5; nothing for None."""
    return "" if value is None else f"{round(value, 4):.10g}"


def count(n: int, noun: str) -> str:
    """Return how many: "1 day", "2 days"."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def plain(text: str) -> str:
    """Take out of a text what no file should hold: controls, half characters, turned writing."""
    return "".join(
        c if c == "\n" or unicodedata.category(c) not in ("Cc", "Cs", "Cf") else " " * (c in "\t\r")
        for c in text
    )


@functools.cache
def _environment() -> jinja2.Environment:
    """Return a maker of pages in which everything is escaped and nothing may be missing."""
    environment = jinja2.Environment(
        loader=jinja2.DictLoader({"feedback": FEEDBACK, "report": REPORT}),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda v: plain(v) if isinstance(v, str) and not isinstance(v, Markup) else v,
    )
    environment.filters |= {
        "number": number,
        "count": count,
        "explanation": explanation,
        "prose": prose,
    }
    environment.globals |= {"STATUSES": STATUSES, "HEAD": Markup(HEAD)}
    return environment


def prose(text: str) -> Markup:
    """Escape a text, and show what stands between backticks as code."""
    return Markup(re.sub(r"`([^`\n]+)`", r"<code>\1</code>", str(escape(plain(text)))))


def _page(template: str, **values) -> str:
    return _environment().get_template(template).render(values) + "\n"


# Templates

HEAD = """<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<style>
body { font: 16px/1.5 system-ui, sans-serif; color: #222; background: #fff;
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0; }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .5rem; }
p { margin: .5rem 0; }
.points { font-size: 1.15rem; }
.quiet { color: #555; }
.notice { border-left: 4px solid #D55E00; background: #fdf3ec; padding: .5rem 1rem; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; color: #555; padding: .25rem 0; }
th, td { text-align: left; vertical-align: top; padding: .45rem .8rem .45rem 0;
  border-bottom: 1px solid #ddd; font-weight: normal; }
thead th { color: #555; vertical-align: bottom; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.said { white-space: pre-line; overflow-wrap: anywhere; }
th[scope=row] { min-width: 8rem; }
code { font: .92em ui-monospace, Consolas, monospace; }
th > code, td > code:only-child { white-space: nowrap; }
.status { white-space: nowrap; font-weight: 600; }
.right { color: #00664b; } .wrong, .raised, .stopped, .died { color: #a03c00; }
.not { color: #555; }
img { max-width: 100%; height: auto; }
@media (max-width: 40rem) { .checks thead { display: none; }
  .checks tr { display: block; border-bottom: 1px solid #ddd; padding: .5rem 0; }
  .checks th, .checks td { display: inline; border: 0; padding: 0 .5rem 0 0; }
  .checks td.said { display: block; } }
@media print { body { margin: 0; max-width: none; font-size: 11pt; }
  tr, img { break-inside: avoid; } h2 { break-after: avoid; } a { color: inherit; } }
</style>"""

FEEDBACK = """<!DOCTYPE html>
<html lang="en">
<head>
{{ HEAD }}
<title>{{ mark.week }}: {{ row.student }}</title>
</head>
<body>
<main>
<h1>{{ mark.week }}: {{ row.student }}</h1>
{% if row.points is none %}
<p class="points"><strong>Not graded</strong></p>
{% else %}
<p class="points">
<strong>{{ row.points | number }} of {{ mark.max_points | number }} points</strong></p>
{% endif %}
{% if notice %}
<p class="notice" role="note">{{ notice | prose }}</p>
{% endif %}
{% if row.days_late and mark.points %}
<p>The checks came to {{ mark.points | number }} points; the submission came
{{ row.days_late | count("day") }} late.</p>
{% endif %}
<p class="quiet">File: {{ mark.path }}
{%- if row.attempts > 1 %}, the best of {{ row.attempts }} submissions{% endif %}
{%- if mark.members %}<br>Group: {{ mark.members | join(", ") }}{% endif %}
</p>
{% if mark.status == "graded" %}
<h2>Checks</h2>
<table class="checks">
<thead><tr><th scope="col">Function</th><th scope="col">Result</th>
<th scope="col" class="n">Points</th><th scope="col">Why</th></tr></thead>
<tbody>
{% for check in mark.checks %}
<tr><th scope="row"><code>{{ check.name }}</code></th>
<td class="status {{ check.status }}"><span aria-hidden="true">
{{- STATUSES.get(check.status, "?")[0] }}</span> {{ check.status }}</td>
<td class="n">
{{- "–" if check.status == "not graded" else check.points | number }} of
{{ check.max_points | number }}</td>
<td class="said">{{ check | explanation | prose }}</td></tr>
{% endfor %}
</tbody>
</table>
{% endif %}
{% if mark.broken %}
<h2>Cells that do not compile</h2>
<p>Python could not read these code cells, so nothing that they define was there.</p>
<ul>
{% for cell, error in mark.broken %}
<li>Code cell {{ cell }}: <code>{{ error }}</code></li>
{% endfor %}
</ul>
{% endif %}
</main>
</body>
</html>"""

REPORT = """<!DOCTYPE html>
<html lang="en">
<head>
{{ HEAD }}
{% set first = table[0].mark if table else none %}
<title>{{ first.week if first else "No submissions" }}: the class</title>
<style>
.signs th.name { writing-mode: vertical-rl; transform: rotate(180deg); padding: .3rem 0; }
.signs td, .signs th { padding-top: .15rem; padding-bottom: .15rem; }
.signs td:last-child, .signs th:last-child { padding-left: .8rem; }
.signs td.sign { text-align: center; padding-right: 0; font-weight: 600; }
.who { font-size: .9rem; }
</style>
</head>
<body>
<main>
<h1>{{ first.week if first else "No submissions" }}: the class</h1>
<p>{{ table | length | count("student") }}, {{ marks | length | count("submission") }}.
{% if points %}
Median {{ median | number }}, mean {{ mean | round(1) | number }} of
{{ first.max_points | number }} points.
{% endif %}
{% if table | length > points | length %}
<strong>{{ (table | length - points | length) | count("student") }} not graded, which is no
zero.</strong>
{% endif %}
</p>
{% if first %}
<p class="quiet">Hidden inputs from seed {{ seeds | join(", ") }}; sandbox:
{{ sandboxes | join(", ") }}. {{ late }}</p>
{% endif %}
{% if figures %}
<h2>How it went</h2>
{% for alt, source in figures %}
<p><img src="{{ source }}" alt="{{ alt }}"></p>
{% endfor %}
{% endif %}
{% if checks %}
<table>
<caption>Table 1. Students by check and result.</caption>
<thead><tr><th scope="col">Check</th>
{% for status in statuses %}
<th scope="col" class="n">{{ status }}</th>
{% endfor %}
</tr></thead>
<tbody>
{% for name in checks %}
<tr><th scope="row"><code>{{ name }}</code></th>
{% for status in statuses %}
<td class="n">{{ distribution[name][status] or "" }}</td>
{% endfor %}
</tr>
{% endfor %}
</tbody>
</table>
{% endif %}
<h2>Most common misconceptions</h2>
{% if misconceptions %}
<table>
<thead><tr><th scope="col" class="n">Students</th><th scope="col">Check</th>
<th scope="col">Misconception</th><th scope="col">Who</th></tr></thead>
<tbody>
{% for name, reason, students in misconceptions %}
<tr><td class="n">{{ students | length }}</td><td><code>{{ name }}</code></td>
<td>{{ reason | prose }}</td><td class="who">{{ students | join(", ") }}</td></tr>
{% endfor %}
</tbody>
</table>
{% if n_rare %}
<p class="quiet">And {{ n_rare }} less common; the feedback pages name them.</p>
{% endif %}
{% else %}
<p>None was recognised.</p>
{% endif %}
<h2>Near-identical answers</h2>
{% if alike %}
<p>These students share answers that hardly anyone else wrote, after names, comments and formatting
were taken out; the most surprising first. It is a reason to read both files, and proves nothing.
</p>
<table>
<thead><tr><th scope="col">Students and files</th><th scope="col">Shared answers</th>
<th scope="col" class="n">Bits</th></tr></thead>
<tbody>
{% for group in alike %}
<tr><td>{% for student in group.students %}
{{ student }} <span class="quiet who">{{ paths.get(student, "") }}</span><br>
{% endfor %}</td>
<td>{% for name, students in group.answers.items() %}
<code>{{ name }}</code>{% if students | length < group.students | length %} <span class="who">
({{ students | join(", ") }})</span>{% endif %}<br>
{% endfor %}</td>
<td class="n">{{ group.bits | round | number }}</td></tr>
{% endfor %}
</tbody>
</table>
<p class="quiet">Bits: how surprising it would be, were they written independently; 10 bits are one
in a thousand, 20 one in a million.</p>
{% else %}
<p>None that hardly anyone else wrote.</p>
{% endif %}
{% set odd = marks | rejectattr("status", "equalto", "graded") | list %}
<h2>Files that were not graded</h2>
{% if odd %}
<table>
<thead><tr><th scope="col">Student</th><th scope="col">File</th><th scope="col">Status</th></tr>
</thead>
<tbody>
{% for mark in odd %}
<tr><th scope="row">{{ mark.student }}</th><td>{{ mark.path }}</td><td>{{ mark.status }}</td></tr>
{% endfor %}
</tbody>
</table>
{% else %}
<p>None.</p>
{% endif %}
<h2>For a human look</h2>
{% if flags %}
<table>
<thead><tr><th scope="col">Student</th><th scope="col">Check</th><th scope="col">What</th></tr>
</thead>
<tbody>
{% for flag in flags %}
<tr><th scope="row">{{ flag.student }}</th><td><code>{{ flag.check }}</code></td>
<td>{{ flag.flag | prose }}</td></tr>
{% endfor %}
</tbody>
</table>
{% else %}
<p>Nothing.</p>
{% endif %}
<h2>Everyone</h2>
<table class="signs">
<caption>{% for status, (sign, _) in STATUSES.items() %}
{{ sign }} {{ status }}{{ "" if loop.last else "&ensp;" | safe }}
{% endfor %}</caption>
<thead><tr><th scope="col">Student</th><th scope="col" class="n">Points</th>
{% for name in checks %}
<th scope="col" class="name"><code>{{ name }}</code></th>
{% endfor %}
<th scope="col">Status</th></tr></thead>
<tbody>
{% for row in table %}
<tr><th scope="row"><a href="{{ links[row.student] | urlencode }}">
{{- row.student }}</a></th>
<td class="n">{{ row.points | number }}</td>
{% for name in checks %}
{% set status = status_of[row.student].get(name, "") %}
<td class="sign {{ status }}">{% if status %}<span role="img" aria-label="{{ status }}"
 title="{{ status }}">{{ STATUSES.get(status, "?")[0] }}</span>{% endif %}</td>
{% endfor %}
<td>{{ row.status }}</td></tr>
{% endfor %}
</tbody>
</table>
</main>
</body>
</html>"""
