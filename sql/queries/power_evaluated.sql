-- power_evaluated: how often each held-out problem was solved by the policies of each recipe's newest run, and by its base, without hints
-- grain: recipe x evaluation_id x policy_id x dataset x split x problem_id
-- inputs: runs, evaluations
-- parameters: $recipe (only this one's; null for every recipe's)
with newest as (
    select
        recipe,
        unnest(evaluations) as evaluation_id
    from runs
    where is_newest and ($recipe is null or recipe = $recipe)
),

asked as (
    select newest.recipe, evaluations.*
    from newest
    inner join evaluations using (evaluation_id)
    where not evaluations.hints
)

select
    asked.recipe,
    asked.evaluation_id,
    asked.policy_id,
    asked.policy,
    asked.dataset,
    asked.split,
    asked.problem_id,
    asked.cluster,
    asked.n,
    asked.k,
    base.n as base_n,
    base.k as base_k
from asked
left join asked as base
    on asked.evaluation_id = base.evaluation_id
    and asked.dataset = base.dataset
    and asked.split = base.split
    and asked.problem_id = base.problem_id
    and asked.policy <> 'base'
    and base.policy = 'base'
order by all
