"""Work on many pictures: from what was typed to a safe plan, and through it with bounded memory.

No command line, no model: `work` is any function from photo to photo.
"""

from rechroma.batch.pictures import save
from rechroma.batch.plan import Plan, make_plan
from rechroma.batch.runner import Work, default_jobs, run
from rechroma.batch.task import STANDARD, Outcome, Place, Status, Task, place_key

__all__ = [
    "STANDARD",
    "Outcome",
    "Place",
    "Plan",
    "Status",
    "Task",
    "Work",
    "default_jobs",
    "make_plan",
    "place_key",
    "run",
    "save",
]
