from django.apps import AppConfig


class ContactsConfig(AppConfig):
    name = "contacts"

    def ready(self) -> None:
        from contacts import tasks  # noqa: F401  (registers the pumps)
        from contacts.base import conditions

        conditions.discover()
