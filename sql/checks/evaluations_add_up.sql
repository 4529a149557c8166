-- evaluations_add_up: k of n is possible
-- grain: row of evaluations at fault
-- inputs: evaluations
-- parameters: none
select *
from evaluations
where k not between 0 and n
