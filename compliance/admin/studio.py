"""What the studio, a floor below, is told of words while they are written: everything that stands against them."""

from channels.admin import studio
from compliance import reviews

studio.checks.problems = reviews.problems
