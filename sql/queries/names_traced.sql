-- names_traced: what can be traced, with the names that people may ask for it by
-- grain: kind x id x name x place; a policy has a row for each of its names
-- inputs: problems, artifacts, stg_policies
-- parameters: none
select distinct
    'problems' as kind,
    problem_id as id,
    source_id as name,
    dataset || '/' || split || '/' || source_id as place,
    dataset || '/' || source_id as near
from problems
union
select kind, artifact_id, '', '', ''
from artifacts
where kind not in ('problems', 'images', 'compacted', 'starter-datasets')
union
select 'policies', policy_id, unnest([name, policy]), '', ''
from stg_policies
