-- gold_conflicts: problems that have more than one gold answer
-- grain: problem_id
-- inputs: stg_problems
-- materialized: table
-- local by: problem_id
-- parameters: none
-- invariants: golds >= 2; no such problem is ever curated
-- columns:
--   golds: different gold answers [answers]
--   answers: these, as they were read
--   places: where they stand, as dataset/split
select
    problem_id,
    count(distinct gold_id) as golds,
    list(distinct answer order by answer) as answers,
    list(distinct dataset || '/' || split order by dataset || '/' || split) as places
from stg_problems
group by problem_id
having count(distinct gold_id) > 1
order by problem_id
