"""Forms about the law: a row of a draft, a table as CSV, an activation, an emergency."""

from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from channels.models import MessageClass
from compliance.law import cells, drafts, rule_sets, tables
from compliance.law.rules import ALL_CHANNELS, KINDS, LIFT_WORDS, BanRow, Row
from compliance.models import RuleSet

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
KIND_LABELS = {
    "statute": "statute",
    "operator": "an operator's rule",
    "statute-device": "statute about some devices (strict profile)",
    "strict": "disputed reach (strict profile)",
    "vendor-default": "what vendors do by default (profile “all”)",
}
LIFT_LABELS = {
    "no": "no",
    "yes": "yes, by express consent",
    "written": "yes, by consent in writing",
    "separate-night-consent": "yes, by a separate consent to messages at night",
    "disputed": "disputed: enforced anyway",
}
TABLE_LABELS = {"hours": "Hours", "bans": "Bans", "caps": "Statutory caps"}
MOST_BYTES = 2_000_000


def _text(label: str, help_text: str = "", *, required: bool = True, length: int = 400) -> forms.CharField:
    return forms.CharField(
        label=label, help_text=help_text, required=required, max_length=length, widget=UnfoldAdminTextInputWidget
    )


def _choice(label: str, choices: Any, help_text: str = "") -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=choices, help_text=help_text, widget=UnfoldAdminSelectWidget)


def _day(label: str, help_text: str) -> forms.DateField:
    # A date field of the browser: it needs no script, and speaks the reader's language.
    widget = UnfoldAdminTextInputWidget({"type": "date"})
    return forms.DateField(label=label, help_text=help_text, required=False, widget=widget)


def _ticks(label: str, choices: Any, sentence: str, help_text: str = "") -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label,
        choices=choices,
        help_text=help_text,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        error_messages={"required": sentence},
    )


def _channels() -> forms.MultipleChoiceField:
    labels = [(name, "every channel" if name == ALL_CHANNELS else name) for name in cells.CHANNELS]
    return _ticks("Channels", labels, "Tick at least one channel.", "MMS and RCS count as SMS.")


class RowForm(forms.Form):
    """What every row has. Fields are called as the columns of the CSV, so that both are read by the same code."""

    table = ""

    jurisdiction = _text("Jurisdiction", "Country, or country and region, as in ISO 3166: FR, US-FL.", length=10)
    channels = _channels()
    category = _choice("Message class", MessageClass.choices)
    source = _text("Source", "The statute, or the page that says so.")
    effective_from = _day("Holds from", "First day, by the person's calendar. Empty: always has.")
    effective_to = _day("Holds until", "Last day. Empty: no end is known.")
    note = forms.CharField(
        label="Note",
        required=False,
        widget=UnfoldAdminTextareaWidget({"rows": 3}),
        help_text="What a reader should know.",
    )

    def __init__(self, *args: Any, rule_set: RuleSet, pk: int | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.rule_set, self.pk = rule_set, pk
        self.row: Row | None = None

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors:
            try:
                self.row = drafts.read(self.rule_set, self.table, _cells(self.table, data), self.pk)
            except tables.BadTable as error:
                for mistake in error.mistakes:
                    self.add_error(mistake.column if mistake.column in self.fields else None, mistake.text)
        return data


class HoursForm(RowForm):
    """Hours in which sending is allowed."""

    table = "hours"
    weekday = _ticks("Weekdays", list(zip(cells.WEEKDAYS, DAYS, strict=True)), "Tick at least one weekday.")
    allowed_start_local = _text("Allowed from", "By the person's clock, e.g. 08:00.", required=False, length=5)
    allowed_end_local = _text(
        "Allowed until",
        "24:00 is the end of the day. Neither: nothing is allowed on these days.",
        required=False,
        length=5,
    )
    holidays_excluded = forms.BooleanField(
        label="Nothing on public holidays",
        required=False,
        widget=UnfoldBooleanWidget,
        help_text="Observed days count too.",
    )
    confidence = _choice("Confidence", [(word, word) for word in tables.CONFIDENCES], "How sure we are of the reading.")
    kind = _choice("Kind", [(word, KIND_LABELS[word]) for word in KINDS], "Which profiles it holds in.")
    lifted_by_consent = _choice("Lifted by consent", [(word, LIFT_LABELS[word]) for word in LIFT_WORDS])
    field_order = (
        "jurisdiction", "channels", "category", "weekday", "allowed_start_local", "allowed_end_local", "holidays_excluded",
        "source", "confidence", "kind", "lifted_by_consent", "effective_from", "effective_to", "note",
    )  # fmt: skip


class BanForm(RowForm):
    """A channel that must not be used."""

    table = "bans"
    code = _choice(
        "Reason that decisions give",
        [("channel_restricted", "channel_restricted"), ("state_emergency", "state_emergency")],
    )
    field_order = ("jurisdiction", "channels", "category", "code", "source", "effective_from", "effective_to", "note")


class CapForm(RowForm):
    """How often a law lets somebody be contacted."""

    table = "caps"
    limit = _text("Limit", "At most so many.", length=5)
    counts = _choice("What is counted", [("messages", "messages"), ("channels", "different channels")])
    window = _choice(
        "Within",
        [
            ("24h", "any 24 hours"),
            ("local-day", "a day by the person's clock"),
            ("local-week", "a week by the person's clock"),
        ],
    )
    same_subject = forms.BooleanField(
        label="Only messages on the same subject count", required=False, widget=UnfoldBooleanWidget
    )
    field_order = (
        "jurisdiction", "channels", "category", "limit", "counts", "window", "same_subject", "source", "effective_from",
        "effective_to", "note",
    )  # fmt: skip


FORMS: dict[str, type[RowForm]] = {form.table: form for form in (HoursForm, BanForm, CapForm)}


def initial(table: str, row: Row) -> dict[str, Any]:
    """What the form of a row shows first."""
    found: dict[str, Any] = drafts.said(table, row)
    found["channels"] = found["channels"].split()
    if "weekday" in found:
        found["weekday"] = [cells.WEEKDAYS[day] for day in cells.weekdays(found["weekday"])]
    return {
        name: value == "yes" if name in ("holidays_excluded", "same_subject") else value
        for name, value in found.items()
    }


def _cells(table: str, data: dict[str, Any]) -> dict[str, str]:
    _, columns = rule_sets.TABLES[table]
    return {column: _cell(data[column]) for column in columns}


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " ".join(value)
    return "" if value is None else str(value)


class UploadForm(forms.Form):
    """A table as CSV, in the place of the one in the draft."""

    table = _choice("Table", list(TABLE_LABELS.items()), "All its rows in this draft are replaced.")
    file = forms.FileField(
        label="CSV file", widget=UnfoldAdminFileFieldWidget, help_text="With the columns of the download, in UTF-8."
    )

    def clean_file(self) -> str:
        """The text of the file."""
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(f"The file has {file.size:,} bytes; at most {MOST_BYTES:,} are read.")
        try:
            text: str = file.read().decode("utf-8")
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            raise forms.ValidationError(f"Line {line} is not UTF-8; save the file as “CSV UTF-8”.") from error
        return text


def _sure(label: str) -> forms.BooleanField:
    return forms.BooleanField(
        label=label, widget=UnfoldBooleanWidget, error_messages={"required": "Tick the box to confirm."}
    )


class ActivateForm(forms.Form):
    """The last question before a draft becomes the law that the gate judges by."""

    reason = _text("Why", "Becomes the note of the set.", length=300)
    sure = _sure("I have read the changes: from now on every message is judged by this rule set")


class EmergencyForm(forms.Form):
    """Marketing off in a jurisdiction, at once."""

    jurisdiction = _text("Where", "Country, or country and region, as in ISO 3166: US-LA.", length=10)
    channels = _channels()
    reason = _text("Why", "The declaration, with its date and where it can be read. Every decision names it.")
    until = _day("Ends by itself after", "Last day, by the person's calendar. Empty: until somebody ends it here.")
    sure = _sure("I am sure: from now on no marketing goes there")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["channels"].initial = [ALL_CHANNELS]

    def clean_jurisdiction(self) -> str:
        said = str(self.cleaned_data["jurisdiction"]).strip().upper()
        try:
            return cells.jurisdiction(said)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error

    def ban(self) -> BanRow:
        """The row to be switched on."""
        data = self.cleaned_data
        return BanRow(
            jurisdiction=data["jurisdiction"],
            channels=tuple(data["channels"]),
            category=MessageClass.MARKETING.value,
            source=data["reason"],
            effective_to=data["until"],
            code="state_emergency",
        )


class EndForm(forms.Form):
    """That an emergency is over."""

    jurisdiction = forms.CharField(max_length=10)
    sure = _sure("I am sure: marketing may go there again")
