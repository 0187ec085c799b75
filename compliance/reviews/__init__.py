"""Two promises about words: nobody approves his own, and what was approved is what is sent.

Somebody hands a thing in (`submit`), the steps that policies ask for are decided one after the other by different people
(`decide`), and the last yes seals it: SHA-256 over its content and everything that it depends on. Whatever changes
afterwards opens the review again, and the gate refuses the old seal in any case.
"""

from compliance.reviews.asking import current, may_decide
from compliance.reviews.base import About, Reviewable, kind_of, reviewables
from compliance.reviews.closing import retire, withdraw
from compliance.reviews.deciding import decide
from compliance.reviews.dependencies import parts_broken as broken
from compliance.reviews.dependencies import watch
from compliance.reviews.expiring import expire, next_due
from compliance.reviews.opening import problems, reopen, submit
from compliance.reviews.permissions import DECIDE, URGENT
from compliance.reviews.reading import live, of
from compliance.reviews.reopening import review_again

__all__ = [
    "DECIDE",
    "URGENT",
    "About",
    "Reviewable",
    "broken",
    "current",
    "decide",
    "expire",
    "kind_of",
    "live",
    "may_decide",
    "next_due",
    "of",
    "problems",
    "reopen",
    "retire",
    "review_again",
    "reviewables",
    "submit",
    "watch",
    "withdraw",
]
