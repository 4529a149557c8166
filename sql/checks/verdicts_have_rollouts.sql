-- verdicts_have_rollouts: what was graded is there to be read
-- grain: verdict without its rollout
-- inputs: verdicts, rollouts
-- parameters: none
select problem_id, policy_id, sampling_id, round, sample, grader_id
from verdicts
anti join rollouts using (problem_id, policy_id, sampling_id, round, sample)
