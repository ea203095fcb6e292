-- Changes a project's settings if they are those that the caller saw.
-- ARGV: 1 etag seen, 2 new settings, 3 new etag, 4 audit line, 5 values of headers, encrypted.
local key = KEYS[1] .. ':project'
local f = redis.call('HMGET', key, 'name', 'etag')
if not f[1] then
  return 'gone'
end
if (f[2] or '') ~= ARGV[1] then
  return 'changed'
end
redis.call('HSET', key, 'set', ARGV[2], 'etag', ARGV[3], 'head', ARGV[5])
redis.call('LPUSH', KEYS[1] .. ':audit', ARGV[4])
redis.call('LTRIM', KEYS[1] .. ':audit', 0, 999)
return 'ok'
