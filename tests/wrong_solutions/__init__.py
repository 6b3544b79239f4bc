"""Wrong solutions as students write them, a module a week, and how they are entered.

In each module ``WRONG[question][name]`` is a function and the part of the message that names its
misconception; ``RIGHT[question]`` are solutions in other styles that a check must accept.
"""

from collections import defaultdict


def new_bank():
    """Return an empty bank: WRONG, RIGHT, and the decorators that enter a function in them."""
    bad, good = defaultdict(dict), defaultdict(list)

    def wrong(question, words):
        def enter(function):
            bad[question][function.__name__] = (function, words)
            return function

        return enter

    def right(question):
        def enter(function):
            good[question].append(function)
            return function

        return enter

    return bad, good, wrong, right
