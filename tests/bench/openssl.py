"""OpenSSL's own check of signatures, in this process: the floor of any check.

The same that ``openssl cms -verify``, ``openssl ts -verify`` and ``openssl crl -verify`` do,
without the start of a process for each.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Sequence

from engine.signing.coverage import facts

_BINARY = 0x80
_TOKEN_OVER_DATA = 0x01 | 0x02 | 0x10  # its signature, its version, and what it was made over
_POINTER = ctypes.c_void_p


def _library() -> ctypes.CDLL:
    """libcrypto, its functions told that they take and give pointers."""
    found = ctypes.CDLL(ctypes.util.find_library("crypto") or "libcrypto.so.3")
    for name in _MAKERS:
        getattr(found, name).restype = _POINTER
    for count, names in _TAKERS.items():
        for name in names:
            getattr(found, name).argtypes = [_POINTER] * count
    found.BIO_new_mem_buf.argtypes = [ctypes.c_char_p, ctypes.c_int]
    found.CMS_verify.argtypes = [_POINTER] * 5 + [ctypes.c_uint]
    found.TS_VERIFY_CTX_set_flags.argtypes = [_POINTER, ctypes.c_int]
    return found


_READERS = ("d2i_CMS_bio", "d2i_X509_bio", "d2i_PKCS7_bio", "d2i_X509_CRL_bio")
_MAKERS = (
    *_READERS,
    "BIO_new_mem_buf",
    "X509_STORE_new",
    "X509_get_pubkey",
    "TS_VERIFY_CTX_new",
    "TS_VERIFY_CTX_set_data",
    "TS_VERIFY_CTX_set_store",
)
_TAKERS = {
    1: (
        "BIO_free",
        "CMS_ContentInfo_free",
        "PKCS7_free",
        "TS_VERIFY_CTX_free",
        "X509_CRL_free",
        "X509_STORE_up_ref",
        "X509_free",
        "X509_get_pubkey",
    ),
    2: (
        *_READERS,
        "TS_RESP_verify_token",
        "TS_VERIFY_CTX_set_data",
        "TS_VERIFY_CTX_set_store",
        "X509_CRL_verify",
        "X509_STORE_add_cert",
    ),
}


class OpenSSL:
    """A store of roots, and the check of a file's signatures against it."""

    def __init__(self, roots: Sequence[bytes]) -> None:
        self._c = _library()
        self._store = self._c.X509_STORE_new()
        for der in roots:
            certificate = self._read("X509", der)
            self._c.X509_STORE_add_cert(self._store, certificate)
            self._c.X509_free(certificate)

    def _read(self, kind: str, der: bytes) -> int | None:
        source = self._c.BIO_new_mem_buf(der, len(der))
        try:
            found: int | None = getattr(self._c, f"d2i_{kind}_bio")(source, None)
            return found
        finally:
            self._c.BIO_free(source)

    def verify(self, container: bytes, covered: bytes) -> bool:
        """Whether a detached CMS is a good signature over some bytes, by a trusted chain."""
        signed = self._read("CMS", container)
        content = self._c.BIO_new_mem_buf(covered, len(covered))
        try:
            answer = self._c.CMS_verify(signed, None, self._store, content, None, _BINARY)
            return bool(answer == 1)
        finally:
            self._c.CMS_ContentInfo_free(signed)
            self._c.BIO_free(content)

    def verify_time(self, token: bytes, covered: bytes) -> bool:
        """Whether a time-stamp token is one over some bytes, by a trusted chain."""
        read, asked = self._read("PKCS7", token), self._c.TS_VERIFY_CTX_new()
        self._c.X509_STORE_up_ref(self._store)  # the two that are given it frees itself
        self._c.TS_VERIFY_CTX_set_store(asked, self._store)
        self._c.TS_VERIFY_CTX_set_data(asked, self._c.BIO_new_mem_buf(covered, len(covered)))
        self._c.TS_VERIFY_CTX_set_flags(asked, _TOKEN_OVER_DATA)
        try:
            return bool(self._c.TS_RESP_verify_token(asked, read) == 1)
        finally:
            self._c.TS_VERIFY_CTX_free(asked)
            self._c.PKCS7_free(read)

    def issuer(self, der: bytes) -> int | None:
        """The key of an authority, for ``verify_list``."""
        key: int | None = self._c.X509_get_pubkey(self._read("X509", der))
        return key

    def verify_list(self, crl: bytes, issuer: int | None) -> bool:
        """Whether a revocation list is under the signature of an authority's key."""
        read = self._read("X509_CRL", crl)
        try:
            return bool(self._c.X509_CRL_verify(read, issuer) == 1)
        finally:
            self._c.X509_CRL_free(read)


def taken_apart(pdf: bytes) -> list[tuple[bytes, tuple[int, int], int]]:
    """Of each signature the container, its place, and where the covered bytes end."""
    parts = []
    for covered in facts(pdf).covered:
        first, second = covered.gap
        container = bytes.fromhex(pdf[first + 1 : second - 1].decode())
        parts.append((container, covered.gap, covered.end))
    return parts
