"""What would the gate say? A hypothetical person, message and instant, judged by the very code that judges real ones.

Nothing is stored. `reading` makes facts of JSON, `answering` judges them and makes JSON of the answer.
"""

from compliance.whatif.answering import evaluate
from compliance.whatif.fields import BadCase

__all__ = ["BadCase", "evaluate"]
