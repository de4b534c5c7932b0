-- Customers, business processes, document versions, slot holds, aliases, disposal, relocation.
CREATE TABLE customer (
    number TEXT COLLATE "C" PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    class TEXT COLLATE "C" NOT NULL CHECK (class IN ('residential', 'business')),
    entered_at TEXT COLLATE "C" NOT NULL
);

CREATE TABLE business_process (
    key TEXT COLLATE "C" PRIMARY KEY,
    customer TEXT COLLATE "C" NOT NULL REFERENCES customer (number),
    process TEXT COLLATE "C" NOT NULL,
    opened_at TEXT COLLATE "C" NOT NULL,
    closed_at TEXT COLLATE "C"
);
CREATE INDEX business_process_by_customer ON business_process (customer);
CREATE FUNCTION archive_business_process_of_its_record() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM system_record WHERE key = NEW.key AND customer <> NEW.customer) THEN
        RAISE EXCEPTION 'the system record belongs to another customer';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER business_process_of_its_record BEFORE INSERT ON business_process FOR EACH ROW EXECUTE FUNCTION archive_business_process_of_its_record();
CREATE TRIGGER business_process_keeps_identity BEFORE UPDATE ON business_process FOR EACH ROW
    WHEN (NEW.key IS DISTINCT FROM OLD.key OR NEW.customer IS DISTINCT FROM OLD.customer OR NEW.process IS DISTINCT FROM OLD.process
  OR NEW.opened_at IS DISTINCT FROM OLD.opened_at OR OLD.closed_at IS NOT NULL)
    EXECUTE FUNCTION archive_refuse('a business process is only closed');
CREATE FUNCTION archive_system_record_of_its_process() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM business_process WHERE key = NEW.key AND customer <> NEW.customer) THEN
        RAISE EXCEPTION 'the business process belongs to another customer';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER system_record_of_its_process BEFORE INSERT ON system_record FOR EACH ROW EXECUTE FUNCTION archive_system_record_of_its_process();

-- A document as filed is version 1 and stands in `document`; what replaced it stands here.
CREATE TABLE document_version (
    file_id BIGINT NOT NULL,
    position BIGINT NOT NULL,
    version BIGINT NOT NULL CHECK (version > 1),
    suite TEXT COLLATE "C" NOT NULL CHECK (suite IN ('sha256', 'sm3')),
    digest TEXT COLLATE "C" NOT NULL CHECK (length(digest) = 64),
    pages BIGINT NOT NULL CHECK (pages >= 0),
    path TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    at TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (file_id, position, version),
    FOREIGN KEY (file_id, position) REFERENCES document (file_id, position)
);
CREATE FUNCTION archive_version_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.version IS DISTINCT FROM (SELECT coalesce(max(version), 1) + 1 FROM document_version
    WHERE file_id = NEW.file_id AND position = NEW.position) THEN
        RAISE EXCEPTION 'the version is not the next';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER version_follows BEFORE INSERT ON document_version FOR EACH ROW EXECUTE FUNCTION archive_version_follows();
CREATE TRIGGER version_never_changes BEFORE UPDATE ON document_version FOR EACH ROW
    EXECUTE FUNCTION archive_refuse('a version never changes');
CREATE TRIGGER version_never_goes BEFORE DELETE ON document_version FOR EACH ROW
    EXECUTE FUNCTION archive_refuse('a version is never deleted');

CREATE TABLE fixity_check (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    file_id BIGINT NOT NULL,
    position BIGINT NOT NULL,
    version BIGINT NOT NULL CHECK (version > 0),
    found TEXT COLLATE "C" NOT NULL CHECK (found IN ('intact', 'damaged', 'missing')),
    at TEXT COLLATE "C" NOT NULL,
    FOREIGN KEY (file_id, position) REFERENCES document (file_id, position)
);
CREATE INDEX fixity_check_by_document ON fixity_check (file_id, position, version);

-- A slot that is kept before there is a box for it.
CREATE TABLE slot_hold (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key TEXT COLLATE "C" NOT NULL UNIQUE,
    slot_id BIGINT NOT NULL REFERENCES slot (id),
    at TEXT COLLATE "C" NOT NULL,
    expires_at TEXT COLLATE "C" NOT NULL,
    ended_at TEXT COLLATE "C",
    outcome TEXT COLLATE "C" CHECK (outcome IN ('used', 'released', 'expired')),
    CHECK ((ended_at IS NULL) = (outcome IS NULL))
);
CREATE UNIQUE INDEX slot_hold_open ON slot_hold (slot_id) WHERE ended_at IS NULL;
CREATE FUNCTION archive_hold_of_a_free_slot() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT box_id FROM slot WHERE id = NEW.slot_id) IS NOT NULL THEN
        RAISE EXCEPTION 'the slot holds a box';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER hold_of_a_free_slot BEFORE INSERT ON slot_hold FOR EACH ROW EXECUTE FUNCTION archive_hold_of_a_free_slot();
CREATE TRIGGER hold_only_ends BEFORE UPDATE ON slot_hold FOR EACH ROW
    WHEN (NEW.id IS DISTINCT FROM OLD.id OR NEW.key IS DISTINCT FROM OLD.key OR NEW.slot_id IS DISTINCT FROM OLD.slot_id OR NEW.at IS DISTINCT FROM OLD.at
  OR NEW.expires_at IS DISTINCT FROM OLD.expires_at OR OLD.ended_at IS NOT NULL)
    EXECUTE FUNCTION archive_refuse('a hold only ends');
CREATE FUNCTION archive_slot_is_held() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.box_id IS NULL AND NEW.box_id IS NOT NULL
  AND EXISTS (SELECT 1 FROM slot_hold WHERE slot_id = OLD.id AND ended_at IS NULL) THEN
        RAISE EXCEPTION 'the slot is held for another';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER slot_is_held BEFORE UPDATE OF box_id ON slot FOR EACH ROW EXECUTE FUNCTION archive_slot_is_held();

-- Numbers that a file bore before it was renumbered.
CREATE TABLE alias (
    number_id BIGINT PRIMARY KEY REFERENCES number (id),
    file_id BIGINT NOT NULL REFERENCES file (id),
    reason TEXT COLLATE "C" NOT NULL,
    at TEXT COLLATE "C" NOT NULL
);
CREATE INDEX alias_by_file ON alias (file_id);
CREATE FUNCTION archive_alias_of_the_number() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM file WHERE id = NEW.file_id AND number_id = NEW.number_id) THEN
        RAISE EXCEPTION 'an alias is a number that the file bears';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER alias_of_the_number BEFORE INSERT ON alias FOR EACH ROW EXECUTE FUNCTION archive_alias_of_the_number();
CREATE TRIGGER alias_never_changes BEFORE UPDATE ON alias FOR EACH ROW
    EXECUTE FUNCTION archive_refuse('an alias never changes');
CREATE TRIGGER alias_never_goes BEFORE DELETE ON alias FOR EACH ROW
    EXECUTE FUNCTION archive_refuse('an alias is never deleted');
CREATE FUNCTION archive_file_number_leaves_an_alias() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.number_id IS DISTINCT FROM OLD.number_id AND (
    NOT EXISTS (SELECT 1 FROM alias WHERE number_id = OLD.number_id AND file_id = OLD.id)
    OR EXISTS (SELECT 1 FROM alias WHERE number_id = NEW.number_id)
    OR NOT EXISTS (SELECT 1 FROM number WHERE id = NEW.number_id AND kind = 'file' AND voided_at IS NULL)) THEN
        RAISE EXCEPTION 'a file keeps its number until an alias stands for it';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER file_number_leaves_an_alias BEFORE UPDATE OF number_id ON file FOR EACH ROW EXECUTE FUNCTION archive_file_number_leaves_an_alias();

CREATE TABLE legal_hold (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key TEXT COLLATE "C" NOT NULL UNIQUE,
    reason TEXT COLLATE "C" NOT NULL,
    placed_by TEXT COLLATE "C" NOT NULL,
    at TEXT COLLATE "C" NOT NULL,
    lifted_by TEXT COLLATE "C",
    lifted_at TEXT COLLATE "C",
    CHECK ((lifted_by IS NULL) = (lifted_at IS NULL))
);
CREATE TABLE legal_hold_item (
    hold_id BIGINT NOT NULL REFERENCES legal_hold (id),
    file_id BIGINT NOT NULL REFERENCES file (id),
    PRIMARY KEY (hold_id, file_id)
);
CREATE INDEX legal_hold_item_by_file ON legal_hold_item (file_id);
CREATE TRIGGER legal_hold_only_ends BEFORE UPDATE ON legal_hold FOR EACH ROW
    WHEN (NEW.id IS DISTINCT FROM OLD.id OR NEW.key IS DISTINCT FROM OLD.key OR NEW.reason IS DISTINCT FROM OLD.reason
  OR NEW.placed_by IS DISTINCT FROM OLD.placed_by OR NEW.at IS DISTINCT FROM OLD.at OR OLD.lifted_at IS NOT NULL)
    EXECUTE FUNCTION archive_refuse('a legal hold is only lifted');
CREATE FUNCTION archive_file_under_hold_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state = 'void' AND OLD.state <> 'void' AND EXISTS (SELECT 1 FROM legal_hold_item i
    JOIN legal_hold h ON h.id = i.hold_id WHERE i.file_id = OLD.id AND h.lifted_at IS NULL) THEN
        RAISE EXCEPTION 'the file is under a legal hold';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER file_under_hold_stays BEFORE UPDATE OF state ON file FOR EACH ROW EXECUTE FUNCTION archive_file_under_hold_stays();

CREATE TABLE disposal_list (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key TEXT COLLATE "C" NOT NULL UNIQUE,
    digest TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    proposed_by TEXT COLLATE "C" NOT NULL,
    at TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL DEFAULT 'proposed' CHECK (state IN ('proposed', 'rejected', 'executed')),
    ended_at TEXT COLLATE "C",
    rejected_by TEXT COLLATE "C",
    rejected_because TEXT COLLATE "C",
    CHECK ((state = 'proposed') = (ended_at IS NULL)),
    CHECK ((state = 'rejected') = (rejected_by IS NOT NULL)),
    CHECK ((rejected_by IS NULL) = (rejected_because IS NULL))
);
CREATE TABLE disposal_item (
    list_id BIGINT NOT NULL REFERENCES disposal_list (id),
    position BIGINT NOT NULL,
    file_id BIGINT NOT NULL REFERENCES file (id),
    PRIMARY KEY (list_id, position),
    UNIQUE (list_id, file_id)
);
CREATE TABLE disposal_approval (
    list_id BIGINT NOT NULL REFERENCES disposal_list (id),
    person TEXT COLLATE "C" NOT NULL,
    at TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (list_id, person)
);
CREATE FUNCTION archive_approval_by_another() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM disposal_list WHERE id = NEW.list_id AND (proposed_by = NEW.person OR state <> 'proposed')) THEN
        RAISE EXCEPTION 'a proposed list is approved by another than its proposer';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approval_by_another BEFORE INSERT ON disposal_approval FOR EACH ROW EXECUTE FUNCTION archive_approval_by_another();
CREATE TRIGGER approval_never_changes BEFORE UPDATE ON disposal_approval FOR EACH ROW
    EXECUTE FUNCTION archive_refuse('an approval never changes');
CREATE TRIGGER approval_never_goes BEFORE DELETE ON disposal_approval FOR EACH ROW
    EXECUTE FUNCTION archive_refuse('an approval is never deleted');
CREATE FUNCTION archive_disposal_needs_two() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state = 'executed' AND (SELECT count(*) FROM disposal_approval WHERE list_id = OLD.id) < 2 THEN
        RAISE EXCEPTION 'a disposal list needs the approval of two';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER disposal_needs_two BEFORE UPDATE ON disposal_list FOR EACH ROW EXECUTE FUNCTION archive_disposal_needs_two();
CREATE TRIGGER disposal_list_only_ends BEFORE UPDATE ON disposal_list FOR EACH ROW
    WHEN (NEW.id IS DISTINCT FROM OLD.id OR NEW.key IS DISTINCT FROM OLD.key OR NEW.digest IS DISTINCT FROM OLD.digest OR NEW.reason IS DISTINCT FROM OLD.reason
  OR NEW.proposed_by IS DISTINCT FROM OLD.proposed_by OR NEW.at IS DISTINCT FROM OLD.at OR OLD.state <> 'proposed')
    EXECUTE FUNCTION archive_refuse('a disposal list only ends');

CREATE TABLE relocation (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key TEXT COLLATE "C" NOT NULL UNIQUE,
    digest TEXT COLLATE "C" NOT NULL,
    at TEXT COLLATE "C" NOT NULL,
    undone_at TEXT COLLATE "C"
);
CREATE TABLE relocation_item (
    plan_id BIGINT NOT NULL REFERENCES relocation (id),
    position BIGINT NOT NULL,
    box_id BIGINT NOT NULL REFERENCES box (id),
    from_slot BIGINT NOT NULL REFERENCES slot (id),
    to_slot BIGINT NOT NULL REFERENCES slot (id),
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('waiting', 'moving', 'moved', 'cancelled', 'returning', 'returned')),
    received_at TEXT COLLATE "C",
    tag TEXT COLLATE "C",
    CHECK (state NOT IN ('moved', 'returned') OR received_at IS NOT NULL),
    PRIMARY KEY (plan_id, position),
    UNIQUE (plan_id, box_id)
);
CREATE UNIQUE INDEX relocation_open ON relocation_item (box_id) WHERE state IN ('waiting', 'moving', 'returning');
