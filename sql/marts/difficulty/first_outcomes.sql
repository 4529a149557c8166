-- first_outcomes: what the first checkpoint of adaptive rounds has found, all that their rule is made of
-- grain: dataset x split x policy_id x sampling_id x grader_id x max_rounds x length x n x k
-- inputs: checkpoint_counts
-- materialized: table
-- parameters: none
-- invariants: problems is positive; 0 <= k <= n
-- columns:
--   n: samples that count of the first min_rounds rounds [samples]
--   k: of these, right ones [samples]
--   problems: problems with this outcome [problems]
select
    dataset,
    split,
    policy_id,
    sampling_id,
    grader_id,
    max_rounds,
    length,
    checkpoint_n[1] as n,
    checkpoint_k[1] as k,
    count(*) as problems
from checkpoint_counts
where len(checkpoint_n) > 0
group by all
order by all
