-- study_grid: how well an arm of a study did on the validation problems with each learning rate that was tried, and which one it took
-- grain: study_id x arm x learning_rate
-- inputs: stg_study_pilots, stg_studies
-- materialized: table
-- parameters: none
-- invariants: one learning rate of an arm is chosen; accuracy is null where a pilot run broke off
-- an accuracy over n answers has a variance of at most 0.25 / n, so a difference of two has a standard error of at most sqrt(0.5 / n):
-- what seeds add to that is not in it
-- columns:
--   place: place of the arm in the study [number]
--   seeds: pilot seeds, which no run of the study has [seeds]
--   answers: validation answers that the accuracy rests on [samples]
--   accuracy: accuracy on the validation problems at the end of training, mean over the pilot seeds [share]
--   error: standard error of a difference of two such accuracies, at most [share]
--   is_chosen: whether the arm's runs have this learning rate
--   is_edge: whether it is the smallest or the largest that was tried
--   broke: why a pilot run broke off, null where none did
with arms as (
    select distinct study_id, arm, place
    from stg_studies
),

tried as (
    select
        study_id,
        arm,
        learning_rate,
        count(*) as seeds,
        max(answers) as answers,
        case when count(accuracy) = count(*) then avg(accuracy) end as accuracy,
        bool_or(is_chosen) as is_chosen,
        min(broke) as broke
    from stg_study_pilots
    group by study_id, arm, learning_rate
)

select
    tried.study_id,
    tried.arm,
    arms.place,
    tried.learning_rate,
    tried.seeds,
    tried.answers,
    tried.accuracy,
    sqrt(0.5 / tried.answers) as error,
    tried.is_chosen,
    tried.learning_rate in (min(tried.learning_rate) over tries, max(tried.learning_rate) over tries) as is_edge,
    tried.broke
from tried
left join arms using (study_id, arm)
window tries as (partition by tried.study_id, tried.arm)
order by study_id, arms.place, tried.learning_rate
