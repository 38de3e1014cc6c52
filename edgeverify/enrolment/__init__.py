"""From ID-card photos to references: read safely, judge, embed, keep, report."""

from edgeverify.enrolment.encoding import PhotoJudge, embed_photo, encode_photo, probe_photo
from edgeverify.enrolment.own_people import OwnPeople, measure_own_people
from edgeverify.enrolment.photo import Photo, load_photo
from edgeverify.enrolment.report import Change, EnrolmentReport, EntryReport
from edgeverify.enrolment.synchronising import synchronise
from edgeverify.enrolment.unchanged import unchanged

__all__ = [
    "Change",
    "EnrolmentReport",
    "EntryReport",
    "OwnPeople",
    "Photo",
    "PhotoJudge",
    "embed_photo",
    "encode_photo",
    "load_photo",
    "measure_own_people",
    "probe_photo",
    "synchronise",
    "unchanged",
]
