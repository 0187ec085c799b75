"""The law of sending: which hours, bans and limits hold for a person, from numbered rule sets with their sources.

It is not legal advice. `rules` are the values, `tables` reads and writes them as CSV, `rule_sets` keeps their versions,
`hours` turns rows into windows, `judging` answers when something may leave.
"""
