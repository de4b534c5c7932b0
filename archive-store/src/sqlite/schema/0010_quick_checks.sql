-- The rules of what is filed most, in a form that costs less a row.

-- A list of more than two values is a table of its own each time a statement runs; the same values joined by
-- OR are compared in place. A rule that says the same touches no row.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(replace(replace(sql,
    'state IN (''reserved'', ''confirmed'', ''void'')',
    'state = ''reserved'' OR state = ''confirmed'' OR state = ''void'''),
    'retention IN (''D10'', ''D30'', ''Y'')', 'retention = ''D10'' OR retention = ''D30'' OR retention = ''Y'''),
    'custody IN (''electronic'', ''central-paper'')', 'custody = ''electronic'' OR custody = ''central-paper''')
WHERE type = 'table' AND name = 'file';
UPDATE sqlite_schema SET sql = replace(replace(sql,
    'live IN (0, 1)', 'live = 0 OR live = 1'),
    'carrier IN (''paper'', ''image'', ''electronic'', ''audio'', ''video'')',
    'carrier = ''paper'' OR carrier = ''image'' OR carrier = ''electronic'' OR carrier = ''audio'' OR carrier = ''video''')
WHERE type = 'table' AND name = 'document';
PRAGMA writable_schema = RESET;

-- A counter is written once a transaction and moves by all numbers that the transaction drew; a number's
-- place is told by the numbers themselves, and by the counter where its last numbers were lost.
DROP TRIGGER number_moves_counter;
DROP TRIGGER number_is_next;
CREATE TRIGGER number_is_next BEFORE INSERT ON number
WHEN NEW.value IS NOT (SELECT max(next, coalesce(
        (SELECT max(value) + 1 FROM number WHERE kind = NEW.kind AND scope = NEW.scope), next))
    FROM counter WHERE kind = NEW.kind AND scope = NEW.scope)
BEGIN SELECT RAISE(ABORT, 'the number is not the next of its counter'); END;
DROP TRIGGER counter_follows_numbers;
CREATE TRIGGER counter_follows_numbers BEFORE UPDATE ON counter
WHEN NEW.kind IS NOT OLD.kind OR NEW.scope IS NOT OLD.scope OR NEW.first IS NOT OLD.first OR NEW.next <= OLD.next
  OR NEW.next IS NOT (SELECT max(value) + 1 FROM number WHERE kind = OLD.kind AND scope = OLD.scope)
BEGIN SELECT RAISE(ABORT, 'a counter only moves with its numbers'); END;
