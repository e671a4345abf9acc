"""Altered files, one per named attack, made from papers of our own with keys of a test.

``python -m tests.engine.signing.altering`` makes the files of ``tests/fixtures/altered`` and
their manifest anew; it needs ``pdfsig``, ``certutil`` and ``qpdf``. The keys stay as they are
unless they are deleted first.
"""
