-- duplicates: problems that lie in more than one dataset or split; `leaks` marks one that is both in a train split and in another
-- grain: problem_id
-- inputs: stg_problems
-- local by: problem_id
-- parameters: none
select
    problem_id,
    count(distinct (dataset, split)) as places_count,
    list(distinct dataset || '/' || split order by dataset || '/' || split) as places,
    bool_or(split = 'train') and bool_or(split <> 'train') as leaks
from stg_problems
group by problem_id
having count(distinct (dataset, split)) > 1
order by problem_id
