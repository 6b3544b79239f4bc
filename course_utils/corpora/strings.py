"""Strings and what they become: dates in many forms, and numbers in words.

>>> write_date(datetime.date(1998, 5, 3), "{weekday}, the {ordinal} of {month}, {year}")
'Sunday, the 3rd of May, 1998'
>>> number_words(1_205)
['one', 'thousand', 'two', 'hundred', 'and', 'five']
"""

from __future__ import annotations

import datetime
import random

MONTHS = """January February March April May June July August September October November
    December""".split()
WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
ROMAN = "i ii iii iv v vi vii viii ix x xi xii".split()

# Each form can be read in one way: with slashes the month is first, as in America, with dots the
# day, as in Europe; two figures are a year from 1950 to 2049.
DATE_FORMS = [
    "{day} {month} {year}",
    "{month} {day}, {year}",
    "{ordinal} {month} {year}",
    "the {ordinal} of {month}, {year}",
    "{weekday}, {day} {month} {year}",
    "{weekday}, {month} {day}, {year}",
    "{day} {short} {two}",
    "{short} {day} '{two}",
    "{number}/{day}/{year}",
    "{number}/{day}/{two}",
    "{day}.{number}.{year}",
    "{day}.{number}.{two}",
    "{day} {roman} {year}",
]
FIRST_DAY, LAST_DAY = datetime.date(1950, 1, 1), datetime.date(2049, 12, 31)


def write_date(date: datetime.date, form: str) -> str:
    """Write a date in one of `DATE_FORMS`.

    Examples
    --------
    >>> [write_date(datetime.date(1998, 5, 3), form) for form in DATE_FORMS[-4:]]
    ['5/3/98', '3.5.1998', '3.5.98', '3 v 1998']
    """
    teens = date.day in (11, 12, 13)
    suffix = "th" if teens else {1: "st", 2: "nd", 3: "rd"}.get(date.day % 10, "th")
    month = MONTHS[date.month - 1]  # not strftime: its names are the system's language
    return form.format(
        day=date.day,
        ordinal=f"{date.day}{suffix}",
        weekday=WEEKDAYS[date.weekday()],
        month=month,
        short=month[:3],
        number=date.month,
        roman=ROMAN[date.month - 1],
        year=date.year,
        two=f"{date.year % 100:02}",
    )


def draw_date(rng: random.Random) -> tuple[int, list[str], list[str], str]:
    """Draw a day of the hundred years and write it in a form, all equally often.

    Returns
    -------
    key : int
        The day's number, to keep the days of training and testing apart.
    source, target : list of str
        Characters, such as those of ``3rd May 1998`` and of ``1998-05-03``.
    form : str
        One of `DATE_FORMS`.
    """
    first, last = FIRST_DAY.toordinal(), LAST_DAY.toordinal()
    day = first + int(rng.random() * (last - first + 1))
    date = datetime.date.fromordinal(day)
    form = DATE_FORMS[int(rng.random() * len(DATE_FORMS))]
    return day, list(write_date(date, form)), list(date.isoformat()), form


ONES = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
    fifteen sixteen seventeen eighteen nineteen""".split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()


def number_words(number: int) -> list[str]:
    """Write a number in words, with the British ``and``.

    Raises
    ------
    ValueError
        If the number is not between 0 and 999,999.

    Examples
    --------
    >>> " ".join(number_words(70_042))
    'seventy thousand and forty two'
    """
    if not 0 <= number < 1_000_000:
        raise ValueError(f"number must be between 0 and 999,999, got {number}")
    if number < 20:
        return [ONES[number]]
    if number < 100:
        tens, one = divmod(number, 10)
        return [TENS[tens - 2], *([ONES[one]] if one else [])]
    size, unit = (1000, "thousand") if number >= 1000 else (100, "hundred")
    many, rest = divmod(number, size)
    words = [*number_words(many), unit]
    if rest:
        words += [*(["and"] if rest < 100 else []), *number_words(rest)]
    return words


def draw_number(rng: random.Random) -> tuple[int, list[str], list[str], str]:
    """Draw a number of one to six digits, the more digits the more often.

    Returns
    -------
    key : int
        The number.
    source, target : list of str
        Its words, and its digits.
    kind : str
        How many digits it has, such as ``3 digits``.
    """
    n_digits = 1 + int(6 * max(rng.random(), rng.random()))
    first = 10 ** (n_digits - 1) if n_digits > 1 else 0
    number = first + int(rng.random() * (10**n_digits - first))
    return number, number_words(number), list(str(number)), f"{n_digits} digits"
