from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    name = "analytics"

    def ready(self) -> None:
        from analytics import receivers, tasks  # noqa: F401  (connects the counters, registers the pumps)
