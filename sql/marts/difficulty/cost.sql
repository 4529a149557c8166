-- cost: what problems of each band cost to ask, per dataset and policy
-- grain: dataset x split x policy_id x sampling_id x grader_id x band; band 'all' is over all bands
-- inputs: problem_counts, problem_cost
-- materialized: table
-- parameters: none
-- invariants: sql/checks/costs_add_up: the bands add up to `all`
-- columns:
--   band: band of the problem's accuracy; `unmeasured` where no sample counts, `all` for all
--   problems: problems of the band [problems]
--   responses: their responses [samples]
--   correct: of these, the correct ones [samples]
--   tokens: tokens of the responses [tokens]
--   tokens_per_problem: tokens over problems [tokens]
--   tokens_per_response: tokens over responses [tokens]
--   tokens_per_correct: tokens that one correct response took, null without any [tokens]
--   cut_off_share: responses that ended at the token limit [share]
--   seconds: engine's time for them, null where none is known [seconds]
--   seconds_per_problem: seconds over problems [seconds]
select
    problem_counts.dataset,
    problem_counts.split,
    problem_counts.policy_id,
    problem_counts.sampling_id,
    problem_counts.grader_id,
    case when grouping(problem_counts.band) = 1 then 'all' else coalesce(problem_counts.band, 'unmeasured') end as band,
    count(*) as problems,
    sum(problem_cost.responses)::bigint as responses,
    sum(problem_counts.k)::bigint as correct,
    sum(problem_cost.tokens)::bigint as tokens,
    sum(problem_cost.tokens) / count(*) as tokens_per_problem,
    sum(problem_cost.tokens) / sum(problem_cost.responses) as tokens_per_response,
    sum(problem_cost.tokens) / nullif(sum(problem_counts.k), 0) as tokens_per_correct,
    sum(problem_cost.cut_off_share * problem_cost.responses) / sum(problem_cost.responses) as cut_off_share,
    sum(problem_cost.seconds) as seconds,
    sum(problem_cost.seconds) / count(*) as seconds_per_problem
from problem_counts
inner join problem_cost using (problem_id, policy_id, sampling_id)
group by grouping sets (
    (problem_counts.dataset, problem_counts.split, problem_counts.policy_id, problem_counts.sampling_id, problem_counts.grader_id, problem_counts.band),
    (problem_counts.dataset, problem_counts.split, problem_counts.policy_id, problem_counts.sampling_id, problem_counts.grader_id)
)
order by problem_counts.dataset, problem_counts.split, problem_counts.policy_id, problem_counts.sampling_id, problem_counts.grader_id, band
