-- Makes a recovery and has it go on. ARGV: 1 recovery, 2 filter, 3 the lowest time of making, 4 the first that is too
-- high, 5 rate, 6 until when what it describes was given up, which is when it was made, 7 how much that is, 8 audit line.
local key = P .. ':recovery:' .. ARGV[1]
if redis.call('EXISTS', P .. ':project') == 0 then
  return { 'gone', hints }
end
local t = now()
if redis.call('EXISTS', key) == 0 then
  redis.call('HSET', key, 'f', ARGV[2], 'from', ARGV[3], 'to', ARGV[4], 'rate', ARGV[5], 'new', ARGV[6], 'found', ARGV[7], 'st', 'running')
  redis.call('ZADD', P .. ':recoveries', ARGV[6], ARGV[1])
  audit(ARGV[8])
  go_on(ARGV[1], t)
elseif redis.call('ZSCORE', P .. ':rows:' .. recovery_lane, ARGV[1]) then -- sent again: its reply was lost
  wake(recovery_lane, t)
end
return { 'ok', hints }
