-- Opens a run for writing under a fencing token, or says that it is sealed.
-- ARGV: 1 run, 2 fence, 3 the seconds after which it is forgotten.
local key = C .. ':run:' .. ARGV[1]
local f = redis.call('HMGET', key, 'fence', 'sealed', 'start')
if f[1] and tonumber(f[1]) > tonumber(ARGV[2]) then
  return { 'fenced' }
end
if f[2] then
  redis.call('HSET', key, 'fence', ARGV[2])
  return { 'sealed', f[3] }
end
local start = f[3]
if not start then
  start = num(clock())
  redis.call('HSET', key, 'start', start, 'no', redis.call('INCR', C .. ':runs'))
end
redis.call('HSET', key, 'fence', ARGV[2])
redis.call('EXPIRE', key, ARGV[3])
local t, kept = clock(), C .. ':kept'
redis.call('ZREMRANGEBYSCORE', kept, '-inf', num(t))
redis.call('ZADD', kept, 'GT', num(t + tonumber(ARGV[3]) * 1000), ARGV[1])
return { 'open', start }
