-- inversions: problems that a policy fails and a weaker one solves, by more than luck: their gold answers are worth a look
-- grain: problem_id x gold_id x dataset x split x policy_id x sampling_id x grader_id
-- inputs: difficulty, stg_samplings, stg_versions, parameters
-- materialized: table
-- parameters: parameters.z (how surely the other policy is weaker); the share of false ones, 0.1, stands below and is ours
-- invariants: luck <= false_share <= 0.1
-- two policies are compared over the problems that both answered 4 times or more, asked alike, without hints and judged by the same grader;
-- one is weaker where the mean difference of its estimates is surely above 0, problem by problem (by the macro mean_interval, versions of one problem
-- as one cluster). A problem stands here where the weaker one solves more than half of its samples and the better one less than half, and
-- Fisher's exact test says so beyond what so many comparisons show by luck (Y. Benjamini and Y. Hochberg, JRSS B 57, 1995). Of several weaker
-- policies the one of the least luck stands
-- columns:
--   n: samples of the better policy that count [samples]
--   k: of these, right ones [samples]
--   weaker_policy_id: the policy that is worse over the problems that both answered, and solves this one
--   weaker_n: its samples that count [samples]
--   weaker_k: of these, right ones [samples]
--   weaker_accuracy: weaker_k / weaker_n [share]
--   compared: problems that the better policy was compared over, with all its weaker ones together [problems]
--   luck: how often luck alone would share their right answers out so, were both alike at this problem [share]
--   false_share: of the problems listed for the policy whose luck is this or less, the share to expect by luck alone [share]
with plain as (
    select problem_id, gold_id, dataset, split, sampling_id, grader_id, policy_id, n, k, p_mean
    from difficulty
    anti join (from stg_samplings where hints) as hinted using (sampling_id)
    where n >= 4
),

gaps as (
    select
        dataset, split, sampling_id, grader_id,
        better.policy_id,
        weaker.policy_id as weaker_policy_id,
        count(*) as problems,
        sum(better.p_mean - weaker.p_mean) as difference
    from plain as better
    inner join plain as weaker using (problem_id, gold_id, dataset, split, sampling_id, grader_id)
    left join stg_versions using (problem_id, dataset, split)
    where better.policy_id <> weaker.policy_id
    group by dataset, split, sampling_id, grader_id, better.policy_id, weaker.policy_id, coalesce(cluster, problem_id)
),

pairs as (
    select
        dataset, split, sampling_id, grader_id, policy_id, weaker_policy_id,
        sum(problems) as problems
    from gaps
    cross join parameters
    group by dataset, split, sampling_id, grader_id, policy_id, weaker_policy_id
    having mean_low(difference, problems, 1, -1, any_value(z)) > 0
),

inverted as (
    select
        problem_id, gold_id, dataset, split, sampling_id, grader_id,
        better.policy_id, better.n, better.k,
        weaker.policy_id as weaker_policy_id, weaker.n as weaker_n, weaker.k as weaker_k,
        luck_share(weaker.k, weaker.n, better.k, better.n) as luck
    from plain as better
    inner join plain as weaker using (problem_id, gold_id, dataset, split, sampling_id, grader_id)
    inner join pairs
        on dataset = pairs.dataset
        and split = pairs.split
        and sampling_id = pairs.sampling_id
        and grader_id = pairs.grader_id
        and better.policy_id = pairs.policy_id
        and weaker.policy_id = pairs.weaker_policy_id
    where better.k / better.n < 0.5 and weaker.k / weaker.n > 0.5
),

comparisons as (
    select dataset, split, sampling_id, grader_id, policy_id, sum(problems)::bigint as compared
    from pairs
    group by all
),

ranked as (
    select
        inverted.*,
        comparisons.compared,
        luck * compared / count(*) over (
            partition by dataset, split, sampling_id, grader_id, policy_id order by luck range between unbounded preceding and current row
        ) as false_share
    from inverted
    inner join comparisons using (dataset, split, sampling_id, grader_id, policy_id)
),

judged as (
    select
        * replace (
            min(false_share) over (
                partition by dataset, split, sampling_id, grader_id, policy_id
                order by luck range between current row and unbounded following
            ) as false_share
        )
    from ranked
)

select
    problem_id,
    gold_id,
    dataset,
    split,
    policy_id,
    sampling_id,
    grader_id,
    n,
    k,
    weaker_policy_id,
    weaker_n,
    weaker_k,
    weaker_k / weaker_n as weaker_accuracy,
    compared,
    luck,
    false_share
from judged
where false_share <= 0.1
qualify row_number() over (
    partition by problem_id, gold_id, dataset, split, policy_id, sampling_id, grader_id order by luck, weaker_policy_id
) = 1
order by problem_id, gold_id, dataset, split, policy_id, sampling_id, grader_id
