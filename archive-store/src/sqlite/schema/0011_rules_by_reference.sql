-- A table with a trigger on insertion has each row written with a journal of its own and looked for in all
-- tables that refer to it. Where a reference says the same as the trigger did, it costs one look.

-- A leaf stands behind another; the first behind none.
ALTER TABLE leaf ADD COLUMN previous INTEGER
    GENERATED ALWAYS AS (nullif(position, 0) - 1) VIRTUAL REFERENCES leaf (position);
DROP TRIGGER leaf_at_the_end;

-- The room that a file of paper takes in its box is taken before the file is there, and is what the file refers
-- to; without paper there is nothing to refer to. A void file's room stands for what it once took.
CREATE TABLE room (
    request TEXT PRIMARY KEY,
    box_id INTEGER NOT NULL REFERENCES box (id),
    thickness INTEGER NOT NULL CHECK (thickness > 0),
    UNIQUE (request, box_id, thickness)
) STRICT, WITHOUT ROWID;
INSERT INTO room (request, box_id, thickness)
    SELECT request, box_id, thickness FROM file WHERE box_id IS NOT NULL;
DROP TRIGGER file_takes_room;
CREATE TRIGGER room_is_taken AFTER INSERT ON room
BEGIN
    SELECT RAISE(ABORT, 'the box is not open') WHERE (SELECT state FROM box WHERE id = NEW.box_id) <> 'open';
    UPDATE box SET filled = filled + NEW.thickness WHERE id = NEW.box_id;
END;
CREATE TRIGGER room_never_changes BEFORE UPDATE ON room
BEGIN SELECT RAISE(ABORT, 'room is taken once'); END;
CREATE TRIGGER room_never_goes BEFORE DELETE ON room
BEGIN SELECT RAISE(ABORT, 'room is given back by a void file'); END;

-- A business process has a row among the system records, which have one customer each.
INSERT INTO system_record (key, customer)
    SELECT key, customer FROM business_process p WHERE NOT EXISTS (SELECT 1 FROM system_record r WHERE r.key = p.key);
DROP TRIGGER system_record_of_its_process;
DROP TRIGGER business_process_of_its_record;

PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, 'FOREIGN KEY (system_record, customer)',
    'FOREIGN KEY (request, box_id, thickness) REFERENCES room (request, box_id, thickness),
    FOREIGN KEY (system_record, customer)')
WHERE type = 'table' AND name = 'file';
UPDATE sqlite_schema SET sql = replace(sql, 'closed_at TEXT',
    'closed_at TEXT,
    FOREIGN KEY (key, customer) REFERENCES system_record (key, customer)')
WHERE type = 'table' AND name = 'business_process';
PRAGMA writable_schema = RESET;
