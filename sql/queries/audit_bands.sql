-- audit_bands: how many problems change band where the grader's errors are taken out, by policy and place
-- grain: policy x hints x sampling x dataset x split x grader_id
-- inputs: difficulty_corrected
-- parameters: none
select
    policy,
    hints,
    sampling,
    dataset,
    split,
    grader_id,
    count(*) as problems,
    avg(accuracy) as accuracy,
    avg(corrected) as corrected,
    count(*) filter (where band_changed) as other_band,
    string_agg(distinct errors_of) as errors_of
from difficulty_corrected
group by all
order by all
