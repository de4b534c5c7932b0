-- Sealed values: personal data that nobody reads from the database.
CREATE TABLE sealing_key (
    id TEXT COLLATE "C" PRIMARY KEY,
    proof BYTEA NOT NULL CHECK (length(proof) = 32)
);
CREATE TRIGGER sealing_key_never_changes BEFORE UPDATE ON sealing_key
    FOR EACH ROW EXECUTE FUNCTION archive_refuse('a key never changes under its id');

CREATE TABLE sealed_value (
    id BIGINT PRIMARY KEY,
    customer TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('id-number', 'phone', 'id-photograph')),
    key_id TEXT COLLATE "C" NOT NULL REFERENCES sealing_key (id),
    sealed BYTEA CHECK (length(sealed) > 40),
    blind BYTEA CHECK (length(blind) = 32),
    at TEXT COLLATE "C" NOT NULL,
    withdrawn_at TEXT COLLATE "C",
    withdrawn_because TEXT COLLATE "C",
    CHECK ((sealed IS NULL) = (blind IS NULL)),
    CHECK ((sealed IS NULL) = (withdrawn_at IS NOT NULL)),
    CHECK ((withdrawn_at IS NULL) = (withdrawn_because IS NULL))
);
CREATE INDEX sealed_value_by_customer ON sealed_value (customer) WHERE sealed IS NOT NULL;
CREATE UNIQUE INDEX sealed_value_by_blind ON sealed_value (key_id, kind, blind, customer) WHERE blind IS NOT NULL;
CREATE TRIGGER sealed_value_keeps_identity BEFORE UPDATE ON sealed_value FOR EACH ROW
    WHEN (NEW.id IS DISTINCT FROM OLD.id OR NEW.customer IS DISTINCT FROM OLD.customer
        OR NEW.kind IS DISTINCT FROM OLD.kind OR NEW.at IS DISTINCT FROM OLD.at OR OLD.withdrawn_at IS NOT NULL)
    EXECUTE FUNCTION archive_refuse('a sealed value is resealed or withdrawn, and nothing else');
CREATE TRIGGER sealed_value_never_goes BEFORE DELETE ON sealed_value
    FOR EACH ROW EXECUTE FUNCTION archive_refuse('a sealed value is withdrawn, never deleted');
