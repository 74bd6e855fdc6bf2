-- One row per build: the day up to which statistical detectors look, the last one of the weekday set (params.anomaly) that is not after the as-of date.
select (getvariable('as_of') - ((isodow(getvariable('as_of')) - setting.test_weekday + 7) % 7)::integer)::date as test_day
from params.anomaly as setting
