-- target_pass_rate: the problems whose expected p is nearest to $target, of those between $low and $high
-- grain: problem_id
-- inputs: candidates (one row per problem: problem_id, dataset, split, n, k, accuracy, p_mean, p_cdf, …, metadata; see the mart)
-- parameters: $low, $high and $estimate (macro rule_keeps); $size the most problems to give; $seed of the draw; $target, the p wished for
select
    problem_id,
    row_number() over (
        order by abs(case $estimate when 'share' then accuracy else p_mean end - $target), draw_order(problem_id, $seed), problem_id
    ) as rank,
    format('{} near {}', case $estimate when 'share' then 'accuracy' else 'p' end, $target::double) as rule
from candidates
where rule_keeps($estimate, accuracy, p_cdf, $low, $high)
qualify rank <= $size
order by rank
