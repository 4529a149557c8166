-- verdicts_are_unique: a rollout has at most one verdict per grader and gold answer
-- grain: verdict key that has more than one row
-- inputs: verdicts
-- parameters: none
select problem_id, policy_id, sampling_id, round, sample, grader_id, gold_id, count(*) as copies
from verdicts
group by all
having count(*) > 1
