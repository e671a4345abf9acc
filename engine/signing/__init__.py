"""Signatures on papers: keys, certificates, PAdES signatures in PDF files, and their validation.

The only package that knows pyHanko. Callers use ``signer``, ``software``, ``authority``,
``pdf``, ``coverage``, ``trust`` and ``validate``, ``shortcut`` for files that are known and
``cage`` for those that are not; the other modules are how these work.
"""
