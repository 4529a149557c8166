-- newly_solved: what the policy has come to solve sometimes: now in [$low, $high], and harder for the earlier policy; the hopeless first
-- grain: problem_id
-- inputs: candidates, earlier (both one row per problem: problem_id, dataset, split, n, k, accuracy, accuracy_low, accuracy_high, band)
-- parameters: $low and $high accuracies; $size the most problems to give; $seed of the draw among equals
-- `earlier` are the candidates for the policy before; it is empty, and so is this, where difficulty was measured only once
select
    candidates.problem_id,
    row_number() over (
        order by
            earlier.accuracy >= $low,
            candidates.accuracy - earlier.accuracy desc,
            draw_order(candidates.problem_id, $seed),
            candidates.problem_id
    ) as rank,
    format('{} <= accuracy <= {}, newly solved', $low::double, $high::double) as rule
from candidates
inner join earlier using (problem_id)
where candidates.accuracy between $low and $high and candidates.accuracy > earlier.accuracy
qualify rank <= $size
order by rank
