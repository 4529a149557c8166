-- pair_outcomes: how many problems two policies had right how often: all that a comparison of them needs
-- grain: dataset x split x sampling_id x grader_id x policy_id x later_policy_id x k x n x later_k x later_n
-- inputs: policy_pairs
-- materialized: table
-- parameters: none
-- invariants: the problems of a pair add up to those of policy_pairs
-- columns:
--   problems: problems with these outcomes [problems]
select dataset, split, sampling_id, grader_id, policy_id, later_policy_id, k, n, later_k, later_n, count(*) as problems
from policy_pairs
group by all
order by all
