-- duplicates: problems that lie in more than one dataset or split; `leaks` marks one that is both in a train split and in another
-- grain: problem_id
-- inputs: stg_problems
-- materialized: table
-- local by: problem_id
-- parameters: none
-- invariants: places_count >= 2
-- columns:
--   places_count: datasets and splits that hold it [places]
--   places: these, as dataset/split
--   leaks: whether a train split and another one hold it
select
    problem_id,
    count(distinct (dataset, split)) as places_count,
    list(distinct dataset || '/' || split order by dataset || '/' || split) as places,
    bool_or(split = 'train') and bool_or(split <> 'train') as leaks
from stg_problems
group by problem_id
having count(distinct (dataset, split)) > 1
order by problem_id
