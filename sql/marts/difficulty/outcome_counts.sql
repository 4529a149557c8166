-- outcome_counts: how many problems had k of n right, all that a Beta-binomial fit needs
-- grain: dataset x split x policy_id x sampling_id x grader_id x k x n
-- inputs: problem_counts
-- materialized: table
-- parameters: none
-- invariants: the problems of a profile add up to those measured
-- columns:
--   problems: problems with this outcome [problems]
select dataset, split, policy_id, sampling_id, grader_id, k, n, count(*) as problems
from problem_counts
where n > 0
group by all
order by all
