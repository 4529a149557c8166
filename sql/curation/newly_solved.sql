-- newly_solved: what the policy has come to solve sometimes: now between $low and $high, and surely harder for the earlier policy; the hopeless first
-- grain: problem_id
-- inputs: candidates, earlier (both one row per problem: problem_id, dataset, split, n, k, accuracy, p_mean, p_variance, p_cdf, …; see the mart)
-- parameters: $low, $high and $estimate (macro rule_keeps); $size the most problems to give; $seed of the draw among equals
-- `earlier` are the candidates for the policy before; it is empty, and so is this, where difficulty was measured only once.
-- By chance alone one problem in six scores better the second time and lands between the thresholds. So a problem must show a gain that an
-- unchanged policy shows in at most 5% of problems (p_tail), and that is believed where the policy as a whole has got better (its
-- mean, at 1 in 200); where it has not, only the gains that stand against all problems tried do (Y. Benjamini and Y. Hochberg, JRSS B 57,
-- 1995, at 1%). So of an unchanged policy it chooses any problem in about 1 of 100 cases
with paired as (
    select
        candidates.problem_id,
        rule_keeps($estimate, candidates.accuracy, candidates.p_cdf, $low, $high) as is_kept,
        case $estimate when 'share' then candidates.accuracy else candidates.p_mean end as now,
        case $estimate when 'share' then earlier.accuracy else earlier.p_mean end as before,
        p_tail(candidates.k, candidates.n, earlier.p_mean, earlier.p_variance) as p_value,
        p_precision(earlier.p_mean, earlier.p_variance) as precision,
        (earlier.p_mean * precision + candidates.k) / (precision + candidates.n) as mean_of_both,
        mean_of_both - earlier.p_mean as step,
        earlier.p_variance - mean_of_both * (1 - mean_of_both) / (precision + candidates.n + 1) as step_variance
    from candidates
    inner join earlier using (problem_id)
),

tested as (
    select
        *,
        sum(step) over () > 2.576 * sqrt(greatest(sum(step_variance) over (), 0)) as policy_is_better,
        p_value <= 0.01 * row_number() over (order by p_value, problem_id) / count(*) over () as stands
    from paired
),

judged as (
    select
        *,
        p_value <= case when policy_is_better then 0.05 else coalesce(max(p_value) filter (where stands) over (), -1) end as has_gained
    from tested
)

select
    problem_id,
    row_number() over (order by before >= $low, now - before desc, draw_order(problem_id, $seed), problem_id) as rank,
    rule_words($estimate, $low, $high) || ', newly solved' as rule
from judged
where is_kept and has_gained and now > before
qualify rank <= $size
order by rank
