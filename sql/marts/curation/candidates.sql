-- candidates: the problems that a curation rule may choose from, with what was counted and what that says of their true accuracy p
-- grain: problem_id x policy_id x sampling_id x grader_id
-- inputs: candidate_counts, posteriors
-- materialized: view
-- parameters: none
-- invariants: sql/curation/ chooses from here only; n > 0; no problem is in gold_conflicts
-- a rule decides by p_between(p_cdf, low, high), p_mean, p_zero_signal(p_none, p_all, group_size), …; or by the raw accuracy, k / n
select
    counts.*,
    posteriors.* exclude (dataset, split, policy_id, sampling_id, grader_id, n, k)
from candidate_counts as counts
left join posteriors using (dataset, split, policy_id, sampling_id, grader_id, n, k)
