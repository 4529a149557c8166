-- curated_sets: what is in every curated set
-- grain: set_id x stage x rule x dataset x band
-- inputs: stg_curated
-- parameters: none
select
    set_id,
    stage,
    rule,
    dataset,
    band,
    count(*) as problems,
    min(accuracy) as accuracy_min,
    avg(accuracy) as accuracy_mean,
    max(accuracy) as accuracy_max
from stg_curated
group by all
order by set_id, stage, dataset, accuracy_mean
