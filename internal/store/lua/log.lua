-- Adds lines to a run's log, of which the last 1,000 are kept. ARGV: 1 run, 2 for how many seconds, then
-- the lines.
if redis.call('EXISTS', C .. ':gone') == 1 then
  return
end
local log = C .. ':log:' .. ARGV[1]
for i = 3, #ARGV, 1000 do
  redis.call('RPUSH', log, unpack(ARGV, i, math.min(i + 999, #ARGV)))
end
redis.call('LTRIM', log, -1000, -1)
redis.call('EXPIRE', log, ARGV[2])
keep(ARGV[1], ARGV[2], clock())
