-- problem_sets: the curated sets that a problem is in
-- grain: set_id x stage
-- inputs: stg_curated
-- parameters: $id of the problem
select set_id, stage, rank, weight, band, accuracy, p_mean, rule
from stg_curated
where problem_id = $id
order by all
