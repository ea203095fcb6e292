-- Forgets records of a model that were deleted before a time, the first first. One whose deletion a run
-- counts that is still open is kept until that has ended: what a run changes is told from what it found.
-- ARGV: 1 model, 2 before this time in ms, 3 how many at most. Answers how many were forgotten, and when
-- the first of those that are left was deleted, or ''.
local hash, index, deleted = C .. ':r:' .. ARGV[1], C .. ':m:' .. ARGV[1], C .. ':d:' .. ARGV[1]
local before = tonumber(ARGV[2])
local open = redis.call('ZRANGE', C .. ':open', 0, -1, 'WITHSCORES')
for i = 1, #open, 2 do
  if redis.call('EXISTS', C .. ':run:' .. open[i]) == 0 then
    redis.call('ZREM', C .. ':open', open[i])
  else
    before = math.min(before, tonumber(open[i + 1]))
  end
end

local old = redis.call('ZRANGEBYSCORE', deleted, '-inf', '(' .. num(before), 'WITHSCORES', 'LIMIT', 0, ARGV[3])
local forgotten = 0
for i = 1, #old, 2 do
  local id, at = old[i], old[i + 1]
  if redis.call('ZSCORE', index, id) == at then -- else it came back to life, under a former version
    redis.call('HDEL', hash, id)
    redis.call('ZREM', index, id)
    redis.call('HSET', C .. ':pruned', ARGV[1], at)
    forgotten = forgotten + 1
  end
  redis.call('ZREM', deleted, id)
end
return { forgotten, redis.call('ZRANGE', deleted, 0, 0, 'WITHSCORES')[2] or '' }
