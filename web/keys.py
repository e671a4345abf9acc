"""Which keys this installation signs with, and where it gets the time, by its settings."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from sqlalchemy import NullPool, create_engine

from engine.db import tune
from web.settings import DEMO_TIME, Settings
from workflows.bureau import Bureau, with_releases
from workflows.keys import Keyring, RemoteKeyring, TokenKeyring
from workflows.times import Times


def equip(bureau: Bureau, settings: Settings) -> Bureau:
    """The same bureau, its desk with the keys, the times and the public address that the
    settings name, and with the definitions released in their database."""
    keys = _keys(settings, bureau.desk.keys)
    times = _times(settings, keys)
    desk = replace(
        bureau.desk,
        keys=keys,
        times=times,
        address=settings.base_url,
        former=settings.former_sites,
        named=settings.certificates == "named",
    )
    # Read once a minute at most, often while a pooled connection is held: none is taken for it.
    database = tune(create_engine(settings.database_url, poolclass=NullPool))
    return with_releases(replace(bureau, desk=desk), database)


def _keys(settings: Settings, software: Keyring) -> Keyring:
    folder = software.folder
    if settings.signer == "software":
        return software
    if settings.signer == "deferred":
        return RemoteKeyring(folder)
    return TokenKeyring(folder, module=settings.pkcs11_module, token=settings.pkcs11_token)


def _times(settings: Settings, keys: Keyring) -> Times:
    if urlsplit(settings.tsa_url).scheme == DEMO_TIME:
        from workflows.demo.times import times

        return replace(times(keys.folder), asking=settings.revocation)
    from engine.signing.revocation import Online, hosts_named
    from engine.signing.timeserver import TimeServer

    def hosts() -> frozenset[str]:
        kinds = (keys.roots.person, keys.roots.agency, keys.roots.time)
        return settings.allowed_hosts or hosts_named([one for roots in kinds for one in roots])

    return Times(
        source=TimeServer(settings.tsa_url) if settings.tsa_url else None,
        revocations=Online(hosts),
        asking=settings.revocation,
    )
