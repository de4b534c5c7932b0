-- The evidence log and the search index.
CREATE TABLE log_head (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    size BIGINT NOT NULL CHECK (size >= 0),
    frontier BYTEA NOT NULL
);
INSERT INTO log_head (id, size, frontier) VALUES (1, 0, '');

CREATE TABLE leaf (
    position BIGINT PRIMARY KEY,
    file_id BIGINT REFERENCES file (id),
    event TEXT COLLATE "C" NOT NULL,
    hash BYTEA NOT NULL CHECK (length(hash) = 32)
);
CREATE INDEX leaf_by_file ON leaf (file_id) WHERE file_id IS NOT NULL;

CREATE TABLE node (
    level BIGINT NOT NULL CHECK (level > 0 AND level % 8 = 0),
    position BIGINT NOT NULL,
    hash BYTEA NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (level, position)
);

CREATE FUNCTION archive_leaf_at_the_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.position <> (SELECT coalesce(max(position), -1) + 1 FROM leaf) THEN
        RAISE EXCEPTION 'the log grows at its end';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER leaf_at_the_end BEFORE INSERT ON leaf FOR EACH ROW EXECUTE FUNCTION archive_leaf_at_the_end();
CREATE TRIGGER leaf_never_changes BEFORE UPDATE OR DELETE ON leaf
    FOR EACH ROW EXECUTE FUNCTION archive_refuse('the log never changes');
CREATE TRIGGER leaf_never_goes BEFORE TRUNCATE ON leaf
    FOR EACH STATEMENT EXECUTE FUNCTION archive_refuse('the log never changes');
CREATE TRIGGER node_never_changes BEFORE UPDATE OR DELETE ON node
    FOR EACH ROW EXECUTE FUNCTION archive_refuse('the log never changes');
CREATE FUNCTION archive_head_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.id <> OLD.id OR NEW.size <= OLD.size
        OR NEW.size <> (SELECT coalesce(max(position), -1) + 1 FROM leaf) THEN
        RAISE EXCEPTION 'the log grows by its leaves';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER head_only_grows BEFORE UPDATE ON log_head
    FOR EACH ROW EXECUTE FUNCTION archive_head_only_grows();
CREATE TRIGGER head_never_goes BEFORE DELETE ON log_head
    FOR EACH ROW EXECUTE FUNCTION archive_refuse('the log never changes');

-- `tokens` are a file's words in their order, `grams` the same as a set, with beginnings and facets.
CREATE TABLE search (
    file_id BIGINT PRIMARY KEY REFERENCES file (id),
    tokens TEXT COLLATE "C" NOT NULL,
    grams TEXT[] COLLATE "C" NOT NULL
);
CREATE INDEX search_by_gram ON search USING gin (grams);
