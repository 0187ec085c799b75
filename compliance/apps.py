from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ComplianceConfig(AppConfig):
    name = "compliance"

    def ready(self) -> None:
        from compliance import tasks  # noqa: F401  (registers the pumps)
        from compliance.base import rules

        rules.discover()

        from compliance import roles
        from compliance.law import shipping

        post_migrate.connect(roles.after_migrate, dispatch_uid="roles")
        post_migrate.connect(shipping.after_migrate, sender=self, dispatch_uid="rule_sets")
