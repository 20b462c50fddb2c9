SELECT 'turns' AS role, 'encoding' AS name, encoding AS value FROM pragma_encoding
