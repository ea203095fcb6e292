-- Cancels a run: one that never started ends at once; else its lane is told. ARGV: 1 run.
local key = P .. ':run:' .. ARGV[1]
local f = redis.call('HMGET', key, 'st', 'lane', 'at', 'int', 'new', 'b')
if not f[1] then
  return { 'gone', hints }
end
if f[1] ~= 'queued' and f[1] ~= 'running' then
  return { f[1], hints }
end
local t = now()
if f[1] == 'queued' and not f[3] and not f[4] then
  redis.call('ZREM', P .. ':rows:' .. f[2], ARGV[1])
  redis.call('ZREM', P .. ':runs:queued', ARGV[1])
  redis.call('ZADD', P .. ':runs:cancelled', f[5], ARGV[1])
  redis.call('HSET', key, 'st', 'cancelled', 'end', num(clock(t)))
  event_waits(f[6], -1)
  return { 'cancelled', hints }
end
redis.call('HSET', key, 'cancel', '1')
if f[1] == 'queued' then
  redis.call('HDEL', P .. ':lane:' .. f[2], 'nb')
  redis.call('HDEL', key, 'nb')
  wake(f[2], t)
end
return { 'wanted', hints }
