-- newly_solved: what the policy has come to solve sometimes: now between $low and $high, and harder for the earlier policy; the hopeless first
-- grain: problem_id
-- inputs: candidates, earlier (both one row per problem: problem_id, dataset, split, n, k, accuracy, p_mean, p_cdf, …; see the mart)
-- parameters: $low, $high and $estimate (macro rule_keeps); $size the most problems to give; $seed of the draw among equals
-- `earlier` are the candidates for the policy before; it is empty, and so is this, where difficulty was measured only once
with paired as (
    select
        candidates.problem_id,
        case $estimate when 'share' then candidates.accuracy else candidates.p_mean end as now,
        case $estimate when 'share' then earlier.accuracy else earlier.p_mean end as before
    from candidates
    inner join earlier using (problem_id)
    where rule_keeps($estimate, candidates.accuracy, candidates.p_cdf, $low, $high)
)

select
    problem_id,
    row_number() over (order by before >= $low, now - before desc, draw_order(problem_id, $seed), problem_id) as rank,
    rule_words($estimate, $low, $high) || ', newly solved' as rule
from paired
where now > before
qualify rank <= $size
order by rank
