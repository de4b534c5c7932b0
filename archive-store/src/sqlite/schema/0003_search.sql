-- The search index: the words of each file under its row id, without the text itself, and what never
-- changes of that by which a search is narrowed, so that both are answered by one intersection.
CREATE VIRTUAL TABLE search USING fts5 (
    words, facets, content = '', columnsize = 0, tokenize = 'unicode61 remove_diacritics 0', prefix = '1'
);
