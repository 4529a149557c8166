-- mean_margin: half the width of the interval of a mean, from the spread of its values
-- grain: aggregate macro; null below two values
-- inputs: none
-- parameters: x one value per cluster (here: per problem, since samples of one problem are not independent); z the normal quantile
create or replace macro mean_margin(x, z) as
    z * stddev_samp(x) / sqrt(count(x));
