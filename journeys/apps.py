from django.apps import AppConfig
from django.db.models.signals import post_migrate


class JourneysConfig(AppConfig):
    name = "journeys"

    def ready(self) -> None:
        from journeys import belongings, panels, tasks  # noqa: F401  (registers what it keeps, cards and pumps)
        from journeys.base import steps, triggers

        steps.discover()
        triggers.discover()
        post_migrate.connect(tasks.schedule, sender=self)
