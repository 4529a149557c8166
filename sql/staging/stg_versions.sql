-- stg_versions: problems of which others of the same dataset and split are versions, as their source's `columns.cluster` says
-- grain: problem_id x dataset x split
-- inputs: problems
-- materialized: view
-- parameters: none
-- invariants: a cluster holds two problems or more; every problem that is not here is one by itself
-- columns:
--   cluster: what the problem and its versions have in common, the metadata field `version_of`
with named as (
    select problem_id, dataset, split, min(json_extract_string(try_cast(metadata as json), '$.version_of')) as cluster
    from problems
    where contains(metadata, '"version_of"')
    group by all
)

select problem_id, dataset, split, cluster
from named
where cluster is not null
qualify count(*) over (partition by dataset, split, cluster) > 1
