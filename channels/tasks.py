"""Pumps of this floor: its due work, and how a batch of it is done."""

from channels import provider_templates, reconciling
from config.pumps import Pump, register

register(Pump("channels.recover", reconciling.leases_due, reconciling.recover, order=50))
register(Pump("channels.reconcile", reconciling.unknown_due, reconciling.reconcile, order=60))
register(Pump("channels.provider_templates", provider_templates.due, provider_templates.refresh, order=70))
