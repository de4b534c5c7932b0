-- Decisions about files: in which role who agreed to a disposal and how many must, files that take no more
-- documents, and files of late documents that belong to another.
ALTER TABLE disposal_list ADD COLUMN proposer_role TEXT;
ALTER TABLE disposal_list ADD COLUMN needed INTEGER NOT NULL DEFAULT 2 CHECK (needed >= 2);
ALTER TABLE disposal_approval ADD COLUMN role TEXT;
DROP TRIGGER disposal_needs_two;
CREATE TRIGGER disposal_needs_approvals BEFORE UPDATE ON disposal_list
WHEN NEW.state = 'executed' AND (SELECT count(*) FROM disposal_approval WHERE list_id = OLD.id) < OLD.needed
BEGIN SELECT RAISE(ABORT, 'a disposal list needs its approvals'); END;
DROP TRIGGER disposal_list_only_ends;
CREATE TRIGGER disposal_list_only_ends BEFORE UPDATE ON disposal_list
WHEN NEW.id IS NOT OLD.id OR NEW.key IS NOT OLD.key OR NEW.digest IS NOT OLD.digest OR NEW.reason IS NOT OLD.reason
  OR NEW.proposed_by IS NOT OLD.proposed_by OR NEW.at IS NOT OLD.at OR NEW.proposer_role IS NOT OLD.proposer_role
  OR NEW.needed IS NOT OLD.needed OR OLD.state <> 'proposed'
BEGIN SELECT RAISE(ABORT, 'a disposal list only ends'); END;

CREATE TABLE closing (
    file_id INTEGER PRIMARY KEY REFERENCES file (id),
    closed_by TEXT NOT NULL,
    reason TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
CREATE TRIGGER closing_never_changes BEFORE UPDATE ON closing
BEGIN SELECT RAISE(ABORT, 'a closed file stays closed'); END;
CREATE TRIGGER closing_never_goes BEFORE DELETE ON closing
BEGIN SELECT RAISE(ABORT, 'a closed file stays closed'); END;

CREATE TABLE joined_file (
    file_id INTEGER PRIMARY KEY REFERENCES file (id),
    main_id INTEGER NOT NULL REFERENCES file (id),
    CHECK (file_id <> main_id)
) STRICT;
CREATE INDEX joined_file_by_main ON joined_file (main_id);
CREATE TRIGGER joins_an_open_file BEFORE INSERT ON joined_file
WHEN EXISTS (SELECT 1 FROM closing WHERE file_id = NEW.main_id)
  OR EXISTS (SELECT 1 FROM joined_file WHERE file_id = NEW.main_id OR main_id = NEW.file_id)
  OR (SELECT state FROM file WHERE id = NEW.main_id) IS 'void'
BEGIN SELECT RAISE(ABORT, 'late documents join a live, open file that joined no other'); END;
CREATE TRIGGER joined_file_never_changes BEFORE UPDATE ON joined_file
BEGIN SELECT RAISE(ABORT, 'what joined a file stays with it'); END;
CREATE TRIGGER joined_file_never_goes BEFORE DELETE ON joined_file
BEGIN SELECT RAISE(ABORT, 'what joined a file stays with it'); END;

-- A hold on a file is one on what joined it, too.
CREATE TRIGGER joined_file_under_hold_stays BEFORE UPDATE OF state ON file
WHEN NEW.state = 'void' AND OLD.state <> 'void' AND EXISTS (SELECT 1 FROM joined_file j
    JOIN legal_hold_item i ON i.file_id = j.main_id JOIN legal_hold h ON h.id = i.hold_id
    WHERE j.file_id = OLD.id AND h.lifted_at IS NULL)
BEGIN SELECT RAISE(ABORT, 'the file is under a legal hold'); END;
