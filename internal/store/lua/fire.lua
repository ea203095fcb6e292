-- Fires a schedule: queues its run, unless one of its lane waits already, and moves it to its next
-- time. Two leaders cannot both do it: the second finds another time.
-- ARGV: 1 member (connection.sync), 2 the time it was due, 3 its next time, 4 run id, 5 run body.
local schedules = P .. ':schedules'
local score = redis.call('ZSCORE', schedules, ARGV[1])
if not score or tonumber(score) ~= tonumber(ARGV[2]) then
  return { 0, hints }
end
local t = now()
redis.call('ZADD', schedules, ARGV[3], ARGV[1])
local lane = ARGV[1] .. '.f'
if redis.call('ZCARD', P .. ':rows:' .. lane) > 0 then
  return { 0, hints }
end
add_run(ARGV[4], lane, ARGV[5], t, clock(t))
return { 1, hints }
