-- rule_keeps, rule_words: whether a curation rule takes a problem to lie between two thresholds, and that in words
-- grain: macros
-- inputs: none
-- parameters: estimate, 'posterior' or 'share'; accuracy k / n and p_cdf of the problem; low and high
-- by the posterior a problem is kept where p lies between the thresholds as likely as not, which errs least against the true p: the raw
-- share of a few answers leaves out problems of p near 1/2 by chance, and keeps ones that nobody solves
create or replace macro rule_keeps(estimate, accuracy, p_cdf, low, high) as
    case estimate when 'share' then accuracy between low and high else p_between(p_cdf, low, high) >= 0.5 end;

create or replace macro rule_words(estimate, low, high) as
    case estimate
        when 'share' then format('{} <= accuracy <= {}', low::double, high::double)
        else format('{} <= p <= {} more likely than not', low::double, high::double)
    end;
