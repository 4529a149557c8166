-- curated_sets: what is in every curated set
-- grain: set_id x stage x rule x dataset x band
-- inputs: stg_curated
-- materialized: table
-- parameters: none
-- invariants: the problems of a stage add up to its rows in curated
-- columns:
--   problems: problems that were chosen [problems]
--   accuracy_min: lowest raw share among them [share]
--   accuracy_mean: mean raw share [share]
--   accuracy_max: highest raw share [share]
--   p_mean: mean of the true accuracies p by what was known, null for sets of older versions [share]
select
    set_id,
    stage,
    rule,
    dataset,
    band,
    count(*) as problems,
    min(accuracy) as accuracy_min,
    avg(accuracy) as accuracy_mean,
    max(accuracy) as accuracy_max,
    avg(p_mean) as p_mean
from stg_curated
group by all
order by set_id, stage, dataset, accuracy_mean
