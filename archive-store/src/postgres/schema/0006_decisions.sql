-- Decisions about files: in which role who agreed to a disposal and how many must, files that take no more
-- documents, and files of late documents that belong to another.
ALTER TABLE disposal_list ADD COLUMN proposer_role TEXT COLLATE "C";
ALTER TABLE disposal_list ADD COLUMN needed BIGINT NOT NULL DEFAULT 2 CHECK (needed >= 2);
ALTER TABLE disposal_approval ADD COLUMN role TEXT COLLATE "C";
DROP TRIGGER disposal_needs_two ON disposal_list;
DROP FUNCTION archive_disposal_needs_two();
CREATE FUNCTION archive_disposal_needs_approvals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state = 'executed' AND (SELECT count(*) FROM disposal_approval WHERE list_id = OLD.id) < OLD.needed THEN
        RAISE EXCEPTION 'a disposal list needs its approvals';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER disposal_needs_approvals BEFORE UPDATE ON disposal_list
    FOR EACH ROW EXECUTE FUNCTION archive_disposal_needs_approvals();
DROP TRIGGER disposal_list_only_ends ON disposal_list;
CREATE TRIGGER disposal_list_only_ends BEFORE UPDATE ON disposal_list FOR EACH ROW
    WHEN (NEW.id IS DISTINCT FROM OLD.id OR NEW.key IS DISTINCT FROM OLD.key OR NEW.digest IS DISTINCT FROM OLD.digest
        OR NEW.reason IS DISTINCT FROM OLD.reason OR NEW.proposed_by IS DISTINCT FROM OLD.proposed_by
        OR NEW.at IS DISTINCT FROM OLD.at OR NEW.proposer_role IS DISTINCT FROM OLD.proposer_role
        OR NEW.needed IS DISTINCT FROM OLD.needed OR OLD.state <> 'proposed')
    EXECUTE FUNCTION archive_refuse('a disposal list only ends');

CREATE TABLE closing (
    file_id BIGINT PRIMARY KEY REFERENCES file (id),
    closed_by TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    at TEXT COLLATE "C" NOT NULL
);
CREATE TRIGGER closing_never_changes BEFORE UPDATE ON closing
    FOR EACH ROW EXECUTE FUNCTION archive_refuse('a closed file stays closed');
CREATE TRIGGER closing_never_goes BEFORE DELETE ON closing
    FOR EACH ROW EXECUTE FUNCTION archive_refuse('a closed file stays closed');

CREATE TABLE joined_file (
    file_id BIGINT PRIMARY KEY REFERENCES file (id),
    main_id BIGINT NOT NULL REFERENCES file (id),
    CHECK (file_id <> main_id)
);
CREATE INDEX joined_file_by_main ON joined_file (main_id);
CREATE FUNCTION archive_joins_an_open_file() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Whoever closes or voids the file meanwhile waits, or is waited for.
    PERFORM 1 FROM file WHERE id = NEW.main_id AND state <> 'void' FOR UPDATE;
    IF NOT FOUND OR EXISTS (SELECT 1 FROM closing WHERE file_id = NEW.main_id)
        OR EXISTS (SELECT 1 FROM joined_file WHERE file_id = NEW.main_id OR main_id = NEW.file_id) THEN
        RAISE EXCEPTION 'late documents join a live, open file that joined no other';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER joins_an_open_file BEFORE INSERT ON joined_file
    FOR EACH ROW EXECUTE FUNCTION archive_joins_an_open_file();
CREATE TRIGGER joined_file_never_changes BEFORE UPDATE ON joined_file
    FOR EACH ROW EXECUTE FUNCTION archive_refuse('what joined a file stays with it');
CREATE TRIGGER joined_file_never_goes BEFORE DELETE ON joined_file
    FOR EACH ROW EXECUTE FUNCTION archive_refuse('what joined a file stays with it');

-- A hold on a file is one on what joined it, too.
CREATE FUNCTION archive_joined_file_under_hold_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state = 'void' AND OLD.state <> 'void' AND EXISTS (SELECT 1 FROM joined_file j
        JOIN legal_hold_item i ON i.file_id = j.main_id JOIN legal_hold h ON h.id = i.hold_id
        WHERE j.file_id = OLD.id AND h.lifted_at IS NULL) THEN
        RAISE EXCEPTION 'the file is under a legal hold';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER joined_file_under_hold_stays BEFORE UPDATE OF state ON file
    FOR EACH ROW EXECUTE FUNCTION archive_joined_file_under_hold_stays();
