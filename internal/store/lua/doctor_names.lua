-- Looks at names: each must be that of a thing that is there. One that a sync has reserved may wait for
-- its sync.
local function stands_for(name, id)
  local kind, rest = string.match(name, '^(%a):(.*)$')
  if kind == 'i' then
    local row = read(redis.call('HGET', P .. ':integrations', id))
    return row and row.Key == rest
  end
  local integration, short = string.match(rest or '', '^([^:]+):(.*)$')
  if kind == 'c' then
    local row = read(redis.call('HGET', P .. ':con:' .. id, 'f'))
    return row and row.Integration == integration and row.Name == short
  elseif kind == 's' then
    local row = read(redis.call('HGET', P .. ':syncs:' .. integration, id))
    return redis.call('HEXISTS', P .. ':integrations', integration) == 1 and (not row or row.Name == short)
  end
  return false
end

for i = 3, #ARGV do
  local name = ARGV[i]
  local id = redis.call('HGET', P .. ':names', name)
  if id and not stands_for(name, id) then
    fault('name_without_thing', name, id, function() redis.call('HDEL', P .. ':names', name) end)
  end
end
return report(#ARGV - 2, hints)
