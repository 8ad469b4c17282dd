-- The customers of the example. Make the file that the flow asks:
--
--   sqlite3 customers.db < customers.sql
--
-- The same table fits PostgreSQL and MariaDB; then only `url` and `password` in ariroute.yaml change.
CREATE TABLE customers (
    phone   varchar(16) PRIMARY KEY,      -- E.164: +46701234567
    name    varchar(80),
    loyalty varchar(20),
    orders  integer NOT NULL DEFAULT 0,
    blocked integer NOT NULL DEFAULT 0    -- 0 or 1: read as a bool
);
INSERT INTO customers VALUES ('+46701234567', 'Anna Ek', 'platinum', 41, 0);
INSERT INTO customers VALUES ('+46701234568', 'Bo Berg', 'gold', 7, 0);
INSERT INTO customers VALUES ('+46701234569', 'Cia Alm', NULL, 12, 0);
INSERT INTO customers VALUES ('+46700000001', 'Crank Caller', NULL, 0, 1);
