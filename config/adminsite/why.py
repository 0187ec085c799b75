"""The question why, before what must not be done without a reason."""

from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget

from config.history import LONGEST


class WhyForm(forms.Form):
    """The reason, for what must not be done without one."""

    reason = forms.CharField(
        label="Why",
        max_length=LONGEST,
        widget=UnfoldAdminTextInputWidget,
        help_text="Kept in the history; everybody who wonders reads it.",
    )
