-- Opens a run for writing under a fencing token, or says that it is sealed, or that its connection was
-- deleted.
-- ARGV: 1 run, 2 fence, 3 the seconds after which it is forgotten.
if redis.call('EXISTS', C .. ':gone') == 1 then
  return { 'gone' }
end
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
redis.call('ZADD', C .. ':open', start, ARGV[1])
redis.call('HSET', key, 'fence', ARGV[2], 'n', 0)
redis.call('EXPIRE', key, ARGV[3])
local t = clock()
redis.call('ZREMRANGEBYSCORE', C .. ':kept', '-inf', num(t))
keep(ARGV[1], ARGV[3], t)
return { 'open', start }
