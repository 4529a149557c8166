-- selections_add_up: a draw has no more right answers than judged ones, an expected accuracy, and a reason that is known
-- grain: draw at fault
-- inputs: selections
-- parameters: none
select stage_id, step, place, problem_id, why, p_mean, judged, correct
from selections
where correct not between 0 and judged or p_mean not between 0 and 1 or why not in ('prior', 'explore', 'refill')
