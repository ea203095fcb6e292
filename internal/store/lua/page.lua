-- Reads a page of a sorted set. ARGV: 1 'oldest' or 'newest' first, 2 how many, 3 and 4 the (score,
-- member) to continue after ('' none). Answers members, each followed by its score.
local size, newest = tonumber(ARGV[2]), ARGV[1] == 'newest'
if ARGV[3] == '' then
  return redis.call(newest and 'ZREVRANGE' or 'ZRANGE', KEYS[1], 0, size - 1, 'WITHSCORES')
end
local rank = after(KEYS[1], ARGV[3], ARGV[4])
if not newest then
  return redis.call('ZRANGE', KEYS[1], rank, rank + size - 1, 'WITHSCORES')
end
-- Seen from the other end, what comes next is what stands before the member.
local member = redis.call('ZRANGE', KEYS[1], rank - 1, rank - 1)[1]
local low = member == ARGV[4] and rank - 1 or rank
local from = redis.call('ZCARD', KEYS[1]) - low
return redis.call('ZREVRANGE', KEYS[1], from, from + size - 1, 'WITHSCORES')
