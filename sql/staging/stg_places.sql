-- stg_places: where each problem lies
-- grain: problem_id x gold_id x dataset x split
-- inputs: problems
-- materialized: view
-- local by: problem_id
-- parameters: none
-- invariants: the keys of stg_problems
select distinct problem_id, gold_id, dataset, split
from problems
