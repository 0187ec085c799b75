"""Floor 0: settings, and the few mechanisms that every floor stands on."""

import zoneinfo

# Zone rules come from the tzdata package alone: a system's own files are often months behind the law.
zoneinfo.reset_tzpath(to=())
