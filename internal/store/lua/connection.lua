-- Replaces a connection's row and what it can be found by, if it still is what the caller saw.
-- ARGV: 1 connection, 2 integration, 3 version seen, 4 facts, 5 secret, 6 the endpoint of its own URL, 7 the
-- row of that ('' it has no URL), 8 the version of its credentials: of new ones nobody knows yet whether they
-- are refused; then what it can be found by from now on. The row outlives the URL: what the endpoint is owed is
-- sent to the project's.
local key = KEYS[1] .. ':con:' .. ARGV[1]
local f = redis.call('HMGET', key, 'v', 'idx', 'xv')
if not f[1] then
  return 'gone'
end
if f[1] ~= ARGV[3] then
  return 'changed'
end
local match = KEYS[1] .. ':match:' .. ARGV[2]
for _, entry in ipairs(cjson.decode(f[2] or '[]')) do
  redis.call('ZREM', match, entry)
end
local entries = {}
for i = 9, #ARGV do
  redis.call('ZADD', match, 0, ARGV[i])
  entries[#entries + 1] = ARGV[i]
end
if ARGV[7] ~= '' then
  redis.call('HSET', KEYS[1] .. ':endpoint:' .. ARGV[6], 'f', ARGV[7])
  redis.call('ZADD', KEYS[1] .. ':endpoints:con', 0, ARGV[6])
else
  redis.call('ZREM', KEYS[1] .. ':endpoints:con', ARGV[6])
end
if (f[3] or '0') ~= ARGV[8] then
  redis.call('HSET', key, 'xv', ARGV[8])
  redis.call('HDEL', key, 'refused')
end
redis.call('HSET', key, 'f', ARGV[4], 'x', ARGV[5], 'v', tonumber(f[1]) + 1, 'idx', #entries > 0 and cjson.encode(entries) or '[]')
return 'ok'
