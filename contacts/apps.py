from django.apps import AppConfig


class ContactsConfig(AppConfig):
    name = "contacts"
    verbose_name = "Audience"

    def ready(self) -> None:
        from contacts import operations, receivers, tasks  # noqa: F401  (registers cards, receivers and pumps)
        from contacts.base import conditions

        conditions.discover()

        from contacts.merging import own  # noqa: F401  (registers what goes over when two are one)
