-- What stands for a text that is an id or a runtime, whatever the place it is found in.
CREATE TABLE parts AS
SELECT original, min_by(pseudonym, list_position(
    ['inference', 'turn', 'conversation', 'session', 'block', 'content', 'entity', 'migration'], kind)) AS replacement
FROM pseudonyms GROUP BY original
