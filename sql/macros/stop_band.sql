-- stop_band: the number of the band that an accuracy p lies in, of those that rising edges cut: [0, e1), [e1, e2), ..., [.., em], (em, 1]
-- grain: macro; null where p is null
-- inputs: none
-- parameters: p in [0, 1]; edges, a list of rising numbers, the last of which belongs to the band below it (as `high` does in `band`)
-- counts the edges up to p by p's place in the list; a lambda would say it plainer, but older DuckDBs do not read the newer syntax
create or replace macro stop_band(p, edges) as
    case
        when p is null then null
        when p > edges[-1] then len(edges)
        else len(edges) - list_position(list_reverse_sort(list_append(edges[:-2], p)), p)
    end;
