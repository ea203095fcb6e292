-- Deletes an endpoint's row. A hold on its lane ends, and the lane is woken if something waits there: it is
-- cancelled by whoever works it, and the lane is removed. ARGV: 1 endpoint, 2 audit line.
local lane = ARGV[1] .. '.d'
if redis.call('DEL', P .. ':endpoint:' .. ARGV[1]) == 0 then
  return hints
end
redis.call('ZREM', P .. ':endpoints', ARGV[1])
redis.call('HINCRBY', P .. ':project', 'ever', 1)
redis.call('LPUSH', P .. ':audit', ARGV[2])
redis.call('LTRIM', P .. ':audit', 0, 999)
if not drop_abandoned(lane) then
  redis.call('HDEL', P .. ':lane:' .. lane, 'held', 'why', 'since', 'nb', 'flow')
  redis.call('HSET', P .. ':lane:' .. lane, 'anew', '1')
  wake(lane, now())
end
return hints
