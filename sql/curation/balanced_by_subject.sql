-- balanced_by_subject: the problems with an accuracy in [$low, $high], the subjects taken in turn, so that a common one crowds out none
-- grain: problem_id
-- inputs: candidates (one row per problem: problem_id, dataset, split, n, k, accuracy, accuracy_low, accuracy_high, band, metadata)
-- parameters: $low and $high accuracies; $size the most problems to give; $seed of the draw; $subject, the metadata field with the subject
-- a problem without that field is of the subject of its dataset
select
    problem_id,
    row_number() over (order by turn, draw_order(problem_id, $seed), problem_id) as rank,
    format('{} <= accuracy <= {}, by {}', $low::double, $high::double, $subject) as rule
from (
    select
        *,
        row_number() over (
            partition by coalesce(json_extract_string(metadata, '$."' || $subject || '"'), dataset)
            order by draw_order(problem_id, $seed), problem_id
        ) as turn
    from candidates
    where accuracy between $low and $high
) as kept
qualify rank <= $size
order by rank
