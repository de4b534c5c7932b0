-- A box may become a wider one in its slot; every slot that it stands in or waits for must take it.
CREATE FUNCTION archive_box_fits_its_slot() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM slot WHERE box_id = NEW.id AND width < NEW.spine) THEN
        RAISE EXCEPTION 'the slot is too narrow for the box';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER box_fits_its_slot BEFORE UPDATE OF spine ON box
    FOR EACH ROW EXECUTE FUNCTION archive_box_fits_its_slot();
