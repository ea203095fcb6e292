-- Looks at connections: the lists, the name and the index by which they can be found.
local function indexed(id, index)
  local key = P .. ':' .. index
  if not redis.call('ZSCORE', key, id) then
    fault('row_unlisted', id, index, function() redis.call('ZADD', key, '0', id) end)
  end
end

local function matched(id, integration, idx)
  local key = P .. ':match:' .. integration
  for _, entry in ipairs(read(idx) or {}) do
    if not redis.call('ZSCORE', key, entry) then
      fault('connection_unmatched', id, integration, function() redis.call('ZADD', key, '0', entry) end)
    end
  end
end

for i = 3, #ARGV do
  if bytes > ENOUGH then
    return report(i - 3, hints)
  end
  local id = ARGV[i]
  local key = P .. ':con:' .. id
  local f = redis.call('HMGET', key, 'f', 'idx', 'v')
  local facts = read(f[1])
  if facts and f[3] then
    indexed(id, 'connections')
    indexed(id, 'connections:' .. facts.Integration)
    matched(id, facts.Integration, f[2])
    named('c:' .. facts.Integration .. ':' .. facts.Name, id)
  elseif redis.call('EXISTS', key) == 1 then
    fault('config_damaged', id, 'connection')
  end
end
return report(#ARGV - 2, hints)
