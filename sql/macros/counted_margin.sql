-- counted_margin: mean_margin of values that are each there so many times
-- grain: aggregate macro; null below two values
-- inputs: none
-- parameters: x a value, times how often it is there, z the normal quantile
create or replace macro counted_margin(x, times, z) as
    z * sqrt(
        greatest(sum(times * x * x) - sum(times * x) * sum(times * x) / sum(times), 0) / nullif(sum(times) - 1, 0) / sum(times)
    );
