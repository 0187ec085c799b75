"""A token lets in whom it belongs to, for as long as it holds, and is nowhere to be read again."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from config import clock
from config.models import ApiToken
from tests.api.cast import Caller, token

pytestmark = pytest.mark.django_db


def test_a_token_of_the_command_lets_in(maria) -> None:
    shown = StringIO()
    call_command("api_token", "maria", "Warehouse", "contacts:read", stdout=shown)
    assert Caller(shown.getvalue().strip()).get("contacts/")[0] == 200


def test_the_command_refuses_unknown_users_and_scopes(maria) -> None:
    with pytest.raises(CommandError, match="There is no user 'nobody'"):
        call_command("api_token", "nobody", "Warehouse", "contacts:read")
    with pytest.raises(CommandError, match="Unknown: contacts:all"):
        call_command("api_token", "maria", "Warehouse", "contacts:all")


def test_only_a_hash_is_kept(maria) -> None:
    secret = token(maria, "contacts:read")
    assert secret.startswith("wm_")
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM config_apitoken")
        [row] = cursor.fetchall()
    assert all(secret not in str(value) for value in row)
    assert max(len(str(value)) for value in row if secret.startswith(str(value))) <= 15  # shown to tell tokens apart


def test_two_tokens_of_one_user_are_told_apart(maria) -> None:
    reads, nothing = Caller(token(maria, "contacts:read")), Caller(token(maria))
    assert reads.get("contacts/")[0] == 200
    assert nothing.get("contacts/")[0] == 403


@pytest.mark.parametrize(
    "header", ["Bearer wm_wrong", "Bearer \xff\xfe", "Bearer", "Bearer a b", "Token wm_x", "", "Bearer \x00"]
)
def test_without_a_known_token_it_is_401_with_a_sentence(maria, header) -> None:
    response = Client(headers={"Authorization": header}).get("/api/contacts/")
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    assert response.json()["detail"].endswith(".")


def test_an_expired_token_is_refused_to_the_second_and_kept(maria) -> None:
    secret = token(maria, "contacts:read", expiry=timedelta(hours=1))
    end = ApiToken.objects.get().expiry
    with clock.at(end - timedelta(seconds=1)):
        assert Caller(secret).get("contacts/")[0] == 200
    with clock.at(end):
        status, body = Caller(secret).get("contacts/")
    assert (status, body) == (401, {"detail": f"This token expired on {end:%Y-%m-%d}; make a new one."})
    assert ApiToken.objects.count() == 1


def test_a_token_without_an_end_holds(maria) -> None:
    secret = token(maria, "contacts:read", expiry=None)
    with clock.at(datetime(2099, 1, 1, tzinfo=UTC)):
        assert Caller(secret).get("contacts/")[0] == 200


def test_a_revoked_token_is_refused(maria, dashboard) -> None:
    ApiToken.objects.get().revoke("It was in a chat.", datetime(2026, 11, 24, tzinfo=UTC))
    assert dashboard.get("contacts/") == (
        401, {"detail": "This token was revoked on 2026-11-24; make a new one."},
    )  # fmt: skip


def test_one_that_is_gone_with_its_user_is_refused(maria, dashboard) -> None:
    ApiToken.objects.all().delete()
    assert dashboard.get("contacts/")[0] == 401


def test_a_token_of_a_disabled_user_is_refused_and_works_again_when_enabled(maria, dashboard) -> None:
    maria.is_active = False
    maria.save()
    assert dashboard.get("contacts/") == (401, {"detail": "The user of this token is disabled."})
    maria.is_active = True
    maria.save()
    assert dashboard.get("contacts/")[0] == 200


def test_what_a_user_may_no_longer_do_his_token_cannot_do_either(maria, dashboard) -> None:
    maria.groups.clear()
    assert dashboard.get("contacts/")[0] == 403


def test_a_token_is_looked_up_in_one_query_and_nothing_is_written(maria, dashboard) -> None:
    dashboard.get("contacts/")  # that somebody looked is noted once an hour
    with CaptureQueriesContext(connection) as queries:
        dashboard.get("contacts/")
    statements = [query["sql"] for query in queries]
    assert sum("config_apitoken" in statement for statement in statements) == 1
    assert all(statement.startswith("SELECT") for statement in statements)
