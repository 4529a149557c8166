-- sweep_candidates: the candidates of a profile, those held out left out, without what their outcomes have in common
-- grain: problem_id
-- inputs: candidate_counts
-- parameters: $policy_id, $sampling_id and $grader_id of the profile
select *
from candidate_counts
where policy_id = $policy_id and sampling_id = $sampling_id and grader_id = $grader_id and split <> 'heldout'
order by problem_id
