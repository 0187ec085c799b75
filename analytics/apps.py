from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AnalyticsConfig(AppConfig):
    name = "analytics"

    def ready(self) -> None:
        from analytics import cards, receivers, tasks  # noqa: F401  (receivers: connects the counters)

        cards.register()
        post_migrate.connect(tasks.schedule, sender=self)
