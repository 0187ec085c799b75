from django.apps import AppConfig


class ContactsConfig(AppConfig):
    name = "contacts"

    def ready(self) -> None:
        from contacts import operations, receivers, tasks  # noqa: F401  (registers cards, receivers and pumps)
        from contacts.base import conditions

        conditions.discover()
