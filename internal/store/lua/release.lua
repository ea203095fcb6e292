-- Releases the lane of an endpoint: a hold ends, also one until a time. Its flow begins again with one request at a
-- time; that of one which failed, with one that tries whether it is back. Answers hints. ARGV: 1 lane, 2 audit line.
local lane, key = ARGV[1], P .. ':lane:' .. ARGV[1]
if redis.call('EXISTS', P .. ':project') == 0 then
  return hints
end
redis.call('LPUSH', P .. ':audit', ARGV[2])
redis.call('LTRIM', P .. ':audit', 0, 999)
if redis.call('EXISTS', key) == 0 then
  return hints
end
local t = now()
local f = redis.call('HMGET', key, 'tok', 'till', 'held', 'flow')
local failed = f[3] == 'disabled' or string.find(f[4] or '', ' o%d')
if troubled(lane, t) then
  redis.call('HSET', key, 'down', num(t)) -- what was made until now may become one, before it is sent
end
redis.call('HDEL', key, 'held', 'why', 'since', 'nb')
redis.call('HSET', key, 'flow', failed and '1 v1 l1 g1 o' .. num(t) or '1', 'anew', '1')
local taken = (f[1] or '') ~= '' and tonumber(f[2] or '0') > t
if not taken and redis.call('EXISTS', P .. ':rows:' .. lane) == 1 then
  wake(lane, t)
end
return hints
