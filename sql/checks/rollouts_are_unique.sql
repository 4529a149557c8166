-- rollouts_are_unique: a response was stored once
-- grain: rollout key that has more than one row
-- inputs: rollouts
-- parameters: none
select problem_id, policy_id, sampling_id, round, sample, count(*) as copies
from rollouts
group by all
having count(*) > 1
