#!/bin/sh
# PostgreSQL's image runs this once, in a new volume: a role for `serve` that owns one database, and no more.
set -eu
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username postgres --dbname postgres <<'SQL'
\getenv password POSTGRES_PASSWORD
CREATE ROLE misp LOGIN PASSWORD :'password';
CREATE DATABASE misp OWNER misp;
SQL
