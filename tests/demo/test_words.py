"""The demo's answers to STOP, START and HELP: written by one person, approved by another, and chosen in the house's policy."""

import pytest

from channels.models import TemplateVersion
from compliance.models import Approval, HousePolicy
from compliance.optouts import attention
from demo import world
from tests.builders import NOW

pytestmark = pytest.mark.django_db
FIELDS = ("opt_out_confirmation", "opt_in_confirmation", "help_answer")


@pytest.fixture(autouse=True)
def loaded() -> None:
    world.load(NOW)


@pytest.mark.parametrize("field", FIELDS)
def test_each_answer_went_the_ordinary_way(field) -> None:
    template = getattr(HousePolicy.objects.get(brand__key="demo"), field)
    [version] = TemplateVersion.objects.filter(template=template)
    assert (template.channel, version.message_class, version.state) == ("sms", "transactional", "approved")
    approval = Approval.objects.get(version=version)
    assert (approval.author.username, approval.approver.username) == ("marketer", "legal")
    assert approval.fingerprint == version.fingerprint


def test_the_policy_is_one_that_the_admin_would_take_and_nothing_is_left_to_remind_of() -> None:
    HousePolicy.objects.get(brand__key="demo").full_clean()
    assert attention.without_confirmation() == []


def test_a_policy_that_somebody_has_changed_stays_as_it_is() -> None:
    HousePolicy.objects.update(help_answer=None, guard_minutes=5)
    world.load(NOW)
    policy = HousePolicy.objects.get(brand__key="demo")
    assert (policy.help_answer, policy.guard_minutes) == (None, 5)
