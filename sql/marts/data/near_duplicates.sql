-- near_duplicates: problems that are nearly the same as another one, with where both lie
-- grain: problem_id x other_id x dataset x split x other_dataset x other_split
-- inputs: stg_near_pairs, stg_places
-- materialized: table
-- parameters: none; what is near is a setting of the recipe (`similarity`)
-- invariants: sql/checks/pairs_are_ordered: problem_id < other_id; an exact copy has one problem_id, so it is in `duplicates`, not here
-- columns:
--   other_id: the other problem
--   kind: near (text and images alike) or image (the same picture, asked differently)
--   other_dataset: dataset of the other problem
--   other_split: split of the other problem
--   same_answer: whether both have the same gold answer
with places as (
    select * from stg_places
)

select
    pairs.problem_id,
    pairs.other_id,
    pairs.kind,
    pairs.text_similarity,
    pairs.image_distance,
    ones.dataset,
    ones.split,
    others.dataset as other_dataset,
    others.split as other_split,
    bool_or(ones.gold_id = others.gold_id) as same_answer
from stg_near_pairs as pairs
inner join places as ones on pairs.problem_id = ones.problem_id
inner join places as others on pairs.other_id = others.problem_id
group by all
order by all
