-- What inventories heard of each tag so far: tags keep their read rates from one inventory to the next.
CREATE TABLE tag_history (
    tag TEXT COLLATE "C" PRIMARY KEY,
    inventory_id BIGINT NOT NULL REFERENCES inventory (id),
    seen BIGINT NOT NULL CHECK (seen >= 0),
    missed BIGINT NOT NULL CHECK (missed >= 0)
);
