from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AnalyticsConfig(AppConfig):
    name = "analytics"

    def ready(self) -> None:
        from analytics import receivers, tasks  # noqa: F401  (connects the counters)

        post_migrate.connect(tasks.schedule, sender=self)
