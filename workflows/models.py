"""Every table of the product, so that the metadata is whole wherever it is needed."""

from __future__ import annotations

from engine import history, outbox, registers, subjects, triggers
from engine.db import Base
from engine.log import book as log
from engine.papers import book
from workflows import (
    bodies,
    ceremony_rows,
    cycles,
    drafts,
    enrolments,
    households,
    nominations,
    people,
    resting,
    results,
    sign_ins,
    signing_sessions,
    units,
)

TABLES = (
    subjects.Subject,
    subjects.SubjectScope,
    subjects.Waiting,
    subjects.Link,
    history.Event,
    outbox.Task,
    registers.Register,
    registers.Entry,
    book.Paper,
    book.PaperVersion,
    book.PaperStamp,
    log.Leaf,
    log.Checkpoint,
    units.Unit,
    people.Person,
    people.Account,
    people.Appointment,
    households.Household,
    bodies.GrassrootsUnit,
    cycles.Cycle,
    nominations.Nomination,
    results.Result,
    resting.Resting,
    drafts.Draft,
    sign_ins.SignIn,
    sign_ins.Attempt,
    signing_sessions.SigningSession,
    ceremony_rows.Ceremony,
    ceremony_rows.CeremonyPaper,
    enrolments.CertificateEnrolment,
)

triggers.attach()

metadata = Base.metadata
