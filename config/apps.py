from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"
    verbose_name = "Operations"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from config import checks, instants, life, lookups  # noqa: F401  (register checks, a loader, the lookup `among`)
        from config.permissions import receivers

        life.connect()
        receivers.connect()

        from config import notices
        from config.pumps import Pump, register

        register(Pump("config.notices", notices.next_due, notices.run, order=85))
