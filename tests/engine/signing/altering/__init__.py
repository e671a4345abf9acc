"""Altered files, one per named attack, made from papers of our own with keys of a test.

``python -m tests.engine.signing.altering`` makes those files of ``tests/fixtures/altered`` that
are missing, with their lines of the manifest (``all``: every one anew, a name: that one); it
needs ``pdfsig``, ``certutil`` and ``qpdf``. The keys stay as they are unless they are deleted.
"""
