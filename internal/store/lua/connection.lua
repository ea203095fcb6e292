-- Replaces a connection's row and what it can be found by, if it still is what the caller saw.
-- ARGV: 1 connection, 2 integration, 3 version seen, 4 facts, 5 secret, then what it can be found by
-- from now on.
local key = KEYS[1] .. ':con:' .. ARGV[1]
local f = redis.call('HMGET', key, 'v', 'idx')
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
for i = 6, #ARGV do
  redis.call('ZADD', match, 0, ARGV[i])
  entries[#entries + 1] = ARGV[i]
end
redis.call('HSET', key, 'f', ARGV[4], 'x', ARGV[5], 'v', tonumber(f[1]) + 1, 'idx', #entries > 0 and cjson.encode(entries) or '[]')
return 'ok'
