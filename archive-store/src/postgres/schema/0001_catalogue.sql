-- The same tables as in the other dialect. All text is compared byte by byte, so that numbers sort as they
-- are written whatever the server's language is.

-- Numbers. A counter's numbers follow one another without a gap, because a number is only taken
-- at its counter's next value and taking it moves the counter.
CREATE TABLE counter (
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('file', 'box')),
    scope TEXT COLLATE "C" NOT NULL,
    first BIGINT NOT NULL CHECK (first >= 0),
    next BIGINT NOT NULL CHECK (next >= first),
    PRIMARY KEY (kind, scope)
);

CREATE TABLE number (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL,
    scope TEXT COLLATE "C" NOT NULL,
    value BIGINT NOT NULL,
    code TEXT COLLATE "C" NOT NULL,
    voided_at TEXT COLLATE "C",
    void_reason TEXT COLLATE "C",
    CHECK ((voided_at IS NULL) = (void_reason IS NULL)),
    UNIQUE (kind, code),
    UNIQUE (kind, scope, value),
    FOREIGN KEY (kind, scope) REFERENCES counter (kind, scope)
);

-- Raises what the trigger was made with: most rules only say when they are broken.
CREATE FUNCTION archive_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0];
END $$;

CREATE FUNCTION archive_number_is_next() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM counter WHERE kind = NEW.kind AND scope = NEW.scope AND next = NEW.value FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the number is not the next of its counter';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER number_is_next BEFORE INSERT ON number FOR EACH ROW EXECUTE FUNCTION archive_number_is_next();

CREATE FUNCTION archive_number_moves_counter() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moved BIGINT;
BEGIN
    UPDATE counter SET next = next + 1 WHERE kind = NEW.kind AND scope = NEW.scope AND next = NEW.value
        RETURNING next INTO moved;
    IF moved IS NULL THEN
        RAISE EXCEPTION 'the number is not the next of its counter';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER number_moves_counter AFTER INSERT ON number
    FOR EACH ROW EXECUTE FUNCTION archive_number_moves_counter();

CREATE TRIGGER number_is_never_given_back BEFORE DELETE ON number
    FOR EACH ROW EXECUTE FUNCTION archive_refuse('a number is never given back');
CREATE TRIGGER number_never_changes BEFORE UPDATE ON number FOR EACH ROW
    WHEN (NEW.id IS DISTINCT FROM OLD.id OR NEW.kind IS DISTINCT FROM OLD.kind OR NEW.scope IS DISTINCT FROM OLD.scope
        OR NEW.value IS DISTINCT FROM OLD.value OR NEW.code IS DISTINCT FROM OLD.code OR OLD.voided_at IS NOT NULL)
    EXECUTE FUNCTION archive_refuse('a number never changes and a void one stays void');
CREATE TRIGGER counter_never_goes BEFORE DELETE ON counter
    FOR EACH ROW EXECUTE FUNCTION archive_refuse('a counter is never removed');

CREATE FUNCTION archive_counter_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.kind IS DISTINCT FROM OLD.kind OR NEW.scope IS DISTINCT FROM OLD.scope OR NEW.first <> OLD.first
        OR NEW.next <> OLD.next + 1
        OR NOT EXISTS (SELECT 1 FROM number WHERE kind = OLD.kind AND scope = OLD.scope AND value = OLD.next) THEN
        RAISE EXCEPTION 'a counter only moves with a number';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER counter_follows_numbers BEFORE UPDATE ON counter
    FOR EACH ROW EXECUTE FUNCTION archive_counter_follows();

CREATE TABLE system_record (
    key TEXT COLLATE "C" PRIMARY KEY,
    customer TEXT COLLATE "C" NOT NULL,
    UNIQUE (key, customer)
);

CREATE TABLE box (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number_id BIGINT NOT NULL UNIQUE REFERENCES number (id),
    fonds TEXT COLLATE "C" NOT NULL,
    year BIGINT NOT NULL CHECK (year BETWEEN 0 AND 65535),
    retention TEXT COLLATE "C" NOT NULL CHECK (retention IN ('D10', 'D30', 'Y')),
    organisation TEXT COLLATE "C" NOT NULL,
    spine BIGINT NOT NULL CHECK (spine > 0),
    filled BIGINT NOT NULL DEFAULT 0 CHECK (filled BETWEEN 0 AND spine),
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('open', 'closed', 'withdrawn')),
    tag TEXT COLLATE "C" UNIQUE,
    made_at TEXT COLLATE "C" NOT NULL,
    CHECK (state <> 'withdrawn' OR (filled = 0 AND tag IS NULL)),
    UNIQUE (id, fonds, year, retention, organisation)
);
CREATE INDEX box_by_key ON box (fonds, year, retention, organisation, id) WHERE state = 'open';

CREATE TABLE slot (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    address TEXT COLLATE "C" NOT NULL UNIQUE,
    width BIGINT NOT NULL CHECK (width > 0),
    state TEXT COLLATE "C" NOT NULL DEFAULT 'free' CHECK (state IN ('free', 'reserved', 'confirmed')),
    box_id BIGINT REFERENCES box (id),
    since TEXT COLLATE "C",
    CHECK ((state = 'free') = (box_id IS NULL)),
    CHECK ((state = 'free') = (since IS NULL))
);
CREATE UNIQUE INDEX slot_by_box ON slot (box_id, state) WHERE box_id IS NOT NULL;
CREATE INDEX slot_free ON slot (width, id) WHERE box_id IS NULL;

CREATE FUNCTION archive_slot_fits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.width < (SELECT spine FROM box WHERE id = NEW.box_id) THEN
        RAISE EXCEPTION 'the slot is too narrow for the box';
    ELSIF OLD.box_id <> NEW.box_id THEN
        RAISE EXCEPTION 'the slot holds another box';
    ELSIF (SELECT state FROM box WHERE id = NEW.box_id) = 'withdrawn' THEN
        RAISE EXCEPTION 'the box is withdrawn';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER slot_fits BEFORE UPDATE OF box_id, width ON slot FOR EACH ROW WHEN (NEW.box_id IS NOT NULL)
    EXECUTE FUNCTION archive_slot_fits();
CREATE TRIGGER slot_begins_free BEFORE INSERT ON slot FOR EACH ROW WHEN (NEW.box_id IS NOT NULL)
    EXECUTE FUNCTION archive_refuse('a slot begins free');
CREATE TRIGGER slot_in_use_stays BEFORE DELETE ON slot FOR EACH ROW WHEN (OLD.box_id IS NOT NULL)
    EXECUTE FUNCTION archive_refuse('the slot holds a box');

-- Whether a text is JSON, without the error that a cast raises.
CREATE FUNCTION archive_is_json(text TEXT) RETURNS BOOLEAN LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    PERFORM text::json;
    RETURN TRUE;
EXCEPTION WHEN OTHERS THEN
    RETURN FALSE;
END $$;

CREATE TABLE file (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number_id BIGINT NOT NULL UNIQUE REFERENCES number (id),
    request TEXT COLLATE "C" NOT NULL UNIQUE,
    request_digest TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('reserved', 'confirmed', 'void')),
    customer TEXT COLLATE "C" NOT NULL,
    system_record TEXT COLLATE "C" NOT NULL,
    process TEXT COLLATE "C" NOT NULL,
    fonds TEXT COLLATE "C" NOT NULL,
    year BIGINT NOT NULL,
    retention TEXT COLLATE "C" NOT NULL CHECK (retention IN ('D10', 'D30', 'Y')),
    organisation TEXT COLLATE "C" NOT NULL,
    policy_name TEXT COLLATE "C" NOT NULL,
    policy_version TEXT COLLATE "C" NOT NULL,
    custody TEXT COLLATE "C" NOT NULL CHECK (custody IN ('electronic', 'central-paper')),
    box_id BIGINT,
    thickness BIGINT CHECK (thickness > 0),
    readings TEXT COLLATE "C" NOT NULL CHECK (readings = '' OR archive_is_json(readings)),
    findings TEXT COLLATE "C" NOT NULL CHECK (findings = '' OR archive_is_json(findings)),
    filed_at TEXT COLLATE "C" NOT NULL,
    expires_at TEXT COLLATE "C",
    confirmed_at TEXT COLLATE "C",
    CHECK ((custody = 'central-paper') = (box_id IS NOT NULL)),
    CHECK ((box_id IS NULL) = (thickness IS NULL)),
    CHECK (state <> 'confirmed' OR confirmed_at IS NOT NULL),
    FOREIGN KEY (system_record, customer) REFERENCES system_record (key, customer),
    FOREIGN KEY (box_id, fonds, year, retention, organisation)
        REFERENCES box (id, fonds, year, retention, organisation)
);
CREATE INDEX file_by_customer ON file (customer);
CREATE INDEX file_by_system_record ON file (system_record);
CREATE INDEX file_by_box ON file (box_id) WHERE box_id IS NOT NULL;
CREATE INDEX file_pending ON file (id) WHERE state = 'reserved';

CREATE FUNCTION archive_file_takes_room() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE box SET filled = filled + NEW.thickness WHERE id = NEW.box_id AND state = 'open';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the box is not open';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER file_takes_room AFTER INSERT ON file FOR EACH ROW
    WHEN (NEW.box_id IS NOT NULL AND NEW.state <> 'void') EXECUTE FUNCTION archive_file_takes_room();
CREATE FUNCTION archive_file_leaves_room() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE box SET filled = filled - NEW.thickness WHERE id = NEW.box_id;
    RETURN NULL;
END $$;
CREATE TRIGGER file_leaves_room AFTER UPDATE OF state ON file FOR EACH ROW
    WHEN (NEW.box_id IS NOT NULL AND NEW.state = 'void' AND OLD.state <> 'void')
    EXECUTE FUNCTION archive_file_leaves_room();
CREATE TRIGGER file_keeps_identity BEFORE UPDATE ON file FOR EACH ROW
    WHEN (NEW.id IS DISTINCT FROM OLD.id OR NEW.request IS DISTINCT FROM OLD.request
        OR NEW.request_digest IS DISTINCT FROM OLD.request_digest OR NEW.customer IS DISTINCT FROM OLD.customer
        OR NEW.system_record IS DISTINCT FROM OLD.system_record OR NEW.fonds IS DISTINCT FROM OLD.fonds
        OR NEW.year IS DISTINCT FROM OLD.year OR NEW.retention IS DISTINCT FROM OLD.retention
        OR NEW.organisation IS DISTINCT FROM OLD.organisation OR NEW.custody IS DISTINCT FROM OLD.custody
        OR NEW.thickness IS DISTINCT FROM OLD.thickness)
    EXECUTE FUNCTION archive_refuse('a file keeps its number, its request and its record');
CREATE TRIGGER file_stays_void BEFORE UPDATE OF state ON file FOR EACH ROW
    WHEN (OLD.state = 'void' AND NEW.state <> 'void') EXECUTE FUNCTION archive_refuse('a void file stays void');
CREATE TRIGGER file_is_never_deleted BEFORE DELETE ON file
    FOR EACH ROW EXECUTE FUNCTION archive_refuse('a file is never deleted: void its number');

CREATE TABLE document (
    file_id BIGINT NOT NULL REFERENCES file (id),
    position BIGINT NOT NULL CHECK (position >= 0),
    live BIGINT NOT NULL DEFAULT 1 CHECK (live IN (0, 1)),
    id TEXT COLLATE "C" NOT NULL,
    document_type TEXT COLLATE "C",
    carrier TEXT COLLATE "C" NOT NULL CHECK (carrier IN ('paper', 'image', 'electronic', 'audio', 'video')),
    pages BIGINT NOT NULL CHECK (pages >= 0),
    date TEXT COLLATE "C",
    digest TEXT COLLATE "C" NOT NULL CHECK (length(digest) = 64),
    path TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (file_id, position)
);
CREATE UNIQUE INDEX document_by_id ON document (id) WHERE live = 1;
CREATE FUNCTION archive_document_leaves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE document SET live = 0 WHERE file_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER document_leaves AFTER UPDATE OF state ON file FOR EACH ROW
    WHEN (NEW.state = 'void' AND OLD.state <> 'void') EXECUTE FUNCTION archive_document_leaves();

CREATE TABLE inventory (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key TEXT COLLATE "C" NOT NULL UNIQUE,
    digest TEXT COLLATE "C" NOT NULL,
    at TEXT COLLATE "C" NOT NULL
);
CREATE TABLE sighting (
    box_id BIGINT NOT NULL REFERENCES box (id),
    inventory_id BIGINT NOT NULL REFERENCES inventory (id),
    sighting TEXT COLLATE "C" NOT NULL CHECK (sighting IN ('present', 'misplaced', 'missing', 'unverified')),
    seen TEXT COLLATE "C",
    CHECK ((sighting = 'misplaced') = (seen IS NOT NULL)),
    PRIMARY KEY (box_id, inventory_id)
);

CREATE TABLE loan (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key TEXT COLLATE "C" NOT NULL UNIQUE,
    file_id BIGINT NOT NULL REFERENCES file (id),
    borrower TEXT COLLATE "C" NOT NULL,
    purpose TEXT COLLATE "C" NOT NULL,
    lent_at TEXT COLLATE "C" NOT NULL,
    due_at TEXT COLLATE "C",
    returned_at TEXT COLLATE "C"
);
CREATE UNIQUE INDEX loan_open ON loan (file_id) WHERE returned_at IS NULL;
CREATE FUNCTION archive_loan_of_paper() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM file
        WHERE id = NEW.file_id AND state = 'confirmed' AND custody = 'central-paper') THEN
        RAISE EXCEPTION 'only paper that stands on the shelf is lent';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER loan_of_paper BEFORE INSERT ON loan FOR EACH ROW EXECUTE FUNCTION archive_loan_of_paper();
CREATE TRIGGER loan_never_changes BEFORE UPDATE ON loan FOR EACH ROW
    WHEN (NEW.id IS DISTINCT FROM OLD.id OR NEW.key IS DISTINCT FROM OLD.key
        OR NEW.file_id IS DISTINCT FROM OLD.file_id OR NEW.borrower IS DISTINCT FROM OLD.borrower
        OR NEW.purpose IS DISTINCT FROM OLD.purpose OR NEW.lent_at IS DISTINCT FROM OLD.lent_at
        OR NEW.due_at IS DISTINCT FROM OLD.due_at OR OLD.returned_at IS NOT NULL)
    EXECUTE FUNCTION archive_refuse('a loan only ends');
CREATE TRIGGER loan_never_goes BEFORE DELETE ON loan
    FOR EACH ROW EXECUTE FUNCTION archive_refuse('a loan is never deleted');
CREATE FUNCTION archive_file_on_loan_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM loan WHERE file_id = OLD.id AND returned_at IS NULL) THEN
        RAISE EXCEPTION 'the file is on loan';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER file_on_loan_stays BEFORE UPDATE OF state ON file FOR EACH ROW WHEN (NEW.state <> 'confirmed')
    EXECUTE FUNCTION archive_file_on_loan_stays();
