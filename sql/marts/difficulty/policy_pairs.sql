-- policy_pairs: every problem that two policies answered, with how hard it is for both; any two policies, related or not
-- grain: problem_id x gold_id x dataset x split x sampling_id x grader_id x policy_id x later_policy_id
-- inputs: problem_counts
-- materialized: view
-- local by: problem_id
-- parameters: none
-- invariants: both policies answered, under the same way of sampling and the same grader; each pair is there both ways round
-- "later" is just the second of the two. What only one policy was asked is left out before anything is paired
-- of a policy that was profiled anew by `reprofile` with source auto, only those problems are here that its stage had not answered lately, and
-- they are no fair part of all; what training's own groups say of the others stands in the run's report alone (flows/README.md)
-- columns:
--   later_policy_id: the second policy
--   later_n: samples of the second policy that count [samples]
--   later_k: of these, right ones [samples]
--   later_accuracy: accuracy under the second policy [share]
--   later_accuracy_low: lower end of its interval [share]
--   later_accuracy_high: upper end of it [share]
--   later_band: band under the second policy
with comparable as (
    select dataset, split, sampling_id, grader_id
    from problem_counts
    group by all
    having min(policy_id) < max(policy_id)
),

measured as (
    select problem_counts.*
    from problem_counts
    semi join comparable using (dataset, split, sampling_id, grader_id)
    where n > 0
),

one_way as (
    select
        problem_id,
        gold_id,
        dataset,
        split,
        sampling_id,
        grader_id,
        earlier.policy_id,
        later.policy_id as later_policy_id,
        earlier.n,
        earlier.k,
        later.n as later_n,
        later.k as later_k,
        earlier.accuracy,
        later.accuracy as later_accuracy,
        earlier.accuracy_low,
        later.accuracy_low as later_accuracy_low,
        earlier.accuracy_high,
        later.accuracy_high as later_accuracy_high,
        earlier.band,
        later.band as later_band
    from measured as earlier
    inner join measured as later using (problem_id, gold_id, dataset, split, sampling_id, grader_id)
    where earlier.policy_id < later.policy_id
)

select *
from one_way
union all
select
    problem_id,
    gold_id,
    dataset,
    split,
    sampling_id,
    grader_id,
    later_policy_id,
    policy_id,
    later_n,
    later_k,
    n,
    k,
    later_accuracy,
    accuracy,
    later_accuracy_low,
    accuracy_low,
    later_accuracy_high,
    accuracy_high,
    later_band,
    band
from one_way
