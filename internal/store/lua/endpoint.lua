-- Writes an endpoint's row, if it still is what the caller saw. ARGV: 1 endpoint, 2 etag seen ('' it is new),
-- 3 new etag, 4 facts, 5 headers, 6 secrets ('' as they are), 7 how many there may be, 8 audit line. Answers
-- 'ok', 'changed', 'full' or, when the project was deleted, 'gone'.
local project, list = P .. ':project', P .. ':endpoints'
local key = P .. ':endpoint:' .. ARGV[1]
if redis.call('EXISTS', project) == 0 then
  return 'gone'
end
local etag = redis.call('HGET', key, 'etag')
if etag == ARGV[3] then
  return 'ok' -- sent again
end
if (etag or '') ~= ARGV[2] then
  return 'changed'
end
if not etag and redis.call('ZCARD', list) >= tonumber(ARGV[7]) then
  return 'full'
end
redis.call('HSET', key, 'f', ARGV[4], 'head', ARGV[5], 'etag', ARGV[3])
if ARGV[6] ~= '' then
  redis.call('HSET', key, 'sec', ARGV[6])
end
redis.call('ZADD', list, 'NX', 0, ARGV[1])
redis.call('HINCRBY', project, 'ever', 1)
redis.call('LPUSH', P .. ':audit', ARGV[8])
redis.call('LTRIM', P .. ':audit', 0, 999)
return 'ok'
