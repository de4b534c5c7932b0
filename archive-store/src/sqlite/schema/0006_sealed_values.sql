-- Sealed values: personal data that nobody reads from the file.
CREATE TABLE sealing_key (
    id TEXT PRIMARY KEY,
    proof BLOB NOT NULL CHECK (length(proof) = 32)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER sealing_key_never_changes BEFORE UPDATE ON sealing_key
BEGIN SELECT RAISE(ABORT, 'a key never changes under its id'); END;

CREATE TABLE sealed_value (
    id INTEGER PRIMARY KEY,
    customer TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('id-number', 'phone', 'id-photograph')),
    key_id TEXT NOT NULL REFERENCES sealing_key (id),
    sealed BLOB CHECK (length(sealed) > 40),
    blind BLOB CHECK (length(blind) = 32),
    at TEXT NOT NULL,
    withdrawn_at TEXT,
    withdrawn_because TEXT,
    CHECK ((sealed IS NULL) = (blind IS NULL)),
    CHECK ((sealed IS NULL) = (withdrawn_at IS NOT NULL)),
    CHECK ((withdrawn_at IS NULL) = (withdrawn_because IS NULL))
) STRICT;
CREATE INDEX sealed_value_by_customer ON sealed_value (customer) WHERE sealed IS NOT NULL;
CREATE UNIQUE INDEX sealed_value_by_blind ON sealed_value (key_id, kind, blind, customer) WHERE blind IS NOT NULL;
CREATE TRIGGER sealed_value_keeps_identity BEFORE UPDATE ON sealed_value
WHEN NEW.id IS NOT OLD.id OR NEW.customer IS NOT OLD.customer OR NEW.kind IS NOT OLD.kind OR NEW.at IS NOT OLD.at
  OR OLD.withdrawn_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a sealed value is resealed or withdrawn, and nothing else'); END;
CREATE TRIGGER sealed_value_never_goes BEFORE DELETE ON sealed_value
BEGIN SELECT RAISE(ABORT, 'a sealed value is withdrawn, never deleted'); END;
