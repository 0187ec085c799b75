from django.apps import AppConfig


class ContactsConfig(AppConfig):
    name = "contacts"

    def ready(self) -> None:
        from contacts import receivers, tasks  # noqa: F401  (registers receivers and pumps)
        from contacts.base import conditions

        conditions.discover()
