-- Numbers. A counter's numbers follow one another without a gap, because a number is only taken
-- at its counter's next value and taking it moves the counter, both in the same statement.
CREATE TABLE counter (
    kind TEXT NOT NULL CHECK (kind IN ('file', 'box')),
    scope TEXT NOT NULL,
    first INTEGER NOT NULL CHECK (first >= 0),
    next INTEGER NOT NULL CHECK (next >= first),
    PRIMARY KEY (kind, scope)
) STRICT, WITHOUT ROWID;

CREATE TABLE number (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    scope TEXT NOT NULL,
    value INTEGER NOT NULL,
    code TEXT NOT NULL,
    voided_at TEXT,
    void_reason TEXT,
    CHECK ((voided_at IS NULL) = (void_reason IS NULL)),
    UNIQUE (kind, code),
    UNIQUE (kind, scope, value),
    FOREIGN KEY (kind, scope) REFERENCES counter (kind, scope)
) STRICT;

CREATE TRIGGER number_is_next BEFORE INSERT ON number
WHEN NEW.value IS NOT (SELECT next FROM counter WHERE kind = NEW.kind AND scope = NEW.scope)
BEGIN SELECT RAISE(ABORT, 'the number is not the next of its counter'); END;

CREATE TRIGGER number_moves_counter AFTER INSERT ON number
BEGIN UPDATE counter SET next = NEW.value + 1 WHERE kind = NEW.kind AND scope = NEW.scope; END;

CREATE TRIGGER number_is_never_given_back BEFORE DELETE ON number
BEGIN SELECT RAISE(ABORT, 'a number is never given back'); END;

CREATE TRIGGER number_never_changes BEFORE UPDATE ON number
WHEN NEW.id IS NOT OLD.id OR NEW.kind IS NOT OLD.kind OR NEW.scope IS NOT OLD.scope
  OR NEW.value IS NOT OLD.value OR NEW.code IS NOT OLD.code OR OLD.voided_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a number never changes and a void one stays void'); END;

CREATE TRIGGER counter_never_goes BEFORE DELETE ON counter
BEGIN SELECT RAISE(ABORT, 'a counter is never removed'); END;

CREATE TRIGGER counter_follows_numbers BEFORE UPDATE ON counter
WHEN NEW.kind IS NOT OLD.kind OR NEW.scope IS NOT OLD.scope OR NEW.first IS NOT OLD.first
  OR NEW.next IS NOT OLD.next + 1
  OR NOT EXISTS (SELECT 1 FROM number WHERE kind = OLD.kind AND scope = OLD.scope AND value = OLD.next)
BEGIN SELECT RAISE(ABORT, 'a counter only moves with a number'); END;

-- The rows of the marketing system. Each belongs to one customer, held by a reference from `file`.
CREATE TABLE system_record (
    key TEXT PRIMARY KEY,
    customer TEXT NOT NULL,
    UNIQUE (key, customer)
) STRICT, WITHOUT ROWID;

-- Boxes. Each is homogeneous: files refer to a box together with what it is homogeneous in.
CREATE TABLE box (
    id INTEGER PRIMARY KEY,
    number_id INTEGER NOT NULL UNIQUE REFERENCES number (id),
    fonds TEXT NOT NULL,
    year INTEGER NOT NULL CHECK (year BETWEEN 0 AND 65535),
    retention TEXT NOT NULL CHECK (retention IN ('D10', 'D30', 'Y')),
    organisation TEXT NOT NULL,
    spine INTEGER NOT NULL CHECK (spine > 0),
    filled INTEGER NOT NULL DEFAULT 0 CHECK (filled BETWEEN 0 AND spine),
    state TEXT NOT NULL CHECK (state IN ('open', 'closed', 'withdrawn')),
    tag TEXT UNIQUE,
    made_at TEXT NOT NULL,
    CHECK (state <> 'withdrawn' OR (filled = 0 AND tag IS NULL)),
    UNIQUE (id, fonds, year, retention, organisation)
) STRICT;
CREATE INDEX box_by_key ON box (fonds, year, retention, organisation, id) WHERE state = 'open';

-- Slots. A slot names at most one box; a box stands in at most one slot and has at most one more
-- reserved, the one it is being moved to.
CREATE TABLE slot (
    id INTEGER PRIMARY KEY,
    address TEXT NOT NULL UNIQUE,
    width INTEGER NOT NULL CHECK (width > 0),
    state TEXT NOT NULL DEFAULT 'free' CHECK (state IN ('free', 'reserved', 'confirmed')),
    box_id INTEGER REFERENCES box (id),
    since TEXT,
    CHECK ((state = 'free') = (box_id IS NULL)),
    CHECK ((state = 'free') = (since IS NULL))
) STRICT;
CREATE UNIQUE INDEX slot_by_box ON slot (box_id, state) WHERE box_id IS NOT NULL;
CREATE INDEX slot_free ON slot (width, id) WHERE box_id IS NULL;

CREATE TRIGGER slot_fits BEFORE UPDATE OF box_id, width ON slot WHEN NEW.box_id IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'the slot is too narrow for the box')
        WHERE NEW.width < (SELECT spine FROM box WHERE id = NEW.box_id);
    SELECT RAISE(ABORT, 'the slot holds another box')
        WHERE OLD.box_id IS NOT NULL AND OLD.box_id <> NEW.box_id;
    SELECT RAISE(ABORT, 'the box is withdrawn')
        WHERE (SELECT state FROM box WHERE id = NEW.box_id) = 'withdrawn';
END;
CREATE TRIGGER slot_begins_free BEFORE INSERT ON slot WHEN NEW.box_id IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a slot begins free'); END;
CREATE TRIGGER slot_in_use_stays BEFORE DELETE ON slot WHEN OLD.box_id IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'the slot holds a box'); END;

-- Archival units, and the requests that filed them.
CREATE TABLE file (
    id INTEGER PRIMARY KEY,
    number_id INTEGER NOT NULL UNIQUE REFERENCES number (id),
    request TEXT NOT NULL UNIQUE,
    request_digest TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('reserved', 'confirmed', 'void')),
    customer TEXT NOT NULL,
    system_record TEXT NOT NULL,
    process TEXT NOT NULL,
    fonds TEXT NOT NULL,
    year INTEGER NOT NULL,
    retention TEXT NOT NULL CHECK (retention IN ('D10', 'D30', 'Y')),
    organisation TEXT NOT NULL,
    policy_name TEXT NOT NULL,
    policy_version TEXT NOT NULL,
    custody TEXT NOT NULL CHECK (custody IN ('electronic', 'central-paper')),
    box_id INTEGER,
    thickness INTEGER CHECK (thickness > 0),
    readings TEXT NOT NULL CHECK (readings = '' OR json_valid(readings)),
    findings TEXT NOT NULL CHECK (findings = '' OR json_valid(findings)),
    filed_at TEXT NOT NULL,
    expires_at TEXT,
    confirmed_at TEXT,
    CHECK ((custody = 'central-paper') = (box_id IS NOT NULL)),
    CHECK ((box_id IS NULL) = (thickness IS NULL)),
    CHECK (state <> 'confirmed' OR confirmed_at IS NOT NULL),
    FOREIGN KEY (system_record, customer) REFERENCES system_record (key, customer),
    FOREIGN KEY (box_id, fonds, year, retention, organisation)
        REFERENCES box (id, fonds, year, retention, organisation)
) STRICT;
CREATE INDEX file_by_customer ON file (customer);
CREATE INDEX file_by_system_record ON file (system_record);
CREATE INDEX file_by_box ON file (box_id) WHERE box_id IS NOT NULL;
CREATE INDEX file_pending ON file (id) WHERE state = 'reserved';

-- The room that a file takes is taken by its insertion, whatever inserts it: `box.filled` cannot
-- leave its bounds.
CREATE TRIGGER file_takes_room AFTER INSERT ON file WHEN NEW.box_id IS NOT NULL AND NEW.state <> 'void'
BEGIN
    SELECT RAISE(ABORT, 'the box is not open') WHERE (SELECT state FROM box WHERE id = NEW.box_id) <> 'open';
    UPDATE box SET filled = filled + NEW.thickness WHERE id = NEW.box_id;
END;
CREATE TRIGGER file_leaves_room AFTER UPDATE OF state ON file
WHEN NEW.box_id IS NOT NULL AND NEW.state = 'void' AND OLD.state <> 'void'
BEGIN UPDATE box SET filled = filled - NEW.thickness WHERE id = NEW.box_id; END;
CREATE TRIGGER file_keeps_identity BEFORE UPDATE OF
    id, number_id, request, request_digest, customer, system_record, fonds, year, retention, organisation,
    custody, thickness ON file
BEGIN SELECT RAISE(ABORT, 'a file keeps its number, its request and its record'); END;
CREATE TRIGGER file_stays_void BEFORE UPDATE OF state ON file WHEN OLD.state = 'void' AND NEW.state <> 'void'
BEGIN SELECT RAISE(ABORT, 'a void file stays void'); END;
CREATE TRIGGER file_is_never_deleted BEFORE DELETE ON file
BEGIN SELECT RAISE(ABORT, 'a file is never deleted: void its number'); END;

CREATE TABLE document (
    file_id INTEGER NOT NULL REFERENCES file (id),
    position INTEGER NOT NULL CHECK (position >= 0),
    live INTEGER NOT NULL DEFAULT 1 CHECK (live IN (0, 1)),
    id TEXT NOT NULL,
    document_type TEXT,
    carrier TEXT NOT NULL CHECK (carrier IN ('paper', 'image', 'electronic', 'audio', 'video')),
    pages INTEGER NOT NULL CHECK (pages >= 0),
    date TEXT,
    digest TEXT NOT NULL CHECK (length(digest) = 64),
    path TEXT NOT NULL,
    PRIMARY KEY (file_id, position)
) STRICT, WITHOUT ROWID;
-- A document's id is free again once its file is void, so that it can be filed anew.
CREATE UNIQUE INDEX document_by_id ON document (id) WHERE live = 1;
CREATE TRIGGER document_leaves AFTER UPDATE OF state ON file WHEN NEW.state = 'void' AND OLD.state <> 'void'
BEGIN UPDATE document SET live = 0 WHERE file_id = NEW.id; END;

CREATE TABLE inventory (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    digest TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
CREATE TABLE sighting (
    box_id INTEGER NOT NULL REFERENCES box (id),
    inventory_id INTEGER NOT NULL REFERENCES inventory (id),
    sighting TEXT NOT NULL CHECK (sighting IN ('present', 'misplaced', 'missing', 'unverified')),
    seen TEXT,
    CHECK ((sighting = 'misplaced') = (seen IS NOT NULL)),
    PRIMARY KEY (box_id, inventory_id)
) STRICT, WITHOUT ROWID;
