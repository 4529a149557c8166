-- target_pass_rate: the problems whose accuracy is nearest to $target, of those in [$low, $high]
-- grain: problem_id
-- inputs: candidates (one row per problem: problem_id, dataset, split, n, k, accuracy, accuracy_low, accuracy_high, band, metadata)
-- parameters: $low and $high accuracies; $target the accuracy wished for; $size the most problems to give; $seed of the draw
select
    problem_id,
    row_number() over (order by abs(accuracy - $target), draw_order(problem_id, $seed), problem_id) as rank,
    format('accuracy near {}', $target::double) as rule
from candidates
where accuracy between $low and $high
qualify rank <= $size
order by rank
