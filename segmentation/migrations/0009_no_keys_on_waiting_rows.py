from django.db import migrations

# An index of the rows that wait takes longer than to write them. They are written once, by whoever marks
# the shard as done; the statement that publishes them refuses to change a row twice.
TABLES = ("segmentation_pendingfacts", "segmentation_pendingrank")


class Migration(migrations.Migration):

    dependencies = [
        ('segmentation', '0008_home_stores'),
    ]

    operations = [
        migrations.RunSQL(
            f"ALTER TABLE {table} DROP CONSTRAINT {table}_pkey",
            f"ALTER TABLE {table} ADD CONSTRAINT {table}_pkey PRIMARY KEY (run_id, member_id)",
        )
        for table in TABLES
    ]
