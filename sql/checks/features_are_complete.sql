-- features_are_complete: what is known of a problem is known once
-- grain: place of a problem without features, or with several
-- inputs: stg_problems, problem_features
-- local by: problem_id
-- parameters: none
select problem_id, gold_id, dataset, split, count(features.answer_type) as copies
from stg_problems as problems
left join problem_features as features using (problem_id, gold_id, dataset, split)
group by all
having count(features.answer_type) <> 1
