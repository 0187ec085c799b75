"""The admin of people, roles and keys."""

from django.contrib import admin
from django_q.models import Failure, OrmQ, Schedule, Success

from config.admin import tokens, users

__all__ = ["tokens", "users"]

# The page "Jobs & queues" shows what matters; our work lies in rows of our own, not in these.
# (With Redis as the broker there is no table of queued tasks, and django-q registers none.)
admin.site.unregister([model for model in (Schedule, Success, Failure, OrmQ) if admin.site.is_registered(model)])
