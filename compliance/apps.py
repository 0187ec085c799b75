from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ComplianceConfig(AppConfig):
    name = "compliance"

    def ready(self) -> None:
        from compliance import belongings, receivers, tasks  # noqa: F401  (registers what it keeps, receivers and pumps)
        from compliance.base import rules
        from compliance.findings import content_rules
        from compliance.reviews.base import reviewables

        rules.discover()
        reviewables.discover()
        content_rules.discover()

        from compliance import roles
        from compliance.chain import marks
        from compliance.chain import receivers as acts
        from compliance.law import shipping
        from compliance.reviews import dependencies, policies

        post_migrate.connect(roles.after_migrate, dispatch_uid="roles")
        post_migrate.connect(shipping.after_migrate, sender=self, dispatch_uid="rule_sets")
        post_migrate.connect(marks.after_migrate, sender=self, dispatch_uid="audit_marks")
        post_migrate.connect(policies.after_migrate, sender=self, dispatch_uid="review_policies")
        acts.connect()
        dependencies.connect()
