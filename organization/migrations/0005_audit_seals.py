"""What the database itself does for the audit trail; docs/decisions/0017 says why it is so.

At commit each event rings; rings are answered after every other check of the commit, so that a
transaction waits for nothing while it holds the head of the chain.
"""

from django.db import migrations

REFUSAL = """
CREATE FUNCTION organization_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit trail is append-only: % on % is refused.', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;
"""

# A change of one character here would make every seal made before wrong.
TEXT = """
CREATE FUNCTION organization_audit_text(e organization_auditevent) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_array(
        e.id, to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), e.actor_id, e.code,
        e.object_type, e.object_id, e.before, e.after, e.data)::text
$$;
"""

CHAIN = """
-- Empty outside a transaction that is committing.
CREATE UNLOGGED TABLE organization_auditring (event_id bigint PRIMARY KEY);

CREATE FUNCTION organization_audit_ring() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO organization_auditring VALUES (NEW.id);
    RETURN NULL;
END $$;

CREATE FUNCTION organization_audit_seal(events bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    head organization_audithead;
    event organization_auditevent;
BEGIN
    INSERT INTO organization_audithead VALUES (1, 0, decode(repeat('00', 32), 'hex')) ON CONFLICT DO NOTHING;
    SELECT * INTO head FROM organization_audithead WHERE id = 1 FOR UPDATE;
    FOR event IN SELECT * FROM organization_auditevent WHERE id = ANY (events) ORDER BY id LOOP
        head.seq := head.seq + 1;
        head.hash := sha256(head.hash || convert_to(organization_audit_text(event), 'UTF8'));
        INSERT INTO organization_auditseal VALUES (head.seq, event.id, head.hash);
    END LOOP;
    UPDATE organization_audithead SET seq = head.seq, hash = head.hash WHERE id = 1;
END $$;

CREATE FUNCTION organization_audit_answer() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    events bigint[];
BEGIN
    -- The first ring of a transaction is answered for all of them.
    IF EXISTS (SELECT FROM organization_auditring WHERE event_id = NEW.event_id) THEN
        WITH rung AS (DELETE FROM organization_auditring RETURNING event_id)
        SELECT array_agg(event_id) INTO events FROM rung;
        PERFORM organization_audit_seal(events);
    END IF;
    RETURN NULL;
END $$;
"""

EXISTING = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM organization_auditevent) THEN
        PERFORM organization_audit_seal(ARRAY(SELECT id FROM organization_auditevent));
    END IF;
END $$;
"""

TRIGGERS = """
CREATE CONSTRAINT TRIGGER audit_ring AFTER INSERT ON organization_auditevent
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION organization_audit_ring();
CREATE CONSTRAINT TRIGGER audit_answer AFTER INSERT ON organization_auditring
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION organization_audit_answer();

CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON organization_auditevent
    EXECUTE FUNCTION organization_audit_refuse();
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON organization_auditseal
    EXECUTE FUNCTION organization_audit_refuse();
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON organization_auditcheck
    EXECUTE FUNCTION organization_audit_refuse();
CREATE TRIGGER audit_append_only BEFORE DELETE ON organization_audithead
    EXECUTE FUNCTION organization_audit_refuse();
-- Seals and head are written from inside a trigger only.
CREATE TRIGGER audit_by_itself BEFORE INSERT ON organization_auditseal
    WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION organization_audit_refuse();
CREATE TRIGGER audit_by_itself BEFORE INSERT OR UPDATE ON organization_audithead
    WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION organization_audit_refuse();

CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON organization_auditevent
    EXECUTE FUNCTION organization_audit_refuse();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON organization_auditseal
    EXECUTE FUNCTION organization_audit_refuse();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON organization_auditcheck
    EXECUTE FUNCTION organization_audit_refuse();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON organization_audithead
    EXECUTE FUNCTION organization_audit_refuse();
"""


UNDO = """
DROP FUNCTION organization_audit_refuse, organization_audit_ring, organization_audit_answer CASCADE;
DROP FUNCTION organization_audit_seal, organization_audit_text;
DROP TABLE organization_auditring;
"""


class Migration(migrations.Migration):
    dependencies = [("organization", "0004_audit_chain")]

    operations = [
        migrations.RunSQL(REFUSAL + TEXT + CHAIN, UNDO),
        migrations.RunSQL(EXISTING, migrations.RunSQL.noop),
        migrations.RunSQL(TRIGGERS, migrations.RunSQL.noop),
    ]
