-- groups_add_up: a group's accuracy is its correct answers over its size
-- grain: group at fault
-- inputs: groups
-- parameters: none
select stage_id, step, problem_id, g, correct, accuracy
from groups
where correct not between 0 and g or abs(accuracy * g - correct) > 1e-3
