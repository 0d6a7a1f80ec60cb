import django.contrib.postgres.indexes
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('members', '0007_one_index'),
        ('segmentation', '0009_no_keys_on_waiting_rows'),
    ]

    operations = [
        # A first night touches everybody.
        migrations.RunSQL(
            "ALTER TABLE segmentation_touchedmember DROP CONSTRAINT segmentation_touchedmember_pkey",
            "ALTER TABLE segmentation_touchedmember"
            " ADD CONSTRAINT segmentation_touchedmember_pkey PRIMARY KEY (run_id, member_id)",
        ),
        migrations.RemoveIndex(
            model_name='scorechange',
            name='score_change_day',
        ),
        migrations.AddIndex(
            model_name='scorechange',
            index=django.contrib.postgres.indexes.BrinIndex(autosummarize=True, fields=['day'], name='score_change_day'),
        ),
    ]
