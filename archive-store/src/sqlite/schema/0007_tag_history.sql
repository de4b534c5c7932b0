-- What inventories heard of each tag so far: tags keep their read rates from one inventory to the next.
CREATE TABLE tag_history (
    tag TEXT PRIMARY KEY,
    inventory_id INTEGER NOT NULL REFERENCES inventory (id),
    seen INTEGER NOT NULL CHECK (seen >= 0),
    missed INTEGER NOT NULL CHECK (missed >= 0)
) STRICT, WITHOUT ROWID;
