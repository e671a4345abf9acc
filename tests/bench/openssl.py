"""OpenSSL's own check of a signature (``CMS_verify``), in this process: the floor of any check.

The same that ``openssl cms -verify`` does, without the start of a process for each signature.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Sequence

from engine.signing.coverage import facts

_BINARY = 0x80
_POINTER = ctypes.c_void_p


def _library() -> ctypes.CDLL:
    """libcrypto, its functions told that they take and give pointers."""
    found = ctypes.CDLL(ctypes.util.find_library("crypto") or "libcrypto.so.3")
    for name in ("BIO_new_mem_buf", "d2i_CMS_bio", "d2i_X509_bio", "X509_STORE_new"):
        getattr(found, name).restype = _POINTER
    for name in (
        "BIO_free",
        "CMS_ContentInfo_free",
        "X509_STORE_free",
        "X509_free",
        "X509_STORE_add_cert",
    ):
        getattr(found, name).argtypes = [_POINTER] * (2 if name.endswith("add_cert") else 1)
    found.BIO_new_mem_buf.argtypes = [ctypes.c_char_p, ctypes.c_int]
    found.d2i_CMS_bio.argtypes = found.d2i_X509_bio.argtypes = [_POINTER, _POINTER]
    found.CMS_verify.argtypes = [_POINTER] * 5 + [ctypes.c_uint]
    return found


class OpenSSL:
    """A store of roots, and the check of a file's signatures against it."""

    def __init__(self, roots: Sequence[bytes]) -> None:
        self._c = _library()
        self._store = self._c.X509_STORE_new()
        for der in roots:
            source = self._c.BIO_new_mem_buf(der, len(der))
            certificate = self._c.d2i_X509_bio(source, None)
            self._c.X509_STORE_add_cert(self._store, certificate)
            self._c.X509_free(certificate)
            self._c.BIO_free(source)

    def verify(self, container: bytes, covered: bytes) -> bool:
        """Whether a detached CMS is a good signature over some bytes, by a trusted chain."""
        source = self._c.BIO_new_mem_buf(container, len(container))
        signed = self._c.d2i_CMS_bio(source, None)
        content = self._c.BIO_new_mem_buf(covered, len(covered))
        try:
            answer = self._c.CMS_verify(signed, None, self._store, content, None, _BINARY)
            return bool(answer == 1)
        finally:
            self._c.CMS_ContentInfo_free(signed)
            self._c.BIO_free(content)
            self._c.BIO_free(source)


def taken_apart(pdf: bytes) -> list[tuple[bytes, tuple[int, int], int]]:
    """Of each signature the container, its place, and where the covered bytes end."""
    parts = []
    for covered in facts(pdf).covered:
        first, second = covered.gap
        container = bytes.fromhex(pdf[first + 1 : second - 1].decode())
        parts.append((container, covered.gap, covered.end))
    return parts
