"""Reviews in steps, the policies that ask for them, comments, and urgent releases."""

import django.core.validators
import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models


def reviews_of_approvals(apps, schema_editor):
    """Every word that was said so far gets the review that it was said in. Their seals are of before: the gate asks for new ones."""
    Approval, Review = apps.get_model("compliance", "Approval"), apps.get_model("compliance", "Review")
    ReviewStep = apps.get_model("compliance", "ReviewStep")
    for word in Approval.objects.select_related("version__template").order_by("id"):
        version = word.version
        live = word.approved and version.state == "approved"
        review = Review.objects.create(
            kind="template",
            object_id=version.pk,
            title=f"{version.template.name} v{version.number}",
            brand_id=version.template.brand_id,
            channel=version.template.channel,
            message_class=version.message_class,
            fingerprint=word.fingerprint,
            author_id=word.author_id,
            submitter_id=word.author_id,
            authors=[word.author_id],
            state="approved" if live else "replaced" if word.approved else "rejected",
            submitted_at=version.submitted_at or word.decided_at,
            approved_at=word.decided_at if word.approved else None,
            closed_at=None if live else word.decided_at,
        )
        ReviewStep.objects.create(review=review, position=1, name="Review", done_at=word.decided_at)
        Approval.objects.filter(pk=word.pk).update(
            review=review, step="Review", verdict="approve" if word.approved else "reject"
        )


class Migration(migrations.Migration):

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('channels', '0004_review_states'),
        ('compliance', '0006_audit_chain'),
        ('contacts', '0004_opt_out_reasons'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='HistoricalPolicyStep',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField(default=1)),
                ('name', models.CharField(help_text='E.g. Brand, Legal, Market.', max_length=60)),
                ('approvers', models.PositiveSmallIntegerField(default=1, help_text='So many different people.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(9)])),
                ('due_hours', models.PositiveIntegerField(default=24, help_text='Hours to decide.', validators=[django.core.validators.MinValueValidator(1)])),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
            ],
            options={
                'verbose_name': 'historical policy step',
                'verbose_name_plural': 'historical policy steps',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalReviewPolicy',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('name', models.CharField(max_length=120)),
                ('kinds', models.JSONField(blank=True, default=list, help_text='What it holds for, e.g. ["template"]; empty: all.')),
                ('channels', models.JSONField(blank=True, default=list, help_text='E.g. ["sms"]; empty: all.')),
                ('classes', models.JSONField(blank=True, default=list, help_text='E.g. ["marketing"]; empty: all.')),
                ('markets', models.JSONField(blank=True, default=list, help_text='Languages or countries of the version, e.g. ["fr", "CA"]; empty: all.')),
                ('audience_from', models.PositiveIntegerField(default=0, help_text='Only where so many people or more may get it; 0: always.', verbose_name='audience of at least')),
                ('words', models.JSONField(blank=True, default=list, help_text='Only where one of these is said, e.g. ["guarantee"]; empty: always.')),
                ('valid_days', models.PositiveIntegerField(default=0, help_text='Days; then it must be reviewed again. 0: until something changes.', verbose_name='valid for')),
                ('enabled', models.BooleanField(default=True)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
            ],
            options={
                'verbose_name': 'historical review policy',
                'verbose_name_plural': 'historical review policies',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='PolicyStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField(default=1)),
                ('name', models.CharField(help_text='E.g. Brand, Legal, Market.', max_length=60)),
                ('approvers', models.PositiveSmallIntegerField(default=1, help_text='So many different people.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(9)])),
                ('due_hours', models.PositiveIntegerField(default=24, help_text='Hours to decide.', validators=[django.core.validators.MinValueValidator(1)])),
            ],
            options={
                'ordering': ['position', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Review',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(help_text='Key of a kind of thing that is reviewed.', max_length=20)),
                ('object_id', models.BigIntegerField()),
                ('title', models.CharField(max_length=200)),
                ('channel', models.CharField(blank=True, max_length=20)),
                ('message_class', models.CharField(blank=True, choices=[('marketing', 'marketing'), ('service', 'service'), ('transactional', 'transactional'), ('otp', 'one-time code')], max_length=15, verbose_name='class')),
                ('fingerprint', models.CharField(help_text='What was submitted, with everything that it depends on.', max_length=64)),
                ('parts', models.JSONField(default=dict, help_text='The same, part by part: tells what changed.')),
                ('authors', models.JSONField(default=list, help_text='IDs of all who wrote in it or handed it in: none of them decides.')),
                ('because', models.CharField(blank=True, help_text='Why it has to be reviewed again.', max_length=300)),
                ('risks', models.JSONField(default=list, help_text='What reviewers should look at, as sentences.')),
                ('policies', models.JSONField(default=list, help_text='Names of the policies that asked for these steps.')),
                ('valid_days', models.PositiveIntegerField(default=0)),
                ('state', models.CharField(choices=[('open', 'waiting for reviewers'), ('approved', 'approved'), ('changes_requested', 'changes requested'), ('rejected', 'rejected'), ('withdrawn', 'taken back by its author'), ('revoked', 'approval withdrawn'), ('reopened', 'approval lost: something changed'), ('expired', 'approval expired'), ('replaced', 'replaced by a newer one')], default='open', max_length=20)),
                ('submitted_at', models.DateTimeField()),
                ('due_at', models.DateTimeField(help_text='When the current step should be decided.', null=True)),
                ('reminded_at', models.DateTimeField(null=True)),
                ('approved_at', models.DateTimeField(null=True)),
                ('valid_until', models.DateTimeField(help_text='The approval holds until then; empty: until a change.', null=True)),
                ('closed_at', models.DateTimeField(null=True)),
                ('closed_because', models.CharField(blank=True, max_length=300)),
            ],
            options={
                'ordering': ['-id'],
                'permissions': [('break_glass', 'Can ask for an urgent release without a full review')],
            },
        ),
        migrations.CreateModel(
            name='ReviewComment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('anchor', models.CharField(blank=True, help_text='A field, a line or a step, e.g. subject, html:12 or step:wait.', max_length=120, verbose_name='about')),
                ('text', models.TextField(max_length=5000)),
                ('created_at', models.DateTimeField()),
                ('resolved_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='ReviewPolicy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120)),
                ('kinds', models.JSONField(blank=True, default=list, help_text='What it holds for, e.g. ["template"]; empty: all.')),
                ('channels', models.JSONField(blank=True, default=list, help_text='E.g. ["sms"]; empty: all.')),
                ('classes', models.JSONField(blank=True, default=list, help_text='E.g. ["marketing"]; empty: all.')),
                ('markets', models.JSONField(blank=True, default=list, help_text='Languages or countries of the version, e.g. ["fr", "CA"]; empty: all.')),
                ('audience_from', models.PositiveIntegerField(default=0, help_text='Only where so many people or more may get it; 0: always.', verbose_name='audience of at least')),
                ('words', models.JSONField(blank=True, default=list, help_text='Only where one of these is said, e.g. ["guarantee"]; empty: always.')),
                ('valid_days', models.PositiveIntegerField(default=0, help_text='Days; then it must be reviewed again. 0: until something changes.', verbose_name='valid for')),
                ('enabled', models.BooleanField(default=True)),
            ],
            options={
                'verbose_name_plural': 'review policies',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='ReviewStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField()),
                ('name', models.CharField(max_length=60)),
                ('approvers', models.PositiveSmallIntegerField(default=1)),
                ('due_hours', models.PositiveIntegerField(default=24)),
                ('done_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['position'],
            },
        ),
        migrations.CreateModel(
            name='UrgentRelease',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('fingerprint', models.CharField(max_length=64)),
                ('reason', models.TextField()),
                ('asked_at', models.DateTimeField()),
                ('until', models.DateTimeField(help_text='At most three days ahead.')),
                ('confirmed_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='approval',
            name='one_approval_per_version',
        ),
        migrations.AddField(
            model_name='approval',
            name='step',
            field=models.CharField(blank=True, help_text='Name of the step that it was said in.', max_length=60),
        ),
        migrations.AddField(
            model_name='approval',
            name='verdict',
            field=models.CharField(choices=[('approve', 'approved'), ('changes', 'changes requested'), ('reject', 'rejected')], default='approve', max_length=10),
        ),
        migrations.AlterField(
            model_name='approval',
            name='version',
            field=models.ForeignKey(help_text='For templates.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='approvals', to='channels.templateversion'),
        ),
        migrations.AddField(
            model_name='historicalpolicystep',
            name='group',
            field=models.ForeignKey(blank=True, db_constraint=False, help_text='Empty: anybody who may approve.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='auth.group'),
        ),
        migrations.AddField(
            model_name='historicalpolicystep',
            name='history_user',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='historicalreviewpolicy',
            name='brand',
            field=models.ForeignKey(blank=True, db_constraint=False, help_text='Empty: every brand.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='contacts.brand'),
        ),
        migrations.AddField(
            model_name='historicalreviewpolicy',
            name='history_user',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='policystep',
            name='group',
            field=models.ForeignKey(blank=True, help_text='Empty: anybody who may approve.', null=True, on_delete=django.db.models.deletion.PROTECT, to='auth.group'),
        ),
        migrations.AddField(
            model_name='review',
            name='author',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='review',
            name='brand',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='contacts.brand'),
        ),
        migrations.AddField(
            model_name='review',
            name='submitter',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='approval',
            name='review',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='approvals', to='compliance.review'),
        ),
        migrations.AddField(
            model_name='reviewcomment',
            name='author',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='reviewcomment',
            name='resolved_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='reviewcomment',
            name='review',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='comments', to='compliance.review'),
        ),
        migrations.AddField(
            model_name='reviewpolicy',
            name='brand',
            field=models.ForeignKey(blank=True, help_text='Empty: every brand.', null=True, on_delete=django.db.models.deletion.CASCADE, to='contacts.brand'),
        ),
        migrations.AddField(
            model_name='policystep',
            name='policy',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='compliance.reviewpolicy'),
        ),
        migrations.AddField(
            model_name='historicalpolicystep',
            name='policy',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='compliance.reviewpolicy'),
        ),
        migrations.AddField(
            model_name='reviewstep',
            name='group',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='auth.group'),
        ),
        migrations.AddField(
            model_name='reviewstep',
            name='review',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='compliance.review'),
        ),
        migrations.AddField(
            model_name='urgentrelease',
            name='asked_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='urgentrelease',
            name='confirmed_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='urgentrelease',
            name='ended_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='urgentrelease',
            name='review',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='releases', to='compliance.review'),
        ),
        migrations.AddIndex(
            model_name='review',
            index=models.Index(condition=models.Q(('state', 'open')), fields=['due_at'], name='reviews_open'),
        ),
        migrations.AddIndex(
            model_name='review',
            index=models.Index(condition=models.Q(('state', 'approved')), fields=['valid_until'], name='reviews_expiring'),
        ),
        migrations.AddIndex(
            model_name='review',
            index=models.Index(fields=['kind', 'object_id'], name='reviews_by_object'),
        ),
        migrations.AddConstraint(
            model_name='review',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['open', 'approved'])), fields=('kind', 'object_id'), name='one_live_review'),
        ),
        migrations.AddConstraint(
            model_name='review',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'approved'), _negated=True), ('approved_at__isnull', False), _connector='OR'), name='approved_reviews_have_a_date'),
        ),
        migrations.AddConstraint(
            model_name='policystep',
            constraint=models.UniqueConstraint(fields=('policy', 'name'), name='one_step_per_name'),
        ),
        migrations.AddConstraint(
            model_name='reviewstep',
            constraint=models.UniqueConstraint(fields=('review', 'position'), name='one_review_step_per_position'),
        ),
        migrations.AddConstraint(
            model_name='urgentrelease',
            constraint=models.CheckConstraint(condition=models.Q(('confirmed_by', None), models.Q(('confirmed_by', models.F('asked_by')), _negated=True), _connector='OR'), name='urgent_takes_two_people'),
        ),
        migrations.AddConstraint(
            model_name='urgentrelease',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('confirmed_at', None), ('confirmed_by', None)), models.Q(('confirmed_at__isnull', False), ('confirmed_by__isnull', False)), _connector='OR'), name='confirmed_by_somebody_at_some_time'),
        ),
        migrations.AddConstraint(
            model_name='urgentrelease',
            constraint=models.CheckConstraint(condition=models.Q(('until__gt', models.F('asked_at'))), name='urgent_ends_after_it_begins'),
        ),
        migrations.AddConstraint(
            model_name='urgentrelease',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('review',), name='one_urgent_release_per_review'),
        ),
        migrations.RunPython(reviews_of_approvals, migrations.RunPython.noop),
    ]
