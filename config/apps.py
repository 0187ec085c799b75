from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"
    verbose_name = "Operations"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from config import checks, life, lookups  # noqa: F401  (register the system checks, and the lookup `among`)

        life.connect()
