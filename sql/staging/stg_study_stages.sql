-- stg_study_stages: the stages that trained the runs of a study
-- grain: study_id x arm x seed x place
-- inputs: study_stages
-- materialized: view
-- parameters: none
-- invariants: one row per stage of a run
select
    study_id,
    arm,
    seed::bigint as seed,
    place::bigint as place,
    stage,
    stage_id,
    set_id,
    steps::bigint as steps,
    completions::bigint as completions,
    profile_completions::bigint as profile_completions,
    profile_tokens::bigint as profile_tokens
from study_stages
