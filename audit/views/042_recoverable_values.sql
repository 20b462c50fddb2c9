-- One row a turn and column whose metadata gives a value that the migration was asked to use.
-- A migration with --evidence direct leaves out what only a profile or an alias says.
CREATE VIEW recoverable_values AS
SELECT * FROM attributions
WHERE evidence <> ''
    AND (kind IN ('text', 'map') OR era = 'after'
         OR NOT EXISTS (SELECT 1 FROM ledger WHERE step = 'migration' AND evidence = 'direct'));
