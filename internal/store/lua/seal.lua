-- Freezes a run's counts and answers them. A sealed run answers again. ARGV: 1 run, 2 fence, 3 the
-- seconds after which the run's counts are forgotten.
local key = C .. ':run:' .. ARGV[1]
local f = redis.call('HMGET', key, 'fence', 'sealed')
if not f[1] or tonumber(f[1]) > tonumber(ARGV[2]) then
  return { 'fenced' }
end
if not f[2] then
  redis.call('HSET', key, 'sealed', '1')
  redis.call('EXPIRE', key, ARGV[3])
end
return { 'sealed', redis.call('HGETALL', key) }
