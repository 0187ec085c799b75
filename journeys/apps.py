from django.apps import AppConfig
from django.db.models.signals import post_migrate


class JourneysConfig(AppConfig):
    name = "journeys"

    def ready(self) -> None:
        from compliance import reviews
        from journeys import belongings, histories, panels, reviewable, tasks  # noqa: F401  (registers what it keeps, cards, pumps …)
        from journeys.base import steps, triggers

        histories.connect()
        steps.discover()
        triggers.discover()
        for label in ("contacts.Segment", "compliance.FrequencyCap", "journeys.Journey"):
            reviews.watch(label)
        post_migrate.connect(tasks.schedule, sender=self)
