"""Tables, pages and the report on the class; who shares answers."""

import csv
import html.parser
import io
import itertools
import json
import random
import re
from dataclasses import replace

import pytest

from course_utils.grading import pages, reports
from course_utils.grading.judge import CheckMark, Mark
from course_utils.grading.similarity import similar

NASTY = "<script>alert(1)</script>&'\""


def check(name="f", points=3.0, status=None, **more):
    status = status or ("right" if points else "wrong")
    return CheckMark(name, points, 3.0, status, **more)


def mark(student="ada", *checks, **more):
    checks = list(checks) or [check("f"), check("g", 0)]
    points = more.pop("points", sum(one.points for one in checks))
    values = {"path": f"{student}.ipynb", "week": "week01", "seed": 7, "status": "graded"}
    values |= {"max_points": 3.0 * len(checks), "sandbox": "limits", **more}
    return Mark(student=student, checks=checks, points=points, **values)


def worth(points, student="ada", **more):
    """Return a mark of so many points of 6."""
    return mark(student, check("f", points), check("g", 0), **more)


UNREADABLE = mark(
    "dee",
    check("f", 0, "not done"),
    check("g", 0, "not done"),
    status="unreadable: it is not JSON (line 3)",
)
NOT_GRADED = mark(
    "eli",
    check("f", 0, "not graded"),
    check("g", 0, "not graded"),
    status="not graded: the sandbox does not start",
    points=None,
)


def table(path):
    """Return a CSV file as a spreadsheet reads it."""
    content = path.read_bytes()
    assert not content.startswith(b"\xef\xbb\xbf") and b"\r" not in content
    return list(csv.reader(io.StringIO(content.decode("utf-8"))))


def points(marks, **more):
    return {row.student: row.points for row in reports.rows(marks, **more)}


# Policies


def test_a_student_keeps_the_best_of_several_submissions():
    marks = [worth(1, path="ada/1.ipynb"), worth(3, path="ada/2.ipynb"), worth(0, "bo")]
    ada, bo = reports.rows(marks)
    assert (ada.student, ada.points, ada.mark.path, ada.attempts) == ("ada", 3, "ada/2.ipynb", 2)
    assert (bo.student, bo.points, bo.attempts) == ("bo", 0, 1)


def test_of_equal_submissions_the_earliest_counts():
    late = worth(2, path="a", submitted="2025-05-31T10:00:00Z")
    early = worth(2, path="b", submitted="2025-05-30T10:00:00Z")
    assert [row.mark.path for row in reports.rows([late, early])] == ["b"]


def test_not_graded_is_no_zero_and_no_better_than_points():
    failed = replace(NOT_GRADED, student="ada")
    assert points([worth(0), failed]) == {"ada": None}
    assert points([worth(1), failed]) == {"ada": 1}


@pytest.mark.parametrize(
    ("submitted", "left", "status"),
    [
        ("2025-05-31T23:59:59+00:00", 3, "graded"),
        ("2025-06-01T00:00:00+00:00", 3, "graded"),
        ("2025-06-01T01:00:00+02:00", 3, "graded"),
        ("2025-06-01T00:00:01+00:00", 2.4, "graded, 1 day late"),  # 3 - 0.1 * 6
        ("2025-06-02T00:00:01+00:00", 1.8, "graded, 2 days late"),
        ("2025-09-01T00:00:00+00:00", 0, "graded, 92 days late"),
        ("", 3, "graded"),
        ("soon", 3, "graded"),
        ("0001-01-01T00:00:00+14:00", 3, "graded"),
    ],
)
def test_late_days_cost_a_share_of_the_points_to_be_had(submitted, left, status):
    (row,) = reports.rows([worth(3, submitted=submitted)], due="2025-05-31")
    assert (row.points, row.status) == (pytest.approx(left), status)
    assert points([worth(3, submitted=submitted)]) == {"ada": 3}  # nothing is due


def test_a_late_submission_counts_if_it_is_still_better():
    early = worth(1, path="early", submitted="2025-05-31T10:00:00Z")
    late = worth(3, path="late", submitted="2025-06-01T10:00:00Z")
    (row,) = reports.rows([early, late], due="2025-05-31")
    assert (row.mark.path, row.points) == ("late", pytest.approx(2.4))


def test_a_due_date_that_cannot_be_read_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(ValueError, match=r"'next week' cannot be read; write 2025-05-31"):
        reports.write(tmp_path, [mark()], due="next week")
    assert not list(tmp_path.iterdir())


def test_each_member_of_a_group_gets_its_row_and_nobody_two():
    marks = [
        worth(3, "ada lovelace", members=["Ada  Lovelace", "Bo", "CY "]),
        worth(1, "cy"),  # handed in alone too
        worth(2, "bob"),
    ]
    assert points(marks) == {"ada lovelace": 3, "Bo": 3, "bob": 2, "cy": 3}
    assert [row.attempts for row in reports.rows(marks)] == [1, 1, 1, 2]


def test_one_member_typed_in_two_ways_is_one_person():
    marks = [worth(1, "ada", members=["Bo Ek"]), worth(2, "cy", members=["bo  ek"])]
    assert points(marks) == {"ada": 1, "Bo Ek": 2, "cy": 2}


def test_students_whose_names_differ_in_capitals_keep_their_rows():
    marks = [worth(1, "Ada"), worth(2, "ada"), worth(3, "bo", members=["ADA"])]
    assert points(marks) == {"Ada": 3, "ada": 3, "bo": 3}
    found = {(flag.student, flag.flag) for flag in reports.flags(marks)}
    assert ("ada", "the member 'ADA' may be any of Ada, ada") in found
    marks[2].members = ["Ada"]
    assert points(marks) == {"Ada": 3, "ada": 2, "bo": 3}


# Flags


def test_what_a_human_should_look_at():
    marks = [
        mark("ada", check("f", flags=["uses torch.nn.LSTM"]), members=["Bo", "Cy"]),
        mark("dee", members=["bo"], broken=[[3, "SyntaxError: invalid syntax (line 1)"]]),
        replace(UNREADABLE, student="eli"),
        mark("fay", members=[f"friend {i}" for i in range(9)]),
    ]
    named = "is named by more than one submission: ada.ipynb, dee.ipynb"
    assert [(flag.student, flag.check, flag.flag) for flag in reports.flags(marks)] == [
        ("ada", "f", "uses torch.nn.LSTM"),
        ("Bo", "", named),
        ("dee", "", "code cell 3 does not compile: SyntaxError: invalid syntax (line 1)"),
        ("eli", "", "unreadable: it is not JSON (line 3)"),
        ("fay", "", "names 9 members, each of whom has a row"),
    ]


def test_a_student_named_by_another_and_present_is_flagged():
    flags = reports.flags([mark("ada"), mark("mallory", members=["Ada"])])
    assert [flag.student for flag in flags] == ["ada"]


def test_several_attempts_of_one_group_are_no_reason_for_a_flag():
    marks = [mark("ada", path=path, members=["Bo"]) for path in ("1", "2")]
    assert reports.flags(marks) == []


def test_flags_name_the_file_where_there_are_several():
    marks = [mark("ada", check(flags=["odd"]), path="ada/1.ipynb"), mark("ada", path="ada/2.ipynb")]
    assert [flag.flag for flag in reports.flags(marks)] == ["ada/1.ipynb: odd"]


# Tables


def test_grades_csv(tmp_path):
    half = mark("bo", check("f", 1.5, "wrong"), check("g", 0, "not graded"), points=1.5)
    broken_off = replace(NOT_GRADED, student="fay", checks=[check("f"), check("g")])
    everyone = [mark("ada"), half, UNREADABLE, NOT_GRADED, broken_off]
    reports.write_grades(tmp_path / "grades.csv", reports.rows(everyone))
    assert table(tmp_path / "grades.csv") == [
        ["student", "points", "max_points", "status", "f", "g"],
        ["ada", "3", "6", "graded", "3", "0"],
        ["bo", "1.5", "6", "graded", "1.5", ""],
        ["dee", "0", "6", "unreadable: it is not JSON (line 3)", "0", "0"],
        ["eli", "", "6", "not graded: the sandbox does not start", "", ""],
        ["fay", "", "6", "not graded: the sandbox does not start", "", ""],
    ]


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM", "'@SUM"),
        ("\t=1", "' =1"),
        ("\r\n=1", "'  =1"),
        ("＝1", "'＝1"),
        ("a,b;c", "a,b;c"),
        ('a"b', 'a"b'),
        ("Åsa Öz 李", "Åsa Öz 李"),
        ("\ud800x\x00\u202e", "x"),  # neither half a character nor turned writing
    ],
)
def test_a_spreadsheet_meets_no_formula_and_no_broken_line(tmp_path, name, cell):
    marks = [mark(name, status=name)]
    reports.write_grades(tmp_path / "a.csv", reports.rows(marks))
    assert table(tmp_path / "a.csv")[1][0] == table(tmp_path / "a.csv")[1][3] == cell
    reports.write_flags(tmp_path / "b.csv", [reports.Flag("ada", "f", name)])
    assert table(tmp_path / "b.csv") == [["student", "check", "flag"], ["ada", "f", cell]]


def test_columns_are_there_even_if_one_mark_lacks_checks(tmp_path):
    nothing = replace(UNREADABLE, checks=[])
    reports.write_grades(tmp_path / "grades.csv", reports.rows([nothing, mark()]))
    header, ada, dee = table(tmp_path / "grades.csv")
    assert header[4:] == ["f", "g"] and ada[4:] == ["3", "0"] and dee[4:] == ["0", "0"]


def test_nbgrader_csv_has_the_columns_of_its_exporter(tmp_path):
    late = worth(3, submitted="2025-06-01T10:00:00+00:00")
    rows = reports.rows([late, worth(2, "bo"), NOT_GRADED], due="2025-05-31")
    reports.write_nbgrader(tmp_path / "nbgrader.csv", rows, due="2025-05-31")
    header, ada, bo, eli = table(tmp_path / "nbgrader.csv")
    assert (
        header
        == (
            "assignment duedate timestamp student_id last_name first_name email raw_score "
            "late_submission_penalty score max_score"
        ).split()
    )
    due = "2025-06-01 00:00:00"
    assert ada == ["week01", due, "2025-06-01 10:00:00", "ada", "", "", "", "3", "0.6", "2.4", "6"]
    assert bo == ["week01", due, "", "bo", "", "", "", "2", "0", "2", "6"]
    assert eli[3:] == ["eli", "", "", "", "", "", "", "6"]


# File names


def test_file_names_are_safe_and_distinct():
    odd = ["../../etc/passwd", "..", ".", "", " ", "a/b", "a\\b", "a:b", "a\x00b", "con", "COM1.x"]
    odd += ["x" * 300, "x" * 301, "é", "e\u0301", "Ada", "ada", "ADA", "ß", "ss", "\ud800", "👩‍🔬"]
    odd += ["-rf", ".hidden", "end.", "a\nb", "a\u202eb", "李" * 100, "straße", "अदा"]
    names = reports.file_names(odd)
    assert list(names) == odd
    assert len({name.casefold() for name in names.values()}) == len(odd)
    for name in names.values():
        assert len(f".{name}.html.1234567.part".encode()) < 255
        assert not re.search(r'[/\\:*?"<>|\x00-\x1f]', name)
        assert name == name.strip(" .") and not name.startswith("-")
        assert not re.fullmatch(r"(?i)(con|com1)(\..*)?", name)
    assert names["é"] == "é" and names["अदा"] == "अदा" and names["ADA"] == "ADA"


def test_plain_names_stay_and_others_do_not_depend_on_the_rest_of_the_class():
    plain = ["ada", "Ada Lovelace", "s-12_b", "o'brien", "a.b@c.edu", "x (1)"]
    names = reports.file_names([*plain, "a/b"])
    assert all(names[student] == student for student in plain)
    assert reports.file_names(["a/b"])["a/b"] == names["a/b"]


def test_a_name_that_looks_like_a_safe_one_takes_nothing_away():
    safe = reports.file_names(["a/b"])["a/b"]
    names = reports.file_names([safe, "a/b"])
    assert names[safe] == safe and names["a/b"] != safe


# Pages


class Page(html.parser.HTMLParser):
    """The tags, attributes and text of a page; tags that are not closed fail the test."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.open, self.text = [], [], [], ""
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        if tag not in ("meta", "br", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        self.text += " " * (tag in ("td", "th"))

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.text += data


def feedback(one, **more):
    row = next(row for row in reports.rows([one], **more) if row.student == one.student)
    return Page(pages.feedback(row))


def assert_offline_and_inert(page):
    assert not {"script", "link", "iframe", "object", "form", "base"}.intersection(page.tags)
    for tag, name, value in page.attributes:
        assert not name.startswith("on")
        if name == "src":
            assert tag == "img" and value.startswith("data:image/png;base64,")
        if name == "href":
            assert re.fullmatch(r"feedback/[^/:?#]+\.html", value)


def test_feedback_says_what_and_why():
    one = mark(
        "ada",
        check("f", 3, feedback="Right."),
        check("g", 0, reason="the sign is wrong", feedback="Wrong, because the sign is wrong."),
        check("h", 0, "raised", feedback="Raised KeyError."),
        check("i", 0, "not done", feedback="Not done yet."),
        check("j", 0, "stopped"),
        check("k", 0, "died"),
        check("l", 0, "not graded"),
        broken=[[3, "SyntaxError: invalid syntax (line 1)"]],
        members=["Bo"],
    )
    text = " ".join(feedback(one).text.split())
    assert "week01: ada" in text and "3 of 21 points" in text and "Group: Bo" in text
    for said in ("✓ right 3 of 3", "✗ wrong 0 of 3", "! raised", "– not done", "Not done yet."):
        assert said in text
    assert "an endless loop?" in text and "too much memory" in text  # where the judge says nothing
    assert "? not graded – of 3" in text
    assert text.count("the sign is wrong") == 1  # not once more as the reason
    assert "Code cell 3: SyntaxError: invalid syntax (line 1)" in text


def test_feedback_on_a_file_that_was_not_graded():
    text = feedback(UNREADABLE).text
    assert "Unreadable: it is not JSON (line 3). Hand in the notebook" in text
    assert "0 of 6 points" in text and "not done" not in text
    text = feedback(NOT_GRADED).text
    assert "Not graded" in text and "counts as no zero" in text and "0 of 6" not in text


def test_feedback_on_a_late_submission():
    late = worth(3, submitted="2025-06-01T10:00:00+00:00")
    text = " ".join(feedback(late, due="2025-05-31").text.split())
    assert "2.4 of 6 points" in text
    assert "The checks came to 3 points; the submission came 1 day late." in text


def nasty():
    """Return a mark in which every text is an attack on the page."""
    bad = check(NASTY, 0, reason=NASTY, feedback=f"{NASTY}\n`{NASTY}`", flags=[NASTY])
    texts = {"path": NASTY, "members": [NASTY], "broken": [[1, NASTY]], "sandbox": NASTY}
    return mark(NASTY, bad, **texts, week=NASTY)


@pytest.mark.parametrize("status", ["graded", NASTY])
def test_whatever_a_submission_brings_along_is_only_text(status):
    one = replace(nasty(), status=status)
    page = feedback(one)
    assert NASTY in page.text
    assert_offline_and_inert(page)


def test_what_no_file_can_hold_is_taken_out(tmp_path):
    odd = "a\ud800b\x00c\u202ed\x1b[1me"
    reports.write(tmp_path, [mark(odd, check("f", feedback=odd, flags=[odd]), path=odd)])
    for path in tmp_path.rglob("*.*"):
        text = path.read_bytes().decode("utf-8")
        assert not re.search("[\x00-\x09\x0b-\x1f\u202e]", text), path.name
        assert "abcd[1me" in text or path.name == "nbgrader.csv" or path.suffix == ".json"


def class_of(n):
    """Return marks of a class, in which the second copied from the first, and a folder's worth."""
    rng = random.Random(3)
    marks = []
    for i in range(n):
        checks = [
            check("f", 3 * rng.randrange(2)),
            check("g", 0, rng.choice(list(pages.STATUSES)[1:]), reason=rng.choice(["", "why `n`"])),
        ]
        shapes = {name: " ".join(rng.choices("abcdefgh", k=60)) for name in ("f", "g")}
        marks.append(mark(f"student {i:03}", *checks, shapes=shapes))
    marks[1].shapes = dict(marks[0].shapes)
    return [*marks, UNREADABLE, NOT_GRADED, nasty()]


def test_the_report_on_the_class(tmp_path):
    reports.write(tmp_path, class_of(30), due="2025-05-31")
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert_offline_and_inert(page)
    assert page.tags.count("img") == 2
    assert all(value for tag, name, value in page.attributes if (tag, name) == ("img", "alt"))
    text = " ".join(page.text.split())
    assert "33 students, 33 submissions" in text and "1 student not graded" in text
    assert "Hidden inputs from seed 7" in text and "Due 2025-06-01 00:00 UTC" in text
    assert "student 000 student 000.ipynb student 001 student 001.ipynb f g" in text  # alike
    assert "dee dee.ipynb unreadable: it is not JSON (line 3)" in text
    assert "near-identical to student 001: f, g" in text  # among the flags
    links = {value for _, name, value in page.attributes if name == "href"}
    assert len(links) == 33 and "feedback/student%20000.html" in links


def test_misconceptions_are_counted_and_named_the_most_common_first(tmp_path):
    def with_reason(student, reason, status="wrong"):
        return mark(student, check("f", 0, status, reason=reason))

    marks = [with_reason("ada", "a rare one")]
    marks += [with_reason(student, "the usual one") for student in ("bo", "cy")]
    marks += [with_reason("dee", "no mistake", "right"), with_reason("eli", "")]
    marks[1].members = ["fay"]
    found = pages._misconceptions(reports.rows(marks))
    assert found == [("f", "the usual one", ["bo", "cy", "fay"]), ("f", "a rare one", ["ada"])]


def test_the_same_marks_give_the_same_bytes_in_any_order(tmp_path):
    marks = class_of(12)
    assert len({one.student for one in marks}) == 15
    reports.write(tmp_path / "a", marks)
    random.Random(1).shuffle(marks)
    reports.write(tmp_path / "b", [Mark.from_json(one.to_json()) for one in marks])
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*.*"))
    assert len(files) == 4 + 2 * 15
    assert files == sorted(path.relative_to(tmp_path / "b") for path in tmp_path.glob("b/**/*.*"))
    for name in files:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name


@pytest.mark.parametrize(
    "marks", [[], [NOT_GRADED], [UNREADABLE], [replace(UNREADABLE, checks=[])]]
)
def test_a_class_of_nearly_nobody_has_a_report(tmp_path, marks):
    reports.write(tmp_path, marks)
    assert_offline_and_inert(Page((tmp_path / "report.html").read_text(encoding="utf-8")))


# Gradescope


def test_gradescope_results():
    one = mark("ada", check("f", 3, feedback="Right."), check("g", 0, feedback="Wrong."))
    results = reports.gradescope(one)
    assert results["score"] == 3 and results["output"] == "Graded."
    f, g = results["tests"]
    assert f == {
        "name": "f",
        "score": 3,
        "max_score": 3,
        "status": "passed",
        "output": "right\nRight.",
        "output_format": "text",
        "visibility": "visible",
    }
    assert (g["score"], g["status"], g["output"]) == (0, "failed", "wrong\nWrong.")
    json.dumps(results, allow_nan=False)


def test_gradescope_gives_no_zero_for_what_was_not_graded():
    results = reports.gradescope(NOT_GRADED)
    assert "score" not in results and results["tests"] == []
    assert "counts as no zero" in results["output"]
    results = reports.gradescope(UNREADABLE)
    assert results["score"] == 0 and results["output"].startswith("Unreadable: it is not JSON")


# Who shares answers

WORDS = [88, 42, 28, 60, 79, 31, 86, 37, 58, 20]  # as long as the answers of a week


def text(name, variant, words):
    rng = random.Random(f"{name} {variant}")
    return " ".join(rng.choices(["v0", "v1", "v2", "sum", "log", *"+-()[]=:01"], k=words))


def classroom(n, seed=0):
    """Return a class that writes independently: a few usual answers, and many of one's own."""
    rng = random.Random(seed)
    marks = []
    for i in range(n):
        shapes = {}
        for j, words in enumerate(WORDS):
            usual = range(words)
            variant = rng.choices(usual, [1 / (v + 1) ** 1.3 for v in usual])[0]
            shapes[f"f{j}"] = text(j, variant if rng.random() < 0.6 else f"{i} own", words)
        marks.append(mark(f"s{i:03}", shapes=shapes))
    return marks


def found(marks):
    return [group.students for group in similar(marks)]


def test_independent_students_are_not_listed():
    assert found(classroom(200)) == []


def test_copies_are_found_among_two_hundred_and_nobody_else():
    marks = classroom(200)
    for i in (11, 12, 13):
        marks[i].shapes = dict(marks[10].shapes)
    for name in ("f0", "f4", "f6", "f8"):  # the long ones of somebody else's
        marks[21].shapes[name] = marks[20].shapes[name] = text(name, "own", 80)
    groups = similar(marks)
    assert [group.students for group in groups] == [
        ("s010", "s011", "s012", "s013"),
        ("s020", "s021"),
    ]
    assert set(groups[1].answers) == {"f0", "f4", "f6", "f8"}
    assert groups[1].answers["f0"] == ("s020", "s021")
    assert all(group.bits > 19 for group in groups)


def test_a_copy_with_small_changes_is_found():
    marks = classroom(60)
    changed = {}
    for name, answer in marks[0].shapes.items():
        words = answer.replace("v1", "v9").split()  # numbered from another beginning
        words[len(words) // 2] = "changed"
        changed[name] = " ".join(words)
    marks[1].shapes = changed
    assert found(marks) == [("s000", "s001")]


def test_what_everybody_writes_counts_for_nothing():
    marks = classroom(60)
    for one in marks:
        one.shapes = {name: text(name, "usual", 90) for name in one.shapes}
    assert found(marks) == []


def test_a_third_of_the_class_may_write_the_textbook_answer():
    marks = classroom(60, seed=1)
    for one in marks[:20]:
        one.shapes = {name: text(name, "textbook", 30) for name in one.shapes}
    assert found(marks) == []


def test_long_answers_with_few_forms_do_not_drown_the_report():
    rng = random.Random(5)
    marks = [
        mark(f"s{i:03}", shapes={f"f{j}": text(j, rng.randrange(60), 250) for j in range(2)})
        for i in range(100)
    ]
    assert found(marks) == []


def test_two_alone_are_compared_by_length():
    long = {f"f{j}": text(j, "own", 90) for j in range(3)}
    short = {f"f{j}": text(j, "own", 12) for j in range(3)}
    assert found([mark("ada", shapes=long), mark("bo", shapes=long)]) == [("ada", "bo")]
    assert found([mark("ada", shapes=short), mark("bo", shapes=short)]) == []


def test_who_copies_from_two_is_listed_with_each():
    marks = classroom(60)
    for name in ("f0", "f1", "f4"):
        marks[2].shapes[name] = marks[0].shapes[name] = text(name, "one", 80)
    for name in ("f5", "f6", "f8"):
        marks[2].shapes[name] = marks[1].shapes[name] = text(name, "two", 80)
    assert sorted(found(marks)) == [("s000", "s002"), ("s001", "s002")]


def test_groups_and_attempts_may_be_alike():
    long = {f"f{j}": text(j, "own", 90) for j in range(3)}
    attempts = [mark("ada", path="1", shapes=long), mark("ada", path="2", shapes=long)]
    assert found(attempts) == []
    partners = [mark("Ada", shapes=long, members=["bo"]), mark("bo", shapes=long)]
    assert found(partners) == []
    # To name everybody hides one's own copies, which are flagged then, and nobody else's.
    crowd = [mark(name, shapes=long) for name in ("ada", "bo", "cy")]
    crowd[2].members = ["ada", "bo"]
    assert found(crowd) == [("ada", "bo")]
    assert {flag.student for flag in reports.flags(crowd)} == {"ada", "bo"}


def test_stubs_are_no_answers():
    marks = [mark(name, shapes={"f": "", "g": ""}) for name in ("ada", "bo")]
    assert found(marks) == [] and found([]) == [] and found([mark()]) == []
    marks = classroom(30)
    marks[0].shapes = marks[1].shapes = dict.fromkeys(marks[2].shapes, "")
    assert found(marks) == []


def test_the_order_of_the_marks_does_not_matter():
    marks = classroom(40)
    marks[3].shapes, marks[8].shapes = marks[5].shapes, marks[5].shapes
    once = similar(marks)
    assert once and all(similar(order) == once for order in (marks[::-1], marks[7:] + marks[:7]))
    assert all(a < b for group in once for a, b in itertools.pairwise(group.students))
