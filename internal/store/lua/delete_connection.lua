-- Makes a connection disappear: its row, what it can be found by, its schedules, how its syncs stand. The
-- rest is left to its purge, together with what that must know: the syncs and models of its integration,
-- which may be gone by then. What it can be found by is what its row says, which may be newer than what
-- the caller saw. ARGV: 1 connection, 2 integration, 3 its name, 4 the endpoint of its own URL. Answers
-- whether there is something to purge.
local con, integration = ARGV[1], ARGV[2]
local key, purge = P .. ':con:' .. con, P .. ':purge:' .. con
if redis.call('EXISTS', key) == 0 then
  return redis.call('EXISTS', purge)
end
local syncs = redis.call('HKEYS', P .. ':syncs:' .. integration)
for _, id in ipairs(redis.call('SMEMBERS', P .. ':removed:' .. integration)) do
  syncs[#syncs + 1] = id
end
local models = redis.call('HVALS', P .. ':models:' .. integration)

local match = P .. ':match:' .. integration
for _, entry in ipairs(cjson.decode(redis.call('HGET', key, 'idx') or '[]')) do
  redis.call('ZREM', match, entry)
end
for _, id in ipairs(syncs) do
  local member = con .. '.' .. id
  redis.call('ZREM', P .. ':schedules', member)
  redis.call('DEL', P .. ':status:' .. member)
  redis.call('ZREM', P .. ':due', member .. '.e', member .. '.f')
end
for _, id in ipairs(models) do
  redis.call('ZREM', P .. ':tombs', con .. '.' .. id)
end
redis.call('ZREM', P .. ':connections', con)
redis.call('ZREM', P .. ':connections:' .. integration, con)
redis.call('DEL', key)
redis.call('DEL', P .. ':endpoint:' .. ARGV[4])
redis.call('ZREM', P .. ':endpoints:con', ARGV[4])
drop_abandoned(ARGV[4] .. '.d')
if redis.call('HGET', P .. ':names', ARGV[3]) == con then
  redis.call('HDEL', P .. ':names', ARGV[3])
end
redis.call('HSET', purge, 'at', num(clock(now())), 'syncs', table.concat(syncs, ','), 'models', table.concat(models, ','))
return 1
