from django.apps import AppConfig


class JourneysConfig(AppConfig):
    name = "journeys"

    def ready(self) -> None:
        from journeys import tasks  # noqa: F401  (registers the pumps)
        from journeys.base import steps, triggers

        steps.discover()
        triggers.discover()
