-- Lists lanes that somebody should have touched by now: lane, generation, whether it is leased, since
-- when, in ms.
-- ARGV: 1 how many at most.
local t = now()
local lanes = redis.call('ZRANGEBYSCORE', P .. ':due', '-inf', num(t), 'WITHSCORES', 'LIMIT', 0, ARGV[1])
local out = {}
for i = 1, #lanes, 2 do
  local lane = lanes[i]
  local f = redis.call('HMGET', P .. ':lane:' .. lane, 'gen', 'tok')
  out[#out + 1] = { lane, f[1] or '0', (f[2] and f[2] ~= '') and 1 or 0, num(math.floor(t - tonumber(lanes[i + 1]))) }
end
return out
