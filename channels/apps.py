from django.apps import AppConfig


class ChannelsConfig(AppConfig):
    name = "channels"

    def ready(self) -> None:
        from channels import belongings, receivers, tasks  # noqa: F401  (registers what it keeps, receivers and pumps)
        from channels.base import channels

        channels.discover()

        from channels.checks.base import checks

        checks.discover()

        from channels import panels  # noqa: F401  (adds to a person's page)
        from contacts import reach

        reach.titles.update((kind.key, kind.title) for kind in channels)
