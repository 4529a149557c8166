-- contamination: held-out problems that are, exactly or nearly, among those trained on, each with its closest match
-- grain: problem_id x dataset x split x train_dataset
-- inputs: problem_features, duplicates, near_duplicates
-- materialized: table
-- parameters: none
-- invariants: split is never `train`; the match is always in a `train` split
-- columns:
--   kind: exact (the same question, options and images), near (nearly the same), or image (the same picture, asked differently)
--   train_dataset: dataset of the match
--   train_problem_id: the match, a problem of the train split
--   same_answer: whether both have the same gold answer
with places as (
    select problem_id, dataset, split, list(distinct gold_id) as answers
    from problem_features
    inner join duplicates using (problem_id)
    where leaks
    group by all
),

exact as (
    select
        heldout.problem_id, heldout.dataset, heldout.split, 'exact' as kind,
        train.dataset as train_dataset, train.problem_id as train_problem_id,
        1.0::double as text_similarity, 0.0::double as image_distance,
        list_has_any(heldout.answers, train.answers) as same_answer
    from places as heldout
    inner join places as train using (problem_id)
    where heldout.split <> 'train' and train.split = 'train'
),

near as (
    select
        problem_id, dataset, split, kind, other_dataset as train_dataset, other_id as train_problem_id,
        text_similarity, image_distance, same_answer
    from near_duplicates
    where split <> 'train' and other_split = 'train'
    union all
    select other_id, other_dataset, other_split, kind, dataset, problem_id, text_similarity, image_distance, same_answer
    from near_duplicates
    where split = 'train' and other_split <> 'train'
)

select problem_id, dataset, split, kind, train_dataset, train_problem_id, text_similarity, image_distance, same_answer
from (select * from exact union all select * from near) as matches
qualify
    row_number() over (
        partition by problem_id, dataset, split, train_dataset
        order by kind = 'exact' desc, kind = 'near' desc, text_similarity desc, image_distance, train_problem_id
    ) = 1
order by dataset, split, train_dataset, problem_id
