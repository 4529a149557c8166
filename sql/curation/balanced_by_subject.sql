-- balanced_by_subject: the problems between $low and $high, the subjects taken in turn, so that a common one crowds out none
-- grain: problem_id
-- inputs: candidates (one row per problem: problem_id, dataset, split, n, k, accuracy, p_mean, p_cdf, …, metadata; see the mart)
-- parameters: $low, $high and $estimate (macro rule_keeps); $size the most problems to give; $seed of the draw; $subject, the metadata field with it
-- a problem without that field is of the subject of its dataset
select
    problem_id,
    row_number() over (order by turn, draw_order(problem_id, $seed), problem_id) as rank,
    rule_words($estimate, $low, $high) || format(', by {}', $subject) as rule
from (
    select
        *,
        row_number() over (
            partition by coalesce(json_extract_string(metadata, '$."' || $subject || '"'), dataset)
            order by draw_order(problem_id, $seed), problem_id
        ) as turn
    from candidates
    where rule_keeps($estimate, accuracy, p_cdf, $low, $high)
) as kept
qualify rank <= $size
order by rank
