-- Loans. A file is out once at a time, and cannot be voided while it is.
CREATE TABLE loan (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    file_id INTEGER NOT NULL REFERENCES file (id),
    borrower TEXT NOT NULL,
    purpose TEXT NOT NULL,
    lent_at TEXT NOT NULL,
    due_at TEXT,
    returned_at TEXT
) STRICT;
CREATE UNIQUE INDEX loan_open ON loan (file_id) WHERE returned_at IS NULL;

CREATE TRIGGER loan_of_paper BEFORE INSERT ON loan
WHEN NOT EXISTS (SELECT 1 FROM file WHERE id = NEW.file_id AND state = 'confirmed' AND custody = 'central-paper')
BEGIN SELECT RAISE(ABORT, 'only paper that stands on the shelf is lent'); END;
CREATE TRIGGER loan_never_changes BEFORE UPDATE ON loan
WHEN NEW.id IS NOT OLD.id OR NEW.key IS NOT OLD.key OR NEW.file_id IS NOT OLD.file_id
  OR NEW.borrower IS NOT OLD.borrower OR NEW.purpose IS NOT OLD.purpose OR NEW.lent_at IS NOT OLD.lent_at
  OR NEW.due_at IS NOT OLD.due_at OR OLD.returned_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a loan only ends'); END;
CREATE TRIGGER loan_never_goes BEFORE DELETE ON loan
BEGIN SELECT RAISE(ABORT, 'a loan is never deleted'); END;
CREATE TRIGGER file_on_loan_stays BEFORE UPDATE OF state ON file
WHEN NEW.state <> 'confirmed' AND EXISTS (SELECT 1 FROM loan WHERE file_id = OLD.id AND returned_at IS NULL)
BEGIN SELECT RAISE(ABORT, 'the file is on loan'); END;
