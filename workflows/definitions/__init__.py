"""Definitions for people who are not programmers: told in sentences, changed on a copy, tried
against past cases, released with a date, and live cases brought under them."""
