-- evaluations_are_unique: a problem counts once per policy and hint setting of an evaluation
-- grain: evaluation key that has more than one row
-- inputs: evaluations
-- parameters: none
select evaluation_id, policy_id, policy, hints, dataset, split, problem_id, count(*) as copies
from evaluations
group by all
having count(*) > 1
