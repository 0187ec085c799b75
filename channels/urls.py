"""Addresses that messages and providers lead to. They stand in mails for years: never change one."""

from django.urls import URLPattern, path

from channels import chat_views, inbox_views, views

urlpatterns: list[URLPattern] = [
    path("c/<str:token>", views.click, name="click"),
    path("o/<str:token>.gif", views.opened, name="open"),
    path("u/<str:token>", views.unsubscribe, name="unsubscribe"),
    path("confirm/<str:token>", views.confirm, name="confirm"),
    path("v1/inbox", inbox_views.listed, name="inbox"),
    path("v1/inbox/<int:message_id>/<str:act>", inbox_views.acted, name="inbox-act"),
    path("v1/chat", chat_views.conversation, name="chat"),
    path("v1/chat/<int:message_id>/read", chat_views.read, name="chat-read"),
    path("webhooks/twilio/<slug:account>/status", views.callback, name="twilio-callback"),
    path("webhooks/twilio/<slug:account>/inbound", views.received, name="twilio-inbound"),
    path("webhooks/twilio/<slug:account>/events", views.events, name="twilio-events"),
    path("webhooks/anymail/<slug:account>/<slug:provider>/tracking", views.callback, name="anymail-callback"),
]
