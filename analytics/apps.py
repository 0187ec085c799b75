from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AnalyticsConfig(AppConfig):
    name = "analytics"

    def ready(self) -> None:
        from analytics import cards, receivers, reports, tasks  # noqa: F401  (receivers: connects the counters)
        from journeys import figures

        cards.register()
        figures.provide(funnel=reports.funnel, journeys=reports.journeys)
        figures.board.register(
            figures.Card("funnel", "Funnel", "analytics/funnel.html", cards.funnel, wide=True, order=10)
        )
        post_migrate.connect(tasks.schedule, sender=self)
