-- stg_samplings: the ways in which responses were drawn, each once, in words
-- grain: sampling_id
-- inputs: samplings
-- materialized: view
-- parameters: none
-- invariants: one row per sampling_id, so that a join by it never multiplies rows; `hints` and `sampling` tell them apart
-- columns:
--   sampling: temperature, top-p below 1, longest response and template; where that is not all, the beginning of the sampling_id as well
--   for_bands: whether the draws only find the bands that hints on held-out problems go by; nothing compares them with others
with each as (
    select
        sampling_id,
        template,
        coalesce(hints, false) as hints,
        coalesce(for_bands, false) as for_bands,
        temperature,
        top_p,
        max_tokens
    from samplings
    qualify row_number() over (partition by sampling_id order by settings, template) = 1
),

said as (
    select
        *,
        concat_ws(
            ' ',
            't=' || temperature,
            case when top_p < 1 then 'top-p ' || top_p end,
            'max ' || max_tokens || ' tokens',
            template,
            case when for_bands then 'for the bands of hints' end
        ) as words
    from each
)

select
    sampling_id,
    template,
    hints,
    for_bands,
    temperature,
    top_p,
    max_tokens,
    case when count(*) over (partition by words, hints) = 1 then words else words || ' ' || left(sampling_id, 8) end as sampling
from said
