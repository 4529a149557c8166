-- stg_studies: what a study compares: one run of an arm with one seed
-- grain: study_id x arm x seed
-- inputs: studies
-- materialized: view
-- parameters: none
-- invariants: one row per run
-- columns:
--   adds_to: the arm that it adds to, null for none
select
    study_id,
    arm,
    about,
    place::bigint as place,
    nullif(adds_to, '') as adds_to,
    is_baseline,
    seed::bigint as seed,
    policy_id,
    evaluation_id,
    profile_completions::bigint as profile_completions,
    targets,
    learning_rate::double as learning_rate
from studies
