"""The functions that the law files may name, and what the law asks of every definition."""

from __future__ import annotations

from collections.abc import Mapping

from engine.binding import OPENING, Binding, EffectRule, StepRule
from engine.papers import acts
from workflows import contexts, days, effects, guards, tables
from workflows.kinds import called_for
from workflows.procedures import PROCEDURES

_AREA = frozenset({"area"})
_COMMUNE, _DISTRICT, _PROVINCE = (
    frozenset({level, "authority"}) for level in ("commune", "district", "province")
)

_CARRIED = "majority_of_all_households"
_STANDING = frozenset({"amended_in_force", "listed_still_stand"})
"""What a paper acts on and whom it lists may fall while it is on its way."""

_STEPS: Mapping[str, StepRule] = {
    "registration": StepRule(
        duty="propose",
        any_guards=("registration_in_order", "documents_in_order"),
        move="register",
    ),
    "submission": StepRule(duty="propose", paper="submission", move="submit"),
    "self_assessment": StepRule(
        guards=frozenset({"every_criterion_assessed", "facts_have_sources"}),
        duty="propose",
        move="complete_self_assessment",
    ),
    "notice": StepRule(
        guards=frozenset({"notice_days_before"}),
        duty="propose",
        paper="notice",
        move="give_notice",
    ),
    "count": StepRule(
        guards=frozenset(
            {
                "roll_frozen",
                "notice_given",
                "meeting_has_been_held",
                "meeting_ended_after_it_began",
                "counting_team_complete",
                "counts_within_roll",
                "counts_reconcile_or_explained",
            }
        ),
        duty="propose",
        after=frozenset({"notice"}),
        move="record_count",
        # The law's rule of the day of the meeting says whether the households carried it.
        settled_by={"recognised": (_CARRIED,), "refused": (_CARRIED, "majority_not_reached")},
    ),
    "resident_vote": StepRule(
        guards=frozenset({_CARRIED}),
        duty="propose",
        paper="minutes",
        after=frozenset({"self_assessment", "notice", "count"}),
    ),
    "officers_meeting": StepRule(
        guards=frozenset({"meeting_in_time", "required_roles_present", "meeting_agreed"}),
        duty="propose",
        paper="assessment_minutes",
        move="record_meeting",
        after=frozenset({"self_assessment"}),
    ),
    "appraisal": StepRule(
        guards=frozenset({"every_criterion_appraised"}),
        duty="appraise",
        paper="appraisal_report",
        after=frozenset({"resident_vote", "officers_meeting"}),
        move="record_appraisal",
        settled_by={"recognised": ("all_criteria_met",)},
    ),
    "committee_opinion": StepRule(
        guards=frozenset(
            {
                "all_criteria_met",
                "opinion_after_appraisal",
                "committee_quorum",
                "committee_majority",
            }
        ),
        duty="decide",
    ),
    "posting": StepRule(
        guards=frozenset({"objection_window_long_enough"}),
        move="post_publicly",
        settled_by={"recognised": ("objection_window_over",)},
    ),
    "district_appraisal": StepRule(guards=frozenset({"verdict_favourable"}), duty="appraise"),
    "province_appraisal": StepRule(guards=frozenset({"verdict_favourable"}), duty="appraise"),
    "signature": StepRule(
        guards=frozenset({"signature_covers_paper", "signer_is_the_one_printed"}) | _STANDING,
        effects=frozenset({"keep_signed"}),
        duty="decide",
    ),
    "seal": StepRule(
        guards=frozenset({"seal_covers_signed_paper"}) | _STANDING,
        effects=frozenset({"number_and_keep"}),
        duty="issue",
        after=frozenset({"signature"}),
    ),
}
"""What makes a step more than a word: without these a path to a title would prove nothing."""

_OPENS = frozenset({OPENING})
_ACTS = frozenset({"correction", "replacement", "revocation"})
_FALLS = frozenset({"replacement", "revocation"})

_EFFECTS: Mapping[str, EffectRule] = {
    # Recognition is what is written down: the paper that was issued says at which level.
    "record_result": EffectRule("recognised", frozenset({"issued"})),
    "record_not_recognised": EffectRule("refused"),
    "draft_certificate": EffectRule(made_by=frozenset({"issued", "discarded"})),
    # The tables take one case for each area, year and title, under the rules of its cycle, and
    # no result over one that was taken over.
    "create_nomination": EffectRule(
        made_by=_OPENS,
        guards=frozenset({"cycle_open", "no_other_case", "year_not_decided"}),
        any_guards=("area_in_cycle", "subject_exists"),
    ),
    "create_paper": EffectRule(made_by=_OPENS),
    "remember_amended": EffectRule(
        made_by=_OPENS,
        guards=frozenset({"amended_in_force", "no_other_amendment"}),
        # What is asked of a correction, a replacement and a revocation alone.
        any_guards=("form_error_only", "listed_fit_replacement", "effect_not_before_issue"),
    ),
    # Who drafts a paper says whom it lists, or which paper it acts on.
    "remember_signatory": EffectRule(
        any_guards=("listed_fit_paper", "listed_fit_replacement", "amended_in_force")
    ),
    "remember_amendment": EffectRule(made_by=_ACTS),
    "log_act": EffectRule(made_by=_ACTS),
    "tell_dropped": EffectRule(made_by=_FALLS),
    "mark_resting": EffectRule(made_by=_FALLS),
    "count_again": EffectRule(made_by=_FALLS),
}
"""What these effects read or rely on; anywhere else they would keep what is not so, or fail."""

_REMEMBERED = frozenset({"remember_paper"})
_DECISIONS = ("commune_decision", "district_decision", "province_decision")

_EVENTS: Mapping[str, frozenset[str]] = {
    **{
        f"{kind}:{state}": _REMEMBERED
        for kind in (*_DECISIONS, "refusal_notice", "certificate")
        for state in ("drafted", "issued", "replaced", "revoked", "discarded")
        # A certificate that was given up is drafted again, and the next one is remembered.
        if (kind, state) != ("certificate", "discarded")
    },
    **{f"{kind}:issued": _REMEMBERED | {"record_result"} for kind in _DECISIONS},
}
"""Which paper moved a nomination is kept, and what it decided: each level's decision anew, as
the result says which level recognised it."""

_JUDGES: Mapping[str, str] = {
    "late_reason": "registered_in_time",
    "held_on": "opinion_after_appraisal",
    "members_present": "committee_quorum",
    "refused_criteria": "refusal_names_a_criterion",
    "objection_on": "objection_in_time",
    "announced_on": "announced_after_decision",
    "wrong": "content_error_only",
    "errata": "errata_complete",
}
"""What a form asks and nothing reads says nothing: the guard that reads it stands beside it. The
older workflows, whose committee refuses without telling its meeting, ask for none of it."""

_ALTERNATIVES = (
    frozenset({"streak_grants_commune", "streak_grants_district", "streak_grants_province"}),
    frozenset({"majority_of_all_households", "majority_not_reached"}),
)
"""Of each of these one holds: a file of which the others are asked goes on, too."""

_OF_DISTRICT = frozenset({"district_appraisal", "district_decision:issued"})
_OF_PROVINCE = frozenset({"province_appraisal", "province_decision:issued"})
_OF_COMMUNE = frozenset({"committee_opinion", "commune_decision:issued", "posting"})
_CERTIFICATE = frozenset({"certificate:issued"})

_TWO_LEVELS = {"posting", "certificate:issued"}

_ENTAILS = (
    (
        frozenset({"commune_decision:issued", "district_decision:issued"}),
        frozenset({"district_appraisal", *_TWO_LEVELS}),
    ),
    (
        frozenset({"commune_decision:issued", "province_decision:issued"}),
        frozenset({"province_appraisal", *_TWO_LEVELS}),
    ),
    (
        frozenset({"district_appraisal"}),
        frozenset({"commune_decision:issued", "district_decision:issued", *_TWO_LEVELS}),
    ),
    (
        frozenset({"province_appraisal"}),
        frozenset({"commune_decision:issued", "province_decision:issued", *_TWO_LEVELS}),
    ),
)
"""Where a level above the commune recognises what the commune did: it appraises and decides,
once nobody objected, and gives the certificate. None of these may be left out altogether."""

LAW = Binding(
    roles={
        "hamlet_head": _AREA,
        "unit_head": frozenset({"unit", "school", "agency", "enterprise"}),
        "commune_appraiser": _COMMUNE,
        "commune_committee": _COMMUNE,
        "commune_chair": _COMMUNE,
        "clerk": _COMMUNE | _DISTRICT | _PROVINCE,
        "district_appraiser": _DISTRICT,
        "district_chair": _DISTRICT,
        "province_appraiser": _PROVINCE,
        "province_chair": _PROVINCE,
        "auditor": frozenset({"province"}),
        "admin": frozenset({"province"}),
    },
    required_steps={
        "recognised": frozenset(
            {"registration", "self_assessment", "submission", "appraisal", "signature", "seal"}
        )
    },
    procedures=PROCEDURES,
    step_rules=_STEPS,
    outcome_effects={
        "recognised": frozenset({"record_result"}),
        # Refused by a higher level, it stays what the commune's decision made of it.
        "refused": frozenset({"record_not_recognised", "record_result"}),
    },
    lapses={"expired": "deadline_passed"},
    judging=frozenset({"appraise", "decide"}),
    effect_rules=_EFFECTS,
    grounds={"roll_frozen": "freeze_roll"},
    drafted_by={"certificate": "draft_certificate"},
    openings={"nomination": "create_nomination", "paper": "create_paper"},
    event_effects=_EVENTS,
    whole={"recognised": _OF_COMMUNE | _OF_DISTRICT | _OF_PROVINCE | _CERTIFICATE},
    entails=_ENTAILS,
    # Scheme 375: the years in a row say which level recognises; the commune gives no certificate.
    spared={
        "streak_grants_commune": _OF_DISTRICT | _OF_PROVINCE | _CERTIFICATE,
        "streak_grants_district": _OF_PROVINCE,
        "streak_grants_province": _OF_DISTRICT,
    },
    alternatives=_ALTERNATIVES,
    # A paper in force, or replaced by another, has come to nothing yet; its act says the rest.
    silent={
        "nomination": frozenset(),
        "paper": frozenset({"issued", "corrected", "replaced", "recorded"}),
    },
    judges=_JUDGES,
    called_for=called_for,
)

for room in (acts, guards, effects, contexts, tables, days):
    room.bind(LAW)
