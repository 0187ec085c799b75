from django.apps import AppConfig
from django.db.models.signals import post_migrate


class JourneysConfig(AppConfig):
    name = "journeys"

    def ready(self) -> None:
        from journeys import panels, tasks  # noqa: F401  (adds to a person's page; registers the pumps)
        from journeys.base import steps, triggers

        steps.discover()
        triggers.discover()
        post_migrate.connect(tasks.schedule, sender=self)
