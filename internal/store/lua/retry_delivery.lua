-- Makes a delivery due now: a pending one early, a finished one again. One that is in flight stays
-- so. ARGV: 1 delivery, 2 lane.
local endpoint = string.match(ARGV[2], '^[^.]+')
local key = P .. ':dlv:' .. ARGV[1]
local f = redis.call('HMGET', key, 'st', 'new')
if not f[1] then
  return { 'gone', hints }
end
local t = now()
local rows = P .. ':rows:' .. ARGV[2]
local score = redis.call('ZSCORE', rows, ARGV[1])
if score and tonumber(score) < 0 then
  return { 'ok', hints }
end
if f[1] ~= 'pending' then
  unlist_ended(ARGV[1], f[1], endpoint)
  redis.call('ZADD', P .. ':deliveries:pending', f[2], ARGV[1])
  redis.call('HSET', key, 'st', 'pending', 'rs', 'a person asked for another attempt', 'again', num(t))
  redis.call('HDEL', key, 'end', 'sup')
end
redis.call('HSET', key, 'due', num(t))
redis.call('HDEL', key, 'wt')
redis.call('ZADD', rows, num(t), ARGV[1])
redis.call('ZADD', P .. ':deferred:' .. endpoint, f[2], ARGV[1])
owes(ARGV[2], t)
wake(ARGV[2], t)
redis.call('PUBLISH', P .. ':watch', ARGV[1])
return { 'ok', hints }
