-- curated_corrected: how many problems of each curated set would be in another band without the grader's errors
-- grain: set_id x stage x grader_id x dataset x band x corrected_band
-- inputs: stg_curated, artifacts, difficulty_corrected
-- materialized: table
-- parameters: none
-- invariants: there are rows for each audited grader that has judged the answers which the set was chosen by
-- columns:
--   band: band by the grader's verdicts as they are now, see difficulty_corrected
--   problems: problems of the set [problems]
with measured as (
    select artifact_id as set_id, manifest ->> '$.policy_id' as policy_id, manifest ->> '$.sampling_id' as sampling_id
    from artifacts
    where kind = 'curated'
),

chosen as (
    select distinct set_id, stage, problem_id, dataset
    from stg_curated
)

select
    set_id,
    stage,
    corrected.grader_id,
    dataset,
    corrected.band,
    corrected.corrected_band,
    count(distinct problem_id) as problems
from chosen
inner join measured using (set_id)
inner join difficulty_corrected as corrected using (problem_id, dataset, policy_id, sampling_id)
group by all
order by all
