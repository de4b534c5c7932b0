-- Customers, business processes, document versions, slot holds, aliases, disposal, relocation.

-- The head of the log is written once a transaction, so it moves by all leaves that the transaction
-- appended, and a leaf's place is told by the leaves themselves.
DROP TRIGGER leaf_at_the_end;
CREATE TRIGGER leaf_at_the_end BEFORE INSERT ON leaf
WHEN NEW.position IS NOT (SELECT coalesce(max(position), -1) + 1 FROM leaf)
BEGIN SELECT RAISE(ABORT, 'the log grows at its end'); END;
DROP TRIGGER head_only_grows;
CREATE TRIGGER head_only_grows BEFORE UPDATE ON log_head
WHEN NEW.id IS NOT OLD.id OR NEW.size <= OLD.size
  OR NEW.size IS NOT (SELECT coalesce(max(position), -1) + 1 FROM leaf)
BEGIN SELECT RAISE(ABORT, 'the log grows by its leaves'); END;

CREATE TABLE customer (
    number TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    class TEXT NOT NULL CHECK (class IN ('residential', 'business')),
    entered_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE business_process (
    key TEXT PRIMARY KEY,
    customer TEXT NOT NULL REFERENCES customer (number),
    process TEXT NOT NULL,
    opened_at TEXT NOT NULL,
    closed_at TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX business_process_by_customer ON business_process (customer);
CREATE TRIGGER business_process_of_its_record BEFORE INSERT ON business_process
WHEN EXISTS (SELECT 1 FROM system_record WHERE key = NEW.key AND customer <> NEW.customer)
BEGIN SELECT RAISE(ABORT, 'the system record belongs to another customer'); END;
CREATE TRIGGER business_process_keeps_identity BEFORE UPDATE ON business_process
WHEN NEW.key IS NOT OLD.key OR NEW.customer IS NOT OLD.customer OR NEW.process IS NOT OLD.process
  OR NEW.opened_at IS NOT OLD.opened_at OR OLD.closed_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a business process is only closed'); END;
CREATE TRIGGER system_record_of_its_process BEFORE INSERT ON system_record
WHEN EXISTS (SELECT 1 FROM business_process WHERE key = NEW.key AND customer <> NEW.customer)
BEGIN SELECT RAISE(ABORT, 'the business process belongs to another customer'); END;

-- A document as filed is version 1 and stands in `document`; what replaced it stands here.
CREATE TABLE document_version (
    file_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    version INTEGER NOT NULL CHECK (version > 1),
    suite TEXT NOT NULL CHECK (suite IN ('sha256', 'sm3')),
    digest TEXT NOT NULL CHECK (length(digest) = 64),
    pages INTEGER NOT NULL CHECK (pages >= 0),
    path TEXT NOT NULL,
    reason TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (file_id, position, version),
    FOREIGN KEY (file_id, position) REFERENCES document (file_id, position)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER version_follows BEFORE INSERT ON document_version
WHEN NEW.version IS NOT (SELECT coalesce(max(version), 1) + 1 FROM document_version
    WHERE file_id = NEW.file_id AND position = NEW.position)
BEGIN SELECT RAISE(ABORT, 'the version is not the next'); END;
CREATE TRIGGER version_never_changes BEFORE UPDATE ON document_version
BEGIN SELECT RAISE(ABORT, 'a version never changes'); END;
CREATE TRIGGER version_never_goes BEFORE DELETE ON document_version
BEGIN SELECT RAISE(ABORT, 'a version is never deleted'); END;

CREATE TABLE fixity_check (
    id INTEGER PRIMARY KEY,
    file_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    found TEXT NOT NULL CHECK (found IN ('intact', 'damaged', 'missing')),
    at TEXT NOT NULL,
    FOREIGN KEY (file_id, position) REFERENCES document (file_id, position)
) STRICT;
CREATE INDEX fixity_check_by_document ON fixity_check (file_id, position, version);

-- A slot that is kept before there is a box for it.
CREATE TABLE slot_hold (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    slot_id INTEGER NOT NULL REFERENCES slot (id),
    at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    ended_at TEXT,
    outcome TEXT CHECK (outcome IN ('used', 'released', 'expired')),
    CHECK ((ended_at IS NULL) = (outcome IS NULL))
) STRICT;
CREATE UNIQUE INDEX slot_hold_open ON slot_hold (slot_id) WHERE ended_at IS NULL;
CREATE TRIGGER hold_of_a_free_slot BEFORE INSERT ON slot_hold
WHEN (SELECT box_id FROM slot WHERE id = NEW.slot_id) IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'the slot holds a box'); END;
CREATE TRIGGER hold_only_ends BEFORE UPDATE ON slot_hold
WHEN NEW.id IS NOT OLD.id OR NEW.key IS NOT OLD.key OR NEW.slot_id IS NOT OLD.slot_id OR NEW.at IS NOT OLD.at
  OR NEW.expires_at IS NOT OLD.expires_at OR OLD.ended_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a hold only ends'); END;
CREATE TRIGGER slot_is_held BEFORE UPDATE OF box_id ON slot
WHEN OLD.box_id IS NULL AND NEW.box_id IS NOT NULL
  AND EXISTS (SELECT 1 FROM slot_hold WHERE slot_id = OLD.id AND ended_at IS NULL)
BEGIN SELECT RAISE(ABORT, 'the slot is held for another'); END;

-- Numbers that a file bore before it was renumbered.
CREATE TABLE alias (
    number_id INTEGER PRIMARY KEY REFERENCES number (id),
    file_id INTEGER NOT NULL REFERENCES file (id),
    reason TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
CREATE INDEX alias_by_file ON alias (file_id);
CREATE TRIGGER alias_of_the_number BEFORE INSERT ON alias
WHEN NOT EXISTS (SELECT 1 FROM file WHERE id = NEW.file_id AND number_id = NEW.number_id)
BEGIN SELECT RAISE(ABORT, 'an alias is a number that the file bears'); END;
CREATE TRIGGER alias_never_changes BEFORE UPDATE ON alias
BEGIN SELECT RAISE(ABORT, 'an alias never changes'); END;
CREATE TRIGGER alias_never_goes BEFORE DELETE ON alias
BEGIN SELECT RAISE(ABORT, 'an alias is never deleted'); END;
DROP TRIGGER file_keeps_identity;
CREATE TRIGGER file_keeps_identity BEFORE UPDATE OF
    id, request, request_digest, customer, system_record, fonds, year, retention, organisation, custody, thickness
    ON file
BEGIN SELECT RAISE(ABORT, 'a file keeps its number, its request and its record'); END;
CREATE TRIGGER file_number_leaves_an_alias BEFORE UPDATE OF number_id ON file
WHEN NEW.number_id IS NOT OLD.number_id AND (
    NOT EXISTS (SELECT 1 FROM alias WHERE number_id = OLD.number_id AND file_id = OLD.id)
    OR EXISTS (SELECT 1 FROM alias WHERE number_id = NEW.number_id)
    OR NOT EXISTS (SELECT 1 FROM number WHERE id = NEW.number_id AND kind = 'file' AND voided_at IS NULL))
BEGIN SELECT RAISE(ABORT, 'a file keeps its number until an alias stands for it'); END;

CREATE TABLE legal_hold (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    reason TEXT NOT NULL,
    placed_by TEXT NOT NULL,
    at TEXT NOT NULL,
    lifted_by TEXT,
    lifted_at TEXT,
    CHECK ((lifted_by IS NULL) = (lifted_at IS NULL))
) STRICT;
CREATE TABLE legal_hold_item (
    hold_id INTEGER NOT NULL REFERENCES legal_hold (id),
    file_id INTEGER NOT NULL REFERENCES file (id),
    PRIMARY KEY (hold_id, file_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX legal_hold_item_by_file ON legal_hold_item (file_id);
CREATE TRIGGER legal_hold_only_ends BEFORE UPDATE ON legal_hold
WHEN NEW.id IS NOT OLD.id OR NEW.key IS NOT OLD.key OR NEW.reason IS NOT OLD.reason
  OR NEW.placed_by IS NOT OLD.placed_by OR NEW.at IS NOT OLD.at OR OLD.lifted_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a legal hold is only lifted'); END;
CREATE TRIGGER file_under_hold_stays BEFORE UPDATE OF state ON file
WHEN NEW.state = 'void' AND OLD.state <> 'void' AND EXISTS (SELECT 1 FROM legal_hold_item i
    JOIN legal_hold h ON h.id = i.hold_id WHERE i.file_id = OLD.id AND h.lifted_at IS NULL)
BEGIN SELECT RAISE(ABORT, 'the file is under a legal hold'); END;

CREATE TABLE disposal_list (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    digest TEXT NOT NULL,
    reason TEXT NOT NULL,
    proposed_by TEXT NOT NULL,
    at TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'proposed' CHECK (state IN ('proposed', 'rejected', 'executed')),
    ended_at TEXT,
    rejected_by TEXT,
    rejected_because TEXT,
    CHECK ((state = 'proposed') = (ended_at IS NULL)),
    CHECK ((state = 'rejected') = (rejected_by IS NOT NULL)),
    CHECK ((rejected_by IS NULL) = (rejected_because IS NULL))
) STRICT;
CREATE TABLE disposal_item (
    list_id INTEGER NOT NULL REFERENCES disposal_list (id),
    position INTEGER NOT NULL,
    file_id INTEGER NOT NULL REFERENCES file (id),
    PRIMARY KEY (list_id, position),
    UNIQUE (list_id, file_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE disposal_approval (
    list_id INTEGER NOT NULL REFERENCES disposal_list (id),
    person TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (list_id, person)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER approval_by_another BEFORE INSERT ON disposal_approval
WHEN EXISTS (SELECT 1 FROM disposal_list WHERE id = NEW.list_id AND (proposed_by = NEW.person OR state <> 'proposed'))
BEGIN SELECT RAISE(ABORT, 'a proposed list is approved by another than its proposer'); END;
CREATE TRIGGER approval_never_changes BEFORE UPDATE ON disposal_approval
BEGIN SELECT RAISE(ABORT, 'an approval never changes'); END;
CREATE TRIGGER approval_never_goes BEFORE DELETE ON disposal_approval
BEGIN SELECT RAISE(ABORT, 'an approval is never deleted'); END;
CREATE TRIGGER disposal_needs_two BEFORE UPDATE ON disposal_list
WHEN NEW.state = 'executed' AND (SELECT count(*) FROM disposal_approval WHERE list_id = OLD.id) < 2
BEGIN SELECT RAISE(ABORT, 'a disposal list needs the approval of two'); END;
CREATE TRIGGER disposal_list_only_ends BEFORE UPDATE ON disposal_list
WHEN NEW.id IS NOT OLD.id OR NEW.key IS NOT OLD.key OR NEW.digest IS NOT OLD.digest OR NEW.reason IS NOT OLD.reason
  OR NEW.proposed_by IS NOT OLD.proposed_by OR NEW.at IS NOT OLD.at OR OLD.state <> 'proposed'
BEGIN SELECT RAISE(ABORT, 'a disposal list only ends'); END;

CREATE TABLE relocation (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    digest TEXT NOT NULL,
    at TEXT NOT NULL,
    undone_at TEXT
) STRICT;
CREATE TABLE relocation_item (
    plan_id INTEGER NOT NULL REFERENCES relocation (id),
    position INTEGER NOT NULL,
    box_id INTEGER NOT NULL REFERENCES box (id),
    from_slot INTEGER NOT NULL REFERENCES slot (id),
    to_slot INTEGER NOT NULL REFERENCES slot (id),
    state TEXT NOT NULL CHECK (state IN ('waiting', 'moving', 'moved', 'cancelled', 'returning', 'returned')),
    received_at TEXT,
    tag TEXT,
    CHECK (state NOT IN ('moved', 'returned') OR received_at IS NOT NULL),
    PRIMARY KEY (plan_id, position),
    UNIQUE (plan_id, box_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX relocation_open ON relocation_item (box_id) WHERE state IN ('waiting', 'moving', 'returning');
