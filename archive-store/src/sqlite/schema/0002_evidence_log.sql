-- The evidence log: what happened, as leaves of a Merkle tree. It only grows, at its end.
CREATE TABLE log_head (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    size INTEGER NOT NULL CHECK (size >= 0),
    frontier BLOB NOT NULL
) STRICT;
INSERT INTO log_head (id, size, frontier) VALUES (1, 0, x'');

CREATE TABLE leaf (
    position INTEGER PRIMARY KEY,
    file_id INTEGER REFERENCES file (id),
    event TEXT NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE INDEX leaf_by_file ON leaf (file_id) WHERE file_id IS NOT NULL;

-- The roots of complete subtrees of 256, 65536, … leaves: what keeps proofs short to make.
CREATE TABLE node (
    level INTEGER NOT NULL CHECK (level > 0 AND level % 8 = 0),
    position INTEGER NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (level, position)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER leaf_at_the_end BEFORE INSERT ON leaf
WHEN NEW.position IS NOT (SELECT size FROM log_head)
BEGIN SELECT RAISE(ABORT, 'the log grows at its end'); END;
CREATE TRIGGER leaf_never_changes BEFORE UPDATE ON leaf
BEGIN SELECT RAISE(ABORT, 'the log never changes'); END;
CREATE TRIGGER leaf_never_goes BEFORE DELETE ON leaf
BEGIN SELECT RAISE(ABORT, 'the log never changes'); END;
CREATE TRIGGER node_never_changes BEFORE UPDATE ON node
BEGIN SELECT RAISE(ABORT, 'the log never changes'); END;
CREATE TRIGGER node_never_goes BEFORE DELETE ON node
BEGIN SELECT RAISE(ABORT, 'the log never changes'); END;
CREATE TRIGGER head_only_grows BEFORE UPDATE ON log_head
WHEN NEW.id IS NOT OLD.id OR NEW.size IS NOT OLD.size + 1
  OR NOT EXISTS (SELECT 1 FROM leaf WHERE position = OLD.size)
BEGIN SELECT RAISE(ABORT, 'the log grows by one leaf'); END;
CREATE TRIGGER head_never_goes BEFORE DELETE ON log_head
BEGIN SELECT RAISE(ABORT, 'the log never changes'); END;
