-- stg_study_pilots: what the grids of a study saw: an arm that was trained with a learning rate on a pilot seed
-- grain: study_id x arm x learning_rate x seed
-- inputs: study_pilots
-- materialized: view
-- parameters: none
-- invariants: one row per pilot run
-- columns:
--   broke: why it broke off, null where it did not
select
    study_id,
    arm,
    learning_rate::double as learning_rate,
    seed::bigint as seed,
    accuracy::double as accuracy,
    nullif(broke, '') as broke,
    is_chosen,
    answers::bigint as answers
from study_pilots
