from django.apps import AppConfig


class ComplianceConfig(AppConfig):
    name = "compliance"

    def ready(self) -> None:
        from compliance import tasks  # noqa: F401  (registers the pumps)
        from compliance.base import rules

        rules.discover()
