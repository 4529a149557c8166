-- stg_selections: draws of stages that choose their problems, each with its accuracy and whether it could teach anything
-- grain: stage_id x step x place
-- inputs: selections
-- materialized: view
-- parameters: none
-- invariants: sql/checks/selections_add_up
-- columns:
--   accuracy: correct / judged, null where nothing could be judged [share]
--   is_zero_signal: whether all of its responses were right, or none, so that it teaches nothing
select
    stage_id,
    step::bigint as step,
    place::bigint as place,
    problem_id,
    why,
    p_mean::double as p_mean,
    p_deviation::double as p_deviation,
    signal::double as signal,
    judged::bigint as judged,
    correct::bigint as correct,
    correct / nullif(judged, 0) as accuracy,
    learnt,
    correct in (0, judged) as is_zero_signal
from selections
