"""Every table of the product, so that the metadata is whole wherever it is needed."""

from __future__ import annotations

from engine import history, outbox, registers, releases, subjects, triggers
from engine.db import Base
from engine.log import book as log
from engine.papers import book, handed_out
from workflows import (
    ceremony_rows,
    cycles,
    drafts,
    enrolments,
    households,
    lineage,
    nominations,
    people,
    quoted,
    resting,
    results,
    sign_ins,
    signing_sessions,
    units,
)
from workflows import triggers as domain_triggers
from workflows.definitions import adopting
from workflows.definitions import drafts as definition_drafts
from workflows.records import book as book_of_records
from workflows.reports import passages
from workflows.takeover import acts as result_acts

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
    book.StampEvidence,
    handed_out.HandedOut,
    log.Leaf,
    log.Checkpoint,
    units.Unit,
    units.UnitSpan,
    lineage.UnitAct,
    lineage.UnitLineage,
    people.Person,
    people.Account,
    people.Appointment,
    people.AppointmentEnding,
    households.Household,
    book_of_records.Record,
    book_of_records.RecordMeasure,
    passages.Passage,
    cycles.Cycle,
    cycles.CycleOpening,
    nominations.Nomination,
    result_acts.ResultAct,
    result_acts.RestingOnAct,
    results.Result,
    quoted.Quoted,
    resting.Resting,
    drafts.Draft,
    sign_ins.SignIn,
    sign_ins.Attempt,
    signing_sessions.SigningSession,
    ceremony_rows.Ceremony,
    ceremony_rows.CeremonyPaper,
    releases.DefinitionRelease,
    definition_drafts.DefinitionDraft,
    adopting.AdoptionRequest,
    enrolments.CertificateEnrolment,
)

triggers.attach()
domain_triggers.attach()

metadata = Base.metadata
