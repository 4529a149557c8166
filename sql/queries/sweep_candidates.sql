-- sweep_candidates: the candidates of a profile, those held out left out
-- grain: problem_id
-- inputs: candidates
-- parameters: $policy_id, $sampling_id and $grader_id of the profile
select *
from candidates
where policy_id = $policy_id and sampling_id = $sampling_id and grader_id = $grader_id and split <> 'heldout'
order by problem_id
