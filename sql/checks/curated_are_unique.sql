-- curated_are_unique: a problem is in a stage of a set once, and so is a rank
-- grain: set, stage and what is there twice
-- inputs: curated
-- parameters: none
select set_id, stage, 'problem ' || problem_id as twice, count(*) as copies
from curated
group by all
having count(*) > 1
union all
select set_id, stage, 'rank ' || rank as twice, count(*) as copies
from curated
group by all
having count(*) > 1
