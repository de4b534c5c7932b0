-- A box may become a wider one in its slot; every slot that it stands in or waits for must take it.
CREATE TRIGGER box_fits_its_slot BEFORE UPDATE OF spine ON box
WHEN EXISTS (SELECT 1 FROM slot WHERE box_id = NEW.id AND width < NEW.spine)
BEGIN SELECT RAISE(ABORT, 'the slot is too narrow for the box'); END;
