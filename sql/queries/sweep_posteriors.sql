-- sweep_posteriors: what the outcomes of a profile say of the true accuracies, but of what is held out
-- grain: dataset x split x n x k
-- inputs: posteriors
-- parameters: $policy_id, $sampling_id and $grader_id of the profile
select dataset, split, policy_id, sampling_id, grader_id, n, k, columns('^(p|logit)_')
from posteriors
where policy_id = $policy_id and sampling_id = $sampling_id and grader_id = $grader_id and split <> 'heldout'
order by dataset, split, n, k
