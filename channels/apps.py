from django.apps import AppConfig


class ChannelsConfig(AppConfig):
    name = "channels"

    def ready(self) -> None:
        from channels import tasks  # noqa: F401  (registers the pumps)
        from channels.base import channels

        channels.discover()
