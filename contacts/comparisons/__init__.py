"""Comparisons of what stands at a path of a JSON object: `{"path": "cart.total", "op": "gt", "value": 100}`.

One language for properties of events and attributes of contacts, answered in memory (`holds`) and by both databases
(`as_q`), and the answers agree. Its rules: nothing and null are the same. A number is also found in a text that reads like one
(`"29.90"`); nothing else is converted. `is_not` is the opposite of `is`, so it holds where there is nothing.
`contains` looks into texts and lists. Dates are ISO 8601, UTC unless they say otherwise.
"""

from contacts.comparisons.database import as_q
from contacts.comparisons.language import OPERATORS, check
from contacts.comparisons.memory import holds

__all__ = ["OPERATORS", "as_q", "check", "holds"]
