-- Holds the lane of an endpoint: nothing is taken from it and nobody is woken until it is released. Held again in the
-- same way, it stays held since then. ARGV: 1 lane, 2 'paused' or 'disabled', 3 why, 4 audit line.
local lane, key = ARGV[1], P .. ':lane:' .. ARGV[1]
if redis.call('EXISTS', P .. ':project') == 0 then
  return
end
local t = now()
local f = redis.call('HMGET', key, 'held', 'since', 'tok')
local since = f[1] == ARGV[2] and f[2] or num(clock(t))
redis.call('HSET', key, 'held', ARGV[2], 'why', ARGV[3], 'since', since)
if (f[3] or '') == '' then
  redis.call('HSET', key, 'awake', '')
  redis.call('ZREM', P .. ':due', lane)
end
redis.call('LPUSH', P .. ':audit', ARGV[4])
redis.call('LTRIM', P .. ':audit', 0, 999)
