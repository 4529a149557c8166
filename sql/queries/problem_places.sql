-- problem_places: where a problem lies
-- grain: dataset x split x gold_id
-- inputs: stg_problems
-- parameters: $id of the problem
select dataset, split, row, source_id, gold_id, answer, question
from stg_problems
where problem_id = $id
order by all
