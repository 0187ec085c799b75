from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "tests.config.jobs"
    label = "jobs"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from config import pumps
        from tests.config.jobs.models import earliest, work

        pumps.register(pumps.Pump("jobs", earliest, work))
