-- Removes a connection from its project, with all that is by its ID. A lane in which runs still wait
-- stays until a worker has given up on them. What it can be found by is what its row says, which may
-- be newer than what the caller saw. ARGV: 1 connection, 2 integration, 3 its name, then the IDs of
-- all syncs that the integration has or had.
local con, integration = ARGV[1], ARGV[2]
local key = P .. ':con:' .. con
local match = P .. ':match:' .. integration
for _, entry in ipairs(cjson.decode(redis.call('HGET', key, 'idx') or '[]')) do
  redis.call('ZREM', match, entry)
end
for i = 4, #ARGV do
  local member = con .. '.' .. ARGV[i]
  redis.call('ZREM', P .. ':schedules', member)
  redis.call('DEL', P .. ':status:' .. member)
  for _, lane in ipairs({ member .. '.e', member .. '.f' }) do
    if redis.call('ZCARD', P .. ':rows:' .. lane) == 0 then
      redis.call('ZREM', P .. ':due', lane)
      redis.call('DEL', P .. ':lane:' .. lane)
    end
  end
end
redis.call('ZREM', P .. ':connections', con)
redis.call('ZREM', P .. ':connections:' .. integration, con)
redis.call('DEL', key)
if redis.call('HGET', P .. ':names', ARGV[3]) == con then
  redis.call('HDEL', P .. ':names', ARGV[3])
end
return 'ok'
