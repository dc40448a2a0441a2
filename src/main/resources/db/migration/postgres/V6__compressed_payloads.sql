-- Changes nothing: payloads may be compressed from here on, which an earlier program takes for damage. It refuses a schema
-- that is newer than it.
SELECT 1;
